/* JSON → facts: which value is which field of the snapshot. Unknown keys are passed over; what is
 * missing stays unknown. How a value is read is json_read.c's. */
#include "facts/json.h"
#include "facts/json_read.h"
#include "facts/probe.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/path.h"

#include <stdio.h>
#include <string.h>

enum { FILE_LIMIT = 4 << 20 };

static int load_extent(struct loader *l, const char *pointer, struct json_object *item, void *array,
		       size_t i)
{
	struct id_extent *e = &(*(struct id_extent **)array)[i];
	int r = loader_object(l, pointer, item);

	if (!r)
		r = loader_member(l, pointer, item, "inside", &e->inside);
	if (!r)
		r = loader_member(l, pointer, item, "outside", &e->outside);
	return r ? r : loader_member(l, pointer, item, "count", &e->count);
}

static int load_range(struct loader *l, const char *pointer, struct json_object *item, void *array,
		      size_t i)
{
	struct id_range *range = &(*(struct id_range **)array)[i];
	int r = loader_object(l, pointer, item);

	if (!r)
		r = loader_member(l, pointer, item, "start", &range->start);
	return r ? r : loader_member(l, pointer, item, "count", &range->count);
}

static int load_group(struct loader *l, const char *pointer, struct json_object *item, void *array,
		      size_t i)
{
	return loader_u32(l, pointer, item, &(*(uint32_t **)array)[i]);
}

static int load_variable(struct loader *l, const char *pointer, struct json_object *item,
			 void *array, size_t i)
{
	const char *text = NULL;
	int r = loader_string(l, pointer, item, &text);

	if (!r && (!text || !strchr(text, '=') || text[0] == '='))
		return error_set(l->err, -EINVAL, "facts-type", pointer,
				 "read facts from %s: %s must have the form NAME=VALUE", l->path,
				 pointer);
	if (!r)
		(*(const char ***)array)[i] = text;
	return r;
}

static int load_entry(struct loader *l, const char *pointer, struct json_object *item, void *array,
		      size_t i)
{
	struct facts_entry *entry = &(*(struct facts_entry **)array)[i];
	char at[MEMBER_SIZE];
	size_t type = 0;
	int r = loader_object(l, pointer, item);

	if (r)
		return r;
	snprintf(at, sizeof(at), "%s/name", pointer);
	r = loader_string(l, at, json_object_object_get(item, "name"), &entry->name);
	if (!r && (!entry->name || !*entry->name || strchr(entry->name, '/')))
		return error_set(l->err, -EINVAL, "facts-type", at,
				 "read facts from %s: %s must be one name without slashes", l->path,
				 at);
	snprintf(at, sizeof(at), "%s/type", pointer);
	if (!r)
		r = loader_word(l, at, json_object_object_get(item, "type"), entry_type_names,
				ENTRY_OTHER + 1, &type);
	entry->type = (enum entry_type)type;
	snprintf(at, sizeof(at), "%s/target", pointer);
	if (!r)
		r = loader_string(l, at, json_object_object_get(item, "target"), &entry->target);
	if (!r && entry->type == ENTRY_SYMLINK && !entry->target)
		return error_set(l->err, -EINVAL, "facts-type", at,
				 "read facts from %s: %s is missing, and a symlink needs it",
				 l->path, at);
	return r;
}

static int load_helper(struct loader *l, const char *pointer, struct json_object *value,
		       struct facts_helper *ret)
{
	char at[MEMBER_SIZE];
	struct json_object *member;
	size_t state = HELPER_UNKNOWN;
	int r = loader_object(l, pointer, value);

	snprintf(at, sizeof(at), "%s/state", pointer);
	if (!r && json_object_object_get_ex(value, "state", &member))
		r = loader_word(l, at, member, helper_state_names, HELPER_NO_NEW_PRIVS + 1, &state);
	ret->state = (enum helper_state)state;
	snprintf(at, sizeof(at), "%s/path", pointer);
	return r ? r : loader_string(l, at, json_object_object_get(value, "path"), &ret->path);
}

