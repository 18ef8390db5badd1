/* The parent's side of a start: it carries out the PARENT steps of the plan in their order, CLONE
 * and MAPS itself; what comes before is prepare.c's, what the child reports listen.c's.
 *
 * On any failure it kills what it made, reaps it and leaves nothing. It must not change the calling
 * program beyond its signal mask.
 */
#include "run/start.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/sys.h"
#include "run/fault.h"
#include "run/group.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* ---- CLONE and MAPS ---- */

static int make_process(struct start *s, const struct step *step)
{
	int pid;

	if (s->plan->joins) {
		static const struct step plain = {.op = OP_CLONE, .a.clone.clone3 = true};

		/* In the container's cgroup from the start: once it is inside, the way there is
		 * out of its sight. */
		pid = s->cgroup >= 0 ? child_clone(&plain, false, s->cgroup, NULL)
				     : SYS(clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0UL);
		if (pid == -EBUSY && group_go_below(s) == 0)
			pid = child_clone(&plain, false, s->cgroup, NULL);
		if (pid == 0)
			child_join(&s->child);
		s->joiner = pid;
	} else {
		pid = child_clone(step, false, s->cgroup, &s->process->pidfd);
		if (pid == 0)
			child_main(&s->child);
		s->process->pid = pid < 0 ? 0 : pid;
	}
	fd_close(&s->child.report);
	fd_close(&s->child.control);
	return pid < 0 ? pid : 0;
}

/* CLONE by a joiner: its own failure, worded already, or the pid that MAPS needs. */
static int await_joined(struct start *s)
{
	return s->plan->joins ? listen_to_child(s, true) : 0;
}

static int write_map(struct start *s, const struct step *step)
{
	char path[64];
	int fd, r;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)s->process->pid,
		 step->a.map.gid ? "gid_map" : "uid_map");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = io_write_all(fd, step->a.map.text, strlen(step->a.map.text));
	close(fd);
	return r;
}

static int let_go(const struct start *s)
{
	return s->plan->parent_maps ? listen_let_go(s) : 0;
}

static int tell_of_process(struct start *s)
{
	struct run_options *o = &s->process->options;

	return o->made ? o->made(o->data, s->process, s->err) : 0;
}

/* The first HELPER_MAP step starts both helpers; the second has nothing left to do. */
static int map_with_helpers(struct start *s)
{
	int failed = -1, r;

	if (s->helpers_done)
		return 0;
	s->helpers_done = true;
	r = run_map_helpers(s->plan, s->process->pid, &failed, s->err);
	if (r < 0 && s->err) {
		s->err->step = failed;
		s->err->stage = stage_name(STAGE_MAPS);
	}
	return r;
}

static int parent_step(struct start *s, int index)
{
	static int (*const handlers[OP_COUNT])(struct start *, const struct step *) = {
		[OP_CHANNELS] = prepare_channels,
		[OP_INIT_IMAGE] = prepare_init_image,
		[OP_CGROUP_LEAF] = group_leave_way,
		[OP_CGROUP_PARENT] = group_parent,
		[OP_CGROUP_OFFER] = group_offer,
		[OP_CGROUP] = group_make,
		[OP_CGROUP_LIMIT] = group_write_limit,
		[OP_CGROUP_PROCESSES] = group_write_limit,
		[OP_DEVICE_RULES] = group_devices,
		[OP_SCOPE_DEVICE_RULES] = group_devices,
		[OP_CGROUP_SCOPE] = group_scope,
		[OP_ENTER_CGROUP] = group_enter,
		[OP_CLONE] = make_process,
		[OP_WRITE_MAP] = write_map,
		[OP_MAP_SOURCE] = map_source,
	};
	const struct step *step = &s->plan->steps[index];
	int r = -fault_at(index, -1);

	if (r < 0)
		return run_word_failure(s->plan, index, -r, WIRE_DETAIL_NONE, 0, s->err);
	if (step->op == OP_HELPER_MAP)
		return map_with_helpers(s); /* words its own failure: it has the helper's */
	r = handlers[step->op] ? handlers[step->op](s, step) : -ENOSYS;
	if (r == -EREMOTEIO && step->op == OP_CGROUP_SCOPE)
		return r; /* in systemd's own words */
	if (r == 0 && step->op == OP_CLONE)
		return await_joined(s);
	return r < 0 ? run_word_failure(s->plan, index, -r, WIRE_DETAIL_NONE, 0, s->err) : 0;
}

