/* Exact messages and exit statuses: what a user reads when something cannot be. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

#define MAP_HINT                                                                                   \
	"hint: CONTAINER:HOST:COUNT, where host id 0 is the caller, 1 the first subordinate id, "  \
	"and @H the id H of the host\n"
#define HELP_HINT "hint: `rootlet help run` explains its options\n"
#define CLONE	  "clone3 a process into its own user, pid, mnt, uts, ipc, net, cgroup namespaces: "

struct row {
	const char *script;
	int status;
	const char *error; /* all of standard error */
};

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct result *r = shell(rows[i].script);

		expect_error(r, rows[i].status, rows[i].error);
		/* WHAT: WHY on one line, then at most a hint */
		assert_true(strncmp(r->err, "rootlet: ", 9) == 0);
		assert_int_equal(r->out[0], 0);
	}
}
#define CHECK(...)                                                                                 \
	do {                                                                                       \
		static const struct row rows[] = {__VA_ARGS__};                                    \
		check(rows, sizeof(rows) / sizeof(rows[0]));                                       \
	} while (0)

static void messages__found_by_a_stranger(void **state)
{
	CHECK({"$R run -e PATH= / id", 127,
	       "rootlet: id: command not found: PATH= names no absolute directory\nhint: give its "
	       "path, or "
	       "set PATH with -e PATH=…\n"},
	      {"$R run --subuidname nosuchuser / true", 125,
	       "rootlet: --subuidname: nosuchuser has no range in /etc/subuid\nhint: /etc/subuid "
	       "and "
	       "/etc/subgid list who has ranges\n"},
	      {"mkdir r; $R run --overlay=./r/o ./r true", 125,
	       "rootlet: --overlay: its directory lies inside ROOT, which it is to leave "
	       "untouched\nhint: name "
	       "a directory beside ROOT\n"},
	      {"$R run --status-fd 9 / true", 125,
	       "rootlet: --status-fd 9: the descriptor is not open\nhint: open it, as in the "
	       "shell's "
	       "9>FILE\n"},
	      {"$R run --device /etc/passwd / true", 125,
	       "rootlet: open /etc/passwd (a device) (asked for: --device /etc/passwd): it is not "
	       "the device "
	       "that it should be\n"});
	expect_out(shell("$R run --status-fd 3 / nosuchcommand 3>st 2>/dev/null; tail -n 1 st; "
			 "mkfifo ff; echo A=1 >ff & $R run --env-file ff / sh -c 'echo $A'; wait"),
		   "{\"event\":\"failed\",\"status\":127,\"id\":\"command-not-found\"}\n1\n");
}

/* Data that could not be written is a failure; a reader that has left is no matter for words. */
static void messages__standard_output_is_full(void **state)
{
	static const char *const commands[] = {
		"help",	   "--help",	      "help run",    "run --help",
		"version", "completion bash", "plan / true", "plan --format json / true",
		"doctor",  "explain",	      "demo --list",
	};
	char script[128];

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		snprintf(script, sizeof(script), "$R %s >/dev/full", commands[i]);
		expect_error(shell(script), 125,
			     "rootlet: standard output: No space left on device\n");
		snprintf(script, sizeof(script),
			 "trap '' PIPE; { sleep 0.1; $R %s; echo $? >&2; } | true", commands[i]);
		expect_error(shell(script), 0, "125\n");
	}
}

