/* Where a spec wants its container's cgroup. Pure: facts asks it what to look at, plan what to
 * make.
 */
#ifndef ROOTLET_SPEC_CGROUP_H
#define ROOTLET_SPEC_CGROUP_H

#include "base/arena.h"
#include "spec/spec.h"

#include <stdbool.h>

struct spec_cgroup {
	bool wanted;	    /* one is made where that is possible */
	bool limited;	    /* something is asked of it that needs controllers */
	bool named;	    /* where to make it was asked for */
	const char *parent; /* as asked, absolute or relative; NULL: nothing was said */
	const char *name;   /* the group's own; NULL: any that is free */
};

/* 0 or -ENOMEM. Strings lie in `a` or in the spec. */
int spec_cgroup(const struct spec *spec, struct arena *a, struct spec_cgroup *ret);

/* The path of a group that is asked for as `path`, seen from `own`: both from the root of the
 * hierarchy; slashes squeezed. NULL: no memory. */
const char *spec_cgroup_path(struct arena *a, const char *own, const char *path);

#endif
