/* The values that JSON can hold, each with its type checked; see json_read.h. A syntax error is
 * named by line and column. */
#include "facts/json_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

int loader_wrong(struct loader *l, const char *pointer, const char *wanted,
		 struct json_object *value)
{
	return error_set(l->err, -EINVAL, "facts-type", pointer,
			 "read facts from %s: %s must be %s, not %s", l->path, pointer, wanted,
			 type_word(value));
}

int loader_nomem(struct loader *l)
{
	return error_nomem(l->err);
}

/* ---- values ---- */

bool loader_is_unsigned(struct json_object *value, uint64_t max)
{
	return json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= 0 &&
	       json_object_get_uint64(value) <= max;
}

int loader_u32(struct loader *l, const char *pointer, struct json_object *value, uint32_t *ret)
{
	if (!loader_is_unsigned(value, UINT32_MAX))
		return loader_wrong(l, pointer, "a whole number from 0 to 4294967295", value);
	*ret = (uint32_t)json_object_get_uint64(value);
	return 0;
}

int loader_u64(struct loader *l, const char *pointer, struct json_object *value, uint64_t *ret)
{
	if (!value) {
		*ret = UINT64_MAX;
		return 0;
	}
	if (!loader_is_unsigned(value, UINT64_MAX))
		return loader_wrong(l, pointer, "a whole number or null", value);
	*ret = json_object_get_uint64(value);
	return 0;
}

int loader_bool(struct loader *l, const char *pointer, struct json_object *value, bool *ret)
{
	if (!json_object_is_type(value, json_type_boolean))
		return loader_wrong(l, pointer, "true or false", value);
	*ret = json_object_get_boolean(value);
	return 0;
}

int loader_answer(struct loader *l, const char *pointer, struct json_object *value,
		  enum answer *ret)
{
	bool yes;

	if (!value) {
		*ret = ANSWER_UNKNOWN;
		return 0;
	}
	if (!json_object_is_type(value, json_type_boolean))
		return loader_wrong(l, pointer, "true, false or null", value);
	yes = json_object_get_boolean(value);
	*ret = yes ? ANSWER_YES : ANSWER_NO;
	return 0;
}

int loader_string(struct loader *l, const char *pointer, struct json_object *value,
		  const char **ret)
{
	const char *text, *copy;

	if (!value) {
		*ret = NULL;
		return 0;
	}
	text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
	if (!text)
		return loader_wrong(l, pointer, "a string or null", value);
	if (strlen(text) != (size_t)json_object_get_string_len(value))
		return error_set(l->err, -EINVAL, "facts-type", pointer,
				 "read facts from %s: %s must not hold a zero byte", l->path,
				 pointer);
	copy = arena_strdup(&l->facts->arena, text);
	if (!copy)
		return loader_nomem(l);
	*ret = copy;
	return 0;
}

/* One of a list of words. */
int loader_word(struct loader *l, const char *pointer, struct json_object *value,
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

int loader_object(struct loader *l, const char *pointer, struct json_object *value)
{
	return json_object_is_type(value, json_type_object)
		       ? 0
		       : loader_wrong(l, pointer, "an object", value);
}

/* Calls `item` for each element, which may count on room for it in *array. */
int loader_array(struct loader *l, const char *pointer, struct json_object *value, void *array,
		 size_t size, size_t *ret_count, item_function *item)
{
	size_t count;

	if (!json_object_is_type(value, json_type_array))
		return loader_wrong(l, pointer, "an array", value);
	count = json_object_array_length(value);
	for (size_t i = 0; i < count; i++) {
		char at[MEMBER_SIZE];
		int r;

		snprintf(at, sizeof(at), "%s/%zu", pointer, i);
		if (arena_grow(&l->facts->arena, array, i, size) < 0)
			return loader_nomem(l);
		r = item(l, at, json_object_array_get_idx(value, i), array, i);
		if (r)
			return r;
	}
	*ret_count = count;
	return 0;
}

/* The required numeric member of an object in an array. */
int loader_member(struct loader *l, const char *pointer, struct json_object *object,
		  const char *key, uint32_t *ret)
{
	char at[MEMBER_SIZE];

	snprintf(at, sizeof(at), "%s/%s", pointer, key);
	return loader_u32(l, at, json_object_object_get(object, key), ret);
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

int loader_parse(struct loader *l, const char *text, size_t len, struct json_object **ret)
{
	struct json_tokener *tokener = json_tokener_new();
	enum json_tokener_error error;
	size_t end;

	if (!tokener)
		return loader_nomem(l);
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
