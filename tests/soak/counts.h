/* What a machine holds that a container start could leave behind, as numbers. Looks, changes
 * nothing. */
#ifndef ROOTLET_TESTS_SOAK_COUNTS_H
#define ROOTLET_TESTS_SOAK_COUNTS_H

#include <stdbool.h>
#include <stddef.h>

enum { COUNT_ROWS = 24 };

struct count {
	const char *name;
	long slack; /* so much growth says nothing; -1: only printed, the kernel frees it when it
		     * likes */
	long value; /* -1: cannot be read here */
};

struct counts {
	struct count rows[COUNT_ROWS];
	size_t used;
};

/* Opens what only root may read, before it becomes an ordinary user. Once, in the beginning. */
void counts_open(void);
void counts_take(struct counts *c);

/* Is anything above `before` by more than its slack? */
bool counts_grown(const struct counts *before, const struct counts *now);

void counts_print(const struct counts *before, const struct counts *now);

#endif
