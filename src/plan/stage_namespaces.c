/* NAMESPACES: set up what is new, before anything of the container's root is touched.
 *
 * It should write only what belongs to namespaces that this start made. It must not touch a
 * namespace of the host's: a sysctl or a name asked for there is refused by spec_validate.
 */
#include "plan/planner.h"

#include <string.h>
#include <sys/mount.h>

#ifndef MOUNT_ATTR_NOSUID
#include <linux/mount.h>
#endif

/* The config's own /proc, if our instance can be it: nothing of it may be read-only or hidden while
 * set-up writes to it. */
static const struct oci_mount *own_proc_mount(const struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	for (size_t i = 0; p->plan->mount_api && i < oci->mount_count; i++) {
		const struct oci_mount *m = &oci->mounts[i];

		if (!m->bind && strcmp(m->destination, "/proc") == 0 && m->type &&
		    strcmp(m->type, "proc") == 0)
			return m->option_count || m->rec_attr_set || m->rec_attr_clear ||
					       m->propagation || m->sb_set ||
					       (m->attr_set & MOUNT_ATTR_RDONLY)
				       ? NULL
				       : m;
	}
	return NULL;
}

static bool writes_proc(const struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	return p->spec->sysctl_count || plan_private(p, NS_TIME) ||
	       (oci->has_oom_score_adj && !p->plan->joins) || plan_oci_has_label(p);
}

static void add_procfs(struct planner *p)
{
	struct step *step;

	if (!plan_private(p, NS_PID) && p->plan->ns_modes[NS_PID] != NS_MODE_PATH)
		return;
	if (plan_oci(p)) {
		p->oci_procfs = own_proc_mount(p);
		if (!p->oci_procfs && !writes_proc(p))
			return;
	}
	step = plan_add(p, OP_PROCFS, ACTOR_CHILD, "proc");
	step->a.fs.type = "proc";
	step->a.fs.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	if (p->oci_procfs)
		step->a.fs.attributes = p->oci_procfs->attr_set;
	step->a.fs.target.base = SLOT_NONE;
	step->a.fs.slot = SLOT_PROC;
}

static void add_sysctl(struct planner *p, const char *key, const char *value, const char *why)
{
	struct step *step = plan_add(p, OP_SYSCTL, ACTOR_CHILD, key);
	char *path = arena_strdup(p->arena, key);

	if (!path) {
		p->nomem = true;
		return;
	}
	for (char *c = path; *c;
	     c++) /* sysctl(8): dots stand for slashes and the other way round */
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	step->a.setting.path = path;
	step->a.setting.value = value;
	step->why = why;
}

/* icmp(7): the kernel compares host ids, so the range runs from the group whose host id is the
 * lowest to the one whose host id is the highest. */
static void allow_ping(struct planner *p)
{
	const struct idmap *map = &p->plan->gid_map;
	uint32_t low = 0, low_outside = UINT32_MAX, high = 0, high_outside = 0;

	if (!map->count)
		return;
	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *e = &map->extents[i];

		if (e->outside < low_outside) {
			low_outside = e->outside;
			low = e->inside;
		}
		if (e->outside + (e->count - 1) >= high_outside) {
			high_outside = e->outside + (e->count - 1);
			high = e->inside + (e->count - 1);
		}
	}
	add_sysctl(p, "net.ipv4.ping_group_range", plan_text(p, "%u %u", low, high),
		   "every group inside may ping without a capability");
}

static const char *offset_line(struct planner *p, const char *clock,
			       const struct spec_time_offset *o)
{
	if (o->set != YES)
		return "";
	return plan_text(p, "%s %lld %u\n", clock, (long long)o->secs, o->nanosecs);
}

static void add_time(struct planner *p)
{
	struct step *step = plan_add(p, OP_TIME_OFFSETS, ACTOR_CHILD, "time");

	step->a.text.text = plan_text(p, "%s%s", offset_line(p, "monotonic", &p->spec->monotonic),
				      offset_line(p, "boottime", &p->spec->boottime));
}

/* What needs only capabilities, which the child has from the first moment on, need not wait for the
 * maps. */
static void mark_early(struct planner *p, size_t from)
{
	for (size_t i = from; i < p->plan->count; i++)
		p->plan->steps[i].early = true;
}

static void late_cgroup(struct planner *p, size_t from)
{
	for (size_t i = from; i < p->plan->count; i++)
		if (p->plan->steps[i].op == OP_CGROUP_NAMESPACE)
			p->plan->steps[i].early = false;
}

int stage_namespaces(struct planner *p)
{
	const struct spec *s = p->spec;
	/* A namespace that an engine made for this container is set up by whoever starts it. */
	bool own_names = plan_private(p, NS_UTS) || (plan_oci(p) && !plan_host(p, NS_UTS));
	size_t first = p->plan->count;
	struct step *step;

	if (s->kind == SPEC_EXEC)
		return 0; /* its run has set them up */
	if (plan_private(p, NS_CGROUP) && plan_own_cgroup(p))
		plan_add(p, OP_CGROUP_NAMESPACE, ACTOR_CHILD, "cgroup");
	add_procfs(p);
	if (plan_private(p, NS_TIME))
		add_time(p);
	if (own_names && p->plan->hostname) {
		step = plan_add(p, OP_HOSTNAME, ACTOR_CHILD, p->plan->hostname);
		step->a.text.text = p->plan->hostname;
	}
	if (own_names && s->domainname) {
		step = plan_add(p, OP_DOMAINNAME, ACTOR_CHILD, plan_copy(p, s->domainname));
		step->a.text.text = step->subject;
	}
	if (plan_private(p, NS_NET))
		plan_add(p, OP_LOOPBACK_UP, ACTOR_CHILD, "lo");
	mark_early(p, first);
	if (p->group.scope) /* systemd moves it while it waits */
		late_cgroup(p, first);
	if (plan_oci(p) && s->oci->has_oom_score_adj && !p->plan->joins) {
		step = plan_add(p, OP_OOM_SCORE, ACTOR_CHILD,
				plan_text(p, "%d", (int)s->oci->oom_score_adj));
		step->a.text.text = step->subject;
	}
	if (plan_private(p, NS_NET) && !plan_oci(p))
		allow_ping(p); /* a sysctl may speak of ids, and some want to be written by root */
	for (size_t i = 0; i < s->sysctl_count; i++)
		add_sysctl(p, plan_copy(p, s->sysctls[i].key), plan_copy(p, s->sysctls[i].value),
			   NULL);
	if (s->disable_userns && plan_private(p, NS_USER))
		add_sysctl(p, "user.max_user_namespaces", "0",
			   "asked for: none can be made below this one; a filter holds the same");
	return 0;
}
