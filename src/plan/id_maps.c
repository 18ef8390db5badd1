/* The id maps: arithmetic on what the spec asks and the facts grant; nothing is probed.
 *
 * What it must not do: weaken a request silently. A default that the host cannot give becomes a
 * note, an explicit request that it cannot give becomes an error. Who writes the maps is
 * identity.c's concern.
 */
#include "plan/id_maps.h"

#include <errno.h>
#include <string.h>

struct map_side map_side_uid(struct planner *p)
{
	return (struct map_side){"uid",
				 p->facts->uid,
				 &p->facts->subuids,
				 &p->facts->newuidmap,
				 &p->facts->uid_map,
				 &p->plan->uid_map};
}

struct map_side map_side_gid(struct planner *p)
{
	return (struct map_side){"gid",
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

bool map_writes_wide(const struct facts *f)
{
	return f->cap_setuid && f->cap_setgid;
}

const char *map_helper_problem(const struct facts_helper *h, const char *name, struct planner *p)
{
	switch (h->state) {
	case HELPER_OK:
		if (h->path)
			return NULL;
		break; /* a facts file says so, and names none */
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
	const char *self = f->user_name ? f->user_name : "this user";
	const char *uid_name = p->spec->subuid_name ? p->spec->subuid_name : self;
	const char *gid_name = p->spec->subgid_name ? p->spec->subgid_name : uid_name;
	const char *problem;

	if (nested_root(f))
		return NULL;
	if (f->subid_error)
		return f->subid_error;
	if (!f->subuids.count)
		return plan_text(p, "%s has no range in /etc/subuid", uid_name);
	if (!f->subgids.count)
		return plan_text(p, "%s has no range in /etc/subgid", gid_name);
	if (map_writes_wide(f))
		return NULL;
	problem = map_helper_problem(&f->newuidmap, "newuidmap", p);
	return problem ? problem : map_helper_problem(&f->newgidmap, "newgidmap", p);
}

/* Only the file without a range is spoken of: the other one is fine. */
static const char *grant_options(const struct facts *f)
{
	if (f->subuids.count)
		return "--add-subgids 100000-165535";
	return f->subgids.count ? "--add-subuids 100000-165535"
				: "--add-subuids 100000-165535 --add-subgids 100000-165535";
}

void map_hint_ranges(struct planner *p)
{
	static const char *const meanwhile[FRONT_COUNT] = {
		"`--userns single` works",
		"a map of one id, your own, works: `rootlet-oci spec --rootless` writes it"};
	const char *works = front_words(meanwhile, spec_front(p->spec));
	const struct facts *f = p->facts;

	if (f->subid_error || (f->subuids.count && f->subgids.count))
		error_hint(p->err, "`rootlet doctor` names the line that mends it; meanwhile %s",
			   works);
	else if (f->user_name)
		error_hint(p->err,
			   "an administrator can grant them: sudo usermod %s %s; meanwhile %s",
			   grant_options(f), f->user_name, works);
	else
		error_hint(p->err,
			   "user %u has no entry in passwd, and newuidmap serves only who has one; "
			   "meanwhile %s",
			   f->uid, works);
}

static void add(struct planner *p, struct idmap *map, uint32_t inside, uint32_t outside,
		uint32_t count)
{
	if (count && idmap_add(p->arena, map, inside, outside, count) < 0)
		p->nomem = true;
}

/* Lay the granted ranges end to end from `inside` on, passing over `skip` ids at their start. */
static void add_ranges(struct planner *p, struct map_side *s, uint32_t inside, uint32_t skip,
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
static void add_all_own(struct planner *p, struct map_side *s)
{
	for (size_t i = 0; i < s->parent->count; i++)
		add(p, s->map, s->parent->extents[i].inside, s->parent->extents[i].inside,
		    s->parent->extents[i].count);
}

static void map_ranges(struct planner *p, struct map_side *s)
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

static void map_keep(struct planner *p, struct map_side *s, uint32_t keep, bool ranges)
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
static void intermediate(struct planner *p, const struct map_side *s, struct idmap *ret)
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

static int range_too_large(struct planner *p, const struct map_side *s,
			   const struct spec_map_entry *e, uint64_t granted)
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

static int map_explicit(struct planner *p, struct map_side *s, const struct spec_map *wanted)
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

/* What the user would call it. */
static const char *setting(const struct planner *p, const struct map_side *s)
{
	if (plan_oci(p))
		return s->what[0] == 'u' ? "/linux/uidMappings" : "/linux/gidMappings";
	return s->what[0] == 'u' ? "--uidmap" : "--gidmap";
}

/* An absolute id that nobody granted: newuidmap would refuse it with fewer words. */
static int check_granted(struct planner *p, const struct map_side *s)
{
	uint32_t missing, inside;

	if (map_writes_wide(p->facts)) {
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
		error_set(p->err, -ERANGE, "map-not-granted", setting(p, s),
			  "%s map: host id %u is neither yours nor among your subordinate ids",
			  s->what, missing);
		error_hint(p->err, "/etc/sub%s lists what is granted to you", s->what);
		return -ERANGE;
	}
	return 0;
}

/* Ranges were asked for by name, or nothing else would be safe, and there are none. */
static int refuse_without_ranges(struct planner *p, const char *problem)
{
	const struct spec *spec = p->spec;

	error_set(p->err, -EPERM, "no-ranges", "--userns", "%s: %s",
		  spec->userns == USERNS_RANGES ? "--userns ranges"
		  : spec->subuid_name		? "--subuidname"
		  : spec->subgid_name		? "--subgidname"
						: "id maps",
		  problem);
	if (spec->subuid_name || spec->subgid_name)
		error_hint(p->err, "/etc/subuid and /etc/subgid list who has ranges");
	else if (real_root(p->facts))
		error_hint(p->err, "root is never mapped to root by default: run as an "
				   "ordinary user, or grant root a range (usermod --add-subuids "
				   "100000-165535 --add-subgids 100000-165535 root), or say "
				   "`--userns single`");
	else
		map_hint_ranges(p);
	return -EPERM;
}

static int map_by_mode(struct planner *p, struct map_side *u, struct map_side *g)
{
	const struct spec *spec = p->spec;
	bool named;
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
	named = spec->subuid_name || spec->subgid_name;
	if (problem && (spec->userns == USERNS_RANGES || named || real_root(p->facts)))
		return refuse_without_ranges(p, problem);
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

static int finish_map(struct planner *p, struct map_side *s)
{
	struct idmap tidy = {0}, split = {0};
	int r;

	if (p->nomem)
		return 0;
	r = idmap_validate(s->map, setting(p, s), p->err);
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

int map_choose(struct planner *p, struct map_side *u, struct map_side *g)
{
	int r = map_by_mode(p, u, g);

	if (r == 0)
		r = finish_map(p, u);
	return r < 0 ? r : finish_map(p, g);
}
