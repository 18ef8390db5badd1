/* Rootlet's own files, under every name by which a volume of this spec would show them.
 *
 * A volume may reach them by another name than ours: through a symbolic link, or a bind mount of
 * the host's. So directories are compared by device and inode, from each of ours upwards. What lies
 * behind a mount deeper inside a volume is not found. Nothing is made or changed here.
 */
#include "facts/probe.h"

#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MOUNT_ATTR_RDONLY
#include <linux/mount.h>
#endif

static int add_path(struct facts *f, const char *path, bool folder)
{
	struct facts_own own = {.path = path, .folder = folder};

	for (size_t i = 0; i < f->own_path_count; i++)
		if (strcmp(f->own_paths[i].path, path) == 0)
			return 0;
	if (arena_grow(&f->arena, &f->own_paths, f->own_path_count, sizeof(own)) < 0)
		return -ENOMEM;
	f->own_paths[f->own_path_count++] = own;
	return 0;
}

static int add_joined(struct facts *f, const char *front, size_t len, const char *rest, bool folder)
{
	char *path = arena_alloc(&f->arena, len + strlen(rest) + 1);

	if (!path)
		return -ENOMEM;
	memcpy(path, front, len);
	strcpy(path + len, rest);
	return add_path(f, path, folder);
}

/* Where a variable of the XDG base directories points, or its default below $HOME. */
static int add_folder(struct facts *f, const char *variable, const char *below_home)
{
	const char *base = facts_getenv(f, variable);

	if (base && base[0] == '/')
		return add_joined(f, base, strlen(base), "/rootlet", true);
	if (!f->home || !below_home)
		return 0;
	return add_joined(f, f->home, strlen(f->home), below_home, true);
}

static int add_state(struct facts *f, const struct spec *spec)
{
	char path[64];
	int r = add_folder(f, "XDG_RUNTIME_DIR", NULL);

	snprintf(path, sizeof(path), "/run/user/%u", f->uid);
	if (!r && access(path, F_OK) == 0)
		r = add_joined(f, path, strlen(path), "/rootlet", true);
	/* state's last resort (src/state/store.c): whoever makes it owns the containers that
	 * `start` finds in it */
	snprintf(path, sizeof(path), "/rootlet-%u", f->uid);
	if (!r)
		r = add_joined(f, "/tmp", 4, path, true);
	if (!r && spec->state_dir && spec->state_dir[0] == '/')
		r = add_joined(f, spec->state_dir, strlen(spec->state_dir), "", true);
	return r;
}

/* Only a program that the caller could replace: a volume gives no more rights than that. */
static int add_program(struct facts *f)
{
	char path[PATH_MAX], *slash;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	bool writable;

	if (n <= 0 || path[0] != '/')
		return 0;
	path[n] = '\0';
	slash = strrchr(path, '/');
	*slash = '\0';
	writable = access(*path ? path : "/", W_OK) == 0;
	*slash = '/';
	if (!writable && access(path, W_OK) != 0)
		return 0;
	return add_joined(f, path, strlen(path), "", false);
}

/* The path by which an open descriptor is known; "" when it has none. */
static void real_path(int fd, char out[static PATH_MAX])
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, PATH_MAX - 1);
	out[n > 0 ? n : 0] = '\0';
}

/* What is looked at once, however many volumes there are: every directory above one of ours, and
 * ours itself, by device and inode. */
struct ancestor {
	dev_t dev;
	ino_t ino;
	size_t own; /* index in facts->own_paths */
	size_t end; /* its length in that path */
};

struct lookup {
	struct ancestor *ancestors;
	size_t count;
	const char **real; /* of each own path, "" when it does not exist yet */
	size_t own_count;
};

static int add_ancestors(struct facts *f, struct lookup *l, size_t index)
{
	const char *own = f->own_paths[index].path;
	size_t end = strlen(own);
	char path[PATH_MAX];
	struct stat at;

	if (end >= sizeof(path))
		return 0;
	strcpy(path, own);
	for (;;) {
		path[end] = '\0';
		if (stat(end ? path : "/", &at) == 0) {
			if (arena_grow(&f->arena, &l->ancestors, l->count, sizeof(*l->ancestors)) <
			    0)
				return -ENOMEM;
			l->ancestors[l->count++] =
				(struct ancestor){at.st_dev, at.st_ino, index, end};
		}
		if (!end)
			return 0;
		while (end && path[end - 1] != '/')
			end--;
		while (end && path[end - 1] == '/')
			end--;
	}
}

static int look_at_ours(struct facts *f, struct lookup *l)
{
	l->own_count = f->own_path_count;
	l->real = arena_alloc(&f->arena, (l->own_count + 1) * sizeof(*l->real));
	if (!l->real)
		return -ENOMEM;
	for (size_t i = 0; i < l->own_count; i++) {
		AUTO_FD fd = open(f->own_paths[i].path, O_PATH | O_CLOEXEC);
		char real[PATH_MAX] = "";

		if (fd >= 0)
			real_path(fd, real);
		l->real[i] = arena_strdup(&f->arena, real);
		if (!l->real[i] || add_ancestors(f, l, i) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* One of ours, seen through a volume's source: `source` is a directory above it, or is in it. */
static int add_alias(struct facts *f, const struct lookup *l, size_t own, const char *source,
		     const struct stat *st, const char *real)
{
	struct facts_own ours = f->own_paths[own];
	size_t len = strlen(source);

	while (len > 1 && source[len - 1] == '/')
		len--;
	for (size_t i = 0; i < l->count; i++) {
		const struct ancestor *a = &l->ancestors[i];

		if (a->own == own && a->dev == st->st_dev && a->ino == st->st_ino)
			return add_joined(f, source, len, ours.path + a->end,
					  ours.folder && ours.path[a->end]);
	}
	return *l->real[own] && path_within(real, l->real[own])
		       ? add_joined(f, source, len, "", false)
		       : 0;
}

static int add_aliases(struct facts *f, const struct lookup *l, const struct spec_mount *m)
{
	AUTO_FD fd = open(m->source, O_PATH | O_CLOEXEC);
	char real[PATH_MAX];
	struct stat st;
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0; /* OPEN says what is wrong with it */
	real_path(fd, real);
	for (size_t i = 0; i < l->own_count && r == 0; i++)
		r = add_alias(f, l, i, m->source, &st, real);
	return r;
}

int probe_own(struct facts *facts, const struct spec *spec)
{
	int r = add_folder(facts, "XDG_CONFIG_HOME", "/.config/rootlet");
	struct lookup l = {0};

	if (!r)
		r = add_folder(facts, "XDG_DATA_HOME", "/.local/share/rootlet");
	if (!r)
		r = add_folder(facts, "XDG_CACHE_HOME", "/.cache/rootlet");
	if (!r)
		r = add_state(facts, spec);
	if (!r)
		r = add_program(facts);
	if (!r)
		r = look_at_ours(facts, &l);
	for (size_t i = 0; i < spec->mount_count && r == 0; i++)
		if (facts_may_show_own(&spec->mounts[i]))
			r = add_aliases(facts, &l, &spec->mounts[i]);
	return r;
}

bool facts_may_show_own(const struct spec_mount *m)
{
	return m->type == MOUNT_BIND && m->source && !(m->attr_set & MOUNT_ATTR_RDONLY);
}
