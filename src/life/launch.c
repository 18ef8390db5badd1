/* A start whose supervisor is a process of its own: made by two forks, so that it is nobody's child
 * in the end, it carries the plan out, writes the state, says how it went, and becomes the monitor.
 *
 * Two processes hold the new container's lock together until the state is published: killed in
 * between, either leaves what state_sweep clears.
 */
#include "life/life.h"

#include "base/fd.h"
#include "base/io.h"
#include "diagnose/diagnose.h"
#include "init/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* From the apart process to its maker: one write, below PIPE_BUF. Its pointers are to constants,
 * which are the same in both. */
struct verdict {
	int result, pid;
	size_t note_count;
	const char *notes[RUN_NOTES_MAX];
	struct rootlet_error error;
};

_Static_assert(sizeof(struct verdict) <= 4096, "a pipe keeps it whole: pipe(7)");

struct apart {
	const struct life_launch *launch;
	int verdict; /* write end */
	int client;  /* the first client's connection, or -1 */
	struct run_options run;
	/* our ends of the container's streams, -1: none */
	int in, out, err;
	struct verdict said;
};

static void say(struct apart *a, int result)
{
	a->said.result = result;
	/* EPIPE: the maker is gone. A detached container goes on; an attached one's client is gone
	 * with it, and the monitor sees that. */
	io_write_all(a->verdict, &a->said, sizeof(a->said));
	fd_close(&a->verdict);
}

/* ---- streams ---- */

/* A descriptor that the caller wants kept must not be one that the streams take. */
static int lift(int fd)
{
	return fd >= 0 && fd <= 2 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : fd;
}

static int take_null(int first, int last)
{
	AUTO_FD null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = first; null >= 0 && fd <= last; fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	return null < 0 ? -errno : 0;
}

/* One pipe: its near end is kept, its far end becomes `fd`. */
static int take_pipe(int fd, int *ret_near)
{
	int ends[2], far = fd == 0 ? 0 : 1, r = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	if (dup2(ends[far], fd) < 0)
		r = -errno;
	close(ends[far]);
	*ret_near = ends[1 - far];
	return r;
}

/* The streams that the container inherits: its terminal replaces them itself. */
static int take_streams(struct apart *a)
{
	const struct life_launch *l = a->launch;
	int r;

	a->run.status_fd = lift(a->run.status_fd);
	r = take_null(0, 2);
	if (l->plan->terminal || r < 0)
		return r;
	if (l->interactive || l->attached)
		r = take_pipe(0, &a->in);
	if (r == 0)
		r = take_pipe(1, &a->out);
	return r < 0 ? r : take_pipe(2, &a->err);
}

/* ---- the life of the apart process ---- */

/* The monitor stands in `/`, so that it keeps no file system busy. Never freed: the process is
 * about to become another program. */
static const char *from_root(const char *path)
{
	AUTO_FREE char *cwd = NULL;
	char *out;

	if (!path || *path == '/')
		return path;
	cwd = getcwd(NULL, 0);
	return cwd && asprintf(&out, "%s/%s", cwd, path) >= 0 ? out : NULL;
}

static _Noreturn void become_monitor(struct apart *a, struct run_process *p)
{
	const struct life_launch *l = a->launch;
	struct monitor m = {
		.supervise = run_supervise(p),
		.terminal_fd = p->terminal,
		.stdin_fd = l->plan->terminal ? p->terminal : a->in,
		.stdout_fd = a->out,
		.stderr_fd = a->err,
		.listen_fd = -1,
		.client_fd = a->client,
		.owned = l->attached,
		.keep_log = l->container && !(l->attached && l->remove), /* nobody could read it */
		.log_max = l->log_max,
	};

	m.ending = (struct ending)ENDING_NONE;
	m.ending.pidfile = from_root(a->run.pidfile);
	if (l->container && life_name_ending(l->container, p, l->remove, &m.ending) == 0)
		m.listen_fd = life_listen(m.ending.dir_fd);
	(void)!chdir("/");
	say(a, 0);
	if (l->plan->memfd_exec)
		monitor_exec(&m);
	if (l->container)
		fd_close(&l->container->folder); /* and with it our share of the lock */
	_exit(monitor_run(&m));
}

/* Too many open files is the way it fails: what mends that is known of the steps of a start. */
static void word_streams(int error, struct rootlet_error *err)
{
	const struct step step = {.op = OP_CHANNELS, .subject = ""};
	struct diagnosis d;

	error_set(err, error, "streams", NULL, "make the container's streams: %s",
		  error_text(error));
	if (diagnose_step(&step, error, 0, NULL, NULL, &d) && *d.hint)
		error_hint(err, "%s", d.hint);
}

