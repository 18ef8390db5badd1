/* The public façade: OCI containers. Composes rooms; decides nothing. */
#include "lib/bundle_handle.h"

#include "base/buffer.h"
#include "bundle/bundle.h"
#include "lib/handles.h"
#include "life/bundle.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/capability.h>

struct rootlet_bundles {
	struct bundle_store store;
};

struct rootlet_bundle_list {
	struct bundle_list list;
	rootlet_bundle *items;
};

int rootlet_bundles_open(const char *root, bool make, rootlet_bundles **ret, rootlet_error *err)
{
	rootlet_bundles *handle = calloc(1, sizeof(*handle));
	int r;

	if (!handle)
		return error_nomem(err);
	r = bundle_store_open(root, getenv("XDG_RUNTIME_DIR"), make, &handle->store, err);
	if (r < 0) {
		free(handle);
		return r;
	}
	*ret = handle;
	return 0;
}

void rootlet_bundles_free(rootlet_bundles *bundles)
{
	if (!bundles)
		return;
	bundle_store_close(&bundles->store);
	free(bundles);
}

static struct life_warn warn_of(const rootlet_warnings *w)
{
	return w ? (struct life_warn){w->say, w->data} : (struct life_warn){0};
}

static struct life_bundle_options options_of(const rootlet_bundle_options *o)
{
	return (struct life_bundle_options){
		.bundle = o->bundle,
		.config = o->config,
		.pid_file = o->pid_file,
		.console_socket = o->console_socket,
		.pidfd_socket = o->pidfd_socket,
		.preserve_fds = o->preserve_fds,
		.listen_fds = o->listen_fds,
		.systemd_cgroup = o->systemd_cgroup,
		.no_cgroup = o->no_cgroup,
		.no_pivot = o->no_pivot,
		.no_new_keyring = o->no_new_keyring,
		.notify_socket = o->notify_socket,
		.warn = warn_of(&o->warnings),
	};
}

/* What is preserved would be the state itself, handed into the container. */
static int check_preserved(int own, unsigned count, rootlet_error *err)
{
	if (own < 3 || (unsigned)own - 3 >= count)
		return 0;
	error_set(err, -EBADF, "preserve-fds", "preserve_fds",
		  "preserve_fds: descriptor %d is the open state's own", own);
	error_hint(err, "open the descriptors to preserve before the state");
	return -EBADF;
}

int rootlet_bundle_create(const rootlet_bundles *bundles, const char *id,
			  const rootlet_bundle_options *options, rootlet_error *err)
{
	const struct life_bundle_options o = options_of(options);
	int r = check_preserved(bundles->store.fd, o.preserve_fds + o.listen_fds, err);

	return r < 0 ? r : life_bundle_create(&bundles->store, id, &o, NULL, err);
}

int rootlet_bundle_plan(const char *id, const rootlet_bundle_options *options, const char *facts,
			rootlet_plan **ret, rootlet_error *err)
{
	const struct life_bundle_options o = options_of(options);
	rootlet_plan *handle = malloc(sizeof(*handle));
	int r;

	if (!handle)
		return error_nomem(err);
	r = life_bundle_plan(id, &o, facts, &handle->plan, err);
	if (r < 0)
		free(handle);
	else
		*ret = handle;
	return r;
}

int rootlet_bundle_run(const rootlet_bundles *bundles, const char *id,
		       const rootlet_bundle_options *options, bool keep, int *ret_status,
		       rootlet_error *err)
{
	const struct life_bundle_options o = options_of(options);
	int r = check_preserved(bundles->store.fd, o.preserve_fds + o.listen_fds, err);

	return r < 0 ? r : life_bundle_run(&bundles->store, id, &o, keep, ret_status, err);
}

/* ---- found ---- */

/* Looked at when it is asked for: who acts on it looks under its lock. */
static rootlet_bundle *seen(const rootlet_bundle *handle)
{
	rootlet_bundle *mine = (rootlet_bundle *)(uintptr_t)handle; /* a cache */

	bundle_see(mine->bundle);
	if (!*mine->created)
		bundle_time_text(mine->bundle->record.created, mine->created);
	return mine;
}

