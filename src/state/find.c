/* Finding containers: by name, by id, by the beginning of an id, and all of them. Nothing is
 * changed and no lock is taken: what vanishes meanwhile is passed over. */
#include "state/private.h"

#include "base/fd.h"

#include <stdio.h>
#include <string.h>

int state_gone(struct rootlet_error *err, const char *text)
{
	error_set(err, -ENOENT, "no-such-container", text,
		  "container \"%.160s\": there is none with this name or id", text);
	error_hint(err, "`rootlet ps -a` lists them");
	return -ENOENT;
}

/* ---- one ---- */

/* What stands in a container's place and is no folder: shown, so that somebody clears it. */
static int no_folder(struct state_container *c, int code)
{
	struct rootlet_error err;

	error_set(&err, code == -ENOMEM ? code : -EBADMSG, "state-corrupt", "",
		  "read the state of container %.12s: %s/containers/%s: %s", c->id, c->store->path,
		  c->id, code == -ENOTDIR || code == -ELOOP ? "is no directory" : error_text(code));
	c->status = STATE_EXITED;
	c->lost = true;
	return state_mark_broken(c, &err);
}

/* *ret stays NULL, with 0 returned, when containers/ID is not there (any more). */
static int open_by_id(const struct state_store *store, const char *id, struct state_container **ret,
		      struct rootlet_error *err)
{
	AUTO_FD folder = state_open_folder(store->containers, id);
	struct state_patience patience = {0};
	AUTO_CONTAINER c = NULL;

	if (folder == -ENOENT)
		return 0;
	c = state_new(store, id, NULL);
	if (!c || (folder < 0 && no_folder(c, folder)))
		return error_nomem(err);
	if (folder < 0) {
		*ret = c;
		c = NULL;
		return 0;
	}
	c->folder = fd_steal(&folder);
	if (state_read_all(c, c->folder, 0, &patience))
		return error_nomem(err);
	/* A folder that is being removed looks broken. */
	if (c->broken && !state_same_folder(store->containers, id, c->folder))
		return 0;
	*ret = c;
	c = NULL;
	return 0;
}

static int find_by_name(const struct state_store *store, const char *name,
			struct state_container **ret, struct rootlet_error *err)
{
	char id[STATE_ID_LENGTH + 1];
	int r;

	if (strlen(name) > STATE_NAME_MAX || state_look_up_name(store, name, id) < 0)
		return 0;
	r = open_by_id(store, id, ret, err);
	if (*ret && strcmp((*ret)->name, name) != 0) { /* a leftover entry of names/ */
		state_free(*ret);
		*ret = NULL;
	}
	return r;
}

/* ---- the beginning of an id ---- */

enum { CANDIDATES = 3 };

struct candidates {
	char ids[CANDIDATES][STATE_ID_LENGTH + 1];
	size_t count;
};

static int collect(const struct state_store *store, const char *prefix, struct candidates *ret,
		   struct rootlet_error *err)
{
	AUTO_ENTRIES *entries = state_open_entries(store->containers);
	size_t len = strlen(prefix);
	struct dirent *entry;

	if (!entries)
		return state_failed(err, -errno, "read %s/containers", store->path);
	while ((entry = readdir(entries))) {
		if (strncmp(entry->d_name, prefix, len) != 0 || !state_is_id(entry->d_name))
			continue;
		if (ret->count < CANDIDATES)
			memcpy(ret->ids[ret->count], entry->d_name, STATE_ID_LENGTH + 1);
		ret->count++;
	}
	return 0;
}

static int ambiguous(const struct state_store *store, const char *text,
		     const struct candidates *all, struct rootlet_error *err)
{
	char list[CANDIDATES * (STATE_ID_LENGTH + STATE_NAME_MAX + 8)];
	size_t used = 0, digits = strlen(text) + 4;

	if (digits < 12)
		digits = 12;
	for (size_t i = 0; i < all->count && i < CANDIDATES; i++) {
		AUTO_FD folder = state_open_folder(store->containers, all->ids[i]);
		char name[STATE_NAME_MAX + 1] = "";

		if (folder >= 0)
			state_read_name(folder, name);
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%.*s%s%s%s",
					 i ? ", " : "", (int)digits, all->ids[i], *name ? " (" : "",
					 name, *name ? ")" : "");
	}
	error_set(err, -ENOTUNIQ, "ambiguous-id", text,
		  "container \"%.64s\": %zu ids begin with it: %s%s", text, all->count, list,
		  all->count > CANDIDATES ? " …" : "");
	error_hint(err, "give more digits of the id, or the name");
	return -ENOTUNIQ;
}

