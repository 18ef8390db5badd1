/* The three files, read strictly: bounded, of a known version, every type checked, the id that of
 * the folder. What is wrong is named by file and JSON pointer (RFC 6901). Unknown keys are passed
 * over. */
#include "state/private.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	STATE_JSON_VERSION = 1,
	DEPTH = 16,
	STRINGS_MAX = 65536, /* of an array: a bound on what a forged file can cost */
	PID_LIMIT = 1 << 22, /* PID_MAX_LIMIT of linux/threads.h */
};

struct loader {
	struct state_container *container;
	const char *file;
	struct json_object *root;
	struct rootlet_error *err;
};

static int nomem(struct loader *l)
{
	return error_nomem(l->err);
}

static int corrupt(struct loader *l, const char *pointer, const char *why)
{
	struct state_container *c = l->container;

	error_set(l->err, -EBADMSG, "state-corrupt", pointer,
		  "read the state of container %.12s: %s/containers/%s/%s%s%s %s", c->id,
		  c->store->path, c->id, l->file, *pointer ? ": " : "", pointer, why);
	error_hint(l->err,
		   "the file was changed by hand or by another program; "
		   "`rootlet rm -f %.12s` clears the container away",
		   c->id);
	return -EBADMSG;
}

/* ---- values: absent is as wrong as of another type ---- */

static struct json_object *member(struct loader *l, const char *key)
{
	return json_object_object_get(l->root, key);
}

static int wanted(struct loader *l, const char *key, const char *what)
{
	char pointer[64], why[96];

	snprintf(pointer, sizeof(pointer), "/%s", key);
	snprintf(why, sizeof(why), "must be %s", what);
	return corrupt(l, pointer, why);
}

static bool in_range(struct json_object *value, uint64_t min, uint64_t max)
{
	return json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= 0 &&
	       json_object_get_uint64(value) >= min && json_object_get_uint64(value) <= max;
}

static int load_u64(struct loader *l, const char *key, uint64_t min, uint64_t max, uint64_t *ret)
{
	struct json_object *value = member(l, key);
	char what[72];

	if (in_range(value, min, max)) {
		*ret = json_object_get_uint64(value);
		return 0;
	}
	snprintf(what, sizeof(what), "a whole number from %ju to %ju", (uintmax_t)min,
		 (uintmax_t)max);
	return wanted(l, key, what);
}

static int load_int(struct loader *l, const char *key, int min, int max, int *ret)
{
	uint64_t value = 0;
	int r = load_u64(l, key, (uint64_t)min, (uint64_t)max, &value);

	*ret = (int)value;
	return r;
}

static int load_time(struct loader *l, const char *key, int64_t *ret)
{
	uint64_t value = 0;
	int r = load_u64(l, key, 0, INT64_MAX, &value);

	*ret = (int64_t)value;
	return r;
}

static int load_bool(struct loader *l, const char *key, bool *ret)
{
	struct json_object *value = member(l, key);

	if (!json_object_is_type(value, json_type_boolean))
		return wanted(l, key, "true or false");
	*ret = json_object_get_boolean(value);
	return 0;
}

/* NULL when it is no string, or holds a zero byte, which would hide what follows it. */
static const char *plain_text(struct json_object *value)
{
	const char *text =
		json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;

	return text && strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

static int copy_text(struct loader *l, const char *text, const char **ret)
{
	*ret = arena_strdup(l->container->arena, text);
	return *ret ? 0 : nomem(l);
}

static int load_text(struct loader *l, const char *key, const char **ret)
{
	struct json_object *value = NULL;
	const char *text;

	*ret = NULL;
	if (json_object_object_get_ex(l->root, key, &value) && !value)
		return 0;
	text = plain_text(value);
	return text ? copy_text(l, text, ret) : wanted(l, key, "a string or null");
}

static int load_strings(struct loader *l, const char *key, struct state_strings *ret)
{
	struct json_object *value = member(l, key);
	const char **items;
	size_t count;

	if (!json_object_is_type(value, json_type_array))
		return wanted(l, key, "an array of strings");
	count = json_object_array_length(value);
	if (count > STRINGS_MAX)
		return wanted(l, key, "an array of at most 65536 strings");
	items = arena_alloc(l->container->arena, (count + 1) * sizeof(*items));
	if (!items)
		return nomem(l);
	for (size_t i = 0; i < count; i++) {
		const char *text = plain_text(json_object_array_get_idx(value, i));
		char pointer[48];

		if (!text) {
			snprintf(pointer, sizeof(pointer), "%s/%zu", key, i);
			return wanted(l, pointer, "a string");
		}
		if (copy_text(l, text, &items[i]) < 0)
			return nomem(l);
	}
	ret->items = items;
	ret->count = count;
	return 0;
}

/* ---- a file ---- */

static int parse(struct loader *l, const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH);
	enum json_tokener_error error;
	char why[160];
	size_t end;

	if (!tokener)
		return nomem(l);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	l->root = json_tokener_parse_ex(tokener, text, (int)len);
	error = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (error == json_tokener_continue || !len)
		return corrupt(l, "", "ends too early");
	if (error != json_tokener_success) {
		snprintf(why, sizeof(why), "is no JSON at byte %zu: %s", end,
			 json_tokener_error_desc(error));
		return corrupt(l, "", why);
	}
	if (end < len) /* a zero byte, which the tokener takes for the end */
		return corrupt(l, "", "goes on after the closing brace");
	return json_object_is_type(l->root, json_type_object) ? 0
							      : corrupt(l, "", "is no JSON object");
}

