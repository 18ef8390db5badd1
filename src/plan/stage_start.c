/* PREPARE, JOIN and CLONE: what happens before there is a process of the container's own. */
#include "plan/planner.h"

/* A further command belongs where the container is counted and frozen. */
static void enter_cgroup(struct planner *p)
{
	const struct facts_container *c = facts_container(p->facts, p->spec->container);
	const char *below = p->spec->oci ? p->spec->oci->exec_cgroup : NULL;
	struct step *step;

	if (p->spec->kind != SPEC_EXEC || !c || !c->cgroup)
		return;
	step = plan_add(
		p, OP_ENTER_CGROUP, ACTOR_PARENT,
		plan_text(p, "%s%s%s", c->cgroup, below && *below ? "/" : "", below ? below : ""));
	step->a.text.text = step->subject;
	step->a.text.strict = below != NULL;
	if (below)
		step->why = "asked for: --cgroup";
	p->plan->cgroup = true;
}

/* Which namespaces the clone itself makes: not time, whose offsets must be set before its first
 * member, nor cgroup, where the process has to be in its own group first. */
static bool made_by_clone(const struct planner *p, enum ns_type type)
{
	return plan_private(p, type) && type != NS_TIME &&
	       !(type == NS_CGROUP && plan_own_cgroup(p));
}

/* PREPARE: everything that can be got ready in the parent. It must not make anything that outlives
 * us. */
int stage_prepare(struct planner *p)
{
	plan_add(p, OP_CHANNELS, ACTOR_PARENT, "report and control");
	if (p->plan->image && p->plan->memfd_exec) {
		struct step *step = plan_add(p, OP_INIT_IMAGE, ACTOR_PARENT, "init");

		if (!p->plan->init)
			step->why =
				"the command is executed by a program of a few kilobytes: in it, "
				"/proc/self/exe is not rootlet's own file";
	}
	plan_group_steps(p);
	enter_cgroup(p);
	return 0;
}

/* Whose namespace of that type is shared, or NULL. */
static const struct facts_container *shared_with(const struct planner *p, enum ns_type type)
{
	const struct spec_namespace *ns = &p->spec->namespaces[type];

	if (p->spec->kind == SPEC_EXEC)
		return facts_container(p->facts, p->spec->container);
	if (ns->mode == NS_MODE_CONTAINER)
		return facts_container(p->facts, ns->path);
	return type == NS_USER ? facts_container(p->facts, plan_shared_container(p->spec)) : NULL;
}

static const char *join_path(struct planner *p, enum ns_type type, const struct facts_container *c)
{
	const struct spec_namespace *ns = &p->spec->namespaces[type];

	if (ns->mode == NS_MODE_PATH)
		return plan_copy(p, ns->path);
	if (c && c->opened)
		return plan_text(p, "/proc/self/fd/%d", c->fds[type]);
	return plan_text(p, "/proc/%u/ns/%s", c ? c->pid : p->spec->join_pid, ns_type_name(type));
}

static void join_container(struct planner *p)
{
	const struct facts_container *c = facts_container(p->facts, p->spec->container);
	struct step *step =
		plan_add(p, OP_JOIN_CONTAINER, ACTOR_JOINER, plan_copy(p, p->spec->container));

	step->a.container.name = step->subject;
	step->a.container.pid = c ? c->pid : 0;
	for (int t = 0; t < NS_COUNT; t++)
		if (p->plan->ns_modes[t] == NS_MODE_PATH)
			step->a.container.flags |= ns_type_flag((enum ns_type)t);
}

static void join_one_by_one(struct planner *p)
{
	for (int t = 0; t < NS_COUNT; t++) {
		enum ns_type type = (enum ns_type)t;
		const struct facts_container *c = shared_with(p, type);
		struct step *step;

		if (p->plan->ns_modes[t] != NS_MODE_PATH)
			continue;
		step = plan_add(p, OP_JOIN_NAMESPACE, ACTOR_JOINER, join_path(p, type, c));
		step->a.ns.inode = c ? c->namespaces[t] : 0;
		step->a.ns.type = type;
		step->a.ns.path = step->subject;
	}
}

/* What is written into /proc for an OCI process that enters other namespaces: its score while it
 * can still be written, the label of exec through a /proc that is not the container's. */
static void before_joining(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;
	struct step *step;

	if (!oci || !p->plan->joins)
		return;
	if (oci->has_oom_score_adj) {
		step = plan_add(p, OP_JOINER_OOM_SCORE, ACTOR_JOINER,
				plan_text(p, "%d", (int)oci->oom_score_adj));
		step->a.text.text = step->subject;
	}
	if (p->spec->kind == SPEC_EXEC && plan_oci_has_label(p))
		plan_add(p, OP_HOST_PROC, ACTOR_JOINER, "/proc");
}

/* JOIN: enter what is shared, the user namespace first: without its capabilities no other can be
 * entered. It must run in a child, so that the calling program stays where it is. */
int stage_join(struct planner *p)
{
	const struct facts_container *c = facts_container(p->facts, p->spec->container);

	before_joining(p);
	if (p->spec->kind == SPEC_EXEC && p->facts->pidfd_setns == ANSWER_YES && !(c && c->opened))
		join_container(p);
	else
		join_one_by_one(p);
	/* Its maps are there: nothing has to be written into its /proc files any more, which belong
	 * to the host's root then; but TIME_OFFSETS does that. */
	if (p->plan->joins && !plan_private(p, NS_USER) && !plan_private(p, NS_TIME))
		plan_add(p, OP_UNDUMPABLE, ACTOR_JOINER, "not dumpable");
	return 0;
}

static const char *private_names(struct planner *p)
{
	const char *out = "";

	for (int t = 0; t < NS_COUNT; t++)
		if (made_by_clone(p, (enum ns_type)t))
			out = plan_text(p, "%s%s%s", out, *out ? " " : "",
					ns_type_name((enum ns_type)t));
	return *out ? out : "no namespace";
}

/* CLONE: one call makes every new namespace but time, whose offsets must be set before its first
 * member. */
int stage_clone(struct planner *p)
{
	struct step *step = plan_add(p, OP_CLONE, p->plan->joins ? ACTOR_JOINER : ACTOR_PARENT,
				     private_names(p));

	for (int t = 0; t < NS_COUNT; t++)
		if (made_by_clone(p, (enum ns_type)t))
			step->a.clone.flags |= ns_type_flag((enum ns_type)t);
	step->a.clone.clone3 = p->plan->clone3;
	if (!p->plan->clone3)
		step->why =
			"by clone(2): this kernel, or a filter around us, does not answer clone3";
	return 0;
}
