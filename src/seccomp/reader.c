/* See reader.h. Complaints and typed access; positions are locate.c's. */
#include "seccomp/reader.h"

#include <errno.h>
#include <json-c/json_object_iterator.h>
#include <json-c/json_tokener.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* "~" and "/" in a key are written ~0 and ~1 (RFC 6901). */
static size_t add_key(char *to, size_t used, size_t size, const char *key)
{
	for (; *key && used + 3 < size; key++) {
		to[used++] = *key == '~' || *key == '/' ? '~' : *key;
		if (*key == '~' || *key == '/')
			to[used++] = *key == '~' ? '0' : '1';
	}
	return used;
}

/* As deep as the reader goes: a handful. NOLINTNEXTLINE(misc-no-recursion) */
static size_t pointer_text(const struct where *at, char *to, size_t size)
{
	size_t used = at ? pointer_text(at->up, to, size) : 0;

	if (at && used + 24 < size) {
		to[used++] = '/';
		if (at->key)
			used = add_key(to, used, size, at->key);
		else
			used += (size_t)snprintf(to + used, size - used, "%zu", at->index);
	}
	to[used] = '\0';
	return used;
}

static void position(const struct reader *r, size_t offset, size_t *line, size_t *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < offset && i < r->len; i++) {
		(*column)++;
		if (r->text[i] == '\n') {
			(*line)++;
			*column = 1;
		}
	}
}

static int fail_at(const struct reader *r, size_t offset, const char *pointer, const char *id,
		   const char *why)
{
	size_t line, column;

	position(r, offset, &line, &column);
	return error_set(r->err, -EINVAL, id, pointer, "%s:%zu:%zu: %s%s%s", r->path, line, column,
			 pointer, *pointer ? ": " : "", why);
}

int reader_fail(const struct reader *r, const struct where *at, const char *id, const char *fmt,
		...)
{
	char pointer[200], why[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	pointer_text(at, pointer, sizeof(pointer));
	return fail_at(r, reader_locate(r, at), pointer, id, why);
}

static int check_end(const struct reader *r, size_t end)
{
	/* Four characters, not five: a NUL is no blank. */
	while (end < r->len && memchr(" \t\r\n", r->text[end], 4))
		end++;
	if (end == r->len)
		return 0;
	return fail_at(r, end, "", "json-syntax", "more text after the end of the JSON value");
}

int reader_open(const struct reader *r, struct json_object **ret)
{
	struct json_tokener *tokener;
	struct json_object *root;
	enum json_tokener_error e;
	size_t end;
	int code;

	if (r->len > READER_TEXT_MAX)
		return error_set(r->err, -EFBIG, "json-size", r->path,
				 "%s: larger than %d MiB, which no seccomp profile is", r->path,
				 READER_TEXT_MAX >> 20);
	tokener = json_tokener_new_ex(READER_DEPTH);
	if (!tokener)
		return error_nomem(r->err);
	/* Strict, but for the white space at the end: check_end has its own words. */
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	root = json_tokener_parse_ex(tokener, r->text, (int)r->len);
	e = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);

	if (e == json_tokener_continue)
		code = fail_at(r, r->len, "", "json-syntax", "the text ends in the middle");
	else if (e != json_tokener_success)
		code = fail_at(r, end, "", "json-syntax", json_tokener_error_desc(e));
	else
		code = check_end(r, end);
	if (code == 0)
		code = reader_want(r, NULL, root, json_type_object);
	if (code < 0) {
		json_object_put(root);
		return code;
	}
	*ret = root;
	return 0;
}

struct json_object *reader_member(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? value : NULL;
}

static const char *type_text(enum json_type type)
{
	switch (type) {
	case json_type_object:
		return "an object";
	case json_type_array:
		return "a list";
	case json_type_string:
		return "a string";
	case json_type_int:
		return "a whole number";
	case json_type_double:
		return "a fraction";
	case json_type_boolean:
		return "true or false";
	case json_type_null:
		return "nothing";
	}
	return "something else";
}

int reader_want(const struct reader *r, const struct where *at, struct json_object *value,
		enum json_type type)
{
	enum json_type is = json_object_get_type(value);

	if (is == type)
		return 0;
	return reader_fail(r, at, "json-type", "expected %s, got %s", type_text(type),
			   type_text(is));
}

int reader_string(const struct reader *r, const struct where *at, struct json_object *value,
		  const char **ret)
{
	int code = reader_want(r, at, value, json_type_string);
	const char *s;

	if (code < 0)
		return code;
	s = json_object_get_string(value);
	if (strlen(s) != (size_t)json_object_get_string_len(value))
		return reader_fail(r, at, "json-value", "a NUL character in a string");
	*ret = s;
	return 0;
}

/* json-c clamps what does not fit, in both directions; so the text of the number is asked. */
int reader_number(const struct reader *r, const struct where *at, struct json_object *value,
		  uint64_t max, uint64_t *ret)
{
	int code = reader_want(r, at, value, json_type_int);
	size_t offset;
	uint64_t n;

	if (code < 0)
		return code;
	n = json_object_get_uint64(value);
	offset = reader_locate(r, at);
	if ((offset < r->len && r->text[offset] == '-') || n > max)
		return reader_fail(r, at, "json-value", "out of range: 0 to %llu",
				   (unsigned long long)max);
	if (n == UINT64_MAX &&
	    (offset + 20 > r->len || memcmp(r->text + offset, "18446744073709551615", 20) != 0))
		return reader_fail(r, at, "json-value", "does not fit into 64 bits");
	*ret = n;
	return 0;
}

int reader_keys(const struct reader *r, const struct where *at, struct json_object *object,
		const char *const *known)
{
	struct json_object_iterator i = json_object_iter_begin(object);
	struct json_object_iterator end = json_object_iter_end(object);

	for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		const char *key = json_object_iter_peek_name(&i);
		struct where member = {at, key, 0};
		size_t k = 0;

		while (known[k] && strcmp(known[k], key) != 0)
			k++;
		if (!known[k])
			return reader_fail(r, &member, "json-key",
					   "no such field in a seccomp profile");
	}
	return 0;
}

int reader_each(const struct reader *r, const struct where *at, struct json_object *list,
		reader_visitor *visit, void *data)
{
	int code;

	if (!list)
		return 0;
	code = reader_want(r, at, list, json_type_array);
	for (size_t i = 0; code == 0 && i < json_object_array_length(list); i++) {
		struct where element = {at, NULL, i};

		code = visit(r, &element, json_object_array_get_idx(list, i), data);
	}
	return code;
}
