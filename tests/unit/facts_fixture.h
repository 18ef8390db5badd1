/* Hosts to plan for and to judge: the snapshots of tests/golden/facts. */
#ifndef ROOTLET_TESTS_FACTS_FIXTURE_H
#define ROOTLET_TESTS_FACTS_FIXTURE_H

#include "facts/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define FIXTURES SOURCE_ROOT "/tests/golden/facts/"

/* The caller frees it with facts_free. */
static inline struct facts *load(const char *name)
{
	struct rootlet_error err = {0};
	struct facts *facts = NULL;
	char path[512];

	snprintf(path, sizeof(path), FIXTURES "%s.json", name);
	if (facts_load(path, &facts, &err) < 0)
		fail_msg("%s", err.message);
	return facts;
}

#endif
