/* What the tests of containers that live share: shell functions, put before every script, and a
 * store of the test's own in $T.
 *
 *   folder NAME         the container's state folder
 *   number NAME KEY     of its process.json; `first NAME` and `monitor NAME` are two of them
 *   until_ CONDITION    wait for it, five seconds at most; fails after that
 *   said NAME WORDS     wait until the container's log has them
 *   gone PID…           wait until none of them is there, or only as a zombie
 *   left                all that is in the store but its own folders; the last word of most scripts
 *   decode STREAM FILE… the text that CRI log files have of this stream
 */
#ifndef ROOTLET_TESTS_LIFE_H
#define ROOTLET_TESTS_LIFE_H

#include "harness.h"

#include <stdio.h>

static const char life_functions[] =
	"export XDG_RUNTIME_DIR=$T/run; mkdir -p -m 700 run; S=$T/run/rootlet\n"
	"folder() { echo $S/containers/$(readlink $S/names/$1); }\n"
	"number() { grep -o '\"'$2'\":[0-9]*' $(folder $1)/${3-process}.json | head -1 | "
	"cut -d: -f2; }\n"
	"first() { number $1 pid; }; monitor() { number $1 monitor; }\n"
	"until_() { for _ in $(seq 1000); do eval \"$*\" && return; sleep .005; done; "
	"echo \"never: $*\" >&2; return 1; }\n"
	"dead() { case $(sed -n 's/^State:.//p' /proc/$1/status 2>/dev/null) in ''|Z*|X*) ;; "
	"*) return 1;; esac; }\n"
	"gone() { for p in \"$@\"; do until_ dead $p || return; done; }\n"
	"left() { ls $S/containers $S/names $S/pending 2>/dev/null | grep -v -e ':$' -e '^$'; "
	"true; }\n"
	"decode() { s=$1; shift; awk -v s=\"$s\" '$2 == s { k = $3; "
	"sub(/^[^ ]+ [^ ]+ [FP] /, \"\"); printf(k == \"F\" ? \"%s\\n\" : \"%s\", $0) }' \"$@\"; "
	"}\n"
	"said() { until_ \"grep -q '$2' $(folder $1)/log\"; }\n";

#define LIFE ". ./life.sh; "

static inline void life_write_functions(void)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/life.sh", harness_directory());
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(life_functions, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* The script ends all that it has started: what still lives five seconds later fails the test. */
static inline const struct result *life(const char *script)
{
	static char text[20000];
	const struct result *r;

	life_write_functions();
	snprintf(text, sizeof(text), "%s%s", LIFE, script);
	r = shell_leaving(text, 5000);
	if (r->timed_out || r->alive) {
		print_error("--- %s\n--- stdout:\n%s--- stderr:\n%s---\n", script, r->out, r->err);
		fail_msg("%s", r->timed_out ? "it did not end" : "something lives on");
	}
	return r;
}

#endif
