/* newuidmap and newgidmap, side by side: the only privileged part of a start, and it is the
 * distribution's. Each gets an empty environment, no descriptor of ours but its standard error, and
 * no blocked signal. */
#include "run/run.h"

#include "base/fd.h"
#include "base/io.h"
#include "diagnose/diagnose.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct helper {
	int step;
	pid_t pid;
	int errors; /* read end of its standard error */
};

/* Between vfork and exec, in the parent's memory: only calls, no writes that matter. */
static _Noreturn void become(const char *path, char *const *argv, int errors)
{
	static char *const no_environment[] = {NULL};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(errors, 2) == 2)
		execve(path, argv, no_environment);
	_exit(127);
}

static int spawn(const struct step *step, const char *target, struct helper *h)
{
	AUTO_FREE char **argv = NULL;
	AUTO_FD write_end = -1;
	size_t n = 0;
	int ends[2];

	while (step->a.helper.args[n])
		n++;
	argv = calloc(n + 3, sizeof(*argv));
	if (!argv)
		return -ENOMEM;
	argv[0] = (char *)(uintptr_t)step->a.helper.path;
	argv[1] = (char *)(uintptr_t)target;
	memcpy(argv + 2, step->a.helper.args, n * sizeof(*argv));
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	h->errors = ends[0];
	write_end = ends[1];
	/* vfork copies no page tables, and become() only makes calls that are safe in the parent's
	 * memory.
	 * NOLINTNEXTLINE(clang-analyzer-unix.Vfork,clang-analyzer-security.insecureAPI.vfork) */
	h->pid = vfork();
	if (h->pid == 0)
		become(step->a.helper.path, argv, write_end);
	return h->pid < 0 ? -errno : 0;
}

/* Reads what it said and how it ended. 0 when all went well. */
static int finish(const struct plan *plan, struct helper *h, struct rootlet_error *err)
{
	const struct step *step = &plan->steps[h->step];
	AUTO_FREE char *text = NULL;
	struct diagnosis d;
	int status = 0;

	io_read_fd(h->errors, 4096, &text, NULL);
	fd_close(&h->errors);
	while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	diagnose_helper(step, status, text, plan, NULL, &d);
	error_set(err, -EPERM, d.id, step->subject, "write the %s with %s: %s",
		  step->a.helper.gid ? "gid_map" : "uid_map", step->a.helper.path, d.why);
	if (*d.hint)
		error_hint(err, "%s", d.hint);
	return -EPERM;
}

static void cannot_start(const struct plan *plan, const struct step *step, int error,
			 struct rootlet_error *err)
{
	struct diagnosis d;

	if (!diagnose_step(step, error, 0, plan, NULL, &d)) {
		error_set(err, error, "helper-start", step->subject, "start %s: %s",
			  step->a.helper.path, error_text(error));
		return;
	}
	error_set(err, error, d.id, step->subject, "start %s: %s", step->a.helper.path, d.why);
	if (*d.hint)
		error_hint(err, "%s", d.hint);
}

int run_map_helpers(const struct plan *plan, pid_t pid, int *ret_step, struct rootlet_error *err)
{
	struct helper helpers[2] = {{.errors = -1}, {.errors = -1}};
	char target[16];
	int count = 0, r = 0;

	snprintf(target, sizeof(target), "%d", (int)pid);
	for (size_t i = 0; i < plan->count && count < 2 && r == 0; i++) {
		if (plan->steps[i].op != OP_HELPER_MAP)
			continue;
		helpers[count].step = (int)i;
		r = spawn(&plan->steps[i], target, &helpers[count]);
		if (r < 0) {
			*ret_step = (int)i;
			fd_close(&helpers[count].errors);
			cannot_start(plan, &plan->steps[i], r, err);
			break;
		}
		count++;
	}
	for (int i = 0; i < count; i++) {
		int f = finish(plan, &helpers[i], r < 0 ? NULL : err);

		if (f < 0 && r == 0) {
			r = f;
			*ret_step = helpers[i].step;
		}
	}
	return r;
}
