/* kill and delete. See bundle.h. Always by a checked pidfd, or by its cgroup: never by a number
 * that was read long ago. */
#include "life/bundle.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/sys.h"
#include "init/ending.h"
#include "life/life.h"
#include "life/scan.h"
#include "run/group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KILL_WAIT_MS = 10000,
	EXIT_MS = 50,	   /* after SIGKILL: longer is for others to reap */
	PATIENCE_MS = 200, /* with whoever has the lock and may be done in a moment */
	LOOK_MS = 5,	   /* between two looks at what cannot be polled */
	AT_ONCE = 128,	   /* pidfds that are open at the same time */
};

/* ---- signals ---- */

static int signal_first(struct bundle *b, int signal)
{
	int r;

	if (b->pidfd < 0 && !state_process_alive(&b->record.process, &b->pidfd))
		return -ESRCH;
	r = b->pidfd < 0 ? -ENOSYS : SYS(pidfd_send_signal, b->pidfd, signal, NULL, 0);
	/* Before Linux 5.3 nothing better is to be had than the check of a moment ago. */
	if (r == -ENOSYS)
		r = kill(b->record.process.pid, signal) < 0 ? -errno : 0;
	return r;
}

/* cgroup.kill (Linux 5.14): all of them, and no fork escapes. */
static int kill_cgroup(const struct bundle *b)
{
	char path[4096];
	AUTO_FD fd = -1;

	if (!b->record.cgroup ||
	    snprintf(path, sizeof(path), "%s/cgroup.kill", b->record.cgroup) >= (int)sizeof(path))
		return -ENOENT;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 || write(fd, "1", 1) != 1 ? -errno : 0;
}

/* A number may have been given out again since it was listed: the pidfds are opened first, and who
 * is still one of the container's after that has been so all the time. */
static int signal_some(const struct bundle *b, const pid_t *pids, size_t count, int signal)
{
	AUTO_FREE pid_t *now = NULL;
	int fds[AT_ONCE], r;
	size_t left = 0;

	for (size_t i = 0; i < count; i++)
		fds[i] = SYS(pidfd_open, pids[i], 0);
	r = life_bundle_pids(b, &now, &left, NULL);
	for (size_t i = 0; i < count; i++) {
		bool still =
			r == 0 && left &&
			bsearch(&pids[i], now, left, sizeof(*now), life_bundle_by_number) != NULL;

		if (still && fds[i] >= 0)
			SYS(pidfd_send_signal, fds[i], signal, NULL, 0);
		else if (still && fds[i] == -ENOSYS)
			kill(pids[i], signal);
		fd_close(&fds[i]);
	}
	return r;
}

/* Ones that fork meanwhile are found by the next round. */
static int signal_each(const struct bundle *b, int signal, size_t *ret_count)
{
	AUTO_FREE pid_t *pids = NULL;
	size_t count = 0;
	int r = life_bundle_pids(b, &pids, &count, NULL);

	for (size_t at = 0; r == 0 && at < count; at += AT_ONCE)
		r = signal_some(b, pids + at, count - at < AT_ONCE ? count - at : AT_ONCE, signal);
	if (ret_count)
		*ret_count = count;
	return r;
}

static int signal_all(struct bundle *b, int signal)
{
	int r = signal == SIGKILL ? kill_cgroup(b) : -ENOENT;

	return r < 0 ? signal_each(b, signal, NULL) : 0;
}

static int refused(const struct bundle *b, int signal, int r, struct rootlet_error *err)
{
	return error_set(err, r, "signal-refused", b->id, "container %s: send signal %d: %s", b->id,
			 signal, error_text(r));
}

/* What is left of a container whose first process has ended may still be ended: SIGKILL means them
 * all where no pid namespace ended with it. */
