/* Demonstrations: readable texts (docs/demos) that are played on this machine. The format stands in
 * docs/demos/README.md. A part of the command, not of the library: it drives `rootlet` as a person
 * at a terminal would. */
#ifndef ROOTLET_CLI_DEMO_DEMO_H
#define ROOTLET_CLI_DEMO_DEMO_H

#include "base/buffer.h"
#include "rootlet.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/* ---- parse.c: a text into a flat list of items ---- */

enum item_kind {
	ITEM_TITLE,
	ITEM_ABOUT,
	ITEM_NEED,
	ITEM_WHEN,
	ITEM_OTHERWISE,
	ITEM_RECORDED,
	ITEM_RECORD,
	ITEM_STEP,
	ITEM_SAY,
	ITEM_ASK,
	ITEM_INSIDE,
	ITEM_HOST,
	ITEM_BOTH,
	ITEM_START,
	ITEM_UNTIL,
	ITEM_FACT,
	ITEM_CHECK,
	ITEM_RULE,
	ITEM_WAIT,
	ITEM_TABLE,
	ITEM_ROW,
	ITEM_FINALLY,
};

struct item {
	enum item_kind kind;
	int line;
	char *text;
};

struct demo {
	char *name;
	char *copy; /* the items' texts point into it */
	struct item *items;
	size_t count;
};

/* 0, or -EINVAL with the file and the line that is wrong. */
int demo_parse(const char *name, const char *text, struct demo *ret, rootlet_error *err);
void demo_release(struct demo *demo);
/* The first item of a kind, from `from` up to the next step; NULL when there is none. */
const struct item *demo_find(const struct demo *demo, size_t from, enum item_kind kind);
const char *demo_title(const struct demo *demo);

/* ---- the texts that were there when rootlet was built (embed.py) ---- */

struct demo_text {
	const char *name, *text;
};
extern const struct demo_text demo_texts[];
extern const size_t demo_text_count;

/* ---- facts.c: what was seen, and what is claimed about it ---- */

struct output { /* of the last command */
	struct buffer text;
	int status;
};

/* "NAME REST": the name into its buffer. The rest without leading blanks, or NULL. Names are lower
 * case: the environment's own (PATH, HOME) cannot be hit. */
const char *fact_name(const char *text, char name[64]);
/* "NAME = EXTRACTION": put what it finds in *ret_value (malloc'd; NULL: not found). */
int fact_extract(const char *rule, const struct output *output, char name[64], char **ret_value,
		 rootlet_error *err);
/* $name and ${name} from the environment, in which facts are; others stay. malloc'd. */
char *fact_expand(const char *text);

struct check {
	char name[64], relation[8];
	char *expected;	   /* expanded; malloc'd */
	const char *words; /* what it means, "" when it says nothing */
	const char *value; /* what was seen; NULL: nothing */
	bool pass;
};

int check_evaluate(const char *rule, struct check *ret, rootlet_error *err);
void check_release(struct check *check);

struct show;

/* ---- recorded.c: what another machine showed ---- */

/* The step that begins at `at` is not done here: make what was recorded of it facts, with a star
 * behind each. *ret, the caller's, is what the report says of it; NULL when nothing was. */
int recorded_use(const struct demo *demo, size_t at, json_object **ret, rootlet_error *err);
void recorded_footnote(const struct show *show, json_object *steps);
void recorded_forget(json_object *steps);

/* ---- child.c: what is really run ---- */

/* From here on signals are noticed and every descendant comes back to us. */
int child_setup(rootlet_error *err);
/* Go on in a child that ends in order when we are killed. -1: this is the child (or there is none,
 * and nobody guards); else the status with which the child has ended. */
int child_guard(void);
/* While it is on, a signal breaks nothing off: it is noticed when the shield is down. */
void child_shield(bool on);
int child_stopped(void);     /* the signal that asked us to end, or 0 */
void child_stop(int signal); /* as if it had come */
/* A shell command in its own process group, its two outputs as one text. */
int child_run(const char *command, struct output *ret, rootlet_error *err);
int child_start(const char *command, const char *log, rootlet_error *err);
/* Wait until the file has a line. false: it has none in time. */
bool child_wait_file(const char *path);
/* Wait for Enter. false: asked to end. */
bool child_pause(void);
/* End every process that is left, the innermost too. */
void child_end_all(void);

/* ---- show.c: a person's view ---- */

struct show {
	bool on, pause, color, unicode;
	int width;
};

void show_setup(struct show *show, bool on, bool pause);
void show_title(const struct show *show, const struct demo *demo);
void show_step(const struct show *show, int number, const char *text);
void show_words(const struct show *show, const char *text);
void show_ask(const struct show *show, const char *text);
void show_command(const struct show *show, const char *command, bool background);
void show_output(const struct show *show, enum item_kind side, const char *text);
void show_check(const struct show *show, const struct check *check);
void show_rule(const struct show *show, const char *text);
void show_note(const struct show *show, const char *text);
void show_footnote(const struct show *show, const char *text);
void show_wait(const struct show *show, const char *text);
void show_table(const struct show *show, const struct demo *demo, size_t at);
void show_result(const struct show *show, const char *result, const char *reason, int passed,
		 int failed);
/* The plain lecture script: runs nothing. */
void show_script(const struct demo *demo);
/* Text at `indent`, broken at `width`; the first line goes on after `lead`. */
void show_wrapped(const char *lead, int indent, int width, const char *text);

/* ---- play.c ---- */

enum demo_result { DEMO_PASS, DEMO_FAIL, DEMO_SKIPPED, DEMO_STOPPED, DEMO_BROKEN };

/* Play one. What it found is put in *ret_report (the caller's), also when it was stopped. */
enum demo_result demo_play(const struct demo *demo, const struct show *show,
			   json_object **ret_report, rootlet_error *err);

#endif
