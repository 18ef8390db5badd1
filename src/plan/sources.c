/* The OPEN stage: every path of the host that a later step needs, opened with the caller's own
 * rights.
 *
 * It should open what is named and check its kind. It must not follow anything inside the
 * container's root, nor open for reading: O_PATH is enough to bind. A 0700 parent or a source that
 * only one of the caller's groups may reach is out of reach once the child has become the mapped
 * root.
 */
#include "plan/planner.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

int plan_new_source(struct planner *p, enum source_use use, size_t index)
{
	int slot = plan_new_slot(p);

	if (arena_grow(p->arena, &p->sources, p->source_count, sizeof(*p->sources)) < 0)
		p->nomem = true;
	else
		p->sources[p->source_count++] = (struct planned_source){(int)use, index, slot};
	return slot;
}

struct step *plan_open(struct planner *p, enum source_use use, size_t index, const char *path,
		       enum open_kind kind, int slot)
{
	struct step *step = plan_add(p, OP_OPEN_PATH, ACTOR_CHILD, path);

	step->a.open.path = path;
	step->a.open.kind = kind;
	step->a.open.slot = slot;
	if (arena_grow(p->arena, &p->sources, p->source_count, sizeof(*p->sources)) < 0)
		p->nomem = true;
	else
		p->sources[p->source_count++] = (struct planned_source){(int)use, index, slot};
	return step;
}

static void open_asked(struct planner *p, enum source_use use, size_t index, const char *path,
		       const char *origin)
{
	enum open_kind kind = use == SOURCE_DEVICE ? OPEN_DEVICE : OPEN_ANY;
	struct step *step = plan_open(p, use, index, plan_copy(p, path), kind, plan_new_slot(p));

	if (origin)
		step->why = plan_text(p, "asked for: %s", origin);
}

/* They are asked for much in the order that they were added in. */
int plan_source(struct planner *p, enum source_use use, size_t index)
{
	for (size_t i = 0; i < p->source_count; i++) {
		size_t at = (p->source_next + i) % p->source_count;

		if (p->sources[at].use != (int)use || p->sources[at].index != index)
			continue;
		p->source_next = at + 1;
		return p->sources[at].slot;
	}
	return SLOT_NONE;
}

static void open_user_sources(struct planner *p)
{
	const struct spec *s = p->spec;

	for (size_t i = 0; i < s->mount_count; i++)
		if (s->mounts[i].type == MOUNT_BIND)
			open_asked(p, SOURCE_MOUNT, i, s->mounts[i].source, s->mounts[i].origin);
	for (size_t i = 0; i < s->device_count; i++)
		open_asked(p, SOURCE_DEVICE, i, s->devices[i].source, s->devices[i].origin);
}

/* What the child holds besides the sources that were asked for, with room for what it inherits. */
enum { OTHER_DESCRIPTORS = 256 };

/* The soft limit is 1024 nearly everywhere, for programs that use select(2); the hard one is the
 * real one. */
void plan_raise_file_limit(struct planner *p, uint64_t sources)
{
	const struct facts *f = p->facts;
	uint64_t need = sources + OTHER_DESCRIPTORS;
	struct step *step;

	if (f->nofile_soft >= need || f->nofile_hard <= f->nofile_soft)
		return;
	step = plan_add(p, OP_FILE_LIMIT, ACTOR_CHILD, "nofile");
	step->a.rlimit.resource = RLIMIT_NOFILE;
	step->a.rlimit.name = step->subject;
	step->a.rlimit.soft = need < f->nofile_hard ? need : f->nofile_hard;
	step->a.rlimit.hard = f->nofile_hard;
	p->file_limit_raised = true;
}

static void open_host_parts(struct planner *p)
{
	bool directory = p->spec->root_kind == ROOT_DIRECTORY;

	plan_open(p, SOURCE_HOST_DEV, 0, "/dev", OPEN_DIRECTORY, SLOT_HOST_DEV);
	if (plan_host(p, NS_PID))
		plan_open(p, SOURCE_HOST_PROC, 0, "/proc", OPEN_DIRECTORY, SLOT_PROC);
	if (!plan_private(p, NS_NET)) {
		plan_open(p, SOURCE_HOST_SYS, 0, "/sys", OPEN_DIRECTORY, plan_new_slot(p));
		if (directory && !p->spec->dns.count)
			plan_open(p, SOURCE_HOST_RESOLV_CONF, 0, "/etc/resolv.conf", OPEN_ANY,
				  plan_new_slot(p));
	}
	if (p->facts->tty_path && !p->spec->tty && !p->spec->detach)
		plan_open(p, SOURCE_TERMINAL, 0, plan_copy(p, p->facts->tty_path), OPEN_ANY,
			  plan_new_slot(p));
}

int stage_open(struct planner *p)
{
	const struct spec *s = p->spec;

	if (s->kind == SPEC_EXEC)
		return 0; /* the container has its files already */
	if (plan_oci(p))
		return plan_oci_open(p);
	if (s->root_kind == ROOT_NONE) {
		if (plan_private(p, NS_MNT))
			plan_open(p, SOURCE_ROOT, 0, "/", OPEN_DIRECTORY, SLOT_ROOT);
		if (!plan_private(p, NS_PID))
			plan_open(p, SOURCE_HOST_PROC, 0, "/proc", OPEN_DIRECTORY, SLOT_PROC);
		return 0;
	}
	plan_raise_file_limit(p, s->mount_count + s->device_count);
	plan_open(p, SOURCE_ROOT, 0, s->root_kind == ROOT_HOST ? "/" : plan_copy(p, s->root_path),
		  OPEN_DIRECTORY, plan_new_slot(p));
	if (s->overlay && s->overlay_dir)
		plan_open(p, SOURCE_OVERLAY_UPPER, 0, plan_copy(p, s->overlay_dir), OPEN_DIRECTORY,
			  plan_new_slot(p))
			->why = "asked for: --overlay";
	plan_own_folders(p);
	open_user_sources(p);
	open_host_parts(p);
	return 0;
}
