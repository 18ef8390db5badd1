/* A further command in a container: that it is in all of the container's namespaces, and that what
 * it gets and what holds it is what the container's own command has, in every variant of run. The
 * gates' exec halves are gate_exec.c's; its terminal tty.c's. */
#include "life.h"

#include "seal.h"

#include <stdlib.h>
#include <string.h>

/* What a process has, as text. TERM is the starter's each time. */
#define LOOK                                                                                       \
	"cat >look <<'END'\n"                                                                      \
	"grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|Sig(Blk|Ign))' /proc/self/status\n"      \
	"for n in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$n; done\n"      \
	"cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups /proc/self/cgroup\n"       \
	"cat /proc/self/limits /proc/self/oom_score_adj /proc/self/mountinfo; umask; pwd\n"        \
	"hostname; env | grep -v -e ^TERM= -e ^SHLVL= -e ^_= | sort\n"                             \
	"for f in /proc/self/fd/*; do echo ${f##*/}; done\n"                                       \
	"unshare -U true 2>&1; mkdir /usr/x 2>&1 | tail -c 30; touch /tmp/t && rm /tmp/t\n"        \
	"cat /etc/shadow /root/.x 2>&1; true\n"                                                    \
	"END\n"

static const char *const variants[] = {
	"",
	"--cap-add ALL",
	"--cap-drop ALL",
	"--cap-add NET_ADMIN --cap-add SYS_PTRACE --cap-drop CHOWN",
	"--cap-drop ALL --cap-add SETUID",
	"--privileged",
	"--privileged -u 5",
	"-u 5",
	"-u 5:6 --cap-add NET_RAW",
	"-u nobody",
	"--userns keep-id",
	"--userns keep-id --cap-add NET_RAW",
	"--userns keep-id:uid=7,gid=8",
	"--userns single",
	"--userns single --privileged",
	"--uidmap 0:1:1000 --gidmap 0:1:1000",
	"--uidmap 0:0:1 --uidmap 5:1:10 -u 7",
	"--group-add 9",
	"--group-add keep-groups",
	"--security-opt no-new-privileges=false",
	"--security-opt seccomp=unconfined",
	"--security-opt seccomp=allow.json",
	"--security-opt seccomp=p.json",
	"--privileged --security-opt seccomp=p.json",
	"--security-opt landlock",
	"--disable-userns",
	"--disable-userns --privileged",
	"--umask 0077",
	"--ulimit nofile=50:60 --ulimit core=0",
	"-w /usr",
	"-e A=b -e EMPTY= --hostname box",
	"--no-init",
	"--pid host",
	"--network host",
	"--ipc host --uts host",
	"--cgroupns host",
	"--network host --ipc host --uts host --pid host --cgroupns host",
	"--boottime 1000",
	"--read-only --tmpfs /opt",
};
enum { VARIANTS = sizeof(variants) / sizeof(variants[0]) };

#define PROFILE                                                                                    \
	"echo '{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"mkdir\", "    \
	"\"mkdirat\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 44}]}' >p.json; "

static void exec__has_what_the_containers_command_has(void **state)
{
	char script[8192];

	for (size_t i = 0; i < VARIANTS; i++) {
		snprintf(script, sizeof(script),
			 "O='%s'; " LOOK PROFILE ALLOW_ALL
			 "$R run --log-level error -d --name a $O -v ./look:/tmp/look:ro / sh -c "
			 "'sh "
			 "/tmp/look; "
			 "echo END; exec sleep 60' >id; said a END; "
			 "decode stdout $(folder a)/log | sed '/^END$/d' >as.run; rm p.json "
			 "allow.json; "
			 "$R exec a sh /tmp/look >as.exec 2>&1; [ $(wc -l <as.run) -gt 60 ] || cat "
			 "as.run; "
			 "diff as.run as.exec && echo same || echo \"$O\"; $R rm -f a; left",
			 variants[i]);
		expect_out(life(script), "same\na\n");
	}
}

