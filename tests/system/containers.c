/* The commands for containers as a user meets them: what each prints, its messages, its JSON. How
 * containers live, end and race is tested elsewhere (detached.c, logs.c, exec.c, races.c). */
#include "life.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* Two containers, ended when the script ends: `web` runs and says a line on each stream, `job` is
 * over with status 3. */
#define TWO                                                                                        \
	"trap '$R rm -fa >/dev/null' EXIT; "                                                       \
	"$R run -d --name web / sh -c 'echo out; echo err >&2; exec sleep 60' >/dev/null; "        \
	"$R run -d --name job / sh -c 'echo hi; exit 3' >/dev/null; $R wait job >/dev/null; "

static json_object *json_of(const struct result *r)
{
	json_object *o = json_tokener_parse(r->out);

	if (!o) {
		print_error("%s\n%s", r->out, r->err);
		fail_msg("no JSON");
	}
	return o;
}

/* ---- ps ---- */

static void ps__lists_those_that_run_or_all(void **state)
{
	expect_out(life(TWO "$R ps | sed 's/^[0-9a-f]\\{12\\} /ID /; s/  */ /g; s/Less than a "
			    "second/1 second/g; s/[0-9] seconds*/N s/g'"),
		   "CONTAINER ID ROOT COMMAND CREATED STATUS NAMES\n"
		   "ID / sh -c echo out; echo err >&2;… N s ago Up N s web\n");
	expect_out(life("export LC_ALL=C.UTF-8; " TWO "$R ps -a | awk '{print $NF}'; $R ps -aq | "
			"grep -c '^[0-9a-f]\\{12\\}$'; $R ps -aq --no-trunc | grep -c "
			"'^[0-9a-f]\\{64\\}$'; $R ps -l -a | grep -c 'Exited (3) .* ago *job'"),
		   "NAMES\njob\nweb\n2\n2\n1\n");
}

static void ps__an_empty_store_is_an_empty_list(void **state)
{
	expect_out(life("$R ps -q; $R ps --format json; $R ps | wc -l; ls run"), "[\n]\n1\n");
}

static void ps__filters(void **state)
{
	expect_out(life(TWO "p() { $R ps --format json \"$@\" | grep -o '\"name\":\"[a-z]*\"'; }; "
			    "p -a --filter name=e; echo; p --filter status=exited; echo; "
			    "p --filter name=we --filter name=jo; echo; p -a --filter name=we "
			    "--filter name=jo; echo; p -a -f id=$($R ps -q); echo; "
			    "p -f status=running -f name=job; true"),
		   "\"name\":\"web\"\n\n\"name\":\"job\"\n\n\"name\":\"web\"\n\n"
		   "\"name\":\"job\"\n\"name\":\"web\"\n\n\"name\":\"web\"\n\n");
	expect_error(rootlet("ps", "--filter", "nam=x"), 125,
		     "rootlet: --filter nam=x: is no filter\n"
		     "hint: it is name=, status= or id= with something after it\n");
}

static void ps__json_has_the_documented_keys(void **state)
{
	static const char *const keys[] = {"id",      "name",	  "status",	 "root",
					   "command", "pid",	  "exit_status", "created",
					   "started", "finished", "broken"};
	json_object *all = json_of(life(TWO "$R ps -a --format json")), *job, *web, *value;

	assert_int_equal(json_object_array_length(all), 2);
	job = json_object_array_get_idx(all, 0);
	web = json_object_array_get_idx(all, 1);
	assert_int_equal(json_object_object_length(job), sizeof(keys) / sizeof(keys[0]));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_true(json_object_object_get_ex(job, keys[i], &value));
	assert_int_equal(json_object_get_int(json_object_object_get(job, "exit_status")), 3);
	assert_null(json_object_object_get(job, "pid"));
	assert_string_equal(json_object_get_string(json_object_object_get(web, "status")),
			    "running");
	assert_true(json_object_get_int(json_object_object_get(web, "pid")) > 1);
	assert_null(json_object_object_get(web, "finished"));
	json_object_put(all);
}

static void ps__fits_the_width_and_obeys_no_command(void **state)
{
	const struct result *r =
		life("export LC_ALL=C.UTF-8; trap '$R rm -fa >/dev/null' EXIT; "
		     "$R run -d --name a / sh -c $'sleep 60 # \\033[2J a rather long command "
		     "line' >/dev/null; "
		     "COLUMNS=80 $R ps | while IFS= read -r l; do [ ${#l} -le 80 ] || echo wide: "
		     "$l; done; $R ps --no-trunc | grep -c '\\\\x1b\\[2J a rather long command "
		     "line'; $R ps --no-trunc | grep -c $'\\033'; true");

	expect_contains(r, "1\n0\n");
	expect_absent(r, "wide");
}