static int load_namespaces(struct loader *l, const char *pointer, struct json_object *value,
			   uint64_t *limits)
{
	int r = loader_object(l, pointer, value);

	for (int i = 0; !r && i < NS_COUNT; i++) {
		const char *key = ns_type_name((enum ns_type)i);
		char at[MEMBER_SIZE];

		snprintf(at, sizeof(at), "%s/%s", pointer, key);
		r = loader_u64(l, at, json_object_object_get(value, key), &limits[i]);
	}
	return r;
}

/* errno(3) as it is kept: positive. The kernel's largest is 4095 (MAX_ERRNO). */
static int load_errno(struct loader *l, const char *pointer, struct json_object *value, int *ret)
{
	if (!loader_is_unsigned(value, 4095))
		return loader_wrong(l, pointer, "a whole number from 0 to 4095", value);
	*ret = (int)json_object_get_int64(value);
	return 0;
}

static int load_differs(struct loader *l, const char *pointer, struct json_object *value,
			enum answer *differs)
{
	int r = loader_object(l, pointer, value);

	for (int i = 0; !r && i < NS_COUNT; i++) {
		const char *key = ns_type_name((enum ns_type)i);
		char at[MEMBER_SIZE];

		snprintf(at, sizeof(at), "%s/%s", pointer, key);
		r = loader_answer(l, at, json_object_object_get(value, key), &differs[i]);
	}
	return r;
}

static int load_environment(struct loader *l, const char *pointer, struct json_object *value)
{
	size_t count = 0;
	int r = loader_array(l, pointer, value, &l->facts->environ, sizeof(char *), &count,
			     load_variable);

	if (r)
		return r;
	if (arena_grow(&l->facts->arena, &l->facts->environ, count, sizeof(char *)) < 0)
		return loader_nomem(l);
	l->facts->environ[count] = NULL;
	return 0;
}

static int load_cgroup(struct loader *l, const char *pointer, struct json_object *item, void *array,
		       size_t i)
{
	struct facts_group *g = &(*(struct facts_group **)array)[i];
	const struct {
		const char *key;
		enum answer *answer;
		const char **text;
		bool *flag;
	} rows[] = {
		{"path", NULL, &g->path, NULL},
		{"make", &g->make, NULL, NULL},
		{"enter", &g->enter, NULL, NULL},
		{"control", &g->control, NULL, NULL},
		{"controllers", NULL, &g->controllers, NULL},
		{"enabled", NULL, &g->enabled, NULL},
		{"busy", NULL, NULL, &g->busy},
		{"top", NULL, NULL, &g->top},
	};
	int r = loader_object(l, pointer, item);

	*g = (struct facts_group){0};
	for (size_t k = 0; r == 0 && k < sizeof(rows) / sizeof(rows[0]); k++) {
		struct json_object *value = NULL;
		char at[MEMBER_SIZE];

		snprintf(at, sizeof(at), "%s/%s", pointer, rows[k].key);
		if (!json_object_object_get_ex(item, rows[k].key, &value))
			continue;
		r = rows[k].answer ? loader_answer(l, at, value, rows[k].answer)
		    : rows[k].text ? loader_string(l, at, value, rows[k].text)
				   : loader_bool(l, at, value, rows[k].flag);
	}
	if (r == 0 && (!g->path || *g->path != '/' || path_has_dotdot(g->path)))
		r = loader_wrong(l, pointer, "a cgroup with its absolute path", item);
	return r;
}

static int load_own(struct loader *l, const char *pointer, struct json_object *item, void *array,
		    size_t i)
{
	struct facts_own *own = &(*(struct facts_own **)array)[i];
	char at[MEMBER_SIZE];
	int r = loader_object(l, pointer, item);

	if (r)
		return r;
	snprintf(at, sizeof(at), "%s/path", pointer);
	r = loader_string(l, at, json_object_object_get(item, "path"), &own->path);
	if (!r && (!own->path || !*own->path))
		return error_set(l->err, -EINVAL, "facts-type", at,
				 "read facts from %s: %s must be a path", l->path, at);
	snprintf(at, sizeof(at), "%s/folder", pointer);
	return r ? r : loader_bool(l, at, json_object_object_get(item, "folder"), &own->folder);
}

