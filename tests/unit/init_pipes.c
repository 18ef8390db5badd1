/* The client between pipes, and the signals that it gets. The test plays the monitor. */
#include "init_seat.h"

/* ---- pipes ---- */

static void pipes__both_ways(void **state)
{
	for (int in_place = 0; in_place < 2; in_place++) {
		SEAT(.in_place = in_place);
		char text[16];

		seat_start(&s);
		assert_int_equal(write(s.in, "in", 2), 2);
		expect_input(&s, "in");
		put_packet(&s, ATTACH_STDOUT, "out", 3);
		put_packet(&s, ATTACH_STDERR, "err", 3);
		assert_int_equal(read(s.out, text, sizeof(text)), 3);
		assert_memory_equal(text, "out", 3);
		assert_int_equal(read(s.err, text, sizeof(text)), 3);
		assert_memory_equal(text, "err", 3);
		close(s.in);
		s.in = -1;
		expect_packet(&s, ATTACH_END, "", 0);
		put_packet(&s, ATTACH_TAKEN, "", 0);
		assert_int_equal(get_packet(&s, 100), -1); /* once */
		put_exit(&s, 9);
		assert_int_equal(seat_end(&s), 9);
	}
}

/* The end follows all input, however late the credit comes. */
static void pipes__keep_the_order_of_input(void **state)
{
	SEAT(.tty = false);
	char sent[30000];
	size_t got = 0;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 11 + i / 300);
	seat_start(&s);
	assert_int_equal(write(s.in, sent, sizeof(sent)), sizeof(sent));
	close(s.in);
	s.in = -1;
	for (;;) {
		ssize_t n = get_packet(&s, 5000);

		assert_true(n > 0);
		assert_int_equal(get_packet(&s, 20), -1);
		put_packet(&s, ATTACH_TAKEN, "", 0);
		if (n == 1 && packet[0] == ATTACH_END)
			break;
		assert_int_equal(packet[0], ATTACH_INPUT);
		assert_true(got + (size_t)n - 1 <= sizeof(sent));
		assert_memory_equal(packet + 1, sent + got, (size_t)n - 1);
		got += (size_t)n - 1;
	}
	assert_int_equal(got, sizeof(sent));
	put_exit(&s, 0);
	assert_int_equal(seat_end(&s), 0);
}

static void input__none(void **state)
{
	for (int variant = 0; variant < 3; variant++) {
		SEAT(.closed_input = variant == 0, .null_input = variant == 1,
		     .no_stdin = variant == 2);

		seat_start(&s);
		if (variant == 2)
			assert_int_equal(get_packet(&s, 150), -1);
		else
			expect_packet(&s, ATTACH_END, "", 0);
		put_exit(&s, 4);
		assert_int_equal(seat_end(&s), 4);
	}
}

/* A slow reader of stdout holds the monitor back and loses nothing; the exit comes last. */
static void output__slow_reader(void **state)
{
	SEAT(.no_stdin = true);
	enum { PACKETS = 200 };
	unsigned char text[8192];
	size_t got = 0;
	int put = 0;
	ssize_t n;

	seat_start(&s);
	fcntl(s.monitor, F_SETFL, O_NONBLOCK);
	for (uint64_t end = box_now_ms() + 10000; put <= PACKETS && box_now_ms() < end;) {
		if (put == PACKETS) {
			struct attach_exit status = {5, 0};

			packet[0] = ATTACH_EXIT;
			memcpy(packet + 1, &status, sizeof(status));
			if (send(s.monitor, packet, 1 + sizeof(status), 0) > 0)
				put++;
		} else {
			packet[0] = ATTACH_STDOUT;
			memset(packet + 1, put, ATTACH_DATA);
			if (send(s.monitor, packet, ATTACH_PACKET, 0) > 0) {
				put++;
				continue;
			}
		}
		assert_int_not_equal(put, 0);
		n = read(s.out, text, sizeof(text));
		assert_true(n > 0);
		for (ssize_t i = 0; i < n; i++, got++)
			assert_int_equal(text[i], (unsigned char)(got / ATTACH_DATA));
	}
	assert_int_equal(put, PACKETS + 1);
	while ((n = read(s.out, text, sizeof(text))) > 0)
		got += (size_t)n;
	assert_int_equal(got, (size_t)PACKETS * ATTACH_DATA);
	assert_int_equal(seat_end(&s), 5);
}

