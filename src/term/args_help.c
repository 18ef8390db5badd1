/* The help page of a command, from the table that its parser reads. */
#include "term/args.h"

#include "term/paragraph.h"

#include <stdio.h>
#include <string.h>

enum { NAME_WIDTH = 34, NARROW_WIDTH = 24 };

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
		printf("  %s\n  %-*s  %s\n", left, name_width, "", help);
	else
		printf("  %s%*s  %s\n", left, name_width - wide, "", help);
}

void args_print_option(char letter, const char *name, const char *metavar, bool optional,
		       const char *help)
{
	print_row(letter, name, metavar, optional, help, NAME_WIDTH);
}

void args_print_help(const struct args_command *command)
{
	const struct args_option *o;

	printf("Usage: %s\n\n%s\n", command->usage, command->about);
	if (command->examples)
		printf("\nExamples:\n%s", command->examples);
	printf("\nOptions:\n");
	for (size_t i = 0; (o = args_option(command, i)) != NULL; i++)
		print_row(o->letter, o->name, o->metavar, false, o->help, NARROW_WIDTH);
	if (command->ends)
		printf("\nExit status: %s\n", command->ends);
}
