/* A growing byte string for building text. Zero-initialise it; buffer_release frees it.
 * Errors stick: after a failed allocation every call is a no-op and buffer_failed() is true. */
#ifndef ROOTLET_BASE_BUFFER_H
#define ROOTLET_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
	char *data; /* NUL-terminated once anything was added; NULL before */
	size_t len, size;
	bool failed;
};

void buffer_add(struct buffer *b, const void *data, size_t len);
void buffer_puts(struct buffer *b, const char *s);
void buffer_printf(struct buffer *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buffer_release(struct buffer *b);

static inline bool buffer_failed(const struct buffer *b)
{
	return b->failed;
}

#define AUTO_BUFFER __attribute__((cleanup(buffer_release))) struct buffer

#endif
