/* run in the foreground, and an exec that is waited for: whoever called us sees the command's
 * streams, its exit status and nothing of us. See bundle.h. */
#include "life/bundle.h"

#include "base/fd.h"
#include "base/sys.h"
#include "init/attach.h"
#include "init/monitor.h"
#include "init/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* ---- waiting ---- */

static int wait_plainly(struct supervise *s)
{
	AUTO_FD tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	s->tty_fd = tty;
	return supervise_run(s);
}

static _Noreturn void be_client(int socket, int master)
{
	struct client client = {.socket_fd = socket, .tty = true};

	close(master);
	_exit(client_run(&client));
}

/* The caller's terminal and the container's, with two processes between them as with `rootlet run
 * -t`: one that has the caller's terminal, and ours, which has the container. */
static int wait_with_terminal(struct supervise *s, int master)
{
	struct monitor m = {
		.supervise = *s,
		.ending = ENDING_NONE,
		.terminal_fd = master,
		.stdin_fd = master,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.listen_fd = -1,
		.owned = true,
	};
	int ends[2], status;
	pid_t client;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	client = fork();
	if (client == 0) {
		close(ends[1]);
		be_client(ends[0], master);
	}
	close(ends[0]);
	m.client_fd = ends[1];
	if (client < 0) {
		close(ends[1]);
		return -errno;
	}
	status = monitor_run(&m);
	while (waitpid(client, NULL, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int wait_for(struct supervise *s, int *terminal, int *ret_status, struct rootlet_error *err)
{
	int status = *terminal < 0 ? wait_plainly(s) : wait_with_terminal(s, fd_steal(terminal));

	if (status < 0)
		return error_set(err, status, "supervise", NULL, "wait for the container: %s",
				 error_text(status));
	*ret_status = status;
	return 0;
}

/* ---- run ---- */

static int run_to_the_end(struct life_bundle_made *made, const struct life_warn *warn,
			  int *ret_status, struct rootlet_error *err)
{
	struct bundle *b = made->bundle;
	pid_t pid = b->record.process.pid;
	AUTO_FD pidfd = SYS(pidfd_open, pid, 0);
	struct supervise s = {.pid = pid,
			      .pidfd = pidfd < 0 ? -1 : pidfd,
			      .control_fd = -1,
			      .tty_fd = -1,
			      .status_fd = -1,
			      .stop_signal = SIGTERM};
	int r = life_bundle_start(b, warn, err);

	if (r < 0) /* `start` ends what it has begun; what it refuses still waits */
		life_bundle_end(b, NULL);
	bundle_unlock(b);
	if (r == 0)
		return wait_for(&s, &made->terminal, ret_status, err);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

int life_bundle_run(const struct bundle_store *store, const char *id,
		    const struct life_bundle_options *options, bool keep, int *ret_status,
		    struct rootlet_error *err)
{
	struct life_bundle_options o = *options;
	struct life_bundle_made made = {.terminal = -1};
	sigset_t all, before;
	int r, gone;

	o.foreground = true;
	sigfillset(&all); /* what comes from now on is the wait's to pass on */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = life_bundle_create(store, id, &o, &made, err);
	if (r == 0) {
		r = run_to_the_end(&made, &o.warn, ret_status, err);
		gone = keep && r == 0
			       ? 0
			       : life_bundle_delete(made.bundle, true, &o.warn, r < 0 ? NULL : err);
		if (r == 0 && gone < 0 && gone != -ENOENT) /* somebody else was quicker */
			r = gone;
		fd_close(&made.terminal);
		bundle_free(made.bundle);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

/* ---- exec ---- */

int life_bundle_exec_wait(struct bundle *b, const struct life_bundle_exec *exec, int *ret_status,
			  struct rootlet_error *err)
{
	struct run_process *p = NULL;
	struct plan *plan = NULL;
	struct supervise s;
	int r = life_bundle_exec(b, exec, &plan, &p, err);

	if (r < 0 || exec->detach)
		return r;
	if (p->terminal < 0) {
		r = run_wait(p, ret_status, err);
	} else {
		s = run_supervise(p);
		r = wait_for(&s, &p->terminal, ret_status, err);
		p->control = -1; /* closed by the wait */
		p->ended = true;
	}
	run_free(p);
	plan_free(plan);
	return r;
}
