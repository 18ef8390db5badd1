/* What the parent makes before there is a child: channels, the init's image, and all memory that
 * the child will write to; the cgroup is group.c's. start.c undoes it when the start fails. */
#include "run/start.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/sys.h"
#include "init/image.h"
#include "run/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

int prepare_channels(struct start *s, const struct step *step)
{
	int pipe_ends[2], pair[2];

	if (pipe2(pipe_ends, O_CLOEXEC) < 0)
		return -errno;
	s->report = pipe_ends[0];
	s->child.report = pipe_ends[1];
	s->child.parent_ends[0] = pipe_ends[0];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	s->process->control = pair[0];
	s->child.control = pair[1];
	s->child.parent_ends[1] = pair[0];
	return 0;
}

/* Sealed: nobody can write into the program that runs as PID 1, not even through /proc/1/exe. */
int prepare_init_image(struct start *s, const struct step *step)
{
	int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int fd = SYS(memfd_create, INIT_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	int r;

	if (fd == -EINVAL) /* before 6.3 every memfd is executable */
		fd = SYS(memfd_create, INIT_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return fd;
	s->child.init_image = fd;
	r = io_write_all(fd, init_image, init_image_size);
	return r < 0 ? r : SYS(fcntl, fd, F_ADD_SEALS, seals);
}

static size_t count_words(const char *const *words)
{
	size_t n = 0;

	while (words[n])
		n++;
	return n;
}

/* Room for the vectors of whatever is executed: the command, and hooks before it. */
static void measure_vectors(const struct plan *plan, size_t *ret_words, size_t *ret_variables)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];
		size_t words, variables;

		if (op_rows[step->op].args != ARGS_EXEC)
			continue;
		words = count_words(step->a.exec.candidates) + count_words(step->a.exec.argv) + 8;
		variables = count_words(step->a.exec.envp) + 2;
		*ret_words = words > *ret_words ? words : *ret_words;
		*ret_variables = variables > *ret_variables ? variables : *ret_variables;
	}
}

/* Everything that the child writes to, allocated while allocation is allowed. */
int prepare_child(struct start *s)
{
	const struct plan *plan = s->plan;
	size_t words = 8, variables = 2; /* what is added to them, and room for the NULL */
	struct child *c = &s->child;

	measure_vectors(plan, &words, &variables);

	*c = (struct child){.plan = plan,
			    .report = -1,
			    .control = -1,
			    .parent_ends = {-1, -1},
			    .init_image = -1,
			    .container = s->process->options.container,
			    .start = plan->awaits ? s->process->options.start : -1,
			    .state_file = plan->awaits ? s->process->options.state_file : -1,
			    .timings = s->process->options.timings,
			    .fault_trigger = fault_arm()};
	c->slots = malloc((size_t)plan->slots * sizeof(*c->slots));
	c->argv = calloc(words, sizeof(*c->argv));
	c->envp = calloc(variables, sizeof(*c->envp));
	if (!c->slots || !c->argv || !c->envp)
		return -ENOMEM;
	for (int i = 0; i < plan->slots; i++)
		c->slots[i] = -1;
	return 0;
}

int prepare_check_status_fd(int fd, struct rootlet_error *err)
{
	if (fd < 0 || fcntl(fd, F_GETFD) >= 0)
		return 0;
	error_set(err, -EBADF, "status-fd", "--status-fd",
		  "--status-fd %d: the descriptor is not open", fd);
	error_hint(err, "open it, as in the shell's %d>FILE", fd);
	return -EBADF;
}

int prepare_check_preserved(const struct plan *plan, struct rootlet_error *err)
{
	for (uint32_t fd = 3; fd < 3 + plan->preserve_fds; fd++) {
		if (fcntl((int)fd, F_GETFD) >= 0)
			continue;
		error_set(err, -EBADF, "preserve-fds", "--preserve-fds",
			  "--preserve-fds %u: descriptor %u is not open", plan->preserve_fds, fd);
		error_hint(
			err,
			"it hands on descriptors 3 to %u: open them all, as in the shell's %u<FILE",
			2 + plan->preserve_fds, fd);
		return -EBADF;
	}
	return 0;
}
