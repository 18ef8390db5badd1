/* Cuts a command line by its table; see args.h. It fills in what the table says and judges nothing
 * else. */
#include "term/args.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 64 };

static const struct args_option common_options[] = {
	{"color", 0, ARGS_CHOICE, "WHEN", offsetof(struct args, color),
	 "auto (on a terminal), always or never", "auto|always|never", 0, 0},
	{"log-format", 0, ARGS_CHOICE, "FORMAT", offsetof(struct args, log_format),
	 "messages as text, or as one JSON object a line", "text|json", 0, 0},
	{"help", 'h', ARGS_FLAG, NULL, offsetof(struct args, help), "print this page", NULL, 0, 0},
	/* the last, which not every command has */
	{"state-dir", 0, ARGS_TEXT, "DIR", offsetof(struct args, state_dir),
	 "the state: not $XDG_RUNTIME_DIR/rootlet", "a directory", 0, 0},
};

enum { COMMON_COUNT = sizeof(common_options) / sizeof(common_options[0]) };

struct line {
	const struct args_command *command;
	char *target;
	int argc, next;
	char **argv;
	rootlet_error *err;
};

static size_t count_options(const struct args_option *options)
{
	size_t n = 0;

	while (options && options[n].name)
		n++;
	return n;
}

const struct args_option *args_option(const struct args_command *command, size_t index)
{
	size_t own = count_options(command->options);
	size_t common = command->common	     ? count_options(command->common)
			: command->stateless ? COMMON_COUNT - 1
					     : COMMON_COUNT;

	if (index < own)
		return &command->options[index];
	if (index - own >= common)
		return NULL;
	return command->common ? &command->common[index - own] : &common_options[index - own];
}

static const char *program(const struct args_command *command)
{
	return command->program ? command->program : "rootlet";
}

static const struct args_option *find(const struct args_command *command, const char *name,
				      size_t len)
{
	const struct args_option *o;

	for (size_t i = 0; (o = args_option(command, i)) != NULL; i++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static const struct args_option *find_letter(const struct args_command *command, char letter)
{
	const struct args_option *o;

	for (size_t i = 0; (o = args_option(command, i)) != NULL; i++)
		if (o->letter == letter)
			return o;
	return NULL;
}

/* ---- an option that is not there ---- */

/* Levenshtein's, one row at a time. */
size_t args_distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_LENGTH + 1], m = strlen(a), n = strlen(b);

	if (m > NAME_MAX_LENGTH || n > NAME_MAX_LENGTH)
		return NAME_MAX_LENGTH;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t least = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (row[j] + 1 < least)
				least = row[j] + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			row[j] = least;
		}
	}
	return row[n];
}

static const char *nearest(const struct args_command *command, const char *name)
{
	const struct args_option *o;
	const char *best = NULL;
	size_t least = 3; /* more is another word */

	for (size_t i = 0; (o = args_option(command, i)) != NULL; i++) {
		size_t d = args_distance(name, o->name);

		if (d < least && d < strlen(o->name)) {
			best = o->name;
			least = d;
		}
	}
	return best;
}

static int unknown(const struct line *l, const char *flag)
{
	const char *near = flag[1] == '-' ? nearest(l->command, flag + 2) : NULL;

	const char *name = l->command->name,
		   *space = *name ? " " : ""; /* global options have none */

	error_set(l->err, -EINVAL, "option-unknown", flag, "%s: %s%s%s has no such option", flag,
		  program(l->command), space, name);
	if (near)
		error_hint(l->err, "did you mean --%s?", near);
	else
		error_hint(l->err, "%s help%s%s lists them", program(l->command), space, name);
	return -EINVAL;
}

/* ---- values ---- */

/* "text|json" → "text or json", for a sentence. */
static void say_values(const char *values, char *text, size_t size)
{
	size_t n = 0;
	const char *last = strrchr(values, '|');

	for (const char *p = values; *p && n + 5 < size; p++) {
		if (*p != '|')
			text[n++] = *p;
		else
			n += (size_t)snprintf(text + n, size - n, p == last ? " or " : ", ");
	}
	text[n] = '\0';
}

static int bad_value(const struct line *l, const struct args_option *o, const char *flag,
		     const char *value)
{
	char good[128];

	snprintf(good, sizeof(good), "%s",
		 o->type == ARGS_FLAG	  ? "true or false"
		 : o->type == ARGS_NUMBER ? "a number"
					  : o->metavar);
	if (o->values)
		say_values(o->values, good, sizeof(good));
	if (o->type != ARGS_FLAG && !*value)
		return error_set(l->err, -EINVAL, "option-value-missing", flag,
				 "%s: needs a value, %s", flag, good);
	if (o->type == ARGS_NUMBER)
		return error_set(l->err, -EINVAL, "option-number", flag,
				 "%s %s: is not a number from %lld to %lld", flag, value,
				 (long long)o->least, (long long)o->most);
	if (o->type == ARGS_FLAG)
		return error_set(l->err, -EINVAL, "option-flag", flag, "%s=%s: is not %s", flag,
				 value, good);
	return error_set(l->err, -EINVAL, "option-choice", flag, "%s %s: is not %s", flag, value,
			 good);
}

