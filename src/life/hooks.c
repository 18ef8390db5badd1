/* Running hooks; see hooks.h. Each is a child of ours, or of a child that has entered the
 * container's namespaces. What it writes is kept for the message of its failure: our own standard
 * streams are the container's.
 */
#include "life/hook_running.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/sys.h"
#include "init/wire.h"
#include "life/interrupt.h"
#include "spec/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

enum { LOOK_MS = 5 }; /* how often its end is looked for without a pidfd */

/* ---- the child ---- */

static _Noreturn void give_up(int trouble, int status)
{
	int error = errno;

	(void)!write(trouble, &error, sizeof(error));
	_exit(status);
}

static void clean_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig <= 64; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become_hook(const struct running *r)
{
	static const char *const nothing[] = {NULL};
	const char *const alone[] = {r->hook->path, NULL};
	const char *const *args = r->hook->args ? r->hook->args : alone;
	const char *const *env = r->hook->env ? r->hook->env : nothing;

	clean_signals();
	execve(r->hook->path, (char *const *)(uintptr_t)args, (char *const *)(uintptr_t)env);
	give_up(r->trouble, CANNOT_EXECUTE);
}

/* Which are not our own. Seen before the first is entered: after it, /proc means something else. */
static int find_others(const int namespaces[NS_COUNT], int fds[NS_COUNT])
{
	for (int t = 0; t < NS_COUNT; t++) {
		struct stat own, other;
		char path[64];

		fds[t] = -1;
		snprintf(path, sizeof(path), "/proc/self/ns/%s", ns_type_name((enum ns_type)t));
		if (stat(path, &own) < 0)
			continue;
		/* left out, it would be ours that the hook runs in */
		if (namespaces[t] < 0 || fstat(namespaces[t], &other) < 0)
			return -ENOENT;
		if (own.st_ino != other.st_ino)
			fds[t] = namespaces[t];
	}
	return 0;
}

/* Where a relative path begins: in the host's / it would be the host's files that a hook changes.
 */
static void go_to_place(const struct running *r)
{
	if (chdir(r->place->cwd ? r->place->cwd : "/") < 0)
		give_up(r->trouble, CANNOT_ENTER);
}

static void enter(const struct running *r)
{
	int fds[NS_COUNT], entered = find_others(r->place->namespaces, fds);
	bool mounts_later;

	if (entered < 0) {
		errno = -entered;
		give_up(r->trouble, CANNOT_ENTER);
	}
	/* What does not belong to the container's user namespace is entered with our own rights. */
	for (int t = 0; t < NS_COUNT; t++)
		if (t != NS_USER && fds[t] >= 0 && setns(fds[t], 0) == 0)
			fds[t] = -1;
	mounts_later = fds[NS_MNT] >= 0;
	if (!mounts_later) /* with all rights that we have: the user namespace takes some away */
		go_to_place(r);
	for (int t = 0; t < NS_COUNT; t++)
		if (fds[t] >= 0 && setns(fds[t], 0) < 0)
			give_up(r->trouble, CANNOT_ENTER);
	if (mounts_later)
		go_to_place(r);
	/* the raw calls: this process has one thread, and glibc need not know */
	if (fds[NS_USER] >= 0 && (SYS(setresgid, 0, 0, 0) < 0 || SYS(setresuid, 0, 0, 0) < 0))
		give_up(r->trouble, CANNOT_ENTER);
	if (prctl(PR_SET_DUMPABLE, 0) < 0) /* a change of ids has set it back */
		give_up(r->trouble, CANNOT_ENTER);
}

/* Nothing is executed here that would close them: the lock on the state and our end of the child's
 * channel, held for as long as the hook runs, would outlive a `create` that is killed. */
static void close_inherited(void)
{
	enum { FIRST = 3, LAST = 1023 };

	if (SYS(close_range, FIRST, ~0U, 0) == 0)
		return;
	for (int fd = FIRST; fd <= LAST; fd++)
		close(fd);
}

/* A pid namespace is entered by children: the hook is one, and its end is handed on. */
static _Noreturn void hand_on(pid_t pid)
{
	int status = 0;

	close_inherited();
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status)) {
		clean_signals();
		kill(getpid(), WTERMSIG(status));
	}
	_exit(WEXITSTATUS(status));
}

static _Noreturn void child(const struct running *r, int input, int output)
{
	pid_t pid = 0;

	setpgid(0, 0);
	fds_close_on_exec(3); /* what an engine left open, too */
	if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
		give_up(r->trouble, CANNOT_ENTER);
	/* Whoever shares the container's user and pid namespaces may look into none of us: until
	 * the hook is executed this is the caller's memory and program. */
	if (r->place->namespaces && prctl(PR_SET_DUMPABLE, 0) < 0)
		give_up(r->trouble, CANNOT_ENTER);
	if (r->place->namespaces)
		enter(r);
	else if (r->place->cwd && chdir(r->place->cwd) < 0)
		give_up(r->trouble, CANNOT_ENTER);
	if (r->place->namespaces)
		pid = fork();
	if (pid < 0)
		give_up(r->trouble, CANNOT_ENTER);
	if (pid > 0)
		hand_on(pid);
	become_hook(r);
}

