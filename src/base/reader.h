/* Strict reading of a JSON text: for every complaint the file, the line, the column and the JSON
 * pointer (RFC 6901). Shared by what reads profiles and configs; knows nothing of either. */
#ifndef ROOTLET_BASE_READER_H
#define ROOTLET_BASE_READER_H

#include "base/error.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	const char *text; /* need not end in NUL */
	size_t len;
	const char *path; /* for messages */
	const char *noun; /* what the text is: "a seccomp profile" */
	struct rootlet_error *err;
	/* Where the text is a part of a larger one: its place there. 0 and NULL: it is none. */
	size_t line, column;
	const char *pointer; /* "/linux/seccomp" */
	struct arena nodes;
};

enum { READER_TEXT_MAX = 4 << 20 };

/* The whole text: one object, until reader_close. Its strings lie in `strings` and live as long as
 * that. */
int reader_open(struct reader *r, struct arena *strings, const struct json **ret);
void reader_close(struct reader *r);

/* Fills the error ("FILE:LINE:COLUMN: POINTER: WHY") and returns -EINVAL. */
int reader_fail(const struct reader *r, const struct json *at, const char *id, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same of a member that is not there: the place is the object's. */
int reader_fail_member(const struct reader *r, const struct json *object, const char *key,
		       const char *id, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Line and column of a value, from 1; in the larger text where there is one. */
void reader_place(const struct reader *r, const struct json *at, size_t *line, size_t *column);

/* The member, or NULL where there is none or it is null: both mean "not given". */
const struct json *reader_member(const struct json *object, const char *key);
/* The member, which must be there and of that kind. */
int reader_need(const struct reader *r, const struct json *object, const char *key,
		enum json_kind kind, const struct json **ret);

int reader_want(const struct reader *r, const struct json *value, enum json_kind kind);
int reader_string(const struct reader *r, const struct json *value, const char **ret);
int reader_number(const struct reader *r, const struct json *value, uint64_t max, uint64_t *ret);
int reader_signed(const struct reader *r, const struct json *value, int64_t min, int64_t max,
		  int64_t *ret);

/* Call `visit` for each element of a list, up to its first failure; nothing where no list is given
 * (NULL). */
typedef int reader_visitor(const struct reader *r, const struct json *value, void *data);
int reader_each(const struct reader *r, const struct json *list, reader_visitor *visit, void *data);

/* Refuses members that are not in the list (which ends in NULL): a misspelt one must not vanish. */
int reader_keys(const struct reader *r, const struct json *object, const char *const *known);

#endif
