/* rootlet demo: which demonstrations, and in what form. They are played in demo/. */
#include "cli/cli.h"
#include "term/args.h"
#include "cli/demo/demo.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_SKIPPED = 77, TEXT_MAX = 1 << 20 };

struct choices {
	bool list, no_pause, script, json;
	char **names;
	int count;
};

void demo_help(void)
{
	printf("Usage: rootlet demo [--list] [--no-pause] [--script] [--json] [NAME…|all]\n\n");
	args_print_text(
		"Show what a container is, live on this machine and without root. Each "
		"demonstration says what it is about to do, lets you predict, runs the real "
		"commands, shows both sides, checks what it claims, and names the rule that "
		"decides. NAME is one of the list, or a file of your own that begins with / or . ; "
		"nothing is left behind, also after Ctrl-C.");
	printf("\nExamples:\n"
	       "  rootlet demo --list                     what there is\n"
	       "  rootlet demo root-remap                 root inside, and who that is outside\n"
	       "  rootlet demo --script pid               as a lecture script; nothing is run\n"
	       "  rootlet demo --no-pause --json all      for scripts and for grading\n\n"
	       "      --list          the names and titles (--json: as JSON)\n"
	       "      --no-pause      do not wait for Enter\n"
	       "      --script        print the script, run nothing\n"
	       "      --json          one JSON object a demonstration: facts, checks, commands\n"
	       "      --format FORM   text, or json for --json\n"
	       "      --color WHEN    auto, always or never\n"
	       "      --help          this page\n\n");
	args_print_text(
		"Exit status: 0 all is as said; 1 a check failed; 77 skipped: something that "
		"it needs is not there; 125 rootlet itself failed; 128+N broken off by "
		"signal N.");
}

/* What follows `--flag=`, or the next word after `--flag`. NULL: it is another flag, or has none.
 */
static const char *value_of(const char *flag, const char *word, const char *next, int *at)
{
	size_t n = strlen(flag);

	if (strncmp(word, flag, n) != 0)
		return NULL;
	if (word[n] == '=')
		return word + n + 1;
	if (word[n] != '\0' || !next)
		return NULL;
	(*at)++;
	return next;
}

static bool read_switch(struct choices *c, const char *word)
{
	if (strcmp(word, "--list") == 0)
		c->list = true;
	else if (strcmp(word, "--no-pause") == 0)
		c->no_pause = true;
	else if (strcmp(word, "--script") == 0)
		c->script = true;
	else if (strcmp(word, "--json") == 0)
		c->json = true;
	else
		return false;
	return true;
}

static int bad_option(const char *word)
{
	char text[160];

	snprintf(text, sizeof(text), "demo: %.64s: there is no such option; `rootlet help demo`",
		 word);
	message_text(text);
	return -1;
}

static int read_flag(struct choices *c, const char *word, const char *next, int *at)
{
	const char *value = value_of("--format", word, next, at);

	if (read_switch(c, word))
		return 0;
	if (value && (strcmp(value, "json") == 0 || strcmp(value, "text") == 0)) {
		c->json = strcmp(value, "json") == 0;
		return 0;
	}
	if (value)
		return bad_option(value);
	value = value_of("--color", word, next, at);
	if (!value || (strcmp(value, "auto") != 0 && strcmp(value, "always") != 0 &&
		       strcmp(value, "never") != 0))
		return bad_option(value ? value : word);
	message_setup(value, NULL, NULL);
	return 0;
}

/* Flags may stand before and after names. 1: --help. */
static int read_words(struct choices *c, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return 1;
		if (argv[i][0] != '-')
			c->names[c->count++] = argv[i];
		else if (read_flag(c, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &i) < 0)
			return -1;
	}
	if (c->script && c->json) {
		message_text("demo: --script runs nothing, so there is nothing for --json: take "
			     "one of them");
		return -1;
	}
	return 0;
}

/* A name of the list, or a file. */
static int load(const char *name, struct demo *ret, rootlet_error *err)
{
	AUTO_FREE char *text = NULL;
	int r;

	for (size_t i = 0; i < demo_text_count; i++)
		if (strcmp(demo_texts[i].name, name) == 0)
			return demo_parse(name, demo_texts[i].text, ret, err);
	if (name[0] != '/' && name[0] != '.') {
		error_set(err, -2, "demo-unknown", name, "%s: there is no such demonstration",
			  name);
		error_hint(err, "`rootlet demo --list` names them; a file begins with / or .");
		return -2;
	}
	r = io_read_named_file(name, TEXT_MAX, &text, NULL);
	if (r < 0)
		return error_set(err, r, "demo-read", name, "%s: %s", name, error_text(r));
	return demo_parse(name, text, ret, err);
}

