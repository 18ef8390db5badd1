/* Values for both JSON printers. See json.h. */
#include "explain/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void out_put(struct json_out *o, struct json_object *object, const char *key,
	     struct json_object *value)
{
	if (!value || !object || json_object_object_add(object, key, value) < 0) {
		json_object_put(value);
		o->failed = true;
	}
}

void out_push(struct json_out *o, struct json_object *array, struct json_object *value)
{
	if (!value || !array || json_object_array_add(array, value) < 0) {
		json_object_put(value);
		o->failed = true;
	}
}

void out_null(struct json_out *o, struct json_object *object, const char *key)
{
	if (!object || json_object_object_add(object, key, NULL) < 0)
		o->failed = true;
}

/* How many bytes the character at `p` has, or 0 when it is no UTF-8. */
static size_t character(const unsigned char *p)
{
	size_t extra = p[0] < 0x80 ? 0 : p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : 1;

	if (p[0] >= 0xf5 || (p[0] >= 0x80 && p[0] < 0xc2))
		return 0;
	for (size_t i = 1; i <= extra; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return extra + 1;
}

/* JSON is Unicode, names are bytes: what is not UTF-8 becomes U+FFFD. */
void out_text(struct json_out *o, struct json_object *object, const char *key, const char *text)
{
	AUTO_BUFFER b = {0};

	if (!text) {
		out_null(o, object, key);
		return;
	}
	buffer_puts(&b, "");
	while (*text) {
		size_t n = character((const unsigned char *)text);

		if (n)
			buffer_add(&b, text, n);
		else
			buffer_puts(&b, "\xef\xbf\xbd");
		text += n ? n : 1;
	}
	out_put(o, object, key,
		buffer_failed(&b) || !b.data ? NULL : json_object_new_string(b.data));
}

void out_number(struct json_out *o, struct json_object *object, const char *key, uint64_t value)
{
	out_put(o, object, key, json_object_new_uint64(value));
}

void out_bool(struct json_out *o, struct json_object *object, const char *key, bool value)
{
	out_put(o, object, key, json_object_new_boolean(value));
}

void out_seen(struct json_out *o, struct json_object *object, const char *key, struct ns_seen seen)
{
	if (seen.error)
		out_null(o, object, key);
	else
		out_number(o, object, key, seen.inode);
}

struct json_object *out_map(struct json_out *o, const struct idmap *map)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < map->count; i++) {
		struct json_object *e = json_object_new_object();

		out_number(o, e, "inside", map->extents[i].inside);
		out_number(o, e, "outside", map->extents[i].outside);
		out_number(o, e, "count", map->extents[i].count);
		out_push(o, array, e);
	}
	return array;
}

struct json_object *out_pair(struct json_out *o, struct id_pair pair)
{
	struct json_object *object = json_object_new_object();

	out_number(o, object, "here", pair.here);
	if (pair.mapped)
		out_number(o, object, "inside", pair.inside);
	else
		out_null(o, object, "inside");
	return object;
}

struct json_object *out_caps(struct json_out *o, uint64_t set)
{
	struct json_object *array = json_object_new_array();

	for (unsigned i = 0; i < 64; i++) {
		char name[32];

		if (!(set >> i & 1))
			continue;
		if (!cap_name(i, name, sizeof(name)))
			snprintf(name, sizeof(name), "%u", i);
		out_push(o, array, json_object_new_string(name));
	}
	return array;
}

int out_finish(struct json_out *o, struct json_object *root, struct buffer *b)
{
	const char *text =
		root && !o->failed
			? json_object_to_json_string_ext(
				  root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE |
						JSON_C_TO_STRING_SPACED)
			: NULL;

	if (text) {
		buffer_puts(b, text);
		buffer_puts(b, "\n");
	}
	json_object_put(root);
	return !text || buffer_failed(b) ? -ENOMEM : 0;
}
