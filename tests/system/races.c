/* Two commands at one container at the same moment: one wins, the other says clearly why it did
 * not, and nothing is left. Each pair many times. */
#include "life.h"

#include <stdlib.h>
#include <string.h>

/* `race A B`: both at once, their statuses in $a and $b, their messages in ea and eb. `bare FILE`:
 * no bare errno text and no more than a message and a hint. `ROUNDS` turns of `turn`, until one
 * fails. */
#define RACE                                                                                       \
	"race() { eval \"$1\" >oa 2>ea & p=$!; eval \"$2\" >ob 2>eb & q=$!; wait $p; a=$?; "       \
	"wait $q; b=$?; }; wrong() { { echo \"turn $i: $* a=$a b=$b\"; cat oa ea ob eb; } >&2; "   \
	"exit 1; }; "                                                                              \
	"clear_() { [ $(wc -l <$1) -le 2 ] && grep -q '^rootlet: ' $1; }; "                        \
	"rounds() { for i in $(seq $ROUNDS); do turn; echo $a $b >>won; done; "                    \
	"left; }; "

static const struct result *race(const char *script)
{
	static char text[16000];

	snprintf(text, sizeof(text), "ROUNDS=%d; " RACE "%s",
		 getenv("ROOTLET_TEST_LONG") ? 1000 : 15, script);
	return life(text);
}

static void races__rm_and_rm(void **state)
{
	/* of one that is over, of one that runs (-f), by name and by id */
	expect_out(race("turn() { id=$($R run -d --name a / true); $R wait a >o; "
			"race '$R rm a' '$R rm ${id:0:12}'; "
			"case $a$b in 0125) clear_ eb || wrong words;; 1250) clear_ ea || wrong "
			"words;; *) "
			"wrong status;; esac; grep -q 'there is none' ea eb || wrong why; "
			"[ -z \"$(left)\" ] || wrong left; }; rounds"),
		   "");
	expect_out(race("turn() { id=$($R run -d --name a / sleep 60); "
			"race '$R rm -f a' '$R rm -f a'; [ $a$b = 00 ] || wrong status; "
			"[ -s ea -o -s eb ] && wrong words; [ -z \"$(left)\" ] || wrong left; }; "
			"rounds"),
		   "");
}

/* x is no beginning of an id: "a" would mean the other container, one time in sixteen, when the one
 * of that name is gone. */
static void races__rm_and_start(void **state)
{
	expect_out(race("$R run -d --name b / true >o; "
			"turn() { $R run -d --name x / sh -c 'sleep 0.3' >o; $R kill x >o; $R wait "
			"x >o; "
			"race '$R rm x' '$R start x'; case $a$b in "
			"0125) clear_ eb || wrong words; grep -q 'there is none\\|removed' eb || "
			"wrong why;; "
			"1250) clear_ ea || wrong words; grep -q 'still running' ea || wrong why; "
			"$R rm -f x >o || wrong rm;; "
			"*) wrong status;; esac; until_ '[ \"$(left | tail -1)\" = b ]' || wrong "
			"left; }; "
			"rounds >o; $R rm b; left"),
		   "b\n");
}

/* Whoever comes second finds it running, which is what was wanted: it starts once. */
static void races__start_and_start(void **state)
{
	expect_out(
		race("$R run -d --name a / sh -c 'echo once; exec sleep 60' >o; "
		     "turn() { $R kill a >o; $R wait a >o; race '$R start a' '$R start a'; "
		     "[ $a$b = 00 ] || wrong status; [ ! -s ea ] && [ ! -s eb ] || wrong words; }; "
		     "rounds >o; said a once; decode stdout $(folder a)/log | wc -l; $R rm -f "
		     "a; left"),
		getenv("ROOTLET_TEST_LONG") ? "1001\na\n" : "16\na\n");
}

