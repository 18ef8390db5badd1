/* Deleting: a container's folder, once it is in pending/, and what killed rootlets left there. */
#include "state/private.h"

#include "base/fd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static bool is_dot(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

bool state_same_folder(int parent, const char *name, int fd)
{
	struct stat here, there;

	return fstat(fd, &here) == 0 && fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

/* A container's folder is flat: a directory in it is not ours, and goes only when it is empty. */
static int empty_folder(int folder)
{
	AUTO_ENTRIES *entries = state_open_entries(folder);
	struct dirent *entry;

	if (!entries)
		return -errno;
	while ((entry = readdir(entries))) {
		if (is_dot(entry->d_name) || unlinkat(folder, entry->d_name, 0) == 0)
			continue;
		if (errno == EISDIR && unlinkat(folder, entry->d_name, AT_REMOVEDIR) == 0)
			continue;
		if (errno != ENOENT)
			return -errno;
	}
	return 0;
}

int state_delete_pending(const struct state_store *store, const char *id, int folder)
{
	char name[STATE_NAME_MAX + 1];
	int r;

	/* The name first: while the folder is there, a sweep can still find it. */
	if (state_read_name(folder, name) == 0)
		state_drop_name(store, id, name);
	r = empty_folder(folder);
	/* A monitor that is just ending may have put its last file there. */
	for (int tries = 0; !r && unlinkat(store->pending, id, AT_REMOVEDIR) < 0; tries++) {
		if (errno == ENOENT)
			return 0;
		if (errno != ENOTEMPTY || tries == 10)
			return -errno;
		r = empty_folder(folder);
	}
	return r;
}

/* 1: deleted, 0: in use, or already gone. */
static int sweep_one(const struct state_store *store, const char *name)
{
	AUTO_FD folder = state_open_folder(store->pending, name);
	int r;

	if (folder == -ENOENT)
		return 0;
	if (folder == -ENOTDIR || folder == -ELOOP)
		return unlinkat(store->pending, name, 0) < 0 ? -errno : 1;
	if (folder < 0)
		return folder;
	if (flock(folder, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : -errno;
	/* It may have been published between the open and the lock. */
	if (!state_same_folder(store->pending, name, folder))
		return 0;
	r = state_delete_pending(store, name, folder);
	return r < 0 ? r : 1;
}

int state_sweep(const struct state_store *store, size_t *ret_count, struct rootlet_error *err)
{
	AUTO_ENTRIES *entries = store->pending < 0 ? NULL : state_open_entries(store->pending);
	struct dirent *entry;
	int result = 0;

	if (ret_count)
		*ret_count = 0;
	if (store->pending < 0)
		return 0;
	if (!entries)
		return state_failed(err, -errno, "read %s/pending", store->path);
	while ((entry = readdir(entries))) {
		int r = is_dot(entry->d_name) ? 0 : sweep_one(store, entry->d_name);

		if (r < 0)
			result = state_failed(err, r, "clear %s/pending/%s", store->path,
					      entry->d_name);
		if (r > 0 && ret_count)
			(*ret_count)++;
	}
	return result;
}

int state_sweep_names(const struct state_store *store, struct rootlet_error *err)
{
	AUTO_ENTRIES *entries = store->names < 0 ? NULL : state_open_entries(store->names);
	struct dirent *entry;

	if (store->names < 0)
		return 0;
	if (!entries)
		return state_failed(err, -errno, "read %s/names", store->path);
	while ((entry = readdir(entries))) {
		int r = is_dot(entry->d_name) ? 0 : state_drop_stale_name(store, entry->d_name);

		if (r < 0 && r != -ENOENT)
			return state_failed(err, r, "clear %s/names/%s", store->path,
					    entry->d_name);
	}
	return 0;
}
