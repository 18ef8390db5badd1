/* What an OCI config says of its process beyond its user and its power: labels, scheduling, memory
 * policy, personality, where it may run. Part of SEAL. */
#include "plan/planner.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void add_label(struct planner *p, const char *subject, const char *path, const char *value)
{
	struct step *step = plan_add(p, OP_LSM_LABEL, ACTOR_CHILD, subject);

	step->a.setting.path = path;
	step->a.setting.value = value;
}

static bool given(const char *text)
{
	return text && *text;
}

bool plan_oci_has_label(const struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	return given(oci->apparmor_profile) || given(oci->selinux_label);
}

/* Before descriptors are closed: /proc is still at hand. It takes effect at the exec. */
void plan_oci_labels(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	if (given(oci->apparmor_profile))
		add_label(p, plan_copy(p, oci->apparmor_profile), "attr/apparmor/exec",
			  plan_text(p, "exec %s", oci->apparmor_profile));
	if (given(oci->selinux_label))
		add_label(p, plan_copy(p, oci->selinux_label), "attr/exec",
			  plan_copy(p, oci->selinux_label));
}

static void add_scheduler(struct planner *p)
{
	const struct oci_scheduler *s = &p->spec->oci->scheduler;
	struct step *step;

	if (!s->given)
		return;
	step = plan_add(p, OP_SCHEDULER, ACTOR_CHILD, "scheduler");
	step->a.scheduler.policy = s->policy;
	step->a.scheduler.nice = s->nice;
	step->a.scheduler.priority = (uint32_t)s->priority;
	step->a.scheduler.flags = s->flags;
	step->a.scheduler.runtime = s->runtime;
	step->a.scheduler.deadline = s->deadline;
	step->a.scheduler.period = s->period;
}

/* "0-3,7" as the bits of set_mempolicy(2), checked for form by parse. */
static void set_nodes(struct planner *p, struct step *step, const char *nodes)
{
	enum { WORD = sizeof(unsigned long) * CHAR_BIT, NODES_MAX = 8192 };
	unsigned long *mask = arena_alloc(p->arena, NODES_MAX / CHAR_BIT);
	const char *at = nodes;

	if (!mask) {
		p->nomem = true;
		return;
	}
	memset(mask, 0, NODES_MAX / CHAR_BIT);
	while (*at) {
		char *end;
		unsigned long from = strtoul(at, &end, 10);
		unsigned long to = *end == '-' ? strtoul(end + 1, &end, 10) : from;

		for (; from <= to && from < NODES_MAX; from++)
			mask[from / WORD] |= 1UL << (from % WORD);
		if (end == at || !*end)
			break;
		at = end + 1;
	}
	step->a.memory.mask = mask;
	step->a.memory.bits = NODES_MAX;
}

static void add_memory_policy(struct planner *p)
{
	const struct oci_memory_policy *m = &p->spec->oci->memory_policy;
	struct step *step;

	if (!m->given)
		return;
	step = plan_add(p, OP_MEMORY_POLICY, ACTOR_CHILD, "memory policy");
	step->a.memory.mode = m->mode | (int)m->flags;
	step->a.memory.nodes = plan_copy(p, m->nodes);
	if (m->nodes && *m->nodes)
		set_nodes(p, step, m->nodes);
}

void plan_oci_process(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;
	struct step *step;

	add_scheduler(p);
	if (oci->has_io_priority)
		plan_add(p, OP_IO_PRIORITY, ACTOR_CHILD, "I/O priority")->a.number =
			oci->io_priority;
	add_memory_policy(p);
	/* It is in the container's cgroup from its first moment: there is no time for the initial
	 * one alone, but where no final one takes its place. */
	if (p->spec->kind == SPEC_EXEC && (oci->exec_cpu_final || oci->exec_cpu_initial)) {
		step = plan_add(p, OP_AFFINITY, ACTOR_CHILD,
				plan_copy(p, oci->exec_cpu_final ? oci->exec_cpu_final
								 : oci->exec_cpu_initial));
		step->a.text.text = step->subject;
	}
	if (oci->has_personality)
		plan_add(p, OP_PERSONALITY, ACTOR_CHILD, "personality")->a.number =
			oci->personality;
}
