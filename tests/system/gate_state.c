/* The gates of the state on disk (docs/SECURITY.md): nobody is taken for somebody else (19), and
 * kill -9 at any moment leaves what the next command clears (26). Who else may look (18) is
 * gate_users.c's. */
#include "life.h"

#include <stdlib.h>
#include <string.h>

/* ---- 19 ---- */

/* The record names a process of the user's that is no container: it must never get a signal, nor be
 * entered. $v is the victim. */
static void gate_19_another_process_is_never_taken_for_the_container(void **state)
{
	static const char *const forgeries[] = {
		/* a reused pid: the number is somebody else's now */
		"s/\\\"pid\\\":[0-9]*,\\\"startTime\\\"/\\\"pid\\\":$v,\\\"startTime\\\"/",
		/* with its start time as well: the namespaces tell */
		"s/\\\"pid\\\":[0-9]*,\\\"startTime\\\":[0-9]*/"
		"\\\"pid\\\":$v,\\\"startTime\\\":$t/",
		"s/\\\"pid\\\":[0-9]*,\\\"startTime\\\"/\\\"pid\\\":1,\\\"startTime\\\"/",
		"s/\\\"startTime\\\":[0-9]*/\\\"startTime\\\":1/",
	};
	char script[2048];

	for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
		snprintf(script, sizeof(script),
			 "sleep 62 & v=$!; t=$(cut -d' ' -f22 /proc/$v/stat); "
			 "$R run -d --name a / sleep 60 >id; f=$(folder a)/process.json; p=$(first "
			 "a); "
			 "cp $f kept; sed \"%s\" kept >$f; cmp -s kept $f && echo not forged; "
			 "for c in 'kill a' 'kill -s TERM a' 'exec a touch /tmp/x' 'exec -d a "
			 "true'; do "
			 "$R $c >out 2>err && echo $c; [ -s out ] && cat out; done; $R stop -t 0 a "
			 ">id 2>&1; "
			 "[ -d /proc/$v ] && ! dead $v && echo the victim lives; "
			 "cp kept $f; [ -e $f ] && $R rm -f a; gone $p; kill $v; left",
			 forgeries[i]);
		expect_out(life(script), "the victim lives\na\n");
	}
}

static void gate_19_forged_files_are_refused_and_can_be_removed(void **state)
{
	static const char *const files[] = {"container.json", "process.json"};
	static const char *const forgeries[] = {": >$f",
						"head -c 40 kept >$f",
						"echo '{}' >$f",
						"echo '[' >$f",
						"sed 's/\"version\":1/\"version\":99/' kept >$f",
						"sed 's/\"id\":\"..../\"id\":\"ffff/' kept >$f",
						"truncate -s 100M $f",
						"rm $f; ln -s /etc/passwd $f",
						"rm $f; mkfifo $f",
						"rm $f; mkdir $f",
						"chmod 666 $f"};
	char script[2048];

	for (size_t i = 0; i < 2; i++)
		for (size_t n = 0; n < sizeof(forgeries) / sizeof(forgeries[0]); n++) {
			const struct result *r;

			snprintf(script, sizeof(script),
				 "$R run -d --name b / sleep 60 >id; $R run -d --name a / sleep 60 "
				 ">id; "
				 "d=$(folder a); f=$d/%s; p=$(first a); m=$(monitor a); cp $f "
				 "kept; %s; "
				 "timeout 5 $R exec a true >out 2>err; s=$?; [ $s = 125 ] || [ -n "
				 "'%s' -a $s = 0 ] || echo exec: $s; "
				 "timeout 5 $R ps -a >out || echo ps: $?; grep -qw b out || echo b "
				 "is hidden; "
				 "$R exec b echo b; timeout 20 $R rm -f a >out 2>&1 || cat out; [ "
				 "-e $d ] && "
				 "ls -la $d; kill -KILL $p $m 2>out; $R rm -f b; left",
				 files[i], forgeries[n],
				 strncmp(forgeries[n], "chmod", 5) ? "" : "x");
			r = life(script);
			if (strcmp(r->out, "b\nb\n") != 0 || r->status)
				fail_msg("%s: %s\n%s%s", files[i], forgeries[n], r->out, r->err);
			assert_true(r->seconds < 10);
		}
}