/* Of the passwd file alone: the command is static and loads no name service. */
static const char *owner_name(const rootlet_bundle *handle)
{
	rootlet_bundle *mine = (rootlet_bundle *)(uintptr_t)handle; /* a cache */
	uint32_t uid = handle->bundle->record.owner;
	struct passwd entry, *found = NULL;
	char room[4096];
	FILE *file;

	if (*mine->owner)
		return mine->owner;
	file = fopen("/etc/passwd", "re");
	snprintf(mine->owner, sizeof(mine->owner), "#%u", uid);
	while (file && fgetpwent_r(file, &entry, room, sizeof(room), &found) == 0)
		if (found->pw_uid == uid) {
			snprintf(mine->owner, sizeof(mine->owner), "%s", found->pw_name);
			break;
		}
	if (file)
		fclose(file);
	return mine->owner;
}

int rootlet_bundle_find(const rootlet_bundles *bundles, const char *id, rootlet_bundle **ret,
			rootlet_error *err)
{
	rootlet_bundle *handle = calloc(1, sizeof(*handle));
	int r;

	if (!handle)
		return error_nomem(err);
	r = bundle_find(&bundles->store, id, &handle->bundle, err);
	if (r < 0) {
		free(handle);
		return r;
	}
	*ret = handle;
	return 0;
}

void rootlet_bundle_free(rootlet_bundle *bundle)
{
	if (!bundle)
		return;
	bundle_free(bundle->bundle);
	free(bundle);
}

void rootlet_bundle_get(const rootlet_bundle *handle, rootlet_bundle_info *ret)
{
	const struct bundle *b = seen(handle)->bundle;

	*ret = (rootlet_bundle_info){
		.id = b->id,
		.status = bundle_status_name(b->status),
		.pid = b->status == BUNDLE_STOPPED ? 0 : (int)b->record.process.pid,
		.bundle = b->record.path ? b->record.path : "",
		.created = handle->created,
		.owner = owner_name(handle),
		.cgroup = b->record.cgroup,
	};
}

int rootlet_bundle_state(const rootlet_bundle *handle, bool pretty, char **ret_json,
			 rootlet_error *err)
{
	AUTO_BUFFER b = {0};

	if (bundle_state_json(seen(handle)->bundle, owner_name(handle), pretty, &b) < 0)
		return error_nomem(err);
	*ret_json = b.data;
	b.data = NULL;
	return 0;
}

int rootlet_bundle_processes(const rootlet_bundle *handle, int **ret_pids, size_t *ret_count,
			     rootlet_error *err)
{
	_Static_assert(sizeof(pid_t) == sizeof(int), "pids are ints");
	return life_bundle_pids(seen(handle)->bundle, ret_pids, ret_count, err);
}

static void warn_of_broken(void *data, const struct rootlet_error *err)
{
	const rootlet_warnings *w = data;
	char text[sizeof(err->message) + sizeof(err->hint) + 2];

	if (!w || !w->say)
		return;
	snprintf(text, sizeof(text), "%s%s%s", err->message, *err->hint ? "; " : "", err->hint);
	w->say(w->data, text);
}

int rootlet_bundle_list_make(const rootlet_bundles *bundles, const rootlet_warnings *warnings,
			     rootlet_bundle_list **ret, rootlet_error *err)
{
	rootlet_bundle_list *handle = calloc(1, sizeof(*handle));
	int r;

	if (!handle)
		return error_nomem(err);
	r = bundle_list(&bundles->store, warn_of_broken, (void *)(uintptr_t)warnings, &handle->list,
			err);
	if (r == 0) {
		handle->items = calloc(handle->list.count + 1, sizeof(*handle->items));
		r = handle->items ? 0 : error_nomem(err);
	}
	if (r < 0) {
		rootlet_bundle_list_free(handle);
		return r;
	}
	for (size_t i = 0; i < handle->list.count; i++)
		handle->items[i].bundle = handle->list.items[i];
	*ret = handle;
	return 0;
}