static void exec__is_in_all_namespaces_and_none_of_the_hosts(void **state)
{
	expect_out(
		life("$R run -d --name a / sleep 60 >id; $R exec a sleep 61 & "
		     "until_ 'e=$(pgrep -u 0,$(id -u) -x -f \"sleep 61\")'; p=$(first a); "
		     "for n in cgroup ipc mnt net pid user uts; do "
		     "[ $(readlink /proc/$e/ns/$n) = $(readlink /proc/$p/ns/$n) ] && "
		     "[ $(readlink /proc/$e/ns/$n) != $(readlink /proc/self/ns/$n) ] || echo $n; "
		     "done; [ \"$(cat /proc/$e/cgroup)\" = \"$(cat /proc/$p/cgroup)\" ] || echo "
		     "cgroup; $R rm -f a; wait; left"),
		"a\n");
}

static void exec__options_of_its_own(void **state)
{
	expect_out(
		life("mkdir -p r/etc r/home; printf 'root:x:0:0::/root:/bin/sh\\n"
		     "me:x:11:12::/home:/bin/sh\\n' >r/etc/passwd; printf 'mine:x:12:\\n"
		     "more:x:13:me\\n' >r/etc/group; for d in bin lib lib32 lib64 sbin usr; do "
		     "[ -e /$d ] && B=\"$B -v /$d:/$d:ro\"; done; "
		     "$R run -d $B -e A=run -e B=run -u 3 -w /etc --name a ./r sleep 60 >id; "
		     "$R exec a sh -c 'id -u; id -g; pwd; echo $A $B'; "
		     "$R exec -e A=exec -e C=c -w /usr a sh -c 'pwd; echo $A $B $C'; "
		     "$R exec -u me a sh -c 'id -u; id -g; id -G; echo $HOME'; "
		     "$R exec -u me:mine a id -g; $R exec -u 0 a id -u; $R exec -u 1:2 a id -g; "
		     "printf 'me:x:21:22::/:\\n' >r/etc/passwd; $R exec -u me a id -u; "
		     "$R rm -f a; left"),
		"3\n0\n/etc\nrun run\n/usr\nexec run c\n11\n12\n12 13\n/home\n12\n0\n2\n21\na\n");
}

static void exec__privileged_is_for_this_command_alone(void **state)
{
	expect_out(life("$R run -d --name a / sleep 60 >id; c() { $R exec $1 a grep -E "
			"'^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status; }; c >before; "
			"c --privileged | tr '\\n' ' '; echo; c | diff before - && echo as before; "
			"$R rm -f a; left"),
		   "CapEff:\t000001ffffffffff CapBnd:\t000001ffffffffff NoNewPrivs:\t0 \n"
		   "as before\na\n");
}

static void exec__statuses(void **state)
{
	static const struct {
		const char *what;
		int status;
	} rows[] = {
		{"a true", 0},
		{"a sh -c 'exit 9'", 9},
		{"a sh -c 'kill -KILL $$'", 137},
		{"a sh -c 'kill -TERM $$'", 143},
		{"a no-such-command", 127},
		{"a /etc/passwd", 126},
		{"a /nowhere/x", 127},
		{"-w /nowhere a true", 125},
		{"-u nosuch a true", 125},
		{"-u 2147483648 a true", 125},
		{"-d a no-such-command", 127},
		{"-d a /etc/passwd", 126},
		{"-d a true", 0},
		{"-d -w /nowhere a true", 125},
		{"nosuch true", 125},
		{"../a true", 125},
		{"a", 125},
		{"--no-such-option a true", 125},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char script[512];

		snprintf(script, sizeof(script),
			 "$R run -d --name a / sleep 60 >id; $R exec %s; s=$?; "
			 "$R rm -f a >id; left; exit $s",
			 rows[i].what);
		expect_status(life(script), rows[i].status);
	}
}

static void exec__streams_and_signals(void **state)
{
	const struct result *r = life(
		"$R run -d --name a / sleep 60 >id; echo in | $R exec a sh -c 'cat; echo out; "
		"echo err >&2'; "
		"head -c 3000000 /dev/zero | $R exec a cat | wc -c; "
		"$R exec a sh -c 'trap \"echo got; exit 5\" TERM; echo up; sleep 60 & wait' "
		">out & p=$!; until_ 'grep -q up out'; kill -TERM $p; wait $p; echo $?; cat out; "
		"yes | $R exec a true; echo $?; $R exec a yes | head -1; $R rm -f a; left");

	expect_error(r, 0, "err\n");
	expect_out(r, "in\nout\n3000000\n5\nup\ngot\n0\ny\na\n");
}