/* ---- the parent ---- */

/* A state that is longer than a pipe: annotations may be. */
static int make_large_input(const struct hook_place *place)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	AUTO_FD fd = SYS(memfd_create, "state", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	int r;

	if (fd == -EINVAL) /* before Linux 6.3 */
		fd = SYS(memfd_create, "state", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return fd;
	r = io_write_all(fd, place->state, place->state_len);
	if (r == 0 && (lseek(fd, 0, SEEK_SET) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0))
		r = -errno;
	return r < 0 ? r : fd_steal(&fd);
}

/* All of the state is there before anybody reads it: no hook can keep us waiting. */
static int make_input(const struct hook_place *place)
{
	AUTO_FD write_end = -1;
	AUTO_FD read_end = -1;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	read_end = ends[0];
	write_end = ends[1];
	r = io_write_all(write_end, place->state, place->state_len);
	if (r == -EAGAIN)
		return make_large_input(place);
	if (r == 0 && fcntl(read_end, F_SETFL, 0) < 0)
		r = -errno;
	return r < 0 ? r : fd_steal(&read_end);
}

static int make_pipe(int *ret_read, int *ret_write)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ret_read = ends[0];
	*ret_write = ends[1];
	return 0;
}

static int spawn(struct running *r)
{
	AUTO_FD input = make_input(r->place);
	AUTO_FD output = -1;
	AUTO_FD trouble = -1;
	int result = input < 0 ? input : make_pipe(&r->output, &output);

	if (result == 0)
		result = make_pipe(&r->trouble, &trouble);
	if (result < 0)
		return result;
	r->pid = fork();
	if (r->pid < 0)
		return -errno;
	if (r->pid == 0) {
		r->trouble = trouble;
		child(r, input, output);
	}
	setpgid(r->pid, r->pid); /* whoever is first: a time-out kills the group */
	r->pidfd = SYS(pidfd_open, r->pid, 0);
	fcntl(r->output, F_SETFL, O_NONBLOCK);
	return 0;
}

/* The newest of it is kept. 1, 0 at its end, -1: nothing at the moment. */
static int read_output(struct running *r)
{
	char text[OUTPUT_MAX];
	ssize_t n = read(r->output, text, sizeof(text));
	size_t room = sizeof(r->said) - 1, keep;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? -1 : 0;
	if ((size_t)n >= room) {
		memcpy(r->said, text + (size_t)n - room, room);
		r->said_len = room;
		return 1;
	}
	keep = r->said_len + (size_t)n > room ? room - (size_t)n : r->said_len;
	memmove(r->said, r->said + r->said_len - keep, keep);
	memcpy(r->said + keep, text, (size_t)n);
	r->said_len = keep + (size_t)n;
	return 1;
}

/* When its time is over, or 0. */
static int64_t time_of(const struct oci_hook *hook)
{
	return hook->timeout ? clock_ms() + (int64_t)hook->timeout * 1000 : 0;
}

static int time_left(int64_t until)
{
	int64_t left = until ? until - clock_ms() : -1;

	return !until || left > 1000000 ? -1 : left < 0 ? 0 : (int)left;
}

/* Whether there is a reason to end it before its own end. */
static bool must_stop(struct running *r, int64_t until, short gone, short interrupted)
{
	if (until && clock_ms() >= until)
		r->stopped = OUT_OF_TIME;
	else if (gone)
		r->stopped = WITHOUT_SENSE;
	else if (interrupted && (r->signal = interrupt_take(r->interrupt)) != 0)
		r->stopped = INTERRUPTED;
	return r->stopped != NOT_STOPPED;
}

/* Until its own end: what it left running in the background may keep its output open. */
static int await(struct running *r)
{
	int64_t until = time_of(r->hook);
	struct pollfd fds[] = {
		{.fd = r->output, .events = POLLIN},
		{.fd = r->pidfd < 0 ? -1 : r->pidfd, .events = POLLIN},
		{.fd = r->place->awaited > 0 ? r->place->awaited : -1, .events = POLLIN},
		{.fd = r->interrupt, .events = POLLIN}};
	int status;

	while (waitpid(r->pid, &status, WNOHANG) == 0) {
		int wait = time_left(until);

		if (must_stop(r, until, fds[2].revents, fds[3].revents)) {
			kill(-r->pid, SIGKILL);
			while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
				;
			break;
		}
		if (r->pidfd < 0 && (wait < 0 || wait > LOOK_MS))
			wait = LOOK_MS;
		if (poll(fds, sizeof(fds) / sizeof(*fds), wait) < 0)
			continue;
		if (fds[0].revents && read_output(r) == 0)
			fds[0].fd = -1;
	}
	while (read_output(r) > 0)
		;
	return status;
}

