/* The caller's own terminal: Ctrl-C, Ctrl-\, Ctrl-Z and fg under a real shell, resizing, job
 * control of a shell inside, hanging up. */
#include "harness.h"
#include "screen.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void nothing_left(void)
{
	struct result r = {.handed = 0};

	harness_collect(&r, 1000);
	if (r.alive)
		fail_msg("%d processes still live", r.alive);
}

static void start(struct pty *p, const char *script)
{
	const char *argv[] = {"/bin/bash", "-c", script, NULL};

	pty_start(p, argv, 24, 80);
}

/* An interactive shell, as a user has it, with a prompt that is easy to see. */
static void start_shell(struct pty *p)
{
	const char *argv[] = {"/bin/bash", "--norc", "--noprofile", "-i", NULL};

	pty_start(p, argv, 24, 80);
	pty_type(p, "PS1='rea''dy> '; stty -echo\n");
	expect_shows(p, "ready> ");
}

/* A shell between vfork and exec cannot be stopped: the kernel stops the child only, wherever it
 * runs. */
static const unsigned settle_us = 200000;

static const char *const inits[] = {"", "--no-init"};

static void terminal__is_the_callers(void **state)
{
	struct pty p;

	for (int i = 0; i < 2; i++) {
		char script[256];

		snprintf(script, sizeof(script),
			 "exec $R run %s / sh -c 'test -t 0 && test -t 1 && stty size </dev/tty && "
			 "echo done'",
			 inits[i]);
		start(&p, script);
		expect_shows(&p, "24 80");
		expect_shows(&p, "done");
		assert_int_equal(pty_end(&p), 0);
		nothing_left();
	}
}

static void terminal__interrupt_ends_the_command(void **state)
{
	struct pty p;

	for (int i = 0; i < 2; i++) {
		char script[256];

		/* PID 1 has no default actions: without an init the command must want the signal */
		snprintf(script, sizeof(script),
			 "exec $R run %s / bash -c 'trap \"exit 130\" INT; echo on; sleep 60 & "
			 "wait'",
			 inits[i]);
		start(&p, script);
		expect_shows(&p, "on");
		pty_type(&p, "\003");
		assert_int_equal(pty_end(&p), 130);
		nothing_left();
	}
	start(&p, "exec $R run / sh -c 'echo on; exec sleep 60'");
	expect_shows(&p, "on");
	pty_type(&p, "\003");
	assert_int_equal(pty_end(&p), 128 + 2);
	start(&p, "exec $R run / sh -c 'ulimit -c 0; echo on; exec sleep 60'");
	expect_shows(&p, "on");
	pty_type(&p, "\034");
	assert_int_equal(pty_end(&p), 128 + 3);
	nothing_left();
}

/* Once, not twice: the terminal's own copy and a forwarded one would be two. */
static void terminal__interrupt_arrives_once(void **state)
{
	struct pty p;

	start(&p, "exec $R run / bash -c 'n=0; trap \"n=\\$((n+1)); echo got \\$n\" INT; echo on; "
		  "for i in $(seq 20); do sleep 0.05; done; echo total $n'");
	expect_shows(&p, "on");
	usleep(settle_us);
	pty_type(&p, "\003");
	expect_shows(&p, "total 1");
	assert_int_equal(pty_end(&p), 0);
}

static void terminal__stop_and_continue_under_a_shell(void **state)
{
	struct pty p;

	start_shell(&p);
	for (int i = 0; i < 2; i++) {
		char line[256];

		/* PID 1 ignores the default of TSTP: without an init in the host's pid namespace */
		snprintf(line, sizeof(line),
			 "$R run %s / sh -c 'echo on; sleep 1; echo tick; sleep 0.5; echo over'\n",
			 i ? "--no-init --pid host" : "");
		pty_type(&p, line);
		expect_shows(&p, "on");
		usleep(settle_us);
		pty_type(&p, "\032");
		expect_shows(&p, "Stopped");
		expect_shows(&p, "ready> ");
		pty_type(&p, "echo mine $((40 + 2))\n"); /* the terminal is the shell's again */
		expect_shows(&p, "mine 42");
		expect_shows(&p, "ready> ");
		pty_type(&p, "fg\n");
		expect_shows(&p, "over");
		expect_shows(&p, "ready> ");
		pty_type(&p, "echo status $?\n");
		expect_shows(&p, "status 0");
		expect_shows(&p, "ready> ");
	}
	pty_type(&p, "exit\n");
	assert_int_equal(pty_end(&p), 0);
	nothing_left();
}

static void terminal__stopped_job_goes_on_in_the_background(void **state)
{
	struct pty p;

	start_shell(&p);
	pty_type(&p, "$R run / sh -c 'echo on; sleep 1; echo late'\n");
	expect_shows(&p, "on");
	usleep(settle_us);
	pty_type(&p, "\032");
	expect_shows(&p, "Stopped");
	pty_type(&p, "bg\n");
	expect_shows(&p, "late");
	pty_type(&p, "wait; exit\n");
	assert_int_equal(pty_end(&p), 0);
	nothing_left();
}

