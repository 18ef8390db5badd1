/* Job control between a shell, the supervise loop and a container, on a real pseudo-terminal.
 *
 * A child plays the interactive shell: session leader, owner of the terminal, it starts a job in a
 * group of its own and moves it between foreground and background. It checks with require(), since
 * cmocka's assertions belong to the parent; the parent types into the terminal. */
#include <sys/ioctl.h>
#include <termios.h>

#include "init_box.h"

#define require(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			dprintf(log_fd, "line %d: %s\n", __LINE__, #condition);                    \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

enum { TTY = 0, CTRL_C = 3, CTRL_Z = 26 };

static int log_fd;    /* where the shell's complaints go */
static int master_fd; /* the parent's end; the shell types on it too */

/* dash starts `sleep` by vfork: a Ctrl-Z in that moment stops the child alone, and the shell inside
 * waits for it unstopped. So not at once. */
static void type(char c)
{
	box_sleep(100);
	require(write(master_fd, &c, 1) == 1);
}

/* Start the job as a shell does, in the foreground or in the background. */
static void start_job(struct box *b, bool background)
{
	b->tty = dup(TTY);
	fcntl(b->tty, F_SETFD, FD_CLOEXEC);
	b->job_foreground = !background;
	box_start(b);
}

static bool line_is(struct box *b, const char *text)
{
	const char *line = box_line(b);

	if (strcmp(line, text) != 0)
		dprintf(log_fd, "got \"%s\" for \"%s\"\n", line, text);
	return strcmp(line, text) == 0;
}

/* waitpid with WUNTRACED and an end: a wait status, or -1. */
static int wait_change(struct box *b)
{
	int status = -1;

	for (int i = 0; i < 1000; i++) {
		if (waitpid(b->supervisor, &status, WNOHANG | WUNTRACED) == b->supervisor)
			return status;
		box_sleep(5);
	}
	return -1;
}

static bool stopped_by(int status, int sig)
{
	return status != -1 && WIFSTOPPED(status) && WSTOPSIG(status) == sig;
}

static bool exited_with(int status, int code)
{
	if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != code)
		dprintf(log_fd, "wait status %#x\n", (unsigned)status);
	return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == code;
}

static bool wait_foreground(pid_t group)
{
	for (int i = 0; i < 400; i++) {
		if (tcgetpgrp(TTY) == group)
			return true;
		box_sleep(5);
	}
	return false;
}

static void foreground(struct box *b)
{
	require(tcsetpgrp(TTY, b->supervisor) == 0);
	require(kill(-b->supervisor, SIGCONT) == 0);
}

static void wait_waiter(struct box *b)
{
	char path[64], exe[128] = "";

	snprintf(path, sizeof(path), "/proc/%d/exe", b->supervisor);
	for (int i = 0; i < 200 && !strstr(exe, WAITER_NAME); i++) {
		box_sleep(5);
		require(readlink(path, exe, sizeof(exe) - 1) > 0);
	}
	require(strstr(exe, WAITER_NAME));
}

/* ---- the scenes: each runs in the shell ---- */

