/* The public façade: a container as JSON. The keys are documented in docs/man/rootlet-inspect.1.scd
 * and stay what they are. */
#include "lib/handles.h"

#include "life/life.h"
#include "life/usage.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static json_object *text(const char *value)
{
	return value && *value ? json_object_new_string(value) : NULL;
}

static json_object *number(int64_t value, bool known)
{
	return known ? json_object_new_int64(value) : NULL;
}

static json_object *stamp(int64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char day[32], whole[48];
	struct tm tm;

	if (!ns)
		return NULL;
	gmtime_r(&seconds, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(whole, sizeof(whole), "%s.%09" PRId64 "Z", day, ns % 1000000000);
	return json_object_new_string(whole);
}

static json_object *strings(const char *const *items, size_t count)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < count; i++)
		json_object_array_add(array, json_object_new_string(items[i]));
	return array;
}

static json_object *make_state(const rootlet_container_info *i)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "status", text(i->status));
	json_object_object_add(o, "alive", json_object_new_boolean(i->alive));
	json_object_object_add(o, "lost", json_object_new_boolean(i->lost));
	json_object_object_add(o, "pid", number(i->pid, i->alive && i->pid > 0));
	json_object_object_add(o, "monitor_pid", number(i->monitor, i->alive && i->monitor > 0));
	json_object_object_add(o, "started", stamp(i->started));
	json_object_object_add(o, "finished", stamp(i->finished));
	json_object_object_add(o, "exit_status", number(i->exit_status, i->has_exit));
	json_object_object_add(o, "exit_signal",
			       number(i->exit_signal, i->has_exit && i->exit_signal));
	json_object_object_add(o, "timed_out", json_object_new_boolean(i->timed_out));
	json_object_object_add(o, "oom_killed", json_object_new_boolean(i->oom_killed));
	return o;
}

static json_object *make_namespaces(const rootlet_container_info *info)
{
	json_object *o = json_object_new_object();

	for (int i = 0; i < STATE_NAMESPACES; i++) {
		char path[32];
		struct stat st;
		json_object *row = json_object_new_object();
		uint64_t inode = info->namespaces[i];

		snprintf(path, sizeof(path), "/proc/self/ns/%s", state_namespace_names[i]);
		json_object_object_add(row, "inode", number((int64_t)inode, inode != 0));
		json_object_object_add(row, "shared_with_caller",
				       inode && stat(path, &st) == 0
					       ? json_object_new_boolean(st.st_ino == inode)
					       : NULL);
		json_object_object_add(o, state_namespace_names[i], row);
	}
	return o;
}

/* Ids as we count them. NULL when there is no map to be read. */
static json_object *make_map(int pid, const char *file)
{
	json_object *array = NULL;
	struct idmap map = {0};
	struct arena arena;

	arena_init(&arena);
	life_read_map(&arena, pid, file, &map);
	if (map.count)
		array = json_object_new_array();
	for (size_t i = 0; i < map.count; i++) {
		const struct id_extent *e = &map.extents[i];
		json_object *row = json_object_new_object();

		json_object_object_add(row, "container_id", json_object_new_int64(e->inside));
		json_object_object_add(row, "host_id", json_object_new_int64(e->outside));
		json_object_object_add(row, "size", json_object_new_int64(e->count));
		json_object_array_add(array, row);
	}
	arena_release(&arena);
	return array;
}

static json_object *make_ids(const rootlet_container_info *info)
{
	json_object *o = json_object_new_object();
	bool known = info->alive && info->pid > 0;

	json_object_object_add(o, "uid_map", known ? make_map(info->pid, "uid_map") : NULL);
	json_object_object_add(o, "gid_map", known ? make_map(info->pid, "gid_map") : NULL);
	return o;
}

static json_object *make_options(const rootlet_container_info *i)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "tty", json_object_new_boolean(i->tty));
	json_object_object_add(o, "interactive", json_object_new_boolean(i->interactive));
	json_object_object_add(o, "detached", json_object_new_boolean(i->detached));
	json_object_object_add(o, "remove", json_object_new_boolean(i->remove));
	return o;
}

/* What its cgroup allows now; a limit that is not set is null. */
static json_object *make_limits(const rootlet_container_info *info)
{
	struct usage u;
	json_object *o;
	bool cpus;

	if (!info->alive || !info->cgroup || usage_read(info->cgroup, USAGE_LIMITS, &u) < 0)
		return NULL;
	o = json_object_new_object();
	cpus = u.cpu_quota != USAGE_NONE && u.cpu_period != USAGE_NONE && u.cpu_period;
	json_object_object_add(o, "memory_bytes",
			       number((int64_t)u.memory_limit, u.memory_limit != USAGE_NONE));
	json_object_object_add(o, "swap_bytes",
			       number((int64_t)u.swap_limit, u.swap_limit != USAGE_NONE));
	json_object_object_add(
		o, "cpus",
		cpus ? json_object_new_double((double)u.cpu_quota / (double)u.cpu_period) : NULL);
	json_object_object_add(o, "pids",
			       number((int64_t)u.pids_limit, u.pids_limit != USAGE_NONE));
	usage_release(&u);
	return o;
}

static json_object *make_files(const rootlet_container *handle)
{
	const struct state_container *c = handle->container;
	json_object *o = json_object_new_object();
	char path[sizeof(c->store->path) + STATE_ID_LENGTH + 32];

	snprintf(path, sizeof(path), "%s/containers/%s", c->store->path, c->id);
	json_object_object_add(o, "folder", json_object_new_string(path));
	json_object_object_add(o, "cgroup", text(c->has_process ? c->process.cgroup : NULL));
	return o;
}

int rootlet_container_inspect(const rootlet_container *container, char **ret_json,
			      rootlet_error *err)
{
	json_object *o = json_object_new_object();
	rootlet_container_info i;
	const char *json;
	char *copy;

	rootlet_container_get(container, &i);
	json_object_object_add(o, "id", text(i.id));
	json_object_object_add(o, "name", text(i.name));
	json_object_object_add(o, "created", stamp(i.created));
	json_object_object_add(o, "version", text(i.version));
	json_object_object_add(o, "broken", text(i.broken));
	json_object_object_add(o, "state", make_state(&i));
	json_object_object_add(o, "root", text(i.root));
	json_object_object_add(o, "command", strings(i.command, i.command_count));
	json_object_object_add(o, "options", make_options(&i));
	json_object_object_add(o, "command_line", strings(i.words, i.word_count));
	json_object_object_add(o, "working_directory", text(i.cwd));
	json_object_object_add(o, "plan_digest", text(i.plan_digest));
	json_object_object_add(o, "notes", strings(i.notes, i.note_count));
	json_object_object_add(o, "namespaces", make_namespaces(&i));
	json_object_object_add(o, "ids", make_ids(&i));
	json_object_object_add(o, "limits", make_limits(&i));
	json_object_object_add(o, "files", make_files(container));
	json = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
							 JSON_C_TO_STRING_NOSLASHESCAPE);
	copy = json ? strdup(json) : NULL;
	json_object_put(o);
	if (!copy)
		return error_nomem(err);
	*ret_json = copy;
	return 0;
}
