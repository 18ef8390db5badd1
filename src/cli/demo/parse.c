/* A demonstration's text into a flat list of items. It judges the form, never what is run. */
#include "cli/demo/demo.h"

#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *word;
	enum item_kind kind;
	bool command; /* lines stay lines; elsewhere they are one paragraph */
} words[] = {
	{"title", ITEM_TITLE, false},
	{"about", ITEM_ABOUT, false},
	{"need", ITEM_NEED, false},
	{"when", ITEM_WHEN, true},
	{"otherwise", ITEM_OTHERWISE, false},
	{"recorded", ITEM_RECORDED, false},
	{"record", ITEM_RECORD, false},
	{"step", ITEM_STEP, false},
	{"say", ITEM_SAY, false},
	{"ask", ITEM_ASK, false},
	{"inside", ITEM_INSIDE, true},
	{"host", ITEM_HOST, true},
	{"both", ITEM_BOTH, true},
	{"start", ITEM_START, true},
	{"until", ITEM_UNTIL, false},
	{"fact", ITEM_FACT, false},
	{"check", ITEM_CHECK, false},
	{"rule", ITEM_RULE, false},
	{"wait", ITEM_WAIT, false},
	{"table", ITEM_TABLE, false},
	{"row", ITEM_ROW, false},
	{"finally", ITEM_FINALLY, true},
};

enum { WORD_COUNT = sizeof(words) / sizeof(words[0]) };

static int bad(const struct demo *demo, int line, const char *why, rootlet_error *err)
{
	return error_set(err, -EINVAL, "demo-syntax", demo->name, "%s, line %d: %s", demo->name,
			 line, why);
}

static int add_item(struct demo *demo, size_t word, char *text, int line)
{
	struct item *more = realloc(demo->items, (demo->count + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	demo->items = more;
	demo->items[demo->count++] =
		(struct item){.kind = words[word].kind, .line = line, .text = text};
	return 0;
}

/* A further line of the last item: texts are moved together within the copy, which only shrinks. */
static void append_line(struct demo *demo, const char *line, bool command)
{
	struct item *item = &demo->items[demo->count - 1];
	size_t end = strlen(item->text);

	if (end > 0)
		item->text[end++] = command ? '\n' : ' ';
	memmove(item->text + end, line, strlen(line) + 1);
}

static int open_item(struct demo *demo, char *line, int number, size_t *word, rootlet_error *err)
{
	char *colon = strchr(line, ':');

	if (!colon)
		return bad(demo, number, "a line is `WORD: TEXT`, or indented, or a # comment",
			   err);
	*colon = '\0';
	for (*word = 0; *word < WORD_COUNT; (*word)++)
		if (strcmp(words[*word].word, line) == 0)
			break;
	if (*word == WORD_COUNT)
		return bad(demo, number, "there is no such word before a colon", err);
	colon++;
	colon += strspn(colon, " \t");
	if (add_item(demo, *word, colon, number) < 0)
		return error_nomem(err);
	return 0;
}

static int parse_lines(struct demo *demo, rootlet_error *err)
{
	size_t word = WORD_COUNT;
	int number = 0, r;

	for (char *line = demo->copy, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		if (*line == '\0' || *line == '#')
			continue;
		if (*line == '\t' || *line == ' ') {
			if (word == WORD_COUNT || demo->count == 0)
				return bad(demo, number, "an indented line goes on with nothing",
					   err);
			append_line(demo, line + 1, words[word].command);
			continue;
		}
		r = open_item(demo, line, number, &word, err);
		if (r < 0)
			return r;
	}
	if (demo->count == 0 || demo->items[0].kind != ITEM_TITLE)
		return bad(demo, 1, "the first line is `title: …`", err);
	return 0;
}

int demo_parse(const char *name, const char *text, struct demo *ret, rootlet_error *err)
{
	struct demo demo = {.name = strdup(name), .copy = strdup(text)};
	int r = demo.name && demo.copy ? parse_lines(&demo, err) : error_nomem(err);

	if (r < 0)
		demo_release(&demo);
	else
		*ret = demo;
	return r;
}

void demo_release(struct demo *demo)
{
	free(demo->items);
	free(demo->copy);
	free(demo->name);
	*demo = (struct demo){0};
}

const struct item *demo_find(const struct demo *demo, size_t from, enum item_kind kind)
{
	for (size_t i = from; i < demo->count; i++) {
		if (demo->items[i].kind == kind)
			return &demo->items[i];
		if (i > from && demo->items[i].kind == ITEM_STEP)
			break;
	}
	return NULL;
}

const char *demo_title(const struct demo *demo)
{
	return demo->items[0].text;
}
