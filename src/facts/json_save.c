/* Facts → JSON. Only what was probed is written, and of the environment only what a plan reads. */
#include "facts/json.h"

#include "base/buffer.h"

#include <json-c/json.h>
#include <string.h>

/* Every add consumes its value; a NULL value that should not be one is caught by `failed`. */
struct saver {
	bool failed;
};

static void add(struct saver *s, struct json_object *object, const char *key,
		struct json_object *value)
{
	if (!value)
		s->failed = true;
	if (json_object_object_add(object, key, value) < 0) {
		json_object_put(value);
		s->failed = true;
	}
}

static void append(struct saver *s, struct json_object *array, struct json_object *value)
{
	if (!value || json_object_array_add(array, value) < 0) {
		json_object_put(value);
		s->failed = true;
	}
}

static void add_string(struct saver *s, struct json_object *object, const char *key,
		       const char *value)
{
	if (value)
		add(s, object, key, json_object_new_string(value));
	else
		json_object_object_add(object, key, NULL);
}

static struct json_object *save_map(struct saver *s, const struct idmap *map)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < map->count; i++) {
		struct json_object *e = json_object_new_object();

		add(s, e, "inside", json_object_new_int64(map->extents[i].inside));
		add(s, e, "outside", json_object_new_int64(map->extents[i].outside));
		add(s, e, "count", json_object_new_int64(map->extents[i].count));
		append(s, array, e);
	}
	return array;
}

static struct json_object *save_ranges(struct saver *s, const struct id_ranges *ranges)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < ranges->count; i++) {
		struct json_object *e = json_object_new_object();

		add(s, e, "start", json_object_new_int64(ranges->ranges[i].start));
		add(s, e, "count", json_object_new_int64(ranges->ranges[i].count));
		append(s, array, e);
	}
	return array;
}

static struct json_object *save_helper(struct saver *s, const struct facts_helper *helper)
{
	struct json_object *e = json_object_new_object();

	add_string(s, e, "state", helper_state_names[helper->state]);
	add_string(s, e, "path", helper->path);
	return e;
}

static struct json_object *save_groups(struct saver *s, const struct facts *facts)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < facts->group_count; i++)
		append(s, array, json_object_new_int64(facts->groups[i]));
	return array;
}

static bool is_saved_variable(const char *entry)
{
	size_t len = strcspn(entry, "=");

	for (const char *const *v = saved_variables; *v; v++)
		if (strlen(*v) == len && !strncmp(*v, entry, len))
			return true;
	return false;
}

static struct json_object *save_environment(struct saver *s, const struct facts *facts)
{
	struct json_object *array = json_object_new_array();

	for (const char **e = facts->environ; array && e && *e; e++)
		if (is_saved_variable(*e))
			append(s, array, json_object_new_string(*e));
	return array;
}

static struct json_object *save_entries(struct saver *s, const struct facts *facts)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < facts->root_entry_count; i++) {
		const struct facts_entry *entry = &facts->root_entries[i];
		struct json_object *e = json_object_new_object();

		add_string(s, e, "name", entry->name);
		add_string(s, e, "type", entry_type_names[entry->type]);
		if (entry->target)
			add_string(s, e, "target", entry->target);
		append(s, array, e);
	}
	return array;
}

static struct json_object *save_own(struct saver *s, const struct facts *facts)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < facts->own_path_count; i++) {
		struct json_object *e = json_object_new_object();

		add_string(s, e, "path", facts->own_paths[i].path);
		add(s, e, "folder", json_object_new_boolean(facts->own_paths[i].folder));
		append(s, array, e);
	}
	return array;
}

static void save_answer(struct saver *s, struct json_object *object, const char *key,
			enum answer answer)
{
	if (answer == ANSWER_UNKNOWN)
		json_object_object_add(object, key, NULL);
	else
		add(s, object, key, json_object_new_boolean(answer == ANSWER_YES));
}

static struct json_object *save_cgroups(struct saver *s, const struct facts *facts)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < facts->cgroup_count; i++) {
		const struct facts_group *g = &facts->cgroups[i];
		struct json_object *e = json_object_new_object();

		add_string(s, e, "path", g->path);
		save_answer(s, e, "make", g->make);
		save_answer(s, e, "enter", g->enter);
		save_answer(s, e, "control", g->control);
		add_string(s, e, "controllers", g->controllers);
		add_string(s, e, "enabled", g->enabled);
		add(s, e, "busy", json_object_new_boolean(g->busy));
		add(s, e, "top", json_object_new_boolean(g->top));
		append(s, array, e);
	}
	return array;
}

static struct json_object *save_u64(uint64_t value)
{
	return json_object_new_uint64(value);
}

static struct json_object *save_namespaces(struct saver *s, const uint64_t *limits)
{
	struct json_object *object = json_object_new_object();

