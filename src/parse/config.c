/* Defaults: configuration files and ROOTLET_… variables. Text in, options applied; which files are
 * read and in what order is the caller's.
 *
 * They are for all commands: an option that only another command takes is passed over. Where run
 * and unshare have different options of one name (--pid MODE and -p), run's is meant.
 */
#include "parse/parse.h"

#include "parse/values.h"

#include <errno.h>
#include <string.h>

static const enum parse_command commands[] = {PARSE_RUN, PARSE_PLAN, PARSE_UNSHARE};

/* Options of the command line alone: they make no default. */
static bool is_default(const struct option_row *row)
{
	static const char *const not [] = {"help", "rootfs", "join", "config"};

	for (size_t i = 0; i < sizeof(not ) / sizeof(*not ); i++)
		if (strcmp(row->name, not [i]) == 0)
			return false;
	return true;
}

static const struct option_row *find_default(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		const struct option_row *row = option_find(name, commands[i]);

		if (row)
			return is_default(row) ? row : NULL;
	}
	return NULL;
}

static void suggest_default(const char *name, struct rootlet_error *err)
{
	struct nearest n = {.name = name};

	for (size_t i = 0; i < option_row_count; i++)
		if (is_default(&option_rows[i]))
			nearest_try(&n, option_rows[i].name);
	if (n.best)
		error_hint(err, "did you mean %s?", n.best);
}

/* ---- configuration files ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Without the blanks around it, as a string of its own. */
static char *trimmed(struct arena *a, const char *text, size_t len)
{
	while (len && is_blank(*text)) {
		text++;
		len--;
	}
	while (len && is_blank(text[len - 1]))
		len--;
	return arena_strndup(a, text, len);
}

static int config_line(struct spec *spec, enum parse_command command, char *line, const char *place,
		       struct rootlet_error *err)
{
	struct arena *a = &spec->arena;
	const char *equals = strchr(line, '=');
	const char *name = trimmed(a, line, equals ? (size_t)(equals - line) : strlen(line));
	const char *value = equals ? trimmed(a, equals + 1, strlen(equals + 1)) : NULL;
	const struct option_row *row;
	const char *origin;

	if (!name || (equals && !value))
		return error_nomem(err);
	origin = arena_printf(a, "%s: %s", place, name);
	if (!origin)
		return error_nomem(err);
	if (strncmp(name, "--", 2) == 0) {
		value_error(err, "config-dashes", origin, NULL,
			    "options stand here without their dashes");
		error_hint(err, "write %s", name + 2);
		return -EINVAL;
	}
	row = find_default(name);
	if (!row) {
		value_error(err, "config-unknown", origin, NULL,
			    "is no option that can have a default");
		suggest_default(name, err);
		return -EINVAL;
	}
	if (!(row->commands & (unsigned)command))
		return 0;
	if (value && !*value && row->clear) {
		option_clear(spec, row);
		return 0;
	}
	return option_apply(spec, row, value, origin, err);
}

int parse_config(struct spec *spec, enum parse_command command, const char *text, const char *path,
		 struct rootlet_error *err)
{
	for (unsigned number = 1; *text; number++) {
		size_t len = strcspn(text, "\n");
		char *line = trimmed(&spec->arena, text, len);
		const char *place;
		int r = 0;

		if (!line)
			return error_nomem(err);
		if (*line && *line != '#') {
			place = arena_printf(&spec->arena, "%s:%u", path, number);
			if (!place)
				return error_nomem(err);
			r = config_line(spec, command, line, place, err);
		}
		if (r < 0)
			return r;
		text += len + (text[len] == '\n');
	}
	return 0;
}

/* ---- the environment ---- */

static const char prefix[] = "ROOTLET_";
static const char test_prefix[] = "ROOTLET_TEST_";

/* "READ_ONLY" → "read-only". NULL: no memory. */
static char *option_name(struct arena *a, const char *variable, size_t len)
{
	char *name = arena_strndup(a, variable, len);

	for (char *p = name; p && *p; p++) {
		if (*p == '_')
			*p = '-';
		else if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	}
	return name;
}

/* Whoever sets the environment of a script must not be able to open the container that it starts.
 */
static int refuse_weakening(const struct option_row *row, const char *variable, const char *value,
			    struct rootlet_error *err)
{
	bool off = strcmp(value, "false") == 0 || strcmp(value, "0") == 0;

	if (!row->weakens && !(row->guards && off))
		return 0;
	error_set(err, -EINVAL, "environment-weakens", variable,
		  "%s: an option that weakens the container is not taken from the environment",
		  variable);
	error_hint(err,
		   "give --%s%s on the command line or in rootlet.conf, and unset the variable",
		   row->name, row->weakens ? "" : "=false");
	return -EINVAL;
}

static int environment_entry(struct spec *spec, enum parse_command command, const char *entry,
			     struct rootlet_error *err)
{
	struct arena *a = &spec->arena;
	const char *equals = strchr(entry, '=');
	const char *variable, *name, *value;
	const struct option_row *row;
	int r;

	if (!equals || strncmp(entry, test_prefix, sizeof(test_prefix) - 1) == 0)
		return 0;
	value = equals + 1;
	variable = arena_strndup(a, entry, (size_t)(equals - entry));
	name = option_name(a, entry + sizeof(prefix) - 1,
			   (size_t)(equals - entry) - sizeof(prefix) + 1);
	if (!variable || !name)
		return error_nomem(err);
	if (!*value)
		return 0; /* as if unset: what many scripts mean by it */
	row = find_default(name);
	if (!row) {
		error_set(err, -EINVAL, "environment-unknown", variable,
			  "%s: names no option that can have a default", variable);
		suggest_default(name, err);
		return -EINVAL;
	}
	r = refuse_weakening(row, variable, value, err);
	if (r < 0 || !(row->commands & (unsigned)command))
		return r;
	return option_apply(spec, row, value, variable, err);
}

int parse_environment(struct spec *spec, enum parse_command command, const char *const *environ,
		      struct rootlet_error *err)
{
	for (; *environ; environ++) {
		const char *equals = strchr(*environ, '=');
		int r;

		if (!equals || (size_t)(equals - *environ) < sizeof(prefix) - 1 ||
		    strncmp(*environ, prefix, sizeof(prefix) - 1) != 0)
			continue;
		r = environment_entry(spec, command, *environ, err);
		if (r < 0)
			return r;
	}
	return 0;
}
