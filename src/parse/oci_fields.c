/* Reading by table: see oci_read.h. Types, ranges and what is required; what the values mean is
 * for the other files. */
#include "parse/oci_read.h"

#include "base/path.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void store(void *to, size_t size, int64_t value)
{
	/* two's complement: the low bytes of a number in range are the number */
	uint64_t bits = (uint64_t)value;
	uint32_t four = (uint32_t)bits;
	uint16_t two = (uint16_t)bits;

	memcpy(to,
	       size == 8   ? (void *)&bits
	       : size == 4 ? (void *)&four
			   : (void *)&two,
	       size == 8 || size == 4 ? size : sizeof(two));
}

static int read_text(struct oci_context *c, const struct json *value, void *to)
{
	const char *text;
	int r = reader_string(&c->r, value, &text);

	if (r < 0)
		return r;
	if (!*text)
		text = NULL;
	memcpy(to, &text, sizeof(text));
	return 0;
}

static int read_texts(struct oci_context *c, const struct json *value, void *to)
{
	const char *const *texts;
	size_t count;
	int r = oci_texts(c, value, &texts, &count);

	if (!r)
		memcpy(to, &texts, sizeof(texts));
	return r;
}

static int read_number(struct oci_context *c, const struct json *value,
		       const struct oci_field *field, void *to)
{
	int64_t number;
	int r = reader_signed(&c->r, value, field->min, field->max, &number);

	if (!r)
		store(to, field->size, number);
	return r;
}

/* An object is as deep as a config's schema: a handful. NOLINTNEXTLINE(misc-no-recursion) */
static int read_field(struct oci_context *c, const struct json *value,
		      const struct oci_field *field, void *target)
{
	char *to = (char *)(field->in_spec ? (void *)c->spec : target) + field->offset;
	uint64_t number;
	int r;

	switch (field->type) {
	case FIELD_TEXT:
		return read_text(c, value, to);
	case FIELD_TEXTS:
		return read_texts(c, value, to);
	case FIELD_FLAG:
		r = reader_want(&c->r, value, JSON_BOOL);
		if (!r)
			memcpy(to, &value->truth, sizeof(value->truth));
		return r;
	case FIELD_NUMBER:
		return read_number(c, value, field, to);
	case FIELD_UNSIGNED:
		r = reader_number(&c->r, value, UINT64_MAX, &number);
		if (!r)
			memcpy(to, &number, sizeof(number));
		return r;
	case FIELD_OBJECT:
		return oci_read_fields(c, value, field->fields, target);
	case FIELD_CALL:
		return field->call(c, value, to);
	}
	return 0;
}

/* As above. NOLINTNEXTLINE(misc-no-recursion) */
int oci_read_fields(struct oci_context *c, const struct json *object,
		    const struct oci_field *fields, void *target)
{
	int r = reader_want(&c->r, object, JSON_OBJECT);
	uint64_t seen = 0;

	for (const struct json *m = r < 0 ? NULL : object->first; !r && m; m = m->next) {
		size_t i = 0;

		while (fields[i].key && strcmp(fields[i].key, m->key) != 0)
			i++;
		if (!fields[i].key || m->kind == JSON_NULL)
			continue;
		if (seen >> i & 1)
			return reader_fail(&c->r, m, "oci-twice", "is given twice");
		seen |= (uint64_t)1 << i;
		r = read_field(c, m, &fields[i], target);
	}
	for (size_t i = 0; !r && fields[i].key; i++)
		if (fields[i].required && !(seen >> i & 1))
			return reader_fail_member(&c->r, object, fields[i].key, "oci-missing",
						  "is required");
	return r;
}

int oci_each(struct oci_context *c, const struct json *list, oci_call *call, void *target)
{
	int r = reader_want(&c->r, list, JSON_LIST);

	for (const struct json *e = r < 0 ? NULL : list->first; !r && e; e = e->next)
		r = call(c, e, target);
	return r;
}

