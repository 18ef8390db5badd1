/* What goes to stderr: one line a message, a second one with the way out. No other file prints
 * there. */
#include "cli/cli.h"

#include "base/error.h"
#include "base/tint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *color_choice = "auto";
static bool json_messages;
static enum message_level level = LEVEL_WARN;

void message_setup(const char *color, const char *log_format, const char *log_level)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};

	for (int i = 0; log_level && i < (int)(sizeof(names) / sizeof(names[0])); i++)
		if (strcmp(names[i], log_level) == 0)
			level = (enum message_level)i;
	if (color) /* a word of our own: the spec that it comes from ends before the last message */
		color_choice = !strcmp(color, "always")	 ? "always"
			       : !strcmp(color, "never") ? "never"
							 : "auto";
	if (log_format)
		json_messages = strcmp(log_format, "json") == 0;
}

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

/* no-color.org and bixense.com/clicolors; --color decides over both. */
bool message_color(int fd)
{
	const char *term = getenv("TERM"), *force = getenv("CLICOLOR_FORCE");

	if (strcmp(color_choice, "auto") != 0)
		return strcmp(color_choice, "always") == 0;
	if (is_set("NO_COLOR"))
		return false;
	if (force && *force && strcmp(force, "0") != 0)
		return true;
	return isatty(fd) && term && strcmp(term, "dumb") != 0;
}

static void print_json_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			fprintf(out, "\\u%04x", *text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

static void print_json(FILE *out, const char *kind, const char *message, const char *hint,
		       const char *id)
{
	fprintf(out, "{\"level\":\"%s\",\"msg\":", kind);
	print_json_string(out, message);
	if (hint && *hint) {
		fputs(",\"hint\":", out);
		print_json_string(out, hint);
	}
	if (id && *id) {
		fputs(",\"id\":", out);
		print_json_string(out, id);
	}
	fputs("}\n", out);
}

static void print_line(FILE *out, const char *prefix, const char *sgr, const char *text)
{
	if (message_color(2))
		fprintf(out, "\033[%sm%s\033[0m %s\n", sgr, prefix, text);
	else
		fprintf(out, "%s %s\n", prefix, text);
}

void message_error(const rootlet_error *err)
{
	const char *hint = rootlet_error_hint(err);

	if (json_messages) {
		print_json(stderr, "error", rootlet_error_message(err), hint,
			   rootlet_error_id(err));
		return;
	}
	print_line(stderr, "rootlet:", TINT_BOLD_BAD, rootlet_error_message(err));
	if (*hint)
		print_line(stderr, "hint:", TINT_HEAD, hint);
}

void message_usage(const rootlet_error *err, const char *command)
{
	char pointer[128];

	message_error(err);
	if (json_messages || *rootlet_error_hint(err))
		return;
	snprintf(pointer, sizeof(pointer), "`rootlet help %s` explains its options", command);
	print_line(stderr, "hint:", TINT_HEAD, pointer);
}

void message_note(const char *text)
{
	if (level < LEVEL_WARN)
		return;
	if (json_messages)
		print_json(stderr, "warning", text, NULL, NULL);
	else
		print_line(stderr, "rootlet:", TINT_WARN, text);
}

char *message_note_text(const char *text)
{
	char *copy = NULL;
	size_t size;
	FILE *out = level < LEVEL_WARN ? NULL : open_memstream(&copy, &size);

	if (!out)
		return NULL;
	if (json_messages)
		print_json(out, "warning", text, NULL, NULL);
	else
		print_line(out, "rootlet:", TINT_WARN, text);
	if (fclose(out) == 0)
		return copy;
	free(copy);
	return NULL;
}

bool message_wanted(enum message_level wanted)
{
	return level >= wanted;
}

void message_progress(enum message_level at, const char *text)
{
	if (json_messages)
		print_json(stderr, at == LEVEL_DEBUG ? "debug" : "info", text, NULL, NULL);
	else
		fprintf(stderr, "%s\n", text);
}

void message_text(const char *text)
{
	if (json_messages)
		print_json(stderr, "error", text, NULL, NULL);
	else
		print_line(stderr, "rootlet:", TINT_BOLD_BAD, text);
}

/* A reader that left early (`| head`) is nothing to talk about. */
int message_output_failed(int error)
{
	char text[160];

	snprintf(text, sizeof(text), "standard output: %s",
		 error ? error_text(error) : "not all of it could be written");
	if (error != EPIPE)
		message_text(text);
	return EXIT_ROOTLET;
}
