/* The groups on the way to the container's, from the top: groups.c finds it, group_offers.c looks
 * what they can hand on beyond what is needed. */
#ifndef ROOTLET_PLAN_GROUPS_H
#define ROOTLET_PLAN_GROUPS_H

#include "plan/planner.h"

/* One group on the way from the top to that which the container's is made in. */
struct level {
	const char *path;
	const struct facts_group *facts; /* NULL: it is missing, or nothing is known of it */
	bool missing;
	const char *enable; /* "+memory +pids", or "" */
	const char *offer;  /* as well, what nobody asked for; NULL: nothing */
};

bool plan_group_has(const char *words, const char *word);
/* Our own group: nothing is switched on in it but at the top, since we are in it. */
bool plan_group_is_ours(const struct planner *p, const char *path);

/* Fills `offer`. */
void plan_group_offers(struct planner *p, struct level *levels, size_t count);

#endif
