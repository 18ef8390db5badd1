/* See screen.h. */
#include "screen.h"

#include "harness.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

static long long milliseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void pty_start(struct pty *p, const char *const *argv, unsigned short rows, unsigned short columns)
{
	struct winsize size = {.ws_row = rows, .ws_col = columns};

	memset(p, 0, sizeof(*p));
	p->pid = forkpty(&p->fd, NULL, NULL, &size);
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		harness_prepare_child();
		execve(argv[0], (char *const *)(uintptr_t)argv, harness_environment());
		_exit(122);
	}
}

void pty_type(struct pty *p, const char *keys)
{
	assert_int_equal(write(p->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

void pty_resize(struct pty *p, unsigned short rows, unsigned short columns)
{
	struct winsize size = {.ws_row = rows, .ws_col = columns};

	assert_int_equal(ioctl(p->fd, TIOCSWINSZ, &size), 0);
}

/* False when there is no more to come. */
static bool read_some(struct pty *p, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = p->fd, .events = POLLIN};
	ssize_t n;

	if (poll(&poll_fd, 1, timeout_ms) <= 0)
		return false;
	n = read(p->fd, p->text + p->used, sizeof(p->text) - 1 - p->used);
	if (n <= 0)
		return false;
	for (ssize_t i = 0; i < n; i++) /* a NUL would end the text */
		if (!p->text[p->used + (size_t)i])
			p->text[p->used + (size_t)i] = '?';
	p->used += (size_t)n;
	p->text[p->used] = '\0';
	return true;
}

bool pty_shows(struct pty *p, const char *text)
{
	long long end = milliseconds() + PATIENCE_MS;
	char *found;

	while (!(found = strstr(p->text + p->seen, text))) {
		long long left = end - milliseconds();

		if (left <= 0 || !read_some(p, (int)left))
			return false;
	}
	p->seen = (size_t)(found - p->text) + strlen(text);
	return true;
}

int pty_end(struct pty *p)
{
	long long end = milliseconds() + PATIENCE_MS;
	int status = 0;

	/* what is still written must have somewhere to go */
	while (waitpid(p->pid, &status, WNOHANG) == 0) {
		if (milliseconds() > end) {
			kill(p->pid, SIGKILL);
			while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
				;
			break;
		}
		read_some(p, 10);
	}
	close(p->fd);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