static void messages__bad_flags(void **state)
{
	CHECK({"$R demo --no-pause", 125,
	       "rootlet: demo: --no-pause: name a demonstration, or all\n"
	       "hint: `rootlet demo --list` names them; rootlet help demo\n"},
	      {"$R explain nosuch:/etc/passwd", 125,
	       "rootlet: container \"nosuch\": there is none with this name or id\n"
	       "hint: `rootlet ps -a` lists them\n"},
	      {"$R run --foo / true", 125,
	       "rootlet: --foo: rootlet run has no such option\nhint: rootlet help run lists "
	       "them\n"},
	      {"$R run --nam / true", 125,
	       "rootlet: --nam: rootlet run has no such option\nhint: did you mean --name?\n"},
	      {"$R run -Z / true", 125,
	       "rootlet: -Z: rootlet run has no such option\nhint: rootlet help run lists them\n"},
	      {"$R run --timeout x / true", 125,
	       "rootlet: --timeout x: not a number of seconds from 0 to 2147483647\n" HELP_HINT},
	      {"$R run --umask 9 / true", 125,
	       "rootlet: --umask 9: not an octal number from 0 to 0777\n" HELP_HINT},
	      {"$R run --userns foo / true", 125,
	       "rootlet: --userns foo: is no such mode\nhint: use ranges, single, "
	       "keep-id[:uid=U,gid=G] or ns:PATH\n"},
	      {"$R run --tty / true", 125,
	       "rootlet: --tty: standard input is not a terminal\nhint: leave -t out in scripts "
	       "and "
	       "pipes; -i alone hands the pipe in\n"},
	      {"$R run", 125,
	       "rootlet: ROOT: none was given\nhint: name a directory that begins with / or . "
	       "(rootlet run ./debian bash), or / for the host's own files\n"},
	      {"$R run image true", 125,
	       "rootlet: image: names an image, and images are not available yet\nhint: a "
	       "directory begins with / or .: ./image if that is meant\n"},
	      {"$R run --uts host -h box / true", 125,
	       "rootlet: --hostname: the UTS namespace is the host's\nhint: --uts private gives it "
	       "one of its own\n"},
	      {"$R run --overlay / true", 125,
	       "rootlet: --overlay: does not go with ROOT /, which is always read-only\n"
	       "hint: bind what the command may write, for example -v \"$PWD\", or give a "
	       "directory as ROOT\n"},
	      {"$R run --preserve-fds 1 / true", 125,
	       "rootlet: --preserve-fds 1: descriptor 3 is not open\nhint: it hands on descriptors "
	       "3 to 3: open them all, as in the shell's 3<FILE\n"});
}

static void messages__malformed_maps(void **state)
{
	CHECK({"$R run --uidmap a:0:1 / true", 125,
	       "rootlet: --uidmap a:0:1: the container's id is not a number from 0 to "
	       "4294967294\n" MAP_HINT},
	      {"$R run --uidmap 0:-1:1 / true", 125,
	       "rootlet: --uidmap 0:-1:1: the host's id is not a number from 0 to "
	       "4294967294\n" MAP_HINT},
	      {"$R run --uidmap 0:0:0 / true", 125,
	       "rootlet: --uidmap 0:0:0: the count is not a number from 1 to "
	       "4294967295\n" MAP_HINT},
	      {"$R run --uidmap 0:0:1:2 / true", 125,
	       "rootlet: --uidmap 0:0:1:2: the count is not a number from 1 to "
	       "4294967295\n" MAP_HINT},
	      {"$R run --gidmap '' / true", 125,
	       "rootlet: --gidmap \"\": there is no host id\n" MAP_HINT});
}

static void messages__overlapping_ranges(void **state)
{
	CHECK({"$R run --uidmap 0:0:2 --uidmap 1:5:3 / true", 125,
	       "rootlet: --uidmap 0:0:2 and 1:5:3: both map the inside ids 1-1\n"
	       "hint: an id may stand in one line only, on either side (user_namespaces(7))\n"},
	      {"$R run --uidmap 0:0:2 --uidmap 5:1:3 / true", 125,
	       "rootlet: --uidmap 0:0:2 and 5:1:3: both map the outside ids 1-1\n"
	       "hint: an id may stand in one line only, on either side (user_namespaces(7))\n"});
}

static void messages__a_range_larger_than_granted(void **state)
{
	CHECK({"$R run --uidmap 0:0:4000000000 / true", 125,
	       "rootlet: --uidmap 0:0:4000000000: asks for host ids 0 to 3999999999, but only 0 to "
	       "$SUBCOUNT are granted\n"
	       "hint: 0 is your own id, 1 to $SUBCOUNT are your subordinate ids (/etc/subuid); an "
	       "absolute host id is written @ID\n"},
	      {"$R run --uidmap 0:@0:1 / true", 125,
	       "rootlet: uid map: host id 0 is neither yours nor among your subordinate ids\n"
	       "hint: /etc/subuid lists what is granted to you\n"});
}

static void messages__commands(void **state)
{
	CHECK({"$R run / nosuchcmd", 127,
	       "rootlet: nosuchcmd: command not found in "
	       "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
	       "hint: give its path, or set PATH with -e PATH=…\n"},
	      {"$R run --no-init / nosuchcmd", 127,
	       "rootlet: nosuchcmd: command not found in "
	       "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
	       "hint: give its path, or set PATH with -e PATH=…\n"},
	      {"$R run / /no/such", 127,
	       "rootlet: /no/such: there is no such file inside\nhint: check the spelling; what of "
	       "the host shall be visible in a container is mounted with run -v\n"},
	      {"PATH=/nope $R unshare id", 127,
	       "rootlet: id: command not found in /nope\nhint: give its path, or set PATH with -e "
	       "PATH=…\n"},
	      {"$R run / /etc/passwd", 126,
	       "rootlet: /etc/passwd: it may not be executed: no x bit for this user, a directory "
	       "on the way that it may not search, or a noexec mount\n"
	       "hint: chmod +x it, or look at `findmnt -T` on it\n"});
}