static int load_runtime_state(struct loader *l, const char *pointer, struct json_object *value,
			      enum runtime_state *ret)
{
	size_t state = RUNTIME_UNKNOWN;
	int r = value ? loader_word(l, pointer, value, runtime_state_names, RUNTIME_RELATIVE + 1,
				    &state)
		      : 0;

	*ret = (enum runtime_state)state;
	return r;
}

static int load_place(struct loader *l, const char *pointer, struct json_object *value,
		      struct facts_place *ret)
{
	char at[MEMBER_SIZE];
	int r = loader_object(l, pointer, value);

	snprintf(at, sizeof(at), "%s/path", pointer);
	if (!r)
		r = loader_string(l, at, json_object_object_get(value, "path"), &ret->path);
	snprintf(at, sizeof(at), "%s/filesystem", pointer);
	if (!r)
		r = loader_string(l, at, json_object_object_get(value, "filesystem"),
				  &ret->filesystem);
	snprintf(at, sizeof(at), "%s/noexec", pointer);
	if (!r)
		r = loader_answer(l, at, json_object_object_get(value, "noexec"), &ret->noexec);
	snprintf(at, sizeof(at), "%s/read_only", pointer);
	return r ? r
		 : loader_answer(l, at, json_object_object_get(value, "read_only"),
				 &ret->read_only);
}

static int load_trial(struct loader *l, const char *pointer, struct json_object *value,
		      struct facts_trial *ret)
{
	struct json_object *error = NULL;
	char at[MEMBER_SIZE + 32];
	int r = loader_object(l, pointer, value);

	snprintf(at, sizeof(at), "%s/worked", pointer);
	if (!r)
		r = loader_answer(l, at, json_object_object_get(value, "worked"), &ret->worked);
	snprintf(at, sizeof(at), "%s/call", pointer);
	if (!r)
		r = loader_string(l, at, json_object_object_get(value, "call"), &ret->call);
	snprintf(at, sizeof(at), "%s/said", pointer);
	if (!r)
		r = loader_string(l, at, json_object_object_get(value, "said"), &ret->said);
	snprintf(at, sizeof(at), "%s/error", pointer);
	if (!r && json_object_object_get_ex(value, "error", &error))
		r = load_errno(l, at, error, &ret->error);
	return r;
}

static int load_trials(struct loader *l, const char *pointer, struct json_object *value,
		       struct facts_trial *trials)
{
	int r = loader_object(l, pointer, value);

	for (int i = 0; !r && i < TRIAL_COUNT; i++) {
		struct json_object *member = NULL;
		char at[MEMBER_SIZE];

		snprintf(at, sizeof(at), "%s/%s", pointer, trial_names[i]);
		if (json_object_object_get_ex(value, trial_names[i], &member))
			r = load_trial(l, at, member, &trials[i]);
	}
	return r;
}

static int load_field(struct loader *l, const char *pointer, const struct field_row *row,
		      struct json_object *value)
{
	void *at = (char *)l->facts + row->offset;
	struct idmap *map = at;
	struct id_ranges *ranges = at;

