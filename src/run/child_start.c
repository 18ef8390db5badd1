/* What an OCI container's start does besides: HOOKS, FIND_COMMAND and START_HOOK in the child; the
 * wait itself is child_await.c's. See child.h for the rules.
 *
 * While it stands still, nobody who stands below the caller's rights may look into it: it still is
 * a copy of the caller, whose memory and program are the host's.
 */
#include "run/child.h"

#include "base/fds.h"
#include "base/sys.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int dumpable(bool on)
{
	return SYS(prctl, PR_SET_DUMPABLE, on ? 1UL : 0UL, 0UL, 0UL, 0UL);
}

/* For whoever is to enter them: by our /proc/PID/ns we would have to stand open to inspection, also
 * for whom else is inside. */
int child_send_namespaces(int connection)
{
	struct wire_message message = {.type = WIRE_NAMESPACES};
	int fds[NS_COUNT], n = 0, r;

	for (int t = 0; t < NS_COUNT; t++) {
		char path[32];
		int fd;

		strcpy(path, "/proc/self/ns/");
		strcat(path, ns_type_name((enum ns_type)t));
		/* without a /proc of its own it may be anything that the image has there: whoever
		 * takes it looks */
		fd = SYS(openat, AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
		if (fd < 0)
			continue;
		message.value |= 1 << t;
		fds[n++] = fd;
	}
	r = fds_send(connection, &message, sizeof(message), fds, (size_t)n);
	while (n)
		close(fds[--n]);
	return r;
}

/* Hooks of the container are let into its namespaces by descriptor. The engine's own look at
 * /proc/PID/ns, which needs the process to be open to inspection; where it shares a container's pid
 * namespace it stays closed all the same. */
int child_hooks(struct child *c, const struct step *step)
{
	struct wire_message message = {0};
	int was = SYS(prctl, PR_GET_DUMPABLE, 0UL, 0UL, 0UL, 0UL);
	int r = c->undumpable ? 0 : dumpable(true);

	if (r == 0)
		r = child_send_namespaces(c->control);
	if (r == 0)
		r = child_send(c, WIRE_HOOKS, (int)(step - c->plan->steps), 0, 0);
	if (r < 0)
		return r;
	if (child_receive(c->control, &message) < 0 || message.type != WIRE_GO) {
		c->detail = WIRE_DETAIL_PARENT_GONE;
		return -EPIPE;
	}
	return was == 0 ? dumpable(false) : 0;
}

/* ---- FIND_COMMAND ---- */

/* As execve(2) will judge it, but for what is in the file. */
static int judge(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	/* access(2) sees no capabilities of a user who is not root, and may deny what
	 * CAP_DAC_OVERRIDE allows; faccessat2(2) is of Linux 5.8, and the filter may not know it.
	 */
	if (SYS(faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS) < 0 && access(path, X_OK) < 0)
		return -EACCES;
	return 0;
}

int child_find_command(struct child *c, const struct step *step)
{
	const struct step *exec = &c->plan->steps[c->plan->count - 1];
	const char *const *candidates = exec->a.exec.candidates;
	int result = -ENOENT;

	for (int i = 0; candidates[i]; i++) {
		int r = judge(candidates[i]);

		if (r == 0)
			return 0;
		if (!candidates[1]) /* a path: what is wrong with it is what is wrong */
			return r;
		if (r == -EACCES) /* it is there, or a folder of PATH may not be searched */
			result = access(candidates[i], F_OK) == 0 ? r : result;
	}
	return result;
}

/* ---- START_HOOK ---- */

enum { HOOK_LOOK_MS = 5 }; /* how often its end is looked for without a pidfd */

static int receive_streams(int connection, int fds[2])
{
	struct wire_message message = {0};
	size_t count;
	int n = fds_take(connection, &message, sizeof(message), 0, fds, 2, &count);

	return n == sizeof(message) && message.type == WIRE_STREAMS && count == 2 ? 0 : -EPIPE;
}

/* By way of the sealed program, like the command: /proc/self/exe is nothing of the host's. It says
 * over the connection why a hook cannot be executed. */
static _Noreturn void become_hook(struct child *c, const struct step *step, const int fds[2])
{
	SYS(setpgid, 0, 0);
	if (SYS(dup3, fds[0], 0, 0) >= 0 && SYS(dup3, fds[1], 1, 0) >= 0 &&
	    SYS(dup3, fds[1], 2, 0) >= 0)
		child_exec(c, step);
	_exit(126);
}

/* `start` watches its time: a word of it, or its end, ends the hook. */
static int await_hook(const struct child *c, int pid)
{
	int pidfd = c->plan->pidfd_open ? SYS(pidfd_open, pid, 0) : -1, status = 0, r;
	struct pollfd fds[2] = {{.fd = c->control, .events = POLLIN},
				{.fd = pidfd < 0 ? -1 : pidfd, .events = POLLIN}};

	while ((r = SYS(wait4, pid, &status, WNOHANG, NULL)) == 0) {
		poll(fds, 2, pidfd < 0 ? HOOK_LOOK_MS : -1);
		if (!fds[0].revents)
			continue;
		SYS(kill, -pid, SIGKILL);
		fds[0].fd = -1;
	}
	if (pidfd >= 0)
		close(pidfd);
	return r == pid ? status : -1;
}

int child_start_hook(struct child *c, const struct step *step)
{
	int index = (int)(step - c->plan->steps), fds[2] = {-1, -1}, pid, status;
	struct wire_message message = {0};
	int r = child_send(c, WIRE_HOOK, index, 0, 0);

	if (r == 0)
		r = receive_streams(c->control, fds);
	if (r < 0)
		return r;
	pid = SYS(clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0UL);
	if (pid == 0)
		become_hook(c, step, fds);
	close(fds[0]);
	close(fds[1]);
	if (pid < 0)
		return pid;
	SYS(setpgid, pid, pid); /* whoever is first */
	status = await_hook(c, pid);
	r = child_send(c, WIRE_HOOK_ENDED, index, 0, status);
	do
		if (r == 0)
			r = child_receive(c->control, &message);
	while (r == 0 && message.type == WIRE_GROUP_SIGNAL); /* it came too late */
	return r < 0 || message.type != WIRE_GO ? -EPIPE : 0;
}
