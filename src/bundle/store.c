/* The folder that holds all OCI containers, and the walk over them. */
#include "bundle/bundle.h"

#include "base/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int failed(struct rootlet_error *err, int code, const char *what, const char *path)
{
	error_set(err, code, "state-dir", path, "%s %s: %s", what, path, error_text(code));
	error_hint(err, "name a folder of your own: --root DIR");
	return code;
}

/* Each folder on the way, as mkdir -p: what we make, nobody else may enter. */
static int make_folders(const char *path)
{
	char part[4096];

	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(part, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* Who can write there decides what `start` and `exec` run. */
static int check_folder(const struct bundle_store *store, struct rootlet_error *err)
{
	struct stat st;

	if (fstat(store->fd, &st) < 0)
		return failed(err, -errno, "look at", store->path);
	if (st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	error_set(err, -EPERM, "state-dir", store->path, "the state in %s: %s", store->path,
		  st.st_uid == geteuid() ? "others may write to that folder"
					 : "that folder belongs to another user");
	error_hint(err, "name a folder of your own: --root DIR");
	return -EPERM;
}

/* Root of a user namespace is an ordinary user outside: /run is not its own. The first one's inode
 * is the same on every Linux. */
static bool really_root(void)
{
	const ino_t first = 0xEFFFFFFD;
	struct stat st;

	return geteuid() == 0 && (stat("/proc/self/ns/user", &st) < 0 || st.st_ino == first);
}

static int choose_path(const char *root, const char *runtime_dir, struct bundle_store *ret,
		       struct rootlet_error *err)
{
	int n;

	if (root)
		n = snprintf(ret->path, sizeof(ret->path), "%s", root);
	else if (!really_root() && runtime_dir && *runtime_dir == '/')
		n = snprintf(ret->path, sizeof(ret->path), "%s/rootlet-oci", runtime_dir);
	else if (geteuid() != 0)
		n = snprintf(ret->path, sizeof(ret->path), "/run/user/%u/rootlet-oci", geteuid());
	else
		n = snprintf(ret->path, sizeof(ret->path), "/run/rootlet-oci");
	return n < (int)sizeof(ret->path) && n > 0 ? 0
						   : failed(err, -ENAMETOOLONG, "open", "--root");
}

int bundle_store_open(const char *root, const char *runtime_dir, bool make,
		      struct bundle_store *ret, struct rootlet_error *err)
{
	int r = choose_path(root, runtime_dir, ret, err);

	ret->fd = -1;
	if (r < 0)
		return r;
	ret->fd = open(ret->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->fd < 0 && errno == ENOENT && !make)
		return 0;
	if (ret->fd < 0 && errno == ENOENT) {
		r = make_folders(ret->path);
		if (r < 0)
			return failed(err, r, "make the folder", ret->path);
		ret->fd = open(ret->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (ret->fd < 0)
		return failed(err, -errno, "open the folder", ret->path);
	r = check_folder(ret, err);
	if (r < 0)
		fd_close(&ret->fd);
	return r;
}

void bundle_store_close(struct bundle_store *store)
{
	fd_close(&store->fd);
}

static bool is_id_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '+' || c == '-' || c == '.';
}

int bundle_check_id(const char *id, struct rootlet_error *err)
{
	size_t n = 0;

	while (is_id_letter(id[n]))
		n++;
	if (n && n <= BUNDLE_ID_MAX && !id[n] && strcmp(id, ".") != 0 && strcmp(id, "..") != 0)
		return 0;
	error_set(err, -EINVAL, "container-id", id, "container id \"%.300s\": invalid id format",
		  id);
	error_hint(err, "letters, digits and _ + - . are what it may be made of, %d at most",
		   BUNDLE_ID_MAX);
	return -EINVAL;
}

/* ---- all of them ---- */

static int by_id(const void *a, const void *b)
{
	const struct bundle *const *x = a, *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

static int add(struct bundle_list *list, struct bundle *b)
{
	struct bundle **items;

	/* room grows at powers of two */
	if ((list->count & (list->count - 1)) == 0) {
		items = reallocarray(list->items, list->count ? 2 * list->count : 1,
				     sizeof(struct bundle *));
		if (!items)
			return -ENOMEM;
		list->items = items;
	}
	list->items[list->count++] = b;
	return 0;
}

struct listing {
	const struct bundle_store *store;
	bundle_trouble *trouble;
	void *data;
};

/* What goes away while it is looked at is left out, and what is no folder is no container's. */
static int add_entry(const struct listing *l, const char *name, struct bundle_list *list)
{
	struct rootlet_error err = {0};
	struct bundle *b = NULL;
	int r;

	if (bundle_check_id(name, NULL) < 0)
		return 0;
	r = bundle_find(l->store, name, &b, &err);
	if (r < 0) {
		if (r != -ENOENT && r != -ENOTDIR && r != -ENOMEM)
			l->trouble(l->data, &err);
		return r == -ENOMEM ? r : 0;
	}
	bundle_look(b);
	fd_close(&b->folder);
	fd_close(&b->pidfd);
	fd_close(&b->start);
	r = add(list, b);
	if (r < 0)
		bundle_free(b);
	return r;
}

int bundle_list(const struct bundle_store *store, bundle_trouble *trouble, void *data,
		struct bundle_list *ret, struct rootlet_error *err)
{
	const struct listing l = {store, trouble, data};
	struct dirent *entry;
	DIR *dir;
	int fd, r = 0;

	*ret = (struct bundle_list){0};
	if (store->fd < 0)
		return 0;
	fd = bundle_open_folder(store->fd, ".");
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		r = fd < 0 ? fd : -errno;
		fd_close(&fd);
		return failed(err, r, "read the folder", store->path);
	}
	while (r == 0 && (entry = readdir(dir)) != NULL)
		r = add_entry(&l, entry->d_name, ret);
	closedir(dir);
	if (r < 0) {
		bundle_list_release(ret);
		return error_nomem(err);
	}
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(struct bundle *), by_id);
	return 0;
}

void bundle_list_release(struct bundle_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		bundle_free(list->items[i]);
	free(list->items);
	*list = (struct bundle_list){0};
}
