/* The supervise loop: signals, the control channel and the first process's life, in one ppoll.
 *
 * See supervise.h for its contract; what concerns the terminal is in job_control.c.
 */
#include "init/supervise.h"

#include "init/nolibc.h"
#include "init/wire.h"

static const uint64_t second_ns = 1000000000u;

/* ---- status lines ---- */

struct line {
	char text[96];
	unsigned int len;
};

static void line_add(struct line *l, const char *text)
{
	while (*text && l->len < sizeof(l->text))
		l->text[l->len++] = *text++;
}

static void line_number(struct line *l, const char *key, int value)
{
	char digits[12];
	unsigned int at = sizeof(digits) - 1;
	unsigned int rest = value < 0 ? 0 : (unsigned int)value;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	line_add(l, key);
	line_add(l, digits + at);
}

static void line_write(const struct supervise *s, struct line *l)
{
	line_add(l, "}\n");
	/* One write, so that a pipe keeps it whole. Nothing to do when the reader is gone. */
	if (s->status_fd >= 0)
		raw_write(s->status_fd, l->text, l->len);
}

static void note_stopped(struct supervise *s, int sig)
{
	struct line l = {.len = 0};

	s->stopped = true;
	line_number(&l, "{\"event\":\"stopped\",\"signal\":", sig);
	line_write(s, &l);
	job_stopped(s, sig);
}

static void note_continued(struct supervise *s)
{
	struct line l = {.len = 0};

	if (!s->stopped)
		return;
	s->stopped = false;
	line_add(&l, "{\"event\":\"continued\"");
	line_write(s, &l);
}

static void note_exited(const struct supervise *s, int status)
{
	struct line l = {.len = 0};

	line_number(&l, "{\"event\":\"exited\",\"status\":", status);
	line_number(&l, ",\"signal\":", s->exit_signal);
	if (s->timed_out)
		line_add(&l, ",\"timeout\":true");
	line_write(s, &l);
}

/* ---- signals out ---- */

void supervise_forward(struct supervise *s, int sig)
{
	if (s->ended)
		return;
	s->forwarded |= raw_sigbit(sig);
	if (s->pidfd < 0 || raw_call(__NR_pidfd_send_signal, s->pidfd, sig, 0, 0, 0, 0) < 0)
		raw_kill(s->pid, sig); /* the number is its own until we reap it */
}

/* With an init the request goes to it: it leaves itself out, reaches a command that has left the
 * group, and may signal what changed its ids. */
void supervise_group_signal(struct supervise *s, int sig)
{
	struct wire_message m = {.type = WIRE_GROUP_SIGNAL, .value = sig};

	if (s->ended)
		return;
	if (!s->group)
		supervise_forward(s, sig);
	else if (!s->init || s->control_fd < 0 ||
		 raw_send(s->control_fd, &m, sizeof(m)) != sizeof(m))
		raw_kill(-s->group, sig);
}

/* ---- what comes in ---- */

static void on_signal(struct supervise *s, const struct signalfd_siginfo *si)
{
	int sig = (int)si->ssi_signo;
	bool ours = si->ssi_code != SI_KERNEL && (int)si->ssi_pid == raw_getpid();

	/* our own copy of what we sent to our group, or SIGPIPE of a status line */
	if (sig == SIGCHLD || sig == SIGTTIN || sig == SIGTTOU || ours)
		return;
	if (sig == SIGCONT) {
		job_continue(s);
	} else if (s->ignored & raw_sigbit(sig)) {
		return;
	} else if (sig == SIGTSTP) {
		job_suspend(s);
	} else if (si->ssi_code == SI_KERNEL) {
		/* The terminal's, for the job that we stand for. A shared group has it already. */
		if (s->group) {
			supervise_group_signal(s, sig);
			if (sig == SIGHUP)
				job_wake_up(s);
		}
	} else {
		supervise_forward(s, sig);
	}
}

static void read_signals(struct supervise *s)
{
	struct signalfd_siginfo si;

	while (raw_read(s->signal_fd, &si, sizeof(si)) == sizeof(si))
		on_signal(s, &si);
}

static void close_control(struct supervise *s)
{
	raw_close(s->control_fd);
	s->control_fd = -1;
}

/* Whatever sits inside may have reached the init's end: take nothing here on trust. */
static void on_message(struct supervise *s, const struct wire_message *m)
{
	/* Without an init there is one thing to say, before the command runs: that it cannot. */
	if (!s->init && m->type != WIRE_EXEC_FAILED)
		return;
	switch (m->type) {
	case WIRE_EXEC_FAILED:
		s->exec_error = m->value > 0 ? m->value : ENOENT;
		s->exec_detail = (int)m->detail;
		break;
	case WIRE_STOPPED:
		if (m->value > 0 && m->value <= RAW_SIGNALS)
			note_stopped(s, m->value);
		break;
	case WIRE_CONTINUED:
		note_continued(s);
		break;
	case WIRE_TERMINAL_SIGNAL:
		job_terminal_signal(s, m->value);
		break;
	case WIRE_EXITED:
		s->exit_known = true;
		s->exit_status = m->value & 0xff;
		s->exit_signal = m->detail <= RAW_SIGNALS ? (int)m->detail : 0;
		break;
	default:
		break;
	}
}

