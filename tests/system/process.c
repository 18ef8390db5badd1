/* The process: what it gets, how it ends, who reaps, who forwards, who outlives whom. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

static void process__environment_is_exactly_what_was_named(void **state)
{
	expect_out(
		shell("export SECRET=1 OTHER=2; $R run -h box -e A=1 -e B= -e OTHER / env | sort"),
		"A=1\nB=\nHOME=$HOME\nHOSTNAME=box\nOTHER=2\n"
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/"
		"bin\nTERM=dumb\ncontainer=rootlet\n");
}

static void process__exported_script_runs_without_standard_input(void **state)
{
	expect_out(
		shell("$R plan --format=sh / sh -c 'cat; echo in' >go; sh go <&-; echo x | sh go"),
		"in\nx\nin\n");
}

static void process__environment_from_a_file_and_the_host(void **state)
{
	expect_out(shell("printf '# no\\nA=file\\nB=b c\\nOTHER\\n' >f; export OTHER=2; "
			 "$R run --env-file f -e A=flag / sh -c 'echo \"$A|$B|$OTHER\"'"),
		   "flag|b c|2\n");
	expect_out(shell("export SECRET=1; $R run --env-host / sh -c 'echo $SECRET $container'"),
		   "1 rootlet\n");
}

static void process__umask_is_not_the_callers(void **state)
{
	expect_out(shell("umask 0777; $R run / sh -c 'umask; touch /tmp/x; stat -c %a /tmp/x'"),
		   "0022\n644\n");
	expect_out(shell("$R run --umask 0077 / sh -c umask"), "0077\n");
}

static void process__limits(void **state)
{
	expect_out(shell("$R run --ulimit nofile=50:60 --ulimit core=0 / sh -c 'ulimit -n; ulimit "
			 "-Hn; ulimit -c'"),
		   "50\n60\n0\n");
}

static void process__argv0(void **state)
{
	expect_out(shell("$R run --argv0 other / sh -c 'echo $0'"), "other\n");
	expect_out(shell("$R run --no-init --argv0 other / sh -c 'tr \"\\0\" , </proc/1/cmdline' | "
			 "cut -d, -f1"),
		   "other\n");
}

static void process__entrypoint_comes_first(void **state)
{
	expect_out(rootlet("run", "--entrypoint", "echo", "/", "a", "b"), "a b\n");
}

/* The caller's blocked and ignored signals are its own business. */
static void process__signals_are_as_after_a_login(void **state)
{
	static const char *const inits[] = {"", "--no-init"};

	for (int i = 0; i < 2; i++) {
		char script[256];

		snprintf(script, sizeof(script),
			 "trap '' HUP INT TERM USR1; $R run %s / grep -E '^Sig(Blk|Ign)' "
			 "/proc/self/status",
			 inits[i]);
		expect_out(shell(script), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	}
}

static void process__exit_statuses(void **state)
{
	static const struct {
		const char *script;
		int status;
	} rows[] = {
		{"$R run / true", 0},
		{"$R run / sh -c 'exit 3'", 3},
		{"$R run / sh -c 'exit 255'", 255},
		{"$R run --no-init / sh -c 'exit 3'", 3},
		{"$R run / sh -c 'kill -TERM $$'", 128 + 15},
		{"$R run / sh -c 'kill -KILL $$'", 128 + 9},
		{"$R run / sh -c 'ulimit -c 0; kill -SEGV $$'", 128 + 11},
		{"$R run --pid host --no-init / sh -c 'kill -USR1 $$'", 128 + 10},
		{"$R run --pid host / sh -c 'kill -USR1 $$'", 128 + 10},
		{"$R run / no-such-command", 127},
		{"$R run / /no/such/file", 127},
		{"$R run --no-init / no-such-command", 127},
		{"printf 'exit 9' >s; chmod +x s; $R run -v $T / $T/s",
		 9}, /* a script without #! */
		{"printf 'exit 9' >s; chmod +x s; $R run --no-init -v $T / $T/s", 9},
		{"$R run / /etc/passwd", 126},
		{"$R run --no-init / /etc/passwd", 126},
		{"$R run / /etc", 126},
		{"$R run ./nowhere true", 125},
		{"$R run --no-such-flag / true", 125},
		{"$R run --timeout 1 / sleep 20", 124},
		{"$R run --no-init --timeout 1 / sleep 20", 124},
		{"$R run --timeout 20 / sh -c 'exit 5'", 5},
		{"$R run --timeout 1 / sh -c 'trap \"\" TERM; sleep 30; sleep 30'", 124},
		{"$R unshare sh -c 'exit 6'", 6},
		{"$R unshare no-such-command", 127},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_status(shell(rows[i].script), rows[i].status);
}

static void process__is_pid_2_under_init_and_pid_1_without(void **state)
{
	expect_out(shell("$R run / sh -c 'echo $$ $PPID; cat /proc/1/comm'"),
		   "2 1\nrootlet-init\n");
	expect_out(shell("$R run --no-init / sh -c 'echo $$ $PPID'"), "1 0\n");
}

static void process__init_reaps_orphans(void **state)
{
	expect_out(shell("$R run / sh -c 'for i in 1 2 3 4 5; do (sh -c \"exit 0\" & ) ; done; "
			 "sleep 0.3; "
			 "grep -l \"^State:.Z\" /proc/[0-9]*/status 2>/dev/null | wc -l'"),
		   "0\n");
}

static void process__init_ends_with_the_command_and_takes_all_along(void **state)
{
	const struct result *r = shell("$R run / sh -c 'setsid sleep 60 & sleep 61 & exit 7'");

	expect_status(r, 7);
	assert_true(r->seconds < 5);
	r = shell("$R run --pid host / sh -c 'setsid sleep 62 & sleep 63 & exit 7'");
	expect_status(r, 7);
	assert_true(r->seconds < 5);
}

/* Every signal that can be forwarded reaches the command, by its number. */
static void process__signals_are_forwarded(void **state)
{
	static const char *const names[] = {"HUP",  "INT",   "QUIT", "USR1", "USR2", "ALRM",
					    "TERM", "WINCH", "PIPE", "URG",  "IO",   "RTMIN+3"};
	static const char *const inits[] = {"", "--no-init"};

	for (int j = 0; j < 2; j++) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			char script[512], wanted[32];

			snprintf(script, sizeof(script),
				 "set -m; rm -f o; $R run %s / bash -c 'trap \"echo %s; exit 0\" "
				 "%s; echo "
				 "ready; while :; do sleep 0.05; done' >o & "
				 "p=$!; for i in $(seq 500); do grep -q ready o 2>/dev/null && "
				 "break; sleep .01; done; kill -%s $p; wait $p; cat o",
				 inits[j], names[i], names[i], names[i]);
			snprintf(wanted, sizeof(wanted), "ready\n%s\n", names[i]);
			expect_out(shell(script), wanted);
		}
	}
}

