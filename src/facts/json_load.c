/* JSON → facts. A wrong type is named by its JSON pointer (RFC 6901), a syntax error by line and
 * column. Unknown keys are passed over; what is missing stays unknown. */
#include "facts/json.h"
#include "facts/probe.h"

#include "base/fd.h"
#include "base/io.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

enum { FILE_LIMIT = 4 << 20 };

struct loader {
	struct facts *facts;
	const char *path; /* of the file, for messages */
	struct rootlet_error *err;
};

/* ---- saying what is wrong ---- */

static const char *type_word(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return "null";
	case json_type_boolean:
		return "true or false";
	case json_type_double:
		return "a number with a fraction";
	case json_type_int:
		return json_object_get_string(value); /* the number itself */
	case json_type_object:
		return "an object";
	case json_type_array:
		return "an array";
	case json_type_string:
		return "a string";
	}
	return "something else";
}

static int wrong(struct loader *l, const char *pointer, const char *wanted,
		 struct json_object *value)
{
	return error_set(l->err, -EINVAL, "facts-type", pointer,
			 "read facts from %s: %s must be %s, not %s", l->path, pointer, wanted,
			 type_word(value));
}

static int nomem(struct loader *l)
{
	return error_nomem(l->err);
}

/* ---- values ---- */

static bool is_unsigned(struct json_object *value, uint64_t max)
{
	return json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= 0 &&
	       json_object_get_uint64(value) <= max;
}

static int load_u32(struct loader *l, const char *pointer, struct json_object *value, uint32_t *ret)
{
	if (!is_unsigned(value, UINT32_MAX))
		return wrong(l, pointer, "a whole number from 0 to 4294967295", value);
	*ret = (uint32_t)json_object_get_uint64(value);
	return 0;
}

static int load_u64(struct loader *l, const char *pointer, struct json_object *value, uint64_t *ret)
{
	if (!value) {
		*ret = UINT64_MAX;
		return 0;
	}
	if (!is_unsigned(value, UINT64_MAX))
		return wrong(l, pointer, "a whole number or null", value);
	*ret = json_object_get_uint64(value);
	return 0;
}

static int load_bool(struct loader *l, const char *pointer, struct json_object *value, bool *ret)
{
	if (!json_object_is_type(value, json_type_boolean))
		return wrong(l, pointer, "true or false", value);
	*ret = json_object_get_boolean(value);
	return 0;
}

static int load_answer(struct loader *l, const char *pointer, struct json_object *value,
		       enum answer *ret)
{
	bool yes;

	if (!value) {
		*ret = ANSWER_UNKNOWN;
		return 0;
	}
	if (!json_object_is_type(value, json_type_boolean))
		return wrong(l, pointer, "true, false or null", value);
	yes = json_object_get_boolean(value);
	*ret = yes ? ANSWER_YES : ANSWER_NO;
	return 0;
}

static int load_string(struct loader *l, const char *pointer, struct json_object *value,
		       const char **ret)
{
	const char *text, *copy;

	if (!value) {
		*ret = NULL;
		return 0;
	}
	text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
	if (!text)
		return wrong(l, pointer, "a string or null", value);
	if (strlen(text) != (size_t)json_object_get_string_len(value))
		return error_set(l->err, -EINVAL, "facts-type", pointer,
				 "read facts from %s: %s must not hold a zero byte", l->path,
				 pointer);
	copy = arena_strdup(&l->facts->arena, text);
	if (!copy)
		return nomem(l);
	*ret = copy;
	return 0;
}

/* One of a list of words. */
static int load_word(struct loader *l, const char *pointer, struct json_object *value,
		     const char *const *words, size_t count, size_t *ret)
{
	const char *text =
		json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";

	for (size_t i = 0; i < count; i++) {
		if (!strcmp(words[i], text)) {
			*ret = i;
			return 0;
		}
	}
	return error_set(l->err, -EINVAL, "facts-type", pointer,
			 "read facts from %s: %s must be one of the words %s … %s", l->path,
			 pointer, words[0], words[count - 1]);
}

/* ---- objects and arrays ---- */

/* "/subids/newuidmap" and its like, and what is appended to one. */
enum { POINTER_SIZE = 96, MEMBER_SIZE = POINTER_SIZE + 32 };

