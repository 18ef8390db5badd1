/* See reader.h. Complaints and typed access; what JSON is, is json.c's. */
#include "base/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { POINTER_MAX = 200 };

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

static size_t index_of(const struct json *at)
{
	size_t index = 0;

	for (const struct json *e = at->up->first; e && e != at; e = e->next)
		index++;
	return index;
}

/* `member` is one more part, of what is not there; NULL: none. */
static void pointer_text(const struct reader *r, const struct json *at, const char *member,
			 char to[static POINTER_MAX])
{
	const struct json *chain[JSON_DEPTH + 1];
	size_t depth = 0, used = 0;

	if (r->pointer)
		used = (size_t)snprintf(to, POINTER_MAX / 2, "%.90s", r->pointer);
	for (; at && at->up && depth < JSON_DEPTH; at = at->up)
		chain[depth++] = at;
	while (depth-- && used + 24 < POINTER_MAX) {
		to[used++] = '/';
		if (chain[depth]->key)
			used = add_key(to, used, POINTER_MAX, chain[depth]->key);
		else
			used += (size_t)snprintf(to + used, POINTER_MAX - used, "%zu",
						 index_of(chain[depth]));
	}
	if (member && used + 24 < POINTER_MAX) {
		to[used++] = '/';
		used = add_key(to, used, POINTER_MAX, member);
	}
	to[used] = '\0';
}

static void position(const struct reader *r, size_t offset, size_t *line, size_t *column)
{
	const char *at = r->text, *end = r->text + (offset < r->len ? offset : r->len);
	const char *newline;
	size_t first = r->line ? r->column : 1;

	*line = r->line ? r->line : 1;
	for (; at < end && (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1) {
		(*line)++;
		first = 1;
	}
	*column = first + (size_t)(end - at);
}

void reader_place(const struct reader *r, const struct json *at, size_t *line, size_t *column)
{
	position(r, at ? at->offset : 0, line, column);
}

static int fail_at(const struct reader *r, size_t offset, const char *pointer, const char *id,
		   const char *why)
{
	size_t line, column;

	position(r, offset, &line, &column);
	return error_set(r->err, -EINVAL, id, pointer, "%s:%zu:%zu: %s%s%s", r->path, line, column,
			 pointer, *pointer ? ": " : "", why);
}

int reader_fail(const struct reader *r, const struct json *at, const char *id, const char *fmt, ...)
{
	char pointer[POINTER_MAX], why[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	pointer_text(r, at, NULL, pointer);
	return fail_at(r, at ? at->offset : 0, pointer, id, why);
}

int reader_fail_member(const struct reader *r, const struct json *object, const char *key,
		       const char *id, const char *fmt, ...)
{
	char pointer[POINTER_MAX], why[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	pointer_text(r, object, key, pointer);
	return fail_at(r, object->offset, pointer, id, why);
}

int reader_open(struct reader *r, struct arena *strings, const struct json **ret)
{
	const struct json *root;
	struct json_fault fault;
	int code;

	if (r->len > READER_TEXT_MAX)
		return error_set(r->err, -EFBIG, "json-size", r->path,
				 "%s: larger than %d MiB, which %s never is", r->path,
				 READER_TEXT_MAX >> 20, r->noun);
	arena_init(&r->nodes);
	if (!json_parse(&r->nodes, strings, r->text, r->len, &root, &fault))
		code = fault.why ? fail_at(r, fault.offset, "", "json-syntax", fault.why)
				 : error_nomem(r->err);
	else
		code = reader_want(r, root, JSON_OBJECT);
	if (code < 0) {
		reader_close(r);
		return code;
	}
	*ret = root;
	return 0;
}

void reader_close(struct reader *r)
{
	arena_release(&r->nodes);
}

const struct json *reader_member(const struct json *object, const char *key)
{
	const struct json *value = json_member(object, key);

	return value && value->kind != JSON_NULL ? value : NULL;
}

static const char *const kind_texts[] = {
	[JSON_NULL] = "nothing",	   [JSON_BOOL] = "true or false",
	[JSON_INTEGER] = "a whole number", [JSON_FRACTION] = "a fraction",
	[JSON_STRING] = "a string",	   [JSON_LIST] = "a list",
	[JSON_OBJECT] = "an object",
};

int reader_want(const struct reader *r, const struct json *value, enum json_kind kind)
{
	if (value->kind == kind)
		return 0;
	return reader_fail(r, value, "json-type", "expected %s, got %s", kind_texts[kind],
			   kind_texts[value->kind]);
}

int reader_need(const struct reader *r, const struct json *object, const char *key,
		enum json_kind kind, const struct json **ret)
{
	const struct json *value = reader_member(object, key);
	int code;

	if (!value)
		return reader_fail_member(r, object, key, "json-type", "expected %s, got nothing",
					  kind_texts[kind]);
	code = reader_want(r, value, kind);
	if (code == 0)
		*ret = value;
	return code;
}

int reader_string(const struct reader *r, const struct json *value, const char **ret)
{
	int code = reader_want(r, value, JSON_STRING);

	if (code < 0)
		return code;
	if (strlen(value->string) != value->count)
		return reader_fail(r, value, "json-value", "a NUL character in a string");
	*ret = value->string;
	return 0;
}

int reader_number(const struct reader *r, const struct json *value, uint64_t max, uint64_t *ret)
{
	int code = reader_want(r, value, JSON_INTEGER);

	if (code < 0)
		return code;
	if (value->too_big && !value->negative && max == UINT64_MAX)
		return reader_fail(r, value, "json-value", "does not fit into 64 bits");
	if (value->negative || value->too_big || value->number > max)
		return reader_fail(r, value, "json-value", "out of range: 0 to %llu",
				   (unsigned long long)max);
	*ret = value->number;
	return 0;
}

int reader_signed(const struct reader *r, const struct json *value, int64_t min, int64_t max,
		  int64_t *ret)
{
	int code = reader_want(r, value, JSON_INTEGER);
	uint64_t limit = (uint64_t)INT64_MAX + value->negative;
	int64_t n;

	if (code < 0)
		return code;
	if (value->too_big || value->number > limit)
		return reader_fail(r, value, "json-value", "out of range: %lld to %lld",
				   (long long)min, (long long)max);
	n = value->negative ? (int64_t)(0 - value->number) : (int64_t)value->number;
	if (n < min || n > max)
		return reader_fail(r, value, "json-value", "out of range: %lld to %lld",
				   (long long)min, (long long)max);
	*ret = n;
	return 0;
}

int reader_keys(const struct reader *r, const struct json *object, const char *const *known)
{
	for (const struct json *member = object->first; member; member = member->next) {
		size_t k = 0;

		while (known[k] && strcmp(known[k], member->key) != 0)
			k++;
		if (!known[k])
			return reader_fail(r, member, "json-key", "no such field in %s", r->noun);
	}
	return 0;
}

int reader_each(const struct reader *r, const struct json *list, reader_visitor *visit, void *data)
{
	int code;

	if (!list)
		return 0;
	code = reader_want(r, list, JSON_LIST);
	for (const struct json *e = code < 0 ? NULL : list->first; code == 0 && e; e = e->next)
		code = visit(r, e, data);
	return code;
}
