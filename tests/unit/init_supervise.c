/* The container's init and the supervise loop, driven with real processes: status, reaping,
 * signals, ends. What concerns the terminal is in init_job_control.c. */
#include "init_box.h"

#define BOX(...) struct box b = {__VA_ARGS__}

static void init__gives_the_commands_status(void **state)
{
	const struct {
		const char *script;
		int status, signal;
	} rows[] = {
		{"exit 0", 0, 0},
		{"exit 7", 7, 0},
		{"exit 255", 255, 0},
		{"kill -TERM $$", 143, SIGTERM},
		{"kill -KILL $$", 137, SIGKILL},
		{"kill -USR1 $$", 138, SIGUSR1},
		{"exit 143", 143, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int variant = 0; variant < 4; variant++) {
			BOX(.script = rows[i].script, .no_pidfd = variant & 1,
			    .host_pid = variant & 2);

			assert_int_equal(box_run(&b), rows[i].status);
			assert_int_equal(b.shared->s.exit_signal, rows[i].signal);
			assert_int_equal(b.shared->s.exec_error, 0);
			box_free(&b);
			assert_true(box_gone(1000));
		}
	}
}

/* PID 1 of its namespace cannot kill itself by an unhandled signal, so the host's PIDs here. */
static void supervise__gives_the_status_without_init(void **state)
{
	const struct {
		const char *script;
		int status, signal;
	} rows[] = {{"exit 7", 7, 0}, {"kill -TERM $$", 143, SIGTERM}};

	for (size_t i = 0; i < 2; i++) {
		/* no SIGCHLD is ignored here: the command may end before supervise_run begins, and
		 * the kernel would have reaped it (supervise.h has the rule) */
		BOX(.script = rows[i].script, .no_init = true, .host_pid = true);

		assert_int_equal(box_run(&b), rows[i].status);
		assert_int_equal(b.shared->s.exit_signal, rows[i].signal);
		box_free(&b);
	}
}

static void init__reaps_orphans(void **state)
{
	for (int host_pid = 0; host_pid < 2; host_pid++) {
		BOX(.script = "i=0; while [ $i -lt 50 ]; do (true &); i=$((i+1)); done; echo done; "
			      "exec sleep 100",
		    .host_pid = host_pid);
		int left = -1;

		box_start(&b);
		assert_string_equal(box_line(&b), "done");
		for (int i = 0; i < 200 && left != 1; i++) {
			box_sleep(5);
			left = box_children(b.shared->pid);
		}
		assert_int_equal(left, 1);
		kill(b.supervisor, SIGTERM);
		assert_int_equal(box_wait(&b), 143);
		box_free(&b);
	}
}

/* grep itself, since a shell would set its own mask first. */
static void init__starts_the_command_with_default_signals(void **state)
{
	const char *candidates[] = {"/bin/grep", "/usr/bin/grep", NULL};
	const char *argv[] = {"grep", "-E", "Sig(Ign|Blk)", "/proc/self/status", NULL};
	BOX(.candidates = candidates, .argv = argv, .ignore = {SIGCHLD, SIGPIPE, SIGHUP});

	box_start(&b);
	assert_string_equal(box_line(&b), "SigBlk:\t0000000000000000");
	assert_string_equal(box_line(&b), "SigIgn:\t0000000000000000");
	assert_int_equal(box_wait(&b), 0);
	box_free(&b);
}

static void init__leaks_no_descriptor(void **state)
{
	BOX(.script = "ls /proc/$$/fd; exit 0", .host_pid = true);

	box_start(&b);
	assert_string_equal(box_line(&b), "0");
	assert_string_equal(box_line(&b), "1");
	assert_string_equal(box_line(&b), "2");
	assert_string_equal(box_line(&b), "");
	assert_int_equal(box_wait(&b), 0);
	box_free(&b);
}

