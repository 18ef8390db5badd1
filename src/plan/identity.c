/* Who is who: the id maps, who writes them, and the MAPS and IDENTITY stages.
 *
 * The choice of a map is arithmetic on what the spec asks and the facts grant; nothing is probed.
 * What it must not do: weaken a request silently. A default that the host cannot give becomes a
 * note, an explicit request that it cannot give becomes an error.
 */
#include "plan/planner.h"

#include <errno.h>
#include <string.h>

/* One of uid and gid, so that the same arithmetic serves both. */
struct side {
	const char *what; /* "uid" */
	uint32_t own;	  /* the caller's id, in the namespace that we run in */
	const struct id_ranges *granted;
	const struct facts_helper *helper;
	const struct idmap *parent; /* our own namespace's map: what the kernel splits at */
	struct idmap *map;	    /* the result */
};

static struct side uid_side(struct planner *p)
{
	return (struct side){"uid",
			     p->facts->uid,
			     &p->facts->subuids,
			     &p->facts->newuidmap,
			     &p->facts->uid_map,
			     &p->plan->uid_map};
}

static struct side gid_side(struct planner *p)
{
	return (struct side){"gid",
			     p->facts->gid,
			     &p->facts->subgids,
			     &p->facts->newgidmap,
			     &p->facts->gid_map,
			     &p->plan->gid_map};
}

/* root of a nested user namespace, as under podman: every id that it has, it may hand on. */
static bool nested_root(const struct facts *f)
{
	return !f->initial_userns && f->cap_setuid && f->cap_setgid;
}

static bool real_root(const struct facts *f)
{
	return f->initial_userns && f->uid == 0;
}

static bool writes_wide_maps(const struct facts *f)
{
	return f->cap_setuid && f->cap_setgid;
}

static const char *helper_problem(const struct facts_helper *h, const char *name, struct planner *p)
{
	switch (h->state) {
	case HELPER_OK:
		return NULL;
	case HELPER_NOT_SETUID:
		return plan_text(p, "%s is not setuid root", h->path ? h->path : name);
	case HELPER_NOSUID:
		return plan_text(p, "%s is on a nosuid mount", h->path ? h->path : name);
	case HELPER_UNTRUSTED:
		return plan_text(p, "%s is not root's alone to write", h->path ? h->path : name);
	case HELPER_NO_NEW_PRIVS:
		return plan_text(p, "no_new_privs is set on this process, so %s has no power",
				 name);
	case HELPER_UNKNOWN:
	case HELPER_MISSING:
		break;
	}
	return plan_text(p, "%s is not installed (package uidmap or shadow)", name);
}

/* Why this host gives no ranges; NULL when it does. */
static const char *ranges_problem(struct planner *p)
{
	const struct facts *f = p->facts;
	const char *who = f->user_name ? f->user_name : "this user";
	const char *problem;

	if (nested_root(f))
		return NULL;
	if (f->subid_error)
		return f->subid_error;
	if (!f->subuids.count)
		return plan_text(p, "%s has no range in /etc/subuid", who);
	if (!f->subgids.count)
		return plan_text(p, "%s has no range in /etc/subgid", who);
	if (writes_wide_maps(f))
		return NULL;
	problem = helper_problem(&f->newuidmap, "newuidmap", p);
	return problem ? problem : helper_problem(&f->newgidmap, "newgidmap", p);
}

static void hint_ranges(struct planner *p)
{
	const struct facts *f = p->facts;
	const char *who = f->user_name ? f->user_name : "USER";

	if (!f->subuids.count || !f->subgids.count)
		error_hint(
			p->err,
			"an administrator can grant them: sudo usermod --add-subuids 100000-165535 "
			"--add-subgids 100000-165535 %s; meanwhile `--userns single` works",
			who);
	else
		error_hint(p->err, "`rootlet doctor` names the line that mends it; meanwhile "
				   "`--userns single` works");
}

static void add(struct planner *p, struct idmap *map, uint32_t inside, uint32_t outside,
		uint32_t count)
{
	if (count && idmap_add(p->arena, map, inside, outside, count) < 0)
		p->nomem = true;
}

/* Lay the granted ranges end to end from `inside` on, passing over `skip` ids at their start. */
static void add_ranges(struct planner *p, struct side *s, uint32_t inside, uint32_t skip,
		       uint32_t limit)
{
	for (size_t i = 0; i < s->granted->count && limit; i++) {
		struct id_range r = s->granted->ranges[i];
		uint32_t drop = skip < r.count ? skip : r.count;
		uint32_t take = r.count - drop;

		skip -= drop;
		if (take > limit)
			take = limit;
		if (take > ID_MAX - inside)
			take = ID_MAX - inside;
		add(p, s->map, inside, r.start + drop, take);
		inside += take;
		limit -= take;
	}
}

