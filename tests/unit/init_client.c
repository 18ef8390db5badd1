/* The client on a real terminal: every way out leaves it as it was; detach keys. The test plays the
 * monitor; a child plays the interactive shell that starts the client as its job. */
#include "init_seat.h"

/* ---- every way out leaves the terminal as it was ---- */

static void terminal__is_restored_on_every_way_out(void **state)
{
	const struct {
		int sig;  /* to the client, or */
		int exit; /* -1: none; what the monitor says; -2: it is killed */
		const char *typed;
		int status;
	} rows[] = {
		{0, 7, NULL, 7},	  {0, 0, NULL, 0},	    {0, -2, NULL, ATTACH_LOST},
		{SIGTERM, -1, NULL, 143}, {SIGINT, -1, NULL, 130},  {SIGQUIT, -1, NULL, 131},
		{SIGHUP, -1, NULL, 129},  {SIGUSR1, -1, NULL, 138}, {SIGALRM, -1, NULL, 142},
		{0, -1, "\x10\x11", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int in_place = 0; in_place < 2; in_place++) {
			/* with a terminal sig_proxy changes nothing */
			SEAT(.tty = true, .terminal = true, .in_place = in_place,
			     .proxy = i % 2 == 1, .keys = "\x10\x11");
			int status;

			seat_start(&s);
			assert_int_equal(get_packet(&s, 5000), 5); /* its size */
			wait_raw(&s, true);
			if (rows[i].sig)
				kill(s.client, rows[i].sig);
			if (rows[i].exit >= 0)
				put_exit(&s, rows[i].exit);
			if (rows[i].exit == -2) {
				close(s.monitor);
				s.monitor = -1;
			}
			if (rows[i].typed) {
				type(&s, rows[i].typed);
				expect_packet(&s, ATTACH_DETACH, "", 0);
			}
			if (s.monitor >= 0)
				assert_int_equal(get_packet(&s, 5000), 0);
			wait_raw(&s, false);
			status = next_change(&s);
			assert_restored(&s);
			if (rows[i].exit == -2) {
				char text[200] = "";

				assert_true(read(s.master, text, sizeof(text) - 1) > 0);
				assert_non_null(strstr(text, "monitor has ended"));
				assert_non_null(strstr(text, "\r\n")); /* not raw any more */
			}
			assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status)
							   : 128 + WTERMSIG(status),
					 rows[i].status);
			assert_int_equal(WIFSIGNALED(status), rows[i].sig != 0);
			close(s.master);
			close(s.changes);
			close(s.in);
			close(s.out);
			close(s.err);
			close(s.monitor);
			kill(s.shell, SIGKILL);
			waitpid(s.shell, NULL, 0);
		}
	}
}

static void terminal__stop_and_continue(void **state)
{
	SEAT(.tty = true, .terminal = true);
	struct winsize size = {.ws_row = 50, .ws_col = 60};
	int status;

	seat_start(&s);
	expect_size(&s, 0, 0);
	wait_raw(&s, true);
	for (int i = 0; i < 2; i++) {
		/* SIGSTOP leaves it no time to restore, and must do no harm later */
		kill(s.client, i ? SIGSTOP : SIGTSTP);
		status = next_change(&s);
		assert_true(WIFSTOPPED(status));
		assert_int_equal(WSTOPSIG(status), i ? SIGSTOP : SIGTSTP);
		if (i == 0)
			assert_restored(&s);
		size.ws_row++;
		ioctl(s.master, TIOCSWINSZ, &size);
		kill(s.shell, SIGUSR1); /* fg */
		expect_size(&s, size.ws_row, 60);
		wait_raw(&s, true);
	}
	type(&s, "x");
	expect_input(&s, "x");
	put_exit(&s, 3);
	assert_int_equal(get_packet(&s, 5000), 0);
	wait_raw(&s, false);
	assert_restored(&s);
	assert_int_equal(seat_end(&s), 3);
}

/* As any program that reads its terminal: it stops, and the terminal is not touched. */
static void terminal__in_the_background(void **state)
{
	for (int tty = 0; tty < 2; tty++) {
		SEAT(.tty = tty, .terminal = true, .background = true);
		int status;

		seat_start(&s);
		status = next_change(&s);
		assert_true(WIFSTOPPED(status));
		assert_int_equal(WSTOPSIG(status), SIGTTIN);
		assert_restored(&s);
		kill(s.shell, SIGUSR2); /* bg: it stops again */
		status = next_change(&s);
		assert_true(WIFSTOPPED(status));
		assert_int_equal(WSTOPSIG(status), SIGTTIN);
		assert_restored(&s);
		kill(s.shell, SIGUSR1); /* fg */
		if (tty)
			wait_raw(&s, true);
		box_sleep(50);
		type(&s, "text\n");
		while (get_packet(&s, 5000) == 5 && packet[0] == ATTACH_SIZE)
			;
		assert_int_equal(packet[0], ATTACH_INPUT);
		assert_memory_equal(packet + 1, "text\n", 5);
		put_exit(&s, 0);
		assert_int_equal(seat_end(&s), 0);
	}
}

static void terminal__sizes(void **state)
{
	SEAT(.tty = true, .terminal = true);
	struct winsize size = {.ws_row = 33, .ws_col = 101};

	seat_start(&s);
	expect_size(&s, 0, 0);
	ioctl(s.master, TIOCSWINSZ, &size);
	expect_size(&s, 33, 101);
	put_exit(&s, 0);
	assert_int_equal(seat_end(&s), 0);
}

