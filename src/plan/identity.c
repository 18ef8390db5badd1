/* Who is who: which way the id maps are written, and the MAPS and IDENTITY stages. The maps
 * themselves are chosen in id_maps.c. */
#include "plan/id_maps.h"

#include <errno.h>
#include <string.h>

static bool only_own(const struct map_side *s)
{
	return s->map->count == 1 && s->map->extents[0].count == 1 &&
	       s->map->extents[0].outside == s->own;
}

static int choose_writer(struct planner *p, struct map_side *u, struct map_side *g)
{
	const struct facts *f = p->facts;
	const char *problem;

	if (only_own(u) && only_own(g)) {
		p->writer = WRITER_CHILD;
		p->setgroups = false;
		return 0;
	}
	if (map_writes_wide(f)) {
		p->writer = WRITER_PARENT;
		p->setgroups = !f->setgroups_denied;
		return 0;
	}
	p->writer = WRITER_HELPER;
	/* newgidmap leaves setgroups allowed when a subordinate range is mapped, and denies it
	 * else. */
	p->setgroups = !only_own(g) && !f->setgroups_denied;
	problem = map_helper_problem(&f->newuidmap, "newuidmap", p);
	if (!problem)
		problem = map_helper_problem(&f->newgidmap, "newgidmap", p);
	if (!problem)
		return 0;
	error_set(p->err, -EPERM, "no-map-helper", plan_oci(p) ? "/linux/uidMappings" : "--userns",
		  "id maps: %s", problem);
	map_hint_ranges(p);
	return -EPERM;
}

/* "root is 1000 (alice), 1–65536 are 100000–165535" */
static const char *describe_users(struct planner *p)
{
	const struct idmap *map = &p->plan->uid_map;
	const char *out = "";

	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *e = &map->extents[i];
		const char *name =
			e->outside == p->facts->uid && e->count == 1 && p->facts->user_name
				? plan_text(p, " (%s)", p->facts->user_name)
				: "";

		if (e->count == 1)
			out = plan_text(p, "%s%suid %u is %u%s", out, i ? ", " : "", e->inside,
					e->outside, name);
		else
			out = plan_text(p, "%s%s%u–%u are %u–%u", out, i ? ", " : "uids ",
					e->inside, e->inside + e->count - 1, e->outside,
					e->outside + e->count - 1);
	}
	return out;
}

static void copy_map(struct planner *p, const struct idmap *from, struct idmap *to)
{
	to->extents = arena_memdup(p->arena, from->extents, from->count * sizeof(*from->extents));
	to->count = to->extents ? from->count : 0;
	p->nomem |= from->count && !to->extents;
}

/* A container's user namespace: its maps are known, and with them who its commands run as. */
static void adopt_container(struct planner *p, const struct facts_container *c)
{
	const struct spec *s = p->spec;
	struct idmap *u = &p->plan->uid_map, *g = &p->plan->gid_map;
	uint32_t id;

	copy_map(p, &c->uid_map, u);
	copy_map(p, &c->gid_map, g);
	p->setgroups = !c->setgroups_denied;
	p->root_mapped = !u->count || (idmap_down(u, 0, &id) && idmap_down(g, 0, &id));
	if (s->kind == SPEC_EXEC && s->userns == USERNS_KEEP_ID) {
		p->user_uid = s->keep_uid == SPEC_ID_UNSET ? p->facts->uid : s->keep_uid;
		p->user_gid = s->keep_gid == SPEC_ID_UNSET ? p->facts->gid : s->keep_gid;
	} else if (!p->root_mapped) {
		p->user_uid = u->extents[0].inside;
		p->user_gid = g->count ? g->extents[0].inside : 0;
	}
}

/* An OCI config without a user namespace: engines make one first and start us as its root. */
static int adopt_host(struct planner *p)
{
	const struct facts *f = p->facts;
	uint32_t id;

	p->writer = WRITER_NONE;
	p->setgroups = !f->setgroups_denied;
	p->root_mapped = f->initial_userns ||
			 (idmap_down(&f->uid_map, 0, &id) && idmap_down(&f->gid_map, 0, &id));
	p->plan->summary_user = "as in the user namespace that we run in";
	if (f->uid == 0 && f->cap_setuid && f->cap_setgid)
		return 0;
	error_set(p->err, -EPERM, "oci-user-namespace", "/linux/namespaces",
		  "/linux/namespaces: there is no user namespace in it, and uid %u may not do "
		  "without one",
		  f->uid);
	error_hint(p->err, "add {\"type\": \"user\"} with uidMappings and gidMappings, as "
			   "`rootlet-oci spec --rootless` writes them");
	return -EPERM;
}

