/* SEAL for an OCI config: what its process is, and nothing more.
 *
 * The order is that of stage_seal.c: what needs privilege before what gives it up. Two filters may
 * be loaded: the one that is always on, and the config's.
 */
#include "plan/planner.h"

#include <errno.h>
#include <string.h>

#define ROOT_CAPABILITIES(c) ((c)->effective | (c)->permitted | (c)->inheritable | (c)->ambient)

/* An annotation that engines set for the runtime. */
bool plan_oci_asks(const struct planner *p, const char *annotation, const char *value)
{
	const struct spec_oci *oci = p->spec->oci;

	for (size_t i = 0; i < oci->annotation_count; i++)
		if (strcmp(oci->annotations[i].key, annotation) == 0)
			return strcmp(oci->annotations[i].value, value) == 0;
	return false;
}

/* What the kernel does not know is passed over with a note, as the spec wants it. */
static uint64_t known(struct planner *p, uint64_t set)
{
	return set & plan_all_capabilities(p);
}

static void note_unknown(struct planner *p, const struct oci_capabilities *c)
{
	uint64_t all = c->bounding | ROOT_CAPABILITIES(c), unknown = all & ~known(p, all);

	if (unknown)
		plan_note(p,
			  "process.capabilities: this kernel does not know %d of them: passed over",
			  __builtin_popcountll(unknown));
}

static void add_bounding(struct planner *p, uint64_t bounding)
{
	struct step *step;

	if (bounding == plan_all_capabilities(p))
		return;
	step = plan_add(p, OP_BOUNDING_SET, ACTOR_CHILD, "bounding");
	step->a.capabilities = bounding;
}

static void add_sets(struct planner *p, const struct oci_capabilities *c)
{
	struct step *step = plan_add(p, OP_CAPABILITY_SETS, ACTOR_CHILD, "capabilities");

	step->a.sets.effective = known(p, c->effective);
	step->a.sets.permitted = known(p, c->permitted);
	step->a.sets.inheritable = known(p, c->inheritable);
	step->a.sets.ambient = known(p, c->ambient);
}

static int check_id(struct planner *p, const struct idmap *map, uint32_t id, const char *what)
{
	uint32_t outside;

	if (!map->count || idmap_down(map, id, &outside))
		return 0;
	error_set(p->err, -EINVAL, "user-unmapped", what,
		  "/process/user: %s %u is not mapped in "
		  "this container",
		  what, id);
	if (p->spec->kind == SPEC_EXEC)
		error_hint(p->err, "/proc/PID/%s_map of the container's process has those that are",
			   what);
	else if (!plan_private(p, NS_USER))
		error_hint(p->err,
			   "/proc/PID/%s_map of a process in the user namespace that is joined has "
			   "those that are",
			   what);
	else
		error_hint(p->err, "%s", p->plan->summary_user);
	return -EINVAL;
}

static int check_user(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;
	bool host = plan_host(p, NS_USER) && p->spec->kind != SPEC_EXEC;
	const struct idmap *uids = host ? &p->facts->uid_map : &p->plan->uid_map;
	const struct idmap *gids = host ? &p->facts->gid_map : &p->plan->gid_map;
	int r = check_id(p, uids, oci->uid, "uid");

	if (r == 0)
		r = check_id(p, gids, oci->gid, "gid");
	for (size_t i = 0; r == 0 && i < oci->additional_gid_count; i++)
		r = check_id(p, gids, oci->additional_gids[i], "gid");
	if (r < 0 || p->setgroups || !oci->additional_gid_count)
		return r;
	error_set(p->err, -EPERM, "group-add-denied", "/process/user/additionalGids",
		  "/process/user/additionalGids: with this id map the kernel denies setgroups");
	error_hint(p->err, "map a subordinate range of gids, or ask for no additional groups");
	return -EPERM;
}

static int add_user(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;
	const char *who = plan_text(p, "%u:%u", oci->uid, oci->gid);
	uint32_t uid = p->root_mapped ? 0 : p->user_uid, gid = p->root_mapped ? 0 : p->user_gid;
	struct step *step;
	int r = check_user(p);

	if (r < 0)
		return r;
	if (p->lookup_home) {
		step = plan_add(p, OP_LOOKUP_USER, ACTOR_CHILD, who);
		step->a.text.text = who;
		step->why = "HOME is not in process.env: the root's own passwd file has it";
	}
	if (oci->uid == uid && oci->gid == gid && !oci->additional_gid_count)
		return 0;
	step = plan_add(p, OP_SET_USER, ACTOR_CHILD, who);
	step->a.ids.uid = oci->uid;
	step->a.ids.gid = oci->gid;
	step->a.ids.set_groups = p->setgroups && !plan_keeps_groups(p);
	step->a.ids.own_pipes = true;
	step->why = "the user that the command runs as; pipes that it writes to become its own, so "
		    "that it can open /dev/stdout by name";
	step->a.ids.groups = arena_memdup(p->arena, oci->additional_gids,
					  oci->additional_gid_count * sizeof(uint32_t));
	step->a.ids.group_count = oci->additional_gid_count;
	p->nomem |= oci->additional_gid_count && !step->a.ids.groups;
	return 0;
}

/* Some directories only root may enter, others only the user: either will do. */
static void add_workdir(struct planner *p, bool last)
{
	struct step *step = plan_add(p, OP_WORKDIR, ACTOR_CHILD,
				     p->spec->cwd ? plan_clean_path(p, p->spec->cwd) : "/");

	step->a.text.text = step->subject;
	step->a.text.tries = !last;
}

static void add_session(struct planner *p)
{
	if (!p->spec->tty) /* TERMINAL has made one */
		plan_add(p, OP_SESSION, ACTOR_CHILD, "own session");
	if (!p->spec->oci->no_new_keyring)
		plan_add(p, OP_KEYRING, ACTOR_CHILD, "session");
}

int plan_oci_seal(struct planner *p)
{
	const struct oci_capabilities *c = &p->spec->oci->capabilities;
	bool nnp = p->spec->no_new_privileges == YES;
	uint64_t bounding = known(p, c->bounding);
	int r = 0;

	note_unknown(p, c);
	plan_oci_labels(p);
	plan_close_fds(p);
	add_session(p);
	plan_limits(p);
	plan_oci_process(p);
	add_workdir(p, false);
	add_bounding(p, bounding);
	if (!nnp) /* a filter needs CAP_SYS_ADMIN then: while we have it */
		r = plan_filters(p, bounding);
	plan_add(p, OP_KEEP_CAPABILITIES, ACTOR_CHILD, "keepcaps");
	if (r == 0)
		r = add_user(p);
	add_sets(p, c);
	add_workdir(p, true);
	plan_await_start(p);
	if (nnp)
		plan_add(p, OP_NO_NEW_PRIVS, ACTOR_CHILD, "no_new_privs");
	if (nnp && r == 0)
		r = plan_filters(p, bounding);
	plan_start_hooks(p);
	return r;
}
