/* The monitor with real containers: who is attached, who owns it, input, and the terminal. */
#include "init_pod.h"

#define POD(...) struct pod p = {__VA_ARGS__}
#define SCRIPT	 .b.script

static unsigned char packet[ATTACH_PACKET];

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
	text = at = pod_read_all(p.client, ATTACH_STDOUT, &end);
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

/* Read on until `size` bytes of stdout have come; the text goes on at `text`. */
static size_t read_some(int fd, char *text, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = pod_receive(fd, packet);

		assert_true(n > 0);
		if (packet[0] != ATTACH_STDOUT)
			continue;
		memcpy(text + got, packet + 1, (size_t)n - 1);
		got += (size_t)n - 1;
	}
	return got;
}

/* Two that read no more when the rest fits into the kernel's buffers: the container ends, its exit
 * is recorded and its state removed without them, and then each gets all of its output. */
static void client__slow_at_the_end_delays_nobody(void **state)
{
	enum { TOTAL = 288894, WANTED = 240000 };
	POD(SCRIPT = "read x; seq 1 50000; exit 4", .remove = true, .input = true);
	const size_t wanted[2] = {WANTED, WANTED + 20000};
	char *text[2], path[256];
	size_t got[2];
	int fds[2];

	pod_start(&p);
	fds[0] = p.client;
	fds[1] = pod_connect(&p);
	pod_send(p.client, ATTACH_INPUT, "\n", 1);
	for (int i = 0; i < 2; i++) {
		text[i] = malloc(TOTAL + ATTACH_PACKET);
		got[i] = 0;
	}
	while (got[0] < WANTED) { /* in turns, or one would wait for the other */
		for (int i = 0; i < 2; i++) {
			if (got[i] < wanted[i])
				got[i] += read_some(fds[i], text[i] + got[i], 1);
		}
	}
	pod_path(&p, path, "containers/" POD_ID);
	for (int i = 0; i < 1000 && access(path, F_OK) == 0; i++)
		box_sleep(5);
	assert_int_equal(access(path, F_OK), -1);
	for (int i = 0; i < 2; i++) {
		struct attach_exit end;
		char *rest = pod_read_all(fds[i], ATTACH_STDOUT, &end), *at = text[i];

		assert_int_equal(got[i] + strlen(rest), TOTAL);
		memcpy(text[i] + got[i], rest, strlen(rest) + 1);
		for (int n = 1; n <= 50000; n++)
			assert_int_equal(strtol(at, &at, 10), n);
		assert_int_equal(end.status, 4);
		free(rest);
		free(text[i]);
	}
	close(fds[1]);
	assert_int_equal(pod_wait(&p), 4);
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
		char *text = pod_read_all(others[i], ATTACH_STDOUT, &end);

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
	static const char filler[ATTACH_DATA];

	for (int variant = 0; variant < 5; variant++) {
		POD(SCRIPT = "trap '' TERM HUP; (setsid sleep 100 &); echo up; sleep 100",
		    .owned = true, .b.host_pid = variant == 1 || variant == 2,
		    .b.no_init = variant == 2, .tty = variant == 3, .input = variant == 4);
		uint64_t begin;
		char *text;

		if (variant == 2)
			p.b.script = "trap '' TERM HUP; echo up; while :; do sleep 0.05; done";
		pod_start(&p);
		pod_expect(p.client, variant == 3 ? "up\r\n" : "up\n");
		/* its end is behind input that the container does not take */
		for (int i = 0; variant == 4 && i < 12; i++)
			pod_send(p.client, ATTACH_INPUT, filler, sizeof(filler));
		begin = box_now_ms();
		close(p.client);
		p.client = -1;
		assert_int_equal(pod_wait(&p), 137);
		assert_in_range(box_now_ms() - begin, 0, 3500);
		assert_true(box_gone(1000));
		text = pod_text(&p, ENDING_RECORD);
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
		if (credit && in < SIZE) {
			size_t size = SIZE - in < ATTACH_DATA ? SIZE - in : ATTACH_DATA;

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
	} while (poll(&f, 1, 1000) == 1 && pod_receive(p.client, packet) == 1 &&
		 packet[0] == ATTACH_TAKEN);
	assert_in_range(taken, 5, 20); /* a pipe takes 64 KiB */
	pod_send(p.client, ATTACH_SIGNAL, "\x0a\0", 2);
	pod_expect(p.client, "usr1\n");
	assert_int_equal(pod_wait(&p), 6);
	pod_free(&p);
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

/* Another client's input waits for room in the same queue, and costs nothing while it does. */
static void input__waits_for_its_turn_without_spinning(void **state)
{
	static const char filler[ATTACH_DATA];
	POD(SCRIPT = "trap 'exit 6' USR1; echo up; while :; do sleep 0.02; done", .input = true);
	int other;
	long before;

	pod_start(&p);
	pod_expect(p.client, "up\n");
	for (int i = 0; i < 12; i++)
		pod_send(p.client, ATTACH_INPUT, filler, sizeof(filler));
	other = pod_connect(&p);
	pod_send(other, ATTACH_INPUT, "x", 1);
	box_sleep(100);
	before = cpu_ticks(p.monitor);
	box_sleep(500);
	assert_in_range(cpu_ticks(p.monitor) - before, 0, 5);
	close(other);
	other = pod_connect(&p);
	pod_send(other, ATTACH_SIGNAL, "\x0a\0", 2);
	assert_int_equal(pod_wait(&p), 6);
	close(other);
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

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client__slow_loses_nothing),
		cmocka_unit_test(client__slow_at_the_end_delays_nobody),
		cmocka_unit_test(client__gone_changes_nothing),
		cmocka_unit_test(client__several_see_the_same),
		cmocka_unit_test(owner__gone_ends_the_container),
		cmocka_unit_test(owner__detaching_leaves_the_container),
		cmocka_unit_test(input__reaches_the_container_and_ends),
		cmocka_unit_test(input__that_nobody_reads_holds_up_no_signal),
		cmocka_unit_test(input__waits_for_its_turn_without_spinning),
		cmocka_unit_test(input__to_nobody_is_dropped),
		cmocka_unit_test(signal__to_the_group),
		cmocka_unit_test(terminal__input_size_and_end),
		cmocka_unit_test(terminal__is_redrawn_for_a_new_client),
		cmocka_unit_test(terminal__that_nobody_has_open_costs_nothing),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	box_require_namespaces();
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