/* A container that has the terminal: the command gets Ctrl-C once, and so does our own group. */
static void scene_ctrl_c(void)
{
	struct box b = {.script = "trap 'echo int' INT; trap 'exit 3' TERM; echo up; "
				  "while :; do sleep 0.02; done",
			.foreground = true};
	pid_t bystander;
	int status;

	start_job(&b, false);
	require(line_is(&b, "up"));
	require(wait_foreground(b.shared->pid));
	bystander = fork(); /* the script around us */
	if (bystander == 0) {
		signal(SIGINT, SIG_DFL);
		setpgid(0, b.supervisor);
		pause();
		_exit(0);
	}
	setpgid(bystander, b.supervisor);
	type(CTRL_C);
	require(line_is(&b, "int"));
	require(box_silent(&b, 200));
	require(kill(b.supervisor, SIGTERM) == 0);
	require(exited_with(wait_change(&b), 3));
	require(waitpid(bystander, &status, 0) == bystander);
	require(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	require(wait_foreground(b.supervisor)); /* the terminal was given back */
	require(!b.shared->s.interrupted);
}

/* The same, and the command dies of it. */
static void scene_ctrl_c_kills(void)
{
	struct box b = {.script = "echo up; exec sleep 100", .foreground = true};

	start_job(&b, false);
	require(line_is(&b, "up"));
	require(wait_foreground(b.shared->pid));
	type(CTRL_C);
	require(exited_with(wait_change(&b), 130));
	require(b.shared->s.interrupted && b.shared->s.exit_signal == SIGINT);
}

/* The terminal stays with our group (standard output is a pipe): we pass Ctrl-C on to the whole
 * container, once to each. */
static void scene_ctrl_c_passed_on(void)
{
	struct box b = {.script = "trap 'echo int' INT; echo up; sleep 100; echo after"};

	start_job(&b, false);
	require(line_is(&b, "up"));
	type(CTRL_C);
	require(line_is(&b, "int")); /* only after sleep has died of its own copy */
	require(line_is(&b, "after"));
	require(exited_with(wait_change(&b), 0));
}

static void stop_and_continue(struct box *b)
{
	for (int round = 0; round < 2; round++) {
		type(CTRL_Z);
		require(stopped_by(wait_change(b), SIGTSTP));
		require(tcgetpgrp(TTY) == b->supervisor); /* taken back from the container */
		require(tcsetpgrp(TTY, getpgrp()) == 0);
		foreground(b);
		require(wait_foreground(b->shared->pid));
	}
	require(write(master_fd, "word\n", 5) == 5);
	require(line_is(b, "word"));
	require(exited_with(wait_change(b), 7));
}

static void scene_ctrl_z(void)
{
	struct box b = {.script = "echo up; read x; echo $x; exit 7", .foreground = true};

	start_job(&b, false);
	require(line_is(&b, "up"));
	require(wait_foreground(b.shared->pid));
	stop_and_continue(&b);
}

/* The same after the handover. */
static void scene_ctrl_z_waiter(void)
{
	struct box b = {.script = "echo up; read x; echo $x; exit 7",
			.foreground = true,
			.s.handover_ns = 50 * BOX_MS};

	start_job(&b, false);
	require(line_is(&b, "up"));
	require(wait_foreground(b.shared->pid));
	wait_waiter(&b);
	stop_and_continue(&b);
	require(wait_foreground(b.supervisor));
}

/* Ctrl-Z while our own group has the terminal: the command stops, then we do. */
static void scene_ctrl_z_passed_on(void)
{
	struct box b = {.script = "echo up; sleep 0.6; echo end; exit 8"};

	start_job(&b, false);
	require(line_is(&b, "up"));
	type(CTRL_Z);
	require(stopped_by(wait_change(&b), SIGTSTP));
	require(box_silent(&b, 800));
	foreground(&b);
	require(line_is(&b, "end"));
	require(exited_with(wait_change(&b), 8));
}

/* `rootlet run / sh &`: the command that reads is stopped, we are stopped, `fg` gives it the
 * terminal. */
static void scene_background_read(void)
{
	struct box b = {.script = "echo up; read x; echo $x; exit 5"};

	start_job(&b, true);
	require(line_is(&b, "up"));
	require(stopped_by(wait_change(&b), SIGTTIN));
	require(tcgetpgrp(TTY) == getpgrp()); /* nobody took it from the shell */
	foreground(&b);
	require(wait_foreground(b.shared->pid));
	require(write(master_fd, "word\n", 5) == 5);
	require(line_is(&b, "word"));
	require(exited_with(wait_change(&b), 5));
	require(wait_foreground(b.supervisor));
}

/* `bg` after Ctrl-Z: it goes on without the terminal, and its end leaves the terminal to the shell.
 */
static void scene_bg(void)
{
	struct box b = {.script = "echo up; sleep 0.3; echo end; exit 2", .foreground = true};

	start_job(&b, false);
	require(line_is(&b, "up"));
	require(wait_foreground(b.shared->pid));
	type(CTRL_Z);
	require(stopped_by(wait_change(&b), SIGTSTP));
	require(tcsetpgrp(TTY, getpgrp()) == 0);
	require(kill(-b.supervisor, SIGCONT) == 0);
	require(line_is(&b, "end"));
	require(exited_with(wait_change(&b), 2));
	require(tcgetpgrp(TTY) == getpgrp());
}

/* The command is stopped alone, by SIGSTOP: the shell sees a stopped job all the same. */
static void scene_sigstop(void)
{
	struct box b = {.script = "echo up; kill -STOP $$; sleep 0.3; echo end; exit 4",
			.foreground = true};

	start_job(&b, false);
	require(line_is(&b, "up"));
	require(stopped_by(wait_change(&b), SIGTSTP));
	foreground(&b);
	require(wait_foreground(b.shared->pid));
	require(line_is(&b, "end"));
	require(exited_with(wait_change(&b), 4));
}

/* Somebody stops us with SIGSTOP: we cannot see it, the shell can. The container goes on; `fg`
 * gives it the terminal again, after `bg` the terminal stays the shell's. */
static void stopped_from_outside(struct box *b)
{
	for (int bg = 0; bg < 2; bg++) {
		require(kill(b->supervisor, SIGSTOP) == 0);
		require(stopped_by(wait_change(b), SIGSTOP));
		require(tcsetpgrp(TTY, getpgrp()) == 0);
		if (bg)
			require(kill(-b->supervisor, SIGCONT) == 0);
		else
			foreground(b);
		require(line_is(b, "cont"));
		require(bg || wait_foreground(b->shared->pid));
	}
	require(kill(b->supervisor, SIGTERM) == 0);
	require(exited_with(wait_change(b), 9));
	require(tcgetpgrp(TTY) == getpgrp());
}

static void scene_stopped_from_outside(void)
{
	struct box b = {.script = "trap 'echo cont' CONT; trap 'exit 9' TERM; echo up; "
				  "while :; do sleep 0.02; done",
			.foreground = true};

	start_job(&b, false);
	require(line_is(&b, "up"));
	require(wait_foreground(b.shared->pid));
	stopped_from_outside(&b);
}

static void scene_stopped_from_outside_waiter(void)
{
	struct box b = {.script = "trap 'echo cont' CONT; trap 'exit 9' TERM; echo up; "
				  "while :; do sleep 0.02; done",
			.foreground = true,
			.s.handover_ns = 50 * BOX_MS};

	start_job(&b, false);
	require(line_is(&b, "up"));
	wait_waiter(&b);
	stopped_from_outside(&b);
}

/* Without init the first process's own stops are seen (PID 1 of a namespace would ignore Ctrl-Z).
 */
static void scene_without_init(void)
{
	struct box b = {.script = "echo up; read x; echo $x; exit 7",
			.foreground = true,
			.no_init = true,
			.host_pid = true};

	start_job(&b, false);
	require(line_is(&b, "up"));
	require(wait_foreground(b.shared->pid));
	stop_and_continue(&b);
}

static void scene_without_init_ctrl_c(void)
{
	struct box b = {.script = "echo up; exec sleep 100",
			.foreground = true,
			.no_init = true,
			.host_pid = true};

	start_job(&b, false);
	require(line_is(&b, "up"));
	require(wait_foreground(b.shared->pid));
	type(CTRL_C);
	require(exited_with(wait_change(&b), 130));
	require(b.shared->s.interrupted);
}

/* The job's group is orphaned, so nothing could continue it: Ctrl-Z must not leave it stopped for
 * ever. */
static void scene_orphaned(void)
{
	struct box b = {.script = "echo up; sleep 0.5; echo end; exit 6", .foreground = true};

	/* our own group, with us as leader of the session: there is no shell above */
	b.tty = dup(TTY);
	fcntl(b.tty, F_SETFD, FD_CLOEXEC);
	b.same_group = true;
	box_start(&b);
	require(line_is(&b, "up"));
	require(wait_foreground(b.shared->pid));
	type(CTRL_Z);
	require(line_is(&b, "end"));
	require(exited_with(wait_change(&b), 6));
}

/* ---- the stage ---- */

static void play(void (*scene)(void))
{
	char text[512] = "";
	struct termios raw;
	int slave, log[2], status;
	pid_t shell;
	ssize_t n;

	master_fd = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(master_fd >= 0);
	assert_int_equal(unlockpt(master_fd), 0);
	slave = open(ptsname(master_fd), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	assert_int_equal(pipe2(log, O_CLOEXEC), 0);
	assert_int_equal(tcgetattr(slave, &raw), 0);
	raw.c_lflag &= ~(tcflag_t)ECHO;
	assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
	shell = fork();
	if (shell == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		log_fd = log[1];
		setsid();
		require(ioctl(slave, TIOCSCTTY, 0) == 0);
		dup2(slave, TTY);
		close(slave);
		fcntl(master_fd, F_SETFD, FD_CLOEXEC);
		signal(SIGTTOU, SIG_IGN);
		signal(SIGTSTP, SIG_IGN);
		signal(SIGINT, SIG_IGN);
		scene();
		_exit(0);
	}
	close(slave);
	close(log[1]);
	assert_int_equal(waitpid(shell, &status, 0), shell);
	n = read(log[0], text, sizeof(text) - 1);
	close(log[0]);
	close(master_fd);
	if (status != 0)
		fail_msg("%s", n > 0 ? text : "the scene ended early");
}

#define SCENE(name)                                                                                \
	static void job_control__##name(void **state)                                              \
	{                                                                                          \
		play(scene_##name);                                                                \
	}

SCENE(ctrl_c)
SCENE(ctrl_c_kills)
SCENE(ctrl_c_passed_on)
SCENE(ctrl_z)
SCENE(ctrl_z_waiter)
SCENE(ctrl_z_passed_on)
SCENE(background_read)
SCENE(bg)
SCENE(sigstop)
SCENE(stopped_from_outside)
SCENE(stopped_from_outside_waiter)
SCENE(without_init)
SCENE(without_init_ctrl_c)
SCENE(orphaned)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(job_control__ctrl_c),
		cmocka_unit_test(job_control__ctrl_c_kills),
		cmocka_unit_test(job_control__ctrl_c_passed_on),
		cmocka_unit_test(job_control__ctrl_z),
		cmocka_unit_test(job_control__ctrl_z_waiter),
		cmocka_unit_test(job_control__ctrl_z_passed_on),
		cmocka_unit_test(job_control__background_read),
		cmocka_unit_test(job_control__bg),
		cmocka_unit_test(job_control__sigstop),
		cmocka_unit_test(job_control__stopped_from_outside),
		cmocka_unit_test(job_control__stopped_from_outside_waiter),
		cmocka_unit_test(job_control__without_init),
		cmocka_unit_test(job_control__without_init_ctrl_c),
		cmocka_unit_test(job_control__orphaned),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	box_require_namespaces();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
