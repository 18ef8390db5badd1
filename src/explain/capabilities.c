/* What capabilities are called, and what they are worth where they are held. Pure. */
#include "explain/explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

bool cap_name(unsigned cap, char *ret, size_t size)
{
	char *name = cap_to_name((cap_value_t)cap); /* "cap_chown", or a number */

	if (!name)
		return false;
	if (strncmp(name, "cap_", 4) != 0) {
		cap_free(name);
		return false;
	}
	snprintf(ret, size, "%s", name + 4);
	cap_free(name);
	return true;
}

/* Is `node` the process's own user namespace, or below it? */
static bool own_or_below(const struct process_view *v, int node)
{
	for (size_t steps = 0; node >= 0 && steps <= v->tree.count; steps++) {
		if (node == v->node)
			return true;
		node = v->tree.nodes[node].parent;
	}
	return false;
}

int caps_reach(const struct process_view *v, enum ns_kind kind)
{
	const struct ns_row *user = &v->ns[NS_USER], *row = &v->ns[kind];

	if (user->its.error || row->its.error)
		return -1;
	if (ns_is_initial(NS_USER, user->its.inode))
		return 1;
	/* An owner out of our sight is above our own namespace, and so above what we may look into.
	 */
	if (row->owner.error)
		return row->owner.error == -EPERM ? 0 : -1;
	if (row->owner.inode == user->its.inode)
		return 1;
	for (size_t i = 0; i < v->tree.count; i++)
		if (v->tree.nodes[i].inode == row->owner.inode)
			return own_or_below(v, (int)i);
	return 0;
}

int caps_on_host(const struct process_view *v)
{
	const struct ns_seen *user = &v->ns[NS_USER].its;

	return user->error ? -1 : ns_is_initial(NS_USER, user->inode);
}
