/* Why a path of the OPEN stage could not be reached: which of its components stops the way. */
#include "diagnose/rules.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* May this caller search the directory, by its mode bits? The same for a fixture as for ourselves.
 */
static bool may_search(const struct facts *facts, const struct stat *st)
{
	if (facts->uid == 0)
		return true;
	if (st->st_uid == facts->uid)
		return st->st_mode & S_IXUSR;
	if (st->st_gid == facts->gid)
		return st->st_mode & S_IXGRP;
	for (size_t i = 0; i < facts->group_count; i++)
		if (st->st_gid == facts->groups[i])
			return st->st_mode & S_IXGRP;
	return st->st_mode & S_IXOTH;
}

enum walk_result { WALK_FINE, WALK_MISSING, WALK_REFUSED, WALK_NOT_DIRECTORY };

/* Goes down the path a component at a time; the one that stops it is left in `prefix`, its parent's
 * length in *ret_parent. */
static enum walk_result walk(const struct facts *facts, const char *path, char *prefix, size_t size,
			     size_t *ret_parent, struct stat *ret)
{
	size_t len = strlen(path), at = 0;

	*ret_parent = 0;
	if (len >= size)
		return WALK_FINE;
	while (at < len) {
		size_t parent = at;
		bool last;

		at += strspn(path + at, "/");
		at += strcspn(path + at, "/");
		last = path[at + strspn(path + at, "/")] == '\0';
		memcpy(prefix, path, at);
		prefix[at] = '\0';
		*ret_parent = parent;
		if (stat(prefix, ret) < 0)
			return WALK_MISSING;
		if (!last && !S_ISDIR(ret->st_mode))
			return WALK_NOT_DIRECTORY;
		if (!last && !may_search(facts, ret))
			return WALK_REFUSED;
		if (last)
			break;
	}
	return WALK_FINE;
}

static enum walk_result walk_step(struct failure *f, char *prefix, size_t *ret_parent,
				  struct stat *ret)
{
	return walk(failure_facts(f, FACT_CALLER), f->step->a.open.path, prefix, PATH_MAX,
		    ret_parent, ret);
}

bool check_path_missing(struct failure *f)
{
	char prefix[PATH_MAX];
	struct stat st = {0};
	size_t parent;

	if (walk_step(f, prefix, &parent, &st) != WALK_MISSING)
		return false;
	value_set(f->a, "%s", prefix);
	if (f->step->a.open.kind == OPEN_NAMESPACE)
		value_set(f->b, "the process that it belongs to may have ended");
	else
		value_set(f->b, "make it, or check the spelling: ls %.*s", parent ? (int)parent : 1,
			  parent ? prefix : (prefix[0] == '/' ? "/" : "."));
	return true;
}

bool check_path_refused(struct failure *f)
{
	char prefix[PATH_MAX];
	struct stat st = {0};
	size_t parent;

	if (walk_step(f, prefix, &parent, &st) != WALK_REFUSED)
		return false;
	value_set(f->a, "%s", prefix);
	value_set(f->b, "%u", (unsigned)st.st_uid);
	value_set(f->c, "%04o", (unsigned)st.st_mode & 07777u);
	return true;
}

static bool not_directory(struct failure *f, enum walk_result *ret_where)
{
	char prefix[PATH_MAX];
	struct stat st = {0};
	size_t parent;

	*ret_where = walk_step(f, prefix, &parent, &st);
	value_set(f->a, "%s", prefix);
	return (*ret_where == WALK_FINE && !S_ISDIR(st.st_mode)) ||
	       *ret_where == WALK_NOT_DIRECTORY;
}

/* The container's root itself, and not a directory on the way to it. */
bool check_root_not_directory(struct failure *f)
{
	enum walk_result where;

	return not_directory(f, &where) && where == WALK_FINE &&
	       f->step->a.open.kind == OPEN_DIRECTORY && !f->step->why;
}

bool check_path_not_directory(struct failure *f)
{
	enum walk_result where;

	return not_directory(f, &where);
}
