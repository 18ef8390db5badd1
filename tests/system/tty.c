/* Terminals of a container's own: run -t, exec -t, attach, with a terminal that the test holds.
 * Raw while attached and as before after every end; size; detach keys; job control inside.
 *
 * What runs on the terminal is started by a session leader of ours that does what a shell does and
 * nothing more: an interactive shell mends the terminal by itself, and would hide what is wrong. */
#include "life.h"

#include "screen.h"

#include <errno.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* ---- the session leader ---- */

static void foreground(pid_t group)
{
	tcsetpgrp(0, group);
}

/* Tells on the terminal what becomes of its job; continues it when it gets SIGUSR1. */
static _Noreturn void lead(const char *script)
{
	sigset_t usr1;
	pid_t job;
	int sig, status;

	harness_prepare_child();
	signal(SIGTTOU, SIG_IGN);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	job = fork();
	if (job == 0) {
		setpgid(0, 0);
		foreground(getpid());
		signal(SIGTTOU, SIG_DFL);
		execle("/bin/bash", "bash", "-c", script, (char *)NULL, harness_environment());
		_exit(122);
	}
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	setpgid(job, job);
	for (;;) {
		while (waitpid(job, &status, WUNTRACED) < 0 && errno == EINTR)
			;
		foreground(getpid());
		if (!WIFSTOPPED(status))
			break;
		dprintf(1, "[stopped]");
		sigwait(&usr1, &sig);
		foreground(job);
		kill(-job, SIGCONT);
	}
	dprintf(1, "[ended %d]",
		WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	_exit(0);
}

static struct termios cooked;

static void start(struct pty *p, const char *script)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	char text[4096];

	life_write_functions();
	snprintf(text, sizeof(text), "%s%s", LIFE, script);
	memset(p, 0, sizeof(*p));
	p->pid = forkpty(&p->fd, NULL, NULL, &size);
	assert_true(p->pid >= 0);
	if (p->pid == 0)
		lead(text);
	assert_int_equal(tcgetattr(p->fd, &cooked), 0);
	assert_true(cooked.c_lflag & ICANON && cooked.c_lflag & ECHO);
}

static bool is_raw(const struct pty *p)
{
	struct termios t;

	assert_int_equal(tcgetattr(p->fd, &t), 0);
	return !(t.c_lflag & (ICANON | ECHO | ISIG)) && !(t.c_iflag & ICRNL) &&
	       !(t.c_oflag & OPOST);
}

/* A client that attaches makes it raw in its own time. */
static bool becomes_raw(const struct pty *p)
{
	for (int n = 0; n < 500 && !is_raw(p); n++)
		usleep(10000);
	return is_raw(p);
}

static bool is_restored(const struct pty *p)
{
	struct termios t;

	assert_int_equal(tcgetattr(p->fd, &t), 0);
	return t.c_iflag == cooked.c_iflag && t.c_oflag == cooked.c_oflag &&
	       t.c_cflag == cooked.c_cflag && t.c_lflag == cooked.c_lflag &&
	       memcmp(t.c_cc, cooked.c_cc, sizeof(t.c_cc)) == 0;
}

/* The leader's job: with "exec" as the script's last word, rootlet itself. */
static pid_t job_of(const struct pty *p)
{
	char path[64];
	FILE *f;
	int pid = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)p->pid, (int)p->pid);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	fclose(f);
	return pid;
}

static void end(struct pty *p)
{
	assert_int_equal(pty_end(p), 0);
	expect_out(life("until_ '[ -z \"$(left)\" ]' 2>id; left"), "");
}

/* Beside what runs on the terminal: `life` would end that. Returns what the script prints. */
static const char *beside(const char *script)
{
	static char out[1024];
	char text[4096];
	int ends[2], status;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	snprintf(text, sizeof(text), "%s%s", LIFE, script);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		harness_prepare_child();
		setsid();
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		execle("/bin/bash", "bash", "-c", text, (char *)NULL, harness_environment());
		_exit(122);
	}
	close(ends[1]);
	while ((n = read(ends[0], out + used, sizeof(out) - 1 - used)) > 0)
		used += (size_t)n;
	out[used] = '\0';
	close(ends[0]);
	waitpid(pid, &status, 0);
	return out;
}

/* ---- */

