/* rootlet doctor: what this host allows, what it lacks, and the line that mends it. It tries things
 * out in a process of its own that ends at once; it changes nothing. Judging is the library's. */
#include "cli/doctor.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_RED = 1 };

struct request {
	const char *facts, *save;
	bool json, help;
};

static int set_format(struct request *q, const char *value)
{
	q->json = strcmp(value, "json") == 0;
	return q->json || strcmp(value, "text") == 0 ? 0 : -1;
}

static int set_facts(struct request *q, const char *value)
{
	q->facts = value;
	return *value ? 0 : -1;
}

static int set_save(struct request *q, const char *value)
{
	q->save = value;
	return *value ? 0 : -1;
}

static int set_color(struct request *q, const char *value)
{
	if (strcmp(value, "auto") != 0 && strcmp(value, "always") != 0 &&
	    strcmp(value, "never") != 0)
		return -1;
	message_setup(value, NULL, NULL);
	return 0;
}

static int set_log_format(struct request *q, const char *value)
{
	message_setup(NULL, value, NULL);
	return strcmp(value, "text") == 0 || strcmp(value, "json") == 0 ? 0 : -1;
}

static const struct {
	const char *name, *values;
	int (*set)(struct request *q, const char *value);
} options[] = {
	{"--format", "text or json", set_format},
	{"--facts", "the name of a file", set_facts},
	{"--save-facts", "the name of a file, or - for standard output", set_save},
	{"--color", "auto, always or never", set_color},
	{"--log-format", "text or json", set_log_format},
};

/* One option at argv[*i]; moves *i to its value when that is a word of its own. */
static int take_option(struct request *q, int argc, char **argv, int *i, rootlet_error *err)
{
	const char *word = argv[*i], *value = strchr(word, '=');
	size_t len = value ? (size_t)(value - word) : strlen(word);

	for (size_t k = 0; k < sizeof(options) / sizeof(options[0]); k++) {
		if (strlen(options[k].name) != len || strncmp(options[k].name, word, len) != 0)
			continue;
		value = value ? value + 1 : argv[*i + 1]; /* argv ends with a NULL */
		if (strchr(word, '=') == NULL && *i + 1 < argc)
			++*i;
		if (!value)
			return error_set(err, -EINVAL, "option-value-missing", options[k].name,
					 "%s: needs a value, %s", options[k].name,
					 options[k].values);
		if (options[k].set(q, value) == 0)
			return 0;
		return error_set(err, -EINVAL, "option-choice", options[k].name, "%s %s: is not %s",
				 options[k].name, value, options[k].values);
	}
	error_set(err, -EINVAL, "option-unknown", word, "%s: rootlet doctor has no such option",
		  word);
	error_hint(err, "rootlet help doctor lists them");
	return -EINVAL;
}

static int read_words(struct request *q, int argc, char **argv, rootlet_error *err)
{
	for (int i = 0; i < argc; i++) {
		int r;

		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			q->help = true;
			return 0;
		}
		r = take_option(q, argc, argv, &i, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int save_facts(const rootlet_facts *facts, const char *path, rootlet_error *err)
{
	AUTO_FREE char *text = NULL;
	AUTO_FD fd = -1;
	int r = rootlet_facts_save(facts, &text, err);

	if (r < 0)
		return r;
	if (strcmp(path, "-") == 0) {
		fputs(text, stdout); /* main looks whether it got there */
		return 0;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	r = fd < 0 ? -errno : io_write_all(fd, text, strlen(text));
	if (r < 0)
		error_set(err, r, "facts-save", path, "--save-facts %s: %s", path, error_text(r));
	return r;
}

void doctor_help(void)
{
	printf("Usage: rootlet doctor [OPTIONS]\n\n"
	       "Say what this host allows, what it lacks, the exact line that mends it, and what\n"
	       "works meanwhile. Everything is really tried, in a process that ends at once; no\n"
	       "privilege is needed, and nothing is changed.\n\nExamples:\n"
	       "  rootlet doctor                          one screen\n"
	       "  rootlet doctor --format=json            for scripts: rootlet-doctor(1)\n"
	       "  rootlet doctor --save-facts host.json   this host as a file\n"
	       "  rootlet doctor --facts host.json        judge that host\n\nOptions:\n"
	       "      --format text|json              the screen, or JSON with stable keys\n"
	       "      --facts FILE                    judge what this file says, probe nothing\n"
	       "      --save-facts FILE               write what was found; - is standard output\n"
	       "      --color auto|always|never       colour of the screen\n"
	       "      --log-format text|json          form of error messages\n"
	       "\nExit status: 0 healthy or limited, 1 something is broken, 125 doctor itself "
	       "failed.\n");
}

/* The exit status, or -errno. */
static int examine(const struct request *q, rootlet_error *err)
{
	rootlet_facts *facts = NULL;
	rootlet_doctor *doctor = NULL;
	int r = q->facts ? rootlet_facts_load(q->facts, &facts, err)
			 : rootlet_facts_probe(NULL, &facts, err);

	if (r == 0 && q->save)
		r = save_facts(facts, q->save, err);
	if (r == 0)
		r = rootlet_doctor_run(facts, &doctor, err);
	if (r == 0 && !(q->save && strcmp(q->save, "-") == 0)) {
		if (q->json)
			doctor_print_json(doctor);
		else
			doctor_print_text(doctor);
	}
	if (r == 0)
		r = rootlet_doctor_verdict(doctor) == ROOTLET_VERDICT_RED ? EXIT_RED : 0;
	rootlet_doctor_free(doctor);
	rootlet_facts_free(facts);
	return r;
}

int cli_doctor(int argc, char **argv)
{
	rootlet_error *err = rootlet_error_new();
	struct request q = {0};
	int r;

	if (!err) {
		message_text("memory: the system has no more to give");
		return EXIT_ROOTLET;
	}
	r = read_words(&q, argc, argv, err);
	if (r < 0)
		message_usage(err, "doctor");
	else if (q.help)
		doctor_help();
	else {
		r = examine(&q, err);
		if (r < 0)
			message_error(err);
	}
	rootlet_error_free(err);
	return r < 0 ? EXIT_ROOTLET : r;
}
