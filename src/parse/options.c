/* The option table and its look-up. What an option does is its setter's, in the file of its kin;
 * how a command line is cut into options is command_line.c.
 */
#include "parse/parse.h"

#include "parse/values.h"

#include <errno.h>
#include <string.h>

enum {
	R = PARSE_RUN,
	P = PARSE_PLAN,
	U = PARSE_UNSHARE,
	RP = R | P,
	RPU = R | P | U,
	E = PARSE_EXEC,
	RPE = R | P | E,
	RPUE = RPU | E,
};

enum { WEAKENS = 1, GUARDS = 2, ONCE = 4 };

#define OPTION(n, l, arg, meta, g, who, traits, setter, text)                                      \
	{.name = (n),                                                                              \
	 .letter = (l),                                                                            \
	 .argument = ARGUMENT_##arg,                                                               \
	 .metavar = (meta),                                                                        \
	 .group = (g),                                                                             \
	 .commands = (who),                                                                        \
	 .weakens = ((traits)&WEAKENS) != 0,                                                       \
	 .guards = ((traits)&GUARDS) != 0,                                                         \
	 .once = ((traits)&ONCE) != 0,                                                             \
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
	 .weakens = ((traits)&WEAKENS) != 0,                                                       \
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
	int r;

	if (!value && row->argument == ARGUMENT_REQUIRED)
		return value_error(err, "option-value-missing", origin, NULL, "needs a value, %s",
				   row->metavar);
	r = row->set(spec, value, origin, err);
	if (r < 0)
		return r;
	if (arena_grow(&spec->arena, &spec->words, spec->word_count, sizeof(*spec->words)) < 0)
		return error_nomem(err);
	spec->words[spec->word_count].option = row->name;
	if (value && value_copy(&spec->arena, value, &spec->words[spec->word_count].value, err) < 0)
		return -ENOMEM;
	spec->word_count++;
	return 0;
}

void option_clear(struct spec *spec, const struct option_row *row)
{
	size_t kept = 0;

	row->clear(spec);
	for (size_t i = 0; i < spec->word_count; i++) {
		const struct option_row *other =
			find_exact(spec->words[i].option, (enum parse_command)row->commands);

		if (!other || other->clear != row->clear)
			spec->words[kept++] = spec->words[i];
	}
	spec->word_count = kept;
}
