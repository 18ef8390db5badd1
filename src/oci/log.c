/* Messages: a line on standard error, and where --log names a file one there too. Engines read that
 * file: with --log-format json each line is an object, and only errors stand in it unless --debug
 * asks for all, since some take it for a single one. */
#include "oci/oci.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static FILE *file;

/* RFC 3339. */
static void stamp(char *text, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void put_string(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(f, "\\%c", *text);
		else if ((unsigned char)*text < 0x20 || *text == 0x7f)
			fprintf(f, "\\u%04x", (unsigned char)*text);
		else
			fputc(*text, f);
	}
	fputc('"', f);
}

static void to_file(const char *level, const char *message, const char *hint)
{
	char time[32];

	if (!file)
		return;
	stamp(time, sizeof(time));
	if (globals.log_as) {
		fprintf(file, "{\"level\":\"%s\",\"msg\":", level);
		put_string(file, message);
		if (*hint) {
			fputs(",\"hint\":", file);
			put_string(file, hint);
		}
		fprintf(file, ",\"time\":\"%s\"}\n", time);
	} else {
		fprintf(file, "time=\"%s\" level=%s msg=", time, level);
		put_string(file, message);
		fputc('\n', file);
	}
	fflush(file);
}

int log_open(void)
{
	struct rootlet_error err = {0};
	int fd;

	if (!globals.log)
		return 0;
	/* O_APPEND: an engine may write there as well. O_NONBLOCK: a FIFO that nobody reads. */
	fd = open(globals.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		  0644);
	file = fd < 0 ? NULL : fdopen(fd, "a");
	if (file)
		return 0;
	error_set(&err, -errno, "log-file", globals.log, "--log %s: %s", globals.log,
		  error_text(errno));
	error_hint(&err, "name a file in a folder that exists and that you may write to");
	log_error(&err);
	return err.code;
}

int log_descriptor(void)
{
	return file ? fileno(file) : -1;
}

void log_error(const rootlet_error *err)
{
	const char *hint = rootlet_error_hint(err);

	fprintf(stderr, "rootlet-oci: %s\n", rootlet_error_message(err));
	if (*hint)
		fprintf(stderr, "hint: %s\n", hint);
	to_file("error", rootlet_error_message(err), hint);
}

void log_warning(const char *text)
{
	fprintf(stderr, "rootlet-oci: %s\n", text);
	if (globals.debug || !globals.log_as)
		to_file("warning", text, "");
}

/* For who follows what happens: where --log names no file, on standard error in that file's form.
 */
void log_debug(const char *text)
{
	char time[32];

	if (!globals.debug)
		return;
	if (file) {
		to_file("debug", text, "");
		return;
	}
	stamp(time, sizeof(time));
	fprintf(stderr, "time=\"%s\" level=debug msg=", time);
	put_string(stderr, text);
	fputc('\n', stderr);
}

static void say(void *data, const char *text)
{
	log_warning(text);
}

const rootlet_warnings log_warnings = {say, NULL};

int command_fail(const rootlet_error *err)
{
	log_error(err);
	return EXIT_OCI;
}
