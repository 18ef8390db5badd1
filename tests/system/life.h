/* What the tests of containers that live share: shell functions, put before every script, and a
 * store of the test's own in $T.
 *
 *   folder NAME         the container's state folder
 *   number NAME KEY     of its process.json; `first NAME` and `monitor NAME` are two of them
 *   until_ CONDITION…   wait for it, five seconds at most; fails after that
 *   gone PID…           wait until none of them is there, or only as a zombie
 *   left                all that is in the store but its own folders; the last word of most scripts
 *   decode STREAM FILE… the text that CRI log files have of this stream
 */
#ifndef ROOTLET_TESTS_LIFE_H
#define ROOTLET_TESTS_LIFE_H

#include "harness.h"

#include <stdio.h>

#define LIFE                                                                                       \
	"export XDG_RUNTIME_DIR=$T/run; mkdir -p -m 700 run; S=$T/run/rootlet; "                   \
	"folder() { echo $S/containers/$(readlink $S/names/$1); }; "                               \
	"number() { sed -n 's/.*\"'$2'\":\\([0-9]*\\).*/\\1/p' $(folder $1)/${3-process}.json; }; " \
	"first() { number $1 pid; }; monitor() { number $1 monitor; }; "                           \
	"until_() { for _ in $(seq 1000); do \"$@\" && return; sleep .005; done; "                 \
	"echo \"never: $*\" >&2; return 1; }; "                                                    \
	"dead() { case $(sed -n 's/^State:.//p' /proc/$1/status 2>/dev/null) in ''|Z*|X*) ;; "     \
	"*) return 1;; esac; }; gone() { for p in \"$@\"; do until_ dead $p || return; done; }; "  \
	"left() { ls $S/containers $S/names $S/pending 2>/dev/null | grep -v -e ':$' -e '^$'; "    \
	"true; }; "                                                                                \
	"decode() { s=$1; shift; cat \"$@\" | sed -n \"s/^[^ ]* $s F //p; "                        \
	"/^[^ ]* $s P /{s///;H;}\" ; }; "

/* The script ends all that it has started: what still lives five seconds later fails the test. */
static inline const struct result *life(const char *script)
{
	static char text[32768];
	const struct result *r;

	snprintf(text, sizeof(text), "%s%s", LIFE, script);
	r = shell_leaving(text, 5000);
	if (r->timed_out || r->alive) {
		print_error("--- %s\n--- stdout:\n%s--- stderr:\n%s---\n", script, r->out, r->err);
		fail_msg("%s", r->timed_out ? "it did not end" : "something lives on");
	}
	return r;
}

#endif
