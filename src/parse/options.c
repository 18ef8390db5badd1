/* The option table and its look-up. What an option does is its setter's, in the file of its kin;
 * how a command line is cut into options is command_line.c.
 */
#include "parse/parse.h"

#include "parse/values.h"

#include <string.h>

enum {
	R = PARSE_RUN,
	P = PARSE_PLAN,
	U = PARSE_UNSHARE,
	RP = R | P,
	RPU = R | P | U,
};

enum { WEAKENS = 1, GUARDS = 2 };

#define OPTION(n, l, arg, meta, g, who, traits, setter, text)                                      \
	{.name = (n),                                                                              \
	 .letter = (l),                                                                            \
	 .argument = ARGUMENT_##arg,                                                               \
	 .metavar = (meta),                                                                        \
	 .group = (g),                                                                             \
	 .commands = (who),                                                                        \
	 .weakens = (traits) == WEAKENS,                                                           \
	 .guards = (traits) == GUARDS,                                                             \
	 .help = (text),                                                                           \
	 .set = (setter)},
#define LIST(n, l, meta, g, who, traits, setter, clearer, text)                                    \
	{.name = (n),                                                                              \
	 .letter = (l),                                                                            \
	 .argument = ARGUMENT_REQUIRED,                                                            \
	 .metavar = (meta),                                                                        \
	 .group = (g),                                                                             \
	 .commands = (who),                                                                        \
	 .repeats = true,                                                                          \
	 .weakens = (traits) == WEAKENS,                                                           \
	 .help = (text),                                                                           \
	 .set = (setter),                                                                          \
	 .clear = (clearer)},

const struct option_row option_rows[] = {
#include "parse/options.def"
};
const size_t option_row_count = sizeof(option_rows) / sizeof(*option_rows);

#undef OPTION
#undef LIST

static const struct option_row *find_exact(const char *name, enum parse_command command)
{
	for (size_t i = 0; i < option_row_count; i++)
		if ((option_rows[i].commands & (unsigned)command) &&
		    strcmp(option_rows[i].name, name) == 0)
			return &option_rows[i];
	return NULL;
}

const struct option_row *option_find(const char *name, enum parse_command command)
{
	const struct option_row *row = find_exact(name, command);

	if (!row && strcmp(name, "net") == 0)
		row = find_exact("network", command);
	return row;
}

const struct option_row *option_find_letter(char letter, enum parse_command command)
{
	for (size_t i = 0; letter && i < option_row_count; i++)
		if ((option_rows[i].commands & (unsigned)command) &&
		    option_rows[i].letter == letter)
			return &option_rows[i];
	return NULL;
}

int option_apply(struct spec *spec, const struct option_row *row, const char *value,
		 const char *origin, struct rootlet_error *err)
{
	if (!value && row->argument == ARGUMENT_REQUIRED)
		return value_error(err, "option-value-missing", origin, NULL, "needs a value, %s",
				   row->metavar);
	return row->set(spec, value, origin, err);
}