static void read_control(struct supervise *s)
{
	struct wire_message m;

	while (s->control_fd >= 0) {
		long n = raw_receive(s->control_fd, &m, sizeof(m));

		if (n == -EAGAIN || n == -EINTR)
			return;
		/* The init left a message of ours unread when it ended. The error is told once and
		 * before what it wrote itself: its last word still follows. */
		if (n == -ECONNRESET)
			continue;
		if (n == sizeof(m))
			on_message(s, &m);
		else if (n <= 0)
			close_control(s);
	}
}

/* The first process: its end, and without init its stops. */
static int check_child(struct supervise *s)
{
	int events = WEXITED | WNOHANG | __WALL | (s->init ? 0 : WSTOPPED | WCONTINUED);

	while (!s->ended) {
		siginfo_t info = {.si_pid = 0};
		long result = raw_waitid(P_PID, s->pid, &info, events);

		if (result == -EINTR)
			continue;
		if (result < 0) {
			/* reaped by somebody else: only an init's word is left */
			s->ended = true;
			read_control(s);
			return s->exit_known || s->exec_error ? 0 : (int)result;
		}
		if (info.si_pid == 0)
			return 0;
		if (info.si_code == CLD_STOPPED) {
			note_stopped(s, info.si_status);
		} else if (info.si_code == CLD_CONTINUED) {
			note_continued(s);
		} else {
			s->ended = true;
			read_control(s);
			if (s->exit_known)
				return 0;
			s->exit_signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
			s->exit_status = info.si_status + (s->exit_signal ? 128 : 0);
		}
	}
	return 0;
}

/* ---- time ---- */

static void on_deadline(struct supervise *s)
{
	uint64_t wait = 0;

	s->timed_out |= s->phase < SUPERVISE_KILLING && !s->abandoned;
	if (s->phase == SUPERVISE_RUNNING && s->stop_signal != SIGKILL) {
		s->phase = SUPERVISE_STOPPING;
		wait = SUPERVISE_GRACE_SECONDS * second_ns;
		supervise_forward(s, s->stop_signal);
		supervise_group_signal(s, SIGCONT); /* a stopped command could not act on it */
	} else if (s->phase <= SUPERVISE_STOPPING && s->init && s->host_pid && s->control_fd >= 0) {
		/* our end is what it takes for our death: it kills all its descendants */
		s->phase = SUPERVISE_KILLING;
		wait = 3 * second_ns;
		raw_call3(__NR_shutdown, s->control_fd, RAW_SHUT_WR, 0);
	} else {
		s->phase = SUPERVISE_KILLED;
		supervise_forward(s, SIGKILL);
	}
	s->deadline_ns = wait ? raw_monotonic_ns() + wait : 0;
}

void supervise_hang_up(struct supervise *s, int terminal_fd)
{
	int foreground = 0;

	if (s->phase >= SUPERVISE_STOPPING)
		return;
	s->phase = SUPERVISE_STOPPING;
	s->abandoned = true;
	/* a job of the shell's inside has a group of its own */
	if (raw_ioctl(terminal_fd, TIOCGPGRP, &foreground) == 0 && foreground > 1) {
		raw_kill(-foreground, SIGHUP);
		raw_kill(-foreground, SIGCONT);
	}
	supervise_group_signal(s, SIGHUP);
	supervise_group_signal(s, SIGCONT);
	s->deadline_ns = raw_monotonic_ns() + second_ns;
}

void supervise_end(struct supervise *s)
{
	uint64_t wait = second_ns;

	if (s->phase >= SUPERVISE_KILLING)
		return;
	s->phase = SUPERVISE_KILLING;
	if (s->init && s->control_fd >= 0) {
		raw_call3(__NR_shutdown, s->control_fd, RAW_SHUT_WR, 0);
		if (s->host_pid)
			wait = 3 * second_ns;
	} else {
		supervise_group_signal(s, SIGHUP);
		supervise_group_signal(s, SIGCONT); /* what is stopped could not act on it */
	}
	s->deadline_ns = raw_monotonic_ns() + wait;
}

