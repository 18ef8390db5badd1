/* The commands of a demonstration as child processes, and their certain end. We are the reaper of
 * all our descendants: what a command leaves behind comes back to us and is ended with the
 * demonstration, also when it is broken off. Nothing here knows what a demonstration is. */
#include "cli/demo/demo.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

enum { COMMAND_MS = 60000, FILE_MS = 10000, GRACE_MS = 400, END_MS = 10000 };
enum { OUTPUT_MAX = 1 << 20 };

static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t shielded, late_signal;
static sigset_t waiting_mask; /* in force while we wait, and nowhere else */

static void on_signal(int signal)
{
	if (signal == SIGCHLD)
		return;
	if (shielded)
		late_signal = signal;
	else
		stop_signal = signal;
}

void child_shield(bool on)
{
	shielded = on;
	if (!on && late_signal && !stop_signal)
		stop_signal = late_signal;
	late_signal = 0;
}

int child_stopped(void)
{
	return stop_signal;
}

void child_stop(int signal)
{
	stop_signal = signal;
}

int child_setup(rootlet_error *err)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD};
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaddset(&blocked, signals[i]);
		if (sigaction(signals[i], &action, NULL) < 0)
			return error_set(err, -errno, "demo-signals", NULL, "signals: %s",
					 error_text(errno));
	}
	signal(SIGPIPE, SIG_IGN); /* a viewer that went away must not leave containers behind */
	sigprocmask(SIG_BLOCK, &blocked, &waiting_mask);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return error_set(err, -errno, "demo-reaper", NULL,
				 "become the reaper of what the demonstration starts: %s",
				 error_text(errno));
	return 0;
}

/* Wait for input on fd (-1: for nothing) or a signal. true: there is input. */
static bool wait_input(int fd, int64_t ms)
{
	struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return ppoll(&poll_fd, 1, ms < 0 ? NULL : &limit, &waiting_mask) > 0;
}

/* We are who was started, and whom SIGKILL hits: then PR_SET_PDEATHSIG gives the player SIGTERM,
 * and it ends in order (prctl(2)). Where the player itself is killed, we end what it has started.
 */
static int guard(pid_t player)
{
	int status = 0;

	while (waitpid(player, &status, WNOHANG) == 0) {
		wait_input(-1, -1);
		/* The player shields its cleaning, so what the terminal has sent to both may come
		 * to it twice. */
		if (stop_signal)
			kill(player, stop_signal);
		stop_signal = 0;
	}
	child_end_all();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int child_guard(void)
{
	pid_t started = getpid(), player;

	fflush(stdout); /* what is buffered must not be printed twice */
	player = fork();
	if (player > 0)
		return guard(player);
	if (player == 0) {
		/* the child's own, which fork(2) does not hand on */
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
		prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
		if (getppid() != started)
			stop_signal = SIGTERM;
	}
	return -1;
}

static _Noreturn void exec_shell(const char *command, int output)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setpgid(0, 0); /* Ctrl-C is for us: we end them in order */
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &waiting_mask, NULL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
		_exit(126);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static int spawn(const char *command, int output, pid_t *ret, rootlet_error *err)
{
	pid_t pid;

	fflush(stdout); /* what is buffered must not be printed twice */
	pid = fork();
	if (pid == 0)
		exec_shell(command, output);
	if (pid < 0)
		return error_set(err, -errno, "demo-fork", NULL, "start a shell: %s",
				 error_text(errno));
	*ret = pid;
	return 0;
}

/* What is there now. true: and more may come. Background jobs may hold the pipe open, so nobody
 * waits for its end. */
static bool drain(int fd, struct buffer *out)
{
	char part[4096];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) > 0)
		if (out->len < OUTPUT_MAX)
			buffer_add(out, part, (size_t)n);
	return n < 0;
}

int child_run(const char *command, struct output *ret, rootlet_error *err)
{
	AUTO_FD reader = -1;
	AUTO_FD writer = -1;
	int64_t end = clock_ms() + COMMAND_MS;
	int ends[2], status = 0, r;
	bool open = true;
	pid_t pid = -1;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, -errno, "demo-pipe", NULL, "pipe: %s", error_text(errno));
	reader = ends[0];
	writer = ends[1];
	fcntl(reader, F_SETFL, O_NONBLOCK);
	buffer_release(&ret->text);
	ret->text = (struct buffer){0};
	r = spawn(command, writer, &pid, err);
	if (r < 0)
		return r;
	fd_close(&writer);
	while (waitpid(pid, &status, WNOHANG) == 0 && !stop_signal) {
		if (clock_ms() > end)
			kill(-pid, SIGKILL);
		wait_input(open ? reader : -1, 100); /* a pipe at its end is readable for ever */
		open = open && drain(reader, &ret->text);
	}
	drain(reader, &ret->text);
	buffer_puts(&ret->text, "");
	ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return stop_signal ? -EINTR : 0;
}

int child_start(const char *command, const char *log, rootlet_error *err)
{
	AUTO_FD output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid_t pid;

	if (output < 0)
		return error_set(err, -errno, "demo-log", log, "%s: %s", log, error_text(errno));
	return spawn(command, output, &pid, err);
}

bool child_wait_file(const char *path)
{
	int64_t end = clock_ms() + FILE_MS;
	struct stat st;

	while (!stop_signal && clock_ms() < end) {
		if (stat(path, &st) == 0 && st.st_size > 0)
			return true;
		wait_input(-1, 20);
	}
	return false;
}

/* Keys one by one, so that q needs no Enter after it. false: it is no terminal. */
static bool take_keys(struct termios *old)
{
	struct termios raw;

	if (tcgetattr(0, old) < 0)
		return false;
	raw = *old;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* ISIG stays: Ctrl-C is a signal */
	return tcsetattr(0, TCSADRAIN, &raw) == 0;
}

bool child_pause(void)
{
	struct termios old;
	bool keys;
	char c = 0;

	fflush(stdout);
	keys = take_keys(&old);
	while (!stop_signal && c != '\n') {
		if (!wait_input(0, -1))
			continue;
		if (read(0, &c, 1) <= 0 || c == 'q')
			stop_signal = SIGINT;
	}
	if (keys)
		tcsetattr(0, TCSADRAIN, &old);
	return !stop_signal;
}

/* The parent's pid, from a line that a program's name with blanks and brackets may confuse. */
static pid_t parent_of(const char *pid)
{
	char path[64];
	AUTO_FREE char *text = NULL;
	const char *p;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	if (io_read_file(path, 4096, &text, NULL) < 0)
		return 0;
	p = strrchr(text, ')');
	return p && strlen(p) > 4 ? (pid_t)strtol(p + 4, NULL, 10) : 0;
}

static void signal_children(int signal)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return;
	while ((entry = readdir(proc)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    parent_of(entry->d_name) == getpid())
			kill((pid_t)strtol(entry->d_name, NULL, 10), signal);
	closedir(proc);
}

/* true: somebody is still there. */
static bool reap(void)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0);
	return pid == 0;
}

void child_end_all(void)
{
	int64_t start = clock_ms();

	if (!reap())
		return;
	signal_children(SIGTERM);
	while (reap() && clock_ms() < start + END_MS) {
		wait_input(-1, 20);
		/* orphans come to us one generation at a time */
		if (clock_ms() > start + GRACE_MS)
			signal_children(SIGKILL);
	}
}
