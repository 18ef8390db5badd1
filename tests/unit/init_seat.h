/* The client's seat: a terminal or pipes, an interactive shell that starts the client as its job,
 * and the monitor's part, which the test plays. */
#ifndef ROOTLET_TESTS_INIT_SEAT_H
#define ROOTLET_TESTS_INIT_SEAT_H

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

static inline void fg(int sig)
{
	tcsetpgrp(9, job);
	kill(-job, SIGCONT);
}

static inline void bg(int sig)
{
	tcsetpgrp(9, getpid());
	kill(-job, SIGCONT);
}

static inline void client(const struct seat *s, int socket_fd, const int fds[3])
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

static inline void shell(struct seat *s, int socket_fd, int fds[3], int changes, const char *name)
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

static inline int next_change(struct seat *s)
{
	struct pollfd f = {.fd = s->changes, .events = POLLIN};
	int status = -1;

	if (poll(&f, 1, 5000) != 1 || read(s->changes, &status, sizeof(status)) != sizeof(status))
		fail_msg("nothing became of the client");
	return status;
}

/* From then on no signal kills it by surprise. */
static inline void wait_blocked(pid_t pid)
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

static inline void seat_start(struct seat *s)
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
static inline int seat_end(struct seat *s)
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
static inline ssize_t get_packet(struct seat *s, int ms)
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

static inline void put_packet(struct seat *s, int type, const void *data, size_t size)
{
	unsigned char out[ATTACH_PACKET];

	out[0] = (unsigned char)type;
	memcpy(out + 1, data, size);
	assert_int_equal(send(s->monitor, out, 1 + size, MSG_NOSIGNAL), 1 + size);
}

static inline void put_exit(struct seat *s, int status)
{
	struct attach_exit end = {status, 0};

	put_packet(s, ATTACH_EXIT, &end, sizeof(end));
}

static inline void expect_packet(struct seat *s, int type, const void *data, size_t size)
{
	ssize_t n = get_packet(s, 5000);

	assert_int_equal(n, 1 + size);
	assert_int_equal(packet[0], type);
	assert_memory_equal(packet + 1, data, size);
}

static inline void expect_size(struct seat *s, uint16_t rows, uint16_t cols)
{
	struct attach_size size = {rows, cols};

	expect_packet(s, ATTACH_SIZE, &size, sizeof(size));
}

static inline void expect_input(struct seat *s, const char *text)
{
	expect_packet(s, ATTACH_INPUT, text, strlen(text));
	put_packet(s, ATTACH_TAKEN, "", 0);
}

/* ---- the terminal ---- */

static inline bool is_raw(const struct seat *s)
{
	struct termios t;

	tcgetattr(s->master, &t);
	return !(t.c_lflag & (ECHO | ICANON | ISIG | IEXTEN)) && !(t.c_oflag & OPOST) &&
	       !(t.c_iflag & (ICRNL | IXON | BRKINT | ISTRIP)) && t.c_cc[VMIN] == 1 &&
	       (t.c_cflag & CSIZE) == CS8;
}

static inline void wait_raw(const struct seat *s, bool raw)
{
	for (int i = 0; i < 1000 && is_raw(s) != raw; i++)
		box_sleep(5);
	assert_int_equal(is_raw(s), raw);
}

static inline void assert_restored(const struct seat *s)
{
	struct termios t;

	assert_int_equal(tcgetattr(s->master, &t), 0);
	assert_int_equal(t.c_iflag, s->before.c_iflag);
	assert_int_equal(t.c_oflag, s->before.c_oflag);
	assert_int_equal(t.c_lflag, s->before.c_lflag);
	assert_int_equal(t.c_cflag, s->before.c_cflag);
	assert_memory_equal(t.c_cc, s->before.c_cc, sizeof(t.c_cc));
}

static inline void type(struct seat *s, const char *text)
{
	assert_int_equal(write(s->master, text, strlen(text)), strlen(text));
}

#endif