/* Wait for something. Returns ppoll's result; 0 is the silence that handover_ns asks for. */
static long wait_event(struct supervise *s, struct pollfd *fds)
{
	unsigned int count = 3;
	struct __kernel_timespec timeout;
	uint64_t wait = s->phase == SUPERVISE_RUNNING ? s->handover_ns : 0;
	bool handover = wait != 0;
	long result;

	if (s->deadline_ns) {
		uint64_t now = raw_monotonic_ns();
		uint64_t left = s->deadline_ns > now ? s->deadline_ns - now : 0;

		if (!left) {
			on_deadline(s);
			return -EAGAIN;
		}
		if (!wait || left < wait) {
			wait = left;
			handover = false;
		}
	}
	fds[0] = (struct pollfd){.fd = s->signal_fd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = s->control_fd, .events = POLLIN};
	fds[2] = (struct pollfd){.fd = s->pidfd, .events = POLLIN};
	if (s->hook)
		count += s->hook->fill(s, fds + count, &wait);
	timeout.tv_sec = (long long)(wait / second_ns);
	timeout.tv_nsec = (long long)(wait % second_ns);
	result = raw_ppoll(fds, count, wait ? &timeout : NULL);
	return result == 0 && !handover ? -EAGAIN : result;
}

/* ---- begin, run, end ---- */

static int begin(struct supervise *s)
{
	const uint64_t all = ~(uint64_t)0;
	const struct raw_sigaction dfl = {0, 0, 0, 0};
	struct raw_sigaction action;

	if (!s->running) {
		raw_sigprocmask(SIG_BLOCK, &all, &s->old_mask);
		/* ignored, it would make the kernel reap for us and lose the status (wait(2)) */
		raw_sigaction(SIGCHLD, &dfl, (struct raw_sigaction *)s->old_chld);
		if (s->stop_signal <= 0)
			s->stop_signal = SIGTERM;
		if (s->timeout_ns)
			s->deadline_ns = raw_monotonic_ns() + s->timeout_ns;
		job_begin(s);
		s->running = true;
	}
	s->ignored = 0;
	for (int sig = 1; sig <= RAW_SIGNALS; sig++) {
		if (raw_sigaction(sig, NULL, &action) == 0 && action.handler == 1 /* SIG_IGN */)
			s->ignored |= raw_sigbit(sig);
	}
	s->signal_fd = raw_signalfd(all);
	return s->signal_fd < 0 ? s->signal_fd : 0;
}

static void restore(struct supervise *s)
{
	raw_sigaction(SIGCHLD, (const struct raw_sigaction *)s->old_chld, NULL);
	raw_sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
	s->running = false;
}

/* What this loop itself has caused must not hit the caller when its mask is restored: a copy of
 * Ctrl-C would end it before it could say how the container ended. */
static void drop_signals(struct supervise *s)
{
	const uint64_t set = s->relayed | raw_sigbit(SIGCHLD) | raw_sigbit(SIGCONT) |
			     raw_sigbit(SIGPIPE) | raw_sigbit(SIGTSTP) | raw_sigbit(SIGTTIN) |
			     raw_sigbit(SIGTTOU);
	struct signalfd_siginfo si;

	raw_call(__NR_signalfd4, s->signal_fd, (long)&set, sizeof(set), 0, 0, 0);
	while (raw_read(s->signal_fd, &si, sizeof(si)) == sizeof(si))
		;
}

static int end(struct supervise *s, int error)
{
	int status = error ? error : s->timed_out ? SUPERVISE_TIMED_OUT : s->exit_status;

	job_end(s);
	if (s->exec_error) {
		status = s->exec_error == ENOENT || s->exec_error == ENOTDIR ? 127 : 126;
		s->exit_signal = 0;
	} else if (!error) {
		note_exited(s, status);
	}
	if (s->control_fd >= 0)
		close_control(s);
	drop_signals(s);
	raw_close(s->signal_fd);
	restore(s);
	return status;
}

int supervise_run(struct supervise *s)
{
	struct pollfd fds[3 + SUPERVISE_MORE];
	int error = begin(s);

	if (error) {
		restore(s);
		return error;
	}
	/* A SIGCHLD from before begin() is lost: setting its disposition to the default drops it.
	 */
	if (s->pidfd < 0)
		error = check_child(s);
	while (!s->ended) {
		long ready = wait_event(s, fds);

		if (ready == 0) {
			raw_close(s->signal_fd);
			return SUPERVISE_HANDOVER;
		}
		if (ready < 0)
			continue;
		if (fds[1].revents)
			read_control(s);
		if (fds[0].revents)
			read_signals(s);
		/* SIGCHLD is one of the signals; other threads may have taken it, the pidfd tells
		 * too */
		if (fds[0].revents || fds[2].revents || s->control_fd < 0)
			error = check_child(s);
		if (s->hook && !s->ended)
			s->hook->serve(s, fds + 3);
	}
	return end(s, error);
}

_Noreturn void supervise_exit(const struct supervise *s, int status)
{
	const struct raw_sigaction dfl = {0, 0, 0, 0};

	if (s->mirror_signal && s->interrupted) {
		const uint64_t set = raw_sigbit(s->exit_signal);

		raw_prctl(PR_SET_DUMPABLE, 0); /* the core, if any, is the command's */
		raw_sigaction(s->exit_signal, &dfl, NULL);
		raw_kill(raw_getpid(), s->exit_signal);
		raw_sigprocmask(SIG_UNBLOCK, &set, NULL);
	}
	raw_exit(status);
}
