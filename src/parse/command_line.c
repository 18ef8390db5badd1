/* A command line, cut into options, ROOT and the command. Each option's meaning is its setter's.
 *
 * It is cut completely before anything is applied: --env-file comes before --env whatever their
 * order (as podman has it), and --config can be found without applying the rest.
 */
#include "parse/parse.h"

#include "parse/values.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct cut {
	enum parse_command command;
	int argc;
	const char *const *argv;
	int next; /* index of the next word */
	struct arena *arena;

	/* what was found */
	struct found {
		const struct option_row *row;
		const char *value;
		const char *origin;
	} * found;
	size_t count;
	bool help;
};

static const char *command_name(enum parse_command command)
{
	switch (command) {
	case PARSE_RUN:
		return "run";
	case PARSE_PLAN:
		return "plan";
	case PARSE_UNSHARE:
		return "unshare";
	case PARSE_EXEC:
		return "exec";
	}
	return "?";
}

/* An option that other commands take, or other tools have, or that is misspelt. */
static int unknown_option(enum parse_command command, const char *flag, struct rootlet_error *err)
{
	static const enum parse_command all[] = {PARSE_RUN, PARSE_PLAN, PARSE_UNSHARE, PARSE_EXEC};
	const char *hint = foreign_hint(flag, command);
	bool is_long = flag[1] == '-';
	struct nearest n = {.name = flag + 2};

	error_set(err, -EINVAL, hint ? "option-foreign" : "option-unknown", flag,
		  "%s: rootlet %s has no such option", flag, command_name(command));
	if (hint) {
		error_hint(err, "%s", hint);
		return -EINVAL;
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (!(is_long ? option_find(flag + 2, all[i])
			      : option_find_letter(flag[1], all[i])))
			continue;
		error_hint(err, "rootlet %s has one", command_name(all[i]));
		return -EINVAL;
	}
	for (size_t i = 0; is_long && i < option_row_count; i++)
		if (option_rows[i].commands & (unsigned)command)
			nearest_try(&n, option_rows[i].name);
	if (n.best)
		error_hint(err, "did you mean --%s?", n.best);
	else
		error_hint(err, "rootlet help %s lists them", command_name(command));
	return -EINVAL;
}

static int add_found(struct cut *c, const struct option_row *row, const char *value,
		     const char *origin, struct rootlet_error *err)
{
	if (arena_grow(c->arena, &c->found, c->count, sizeof(*c->found)) < 0)
		return error_nomem(err);
	c->found[c->count++] = (struct found){row, value, origin};
	if (strcmp(row->name, "help") == 0)
		c->help = true;
	return 0;
}

/* The next word as the value of `row`; -EINVAL at the end of the line. */
static int take_value(struct cut *c, const struct option_row *row, const char *origin,
		      const char **ret, struct rootlet_error *err)
{
	if (c->next >= c->argc) {
		value_error(err, "option-value-missing", origin, NULL, "needs a value, %s",
			    row->metavar);
		if (strcmp(origin, "-h") == 0)
			error_hint(err,
				   "it sets the hostname, as podman's does; --help is the help");
		return -EINVAL;
	}
	*ret = c->argv[c->next++];
	return 0;
}

static int cut_long(struct cut *c, const char *word, struct rootlet_error *err)
{
	const char *equals = strchr(word, '=');
	const char *flag =
		arena_strndup(c->arena, word, equals ? (size_t)(equals - word) : strlen(word));
	const char *value = equals ? equals + 1 : NULL;
	const struct option_row *row;
	int r;

	if (!flag)
		return error_nomem(err);
	row = option_find(flag + 2, c->command);
	if (!row)
		return unknown_option(c->command, flag, err);
	if (!value && row->argument == ARGUMENT_REQUIRED) {
		r = take_value(c, row, flag, &value, err);
		if (r < 0)
			return r;
	}
	return add_found(c, row, value, flag, err);
}

/* "-it", "-eFOO=1", "-e=FOO=1": a letter that takes a value takes the rest of the word. */
static int cut_letters(struct cut *c, const char *word, struct rootlet_error *err)
{
	for (const char *p = word + 1; *p; p++) {
		const struct option_row *row = option_find_letter(*p, c->command);
		const char *flag = arena_printf(c->arena, "-%c", *p);
		const char *value = NULL;
		int r = 0;

		if (!flag)
			return error_nomem(err);
		if (!row)
			return unknown_option(c->command, flag, err);
		if (p[1] == '=')
			value = p + 2;
		else if (row->argument == ARGUMENT_REQUIRED && p[1])
			value = p + 1;
		else if (row->argument == ARGUMENT_REQUIRED)
			r = take_value(c, row, flag, &value, err);
		if (!r)
			r = add_found(c, row, value, flag, err);
		if (r < 0 || value)
			return r;
	}
	return 0;
}

