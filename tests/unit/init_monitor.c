/* The monitor with real containers: its log, the end, and what it costs. Its clients are in
 * init_attach.c. */
#include "init_pod.h"

#define POD(...) struct pod p = {__VA_ARGS__}
#define SCRIPT	 .b.script

static void assert_logged(const struct pod *p, const char *stream, const char *expected)
{
	char *text = pod_logged(p, MONITOR_LOG, stream);

	assert_string_equal(text, expected);
	free(text);
}

/* ---- log ---- */

static void log__stamps(void **state)
{
	const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00.000000000Z "},
		{951782399999999999, "2000-02-28T23:59:59.999999999Z "},
		{951782400000000001, "2000-02-29T00:00:00.000000001Z "},
		{951868800000000000, "2000-03-01T00:00:00.000000000Z "},
		{1795309323123456789, "2026-11-22T01:02:03.123456789Z "},
		{4107542399000000000, "2100-02-28T23:59:59.000000000Z "},
		{4107542400000000000, "2100-03-01T00:00:00.000000000Z "},
		{1735689599000000000, "2024-12-31T23:59:59.000000000Z "},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[LOG_STAMP + 1] = "";

		log_stamp(rows[i].ns, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void log__keeps_the_streams_apart(void **state)
{
	for (int in_place = 0; in_place < 2; in_place++) {
		POD(SCRIPT = "echo out; echo err >&2; echo; printf 'two\\nlines\\n'; printf par; "
			     "sleep 0.2; echo t; printf last",
		    .in_place = in_place);
		struct attach_exit end;
		char *text;

		pod_start(&p);
		text = pod_read_all(p.client, ATTACH_STDOUT, &end);
		assert_string_equal(text, "out\n\ntwo\nlines\npart\nlast");
		assert_int_equal(pod_wait(&p), 0);
		assert_logged(&p, "stdout", "out\n\ntwo\nlines\npart\nlast");
		assert_logged(&p, "stderr", "err\n");
		free(text);
		pod_free(&p);
	}
}

static void log__has_the_time(void **state)
{
	POD(SCRIPT = "echo x");
	char before[64], *text;
	time_t now = time(NULL), logged;
	struct tm tm = {0};

	pod_start(&p);
	assert_int_equal(pod_wait(&p), 0);
	text = pod_text(&p, MONITOR_LOG);
	snprintf(before, sizeof(before), "%.19s", text);
	assert_non_null(strptime(before, "%Y-%m-%dT%H:%M:%S", &tm));
	logged = timegm(&tm);
	assert_in_range(logged - now + 1, 0, 6);
	assert_string_equal(text + LOG_STAMP, "stdout F x\n");
	free(text);
	pod_free(&p);
}

static void log__a_long_line_comes_in_parts(void **state)
{
	POD(SCRIPT = "head -c 20000 /dev/zero | tr '\\0' x; echo; echo y");
	char *text, *raw;
	size_t size;

	pod_start(&p);
	assert_int_equal(pod_wait(&p), 0);
	text = pod_logged(&p, MONITOR_LOG, "stdout");
	assert_int_equal(strlen(text), 20003);
	assert_int_equal(strspn(text, "x"), 20000);
	assert_string_equal(text + 20000, "\ny\n");
	raw = pod_file(&p, MONITOR_LOG, &size);
	assert_non_null(strstr(raw, "stdout P x"));
	free(raw);
	free(text);
	pod_free(&p);
}

static void log__rotates_by_size(void **state)
{
	POD(SCRIPT = "i=0; while [ $i -lt 300 ]; do echo line-$i; i=$((i+1)); done",
	    .log_max = 4096);
	char *old, *new, *joined, expected[16];
	size_t old_size, new_size;
	int first;

	pod_start(&p);
	assert_int_equal(pod_wait(&p), 0);
	free(pod_file(&p, MONITOR_LOG_OLD, &old_size));
	free(pod_file(&p, MONITOR_LOG, &new_size));
	assert_in_range(old_size, 1024, 4096);
	assert_in_range(new_size, 1, 4096);
	old = pod_logged(&p, MONITOR_LOG_OLD, "stdout");
	new = pod_logged(&p, MONITOR_LOG, "stdout");
	assert_int_equal(asprintf(&joined, "%s%s", old, new), strlen(old) + strlen(new));
	/* nothing between the first that is left and the last is missing */
	assert_int_equal(sscanf(joined, "line-%d\n", &first), 1);
	assert_in_range(first, 1, 299);
	char *at = joined;
	for (int i = first; i < 300; i++) {
		int n = snprintf(expected, sizeof(expected), "line-%d\n", i);

		assert_memory_equal(at, expected, (size_t)n);
		at += n;
	}
	assert_string_equal(at, "");
	free(joined);
	free(old);
	free(new);
	pod_free(&p);
}

/* The monitor sleeps while the container writes a pipe full and ends: everything is in the log. */
static void log__is_complete_at_the_end(void **state)
{
	for (int tty = 0; tty < 2; tty++) {
		POD(SCRIPT = "stty raw 2>/dev/null; seq 1 500", .tty = tty, .stopped = true);
		char *text, expected[4096] = "";
		size_t n = 0;

		for (int i = 1; i <= 500; i++)
			n += (size_t)snprintf(expected + n, sizeof(expected) - n, "%d\n", i);
		pod_start(&p);
		box_sleep(400);
		assert_null(pod_file(&p, ENDING_RECORD, NULL));
		kill(p.monitor, SIGCONT);
		assert_int_equal(pod_wait(&p), 0);
		text = pod_logged(&p, MONITOR_LOG, "stdout");
		assert_string_equal(text, expected);
		free(text);
		pod_free(&p);
	}
}

static void log__does_not_wait_for_who_keeps_the_pipe(void **state)
{
	POD(SCRIPT = "echo end", .held_pipe = true);
	uint64_t begin = box_now_ms();

	pod_start(&p);
	assert_int_equal(pod_wait(&p), 0);
	assert_in_range(box_now_ms() - begin, 0, 2000);
	assert_logged(&p, "stdout", "end\n");
	pod_free(&p);
}

/* A full disk, as a limit of the file's size: the container goes on, and the log says what is
 * missing once it can be written again. */
static void log__that_cannot_be_written_stops_nothing(void **state)
{
	POD(SCRIPT = "echo up; read x; i=0; while [ $i -lt 200 ]; do echo line-$i; "
		     "i=$((i+1)); done; read x; echo again",
	    .input = true);
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY}, low = {2000, RLIM_INFINITY};
	char *text, *notice;
	int dropped = 0, logged = 0;

	pod_start(&p);
	pod_expect(p.client, "up\n");
	assert_int_equal(prlimit(p.monitor, RLIMIT_FSIZE, &low, NULL), 0);
	pod_send(p.client, ATTACH_INPUT, "\n", 1);
	pod_expect(p.client, "line-199\n");
	assert_int_equal(prlimit(p.monitor, RLIMIT_FSIZE, &limit, NULL), 0);
	pod_send(p.client, ATTACH_INPUT, "\n", 1);
	pod_expect(p.client, "again\n");
	assert_int_equal(pod_wait(&p), 0);
	text = pod_logged(&p, MONITOR_LOG, "stdout");
	for (int i = 0; i < 200; i++) {
		char line[16];

		snprintf(line, sizeof(line), "line-%d\n", i);
		if (strstr(text, line))
			logged += (int)strlen(line);
	}
	assert_in_range(logged, 1, 1800);
	assert_string_equal(text + strlen(text) - 6, "again\n");
	free(text);
	notice = pod_logged(&p, MONITOR_LOG, "stderr");
	/* a short one may have fitted in when a longer text did not */
	for (char *at = notice; (at = strchr(at, '[')); at++) {
		int n;

		assert_int_equal(sscanf(at, "[%d bytes of output are missing here", &n), 1);
		dropped += n;
	}
	assert_int_equal(dropped + logged, 10 * 7 + 90 * 8 + 100 * 9);
	free(notice);
	pod_free(&p);
}

/* ---- the end ---- */

static void end__is_recorded(void **state)
{
	const struct {
		const char *script;
		int status, signal;
		uint64_t timeout_ns;
	} rows[] = {
		{"exit 0", 0, 0, 0},
		{"exit 7", 7, 0, 0},
		{"kill -TERM $$", 143, 15, 0},
		{"sleep 100", 124, 15, 100 * BOX_MS},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int in_place = 0; in_place < 2; in_place++) {
			POD(SCRIPT = rows[i].script, .timeout_ns = rows[i].timeout_ns,
			    .in_place = in_place);
			struct timespec now;
			struct attach_exit end;
			int version, status, signal, used = 0;
			unsigned long long finished;
			char *text;

			pod_start(&p);
			free(pod_read_all(p.client, ATTACH_STDOUT, &end));
			clock_gettime(CLOCK_REALTIME, &now);
			/* the client knows: then everything is done */
			text = pod_text(&p, ENDING_RECORD);
			assert_int_equal(
				sscanf(text,
				       "{\"version\":%d,\"status\":%d,\"signal\":%d,\"finished\":%"
				       "llu,\"timeout\":%n",
				       &version, &status, &signal, &finished, &used),
				4);
			assert_string_equal(text + used, rows[i].timeout_ns
								 ? "true,\"oom_killed\":false}\n"
								 : "false,\"oom_killed\":false}\n");
			assert_int_equal(version, 1);
			assert_int_equal(status, rows[i].status);
			assert_int_equal(signal, rows[i].signal);
			assert_int_equal(end.status, rows[i].status);
			assert_int_equal(end.signal, rows[i].signal);
			assert_in_range(now.tv_sec - (time_t)(finished / 1000000000u), 0, 3);
			assert_null(pod_file(&p, ".exit.json.new", NULL));
			assert_int_equal(pod_wait(&p), rows[i].status);
			free(text);
			pod_free(&p);
		}
	}
}