static int kill_left(struct bundle *b, int signal, bool all, struct rootlet_error *err)
{
	AUTO_FREE pid_t *pids = NULL;
	size_t count = 0;
	int r;

	if (b->record.own_pids)
		return all ? 0 : bundle_not_running(b, err);
	if (!all && (signal != SIGKILL || life_bundle_pids(b, &pids, &count, NULL) < 0 || !count))
		return bundle_not_running(b, err);
	r = signal_all(b, signal);
	return r < 0 ? refused(b, signal, r, err) : 0;
}

int life_bundle_kill(struct bundle *b, int signal, bool all, struct rootlet_error *err)
{
	int r;

	bundle_see(b);
	if (!bundle_alive(b))
		return kill_left(b, signal, all, err);
	if (all || (signal == SIGKILL && !b->record.own_pids))
		r = signal_all(b, signal);
	else
		r = signal_first(b, signal);
	if (r == 0 && all && bundle_alive(b) && signal == SIGKILL)
		signal_first(b, signal);
	if (r == -ESRCH)
		return bundle_not_running(b, err);
	return r < 0 ? refused(b, signal, r, err) : 0;
}

/* ---- the end ---- */

/* PID 1 ends when all others of its namespace are reaped, and some are for others to reap: those
 * that `exec` made. By then it runs nothing any more. (PF_EXITING of linux/sched.h, in the ninth
 * field of proc_pid_stat(5).) */
static bool is_exiting(pid_t pid)
{
	enum { FIELDS_TO_FLAGS = 7, EXITING = 4 };
	AUTO_FREE char *text = NULL;
	char path[32];
	const char *at;
	uint64_t flags;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (io_read_file(path, 4096, &text, NULL) < 0)
		return true;
	at = strrchr(text, ')');
	for (int i = 0; at && i < FIELDS_TO_FLAGS; i++)
		at = strchr(at + 1, ' ');
	return at && (at++, io_take_u64(&at, &flags)) == 0 && (flags & EXITING);
}

bool life_bundle_is_ending(const struct bundle *b)
{
	struct pollfd gone = {.fd = b->pidfd, .events = POLLIN};

	return (b->pidfd >= 0 && poll(&gone, 1, 0) > 0) || is_exiting(b->record.process.pid);
}

static bool await_first(struct bundle *b)
{
	struct pollfd gone = {.fd = b->pidfd, .events = POLLIN};
	int64_t until = clock_ms() + KILL_WAIT_MS;

	while (clock_ms() < until) {
		if (b->pidfd < 0)
			clock_sleep_ms(LOOK_MS);
		else if (poll(&gone, 1, EXIT_MS) > 0)
			return true;
		if ((b->record.own_pids || b->broken) && is_exiting(b->record.process.pid))
			return true;
		if (b->pidfd < 0 && !state_process_alive(&b->record.process, NULL))
			return true;
	}
	return false;
}

/* Those that its first process leaves behind, where no pid namespace ends with it. */
static void end_others(struct bundle *b)
{
	int64_t until = clock_ms() + KILL_WAIT_MS;
	size_t count = 1;

	if (b->record.own_pids && !b->record.cgroup)
		return;
	while (count && clock_ms() < until) {
		kill_cgroup(b);
		if (signal_each(b, SIGKILL, &count) < 0)
			return;
		if (count)
			clock_sleep_ms(LOOK_MS);
	}
}

/* While its first process lives: what is read by the number of its mount namespace afterwards is
 * still its own. */
static void hold_mounts(struct bundle *b)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)b->record.process.pid);
	fd_close(&b->mounts);
	b->mounts = open(path, O_RDONLY | O_CLOEXEC);
	if (!state_process_alive(&b->record.process, NULL)) /* it was somebody else's, maybe */
		fd_close(&b->mounts);
}

