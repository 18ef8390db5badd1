/* What the fuzz targets share. */
#ifndef ROOTLET_FUZZ_H
#define ROOTLET_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stays in builds with NDEBUG, unlike assert. */
#define require(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* A result and its error object agree, and the message is one line with something in it. */
static inline void require_message(int r, const struct rootlet_error *err)
{
	if (!r) {
		require(!err->code);
		return;
	}
	require(r < 0 && err->code == r);
	require(err->id && *err->message && !strpbrk(err->message, "\n\r\033"));
	require(!strpbrk(err->hint, "\n\r\033"));
}

/* The input as a string; the caller frees it. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
