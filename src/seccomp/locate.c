/* Where in the text a value stands: json-c keeps no positions, so the text is walked once more when
 * a complaint needs one. Only for texts that json-c has accepted; on any other it ends early,
 * inside. */
#include "seccomp/reader.h"

#include <string.h>

struct scanner {
	const char *text;
	size_t len, at;
};

static char here(const struct scanner *s)
{
	return s->at < s->len ? s->text[s->at] : '\0';
}

static void space(struct scanner *s)
{
	while (s->at < s->len && strchr(" \t\r\n", s->text[s->at]) && s->text[s->at])
		s->at++;
}

static void skip_string(struct scanner *s)
{
	for (s->at++; s->at < s->len && s->text[s->at] != '"'; s->at++)
		if (s->text[s->at] == '\\')
			s->at++;
	s->at++;
}

/* Any value. No recursion: brackets are counted, strings are jumped over. */
static void skip_value(struct scanner *s)
{
	size_t depth = 0;

	for (space(s); s->at < s->len; s->at++) {
		char c = here(s);

		if (c == '"') {
			skip_string(s);
			s->at--;
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			return;
		if (c == '}' || c == ']')
			depth--;
	}
}

/* To the value of a member; of the last one where a key is given twice, as json-c has it. */
static bool enter_member(struct scanner *s, const char *key)
{
	size_t found = 0, length = strlen(key);

	for (s->at++; s->at < s->len; s->at++) {
		size_t start;
		bool same;

		space(s);
		if (here(s) != '"')
			break;
		start = s->at + 1;
		skip_string(s);
		if (s->at > s->len)
			break;
		same = s->at - 1 - start == length && memcmp(s->text + start, key, length) == 0;
		space(s);
		s->at++; /* the colon */
		space(s);
		if (same)
			found = s->at;
		skip_value(s);
		if (here(s) != ',')
			break;
	}
	s->at = found;
	return found != 0;
}

static bool enter_element(struct scanner *s, size_t index)
{
	for (s->at++; index > 0; index--) {
		skip_value(s);
		if (here(s) != ',')
			return false;
		s->at++;
	}
	space(s);
	return true;
}

/* As deep as the reader goes: a handful. NOLINTNEXTLINE(misc-no-recursion) */
static size_t locate(const struct reader *r, const struct where *at, bool *exists)
{
	struct scanner s = {r->text, r->len, 0};
	size_t parent;

	if (!at) {
		space(&s);
		*exists = true;
		return s.at;
	}
	parent = s.at = locate(r, at->up, exists);
	if (*exists)
		*exists = at->key ? enter_member(&s, at->key) : enter_element(&s, at->index);
	return *exists ? s.at : parent;
}

size_t reader_locate(const struct reader *r, const struct where *at)
{
	bool exists;
	size_t offset = locate(r, at, &exists);

	return offset < r->len ? offset : r->len;
}
