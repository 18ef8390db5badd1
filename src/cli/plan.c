/* rootlet plan: what run (or unshare) would do, and why. Does nothing. */
#include "cli/cli.h"

#include "base/fd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rootlet_format chosen_format(const struct session *s)
{
	const char *name = s->format ? s->format : rootlet_spec_get(s->spec, "format");

	if (name && strcmp(name, "json") == 0)
		return ROOTLET_FORMAT_JSON;
	if (name && strcmp(name, "sh") == 0)
		return ROOTLET_FORMAT_SH;
	return ROOTLET_FORMAT_TEXT;
}

static int print_plan(struct session *s)
{
	char *text = NULL;
	int r = rootlet_plan_print(s->plan, chosen_format(s), message_color(1), &text, s->err);

	if (r < 0)
		return command_fail(s->err);
	/* now, while errno tells; main would only see that something was lost */
	r = fputs(text, stdout) < 0 || fflush(stdout) != 0 ? message_output_failed(errno) : 0;
	free(text);
	return r;
}

/* Where plan's own options end: the index of the first other word. */
static int own_options(int argc, char **argv)
{
	static const char *const own[] = {"--format", "--facts", "--color", "--log-format",
					  "--log-level"};
	int at = 0;

	while (at < argc) {
		size_t i = 0, len = strcspn(argv[at], "=");

		while (i < sizeof(own) / sizeof(own[0]) &&
		       (strlen(own[i]) != len || strncmp(own[i], argv[at], len) != 0))
			i++;
		if (i == sizeof(own) / sizeof(own[0]))
			break;
		at += argv[at][len] == '=' ? 1 : 2;
	}
	return at < argc ? at : argc;
}

/* `rootlet plan unshare …`: the rest of the line is unshare's. What stands before the word is tried
 * as a line of plan's own first, so that its mistakes are found. */
static int open_unshare(struct session *s, int own, int argc, char **argv)
{
	static char root[] = "/";
	AUTO_FREE char **words = calloc((size_t)argc + 2, sizeof(*words));
	struct session plan;
	int r;

	if (!words)
		return -1;
	memcpy(words, argv, (size_t)own * sizeof(*words));
	words[own] = root;
	r = session_open(&plan, ROOTLET_PLAN, "plan", own + 1, words);
	session_close(&plan);
	if (r != 0)
		return r;
	r = session_open(s, ROOTLET_UNSHARE, "unshare", argc - own - 1, argv + own + 1);
	if (r == 0) {
		const char *const *line = (const char *const *)argv;

		s->format = rootlet_find_value(ROOTLET_PLAN, "format", own, line);
		s->facts_file = rootlet_find_value(ROOTLET_PLAN, "facts", own, line);
		message_setup(rootlet_find_value(ROOTLET_PLAN, "color", own, line),
			      rootlet_find_value(ROOTLET_PLAN, "log-format", own, line),
			      rootlet_find_value(ROOTLET_PLAN, "log-level", own, line));
	}
	return r;
}

int cli_plan(int argc, char **argv)
{
	struct session s = {0};
	int own = own_options(argc, argv), r, status;
	const char *word = own < argc ? argv[own] : "";

	if (!strcmp(word, "run")) { /* what is meant anyway */
		memmove(argv + 1, argv, (size_t)own * sizeof(*argv));
		argv++;
		argc--;
	}
	r = !strcmp(word, "unshare") ? open_unshare(&s, own, argc, argv)
				     : session_open(&s, ROOTLET_PLAN, "plan", argc, argv);
	status = r > 0 ? 0 : EXIT_ROOTLET;

	if (r == 0)
		status = session_plan(&s);
	if (r == 0 && status == 0)
		status = print_plan(&s);
	session_close(&s);
	return status;
}