/* Every id that our own namespace has, as it is: for root of a nested one. */
static void add_all_own(struct planner *p, struct side *s)
{
	for (size_t i = 0; i < s->parent->count; i++)
		add(p, s->map, s->parent->extents[i].inside, s->parent->extents[i].inside,
		    s->parent->extents[i].count);
}

static void map_ranges(struct planner *p, struct side *s)
{
	if (nested_root(p->facts)) {
		add_all_own(p, s);
	} else if (real_root(p->facts)) {
		/* Never 0 → 0: root inside is the first subordinate id, not root. */
		add_ranges(p, s, 0, 0, UINT32_MAX);
	} else {
		add(p, s->map, 0, s->own, 1);
		add_ranges(p, s, 1, 0, UINT32_MAX);
	}
}

static void map_keep(struct planner *p, struct side *s, uint32_t keep, bool ranges)
{
	if (ranges && nested_root(p->facts)) {
		add_all_own(p, s);
		return;
	}
	if (ranges)
		add_ranges(p, s, 0, 0, keep);
	add(p, s->map, keep, s->own, 1);
	if (ranges)
		add_ranges(p, s, keep + 1, keep, UINT32_MAX);
}

/* The numbers of --uidmap: 0 is the caller, 1… the subordinate ids in order. */
static void intermediate(struct planner *p, const struct side *s, struct idmap *ret)
{
	uint32_t next = 1;

	add(p, ret, 0, s->own, 1);
	for (size_t i = 0; i < s->granted->count && s->granted->ranges[i].count <= ID_MAX - next;
	     i++) {
		add(p, ret, next, s->granted->ranges[i].start, s->granted->ranges[i].count);
		next += s->granted->ranges[i].count;
	}
}

static uint64_t map_total(const struct idmap *map)
{
	uint64_t total = 0;

	for (size_t i = 0; i < map->count; i++)
		total += map->extents[i].count;
	return total;
}

static int range_too_large(struct planner *p, const struct side *s, const struct spec_map_entry *e,
			   uint64_t granted)
{
	error_set(p->err, -ERANGE, "map-not-granted", s->what[0] == 'u' ? "--uidmap" : "--gidmap",
		  "--%smap %u:%u:%u: asks for host ids %u to %llu, but only 0 to %llu are granted",
		  s->what, e->container, e->host, e->count, e->host,
		  (unsigned long long)e->host + e->count - 1, (unsigned long long)granted - 1);
	error_hint(p->err,
		   "0 is your own id, 1 to %llu are your subordinate ids (/etc/sub%s); an absolute "
		   "host id is "
		   "written @ID",
		   (unsigned long long)granted - 1, s->what);
	return -ERANGE;
}

static int map_explicit(struct planner *p, struct side *s, const struct spec_map *wanted)
{
	struct idmap own = {0};

	intermediate(p, s, &own);
	for (size_t i = 0; i < wanted->count && !p->nomem; i++) {
		const struct spec_map_entry *e = &wanted->entries[i];
		struct id_extent extent = {e->container, e->host, e->count};
		struct idmap one = {&extent, 1}, direct = {0};

		if (e->absolute) {
			add(p, s->map, e->container, e->host, e->count);
			continue;
		}
		if (idmap_compose(p->arena, &one, &own, &direct) < 0)
			p->nomem = true;
		else if (map_total(&direct) != e->count)
			return range_too_large(p, s, e, map_total(&own));
		for (size_t j = 0; j < direct.count; j++)
			add(p, s->map, direct.extents[j].inside, direct.extents[j].outside,
			    direct.extents[j].count);
	}
	return 0;
}

/* An absolute id that nobody granted: newuidmap would refuse it with fewer words. */
static int check_granted(struct planner *p, const struct side *s)
{
	uint32_t missing, inside;

	if (writes_wide_maps(p->facts)) {
		for (size_t i = 0; i < s->map->count && s->parent->count; i++)
			if (!idmap_down(s->parent, s->map->extents[i].outside, &inside))
				return error_set(
					p->err, -ERANGE, "map-not-granted", s->what,
					"%s map: id %u does not exist in this user namespace",
					s->what, s->map->extents[i].outside);
		return 0;
	}
	for (size_t i = 0; i < s->map->count; i++) {
		struct idmap one = {&s->map->extents[i], 1};

		if (one.extents[0].count == 1 && one.extents[0].outside == s->own)
			continue;
		if (idmap_within(&one, s->granted, &missing))
			continue;
		error_set(p->err, -ERANGE, "map-not-granted",
			  s->what[0] == 'u' ? "--uidmap" : "--gidmap",
			  "%s map: host id %u is neither yours nor among your subordinate ids",
			  s->what, missing);
		error_hint(p->err, "/etc/sub%s lists what is granted to you", s->what);
		return -ERANGE;
	}
	return 0;
}

static bool only_own(const struct side *s)
{
	return s->map->count == 1 && s->map->extents[0].count == 1 &&
	       s->map->extents[0].outside == s->own;
}