static int check_object(struct loader *l, const char *pointer, struct json_object *value)
{
	return json_object_is_type(value, json_type_object) ? 0
							    : wrong(l, pointer, "an object", value);
}

typedef int item_function(struct loader *l, const char *pointer, struct json_object *item,
			  void *array, size_t index);

/* Calls `item` for each element, which may count on room for it in *array. */
static int load_array(struct loader *l, const char *pointer, struct json_object *value, void *array,
		      size_t size, size_t *ret_count, item_function *item)
{
	size_t count;

	if (!json_object_is_type(value, json_type_array))
		return wrong(l, pointer, "an array", value);
	count = json_object_array_length(value);
	for (size_t i = 0; i < count; i++) {
		char at[MEMBER_SIZE];
		int r;

		snprintf(at, sizeof(at), "%s/%zu", pointer, i);
		if (arena_grow(&l->facts->arena, array, i, size) < 0)
			return nomem(l);
		r = item(l, at, json_object_array_get_idx(value, i), array, i);
		if (r)
			return r;
	}
	*ret_count = count;
	return 0;
}

/* The required numeric member of an object in an array. */
static int load_member(struct loader *l, const char *pointer, struct json_object *object,
		       const char *key, uint32_t *ret)
{
	char at[MEMBER_SIZE];

	snprintf(at, sizeof(at), "%s/%s", pointer, key);
	return load_u32(l, at, json_object_object_get(object, key), ret);
}

static int load_extent(struct loader *l, const char *pointer, struct json_object *item, void *array,
		       size_t i)
{
	struct id_extent *e = &(*(struct id_extent **)array)[i];
	int r = check_object(l, pointer, item);

	if (!r)
		r = load_member(l, pointer, item, "inside", &e->inside);
	if (!r)
		r = load_member(l, pointer, item, "outside", &e->outside);
	return r ? r : load_member(l, pointer, item, "count", &e->count);
}

static int load_range(struct loader *l, const char *pointer, struct json_object *item, void *array,
		      size_t i)
{
	struct id_range *range = &(*(struct id_range **)array)[i];
	int r = check_object(l, pointer, item);

	if (!r)
		r = load_member(l, pointer, item, "start", &range->start);
	return r ? r : load_member(l, pointer, item, "count", &range->count);
}

static int load_group(struct loader *l, const char *pointer, struct json_object *item, void *array,
		      size_t i)
{
	return load_u32(l, pointer, item, &(*(uint32_t **)array)[i]);
}

static int load_variable(struct loader *l, const char *pointer, struct json_object *item,
			 void *array, size_t i)
{
	const char *text = NULL;
	int r = load_string(l, pointer, item, &text);

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
	int r = check_object(l, pointer, item);

	if (r)
		return r;
	snprintf(at, sizeof(at), "%s/name", pointer);
	r = load_string(l, at, json_object_object_get(item, "name"), &entry->name);
	if (!r && (!entry->name || !*entry->name || strchr(entry->name, '/')))
		return error_set(l->err, -EINVAL, "facts-type", at,
				 "read facts from %s: %s must be one name without slashes", l->path,
				 at);
	snprintf(at, sizeof(at), "%s/type", pointer);
	if (!r)
		r = load_word(l, at, json_object_object_get(item, "type"), entry_type_names,
			      ENTRY_OTHER + 1, &type);
	entry->type = (enum entry_type)type;
	snprintf(at, sizeof(at), "%s/target", pointer);
	if (!r)
		r = load_string(l, at, json_object_object_get(item, "target"), &entry->target);
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
	int r = check_object(l, pointer, value);

	snprintf(at, sizeof(at), "%s/state", pointer);
	if (!r && json_object_object_get_ex(value, "state", &member))
		r = load_word(l, at, member, helper_state_names, HELPER_NO_NEW_PRIVS + 1, &state);
	ret->state = (enum helper_state)state;
	snprintf(at, sizeof(at), "%s/path", pointer);
	return r ? r : load_string(l, at, json_object_object_get(value, "path"), &ret->path);
}

