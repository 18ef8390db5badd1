/* A container as it is at this moment: its files, and whether its process lives. Nothing is
 * changed. */
#include "state/private.h"

#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *state_status_name(enum state_status status)
{
	switch (status) {
	case STATE_CREATED:
		return "created";
	case STATE_RUNNING:
		return "running";
	case STATE_PAUSED:
		return "paused";
	case STATE_EXITED:
		return "exited";
	}
	return "unknown";
}

struct state_container *state_new(const struct state_store *store, const char *id,
				  struct arena *arena)
{
	struct state_container *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	arena_init(&c->own);
	c->arena = arena ? arena : &c->own;
	c->store = store;
	snprintf(c->id, sizeof(c->id), "%s", id);
	c->folder = c->pidfd = -1;
	return c;
}

int state_mark_broken(struct state_container *c, const struct rootlet_error *err)
{
	if (!c->broken)
		c->broken = arena_memdup(c->arena, err, sizeof(*err));
	return c->broken ? 0 : -ENOMEM;
}

/* What a load function returned: 1 loaded, 0 not there, or it is kept as broken; -ENOMEM. */
static int loaded(struct state_container *c, int r, const struct rootlet_error *err)
{
	if (r == 0)
		return 1;
	if (r == -ENOMEM)
		return r;
	return r == -ENOENT ? 0 : state_mark_broken(c, err);
}

static int read_process(struct state_container *c, int folder)
{
	struct rootlet_error err;
	int r = loaded(c, state_load_process(c, folder, &c->process, &err), &err);

	c->has_process = r == 1;
	return r < 0 ? r : 0;
}

static int read_exit(struct state_container *c, int folder)
{
	struct rootlet_error err;
	int r = loaded(c, state_load_exit(c, folder, &c->exit, &err), &err);

	c->has_exit = r == 1;
	return r < 0 ? r : 0;
}

static int read_name(struct state_container *c, int folder)
{
	int r = state_read_name(folder, c->name);
	struct rootlet_error err;

	if (!r)
		return 0;
	error_set(&err, -EBADMSG, "state-corrupt", NAME_FILE,
		  "read the state of container %.12s: %s/containers/%s/" NAME_FILE
		  ": must be a symlink whose text is a name",
		  c->id, c->store->path, c->id);
	error_hint(&err, "`rootlet rm -f %.12s` clears the container away", c->id);
	return state_mark_broken(c, &err);
}

/* ---- the end of a process, and who records it ---- */

static int64_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool monitor_lives(const struct state_process *process)
{
	uint64_t start;

	return process->monitor > 1 && state_process_start_time(process->monitor, &start) == 0 &&
	       start == process->monitor_start_time;
}

/* The process is gone and its end is not written yet: a monitor that lives is about to. */
static int await_exit(struct state_container *c, int folder, struct state_patience *patience)
{
	static const struct timespec moment = {.tv_nsec = 2000000};
	const struct rootlet_error *before = c->broken;
	int r = 0;

	if (!patience->until)
		patience->until = monotonic() + (int64_t)EXIT_WAIT_MS * 1000000;
	while (!r && !c->has_exit && c->broken == before) {
		bool hope = monitor_lives(&c->process) && monotonic() < patience->until;

		/* Once more after the monitor was seen dead: it writes, then it ends. */
		r = read_exit(c, folder);
		if (!hope)
			break;
		if (!r && !c->has_exit)
			nanosleep(&moment, NULL);
	}
	return r;
}

/* ---- status ---- */

static bool is_frozen(const struct state_process *process)
{
	char path[4096], digit = 0;
	AUTO_FD fd = -1;

	if (!process->cgroup ||
	    snprintf(path, sizeof(path), "%s/cgroup.freeze", process->cgroup) >= (int)sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd >= 0 && read(fd, &digit, 1) == 1 && digit == '1';
}

/* Was it started anew while we looked? Only one who does not hold the lock can see that. */
static bool started_anew(struct state_container *c, int folder)
{
	struct state_process now;
	int r = state_load_process(c, folder, &now, NULL);

	return r == -ENOENT ||
	       (!r && (now.pid != c->process.pid || now.start_time != c->process.start_time));
}

/* 1: decided, 0: look again, -errno. */
static int look(struct state_container *c, int folder, unsigned list_flags,
		struct state_patience *patience)
{
	int r = read_process(c, folder);

	if (r)
		return r;
	if (c->has_process &&
	    (list_flags & STATE_LISTED ? state_process_seen(&c->process)
				       : state_process_alive(&c->process, &c->pidfd))) {
		c->status = is_frozen(&c->process) ? STATE_PAUSED : STATE_RUNNING;
		return 1;
	}
	r = read_exit(c, folder);
	if (r)
		return r;
	if (!c->has_exit && c->has_process)
		r = await_exit(c, folder, patience);
	if (r)
		return r;
	if (!c->has_exit && c->has_process && started_anew(c, folder))
		return 0;
	c->lost = !c->has_exit && (c->has_process || c->broken);
	c->status = c->has_exit || c->lost ? STATE_EXITED : STATE_CREATED;
	return 1;
}

int state_read_life(struct state_container *c, int folder, unsigned list_flags,
		    struct state_patience *patience)
{
	int r = read_name(c, folder);

	fd_close(&c->pidfd);
	for (int tries = 0; !r && tries < 5; tries++) {
		c->has_exit = c->lost = false;
		c->status = STATE_CREATED;
		r = look(c, folder, list_flags, patience);
	}
	return r < 0 ? r : 0;
}

int state_read_all(struct state_container *c, int folder, unsigned list_flags,
		   struct state_patience *patience)
{
	struct rootlet_error err;
	int r = state_read_life(c, folder, list_flags, patience);

	if (r)
		return r;
	if ((list_flags & STATE_LIST_LIVE) && !state_alive(c) && !c->broken)
		return 0;
	r = loaded(c, state_load_record(c, folder, list_flags, &err), &err);
	return r < 0 ? r : 0;
}

int state_refresh(struct state_container *c, struct rootlet_error *err)
{
	struct state_patience patience = {0};
	bool was_broken = c->broken != NULL;
	int r;

	if (!c->pending && !state_same_folder(c->store->containers, c->id, c->folder))
		return state_gone(err, c->name[0] ? c->name : c->id);
	c->broken = NULL;
	r = was_broken ? state_read_all(c, c->folder, 0, &patience)
		       : state_read_life(c, c->folder, 0, &patience);
	return r ? error_nomem(err) : 0;
}
