/* The container's cgroup: whether it gets one of its own, below which group, what has to be
 * switched on for it on the way there, and its limits.
 *
 * A group hands controllers on only while no process is in it (cgroups(7), "no internal
 * processes"), but for the root of the hierarchy. Where our own group holds nobody but us, we move
 * out of the way; processes of others are never moved.
 */
#include "plan/groups.h"
#include "spec/cgroup.h"
#include "spec/oci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum refusal { FITS, NO_HIERARCHY, NO_SYSTEMD, NO_CLONE, NOT_YOURS, NO_CONTROLLER, BUSY };

struct way {
	struct level *levels;
	size_t count;
	bool leaf;	     /* we are in the way, alone */
	const char *missing; /* NO_CONTROLLER: which one */
	const char *where;   /* the group that refuses */
};

bool plan_group_has(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = words; p && *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n == len && memcmp(p, word, n) == 0)
			return true;
		p += n;
	}
	return false;
}

bool plan_group_is_ours(const struct planner *p, const char *path)
{
	return strcmp(p->facts->cgroup_path, path) == 0;
}

/* ---- the way ---- */

static void add_level(struct planner *p, struct way *way, const char *path)
{
	struct level level = {.path = path, .facts = facts_group(p->facts, path), .enable = ""};

	if (arena_grow(p->arena, &way->levels, way->count, sizeof(level)) < 0)
		p->nomem = true;
	else
		way->levels[way->count++] = level;
}

/* From the top to `path`. What lies below the last group that is known does not exist. */
static void walk(struct planner *p, struct way *way, const char *path)
{
	bool below = true;

	add_level(p, way, "/");
	for (const char *end = path; *end && end[1];) {
		end += strcspn(end + 1, "/") + 1;
		add_level(p, way, plan_text(p, "%.*s", (int)(end - path), path));
	}
	for (size_t i = way->count; i-- > 0 && below;) {
		below = !way->levels[i].facts;
		way->levels[i].missing = below;
	}
}

/* The group in which both ways part has to let processes through: clone3 moves one, too. */
static bool may_enter(const struct planner *p, const struct way *way)
{
	const char *own = p->facts->cgroup_path;
	const struct facts_group *common = NULL;

	for (size_t i = 0; i < way->count; i++)
		if (path_within(own, way->levels[i].path))
			common = way->levels[i].facts;
	return !common || common->enter == ANSWER_YES;
}

static enum refusal enable(struct planner *p, struct way *way, struct level *level,
			   const char *controller)
{
	const struct facts_group *g = level->facts;

	if (!level->missing) {
		if (g && plan_group_has(g->enabled, controller))
			return FITS;
		way->where = level->path;
		way->missing = controller;
		if (!g || g->control != ANSWER_YES)
			return NO_CONTROLLER;
		if (g->busy && !g->top)
			return BUSY;
		if (plan_group_is_ours(p, level->path) && !g->top) {
			if (p->spec->oci) /* whoever called us is in it, or comes back to it */
				return BUSY;
			way->leaf = true;
		}
	}
	level->enable =
		plan_text(p, "%s%s+%s", level->enable, *level->enable ? " " : "", controller);
	return FITS;
}

static enum refusal hand_on(struct planner *p, struct way *way, const char *controller)
{
	size_t from = way->count;
	enum refusal r = FITS;

	for (size_t i = 0; i < way->count; i++)
		if (way->levels[i].facts &&
		    plan_group_has(way->levels[i].facts->controllers, controller))
			from = i;
	way->missing = controller;
	way->where = p->facts->cgroup_path;
	if (from == way->count)
		return NO_CONTROLLER;
	for (size_t i = from; i < way->count && r == FITS; i++)
		r = enable(p, way, &way->levels[i], controller);
	return r;
}

static enum refusal try_way(struct planner *p, const char *path, struct way *ret)
{
	const struct facts_group *last = NULL;
	enum refusal r = FITS;

	*ret = (struct way){.where = path};
	walk(p, ret, path);
	for (size_t i = 0; i < ret->count; i++)
		if (!ret->levels[i].missing)
			last = ret->levels[i].facts;
	if (!last || last->make != ANSWER_YES || !may_enter(p, ret))
		return NOT_YOURS;
	for (size_t i = 0; i < p->group.needed_count && r == FITS; i++)
		r = hand_on(p, ret, p->group.needed[i]);
	return r;
}

