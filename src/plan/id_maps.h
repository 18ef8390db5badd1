/* Inside the plan room: what the choice of the id maps (id_maps.c) and the stages that write them
 * (identity.c) share. */
#ifndef ROOTLET_PLAN_ID_MAPS_H
#define ROOTLET_PLAN_ID_MAPS_H

#include "plan/planner.h"

/* One of uid and gid, so that the same arithmetic serves both. */
struct map_side {
	const char *what; /* "uid" */
	uint32_t own;	  /* the caller's id, in the namespace that we run in */
	const struct id_ranges *granted;
	const struct facts_helper *helper;
	const struct idmap *parent; /* our own namespace's map: what the kernel splits at */
	struct idmap *map;	    /* the result */
};

struct map_side map_side_uid(struct planner *p);
struct map_side map_side_gid(struct planner *p);

/* Fill both maps from what the spec asks and the facts grant. 0, or -errno with a message. */
int map_choose(struct planner *p, struct map_side *u, struct map_side *g);

/* We hold CAP_SETUID and CAP_SETGID over the namespace that we run in: no helper is needed. */
bool map_writes_wide(const struct facts *f);

/* Why newuidmap or newgidmap is of no use here; NULL when it is. */
const char *map_helper_problem(const struct facts_helper *h, const char *name, struct planner *p);

/* The way out when the host gives no ranges. */
void map_hint_ranges(struct planner *p);

#endif
