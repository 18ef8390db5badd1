/* The log of a container in the background, as its file: every byte, in order, both streams apart,
 * bounded; and what happens to it when the monitor or the disk is in trouble. */
#include "life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- the file, read as anybody's CRI reader does ---- */

static char *slurp(const char *name, size_t *ret_len)
{
	char path[512];
	FILE *f;
	char *text;
	long size;

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	f = fopen(path, "re");
	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	text = malloc((size_t)size + 1);
	assert_non_null(text);
	*ret_len = fread(text, 1, (size_t)size, f);
	text[*ret_len] = '\0';
	fclose(f);
	return text;
}

/* One stream's text; every line's form is asserted on the way. */
static char *decode(const char *log, size_t len, const char *stream, size_t *ret_len)
{
	char *out = malloc(len + 1);
	size_t used = 0;

	assert_non_null(out);
	for (const char *line = log; line < log + len;) {
		const char *end = memchr(line, '\n', len - (size_t)(line - log)), *text;
		size_t name = strlen("stdout"); /* and of stderr */
		char kind;

		assert_non_null(end); /* whole lines only */
		assert_true(end - line >= 40);
		assert_int_equal(line[4], '-');
		assert_int_equal(line[19], '.');
		assert_int_equal(line[29], 'Z');
		assert_true(strncmp(line + 31, "stdout ", name + 1) == 0 ||
			    strncmp(line + 31, "stderr ", name + 1) == 0);
		kind = line[31 + name + 1];
		assert_true(kind == 'F' || kind == 'P');
		text = line + 31 + name + 3;
		if (strncmp(line + 31, stream, name) == 0) {
			memcpy(out + used, text, (size_t)(end - text));
			used += (size_t)(end - text);
			if (kind == 'F')
				out[used++] = '\n';
		}
		line = end + 1;
	}
	*ret_len = used;
	out[used] = '\0';
	return out;
}

static void expect_stream(const char *stream, const char *wanted_file)
{
	size_t log_len, got_len, wanted_len;
	char *log = slurp("log", &log_len), *got = decode(log, log_len, stream, &got_len);
	char *wanted = slurp(wanted_file, &wanted_len);

	if (got_len != wanted_len || memcmp(got, wanted, got_len) != 0)
		fail_msg("%s: %zu bytes in the log, %zu were written, or others", stream, got_len,
			 wanted_len);
	free(log);
	free(got);
	free(wanted);
}

/* ---- */

static void logs__every_byte_of_both_streams(void **state)
{
	expect_out(life("seq 1 150000 >out; seq -f 'error %.0f' 1 20000 >err; $R run -d --name a "
			"-v ./out:/out -v ./err:/err / sh -c 'cat /err >&2 & cat /out; wait' >id; "
			"$R wait a; cp $(folder a)/log .; ls -1 $(folder a) | grep -c '^log'; "
			"$R rm a; left"),
		   "0\n1\na\n");
	expect_stream("stdout", "out");
	expect_stream("stderr", "err");
}

static void logs__long_lines_and_odd_bytes(void **state)
{
	/* a line of 1 MiB, one without an end, NUL and bytes that are no text, empty lines */
	expect_out(life("{ head -c 1048576 /dev/zero | tr '\\0' x; echo; head -c 100000 "
			"/dev/urandom | "
			"tr '\\n' '\\0'; printf '\\n\\n\\n\\r\\n'; printf 'no end'; } >out; "
			"$R run -d --name a -v ./out:/out / cat /out >id; $R wait a; "
			"cp $(folder a)/log .; grep -ac ' stdout P ' log >parts; $R rm a; left; "
			"[ $(cat parts) -gt 100 ] && echo parts"),
		   "0\na\nparts\n");
	expect_stream("stdout", "out");
}

static void logs__one_write_is_one_entry(void **state)
{
	/* what interactive services print without a newline is there at once, as a part */
	expect_out(
		life("$R run -d --name a / bash -c 'printf pro; sleep 0.2; printf mpt; sleep 0.2; "
		     "echo; sleep 60' >id; said a ' F $'; cut -d' ' -f2- $(folder a)/log; "
		     "decode stdout $(folder a)/log; $R rm -f a >id; left"),
		"stdout P pro\nstdout P mpt\nstdout F \nprompt\n");
}

