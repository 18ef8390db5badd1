/* Flags and texts that need no reading: life, files, and rootlet's own behaviour. */
#include "parse/parse.h"

#include "base/io.h"
#include "parse/values.h"

#include <errno.h>
#include <string.h>

#define FLAG_SETTER(name)                                                                          \
	int set_##name(struct spec *spec, const char *value, const char *origin,                   \
		       struct rootlet_error *err)                                                  \
	{                                                                                          \
		return value_bool(value, origin, &spec->name, err);                                \
	}

FLAG_SETTER(interactive)
FLAG_SETTER(tty)
FLAG_SETTER(detach)
FLAG_SETTER(remove)
FLAG_SETTER(replace)
FLAG_SETTER(env_host)
FLAG_SETTER(read_only)
FLAG_SETTER(privileged)
FLAG_SETTER(disable_userns)
FLAG_SETTER(verbose)
FLAG_SETTER(timings)
FLAG_SETTER(help)

/* A text that cannot be empty: a name, a path. */
static int set_text(struct spec *spec, const char **field, const char *value, const char *origin,
		    struct rootlet_error *err)
{
	if (!*value)
		return value_error(err, "option-empty", origin, value, "the value is empty");
	return value_copy(&spec->arena, value, field, err);
}

#define TEXT_SETTER(name, field)                                                                   \
	int set_##name(struct spec *spec, const char *value, const char *origin,                   \
		       struct rootlet_error *err)                                                  \
	{                                                                                          \
		return set_text(spec, &spec->field, value, origin, err);                           \
	}

TEXT_SETTER(name, name)
TEXT_SETTER(pidfile, pidfile)
TEXT_SETTER(cidfile, cidfile)
TEXT_SETTER(facts, facts_path)
TEXT_SETTER(config, config_path)
TEXT_SETTER(state_dir, state_dir)

int set_rootfs(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	bool on;

	return value_bool(value, origin, &on, err);
}

int set_read_only_tmpfs(struct spec *spec, const char *value, const char *origin,
			struct rootlet_error *err)
{
	bool on;
	int r = value_bool(value, origin, &on, err);

	if (!r)
		spec->read_only_tmpfs = on ? YES : NO;
	return r;
}

int set_overlay(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	bool on = true;

	if (value && *value != '/' && *value != '.') {
		/* false takes a default of the configuration file back */
		if (value_bool(value, origin, &on, NULL) < 0)
			return value_error(err, "overlay", origin, value,
					   "the directory begins with neither / nor .");
		value = NULL;
	}
	spec->overlay = on;
	spec->overlay_dir = NULL;
	return value ? value_copy(&spec->arena, value, &spec->overlay_dir, err) : 0;
}

/* ---- one of a few words ---- */

/* The index of `value` in the NULL-terminated `words`; -EINVAL with "is none of a, b, c". */
static int choose(const char *value, const char *const *words, const char *list, const char *origin,
		  struct rootlet_error *err)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], value) == 0)
			return i;
	return value_error(err, "option-choice", origin, value, "is none of %s", list);
}

int set_format(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	static const char *const words[] = {"text", "json", "sh", NULL};
	int index = choose(value, words, "text, json, sh", origin, err);

	if (index < 0)
		return index;
	spec->format = (enum plan_format)index;
	return 0;
}

int set_log_level(struct spec *spec, const char *value, const char *origin,
		  struct rootlet_error *err)
{
	static const char *const words[] = {"error", "warn", "info", "debug", NULL};
	int index = choose(value, words, "error, warn, info, debug", origin, err);

	return index < 0 ? index : value_copy(&spec->arena, value, &spec->log_level, err);
}

int set_log_format(struct spec *spec, const char *value, const char *origin,
		   struct rootlet_error *err)
{
	static const char *const words[] = {"text", "json", NULL};
	int index = choose(value, words, "text, json", origin, err);

	return index < 0 ? index : value_copy(&spec->arena, value, &spec->log_format, err);
}

int set_color(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	static const char *const words[] = {"auto", "always", "never", NULL};
	int index = choose(value, words, "auto, always, never", origin, err);

	return index < 0 ? index : value_copy(&spec->arena, value, &spec->color, err);
}