static void init__exec_failures(void **state)
{
	static char script[] = "/tmp/rootlet-test-XXXXXX", text[] = "/tmp/rootlet-test-XXXXXX";
	const struct {
		const char *candidates[4];
		int status, error;
		enum wire_detail detail;
	} rows[] = {
		{{"/nonexistent/a"}, 127, ENOENT, WIRE_DETAIL_NONE},
		{{"/nonexistent/a", "/nonexistent/b"}, 127, ENOENT, WIRE_DETAIL_NONE},
		{{"/etc/passwd/x"}, 127, ENOTDIR, WIRE_DETAIL_NONE},
		{{"/etc/passwd/x", "/nonexistent/a"}, 127, ENOENT, WIRE_DETAIL_NONE},
		{{"/etc/passwd"}, 126, EACCES, WIRE_DETAIL_NONE},
		{{"/etc"}, 126, EACCES, WIRE_DETAIL_NONE},
		{{"/etc/passwd", "/nonexistent/a"}, 126, EACCES, WIRE_DETAIL_NONE},
		{{"/nonexistent/a", "/etc/passwd"}, 126, EACCES, WIRE_DETAIL_NONE},
		{{script}, 127, ENOENT, WIRE_DETAIL_INTERPRETER},
		{{script, "/nonexistent/a"}, 127, ENOENT, WIRE_DETAIL_INTERPRETER},
		{{script, "/etc/passwd"}, 126, EACCES, WIRE_DETAIL_NONE},
		/* goes on to the first that works */
		{{"/nonexistent/a", "/etc/passwd", "/bin/true"}, 0, 0, WIRE_DETAIL_NONE},
		{{"/bin/true", "/nonexistent/a"}, 0, 0, WIRE_DETAIL_NONE},
		/* no #!: the shell gets it, with its arguments */
		{{"/nonexistent/a", text}, 42, 0, WIRE_DETAIL_NONE},
	};
	const char *argv[] = {"name", "42", NULL};
	int a = mkstemp(script), t = mkstemp(text);

	assert_true(a >= 0 && t >= 0);
	assert_int_equal(fchmod(a, 0755), 0);
	assert_int_equal(fchmod(t, 0755), 0);
	dprintf(a, "#!/nonexistent/interpreter\n");
	dprintf(t, "exit $1\n");
	close(a);
	close(t);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int host_pid = 0; host_pid < 2; host_pid++) {
			BOX(.candidates = rows[i].candidates, .argv = argv, .host_pid = host_pid);

			assert_int_equal(box_run(&b), rows[i].status);
			assert_int_equal(b.shared->s.exec_error, rows[i].error);
			assert_int_equal(b.shared->s.exec_detail, rows[i].detail);
			box_free(&b);
			assert_true(box_gone(1000));
		}
	}
	unlink(script);
	unlink(text);
}

/* Each signal arrives, and arrives once. */
static void signals__are_forwarded_once(void **state)
{
	const int signals[] = {SIGTERM, SIGHUP,	 SIGINT,   SIGQUIT, SIGUSR1,
			       SIGUSR2, SIGALRM, SIGWINCH, SIGCONT, 40};

	for (int variant = 0; variant < 3; variant++) {
		BOX(.script = "for s in TERM HUP INT QUIT USR1 USR2 ALRM WINCH CONT 40; do "
			      "trap \"echo $s\" $s; done; trap 'exit 5' URG; echo up; "
			      "while :; do sleep 0.02; done",
		    .no_pidfd = variant == 1, .host_pid = variant == 2);
		const char *names[] = {"TERM", "HUP",  "INT",	"QUIT", "USR1",
				       "USR2", "ALRM", "WINCH", "CONT", "40"};

		box_start(&b);
		assert_string_equal(box_line(&b), "up");
		for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
			kill(b.supervisor, signals[i]);
			assert_string_equal(box_line(&b), names[i]);
		}
		assert_true(box_silent(&b, 100));
		kill(b.supervisor, SIGURG);
		assert_int_equal(box_wait(&b), 5);
		box_free(&b);
	}
}

static void signals__that_the_caller_ignores_are_not_forwarded(void **state)
{
	BOX(.script = "trap 'echo hup' HUP; trap 'exit 6' TERM; echo up; "
		      "while :; do sleep 0.02; done",
	    .ignore = {SIGHUP});

	box_start(&b);
	assert_string_equal(box_line(&b), "up");
	kill(b.supervisor, SIGHUP);
	assert_true(box_silent(&b, 150));
	kill(b.supervisor, SIGTERM);
	assert_int_equal(box_wait(&b), 6);
	box_free(&b);
}

/* `kill 0` reaches the init as well: it must not pass that on to the command, which has had it. */
static void signals__to_the_own_group_arrive_once(void **state)
{
	BOX(.script = "trap 'echo term' TERM; echo up; kill -TERM 0; sleep 0.2; echo end");

	box_start(&b);
	assert_string_equal(box_line(&b), "up");
	assert_string_equal(box_line(&b), "term");
	assert_string_equal(box_line(&b), "end");
	assert_int_equal(box_wait(&b), 0);
	box_free(&b);
}

static void signals__to_pid_1_from_another_group_reach_the_command(void **state)
{
	BOX(.script = "trap 'echo usr1; exit 4' USR1; echo up; setsid sh -c 'kill -USR1 1'; "
		      "while :; do sleep 0.02; done");

	box_start(&b);
	assert_string_equal(box_line(&b), "up");
	assert_string_equal(box_line(&b), "usr1");
	assert_int_equal(box_wait(&b), 4);
	box_free(&b);
}

/* kill -9 of the supervisor: everything is dead soon, whatever it ignores and whatever session it
 * is in. */
