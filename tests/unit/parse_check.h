/* For the tests of parse: one row an option and what comes of it. Included once a program. */
#ifndef ROOTLET_TEST_PARSE_CHECK_H
#define ROOTLET_TEST_PARSE_CHECK_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "parse/parse.h"

struct refusal {
	const char *option, *value;
	const char *id, *message;
	const char *hint; /* "": none */
};

static inline struct spec *new_spec(enum spec_kind kind)
{
	struct spec *spec = spec_new(kind);

	assert_non_null(spec);
	return spec;
}

/* Apply one option as the command line would: the origin is "--NAME". */
static inline int apply(struct spec *spec, const char *option, const char *value,
			struct rootlet_error *err)
{
	enum parse_command command = spec->kind == SPEC_UNSHARE ? PARSE_UNSHARE : PARSE_PLAN;
	const struct option_row *row = option_find(option, command);
	char origin[64];

	assert_non_null(row);
	snprintf(origin, sizeof(origin), "--%s", option);
	return option_apply(spec, row, value, origin, err);
}

/* The same where it must work. */
static inline void take(struct spec *spec, const char *option, const char *value)
{
	struct rootlet_error err = {0};

	if (apply(spec, option, value, &err) != 0)
		fail_msg("--%s %s was refused: %s", option, value ? value : "", err.message);
}

static inline void check_refusal(const struct refusal *row, enum spec_kind kind)
{
	struct spec *spec = new_spec(kind);
	struct rootlet_error err = {0};

	if (apply(spec, row->option, row->value, &err) != -EINVAL)
		fail_msg("--%s %s was taken", row->option, row->value ? row->value : "");
	assert_string_equal(err.message, row->message);
	assert_string_equal(err.hint, row->hint);
	assert_string_equal(err.id, row->id);
	spec_free(spec);
}

#define check_refusals(rows)                                                                       \
	do {                                                                                       \
		for (size_t row_ = 0; row_ < sizeof(rows) / sizeof(*(rows)); row_++)               \
			check_refusal(&(rows)[row_], SPEC_RUN);                                    \
	} while (0)

#endif
