/* Gate 18: another local user sees nothing of a user's containers and cannot touch them. Launched
 * by root, which keeps a second user at hand (nobody) and goes down to $ROOTLET_TEST_USER. */
#include "life.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int second_user = -1;

/* Runs what it is told, and answers with what that printed. */
static _Noreturn void be_second_user(int fd)
{
	struct passwd *pw = getpwnam("nobody");
	static char script[8192], out[8192];
	ssize_t n;

	if (!pw || setgroups(0, NULL) < 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		_exit(99);
	while ((n = recv(fd, script, sizeof(script) - 1, 0)) > 0) {
		size_t used = 0;
		FILE *f;

		script[n] = '\0';
		f = popen(script, "r");
		if (f)
			used = fread(out, 1, sizeof(out) - 1, f);
		if (f)
			pclose(f);
		out[used++] = '\0';
		send(fd, out, used, 0);
	}
	_exit(0);
}

static const char *second(const char *script)
{
	static char text[8192], out[8192];
	ssize_t n;

	n = snprintf(text, sizeof(text), "T=%s; R=%s; S=$T/run/rootlet; cd /; exec 2>&1; %s",
		     harness_directory(), harness_command(), script);
	assert_int_equal(send(second_user, text, (size_t)n, 0), n);
	n = recv(second_user, out, sizeof(out), 0);
	assert_true(n > 0);
	return out;
}

/* Everything about one container that lives, as the harness's other scripts may not: it stays. */
static void begin(const char *options)
{
	char script[1024];

	life_write_functions();
	snprintf(script, sizeof(script),
		 "cd %s; export T=$PWD; R=%s; " LIFE
		 "umask 0; chmod 755 run; $R run -d %s --name a / sh -c 'echo words; sleep 60' "
		 ">id && { first a; monitor a; } >pids && folder a >folder",
		 harness_directory(), harness_command(), options);
	assert_int_equal(system(script), 0);
}

static void end(void)
{
	expect_out(life("for p in $(cat pids); do dead $p && echo dead; done; $R rm -f a; left"),
		   "a\n");
}

/* $T/run is open to everybody here: the store has to look after itself. */
static void gate_18_the_store_is_the_users_alone(void **state)
{
	begin("");
	assert_string_equal(
		second("d=$(cat $T/folder); for f in $S $S/containers $S/names $d; do ls $f "
		       ">/dev/null 2>/dev/null && echo listed $f; done; for f in $d/container.json "
		       "$d/process.json $d/log $S/names/a; do cat $f 2>/dev/null && echo read $f; "
		       "touch $f 2>/dev/null && echo touched $f; done; ls $S; echo x 2>/dev/null "
		       ">$S/x; rm -rf $S 2>/dev/null; stat -c %a $S"),
		harness_expand(
			"ls: cannot open directory '$T/run/rootlet': Permission denied\n700\n"));
	end();
}

static void gate_18_no_command_of_another_user_works(void **state)
{
	begin("-t");
	assert_string_equal(
		second("export XDG_RUNTIME_DIR=$T/run HOME=/nonexistent; for c in ps 'exec a "
		       "id' "
		       "'kill a' 'rm -f a' 'stop a' 'logs a' 'attach a' 'inspect a' 'rename a b' "
		       "'start a' 'run -d --name a'; do case $c in run*) x=' / true';; *) x=;; "
		       "esac; $R ${c%% *} --state-dir $S $(echo $c | cut -s -d' ' -f2-) $x "
		       "</dev/null "
		       ">/tmp/rootlet-gate-18.$$ "
		       "2>&1; s=$?; [ $s = 125 ] && grep -q '^rootlet: ' /tmp/rootlet-gate-18.$$ "
		       "|| "
		       "{ echo $c: $s; cat /tmp/rootlet-gate-18.$$; }; done; "
		       "rm -f /tmp/rootlet-gate-18.$$; echo end"),
		"end\n");
	end();
}

/* Nor by the processes: not traced, not looked into, not signalled. */
static void gate_18_the_processes_are_out_of_reach(void **state)
{
	begin("");
	assert_string_equal(
		second("for p in $(cat $T/pids); do for f in exe cwd root fd/0 ns/user; do "
		       "readlink /proc/$p/$f; done; ls /proc/$p/fd /proc/$p/map_files >/dev/null "
		       "2>&1 && echo listed; cat /proc/$p/environ 2>/dev/null; kill -KILL $p "
		       "2>/dev/null && echo killed; nsenter -t $p -U -m true 2>/dev/null && echo "
		       "entered; head -c 1 /proc/$p/mem 2>/dev/null; done; echo end"),
		"end\n");
	end();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(gate_18_the_store_is_the_users_alone),
		test(gate_18_no_command_of_another_user_works),
		test(gate_18_the_processes_are_out_of_reach),
	};
	int ends[2];

	if (geteuid() != 0 || !getenv("ROOTLET_TEST_USER")) {
		printf("skipped: root must launch this, with ROOTLET_TEST_USER set\n");
		return 77;
	}
	if (!getpwnam("nobody") || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return 99;
	/* no child of ours, or the harness would end it; it ends with our end of the pair */
	if (fork() == 0) {
		close(ends[0]);
		if (fork() == 0)
			be_second_user(ends[1]);
		_exit(0);
	}
	wait(NULL);
	close(ends[1]);
	second_user = ends[0];
	return harness_main("gate_users", tests, sizeof(tests) / sizeof(tests[0]));
}