static int by_text(const void *a, const void *b)
{
	const struct oci_key *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	return order ? order : (x->at->offset > y->at->offset) - (x->at->offset < y->at->offset);
}

/* Sorted, since a config may be large. */
int oci_refuse_twins(struct oci_context *c, struct oci_key *keys, size_t count)
{
	const struct json *twin = NULL;

	if (count > 1)
		qsort(keys, count, sizeof(*keys), by_text);
	for (size_t i = 1; i < count; i++)
		if (strcmp(keys[i - 1].text, keys[i].text) == 0 &&
		    (!twin || keys[i].at->offset < twin->offset))
			twin = keys[i].at;
	return twin ? reader_fail(&c->r, twin, "oci-twice", "is given twice") : 0;
}

static int refuse_same_keys(struct oci_context *c, const struct json *object)
{
	struct oci_key *keys = arena_alloc(c->a, (object->count + 1) * sizeof(*keys));
	size_t count = 0;

	if (!keys)
		return error_nomem(c->r.err);
	for (const struct json *m = object->first; m; m = m->next)
		if (m->kind != JSON_NULL)
			keys[count++] = (struct oci_key){m->key, m};
	return oci_refuse_twins(c, keys, count);
}

int oci_each_member(struct oci_context *c, const struct json *object, oci_call *call, void *target)
{
	int r = reader_want(&c->r, object, JSON_OBJECT);

	if (!r)
		r = refuse_same_keys(c, object);
	for (const struct json *m = r < 0 ? NULL : object->first; !r && m; m = m->next)
		if (m->kind != JSON_NULL)
			r = call(c, m, target);
	return r;
}

int oci_texts(struct oci_context *c, const struct json *list, const char *const **ret,
	      size_t *ret_count)
{
	int r = reader_want(&c->r, list, JSON_LIST);
	const char **texts = NULL;
	size_t count = 0;

	if (!r && list->count) {
		texts = arena_alloc(c->a, (list->count + 1) * sizeof(*texts));
		if (!texts)
			return error_nomem(c->r.err);
	}
	for (const struct json *e = texts ? list->first : NULL; !r && e; e = e->next)
		r = reader_string(&c->r, e, &texts[count++]);
	if (r < 0)
		return r;
	*ret = texts;
	*ret_count = count;
	return 0;
}

int oci_word(struct oci_context *c, const struct json *value, const char *noun,
	     const struct oci_word *words, uint64_t *ret)
{
	const char *text;
	int r = reader_string(&c->r, value, &text);

	if (r < 0)
		return r;
	for (size_t i = 0; words[i].name; i++)
		if (strcmp(words[i].name, text) == 0) {
			*ret = words[i].value;
			return 0;
		}
	return reader_fail(&c->r, value, "oci-word", "\"%.100s\" is no %s", text, noun);
}

/* ---- paths ---- */

const char *oci_plain_path(struct arena *a, const char *path)
{
	char *plain = arena_alloc(a, strlen(path) + 2);

	if (plain)
		path_clean(path, plain);
	return plain;
}

int oci_inside_path(struct oci_context *c, const struct json *value, const char **ret)
{
	const char *path;
	int r = reader_string(&c->r, value, &path);

	if (r < 0)
		return r;
	if (path[0] != '/')
		return reader_fail(&c->r, value, "oci-path", "\"%.200s\" is not absolute", path);
	path = oci_plain_path(c->a, path);
	if (!path)
		return error_nomem(c->r.err);
	*ret = path;
	return 0;
}

int oci_host_path(struct oci_context *c, const char *path, const char **ret)
{
	const char *whole = path;

	if (path[0] != '/')
		whole = arena_printf(c->a, "%s/%s", c->oci->bundle, path);
	if (!whole)
		return error_nomem(c->r.err);
	*ret = whole;
	return 0;
}

/* ---- small values ---- */

