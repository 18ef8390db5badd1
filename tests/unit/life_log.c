/* The log's reader: files made by hand, and rotations between two reads. */
#include "life/log.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define STAMP "2026-11-22T01:02:03.123456789Z "
#define OUT   STAMP "stdout F "
#define ERR   STAMP "stderr F "
#define PART  STAMP "stdout P "

struct box {
	char path[64];
	int folder;
	struct life_log *log;
};

static int setup(void **state)
{
	struct box *b = calloc(1, sizeof(*b));

	snprintf(b->path, sizeof(b->path), "/tmp/life_log.XXXXXX");
	if (!mkdtemp(b->path))
		return -1;
	b->folder = open(b->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct box *b = *state;

	life_log_close(b->log);
	unlinkat(b->folder, "log", 0);
	unlinkat(b->folder, "log.1", 0);
	close(b->folder);
	rmdir(b->path);
	free(b);
	return 0;
}

static void append(const struct box *b, const char *text)
{
	int fd = openat(b->folder, "log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

/* As the monitor does it. */
static void rotate(const struct box *b)
{
	assert_int_equal(renameat(b->folder, "log", b->folder, "log.1"), 0);
	append(b, "");
}

static void begin(struct box *b)
{
	assert_int_equal(life_log_open(b->folder, false, &b->log), 0);
}

/* All that is there at the moment, as "o:text|" or "e:text|", and "+" instead of "|" after a part.
 */
static void expect(struct box *b, const char *expected)
{
	static char all[1 << 17];
	struct life_log_entry e;
	size_t n = 0;
	int r;

	all[0] = '\0';
	while ((r = life_log_next(b->log, &e)) == 1)
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%c:%.*s%c",
				      e.from_stderr ? 'e' : 'o', (int)e.len, e.text,
				      e.partial ? '+' : '|');
	assert_int_equal(r, 0);
	assert_string_equal(all, expected);
}

static void log__no_files_are_no_log(void **state)
{
	struct box *b = *state;

	assert_int_equal(life_log_open(b->folder, false, &b->log), -ENOENT);
	b->log = NULL;
}

/* A reader may be there before the monitor has begun. */
static void log__file_that_comes_later(void **state)
{
	struct box *b = *state;

	assert_int_equal(life_log_open(b->folder, true, &b->log), 0);
	assert_int_equal(life_log_tail(b->log, 5), 0);
	expect(b, "");
	append(b, OUT "1\n");
	expect(b, "o:1|");
	rotate(b);
	append(b, OUT "2\n");
	expect(b, "o:2|");
}

static void log__lines_streams_parts_and_times(void **state)
{
	struct box *b = *state;
	struct life_log_entry e;

	append(b, OUT "one\n" ERR "two\n" PART "th\n" ERR "\n" OUT "ree\n");
	begin(b);
	assert_int_equal(life_log_next(b->log, &e), 1);
	assert_true(e.time == INT64_C(1795309323123456789));
	expect(b, "e:two|o:th+e:|o:ree|");
	expect(b, "");
	append(b, OUT "later\n");
	expect(b, "o:later|");
}

/* A reader may come in the middle of a write, which the monitor may even take back. */
static void log__a_line_without_its_end_is_read_again(void **state)
{
	struct box *b = *state;
	int fd;

	append(b, OUT "one\n" OUT "tw");
	begin(b);
	expect(b, "o:one|");
	expect(b, "");
	fd = openat(b->folder, "log", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)strlen(OUT "one\n")), 0);
	close(fd);
	append(b, OUT "other\n");
	expect(b, "o:other|");
}

static void log__old_file_comes_first(void **state)
{
	struct box *b = *state;

	append(b, OUT "old\n");
	rotate(b);
	append(b, OUT "new\n");
	begin(b);
	expect(b, "o:old|o:new|");
}

static void log__rotation_between_two_reads(void **state)
{
	struct box *b = *state;

	append(b, OUT "1\n");
	begin(b);
	expect(b, "o:1|");
	append(b, OUT "2\n");
	rotate(b);
	append(b, OUT "3\n");
	expect(b, "o:2|o:3|");
	rotate(b);
	expect(b, "");
	append(b, OUT "4\n");
	expect(b, "o:4|");
	assert_false(life_log_gap(b->log));
}