/* ---- what is asked ---- */

static void need(struct planner *p, const char *controller)
{
	struct planned_group *g = &p->group;

	for (size_t i = 0; i < g->needed_count; i++)
		if (strcmp(g->needed[i], controller) == 0)
			return;
	if (arena_grow(p->arena, &g->needed, g->needed_count, sizeof(*g->needed)) < 0)
		p->nomem = true;
	else
		g->needed[g->needed_count++] = controller;
}

/* Up to version 1.2 of the runtime-spec 0 was how engines said that there is no limit of processes;
 * since 1.3 it is a limit as any other. */
static bool zero_is_a_limit(const struct spec_oci *oci)
{
	const char *v = oci->version ? oci->version : "";
	char *minor;
	unsigned long major = strtoul(v, &minor, 10);

	return major > 1 || (major == 1 && *minor == '.' && strtoul(minor + 1, NULL, 10) >= 3);
}

static void need_controllers(struct planner *p)
{
	for (size_t i = 0; i < p->group.limits.count; i++) {
		const struct limit *l = &p->group.limits.items[i];
		const char *controller = limit_controller(p->arena, l->file);

		if (controller && !l->optional)
			need(p, controller);
	}
}

/* "max", "max 100000": bounds nothing, and holds as well without its controller. True if one was
 * asked for. */
static bool forget_no_limits(struct planner *p)
{
	struct planned_group *g = &p->group;
	size_t kept = 0, all = g->limits.count;

	for (size_t i = 0; i < all; i++) {
		const char *value = g->limits.items[i].value;

		if (strcmp(value, "max") != 0 && strncmp(value, "max ", 4) != 0)
			g->limits.items[kept++] = g->limits.items[i];
	}
	g->limits.count = kept;
	g->needed_count = 0;
	need_controllers(p);
	return kept < all;
}

static int read_limits(struct planner *p)
{
	const struct spec *s = p->spec;
	struct planned_group *g = &p->group;
	struct oci_resources r;
	int result;

	if (!s->oci && !s->limits)
		return 0;
	r = s->oci ? s->oci->resources : *s->limits;
	if (!s->oci && r.memory_limit != OCI_UNSET && r.memory_swap == OCI_UNSET)
		r.memory_swap = r.memory_limit <= INT64_MAX / 2 ? 2 * r.memory_limit : -1;
	if (s->oci && r.pids_limit == 0 && !zero_is_a_limit(s->oci))
		r.pids_limit = OCI_UNSET;
	result = limits_from(p->arena, &r, &g->limits, p->err);
	need_controllers(p);
	return result;
}

/* ---- refusals ---- */

/* For the subject: what was asked for, as its file. */
static const char *asked(struct planner *p, const char *controller)
{
	const struct limits *l = &p->group.limits;
	size_t len = controller ? strlen(controller) : 0;

	for (size_t i = 0; i < l->count; i++)
		if (!len || (strncmp(l->items[i].file, controller, len) == 0 &&
			     l->items[i].file[len] == '.'))
			return plan_text(p, "limit %s=%s", l->items[i].file, l->items[i].value);
	return p->spec->oci ? "cgroupsPath" : "--cgroup-parent";
}

static bool is_hybrid(const struct planner *p)
{
	return strstr(p->facts->cgroup_mount, "/unified") != NULL;
}

