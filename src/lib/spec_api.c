/* The public façade: versions, errors, options and specs. Composes rooms; decides nothing. */
#include "rootlet.h"

#include "base/error.h"
#include "lib/handles.h"
#include "parse/parse.h"
#include "spec/spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *rootlet_version(void)
{
	return ROOTLET_VERSION;
}

rootlet_error *rootlet_error_new(void)
{
	rootlet_error *err = calloc(1, sizeof(*err));

	if (err)
		err->step = -1;
	return err;
}

void rootlet_error_free(rootlet_error *err)
{
	free(err);
}

int rootlet_error_code(const rootlet_error *err)
{
	return err->code;
}

const char *rootlet_error_message(const rootlet_error *err)
{
	return err->message;
}

const char *rootlet_error_hint(const rootlet_error *err)
{
	return err->hint;
}

const char *rootlet_error_id(const rootlet_error *err)
{
	return err->id ? err->id : "";
}

const char *rootlet_error_subject(const rootlet_error *err)
{
	return err->subject;
}

const char *rootlet_error_stage(const rootlet_error *err)
{
	return err->stage;
}

int rootlet_error_step(const rootlet_error *err)
{
	return err->step;
}

int rootlet_error_exit_status(const rootlet_error *err)
{
	return err->exit_status;
}

/* ---- options ---- */

size_t rootlet_option_count(void)
{
	return option_row_count;
}

int rootlet_option_get(size_t index, rootlet_option *ret)
{
	const struct option_row *row = &option_rows[index];

	if (index >= option_row_count)
		return -ERANGE;
	*ret = (rootlet_option){
		.name = row->name,
		.letter = row->letter,
		.metavar = row->argument == ARGUMENT_NONE ? NULL : row->metavar,
		.optional = row->argument == ARGUMENT_OPTIONAL,
		.group = row->group,
		.commands = row->commands,
		.repeats = row->repeats,
		.weakens = row->weakens,
		.help = row->help,
	};
	return 0;
}

/* ---- spec ---- */

int rootlet_spec_new(rootlet_command command, rootlet_spec **ret, rootlet_error *err)
{
	rootlet_spec *handle = calloc(1, sizeof(*handle));

	if (!handle)
		return error_nomem(err);
	handle->command = (enum parse_command)command;
	handle->spec = spec_new(command == ROOTLET_UNSHARE ? SPEC_UNSHARE
				: command == ROOTLET_EXEC  ? SPEC_EXEC
							   : SPEC_RUN);
	if (!handle->spec) {
		free(handle);
		return error_nomem(err);
	}
	*ret = handle;
	return 0;
}

void rootlet_spec_free(rootlet_spec *handle)
{
	if (!handle)
		return;
	spec_free(handle->spec);
	free(handle);
}

int rootlet_spec_set(rootlet_spec *handle, const char *option, const char *value,
		     const char *origin, rootlet_error *err)
{
	const struct option_row *row = option_find(option, handle->command);

	if (!row)
		return error_set(err, -EINVAL, "option-unknown", option,
				 "%s: there is no such option", option);
	return option_apply(handle->spec, row, value, origin ? origin : option, err);
}

int rootlet_spec_set_config(rootlet_spec *handle, const char *text, const char *path,
			    rootlet_error *err)
{
	return parse_config(handle->spec, handle->command, text, path, err);
}

int rootlet_spec_set_environment(rootlet_spec *handle, const char *const *environ,
				 rootlet_error *err)
{
	return parse_environment(handle->spec, handle->command, environ, err);
}

int rootlet_spec_set_command_line(rootlet_spec *handle, int argc, const char *const *argv,
				  rootlet_error *err)
{
	return parse_command_line(handle->spec, handle->command, argc, argv, err);
}

const char *rootlet_find_value(rootlet_command command, const char *option, int argc,
			       const char *const *argv)
{
	return parse_find_value((enum parse_command)command, option, argc, argv);
}

static const char *flag(bool set)
{
	return set ? "true" : NULL;
}

const char *rootlet_spec_get(const rootlet_spec *handle, const char *option)
{
	static const char *const formats[] = {
		[FORMAT_TEXT] = "text", [FORMAT_JSON] = "json", [FORMAT_SH] = "sh"};
	const struct spec *s = handle->spec;
	const struct {
		const char *name, *value;
	} rows[] = {
		{"color", s->color},
		{"log-level", s->log_level},
		{"log-format", s->log_format},
		{"state-dir", s->state_dir},
		{"facts", s->facts_path},
		{"format", formats[s->format]},
		{"help", flag(s->help)},
		{"timings", flag(s->timings)},
		{"verbose", flag(s->verbose)},
		{"tty", flag(s->tty)},
		{"detach", flag(s->detach)},
		{"interactive", flag(s->interactive)},
		{"rm", flag(s->remove)},
		{"replace", flag(s->replace)},
		{"name", s->name},
		{"cidfile", s->cidfile},
		{"container", s->container},
		{"detach-keys", s->detach_keys},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, option) == 0)
			return rows[i].value;
	return NULL;
}

int rootlet_spec_validate(const rootlet_spec *handle, rootlet_error *err)
{
	return spec_validate(handle->spec, err);
}

void rootlet_spec_start_options(const rootlet_spec *handle, rootlet_start_options *ret)
{
	*ret = (rootlet_start_options){
		.timings = handle->spec->timings,
		.status_fd = handle->spec->status_fd,
		.pidfile = handle->spec->pidfile,
	};
}
