/* The help page of a command, from the table that its parser reads. */
#include "term/args.h"

#include "term/paragraph.h"

#include <stdio.h>
#include <string.h>

enum { NAME_WIDTH = 34, NARROW_WIDTH = 24, WIDEST = 100, EDGE = 4 };

static void print_row(char letter, const char *name, const char *metavar, bool optional,
		      const char *help, int name_width)
{
	char left[128];
	int n, wide;

	n = letter ? snprintf(left, sizeof(left), "-%c, --%s", letter, name)
		   : snprintf(left, sizeof(left), "    --%s", name);
	if (metavar && n > 0 && (size_t)n < sizeof(left))
		snprintf(left + n, sizeof(left) - (size_t)n, optional ? "[=%s]" : " %s", metavar);
	wide = paragraph_columns(left, sizeof(left));
	if (wide > name_width)
		printf("  %s\n  %-*s  ", left, name_width, "");
	else
		printf("  %s%*s  ", left, name_width - wide, "");
	paragraph_print(stdout, help, name_width + EDGE, name_width + EDGE,
			paragraph_width(WIDEST));
}

/* The line breaks of the source are no breaks on the screen; an empty line is one. */
void args_print_text(const char *text)
{
	char line[1024];

	while (*text) {
		const char *end = strstr(text, "\n\n");
		size_t len = end ? (size_t)(end - text) : strlen(text);

		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		for (char *p = line; (p = strchr(p, '\n')) != NULL;)
			*p = ' ';
		paragraph_print(stdout, line, 0, 0, paragraph_width(WIDEST));
		if (end)
			putchar('\n');
		text += len + (end ? 2 : 0);
	}
}

void args_print_option(char letter, const char *name, const char *metavar, bool optional,
		       const char *help)
{
	bool narrow = paragraph_width(WIDEST) < WIDEST;

	print_row(letter, name, metavar, optional, help, narrow ? NARROW_WIDTH + EDGE : NAME_WIDTH);
}

void args_print_help(const struct args_command *command)
{
	const struct args_option *o;

	printf("Usage: %s\n\n", command->usage);
	args_print_text(command->about);
	if (command->examples)
		printf("\nExamples:\n%s", command->examples);
	printf("\nOptions:\n");
	for (size_t i = 0; (o = args_option(command, i)) != NULL; i++)
		print_row(o->letter, o->name, o->metavar, false, o->help, NARROW_WIDTH);
	if (command->ends) {
		char text[512];

		snprintf(text, sizeof(text), "Exit status: %s", command->ends);
		putchar('\n');
		args_print_text(text);
	}
}
