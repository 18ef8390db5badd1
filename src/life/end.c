/* The end of a container: signals, waiting, removal. Always by a checked pidfd, never by a number.
 */
#include "life/life.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	STATUS_UNKNOWN = 125, /* nobody recorded how it ended */
	POLL_MS = 20,	      /* where there is no pidfd to wait for */
	KILL_WAIT_MS = 10000,
	STATUS_LIMIT = 65536,
	LAST_MS = 3000, /* the init takes two seconds at most for what it has */
};

static int not_running(const struct state_container *c, struct rootlet_error *err)
{
	int r = life_not_running(c->name, err);

	error_hint(err, "`rootlet ps -a` shows how it ended; `rootlet start %s` runs it again",
		   c->name);
	return r;
}

/* PID 1's death ends its namespace. In the host's, or another container's, the init kills what it
 * has when its monitor is gone: it must live for that. (NSpid of proc_pid_status(5), Linux 4.1: the
 * last of its numbers is the innermost.) */
static bool shares_pids(const struct state_container *c)
{
	AUTO_FREE char *text = NULL;
	uint64_t number = 1;
	char path[48];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)c->process.pid);
	if (io_read_file(path, STATUS_LIMIT, &text, NULL) < 0)
		return false;
	at = strstr(text, "\nNSpid:");
	at = at ? at + strlen("\nNSpid:") : "";
	while (at += strspn(at, "\t "), *at && *at != '\n')
		if (io_take_u64(&at, &number) < 0)
			return false;
	return number != 1;
}

/* ret_pidfd may be NULL; -1 before Linux 5.3. */
static bool monitor_alive(const struct state_container *c, int *ret_pidfd)
{
	const struct state_process monitor = {.pid = c->process.monitor,
					      .start_time = c->process.monitor_start_time};

	return monitor.pid > 1 && state_process_alive(&monitor, ret_pidfd);
}

static int kill_monitor(struct state_container *c)
{
	struct state_exit end = {
		.status = 128 + SIGKILL, .signal = SIGKILL, .finished = state_now()};

	if (!monitor_alive(c, NULL))
		return -ESRCH;
	if (kill(c->process.monitor, SIGKILL) < 0)
		return -errno;
	return state_write_exit(c, &end, NULL);
}

/* Its monitor is gone: the init is at it, and killed now it would leave the rest behind. */
static bool ends_by_itself(const struct state_container *c)
{
	struct pollfd gone = {.fd = c->pidfd, .events = POLLIN};

	return c->pidfd >= 0 && poll(&gone, 1, LAST_MS) > 0;
}

int life_kill(struct state_container *c, int signal, struct rootlet_error *err)
{
	int r = -ESRCH;

	if (!state_alive(c))
		return not_running(c, err);
	if (signal == SIGKILL && shares_pids(c)) {
		r = kill_monitor(c);
		if (r == -ESRCH && ends_by_itself(c))
			return 0;
	}
	if (r == -ESRCH)
		r = state_signal(c, signal);
	if (r == -ESRCH)
		return not_running(c, err);
	if (r < 0)
		return error_set(err, r, "signal-refused", c->name, "send signal %d to %s: %s",
				 signal, c->name, error_text(r));
	return 0;
}

/* Whoever records the end comes after it: wait for the monitor as well. */
static int monitor_pidfd(const struct state_container *c)
{
	int fd = -1;

	return monitor_alive(c, &fd) ? fd : -1;
}

static bool wait_fd(int fd, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left = deadline < 0 ? -1 : deadline - clock_ms();

	if (deadline >= 0 && left <= 0)
		return false;
	if (fd < 0)
		left = POLL_MS;
	poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
	return true;
}

int life_wait(struct state_container *c, int timeout_ms, int *ret_status, struct rootlet_error *err)
{
	int64_t deadline = timeout_ms < 0 ? -1 : clock_ms() + timeout_ms;
	int monitor, r = 0;

	while (state_alive(c)) {
		if (!wait_fd(c->pidfd, deadline))
			return -ETIMEDOUT;
		r = state_refresh(c, err);
		if (r < 0)
			break;
	}
	monitor = monitor_pidfd(c);
	if (monitor >= 0) {
		wait_fd(monitor, deadline < 0 ? clock_ms() + KILL_WAIT_MS : deadline);
		close(monitor);
		r = state_refresh(c, err);
	}
	if (ret_status)
		*ret_status = c->has_exit ? c->exit.status : STATUS_UNKNOWN;
	return r == -ENOENT ? 0 : r; /* it removed itself, as --rm has it */
}

