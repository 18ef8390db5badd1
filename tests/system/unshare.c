/* rootlet unshare: the mapped root on the host's own files, a namespace a letter. */
#include "harness.h"

#include <stdio.h>

static void unshare__alone_is_a_user_namespace_only(void **state)
{
	expect_out(shell("h() { for n in user pid mnt uts ipc net cgroup; do echo $n $(readlink "
			 "/proc/self/ns/$n); done; }; h >a; "
			 "$R unshare sh -c 'for n in user pid mnt uts ipc net cgroup; do echo $n "
			 "$(readlink /proc/self/ns/$n); done' >b; "
			 "diff a b | sed -n 's/^> \\([a-z]*\\).*/\\1/p'"),
		   "user\n");
	expect_out(shell("$R unshare sh -c 'id -u; cat /proc/self/uid_map | tr -s \" \"'"),
		   "0\n 0 $UID 1\n 1 $SUB $SUBCOUNT\n");
}

static void unshare__takes_the_words_of_unshare_1(void **state)
{
	expect_out(shell("$R unshare -U --map-root-user id -u; $R unshare -Urn sh -c 'ls "
			 "/sys/class/net; id -u' | tail -1; $R unshare --user id -u"),
		   "0\n0\n0\n");
	expect_error_has(shell("$R unshare -Ur --userns keep-id true"), 125,
			 "rootlet: --map-root-user: another map of ids is asked for");
}

static void unshare__each_letter_adds_one(void **state)
{
	static const struct {
		const char *flag, *type;
	} rows[] = {{"-C", "cgroup"}, {"-i", "ipc"},  {"-m", "mnt"},	      {"-n", "net"},
		    {"-u", "uts"},    {"-T", "time"}, {"--cgroup", "cgroup"}, {"--net", "net"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char script[512], wanted[32];

		snprintf(script, sizeof(script),
			 "h() { for n in mnt uts ipc net cgroup time; do echo $n $(readlink "
			 "/proc/self/ns/$n); done; }; h >a; "
			 "$R unshare %s sh -c 'for n in mnt uts ipc net cgroup time; do echo $n "
			 "$(readlink /proc/self/ns/$n); done' >b; "
			 "diff a b | sed -n 's/^> \\([a-z]*\\).*/\\1/p'",
			 rows[i].flag);
		snprintf(wanted, sizeof(wanted), "%s\n", rows[i].type);
		expect_out(shell(script), wanted);
	}
}

static void unshare__pid_makes_pid_1_and_its_own_proc(void **state)
{
	expect_out(shell("$R unshare -p sh -c 'echo $$; cat /proc/1/comm; [ $(ls -d /proc/[0-9]* | "
			 "wc -l) -lt 6 ] && echo few'"),
		   "1\nsh\nfew\n");
	/* the host's /proc stays what it was */
	expect_out(shell("$R unshare -p true; [ -d /proc/$$ ] && echo same"), "same\n");
	expect_out(shell("$R unshare -p --init sh -c 'echo $$; cat /proc/1/comm'"),
		   "2\nrootlet-init\n");
}

static void unshare__net_has_loopback_up(void **state)
{
	expect_out(shell("$R unshare -n sh -c 'tail -n +3 /proc/net/dev | wc -l; ping -c 1 -W 5 "
			 "127.0.0.1 >/dev/null && echo up'"),
		   "1\nup\n");
}

static void unshare__uts_leaves_the_hosts_name(void **state)
{
	expect_out(shell("b=$(hostname); $R unshare -u sh -c 'hostname other; hostname'; [ "
			 "$(hostname) = $b ] && echo kept"),
		   "other\nkept\n");
}

static void unshare__mount_is_private(void **state)
{
	expect_out(shell("mkdir d; $R unshare -m sh -c 'mount -t tmpfs none d && touch d/x && ls "
			 "d'; ls d"),
		   "x\n");
}

static void unshare__all_letters_together(void **state)
{
	expect_out(shell("$R unshare -CimnpuT sh -c 'echo $$; id -u'"), "1\n0\n");
}

static void unshare__removes_and_chowns_what_containers_left(void **state)
{
	expect_out(shell("mkdir d; $R run -v ./d:/mnt / sh -c 'mkdir /mnt/sub; touch /mnt/sub/x; "
			 "chown -R 5:5 /mnt/sub; chmod 700 /mnt/sub'; "
			 "rm -rf d/sub 2>/dev/null; [ -e d/sub ] && echo 'not ours'; $R unshare rm "
			 "-rf d/sub; [ -e d/sub ] || echo removed"),
		   "not ours\nremoved\n");
	expect_out(shell("$R run -v ./d:/mnt / sh -c 'touch /mnt/y; chown 7:7 /mnt/y'; $R unshare "
			 "chown 0:0 d/y; stat -c '%u %g' d/y"),
		   "$UID $GID\n");
	expect_out(shell("touch d/z; $R unshare chown 3:4 d/z; $R unshare stat -c '%u %g' d/z"),
		   "3 4\n");
}

static void unshare__keeps_environment_directory_and_umask(void **state)
{
	expect_out(shell("umask 027; export KEPT=1; $R unshare sh -c 'echo $KEPT; pwd; umask'"),
		   "1\n$T\n0027\n");
}

static void unshare__the_shell_is_the_default_command(void **state)
{
	expect_out(shell("echo 'id -u' | SHELL=/bin/sh $R unshare"), "0\n");
}

static void unshare__says_what_each_flag_did(void **state)
{
	expect_error_has(shell("$R unshare -v -n -u true"), 0, "own user, uts, net namespaces");
	expect_error_has(shell("$R unshare -v -n -u true"), 0, "uts        a hostname that nobody");
	expect_error_has(shell("$R unshare -v -n -u true"), 0, "net        devices, addresses and");
	expect_error_has(shell("$R unshare -v -n -u true"), 0,
			 "the host's pid, mnt, ipc, cgroup, time\n");
	expect_error_has(shell("$R unshare -v true"), 0, "user       you are root inside");
	expect_error_has(
		shell("$R unshare -v --userns keep-id true 2>&1 | sed \"s/uid $(id -u) /uid "
		      "MINE /\" >&2"),
		0, "user       you are uid MINE inside, the same number as outside\n");
}

static void unshare__says_what_every_letter_did(void **state)
{
	static const char *const types[] = {"mnt", "uts", "ipc", "net", "pid", "cgroup", "time"};
	char script[200];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(script, sizeof(script),
			 "$R unshare -v -CimnpuT true 2>&1 | grep -c '^ *%s  *[a-z]'", types[i]);
		expect_out(shell(script), "1\n");
	}
}