static int load_namespaces(struct loader *l, const char *pointer, struct json_object *value,
			   uint64_t *limits)
{
	int r = check_object(l, pointer, value);

	for (int i = 0; !r && i < NS_COUNT; i++) {
		const char *key = ns_type_name((enum ns_type)i);
		char at[MEMBER_SIZE];

		snprintf(at, sizeof(at), "%s/%s", pointer, key);
		r = load_u64(l, at, json_object_object_get(value, key), &limits[i]);
	}
	return r;
}

/* errno(3) as it is kept: positive. The kernel's largest is 4095 (MAX_ERRNO). */
static int load_errno(struct loader *l, const char *pointer, struct json_object *value, int *ret)
{
	if (!is_unsigned(value, 4095))
		return wrong(l, pointer, "a whole number from 0 to 4095", value);
	*ret = (int)json_object_get_int64(value);
	return 0;
}

static int load_differs(struct loader *l, const char *pointer, struct json_object *value,
			enum answer *differs)
{
	int r = check_object(l, pointer, value);

	for (int i = 0; !r && i < NS_COUNT; i++) {
		const char *key = ns_type_name((enum ns_type)i);
		char at[MEMBER_SIZE];

		snprintf(at, sizeof(at), "%s/%s", pointer, key);
		r = load_answer(l, at, json_object_object_get(value, key), &differs[i]);
	}
	return r;
}

static int load_environment(struct loader *l, const char *pointer, struct json_object *value)
{
	size_t count = 0;
	int r = load_array(l, pointer, value, &l->facts->environ, sizeof(char *), &count,
			   load_variable);

	if (r)
		return r;
	if (arena_grow(&l->facts->arena, &l->facts->environ, count, sizeof(char *)) < 0)
		return nomem(l);
	l->facts->environ[count] = NULL;
	return 0;
}

static int load_own(struct loader *l, const char *pointer, struct json_object *item, void *array,
		    size_t i)
{
	struct facts_own *own = &(*(struct facts_own **)array)[i];
	char at[MEMBER_SIZE];
	int r = check_object(l, pointer, item);

	if (r)
		return r;
	snprintf(at, sizeof(at), "%s/path", pointer);
	r = load_string(l, at, json_object_object_get(item, "path"), &own->path);
	if (!r && (!own->path || !*own->path))
		return error_set(l->err, -EINVAL, "facts-type", at,
				 "read facts from %s: %s must be a path", l->path, at);
	snprintf(at, sizeof(at), "%s/folder", pointer);
	return r ? r : load_bool(l, at, json_object_object_get(item, "folder"), &own->folder);
}

static int load_runtime_state(struct loader *l, const char *pointer, struct json_object *value,
			      enum runtime_state *ret)
{
	size_t state = RUNTIME_UNKNOWN;
	int r = value ? load_word(l, pointer, value, runtime_state_names, RUNTIME_REFUSED + 1,
				  &state)
		      : 0;

	*ret = (enum runtime_state)state;
	return r;
}

static int load_place(struct loader *l, const char *pointer, struct json_object *value,
		      struct facts_place *ret)
{
	char at[MEMBER_SIZE];
	int r = check_object(l, pointer, value);

	snprintf(at, sizeof(at), "%s/path", pointer);
	if (!r)
		r = load_string(l, at, json_object_object_get(value, "path"), &ret->path);
	snprintf(at, sizeof(at), "%s/filesystem", pointer);
	if (!r)
		r = load_string(l, at, json_object_object_get(value, "filesystem"),
				&ret->filesystem);
	snprintf(at, sizeof(at), "%s/noexec", pointer);
	if (!r)
		r = load_answer(l, at, json_object_object_get(value, "noexec"), &ret->noexec);
	snprintf(at, sizeof(at), "%s/read_only", pointer);
	return r ? r
		 : load_answer(l, at, json_object_object_get(value, "read_only"), &ret->read_only);
}

static int load_trial(struct loader *l, const char *pointer, struct json_object *value,
		      struct facts_trial *ret)
{
	struct json_object *error = NULL;
	char at[MEMBER_SIZE + 32];
	int r = check_object(l, pointer, value);