static void ps__tells_of_what_was_killed_and_what_is_broken(void **state)
{
	const struct result *r =
		life(TWO "kill -9 $(monitor web); gone $(first web); echo x "
			 ">$(folder job)/container.json; $R ps -a; $R rm job && echo removed");

	expect_contains(r, "Lost: its monitor was killed");
	expect_contains(r, "Broken: ");
	expect_contains(r, "removed");
}

/* ---- the ends ---- */

static void stop__kill_wait_and_rm_print_what_they_did(void **state)
{
	expect_out(life(TWO "$R stop web job; $R wait web job; $R start web; $R kill -s "
			    "KILL web; $R wait web; $R rm job web; left"),
		   "web\njob\n143\n3\nweb\nweb\n137\njob\nweb\n");
}

#define STUBBORN                                                                                   \
	"trap '$R rm -fa >/dev/null' EXIT; for n in a b c; do $R run -d --name $n / sh -c 'trap "  \
	"\"\" TERM; echo ready; while :; do sleep 1; done' >/dev/null; said $n ready; done; "

/* Three that do not want to: two seconds for all of them, not for each. */
static void stop__times_do_not_add_up(void **state)
{
	expect_out(life(STUBBORN "b=$(date +%s%3N); $R stop -t 2 a b c a; t=$(($(date +%s%3N) - "
				 "b)); [ $t -ge 2000 ] && [ $t -lt 4000 ] || echo took $t; $R wait "
				 "a b c"),
		   "a\nb\nc\na\n137\n137\n137\n");
	expect_out(life(STUBBORN "b=$(date +%s%3N); $R rm -fa -t 2 | sort; t=$(($(date +%s%3N) - "
				 "b)); [ $t -ge 2000 ] && [ $t -lt 4000 ] || echo took $t; left"),
		   "a\nb\nc\n");
}

static void rm__gives_time_to_end(void **state)
{
	expect_out(
		life("trap '$R rm -fa >/dev/null' EXIT; mkdir d; for n in a b; do $R run -d "
		     "--name $n -v $T/d:/mnt / sh -c 'trap \"echo \\$0 bye >>/mnt/said; exit\" "
		     "TERM; echo ready; while :; do sleep .1; done' $n >/dev/null; said $n ready; "
		     "done; $R rm -f -t 60 a a nosuch; cat d/said; $R rm -f b; left"),
		"a\na\na bye\nb\n");
}

static void commands__go_on_after_a_failure(void **state)
{
	expect_out(life(TWO "$R rm nosuch web job 2>err; echo $?; cat err; left | wc -l; $R rm -f "
			    "nosuch web; echo $?; left"),
		   "job\n125\nrootlet: container \"nosuch\": there is none with this name or id\n"
		   "hint: `rootlet ps -a` lists them\nrootlet: web: is still running\n"
		   "hint: `rootlet stop web` first, or `rootlet rm -f web`\n2\nweb\n0\n");
	expect_out(life(TWO "$R kill job 2>&1; echo $?; $R stop nosuch 2>/dev/null; echo $?; $R "
			    "top job 2>/dev/null; echo $?"),
		   "rootlet: job: is not running\nhint: `rootlet ps -a` shows how it ended; "
		   "`rootlet start job` runs it again\n125\n125\n125\n");
}

static void commands__all_of_them(void **state)
{
	expect_out(life(TWO "$R stop -a -t 0; $R rm -a | sort; left"), "web\njob\nweb\n");
	expect_out(life(TWO "$R kill --all; $R rm --all | wc -l; left"), "web\n2\n");
}

