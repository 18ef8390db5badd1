/* The three files as JSON text: docs/STATE.md has their keys. No file is read here. */
#include "state/private.h"

#include <errno.h>
#include <json-c/json.h>

enum { STATE_JSON_VERSION = 1 };

/* An object that is being filled: the first failure sticks. */
struct writer {
	struct json_object *root;
	bool failed;
};

/* Takes `value`; NULL: no memory. */
static void put(struct writer *w, struct json_object *object, const char *key,
		struct json_object *value)
{
	if (!object || !value || json_object_object_add(object, key, value) < 0) {
		json_object_put(value);
		w->failed = true;
	}
}

static void put_text(struct writer *w, const char *key, const char *text)
{
	if (text)
		put(w, w->root, key, json_object_new_string(text));
	else if (!w->root || json_object_object_add(w->root, key, NULL) < 0)
		w->failed = true;
}

static void put_int(struct writer *w, const char *key, int64_t value)
{
	put(w, w->root, key, json_object_new_int64(value));
}

static void put_bool(struct writer *w, const char *key, bool value)
{
	put(w, w->root, key, json_object_new_boolean(value));
}

static void put_strings(struct writer *w, const char *key, const struct state_strings *strings)
{
	struct json_object *array = json_object_new_array_ext((int)strings->count + 1);

	for (size_t i = 0; array && i < strings->count; i++) {
		struct json_object *item = json_object_new_string(strings->items[i]);

		if (!item || json_object_array_add(array, item) < 0) {
			json_object_put(item);
			w->failed = true;
		}
	}
	put(w, w->root, key, array);
}

static void begin(struct writer *w, const struct state_container *c)
{
	w->root = json_object_new_object();
	put_int(w, "version", STATE_JSON_VERSION);
	put_text(w, "id", c->id);
}

static int finish(struct writer *w, const struct state_container *c, const char *file, size_t limit,
		  struct rootlet_error *err)
{
	const char *text = NULL;
	size_t len = 0;
	int r = -ENOMEM;

	if (!w->failed)
		text = json_object_to_json_string_length(
			w->root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	if (text && len > limit)
		r = -E2BIG;
	else if (text)
		r = state_write_file(c->folder, file, text, len);
	json_object_put(w->root);
	if (r == -E2BIG)
		return error_set(err, r, "state-dir", NULL,
				 "write %s of container %.12s: it would be longer than %zu bytes",
				 file, c->id, limit);
	return r ? state_failed(err, r, "write %s of container %.12s", file, c->id) : 0;
}

int state_save_record(struct state_container *c, struct rootlet_error *err)
{
	const struct state_record *record = &c->record;
	struct writer w = {0};

	begin(&w, c);
	put_text(&w, "rootlet", record->version);
	put_int(&w, "created", record->created);
	put_text(&w, "cwd", record->cwd);
	put_text(&w, "root", record->root);
	put_strings(&w, "command", &record->command);
	put_strings(&w, "words", &record->words);
	put_text(&w, "planDigest", record->plan_digest);
	put_strings(&w, "notes", &record->notes);
	put_bool(&w, "tty", record->tty);
	put_bool(&w, "interactive", record->interactive);
	put_bool(&w, "detached", record->detached);
	put_bool(&w, "remove", record->remove);
	put_int(&w, "stopSignal", record->stop_signal);
	return finish(&w, c, RECORD_FILE, RECORD_LIMIT, err);
}

int state_save_process(struct state_container *c, struct rootlet_error *err)
{
	const struct state_process *process = &c->process;
	struct json_object *namespaces = json_object_new_object();
	struct writer w = {0};

	begin(&w, c);
	put_int(&w, "pid", process->pid);
	put(&w, w.root, "startTime", json_object_new_uint64(process->start_time));
	for (int i = 0; i < STATE_NAMESPACES; i++)
		put(&w, namespaces, state_namespace_names[i],
		    json_object_new_uint64(process->namespaces[i]));
	put(&w, w.root, "namespaces", namespaces);
	put(&w, w.root, "pidfdInode", json_object_new_uint64(process->pidfd_inode));
	put_text(&w, "boot", process->boot[0] ? process->boot : NULL);
	put_int(&w, "monitor", process->monitor);
	put(&w, w.root, "monitorStartTime", json_object_new_uint64(process->monitor_start_time));
	put_int(&w, "started", process->started);
	put_text(&w, "cgroup", process->cgroup);
	put_text(&w, "cgroupLeft", process->cgroup_left);
	put_int(&w, "cgroupLevels", process->cgroup_levels);
	return finish(&w, c, PROCESS_FILE, SMALL_LIMIT, err);
}

/* The monitor, which knows no id, writes this file too: so there is none in it. */
int state_save_exit(struct state_container *c, struct rootlet_error *err)
{
	struct writer w = {.root = json_object_new_object()};

	put_int(&w, "version", STATE_JSON_VERSION);
	put_int(&w, "status", c->exit.status);
	put_int(&w, "signal", c->exit.signal);
	put_int(&w, "finished", c->exit.finished);
	put_bool(&w, "timeout", c->exit.timed_out);
	put_bool(&w, "oom_killed", c->exit.oom_killed);
	return finish(&w, c, EXIT_FILE, SMALL_LIMIT, err);
}
