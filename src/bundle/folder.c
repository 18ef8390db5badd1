/* A container's folder: taken, found, locked, removed. What is in state.json is record.c's, what
 * the container is at the moment status.c's. */
#include "bundle/bundle.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/io.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum {
	CONFIG_LIMIT = 64 << 20,
	LOOK_MS = 5, /* between two attempts to lock */
};

static int failed(struct rootlet_error *err, int code, const char *what, const char *id)
{
	return error_set(err, code, "state-dir", id, "container %s: %s: %s", id, what,
			 error_text(code));
}

static int gone(struct rootlet_error *err, const char *id)
{
	error_set(err, -ENOENT, "no-such-container", id, "container %s: container does not exist",
		  id);
	error_hint(err, "`rootlet-oci list` shows those that do; --root says where they are kept");
	return -ENOENT;
}

int bundle_open_folder(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static bool is_same(int parent, const char *name, int fd)
{
	struct stat here, there;

	return fstat(fd, &here) == 0 && fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

static int lock(int fd, int operation)
{
	while (flock(fd, operation) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static struct bundle *new_bundle(const struct bundle_store *store, const char *id)
{
	struct bundle *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	arena_init(&b->arena);
	b->store = store;
	b->folder = b->pidfd = b->start = b->mounts = -1;
	b->status = BUNDLE_CREATING;
	snprintf(b->id, sizeof(b->id), "%s", id);
	return b;
}

/* ---- deleting ---- */

/* It is flat: a folder in it is not ours, and stays. */
static void empty(int folder)
{
	int fd = bundle_open_folder(folder, ".");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		fd_close(&fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(folder, entry->d_name, 0);
	closedir(dir);
}

/* The id is free with one rename: "~" is in no id. */
static int remove_folder(const struct bundle_store *store, const char *id, int folder)
{
	char grave[BUNDLE_ID_MAX + 32];

	snprintf(grave, sizeof(grave), ".~%d.%.200s", (int)getpid(), id);
	if (renameat(store->fd, id, store->fd, grave) < 0) {
		empty(folder);
		return unlinkat(store->fd, id, AT_REMOVEDIR) < 0 ? -errno : 0;
	}
	empty(folder);
	return unlinkat(store->fd, grave, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int bundle_remove(struct bundle *b, struct rootlet_error *err)
{
	int r = remove_folder(b->store, b->id, b->folder);

	b->fresh = false;
	return r < 0 ? failed(err, r, "remove its state", b->id) : 0;
}

/* ---- taking an id ---- */

static int exists(struct rootlet_error *err, const char *id)
{
	error_set(err, -EEXIST, "container-exists", id,
		  "container %s: a container with that id already exists", id);
	error_hint(err, "`rootlet-oci delete --force %s` removes it", id);
	return -EEXIST;
}

static bool has_state(int folder)
{
	struct stat st;

	return fstatat(folder, BUNDLE_STATE, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* 0: what is there was left by a killed `create`, and is gone now. */
static int clear_leftover(const struct bundle_store *store, const char *id)
{
	AUTO_FD fd = bundle_open_folder(store->fd, id);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || has_state(fd))
		return -EEXIST;
	return is_same(store->fd, id, fd) ? remove_folder(store, id, fd) : 0;
}

static int take(struct bundle *b)
{
	for (int tries = 0; tries < 100; tries++) {
		AUTO_FD fd = -1;
		int r;

		if (mkdirat(b->store->fd, b->id, 0700) < 0) {
			if (errno != EEXIST)
				return -errno;
			r = clear_leftover(b->store, b->id);
			if (r < 0)
				return r;
			continue;
		}
		fd = bundle_open_folder(b->store->fd, b->id);
		r = fd < 0 ? fd : lock(fd, LOCK_EX);
		if (r < 0 && r != -ENOENT)
			return r;
		/* somebody may have taken it for a leftover before it was locked */
		if (r == -ENOENT || !is_same(b->store->fd, b->id, fd))
			continue;
		/* or taken it, and may be done with it by now */
		if (has_state(fd))
			return -EEXIST;
		empty(fd);
		b->folder = fd_steal(&fd);
		b->locked = b->fresh = true;
		return 0;
	}
	return -EBUSY;
}

int bundle_create(const struct bundle_store *store, const char *id, struct bundle **ret,
		  struct rootlet_error *err)
{
	struct bundle *b;
	int r = bundle_check_id(id, err);

	if (r < 0)
		return r;
	b = new_bundle(store, id);
	if (!b)
		return error_nomem(err);
	r = take(b);
	if (r < 0) {
		bundle_free(b);
		return r == -EEXIST ? exists(err, id) : failed(err, r, "make its folder", id);
	}
	*ret = b;
	return 0;
}

/* ---- finding ---- */

int bundle_find(const struct bundle_store *store, const char *id, struct bundle **ret,
		struct rootlet_error *err)
{
	struct bundle *b;
	int r = bundle_check_id(id, err);

	if (r < 0)
		return r;
	if (store->fd < 0)
		return gone(err, id);
	b = new_bundle(store, id);
	if (!b)
		return error_nomem(err);
	b->folder = bundle_open_folder(store->fd, id);
	r = b->folder < 0 ? b->folder : bundle_load_record(b, err);
	if (b->folder == -ENOENT)
		gone(err, id);
	else if (b->folder < 0)
		failed(err, r, "open its folder", id);
	if (r < 0) {
		bundle_free(b);
		return r;
	}
	*ret = b;
	return 0;
}

int bundle_find_broken(const struct bundle_store *store, const char *id, struct bundle **ret,
		       struct rootlet_error *err)
{
	struct bundle *b = new_bundle(store, id);
	int r;

	if (!b)
		return error_nomem(err);
	r = b->folder = bundle_open_folder(store->fd, id);
	if (r < 0) {
		bundle_free(b);
		return r == -ENOENT ? gone(err, id) : failed(err, r, "open its folder", id);
	}
	b->broken = true;
	bundle_salvage_record(b);
	*ret = b;
	return 0;
}

static int now_locked(struct bundle *b, struct rootlet_error *err)
{
	int r;

	b->locked = true;
	if (!is_same(b->store->fd, b->id, b->folder))
		return gone(err, b->id);
	r = b->has_record || b->broken ? 0 : bundle_load_record(b, err);
	if (r == 0)
		bundle_look(b);
	return r;
}

int bundle_lock(struct bundle *b, struct rootlet_error *err)
{
	int r = b->locked ? 0 : lock(b->folder, LOCK_EX);

	return r < 0 ? failed(err, r, "lock it", b->id) : now_locked(b, err);
}

/* flock(2) knows no time-out. */
int bundle_lock_within(struct bundle *b, int ms, struct rootlet_error *err)
{
	int r = b->locked ? 0 : lock(b->folder, LOCK_EX | LOCK_NB);

	for (; r == -EWOULDBLOCK && ms > 0; ms -= LOOK_MS) {
		if (!is_same(b->store->fd, b->id, b->folder)) /* whoever has it has deleted it */
			return gone(err, b->id);
		clock_sleep_ms(LOOK_MS);
		r = lock(b->folder, LOCK_EX | LOCK_NB);
	}
	if (r == 0)
		return now_locked(b, err);
	if (r != -EWOULDBLOCK)
		return failed(err, r, "lock it", b->id);
	error_set(err, -EBUSY, "state-locked", b->id,
		  "container %s: another command is at work on it and does not end", b->id);
	error_hint(err, "`lslocks` shows which process holds the lock of %s/%s", b->store->path,
		   b->id);
	return -EBUSY;
}

void bundle_unlock(struct bundle *b)
{
	if (b->locked)
		flock(b->folder, LOCK_UN);
	b->locked = false;
}

void bundle_free(struct bundle *b)
{
	if (!b)
		return;
	if (b->fresh)
		remove_folder(b->store, b->id, b->folder);
	fd_close(&b->folder);
	fd_close(&b->pidfd);
	fd_close(&b->start);
	fd_close(&b->mounts);
	arena_release(&b->arena);
	free(b);
}

/* ---- the config ---- */

int bundle_write_config(struct bundle *b, const char *text, size_t len, struct rootlet_error *err)
{
	AUTO_FD fd = openat(b->folder, BUNDLE_CONFIG,
			    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : io_write_all(fd, text, len);

	return r < 0 ? failed(err, r, "keep its config.json", b->id) : 0;
}

int bundle_read_config(const struct bundle *b, char **ret, size_t *ret_len,
		       struct rootlet_error *err)
{
	AUTO_FD fd = openat(b->folder, BUNDLE_CONFIG, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int r = fd < 0 ? -errno : io_read_fd(fd, CONFIG_LIMIT, ret, ret_len);

	return r < 0 ? failed(err, r, "read its config.json", b->id) : 0;
}
