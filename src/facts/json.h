/* The JSON form of facts: one table of sections and fields that save and load both walk.
 *
 * A section is written when its probe ran, and reading one marks its probe as run. */
#ifndef ROOTLET_FACTS_JSON_H
#define ROOTLET_FACTS_JSON_H

#include "facts/facts.h"

#include <stddef.h>

enum { FACTS_JSON_VERSION = 1 };

enum field_kind {
	FIELD_BOOL,
	FIELD_U32,
	FIELD_U64,    /* null: UINT64_MAX, which stands for unlimited or not known */
	FIELD_STRING, /* null: NULL */
	FIELD_ANSWER, /* null: unknown */
	FIELD_MAP,
	FIELD_RANGES,
	FIELD_HELPER,
	FIELD_GROUPS,
	FIELD_ENVIRONMENT,
	FIELD_ENTRIES,
	FIELD_NAMESPACES,
	FIELD_ERRNO,
	FIELD_OWN,
	FIELD_CGROUPS,
	FIELD_DIFFERS, /* an answer for each namespace */
	FIELD_RUNTIME, /* enum runtime_state, as a word */
	FIELD_PLACE,
	FIELD_TRIALS,
};

struct field_row {
	const char *key;
	enum field_kind kind;
	size_t offset; /* in struct facts */
};

struct section_row {
	const char *key;
	enum facts_need need;
	const struct field_row *fields;
	size_t count;
};

#define SECTION_COUNT 14
extern const struct section_row section_rows[SECTION_COUNT];

extern const char *const helper_state_names[HELPER_NO_NEW_PRIVS + 1];
extern const char *const runtime_state_names[RUNTIME_RELATIVE + 1];
extern const char *const trial_names[TRIAL_COUNT];
extern const char *const entry_type_names[ENTRY_OTHER + 1];

/* The variables that are saved: what a plan reads. The rest of an environment may hold secrets. */
extern const char *const saved_variables[]; /* NULL-terminated */

#endif
