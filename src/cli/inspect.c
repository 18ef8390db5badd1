/* rootlet inspect: all that is known of containers, as JSON. What is in it is the library's. */
#include "cli/containers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
	struct args args;
	int format;
	size_t printed;
};

static const struct args_option options[] = {
	{"format", 0, ARGS_CHOICE, "FORMAT", offsetof(struct request, format),
	 "json, and nothing else", "json", 0, 0},
	{0},
};

static int inspect_one(rootlet_container *container, const char *word, void *data,
		       struct rootlet_error *err)
{
	struct request *q = data;
	char *text = NULL;
	int r = rootlet_container_inspect(container, &text, err);

	if (r < 0)
		return r;
	fputs(q->printed++ ? ",\n" : "", stdout);
	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n");

		printf("%s  %.*s", p == text ? "" : "\n", (int)len, p);
		p += len + (p[len] == '\n');
	}
	free(text);
	return 0;
}

static int run(int argc, char **argv)
{
	struct request q = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&inspect_command, &q, argc, argv, &err), status = EXIT_ROOTLET;

	if (r == 0) {
		printf("[\n");
		status = command_each(&q.args, EACH_BROKEN, inspect_one, &q);
		printf("%s]\n", q.printed ? "\n" : "");
	}
	command_end(&inspect_command, &q);
	return r > 0 ? 0 : status;
}

const struct args_command inspect_command = {
	.name = "inspect",
	.usage = "rootlet inspect CONTAINER…",
	.about =
		"Print all that is known of containers, as a JSON array: how each was started and "
		"how it is, what\nthis host could not give it, its namespaces, and its ids on both "
		"sides.",
	.examples = "  rootlet inspect web\n"
		    "  rootlet inspect web | jq '.[0].state.pid'\n",
	.brief = "all that is known of a container, as JSON",
	.run = run,
	.options = options,
	.kind = WORDS_CONTAINERS,
	.least = 1,
	.most = -1,
	.word = "CONTAINER",
	.ends = "0 when every container was found, else 125.",
};