static _Noreturn void live_apart(struct apart *a)
{
	struct rootlet_error *err = &a->said.error;
	struct run_process *p = NULL;
	int r;

	setsid();
	r = take_streams(a);
	if (r < 0)
		word_streams(r, err);
	else
		r = run_start(a->launch->plan, &a->run, &p, err);
	if (r == 0)
		r = run_await_command(p, err);
	if (r == 0 && a->launch->container)
		r = life_publish(a->launch->container, p, err);
	if (r < 0) {
		run_free(p);
		say(a, r);
		_exit(EXIT_FAILURE);
	}
	a->said.pid = p->pid;
	a->said.note_count = p->note_count;
	memcpy(a->said.notes, p->notes, sizeof(p->notes));
	run_report_started(p);
	take_null(0, 2);
	become_monitor(a, p);
}

/* ---- the maker ---- */

/* Where it will say how it went. */
static int open_verdict(struct apart *a, int *ret_heard, struct rootlet_error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, -errno, "streams", NULL, "make a pipe: %s",
				 error_text(errno));
	*ret_heard = ends[0];
	a->verdict = ends[1];
	return 0;
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Two forks: whoever started us need not reap what it never made. */
static int fork_apart(struct apart *a)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			live_apart(a);
		_exit(pid < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	reap(pid);
	return 0;
}

static int hear(int fd, struct verdict *v, struct rootlet_error *err)
{
	ssize_t n;

	do
		n = read(fd, v, sizeof(*v));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(*v))
		return error_set(
			err, -ECHILD, "monitor-killed", NULL,
			"start: the container's supervisor was killed before it could say how "
			"it went");
	if (v->result < 0 && err)
		*err = v->error;
	return v->result;
}

static void take_over(const struct life_launch *l, const struct verdict *v,
		      struct life_launched *ret)
{
	ret->pid = v->pid;
	ret->note_count = v->note_count;
	memcpy(ret->notes, v->notes, sizeof(v->notes));
	if (!l->container)
		return;
	l->container->pending = false; /* the other process has published it */
	state_unlock(l->container);
}

int life_start(const struct life_launch *launch, struct life_launched *ret,
	       struct rootlet_error *err)
{
	struct apart a = {
		.launch = launch, .client = -1, .run = launch->run, .in = -1, .out = -1, .err = -1};
	AUTO_FD heard = -1;
	AUTO_FD client = -1;
	struct verdict v;
	int ends[2], r;

	if (launch->attached) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
			return error_set(err, -errno, "streams", NULL, "make a socket pair: %s",
					 error_text(errno));
		client = ends[0];
		a.client = ends[1];
	}
	r = open_verdict(&a, &heard, err);
	if (r < 0) {
		fd_close(&a.client);
		return r;
	}
	r = fork_apart(&a);
	fd_close(&a.verdict);
	fd_close(&a.client);
	if (r < 0)
		return error_set(err, r, "fork", NULL, "start the container's supervisor: %s",
				 error_text(r));
	r = hear(heard, &v, err);
	if (r < 0)
		return r;
	*ret = (struct life_launched){.client = -1};
	take_over(launch, &v, ret);
	ret->client = fd_steal(&client);
	return 0;
}

/* ---- exec -d ---- */

static _Noreturn void leave_alone(struct apart *a)
{
	struct run_process *p = NULL;
	int r;

	setsid();
	a->run.status_fd = lift(a->run.status_fd);
	take_null(0, 2);
	r = run_start(a->launch->plan, &a->run, &p, &a->said.error);
	if (r == 0)
		r = run_await_command(p, &a->said.error);
	if (r == 0)
		run_report_started(p);
	say(a, r);
	_exit(EXIT_SUCCESS); /* without run_free: the command lives on */
}

int life_start_alone(const struct plan *plan, const struct run_options *run,
		     struct rootlet_error *err)
{
	struct life_launch launch = {.plan = plan, .run = *run};
	struct apart a = {.launch = &launch, .client = -1, .run = *run};
	AUTO_FD heard = -1;
	struct verdict v;
	pid_t pid;
	int r;

	r = open_verdict(&a, &heard, err);
	if (r < 0)
		return r;
	pid = fork();
	if (pid == 0)
		leave_alone(&a);
	fd_close(&a.verdict);
	if (pid < 0)
		return error_set(err, -errno, "fork", NULL, "start: %s", error_text(errno));
	reap(pid);
	return hear(heard, &v, err);
}
