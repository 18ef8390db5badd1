/* The client on a real terminal, or between pipes. The test plays the monitor; a child plays the
 * interactive shell that starts the client as its job. */
#include <sys/ioctl.h>
#include <termios.h>

#include "init_box.h"

#include "init/attach.h"
#include "init/keys.h"

struct seat {
	/* wanted */
	bool tty;	 /* the container has a terminal */
	bool terminal;	 /* stdin, stdout and stderr are one; else pipes */
	bool background; /* started with & */
	bool no_stdin, proxy, in_place, closed_input, null_input;
	const char *keys;
	int ignored; /* a signal that the shell ignores */
	/* made */
	pid_t shell, client;
	int monitor; /* the monitor's end of the socket */
	int master, in, out, err;
	int changes; /* wait statuses of the client, from the shell */
	struct termios before;
};

#define SEAT(...) struct seat s = {__VA_ARGS__}

static unsigned char packet[ATTACH_PACKET];

/* ---- the shell ---- */

static pid_t job; /* in the shell: the client */

static void fg(int sig)
{
	tcsetpgrp(9, job);
	kill(-job, SIGCONT);
}

static void bg(int sig)
{
	tcsetpgrp(9, getpid());
	kill(-job, SIGCONT);
}

static void client(const struct seat *s, int socket_fd, const int fds[3])
{
	struct client c = {.socket_fd = socket_fd,
			   .tty = s->tty,
			   .no_stdin = s->no_stdin,
			   .sig_proxy = s->proxy,
			   .detach_keys = (const unsigned char *)s->keys,
			   .detach_count = s->keys ? (unsigned)strlen(s->keys) : 0};

	setpgid(0, 0);
	if (!s->background)
		tcsetpgrp(9, getpid());
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
	signal(SIGTTOU, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (s->ignored)
		signal(s->ignored, SIG_IGN);
	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	if (s->closed_input)
		close(0);
	if (s->in_place) {
		close(9);
		syscall(SYS_close_range, 10U, ~0U, CLOSE_RANGE_CLOEXEC);
		for (int i = 3; i < 64; i++) {
			if (i != socket_fd)
				close(i);
		}
		_exit(client_run(&c));
	}
	client_exec(&c);
	_exit(120);
}

static void shell(struct seat *s, int socket_fd, int fds[3], int changes, const char *name)
{
	int status, tty;

	setsid();
	tty = open(name, O_RDWR | O_CLOEXEC); /* the controlling terminal from now on */
	ioctl(tty, TIOCSCTTY, 0);
	dup3(tty, 9, O_CLOEXEC);
	close(tty);
	signal(SIGTTOU, SIG_IGN);
	signal(SIGUSR1, fg);
	signal(SIGUSR2, bg);
	if (s->terminal)
		fds[0] = fds[1] = fds[2] = 9;
	tcsetpgrp(9, getpid());
	job = fork();
	if (job == 0)
		client(s, socket_fd, fds);
	setpgid(job, job);
	if (!s->terminal) {
		for (int i = 0; i < 3; i++)
			close(fds[i]);
	}
	close(socket_fd);
	status = (int)job;
	for (;;) {
		if (write(changes, &status, sizeof(status)) != sizeof(status))
			_exit(1);
		while (waitpid(job, &status, WUNTRACED) < 0) {
			if (errno != EINTR)
				_exit(0);
		}
		tcsetpgrp(9, getpid());
	}
}

static int next_change(struct seat *s)
{
	struct pollfd f = {.fd = s->changes, .events = POLLIN};
	int status = -1;

	if (poll(&f, 1, 5000) != 1 || read(s->changes, &status, sizeof(status)) != sizeof(status))
		fail_msg("nothing became of the client");
	return status;
}

/* From then on no signal kills it by surprise. */
static void wait_blocked(pid_t pid)
{
	char path[64], line[128];
	unsigned long long mask = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	for (int i = 0; i < 1000 && !(mask & 1ull << (SIGTERM - 1)); i++) {
		FILE *file = fopen(path, "re");

		if (!file)
			return;
		while (fgets(line, sizeof(line), file))
			sscanf(line, "SigBlk: %llx", &mask);
		fclose(file);
		if (!(mask & 1ull << (SIGTERM - 1)))
			box_sleep(2);
	}
}

static void seat_start(struct seat *s)
{
	int pair[2], changes[2], ends[3][2], fds[3];
	char name[64];

	s->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(s->master >= 0);
	assert_int_equal(unlockpt(s->master), 0);
	strcpy(name, ptsname(s->master));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(pipe2(changes, O_CLOEXEC), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pipe2(ends[i], O_CLOEXEC), 0);
	fds[0] = s->null_input ? open("/dev/null", O_RDONLY | O_CLOEXEC) : dup(ends[0][0]);
	fds[1] = ends[1][1];
	fds[2] = ends[2][1];
	assert_int_equal(tcgetattr(s->master, &s->before), 0);
	s->shell = fork();
	assert_true(s->shell >= 0);
	if (s->shell == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(s->master);
		close(pair[0]);
		close(changes[0]);
		close(ends[0][0]);
		close(ends[0][1]);
		close(ends[1][0]);
		close(ends[2][0]);
		shell(s, pair[1], fds, changes[1], name);
	}
	close(pair[1]);
	close(changes[1]);
	close(fds[0]);
	close(ends[0][0]);
	close(fds[1]);
	close(fds[2]);
	s->monitor = pair[0];
	s->changes = changes[0];
	s->in = ends[0][1];
	s->out = ends[1][0];
	s->err = ends[2][0];
	s->client = next_change(s);
	if (!s->background)
		wait_blocked(s->client);
}

/* Its exit status as the shell has it. */
static int seat_end(struct seat *s)
{
	int status = next_change(s);
	int fds[] = {s->monitor, s->master, s->in, s->out, s->err, s->changes};

	assert_false(WIFSTOPPED(status));
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	kill(s->shell, SIGKILL);
	waitpid(s->shell, NULL, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- the monitor's part ---- */

/* The next packet's size; 0 at the end, -1 after `ms` of silence. */
static ssize_t get_packet(struct seat *s, int ms)
{
	struct pollfd f = {.fd = s->monitor, .events = POLLIN};

	ssize_t n;

	if (poll(&f, 1, ms) != 1)
		return -1;
	n = recv(s->monitor, packet, sizeof(packet), 0);
	/* it ended with packets of ours unread; what it sent follows */
	if (n < 0 && errno == ECONNRESET)
		n = recv(s->monitor, packet, sizeof(packet), 0);
	return n;
}

static void put_packet(struct seat *s, int type, const void *data, size_t size)
{
	unsigned char out[ATTACH_PACKET];

	out[0] = (unsigned char)type;
	memcpy(out + 1, data, size);
	assert_int_equal(send(s->monitor, out, 1 + size, MSG_NOSIGNAL), 1 + size);
}

static void put_exit(struct seat *s, int status)
{
	struct attach_exit end = {status, 0};

	put_packet(s, ATTACH_EXIT, &end, sizeof(end));
}

static void expect_packet(struct seat *s, int type, const void *data, size_t size)
{
	ssize_t n = get_packet(s, 5000);

	assert_int_equal(n, 1 + size);
	assert_int_equal(packet[0], type);
	assert_memory_equal(packet + 1, data, size);
}

static void expect_size(struct seat *s, uint16_t rows, uint16_t cols)
{
	struct attach_size size = {rows, cols};

	expect_packet(s, ATTACH_SIZE, &size, sizeof(size));
}

static void expect_input(struct seat *s, const char *text)
{
	expect_packet(s, ATTACH_INPUT, text, strlen(text));
	put_packet(s, ATTACH_TAKEN, "", 0);
}

/* ---- the terminal ---- */

static bool is_raw(const struct seat *s)
{
	struct termios t;

	tcgetattr(s->master, &t);
	return !(t.c_lflag & (ECHO | ICANON | ISIG | IEXTEN)) && !(t.c_oflag & OPOST) &&
	       !(t.c_iflag & (ICRNL | IXON | BRKINT | ISTRIP)) && t.c_cc[VMIN] == 1 &&
	       (t.c_cflag & CSIZE) == CS8;
}

static void wait_raw(const struct seat *s, bool raw)
{
	for (int i = 0; i < 1000 && is_raw(s) != raw; i++)
		box_sleep(5);
	assert_int_equal(is_raw(s), raw);
}

static void assert_restored(const struct seat *s)
{
	struct termios t;

	assert_int_equal(tcgetattr(s->master, &t), 0);
	assert_int_equal(t.c_iflag, s->before.c_iflag);
	assert_int_equal(t.c_oflag, s->before.c_oflag);
	assert_int_equal(t.c_lflag, s->before.c_lflag);
	assert_int_equal(t.c_cflag, s->before.c_cflag);
	assert_memory_equal(t.c_cc, s->before.c_cc, sizeof(t.c_cc));
}

static void type(struct seat *s, const char *text)
{
	assert_int_equal(write(s->master, text, strlen(text)), strlen(text));
}

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
		cmocka_unit_test(terminal__is_restored_on_every_way_out),
		cmocka_unit_test(terminal__stop_and_continue),
		cmocka_unit_test(terminal__in_the_background),
		cmocka_unit_test(terminal__sizes),
		cmocka_unit_test(terminal__passes_every_byte),
		cmocka_unit_test(keys__find_the_sequence),
		cmocka_unit_test(keys__held_back_and_sent_on),
		cmocka_unit_test(keys__work_while_the_container_does_not_read),
		cmocka_unit_test(keys__in_a_pipe_are_data),
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