static int word_refusal(struct planner *p, enum refusal refusal, const struct way *way)
{
	struct rootlet_error *err = p->err;
	const char *what = asked(p, way->missing);

	switch (refusal) {
	case FITS:
		return 0;
	case NO_HIERARCHY:
		error_set(err, -ENOENT, "cgroup-none", what,
			  "%s: there is no cgroup version 2 here that rootlet is in", what);
		error_hint(err, "boot with version 2 alone (systemd.unified_cgroup_hierarchy=1)");
		return -ENOENT;
	case NO_SYSTEMD:
		error_set(err, -ENOENT, "systemd-missing", what,
			  "%s: --systemd-cgroup: no systemd manager answers here", what);
		error_hint(
			err,
			"its socket is $XDG_RUNTIME_DIR/systemd/private; an engine without systemd "
			"says --cgroup-manager=cgroupfs");
		return -ENOENT;
	case NO_CLONE:
		error_set(err, -ENOSYS, "cgroup-clone", what,
			  "%s: this kernel cannot make a process in a given cgroup (Linux 5.7)",
			  what);
		return -ENOSYS;
	case NOT_YOURS:
		error_set(err, -EACCES, "cgroup-refused", what,
			  "%s: you may not make cgroups in %s, or not move processes there", what,
			  way->where);
		plan_hint(p,
			  "start it in one of your own: systemd-run --user --scope -p "
			  "Delegate=yes rootlet …; `rootlet doctor` checks that",
			  "start the engine in one of your own: systemd-run --user --scope -p "
			  "Delegate=yes …; `rootlet doctor` checks that");
		return -EACCES;
	case NO_CONTROLLER:
		error_set(err, -EACCES, "limit-not-delegated", what,
			  "%s: the %s controller is not delegated to you (cgroup %s)", what,
			  way->missing, way->where);
		if (is_hybrid(p))
			error_hint(err, "it is in cgroup version 1 here: boot with version 2 alone "
					"(systemd.unified_cgroup_hierarchy=1)");
		else
			error_hint(err,
				   "sudo systemctl edit user@.service, with the two lines "
				   "[Service] and Delegate=cpu cpuset io memory pids; then log "
				   "in again");
		return -EACCES;
	case BUSY:
		error_set(
			err, -EBUSY, "cgroup-busy", what,
			"%s: other processes are in the cgroup %s, so it can hand no controller on",
			what, way->where);
		plan_hint(p,
			  "start it in one of its own: systemd-run --user --scope -p "
			  "Delegate=yes rootlet …",
			  "start the engine in one of its own: systemd-run --user --scope -p "
			  "Delegate=yes …");
		return -EBUSY;
	}
	return -EINVAL;
}

/* ---- the choice ---- */

static enum refusal choose(struct planner *p, const struct spec_cgroup *wanted, struct way *ret)
{
	const struct facts *f = p->facts;
	const char *own = f->cgroup_path, *above;
	enum refusal r;
	struct way other;

	if (wanted->parent)
		return try_way(p, spec_cgroup_path(p->arena, own, wanted->parent), ret);
	r = try_way(p, own, ret);
	if (r == FITS || !p->group.needed_count || strcmp(own, "/") == 0)
		return r;
	/* One that holds no process, as ours does: there is a way if it hands on what is asked. */
	above = strrchr(own, '/');
	above = above == own ? "/" : plan_text(p, "%.*s", (int)(above - own), own);
	if (try_way(p, above, &other) != FITS)
		return r;
	*ret = other;
	return FITS;
}

/* Nothing but a default: then it goes without. Whoever is root may always, so for root it is none.
 */
static bool is_default(const struct planner *p, const struct spec_cgroup *wanted)
{
	bool root = p->facts->uid == 0 && p->facts->initial_userns;

	if (p->group.limits.count)
		return false;
	return p->spec->oci ? !root : !wanted->named;
}

static bool by_systemd(const struct planner *p)
{
	return p->spec->oci && p->spec->oci->systemd_cgroup && p->facts->systemd_socket;
}

/* A run's limits, where no group is delegated to us but a manager of ours is there. */
static bool may_ask_systemd(const struct planner *p, const struct spec_cgroup *wanted)
{
	return !p->spec->oci && p->facts->systemd_socket && wanted->limited && !wanted->named &&
	       p->facts->cgroup_mount;
}

static enum refusal place(struct planner *p, const struct spec_cgroup *wanted, struct way *ret)
{
	if (!wanted->parent && !p->group.needed_count)
		return p->facts->cgroup_delegated == ANSWER_YES ? FITS : NOT_YOURS;
	return choose(p, wanted, ret);
}