static void gate_19_names_that_lead_elsewhere(void **state)
{
	expect_out(
		life("mkdir -p victim; echo keep >victim/file; "
		     "$R run -d --name a / sleep 60 >id; h=$(printf 'f%.0s' $(seq 64)); "
		     "for n in ../a a/../a ./a /etc . .. '' 'a b' \"$(cat id)/x\" "
		     "../../victim $T/victim; do for c in 'rm -f' stop kill 'logs' inspect; do "
		     "$R $c \"$n\" >out 2>err; [ $? = 125 ] || { [ \"$c\" = 'rm -f' ] && ! [ -s "
		     "out ]; } "
		     "|| echo \"$c $n: $(cat out)\"; done; done; "
		     /* links in the store: to a folder elsewhere, to the container of another id */
		     "ln -s $T/victim $S/containers/$h; ln -s $h $S/names/z; ln -s ../../../victim "
		     "$S/names/y; ln -s $(cat id)/../../../../victim $S/names/x; "
		     "for n in z y x $h ${h:0:12}; do for c in 'rm -f' 'exec' stop; do "
		     "$R $c $n true >out 2>err; [ -s out ] && cat out; done; done; "
		     "$R ps -a >out; grep -c -w a out; cat victim/file; ls victim; "
		     "rm -f $S/containers/$h $S/names/[xyz]; $R rm -f a; left"),
		"1\nkeep\nfile\na\n");
	/* the store itself as a link, or open to others */
	expect_out(life("rm -rf $S; mkdir -m 700 else; ln -s $T/else $S; $R run -d / true >out "
			"2>&1; echo $?; ls "
			"else; rm $S; mkdir -m 777 $S; $R run -d --rm / true >out 2>err; echo $?; "
			"stat -c %a $S; until_ '[ -z \"$(left)\" ]'; left"),
		   "125\n125\n777\n");
}

/* ---- 26 ---- */

static struct holdings start_of(void)
{
	expect_status(life("$R run --name warm / true; $R rm warm >id; rm -f id"), 0);
	return holdings_count();
}

static void same(struct holdings before, const char *what)
{
	struct holdings now = holdings_count();

	if (now.mounts != before.mounts || now.children != before.children ||
	    now.fds != before.fds || now.cgroups != before.cgroups || now.files != before.files)
		fail_msg(
			"%s: mounts %d → %d, children %d → %d, fds %d → %d, cgroups %d → %d, files "
			"%d → %d",
			what, before.mounts, now.mounts, before.children, now.children, before.fds,
			now.fds, before.cgroups, now.cgroups, before.files, now.files);
}

/* Killed at a random moment; afterwards the ordinary commands clear what there is. A start goes on
 * without the command that asked for it (the monitor-to-be is a process of its own), so that may
 * take a moment. */
static void gate_26_killed_at_any_moment(void **state)
{
	static const char *const commands[] = {
		"$R run -d --name a / sleep 60",
		"$R run -d --rm --name a / sleep 60",
		"$R run --name a / sleep 0.01",
		"$R run -d --replace --name a / sleep 60",
		"$R rm -f a",
		"$R exec a true",
		"$R exec -d a sleep 60",
		"$R stop -t 0 a",
		"$R start a",
		"$R rename a c",
	};
	int rounds = getenv("ROOTLET_TEST_LONG") ? 1000 : 12;
	struct holdings before = start_of();
	char script[2048];

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		/* the killer's delay: from nothing to longer than the command takes */
		snprintf(
			script, sizeof(script),
			"for n in $(seq %d); do case '%s' in *--name*) ;; *start*) $R run -d "
			"--name a / "
			"sleep 60 >o; $R kill a >o;; *) $R run -d --name a / sleep 60 >o;; esac; "
			"%s >o 2>&1 & p=$!; sleep 0.0$(printf %%02d $((n * 997 %% 25))); "
			"kill -KILL $p 2>o; wait $p 2>o; "
			"until_ '$R rm -f a c >o 2>&1; $R run -d --name a / true >o 2>e' || cat e; "
			"until_ '$R rm -f a >o 2>e; [ -z \"$(left)\" ]' || { echo \"turn $n: left: "
			"$(left)\"; exit 1; }; "
			"done; rm -f o e",
			rounds, commands[i], commands[i]);
		expect_out(life(script), "");
		same(before, commands[i]);
	}
}

/* The monitor, or both, as soon as they are there and later. */
static void gate_26_killed_monitors(void **state)
{
	int rounds = getenv("ROOTLET_TEST_LONG") ? 1000 : 25;
	struct holdings before = start_of();
	char script[1024];

	snprintf(script, sizeof(script),
		 "for n in $(seq %d); do $R run -d --name a / sh -c 'sleep 60 & wait' >o; "
		 "p=$(first a); "
		 "m=$(monitor a); case $((n %% 3)) in 0) kill -KILL $m;; 1) kill -KILL $m $p;; "
		 "2) $R exec a sleep 60 & q=$!; sleep 0.0$((n %% 7)); kill -KILL $m $q; wait $q "
		 "2>o;; "
		 "esac; gone $p $m; $R rm a >o || exit 1; done; rm -f o; left",
		 rounds);
	expect_out(life(script), "");
	same(before, "monitors");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(gate_19_another_process_is_never_taken_for_the_container),
		test(gate_19_forged_files_are_refused_and_can_be_removed),
		test(gate_19_names_that_lead_elsewhere),
		test(gate_26_killed_at_any_moment),
		test(gate_26_killed_monitors),
	};

	return harness_main("gate_state", tests, sizeof(tests) / sizeof(tests[0]));
}
