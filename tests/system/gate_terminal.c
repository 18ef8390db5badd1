/* Gate 12: nothing inside types into the caller's terminal (TIOCSTI, TIOCLINUX), whatever filter
 * was asked for. Each run has a terminal of its own, shared with the container, and its input queue
 * is looked at afterwards. */
#include "seal.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

struct session {
	int status;
	int queued; /* bytes that a reader of the terminal would get */
	char out[8192];
};

/* Raw, and open here as well: what was typed stays in the queue, and is counted without a line's
 * end. */
static void open_terminal(int *master, int *slave)
{
	struct termios raw;

	assert_int_equal(openpty(master, slave, NULL, NULL, NULL), 0);
	assert_int_equal(tcgetattr(*slave, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(*slave, TCSANOW, &raw), 0);
	fcntl(*master, F_SETFD, FD_CLOEXEC);
	fcntl(*slave, F_SETFD, FD_CLOEXEC);
}

static void drain(int master, pid_t pid, struct session *s)
{
	size_t used = 0;
	bool ended = false;

	for (;;) {
		struct pollfd p = {.fd = master, .events = POLLIN};

		if (poll(&p, 1, ended ? 0 : 50) > 0 && used < sizeof(s->out) - 1) {
			ssize_t n = read(master, s->out + used, sizeof(s->out) - 1 - used);

			used += n > 0 ? (size_t)n : 0;
			continue;
		}
		if (ended)
			break;
		ended = waitpid(pid, &s->status, WNOHANG) == pid;
	}
	s->out[used] = '\0';
}

static struct session on_a_terminal(const char *options, const char *script)
{
	struct session s = {0};
	char text[4096];
	int master, slave;
	pid_t pid;

	snprintf(text, sizeof(text), "I=%s; IN=\"-v $I:/inside:ro\"; O=\"%s\"; %s", seal_inside(),
		 options, script);
	open_terminal(&master, &slave);
	pid = fork();
	if (pid == 0) {
		harness_prepare_child();
		login_tty(dup(slave));
		execle("/bin/bash", "bash", "-c", text, (char *)NULL, harness_environment());
		_exit(122);
	}
	drain(master, pid, &s);
	ioctl(slave, FIONREAD, &s.queued);
	close(master);
	close(slave);
	return s;
}

static void expect_refused(const char *options, const struct session *s)
{
	static const char *const wanted[] = {"sti 64 1\n", "linux 64 1\n", "sti-high 64 1\n",
					     "linux-high 64 1\n"};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!strstr(s->out, wanted[i]))
			fail_msg("%s: “%s” is not in: %s", options, wanted[i], s->out);
	/* the other doors: refused, or not there */
	for (const char *line = s->out; line && *line;
	     line = strchr(line, '\n'), line += line != NULL) {
		const char *end = strchr(line, '\n');

		if (!end || (strncmp(end - 2, " 1", 2) != 0 && strncmp(end - 5, " none", 5) != 0))
			fail_msg("%s: %s", options, s->out);
	}
	assert_int_equal(s->queued, 0);
	assert_int_equal(s->status, 0);
}

#define TRY ALLOW_ALL "$R run --log-level error $O $IN / /inside terminal"

static void gate_12_nothing_types_into_the_callers_terminal(void **state)
{
	static const char *const usual[] = {"",
					    "--no-init",
					    "--userns single",
					    "--pid host",
					    "--cap-add ALL",
					    "--cap-add SYS_TTY_CONFIG",
					    "--security-opt no-new-privileges=false",
					    "--userns keep-id"};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		struct session s = on_a_terminal(usual[i], TRY);

		expect_refused(usual[i], &s);
	}
	for (size_t i = 0; i < SEAL_OPEN; i++) {
		struct session s = on_a_terminal(seal_open[i], TRY);

		expect_refused(seal_open[i], &s);
	}
}

/* A filter is inherited: a user namespace inside changes nothing. */
static void gate_12_nor_from_a_namespace_inside(void **state)
{
	struct session s =
		on_a_terminal("--privileged",
			      "$R run --log-level error $O $IN / unshare -Urmpf /inside terminal");

	expect_refused("nested", &s);
}

/* The same program outside: where this kernel still serves TIOCSTI, its letters arrive. */
static void gate_12_this_test_can_fail(void **state)
{
	struct session s = on_a_terminal("", "$I terminal");

	if (!strstr(s.out, "sti 64 0\n"))
		skip_because("this kernel serves TIOCSTI to nobody (dev.tty.legacy_tiocsti)");
	assert_true(s.queued > 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(gate_12_this_test_can_fail),
		test(gate_12_nothing_types_into_the_callers_terminal),
		test(gate_12_nor_from_a_namespace_inside),
	};

	return harness_main("gate_terminal", tests, sizeof(tests) / sizeof(tests[0]));
}