static int find_by_prefix(const struct state_store *store, const char *text,
			  struct state_container **ret, struct rootlet_error *err)
{
	struct candidates all = {.count = 0};
	int r;

	if (strspn(text, "0123456789abcdef") != strlen(text) || strlen(text) > STATE_ID_LENGTH)
		return 0;
	if (state_is_id(text))
		return open_by_id(store, text, ret, err);
	r = collect(store, text, &all, err);
	if (r || !all.count)
		return r;
	return all.count > 1 ? ambiguous(store, text, &all, err)
			     : open_by_id(store, all.ids[0], ret, err);
}

/* ---- what the caller typed ---- */

static int check_form(const char *text, struct rootlet_error *err)
{
	if (state_is_id(text))
		return 0;
	return state_name_check(text, err);
}

int state_find(const struct state_store *store, const char *text, unsigned flags,
	       struct state_container **ret, struct rootlet_error *err)
{
	AUTO_CONTAINER c = NULL;
	int r = check_form(text, err);

	*ret = NULL;
	if (r)
		return r;
	if (store->containers < 0)
		return state_gone(err, text);
	r = find_by_name(store, text, &c, err);
	if (!r && !c)
		r = find_by_prefix(store, text, &c, err);
	if (r)
		return r;
	if (!c)
		return state_gone(err, text);
	if (c->broken && !(flags & STATE_FIND_BROKEN)) {
		if (err)
			*err = *c->broken;
		return c->broken->code;
	}
	*ret = c;
	c = NULL;
	return 0;
}

/* ---- all ---- */

/* *ret stays NULL when it vanished or is not wanted. */
static int read_one(const struct state_store *store, const char *id, unsigned flags,
		    struct state_patience *patience, struct arena *arena,
		    struct state_container **ret)
{
	AUTO_FD folder = state_open_folder(store->containers, id);
	AUTO_CONTAINER c = NULL;
	int r;

	if (folder == -ENOENT)
		return 0;
	c = state_new(store, id, arena);
	if (!c)
		return -ENOMEM;
	r = folder < 0 ? no_folder(c, folder)
		       : state_read_all(c, folder, flags | STATE_LISTED, patience);
	if (r)
		return r;
	if (c->broken && folder >= 0 && !state_same_folder(store->containers, id, folder))
		return 0;
	if ((flags & STATE_LIST_LIVE) && !state_alive(c) && !c->broken)
		return 0;
	*ret = c;
	c = NULL;
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct state_container *x = *(struct state_container *const *)a;
	const struct state_container *y = *(struct state_container *const *)b;

	if (x->record.created != y->record.created)
		return x->record.created < y->record.created ? 1 : -1;
	return strcmp(x->id, y->id);
}

static int read_entries(const struct state_store *store, unsigned flags, struct state_list *list,
			struct rootlet_error *err)
{
	AUTO_ENTRIES *entries = state_open_entries(store->containers);
	struct state_patience patience = {0};
	struct dirent *entry;

	if (!entries)
		return state_failed(err, -errno, "read %s/containers", store->path);
	while ((entry = readdir(entries))) {
		struct state_container *c = NULL;

		if (!state_is_id(entry->d_name))
			continue;
		if (arena_grow(&list->arena, &list->items, list->count,
			       sizeof(struct state_container *)) < 0 ||
		    read_one(store, entry->d_name, flags, &patience, &list->arena, &c) < 0)
			return error_nomem(err);
		if (c)
			list->items[list->count++] = c;
	}
	return 0;
}

int state_list(const struct state_store *store, unsigned flags, struct state_list *ret,
	       struct rootlet_error *err)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	if (store->containers < 0)
		return 0;
	r = read_entries(store, flags, ret, err);
	if (r)
		state_list_release(ret);
	else if (ret->count)
		qsort(ret->items, ret->count, sizeof(struct state_container *), newest_first);
	return r;
}

void state_list_release(struct state_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		state_free(list->items[i]);
	arena_release(&list->arena);
	memset(list, 0, sizeof(*list));
}