/* Every option up to ROOT (or the command), whose index is then in c->next. */
static int cut_options(struct cut *c, struct rootlet_error *err)
{
	while (c->next < c->argc && !c->help) {
		const char *word = c->argv[c->next];
		int r;

		if (word[0] != '-')
			return 0;
		c->next++;
		if (strcmp(word, "--") == 0)
			return 0;
		if (strcmp(word, "-") == 0) {
			value_error(err, "option-unknown", word, NULL, "is no option and no ROOT");
			error_hint(err, "name a directory that begins with / or .");
			return -EINVAL;
		}
		r = word[1] == '-' ? cut_long(c, word, err) : cut_letters(c, word, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Nothing but slashes, and "." between them: the host's root. */
static bool is_host_root(const char *path)
{
	if (*path != '/')
		return false;
	for (; *path; path++)
		if (*path != '/' &&
		    !(*path == '.' && path[-1] == '/' && (!path[1] || path[1] == '/')))
			return false;
	return true;
}

static int set_root(struct spec *spec, const char *root, struct rootlet_error *err)
{
	if (!*root) {
		error_set(err, -EINVAL, "no-root", "ROOT", "ROOT: is empty");
		error_hint(err, "is a variable of the shell unset?");
		return -EINVAL;
	}
	if (*root != '/' && *root != '.') {
		error_set(err, -EINVAL, "image-not-yet", root,
			  "%.300s: names an image, and images are not available yet", root);
		error_hint(err, "a directory begins with / or .: ./%.300s if that is meant", root);
		return -EINVAL;
	}
	spec->root_kind = is_host_root(root) ? ROOT_HOST : ROOT_DIRECTORY;
	return value_copy(&spec->arena, root, &spec->root_path, err);
}

static int set_args(struct spec *spec, int argc, const char *const *argv, struct rootlet_error *err)
{
	if (!argc)
		return 0;
	if (!*argv[0]) {
		error_set(err, -EINVAL, "command-empty", "COMMAND", "COMMAND: is empty");
		error_hint(err, "is a variable of the shell unset?");
		return -EINVAL;
	}
	spec->args = arena_alloc(&spec->arena, ((size_t)argc + 1) * sizeof(*spec->args));
	if (!spec->args)
		return error_nomem(err);
	for (int i = 0; i < argc; i++)
		if (value_copy(&spec->arena, argv[i], &spec->args[i], err) < 0)
			return -ENOMEM;
	spec->arg_count = (size_t)argc;
	return 0;
}

/* --env-file first: a variable of the same name given with --env wins over it. */
static int apply_found(struct spec *spec, const struct cut *c, struct rootlet_error *err)
{
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < c->count; i++) {
			const struct found *f = &c->found[i];
			bool early = strcmp(f->row->name, "env-file") == 0;
			int r;

			if (early != (pass == 0))
				continue;
			r = option_apply(spec, f->row, f->value, f->origin, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int parse_command_line(struct spec *spec, enum parse_command command, int argc,
		       const char *const *argv, struct rootlet_error *err)
{
	struct cut c = {.command = command, .argc = argc, .argv = argv, .arena = &spec->arena};
	int r = cut_options(&c, err);

	if (r < 0)
		return r;
	if (c.help) {
		spec->help = true;
		return 0;
	}
	r = apply_found(spec, &c, err);
	if (!r && command == PARSE_EXEC && c.next < argc)
		r = value_copy(&spec->arena, argv[c.next++], &spec->container, err);
	else if (!r && command != PARSE_UNSHARE && c.next < argc)
		r = set_root(spec, argv[c.next++], err);
	if (!r)
		r = set_args(spec, argc - c.next, argv + c.next, err);
	return r;
}

const char *parse_find_value(enum parse_command command, const char *name, int argc,
			     const char *const *argv)
{
	struct arena a;
	struct cut c = {.command = command, .argc = argc, .argv = argv, .arena = &a};
	const char *value = NULL;

	arena_init(&a);
	cut_options(&c, NULL); /* a mistake later on the line does not hide what stands before it */
	for (size_t i = 0; i < c.count && !c.help; i++)
		if (strcmp(c.found[i].row->name, name) == 0)
			value = c.found[i].value; /* lies in argv */
	arena_release(&a);
	return value;
}