static void supervisor__killed_takes_all_with_it(void **state)
{
	for (int variant = 0; variant < 3; variant++) {
		BOX(.script = "trap '' TERM HUP INT; setsid sleep 100 & (sleep 100 &); "
			      "(setsid sh -c 'trap \"\" TERM; sleep 100; :' &); echo up; sleep 100",
		    .host_pid = variant == 1, .s.handover_ns = variant == 2 ? 50 * BOX_MS : 0);

		box_start(&b);
		assert_string_equal(box_line(&b), "up");
		box_sleep(variant == 2 ? 300 : 50);
		kill(b.supervisor, SIGKILL);
		assert_true(box_gone(1000));
		close(b.out);
		box_free(&b);
	}
}

static void init__host_pid_leaves_no_descendant(void **state)
{
	BOX(.script = "setsid sleep 100 & (setsid sh -c 'sleep 100; :' &) ; sleep 0.1; exit 3",
	    .host_pid = true);

	assert_int_equal(box_run(&b), 3);
	assert_true(box_gone(100));
	box_free(&b);
}

static void timeout__is_124(void **state)
{
	const struct {
		const char *script;
		int stop_signal;
		enum supervise_phase phase;
		bool host_pid;
	} rows[] = {
		{"sleep 100", 0, SUPERVISE_RUNNING, false},
		{"exec sleep 100", SIGINT, SUPERVISE_RUNNING, true},
		{"trap 'exit 0' USR1; while :; do sleep 0.02; done", SIGUSR1, SUPERVISE_RUNNING,
		 false},
		{"trap '' TERM; sleep 100", SIGKILL, SUPERVISE_RUNNING, false},
		/* a stopped command is continued so that it can end */
		{"kill -STOP $$; exit 0", 0, SUPERVISE_RUNNING, false},
		/* as if the grace had passed: SIGKILL, or with the host's PIDs the init's own way
		 */
		{"trap '' TERM; sleep 100", 0, SUPERVISE_STOPPING, false},
		{"trap '' TERM; (setsid sleep 100 &); sleep 100", 0, SUPERVISE_STOPPING, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		BOX(.script = rows[i].script, .host_pid = rows[i].host_pid,
		    .s = {.timeout_ns = 200 * BOX_MS,
			  .stop_signal = rows[i].stop_signal,
			  .phase = rows[i].phase});
		uint64_t begin = box_now_ms();

		assert_int_equal(box_run(&b), 124);
		assert_true(b.shared->s.timed_out);
		assert_in_range(box_now_ms() - begin, 200, 3000);
		box_free(&b);
		assert_true(box_gone(1000));
	}
}

static void timeout__not_reached_changes_nothing(void **state)
{
	BOX(.script = "exit 9", .s.timeout_ns = 5000 * BOX_MS);

	assert_int_equal(box_run(&b), 9);
	assert_false(b.shared->s.timed_out);
	box_free(&b);
}

static void status__lines(void **state)
{
	BOX(.script = "kill -STOP $$; sleep 0.2; exit 3", .status_pipe = true);

	box_start(&b);
	assert_string_equal(box_line(&b), "{\"event\":\"stopped\",\"signal\":19}");
	kill(b.supervisor, SIGCONT);
	assert_string_equal(box_line(&b), "{\"event\":\"continued\"}");
	assert_string_equal(box_line(&b), "{\"event\":\"exited\",\"status\":3,\"signal\":0}");
	assert_int_equal(box_wait(&b), 3);
	box_free(&b);
}

static void status__names_the_killing_signal(void **state)
{
	BOX(.script = "sleep 100", .status_pipe = true, .s.timeout_ns = 50 * BOX_MS);

	box_start(&b);
	assert_string_equal(box_line(&b),
			    "{\"event\":\"exited\",\"status\":124,\"signal\":15,\"timeout\":true}");
	assert_int_equal(box_wait(&b), 124);
	box_free(&b);
}

/* The first child of a process, or 0. */
static int first_child(int pid)
{
	char path[64], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	if (fd >= 0)
		close(fd);
	return atoi(text);
}

static bool is_zombie(int pid)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state == 'Z';
}

/* The init ends while a message to it is unread, and we look only then: ECONNRESET comes before its
 * own last word, which must not be lost. Each is stopped in turn to have it so. */
