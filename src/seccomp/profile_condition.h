/* When a rule of a seccomp profile holds. */
#ifndef ROOTLET_SECCOMP_PROFILE_CONDITION_H
#define ROOTLET_SECCOMP_PROFILE_CONDITION_H

#include "base/reader.h"

struct profile_facts {
	uint64_t capabilities; /* bit n: capability n */
	unsigned kernel[2];    /* 6, 1 */
};

/* "6.1.0-40-amd64" -> 6, 1; false where there is no such beginning. */
bool profile_release(const char *text, unsigned ret[2]);

/* Read one object ("includes" or "excludes"; NULL: not given). `all`: it holds as an inclusion,
 * which wants all its parts; `any`: as an exclusion, for which one is enough. */
int profile_condition(const struct reader *r, const struct json *value,
		      const struct profile_facts *facts, bool *all, bool *any);

#endif