static void messages__the_interpreter_is_missing(void **state)
{
	static const char *const inits[] = {"", "--no-init "};

	for (int i = 0; i < 2; i++) {
		char script[256];

		snprintf(script, sizeof(script),
			 "printf '#!/nowhere/sh\\n' >s; chmod +x s; $R run %s-v $T / $T/s",
			 inits[i]);
		expect_error_has(shell(script), 127,
				 "not the interpreter of its first line, or its dynamic loader");
		snprintf(script, sizeof(script),
			 "mkdir -p r; printf '\\177ELFnothing' >r/z; chmod +x r/z; $R run %s./r /z",
			 inits[i]);
		expect_error_has(shell(script), 126,
				 "neither a program for this kind of machine nor a script");
	}
}

static void messages__sources(void **state)
{
	CHECK({"$R run -v ./nope:/mnt / true", 125,
	       "rootlet: open ./nope (asked for: -v ./nope:/mnt): ./nope does not exist\nhint: "
	       "make it, or check the spelling: ls .\n"},
	      {"$R run -v /nope / true", 125,
	       "rootlet: open /nope (asked for: -v /nope): /nope does not exist\nhint: make it, or "
	       "check the spelling: ls /\n"},
	      {"$R run -v d:/mnt / true", 125,
	       "rootlet: -v d:/mnt: the source \"d\" begins with neither / nor .\nhint: there are "
	       "no named volumes: write ./d for a directory here\n"},
	      {"$R run --device /dev/nope / true", 125,
	       "rootlet: open /dev/nope (a device) (asked for: --device /dev/nope): /dev/nope does "
	       "not "
	       "exist\nhint: make it, or check the spelling: ls /dev\n"},
	      {"mkdir d; $R run -v ./d:/etc/newplace / true", 125,
	       "rootlet: bind ./d → /etc/newplace (recursive, nosuid, nodev): the mount point is "
	       "missing, and the root is read-only\n"
	       "hint: make it in the root beforehand, or mount a --tmpfs above it\n"});
}

/* Each had a bare errno, or nothing to do about it. */
static void messages__have_a_way_out(void **state)
{
	CHECK({"$R run --pidfile /nope/pf / true", 125,
	       "rootlet: --pidfile /nope/pf: its directory does not exist\nhint: make it first: "
	       "mkdir "
	       "-p /nope\n"},
	      {"$R run --pidfile / / true", 125,
	       "rootlet: --pidfile /: it is a directory\nhint: name a file\n"},
	      {"$R run --pidfile /etc/passwd / true", 125,
	       "rootlet: --pidfile /etc/passwd: you may not write it\nhint: name a file in a "
	       "directory of your own, such as $XDG_RUNTIME_DIR\n"},
	      {"$R run -w /etc/passwd / true", 125,
	       "rootlet: go to /etc/passwd: it is not a directory\nhint: give -w a directory "
	       "inside "
	       "the container\n"},
	      {"$R unshare --join 4194999 true", 125,
	       "rootlet: --join 4194999: there is no such process\nhint: give a pid as the host "
	       "counts them: `ps -ef` lists them\n"},
	      {"$R run -v /etc:/sys/x / true", 125,
	       "rootlet: bind /etc → /sys/x (recursive, nosuid, nodev): there is no such path, and "
	       "nothing can be made in /sys: what it shows is the kernel's\nhint: mount it "
	       "somewhere "
	       "else\n"});
}

/* user_namespaces(7): mapping user 0 on takes CAP_SETFCAP. */
static void messages__a_nested_start_names_the_capability(void **state)
{
	static const char script[] =
		"$R run --cap-drop ALL %s --security-opt unmask=ALL -v $R / $R run --log-level "
		"error --uts host / echo in";
	char text[256];

	snprintf(text, sizeof(text), script, "");
	expect_error_has(shell(text), 125, "only a process with CAP_SETFCAP map user 0");
	/* both ways out of the hint */
	snprintf(text, sizeof(text), script, "--cap-add SETFCAP");
	expect_out(shell(text), "in\n");
	snprintf(text, sizeof(text), script, "-u 1000");
	expect_out(shell(text), "in\n");
}

