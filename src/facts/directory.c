/* Asking the host's directories (LDAP, SSSD …) through rootlet-nss: src/nss.
 *
 * In a process of its own, because a static program cannot load the libraries that nsswitch.conf
 * names, and because those bring half a dozen others along. Bounded in time and in bytes: a server
 * that is away must not hang a start for long. The program is never looked for in $PATH.
 */
#include "facts/probe.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/io.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#ifndef LIBEXECDIR
#error "LIBEXECDIR: where rootlet-nss is installed"
#endif

static const char installed[] = LIBEXECDIR "/rootlet/rootlet-nss";

enum { TIMEOUT_MS = 10000, OUTPUT_LIMIT = 256 << 10 };

/* ---- where it is ---- */

/* Ours to trust as far as our own program is: its owner's, and not for everybody to write. */
static bool owned(const char *path, mode_t type, uid_t owner)
{
	struct stat st;

	return lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == owner &&
	       !(st.st_mode & S_IWOTH);
}

/* Beside our own program: unpacked from contrib/dist's archive, or in the tree that built it. The
 * file and its folder belong to the program's owner. Else whoever may write in the folder above a
 * copy of ours, such as /tmp, could lend us a program (gate 16); and between our look and the start
 * of it nobody but that owner can put another in its place. */
static const char *beside(struct arena *a)
{
	static const char *const folders[] = {"libexec/rootlet", "nss"};
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
	struct stat program;
	const char *slash;

	if (n <= 0 || (size_t)n >= sizeof(path) || stat("/proc/self/exe", &program) < 0)
		return NULL;
	slash = memrchr(path, '/', (size_t)n);
	for (size_t i = 0; slash && i < sizeof(folders) / sizeof(folders[0]); i++) {
		const char *folder =
			arena_printf(a, "%.*s/../%s", (int)(slash - path), path, folders[i]);
		const char *found = folder ? arena_printf(a, "%s/rootlet-nss", folder) : NULL;

		if (found && owned(folder, S_IFDIR, program.st_uid) &&
		    owned(found, S_IFREG, program.st_uid))
			return found;
	}
	return NULL;
}

static const char *find_program(struct arena *a)
{
	return faccessat(AT_FDCWD, installed, X_OK, AT_EACCESS) == 0 ? installed : beside(a);
}

/* ---- running it ---- */

/* Both streams into one pipe: when it fails, what it printed is the reason. */
static int spawn(const struct directory_question *q, int output, pid_t *ret_pid)
{
	char *argv[] = {(char *)(uintptr_t)q->program, (char *)(uintptr_t)q->database,
			(char *)(uintptr_t)q->key, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	if (posix_spawn_file_actions_init(&actions) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, output, 1);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, output, 2);
	/* With our environment: where a module's server is may be written there. */
	if (!r)
		r = posix_spawn(ret_pid, q->program, &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* Reads to its end. 0, -ETIMEDOUT, -EFBIG or another -errno. */
static int collect(int fd, int64_t deadline, char *buf, size_t size, size_t *ret_len)
{
	*ret_len = 0;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - clock_ms();
		ssize_t n;
		int ready = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (ready == 0)
			return -ETIMEDOUT;
		n = ready < 0 ? -1 : read(fd, buf + *ret_len, size - *ret_len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0;
		if (n > 0)
			*ret_len += (size_t)n;
		if (*ret_len == size)
			return -EFBIG;
	}
}

/* The end of its output comes a moment before its own, or long before: it may have closed it. */
static int reap(pid_t pid, int64_t deadline, int *ret_status)
{
	pid_t r;

	while ((r = waitpid(pid, ret_status, WNOHANG)) == 0 || (r < 0 && errno == EINTR)) {
		if (clock_ms() >= deadline)
			return -ETIMEDOUT;
		poll(NULL, 0, 1);
	}
	return r < 0 ? -errno : 0;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int run(const struct directory_question *q, int timeout, char *buf, size_t size,
	       int *ret_status)
{
	int64_t deadline = clock_ms() + timeout;
	AUTO_FD output = -1;
	size_t len;
	int ends[2], r;
	pid_t pid = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	output = ends[0];
	r = spawn(q, ends[1], &pid);
	close(ends[1]);
	if (r)
		return r;
	r = collect(output, deadline, buf, size - 1, &len);
	buf[len] = '\0';
	if (!r)
		r = reap(pid, deadline, ret_status);
	if (r && r != -ECHILD)
		end(pid);
	return r;
}

/* ---- what it says ---- */

static const char *failure(struct arena *a, const char *program, int r, int timeout)
{
	switch (-r) {
	case ETIMEDOUT:
		return arena_printf(a, "%s gave no answer within %d seconds", program,
				    (timeout + 999) / 1000);
	case EFBIG:
		return arena_printf(a, "%s printed more than %d KiB", program, OUTPUT_LIMIT >> 10);
	case ECHILD:
		return arena_printf(a, "how %s ended was not told: this program ignores SIGCHLD",
				    program);
	default:
		return arena_printf(a, "cannot run %s: %s", program, error_text(r));
	}
}

/* Its last line is the reason; a library's chatter may stand before it. */
static const char *reason(struct arena *a, const char *program, int status, char *text)
{
	size_t len = strlen(text);
	const char *line;

	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	if (WIFSIGNALED(status))
		return arena_printf(a, "%s was killed by signal %d", program, WTERMSIG(status));
	if (!*line)
		return arena_printf(a, "%s ended with status %d and without a word", program,
				    WEXITSTATUS(status));
	return arena_strdup(a, line);
}

int directory_ask(struct arena *a, const struct directory_question *question, const char **ret_text,
		  const char **ret_error)
{
	struct directory_question q = *question;
	int timeout = q.timeout_ms ? q.timeout_ms : TIMEOUT_MS, status = 0, r;
	AUTO_FREE char *buf = malloc(OUTPUT_LIMIT + 1);

	*ret_text = *ret_error = NULL;
	if (!buf)
		return -ENOMEM;
	if (!q.program)
		q.program = find_program(a);
	if (!q.program) {
		*ret_error = arena_printf(
			a, "%s is missing, and only it can ask the directory services", installed);
		return *ret_error ? 0 : -ENOMEM;
	}
	r = run(&q, timeout, buf, OUTPUT_LIMIT + 1, &status);
	if (r)
		*ret_error = failure(a, q.program, r, timeout);
	else if (status)
		*ret_error = reason(a, q.program, status, buf);
	else
		*ret_text = arena_strdup(a, buf);
	return *ret_text || *ret_error ? 0 : -ENOMEM;
}

const char *directory_value(struct arena *a, const char *text, const char *key)
{
	size_t len = strlen(key);

	for (; *text; text += *text == '\n') {
		const char *end_of_line = strchrnul(text, '\n');

		if (!strncmp(text, key, len) && text[len] == ' ')
			return arena_strndup(a, text + len + 1,
					     (size_t)(end_of_line - text) - len - 1);
		text = end_of_line;
	}
	return NULL;
}
