/* Many containers, many at a time, from one parent that lives through them all; then everything
 * that the machine holds is counted again, and nothing may have grown (gate 28).
 *
 *     soak [--cycles N] [--parallel N] [--seconds N]     $ROOTLET names the command
 *     soak --self-test                                   plants a leak of each kind and sees it
 * found
 *
 * The parent starts the command and, once a round, a container of its own through the library. It
 * is a subreaper: what others do not reap stays with it as a zombie and is counted. As root it
 * becomes $ROOTLET_TEST_USER first. Exit status 0: nothing grew; 1: something did, or a run failed.
 */
#include "counts.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <rootlet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PARALLEL_MAX = 200, WORDS_MAX = 12, SETTLE_MS = 20000 };

enum planted { PLANT_NOTHING, PLANT_DESCRIPTOR, PLANT_ZOMBIE, PLANT_FILE, PLANT_KEY, PLANTS };

struct soak {
	const char *command;
	long cycles, parallel, seconds;
	enum planted planted;
	long done, failed;
};

/* Ends of every kind. Words after "rootlet", and the exit status that is right. After "sh" comes a
 * script instead, with the command as $R: containers that outlive the command that started them. */
static const struct {
	int status;
	const char *words[WORDS_MAX];
} rows[] = {
	{0, {"run", "/", "true"}},
	{0, {"run", "--userns", "single", "/", "true"}},
	{0, {"run", "--userns", "keep-id", "--no-init", "/", "true"}},
	{7, {"run", "/", "sh", "-c", "sleep 60 & exit 7"}},
	{0, {"run", "--pid", "host", "/", "sh", "-c", "true & sleep 60 & true"}},
	{137, {"run", "--network", "host", "--privileged", "/", "sh", "-c", "kill -KILL $$"}},
	{126, {"run", "-w", "/tmp", "/", "/etc/passwd"}},
	{125, {"run", "-v", "/nowhere/at/all:/mnt", "/", "true"}},
	{0, {"unshare", "-CimnpuT", "true"}},
	{0, {"run", "-v", "/usr:/mnt:ro", "--tmpfs", "/opt", "-u", "5", "/", "true"}},
	{0, {"sh", "id=$($R run -d / sleep 60) && $R rm -f $id"}},
	{0, {"sh", "$R run -d --rm / sh -c 'echo words; sleep 60 & true'"}},
	{7,
	 {"sh", "id=$($R run -d / sleep 60) && $R exec $id sh -c 'true & true' && $R exec -d "
		"$id sleep 60 && { $R exec $id sh -c 'exit 7'; s=$?; $R rm -f $id && exit $s; }"}},
	{0,
	 {"sh", "id=$($R run -d -t / sh) && $R exec $id true && $R kill $id && $R wait $id && "
		"$R start $id && $R stop -t 0 $id && $R rm $id"}},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* As the host's init is for what is started in the background: reaps, until all has ended. */
static _Noreturn void host(const struct soak *s, const char *script)
{
	int status = 0, ignored;
	pid_t pid, ended;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setenv("R", s->command, 1);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(121);
	}
	alarm(60);
	while ((ended = wait(&ignored)) > 0 || errno == EINTR)
		if (ended == pid)
			status = ignored;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static pid_t start(const struct soak *s, long row)
{
	const char *argv[WORDS_MAX + 2] = {s->command};
	pid_t pid = fork();
	int null;

	if (pid != 0)
		return pid;
	for (int i = 0; i < WORDS_MAX; i++)
		argv[i + 1] = rows[row].words[i];
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	if (strcmp(argv[1], "sh") == 0)
		host(s, argv[2]);
	execv(s->command, (char *const *)(uintptr_t)argv);
	_exit(121);
}

/* One container from this very process. Returns its exit status. */
static int start_own(void)
{
	const char *words[] = {"/", "true"};
	rootlet_error *err = rootlet_error_new();
	rootlet_spec *spec = NULL;
	rootlet_facts *facts = NULL;
	rootlet_plan *plan = NULL;
	rootlet_process *process = NULL;
	rootlet_start_options options;
	int status = 125;

	if (rootlet_spec_new(ROOTLET_RUN, &spec, err) == 0 &&
	    rootlet_spec_set_command_line(spec, 2, words, err) == 0 &&
	    rootlet_spec_validate(spec, err) == 0 && rootlet_facts_probe(spec, &facts, err) == 0 &&
	    rootlet_plan_make(spec, facts, &plan, err) == 0) {
		rootlet_spec_start_options(spec, &options);
		if (rootlet_process_start(plan, &options, &process, err) == 0)
			rootlet_process_wait(process, &status, err);
	}
	if (rootlet_error_code(err))
		fprintf(stderr, "%s\n", rootlet_error_message(err));
	rootlet_process_free(process);
	rootlet_plan_free(plan);
	rootlet_facts_free(facts);
	rootlet_spec_free(spec);
	rootlet_error_free(err);
	return status;
}

static void plant(enum planted what)
{
	char name[64];
	int fd;

	switch (what) {
	case PLANT_DESCRIPTOR:
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
			perror("open");
		break;
	case PLANT_ZOMBIE:
		if (fork() == 0)
			_exit(0);
		break;
	case PLANT_FILE:
		snprintf(name, sizeof(name), "/tmp/rootlet-soak-XXXXXX");
		fd = mkstemp(name);
		if (fd >= 0)
			close(fd);
		break;
	case PLANT_KEY:
		for (int i = 0; i < 5; i++) {
			snprintf(name, sizeof(name), "soak-%d-%d", (int)getpid(), rand());
			/* KEY_SPEC_SESSION_KEYRING */
			syscall(SYS_add_key, "user", name, "x", 1UL, -3);
		}
		break;
	case PLANT_NOTHING:
	case PLANTS:
		break;
	}
}

static void judge(struct soak *s, long row, int status)
{
	int is = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);

	s->done++;
	if (is == rows[row].status)
		return;
	if (s->failed++ == 0) {
		printf("rootlet");
		for (int i = 0; i < WORDS_MAX && rows[row].words[i]; i++)
			printf(" %s", rows[row].words[i]);
		printf(": exit status %d, not %d\n", is, rows[row].status);
	}
}

