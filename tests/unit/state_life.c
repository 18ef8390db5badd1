/* What lives: never a reused pid, never a zombie, and what is said when nobody recorded the end. */
#include "state_box.h"

#include <poll.h>
#include <sys/prctl.h>
#include <time.h>

static pid_t start_child(void)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent)
			pause();
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static struct state_process describe(pid_t pid)
{
	struct state_process process = {.started = 1};

	assert_int_equal(state_process_describe(pid, &process), 0);
	return process;
}

/* The status that find, refresh and list agree on. */
static enum state_status status_of(struct box *box, struct state_container *c)
{
	struct state_container *found = NULL;
	struct state_list list;
	enum state_status status;

	box_ok(box, state_refresh(c, &box->err));
	box_ok(box, state_find(&box->store, c->id, 0, &found, &box->err));
	box_ok(box, state_list(&box->store, 0, &list, &box->err));
	assert_int_equal(list.count, 1);
	status = c->status;
	assert_int_equal(found->status, status);
	assert_int_equal(list.items[0]->status, status);
	assert_int_equal(found->lost, c->lost);
	assert_int_equal(list.items[0]->lost, c->lost);
	assert_int_equal(found->pidfd >= 0, state_alive(found));
	state_list_release(&list);
	state_free(found);
	return status;
}

static void state_life__follows_a_process(void **state)
{
	struct box *box = *state;
	struct state_container *c = box_make(box, "web");
	struct state_exit end = {.status = 137, .signal = 9, .finished = 7};
	pid_t pid = start_child();
	struct state_process process = describe(pid);

	assert_int_equal(status_of(box, c), STATE_CREATED);
	box_ok(box, state_write_process(c, &process, &box->err));
	assert_int_equal(status_of(box, c), STATE_RUNNING);
	assert_int_equal(c->process.pid, pid);
	assert_int_equal(c->process.start_time, process.start_time);
	assert_memory_equal(c->process.namespaces, process.namespaces, sizeof(process.namespaces));

	assert_int_equal(state_signal(c, SIGKILL), 0);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(status_of(box, c), STATE_EXITED); /* a zombie */
	assert_true(c->lost);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(status_of(box, c), STATE_EXITED);
	assert_int_equal(state_signal(c, 0), -ESRCH);

	box_ok(box, state_write_exit(c, &end, &box->err));
	assert_int_equal(status_of(box, c), STATE_EXITED);
	assert_false(c->lost);
	assert_int_equal(c->exit.status, 137);
	box_ok(box, state_clear_run(c, &box->err));
	assert_int_equal(status_of(box, c), STATE_CREATED);
	assert_false(c->has_exit || c->has_process);
	state_free(c);
}

/* The pid is there, the process behind it is another. */
static void state_life__reused_pid_is_dead(void **state)
{
	struct box *box = *state;
	struct state_container *c = box_make(box, "web");
	pid_t pid = start_child();
	const struct state_process real = describe(pid);

	for (int i = 0; i < 5; i++) {
		struct state_process process = real;
		bool dead = i < 4;

		if (i != 2)
			process.pidfd_inode = 0; /* as before Linux 6.9 */
		else if (process.pidfd_inode)
			process.pidfd_inode++; /* all else is the same: reused within a tick */
		else
			continue;
		if (i == 0)
			process.start_time++;
		else if (i == 1)
			process.namespaces[1]++;
		else if (i == 3)
			process.boot[0] = process.boot[0] == 'a' ? 'b' : 'a';
		else if (i == 4) /* not known */
			memset(process.namespaces, 0, sizeof(process.namespaces));
		box_ok(box, state_write_process(c, &process, &box->err));
		assert_int_equal(status_of(box, c), dead ? STATE_EXITED : STATE_RUNNING);
		assert_int_equal(c->lost, dead);
		assert_int_equal(state_signal(c, 0), dead ? -ESRCH : 0);
	}
	/* It may have made a user namespace for itself, and is the same process. */
	struct state_process process = real;

	process.namespaces[0]++;
	box_ok(box, state_write_process(c, &process, &box->err));
	box_ok(box, state_refresh(c, &box->err));
	assert_int_equal(c->status, STATE_RUNNING);
	assert_int_equal(state_signal(c, 0), 0);
	end_child(pid);
	state_free(c);
}