static int choose(const char *values, const char *value, int *ret)
{
	size_t len = strlen(value);
	int index = 0;

	for (const char *p = values; p; p = strchr(p, '|'), p = p ? p + 1 : NULL, index++) {
		if (strncmp(p, value, len) != 0 || !len || (p[len] && p[len] != '|'))
			continue;
		*ret = index;
		return 0;
	}
	return -EINVAL;
}

void args_choice_name(const char *values, int choice, char *text, size_t size)
{
	const char *p = values;

	for (; choice > 0 && p; choice--) {
		p = strchr(p, '|');
		p = p ? p + 1 : NULL;
	}
	snprintf(text, size, "%.*s", p ? (int)strcspn(p, "|") : 0, p ? p : "");
}

static int set_number(const struct args_option *o, const char *value, int64_t *ret)
{
	bool minus = *value == '-';
	uint64_t n;
	int64_t number;

	if (io_parse_u64(value + minus, INT64_MAX, &n) < 0)
		return -EINVAL;
	number = minus ? -(int64_t)n : (int64_t)n;
	if (number < o->least || number > o->most)
		return -EINVAL;
	*ret = number;
	return 0;
}

static int add_to_list(const struct line *l, struct args_list *list, const char *value)
{
	if (!list->items) /* never more than there are words */
		list->items = calloc((size_t)l->argc + 1, sizeof(*list->items));
	if (!list->items)
		return -ENOMEM;
	list->items[list->count++] = value;
	return 0;
}

static int set_value(const struct line *l, const struct args_option *o, const char *value)
{
	void *target = l->target + o->target;

	switch (o->type) {
	case ARGS_FLAG:
		if (value && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
			return -EINVAL;
		*(bool *)target = !value || *value == 't';
		return 0;
	case ARGS_TEXT:
		*(const char **)target = value;
		return *value ? 0 : -EINVAL;
	case ARGS_NUMBER:
		return set_number(o, value, target);
	case ARGS_CHOICE:
		return choose(o->values, value, target);
	case ARGS_LIST:
		return *value ? add_to_list(l, target, value) : -EINVAL;
	}
	return -EINVAL;
}

static bool takes_value(const struct args_option *o)
{
	return o->type != ARGS_FLAG;
}

/* `value` NULL: it is the next word, where one is needed. */
static int apply(struct line *l, const struct args_option *o, const char *flag, const char *value)
{
	int r;

	if (!value && takes_value(o))
		value = l->next < l->argc ? l->argv[l->next++] : "";
	r = set_value(l, o, value);
	if (r == -EINVAL)
		return bad_value(l, o, flag, value);
	return r < 0 ? error_nomem(l->err) : 0;
}

/* ---- words ---- */

static int take_long(struct line *l, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct args_option *o = find(l->command, word + 2, len - 2);
	char flag[NAME_MAX_LENGTH + 3];

	snprintf(flag, sizeof(flag), "%.*s", (int)(len < sizeof(flag) ? len : sizeof(flag) - 1),
		 word);
	return o ? apply(l, o, flag, equals ? equals + 1 : NULL) : unknown(l, flag);
}

/* "-ft", "-n5", "-n=5": a letter that takes a value takes the rest of the word. */
static int take_letters(struct line *l, const char *word)
{
	for (const char *p = word + 1; *p; p++) {
		const struct args_option *o = find_letter(l->command, *p);
		char flag[3] = {'-', *p, '\0'};
		int r;

		if (!o)
			return unknown(l, flag);
		if (p[1] == '=')
			return apply(l, o, flag, p + 2);
		if (takes_value(o) && p[1])
			return apply(l, o, flag, p + 1);
		r = apply(l, o, flag, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_words(const struct line *l, const struct args_list *words)
{
	const struct args_command *c = l->command;

	if (words->count < (size_t)c->least)
		return error_set(l->err, -EINVAL, "word-missing", c->word, "%s: %s a%s %s", c->name,
				 c->least > 1 ? "needs" : "name",
				 strchr("AEIO", c->word[0]) ? "n" : "", c->word);
	if (c->most >= 0 && words->count > (size_t)c->most)
		return error_set(l->err, -EINVAL, "word-too-many", words->items[c->most],
				 "%s: %s: is a word too many", c->name, words->items[c->most]);
	return 0;
}

int args_parse(const struct args_command *command, void *target, int argc, char **argv,
	       rootlet_error *err)
{
	struct line l = {
		.command = command, .target = target, .argc = argc, .argv = argv, .err = err};
	struct args *common = target;
	bool options = true;

	while (l.next < argc && !common->help) {
		const char *word = argv[l.next++];
		int r;

		if (options && strcmp(word, "--") == 0) {
			options = false;
			continue;
		}
		if (!options || word[0] != '-' || !word[1]) {
			r = add_to_list(&l, &common->words, word) < 0 ? error_nomem(err) : 0;
			options &= !command->stops;
		} else {
			r = word[1] == '-' ? take_long(&l, word) : take_letters(&l, word);
		}
		if (r < 0)
			return r;
	}
	return common->help ? 0 : check_words(&l, &common->words);
}

void args_release(const struct args_command *command, void *target)
{
	struct args *common = target;
	const struct args_option *o;

	for (size_t i = 0; (o = args_option(command, i)) != NULL; i++)
		if (o->type == ARGS_LIST)
			free(((struct args_list *)((char *)target + o->target))->items);
	free(common->words.items);
	common->words = (struct args_list){0};
}