/* Twice between two looks: the file between is log.1 by then, and nothing is lost. */
static void log__two_rotations_between_two_reads(void **state)
{
	struct box *b = *state;

	append(b, OUT "1\n");
	begin(b);
	expect(b, "o:1|");
	append(b, OUT "2\n");
	rotate(b);
	append(b, OUT "3\n");
	rotate(b);
	append(b, OUT "4\n");
	expect(b, "o:2|o:3|o:4|");
	assert_false(life_log_gap(b->log));
}

static void log__faster_than_looked_is_told(void **state)
{
	struct box *b = *state;

	append(b, OUT "1\n");
	begin(b);
	expect(b, "o:1|");
	for (int i = 0; i < 3; i++) {
		rotate(b);
		append(b, i == 0 ? OUT "lost\n" : OUT "kept\n");
	}
	expect(b, "o:kept|o:kept|");
	assert_true(life_log_gap(b->log));
	assert_false(life_log_gap(b->log));
}

/* A slow reader that looks after each rotation reads all of it, however many there were. */
static void log__slow_reader_that_looks_loses_nothing(void **state)
{
	struct box *b = *state;

	append(b, OUT "0\n");
	begin(b);
	for (int i = 1; i < 6; i++) {
		char line[64];

		rotate(b);
		snprintf(line, sizeof(line), OUT "%d\n", i);
		append(b, line);
		assert_int_equal(life_log_notice(b->log), 0);
	}
	expect(b, "o:0|o:1|o:2|o:3|o:4|o:5|");
	assert_false(life_log_gap(b->log));
}

static void log__last_lines_of_both_files(void **state)
{
	static const struct {
		uint64_t lines;
		const char *expected;
	} rows[] = {
		{0, ""},
		{1, "o:5|"},
		{3, "e:3|o:4a+o:4b|o:5|"},
		{4, "o:2|e:3|o:4a+o:4b|o:5|"},
		{99, "o:1|o:2|e:3|o:4a+o:4b|o:5|"},
	};
	struct box *b = *state;

	append(b, OUT "1\n" OUT "2\n");
	rotate(b);
	append(b, ERR "3\n" PART "4a\n" OUT "4b\n" OUT "5\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(b);
		assert_int_equal(life_log_tail(b->log, rows[i].lines), 0);
		expect(b, rows[i].expected);
		append(b, ""); /* and what comes then is shown whatever it was */
		life_log_close(b->log);
		b->log = NULL;
	}
	begin(b);
	assert_int_equal(life_log_tail(b->log, 1), 0);
	rotate(b);
	append(b, OUT "6\n");
	expect(b, "o:5|o:6|");
}

/* Whatever stands in the file is shown, and nothing of it is believed. */
static void log__foreign_lines_are_shown_as_they_are(void **state)
{
	struct box *b = *state;
	static char big[100000], expected[100100];

	append(b, "no stamp\n" STAMP "stdin F x\n\n" OUT "fine\n");
	begin(b);
	expect(b, "o:no stamp|o:" STAMP "stdin F x|o:|o:fine|");
	memset(big, 'x', sizeof(big) - 2);
	big[sizeof(big) - 2] = '\n';
	append(b, big);
	snprintf(expected, sizeof(expected), "o:%.65536s|o:%.*s|", big,
		 (int)(sizeof(big) - 2 - 65536), big + 65536);
	expect(b, expected);
}

static void log__descriptor_tells_of_what_is_new(void **state)
{
	struct box *b = *state;
	char events[256];

	append(b, OUT "1\n");
	begin(b);
	expect(b, "o:1|");
	assert_true(life_log_fd(b->log) >= 0);
	assert_int_equal(read(life_log_fd(b->log), events, sizeof(events)), -1);
	append(b, OUT "2\n");
	assert_true(read(life_log_fd(b->log), events, sizeof(events)) > 0);
}

#define row(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(log__no_files_are_no_log),
		row(log__file_that_comes_later),
		row(log__lines_streams_parts_and_times),
		row(log__a_line_without_its_end_is_read_again),
		row(log__old_file_comes_first),
		row(log__rotation_between_two_reads),
		row(log__two_rotations_between_two_reads),
		row(log__faster_than_looked_is_told),
		row(log__slow_reader_that_looks_loses_nothing),
		row(log__last_lines_of_both_files),
		row(log__foreign_lines_are_shown_as_they_are),
		row(log__descriptor_tells_of_what_is_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