static void commands__usage_errors(void **state)
{
	static const struct {
		const char *script, *error;
	} rows[] = {
		{"$R stop", "rootlet: stop: name a CONTAINER\n"
			    "hint: `rootlet help stop` explains its options\n"},
		{"$R rm -a x", "rootlet: rm: --all and names exclude each other\n"
			       "hint: `rootlet help rm` explains its options\n"},
		{"$R rm -t 1 x", "rootlet: rm: --time: it goes with --force only\n"
				 "hint: `rootlet help rm` explains its options\n"},
		{"$R rename a", "rootlet: rename: needs a CONTAINER and a NAME\n"
				"hint: `rootlet help rename` explains its options\n"},
		{"$R logs a b", "rootlet: logs: b: is a word too many\n"
				"hint: `rootlet help logs` explains its options\n"},
		{"$R kill -s NOPE a", "rootlet: --signal NOPE: there is no such signal\n"
				      "hint: `kill -l` lists them\n"},
		{"$R ps --no-trnc", "rootlet: --no-trnc: rootlet ps has no such option\n"
				    "hint: did you mean --no-trunc?\n"},
		{"$R logs --since yesterday a",
		 "rootlet: --since yesterday: is not a time\nhint: write how long ago, as 90s, "
		 "10m, 2h or 1d, or a date and time, as 2026-11-22T01:02:03Z\n"},
		{"$R cp a b", "rootlet: cp: neither side names a container\nhint: one of them is "
			      "CONTAINER:PATH, the other a path that begins with / or . or has no "
			      "colon\n"},
		{"$R cp a:x b:y", "rootlet: cp: both sides name a container\nhint: one of them is "
				  "CONTAINER:PATH, the other a path that begins with / or . or has "
				  "no colon\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_error(shell(rows[i].script), 125, rows[i].error);
}

static void prune__removes_what_has_ended(void **state)
{
	expect_out(life(TWO "id=$(readlink $S/names/job); $R prune -f | sed s/$id/job/; $R "
			    "ps -a --format json | grep -c '\"name\"'; $R prune -f"),
		   "job\n1\n");
}

static void prune__asks_before_it_removes(void **state)
{
	expect_out(life(TWO
			"$R prune </dev/null 2>&1; echo $?; echo n | $R prune 2>&1; echo $?; $R ps "
			"-aq | wc -l; echo y | $R prune | wc -l; $R ps -aq | wc -l"),
		   "rootlet: prune: nobody is there to be asked: nothing was removed\n"
		   "hint: rootlet prune -f does not ask\n125\n"
		   "rootlet: prune: nothing was removed\n0\n2\n1\n1\n");
}

static void state__a_place_that_may_not_be_written_is_named(void **state)
{
	expect_error(
		shell("mkdir closed && chmod 500 closed && XDG_RUNTIME_DIR=$PWD/closed $R run -d "
		      "/ true 2>&1 | sed \"s,$PWD,PWD,g\" >&2; chmod 700 closed; exit 125"),
		125,
		"rootlet: make the folder PWD/closed/rootlet: Permission denied\n"
		"hint: you may not write in PWD/closed: `ls -ld` it; XDG_RUNTIME_DIR or "
		"--state-dir DIR name another place\n");
	expect_error(shell("$R --state-dir /nowhere/x ps 2>/dev/null; $R run --state-dir "
			   "/nowhere/x -d / "
			   "true"),
		     125,
		     "rootlet: make the folder /nowhere/x: No such file or directory\n"
		     "hint: make /nowhere first\n");
}

static void rename__gives_the_old_name_free(void **state)
{
	expect_out(life(TWO "$R rename job task; $R rename web task 2>&1 | sed "
			    "'s/[0-9a-f]\\{12\\}/ID/'; $R "
			    "rename task 'a b' 2>/dev/null; echo $?; $R rm task"),
		   "rootlet: name \"task\": container ID has it\nhint: choose another name, remove "
		   "that container (`rootlet rm task`), or put the new one in its place "
		   "(--replace)\n125\ntask\n");
}

/* ---- looked at ---- */

static void logs__apart_tailed_and_stamped(void **state)
{
	expect_out(life(TWO "said web err; $R logs web 2>/dev/null; $R logs web 2>&1 >/dev/null; "
			    "$R logs -n1 web 2>&1; $R logs -t job | sed "
			    "'s/^20..-..-..T..:..:..\\..*Z /T /'; $R logs --since 1d job; $R logs "
			    "--since 2199-01-01T00:00:00Z job"),
		   "out\nerr\nerr\nT hi\nhi\n");
}

static void logs__follow_to_the_end_across_rotations(void **state)
{
	/* The writer is never more than 8000 lines ahead: that is less than the megabyte that is
	 * kept beside the log. */
	expect_out(
		life("$R run -d --log-opt max-size=1m -v \"$PWD\" --name a / sh -c 'cd \"$0\"; "
		     "i=0; while [ $i -lt 60000 ]; do echo \"$i of many long lines of a talkative "
		     "program, so that the log turns over more than once\"; i=$((i+1)); [ $((i % "
		     "4000)) != 0 ] || until [ -e seen-$((i-4000)) ]; do sleep .01; done; done' "
		     "\"$PWD\" >/dev/null; $R logs -f a | (sleep 1; cat) | awk '$1 != n { print "
		     "\"lost\", n, $1; exit } n % 4000 == 0 { f = \"seen-\" (n + 0); printf \"\" "
		     ">f; "
		     "close(f) } { n++ } END { print n }'; ls $(folder a) | grep log; $R rm a"),
		"60000\nlog\nlog.1\na\n");
}

static void logs__a_reader_that_leaves_ends_it_quietly(void **state)
{
	expect_out(life("trap '$R rm -fa >/dev/null' EXIT; $R run -d --name a / sh -c 'while echo "
			"line; do sleep .01; done' >/dev/null; $R logs -f a 2>err | head -1; cat "
			"err; $R logs -f a >/dev/full 2>&1; echo $?"),
		   "line\n125\n");
}

static void logs__none_is_told(void **state)
{
	expect_out(
		life("$R run --name a / true; $R logs a 2>&1; echo $?; $R rm -f a"),
		"rootlet: a: has no log: what it prints goes to the terminal that it was started "
		"from\nhint: `rootlet run -d` keeps one\n125\na\n");
}

static void top__knows_both_sides(void **state)
{
	json_object *all = json_of(life(TWO "$R top --format json web")), *first, *second;

	assert_int_equal(json_object_array_length(all), 2);
	first = json_object_array_get_idx(all, 0);
	second = json_object_array_get_idx(all, 1);
	assert_int_equal(json_object_get_int(json_object_object_get(first, "pid")), 1);
	assert_int_equal(json_object_get_int(json_object_object_get(second, "pid")), 2);
	assert_int_equal(json_object_get_int(json_object_object_get(second, "uid")), 0);
	assert_string_equal(json_object_get_string(json_object_object_get(second, "command")),
			    "sleep 60");
	assert_true(json_object_object_get_ex(second, "cpu_ns", NULL));
	assert_true(json_object_get_int64(json_object_object_get(second, "rss_bytes")) > 0);
	json_object_put(all);
	expect_out(life(TWO "$R top web | awk 'NR == 3 { print $1, ($2 > 1), "
			    "$3, $4, $NF }'; $R top --format json web | grep host_pid | head -1 | "
			    "tr -dc 0-9 | cmp - <(printf %s $(first web)) && echo same"),
		   "2 1 0 $UID 60\nsame\n");
}

static void top__pid_namespaces_made_inside_count(void **state)
{
	expect_out(life("trap '$R rm -fa >/dev/null' EXIT; $R run -d --name a / unshare -Urpf "
			"sleep 61 >/dev/null; until_ '$R top a | grep -q sleep.61'; "
			"$R top --format json a | grep -c '\"command\":\"sleep 61\"'"),
		   "1\n");
}

static void stats__once_as_json(void **state)
{
	json_object *all = json_of(life(TWO "$R stats --no-stream --format json")), *web;

	assert_int_equal(json_object_array_length(all), 1);
	web = json_object_array_get_idx(all, 0);
	assert_string_equal(json_object_get_string(json_object_object_get(web, "name")), "web");
	assert_int_equal(json_object_get_int(json_object_object_get(web, "pids")), 2);
	assert_true(json_object_get_int64(json_object_object_get(web, "memory_bytes")) > 0);
	assert_true(json_object_get_double(json_object_object_get(web, "cpu_percent")) >= 0);
	assert_true(json_object_object_get_ex(web, "memory_source", NULL));
	json_object_put(all);
}

static void stats__a_busy_one_takes_a_processor(void **state)
{
	expect_out(life("trap '$R rm -fa >/dev/null' EXIT; $R run -d --name a / sh -c 'while :; do "
			":; done' >/dev/null; $R stats --no-stream --format json a | grep "
			"cpu_percent | tr -dc 0-9. | awk '{ print ($1 > 20) }'"),
		   "1\n");
}

static void inspect__knows_the_whole(void **state)
{
	static const char *const keys[] = {"id",
					   "name",
					   "created",
					   "version",
					   "broken",
					   "state",
					   "root",
					   "command",
					   "options",
					   "command_line",
					   "working_directory",
					   "plan_digest",
					   "notes",
					   "namespaces",
					   "ids",
					   "limits",
					   "files"};
	json_object *all = json_of(life(TWO "$R inspect web job")), *web, *job, *value, *map;

	assert_int_equal(json_object_array_length(all), 2);
	web = json_object_array_get_idx(all, 0);
	job = json_object_array_get_idx(all, 1);
	assert_int_equal(json_object_object_length(web), sizeof(keys) / sizeof(keys[0]));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_true(json_object_object_get_ex(web, keys[i], &value));
	value = json_object_object_get(json_object_object_get(web, "namespaces"), "user");
	assert_true(json_object_get_int64(json_object_object_get(value, "inode")) > 0);
	assert_false(json_object_get_boolean(json_object_object_get(value, "shared_with_caller")));
	map = json_object_array_get_idx(
		json_object_object_get(json_object_object_get(web, "ids"), "uid_map"), 0);
	assert_int_equal(json_object_get_int(json_object_object_get(map, "container_id")), 0);
	assert_int_equal(json_object_get_int(json_object_object_get(map, "host_id")),
			 strtol(harness_expand("$UID"), NULL, 10));
	value = json_object_object_get(job, "state");
	assert_int_equal(json_object_get_int(json_object_object_get(value, "exit_status")), 3);
	assert_null(json_object_object_get(value, "pid"));
	assert_null(json_object_object_get(json_object_object_get(job, "ids"), "uid_map"));
	json_object_put(all);
	expect_out(life("$R inspect nosuch 2>/dev/null; echo $?"), "[\n]\n125\n");
}

/* ---- cp ---- */

static void cp__trees_in_and_out(void **state)
{
	expect_out(
		life(TWO
		     "mkdir -p d/sub; echo one >d/f; chmod 4751 d/f; ln -s /etc/shadow d/l; mkfifo "
		     "d/p; touch -d 2001-02-03 d/f d/sub; chmod 700 d/sub; "
		     "$R cp d web:/tmp 2>&1; $R exec web sh -c 'cd /tmp/d; stat -c \"%n %a %u %Y\" "
		     "f sub; readlink l'; $R exec web sh -c 'chown 5:5 /tmp/d/f; chmod 600 "
		     "/tmp/d/f'; "
		     "$R cp web:tmp/d out; stat -c '%n %a %u' out/f out/sub; cat out/f; readlink "
		     "out/l; $R cp d/. web:/tmp/new; $R exec web ls /tmp/new; "
		     "$R cp d/f web:/tmp/new/name; $R exec web cat /tmp/new/name"),
		"rootlet: cp: passed over 1 device, socket or pipe\n"
		"f 751 0 981158400\nsub 700 0 981158400\n/etc/shadow\n"
		"out/f 600 $UID\nout/sub 700 $UID\none\n/etc/shadow\nf\nl\nsub\none\n");
}

/* Links of the container's lead nowhere but to its own files, and are replaced, not written
 * through. */
static void cp__links_do_not_lead_out(void **state)
{
	expect_out(life("trap '$R rm -fa >/dev/null' EXIT; echo host >secret; mkdir out; ln -s "
			"$T/secret out/x; $R run -d --name a / sh -c \"ln -s $T/secret /tmp/l; ln "
			"-s ../../../../../../../.. /tmp/up; ln -s $T /tmp/t; echo in >/tmp/x; "
			"touch /tmp/ok; exec sleep 60\" "
			">/dev/null; until_ '$R exec a test -e /tmp/ok'; "
			"$R cp a:/tmp/l/ . 2>/dev/null || echo none; $R cp a:/tmp/up$T/secret . "
			"2>/dev/null || echo none; echo new >new; $R cp new a:/tmp/t/secret "
			"2>/dev/null || echo none; $R cp new a:/tmp/l; cat secret; $R exec a cat "
			"/tmp/l; $R cp a:/tmp/x out; cat secret out/x"),
		   "none\nnone\nnone\nhost\nnew\nhost\nin\n");
}

static void cp__failures_name_the_side(void **state)
{
	expect_out(life(TWO "exec 2>&1; $R cp web:/tmp/no .; $R cp no web:/tmp; $R cp /etc/passwd "
			    "web:/usr/x; $R cp /etc/shadow web:/tmp; $R cp web:/etc/passwd "
			    "/nowhere/x; $R cp /etc job:/tmp; $R exec web ls -A /tmp"),
		   "rootlet: cp: read web:/tmp/no: No such file or directory\n"
		   "rootlet: cp: read no: No such file or directory\n"
		   "rootlet: cp: write web:/usr/x: it is mounted read-only\n"
		   "hint: copy to a volume or to a tmpfs of the container\n"
		   "rootlet: cp: read /etc/shadow: Permission denied\n"
		   "rootlet: cp: write /nowhere/x: No such file or directory\n"
		   "rootlet: job: is not running\nhint: `rootlet start job` runs it again\n");
}

static void explain__names_the_container(void **state)
{
	expect_out(
		life("trap '$R rm -fa >o' EXIT; $R run -d --name web / sleep 60 >o; $R run -d "
		     "--name "
		     "other / sleep 60 >o; $R explain web | sed -n 's/^PID .*   //p'; $R explain "
		     "$(first web) | grep -c 'container other'; $R explain --format json web | "
		     "sed -n 's/.*\"container\": *\"\\(.*\\)\".*/\\1/p' | sort; $R explain | grep "
		     "'^PID' | grep -c container || true"),
		"container web\n1\nother\nweb\n0\n");
}

/* ---- help and completion ---- */

static void help__each_command_has_its_page(void **state)
{
	expect_out(shell("for c in $($R completion bash | sed -n \"s/.*compgen -W '\\(run "
			 "[^']*\\)'.*/\\1/p\"); do case $c in -*) continue ;; esac; $R help $c | "
			 "grep -q -e '^Usage: rootlet' -e "
			 "^Containers || echo no page: $c; $R help | "
			 "grep -q \"\\<$c\\>\" || echo not listed: $c; done; $R help | wc -l | awk "
			 "'{ print ($1 <= 24) }'; $R help | awk 'length > 80'"),
		   "1\n");
}

/* Pages fit the terminal. */
static void help__fits_the_terminal(void **state)
{
	expect_out(shell("for c in $($R completion bash | sed -n \"s/.*compgen -W '\\(run "
			 "[^']*\\)'.*/\\1/p\"); do case $c in -*) continue ;; esac; LC_ALL=C "
			 "COLUMNS=80 "
			 "$R help $c | awk -v c=$c 'length > 80 { print c, $0 }'; done; COLUMNS=60 "
			 "LC_ALL=C $R help run | sed -n '/^  rootlet/d; /./p' | awk 'length > 60'"),
		   "");
}

static void completion__knows_options_and_live_names(void **state)
{
	need_program("bash");
	expect_out(life(TWO "eval \"$($R completion bash)\"; rootlet() { $R \"$@\"; }; compopt() { "
			    ":; }; try() { COMP_WORDS=(rootlet \"$@\"); COMP_CWORD=$#; _rootlet; "
			    "echo ${COMPREPLY[@]}; }; try stop ''; try logs --fo; try ps --form; "
			    "try exec jo; try insp"),
		   "job web\n--follow\n--format=table --format=json\njob\ninspect\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(ps__lists_those_that_run_or_all),
		test(ps__an_empty_store_is_an_empty_list),
		test(ps__filters),
		test(ps__json_has_the_documented_keys),
		test(ps__fits_the_width_and_obeys_no_command),
		test(ps__tells_of_what_was_killed_and_what_is_broken),
		test(stop__kill_wait_and_rm_print_what_they_did),
		test(stop__times_do_not_add_up),
		test(rm__gives_time_to_end),
		test(commands__go_on_after_a_failure),
		test(commands__all_of_them),
		test(commands__usage_errors),
		test(prune__removes_what_has_ended),
		test(prune__asks_before_it_removes),
		test(state__a_place_that_may_not_be_written_is_named),
		test(rename__gives_the_old_name_free),
		test(logs__apart_tailed_and_stamped),
		test(logs__follow_to_the_end_across_rotations),
		test(logs__a_reader_that_leaves_ends_it_quietly),
		test(logs__none_is_told),
		test(top__knows_both_sides),
		test(top__pid_namespaces_made_inside_count),
		test(stats__once_as_json),
		test(stats__a_busy_one_takes_a_processor),
		test(inspect__knows_the_whole),
		test(cp__trees_in_and_out),
		test(cp__links_do_not_lead_out),
		test(cp__failures_name_the_side),
		test(help__each_command_has_its_page),
		test(help__fits_the_terminal),
		test(explain__names_the_container),
		test(completion__knows_options_and_live_names),
	};

	return harness_main("containers", tests, sizeof(tests) / sizeof(tests[0]));
}