static int list(bool json, rootlet_error *err)
{
	json_object *rows = json_object_new_array();

	for (size_t i = 0; i < demo_text_count; i++) {
		json_object *row = json_object_new_object();
		struct demo demo;

		if (load(demo_texts[i].name, &demo, err) < 0) {
			json_object_put(row);
			json_object_put(rows);
			message_error(err);
			return EXIT_ROOTLET;
		}
		json_object_object_add(row, "demo", json_object_new_string(demo.name));
		json_object_object_add(row, "title", json_object_new_string(demo_title(&demo)));
		json_object_array_add(rows, row);
		if (!json)
			printf("  %-22s %s\n", demo.name, demo_title(&demo));
		demo_release(&demo);
	}
	if (json)
		printf("%s\n",
		       json_object_to_json_string_ext(rows, JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		printf("\nPlay one: rootlet demo NAME\n");
	json_object_put(rows);
	return 0;
}

static int exit_status(enum demo_result result)
{
	switch (result) {
	case DEMO_PASS:
		return 0;
	case DEMO_FAIL:
		return 1;
	case DEMO_SKIPPED:
		return EXIT_SKIPPED;
	case DEMO_STOPPED:
		return 128 + child_stopped();
	case DEMO_BROKEN:
		break;
	}
	return EXIT_ROOTLET;
}

/* The worst counts: broken, failed, skipped, as said. */
static int worse(int a, int b)
{
	static const int order[] = {EXIT_ROOTLET, 1, EXIT_SKIPPED};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return a ? a : b;
}

static int play_one(const char *name, const struct choices *c, const struct show *show,
		    rootlet_error *err)
{
	enum demo_result result;
	json_object *report = NULL;
	struct demo demo;

	if (load(name, &demo, err) < 0) {
		message_error(err);
		return EXIT_ROOTLET;
	}
	if (c->script) {
		show_script(&demo);
		demo_release(&demo);
		return 0;
	}
	result = demo_play(&demo, show, &report, err);
	if (result == DEMO_BROKEN)
		message_error(err);
	if (c->json)
		printf("%s\n",
		       json_object_to_json_string_ext(report, JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(stdout);
	json_object_put(report);
	demo_release(&demo);
	return exit_status(result);
}

/* An option that says how to play, and nothing to play. */
static int name_one(const struct choices *c, rootlet_error *err)
{
	const char *how = c->script ? "--script" : "--no-pause";

	error_set(err, -EINVAL, "word-missing", how, "demo: %s: name a demonstration, or all", how);
	error_hint(err, "`rootlet demo --list` names them; rootlet help demo");
	message_error(err);
	return EXIT_ROOTLET;
}

static int play(const struct choices *c, rootlet_error *err)
{
	bool all = c->count == 1 && strcmp(c->names[0], "all") == 0;
	size_t count = all ? demo_text_count : (size_t)c->count;
	struct show show;
	int status = 0, guarded;

	if (!c->script && geteuid() == 0) {
		message_text(
			"demo: you are root, who may do all of this anyway: run it as an ordinary "
			"user");
		return EXIT_SKIPPED;
	}
	if (!c->script && child_setup(err) < 0) {
		message_error(err);
		return EXIT_ROOTLET;
	}
	guarded = c->script ? -1 : child_guard();
	if (guarded >= 0)
		return guarded;
	show_setup(&show, !c->json, !c->no_pause && isatty(0) && isatty(1));
	for (size_t i = 0; i < count; i++) {
		if (c->script && i > 0)
			printf("\n\n");
		status = worse(status,
			       play_one(all ? demo_texts[i].name : c->names[i], c, &show, err));
		if (!c->script && child_stopped())
			return 128 + child_stopped();
	}
	return status;
}

int cli_demo(int argc, char **argv)
{
	AUTO_FREE char **names = calloc((size_t)argc + 1, sizeof(*names));
	struct choices c = {.names = names};
	rootlet_error *err = rootlet_error_new();
	int r = names && err ? read_words(&c, argc, argv) : -1, status = EXIT_ROOTLET;

	if (r > 0) {
		demo_help();
		status = 0;
	} else if (r == 0) {
		status = c.list || (!c.count && !c.no_pause && !c.script) ? list(c.json, err)
			 : c.count					  ? play(&c, err)
									  : name_one(&c, err);
	}
	rootlet_error_free(err);
	return status;
}
