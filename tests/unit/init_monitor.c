/* The monitor with real containers: its log, its clients, the terminal, and the end. */
#include "init_pod.h"

#define POD(...) struct pod p = {__VA_ARGS__}
#define SCRIPT	 .b.script

static unsigned char packet[ATTACH_PACKET];

/* Read to the end: everything of one type, as a string that the caller frees, and the exit. */
static char *read_all(int fd, int type, struct attach_exit *ret_exit)
{
	size_t len = 0, room = 1 << 16;
	char *text = malloc(room);
	bool exited = false;
	ssize_t n;

	while ((n = pod_receive(fd, packet)) > 0) {
		assert_false(exited); /* nothing follows it */
		if (packet[0] == ATTACH_EXIT) {
			assert_int_equal(n, 1 + sizeof(*ret_exit));
			memcpy(ret_exit, packet + 1, sizeof(*ret_exit));
			exited = true;
		} else if (packet[0] == type) {
			while (len + (size_t)n > room)
				text = realloc(text, room *= 2);
			memcpy(text + len, packet + 1, (size_t)n - 1);
			len += (size_t)n - 1;
		}
	}
	assert_int_equal(n, 0);
	assert_true(exited);
	text[len] = '\0';
	return text;
}

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
		text = read_all(p.client, ATTACH_STDOUT, &end);
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
	text = pod_file(&p, MONITOR_LOG, NULL);
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
	int dropped, logged = 0;

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
	assert_int_equal(sscanf(notice, "[%d bytes of output are missing here", &dropped), 1);
	assert_int_equal(dropped + logged, 10 * 7 + 90 * 8 + 100 * 9);
	free(notice);
	pod_free(&p);
}

/* ---- clients ---- */

/* 4 MiB through a client that is slow at first: it gets every byte, and so does the log. */
static void client__slow_loses_nothing(void **state)
{
	POD(SCRIPT = "seq 1 600000");
	struct attach_exit end;
	char *text, *logged, *at, expected[16];

	pod_start(&p);
	box_sleep(300);
	assert_null(pod_file(&p, ENDING_RECORD, NULL)); /* it is held back */
	text = at = read_all(p.client, ATTACH_STDOUT, &end);
	for (int i = 1; i <= 600000; i++) {
		int n = snprintf(expected, sizeof(expected), "%d\n", i);

		if (memcmp(at, expected, (size_t)n) != 0)
			fail_msg("%d is missing", i);
		at += n;
	}
	assert_string_equal(at, "");
	assert_int_equal(pod_wait(&p), 0);
	logged = pod_logged(&p, MONITOR_LOG, "stdout");
	assert_true(strcmp(logged, text) == 0);
	free(logged);
	free(text);
	pod_free(&p);
}

/* It reads nothing until all is over: exit record and removal do not wait, its output does. */
static void client__slow_at_the_end_delays_nobody(void **state)
{
	POD(SCRIPT = "seq 1 50000; exit 4", .remove = true);
	struct attach_exit end = {0};
	int second;
	char *text, *other, path[256];

	pod_start(&p);
	second = pod_connect(&p);
	/* the two get the rest at their own pace */
	for (int i = 0; i < 3; i++)
		assert_true(pod_receive(second, packet) > 0);
	for (int i = 0; i < 8; i++)
		assert_true(pod_receive(p.client, packet) > 0);
	pod_path(&p, path, "containers/" POD_ID);
	close(second);
	for (int i = 0; i < 400 && access(path, F_OK) == 0; i++) {
		struct pollfd f = {.fd = p.client, .events = POLLIN};

		/* enough for the container to end, not enough to see its end */
		if (i < 25 && poll(&f, 1, 0) == 1)
			assert_true(pod_receive(p.client, packet) > 0);
		box_sleep(5);
	}
	assert_int_equal(access(path, F_OK), -1);
	text = read_all(p.client, ATTACH_STDOUT, &end);
	other = strstr(text, "\n49999\n50000\n");
	assert_non_null(other);
	assert_int_equal(end.status, 4);
	assert_int_equal(pod_wait(&p), 4);
	free(text);
	pod_free(&p);
}

static void client__gone_changes_nothing(void **state)
{
	POD(SCRIPT = "sleep 0.2; seq 1 20000; exit 3");

	pod_start(&p);
	close(p.client);
	p.client = -1;
	assert_int_equal(pod_wait(&p), 3);
	char *text = pod_logged(&p, MONITOR_LOG, "stdout");
	assert_non_null(strstr(text, "\n20000\n"));
	free(text);
	pod_free(&p);
}