int plan_group(struct planner *p)
{
	const struct facts *f = p->facts;
	struct planned_group *g = &p->group;
	struct spec_cgroup wanted;
	struct way way = {0};
	enum refusal refusal = FITS;
	int r = spec_cgroup(p->spec, p->arena, &wanted);

	if (r < 0)
		return error_nomem(p->err);
	if (!wanted.wanted)
		return 0;
	r = read_limits(p);
	if (r < 0)
		return r;
	if (!f->cgroup_mount || !f->cgroup_path || path_has_dotdot(f->cgroup_path))
		refusal = NO_HIERARCHY;
	else if (by_systemd(p))
		return plan_scope(p);
	else if (p->spec->oci && p->spec->oci->systemd_cgroup)
		refusal = NO_SYSTEMD;
	else if (f->clone_into_cgroup != ANSWER_YES)
		refusal = NO_CLONE;
	else
		refusal = place(p, &wanted, &way);
	if ((refusal == NO_CONTROLLER || refusal == BUSY || refusal == NOT_YOURS) &&
	    forget_no_limits(p)) {
		way = (struct way){0};
		refusal = place(p, &wanted, &way);
	}
	if (refusal != FITS && may_ask_systemd(p, &wanted))
		return plan_scope(p);
	if (refusal != FITS && !is_default(p, &wanted))
		return word_refusal(p, refusal, &way);
	if (refusal != FITS && wanted.named)
		plan_note(p,
			  "cgroup: %s cannot be made here by you, so the container has none of its "
			  "own",
			  p->spec->oci->cgroups_path);
	if (refusal != FITS)
		return 0;
	if (p->spec->oci)
		plan_group_offers(p, way.levels, way.count);
	g->make = true;
	g->name = wanted.name;
	g->leaf = way.leaf;
	g->levels = way.levels;
	g->level_count = way.count;
	g->parent = way.count ? way.levels[way.count - 1].path : f->cgroup_path;
	return 0;
}

bool plan_own_cgroup(const struct planner *p)
{
	return p->group.make;
}

/* ---- steps ---- */

/* Where it is in the file system. */
static const char *directory(struct planner *p, const char *path)
{
	return plan_text(p, "%s%s", p->facts->cgroup_mount, strcmp(path, "/") == 0 ? "" : path);
}

static void add_limit(struct planner *p, enum plan_op op, const struct limit *l)
{
	struct step *step = plan_add(p, op, ACTOR_PARENT, plan_copy(p, l->file));

	step->a.limit = *l;
	if (p->group.scope)
		step->why = "asked for; as exactly as it was, since systemd rounds";
	step->optional = l->optional;
}

/* It counts processes. With a joiner there are two at first: then it waits for that one's end. */
static bool is_late(const struct planner *p, const struct limit *l)
{
	return p->group.scope || (p->plan->joins && strcmp(l->file, "pids.max") == 0);
}

static void add_levels(struct planner *p)
{
	const struct planned_group *g = &p->group;

	for (size_t i = 0; i < g->level_count; i++) {
		const struct level *level = &g->levels[i];
		struct step *step;

		if (level->missing || *level->enable) {
			step = plan_add(p, OP_CGROUP_PARENT, ACTOR_PARENT,
					directory(p, level->path));
			step->a.setting.path = step->subject;
			step->a.setting.value = level->enable;
		}
		if (level->offer) {
			step = plan_add(p, OP_CGROUP_OFFER, ACTOR_PARENT,
					directory(p, level->path));
			step->a.setting.path = step->subject;
			step->a.setting.value = level->offer;
			step->optional = true;
		}
	}
}

void plan_group_steps(struct planner *p)
{
	const struct planned_group *g = &p->group;
	struct step *step;

	if (!g->make || g->scope)
		return;
	if (g->leaf) {
		step = plan_add(
			p, OP_CGROUP_LEAF, ACTOR_PARENT,
			plan_text(p, "%s/rootlet-supervisor", directory(p, p->facts->cgroup_path)));
		step->a.text.text = step->subject;
	}
	add_levels(p);
	step = plan_add(p, OP_CGROUP, ACTOR_PARENT, directory(p, g->parent));
	step->a.cgroup.parent = step->subject;
	step->a.cgroup.name = plan_copy(p, g->name);
	p->plan->cgroup = true;
	for (size_t i = 0; i < g->limits.count; i++)
		if (!is_late(p, &g->limits.items[i]))
			add_limit(p, OP_CGROUP_LIMIT, &g->limits.items[i]);
	plan_device_step(p, OP_DEVICE_RULES);
}

void plan_group_late_steps(struct planner *p)
{
	const struct planned_group *g = &p->group;

	if (g->make && g->scope)
		plan_scope_step(p);
	for (size_t i = 0; g->make && i < g->limits.count; i++)
		if (is_late(p, &g->limits.items[i]))
			add_limit(p, OP_CGROUP_PROCESSES, &g->limits.items[i]);
	if (g->make && g->scope)
		plan_device_step(p, OP_SCOPE_DEVICE_RULES);
}
