/* A hook that runs: between hooks.c, which runs it, and hook_words.c, which says what went wrong.
 * For these two alone. */
#ifndef ROOTLET_LIFE_HOOK_RUNNING_H
#define ROOTLET_LIFE_HOOK_RUNNING_H

#include "life/hooks.h"

enum {
	OUTPUT_MAX = 512,   /* of what it wrote: as much as a message has room for */
	CANNOT_ENTER = 254, /* the exit statuses of who should have become the hook */
	CANNOT_EXECUTE = 255,
};

struct running {
	const struct oci_hook *hook;
	const struct hook_place *place;
	pid_t pid;
	int pidfd, output, trouble; /* trouble: an errno comes out of it, or its end */
	char said[OUTPUT_MAX];
	size_t said_len;
	int interrupt; /* a descriptor, or -1 */
	enum { NOT_STOPPED, OUT_OF_TIME, WITHOUT_SENSE, INTERRUPTED } stopped; /* by us */
	int signal;							       /* by which */
};

/* It ended with that wait status, or was stopped. `error`: why it never ran, or 0. The error's
 * code. */
int hook_word_failure(struct running *r, const char *point, size_t index, int status, int error,
		      struct rootlet_error *err);

#endif
