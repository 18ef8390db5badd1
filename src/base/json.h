/* A JSON text (RFC 8259) as a tree, each value with its place in the text. Exact whole numbers, no
 * policy and no messages but the reason of a fault: those are reader.h's.
 *
 * The parser is ours because a start reads a config of some 20 KB: this takes a tenth of the time
 * of a library that makes a hash table for each object and forgets where each value stood.
 */
#ifndef ROOTLET_BASE_JSON_H
#define ROOTLET_BASE_JSON_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_INTEGER,  /* digits alone, with or without '-' */
	JSON_FRACTION, /* with a point or an exponent: its value is not kept */
	JSON_STRING,
	JSON_LIST,
	JSON_OBJECT,
};

struct json {
	uint8_t kind;	      /* enum json_kind */
	bool truth;	      /* of a JSON_BOOL */
	bool negative;	      /* of a JSON_INTEGER, "-0" too */
	bool too_big;	      /* its digits do not fit into 64 bits */
	uint32_t offset, end; /* its text: a string's with the quotes */
	uint32_t count;	      /* bytes of a string, members, elements */
	const struct json *up, *next;
	const char *key; /* of a member: never with a NUL inside; else NULL */
	union {
		uint64_t number;    /* without its sign */
		const char *string; /* NUL-terminated; may contain NUL: see count */
		const struct json *first;
	};
};

enum { JSON_DEPTH = 64 };

struct json_fault {
	size_t offset;
	const char *why; /* static; NULL: no memory */
};

/* The whole text: one value. The tree lies in `nodes`, its strings in `strings` (both may be the
 * same arena). false: *fault says why and where. At most 4 GiB. */
bool json_parse(struct arena *nodes, struct arena *strings, const char *text, size_t len,
		const struct json **ret, struct json_fault *fault);

/* The member of an object, the last one where a key is given twice; NULL: none, or no object. */
const struct json *json_member(const struct json *object, const char *key);

#endif