static void messages__a_device_in_a_volume(void **state)
{
	static const char note[] = "a device in a volume cannot be opened (nodev): use --device "
				   "PATH, or the volume's option dev\n";
	const struct result *r;

	expect_contains(shell("$R run -v /dev/zero:/tmp/z / sh -c '! head -c 1 /tmp/z' 2>&1"),
			note);
	expect_contains(shell("$R run -v /dev:/dev / true 2>&1"), note);
	r = shell("$R run -v /dev/zero:/tmp/z:dev / sh -c 'head -c 2 /tmp/z | wc -c' 2>&1; "
		  "$R run -v /dev/shm:/mnt / echo fine 2>&1");
	expect_out(r, "2\nfine\n");
}

/* What each level adds. */
static void messages__levels(void **state)
{
	expect_out(shell("for l in error warn; do $R run --log-level $l / true 2>&1; done"), "");
	expect_out(shell("$R run --log-level info / true 2>&1 | sed 's/[0-9][0-9]*/N/'"),
		   "run: N steps, the last: exec the init, which runs true\n");
	expect_out(
		shell("$R run --log-level debug / true 2>&1 | grep -c '^[A-Z]*  *[a-z/]' >n; "
		      "[ $(cat n) = $($R plan --format json / true | grep -c '\"op\":') ] && "
		      "echo every step; $R unshare --log-level debug --log-format json true 2>&1 | "
		      "grep -c '^{\"level\":\"debug\",\"msg\":\"CLONE '"),
		"every step\n1\n");
}

/* Never a bare errno text. */
static void messages__kinds_that_do_not_fit(void **state)
{
	static const char *const scripts[] = {
		"$R run -v /etc/passwd:/tmp / true",
		"$R run -v /etc:/etc/passwd / true",
		"$R run --tmpfs /etc/passwd / true",
		"mkdir r; touch r/proc; $R run ./r true",
	};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		const struct result *r = shell(scripts[i]);

		expect_error_has(r, 125, "director");
		assert_null(strstr(r->err, "Invalid argument"));
	}
}

static void messages__roots(void **state)
{
	CHECK({"$R run ./nope true", 125,
	       "rootlet: open ./nope (a directory): ./nope does not exist\nhint: make it, or check "
	       "the spelling: ls .\n"},
	      {"touch f; $R run ./f true", 125,
	       "rootlet: open ./f (a directory): ./f is not a directory\n"
	       "hint: ROOT is a directory with a root file system in it: unpack an archive first "
	       "(rootlet unshare tar -xpf FILE -C DIR); a program of the host comes after it: "
	       "rootlet run / COMMAND\n"},
	      {"ln -s loop loop; $R run ./loop true", 125,
	       "rootlet: open ./loop (a directory): its symlinks go round in a circle\nhint: "
	       "`namei "
	       "./loop` shows each of them\n"});
	if (shell("[ -d /srv ] && [ ! -w /srv ] && [ ! -e /srv/proc ]")->status == 0)
		CHECK({"$R run /srv true", 125,
		       "rootlet: put the new proc on /proc: the mount point is missing, and the "
		       "container's root may "
		       "not write there: the directory belongs to an id that is not mapped\n"
		       "hint: make it beforehand, or use --overlay\n"});
}

static void messages__a_root_without_proc_gets_one(void **state)
{
	expect_out(shell("mkdir r; B=; for d in bin lib lib32 lib64 sbin usr; do [ -e /$d ] && "
			 "B=\"$B -v /$d:/$d:ro\"; done; "
			 "$R run $B ./r sh -c '[ -e /proc/self ] && echo proc'; stat -c %F r/proc"),
		   "proc\ndirectory\n");
}

static void messages__a_root_out_of_reach(void **state)
{
	if (shell("[ \"$(stat -c '%u %a' /root)\" = '0 700' ]")->status)
		skip_because("/root is not 0700 on this host");
	expect_error(shell("$R run /root/x true"), 125,
		     "rootlet: open /root/x (a directory): /root lets you not through: it belongs "
		     "to user 0 and has mode 0700\n"
		     "hint: chmod o+x /root, or use a path that you may search\n");
	expect_error_has(shell("$R run /root true"), 125, "the mapped root may not enter the root");
}