/* While stdout takes nothing, signals still work. */
static void output__blocked_can_be_interrupted(void **state)
{
	SEAT(.no_stdin = true);

	seat_start(&s);
	fcntl(s.monitor, F_SETFL, O_NONBLOCK);
	packet[0] = ATTACH_STDOUT;
	for (int i = 0; i < 100; i++) {
		/* of a size that the pipe takes a part of at last */
		send(s.monitor, packet, 5001, MSG_NOSIGNAL);
		box_sleep(2);
	}
	kill(s.client, SIGTERM);
	assert_int_equal(seat_end(&s), 143);
}

static void output__reader_gone(void **state)
{
	SEAT(.no_stdin = true, .ignored = SIGPIPE);

	for (int ignored = 0; ignored < 2; ignored++) {
		s = (struct seat){.no_stdin = true, .ignored = ignored ? SIGPIPE : 0};
		seat_start(&s);
		close(s.out);
		s.out = -1;
		put_packet(&s, ATTACH_STDOUT, "text", 4);
		assert_int_equal(seat_end(&s), 141);
	}
}

/* ---- signals ---- */

static void signals__go_to_the_container(void **state)
{
	const int signals[] = {SIGTERM, SIGHUP,	 SIGINT,   SIGQUIT, SIGUSR1,
			       SIGUSR2, SIGALRM, SIGWINCH, SIGCONT, 40};
	SEAT(.no_stdin = true, .proxy = true);

	seat_start(&s);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		const char expected[] = {(char)signals[i], 0};

		kill(s.client, signals[i]);
		expect_packet(&s, ATTACH_SIGNAL, expected, 2);
	}
	/* the terminal's, for the whole group */
	type(&s, "\x03");
	expect_packet(&s, ATTACH_SIGNAL, "\x02\x01", 2);
	put_exit(&s, 6);
	assert_int_equal(seat_end(&s), 6);
}

static void signals__without_proxy_end_the_client(void **state)
{
	const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		SEAT(.no_stdin = true);

		seat_start(&s);
		kill(s.client, SIGWINCH);
		kill(s.client, SIGCONT);
		assert_int_equal(get_packet(&s, 50), -1);
		kill(s.client, signals[i]);
		assert_int_equal(seat_end(&s), 128 + signals[i]);
	}
}

/* nohup: what the caller ignores, the client ignores. */
static void signals__ignored_stay_so(void **state)
{
	for (int proxy = 0; proxy < 2; proxy++) {
		SEAT(.no_stdin = true, .ignored = SIGHUP, .proxy = proxy);

		seat_start(&s);
		kill(s.client, SIGHUP);
		assert_int_equal(get_packet(&s, 100), -1);
		put_exit(&s, 0);
		assert_int_equal(seat_end(&s), 0);
	}
}

/* What the monitor wrote last is read, also when it left our input unread. */
static void exit__is_read_after_a_reset(void **state)
{
	SEAT(.tty = false);
	char text[8];

	seat_start(&s);
	assert_int_equal(write(s.in, "in", 2), 2);
	box_sleep(100);
	kill(s.client, SIGSTOP);
	assert_true(WIFSTOPPED(next_change(&s)));
	put_packet(&s, ATTACH_STDOUT, "last", 4);
	put_exit(&s, 8);
	close(s.monitor);
	s.monitor = -1;
	kill(s.client, SIGCONT);
	assert_int_equal(read(s.out, text, sizeof(text)), 4);
	assert_int_equal(seat_end(&s), 8);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipes__both_ways),
		cmocka_unit_test(pipes__keep_the_order_of_input),
		cmocka_unit_test(input__none),
		cmocka_unit_test(output__slow_reader),
		cmocka_unit_test(output__blocked_can_be_interrupted),
		cmocka_unit_test(output__reader_gone),
		cmocka_unit_test(signals__go_to_the_container),
		cmocka_unit_test(signals__without_proxy_end_the_client),
		cmocka_unit_test(signals__ignored_stay_so),
		cmocka_unit_test(exit__is_read_after_a_reset),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	for (int sig = 1; sig < 32; sig++) /* a job of a script ignores SIGINT, say */
		signal(sig, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