/* As many as may run side by side; the next round begins when all have ended. */
static void round_of(struct soak *s, long count)
{
	pid_t pids[PARALLEL_MAX];

	for (long i = 0; i < count; i++)
		pids[i] = start(s, (s->done + i) % ROWS);
	if (start_own() != 0)
		s->failed++;
	for (long i = 0, first = s->done; i < count; i++) {
		int status = 0;

		if (pids[i] < 0 || waitpid(pids[i], &status, 0) != pids[i])
			s->failed++;
		judge(s, (first + i) % ROWS, status);
	}
	plant(s->planted);
}

/* The kernel frees some things a moment later. */
static void settle(const struct counts *before, struct counts *after, int limit_ms)
{
	double end = now() + limit_ms / 1000.0;

	do {
		counts_take(after);
		if (!counts_grown(before, after))
			return;
		usleep(100000);
	} while (now() < end);
}

/* 0 when nothing grew. */
static int soak(struct soak *s, bool quiet)
{
	struct counts before, after;
	double begin;

	/* what the first runs of all make once */
	round_of(s, s->parallel < ROWS ? ROWS : s->parallel);
	s->done = 0;
	usleep(200000);
	counts_take(&before);
	begin = now();
	while (s->done < s->cycles && (!s->seconds || now() - begin < (double)s->seconds)) {
		long left = s->cycles - s->done;

		round_of(s, left < s->parallel ? left : s->parallel);
	}
	begin = now() - begin;
	settle(&before, &after, s->planted ? 300 : SETTLE_MS);
	if (!quiet) {
		counts_print(&before, &after);
		printf("%ld cycles, %ld at a time, in %.1f s; %ld ended otherwise than they "
		       "should\n",
		       s->done, s->parallel, begin, s->failed);
	}
	return counts_grown(&before, &after) || s->failed;
}