/* A limit is named as what it is: the kernel's ENOSPC speaks of disks. */
static void messages__namespace_limits(void **state)
{
	need_program("unshare");
#define LIMITED(name)                                                                              \
	"unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_" name "_namespaces; $R run / true'"
	CHECK({LIMITED("user"), 125,
	       "rootlet: " CLONE
	       "user namespaces are limited to none (user.max_user_namespaces = 0)\n"
	       "hint: sysctl user.max_user_namespaces=65536\n"},
	      {LIMITED("net"), 125,
	       "rootlet: " CLONE
	       "the limit of net namespaces is reached (user.max_net_namespaces = 0)\n"
	       "hint: sudo sysctl user.max_net_namespaces=65536; those in use: `lsns -t net`\n"},
	      {LIMITED("pid"), 125,
	       "rootlet: " CLONE
	       "the limit of pid namespaces is reached (user.max_pid_namespaces = 0)\n"
	       "hint: sudo sysctl user.max_pid_namespaces=65536; those in use: `lsns -t pid`\n"});
}

static void messages__users(void **state)
{
	CHECK({"$R run -u nosuch / true", 125,
	       "rootlet: look up at start: nosuch: the root's /etc/passwd has no such user\nhint: "
	       "give the user by number: -u UID:GID\n"},
	      {"$R run -u 5:nosuch / true", 125,
	       "rootlet: look up at start: 5:nosuch: the root's /etc/group has no such "
	       "group\nhint: give the group by number: -u UID:GID\n"},
	      {"$R run --userns single -u daemon / true", 125,
	       "rootlet: become the user that was looked up: the id has no place in the map\n"
	       "hint: `--userns ranges` maps 65536 ids; `--uidmap` says which\n"});
}

static void messages__settings(void **state)
{
	CHECK({"$R run --sysctl kernel.panic=1 / true", 125,
	       "rootlet: --sysctl kernel.panic: belongs to the whole machine, no namespace has its "
	       "own\n"
	       "hint: a container can set net.*, user.*, fs.mqueue.*, kernel.shm*, kernel.msg* and "
	       "kernel.sem\n"},
	      {"$R run --sysctl net.ipv4.nope=1 / true", 125,
	       "rootlet: write 1 to /proc/sys/net/ipv4/nope: this kernel has no such "
	       "setting\nhint: `sysctl -a` lists those of the host\n"},
	      {"$R run -w /nope / true", 125,
	       "rootlet: go to /nope: there is no such directory inside\nhint: make it in the "
	       "root, mount it with -v, or choose another with -w\n"},
	      {"$R run --ulimit foo=1 / true", 125,
	       "rootlet: --ulimit foo=1: \"foo\" is no resource limit\n"
	       "hint: as, core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, "
	       "rss, rtprio, rttime, sigpending, stack\n"});
}

static void messages__as_json(void **state)
{
	expect_error(shell("$R run --log-format json -w /nope / true"), 125,
		     "{\"level\":\"error\",\"msg\":\"go to /nope: there is no such directory "
		     "inside\",\"hint\":\"make it in the "
		     "root, mount it with -v, or choose another with "
		     "-w\",\"id\":\"workdir-missing\"}\n");
}

/* Nothing from the command line can write control sequences to the terminal. */
static void messages__control_characters_are_shown_not_sent(void **state)
{
	const struct result *r = shell("$R run -v $'./a\\e[31m\\nb:/mnt' / true");

	expect_status(r, 125);
	assert_null(strchr(r->err, '\033'));
	assert_non_null(strstr(r->err, "\\x1b[31m\\x0ab"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(messages__found_by_a_stranger),
		test(messages__standard_output_is_full),
		test(messages__bad_flags),
		test(messages__malformed_maps),
		test(messages__overlapping_ranges),
		test(messages__a_range_larger_than_granted),
		test(messages__commands),
		test(messages__the_interpreter_is_missing),
		test(messages__sources),
		test(messages__kinds_that_do_not_fit),
		test(messages__have_a_way_out),
		test(messages__a_nested_start_names_the_capability),
		test(messages__a_device_in_a_volume),
		test(messages__levels),
		test(messages__roots),
		test(messages__a_root_without_proc_gets_one),
		test(messages__a_root_out_of_reach),
		test(messages__namespace_limits),
		test(messages__users),
		test(messages__settings),
		test(messages__as_json),
		test(messages__control_characters_are_shown_not_sent),
	};

	return harness_main("messages", tests, sizeof(tests) / sizeof(tests[0]));
}