/* A command's name may look like the rest of the line (proc(5)). */
static void state_life__start_time_with_an_odd_name(void **state)
{
	uint64_t plain = 0, odd = 1;
	char old[16];

	prctl(PR_GET_NAME, old);
	assert_int_equal(state_process_start_time(getpid(), &plain), 0);
	prctl(PR_SET_NAME, "a) Z 1 2 3 (b");
	assert_int_equal(state_process_start_time(getpid(), &odd), 0);
	prctl(PR_SET_NAME, old);
	assert_true(plain > 0 && plain == odd);
}

static void state_life__describe(void **state)
{
	struct state_process process;
	struct stat st;
	uint64_t start;
	pid_t pid = start_child();

	process = describe(getpid());
	assert_int_equal(strlen(process.boot), STATE_BOOT_LENGTH);
	for (int i = 0; i < STATE_NAMESPACES; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/ns/%s", state_namespace_names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_true(process.namespaces[i] == st.st_ino);
	}
	end_child(pid);
	assert_int_equal(state_process_describe(pid, &process), -ESRCH);
	assert_int_equal(state_process_start_time(pid, &start), -ESRCH);
	pid = fork();
	if (!pid)
		_exit(0);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(state_process_start_time(pid, &start), -ESRCH);
	waitpid(pid, NULL, 0);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A monitor that writes after `delay` ms, or never, and then ends. */
static pid_t start_monitor(struct state_container *c, int delay)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	poll(NULL, 0, delay < 0 ? 20000 : delay);
	struct state_exit end = {.status = 5, .finished = 1};

	_exit(state_write_exit(c, &end, NULL) ? 1 : 0);
}

static void state_life__waits_for_a_living_monitor(void **state)
{
	static const struct {
		int delay; /* -1: it never writes */
		bool lost;
	} rows[] = {{60, false}, {-1, true}};
	struct box *box = *state;
	struct state_container *c = box_make(box, "web");

	for (size_t i = 0; i < 2; i++) {
		pid_t pid = start_child(), monitor;
		struct state_process process = describe(pid);
		double begin, took;

		box_ok(box, state_clear_run(c, &box->err));
		end_child(pid);
		monitor = start_monitor(c, rows[i].delay);
		process.monitor = monitor;
		assert_int_equal(state_process_start_time(monitor, &process.monitor_start_time), 0);
		box_ok(box, state_write_process(c, &process, &box->err));
		begin = seconds();
		box_ok(box, state_refresh(c, &box->err));
		took = seconds() - begin;
		assert_int_equal(c->status, STATE_EXITED);
		assert_int_equal(c->lost, rows[i].lost);
		assert_int_equal(c->has_exit, !rows[i].lost);
		if (rows[i].lost)
			assert_true(took > 0.15 && took < 5);
		else
			assert_int_equal(c->exit.status, 5);

		/* A reused pid is no monitor: nothing to wait for. */
		if (rows[i].lost) {
			process.monitor_start_time++;
			box_ok(box, state_write_process(c, &process, &box->err));
			begin = seconds();
			box_ok(box, state_refresh(c, &box->err));
			assert_true(c->lost);
			assert_true(seconds() - begin < 0.15);
		}
		kill(monitor, SIGKILL);
		waitpid(monitor, NULL, 0);
	}
	state_free(c);
}

