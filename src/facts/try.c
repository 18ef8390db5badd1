/* Trials: a disposable child really does what a container start does, and what it could not do is a
 * fact. Here are its start, its end and its notes; what it does is in try_child.c. A second child
 * gets its maps from newuidmap and newgidmap, as a container would. Nothing of it lasts. */
#include "facts/probe.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/sys.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* NO_PROCESS: the status of a child whose execve(2) met RLIMIT_NPROC; no helper ends with it. */
enum { PATIENCE_MS = 10000, SAID_SIZE = 512, NO_PROCESS = 126 };

/* Waits for the end of what holds the other end of `pipe`, and kills `pid` if that takes too long.
 */
static void await_end(pid_t pid, int pipe)
{
	struct pollfd p = {.fd = pipe, .events = POLLIN};
	int r;

	do
		r = poll(&p, 1, PATIENCE_MS);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void die_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

static void take_notes(struct facts *f, const volatile struct trial_note *notes)
{
	for (int i = 0; i < TRIAL_COUNT; i++) {
		f->trials[i].worked = (enum answer)notes[i].worked;
		if (notes[i].worked != ANSWER_NO)
			continue;
		f->trials[i].error = notes[i].error;
		f->trials[i].call = trial_call_name(notes[i].call);
	}
}

static void try_alone(struct facts *f)
{
	size_t size = sizeof(struct trial_note) * TRIAL_COUNT;
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ends[2];
	pid_t pid;

	if (shared == MAP_FAILED)
		return;
	if (pipe2(ends, O_CLOEXEC) == 0) {
		pid = fork();
		if (pid == 0) {
			die_with_parent();
			close(ends[0]);
			trial_child(shared, f->uid, f->gid);
			_exit(0);
		}
		close(ends[1]);
		if (pid > 0)
			await_end(pid, ends[0]);
		close(ends[0]);
		take_notes(f, shared);
		if (pid < 0) /* a limit of processes: nothing of namespaces is known by it */
			f->trials[TRIAL_USERNS] =
				(struct facts_trial){ANSWER_NO, EAGAIN, "fork()", NULL};
	}
	munmap(shared, size);
}

/* ---- a cgroup ---- */

static void make_and_enter(const char *group, const char *procs)
{
	int fd, error = mkdir(group, 0755) < 0 ? errno : 0;

	if (error)
		_exit(error);
	fd = open(procs, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) < 0) /* 0: the writer */
		_exit(errno);
	_exit(0);
}

/* As a start does it: access(2) knows neither a read-only mount nor a limit of groups, nor that the
 * kernel refuses a way out of the group that we are in. */
static void try_group(struct facts *f)
{
	struct facts_trial *t = &f->trials[TRIAL_GROUP];
	char group[PATH_MAX], procs[PATH_MAX];
	int status = 0;
	pid_t pid;

	if (!f->cgroup_mount || !f->cgroup_path ||
	    snprintf(group, sizeof(group), "%s%s/rootlet-trial-%d", f->cgroup_mount,
		     strcmp(f->cgroup_path, "/") ? f->cgroup_path : "",
		     (int)getpid()) >= (int)sizeof(group) - 16)
		return;
	snprintf(procs, sizeof(procs), "%.*s/cgroup.procs", PATH_MAX - 16, group);
	pid = fork();
	if (pid == 0)
		make_and_enter(group, procs);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || !WIFEXITED(status))
		return;
	t->error = WEXITSTATUS(status);
	t->worked = t->error ? ANSWER_NO : ANSWER_YES;
	if (t->error)
		t->call = access(group, F_OK) < 0 ? "mkdir(cgroup)" : "write(cgroup.procs)";
	rmdir(group);
}

/* ---- the helpers ---- */

struct helper_call {
	char words[8][24]; /* pid, 0 own 1, 1 first count */
	const char *argv[9];
};

static void helper_words(struct helper_call *call, const char *path, pid_t pid, uint32_t own,
			 const struct id_ranges *granted, bool keep_own)
{
	const struct id_range *r = &granted->ranges[0];
	int n = 0;

	snprintf(call->words[n++], 24, "%d", pid);
	if (keep_own) {
		snprintf(call->words[n++], 24, "0");
		snprintf(call->words[n++], 24, "%u", own);
		snprintf(call->words[n++], 24, "1");
	}
	snprintf(call->words[n++], 24, "%d", keep_own ? 1 : 0);
	snprintf(call->words[n++], 24, "%u", r->start);
	snprintf(call->words[n++], 24, "%u", r->count);
	call->argv[0] = path;
	for (int i = 0; i < n; i++)
		call->argv[i + 1] = call->words[i];
	call->argv[n + 1] = NULL;
}

static void exec_helper(const struct helper_call *call, int errors)
{
	static const char *const environment[] = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
						  NULL};

	die_with_parent();
	if (dup2(errors, 1) < 0 || dup2(errors, 2) < 0)
		_exit(127);
	execve(call->argv[0], (char *const *)(uintptr_t)call->argv,
	       (char *const *)(uintptr_t)environment);
	_exit(errno == EAGAIN ? NO_PROCESS : 127);
}

