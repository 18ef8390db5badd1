/* A container's folder: made, published, locked, written to, renamed, removed. What is in the files
 * is json_save.c's; whether the process lives is read.c's. */
#include "state/private.h"

#include "base/fd.h"
#include "base/sys.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* ---- making ---- */

static int lock_fd(int fd, int operation)
{
	while (flock(fd, operation) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* A sweep may delete the folder before it is locked: then another is made. */
static int make_folder(struct state_container *c, struct rootlet_error *err)
{
	for (int tries = 0; tries < 100; tries++) {
		AUTO_FD fd = -1;
		int r = state_new_id(c->id);

		if (r)
			return state_failed(err, r, "get random bytes for an id");
		if (mkdirat(c->store->pending, c->id, 0700) < 0)
			return state_failed(err, -errno, "make the folder %s/pending/%s",
					    c->store->path, c->id);
		fd = state_open_folder(c->store->pending, c->id);
		if (fd == -ENOENT)
			continue;
		r = fd < 0 ? fd : lock_fd(fd, LOCK_EX);
		if (r)
			return state_failed(err, r, "lock %s/pending/%s", c->store->path, c->id);
		if (!state_same_folder(c->store->pending, c->id, fd))
			continue;
		c->folder = fd_steal(&fd);
		c->pending = c->locked = true;
		return 0;
	}
	return state_failed(err, -EBUSY, "make a folder in %s/pending", c->store->path);
}

static int copy_string(struct arena *a, const char **string)
{
	if (!*string)
		return 0;
	*string = arena_strdup(a, *string);
	return *string ? 0 : -ENOMEM;
}

static int copy_strings(struct arena *a, struct state_strings *strings)
{
	const char **items = arena_alloc(a, (strings->count + 1) * sizeof(*items));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < strings->count; i++) {
		items[i] = arena_strdup(a, strings->items[i]);
		if (!items[i])
			return -ENOMEM;
	}
	strings->items = items;
	return 0;
}

static int copy_record(struct state_container *c, const struct state_record *record)
{
	struct state_record *own = &c->record;

	*own = *record;
	if (!own->created)
		own->created = state_now();
	if (!own->version)
		own->version = ROOTLET_VERSION;
	if (copy_string(c->arena, &own->version) || copy_string(c->arena, &own->cwd) ||
	    copy_string(c->arena, &own->root) || copy_string(c->arena, &own->plan_digest) ||
	    copy_strings(c->arena, &own->words) || copy_strings(c->arena, &own->command) ||
	    copy_strings(c->arena, &own->notes))
		return -ENOMEM;
	return 0;
}

static int name_in_use(const struct state_store *store, const char *name, struct rootlet_error *err)
{
	char id[STATE_ID_LENGTH + 1] = "";

	state_look_up_name(store, name, id);
	error_set(err, -EEXIST, "name-in-use", name, "name \"%s\": container %.12s has it", name,
		  *id ? id : "(just gone)");
	error_hint(err,
		   "choose another name, remove that container (`rootlet rm %s`), or put the "
		   "new one in its place (--replace)",
		   name);
	return -EEXIST;
}

/* The folder bears the name before names/ has it: a sweep that finds the folder finds both. */
static int claim_name(struct state_container *c, const char *name)
{
	int r = state_write_name(c->folder, name);

	if (!r)
		r = state_take_name(c->store, c->id, name, -1);
	if (!r)
		snprintf(c->name, sizeof(c->name), "%s", name);
	return r;
}

static int name_it(struct state_container *c, const char *name, struct rootlet_error *err)
{
	char generated[STATE_NAME_MAX + 1];
	int r = name ? claim_name(c, name) : -EEXIST;

	for (unsigned attempt = 0; !name && r == -EEXIST && attempt < 100; attempt++) {
		state_generate_name(generated, attempt);
		r = claim_name(c, generated);
	}
	if (r == -EEXIST && name)
		return name_in_use(c->store, name, err);
	return r ? state_failed(err, r, "name a container in %s/names", c->store->path) : 0;
}

int state_create(const struct state_store *store, const struct state_record *record,
		 const char *name, struct state_container **ret, struct rootlet_error *err)
{
	AUTO_CONTAINER c = NULL;
	int r = name ? state_name_check(name, err) : 0;

	*ret = NULL;
	if (r)
		return r;
	state_sweep(store, NULL, NULL); /* what cannot be cleared does not stop a start */
	c = state_new(store, "", NULL);
	if (!c || copy_record(c, record))
		return error_nomem(err);
	r = make_folder(c, err);
	if (!r)
		r = state_save_record(c, err);
	if (!r)
		r = name_it(c, name, err);
	if (r)
		return r;
	*ret = c;
	c = NULL;
	return 0;
}

int state_publish(struct state_container *c, struct rootlet_error *err)
{
	if (renameat(c->store->pending, c->id, c->store->containers, c->id) < 0)
		return state_failed(err, -errno, "move %.12s to %s/containers", c->id,
				    c->store->path);
	c->pending = false;
	return 0;
}

void state_abandon(struct state_container *c)
{
	if (!c->pending)
		return;
	state_delete_pending(c->store, c->id, c->folder); /* else the next sweep does */
	c->pending = false;
}

void state_free(struct state_container *c)
{
	if (!c)
		return;
	state_abandon(c);
	state_unlock(c);
	fd_close(&c->folder);
	fd_close(&c->pidfd);
	arena_release(&c->own);
	free(c);
}

/* ---- locking ---- */

static int lock(struct state_container *c, int operation, struct rootlet_error *err)
{
	int r;

	if (c->locked)
		return 0;
	if (c->folder < 0)
		return state_failed(err, -ENOTDIR, "lock container %.12s", c->id);
	r = lock_fd(c->folder, operation);
	if (r == -EWOULDBLOCK)
		return r;
	if (r)
		return state_failed(err, r, "lock container %.12s", c->id);
	c->locked = true;
	r = state_refresh(c, err);
	if (r)
		state_unlock(c);
	return r;
}

int state_lock(struct state_container *c, struct rootlet_error *err)
{
	return lock(c, LOCK_EX, err);
}

int state_try_lock(struct state_container *c, struct rootlet_error *err)
{
	return lock(c, LOCK_EX | LOCK_NB, err);
}

void state_unlock(struct state_container *c)
{
	if (c->locked)
		flock(c->folder, LOCK_UN);
	c->locked = false;
}

/* ---- its run ---- */

int state_clear_run(struct state_container *c, struct rootlet_error *err)
{
	/* In this order: what is killed between the two has ended, as before. */
	if ((unlinkat(c->folder, PROCESS_FILE, 0) < 0 && errno != ENOENT) ||
	    (unlinkat(c->folder, EXIT_FILE, 0) < 0 && errno != ENOENT))
		return state_failed(err, -errno, "forget the last run of container %.12s", c->id);
	c->has_process = c->has_exit = c->lost = false;
	c->status = STATE_CREATED;
	fd_close(&c->pidfd);
	return 0;
}

int state_write_process(struct state_container *c, const struct state_process *process,
			struct rootlet_error *err)
{
	c->process = *process;
	if (copy_string(c->arena, &c->process.cgroup) ||
	    copy_string(c->arena, &c->process.cgroup_left))
		return error_nomem(err);
	c->has_process = true;
	return state_save_process(c, err);
}

int state_write_exit(struct state_container *c, const struct state_exit *end,
		     struct rootlet_error *err)
{
	c->exit = *end;
	c->has_exit = true;
	return state_save_exit(c, err);
}

int state_signal(struct state_container *c, int signal)
{
	if (!c->has_process)
		return -ESRCH;
	if (c->pidfd < 0 && !state_process_alive(&c->process, &c->pidfd))
		return -ESRCH;
	if (c->pidfd >= 0)
		return SYS(pidfd_send_signal, c->pidfd, signal, NULL, 0);
	/* Before Linux 5.3 nothing better is to be had than the check of a moment ago. */
	return kill(c->process.pid, signal) < 0 ? -errno : 0;
}

/* ---- renaming and removing ---- */

static int rename_locked(struct state_container *c, const char *name, struct rootlet_error *err)
{
	int r;

	if (!strcmp(c->name, name))
		return 0;
	r = state_take_name(c->store, c->id, name, c->folder);
	if (r == -EEXIST)
		return name_in_use(c->store, name, err);
	if (r)
		return state_failed(err, r, "rename container %.12s to %s", c->id, name);
	if (c->name[0])
		state_drop_name(c->store, c->id, c->name);
	snprintf(c->name, sizeof(c->name), "%s", name);
	return 0;
}

int state_rename(struct state_container *c, const char *name, struct rootlet_error *err)
{
	bool was_locked = c->locked;
	int r = state_name_check(name, err);

	if (!r)
		r = state_lock(c, err);
	if (r)
		return r;
	r = rename_locked(c, name, err);
	if (!was_locked)
		state_unlock(c);
	return r;
}

int state_remove(struct state_container *c, struct rootlet_error *err)
{
	const struct state_store *store = c->store;
	int r = c->folder < 0 ? 0 : state_lock(c, err);

	if (r)
		return r;
	/* The moment of removal: whoever comes later finds no container. */
	if (renameat(store->containers, c->id, store->pending, c->id) < 0)
		return errno == ENOENT ? state_gone(err, c->name[0] ? c->name : c->id)
				       : state_failed(err, -errno, "remove container %.12s", c->id);
	if (c->folder >= 0) /* else it is no folder: the sweep takes it */
		r = state_delete_pending(store, c->id, c->folder);
	state_unlock(c);
	state_sweep(store, NULL, NULL);
	return r ? state_failed(err, r, "delete the files of container %.12s", c->id) : 0;
}
