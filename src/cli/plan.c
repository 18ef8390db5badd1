/* rootlet plan: what run would do, and why. Does nothing. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rootlet_format chosen_format(const struct session *s)
{
	const char *name = rootlet_spec_get(s->spec, "format");

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

	if (r < 0) {
		message_error(s->err);
		return EXIT_ROOTLET;
	}
	/* now, while errno tells; main would only see that something was lost */
	r = fputs(text, stdout) < 0 || fflush(stdout) != 0 ? message_output_failed(errno) : 0;
	free(text);
	return r;
}

int cli_plan(int argc, char **argv)
{
	struct session s;
	int r = session_open(&s, ROOTLET_PLAN, "plan", argc, argv);
	int status = r > 0 ? 0 : EXIT_ROOTLET;

	if (r == 0)
		status = session_plan(&s);
	if (r == 0 && status == 0)
		status = print_plan(&s);
	session_close(&s);
	return status;
}