static void client__several_see_the_same(void **state)
{
	POD(SCRIPT = "read x; echo \"got $x\"; exit 2", .input = true);
	int others[MONITOR_CLIENTS];
	struct attach_exit end;

	pod_start(&p);
	for (int i = 0; i < MONITOR_CLIENTS; i++)
		others[i] = pod_connect(&p);
	/* one too many: the one from birth counts */
	assert_int_equal(pod_receive(others[MONITOR_CLIENTS - 1], packet), 1);
	assert_int_equal(packet[0], ATTACH_REFUSED);
	assert_int_equal(pod_receive(others[MONITOR_CLIENTS - 1], packet), 0);
	pod_send(others[3], ATTACH_INPUT, "it\n", 3);
	for (int i = 0; i < MONITOR_CLIENTS - 1; i++) {
		char *text = read_all(others[i], ATTACH_STDOUT, &end);

		assert_string_equal(text, "got it\n");
		assert_int_equal(end.status, 2);
		free(text);
		close(others[i]);
	}
	close(others[MONITOR_CLIENTS - 1]);
	assert_int_equal(pod_wait(&p), 2);
	pod_free(&p);
}

/* ---- the owner ---- */

static void owner__gone_ends_the_container(void **state)
{
	for (int variant = 0; variant < 4; variant++) {
		POD(SCRIPT = "trap '' TERM HUP; (setsid sleep 100 &); echo up; sleep 100",
		    .owned = true, .b.host_pid = variant == 1 || variant == 2,
		    .b.no_init = variant == 2, .tty = variant == 3);
		uint64_t begin;
		char *text;

		if (variant == 2)
			p.b.script = "trap '' TERM HUP; echo up; while :; do sleep 0.05; done";
		pod_start(&p);
		pod_expect(p.client, variant == 3 ? "up\r\n" : "up\n");
		begin = box_now_ms();
		close(p.client);
		p.client = -1;
		assert_int_equal(pod_wait(&p), 137);
		assert_in_range(box_now_ms() - begin, 0, 3500);
		assert_true(box_gone(1000));
		text = pod_file(&p, ENDING_RECORD, NULL);
		assert_non_null(strstr(text, "\"status\":137,\"signal\":9,"));
		assert_non_null(strstr(text, "\"timeout\":false"));
		free(text);
		pod_free(&p);
	}
}

/* Also with packets from the monitor that it never read, and input that the container never took.
 */
static void owner__detaching_leaves_the_container(void **state)
{
	static const char filler[ATTACH_DATA];

	for (int variant = 0; variant < 3; variant++) {
		POD(SCRIPT = "echo up; trap 'echo usr1; exit 9' USR1; while :; do sleep 0.02; done",
		    .owned = true, .input = true);
		int again;

		pod_start(&p);
		if (variant == 0)
			pod_expect(p.client, "up\n");
		else
			box_sleep(200);
		for (int i = 0; variant == 2 && i < 12; i++)
			pod_send(p.client, ATTACH_INPUT, filler, sizeof(filler));
		pod_send(p.client, ATTACH_DETACH, NULL, 0);
		close(p.client);
		box_sleep(200);
		again = p.client = pod_connect(&p);
		pod_send(again, ATTACH_SIGNAL, "\x0a\0", 2); /* USR1 */
		pod_expect(again, "usr1\n");
		assert_int_equal(pod_wait(&p), 9);
		pod_free(&p);
	}
}

/* ---- input ---- */

