/* The public façade: the store and its containers, to be looked at. Composes rooms; decides
 * nothing. */
#include "lib/handles.h"

#include "life/life.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int rootlet_store_open(const char *state_dir, bool make, rootlet_store **ret, rootlet_error *err)
{
	struct state_places places = {.state_dir = state_dir,
				      .runtime_dir = getenv("XDG_RUNTIME_DIR")};
	rootlet_store *handle = calloc(1, sizeof(*handle));
	int r;

	if (!handle)
		return error_nomem(err);
	r = state_store_open(&places, make, &handle->store, err);
	if (r < 0) {
		free(handle);
		return r;
	}
	*ret = handle;
	return 0;
}

void rootlet_store_free(rootlet_store *store)
{
	if (!store)
		return;
	state_store_close(&store->store);
	free(store);
}

const char *rootlet_store_note(const rootlet_store *store)
{
	return *store->store.note ? store->store.note : NULL;
}

const char *rootlet_store_path(const rootlet_store *store)
{
	return store->store.path;
}

int rootlet_store_sweep(const rootlet_store *store, size_t *ret_count, rootlet_error *err)
{
	int r = state_sweep(&store->store, ret_count, err);

	return r < 0 ? r : state_sweep_names(&store->store, err);
}

/* ---- one ---- */

int rootlet_container_find(const rootlet_store *store, const char *text, bool broken,
			   rootlet_container **ret, rootlet_error *err)
{
	rootlet_container *handle = calloc(1, sizeof(*handle));
	int r;

	if (!handle)
		return error_nomem(err);
	r = state_find(&store->store, text, broken ? STATE_FIND_BROKEN : 0, &handle->container,
		       err);
	if (r < 0) {
		free(handle);
		return r;
	}
	*ret = handle;
	return 0;
}

void rootlet_container_free(rootlet_container *container)
{
	if (!container)
		return;
	state_free(container->container);
	free(container);
}

int rootlet_container_refresh(rootlet_container *container, rootlet_error *err)
{
	return state_refresh(container->container, err);
}

int rootlet_container_folder(const rootlet_container *container)
{
	return container->container->folder;
}

static void get_record(const struct state_record *r, rootlet_container_info *ret)
{
	static const char keys[] = "--detach-keys=";

	ret->root = r->root;
	ret->command = r->command.items;
	ret->command_count = r->command.count;
	ret->words = r->words.items;
	ret->word_count = r->words.count;
	ret->cwd = r->cwd;
	ret->version = r->version;
	ret->plan_digest = r->plan_digest;
	ret->notes = r->notes.items;
	ret->note_count = r->notes.count;
	ret->tty = r->tty;
	ret->interactive = r->interactive;
	ret->detached = r->detached;
	ret->remove = r->remove;
	ret->created = r->created;
	ret->detach_keys = NULL;
	for (size_t i = 0; i < r->words.count; i++)
		if (strncmp(r->words.items[i], keys, sizeof(keys) - 1) == 0)
			ret->detach_keys = r->words.items[i] + sizeof(keys) - 1;
}

void rootlet_container_get(const rootlet_container *handle, rootlet_container_info *ret)
{
	const struct state_container *c = handle->container;

	*ret = (rootlet_container_info){
		.id = c->id,
		.name = c->name,
		.status = state_status_name(c->status),
		.alive = state_alive(c),
		.lost = c->lost,
		.broken = c->broken ? c->broken->message : NULL,
	};
	get_record(&c->record, ret);
	if (c->has_process) {
		ret->pid = c->process.pid;
		ret->monitor = c->process.monitor;
		ret->started = c->process.started;
		ret->cgroup = c->process.cgroup;
		for (int t = 0; t < STATE_NAMESPACES; t++)
			ret->namespaces[t] = c->process.namespaces[t];
	}
	if (c->has_exit) {
		ret->has_exit = true;
		ret->exit_status = c->exit.status;
		ret->exit_signal = c->exit.signal;
		ret->finished = c->exit.finished;
		ret->timed_out = c->exit.timed_out;
		ret->oom_killed = c->exit.oom_killed;
	}
}

/* ---- many ---- */

struct rootlet_list {
	struct state_list list;
	rootlet_container *handles;
};

/* One that was to go with its end, and whose supervisor was killed before it could see to that. */
static bool is_litter(const struct state_container *c)
{
	return c->record.remove && c->lost && !c->broken;
}

static void clear_away(const rootlet_store *store, struct state_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		AUTO_CONTAINER c = NULL;

		if (is_litter(list->items[i]) &&
		    state_find(&store->store, list->items[i]->id, 0, &c, NULL) == 0 &&
		    is_litter(c) && life_remove(c, false, NULL) == 0)
			state_free(list->items[i]);
		else
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

int rootlet_container_list(const rootlet_store *store, bool all, rootlet_list **ret,
			   rootlet_error *err)
{
	rootlet_list *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return error_nomem(err);
	r = state_list(&store->store, STATE_LIST_BRIEF | (all ? 0 : STATE_LIST_LIVE), &l->list,
		       err);
	if (r == 0) {
		clear_away(store, &l->list);
		l->handles = calloc(l->list.count + 1, sizeof(*l->handles));
		r = l->handles ? 0 : error_nomem(err);
	}
	if (r < 0) {
		rootlet_list_free(l);
		return r;
	}
	for (size_t i = 0; i < l->list.count; i++)
		l->handles[i].container = l->list.items[i];
	*ret = l;
	return 0;
}

size_t rootlet_list_count(const rootlet_list *list)
{
	return list->list.count;
}

const rootlet_container *rootlet_list_get(const rootlet_list *list, size_t index)
{
	return index < list->list.count ? &list->handles[index] : NULL;
}

void rootlet_list_free(rootlet_list *list)
{
	if (!list)
		return;
	state_list_release(&list->list);
	free(list->handles);
	free(list);
}
