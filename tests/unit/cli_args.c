/* Command lines by their tables: what they set, and what they refuse. */
#include "term/args.h"

#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct target {
	struct args args;
	bool follow, stamps, proxy;
	const char *since;
	int64_t tail;
	int format;
	struct args_list filters;
};

static const struct args_option options[] = {
	{"follow", 'f', ARGS_FLAG, NULL, offsetof(struct target, follow), "go on", NULL, 0, 0},
	{"timestamps", 't', ARGS_FLAG, NULL, offsetof(struct target, stamps), "", NULL, 0, 0},
	{"sig-proxy", 0, ARGS_FLAG, NULL, offsetof(struct target, proxy), "", NULL, 0, 0},
	{"since", 0, ARGS_TEXT, "TIME", offsetof(struct target, since), "", NULL, 0, 0},
	{"tail", 'n', ARGS_NUMBER, "N", offsetof(struct target, tail), "", NULL, -1, 100},
	{"format", 0, ARGS_CHOICE, "FORMAT", offsetof(struct target, format), "", "table|json|csv",
	 0, 0},
	{"filter", 'F', ARGS_LIST, "KEY=VALUE", offsetof(struct target, filters), "", NULL, 0, 0},
	{0},
};

static const struct args_command command = {
	.name = "logs", .options = options, .least = 1, .most = 2, .word = "CONTAINER"};

enum { WORDS_MAX = 12 };

static int parse(struct target *t, struct rootlet_error *err, const char *const *words)
{
	char *argv[WORDS_MAX + 1];
	int argc = 0;

	for (; words[argc]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc];
	argv[argc] = NULL;
	*t = (struct target){.tail = -1, .proxy = true};
	*err = (struct rootlet_error){0};
	return args_parse(&command, t, argc, argv, err);
}

#define LINE(...)                                                                                  \
	(const char *const[WORDS_MAX + 1])                                                         \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static void args__options_are_set_in_every_form(void **state)
{
	static const char *const lines[][WORDS_MAX + 1] = {
		{"-f", "-t", "-n", "5", "web"},
		{"-ft", "-n5", "web"},
		{"-ftn5", "web"},
		{"web", "--follow", "--timestamps", "--tail", "5"},
		{"--follow=true", "web", "--tail=5", "-t"},
		{"-ftn=5", "--", "web"},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct rootlet_error err;
		struct target t;

		assert_int_equal(parse(&t, &err, lines[i]), 0);
		assert_true(t.follow && t.stamps);
		assert_int_equal(t.tail, 5);
		assert_int_equal(t.args.words.count, 1);
		assert_string_equal(t.args.words.items[0], "web");
		args_release(&command, &t);
	}
}

static void args__defaults_stay(void **state)
{
	struct rootlet_error err;
	struct target t;

	assert_int_equal(parse(&t, &err, LINE("web")), 0);
	assert_true(t.proxy && !t.follow && !t.since && !t.args.state_dir);
	assert_int_equal(t.tail, -1);
	args_release(&command, &t);
	assert_int_equal(parse(&t, &err, LINE("--sig-proxy=false", "web")), 0);
	assert_false(t.proxy);
	args_release(&command, &t);
}

static void args__choices_lists_and_common_options(void **state)
{
	struct rootlet_error err;
	struct target t;
	char name[8];

	assert_int_equal(parse(&t, &err,
			       LINE("--format", "json", "-F", "a=b", "--filter=c=d", "--state-dir",
				    "/x", "--color=never", "web")),
			 0);
	assert_int_equal(t.format, 1);
	assert_int_equal(t.filters.count, 2);
	assert_string_equal(t.filters.items[1], "c=d");
	assert_string_equal(t.args.state_dir, "/x");
	assert_int_equal(t.args.color, 2);
	args_release(&command, &t);
	args_choice_name("table|json|csv", 2, name, sizeof(name));
	assert_string_equal(name, "csv");
}

static void args__two_dashes_end_the_options(void **state)
{
	struct rootlet_error err;
	struct target t;

	assert_int_equal(parse(&t, &err, LINE("--", "-f", "-")), 0);
	assert_false(t.follow);
	assert_string_equal(t.args.words.items[0], "-f");
	assert_string_equal(t.args.words.items[1], "-");
	args_release(&command, &t);
}

static void args__help_ends_the_line(void **state)
{
	struct rootlet_error err;
	struct target t;

	assert_int_equal(parse(&t, &err, LINE("--help", "--nonsense")), 0);
	assert_true(t.args.help);
	args_release(&command, &t);
	assert_int_equal(parse(&t, &err, LINE("-h")), 0);
	assert_true(t.args.help);
	args_release(&command, &t);
}

static void args__mistakes_say_what_and_how(void **state)
{
	static const struct {
		const char *line[WORDS_MAX + 1];
		const char *id, *message, *hint;
	} rows[] = {
		{{"--folow", "web"},
		 "option-unknown",
		 "--folow: rootlet logs has no such option",
		 "did you mean --follow?"},
		{{"--fol", "web"},
		 "option-unknown",
		 "--fol: rootlet logs has no such option",
		 "rootlet help logs lists them"},
		{{"-fx", "web"},
		 "option-unknown",
		 "-x: rootlet logs has no such option",
		 "rootlet help logs lists them"},
		{{"web", "--tail"}, "option-value-missing", "--tail: needs a value, a number", ""},
		{{"--tail=", "web"}, "option-value-missing", "--tail: needs a value, a number", ""},
		{{"--since=", "web"}, "option-value-missing", "--since: needs a value, TIME", ""},
		{{"-n", "101", "web"},
		 "option-number",
		 "-n 101: is not a number from -1 to 100",
		 ""},
		{{"-n5x", "web"}, "option-number", "-n 5x: is not a number from -1 to 100", ""},
		{{"--format=xml", "web"},
		 "option-choice",
		 "--format xml: is not table, json or csv",
		 ""},
		{{"--format=j", "web"},
		 "option-choice",
		 "--format j: is not table, json or csv",
		 ""},
		{{"--follow=yes", "web"}, "option-flag", "--follow=yes: is not true or false", ""},
		{{"-f"}, "word-missing", "logs: name a CONTAINER", ""},
		{{"a", "b", "c"}, "word-too-many", "logs: c: is a word too many", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rootlet_error err;
		struct target t;

		assert_int_equal(parse(&t, &err, rows[i].line), -EINVAL);
		assert_string_equal(err.id, rows[i].id);
		assert_string_equal(err.message, rows[i].message);
		assert_string_equal(err.hint, rows[i].hint);
		args_release(&command, &t);
	}
}

static void args__a_name_longer_than_any_is_unknown(void **state)
{
	struct rootlet_error err;
	char word[400];
	struct target t;

	memset(word, 'x', sizeof(word) - 1);
	word[0] = word[1] = '-';
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(parse(&t, &err, LINE(word, "web")), -EINVAL);
	assert_string_equal(err.id, "option-unknown");
	args_release(&command, &t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(args__options_are_set_in_every_form),
		cmocka_unit_test(args__defaults_stay),
		cmocka_unit_test(args__choices_lists_and_common_options),
		cmocka_unit_test(args__two_dashes_end_the_options),
		cmocka_unit_test(args__help_ends_the_line),
		cmocka_unit_test(args__mistakes_say_what_and_how),
		cmocka_unit_test(args__a_name_longer_than_any_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
