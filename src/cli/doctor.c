/* rootlet doctor: what this host allows, what it lacks, and the line that mends it. It tries things
 * out in a process of its own that ends at once; it changes nothing. Judging is the library's. */
#include "cli/doctor.h"

#include "cli/containers.h"

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
	struct args args;
	const char *facts, *save;
	int format; /* text|json */
};

static const struct args_option options[] = {
	{"format", 0, ARGS_CHOICE, "FORMAT", offsetof(struct request, format),
	 "text or json: the screen, or stable keys", "text|json", 0, 0},
	{"facts", 0, ARGS_TEXT, "FILE", offsetof(struct request, facts),
	 "judge what this file says, probe nothing", "the name of a file", 0, 0},
	{"save-facts", 0, ARGS_TEXT, "FILE", offsetof(struct request, save),
	 "write what was found; - is standard output",
	 "the name of a file, or - for standard output", 0, 0},
	{0},
};

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
		if (q->format == 1)
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

static int run(int argc, char **argv)
{
	struct request q = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&doctor_command, &q, argc, argv, &err), status = EXIT_ROOTLET;

	if (r == 0) {
		status = examine(&q, &err);
		if (status < 0)
			status = command_fail(&err);
	}
	command_end(&doctor_command, &q);
	return r > 0 ? 0 : status;
}

const struct args_command doctor_command = {
	.name = "doctor",
	.usage = "rootlet doctor [OPTIONS]",
	.about = "Say what this host allows, what it lacks, the exact line that mends it, and what "
		 "works meanwhile.\nEverything is really tried, in a process that ends at once; no "
		 "privilege is needed, and nothing is\nchanged.",
	.examples = "  rootlet doctor                          one screen\n"
		    "  rootlet doctor --format=json            for scripts: rootlet-doctor(1)\n"
		    "  rootlet doctor --save-facts host.json   this host as a file\n"
		    "  rootlet doctor --facts host.json        judge that host\n",
	.brief = "what this host allows, and what mends it",
	.run = run,
	.options = options,
	.kind = WORDS_NONE,
	.word = "nothing",
	.stateless = true,
	.ends = "0 healthy or limited, 1 something is broken, 125 doctor itself failed.",
};
