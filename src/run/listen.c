/* What the child and its joiner tell the parent over the report pipe, and how the parent takes it.
 * It ends nothing: start.c does when a start has failed. */
#include "run/start.h"

#include "base/fds.h"
#include "base/sys.h"
#include "init/wire.h"

#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

ssize_t listen_read(int fd, struct wire_report *report)
{
	ssize_t n;

	do
		n = read(fd, report, sizeof(*report));
	while (n < 0 && errno == EINTR);
	return n;
}

void listen_take_pid(struct start *s, int64_t pid)
{
	s->process->pid = (pid_t)pid;
	if (s->plan->pidfd_open)
		s->process->pidfd = SYS(pidfd_open, (pid_t)pid, 0);
	while (waitpid(s->joiner, NULL, 0) < 0 && errno == EINTR)
		;
	s->joiner = 0;
}

static void take_note(struct start *s, const struct wire_report *report)
{
	const char *note = run_word_note(&s->plan->steps[report->step], report->error);

	for (size_t i = 0; i < s->process->note_count; i++)
		if (s->process->notes[i] == note) /* said once is enough */
			return;
	if (note && s->process->note_count < RUN_NOTES_MAX)
		s->process->notes[s->process->note_count++] = note;
}

/* Only what is asked for later, by its record. */
static void take_namespace(struct start *s, const struct wire_report *report)
{
	if (report->type == WIRE_MOUNTS)
		s->process->mounts_id = (uint64_t)report->value;
	else if (report->step >= 0 && report->step < NS_COUNT)
		s->process->namespaces[report->step] = (uint64_t)report->value;
}

/* What goes wrong there is the command's own, with exit statuses that tell so. */
static bool is_commands(enum plan_op op)
{
	return op == OP_EXEC || op == OP_FIND_COMMAND;
}

/* EPIPE: it has failed meanwhile, and what it reported says why. */
int listen_let_go(const struct start *s)
{
	struct wire_message go = {.type = WIRE_GO};

	if (send(s->process->control, &go, sizeof(go), MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return -errno;
	return 0;
}

/* One message and the descriptors that came along: how many, or -EPROTO. */
static int listen_receive(int from, struct wire_message *message, int fds[NS_COUNT])
{
	size_t count;
	int n = fds_take(from, message, sizeof(*message), MSG_DONTWAIT, fds, NS_COUNT, &count);

	return n < 0 ? n : n == sizeof(*message) ? (int)count : -EPROTO;
}

/* And no FIFO, say, of the image's. */
static bool is_namespace(int fd)
{
	struct statfs st;

	return fstatfs(fd, &st) == 0 && st.f_type == NSFS_MAGIC;
}

int run_sort_namespaces(int32_t value, const int *fds, size_t count, int ret[NS_COUNT])
{
	size_t n = 0;

	if (value < 0 || value >> NS_COUNT ||
	    (size_t)__builtin_popcount((unsigned)value) != count) {
		while (count)
			close(fds[--count]);
		return -EPROTO;
	}
	for (int t = 0; t < NS_COUNT; t++) {
		ret[t] = (value >> t & 1) ? fds[n++] : -1;
		if (ret[t] >= 0 && !is_namespace(ret[t])) {
			close(ret[t]);
			ret[t] = -1;
		}
	}
	return 0;
}

/* What is on the control channel besides answers: descriptors that come along. */
static int take_control(struct start *s)
{
	struct wire_message message = {0};
	struct run_options *o = &s->process->options;
	int fds[NS_COUNT], count = listen_receive(s->process->control, &message, fds), r;

	if (count > 0 && message.type == WIRE_NAMESPACES) {
		s->opened =
			run_sort_namespaces(message.value, fds, (size_t)count, s->namespaces) == 0;
		return 0;
	}
	if (count != 1) {
		s->listened = true; /* nothing more will come */
		return 0;
	}
	if (message.type == WIRE_TERMINAL) {
		s->process->terminal = fds[0];
		return 0;
	}
	s->listened = true;
	r = o->listener ? o->listener(o->data, s->process, fds[0], s->err)
			: error_set(s->err, -EPROTO, "seccomp-listener", NULL,
				    "linux.seccomp: nobody takes its listener");
	close(fds[0]);
	return r;
}

/* Its namespaces have been sent before it said that it waits, and perhaps its terminal before. */
static int run_hooks(struct start *s)
{
	struct run_options *o = &s->process->options;
	struct pollfd control = {.fd = s->process->control, .events = POLLIN};
	int r = 0;

	while (r == 0 && !s->opened && !s->listened && poll(&control, 1, 0) == 1 &&
	       control.revents & POLLIN)
		r = take_control(s);
	if (r == 0 && s->opened)
		r = o->hooks(o->data, s->process, s->namespaces, s->err);
	if (r == 0 && (!s->opened || listen_let_go(s) < 0))
		r = error_set(s->err, -EPIPE, "setup-killed", NULL,
			      "set-up: the process was killed while the hooks ran");
	return r;
}

/* A filter with a listener may stop the child at any call from now on, until the listener has been
 * handed on: so it is looked for before each report. */
static int await_listener(struct start *s)
{
	struct pollfd fds[] = {{.fd = s->report, .events = POLLIN},
			       {.fd = s->process->control, .events = POLLIN}};

	while (s->plan->notifies && !s->listened) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents) {
			int r = take_control(s);

			if (r < 0)
				return r;
		} else if (fds[0].revents) {
			return 0;
		}
	}
	return 0;
}