static int check_head(struct loader *l, bool with_id)
{
	struct json_object *version = member(l, "version");
	const char *id;

	if (!in_range(version, 1, INT32_MAX))
		return wanted(l, "version", "a whole number from 1");
	if (json_object_get_uint64(version) != STATE_JSON_VERSION)
		return corrupt(l, "/version", "is of another rootlet than this one, which knows 1");
	id = with_id ? plain_text(member(l, "id")) : NULL;
	if (with_id && (!id || strcmp(id, l->container->id) != 0))
		return wanted(l, "id", "the name of its folder");
	return 0;
}

/* Fills l->root, which the caller puts back whatever is returned. */
static int open_file(struct loader *l, int folder, size_t limit, bool with_id)
{
	struct state_text text; /* 16 KiB: not cleared for nothing */
	char why[96];
	int r;

	text.limit = limit;
	text.data = text.near;
	text.heap = NULL;
	text.size = sizeof(text.near);
	r = state_read_file(folder, l->file, &text);
	if (!r)
		r = parse(l, text.data, text.len);
	if (!r)
		r = check_head(l, with_id);
	free(text.heap);
	if (r == -ENOENT || r == 0 || r == -EBADMSG)
		return r;
	if (r == -ENOMEM)
		return nomem(l);
	if (r == -EFBIG) {
		snprintf(why, sizeof(why), "is longer than %zu bytes", limit);
		return corrupt(l, "", why);
	}
	if (r == -ELOOP || r == -EISDIR || r == -EINVAL || r == -ENXIO || r == -EAGAIN)
		return corrupt(l, "", "is no regular file");
	return state_failed(l->err, r, "read %s of container %.12s", l->file, l->container->id);
}

/* ---- container.json ---- */

static int load_flags(struct loader *l, struct state_record *record)
{
	int r = load_bool(l, "tty", &record->tty);

	if (!r)
		r = load_bool(l, "interactive", &record->interactive);
	if (!r)
		r = load_bool(l, "detached", &record->detached);
	if (!r)
		r = load_bool(l, "remove", &record->remove);
	return r ? r : load_int(l, "stopSignal", 1, 64, &record->stop_signal);
}

static int load_long(struct loader *l, struct state_record *record)
{
	int r = load_strings(l, "words", &record->words);

	return r ? r : load_strings(l, "notes", &record->notes);
}

int state_load_record(struct state_container *c, int folder, unsigned list_flags,
		      struct rootlet_error *err)
{
	struct loader l = {.container = c, .file = RECORD_FILE, .err = err};
	struct state_record *record = &c->record;
	int r = open_file(&l, folder, RECORD_LIMIT, true);

	if (!r)
		r = load_text(&l, "rootlet", &record->version);
	if (!r)
		r = load_time(&l, "created", &record->created);
	if (!r)
		r = load_text(&l, "cwd", &record->cwd);
	if (!r)
		r = load_text(&l, "root", &record->root);
	if (!r)
		r = load_strings(&l, "command", &record->command);
	if (!r && !(list_flags & STATE_LIST_BRIEF))
		r = load_long(&l, record);
	if (!r)
		r = load_text(&l, "planDigest", &record->plan_digest);
	if (!r)
		r = load_flags(&l, record);
	json_object_put(l.root);
	if (r == -ENOENT)
		return corrupt(&l, "", "is missing");
	return r;
}