/* Up to the kernel's bound for processors (CONFIG_NR_CPUS), which is above that for nodes. */
static bool take_index(const char **text, unsigned *ret)
{
	enum { INDEXES = 8192 };
	unsigned n = 0, digits = 0;

	for (; **text >= '0' && **text <= '9' && digits < 6; (*text)++, digits++)
		n = n * 10 + (unsigned)(**text - '0');
	*ret = n;
	return digits > 0 && digits < 6 && n < INDEXES;
}

/* Blanks after a comma are people's: whoever reads the list later knows none. */
static const char *without_blanks(struct arena *a, const char *text)
{
	char *copy = strchr(text, ' ') ? arena_strdup(a, text) : NULL, *to = copy;

	if (!strchr(text, ' '))
		return text;
	for (char *from = copy; from && *from; from++)
		if (*from != ' ')
			*to++ = *from;
	if (copy)
		*to = '\0';
	return copy;
}

int oci_cpu_list(struct oci_context *c, const struct json *value, void *target)
{
	const char *text, *at;
	unsigned from, to;
	int r = reader_string(&c->r, value, &text);

	if (r < 0)
		return r;
	if (!*text)
		return 0;
	for (at = text;; at++) {
		at += strspn(at, " ");
		if (!take_index(&at, &from))
			break;
		to = from;
		if (*at == '-') {
			at++;
			if (!take_index(&at, &to) || to < from)
				break;
		}
		at += strspn(at, " ");
		if (*at == '\0') {
			text = without_blanks(c->a, text);
			memcpy(target, &text, sizeof(text));
			return text ? 0 : error_nomem(c->r.err);
		}
		if (*at != ',')
			break;
	}
	return reader_fail(&c->r, value, "oci-list", "\"%.100s\" is no list such as 0-3,7", text);
}

int oci_mapping(struct oci_context *c, const struct json *value, struct oci_idmap *ret)
{
	static const struct oci_field fields[] = {
		OCI_NEEDED("containerID", struct oci_idmap, container, 0, UINT32_MAX - 1),
		OCI_NEEDED("hostID", struct oci_idmap, host, 0, UINT32_MAX - 1),
		OCI_NEEDED("size", struct oci_idmap, count, 1, UINT32_MAX),
		{.key = NULL},
	};
	struct oci_idmap map = {0};
	int r = oci_read_fields(c, value, fields, &map);

	if (r < 0)
		return r;
	if ((uint64_t)map.container + map.count > UINT32_MAX ||
	    (uint64_t)map.host + map.count > UINT32_MAX)
		return reader_fail(&c->r, value, "oci-mapping",
				   "runs past the last id, which is 4294967294");
	*ret = map;
	return 0;
}

static int keep_note(struct oci_context *c, const char *text)
{
	const char *note = arena_strdup(c->a, text);

	if (!note ||
	    arena_grow(c->a, &c->oci->notes, c->oci->note_count, sizeof(*c->oci->notes)) < 0)
		return error_nomem(c->r.err);
	c->oci->notes[c->oci->note_count++] = note;
	return 0;
}

/* Nobody reads more; and where each of them stands is counted from the beginning of the text. */
enum { NOTES_MAX = 32 };

int oci_note(struct oci_context *c, const struct json *at, const char *fmt, ...)
{
	struct rootlet_error place = {0}, *err = c->r.err;
	char why[300];
	va_list ap;

	if (!c->oci || c->noted++ >= NOTES_MAX)
		return 0;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	/* worded as an error would be, and kept */
	c->r.err = &place;
	reader_fail(&c->r, at, "json-value", "%s", why);
	c->r.err = err;
	return keep_note(c, place.message);
}

int oci_note_rest(struct oci_context *c)
{
	char text[300];

	if (c->noted <= NOTES_MAX)
		return 0;
	snprintf(text, sizeof(text), "%.200s: … and %zu more that are passed over", c->r.path,
		 c->noted - NOTES_MAX);
	return keep_note(c, text);
}