static int take_late_listener(struct start *s)
{
	struct pollfd control = {.fd = s->process->control, .events = POLLIN};

	if (!s->plan->notifies || s->listened || poll(&control, 1, 0) != 1)
		return 0;
	return take_control(s);
}

/* One that somebody else wrote than we: what it allows is not known. */
static bool has_profile(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].op == OP_SECCOMP && plan->steps[i].a.filter.profile)
			return true;
	return false;
}

/* Until the report pipe closes, by the exec or by the child's end; or, with a joiner, until the
 * child's pid is known. */
int listen_to_child(struct start *s, bool until_pid)
{
	struct pollfd closed = {
		.fd = s->report}; /* no event: only the hang-up wakes us, not READY */
	struct wire_report report;
	int r = 0;

	if (!until_pid && !s->process->timings && !s->plan->hooks && !s->plan->notifies)
		while (poll(&closed, 1, -1) < 0 && errno == EINTR)
			;
	while (!(until_pid && s->process->pid) && (until_pid || (r = await_listener(s)) == 0) &&
	       listen_read(s->report, &report) == sizeof(report)) {
		bool good_step = report.step >= 0 && (size_t)report.step < s->plan->count;

		if (report.type == WIRE_READY || report.type == WIRE_CREATED)
			s->ready = true;
		else if (report.type == WIRE_HOOKS && s->process->options.hooks) {
			r = run_hooks(s);
			if (r < 0)
				return r;
		} else if (report.type == WIRE_PID && until_pid)
			listen_take_pid(s, report.value);
		else if (report.type == WIRE_TIMING && s->process->timings && good_step)
			s->process->timings[report.step] = report.value;
		else if (report.type == WIRE_NOTE && good_step)
			take_note(s, &report);
		else if (report.type == WIRE_NAMESPACE || report.type == WIRE_MOUNTS)
			take_namespace(s, &report);
		else if (report.type == WIRE_FAILED && good_step &&
			 is_commands(s->plan->steps[report.step].op))
			return run_word_exec_failure(s->plan, report.error, report.detail, s->err);
		else if (report.type == WIRE_FAILED && good_step)
			return run_word_failure(s->plan, report.step, report.error, report.detail,
						report.value, s->err);
	}
	if (r == 0 && !until_pid)
		r = take_late_listener(s);
	if (r < 0)
		return r;
	if (s->ready || (until_pid && s->process->pid))
		return 0;
	error_set(s->err, -ECHILD, "setup-killed", NULL,
		  "set-up: the process was killed before it could say why%s",
		  has_profile(s->plan) ? ", or the seccomp profile does not let it say" : "");
	error_hint(s->err,
		   "a memory limit or another program's signal can do this; the kernel log may "
		   "say%s",
		   has_profile(s->plan) ? "; a profile must allow write, execve and exit_group"
					: "");
	return -ECHILD;
}

/* A child that has failed by itself cannot be mapped any more: its own words say why. */
int listen_for_words(struct start *s, int r)
{
	struct pollfd reports = {.fd = s->report, .events = POLLIN};
	struct wire_report report;

	while (poll(&reports, 1, 0) == 1 && listen_read(s->report, &report) == sizeof(report))
		if (report.type == WIRE_FAILED && (size_t)report.step < s->plan->count)
			return run_word_failure(s->plan, report.step, report.error, report.detail,
						report.value, s->err);
	return r;
}

/* TERMINAL has sent its master ahead of everything else. */
int listen_take_terminal(struct start *s)
{
	struct wire_message message = {0};
	int fds[NS_COUNT], count;

	if (s->process->terminal >= 0) /* while something else was awaited */
		return 0;
	count = listen_receive(s->process->control, &message, fds);
	if (count != 1 || message.type != WIRE_TERMINAL) {
		while (count > 0)
			close(fds[--count]);
		return error_set(s->err, -EPROTO, "terminal-lost", NULL,
				 "set-up: the container's terminal did not arrive");
	}
	s->process->terminal = fds[0];
	return 0;
}