/* ---- process.json ---- */

static int load_namespaces(struct loader *l, uint64_t inodes[static STATE_NAMESPACES])
{
	struct loader in = *l;

	in.root = member(l, "namespaces");
	if (!json_object_is_type(in.root, json_type_object))
		return wanted(l, "namespaces", "an object");
	for (int i = 0; i < STATE_NAMESPACES; i++) {
		struct json_object *value = member(&in, state_namespace_names[i]);
		char key[48];

		if (!in_range(value, 0, UINT64_MAX)) {
			snprintf(key, sizeof(key), "namespaces/%s", state_namespace_names[i]);
			return wanted(l, key, "a whole number");
		}
		inodes[i] = json_object_get_uint64(value);
	}
	return 0;
}

static int load_monitor(struct loader *l, struct state_process *process)
{
	int r = load_int(l, "monitor", 0, PID_LIMIT, &process->monitor);

	if (!r && process->monitor == 1)
		r = wanted(l, "monitor", "0, or greater than 1");
	return r ? r : load_u64(l, "monitorStartTime", 0, UINT64_MAX, &process->monitor_start_time);
}

static int load_boot(struct loader *l, struct state_process *process)
{
	const char *text = NULL;
	int r = load_u64(l, "pidfdInode", 0, UINT64_MAX, &process->pidfd_inode);

	if (!r)
		r = load_text(l, "boot", &text);
	if (!r && text && strlen(text) != STATE_BOOT_LENGTH)
		return wanted(l, "boot", "a boot id of 36 characters, or null");
	if (!r && text)
		memcpy(process->boot, text, sizeof(process->boot));
	return r;
}

static int load_directory(struct loader *l, const char *key, const char **ret)
{
	int r = load_text(l, key, ret);

	if (!r && *ret && ((*ret)[0] != '/' || strstr(*ret, "/..")))
		r = wanted(l, key, "an absolute path, or null");
	return r;
}

/* Records of before there were limits have the first alone. */
static int load_cgroup(struct loader *l, struct state_process *ret)
{
	int r = load_directory(l, "cgroup", &ret->cgroup);

	if (!r && member(l, "cgroupLeft"))
		r = load_directory(l, "cgroupLeft", &ret->cgroup_left);
	if (!r && member(l, "cgroupLevels"))
		r = load_int(l, "cgroupLevels", 0, 64, &ret->cgroup_levels);
	return r;
}

int state_load_process(struct state_container *c, int folder, struct state_process *ret,
		       struct rootlet_error *err)
{
	struct loader l = {.container = c, .file = PROCESS_FILE, .err = err};
	int r = open_file(&l, folder, SMALL_LIMIT, true);

	memset(ret, 0, sizeof(*ret));
	if (!r)
		r = load_int(&l, "pid", 2, PID_LIMIT, &ret->pid);
	if (!r)
		r = load_u64(&l, "startTime", 1, UINT64_MAX, &ret->start_time);
	if (!r)
		r = load_namespaces(&l, ret->namespaces);
	if (!r)
		r = load_boot(&l, ret);
	if (!r)
		r = load_monitor(&l, ret);
	if (!r)
		r = load_time(&l, "started", &ret->started);
	if (!r)
		r = load_cgroup(&l, ret);
	json_object_put(l.root);
	return r;
}

/* ---- exit.json ---- */

int state_load_exit(struct state_container *c, int folder, struct state_exit *ret,
		    struct rootlet_error *err)
{
	struct loader l = {.container = c, .file = EXIT_FILE, .err = err};
	int r = open_file(&l, folder, SMALL_LIMIT, false);

	memset(ret, 0, sizeof(*ret));
	if (!r)
		r = load_int(&l, "status", 0, 255, &ret->status);
	if (!r)
		r = load_int(&l, "signal", 0, 64, &ret->signal);
	if (!r)
		r = load_time(&l, "finished", &ret->finished);
	if (!r)
		r = load_bool(&l, "timeout", &ret->timed_out);
	if (!r && member(&l, "oom_killed"))
		r = load_bool(&l, "oom_killed", &ret->oom_killed);
	json_object_put(l.root);
	return r;
}