static void supervise__hears_the_last_word_of_a_busy_init(void **state)
{
	BOX(.script = "echo up; exec sleep 100");
	siginfo_t info;
	int command;

	box_start(&b);
	assert_string_equal(box_line(&b), "up");
	command = first_child(b.shared->pid);
	assert_true(command > 1);
	kill(b.shared->pid, SIGSTOP);
	for (int i = 0; i < 4; i++) { /* each is a message: continue the group */
		kill(b.supervisor, SIGCONT);
		box_sleep(20);
	}
	kill(b.supervisor, SIGSTOP);
	assert_int_equal(waitid(P_PID, (id_t)b.supervisor, &info, WSTOPPED), 0);
	kill(command, SIGTERM);
	for (int i = 0; i < 1000 && !is_zombie(command); i++)
		box_sleep(5);
	kill(b.shared->pid, SIGCONT);
	for (int i = 0; i < 1000 && !is_zombie(b.shared->pid); i++)
		box_sleep(5);
	kill(b.supervisor, SIGCONT);
	assert_int_equal(box_wait(&b), 143);
	assert_int_equal(b.shared->s.exit_signal, SIGTERM);
	box_free(&b);
}

static void supervise__works_without_standard_descriptors(void **state)
{
	for (int host_pid = 0; host_pid < 2; host_pid++) {
		BOX(.script = "exit 11", .closed_stdio = true, .host_pid = host_pid,
		    .ignore = {SIGCHLD});

		assert_int_equal(box_run(&b), 11);
		box_free(&b);
	}
}

/* Signals that come while the first process ends and is reaped change nothing and hit nobody else.
 */
static void supervise__signals_around_the_end(void **state)
{
	for (int i = 0; i < 60; i++) {
		BOX(.script = "exit 5", .no_pidfd = i & 1, .host_pid = i & 2);

		box_start(&b);
		while (!b.shared->ended)
			kill(b.supervisor, SIGWINCH);
		assert_int_equal(box_wait(&b), 5);
		box_free(&b);
		assert_true(box_gone(1000));
	}
}

static void handover__goes_on_as_the_waiter(void **state)
{
	char pidfile[] = "/tmp/rootlet-test-XXXXXX";
	int fd = mkstemp(pidfile);
	BOX(.script = "trap 'echo usr1' USR1; trap 'exit 13' TERM; echo up; "
		      "while :; do sleep 0.02; done",
	    .s.handover_ns = 50 * BOX_MS, .pidfile = pidfile);
	char path[64], exe[128] = "";

	assert_true(fd >= 0);
	close(fd);
	box_start(&b);
	assert_string_equal(box_line(&b), "up");
	snprintf(path, sizeof(path), "/proc/%d/exe", b.supervisor);
	for (int i = 0; i < 200 && !strstr(exe, WAITER_NAME); i++) {
		box_sleep(5);
		if (readlink(path, exe, sizeof(exe) - 1) < 0)
			exe[0] = '\0';
	}
	assert_non_null(strstr(exe, WAITER_NAME));
	kill(b.supervisor, SIGUSR1);
	assert_string_equal(box_line(&b), "usr1");
	assert_int_equal(access(pidfile, F_OK), 0);
	kill(b.supervisor, SIGTERM);
	assert_int_equal(box_wait(&b), 13);
	assert_int_equal(access(pidfile, F_OK), -1);
	assert_false(b.shared->ended); /* it was the waiter that ended */
	box_free(&b);
	assert_true(box_gone(1000));
}

static void handover__keeps_the_timeout(void **state)
{
	BOX(.script = "sleep 100", .s = {.handover_ns = 50 * BOX_MS, .timeout_ns = 400 * BOX_MS});
	uint64_t begin = box_now_ms();

	assert_int_equal(box_run(&b), 124);
	assert_in_range(box_now_ms() - begin, 400, 3000);
	assert_false(b.shared->ended);
	box_free(&b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init__gives_the_commands_status),
		cmocka_unit_test(supervise__gives_the_status_without_init),
		cmocka_unit_test(init__reaps_orphans),
		cmocka_unit_test(init__starts_the_command_with_default_signals),
		cmocka_unit_test(init__leaks_no_descriptor),
		cmocka_unit_test(init__exec_failures),
		cmocka_unit_test(signals__are_forwarded_once),
		cmocka_unit_test(signals__that_the_caller_ignores_are_not_forwarded),
		cmocka_unit_test(signals__to_the_own_group_arrive_once),
		cmocka_unit_test(signals__to_pid_1_from_another_group_reach_the_command),
		cmocka_unit_test(supervisor__killed_takes_all_with_it),
		cmocka_unit_test(init__host_pid_leaves_no_descendant),
		cmocka_unit_test(timeout__is_124),
		cmocka_unit_test(timeout__not_reached_changes_nothing),
		cmocka_unit_test(status__lines),
		cmocka_unit_test(status__names_the_killing_signal),
		cmocka_unit_test(supervise__hears_the_last_word_of_a_busy_init),
		cmocka_unit_test(supervise__works_without_standard_descriptors),
		cmocka_unit_test(supervise__signals_around_the_end),
		cmocka_unit_test(handover__goes_on_as_the_waiter),
		cmocka_unit_test(handover__keeps_the_timeout),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	box_require_namespaces();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
