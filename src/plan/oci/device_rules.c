/* linux.resources.devices: whether they become a program for the container's cgroup, and its step.
 *
 * Only real root can have the kernel ask such a program. Anybody else makes no device nodes either,
 * so that the usual rules, which deny everything but some devices, take nothing away from what
 * there is: the nodes that were bound.
 */
#include "plan/planner.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

static bool is_real_root(const struct planner *p)
{
	return p->facts->uid == 0 && p->facts->initial_userns;
}

/* A device that the config itself hands in, and one of whose rules gives less of it. */
static void note_weaker(struct planner *p, const struct device_filter *f)
{
	const uint32_t open = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;
	const struct spec_oci *oci = p->spec->oci;

	for (size_t i = 0; i < oci->device_count; i++) {
		const struct oci_device *d = &oci->devices[i];
		char type = d->type == 'u' ? 'c' : d->type;
		uint32_t allowed = device_filter_allows(f, type, d->major, d->minor, open);

		if (type == 'p' || allowed == 0 || allowed == open)
			continue;
		plan_note(p,
			  "linux.resources.devices: %s can be %s by whoever its mode allows it: "
			  "only real root can have the kernel deny that",
			  d->path, allowed == BPF_DEVCG_ACC_READ ? "written" : "read");
	}
}

static int pass_over(struct planner *p, const struct device_filter *f)
{
	int r = device_filter_without(p->arena, f, p->err);

	if (r < 0)
		return r;
	note_weaker(p, f);
	plan_remark(p,
		    "linux.resources.devices is passed over: only real root can have the kernel "
		    "enforce it. The usual rules would take nothing away: no device node can be "
		    "made here, and those inside are the ones that were bound, used with your own "
		    "rights");
	return 0;
}

static int refuse(struct planner *p)
{
	error_set(p->err, -EPERM, "device-rules", "/linux/resources/devices",
		  "linux.resources.devices: the kernel lets this process load no program that "
		  "judges the use of devices (bpf(2))");
	error_hint(p->err, "it takes CAP_BPF and CAP_NET_ADMIN over the host, CONFIG_CGROUP_BPF, "
			   "and no seccomp filter around it that refuses bpf(2); a config that "
			   "allows everything needs none");
	return -EPERM;
}

int plan_device_rules(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;
	struct device_filter f;
	int r;

	if (!oci || !oci->resources.device_rule_count || p->spec->kind != SPEC_RUN)
		return 0;
	r = device_filter_from(p->arena, oci->resources.device_rules,
			       oci->resources.device_rule_count, &f);
	if (r == -E2BIG)
		return error_set(p->err, r, "device-rules", "/linux/resources/devices",
				 "linux.resources.devices: more rules than one program can hold");
	if (r < 0)
		return error_nomem(p->err);
	if (!device_filter_bounds(&f))
		return 0;
	if (!is_real_root(p))
		return pass_over(p, &f);
	if (!p->group.make)
		plan_note(p, "linux.resources.devices is not enforced: the container has no cgroup "
			     "of its own, as it was asked for");
	else if (p->facts->device_filter == ANSWER_NO)
		return refuse(p);
	else
		p->group.devices = f;
	return 0;
}

void plan_device_step(struct planner *p, enum plan_op op)
{
	const struct device_filter *f = &p->group.devices;
	const char **rules;
	struct step *step;

	if (!f->length)
		return;
	rules = arena_alloc(p->arena, (f->count + 1) * sizeof(*rules));
	for (size_t i = 0; rules && i < f->count; i++) {
		rules[i] = device_rule_text(p->arena, &f->rules[i]);
		p->nomem |= !rules[i];
	}
	p->nomem |= !rules;
	step = plan_add(p, op, ACTOR_PARENT, "linux.resources.devices");
	step->a.devices.program = f->program;
	step->a.devices.length = f->length;
	step->a.devices.rules = rules;
}