static void exec__into_what_does_not_live(void **state)
{
	const struct result *r =
		life("$R run -d --name a / sh -c 'exit 3' >id; $R wait a; $R exec a true; echo $?; "
		     "$R exec -d a true; echo $?; $R rm a; left");

	expect_error(r, 0,
		     "rootlet: a: is not running\nhint: `rootlet start a` runs it again\n"
		     "rootlet: a: is not running\nhint: `rootlet start a` runs it again\n");
	expect_out(r, "3\n125\n125\na\n");
}

/* The container ends while the command runs: the command ends with it, and exec says so. */
static void exec__ends_with_the_container(void **state)
{
	expect_out(life("for how in '$R kill a' 'kill -KILL $(monitor a)' 'kill -KILL $(first a)' "
			"'$R stop -t 0 a' '$R rm -f a'; do "
			"$R run -d --name a / sleep 60 >id; $R exec a sh -c 'echo up; sleep 61 & "
			"exec sleep 61' >out & p=$!; until_ 'grep -q up out'; eval \"$how\" >id; "
			"wait $p; echo $?; until_ '! pgrep -x -f \"sleep 61\" >id'; "
			"$R rm -f a >id; done; left"),
		   "137\n137\n137\n137\n137\n");
}

/* exec is killed: its command goes with it. What that had left in the background stays, as after an
 * ordinary end, and so does the container. */
static void exec__killed_by_sigkill_takes_its_command_along(void **state)
{
	static const char *const options[] = {"", "-u 5", "--privileged"};
	char script[1024];

	for (int i = 0; i < 3; i++) {
		snprintf(script, sizeof(script),
			 "$R run -d --name a / sleep 60 >id; $R exec %s a sh -c 'echo up; exec "
			 "sleep "
			 "61' >out & p=$!; until_ 'grep -q up out'; c=$(cat "
			 "/proc/$p/task/*/children); "
			 "[ -n \"$c\" ] && kill -KILL $p; gone $c && echo gone; "
			 "$R exec a echo still there; $R rm -f a; wait 2>id; left",
			 options[i]);
		expect_out(life(script), "gone\nstill there\na\n");
	}
}

static void exec__detached(void **state)
{
	const struct result *r = life(
		"$R run -d --name a -v $T:/mnt --tmpfs /opt / sleep 60 >id; "
		"out=$($R exec -d a sh -c 'echo ran >/opt/file; sleep 61 & exec sleep 61'); "
		"echo \"<$out>\"; until_ '$R exec a cat /opt/file 2>id'; "
		"$R exec -d a sh -c 'exit 3'; echo $?; $R stop -t 1 a; "
		"until_ '! pgrep -x -f \"sleep 61\" >id'; number a status exit; $R rm a; left");

	expect_out(r, "<>\nran\n0\na\n143\na\n");
	assert_true(r->seconds < 5);
}

static void exec__many_at_once(void **state)
{
	expect_out(
		life("$R run -d --name a / sleep 60 >id; for i in $(seq 40); do $R exec a sh -c "
		     "'true & exit 7' & pids=\"$pids $!\"; done; for p in $pids; do wait $p; echo "
		     "$?; done >all; sort all | uniq -c | tr -s ' '; "
		     "$R exec a sh -c 'ls -d /proc/[0-9]*' | wc -l; $R rm -f a; left"),
		" 40 7\n3\na\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(exec__has_what_the_containers_command_has),
		test(exec__is_in_all_namespaces_and_none_of_the_hosts),
		test(exec__options_of_its_own),
		test(exec__privileged_is_for_this_command_alone),
		test(exec__statuses),
		test(exec__streams_and_signals),
		test(exec__into_what_does_not_live),
		test(exec__ends_with_the_container),
		test(exec__killed_by_sigkill_takes_its_command_along),
		test(exec__detached),
		test(exec__many_at_once),
	};

	return harness_main("exec", tests, sizeof(tests) / sizeof(tests[0]));
}