static void unshare__its_plan_is_a_script_that_does_the_same(void **state)
{
	expect_out(
		shell("set -- -CinpuT --boottime 500 --hostname red sh -c 'hostname; echo $$; id "
		      "-u; cat /proc/self/uid_map; ls -d /proc/[0-9]* | wc -l; for n in user mnt "
		      "uts ipc net cgroup pid time; do readlink /proc/self/ns/$n | grep -qxFf "
		      "host && echo the host has $n; done'; "
		      "readlink /proc/self/ns/* | sort -u >host; "
		      "$R unshare \"$@\" >a; $R plan --format=sh unshare \"$@\" >go; sh go >b; "
		      "sed -n '1,2p' b; diff a b | grep '^[<>]' | grep -v '^[<>] [0-9]$'; wc -l "
		      "<b"),
		"red\n1\n6\n");
	expect_error(shell("$R plan --format=x unshare -p"), 125,
		     "rootlet: --format x: is none of text, json, sh\n"
		     "hint: `rootlet help plan` explains its options\n");
	expect_out(
		shell("$R plan --format json run / id >a; $R plan --format=json / id >b; cmp a b "
		      "&& $R plan run --format json / id | cmp - b"),
		"");
}

static void unshare__joins_the_namespaces_of_a_process(void **state)
{
	expect_out(shell("$R run --pidfile p / sleep 60 & for i in $(seq 500); do [ -s p ] && "
			 "break; sleep .01; done; P=$(cat p); "
			 "for n in user mnt uts ipc net cgroup pid; do "
			 "[ \"$($R unshare --join $P readlink /proc/self/ns/$n)\" = \"$(readlink "
			 "/proc/$P/ns/$n)\" ] || echo \"$n differs\"; done; "
			 "$R unshare --join $P id -u; kill -KILL $P; wait"),
		   "0\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(unshare__alone_is_a_user_namespace_only),
		test(unshare__takes_the_words_of_unshare_1),
		test(unshare__each_letter_adds_one),
		test(unshare__pid_makes_pid_1_and_its_own_proc),
		test(unshare__net_has_loopback_up),
		test(unshare__uts_leaves_the_hosts_name),
		test(unshare__mount_is_private),
		test(unshare__all_letters_together),
		test(unshare__removes_and_chowns_what_containers_left),
		test(unshare__keeps_environment_directory_and_umask),
		test(unshare__the_shell_is_the_default_command),
		test(unshare__says_what_each_flag_did),
		test(unshare__says_what_every_letter_did),
		test(unshare__its_plan_is_a_script_that_does_the_same),
		test(unshare__joins_the_namespaces_of_a_process),
	};

	return harness_main("unshare", tests, sizeof(tests) / sizeof(tests[0]));
}