/* What comes through the pipe until its end; a helper that waits for a dead directory service is
 * killed. Its length. */
static size_t hear(int pipe, pid_t pid, char *buf, size_t size)
{
	struct pollfd p = {.fd = pipe, .events = POLLIN};
	size_t used = 0;

	while (used < size) {
		int r = poll(&p, 1, PATIENCE_MS);
		ssize_t n;

		if (r < 0 && errno == EINTR)
			continue;
		if (r == 0)
			kill(pid, SIGKILL);
		n = r > 0 ? read(pipe, buf + used, size - used) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	return used;
}

/* 0: it wrote the map. What it said, in the arena. */
static int run_helper(struct facts *f, const struct helper_call *call, const char **ret_said)
{
	char said[SAID_SIZE];
	const char *line_end;
	int ends[2], status = 0;
	size_t used;
	pid_t pid, reaped;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		exec_helper(call, ends[1]);
	close(ends[1]);
	used = pid > 0 ? hear(ends[0], pid, said, sizeof(said)) : 0;
	close(ends[0]);
	if (pid < 0)
		return -EAGAIN;
	do
		reaped = waitpid(pid, &status, 0);
	while (reaped < 0 && errno == EINTR);
	line_end = memchr(said, '\n', used);
	used = line_end ? (size_t)(line_end - said) : used;
	*ret_said = used ? arena_strndup(&f->arena, said, used) : NULL;
	/* Who ignores SIGCHLD gets no status: nothing is claimed then but failure. */
	if (reaped != pid || !WIFEXITED(status))
		return -EPERM;
	return WEXITSTATUS(status) == 0 ? 0 : WEXITSTATUS(status) == NO_PROCESS ? -EAGAIN : -EPERM;
}

/* A helper that is not root's alone is never handed a namespace, not even this one. */
static bool can_try_ranges(const struct facts *f)
{
	if (f->newuidmap.state == HELPER_UNTRUSTED || f->newgidmap.state == HELPER_UNTRUSTED)
		return false;
	return f->trials[TRIAL_USERNS].worked == ANSWER_YES && f->subuids.count &&
	       f->subgids.count && f->newuidmap.path && f->newgidmap.path;
}

static void map_with_helpers(struct facts *f, pid_t pid)
{
	struct facts_trial *t = &f->trials[TRIAL_RANGES];
	bool keep_own = f->uid != 0;
	struct helper_call call = {0};
	int r;

	t->call = "newuidmap";
	t->said = NULL;
	helper_words(&call, f->newuidmap.path, pid, f->uid, &f->subuids, keep_own);
	r = run_helper(f, &call, &t->said);
	if (r == 0) {
		t->call = "newgidmap";
		helper_words(&call, f->newgidmap.path, pid, f->gid, &f->subgids, keep_own);
		r = run_helper(f, &call, &t->said);
	}
	t->error = -r;
	t->worked = r == 0 ? ANSWER_YES : ANSWER_NO;
	if (r == 0)
		t->call = NULL;
}

/* A child that makes a user namespace, says so, and waits for the end of our pipe. */
static void wait_to_be_mapped(int ready, int hold)
{
	char c = SYS(unshare, CLONE_NEWUSER) < 0 ? 'n' : 'y';

	if (write(ready, &c, 1) == 1)
		while (read(hold, &c, 1) < 0 && errno == EINTR)
			;
	_exit(0);
}

/* A start runs both helpers side by side; here one runs after the other, and this process stands
 * for the second, so that a limit of processes is met as a start meets it. */
static pid_t start_spare(int hold, int other_end)
{
	pid_t pid = fork();
	char c;

	if (pid != 0)
		return pid;
	die_with_parent();
	close(other_end);
	while (read(hold, &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static void reap(pid_t pid)
{
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void try_ranges(struct facts *f)
{
	pid_t pid, spare = -1;
	int ready[2], hold[2];
	char c = 'n';

	if (pipe2(ready, O_CLOEXEC) < 0)
		return;
	if (pipe2(hold, O_CLOEXEC) < 0) {
		close(ready[0]);
		close(ready[1]);
		return;
	}
	pid = fork();
	if (pid == 0) {
		die_with_parent();
		close(hold[1]);
		wait_to_be_mapped(ready[1], hold[0]);
	}
	close(ready[1]);
	if (pid > 0)
		spare = start_spare(hold[0], hold[1]);
	if (spare < 0)
		f->trials[TRIAL_RANGES] = (struct facts_trial){ANSWER_NO, EAGAIN, "fork()", NULL};
	close(hold[0]);
	while (pid > 0 && read(ready[0], &c, 1) < 0 && errno == EINTR)
		;
	if (spare > 0 && c == 'y')
		map_with_helpers(f, pid);
	close(hold[1]);
	close(ready[0]);
	reap(pid);
	reap(spare);
}

int probe_trials(struct facts *f)
{
	try_alone(f);
	try_group(f);
	if (can_try_ranges(f))
		try_ranges(f);
	return 0;
}