size_t rootlet_bundle_list_count(const rootlet_bundle_list *list)
{
	return list->list.count;
}

const rootlet_bundle *rootlet_bundle_list_get(const rootlet_bundle_list *list, size_t index)
{
	return index < list->list.count ? &list->items[index] : NULL;
}

void rootlet_bundle_list_free(rootlet_bundle_list *list)
{
	if (!list)
		return;
	bundle_list_release(&list->list);
	free(list->items);
	free(list);
}

/* ---- acting ---- */

int rootlet_bundle_start(rootlet_bundle *handle, const rootlet_warnings *warnings,
			 rootlet_error *err)
{
	const struct life_warn warn = warn_of(warnings);

	return life_bundle_start(handle->bundle, &warn, err);
}

int rootlet_bundle_kill(rootlet_bundle *handle, int signal, bool all, rootlet_error *err)
{
	return life_bundle_kill(handle->bundle, signal, all, err);
}

int rootlet_bundle_delete(rootlet_bundle *handle, bool force, const rootlet_warnings *warnings,
			  rootlet_error *err)
{
	const struct life_warn warn = warn_of(warnings);

	return life_bundle_delete(handle->bundle, force, &warn, err);
}

int rootlet_bundle_clear(const rootlet_bundles *bundles, const char *id,
			 const rootlet_warnings *warnings, rootlet_error *err)
{
	const struct life_warn warn = warn_of(warnings);
	AUTO_BUNDLE b = NULL;
	int r = bundle_find(&bundles->store, id, &b, err);

	/* -EINVAL: no id. Whatever else it is: there is a folder, and it cannot be read. */
	if (r < 0 && r != -ENOENT && r != -EINVAL && r != -ENOMEM)
		r = bundle_find_broken(&bundles->store, id, &b, err);
	if (r == 0)
		r = life_bundle_delete(b, true, &warn, err);
	return r == -ENOENT ? 0 : r;
}

static int capabilities_of(const char *const *names, uint64_t *ret, rootlet_error *err)
{
	*ret = 0;
	for (; names && *names; names++) {
		cap_value_t bit;

		if (cap_from_name(*names, &bit) < 0 || bit < 0 || bit > 63) {
			error_set(err, -EINVAL, "capability-unknown", *names,
				  "--cap %s: there is no such capability", *names);
			error_hint(err, "capabilities(7) has their names, such as CAP_NET_ADMIN");
			return -EINVAL;
		}
		*ret |= UINT64_C(1) << bit;
	}
	return 0;
}

int rootlet_bundle_exec(rootlet_bundle *handle, const rootlet_bundle_exec_options *o,
			int *ret_status, rootlet_error *err)
{
	struct life_bundle_exec e = {
		.process = o->process,
		.args = o->args,
		.env = o->env,
		.cwd = o->cwd,
		.has_user = o->has_user,
		.uid = o->uid,
		.gid = o->gid,
		.gids = o->gids,
		.gid_count = o->gid_count,
		.tty = o->tty,
		.no_new_privileges = o->no_new_privileges,
		.detach = o->detach,
		.ignore_paused = o->ignore_paused,
		.apparmor = o->apparmor,
		.cgroup = o->cgroup,
		.pidfd_socket = o->pidfd_socket,
		.label = o->label,
		.pid_file = o->pid_file,
		.console_socket = o->console_socket,
		.preserve_fds = o->preserve_fds,
		.warn = warn_of(&o->warnings),
	};
	int r = check_preserved(handle->bundle->store->fd, o->preserve_fds, err);

	if (r == 0)
		r = check_preserved(handle->bundle->folder, o->preserve_fds, err);
	if (r == 0)
		r = capabilities_of(o->capabilities, &e.capabilities, err);
	return r < 0 ? r : life_bundle_exec_wait(handle->bundle, &e, ret_status, err);
}