static void terminal__resize_reaches_the_command(void **state)
{
	struct pty p;

	for (int i = 0; i < 2; i++) {
		char script[256];

		snprintf(script, sizeof(script),
			 "exec $R run %s / bash -c 'trap \"stty size\" WINCH; echo on; while :; "
			 "do sleep 0.05; done'",
			 inits[i]);
		start(&p, script);
		expect_shows(&p, "on");
		pty_resize(&p, 40, 101);
		expect_shows(&p, "40 101");
		kill(p.pid, SIGKILL);
		pty_end(&p);
		nothing_left();
	}
}

static void terminal__shell_inside_has_job_control(void **state)
{
	struct pty p;

	start(&p, "exec $R run / bash --norc --noprofile -i");
	expect_shows(&p, "# ");
	assert_null(strstr(p.text, "no job control"));
	pty_type(&p, "PS1='ins''ide> '; stty -echo\n");
	expect_shows(&p, "inside> ");
	pty_type(&p, "sleep 60\n");
	usleep(settle_us);
	pty_type(&p, "\032");
	expect_shows(&p, "Stopped");
	expect_shows(&p, "inside> ");
	pty_type(&p, "jobs\n");
	expect_shows(&p, "sleep 60");
	pty_type(&p, "fg\n");
	usleep(settle_us);
	pty_type(&p, "\003");
	expect_shows(&p, "inside> ");
	pty_type(&p, "exit 5\n");
	assert_int_equal(pty_end(&p), 5);
	nothing_left();
}

static void terminal__is_given_back_at_the_end(void **state)
{
	struct pty p;

	/* a script does not take it back by itself, as an interactive shell does */
	start(&p,
	      "$R run / true; $R run / sh -c 'kill -KILL $$'; $R run -w /no / true 2>/dev/null; "
	      "$R run --no-init / true; read -p 'type: ' x; echo \"<$x>\"");
	expect_shows(&p, "type: ");
	pty_type(&p, "words\n");
	expect_shows(&p, "<words>");
	assert_int_equal(pty_end(&p), 0);
	nothing_left();
}

static void terminal__in_a_pipeline_the_reader_keeps_it(void **state)
{
	struct pty p;

	start_shell(&p);
	pty_type(&p, "$R run / sh -c 'echo out; sleep 0.2' | { read l; read -p 'type: ' x "
		     "</dev/tty; echo \"<$l $x>\"; }\n");
	expect_shows(&p, "type: ");
	pty_type(&p, "words\n");
	expect_shows(&p, "<out words>");
	pty_type(&p, "exit\n");
	assert_int_equal(pty_end(&p), 0);
}

static void terminal__hang_up_ends_the_container(void **state)
{
	struct pty p;

	start(&p, "exec $R run / sh -c 'echo on; sleep 60'");
	expect_shows(&p, "on");
	close(p.fd);
	p.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pty_end(&p);
	nothing_left();
}

/* A child is stopped and the command waits for it unstopped, as between vfork and exec, so that no
 * stop is reported. Then the session leader dies: the kernel sends SIGHUP, and no SIGCONT. Once
 * with the terminal the container's, once with it kept by the reader of a pipeline. */
static void terminal__hang_up_ends_a_container_that_is_partly_stopped(void **state)
{
	static const char *const ends[] = {"", "| cat"};
	struct pty p;

	for (int i = 0; i < 2; i++) {
		char script[512];

		snprintf(script, sizeof(script),
			 "$R run / sh -c 'trap : HUP; sh -c \"kill -STOP \\$\\$\" & "
			 "until grep -q \"^State:.T\" /proc/$!/status; do sleep 0.01; done; "
			 "echo on; while kill -0 $!; do wait $!; done' %s; true",
			 ends[i]);
		start(&p, script);
		expect_shows(&p, "on");
		usleep(settle_us);
		kill(p.pid, SIGKILL);
		pty_end(&p);
		nothing_left();
	}
}

/* Nobody inside may push characters into the caller's terminal (TIOCSTI). */
static void terminal__cannot_be_typed_into(void **state)
{
	struct pty p;

	need_program("python3");
	start(&p, "for o in '' --privileged; do $R run $o / python3 -c "
		  "'import fcntl; fcntl.ioctl(0, 0x5412, b\"x\")' 2>&1 | grep -o -E "
		  "'PermissionError|OSError'; done; echo end");
	expect_shows(&p, "Error");
	expect_shows(&p, "Error");
	expect_shows(&p, "end");
	pty_end(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(terminal__is_the_callers),
		test(terminal__interrupt_ends_the_command),
		test(terminal__interrupt_arrives_once),
		test(terminal__stop_and_continue_under_a_shell),
		test(terminal__stopped_job_goes_on_in_the_background),
		test(terminal__resize_reaches_the_command),
		test(terminal__shell_inside_has_job_control),
		test(terminal__is_given_back_at_the_end),
		test(terminal__in_a_pipeline_the_reader_keeps_it),
		test(terminal__hang_up_ends_the_container),
		test(terminal__hang_up_ends_a_container_that_is_partly_stopped),
		test(terminal__cannot_be_typed_into),
	};

	return harness_main("terminal", tests, sizeof(tests) / sizeof(tests[0]));
}
