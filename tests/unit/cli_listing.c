/* Listings: times in words and back, the STATUS column, columns that fit, hostile text. */
#include "cli/ps.h"
#include "term/table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000000)
#define HOUR   INT64_C(3600)
#define DAY    INT64_C(86400)

static void listing__ages_in_words(void **state)
{
	static const struct {
		int64_t seconds;
		const char *words;
	} rows[] = {
		{-5, "Less than a second"}, {0, "Less than a second"}, {1, "1 second"},
		{59, "59 seconds"},	    {60, "About a minute"},    {119, "About a minute"},
		{120, "2 minutes"},	    {3599, "59 minutes"},      {3600, "About an hour"},
		{7200, "2 hours"},	    {47 * HOUR, "47 hours"},   {48 * HOUR, "2 days"},
		{13 * DAY, "13 days"},	    {14 * DAY, "2 weeks"},     {59 * DAY, "8 weeks"},
		{60 * DAY, "2 months"},	    {730 * DAY, "2 years"},
	};
	char text[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		age_words(rows[i].seconds * SECOND, text, sizeof(text));
		assert_string_equal(text, rows[i].words);
	}
}

static void listing__stamps_there_and_back(void **state)
{
	const int64_t ns = INT64_C(1795309323) * SECOND + 123456789;
	char text[64];
	int64_t back;

	age_stamp(ns, text, sizeof(text));
	assert_string_equal(text, "2026-11-22T01:02:03.123456789Z");
	assert_int_equal(age_parse(text, 0, &back), 0);
	assert_int_equal(back, ns);
	assert_int_equal(age_parse("2026-11-22T01:02:03", 0, &back), 0);
	assert_int_equal(back, ns - 123456789);
}

static void listing__times_ago(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} rows[] = {{"90", 90},
		    {"10s", 10},
		    {"5m", 300},
		    {"2h", 7200},
		    {"1d", 86400},
		    {"", -1},
		    {"m", -1},
		    {"5x", -1},
		    {"5m3", -1},
		    {"-5", -1},
		    {"2026-1-1", -1},
		    {"2026-13-01T00:00:00", -1},
		    {"2026-11-22T01:02:03Zx", -1},
		    {"2999-01-01T00:00:00", -1},
		    {"1969-01-01T00:00:00", -1}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t at = 0;
		int r = age_parse(rows[i].text, 1000000 * SECOND, &at);

		assert_int_equal(r, rows[i].seconds < 0 ? -EINVAL : 0);
		if (r == 0)
			assert_int_equal(at, (1000000 - rows[i].seconds) * SECOND);
	}
}

static void listing__sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *words;
	} rows[] = {{0, "0 B"},		{999, "999 B"},	    {1000, "1.0 kB"},
		    {15300, "15.3 kB"}, {999900, "1.0 MB"}, {UINT64_C(2500000000), "2.5 GB"}};
	char text[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_words(rows[i].bytes, text, sizeof(text));
		assert_string_equal(text, rows[i].words);
	}
}

static void listing__status_column(void **state)
{
	const rootlet_container_info rows[] = {
		{.status = "created"},
		{.status = "running", .alive = true, .started = 40 * SECOND},
		{.status = "paused", .alive = true, .started = 40 * SECOND},
		{.status = "exited", .has_exit = true, .exit_status = 137, .finished = 95 * SECOND},
		{.status = "exited",
		 .has_exit = true,
		 .exit_status = 124,
		 .timed_out = true,
		 .finished = 95 * SECOND},
		{.status = "exited", .lost = true, .started = 40 * SECOND},
		{.status = "exited", .lost = true, .broken = "x: is no JSON"},
	};
	static const char *const words[] = {
		"Created",
		"Up About a minute",
		"Up About a minute (Paused)",
		"Exited (137) 5 seconds ago",
		"Exited (124) 5 seconds ago: --timeout",
		"Lost: its monitor was killed",
		"Broken: x: is no JSON",
	};
	char text[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ps_status(&rows[i], 100 * SECOND, text, sizeof(text));
		assert_string_equal(text, words[i]);
	}
}

/* ---- tables ---- */

static const struct table_column columns[] = {{.title = "ID"},
					      {.title = "COMMAND", .shrinks = 8},
					      {.title = "N", .right = true},
					      {.title = "NAME", .shrinks = 2, .late = true}};

static char *print(const char *command, int width, bool utf8)
{
	struct table t = {.columns = columns, .column_count = 4};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	table_add(&t, (const char *const[]){"abc", command, "12", "box"});
	table_print(f, &t, width, true, utf8);
	table_release(&t);
	fclose(f);
	return text;
}

static void check_table(const char *command, int width, bool utf8, const char *expected)
{
	char *text = print(command, width, utf8);

	assert_string_equal(text, expected);
	free(text);
}

static void listing__columns_shrink_to_the_width(void **state)
{
	check_table("sleep 1000", 0, true,
		    "ID    COMMAND       N   NAME\n"
		    "abc   sleep 1000   12   box\n");
	check_table("sh -c sleep 1000", 28, true,
		    "ID    COMMAND       N   NAME\n"
		    "abc   sh -c sle…   12   box\n" +
			    0);
	check_table("sh -c sleep 1000", 5, false,
		    "ID    COMMAND     N   ...\n"
		    "abc   sh -c...   12   ...\n");
	/* characters are counted, not bytes */
	check_table("äöüäöüäöüäöü", 26, true,
		    "ID    COMMAND     N   NAME\n"
		    "abc   äöüäöüä…   12   box\n");
}

static void listing__a_terminal_gets_no_orders(void **state)
{
	static const struct {
		const char *text, *visible;
	} rows[] = {
		{"a\033[2Jb\nc\td", "a\\x1b[2Jb\\nc\\td"},
		{"\177\302\233x", "\\x7f\\xc2\\x9bx"}, /* a control character beyond ASCII */
		{"\377\303", "\\xff\\xc3"},	       /* no UTF-8, and the half of a character */
		{"grün €", "grün €"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = table_visible(rows[i].text);

		assert_string_equal(text, rows[i].visible);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listing__ages_in_words),
		cmocka_unit_test(listing__stamps_there_and_back),
		cmocka_unit_test(listing__times_ago),
		cmocka_unit_test(listing__sizes),
		cmocka_unit_test(listing__status_column),
		cmocka_unit_test(listing__columns_shrink_to_the_width),
		cmocka_unit_test(listing__a_terminal_gets_no_orders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
