/* rootlet explain: who is who, from both sides. Reads only. */
#include "cli/cli.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

struct request {
	const char *word; /* PID, CONTAINER or FILE; NULL: ourselves */
	const char *user;
	const char *state_dir; /* NULL: the usual place */
	rootlet_explain_format format;
	rootlet_explain_options options;
	bool help;
};

/* ---- options: few, and none of a container's, so not from the table ---- */

static int usage(struct rootlet_error *err, const char *id, const char *subject, const char *why)
{
	error_set(err, -EINVAL, id, subject, "%s: %s", subject, why);
	return -EINVAL;
}

static int set_format(struct request *q, const char *value, struct rootlet_error *err)
{
	static const struct {
		const char *name;
		rootlet_explain_format format;
	} formats[] = {{"text", ROOTLET_EXPLAIN_TEXT},
		       {"json", ROOTLET_EXPLAIN_JSON},
		       {"svg", ROOTLET_EXPLAIN_SVG}};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(value, formats[i].name) != 0)
			continue;
		q->format = formats[i].format;
		return 0;
	}
	return usage(err, "option-value", "--format", "text, json or svg");
}

static int set_width(struct request *q, const char *value, struct rootlet_error *err)
{
	uint64_t width;

	if (io_parse_u64(value, 1000, &width) < 0 || width < 60)
		return usage(err, "option-value", "--width", "a number of columns, 60 to 1000");
	q->options.width = (unsigned)width;
	return 0;
}

static int set_color(struct request *q, const char *value, struct rootlet_error *err)
{
	if (strcmp(value, "auto") != 0 && strcmp(value, "always") != 0 &&
	    strcmp(value, "never") != 0)
		return usage(err, "option-value", "--color", "auto, always or never");
	message_setup(value, NULL, NULL);
	return 0;
}

static int set_user(struct request *q, const char *value, struct rootlet_error *err)
{
	if (!*value)
		return usage(err, "option-value", "--user", "a name or a number is missing");
	q->user = value;
	return 0;
}

static int set_state_dir(struct request *q, const char *value, struct rootlet_error *err)
{
	if (!*value)
		return usage(err, "option-value", "--state-dir", "a directory is missing");
	q->state_dir = value;
	return 0;
}

static const struct {
	const char *name;
	int (*set)(struct request *q, const char *value, struct rootlet_error *err);
} value_options[] = {
	{"--format", set_format},	{"--user", set_user},	{"--color", set_color},
	{"--state-dir", set_state_dir}, {"--width", set_width},
};

/* One option at argv[*i]; moves *i to its value when that is a word of its own. */
static int take_option(struct request *q, int argc, char **argv, int *i, struct rootlet_error *err)
{
	const char *word = argv[*i], *value = strchr(word, '=');
	size_t len = value ? (size_t)(value - word) : strlen(word);

	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		q->help = true;
		return 0;
	}
	if (strcmp(word, "--ascii") == 0) {
		q->options.ascii = true;
		return 0;
	}
	for (size_t k = 0; k < sizeof(value_options) / sizeof(value_options[0]); k++) {
		if (strlen(value_options[k].name) != len ||
		    strncmp(value_options[k].name, word, len) != 0)
			continue;
		if (!value && *i + 1 >= argc)
			return usage(err, "option-value", word, "its value is missing");
		return value_options[k].set(q, value ? value + 1 : argv[++*i], err);
	}
	return usage(err, "option-unknown", word, "explain has no such option");
}