static int choose_writer(struct planner *p, struct side *u, struct side *g)
{
	const struct facts *f = p->facts;
	const char *problem;

	if (only_own(u) && only_own(g)) {
		p->writer = WRITER_CHILD;
		p->setgroups = false;
		return 0;
	}
	if (writes_wide_maps(f)) {
		p->writer = WRITER_PARENT;
		p->setgroups = !f->setgroups_denied;
		return 0;
	}
	p->writer = WRITER_HELPER;
	/* newgidmap leaves setgroups allowed when a subordinate range is mapped, and denies it
	 * else. */
	p->setgroups = !only_own(g) && !f->setgroups_denied;
	problem = helper_problem(&f->newuidmap, "newuidmap", p);
	if (!problem)
		problem = helper_problem(&f->newgidmap, "newgidmap", p);
	if (!problem)
		return 0;
	error_set(p->err, -EPERM, "no-map-helper", "--userns", "id maps: %s", problem);
	hint_ranges(p);
	return -EPERM;
}

static int map_by_mode(struct planner *p, struct side *u, struct side *g)
{
	const struct spec *spec = p->spec;
	const char *problem;
	uint32_t keep_uid = spec->keep_uid == SPEC_ID_UNSET ? u->own : spec->keep_uid;
	uint32_t keep_gid = spec->keep_gid == SPEC_ID_UNSET ? g->own : spec->keep_gid;
	int r;

	if (spec->uidmap.count || spec->gidmap.count) {
		/* As podman has it: one of the two alone stands for both. */
		r = map_explicit(p, u, spec->uidmap.count ? &spec->uidmap : &spec->gidmap);
		return r < 0 ? r
			     : map_explicit(p, g,
					    spec->gidmap.count ? &spec->gidmap : &spec->uidmap);
	}
	if (spec->userns == USERNS_SINGLE) {
		add(p, u->map, 0, u->own, 1);
		add(p, g->map, 0, g->own, 1);
		return 0;
	}
	problem = ranges_problem(p);
	if (spec->userns == USERNS_KEEP_ID) {
		if (problem)
			plan_note(p, "keep-id maps your own id only: %s", problem);
		map_keep(p, u, keep_uid, !problem);
		map_keep(p, g, keep_gid, !problem);
		p->user_uid = keep_uid;
		p->user_gid = keep_gid;
		return 0;
	}
	if (problem && (spec->userns == USERNS_RANGES || real_root(p->facts))) {
		error_set(p->err, -EPERM, "no-ranges", "--userns", "%s: %s",
			  spec->userns == USERNS_RANGES ? "--userns ranges" : "id maps", problem);
		if (real_root(p->facts))
			error_hint(p->err, "root is never mapped to root by default: run as an "
					   "ordinary user, or "
					   "grant root a range (usermod --add-subuids "
					   "100000-165535 --add-subgids "
					   "100000-165535 root), or say `--userns single`");
		else
			hint_ranges(p);
		return -EPERM;
	}
	if (problem) {
		plan_note(p, "only your own id is mapped (--userns single): %s", problem);
		add(p, u->map, 0, u->own, 1);
		add(p, g->map, 0, g->own, 1);
		return 0;
	}
	map_ranges(p, u);
	map_ranges(p, g);
	return 0;
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

static int finish_map(struct planner *p, struct side *s)
{
	struct idmap tidy = {0}, split = {0};
	int r;

	if (p->nomem)
		return 0;
	r = idmap_validate(s->map, s->what[0] == 'u' ? "--uidmap" : "--gidmap", p->err);
	if (r < 0)
		return r;
	r = check_granted(p, s);
	if (r < 0)
		return r;
	if (idmap_normalize(p->arena, s->map, &tidy) < 0 ||
	    (s->parent->count && idmap_split(p->arena, &tidy, s->parent, &split) < 0)) {
		p->nomem = true;
		return 0;
	}
	*s->map = s->parent->count ? split : tidy;
	return 0;
}

int plan_identity(struct planner *p)
{
	struct side u = uid_side(p), g = gid_side(p);
	uint32_t id;
	int r;

	if (!plan_private(p, NS_USER)) { /* joined: the maps are there already */
		p->writer = WRITER_NONE;
		p->setgroups = true;
		p->root_mapped = true;
		p->plan->summary_user = "as in the user namespace that is joined";
		return 0;
	}
	r = map_by_mode(p, &u, &g);
	if (r == 0)
		r = finish_map(p, &u);
	if (r == 0)
		r = finish_map(p, &g);
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

static void add_helper(struct planner *p, const struct side *s)
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

static void add_direct(struct planner *p, const struct side *s, enum plan_actor actor)
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

/* MAPS: gives the new user namespace its ids. Must not run for a joined one: it has them. */
int stage_maps(struct planner *p)
{
	struct side u = uid_side(p), g = gid_side(p);
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

/* IDENTITY: the child becomes the mapped root, so that what it makes belongs to someone inside. */
int stage_identity(struct planner *p)
{
	struct step *step;

	if (p->setgroups && !p->spec->keep_groups) {
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