static void process__a_signal_to_the_group_stays_inside(void **state)
{
	expect_out(shell("$R run / sh -c 'kill -USR1 0; sleep 5'; echo $?; "
			 "$R run --no-init / sh -c 'kill -USR1 0; echo on'; $R run --pid host / sh "
			 "-c 'kill -USR1 0; sleep 5'; echo $?"),
		   "138\non\n138\n");
}

static void process__stop_signal_replaces_term_at_the_timeout(void **state)
{
	expect_out(shell("$R run --timeout 1 --stop-signal USR1 / bash -c 'trap \"echo got; exit "
			 "0\" USR1; while :; do sleep 0.05; done' || echo $?"),
		   "got\n124\n");
}

/* kill -9 of the supervisor: within a second nothing of the container lives, wherever it is. */
static void process__dies_with_its_supervisor(void **state)
{
	static const char *const variants[] = {
		"run",
		"run --no-init",
		"run --pid host",
		"run --userns single",
		"run -u 5",
		"run --no-init -u 5",
		"unshare -p",
		"run --privileged",
		"run --userns keep-id --no-init",
	};

	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		/* young (still rootlet) and old (the tiny waiter by then) */
		for (int old = 0; old < 2; old++) {
			char script[512];
			const struct result *r;

			snprintf(script, sizeof(script),
				 "rm -f o; $R %s %s sh -c 'sleep 71 & echo ready; sleep 72' >o & "
				 "p=$!; "
				 "for i in $(seq 500); do grep -q ready o 2>/dev/null && break; "
				 "sleep .01; done; "
				 "sleep %s; kill -KILL $p; wait $p",
				 variants[i], strstr(variants[i], "unshare") ? "" : "/",
				 old ? "0.6" : "0");
			r = shell_leaving(script, 1000);
			if (r->alive) {
				print_error("%s, %s: %d still alive a second later\n", variants[i],
					    old ? "old" : "young", r->alive);
				fail();
			}
			expect_status(r, 128 + 9);
		}
	}
}