/* Fifty whose monitors hang cost a list no more waiting than one. */
static void state_life__a_list_waits_once(void **state)
{
	struct box *box = *state;
	pid_t pid = start_child(), monitor = start_child();
	struct state_process process = describe(pid);
	struct state_list list;
	double begin;

	end_child(pid);
	process.monitor = monitor;
	assert_int_equal(state_process_start_time(monitor, &process.monitor_start_time), 0);
	for (int i = 0; i < 50; i++) {
		struct state_container *c = box_make(box, NULL);

		box_ok(box, state_write_process(c, &process, &box->err));
		state_free(c);
	}
	begin = seconds();
	box_ok(box, state_list(&box->store, 0, &list, &box->err));
	assert_true(seconds() - begin < 5); /* 50 × 0.2 would be 10 */
	assert_int_equal(list.count, 50);
	for (size_t i = 0; i < list.count; i++)
		assert_true(list.items[i]->lost);
	state_list_release(&list);
	end_child(monitor);
}

static void state_life__paused(void **state)
{
	static const struct {
		const char *freeze; /* NULL: no such file */
		enum state_status status;
	} rows[] = {{"0\n", STATE_RUNNING},
		    {"1\n", STATE_PAUSED},
		    {"", STATE_RUNNING},
		    {NULL, STATE_RUNNING}};
	struct box *box = *state;
	struct state_container *c = box_make(box, "web");
	struct state_process process = describe(getpid());
	int dir = open(box->dir, O_RDONLY | O_DIRECTORY);

	process.cgroup = box->dir;
	box_ok(box, state_write_process(c, &process, &box->err));
	for (size_t i = 0; i < 4; i++) {
		unlinkat(dir, "cgroup.freeze", 0);
		if (rows[i].freeze)
			box_write(dir, "cgroup.freeze", rows[i].freeze, strlen(rows[i].freeze));
		assert_int_equal(status_of(box, c), rows[i].status);
		assert_true(state_alive(c));
	}
	assert_string_equal(state_status_name(STATE_PAUSED), "paused");
	close(dir);
	state_free(c);
}

/* The record is broken, the process lives: rm -f must know. */
static void state_life__broken_record_of_a_living_process(void **state)
{
	struct box *box = *state;
	struct state_container *c = box_make(box, "web"), *found = NULL;
	struct state_process process = describe(getpid());

	box_ok(box, state_write_process(c, &process, &box->err));
	box_write(c->folder, "container.json", "{", 1);
	box_ok(box, state_find(&box->store, "web", STATE_FIND_BROKEN, &found, &box->err));
	assert_non_null(found->broken);
	assert_int_equal(found->status, STATE_RUNNING);
	assert_int_equal(state_signal(found, 0), 0);
	state_free(found);
	state_free(c);
}

static void state_life__lists_only_the_living(void **state)
{
	struct box *box = *state;
	struct state_process process = describe(getpid());
	struct state_list list;

	for (int i = 0; i < 6; i++) {
		struct state_container *c = box_make(box, NULL);

		process.start_time += i == 3; /* from here on: others */
		process.pidfd_inode += i == 3;
		if (i)
			box_ok(box, state_write_process(c, &process, &box->err));
		state_free(c);
	}
	box_ok(box, state_list(&box->store, STATE_LIST_LIVE, &list, &box->err));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0]->record.root, "/root");
	assert_int_equal(list.items[0]->record.words.count, 5);
	state_list_release(&list);
	box_ok(box, state_list(&box->store, STATE_LIST_LIVE | STATE_LIST_BRIEF, &list, &box->err));
	assert_int_equal(list.count, 2);
	assert_int_equal(list.items[0]->record.words.count, 0);
	assert_int_equal(list.items[0]->record.command.count, 2);
	state_list_release(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOX_TEST(state_life__follows_a_process),
		BOX_TEST(state_life__reused_pid_is_dead),
		cmocka_unit_test(state_life__start_time_with_an_odd_name),
		cmocka_unit_test(state_life__describe),
		BOX_TEST(state_life__waits_for_a_living_monitor),
		BOX_TEST(state_life__a_list_waits_once),
		BOX_TEST(state_life__paused),
		BOX_TEST(state_life__broken_record_of_a_living_process),
		BOX_TEST(state_life__lists_only_the_living),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