static void tty__is_the_containers_own(void **state)
{
	struct pty p;

	start(&p, "exec $R run -t / sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo all; "
		  "stty size; stty size </dev/tty; ls -l /proc/1/fd | grep -c -e ptmx; "
		  "stat -c %t:%T /dev/console; ps -o tty= -p 2'");
	expect_shows(&p, "/dev/pts/0\r\nall\r\n24 80\r\n24 80\r\n0\r\n88:0\r\npts/0\r\n[ended 0]");
	assert_true(is_restored(&p));
	end(&p);
}

/* How each end comes about; $c is the client. */
static void tty__is_restored_in_every_end(void **state)
{
	static const struct {
		const char *how, *shows;
	} rows[] = {
		{"$R exec a touch /tmp/go", "[ended 7]"},
		{"$R kill a", "[ended 137]"},
		{"kill -KILL $(first a)", "[ended 137]"},
		{"kill -KILL $(monitor a)", "[ended 125]"},
		{"$R stop -t 1 a", "[ended 1"},
		{"$R rm -f a", "[ended 1"} /* 143 or 137: whichever comes first */,
		{"kill -TERM $c", "[ended 143]"},
		{"kill -INT $c", "[ended 130]"},
		{"kill -HUP $c", "[ended 129]"},
		{"kill -QUIT $c", "[ended 131]"},
		{"kill -USR1 $c", "[ended 138]"},
		{"kill -ALRM $c", "[ended 142]"},
	};
	static const char *const ways[] = {
		"exec $R run -t --rm --name a / sh -c 'echo u''p; until [ -e /tmp/go ]; do sleep "
		"0.02; done; exit 7'",
		"$R run -d --rm --name a / sleep 60 >id; exec $R exec -t a sh -c 'echo u''p; until "
		"[ "
		"-e /tmp/go ]; do sleep 0.02; done; exit 7'",
		"$R run -dt --rm --name a / sh -c 'echo u''p; until [ -e /tmp/go ]; do sleep 0.02; "
		"done; exit 7' >id; sleep 0.1; exec $R attach a",
	};

	for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			char script[512];
			struct pty p;

			start(&p, ways[w]);
			if (w != 2) /* there what it printed before is in the log only */
				expect_shows(&p, "up");
			if (w == 2 ? !becomes_raw(&p) : !is_raw(&p))
				fail_msg("%zu: not raw while attached", w);
			snprintf(script, sizeof(script), "c=%d; %s >id", (int)job_of(&p),
				 rows[i].how);
			beside(script);
			if (w == 1 && i == 3) /* exec's own monitor lives, its command does not */
				expect_shows(&p, "[ended 1");
			else
				expect_shows(&p, rows[i].shows);
			if (!is_restored(&p))
				fail_msg("%zu, %s: the terminal is not as it was", w, rows[i].how);
			beside("$R rm -f a >id 2>&1");
			end(&p);
		}
}

/* The terminal goes away: the container of run -t does, too. */
static void tty__hang_up_ends_it(void **state)
{
	struct pty p;

	start(&p, "exec $R run -t --rm --name a / sh -c 'trap \"\" HUP; echo u''p; sleep 60'");
	expect_shows(&p, "up");
	close(p.fd);
	p.fd = dup(2);
	kill(p.pid, SIGKILL);
	waitpid(p.pid, NULL, 0);
	expect_out(life("until_ '[ -z \"$(left)\" ]'; left"), "");
	close(p.fd);
}

static void tty__stop_and_continue(void **state)
{
	struct pty p;

	start(&p,
	      "exec $R run -t --rm --name a / sh -c 'echo u''p; read x; echo \"<$x>\"; exit 3'");
	expect_shows(&p, "up");
	for (int i = 0; i < 2; i++) {
		assert_true(is_raw(&p));
		kill(job_of(&p), SIGTSTP);
		expect_shows(&p, "[stopped]");
		assert_true(is_restored(&p));
		pty_resize(&p, (unsigned short)(30 + i), 90);
		kill(p.pid, SIGUSR1);
		becomes_raw(&p);
	}
	assert_string_equal(beside("$R exec a stty -F /dev/pts/0 size"), "31 90\n");
	pty_type(&p, "words\r");
	expect_shows(&p, "<words>");
	expect_shows(&p, "[ended 3]");
	assert_true(is_restored(&p));
	end(&p);
}

/* Here and in the test of the interrupt perl, no shell: bash drops a signal that comes while its
 * trap for it runs, and goes on after a SIGINT that meets its child at the child's end. */
