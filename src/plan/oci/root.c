/* ROOT and OPEN for an OCI config: its root, its mounts in their order, the /dev that the
 * runtime-spec wants, what is hidden and what is read-only. Nothing is added that was not said.
 *
 * As everywhere, each target is resolved inside the new root and each source was opened before
 * IDENTITY.
 */
#include "plan/planner.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

const char *plan_in_bundle(struct planner *p, const char *path)
{
	if (path[0] == '/')
		return plan_copy(p, path);
	return plan_text(p, "%s/%s", p->spec->oci->bundle, path);
}

int plan_oci_open(struct planner *p)
{
	plan_raise_file_limit(p, p->spec->oci->mount_count + p->spec->oci->device_count);
	plan_open(p, SOURCE_ROOT, 0, plan_in_bundle(p, p->spec->root_path), OPEN_DIRECTORY,
		  plan_new_slot(p));
	plan_oci_open_mounts(p);
	plan_open(p, SOURCE_HOST_DEV, 0, "/dev", OPEN_DIRECTORY, SLOT_HOST_DEV);
	plan_oci_open_devices(p);
	if (plan_host(p, NS_PID))
		plan_open(p, SOURCE_HOST_PROC, 0, "/proc", OPEN_DIRECTORY, SLOT_PROC);
	return 0;
}

/* Shared with the host, a mount made inside would show up there: the root's own is not. */
static void add_root(struct planner *p)
{
	struct step *step = plan_bind_root(p);

	step->a.bind.top = true;
	if (plan_oci_first_propagation(p) == MS_SHARED) {
		step->a.bind.propagation = MS_PRIVATE;
		return;
	}
	if (!plan_wants_hooks(p) || !p->plan->mount_api)
		return;
	step->a.bind.target = (struct step_target){step->a.bind.source, "."};
	step->why = "the new root, where hooks look for it: below the host's tree, which they see";
}

/* runc's rule: whatever is mounted on /dev gets the standard devices, but a bind. */
static bool own_dev(const struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	for (size_t i = 0; i < oci->mount_count; i++)
		if (oci->mounts[i].bind && !oci->mounts[i].remount &&
		    strcmp(oci->mounts[i].destination, "/dev") == 0)
			return false;
	return true;
}

struct wanted {
	const char *path; /* NULL: stood before */
	size_t index;
};

static int by_path(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static int by_index(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

/* Engines add lists up: once is enough. Sorted, since a list may be long. */
static void drop_twins(struct wanted *paths, size_t count)
{
	const char *last = NULL;

	qsort(paths, count, sizeof(*paths), by_path);
	for (size_t i = 0; i < count; i++) {
		if (last && strcmp(last, paths[i].path) == 0)
			paths[i].path = NULL;
		else
			last = paths[i].path;
	}
	qsort(paths, count, sizeof(*paths), by_index);
}

static void add_paths(struct planner *p, enum plan_op op, const char *const *paths)
{
	struct wanted *all;
	size_t count = 0;

	while (paths && paths[count])
		count++;
	all = count ? arena_alloc(p->arena, count * sizeof(*all)) : NULL;
	if (!all) {
		p->nomem |= count > 0;
		return;
	}
	for (size_t i = 0; i < count; i++)
		all[i] = (struct wanted){plan_clean_path(p, paths[i]), i};
	drop_twins(all, count);
	for (size_t i = 0; i < count; i++) {
		const char *path = all[i].path;
		struct step *step;

		if (!path)
			continue;
		step = plan_add(p, op, ACTOR_CHILD, path);
		step->a.file.target = (struct step_target){SLOT_ROOT, path};
		step->optional = true;
		step->why = "asked for by the config";
	}
}

static void add_terminal(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;
	struct step *step;

	plan_terminal(p);
	if (!p->spec->tty)
		return;
	step = &p->plan->steps[p->plan->count - 1];
	step->a.terminal.dev = SLOT_ROOT;
	step->a.terminal.rows = oci->console_rows;
	step->a.terminal.columns = oci->console_columns;
}

/* While the root is still writable. */
static void make_workdir(struct planner *p)
{
	const char *cwd = p->spec->cwd ? plan_clean_path(p, p->spec->cwd) : "/";
	struct step *step;

	if (strcmp(cwd, "/") == 0)
		return;
	step = plan_add(p, OP_MAKE_DIRECTORY, ACTOR_CHILD, cwd);
	step->a.file.target = (struct step_target){SLOT_ROOT, cwd};
	step->a.file.mode = 0755;
	step->why = "the working directory, if it is missing";
}

/* What pivot_root leaves private stays so; a mount that shall spread is made so only now, when no
 * mount of set-up can spread any more. */
static void add_propagation(struct planner *p)
{
	const uint64_t late = MS_SHARED | MS_UNBINDABLE;
	uint64_t asked = p->spec->oci->rootfs_propagation;
	struct step *step;

	if (!(asked & late))
		return;
	step = plan_add(p, OP_ROOT_PROPAGATION, ACTOR_CHILD, "/");
	step->a.propagation.flags = asked & ~(uint64_t)MS_REC;
	step->a.propagation.mount_setattr = p->plan->mount_setattr;
	step->a.propagation.top = !(asked & MS_REC);
}

static void change_root(struct planner *p)
{
	plan_hooks(p);
	if (p->spec->oci->no_pivot) {
		plan_add(p, OP_MOVE_ROOT, ACTOR_CHILD, "/");
		plan_note(p, "--no-pivot: the host's root stays below the container's, in reach of "
			     "whoever may unmount there");
	} else {
		plan_add(p, OP_PIVOT_ROOT, ACTOR_CHILD, "/");
		plan_add(p, OP_DETACH_OLD_ROOT, ACTOR_CHILD, "the old root")->a.number = 1;
	}
	add_propagation(p);
}

int plan_oci_root(struct planner *p)
{
	uint64_t first = plan_oci_first_propagation(p);
	int r;

	if (plan_host(p, NS_MNT)) {
		error_set(p->err, -EINVAL, "oci-mount-namespace", "/linux/namespaces",
			  "/linux/namespaces: there is no mount namespace in it");
		error_hint(p->err, "add {\"type\": \"mount\"}: without one every mount of the "
				   "container would be made on the host");
		return -EINVAL;
	}
	/* Shared: only "/" is not, as pivot_root wants it. */
	plan_propagation(p, first == MS_SHARED ? MS_PRIVATE : first);
	p->plan->steps[p->plan->count - 1].a.propagation.top = first == MS_SHARED;
	add_root(p);
	r = plan_oci_mounts(p);
	if (r < 0)
		return r;
	if (own_dev(p))
		plan_oci_devices(p);
	add_paths(p, OP_MASK, p->spec->oci->masked_paths);
	add_paths(p, OP_READONLY_PATH, p->spec->oci->readonly_paths);
	add_terminal(p);
	make_workdir(p);
	plan_oci_mounts_done(p);
	if (p->spec->read_only)
		plan_attributes(p, "/", (struct step_target){SLOT_ROOT, "/"}, MOUNT_ATTR_RDONLY,
				"the root is read-only");
	plan_init_file(p);
	change_root(p);
	return 0;
}