static int read_words(struct request *q, int argc, char **argv, struct rootlet_error *err)
{
	bool options = true;

	for (int i = 0; i < argc && !q->help; i++) {
		int r = 0;

		if (options && strcmp(argv[i], "--") == 0)
			options = false;
		else if (options && argv[i][0] == '-' && argv[i][1])
			r = take_option(q, argc, argv, &i, err);
		else if (q->word)
			r = usage(err, "explain-word", argv[i], "explain takes one word at a time");
		else
			q->word = argv[i];
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- what the word is ---- */

/* The container's first process. It is looked at while the store is held open, so that the pid is
 * still the container's: the store compares start time and namespaces. */
static int explain_container(const struct request *q, rootlet_explanation **ret,
			     struct rootlet_error *err)
{
	rootlet_store *store = NULL;
	rootlet_container *container = NULL;
	rootlet_container_info info;
	int r = rootlet_store_open(q->state_dir, false, &store, err);

	if (r == 0)
		r = rootlet_container_find(store, q->word, false, &container, err);
	if (r == 0) {
		rootlet_container_get(container, &info);
		if (info.alive && info.pid > 0) {
			r = rootlet_explain_process(info.pid, ret, err);
		} else {
			r = error_set(err, -ESRCH, "container-not-running", q->word,
				      "%s: the container does not run (%s): it has no process",
				      q->word, info.status);
			error_hint(err, "rootlet start %s", q->word);
		}
	}
	rootlet_container_free(container);
	rootlet_store_free(store);
	return r;
}

static bool is_number(const char *word)
{
	return *word && strspn(word, "0123456789") == strlen(word);
}

static int explain_number(const char *word, rootlet_explanation **ret, struct rootlet_error *err)
{
	uint64_t pid;

	if (io_parse_u64(word, INT_MAX, &pid) < 0 || pid == 0)
		return error_set(err, -EINVAL, "explain-no-process", word,
				 "%s: no process has this number", word);
	return rootlet_explain_process((int)pid, ret, err);
}

static int explain_word(const struct request *q, rootlet_explanation **ret,
			struct rootlet_error *err)
{
	bool file = q->word && (q->word[0] == '/' || q->word[0] == '.');

	if (q->user && !file) {
		error_set(err, -EINVAL, "explain-user", "--user", "--user: it belongs to a file");
		error_hint(err, "rootlet explain --user %s ./FILE", q->user);
		return -EINVAL;
	}
	if (!q->word)
		return rootlet_explain_process(0, ret, err);
	if (file)
		return rootlet_explain_file(q->word, q->user, ret, err);
	return is_number(q->word) ? explain_number(q->word, ret, err)
				  : explain_container(q, ret, err);
}

/* ---- how it is drawn ---- */

/* The locale's character set by its name: the program is static and loads no locale. */
static bool is_utf8_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
	}
	return false;
}

static unsigned terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t number;

	if (ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	if (columns && io_parse_u64(columns, 1000, &number) == 0)
		return (unsigned)number;
	return 0;
}

static int print(const struct request *q, const rootlet_explanation *explanation,
		 struct rootlet_error *err)
{
	rootlet_explain_options options = q->options;
	char *text;
	int r;

	options.color = message_color(1);
	if (!is_utf8_locale())
		options.ascii = true;
	if (!options.width && q->format == ROOTLET_EXPLAIN_TEXT)
		options.width = terminal_width();
	r = rootlet_explain_print(explanation, q->format, &options, &text, err);
	if (r < 0)
		return r;
	fputs(text, stdout); /* main looks whether it was taken */
	free(text);
	return 0;
}

void explain_help(void)
{
	printf("Usage: rootlet explain [OPTIONS] [PID | CONTAINER | FILE]\n\n"
	       "Show who is who, from both sides. Digits are a PID, a word that begins with / or . "
	       "is "
	       "a file,\nanything else a container; nothing is rootlet itself. Reads only.\n\n"
	       "Of a process: its namespaces beside yours, its id maps as both sides read them, "
	       "the "
	       "tree of user\nnamespaces, its capabilities and what they are worth, its pid at "
	       "each "
	       "level. Of a file: its owner in\neach user namespace of yours, who may read, write "
	       "and execute it there, and which rule decides.\n\n"
	       "Examples:\n"
	       "  rootlet explain web                       the container of that name\n"
	       "  rootlet explain $$                        your shell\n"
	       "  rootlet explain --user 0 ./notes          may root, of each namespace, read it?\n"
	       "  rootlet explain --format=svg web > a.svg  the same picture for a slide\n\n"
	       "Options:\n"
	       "      --format text|json|svg     how to print it\n"
	       "      --user NAME|UID            of a file: what this user may do, as each "
	       "namespace "
	       "counts\n"
	       "      --color auto|always|never  colour on a terminal\n"
	       "      --width N                  columns of text or SVG; from 150 on two columns "
	       "of "
	       "sections\n"
	       "      --ascii                    no character outside of ASCII\n"
	       "      --state-dir DIR            where containers are looked up\n"
	       "  -h, --help                     this text\n");
}

int cli_explain(int argc, char **argv)
{
	rootlet_explanation *explanation = NULL;
	struct request q = {.format = ROOTLET_EXPLAIN_TEXT,
			    .state_dir = getenv("ROOTLET_STATE_DIR")};
	struct rootlet_error err = {0};
	int r = read_words(&q, argc, argv, &err);

	if (r < 0) {
		message_usage(&err, "explain");
		return EXIT_ROOTLET;
	}
	if (q.help) {
		explain_help();
		return 0;
	}
	r = explain_word(&q, &explanation, &err);
	if (r == 0)
		r = print(&q, explanation, &err);
	if (r < 0)
		message_error(&err);
	rootlet_explain_free(explanation);
	return r < 0 ? EXIT_ROOTLET : 0;
}
