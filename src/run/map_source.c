/* MAP_SOURCE, in the parent: a copy of a mount whose ids are mapped goes to the child, which puts
 * it in its place. The map is that of a user namespace: the container's own, or one that lives in a
 * process of ours for a moment.
 */
#include "run/start.h"

#include "base/fd.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef OPEN_TREE_CLONE
#include <sys/mount.h>
#endif

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#define ATTR_IDMAP 0x100000 /* MOUNT_ATTR_IDMAP, Linux 5.12 */

static int write_file(pid_t pid, const char *name, const char *text)
{
	char path[64];
	AUTO_FD fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : io_write_all(fd, text, strlen(text));
}

static int open_namespace(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* It goes with its maker, whose descriptors it has: a killed one's lock, and its end of the child's
 * channel. */
static _Noreturn void have_a_namespace(pid_t maker)
{
	SYS(prctl, PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
	while (getppid() == maker)
		pause();
	_exit(0);
}

/* A process that does nothing but have a user namespace. */
static int make_namespace(const struct step *step)
{
	pid_t maker = getpid(),
	      pid = SYS(clone, (unsigned long)(CLONE_NEWUSER | SIGCHLD), NULL, NULL, NULL, 0UL);
	int r;

	if (pid == 0)
		have_a_namespace(maker);
	if (pid < 0)
		return pid;
	r = write_file(pid, "uid_map", step->a.mapped.uid_text);
	if (r == 0)
		r = write_file(pid, "gid_map", step->a.mapped.gid_text);
	if (r == 0)
		r = open_namespace(pid);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

static int send_source(int control, int fd)
{
	const struct wire_message message = {.type = WIRE_SOURCE};
	int r = fds_send(control, &message, sizeof(message), &fd, 1);

	return r == -EPIPE ? 0 : r; /* the child has failed already, and says why */
}

int map_source(struct start *s, const struct step *step)
{
	AUTO_FD names =
		step->a.mapped.uid_text ? make_namespace(step) : open_namespace(s->process->pid);
	struct sys_mount_attr attr = {.attr_set = ATTR_IDMAP};
	AUTO_FD tree = -1;
	int r;

	if (names < 0)
		return names;
	tree = SYS(open_tree, AT_FDCWD, step->a.mapped.path,
		   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (step->a.mapped.tree ? AT_RECURSIVE : 0));
	if (tree < 0)
		return tree;
	attr.userns_fd = (uint64_t)names;
	r = SYS(mount_setattr, tree, "", AT_EMPTY_PATH | (step->a.mapped.all ? AT_RECURSIVE : 0),
		&attr, sizeof(attr));
	return r < 0 ? r : send_source(s->process->control, tree);
}