	snprintf(at, sizeof(at), "%s/worked", pointer);
	if (!r)
		r = load_answer(l, at, json_object_object_get(value, "worked"), &ret->worked);
	snprintf(at, sizeof(at), "%s/call", pointer);
	if (!r)
		r = load_string(l, at, json_object_object_get(value, "call"), &ret->call);
	snprintf(at, sizeof(at), "%s/said", pointer);
	if (!r)
		r = load_string(l, at, json_object_object_get(value, "said"), &ret->said);
	snprintf(at, sizeof(at), "%s/error", pointer);
	if (!r && json_object_object_get_ex(value, "error", &error))
		r = load_errno(l, at, error, &ret->error);
	return r;
}

static int load_trials(struct loader *l, const char *pointer, struct json_object *value,
		       struct facts_trial *trials)
{
	int r = check_object(l, pointer, value);

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
		return load_bool(l, pointer, value, at);
	case FIELD_U32:
		return load_u32(l, pointer, value, at);
	case FIELD_U64:
		return load_u64(l, pointer, value, at);
	case FIELD_STRING:
		return load_string(l, pointer, value, at);
	case FIELD_ANSWER:
		return load_answer(l, pointer, value, at);
	case FIELD_MAP:
		return load_array(l, pointer, value, &map->extents, sizeof(*map->extents),
				  &map->count, load_extent);
	case FIELD_RANGES:
		return load_array(l, pointer, value, &ranges->ranges, sizeof(*ranges->ranges),
				  &ranges->count, load_range);
	case FIELD_HELPER:
		return load_helper(l, pointer, value, at);
	case FIELD_GROUPS:
		return load_array(l, pointer, value, at, sizeof(uint32_t), &l->facts->group_count,
				  load_group);
	case FIELD_ENVIRONMENT:
		return load_environment(l, pointer, value);
	case FIELD_ENTRIES:
		return load_array(l, pointer, value, at, sizeof(struct facts_entry),
				  &l->facts->root_entry_count, load_entry);
	case FIELD_OWN:
		return load_array(l, pointer, value, at, sizeof(struct facts_own),
				  &l->facts->own_path_count, load_own);
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
	int r = check_object(l, "/", root);

	if (!r && json_object_object_get_ex(root, "version", &value))
		r = load_u32(l, "/version", value, &version);
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
		r = check_object(l, pointer, object);
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

/* ---- text ---- */

/* json-c gives a byte offset; people need a line and a column. */
static int syntax_error(struct loader *l, const char *text, size_t offset, const char *what)
{
	size_t line = 1, column = 1;
	char at[64];

	for (size_t i = 0; i < offset; i++) {
		column = text[i] == '\n' ? 1 : column + 1;
		line += text[i] == '\n';
	}
	snprintf(at, sizeof(at), "%zu:%zu", line, column);
	return error_set(l->err, -EINVAL, "facts-syntax", at, "read facts from %s: line %s: %s",
			 l->path, at, what);
}

static int parse_text(struct loader *l, const char *text, size_t len, struct json_object **ret)
{
	struct json_tokener *tokener = json_tokener_new();
	enum json_tokener_error error;
	size_t end;

	if (!tokener)
		return nomem(l);
	*ret = json_tokener_parse_ex(tokener, text, (int)len);
	error = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (error == json_tokener_continue)
		return syntax_error(l, text, len, "the text ends too early");
	if (error != json_tokener_success)
		return syntax_error(l, text, end, json_tokener_error_desc(error));
	end += strspn(text + end, " \t\r\n");
	if (end < len) {
		json_object_put(*ret);
		return syntax_error(l, text, end, "nothing may follow the closing brace");
	}
	return 0;
}

int facts_parse(const char *text, size_t len, const char *path, struct facts **ret,
		struct rootlet_error *err)
{
	struct loader l = {.facts = facts_new(), .path = path, .err = err};
	struct json_object *root = NULL;
	int r;

	if (!l.facts)
		return error_nomem(err);
	r = parse_text(&l, text, len, &root);
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

	if (r < 0)
		return error_set(err, r, "facts-file", path, "read facts from %s: %s", path,
				 r == -EFBIG ? "the file is larger than 4 MiB" : error_text(r));
	return facts_parse(text, len, path, ret, err);
}
