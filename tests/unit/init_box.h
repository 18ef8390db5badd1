/* For the tests of the init and the supervise loop: starts the real init image with a real command
 * and supervises it from a process of its own, as rootlet does but without any plan.
 *
 * The container is a user and a PID namespace (an ordinary user may make them) on the host's files.
 * Everything that the supervising process learns comes back in shared memory.
 */
#ifndef ROOTLET_TESTS_INIT_BOX_H
#define ROOTLET_TESTS_INIT_BOX_H

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "init/handover.h"
#include "init/image.h"
#include "init/supervise.h"
#include "init/wire.h"

#define BOX_MS 1000000ull

struct box_shared {
	struct supervise s; /* as supervise_run left it */
	volatile int pid;   /* of the container's first process */
	volatile int status;
	volatile bool ended;
};

struct box {
	/* wanted */
	const char *script;	       /* for `sh -c`, or */
	const char *const *candidates; /* these files with */
	const char *const *argv;       /* this argv */
	bool host_pid, no_init, no_pidfd, closed_stdio;
	bool foreground;      /* the container's group gets the terminal */
	bool job_foreground;  /* the supervisor's group gets it first, as a shell would give it */
	bool same_group;      /* with a terminal: the supervisor stays in the caller's group */
	int tty;	      /* descriptor of the terminal, 0: none */
	int ignore[3];	      /* signals that the supervisor's caller ignores */
	bool status_pipe;     /* out carries the status lines, not the command's output */
	const char *pidfile;  /* for the waiter */
	struct ending ending; /* for the waiter, when it has an id */
	struct supervise s;
	/* made */
	struct box_shared *shared;
	pid_t supervisor;
	int out; /* what the command prints; non-blocking reads through box_line */
};

static inline void box_sleep(uint64_t ms)
{
	struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000 * 1000000)};

	nanosleep(&t, NULL);
}

static inline uint64_t box_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static inline bool box_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

/* fork into new namespaces; maps the caller to root. */
static inline pid_t box_fork(bool host_pid)
{
	unsigned long flags = SIGCHLD | (host_pid ? 0 : CLONE_NEWUSER | CLONE_NEWPID);
	char path[64], map[64];
	int go[2];
	pid_t pid;
	char c;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -1;
	pid = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
	if (pid == 0) {
		close(go[1]);
		if (read(go[0], &c, 1) != 1)
			_exit(124);
		close(go[0]);
		return 0;
	}
	close(go[0]);
	if (pid > 0 && !host_pid) {
		snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
		box_write(path, "deny");
		snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
		snprintf(map, sizeof(map), "0 %u 1", (unsigned)getuid());
		box_write(path, map);
		snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
		snprintf(map, sizeof(map), "0 %u 1", (unsigned)getgid());
		box_write(path, map);
	}
	if (pid > 0 && write(go[1], "g", 1) != 1)
		_exit(124);
	close(go[1]);
	return pid;
}

static inline int box_image(const unsigned char *image, unsigned long size)
{
	int fd = memfd_create("init", MFD_CLOEXEC);

	if (fd < 0 || write(fd, image, size) != (ssize_t)size)
		_exit(123);
	return fd;
}

/* In the container's first process, up to its exec. */
static inline void box_exec(struct box *b, int control)
{
	const char *sh_argv[] = {"sh", "-c", b->script, NULL};
	const char *sh_candidates[] = {"/bin/sh", NULL};
	const char *const *candidates = b->candidates ? b->candidates : sh_candidates;
	const char *const *command = b->argv ? b->argv : sh_argv;
	const char *argv[32] = {INIT_NAME};
	char number[16], count[16];
	int n = 4;

	if (b->no_init) {
		sigset_t none;

		/* what rootlet's child does before it execs the command itself */
		for (int sig = 1; sig < 32; sig++)
			signal(sig, SIG_DFL);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execv(candidates[0], (char *const *)command);
		_exit(127);
	}
	snprintf(number, sizeof(number), "%d", control);
	argv[1] = number;
	argv[2] = b->host_pid ? "p" : "-";
	argv[3] = count;
	while (candidates[n - 4]) {
		argv[n] = candidates[n - 4];
		n++;
	}
	snprintf(count, sizeof(count), "%d", n - 4);
	for (int i = 0; command[i]; i++)
		argv[n++] = command[i];
	/* as rootlet's child does: no descriptor but the channel goes on */
	syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
	fcntl(control, F_SETFD, 0);
	fexecve(box_image(init_image, init_image_size), (char *const *)argv, environ);
	_exit(122);
}