static void process__status_fd_tells_the_story(void **state)
{
	expect_out(shell("$R run --status-fd 3 / sh -c 'exit 3' 3>s; sed -E "
			 "'s/\"([a-z]+)\":[0-9]{2,}/\"\\1\":N/g' s"),
		   "{\"event\":\"started\",\"pid\":N,\"namespaces\":{\"user\":N,\"pid\":N,\"mnt\":"
		   "N,\"uts\":N,\"ipc\":N,"
		   "\"net\":N,\"cgroup\":N,\"time\":N}}\n{\"event\":\"exited\",\"status\":3,"
		   "\"signal\":0}\n");
	expect_out(shell("$R run --status-fd 3 / sh -c 'kill -TERM $$' 3>s; tail -n 1 s"),
		   "{\"event\":\"exited\",\"status\":143,\"signal\":15}\n");
	expect_out(shell("$R run --status-fd 3 --timeout 1 / sleep 9 3>s; tail -n 1 s | sed "
			 "s/:15,/:0,/"),
		   "{\"event\":\"exited\",\"status\":124,\"signal\":0,\"timeout\":true}\n");
	/* a set-up failure never looks like the command's own end */
	expect_out(shell("$R run --status-fd 3 -w /nowhere / true 3>s 2>/dev/null; echo $?; cat s"),
		   "125\n{\"event\":\"failed\",\"status\":125,\"id\":\"workdir-missing\"}\n");
	/* the ids are those that the host sees */
	expect_out(shell("$R run --status-fd 3 / sleep 1 3>s & for i in $(seq 300); do [ -s s ] && "
			 "break; sleep .01; done; "
			 "p=$(sed 's/.*\"pid\":\\([0-9]*\\),\"names.*/\\1/' s | head -n 1); "
			 "n=$(sed 's/.*\"net\":\\([0-9]*\\),.*/\\1/' s | head -n 1); "
			 "[ $(stat -L -c %i /proc/$p/ns/net) = $n ] && echo same; wait"),
		   "same\n");
}

static void process__pidfile_is_written_and_removed(void **state)
{
	expect_out(shell("$R run --pidfile p / sleep 0.2 & for i in $(seq 300); do [ -s p ] && "
			 "break; sleep .01; done; "
			 "tr -d 0-9 <p; [ -d /proc/$(cat p)/ns ] && echo lives; wait; [ -e p ] || "
			 "echo removed"),
		   "\nlives\nremoved\n");
	/* also by the waiter, which takes over later, and after a failure */
	expect_out(shell("$R run --pidfile p / sleep 1; [ -e p ] || echo removed; $R run --pidfile "
			 "p / no-such 2>/dev/null; [ -e p ] || echo removed"),
		   "removed\nremoved\n");
}

static void process__timings_name_every_stage(void **state)
{
	expect_out(
		shell("$R run --timings / echo out 2>t; awk '/µs  [A-Z]/ { print $3 }' t | uniq"),
		"out\nPREPARE\nCLONE\nOPEN\nMAPS\nIDENTITY\nNAMESPACES\nROOT\nSEAL\n");
}

static void process__no_descriptor_leaks_in(void **state)
{
	expect_out(shell("exec 5</etc/passwd 77</etc/group 300</; $R run / sh -c 'echo "
			 "/proc/self/fd/*; echo /proc/2/fd/*'"),
		   "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3\n"
		   "/proc/2/fd/0 /proc/2/fd/1 /proc/2/fd/2 /proc/2/fd/3\n");
	expect_out(shell("exec 5</etc/passwd; $R run --no-init / ls /proc/1/fd | tr '\\n' ' '"),
		   "0 1 2 3 ");
	/* PID 1 keeps its end of the channel and its signals, and no file of anybody */
	expect_out(
		shell("exec 5</etc/passwd; $R run / sh -c 'ls -l /proc/1/fd | sed -n \"s/.* -> "
		      "//p\" | "
		      "grep -v -E \"^(socket:|anon_inode:|/dev/null|.*memfd:(out|err))\"; true'"),
		"");
}