/* Ctrl-C, Ctrl-Z, Ctrl-S, CR and bytes above 127 are bytes like any other. */
static void terminal__passes_every_byte(void **state)
{
	SEAT(.tty = true, .terminal = true);
	char text[64];

	seat_start(&s);
	expect_size(&s, 0, 0);
	wait_raw(&s, true);
	type(&s, "\x03\x1a\x13\x11\r\n\x04\xff\x80");
	expect_input(&s, "\x03\x1a\x13\x11\r\n\x04\xff\x80");
	put_packet(&s, ATTACH_STDOUT, "a\nb\r\n\x80", 6);
	assert_int_equal(read(s.master, text, sizeof(text)), 6);
	assert_memory_equal(text, "a\nb\r\n\x80", 6);
	put_exit(&s, 0);
	assert_int_equal(seat_end(&s), 0);
}

/* ---- detach keys ---- */

static void keys__find_the_sequence(void **state)
{
	const struct {
		const char *keys, *typed, *sent;
		bool found;
		unsigned int held;
	} rows[] = {
		{"", "abc", "abc", false, 0},	   {"q", "abq", "ab", true, 1},
		{"pq", "apq", "a", true, 2},	   {"pq", "p", "", false, 1},
		{"pq", "pa", "pa", false, 0},	   {"pq", "ppq", "p", true, 2},
		{"pq", "pppa", "pppa", false, 0},  {"aab", "aaab", "a", true, 3},
		{"aab", "aacaab", "aac", true, 3}, {"abab", "abaabab", "aba", true, 4},
		{"abac", "ababac", "ab", true, 4}, {"ppq", "pp", "", false, 2},
		{"ppq", "ppp", "p", false, 2},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char sent[64], *to = sent;
		struct keys k = {.sequence = (const unsigned char *)rows[i].keys,
				 .count = (unsigned)strlen(rows[i].keys)};
		bool found = false;

		for (const char *c = rows[i].typed; *c && !found; c++)
			found = keys_type(&k, (unsigned char)*c, &to);
		assert_int_equal(found, rows[i].found);
		assert_int_equal(to - sent, strlen(rows[i].sent));
		assert_memory_equal(sent, rows[i].sent, strlen(rows[i].sent));
		assert_int_equal(k.matched, rows[i].held);
		keys_end(&k, &to);
		if (!found) {
			assert_int_equal(to - sent, strlen(rows[i].typed));
			assert_memory_equal(sent, rows[i].typed, strlen(rows[i].typed));
		}
	}
}

static void keys__held_back_and_sent_on(void **state)
{
	SEAT(.tty = true, .terminal = true, .keys = "\x10\x11");

	seat_start(&s);
	expect_size(&s, 0, 0);
	wait_raw(&s, true);
	type(&s, "a");
	expect_input(&s, "a");
	type(&s, "\x10");
	assert_int_equal(get_packet(&s, 150), -1);
	type(&s, "b");
	expect_input(&s, "\x10"
			 "b");
	type(&s, "c\x10\x11"
		 "d");
	expect_packet(&s, ATTACH_INPUT, "c", 1);
	expect_packet(&s, ATTACH_DETACH, "", 0);
	assert_int_equal(get_packet(&s, 5000), 0);
	assert_int_equal(seat_end(&s), 0);
}

/* The container reads nothing and no credit comes: the keys are seen all the same. */
static void keys__work_while_the_container_does_not_read(void **state)
{
	SEAT(.tty = true, .terminal = true, .keys = "\x10\x11");

	seat_start(&s);
	expect_size(&s, 0, 0);
	wait_raw(&s, true);
	type(&s, "a");
	expect_packet(&s, ATTACH_INPUT, "a", 1);
	type(&s, "bc");
	assert_int_equal(get_packet(&s, 150), -1); /* one packet at a time */
	type(&s, "\x10\x11");
	expect_packet(&s, ATTACH_INPUT, "bc", 2); /* if there is room by then */
	expect_packet(&s, ATTACH_DETACH, "", 0);
	assert_int_equal(seat_end(&s), 0);
}

/* Only what is typed on a terminal is searched. */
static void keys__in_a_pipe_are_data(void **state)
{
	for (int tty = 0; tty < 2; tty++) {
		SEAT(.tty = tty, .keys = "\x10\x11");

		seat_start(&s);
		assert_int_equal(write(s.in, "\x10\x11", 2), 2);
		expect_input(&s, "\x10\x11");
		put_exit(&s, 0);
		assert_int_equal(seat_end(&s), 0);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terminal__is_restored_on_every_way_out),
		cmocka_unit_test(terminal__stop_and_continue),
		cmocka_unit_test(terminal__in_the_background),
		cmocka_unit_test(terminal__sizes),
		cmocka_unit_test(terminal__passes_every_byte),
		cmocka_unit_test(keys__find_the_sequence),
		cmocka_unit_test(keys__held_back_and_sent_on),
		cmocka_unit_test(keys__work_while_the_container_does_not_read),
		cmocka_unit_test(keys__in_a_pipe_are_data),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	for (int sig = 1; sig < 32; sig++) /* a job of a script ignores SIGINT, say */
		signal(sig, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