	for (int i = 0; object && i < NS_COUNT; i++)
		if (limits[i] != UINT64_MAX)
			add(s, object, ns_type_name((enum ns_type)i), save_u64(limits[i]));
	return object;
}

static struct json_object *save_differs(struct saver *s, const enum answer *differs)
{
	struct json_object *object = json_object_new_object();

	for (int i = 0; object && i < NS_COUNT; i++)
		if (differs[i] != ANSWER_UNKNOWN)
			save_answer(s, object, ns_type_name((enum ns_type)i), differs[i]);
	return object;
}

static struct json_object *save_place(struct saver *s, const struct facts_place *place)
{
	struct json_object *e = json_object_new_object();

	add_string(s, e, "path", place->path);
	add_string(s, e, "filesystem", place->filesystem);
	save_answer(s, e, "noexec", place->noexec);
	save_answer(s, e, "read_only", place->read_only);
	return e;
}

static struct json_object *save_trials(struct saver *s, const struct facts_trial *trials)
{
	struct json_object *object = json_object_new_object();

	for (int i = 0; object && i < TRIAL_COUNT; i++) {
		struct json_object *e = json_object_new_object();

		save_answer(s, e, "worked", trials[i].worked);
		if (trials[i].worked == ANSWER_NO) {
			add_string(s, e, "call", trials[i].call);
			add(s, e, "error", json_object_new_int(trials[i].error));
		}
		if (trials[i].said)
			add_string(s, e, "said", trials[i].said);
		add(s, object, trial_names[i], e);
	}
	return object;
}

static void save_field(struct saver *s, struct json_object *object, const struct facts *facts,
		       const struct field_row *row)
{
	const void *at = (const char *)facts + row->offset;

	switch (row->kind) {
	case FIELD_BOOL:
		add(s, object, row->key, json_object_new_boolean(*(const bool *)at));
		break;
	case FIELD_U32:
		add(s, object, row->key, json_object_new_int64(*(const uint32_t *)at));
		break;
	case FIELD_U64:
		if (*(const uint64_t *)at == UINT64_MAX)
			json_object_object_add(object, row->key, NULL);
		else
			add(s, object, row->key, save_u64(*(const uint64_t *)at));
		break;
	case FIELD_STRING:
		add_string(s, object, row->key, *(const char *const *)at);
		break;
	case FIELD_ANSWER:
		save_answer(s, object, row->key, *(const enum answer *)at);
		break;
	case FIELD_MAP:
		add(s, object, row->key, save_map(s, at));
		break;
	case FIELD_RANGES:
		add(s, object, row->key, save_ranges(s, at));
		break;
	case FIELD_HELPER:
		add(s, object, row->key, save_helper(s, at));
		break;
	case FIELD_GROUPS:
		add(s, object, row->key, save_groups(s, facts));
		break;
	case FIELD_ENVIRONMENT:
		add(s, object, row->key, save_environment(s, facts));
		break;
	case FIELD_ENTRIES:
		add(s, object, row->key, save_entries(s, facts));
		break;
	case FIELD_CGROUPS:
		add(s, object, row->key, save_cgroups(s, facts));
		break;
	case FIELD_OWN:
		add(s, object, row->key, save_own(s, facts));
		break;
	case FIELD_NAMESPACES:
		add(s, object, row->key, save_namespaces(s, at));
		break;
	case FIELD_ERRNO:
		add(s, object, row->key, json_object_new_int(*(const int *)at));
		break;
	case FIELD_DIFFERS:
		add(s, object, row->key, save_differs(s, at));
		break;
	case FIELD_RUNTIME:
		add_string(s, object, row->key,
			   runtime_state_names[*(const enum runtime_state *)at]);
		break;
	case FIELD_PLACE:
		add(s, object, row->key, save_place(s, at));
		break;
	case FIELD_TRIALS:
		add(s, object, row->key, save_trials(s, at));
		break;
	}
}

int facts_save(const struct facts *facts, struct buffer *out, struct rootlet_error *err)
{
	struct json_object *root = json_object_new_object();
	struct saver s = {0};
	const char *text;

	if (!root)
		return error_nomem(err);
	add(&s, root, "version", json_object_new_int(FACTS_JSON_VERSION));
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		struct json_object *object;

		if (!(facts->needs & section_rows[i].need))
			continue;
		object = json_object_new_object();
		for (size_t j = 0; object && j < section_rows[i].count; j++)
			save_field(&s, object, facts, &section_rows[i].fields[j]);
		add(&s, root, section_rows[i].key, object);
	}
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_SPACED |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text) {
		buffer_puts(out, text);
		buffer_puts(out, "\n");
	}
	json_object_put(root);
	return !text || s.failed || buffer_failed(out) ? error_nomem(err) : 0;
}