static void tty__size_follows(void **state)
{
	struct pty p;

	need_program("perl");
	start(&p, "exec $R run -t --rm / perl -e '$| = 1; $SIG{WINCH} = sub { print `stty size` }; "
		  "print `stty size`; print \"u\", \"p\\n\"; sleep 1 while 1'");
	expect_shows(&p, "24 80");
	expect_shows(&p, "up");
	pty_resize(&p, 40, 101);
	expect_shows(&p, "40 101");
	pty_resize(&p, 10, 20);
	expect_shows(&p, "10 20");
	pty_type(&p, "\003");
	expect_shows(&p, "[ended 130]");
	end(&p);
}

static void tty__detach_and_attach_again(void **state)
{
	struct pty p;

	start(&p, "$R run -t --name a --detach-keys ctrl-p,ctrl-q / bash --norc --noprofile -i; "
		  "echo \"[left $?]\"; sleep 0.1; exec $R attach --detach-keys ctrl-e,e a");
	expect_shows(&p, "# ");
	pty_type(&p, "PS1='ins''ide> '; stty -echo; x=kept\r");
	expect_shows(&p, "inside> ");
	pty_type(&p, "echo \020y\r"); /* half of the keys is typed */
	expect_shows(&p, "inside> ");
	pty_type(&p, "\020\021");
	expect_shows(&p, "[left 0]");
	becomes_raw(&p);
	pty_type(&p, "echo it is $x\r");
	expect_shows(&p, "it is kept");
	pty_type(&p, "\005e");
	expect_shows(&p, "[ended 0]");
	assert_true(is_restored(&p));
	assert_string_equal(beside("$R exec a echo alive; $R rm -f a"), "alive\na\n");
	end(&p);
	/* off unless asked for */
	start(&p, "exec $R run -t --rm / sh -c 'echo u''p; exec cat -v'");
	expect_shows(&p, "up");
	pty_type(&p, "\020\021\004");
	pty_type(&p, "x\r");
	expect_shows(&p, "x");
	pty_type(&p, "\003");
	expect_shows(&p, "[ended 130]");
	end(&p);
}

static void tty__interrupt_reaches_the_command_alone(void **state)
{
	struct pty p;

	need_program("perl");
	start(&p,
	      "exec $R run -t --rm / perl -e '$| = 1; $n = 0; $SIG{INT} = sub { print \"got \", "
	      "++$n, \"\\n\" }; print \"u\", \"p\\n\"; sleep 1 until $n == 2; print \"total "
	      "$n\\n\"; exit 4'");
	expect_shows(&p, "up");
	pty_type(&p, "\003");
	expect_shows(&p, "got 1");
	pty_type(&p, "\003");
	expect_shows(&p, "total 2");
	expect_shows(&p, "[ended 4]");
	end(&p);
}

static void job_control(const char *script)
{
	struct pty p;

	start(&p, script);
	expect_shows(&p, "# ");
	assert_null(strstr(p.text, "no job control"));
	pty_type(&p, "PS1='ins''ide> '; stty -echo\r");
	expect_shows(&p, "inside> ");
	pty_type(&p, "(echo o''n; exec sleep 60)\r");
	expect_shows(&p, "on");
	pty_type(&p, "\032");
	expect_shows(&p, "Stopped");
	expect_shows(&p, "inside> ");
	pty_type(&p, "jobs\r");
	expect_shows(&p, "sleep 60");
	pty_type(&p, "fg\r");
	usleep(200000);
	pty_type(&p, "\003");
	expect_shows(&p, "inside> ");
	pty_type(&p, "exit 5\r");
	expect_shows(&p, "[ended 5]");
	assert_true(is_restored(&p));
	beside("$R rm -f a >id 2>&1");
	end(&p);
}

static void tty__shell_inside_has_job_control(void **state)
{
	job_control("exec $R run -it --rm / bash --norc --noprofile -i");
	job_control("exec $R run -it --rm --no-init / bash --norc --noprofile -i");
	job_control("exec $R run -it --rm --pid host / bash --norc --noprofile -i");
	job_control("exec $R run -it --rm --userns keep-id -u 0 / bash --norc --noprofile -i");
	job_control("$R run -d --name a / sleep 60 >id; exec $R exec -it a bash --norc --noprofile "
		    "-i");
}

