/* The plan for programs: JSON with stable keys. docs/PLAN.md explains them, docs/plan.schema.json
 * fixes them; a new key is a new minor version, another meaning of an old one a new `version`. The
 * arguments of a step are in json_args.c. */
#include "plan/print/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

enum { FORMAT_VERSION = 1 };

void json_put(struct json_writer *w, struct json_object *object, const char *key,
	      struct json_object *value)
{
	if (value && json_object_object_add(object, key, value) == 0)
		return;
	json_object_put(value);
	w->failed = true;
}

void json_put_text(struct json_writer *w, struct json_object *object, const char *key,
		   const char *text)
{
	if (text)
		json_put(w, object, key, json_text(text));
	else if (json_object_object_add(object, key, NULL) != 0)
		w->failed = true;
}

void json_put_u64(struct json_writer *w, struct json_object *object, const char *key,
		  uint64_t value)
{
	json_put(w, object, key, json_object_new_uint64(value));
}

void json_put_bool(struct json_writer *w, struct json_object *object, const char *key, bool value)
{
	json_put(w, object, key, json_object_new_boolean(value));
}

void json_push(struct json_writer *w, struct json_object *array, struct json_object *value)
{
	if (value && json_object_array_add(array, value) == 0)
		return;
	json_object_put(value);
	w->failed = true;
}

/* Length of the UTF-8 character at `s`, or 0 when there is none: overlong forms, surrogates and
 * what is past U+10FFFF are none. */
static size_t utf8_length(const unsigned char *s)
{
	size_t len = s[0] < 0x80	     ? 1
		     : (s[0] & 0xe0) == 0xc0 ? 2
		     : (s[0] & 0xf0) == 0xe0 ? 3
		     : (s[0] & 0xf8) == 0xf0 ? 4
					     : 0;

	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((len == 2 && s[0] < 0xc2) || (len == 3 && s[0] == 0xe0 && s[1] < 0xa0) ||
	    (len == 3 && s[0] == 0xed && s[1] >= 0xa0) ||
	    (len == 4 && s[0] == 0xf0 && s[1] < 0x90) ||
	    (len == 4 && (s[0] > 0xf4 || (s[0] == 0xf4 && s[1] >= 0x90))))
		return 0;
	return len;
}

struct json_object *json_text(const char *text)
{
	AUTO_BUFFER clean = {0};

	while (*text) {
		size_t len = utf8_length((const unsigned char *)text);

		if (len)
			buffer_add(&clean, text, len);
		else
			buffer_puts(&clean, "\xef\xbf\xbd");
		text += len ? len : 1;
	}
	if (buffer_failed(&clean))
		return NULL;
	return json_object_new_string(clean.data ? clean.data : "");
}

struct json_object *json_names(struct json_writer *w, struct names names)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < names.count; i++)
		json_push(w, array, json_object_new_string(names.items[i]));
	return array;
}

static struct json_object *map(struct json_writer *w, const struct idmap *map)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < map->count; i++) {
		struct json_object *extent = json_object_new_object();

		if (extent) {
			json_put_u64(w, extent, "inside", map->extents[i].inside);
			json_put_u64(w, extent, "outside", map->extents[i].outside);
			json_put_u64(w, extent, "count", map->extents[i].count);
		}
		json_push(w, array, extent);
	}
	return array;
}

static struct json_object *namespaces(struct json_writer *w, const struct plan *plan)
{
	struct json_object *object = json_object_new_object();

	for (int type = 0; object && type < NS_COUNT; type++)
		json_put_text(w, object, ns_type_name((enum ns_type)type),
			      name_mode(plan->ns_modes[type]));
	return object;
}

static struct json_object *features(struct json_writer *w, const struct plan *plan)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_put_bool(w, object, "init", plan->init);
	json_put_bool(w, object, "clone3", plan->clone3);
	json_put_bool(w, object, "close_range", plan->close_range);
	json_put_bool(w, object, "memfd_exec", plan->memfd_exec);
	json_put_bool(w, object, "mount_api", plan->mount_api);
	json_put_bool(w, object, "mount_setattr", plan->mount_setattr);
	json_put_bool(w, object, "openat2", plan->openat2);
	json_put_bool(w, object, "pidfd_open", plan->pidfd_open);
	return object;
}

static struct json_object *notes(struct json_writer *w, const struct plan *plan)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && plan_line(plan, i); i++)
		json_push(w, array, json_text(plan_line(plan, i)));
	return array;
}

static struct json_object *action(const struct step *step)
{
	AUTO_BUFFER text = {0};

	step_describe(step, &text);
	return buffer_failed(&text) ? NULL : json_text(text.data ? text.data : "");
}

static struct json_object *step_object(struct json_writer *w, const struct step *step, size_t index)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_put_u64(w, object, "index", index);
	json_put_text(w, object, "stage", stage_name(step_stage(step)));
	json_put_text(w, object, "actor", actor_name(step->actor));
	json_put_text(w, object, "op", op_rows[step->op].name);
	json_put_text(w, object, "subject", step->subject);
	json_put(w, object, "action", action(step));
	json_put_text(w, object, "why", step_why(step));
	json_put_text(w, object, "manual", op_rows[step->op].manual);
	json_put_bool(w, object, "optional", step->optional);
	json_put(w, object, "args", json_step_args(w, step));
	return object;
}

static struct json_object *steps(struct json_writer *w, const struct plan *plan)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < plan->count; i++)
		json_push(w, array, step_object(w, &plan->steps[i], i));
	return array;
}

static void fill(struct json_writer *w, struct json_object *root, const struct plan *plan)
{
	json_put_u64(w, root, "version", FORMAT_VERSION);
	json_put_text(w, root, "kind", plan_kind_name(plan));
	json_put_text(w, root, "hostname", plan->hostname);
	json_put_text(w, root, "ids", plan->summary_user);
	json_put(w, root, "uid_map", map(w, &plan->uid_map));
	json_put(w, root, "gid_map", map(w, &plan->gid_map));
	json_put(w, root, "namespaces", namespaces(w, plan));
	json_put(w, root, "features", features(w, plan));
	json_put_u64(w, root, "timeout_seconds", plan->timeout_seconds);
	json_put_u64(w, root, "stop_signal", (uint64_t)plan->stop_signal);
	json_put_u64(w, root, "preserve_fds", plan->preserve_fds);
	json_put(w, root, "notes", notes(w, plan));
	json_put(w, root, "steps", steps(w, plan));
}

int plan_print_json(const struct plan *plan, struct buffer *out)
{
	struct json_object *root = json_object_new_object();
	struct json_writer w = {root == NULL};
	const char *text = NULL;

	if (root)
		fill(&w, root, plan);
	if (!w.failed)
		text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
								    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text) {
		buffer_puts(out, text);
		buffer_puts(out, "\n");
	}
	json_object_put(root);
	return !text || buffer_failed(out) ? -ENOMEM : 0;
}
