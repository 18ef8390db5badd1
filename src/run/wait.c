/* The parent after the start: status lines, the wait, the end. */
#include "run/run.h"

#include "base/buffer.h"
#include "base/fd.h"
#include "base/io.h"
#include "init/handover.h"
#include "init/supervise.h"
#include "init/wire.h"
#include "run/group.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* From the end of set-up to the command's exec: a matter of microseconds, but for a network file
 * system. */
enum { AWAIT_MS = 10000 };

/* A command that is over sooner never pays for the waiter. */
#define HANDOVER_NS UINT64_C(200000000)

/* {"event":"started","pid":4711,"namespaces":{"user":4026532281,…}} */
void run_report_started(const struct run_process *p)
{
	AUTO_BUFFER line = {0};
	const char *separator = "";

	if (p->options.status_fd < 0)
		return;
	buffer_printf(&line, "{\"event\":\"started\",\"pid\":%d,\"namespaces\":{", (int)p->pid);
	for (int t = 0; t < NS_COUNT; t++) {
		char path[64];
		struct stat st;

		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)p->pid,
			 ns_type_name((enum ns_type)t));
		if (stat(path, &st) < 0)
			continue;
		buffer_printf(&line, "%s\"%s\":%llu", separator, ns_type_name((enum ns_type)t),
			      (unsigned long long)st.st_ino);
		separator = ",";
	}
	buffer_puts(&line, "}}\n");
	if (!buffer_failed(&line))
		io_write_all(p->options.status_fd, line.data, line.len);
}

/* {"event":"failed","status":127,"id":"command-not-found"}: the command never ran. */
void run_report_failure(int status_fd, const struct rootlet_error *err)
{
	AUTO_BUFFER line = {0};

	if (status_fd < 0 || !err)
		return;
	buffer_printf(&line, "{\"event\":\"failed\",\"status\":%d,\"id\":\"%s\"}\n",
		      err->exit_status, err->id ? err->id : "");
	if (!buffer_failed(&line))
		io_write_all(status_fd, line.data, line.len);
}

/* Whoever may trace a process inside could keep its end of the channel open: not for ever. */
static ssize_t receive_soon(int fd, struct wire_message *m)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int ready;

	do
		ready = poll(&p, 1, AWAIT_MS);
	while (ready < 0 && errno == EINTR);
	return ready == 1 ? recv(fd, m, sizeof(*m), MSG_DONTWAIT) : -1;
}

int run_await_command(struct run_process *p, struct rootlet_error *err)
{
	struct wire_message m;
	ssize_t n;

	if (p->control < 0)
		return 0; /* the report pipe has said so */
	do
		n = receive_soon(p->control, &m);
	while (n == sizeof(m) && m.type != WIRE_STARTED && m.type != WIRE_EXEC_FAILED);
	if (n == sizeof(m) && m.type == WIRE_EXEC_FAILED)
		return run_word_exec_failure(p->plan, m.value > 0 ? m.value : ENOENT, m.detail,
					     err);
	if (n == sizeof(m) || !p->plan->init)
		return 0; /* started, or the channel was closed by the command's exec */
	return error_set(err, -ECHILD, "init-killed", NULL,
			 "start: the container's first process was killed at once");
}

static bool foreground_wanted(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].op == OP_PROCESS_GROUP)
			return plan->steps[i].a.group.foreground;
	return false;
}

static int find_terminal(void)
{
	return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

struct supervise run_supervise(const struct run_process *p)
{
	const struct plan *plan = p->plan;

	return (struct supervise){
		.pid = p->pid,
		.pidfd = plan->pidfd_open ? p->pidfd : -1,
		.control_fd = p->control,
		.tty_fd = -1,
		.status_fd = p->options.status_fd,
		.stop_signal = plan->stop_signal,
		.init = plan->init,
		.host_pid = plan->init && !plan->own_pid_ns,
		.timeout_ns = plan->timeout_seconds * UINT64_C(1000000000),
	};
}

int run_wait(struct run_process *p, int *ret_status, struct rootlet_error *err)
{
	const struct plan *plan = p->plan;
	AUTO_FD tty = find_terminal();
	struct supervise s = run_supervise(p);
	struct ending ending = p->options.ending;
	int status;

	ending.pidfile = p->options.pidfile;
	ending.cgroup = p->cgroup;
	ending.cgroup_left = p->cgroup_left;
	ending.cgroup_levels = p->cgroup_levels;
	s.tty_fd = tty;
	s.foreground_tty = tty >= 0 && foreground_wanted(plan);
	s.mirror_signal = p->options.waiter;
	s.handover_ns = p->options.waiter && plan->memfd_exec ? HANDOVER_NS : 0;
	run_report_started(p);
	status = supervise_run(&s);
	if (status == SUPERVISE_HANDOVER) {
		if (p->options.before_long_wait)
			p->options.before_long_wait(p->options.data, &ending);
		waiter_exec(&s, &ending);
		s.handover_ns = 0; /* it could not: go on here */
		status = supervise_run(&s);
	}
	p->control = -1; /* closed by supervise_run */
	if (status < 0)
		return error_set(err, status, "supervise", NULL, "wait for the container: %s",
				 error_text(status));
	p->ended = true;
	ending.remove |= s.exec_error != 0; /* it never ran */
	ending_finish(&ending, &s, status);
	if (s.exec_error) {
		int r = run_word_exec_failure(plan, s.exec_error, (uint32_t)s.exec_detail, err);

		run_report_failure(p->options.status_fd, err);
		return r;
	}
	*ret_status = status;
	if (p->options.waiter && s.interrupted)
		supervise_exit(&s, status);
	return 0;
}

void run_leave_created(struct run_process *p)
{
	struct wire_message go = {.type = WIRE_GO};

	/* EPIPE: it has died since, which its state will show. */
	send(p->control, &go, sizeof(go), MSG_NOSIGNAL);
	run_leave(p);
}

void run_leave(struct run_process *p)
{
	p->ended = true;
	p->options.pidfile = NULL;
	free(p->cgroup);
	free(p->cgroup_left);
	p->cgroup = p->cgroup_left = NULL;
	run_free(p);
}

void run_free(struct run_process *p)
{
	if (!p)
		return;
	fd_close(&p->control); /* an init dies of it */
	if (!p->ended && p->pid > 0) {
		kill(p->pid, SIGKILL);
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	fd_close(&p->pidfd);
	fd_close(&p->terminal);
	if (p->options.pidfile && p->pid > 0)
		unlink(p->options.pidfile);
	pthread_sigmask(SIG_SETMASK, &p->saved_mask, NULL);
	free(p->timings);
	group_remove(p); /* gone already after an ordinary end */
	free(p);
}