static void input__reaches_the_container_and_ends(void **state)
{
	POD(SCRIPT = "cat; echo end", .input = true);
	enum { SIZE = 1 << 20 };
	char *sent = malloc(SIZE), *got = malloc(SIZE + 16);
	size_t in = 0, out = 0;
	bool credit = true, ended = false;
	ssize_t n;

	for (int i = 0; i < SIZE; i++)
		sent[i] = (char)(i * 7 + i / 251);
	pod_start(&p);
	for (;;) {
		size_t size = SIZE - in < ATTACH_DATA ? SIZE - in : ATTACH_DATA;

		if (credit && size) {
			pod_send(p.client, ATTACH_INPUT, sent + in, size);
			in += size;
			credit = false;
		} else if (credit && !ended) {
			pod_send(p.client, ATTACH_END, NULL, 0);
			ended = true;
			credit = false;
		}
		n = pod_receive(p.client, packet);
		assert_true(n > 0);
		if (packet[0] == ATTACH_TAKEN)
			credit = true;
		if (packet[0] == ATTACH_EXIT)
			break;
		if (packet[0] != ATTACH_STDOUT)
			continue;
		assert_true(out + (size_t)n - 1 <= SIZE + 4);
		memcpy(got + out, packet + 1, (size_t)n - 1);
		out += (size_t)n - 1;
	}
	assert_int_equal(out, SIZE + 4);
	assert_true(memcmp(got, sent, SIZE) == 0);
	assert_memory_equal(got + SIZE, "end\n", 4);
	assert_int_equal(pod_wait(&p), 0);
	free(sent);
	free(got);
	pod_free(&p);
}

/* A container that does not read: no credit comes, but a signal passes. */
static void input__that_nobody_reads_holds_up_no_signal(void **state)
{
	static const char filler[ATTACH_DATA];
	POD(SCRIPT = "trap 'echo usr1; exit 6' USR1; echo up; while :; do sleep 0.02; done",
	    .input = true);
	int taken = 0;
	struct pollfd f;

	pod_start(&p);
	pod_expect(p.client, "up\n");
	f = (struct pollfd){.fd = p.client, .events = POLLIN};
	do {
		pod_send(p.client, ATTACH_INPUT, filler, sizeof(filler));
		taken++;
		assert_true(taken < 1000);
	} while (poll(&f, 1, 200) == 1 && pod_receive(p.client, packet) == 1 &&
		 packet[0] == ATTACH_TAKEN);
	assert_in_range(taken, 5, 20); /* a pipe takes 64 KiB */
	pod_send(p.client, ATTACH_SIGNAL, "\x0a\0", 2);
	pod_expect(p.client, "usr1\n");
	assert_int_equal(pod_wait(&p), 6);
	pod_free(&p);
}

/* Input to a command that has closed its stdin, or to none at all, is taken and lost. */
static void input__to_nobody_is_dropped(void **state)
{
	for (int input = 0; input < 2; input++) {
		POD(SCRIPT = "exec </dev/null; echo up; sleep 100", .input = input);

		pod_start(&p);
		pod_expect(p.client, "up\n");
		for (int i = 0; i < 20; i++) {
			pod_send(p.client, ATTACH_INPUT, "text", 4);
			assert_int_equal(pod_receive(p.client, packet), 1);
			assert_int_equal(packet[0], ATTACH_TAKEN);
		}
		pod_send(p.client, ATTACH_SIGNAL, "\x0f\0", 2);
		assert_int_equal(pod_wait(&p), 143);
		pod_free(&p);
	}
}

static void signal__to_the_group(void **state)
{
	POD(SCRIPT = "trap 'echo one' INT; sh -c 'trap \"echo two; exit\" INT; echo up; "
		     "while :; do sleep 0.02; done'; echo end");

	pod_start(&p);
	pod_expect(p.client, "up\n");
	pod_send(p.client, ATTACH_SIGNAL, "\x02\x01", 2);
	pod_expect(p.client, "end\n");
	assert_int_equal(pod_wait(&p), 0);
	char *text = pod_logged(&p, MONITOR_LOG, "stdout");
	assert_non_null(strstr(text, "one\n"));
	assert_non_null(strstr(text, "two\n"));
	free(text);
	pod_free(&p);
}

/* ---- terminal ---- */

static void terminal__input_size_and_end(void **state)
{
	POD(SCRIPT = "read x; stty size; echo \"[$x]\"; read y; stty size; cat; echo end",
	    .tty = true, .input = true);
	const struct attach_size size = {33, 101}, other = {44, 55};

	pod_start(&p);
	pod_send(p.client, ATTACH_SIZE, &size, sizeof(size));
	pod_send(p.client, ATTACH_INPUT, "word\n", 5);
	pod_expect(p.client, "33 101\r\n[word]\r\n");
	pod_send(p.client, ATTACH_SIZE, &other, sizeof(other));
	pod_send(p.client, ATTACH_INPUT, "\n", 1);
	pod_expect(p.client, "44 55\r\n");
	/* an unfinished line and then the end: cat gets both */
	pod_send(p.client, ATTACH_INPUT, "text", 4);
	pod_send(p.client, ATTACH_END, NULL, 0);
	pod_expect(p.client, "texttextend\r\n");
	assert_int_equal(pod_wait(&p), 0);
	pod_free(&p);
}

