/* Job control between the caller's shell and a container with a process group of its own.
 *
 * Shell, script and pipeline should see one job, as if the container shared the caller's group:
 * Ctrl-Z stops us as well, `fg` continues the container and hands it the terminal, Ctrl-C reaches
 * the script around us. The terminal's modes are the shell's and the command's business, not ours.
 *
 * Every signal is blocked here, so tcsetpgrp(3) from a background group works without SIGTTOU.
 */
#include "init/supervise.h"

#include "init/nolibc.h"

static int foreground_group(const struct supervise *s)
{
	int group = -1;

	if (s->tty_fd < 0 || raw_ioctl(s->tty_fd, TIOCGPGRP, &group) < 0)
		return -1;
	return group;
}

static bool set_foreground(const struct supervise *s, int group)
{
	return raw_ioctl(s->tty_fd, TIOCSPGRP, &group) == 0;
}

void job_begin(struct supervise *s)
{
	if (raw_getpgid(s->pid) == s->pid)
		s->group = s->pid;
	s->has_tty = s->group && s->foreground_tty && s->tty_fd >= 0;
}

/* Take the terminal back, and remember who had it: a shell inside may have given it to a group of
 * its own. */
static void take_terminal(struct supervise *s)
{
	int own = raw_getpgid(0);
	int group = foreground_group(s);

	if (!s->has_tty)
		return;
	s->has_tty = false;
	if (group > 0 && group != own && set_foreground(s, own))
		s->resume_group = group;
}

static bool give_terminal(struct supervise *s)
{
	s->has_tty = (s->resume_group && set_foreground(s, s->resume_group)) ||
		     set_foreground(s, s->group);
	s->resume_group = 0;
	return s->has_tty;
}

/* Stop with our whole group, as the terminal would have stopped it, so that pipeline and script
 * stop too. False when nothing stops us: the kernel drops these signals in an orphaned group, where
 * nobody could continue us (setpgid(2)), and we may ignore them. A SIGCONT that is now pending
 * tells. */
static bool stop_own_group(int sig)
{
	const uint64_t set = raw_sigbit(sig);

	raw_kill(0, sig);
	raw_sigprocmask(SIG_UNBLOCK, &set, NULL); /* stops here */
	raw_sigprocmask(SIG_BLOCK, &set, NULL);
	return raw_sigpending() & raw_sigbit(SIGCONT);
}

void job_stopped(struct supervise *s, int sig)
{
	bool wants_terminal = sig == SIGTTIN || sig == SIGTTOU;

	if (s->tty_fd < 0 && !s->suspending)
		return;
	s->suspending = false;
	if (wants_terminal && s->group && foreground_group(s) == raw_getpgid(0)) {
		give_terminal(s);
		supervise_group_signal(s, SIGCONT);
		return;
	}
	take_terminal(s);
	/* SIGSTOP of the command alone leaves the shell no way to see it: a stop for the whole job
	 * does */
	if (stop_own_group(wants_terminal ? sig : SIGTSTP))
		return; /* the main loop reads the SIGCONT */
	if (!wants_terminal) {
		job_continue(s);
	} else if (!s->hung_up) {
		/* nobody can ever bring it to the foreground: what the kernel does to stopped jobs
		 * whose group becomes orphaned. Only once, or it could go round and round. */
		s->hung_up = true;
		supervise_forward(s, SIGHUP);
		supervise_group_signal(s, SIGCONT);
	}
}

/* Ctrl-Z while our own group has the terminal. The command may handle or ignore it; when it does
 * stop, job_stopped stops us. */
void job_suspend(struct supervise *s)
{
	s->suspending = true;
	if (s->group)
		supervise_group_signal(s, SIGTSTP);
}

void job_continue(struct supervise *s)
{
	int group = foreground_group(s);

	s->suspending = false;
	if (group > 0 && group == raw_getpgid(0)) {
		if (s->group && (s->foreground_tty || s->resume_group))
			give_terminal(s);
	} else if (group != s->group) {
		s->has_tty = false; /* `bg`: it is the shell's */
	}
	supervise_group_signal(s, SIGCONT);
}

/* The container's group alone had the terminal. A script or `make` around us expects Ctrl-C too.
 * Only the three signals that a terminal sends to end a job, and only while the container has it:
 * the message comes from inside and may be forged. */
void job_terminal_signal(struct supervise *s, int sig)
{
	if (!s->has_tty || (sig != SIGINT && sig != SIGQUIT && sig != SIGHUP))
		return;
	s->relayed |= raw_sigbit(sig);
	raw_kill(0, sig); /* our own copy is known by its sender and not passed on */
	if (sig == SIGHUP)
		job_wake_up(s);
}

/* After a SIGHUP. The kernel sends the foreground group of a dying session leader SIGHUP alone
 * (disassociate_ctty), and what is stopped cannot act on it. Of a command that is partly stopped (a
 * child between vfork and exec, whose parent waits for it unstopped) nobody else would ever know:
 * so SIGCONT follows, as it does in a group that becomes orphaned (setpgid(2)). */
void job_wake_up(struct supervise *s)
{
	supervise_group_signal(s, SIGCONT);
}

void job_end(struct supervise *s)
{
	int sig = s->exit_signal;

	/* without init nobody told us of the terminal's signal; its effect does */
	if (!s->init && sig && !(s->forwarded & raw_sigbit(sig)))
		job_terminal_signal(s, sig);
	take_terminal(s);
	s->interrupted = (sig == SIGINT || sig == SIGQUIT) && (s->relayed & raw_sigbit(sig));
}