int life_bundle_end(struct bundle *b, struct rootlet_error *err)
{
	int r = 0;

	if (bundle_alive(b)) {
		hold_mounts(b);
		if (kill_cgroup(b) < 0 || b->pidfd >= 0)
			r = signal_first(b, SIGKILL);
		if ((r == 0 && !await_first(b)) || (r < 0 && r != -ESRCH))
			return error_set(err, r < 0 ? r : -EBUSY, "will-not-die", b->id,
					 "container %s: container init still running: %s", b->id,
					 r < 0 ? error_text(r)
					       : "ten seconds after SIGKILL it is still there");
		b->status = BUNDLE_STOPPED;
	}
	end_others(b);
	return 0;
}

/* A scope goes by itself once it is empty: then systemd knows of none (EREMOTEIO). */
static void tell_of_group(const struct bundle *b, int result, const struct life_warn *warn)
{
	char text[4600];

	if (result == 0 || result == -ENOENT || result == -EREMOTEIO || !b->record.cgroup)
		return;
	snprintf(text, sizeof(text), "container %s: its cgroup %.4000s stays: %s", b->id,
		 b->record.cgroup,
		 result == -EBUSY ? "processes in it have not ended" : error_text(result));
	life_say(warn, text);
}

/* A cgroup goes once its last process is reaped, which may take a moment after its end. */
static void remove_cgroup(const struct bundle *b, const struct life_warn *warn)
{
	const struct bundle_record *r = &b->record;

	if (r->unit) /* systemd removes what it has made */
		tell_of_group(b, group_stop_unit(r->unit), warn);
	else if (r->cgroup)
		tell_of_group(b, ending_remove_cgroup(r->cgroup, r->cgroup_levels, true), warn);
	if (r->cgroup_left)
		ending_return(r->cgroup_left);
}

static int check_deletion(const struct bundle *b, struct rootlet_error *err)
{
	if (b->status == BUNDLE_STOPPED || b->status == BUNDLE_CREATED)
		return 0;
	error_set(err, -EBUSY, "still-running", b->id,
		  "container %s: cannot delete container that is not stopped: %s", b->id,
		  bundle_status_name(b->status));
	error_hint(err, "`rootlet-oci kill %s KILL` first, or `rootlet-oci delete --force %s`",
		   b->id, b->id);
	return -EBUSY;
}

/* Of one that is being created: as far as it has been written down. */
static void kill_prepared(const struct bundle *b)
{
	AUTO_BUNDLE prepared = NULL;

	if (bundle_find(b->store, b->id, &prepared, NULL) < 0)
		return;
	if (!prepared->has_record)
		bundle_salvage_prepared(prepared);
	life_bundle_kill(prepared, SIGKILL, false, NULL);
}

/* Whoever has the lock may have it for long: a hook of `start` or `create` runs, which the image
 * decides on. With the first process ends what it waits for. */
static int lock_by_force(struct bundle *b, struct rootlet_error *err)
{
	int r = bundle_lock_within(b, PATIENCE_MS, err);

	if (r != -EBUSY)
		return r;
	if (b->has_record || b->broken)
		life_bundle_kill(b, SIGKILL, false, NULL);
	else
		kill_prepared(b);
	return bundle_lock_within(b, KILL_WAIT_MS, err);
}

int life_bundle_delete(struct bundle *b, bool force, const struct life_warn *warn,
		       struct rootlet_error *err)
{
	struct spec *spec = NULL;
	int r = force ? lock_by_force(b, err) : bundle_lock(b, err);

	if (r == 0 && !b->has_record)
		bundle_recover(b, warn);
	if (r == 0 && !force)
		r = check_deletion(b, err);
	if (r == 0)
		r = life_bundle_end(b, err);
	if (r < 0)
		return r;
	if (b->record.stop_hooks && bundle_spec(b, SPEC_RUN, &spec, NULL) < 0)
		life_say(warn, "its poststop hooks are not run: its config.json cannot be read");
	remove_cgroup(b, warn);
	r = bundle_remove(b, err);
	if (spec)
		bundle_poststop(b, spec->oci, warn);
	spec_free(spec);
	return r;
}