static void tty__is_refused_without_a_terminal(void **state)
{
	const struct result *r = life(
		"$R run -t / true </dev/null; echo $?; echo x | $R run -it / cat; echo $?; "
		"$R run -d --name a / sleep 60 >id; $R exec -t a true </dev/null; echo $?; "
		"$R run -d -t --name b / tty </dev/null >id; $R wait b; decode stdout $(folder "
		"b)/log | tr -d '\\r'; $R rm -f a b; left");

	expect_out(r, "125\n125\n125\n0\n/dev/pts/0\na\nb\n");
	expect_error_has(r, 0, "-t");
	expect_error_has(r, 0, "terminal");
}

static void tty__output_may_be_a_pipe(void **state)
{
	struct pty p;

	start(&p,
	      "$R run -t --rm / sh -c 'seq 1 50000; test -t 1 && echo a terminal; exit 6' >out; "
	      "echo \"[left $?]\"; tr -d '\\r' <out | md5sum | cut -c1-8; { seq 1 50000; echo a "
	      "terminal; } | md5sum | cut -c1-8; $R run -t --rm / yes | head -1");
	expect_shows(&p, "[left 6]\r\n");
	expect_shows(&p, "\r\n");
	{
		const char *first = p.text + p.seen - 10;

		expect_shows(&p, "\r\n");
		assert_memory_equal(first, first + 10, 8);
	}
	expect_shows(&p, "y");
	expect_shows(&p, "[ended 0]");
	assert_true(is_restored(&p));
	end(&p);
}

static void tty__each_exec_has_its_own(void **state)
{
	struct pty p;

	start(&p,
	      "$R run -d -t --name a / sleep 60 >id; $R exec -t a sh -c 'tty; ps -o tty= -p $$; "
	      "stty size; exit 8'; echo \"[left $?]\"; $R exec a tty; $R exec -t -u 5 a sh -c "
	      "'echo write >/dev/tty && echo written'; until_ '[ $($R exec a ls /dev/pts | wc -l) "
	      "= 2 ]' && echo none left over; "
	      "$R rm -f a");
	expect_shows(&p, "/dev/pts/1\r\npts/1\r\n24 80\r\n[left 8]");
	expect_shows(&p, "not a tty");
	expect_shows(&p, "written");
	expect_shows(&p, "none left over\r\n"); /* but ptmx and the container's own */
	expect_shows(&p, "[ended 0]");
	end(&p);
}

static void tty__detached_with_a_terminal(void **state)
{
	struct pty p;

	start(&p, "$R run -dt --name a / bash --norc --noprofile -i >id; sleep 0.1; exec $R attach "
		  "a");
	for (int n = 0; n < 500 && !is_raw(&p); n++)
		usleep(10000);
	pty_type(&p, "tty; stty size; exit 9\r");
	expect_shows(&p, "/dev/pts/0\r\n24 80\r\n");
	expect_shows(&p, "[ended 9]");
	assert_true(is_restored(&p));
	assert_string_equal(beside("number a status exit; $R rm a"), "9\na\n");
	end(&p);
}

/* Programs that draw: they ask the terminal for its size, use its alternate screen and give it
 * back.
 */
static void tty__screen_programs(void **state)
{
	static const struct {
		const char *program, *command, *shows, *keys;
	} rows[] = {
		{"vim", "vim -u NONE -N /etc/os-release", "NAME=", ":q!\r"},
		{"less", "less /etc/os-release", "NAME=", "q"},
		{"top", "top -d 60", "load average", "q"},
	};
	int ran = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char script[256];
		struct pty p;

		if (!harness_has(rows[i].program))
			continue;
		ran++;
		snprintf(script, sizeof(script), "exec $R run -it --rm -e TERM=xterm / %s",
			 rows[i].command);
		start(&p, script);
		expect_shows(&p, "\033[");
		expect_shows(&p, rows[i].shows);
		pty_type(&p, rows[i].keys);
		expect_shows(&p, "[ended 0]");
		assert_true(is_restored(&p));
		end(&p);
	}
	if (!ran)
		skip_because("neither vim nor less nor top is installed");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(tty__is_the_containers_own),
		test(tty__is_restored_in_every_end),
		test(tty__hang_up_ends_it),
		test(tty__stop_and_continue),
		test(tty__size_follows),
		test(tty__detach_and_attach_again),
		test(tty__interrupt_reaches_the_command_alone),
		test(tty__shell_inside_has_job_control),
		test(tty__is_refused_without_a_terminal),
		test(tty__output_may_be_a_pipe),
		test(tty__each_exec_has_its_own),
		test(tty__detached_with_a_terminal),
		test(tty__screen_programs),
	};

	return harness_main("tty", tests, sizeof(tests) / sizeof(tests[0]));
}