/* Each leak in a child of its own, so that it ends with it. */
static int self_test(const char *command)
{
	for (int what = PLANT_NOTHING; what < PLANTS; what++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			struct soak s = {.command = command,
					 .cycles = 12,
					 .parallel = 4,
					 .planted = (enum planted)what};

			prctl(PR_SET_CHILD_SUBREAPER, 1);
			_exit(soak(&s, true));
		}
		if (waitpid(pid, &status, 0) != pid ||
		    status != (what == PLANT_NOTHING ? 0 : 1 << 8)) {
			printf("planted leak %d: status %#x\n", what, (unsigned)status);
			return 1;
		}
	}
	return 0;
}

/* State of our own, so that nobody else's containers count. */
static char runtime[] = "/tmp/rootlet-soak-run-XXXXXX";

static void remove_runtime(void)
{
	char path[sizeof(runtime) + 64];
	static const char *const folders[] = {"/rootlet/containers", "/rootlet/names",
					      "/rootlet/pending", "/rootlet", ""};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", runtime, folders[i]);
		if (rmdir(path) < 0 && errno != ENOENT)
			printf("%s: %s\n", path, strerror(errno));
	}
}

static void make_runtime(void)
{
	if (!mkdtemp(runtime) || setenv("XDG_RUNTIME_DIR", runtime, 1) < 0) {
		perror(runtime);
		exit(99);
	}
}

static void remove_planted(void)
{
	if (system("find /tmp -maxdepth 1 -name 'rootlet-soak-*' -user \"$(id -un)\" "
		   "-delete") != 0)
		perror("find");
}

static long number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 1) {
		fprintf(stderr, "soak: %s: not a number from 1 on\n", text);
		exit(2);
	}
	return n;
}

static void enter_user(void)
{
	const char *name = getenv("ROOTLET_TEST_USER");
	struct passwd *pw = name ? getpwnam(name) : NULL;

	if (getuid() != 0)
		return;
	if (!pw) {
		printf("skipped: run this as an ordinary user, or set ROOTLET_TEST_USER\n");
		exit(77);
	}
	if (initgroups(name, pw->pw_gid) < 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0) {
		perror(name);
		exit(99);
	}
	prctl(PR_SET_DUMPABLE, 1); /* /proc/self belongs to the user again */
	setenv("HOME", pw->pw_dir, 1);
}

int main(int argc, char **argv)
{
	struct soak s = {.command = getenv("ROOTLET"), .cycles = 10000, .parallel = 50};
	int grew;

	setvbuf(stdout, NULL, _IONBF, 0); /* children share it */
	if (!s.command) {
		fprintf(stderr, "soak: ROOTLET must name the command\n");
		return 99;
	}
	counts_open();
	enter_user();
	make_runtime();
	if (argc == 2 && strcmp(argv[1], "--self-test") == 0) {
		int r = self_test(s.command);

		remove_runtime();
		remove_planted();
		return r;
	}
	for (int i = 1; i < argc; i++) {
		long *value = strcmp(argv[i], "--cycles") == 0	   ? &s.cycles
			      : strcmp(argv[i], "--parallel") == 0 ? &s.parallel
			      : strcmp(argv[i], "--seconds") == 0  ? &s.seconds
								   : NULL;

		if (!value || i + 1 == argc) {
			fprintf(stderr, "usage: soak [--cycles N] [--parallel N] [--seconds N]\n");
			return 2;
		}
		*value = number(argv[++i]);
	}
	if (s.parallel > PARALLEL_MAX)
		s.parallel = PARALLEL_MAX;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	grew = soak(&s, false);
	remove_runtime();
	return grew;
}