int plan_identity(struct planner *p)
{
	const char *shared =
		p->spec->kind == SPEC_EXEC ? p->spec->container : plan_shared_container(p->spec);
	const struct facts_container *c = facts_container(p->facts, shared);
	struct map_side u = map_side_uid(p), g = map_side_gid(p);
	uint32_t id;
	int r;

	if (plan_oci(p) && plan_host(p, NS_USER) && p->spec->kind != SPEC_EXEC)
		return adopt_host(p);
	if (!plan_private(p, NS_USER)) { /* joined: the maps are there already */
		p->writer = WRITER_NONE;
		p->setgroups = true;
		p->root_mapped = true;
		p->plan->summary_user = "as in the user namespace that is joined";
		if (c)
			adopt_container(p, c);
		return 0;
	}
	r = map_choose(p, &u, &g);
	if (r == 0)
		r = choose_writer(p, &u, &g);
	if (r < 0)
		return r;
	p->root_mapped = idmap_down(u.map, 0, &id) && idmap_down(g.map, 0, &id);
	if (!p->root_mapped && !p->user_uid && p->spec->userns != USERNS_KEEP_ID && u.map->count) {
		/* An explicit map without 0: the command is whoever comes first. */
		p->user_uid = u.map->extents[0].inside;
		p->user_gid = g.map->count ? g.map->extents[0].inside : 0;
	}
	p->plan->summary_user = describe_users(p);
	return 0;
}

/* podman says it with an annotation of crun's. */
bool plan_keeps_groups(const struct planner *p)
{
	return p->spec->keep_groups ||
	       (plan_oci(p) && plan_oci_asks(p, "run.oci.keep_original_groups", "1"));
}

static void add_helper(struct planner *p, const struct map_side *s)
{
	struct step *step =
		plan_add(p, OP_HELPER_MAP, ACTOR_PARENT, s->what[0] == 'u' ? "uid_map" : "gid_map");
	const char **args = arena_alloc(p->arena, (s->map->count * 3 + 1) * sizeof(*args));

	if (!args) {
		p->nomem = true;
		return;
	}
	for (size_t i = 0; i < s->map->count; i++) {
		args[i * 3] = plan_text(p, "%u", s->map->extents[i].inside);
		args[i * 3 + 1] = plan_text(p, "%u", s->map->extents[i].outside);
		args[i * 3 + 2] = plan_text(p, "%u", s->map->extents[i].count);
	}
	step->a.helper.gid = s->what[0] == 'g';
	step->a.helper.path = plan_copy(p, s->helper->path);
	step->a.helper.args = args;
}

static void add_direct(struct planner *p, const struct map_side *s, enum plan_actor actor)
{
	struct step *step =
		plan_add(p, OP_WRITE_MAP, actor, s->what[0] == 'u' ? "uid_map" : "gid_map");
	const char *text = idmap_format(p->arena, s->map);

	if (!text)
		p->nomem = true;
	step->a.map.gid = s->what[0] == 'g';
	step->a.map.text = text ? text : "";
	if (actor == ACTOR_PARENT)
		step->why = "we hold CAP_SETUID and CAP_SETGID here: no helper is needed";
	else
		step->why = "one's own id is the one line that needs no privilege";
}

static int write_maps(struct planner *p)
{
	struct map_side u = map_side_uid(p), g = map_side_gid(p);
	enum plan_actor actor = p->writer == WRITER_CHILD ? ACTOR_CHILD : ACTOR_PARENT;

	switch (p->writer) {
	case WRITER_NONE:
		return 0;
	case WRITER_HELPER:
		add_helper(p, &u);
		add_helper(p, &g);
		p->plan->parent_maps = true;
		return 0;
	case WRITER_CHILD:
		plan_add(p, OP_DENY_SETGROUPS, actor, "/proc/self/setgroups");
		break;
	case WRITER_PARENT:
		p->plan->parent_maps = true;
		break;
	}
	add_direct(p, &u, actor);
	add_direct(p, &g, actor);
	return 0;
}

/* MAPS: gives the new user namespace its ids. Must not run for a joined one: it has them. */
int stage_maps(struct planner *p)
{
	int r = write_maps(p);

	if (r == 0 && plan_oci(p) && p->spec->kind == SPEC_RUN)
		plan_oci_map_sources(p);
	return r;
}

/* IDENTITY: the child becomes the mapped root, so that what it makes belongs to someone inside. */
int stage_identity(struct planner *p)
{
	struct step *step;

	if (p->setgroups && !plan_keeps_groups(p)) {
		step = plan_add(p, OP_SET_GROUPS, ACTOR_CHILD, "none");
		step->optional = p->writer == WRITER_NONE; /* its maker may have denied setgroups */
	}
	step = plan_add(p, OP_SET_IDS, ACTOR_CHILD, p->root_mapped ? "0:0" : "");
	if (p->root_mapped)
		return 0;
	step->a.ids.uid = p->user_uid;
	step->a.ids.gid = p->user_gid;
	step->subject = plan_text(p, "%u:%u", p->user_uid, p->user_gid);
	step->why = "no root is mapped: set-up is done by the one user that there is";
	return 0;
}