int life_ask_to_stop(struct state_container *c, int64_t *ret_asked, struct rootlet_error *err)
{
	int signal = c->record.stop_signal ? c->record.stop_signal : SIGTERM;
	int r;

	*ret_asked = clock_ms();
	if (!state_alive(c))
		return 0;
	if (c->status == STATE_PAUSED)
		life_pause(c, false, NULL); /* frozen, it could not act on it */
	r = life_kill(c, signal, err);
	if (r == 0)
		state_signal(c, SIGCONT); /* a stopped command could not act on it */
	return r == -ESRCH ? 0 : r;
}

/* What is left of its time, for life_wait. */
static int time_left(int64_t asked, uint64_t seconds)
{
	int64_t left;

	if (seconds > INT32_MAX / 1000)
		return -1;
	left = asked + (int64_t)seconds * 1000 - clock_ms();
	return left > 0 ? (int)left : 0;
}

int life_await_stop(struct state_container *c, int64_t asked, uint64_t seconds,
		    struct rootlet_error *err)
{
	int r;

	if (!state_alive(c))
		return 0;
	r = state_refresh(c, err); /* it may have ended while another one was waited for */
	if (r == 0)
		r = life_wait(c, time_left(asked, seconds), NULL, err);
	if (r != -ETIMEDOUT)
		return r == -ENOENT ? 0 : r;
	r = life_kill(c, SIGKILL, err);
	if (r == 0)
		r = life_wait(c, KILL_WAIT_MS, NULL, err);
	if (r == -ETIMEDOUT)
		return error_set(
			err, r, "will-not-die", c->name,
			"%s: still there %d seconds after SIGKILL: a process in it hangs in the "
			"kernel",
			c->name, KILL_WAIT_MS / 1000);
	return r == -ESRCH ? 0 : r;
}

int life_stop(struct state_container *c, uint64_t seconds, struct rootlet_error *err)
{
	int64_t asked;
	int r = life_ask_to_stop(c, &asked, err);

	return r < 0 ? r : life_await_stop(c, asked, seconds, err);
}

/* Its files do not say what lives; whoever listens on its socket is its monitor. */
static void end_unknown(const struct state_container *c)
{
	AUTO_FD fd = life_connect(c, NULL);
	struct ucred monitor;
	socklen_t size = sizeof(monitor);
	struct pollfd gone = {.fd = fd};

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &monitor, &size) < 0 ||
	    monitor.uid != geteuid() || monitor.pid <= 1)
		return;
	kill(monitor.pid, SIGKILL); /* and the container dies with it */
	poll(&gone, 1, KILL_WAIT_MS);
}

static bool is_watched(const struct state_container *c)
{
	AUTO_FD fd = life_connect(c, NULL);

	return fd >= 0;
}

static int check_removal(const struct state_container *c, struct rootlet_error *err)
{
	if (state_alive(c)) {
		error_set(err, -EBUSY, "still-running", c->name, "%s: is still running", c->name);
		error_hint(err, "`rootlet stop %s` first, or `rootlet rm -f %s`", c->name, c->name);
		return -EBUSY;
	}
	if (c->has_process || (!c->broken && !is_watched(c)))
		return 0;
	error_set(err, -EBUSY, "state-corrupt", c->name,
		  "%s: its files do not tell whether it runs%s%s", c->name,
		  c->broken ? ": " : ", and it has a monitor", c->broken ? c->broken->message : "");
	error_hint(err, "`rootlet rm -f %s` ends it if it does, and removes it", c->name);
	return -EBUSY;
}

/* Left by a monitor that was killed. By now the name may be another container's: nothing is killed.
 */
static void clear_cgroup(const struct state_container *c)
{
	if (c->process.cgroup && c->process.cgroup_levels != ENDING_SYSTEMD)
		ending_remove_cgroup(c->process.cgroup, c->process.cgroup_levels, false);
	if (c->process.cgroup_left)
		ending_return(c->process.cgroup_left);
}

int life_remove(struct state_container *c, bool force, struct rootlet_error *err)
{
	int r = state_lock(c, err);

	if (r == 0 && !force)
		r = check_removal(c, err);
	if (r == 0 && state_alive(c))
		r = life_stop(c, 0, err);
	else if (r == 0 && (c->broken || !c->has_process))
		end_unknown(c);
	if (r == 0) {
		clear_cgroup(c);
		r = state_remove(c, err);
	}
	if (r == 0) /* a killed rename may have given it a second one */
		state_sweep_names(c->store, NULL);
	if (r == -ENOENT && force)
		r = 0; /* it removed itself meanwhile */
	state_unlock(c);
	return r;
}