static bool is_parents(const struct start *s, const struct step *step)
{
	return step->actor == ACTOR_PARENT || (step->op == OP_CLONE && s->plan->joins);
}

static int run_parent_steps(struct start *s)
{
	for (int i = 0; i < (int)s->plan->count; i++) {
		const struct step *step = &s->plan->steps[i];
		int64_t start = s->process->timings ? now() : 0;
		int r;

		if (!is_parents(s, step))
			continue;
		r = parent_step(s, i);
		if (r < 0 && step_stage(step) == STAGE_MAPS)
			return listen_for_words(s, r);
		if (r < 0)
			return r;
		if (s->process->timings)
			s->process->timings[i] = now() - start;
	}
	return 0;
}

/* PROCESS_GROUP may have made its group the terminal's, and a later step failed: whoever reads the
 * terminal next would get EIO. Every signal is blocked, so SIGTTOU does not stop us. */
static void take_terminal_back(pid_t group)
{
	if (tcgetpgrp(0) == group)
		tcsetpgrp(0, getpgrp());
}

/* A failed clone or map leaves a child that waits for us, or none at all. */
static void undo(struct start *s)
{
	struct run_process *p = s->process;
	struct wire_report report;

	fd_close(&p->control);
	/* The child may have failed before its joiner could say who it is. */
	while (s->joiner > 0 && s->report >= 0 && listen_read(s->report, &report) == sizeof(report))
		if (report.type == WIRE_PID)
			listen_take_pid(s, report.value);
	if (s->joiner > 0) {
		kill(s->joiner, SIGKILL);
		while (waitpid(s->joiner, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
			;
		take_terminal_back(p->pid);
	}
	p->pid = 0;
	p->ended = true;
	group_remove(p);
}

static int write_pidfile(const struct run_process *p, struct rootlet_error *err)
{
	const char *path = p->options.pidfile;
	char text[16];
	int r = 0;

	if (!path)
		return 0;
	AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		r = -errno;
	else
		r = io_write_all(fd, text,
				 (size_t)snprintf(text, sizeof(text), "%d\n", (int)p->pid));
	if (r < 0)
		run_word_pidfile(path, r, err);
	return r;
}

static int go_through(struct start *s)
{
	int r = prepare_check_status_fd(s->process->options.status_fd, s->err);

	if (r == 0)
		r = prepare_check_preserved(s->plan, s->err);

	if (r == 0)
		r = prepare_child(s);
	if (r == -ENOMEM)
		return error_nomem(s->err);
	if (r == 0)
		r = run_parent_steps(s);
	if (r == 0)
		r = let_go(s);
	if (r == 0)
		r = tell_of_process(s);
	if (r == 0)
		r = listen_to_child(s, false);
	if (r == 0 && s->plan->terminal)
		r = listen_take_terminal(s);
	if (r == 0)
		r = write_pidfile(s->process, s->err);
	return r;
}

static int new_process(const struct plan *plan, const struct run_options *options,
		       struct run_process **ret)
{
	struct run_process *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	*p = (struct run_process){
		.plan = plan, .options = *options, .pidfd = -1, .control = -1, .terminal = -1};
	if (options->timings) {
		p->timings = malloc(plan->count * sizeof(*p->timings));
		if (!p->timings) {
			free(p);
			return -ENOMEM;
		}
		for (size_t i = 0; i < plan->count; i++)
			p->timings[i] = -1;
	}
	*ret = p;
	return 0;
}

int run_start(const struct plan *plan, const struct run_options *options, struct run_process **ret,
	      struct rootlet_error *err)
{
	struct start s = {.plan = plan, .report = -1, .cgroup = -1, .err = err};
	sigset_t all;
	int r = plan_verify(plan, err);

	if (r < 0)
		return r;
	if (new_process(plan, options, &s.process) < 0)
		return error_nomem(err);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &s.process->saved_mask);
	r = go_through(&s);
	fd_close(&s.child.report);
	fd_close(&s.child.control);
	fd_close(&s.child.init_image);
	fd_close(&s.cgroup);
	for (int t = 0; s.opened && t < NS_COUNT; t++)
		fd_close(&s.namespaces[t]);
	free(s.child.slots);
	free(s.child.argv);
	free(s.child.envp);
	if (r < 0)
		undo(&s);
	fd_close(&s.report);
	if (r < 0) {
		run_report_failure(options->status_fd, err);
		run_free(s.process);
		return r;
	}
	if (!plan->image && !plan->awaits)
		fd_close(&s.process->control);
	*ret = s.process;
	return 0;
}
