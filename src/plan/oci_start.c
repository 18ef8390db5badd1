/* Where the start of an OCI container pauses: for the bundle's hooks, and until it is started.
 * Parts of ROOT and SEAL, called by their stages; only a spec with `oci` has them.
 */
#include "plan/planner.h"

#include "spec/oci.h"

/* The others run beside the container's set-up: startContainer and later ones once it waits. */
bool plan_wants_hooks(const struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	if (!oci || p->spec->kind != SPEC_RUN)
		return false;
	return oci->hooks[OCI_PRESTART].count || oci->hooks[OCI_CREATE_RUNTIME].count ||
	       oci->hooks[OCI_CREATE_CONTAINER].count;
}

void plan_hooks(struct planner *p)
{
	if (!plan_wants_hooks(p))
		return;
	plan_add(p, OP_HOOKS, ACTOR_CHILD, "hooks");
	p->plan->hooks = true;
}

void plan_await_start(struct planner *p)
{
	const struct spec *s = p->spec;

	if (!s->oci || s->kind != SPEC_RUN)
		return;
	if (s->arg_count)
		plan_add(p, OP_FIND_COMMAND, ACTOR_CHILD, plan_copy(p, s->args[0]));
	if (!s->oci->awaits_start)
		return;
	plan_add(p, OP_AWAIT_START, ACTOR_CHILD, "start");
	p->plan->awaits = true;
}
