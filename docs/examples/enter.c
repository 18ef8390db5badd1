/* Into the namespaces of a running process: setns(2).
 *
 *     cc enter.c -o enter && ./enter PID sh
 *
 * The user namespace comes first: it is where the right to enter the others comes from. The process
 * must be one of yours, in a user namespace that you made.
 */
#include "example.h"

#include <sched.h>
#include <string.h>
#include <sys/wait.h>

static const char *const names[] = {"user", "cgroup", "ipc", "net", "pid", "time", "uts", "mnt"};

enum { COUNT = sizeof(names) / sizeof(names[0]) };

/* A descriptor of PID's namespace, or -1 when it is the one that we are in. */
static int open_other(const char *pid, const char *name)
{
	char path[64], ours[64] = "", theirs[64] = "";

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	if (readlink(path, ours, sizeof(ours) - 1) < 0)
		return -1; /* this kernel has no such namespace */
	snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, name);
	if (readlink(path, theirs, sizeof(theirs) - 1) < 0)
		err(1, "%s", path);
	return strcmp(ours, theirs) == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
}

int main(int argc, char **argv)
{
	int fds[COUNT], status;
	pid_t pid;

	if (argc < 3)
		errx(2, "usage: enter PID COMMAND [ARG...]");
	/* All are opened first: once in another mount namespace, /proc is another one. */
	for (int i = 0; i < COUNT; i++)
		fds[i] = open_other(argv[1], names[i]);
	for (int i = 0; i < COUNT; i++)
		if (fds[i] >= 0 && setns(fds[i], 0) < 0)
			err(1, "enter the %s namespace", names[i]);
	/* Ids outside of the map have no name inside; be root there. */
	if (fds[0] >= 0 && (setgid(0) < 0 || setuid(0) < 0))
		err(1, "become root inside");
	/* As with unshare(2), only children are in the pid and the time namespace. */
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