static void logs__are_bounded_and_rotate(void **state)
{
	const struct result *r = life(
		"$R run -d --name a --log-opt max-size=64k / seq 1 100000 >id; $R wait a; "
		"stat -c '%s' $(folder a)/log $(folder a)/log.1; "
		"decode stdout $(folder a)/log.1 $(folder a)/log >kept; tail -1 kept; "
		"seq $(head -1 kept) 100000 | cmp - kept && echo nothing is missing in between; "
		"ls $(folder a) | grep -c log; $R rm a; left");
	long status = -1, now = -1, old = -1;

	expect_status(r, 0);
	assert_int_equal(sscanf(r->out, "%ld %ld %ld", &status, &now, &old), 3);
	assert_int_equal(status, 0);
	assert_true(now > 0 && now <= 64 << 10);
	assert_true(old > 0 && old <= 64 << 10);
	assert_true(now + old > 64 << 10); /* and so much is kept */
	expect_contains(r, "\n100000\nnothing is missing in between\n2\na\n");
}

static void logs__are_whole_when_the_container_is_killed(void **state)
{
	/* killed while it writes: what was in the pipe is there, the last entry is a whole one */
	expect_out(
		life("$R run -d --name a / sh -c 'seq 1 1000; seq 1 500 >&2; kill -KILL $$' >id; "
		     "$R wait a; cp $(folder a)/log .; $R rm a >id; seq 1 1000 >out; seq 1 500 "
		     ">err"),
		"137\n");
	expect_stream("stdout", "out");
	expect_stream("stderr", "err");
	expect_out(
		life("for i in 1 2 3; do $R run -d --name a --log-opt max-size=1m / yes words >id; "
		     "until_ '[ $(stat -c %s $(folder a)/log) -gt 100000 ]'; $R kill a >id; "
		     "$R wait a; decode stdout $(folder a)/log | sort -u; tail -c 1 "
		     "$(folder a)/log | od -An -c; $R rm a; done; left"),
		"137\nwords\n  \\n\na\n137\nwords\n  \\n\na\n137\nwords\n  \\n\na\n");
}

static void logs__belong_to_the_user_alone(void **state)
{
	expect_out(
		life("umask 0; $R run -d --name a / echo words >id; $R wait a; "
		     "stat -c '%a %U' $(folder a)/log $(folder a)/*.json $(folder a) $S $S/*; "
		     "$R rm a; left"),
		"0\n600 $USER\n600 $USER\n600 $USER\n600 $USER\n700 $USER\n700 $USER\n700 $USER\n"
		"700 $USER\n700 $USER\na\n");
}

/* A log that cannot be written stops nothing, says how much is missing, and leaves room for the
 * exit record. */
static void logs__a_full_disk_is_told(void **state)
{
	expect_out(life("mkdir m; cat >in <<'END'\n"
			"mount -t tmpfs -o size=128k tmpfs m; export XDG_RUNTIME_DIR=$PWD/m/x\n"
			"mkdir -m 700 m/x; $R run -d --userns single --name a / "
			"sh -c 'seq 1 40000; exit 3' >id; cd m/x/rootlet/containers/*\n"
			"p=$(grep -o '\"monitor\":[0-9]*' process.json | cut -d: -f2)\n"
			"for i in $(seq 500); do [ -e /proc/$p ] || break; sleep .01; done\n"
			"grep -o '\"status\":[0-9]*' exit.json; decode stdout log | head -1\n"
			"grep -q ' bytes of output are missing here: the log could not be "
			"written]$' log && echo told\n"
			"END\n"
			"export -f decode; timeout 20 unshare -Urm bash ./in; left"),
		   "\"status\":3\n1\ntold\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(logs__every_byte_of_both_streams),
		test(logs__long_lines_and_odd_bytes),
		test(logs__one_write_is_one_entry),
		test(logs__are_bounded_and_rotate),
		test(logs__are_whole_when_the_container_is_killed),
		test(logs__belong_to_the_user_alone),
		test(logs__a_full_disk_is_told),
	};

	return harness_main("logs", tests, sizeof(tests) / sizeof(tests[0]));
}
