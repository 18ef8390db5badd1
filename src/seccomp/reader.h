/* Strict reading of a JSON text: json-c for the values, and for every complaint the file, the line,
 * the column and the JSON pointer (RFC 6901). Knows nothing of seccomp. */
#ifndef ROOTLET_SECCOMP_READER_H
#define ROOTLET_SECCOMP_READER_H

#include "base/error.h"

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	const char *text; /* need not end in NUL */
	size_t len;
	const char *path; /* for messages */
	struct rootlet_error *err;
};

/* Where a value stands: a chain on the stack, from the value up to the root (NULL). */
struct where {
	const struct where *up;
	const char *key; /* NULL in an array */
	size_t index;
};

enum { READER_TEXT_MAX = 4 << 20, READER_DEPTH = 16 };

/* Fills the error ("FILE:LINE:COLUMN: POINTER: WHY") and returns -EINVAL. */
int reader_fail(const struct reader *r, const struct where *at, const char *id, const char *fmt,
		...) __attribute__((format(printf, 4, 5)));

/* The whole text: one object. The caller puts it (json_object_put). */
int reader_open(const struct reader *r, struct json_object **ret);

/* The member, or NULL where there is none or it is null: both mean "not given". */
struct json_object *reader_member(struct json_object *object, const char *key);

int reader_want(const struct reader *r, const struct where *at, struct json_object *value,
		enum json_type type);
int reader_string(const struct reader *r, const struct where *at, struct json_object *value,
		  const char **ret);
int reader_number(const struct reader *r, const struct where *at, struct json_object *value,
		  uint64_t max, uint64_t *ret);

/* Call `visit` for each element of a list, up to its first failure; nothing where no list is given.
 */
typedef int reader_visitor(const struct reader *r, const struct where *at,
			   struct json_object *value, void *data);
int reader_each(const struct reader *r, const struct where *at, struct json_object *list,
		reader_visitor *visit, void *data);

/* Refuses members that are not in the list (which ends in NULL): a misspelt one must not vanish. */
int reader_keys(const struct reader *r, const struct where *at, struct json_object *object,
		const char *const *known);

/* Offset of the value that the pointer names, for a text that json-c has accepted; where the chain
 * leads nowhere, that of its last part which exists. */
size_t reader_locate(const struct reader *r, const struct where *at);

#endif