/* The supervising process: what rootlet run is. Returns the status that it exits with. */
static inline int box_supervise(struct box *b, int out)
{
	struct supervise *s = &b->shared->s;
	int pair[2], status;
	sigset_t all, old;
	pid_t pid; /* not in *s at once: the new process shares that memory */

	for (int i = 0; i < 3 && b->ignore[i]; i++)
		signal(b->ignore[i], SIG_IGN);
	if (b->closed_stdio) {
		for (int fd = 0; fd < 3; fd++)
			close(fd);
	}
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return 121;
	pid = box_fork(b->host_pid);
	if (pid < 0)
		return 121;
	if (pid == 0) {
		setpgid(0, 0);
		if (b->foreground)
			tcsetpgrp(b->tty, getpid());
		if (!b->closed_stdio && !b->status_pipe)
			dup2(out, STDOUT_FILENO);
		box_exec(b, pair[1]);
	}
	close(pair[1]);
	s->pid = pid;
	setpgid(pid, pid);
	if (b->no_init) {
		close(pair[0]);
		pair[0] = -1;
	}
	s->pidfd = b->no_pidfd ? -1 : (int)syscall(SYS_pidfd_open, s->pid, 0);
	s->control_fd = pair[0];
	s->tty_fd = b->tty ? b->tty : -1;
	s->status_fd = b->status_pipe ? out : -1;
	if (!b->status_pipe)
		close(out); /* the reader must see the end when the command is gone */
	s->init = !b->no_init;
	s->host_pid = b->host_pid;
	s->foreground_tty = b->foreground;
	b->shared->pid = s->pid;
	status = supervise_run(s);
	if (status == SUPERVISE_HANDOVER) {
		const struct ending none = ENDING_NONE;
		struct ending e = b->ending.id ? b->ending : none;

		e.pidfile = b->pidfile;
		waiter_exec(s, &e);
		status = 120; /* it must have worked here */
	}
	b->shared->status = status;
	b->shared->ended = true;
	sigprocmask(SIG_SETMASK, &old, NULL); /* a signal left pending would end us here */
	return status;
}

static inline void box_start(struct box *b)
{
	int out[2];

	b->shared = mmap(NULL, sizeof(*b->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(b->shared != MAP_FAILED);
	b->shared->s = b->s;
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	b->supervisor = fork();
	assert_true(b->supervisor >= 0);
	if (b->supervisor == 0) {
		/* children of the test must not outlive it when an assertion ends it */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(out[0]);
		signal(SIGINT, SIG_DFL); /* the shell of init_job_control.c ignores them */
		signal(SIGTSTP, SIG_DFL);
		signal(SIGTTOU, SIG_DFL);
		if (b->tty && !b->same_group)
			setpgid(0, 0);
		if (b->job_foreground) {
			signal(SIGTTOU, SIG_IGN);
			tcsetpgrp(b->tty, getpid());
			signal(SIGTTOU, SIG_DFL);
		}
		_exit(box_supervise(b, out[1]));
	}
	if (b->tty && !b->same_group)
		setpgid(b->supervisor, b->supervisor);
	close(out[1]);
	b->out = out[0];
}

/* The next line that the command prints, without its newline; "" at the end or after five seconds.
 */
static inline const char *box_line(struct box *b)
{
	static char line[256];
	size_t n = 0;
	struct pollfd p = {.fd = b->out, .events = POLLIN};

	while (n < sizeof(line) - 1 && poll(&p, 1, 5000) == 1 && read(b->out, line + n, 1) == 1) {
		if (line[n] == '\n')
			break;
		n++;
	}
	line[n] = '\0';
	return line;
}

static inline bool box_silent(struct box *b, int ms)
{
	struct pollfd p = {.fd = b->out, .events = POLLIN};

	return poll(&p, 1, ms) == 0;
}

/* Wait for the supervising process; its exit status as the shell has it. Fails the test after 20 s.
 */
static inline int box_wait(struct box *b)
{
	int status = 0;

	for (int i = 0; i < 4000; i++) {
		pid_t pid = waitpid(b->supervisor, &status, WNOHANG);

		if (pid == b->supervisor) {
			close(b->out);
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
		assert_int_equal(pid, 0);
		box_sleep(5);
	}
	kill(b->supervisor, SIGKILL);
	fail_msg("the supervisor did not end");
	return -1;
}

static inline void box_free(struct box *b)
{
	munmap(b->shared, sizeof(*b->shared));
}

static inline int box_run(struct box *b)
{
	box_start(b);
	return box_wait(b);
}

/* How many children the first process has: living ones and zombies. */
static inline int box_children(pid_t pid)
{
	char path[64], text[4096];
	int fd, count = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text));
	close(fd);
	for (ssize_t i = 0; i < n; i++)
		count += text[i] == ' ';
	return count;
}

/* Nothing of the container is left: whoever is orphaned comes to this test, which is a subreaper.
 * True when it has no child any more within the time. */
static inline bool box_gone(int ms)
{
	uint64_t end = box_now_ms() + (uint64_t)ms;
	pid_t pid;

	do {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0 && errno == ECHILD)
			return true;
		box_sleep(2);
	} while (box_now_ms() < end);
	return false;
}

/* Group set-up: 77 (skip) where this host gives an ordinary user no namespaces. */
static inline void box_require_namespaces(void)
{
	pid_t pid;
	int status = -1;

	signal(SIGHUP, SIG_DFL); /* under nohup(1): what a supervisor ignores, it forwards not */
	pid = box_fork(false);
	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		printf("skipped: no user and PID namespaces here (%s)\n", strerror(errno));
		exit(77);
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

#endif