static void end__removes_the_state(void **state)
{
	const struct {
		const char *name_target; /* names/NAME leads there */
		bool name_left;
	} rows[] = {
		{"../containers/" POD_ID, false},
		{POD_ID, false},
		{"../containers/ba9876543210", true}, /* it is another's by now */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		POD(SCRIPT = "read x; echo text; echo text >&2", .input = true, .remove = true,
		    .log_max = 40);
		struct attach_exit end;
		struct stat st;

		pod_start(&p);
		unlinkat(p.store, "names/" POD_NAME, 0);
		symlinkat(rows[i].name_target, p.store, "names/" POD_NAME);
		for (int n = 0; n < 100; n++) {
			char name[32];

			snprintf(name, sizeof(name), "file-with-a-long-name-%d", n);
			close(openat(p.dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		}
		pod_send(p.client, ATTACH_INPUT, "\n", 1);
		free(pod_read_all(p.client, ATTACH_STDOUT, &end));
		/* at once: nothing is left when the client ends */
		assert_int_equal(fstatat(p.store, "containers/" POD_ID, &st, 0), -1);
		assert_int_equal(fstatat(p.store, "pending/" POD_ID, &st, 0), -1);
		assert_int_equal(fstatat(p.store, "names/" POD_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0,
				 rows[i].name_left);
		assert_int_equal(pod_wait(&p), 0);
		pod_free(&p);
	}
}

/* `rm` was faster: its half-removed folder is left to it. */
static void end__leaves_what_another_removes(void **state)
{
	POD(SCRIPT = "read x", .input = true, .remove = true);
	struct stat st;

	pod_start(&p);
	assert_int_equal(renameat(p.store, "containers/" POD_ID, p.store, "pending/" POD_ID), 0);
	pod_send(p.client, ATTACH_END, NULL, 0);
	assert_int_equal(pod_wait(&p), 1);
	assert_int_equal(fstatat(p.store, "pending/" POD_ID, &st, 0), 0);
	assert_int_equal(fstatat(p.store, "names/" POD_NAME, &st, AT_SYMLINK_NOFOLLOW), 0);
	pod_free(&p);
}

static void waiter__records_and_removes_too(void **state)
{
	for (int removed = 0; removed < 2; removed++) {
		struct box b = {.script = "sleep 0.2; exit 5", .s.handover_ns = 50 * BOX_MS};
		struct pod p = {.client = -1, .pipe_end = -1};
		struct stat st;

		pod_store(&p);
		b.ending = (struct ending){
			.dir_fd = p.dir, .store_fd = p.store, .id = POD_ID, .remove = removed};
		assert_int_equal(box_run(&b), 5);
		assert_false(b.shared->ended); /* it was the waiter that ended */
		if (removed) {
			assert_int_equal(fstatat(p.store, "containers/" POD_ID, &st, 0), -1);
			assert_int_equal(fstatat(p.store, "pending/" POD_ID, &st, 0), -1);
		} else {
			char *text = pod_text(&p, ENDING_RECORD);

			assert_non_null(strstr(text, "\"status\":5,\"signal\":0,"));
			free(text);
		}
		box_free(&b);
		pod_free(&p);
	}
}

/* ---- what it costs ---- */

static long pss_kb(pid_t pid)
{
	char path[64], line[128];
	long kb = -1;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		sscanf(line, "Pss: %ld", &kb);
	fclose(file);
	return kb;
}

static void monitor__is_small_when_idle(void **state)
{
	for (int tty = 0; tty < 2; tty++) {
		POD(SCRIPT = "seq 1 5000; echo up; exec sleep 100", .tty = tty, .input = true);
		static unsigned char packet[ATTACH_PACKET];
		long kb;

		pod_start(&p);
		while (pod_receive(p.client, packet) > 0 &&
		       !memmem(packet, sizeof(packet), "\nup", 3))
			;
		close(p.client);
		p.client = -1;
		box_sleep(100);
		kb = pss_kb(p.monitor);
		print_message("monitor%s: %ld KB PSS\n", tty ? " with a terminal" : "", kb);
		assert_in_range(kb, 4, 100);
		kill(p.monitor, SIGTERM);
		assert_int_equal(pod_wait(&p), 143);
		pod_free(&p);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log__stamps),
		cmocka_unit_test(log__keeps_the_streams_apart),
		cmocka_unit_test(log__has_the_time),
		cmocka_unit_test(log__a_long_line_comes_in_parts),
		cmocka_unit_test(log__rotates_by_size),
		cmocka_unit_test(log__is_complete_at_the_end),
		cmocka_unit_test(log__does_not_wait_for_who_keeps_the_pipe),
		cmocka_unit_test(log__that_cannot_be_written_stops_nothing),
		cmocka_unit_test(end__is_recorded),
		cmocka_unit_test(end__removes_the_state),
		cmocka_unit_test(end__leaves_what_another_removes),
		cmocka_unit_test(waiter__records_and_removes_too),
		cmocka_unit_test(monitor__is_small_when_idle),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	box_require_namespaces();
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
