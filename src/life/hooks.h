/* The hooks of an OCI bundle: programs that are run at points of a container's life, with its state
 * on their standard input. */
#ifndef ROOTLET_LIFE_HOOKS_H
#define ROOTLET_LIFE_HOOKS_H

#include "base/error.h"
#include "spec/oci.h"

#include <stddef.h>
#include <sys/types.h>

struct hook_place {
	const char *state; /* JSON */
	size_t state_len;
	const char *cwd;       /* NULL: the caller's own, or / in other namespaces */
	const int *namespaces; /* NULL; or those of the container that they run in, NS_COUNT
				* descriptors, -1 for one that could not be opened */
	int awaited; /* a pidfd: with that process's end a hook has no sense any more; 0 or -1:
		      * none */
};

/* Those of one point, in their order, until one fails: -errno with a message that names it and what
 * it wrote. A hook that runs out of time is killed with its process group, and so is one when a
 * signal asks us to end that we have blocked. id: hook. */
int hooks_run(const struct oci_hooks *hooks, enum oci_hook_point point,
	      const struct hook_place *place, struct rootlet_error *err);

/* One hook of a container that runs it by itself (START_HOOK), which has just asked for it over
 * this connection: as above, and it is told to go on when all is well. */
int hooks_serve(const struct oci_hooks *hooks, size_t index, const struct hook_place *place,
		int connection, struct rootlet_error *err);

#endif