static void races__rename_to_one_name(void **state)
{
	expect_out(
		race("$R run -d --name a / sleep 60 >o; $R run -d --name b / sleep 60 >o; "
		     "turn() { race '$R rename a c' '$R rename b c'; case $a$b in "
		     "0125) clear_ eb || wrong words; $R rename c a || wrong back;; "
		     "1250) clear_ ea || wrong words; $R rename c b || wrong back;; "
		     "*) wrong status;; esac; grep -q 'has it' ea eb || wrong why; "
		     "[ \"$(ls $S/names | tr '\\n' ' ')\" = 'a b ' ] || wrong names; }; rounds >o; "
		     "cat o | tail -n +5; $R rm -f a b; left"),
		"a\nb\n");
}

static void races__run_of_one_name(void **state)
{
	expect_out(race("turn() { race '$R run -d --name a / sleep 60' '$R run -d --name a / sleep "
			"60'; "
			"case $a$b in 0125) clear_ eb || wrong words;; 1250) clear_ ea || wrong "
			"words;; *) "
			"wrong status;; esac; [ $(ls $S/containers | wc -l) = 1 ] || wrong count; "
			"$R rm -f a >o; [ -z \"$(left)\" ] || wrong left; }; rounds"),
		   "");
	expect_out(race("turn() { race '$R run -d --replace --name a / sleep 60' "
			"'$R run -d --replace --name a / sleep 60'; "
			"case $a$b in 00) ;; 0125) clear_ eb || wrong words;; 1250) clear_ ea || "
			"wrong "
			"words;; *) wrong status;; esac; "
			"[ $(ls $S/containers | wc -l) = 1 ] || wrong count; }; rounds >o; $R rm "
			"-f a; "
			"left"),
		   "a\n");
}

static void races__exec_and_stop(void **state)
{
	/* exec's command runs and ends by itself (0), is killed (137), or is told that it is too
	 * late */
	expect_out(
		race("turn() { $R run -d --name a / sleep 60 >o; "
		     "race '$R exec a true' '$R kill a'; [ $b = 0 ] || wrong kill; case $a in "
		     "0|137) [ -s ea ] && wrong words;; 125) clear_ ea || wrong words;; *) wrong "
		     "status;; esac; $R wait a >o; $R rm a >o; [ -z \"$(left)\" ] || wrong left; "
		     "}; "
		     "rounds"),
		"");
	expect_out(race("turn() { $R run -d --name a / sleep 60 >o; "
			"race '$R exec -d a sleep 60' '$R rm -f a'; [ $b = 0 ] || wrong rm; case "
			"$a in "
			"0) ;; 125) clear_ ea || wrong words;; *) wrong status;; esac; "
			"[ -z \"$(left)\" ] || wrong left; }; rounds"),
		   "");
}

static void races__the_end_and_everything(void **state)
{
	/* the container ends by itself while it is stopped, killed, removed, entered */
	expect_out(
		race("turn() { for c in 'stop' 'kill' 'rm -f' 'exec' 'wait'; do "
		     "$R run -d --name a / sleep 0.02 >o; case $c in exec) x='$R exec a true';; *) "
		     "x=\"$R $c a\";; esac; race \"$x\" 'sleep 0.01'; case $a in 0) ;; 125|137) [ "
		     "\"$c\" = exec -o \"$c\" = kill ] || wrong $c;; *) wrong $c;; esac; "
		     "$R rm -f a >o 2>&1; [ -z \"$(left)\" ] || wrong left; done; }; ROUNDS=5; "
		     "rounds"),
		"");
	/* and while --rm takes it away */
	expect_out(race("turn() { $R run -d --rm --name a / sleep 0.02 >o; "
			"race '$R rm -f a' '$R exec a true'; [ $a = 0 ] || wrong rm; case $b in "
			"0|137) ;; "
			"125) clear_ eb || wrong words;; *) wrong exec;; esac; "
			"until_ '[ -z \"$(left)\" ]' || wrong left; }; rounds"),
		   "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(races__rm_and_rm),
		test(races__rm_and_start),
		test(races__start_and_start),
		test(races__rename_to_one_name),
		test(races__run_of_one_name),
		test(races__exec_and_stop),
		test(races__the_end_and_everything),
	};

	return harness_main("races", tests, sizeof(tests) / sizeof(tests[0]));
}