/* Who attaches later sees the program draw anew, though the size is what it was. */
static void terminal__is_redrawn_for_a_new_client(void **state)
{
	POD(SCRIPT = "trap 'echo winch' WINCH; echo up; while :; do sleep 0.02; done", .tty = true);
	const struct attach_size size = {33, 101};

	pod_start(&p);
	pod_expect(p.client, "up\r\n");
	pod_send(p.client, ATTACH_SIZE, &size, sizeof(size));
	pod_expect(p.client, "winch\r\n");
	close(p.client);
	p.client = pod_connect(&p);
	pod_send(p.client, ATTACH_SIZE, &size, sizeof(size));
	pod_expect(p.client, "winch\r\n");
	pod_send(p.client, ATTACH_SIGNAL, "\x09\0", 2);
	assert_int_equal(pod_wait(&p), 137);
	pod_free(&p);
}

static long switches(pid_t pid)
{
	char path[64], line[128];
	long count = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "voluntary_ctxt_switches: %ld", &count);
	fclose(file);
	return count;
}

static long cpu_ticks(pid_t pid)
{
	char path[64], text[512] = "", *at;
	long user, system;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	at = strrchr(text, ')');
	assert_int_equal(
		sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system),
		2);
	return user + system;
}

/* No process has the terminal open, for a second and a half: no spinning, and what comes after that
 * is seen. Once with the monitor holding the other side, once where it cannot (EIO). Without init,
 * which has it open as well. */
static void terminal__that_nobody_has_open_costs_nothing(void **state)
{
	for (int no_peer = 0; no_peer < 2; no_peer++) {
		POD(SCRIPT = "echo up; t=$(tty); exec </dev/null >/dev/null 2>&1; sleep 1.5; "
			     "echo again >$t; exit 8",
		    .tty = true, .no_peer = no_peer, .b.no_init = true, .b.host_pid = true);
		long before;

		pod_start(&p);
		pod_expect(p.client, "up\r\n");
		box_sleep(200);
		before = switches(p.monitor);
		box_sleep(1000);
		/* without the other side it looks four times a second */
		assert_in_range(switches(p.monitor) - before, no_peer ? 2 : 0, no_peer ? 8 : 0);
		assert_in_range(cpu_ticks(p.monitor), 0, 3);
		pod_expect(p.client, "again\r\n");
		assert_int_equal(pod_wait(&p), 8);
		pod_free(&p);
	}
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
			free(read_all(p.client, ATTACH_STDOUT, &end));
			clock_gettime(CLOCK_REALTIME, &now);
			/* the client knows: then everything is done */
			text = pod_file(&p, ENDING_RECORD, NULL);
			assert_int_equal(
				sscanf(text,
				       "{\"version\":%d,\"status\":%d,\"signal\":%d,\"finished\":%"
				       "llu,\"timeout\":%n",
				       &version, &status, &signal, &finished, &used),
				4);
			assert_string_equal(text + used,
					    rows[i].timeout_ns ? "true}\n" : "false}\n");
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
		free(read_all(p.client, ATTACH_STDOUT, &end));
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
			char *text = pod_file(&p, ENDING_RECORD, NULL);

			assert_non_null(text);
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
		cmocka_unit_test(client__slow_loses_nothing),
		cmocka_unit_test(client__slow_at_the_end_delays_nobody),
		cmocka_unit_test(client__gone_changes_nothing),
		cmocka_unit_test(client__several_see_the_same),
		cmocka_unit_test(owner__gone_ends_the_container),
		cmocka_unit_test(owner__detaching_leaves_the_container),
		cmocka_unit_test(input__reaches_the_container_and_ends),
		cmocka_unit_test(input__that_nobody_reads_holds_up_no_signal),
		cmocka_unit_test(input__to_nobody_is_dropped),
		cmocka_unit_test(signal__to_the_group),
		cmocka_unit_test(terminal__input_size_and_end),
		cmocka_unit_test(terminal__is_redrawn_for_a_new_client),
		cmocka_unit_test(terminal__that_nobody_has_open_costs_nothing),
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