	switch (row->kind) {
	case FIELD_BOOL:
		return loader_bool(l, pointer, value, at);
	case FIELD_U32:
		return loader_u32(l, pointer, value, at);
	case FIELD_U64:
		return loader_u64(l, pointer, value, at);
	case FIELD_STRING:
		return loader_string(l, pointer, value, at);
	case FIELD_ANSWER:
		return loader_answer(l, pointer, value, at);
	case FIELD_MAP:
		return loader_array(l, pointer, value, &map->extents, sizeof(*map->extents),
				    &map->count, load_extent);
	case FIELD_RANGES:
		return loader_array(l, pointer, value, &ranges->ranges, sizeof(*ranges->ranges),
				    &ranges->count, load_range);
	case FIELD_HELPER:
		return load_helper(l, pointer, value, at);
	case FIELD_GROUPS:
		return loader_array(l, pointer, value, at, sizeof(uint32_t), &l->facts->group_count,
				    load_group);
	case FIELD_ENVIRONMENT:
		return load_environment(l, pointer, value);
	case FIELD_ENTRIES:
		return loader_array(l, pointer, value, at, sizeof(struct facts_entry),
				    &l->facts->root_entry_count, load_entry);
	case FIELD_OWN:
		return loader_array(l, pointer, value, at, sizeof(struct facts_own),
				    &l->facts->own_path_count, load_own);
	case FIELD_CGROUPS:
		return loader_array(l, pointer, value, at, sizeof(struct facts_group),
				    &l->facts->cgroup_count, load_cgroup);
	case FIELD_NAMESPACES:
		return load_namespaces(l, pointer, value, at);
	case FIELD_ERRNO:
		return load_errno(l, pointer, value, at);
	case FIELD_DIFFERS:
		return load_differs(l, pointer, value, at);
	case FIELD_RUNTIME:
		return load_runtime_state(l, pointer, value, at);
	case FIELD_PLACE:
		return load_place(l, pointer, value, at);
	case FIELD_TRIALS:
		return load_trials(l, pointer, value, at);
	}
	return 0;
}

static int load_sections(struct loader *l, struct json_object *root)
{
	struct json_object *value;
	uint32_t version = FACTS_JSON_VERSION;
	int r = loader_object(l, "/", root);

	if (!r && json_object_object_get_ex(root, "version", &value))
		r = loader_u32(l, "/version", value, &version);
	if (!r && version != FACTS_JSON_VERSION)
		return error_set(l->err, -EINVAL, "facts-version", "/version",
				 "read facts from %s: /version is %u, and this program knows %d",
				 l->path, version, FACTS_JSON_VERSION);
	for (size_t i = 0; !r && i < SECTION_COUNT; i++) {
		const struct section_row *section = &section_rows[i];
		struct json_object *object;
		char pointer[POINTER_SIZE];

		if (!json_object_object_get_ex(root, section->key, &object))
			continue;
		snprintf(pointer, sizeof(pointer), "/%s", section->key);
		r = loader_object(l, pointer, object);
		for (size_t j = 0; !r && j < section->count; j++) {
			const struct field_row *row = &section->fields[j];

			snprintf(pointer, sizeof(pointer), "/%s/%s", section->key, row->key);
			if (json_object_object_get_ex(object, row->key, &value))
				r = load_field(l, pointer, row, value);
		}
		l->facts->needs |= section->need;
	}
	return r;
}

int facts_parse(const char *text, size_t len, const char *path, struct facts **ret,
		struct rootlet_error *err)
{
	struct loader l = {.facts = facts_new(), .path = path, .err = err};
	struct json_object *root = NULL;
	int r;

	if (!l.facts)
		return error_nomem(err);
	r = loader_parse(&l, text, len, &root);
	if (!r) {
		r = load_sections(&l, root);
		json_object_put(root);
	}
	if (r) {
		facts_free(l.facts);
		return r;
	}
	*ret = l.facts;
	return 0;
}

int facts_load(const char *path, struct facts **ret, struct rootlet_error *err)
{
	AUTO_FREE char *text = NULL;
	size_t len;
	int r = io_read_file(path, FILE_LIMIT, &text, &len);

	if (r < 0) {
		error_set(err, r, "facts-file", path, "read facts from %s: %s", path,
			  r == -EFBIG ? "the file is larger than 4 MiB" : error_text(r));
		error_hint(err, "`rootlet doctor --save-facts FILE` writes one");
		return r;
	}
	return facts_parse(text, len, path, ret, err);
}
