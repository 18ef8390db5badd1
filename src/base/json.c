/* See json.h. One pass without recursion over a copy of the text, in which strings are unescaped
 * where they stand: what an escape stands for is never longer than itself. */
#include "base/json.h"

#include <string.h>

struct parser {
	char *text; /* the copy, with a NUL behind it */
	size_t len, at;
	struct arena *nodes;
	struct json_fault *fault;
	struct json *open[JSON_DEPTH];	      /* the lists and objects around us */
	const struct json **tail[JSON_DEPTH]; /* where their next value is linked */
	size_t depth;
};

static bool fail(struct parser *p, size_t offset, const char *why)
{
	*p->fault = (struct json_fault){offset, why};
	return false;
}

static bool unexpected(struct parser *p, const char *why)
{
	return fail(p, p->at, p->at < p->len ? why : "the text ends in the middle");
}

static void space(struct parser *p)
{
	while (p->text[p->at] == ' ' || p->text[p->at] == '\n' || p->text[p->at] == '\t' ||
	       p->text[p->at] == '\r')
		p->at++;
}

static bool hex4(struct parser *p, uint32_t *ret)
{
	uint32_t n = 0;

	for (int i = 0; i < 4; i++, p->at++) {
		char c = p->text[p->at];

		if (c >= '0' && c <= '9')
			n = n << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			n = n << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return unexpected(p, "expected four hexadecimal digits");
	}
	*ret = n;
	return true;
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* Behind the 'u'. Characters beyond 16 bits come as two escapes, of which none stands alone. */
static bool unicode(struct parser *p, char **to)
{
	size_t start = p->at - 2;
	uint32_t c, low;

	if (!hex4(p, &c))
		return false;
	if (c >= 0xd800 && c < 0xdc00 && p->text[p->at] == '\\' && p->text[p->at + 1] == 'u') {
		p->at += 2;
		if (!hex4(p, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return fail(p, start, "half a character");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	} else if (c >= 0xd800 && c < 0xe000) {
		return fail(p, start, "half a character");
	}
	*to = put_utf8(*to, c);
	return true;
}

static bool escape(struct parser *p, char **to)
{
	static const char from[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	char c = p->text[p->at + 1];
	const char *found = c ? strchr(from, c) : NULL;

	if (c == 'u') {
		p->at += 2;
		return unicode(p, to);
	}
	p->at++;
	if (!found)
		return unexpected(p, "no such escape in a string");
	p->at++;
	*(*to)++ = means[found - from];
	return true;
}

/* At the opening quote; behind the closing one afterwards, whose place the NUL takes. */
static bool string(struct parser *p, const char **ret, uint32_t *ret_len)
{
	char *start = p->text + ++p->at, *to;

	/* most strings need no change */
	while ((unsigned char)p->text[p->at] >= 0x20 && p->text[p->at] != '"' &&
	       p->text[p->at] != '\\')
		p->at++;
	to = p->text + p->at;
	while (p->text[p->at] != '"') {
		if (p->text[p->at] == '\\') {
			if (!escape(p, &to))
				return false;
		} else if ((unsigned char)p->text[p->at] < 0x20) {
			return unexpected(p, "a control character in a string");
		} else {
			*to++ = p->text[p->at++];
		}
	}
	p->at++;
	*to = '\0';
	*ret = start;
	*ret_len = (uint32_t)(to - start);
	return true;
}

static size_t digits(struct parser *p)
{
	size_t start = p->at;

	while (p->text[p->at] >= '0' && p->text[p->at] <= '9')
		p->at++;
	return p->at - start;
}

static bool number(struct parser *p, struct json *value)
{
	const char *first;
	size_t length;

	value->kind = JSON_INTEGER;
	value->negative = p->text[p->at] == '-';
	p->at += value->negative;
	first = p->text + p->at;
	length = digits(p);
	if (!length)
		return unexpected(p, "expected a digit");
	if (*first == '0' && length > 1)
		return fail(p, value->offset, "a number begins with 0");
	for (size_t i = 0; i < length; i++)
		value->too_big |= __builtin_mul_overflow(value->number, 10u, &value->number) ||
				  __builtin_add_overflow(value->number, (unsigned)(first[i] - '0'),
							 &value->number);
	if (p->text[p->at] == '.') {
		value->kind = JSON_FRACTION;
		p->at++;
		if (!digits(p))
			return unexpected(p, "expected a digit");
	}
	if ((p->text[p->at] | 0x20) == 'e') {
		value->kind = JSON_FRACTION;
		p->at++;
		if (p->text[p->at] == '+' || p->text[p->at] == '-')
			p->at++;
		if (!digits(p))
			return unexpected(p, "expected a digit");
	}
	return true;
}

static bool word(struct parser *p, struct json *value)
{
	static const struct {
		const char *text;
		uint8_t kind;
		bool truth;
	} words[] = {
		{"true", JSON_BOOL, true}, {"false", JSON_BOOL, false}, {"null", JSON_NULL, false}};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t length = strlen(words[i].text);

		if (strncmp(p->text + p->at, words[i].text, length) != 0)
			continue;
		p->at += length;
		value->kind = words[i].kind;
		value->truth = words[i].truth;
		return true;
	}
	return unexpected(p, "expected a value");
}

static bool open_container(struct parser *p, struct json *value)
{
	if (p->depth == JSON_DEPTH)
		return fail(p, p->at, "nested too deeply");
	value->kind = p->text[p->at++] == '{' ? JSON_OBJECT : JSON_LIST;
	p->open[p->depth] = value;
	p->tail[p->depth++] = &value->first;
	return true;
}

/* What begins here: a whole scalar, or the bracket of a list or an object. */
static bool begin_value(struct parser *p, struct json *value)
{
	char c = p->text[p->at];

	value->offset = (uint32_t)p->at;
	if (c == '"') {
		value->kind = JSON_STRING;
		return string(p, &value->string, &value->count);
	}
	if (c == '{' || c == '[')
		return open_container(p, value);
	if (c == '-' || (c >= '0' && c <= '9'))
		return number(p, value);
	return word(p, value);
}

static bool member_key(struct parser *p, const char **ret)
{
	size_t start = p->at;
	uint32_t length;

	if (p->text[p->at] != '"')
		return unexpected(p, "expected the name of a member, in quotes");
	if (!string(p, ret, &length))
		return false;
	if (memchr(*ret, '\0', length))
		return fail(p, start, "a NUL character in the name of a member");
	space(p);
	if (p->text[p->at] != ':')
		return unexpected(p, "expected a colon");
	p->at++;
	space(p);
	return true;
}

/* The next value of what is open, or of the text itself. */
static bool add_value(struct parser *p, const struct json **root)
{
	struct json *value = arena_alloc(p->nodes, sizeof(*value)), *up = NULL;

	if (!value)
		return fail(p, p->at, NULL);
	if (p->depth) {
		size_t top = p->depth - 1;

		up = p->open[top];
		up->count++;
		*p->tail[top] = value;
		p->tail[top] = &value->next;
		if (up->kind == JSON_OBJECT && !member_key(p, &value->key))
			return false;
	} else {
		*root = value;
	}
	value->up = up;
	if (!begin_value(p, value))
		return false;
	value->end = (uint32_t)p->at;
	return true;
}

/* Behind a value: close what ends here. Ends before the next value, or with nothing open. */
static bool close_containers(struct parser *p)
{
	while (p->depth) {
		struct json *up = p->open[p->depth - 1];
		bool object = up->kind == JSON_OBJECT;

		space(p);
		if (p->text[p->at] == (object ? '}' : ']')) {
			up->end = (uint32_t)++p->at;
			p->depth--;
			continue;
		}
		if (up->count == 0)
			return true;
		if (p->text[p->at] != ',')
			return unexpected(p, object ? "expected a comma or }"
						    : "expected a comma or ]");
		p->at++;
		space(p);
		return true;
	}
	return true;
}

bool json_parse(struct arena *nodes, struct arena *strings, const char *text, size_t len,
		const struct json **ret, struct json_fault *fault)
{
	struct parser p = {.len = len, .nodes = nodes, .fault = fault};
	const struct json *root = NULL;

	p.text = len < UINT32_MAX ? arena_alloc(strings, len + 1) : NULL;
	if (!p.text)
		return fail(&p, 0, NULL);
	if (len)
		memcpy(p.text, text, len);
	space(&p);
	do
		if (!add_value(&p, &root) || !close_containers(&p))
			return false;
	while (p.depth);
	space(&p);
	if (p.at < len)
		return fail(&p, p.at, "more text after the end of the JSON value");
	*ret = root;
	return true;
}

const struct json *json_member(const struct json *object, const char *key)
{
	const struct json *found = NULL;

	if (object->kind != JSON_OBJECT)
		return NULL;
	for (const struct json *m = object->first; m; m = m->next)
		if (strcmp(m->key, key) == 0)
			found = m;
	return found;
}