static void process__preserve_fds_hands_on_exactly_those(void **state)
{
	expect_out(shell("echo three >a; echo four >b; $R run --preserve-fds 2 / sh -c "
			 "'cat <&3; cat <&4; [ -e /proc/$$/fd/5 ] || echo no five' 3<a 4<b "
			 "5</etc/passwd"),
		   "three\nfour\nno five\n");
	expect_out(
		shell("echo three >a; $R run --no-init --preserve-fds 1 / cat /proc/self/fd/3 3<a"),
		"three\n");
}

/* rootlet's own file cannot be reached from inside, so it cannot be overwritten (as in
 * CVE-2019-5736). */
static void process__own_binary_is_out_of_reach(void **state)
{
	expect_out(shell("me=$(stat -c %d:%i $R); for o in '' --no-init '--pid host'; do "
			 "$R run $o --privileged / sh -c 'for p in /proc/[0-9]*; do stat -L -c "
			 "%d:%i $p/exe 2>/dev/null; done' | "
			 "grep -c \"^$me\\$\"; done; true"),
		   "0\n0\n0\n");
	expect_out(shell("$R run / sh -c 'readlink /proc/1/exe; echo x 2>/dev/null >/proc/1/exe || "
			 "echo sealed'"),
		   "/memfd:rootlet-init (deleted)\nsealed\n");
}

static void process__stdin_is_inherited(void **state)
{
	expect_out(shell("echo in | $R run / cat; echo in2 | $R run -i --no-init / cat"),
		   "in\nin2\n");
}

static void process__runs_side_by_side(void **state)
{
	expect_out(shell("for i in $(seq 24); do $R run / sh -c \"echo $i\" >>o & done; wait; sort "
			 "-n o | tr '\\n' ' '"),
		   "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 ");
}

static void process__capabilities_and_no_new_privs(void **state)
{
	expect_out(
		shell("$R run / grep -E '^(CapInh|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' "
		      "/proc/self/status"),
		"CapInh:\t0000000000000000\nCapEff:\t00000000800405fb\nCapBnd:\t00000000800405fb\n"
		"CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n");
	expect_out(shell("$R run --cap-drop ALL / grep -E '^(CapEff|CapBnd):' /proc/self/status"),
		   "CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\n");
	expect_out(shell("$R run -u 5 / grep -E '^(CapPrm|CapEff):' /proc/self/status"),
		   "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n");
	expect_out(shell("$R run --privileged / sh -c 'grep NoNewPrivs /proc/self/status'"),
		   "NoNewPrivs:\t0\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(process__environment_is_exactly_what_was_named),
		test(process__exported_script_runs_without_standard_input),
		test(process__environment_from_a_file_and_the_host),
		test(process__umask_is_not_the_callers),
		test(process__limits),
		test(process__argv0),
		test(process__entrypoint_comes_first),
		test(process__signals_are_as_after_a_login),
		test(process__exit_statuses),
		test(process__is_pid_2_under_init_and_pid_1_without),
		test(process__init_reaps_orphans),
		test(process__init_ends_with_the_command_and_takes_all_along),
		test(process__signals_are_forwarded),
		test(process__a_signal_to_the_group_stays_inside),
		test(process__stop_signal_replaces_term_at_the_timeout),
		test(process__dies_with_its_supervisor),
		test(process__status_fd_tells_the_story),
		test(process__pidfile_is_written_and_removed),
		test(process__timings_name_every_stage),
		test(process__no_descriptor_leaks_in),
		test(process__preserve_fds_hands_on_exactly_those),
		test(process__own_binary_is_out_of_reach),
		test(process__stdin_is_inherited),
		test(process__runs_side_by_side),
		test(process__capabilities_and_no_new_privs),
	};

	return harness_main("process", tests, sizeof(tests) / sizeof(tests[0]));
}
