/* The error object: filling it. See error.h; no policy and no output here. */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies src to dst, writing control characters as \xNN: a message stays one line. */
static void copy_printable(char *dst, size_t size, const char *src)
{
	size_t used = 0;

	for (; *src && used + 5 < size; src++) {
		unsigned char c = (unsigned char)*src;

		if (c < 0x20 || c == 0x7f)
			used += (size_t)snprintf(dst + used, size - used, "\\x%02x", c);
		else
			dst[used++] = (char)c;
	}
	dst[used] = '\0';
}

__attribute__((format(printf, 3, 0))) static void format_printable(char *dst, size_t size,
								   const char *fmt, va_list ap)
{
	char raw[2048];

	vsnprintf(raw, sizeof(raw), fmt, ap);
	copy_printable(dst, size, raw);
}

int error_set(struct rootlet_error *err, int code, const char *id, const char *subject,
	      const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	err->id = id;
	err->stage = NULL;
	err->step = -1;
	err->exit_status = 125;
	err->hint[0] = '\0';
	copy_printable(err->subject, sizeof(err->subject), subject ? subject : "");
	va_start(ap, fmt);
	format_printable(err->message, sizeof(err->message), fmt, ap);
	va_end(ap);
	return code;
}

void error_hint(struct rootlet_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	format_printable(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
}

void error_fill_nomem(struct rootlet_error *err)
{
	error_set(err, -ENOMEM, "no-memory", NULL, "memory: the system has no more to give");
}

const char *error_text(int code)
{
	const char *text = strerrordesc_np(abs(code));

	return text ? text : "unknown error";
}
