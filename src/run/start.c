/* The parent's side of a start: channels, clone, maps, and listening to what the child reports.
 *
 * It carries out the PARENT steps of the plan in their order. On any failure it kills what it made,
 * reaps it and leaves nothing. It must not change the calling program beyond its signal mask.
 */
#include "run/run.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/sys.h"
#include "init/image.h"
#include "init/wire.h"
#include "run/child.h"
#include "run/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

/* A start in progress. */
struct start {
	const struct plan *plan;
	struct run_process *process;
	struct child child;
	int report; /* read end */
	int cgroup; /* its directory, or -1 */
	pid_t joiner;
	bool helpers_done, ready;
	struct rootlet_error *err;
};

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* ---- PREPARE ---- */

static int make_channels(struct start *s, const struct step *step)
{
	int pipe_ends[2], pair[2];

	if (pipe2(pipe_ends, O_CLOEXEC) < 0)
		return -errno;
	s->report = pipe_ends[0];
	s->child.report = pipe_ends[1];
	s->child.parent_ends[0] = pipe_ends[0];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	s->process->control = pair[0];
	s->child.control = pair[1];
	s->child.parent_ends[1] = pair[0];
	return 0;
}

/* Sealed: nobody can write into the program that runs as PID 1, not even through /proc/1/exe. */
static int make_init_image(struct start *s, const struct step *step)
{
	int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int fd = SYS(memfd_create, INIT_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	int r;

	if (fd == -EINVAL) /* before 6.3 every memfd is executable */
		fd = SYS(memfd_create, INIT_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return fd;
	s->child.init_image = fd;
	r = io_write_all(fd, init_image, init_image_size);
	return r < 0 ? r : SYS(fcntl, fd, F_ADD_SEALS, seals);
}

static int open_directory(const char *path)
{
	return SYS(openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
}

/* Its name is ours to choose: nothing else of the plan depends on it. */
static int make_cgroup(struct start *s, const struct step *step)
{
	int r = -EEXIST;

	for (int n = 0; r == -EEXIST && n < 1000; n++) {
		free(s->process->cgroup);
		if (asprintf(&s->process->cgroup, "%s/rootlet-%d-%d", step->a.text.text,
			     (int)getpid(), n) < 0) {
			s->process->cgroup = NULL;
			return -ENOMEM;
		}
		r = mkdir(s->process->cgroup, 0755) < 0 ? -errno : 0;
	}
	if (r < 0) {
		free(s->process->cgroup);
		s->process->cgroup = NULL;
		return r;
	}
	s->cgroup = open_directory(s->process->cgroup);
	return s->cgroup < 0 ? s->cgroup : 0;
}

static int open_cgroup(struct start *s, const struct step *step)
{
	s->cgroup = open_directory(step->a.text.text);
	return s->cgroup < 0 ? s->cgroup : 0;
}

static size_t count_words(const char *const *words)
{
	size_t n = 0;

	while (words[n])
		n++;
	return n;
}

/* Everything that the child writes to, allocated while allocation is allowed. */
static int prepare_child(struct start *s)
{
	const struct plan *plan = s->plan;
	const struct step *exec = &plan->steps[plan->count - 1];
	size_t words = count_words(exec->a.exec.candidates) + count_words(exec->a.exec.argv) + 8;
	struct child *c = &s->child;

	*c = (struct child){.plan = plan,
			    .report = -1,
			    .control = -1,
			    .parent_ends = {-1, -1},
			    .init_image = -1,
			    .container = s->process->options.container,
			    .timings = s->process->options.timings,
			    .fault_trigger = fault_arm()};
	c->slots = malloc((size_t)plan->slots * sizeof(*c->slots));
	c->argv = calloc(words, sizeof(*c->argv));
	c->envp = calloc(count_words(exec->a.exec.envp) + 2, sizeof(*c->envp));
	if (!c->slots || !c->argv || !c->envp)
		return -ENOMEM;
	for (int i = 0; i < plan->slots; i++)
		c->slots[i] = -1;
	return 0;
}

static int check_status_fd(int fd, struct rootlet_error *err)
{
	if (fd < 0 || fcntl(fd, F_GETFD) >= 0)
		return 0;
	error_set(err, -EBADF, "status-fd", "--status-fd",
		  "--status-fd %d: the descriptor is not open", fd);
	error_hint(err, "open it, as in the shell's %d>FILE", fd);
	return -EBADF;
}

static int check_preserved(const struct plan *plan, struct rootlet_error *err)
{
	for (uint32_t fd = 3; fd < 3 + plan->preserve_fds; fd++) {
		if (fcntl((int)fd, F_GETFD) >= 0)
			continue;
		error_set(err, -EBADF, "preserve-fds", "--preserve-fds",
			  "--preserve-fds %u: descriptor %u is not open", plan->preserve_fds, fd);
		error_hint(
			err,
			"it hands on descriptors 3 to %u: open them all, as in the shell's %u<FILE",
			2 + plan->preserve_fds, fd);
		return -EBADF;
	}
	return 0;
}

/* ---- listening ---- */

static ssize_t read_report(int fd, struct wire_report *report)
{
	ssize_t n;

	do
		n = read(fd, report, sizeof(*report));
	while (n < 0 && errno == EINTR);
	return n;
}

static void take_pid(struct start *s, int64_t pid)
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

	if (note && s->process->note_count < RUN_NOTES_MAX)
		s->process->notes[s->process->note_count++] = note;
}

/* Until the report pipe closes, by the exec or by the child's end; or, with a joiner, until the
 * child's pid is known. */
static int listen_to_child(struct start *s, bool until_pid)
{
	struct pollfd closed = {
		.fd = s->report}; /* no event: only the hang-up wakes us, not READY */
	struct wire_report report;

	if (!until_pid && !s->process->timings)
		while (poll(&closed, 1, -1) < 0 && errno == EINTR)
			;
	while (!(until_pid && s->process->pid) &&
	       read_report(s->report, &report) == sizeof(report)) {
		bool good_step = report.step >= 0 && (size_t)report.step < s->plan->count;

		if (report.type == WIRE_READY)
			s->ready = true;
		else if (report.type == WIRE_PID && until_pid)
			take_pid(s, report.value);
		else if (report.type == WIRE_TIMING && s->process->timings && good_step)
			s->process->timings[report.step] = report.value;
		else if (report.type == WIRE_NOTE && good_step)
			take_note(s, &report);
		else if (report.type == WIRE_FAILED && good_step &&
			 s->plan->steps[report.step].op == OP_EXEC)
			return run_word_exec_failure(s->plan, report.error, report.detail, s->err);
		else if (report.type == WIRE_FAILED && good_step)
			return run_word_failure(s->plan, report.step, report.error, report.detail,
						report.value, s->err);
	}
	if (s->ready || (until_pid && s->process->pid))
		return 0;
	error_set(s->err, -ECHILD, "setup-killed", NULL,
		  "set-up: the process was killed before it could say why");
	error_hint(
		s->err,
		"a memory limit or another program's signal can do this; the kernel log may say");
	return -ECHILD;
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
	struct wire_message go = {.type = WIRE_GO};

	if (!s->plan->parent_maps)
		return 0;
	/* EPIPE: it failed already; what it reported says why. */
	if (send(s->process->control, &go, sizeof(go), MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return -errno;
	return 0;
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
		[OP_CHANNELS] = make_channels, [OP_INIT_IMAGE] = make_init_image,
		[OP_CGROUP] = make_cgroup,     [OP_ENTER_CGROUP] = open_cgroup,
		[OP_CLONE] = make_process,     [OP_WRITE_MAP] = write_map,
	};
	const struct step *step = &s->plan->steps[index];
	int r = -fault_at(index, -1);

	if (r < 0)
		return run_word_failure(s->plan, index, -r, WIRE_DETAIL_NONE, 0, s->err);
	if (step->op == OP_HELPER_MAP)
		return map_with_helpers(s); /* words its own failure: it has the helper's */
	r = handlers[step->op] ? handlers[step->op](s, step) : -ENOSYS;
	if (r == 0 && step->op == OP_CLONE)
		return await_joined(s);
	return r < 0 ? run_word_failure(s->plan, index, -r, WIRE_DETAIL_NONE, 0, s->err) : 0;
}

static bool is_parents(const struct start *s, const struct step *step)
{
	return step->actor == ACTOR_PARENT || (step->op == OP_CLONE && s->plan->joins);
}

/* A child that has failed by itself cannot be mapped any more: its own words say why. */
static int prefer_childs_words(struct start *s, int r)
{
	struct pollfd reports = {.fd = s->report, .events = POLLIN};
	struct wire_report report;

	while (poll(&reports, 1, 0) == 1 && read_report(s->report, &report) == sizeof(report))
		if (report.type == WIRE_FAILED && (size_t)report.step < s->plan->count)
			return run_word_failure(s->plan, report.step, report.error, report.detail,
						report.value, s->err);
	return r;
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
			return prefer_childs_words(s, r);
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
	while (s->joiner > 0 && s->report >= 0 && read_report(s->report, &report) == sizeof(report))
		if (report.type == WIRE_PID)
			take_pid(s, report.value);
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
	if (p->cgroup)
		rmdir(p->cgroup);
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

/* TERMINAL has sent its master ahead of everything else. */
static int take_terminal(struct start *s)
{
	struct wire_message message = {0};
	struct iovec data = {&message, sizeof(message)};
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr header = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(s->process->control, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *c = n == sizeof(message) ? CMSG_FIRSTHDR(&header) : NULL;

	if (!c || message.type != WIRE_TERMINAL || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(sizeof(int)))
		return error_set(s->err, -EPROTO, "terminal-lost", NULL,
				 "set-up: the container's terminal did not arrive");
	memcpy(&s->process->terminal, CMSG_DATA(c), sizeof(int));
	return 0;
}

static int go_through(struct start *s)
{
	int r = check_status_fd(s->process->options.status_fd, s->err);

	if (r == 0)
		r = check_preserved(s->plan, s->err);

	if (r == 0)
		r = prepare_child(s);
	if (r == -ENOMEM)
		return error_nomem(s->err);
	if (r == 0)
		r = run_parent_steps(s);
	if (r == 0)
		r = let_go(s);
	if (r == 0)
		r = listen_to_child(s, false);
	if (r == 0 && s->plan->terminal)
		r = take_terminal(s);
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
	if (!plan->image)
		fd_close(&s.process->control);
	*ret = s.process;
	return 0;
}
