/* The public façade: what a container prints, its processes, its files. Composes rooms; decides
 * nothing.
 */
#include "lib/handles.h"

#include "base/fd.h"
#include "life/copy.h"
#include "life/log.h"
#include "life/processes.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

/* ---- the log ---- */

enum { LOOK_AGAIN_MS = 500 }; /* where the kernel has no pidfd or no inotify to wait for */

struct rootlet_log {
	struct life_log *log;
	const struct state_container *container;
	int monitor; /* its pidfd; -1: it is gone, or there are no pidfds */
};

static int no_log(const struct state_container *c, int r, rootlet_error *err)
{
	if (r != -ENOENT)
		return error_set(err, r, "log-read", c->name, "read the log of %s: %s", c->name,
				 error_text(r));
	error_set(err, r, "no-log", c->name,
		  "%s: has no log: what it prints goes to the terminal that it was started from",
		  c->name);
	error_hint(err, "`rootlet run -d` keeps one");
	return r;
}

static struct state_process monitor_of(const struct state_container *c)
{
	return (struct state_process){.pid = c->process.monitor,
				      .start_time = c->process.monitor_start_time};
}

int rootlet_log_open(const rootlet_container *container, rootlet_log **ret, rootlet_error *err)
{
	const struct state_container *c = container->container;
	struct state_process monitor = monitor_of(c);
	rootlet_log *handle = calloc(1, sizeof(*handle));
	int r;

	if (!handle)
		return error_nomem(err);
	handle->container = c;
	handle->monitor = -1;
	/* the monitor makes the file when it begins, which may be a moment after the start */
	r = life_log_open(c->folder, c->record.detached, &handle->log);
	if (r < 0) {
		free(handle);
		return no_log(c, r, err);
	}
	if (c->has_process)
		state_process_alive(&monitor, &handle->monitor);
	*ret = handle;
	return 0;
}

void rootlet_log_free(rootlet_log *log)
{
	if (!log)
		return;
	life_log_close(log->log);
	fd_close(&log->monitor);
	free(log);
}

int rootlet_log_tail(rootlet_log *log, uint64_t lines, rootlet_error *err)
{
	int r = life_log_tail(log->log, lines);

	return r < 0 ? no_log(log->container, r, err) : 0;
}

int rootlet_log_next(rootlet_log *log, rootlet_log_entry *ret, rootlet_error *err)
{
	struct life_log_entry e;
	int r = life_log_next(log->log, &e);

	if (r < 0)
		return no_log(log->container, r, err);
	if (r == 1)
		*ret = (rootlet_log_entry){
			.from_stderr = e.from_stderr,
			.partial = e.partial,
			.missing = life_log_gap(log->log),
			.time = e.time,
			.text = e.text,
			.length = e.len,
		};
	return r;
}

int rootlet_log_fd(const rootlet_log *log)
{
	return life_log_fd(log->log);
}

void rootlet_log_notice(rootlet_log *log)
{
	life_log_notice(log->log); /* no memory: the next look tries again */
}

bool rootlet_log_wait(rootlet_log *log)
{
	struct state_process monitor = monitor_of(log->container);
	struct pollfd p[2] = {{.fd = life_log_fd(log->log), .events = POLLIN},
			      {.fd = log->monitor, .events = POLLIN}};

	if (log->monitor < 0 &&
	    (!log->container->has_process || !state_process_alive(&monitor, NULL)))
		return false;
	poll(p, 2, p[0].fd < 0 || p[1].fd < 0 ? LOOK_AGAIN_MS : -1);
	if (p[1].revents)
		return false;
	life_log_notice(log->log);
	return true;
}

/* ---- processes ---- */

struct rootlet_scan {
	struct life_scan *scan;
};

int rootlet_scan_make(rootlet_scan **ret, rootlet_error *err)
{
	rootlet_scan *handle = calloc(1, sizeof(*handle));
	int r;

	if (!handle)
		return error_nomem(err);
	r = life_scan_make(&handle->scan);
	if (r < 0) {
		free(handle);
		return error_set(err, r, "processes-read", "/proc", "read /proc: %s",
				 error_text(r));
	}
	*ret = handle;
	return 0;
}

void rootlet_scan_free(rootlet_scan *scan)
{
	if (!scan)
		return;
	life_scan_free(scan->scan);
	free(scan);
}

struct rootlet_processes {
	struct life_processes processes;
};

int rootlet_processes_read(const rootlet_container *container, const rootlet_scan *scan, bool pss,
			   rootlet_processes **ret, rootlet_error *err)
{
	rootlet_processes *handle = calloc(1, sizeof(*handle));
	int r;

	if (!handle)
		return error_nomem(err);
	r = life_processes(container->container, scan->scan, pss ? LIFE_PROCESSES_PSS : 0,
			   &handle->processes, err);
	if (r < 0) {
		free(handle);
		return r;
	}
	*ret = handle;
	return 0;
}

int rootlet_processes_get(const rootlet_processes *processes, size_t index,
			  rootlet_process_row *ret)
{
	const struct life_process *p = &processes->processes.items[index];

	if (index >= processes->processes.count)
		return -ERANGE;
	*ret = (rootlet_process_row){
		.pid = p->pid,
		.host_pid = p->host_pid,
		.uid = p->uid,
		.host_uid = p->host_uid,
		.state = p->state,
		.cpu_ns = p->cpu_ns,
		.rss = p->rss,
		.pss = p->pss,
		.command = p->command,
	};
	return 0;
}

void rootlet_processes_free(rootlet_processes *processes)
{
	if (!processes)
		return;
	life_processes_release(&processes->processes);
	free(processes);
}

/* ---- files ---- */

int rootlet_container_copy_in(const rootlet_container *container, const char *local,
			      const char *path, size_t *ret_passed, rootlet_error *err)
{
	return life_copy(container->container, LIFE_COPY_IN, local, path, ret_passed, err);
}

int rootlet_container_copy_out(const rootlet_container *container, const char *path,
			       const char *local, size_t *ret_passed, rootlet_error *err)
{
	return life_copy(container->container, LIFE_COPY_OUT, local, path, ret_passed, err);
}
