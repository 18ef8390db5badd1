/* Environment variables: --env and the files of --env-file. Nothing here looks at the caller's own
 * environment: a name without a value is filled in by plan, which has the facts.
 */
#include "parse/parse.h"

#include "base/fd.h"
#include "base/io.h"
#include "parse/values.h"

#include <errno.h>
#include <string.h>

enum { ENV_FILE_LIMIT = 1 << 20 };

static bool good_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f)
			return false;
	return len > 0;
}

int env_add(struct spec *spec, const char *text, size_t len, const char *origin,
	    struct rootlet_error *err)
{
	struct arena *a = &spec->arena;
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : len;
	struct spec_env e = {0};

	if (!name_len) {
		const char *whole = arena_strndup(a, text, len);

		return whole ? value_error(err, "env-name", origin, whole,
					   "the variable's name is empty")
			     : error_nomem(err);
	}
	e.name = arena_strndup(a, text, name_len);
	if (!e.name)
		return error_nomem(err);
	if (!good_name(text, name_len))
		return value_error(err, "env-name", origin, e.name,
				   "a variable's name has no blanks and no control characters");
	if (!equals && text[len - 1] == '*') {
		value_error(err, "env-name", origin, e.name, "patterns are not supported");
		error_hint(err, "name each variable, or use --env-host");
		return -EINVAL;
	}
	if (equals) {
		e.value = arena_strndup(a, equals + 1, len - name_len - 1);
		if (!e.value)
			return error_nomem(err);
	}
	if (arena_grow(a, &spec->env, spec->env_count, sizeof(*spec->env)) < 0)
		return error_nomem(err);
	spec->env[spec->env_count++] = e;
	return 0;
}

int set_env(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	return env_add(spec, value, strlen(value), origin, err);
}

void clear_env(struct spec *spec)
{
	spec->env_count = 0;
	spec->env = NULL;
}

static int env_line(struct spec *spec, const char *line, size_t len, const char *path,
		    unsigned number, struct rootlet_error *err)
{
	const char *place = arena_printf(&spec->arena, "%s:%u", path, number);

	if (!place)
		return error_nomem(err);
	if (memchr(line, '\0', len))
		return value_error(err, "env-file", place, NULL,
				   "contains a NUL byte: this is no text file");
	return env_add(spec, line, len, place, err);
}

int parse_env_file(struct spec *spec, const char *text, size_t len, const char *path,
		   struct rootlet_error *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	const char *end = text + len;

	/* the byte order mark of some editors: no part of the first name (docker, too) */
	if (len >= sizeof(mark) - 1 && memcmp(text, mark, sizeof(mark) - 1) == 0)
		text += sizeof(mark) - 1;
	for (unsigned number = 1; text < end; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;
		const char *next = newline ? newline + 1 : end;
		int r;

		if (stop > text && stop[-1] == '\r')
			stop--;
		/* blanks before a name are indentation; those after '=' belong to the value */
		while (text < stop && (*text == ' ' || *text == '\t'))
			text++;
		if (text < stop && *text != '#') {
			r = env_line(spec, text, (size_t)(stop - text), path, number, err);
			if (r < 0)
				return r;
		}
		text = next;
	}
	return 0;
}

int set_env_file(struct spec *spec, const char *value, const char *origin,
		 struct rootlet_error *err)
{
	AUTO_FREE char *text = NULL;
	size_t len;
	int r = io_read_named_file(value, ENV_FILE_LIMIT, &text, &len);

	if (r == -EFBIG)
		return value_error(err, "env-file", origin, value, "is longer than 1 MiB");
	if (r == -ENOMEM)
		return error_nomem(err);
	if (r < 0)
		return value_error(err, "env-file", origin, value, "cannot be read: %s",
				   error_text(r));
	return parse_env_file(spec, text, len, value, err);
}
