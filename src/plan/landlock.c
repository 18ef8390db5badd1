/* Landlock, on request: what the mounts of this plan leave read-only stays so even if one of them
 * were wrong. Part of SEAL, called by stage_seal; the record is docs/adr/0012-landlock.md.
 *
 * Rights are given to places and hold for everything below them, so the rules are the writable
 * mounts; what is read-only below a writable one (/proc/sys) cannot be expressed and has its mount
 * alone.
 */
#include "plan/planner.h"

#include <errno.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/mount.h>

#ifndef MOUNT_ATTR_RDONLY
#include <linux/mount.h>
#endif
#ifndef LANDLOCK_ACCESS_FS_REFER /* ABI 2, Linux 5.19 */
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE /* ABI 3, Linux 6.2 */
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

/* Everything that changes a file system; reading and executing are not handled. */
static const uint64_t changes = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
				LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
				LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
				LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
				LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM |
				LANDLOCK_ACCESS_FS_REFER;

struct place {
	const char *path;
	bool writable;
};

struct places {
	struct place *items;
	size_t count;
};

static void set_place(struct planner *p, struct places *places, const char *path, bool writable)
{
	for (size_t i = 0; i < places->count; i++) {
		if (strcmp(places->items[i].path, path) != 0)
			continue;
		places->items[i].writable = writable;
		return;
	}
	if (arena_grow(p->arena, &places->items, places->count, sizeof(*places->items)) < 0)
		p->nomem = true;
	else
		places->items[places->count++] = (struct place){path, writable};
}

static const char *place_of(struct planner *p, const struct step_target *target)
{
	const char *path = target->path ? target->path : "/";

	if (target->base == SLOT_DEV)
		return plan_text(p, "/dev/%s", path);
	return *path == '/' ? path : plan_text(p, "/%s", path);
}

/* The last word on each place: mounts in the order in which they are made. */
static void take_step(struct planner *p, struct places *places, const struct step *step)
{
	const struct step_target root = {SLOT_ROOT, "/"};
	bool whole = step->op == OP_ROOT_BIND || step->op == OP_ROOT_OVERLAY ||
		     step->op == OP_ROOT_TMPFS;

	if (step->op == OP_SCRATCH)
		return;
	if (op_rows[step->op].args == ARGS_FILESYSTEM)
		set_place(p, places, place_of(p, whole ? &root : &step->a.fs.target),
			  !(step->a.fs.attributes & MOUNT_ATTR_RDONLY));
	else if (op_rows[step->op].args == ARGS_BIND)
		set_place(p, places, place_of(p, whole ? &root : &step->a.bind.target),
			  !(step->a.bind.attr_set & MOUNT_ATTR_RDONLY));
	else if (step->op == OP_ROOT_OVERLAY)
		set_place(p, places, "/", true);
	else if (step->op == OP_ATTACH_PROCFS || step->op == OP_BIND_TEXT)
		set_place(p, places, place_of(p, &step->a.file.target), true);
	else if (step->op == OP_BIND_DEVICE)
		set_place(p, places, place_of(p, &step->a.device.target), true);
	else if (step->op == OP_MASK || step->op == OP_READONLY_PATH)
		set_place(p, places, place_of(p, &step->a.file.target), false);
	else if (step->op == OP_MOUNT_ATTRIBUTES && (step->a.attributes.set & MOUNT_ATTR_RDONLY)) {
		const char *path = place_of(p, &step->a.attributes.target);

		for (size_t i = 0; step->a.attributes.recursive && i < places->count; i++)
			if (path_within(places->items[i].path, path))
				places->items[i].writable = false;
		set_place(p, places, path, false);
	}
}

static bool covered(const struct places *places, const struct place *place)
{
	for (size_t i = 0; i < places->count; i++) {
		const struct place *other = &places->items[i];

		if (other != place && other->writable && path_within(place->path, other->path))
			return true;
	}
	return false;
}

/* A further command may write where the container's own may: in the places that its run has made.
 * Which namespaces it shares changes none of them. */
static struct plan *plan_of_run(struct planner *p)
{
	struct spec run = *p->spec;
	struct plan *plan = NULL;

	run.kind = SPEC_RUN;
	run.userns = USERNS_SINGLE;
	run.uidmap = run.gidmap = (struct spec_map){0};
	run.user = NULL;
	run.groups = (struct string_list){0};
	run.tty = run.landlock = false;
	for (int t = 0; t < NS_COUNT; t++)
		run.namespaces[t] = (struct spec_namespace){NS_MODE_UNSET, NULL};
	return plan_make(&run, p->facts, &plan, p->err) < 0 ? NULL : plan;
}

static const char *const *rules(struct planner *p, const struct plan *plan)
{
	struct places places = {0};
	const char **out;
	size_t n = 0;

	for (size_t i = 0; i < plan->count; i++)
		if (step_stage(&plan->steps[i]) == STAGE_ROOT)
			take_step(p, &places, &plan->steps[i]);
	out = arena_alloc(p->arena, (places.count + 1) * sizeof(*out));
	if (!out) {
		p->nomem = true;
		return NULL;
	}
	for (size_t i = 0; i < places.count; i++)
		if (places.items[i].writable && !covered(&places, &places.items[i]))
			out[n++] = plan_copy(p, places.items[i].path);
	out[n] = NULL;
	return out;
}

int plan_landlock(struct planner *p)
{
	uint32_t abi = p->facts->landlock_abi;
	struct plan *run;
	struct step *step;

	if (!p->spec->landlock)
		return 0;
	if (!abi) {
		error_set(p->err, -ENOSYS, "landlock-missing", "--security-opt",
			  "--security-opt landlock: this kernel does not have it, or it is not "
			  "switched on");
		error_hint(p->err,
			   "it came with Linux 5.13, and must be in the list of the kernel's "
			   "parameter lsm=");
		return -ENOSYS;
	}
	if (abi < 2)
		return error_set(
			p->err, -ENOSYS, "landlock-old", "--security-opt",
			"--security-opt landlock: this kernel's forbids every move between "
			"directories; Linux 5.19 has what is needed");
	step = plan_add(p, OP_LANDLOCK, ACTOR_CHILD, "landlock");
	step->a.landlock.rights = changes | (abi >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0);
	if (p->spec->kind != SPEC_EXEC) {
		step->a.landlock.paths = rules(p, p->plan);
		return 0;
	}
	run = plan_of_run(p);
	if (!run)
		return -EINVAL;
	step->a.landlock.paths = rules(p, run);
	plan_free(run);
	return 0;
}