static struct running begin(const struct oci_hook *hook, const struct hook_place *place)
{
	return (struct running){.hook = hook,
				.place = place,
				.pidfd = -1,
				.output = -1,
				.trouble = -1,
				.interrupt = interrupt_open()};
}

static int run_one(const struct oci_hook *hook, const char *point, size_t index,
		   const struct hook_place *place, struct rootlet_error *err)
{
	struct running r = begin(hook, place);
	int result = spawn(&r), status = 0, error = 0;

	if (result < 0)
		error_set(err, result, "hook", hook->path, "error running %s hook #%zu: %s: %s",
			  point, index, hook->path, error_text(result));
	else
		status = await(&r);
	if (status && read(r.trouble, &error, sizeof(error)) != sizeof(error))
		error = 0;
	if (status || r.stopped)
		result = hook_word_failure(&r, point, index, status, error, err);
	fd_close(&r.pidfd);
	fd_close(&r.output);
	fd_close(&r.trouble);
	fd_close(&r.interrupt);
	return result;
}

int hooks_run(const struct oci_hooks *hooks, enum oci_hook_point point,
	      const struct hook_place *place, struct rootlet_error *err)
{
	for (size_t i = 0; i < hooks->count; i++) {
		int r = run_one(&hooks->items[i], oci_hook_names[point], i, place, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- hooks that a waiting container runs by itself ---- */

static int send_streams(int connection, int input, int output)
{
	const struct wire_message message = {.type = WIRE_STREAMS};
	const int fds[2] = {input, output};

	return fds_send(connection, &message, sizeof(message), fds, 2);
}

static int begin_there(struct running *r, int connection)
{
	AUTO_FD input = make_input(r->place);
	AUTO_FD output = -1;
	int result = input < 0 ? input : make_pipe(&r->output, &output);

	if (result == 0)
		result = send_streams(connection, input, output);
	if (result == 0)
		fcntl(r->output, F_SETFL, O_NONBLOCK);
	return result;
}

/* One record: 1 when it told the hook's end, 0, or -EPIPE. */
static int hear(int connection, int *ret_status, int *ret_error)
{
	union {
		struct wire_report report;
		struct wire_message message;
	} said;
	ssize_t n = recv(connection, &said, sizeof(said), 0);

	if (n < 0 && errno == EINTR)
		return 0;
	if (n == sizeof(said.message) && said.message.type == WIRE_EXEC_FAILED)
		*ret_error = said.message.value;
	if (n != sizeof(said.report))
		return n <= 0 ? -EPIPE : 0;
	if (said.report.type == WIRE_FAILED)
		return -EPIPE;
	*ret_status = (int)said.report.value;
	return said.report.type == WIRE_HOOK_ENDED;
}

static int await_there(struct running *r, int connection, int *ret_status, int *ret_error)
{
	const struct wire_message end = {.type = WIRE_GROUP_SIGNAL, .value = SIGKILL};
	int64_t until = time_of(r->hook);
	struct pollfd fds[] = {{.fd = r->output, .events = POLLIN},
			       {.fd = connection, .events = POLLIN},
			       {.fd = r->interrupt, .events = POLLIN}};
	int result = 0;

	while (result == 0) {
		if (!r->stopped && must_stop(r, until, 0, fds[2].revents)) {
			until = 0;
			if (send(connection, &end, sizeof(end), MSG_NOSIGNAL) < 0)
				return -EPIPE;
			continue;
		}
		if (poll(fds, r->stopped ? 2 : 3, time_left(until)) < 0)
			continue;
		if (fds[0].revents && read_output(r) == 0)
			fds[0].fd = -1;
		if (fds[1].revents)
			result = hear(connection, ret_status, ret_error);
	}
	while (read_output(r) > 0)
		;
	return result < 0 ? result : 0;
}

int hooks_serve(const struct oci_hooks *hooks, size_t index, const struct hook_place *place,
		int connection, struct rootlet_error *err)
{
	const char *point = oci_hook_names[OCI_START_CONTAINER];
	const struct wire_message go = {.type = WIRE_GO};
	const struct oci_hook *hook = &hooks->items[index];
	struct running r = begin(hook, place);
	int status = 0, error = 0, result = begin_there(&r, connection);

	if (result == 0)
		result = await_there(&r, connection, &status, &error);
	if (result == 0 && (status || r.stopped))
		result = hook_word_failure(&r, point, index, status, error, err);
	else if (result == 0 && send(connection, &go, sizeof(go), MSG_NOSIGNAL) < 0)
		result = -EPIPE;
	if (result < 0 && !(status || r.stopped))
		error_set(err, result, "hook", hook->path,
			  "error running %s hook #%zu: %s: the container ended", point, index,
			  hook->path);
	fd_close(&r.output);
	fd_close(&r.interrupt);
	return result;
}
