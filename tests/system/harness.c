/* Running, capturing and counting. See harness.h; what is asserted of a result is in expect.c. */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RESULTS = 4 };

int harness_timeout_ms = 60000;

static struct result results[RESULTS];
static int last_result;
static char directory[PATH_MAX], command[PATH_MAX];
static char *environment[64];
static const char *const path_value =
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const char *harness_directory(void)
{
	return directory;
}

const char *harness_command(void)
{
	return command;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- the environment of what is run: always the same, whoever starts the tests ---- */

void harness_set_variable(const char *name, const char *value)
{
	int i = 0;
	size_t len = strlen(name);

	while (environment[i] &&
	       (strncmp(environment[i], name, len) != 0 || environment[i][len] != '='))
		i++;
	if (environment[i])
		free(environment[i]);
	if (asprintf(&environment[i], "%s=%s", name, value) < 0)
		abort();
}

static void fill_environment(void)
{
	static const char *const kept[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
					   "ROOTLET_TEST_DEBIAN"};
	struct passwd *pw = getpwuid(getuid());

	harness_set_variable("PATH", path_value);
	harness_set_variable("HOME", pw ? pw->pw_dir : "/");
	harness_set_variable("USER", pw ? pw->pw_name : "nobody");
	harness_set_variable("LC_ALL", "C.UTF-8");
	harness_set_variable("TERM", "dumb");
	harness_set_variable("R", command);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (getenv(kept[i]))
			harness_set_variable(kept[i], getenv(kept[i]));
}

char **harness_environment(void)
{
	return environment;
}

bool harness_has(const char *program)
{
	char copy[256], file[512], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", path_value);
	for (char *dir = strtok_r(copy, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		snprintf(file, sizeof(file), "%s/%s", dir, program);
		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* ---- running ---- */

void harness_prepare_child(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	umask(0022);
	if (chdir(directory) < 0)
		_exit(121);
}

static _Noreturn void become(const char *const *argv, int out, int err)
{
	int in = open("/dev/null", O_RDONLY);

	setsid(); /* no terminal, unless a test brings its own */
	harness_prepare_child();
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(121);
	syscall(SYS_close_range, 3U, ~0U, 0);
	execve(argv[0], (char *const *)(uintptr_t)argv, environment);
	_exit(122);
}

/* Living children of ours, into pids. */
static int list_children(pid_t *pids, int max)
{
	char path[64], text[4096];
	int fd, count = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (char *p = text, *end; count < max; p = end) {
		long pid = strtol(p, &end, 10);

		if (end == p)
			break;
		pids[count++] = (pid_t)pid;
	}
	return count;
}

/* Everything that was handed to us: what is over, what ends within the grace, what we have to end.
 */
void harness_collect(struct result *r, int grace_ms)
{
	double end = now() + grace_ms / 1000.0;
	pid_t pids[64], pid;
	int count;

	for (;;) {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			r->handed++;
		if (pid < 0 || now() >= end)
			break;
		usleep(2000);
	}
	while ((count = list_children(pids, 64)) > 0) {
		for (int i = 0; i < count; i++) {
			kill(pids[i], SIGKILL);
			while (waitpid(pids[i], NULL, 0) < 0 && errno == EINTR)
				;
			r->alive++;
		}
	}
}

static void read_back(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	close(fd);
}

/* As a host's init does: a container whose orphans nobody reaps does not come to its end. */
static void reap_others(pid_t pid, struct result *r)
{
	siginfo_t info = {.si_pid = 0};

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid &&
	       info.si_pid != pid) {
		waitpid(info.si_pid, NULL, 0);
		r->handed++;
		info.si_pid = 0;
	}
}

/* Until it has ended; it is not reaped yet. Polled: the tests also run where pidfd_open is absent.
 */
static bool wait_until(pid_t pid, int timeout_ms, struct result *r)
{
	double end = now() + timeout_ms / 1000.0;
	siginfo_t info;

	do {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid)
			return true;
		reap_others(pid, r);
		usleep(1000);
	} while (now() < end);
	return false;
}

static struct result *run(const char *const *argv, const char *what, int grace_ms)
{
	struct result *r = &results[last_result = (last_result + 1) % RESULTS];
	int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC);
	double start = now();
	int status;
	pid_t pid;

	memset(r, 0, sizeof(*r));
	snprintf(r->what, sizeof(r->what), "%s", what);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		become(argv, out, err);
	if (!wait_until(pid, harness_timeout_ms, r)) {
		r->timed_out = true;
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	r->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	r->seconds = now() - start;
	harness_collect(r, r->timed_out ? 1000 : grace_ms);
	read_back(out, r->out, sizeof(r->out));
	read_back(err, r->err, sizeof(r->err));
	return r;
}

static const struct result *nothing_left(const struct result *r)
{
	if (r->timed_out || r->handed || r->alive) {
		harness_show(r);
		fail_msg("%s",
			 r->timed_out ? "it did not end" : "it left processes to somebody else");
	}
	return r;
}

const struct result *harness_rootlet(const char *const *args)
{
	const char *argv[64] = {command};
	char what[512] = "rootlet";
	size_t used = strlen(what);

	for (int i = 0; args[i]; i++) {
		argv[i + 1] = args[i];
		used += (size_t)snprintf(what + used, used < sizeof(what) ? sizeof(what) - used : 0,
					 " %s", args[i]);
		if (used >= sizeof(what))
			used = sizeof(what) - 1;
	}
	return nothing_left(run(argv, what, 0));
}

const struct result *shell_leaving(const char *script, int grace_ms)
{
	const char *argv[] = {"/bin/bash", "-c", script, "bash", NULL};

	return run(argv, script, grace_ms);
}

const struct result *shell(const char *script)
{
	return nothing_left(shell_leaving(script, 0));
}

/* ---- skipping ---- */

void harness_skip(const char *file, int line, const char *fmt, ...)
{
	char reason[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	print_message("skipped: %s\n", reason);
	_skip(file, line);
	abort(); /* not reached */
}

/* ---- what is held ---- */

static int count_lines(const char *path, const char *with)
{
	FILE *f = fopen(path, "re");
	char line[4096];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += !with || strstr(line, with) != NULL;
	if (f)
		fclose(f);
	return n;
}

static int counted;

static int count_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	counted++;
	return 0;
}

static int count_below(const char *path)
{
	counted = 0;
	nftw(path, count_one, 16, FTW_PHYS | FTW_MOUNT);
	return counted;
}

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

struct holdings holdings_count(void)
{
	char uid[32];
	pid_t pids[64];

	snprintf(uid, sizeof(uid), " %5u ", (unsigned)getuid());
	return (struct holdings){
		.mounts = count_lines("/proc/self/mountinfo", NULL),
		.children = list_children(pids, 64),
		.fds = count_entries("/proc/self/fd"),
		.keys = count_lines("/proc/keys", uid),
		.cgroups = count_below("/sys/fs/cgroup"),
		.files = count_below(directory),
	};
}

/* ---- a test's directory, the program's start ---- */

int harness_setup(void **state)
{
	snprintf(directory, sizeof(directory), "/tmp/rootlet-test-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	chmod(directory, 0755); /* mapped ids must get through */
	harness_set_variable("T", directory);
	harness_set_variable("XDG_CONFIG_HOME",
			     "/nonexistent"); /* the user's own settings are no part of a test */
	return 0;
}

/* Files of subordinate ids are not ours to remove; the mapped root's they are. */
int harness_teardown(void **state)
{
	const char *argv[] = {
		"/bin/sh", "-c",
		"cd /; chmod -R u+rwX \"$T\" 2>/dev/null; rm -rf \"$T\" 2>/dev/null || "
		"\"$R\" unshare rm -rf \"$T\"",
		NULL};

	run(argv, argv[2], 0);
	if (access(directory, F_OK) == 0)
		print_error("%s: could not be removed\n", directory);
	return 0;
}

void harness_enter_user(const char *name)
{
	struct passwd *pw = getpwnam(name);

	if (!pw || initgroups(name, pw->pw_gid) < 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0) {
		fprintf(stderr, "cannot become the user %s: %s\n", name, strerror(errno));
		exit(99);
	}
	prctl(PR_SET_DUMPABLE, 1); /* /proc/self belongs to the user again */
}

int harness_main(const char *name, const struct CMUnitTest *tests, size_t count)
{
	const char *path = getenv("ROOTLET"), *user = getenv("ROOTLET_TEST_USER");

	if (!path || !realpath(path, command)) {
		fprintf(stderr, "ROOTLET must name the command to test\n");
		return 99;
	}
	if (getuid() == 0) {
		if (!user) {
			printf("skipped: run this as an ordinary user, or set ROOTLET_TEST_USER\n");
			return 77;
		}
		harness_enter_user(user);
	}
	if (access(command, X_OK) < 0) {
		fprintf(stderr, "%s: not executable by this user\n", command);
		return 99;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fill_environment();
	cmocka_set_test_filter(
		getenv("ROOTLET_TEST_ONLY")); /* a pattern of test names; NULL: all */
	return _cmocka_run_group_tests(name, tests, count, NULL, NULL);
}
