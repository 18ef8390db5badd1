/* ROOT: the container's file tree, from the first private mount to the old root's end.
 *
 * It should attach the new root first and mount everything else into it, each target resolved
 * inside it. It must not use a path of the host after OPEN, nor leave anything of the old root
 * reachable.
 */
#include "plan/planner.h"

#include <string.h>
#include <sys/mount.h>

#ifndef MOUNT_ATTR_RDONLY
#include <linux/mount.h>
#endif

/* Entries of `/` that get a fresh file system, or none. */
static const char *const not_bound[] = {"proc", "sys", "dev", "run", "tmp"};

static bool is_bound(const struct facts_entry *e)
{
	for (size_t i = 0; i < sizeof(not_bound) / sizeof(not_bound[0]); i++)
		if (strcmp(e->name, not_bound[i]) == 0)
			return false;
	return e->type == ENTRY_DIRECTORY || e->type == ENTRY_FILE;
}

static void make_directory(struct planner *p, const char *path, uint32_t mode)
{
	struct step *step = plan_add(p, OP_MAKE_DIRECTORY, ACTOR_CHILD, path);

	step->a.file.target = (struct step_target){SLOT_OWN_ROOT, path + 1};
	step->a.file.mode = mode;
}

void plan_attributes(struct planner *p, const char *subject, struct step_target target,
		     uint64_t set, const char *why)
{
	struct step *step = plan_add(p, OP_MOUNT_ATTRIBUTES, ACTOR_CHILD, subject);

	step->a.attributes.target = target;
	step->a.attributes.set = set;
	step->why = why;
}

static void add_attributes(struct planner *p, uint64_t set, uint64_t clear, bool recursive,
			   const char *why)
{
	struct step *step = plan_add(p, OP_MOUNT_ATTRIBUTES, ACTOR_CHILD, "/");

	step->a.attributes.target = (struct step_target){SLOT_ROOT, "/"};
	step->a.attributes.set = set;
	step->a.attributes.clear = clear;
	step->a.attributes.recursive = recursive;
	step->why = why;
}

static void add_entry(struct planner *p, const struct facts_entry *e)
{
	const char *path = plan_text(p, "/%s", e->name);
	struct step *step;

	if (e->type == ENTRY_SYMLINK) {
		step = plan_add(p, OP_MAKE_SYMLINK, ACTOR_CHILD, path);
		step->a.file.target = (struct step_target){SLOT_OWN_ROOT, path + 1};
		step->a.file.text = plan_copy(p, e->target);
		return;
	}
	step = plan_add(p, OP_BIND, ACTOR_CHILD, path);
	step->a.bind.source = plan_source(p, SOURCE_ROOT, 0);
	step->a.bind.source_name = path + 1;
	step->a.bind.source_path = path;
	step->a.bind.target = (struct step_target){SLOT_OWN_ROOT, path + 1};
	step->a.bind.recursive = true;
	step->a.bind.make_target = true;
	step->why = "the host's own files";
}

/* A tmpfs over the old root, before the pivot. */
static void add_base_tmpfs(struct planner *p, enum plan_op op, const char *subject, int slot)
{
	static struct mount_option mode[] = {{"mode", "0755"}};
	struct step *step = plan_add(p, op, ACTOR_CHILD, subject);

	step->a.fs.type = "tmpfs";
	step->a.fs.options = mode;
	step->a.fs.option_count = 1;
	step->a.fs.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	step->a.fs.target = (struct step_target){SLOT_NONE, "/"};
	step->a.fs.slot = slot;
}

/* A plain recursive bind of `/` would leave the host's /proc, /sys, /dev and /tmp underneath, where
 * umount(8) finds them: so the root is a tmpfs, and each entry is cloned into it. */
static void add_host_root(struct planner *p)
{
	add_base_tmpfs(p, OP_ROOT_TMPFS, "/", SLOT_ROOT);
	for (size_t i = 0; i < p->facts->root_entry_count; i++) {
		const struct facts_entry *e = &p->facts->root_entries[i];

		if (e->type == ENTRY_SYMLINK || is_bound(e))
			add_entry(p, e);
	}
	for (size_t i = 0; i < sizeof(not_bound) / sizeof(not_bound[0]); i++)
		make_directory(p, plan_text(p, "/%s", not_bound[i]),
			       strcmp(not_bound[i], "tmp") == 0 ? 01777 : 0755);
	add_attributes(p, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, true,
		       "nothing on the host can be changed through this root");
}

struct step *plan_bind_root(struct planner *p)
{
	struct step *step =
		plan_add(p, OP_ROOT_BIND, ACTOR_CHILD, plan_copy(p, p->spec->root_path));

	step->a.bind.source = plan_source(p, SOURCE_ROOT, 0);
	step->a.bind.source_path = step->subject;
	step->a.bind.target = (struct step_target){SLOT_NONE, "/"};
	step->a.bind.recursive = true;
	return step;
}

static void add_overlay_root(struct planner *p)
{
	struct step *step;

	step = plan_add(p, OP_ROOT_OVERLAY, ACTOR_CHILD, plan_copy(p, p->spec->root_path));
	step->a.overlay.lower = plan_source(p, SOURCE_ROOT, 0);
	step->a.overlay.lower_path = step->subject;
	step->a.overlay.upper = plan_source(p, SOURCE_OVERLAY_UPPER, 0);
	step->a.overlay.upper_path =
		p->spec->overlay_dir ? plan_copy(p, p->spec->overlay_dir) : "a tmpfs";
	step->why = p->spec->overlay_dir ? "the root stays as it is; every write is kept apart"
					 : "the root stays as it is; every write is thrown away";
}

/* Holds the throw-away layers: below the new root, so that it goes with the old one. Only where it
 * is needed: to unmount one more costs the kernel a grace period (about 1 ms). */
static void add_scratch(struct planner *p)
{
	add_base_tmpfs(p, OP_SCRATCH, "scratch", SLOT_SCRATCH);
}

void plan_propagation(struct planner *p, uint64_t flags)
{
	struct step *step = plan_add(p, OP_PROPAGATION, ACTOR_CHILD, "/");

	step->early = true;
	step->a.propagation.flags = flags;
	step->a.propagation.mount_setattr = p->plan->mount_setattr;
}

void plan_attach_procfs(struct planner *p)
{
	struct step *step = plan_add(p, OP_ATTACH_PROCFS, ACTOR_CHILD, "/proc");

	step->a.file.target = (struct step_target){SLOT_ROOT, "/proc"};
}

/* unshare: the tree stays, but /proc must show the new pid namespace. */
static void keep_tree(struct planner *p)
{
	if (!plan_private(p, NS_MNT))
		return;
	plan_propagation(p, MS_PRIVATE);
	if (plan_private(p, NS_PID))
		plan_attach_procfs(p);
}

static bool is_host_entry(const struct planner *p, const char *path)
{
	size_t len = strcspn(path + 1, "/");

	for (size_t i = 0; i < p->facts->root_entry_count; i++) {
		const char *name = p->facts->root_entries[i].name;

		if (strlen(name) == len && strncmp(name, path + 1, len) == 0)
			return true;
	}
	for (size_t i = 0; i < sizeof(not_bound) / sizeof(not_bound[0]); i++)
		if (strlen(not_bound[i]) == len && strncmp(not_bound[i], path + 1, len) == 0)
			return true;
	return false;
}

/* A volume on a name that the host's `/` does not have needs the tmpfs root writable for a moment.
 */
static bool needs_new_entry(const struct planner *p)
{
	for (size_t i = 0; i < p->spec->mount_count; i++)
		if (!is_host_entry(p, p->spec->mounts[i].destination))
			return true;
	return false;
}

static void fill_root(struct planner *p)
{
	bool host = p->spec->root_kind == ROOT_HOST;
	bool open_root = host && needs_new_entry(p);

	if (p->plan->ns_modes[NS_PID] != NS_MODE_HOST)
		plan_attach_procfs(p);
	plan_api_mounts(p);
	plan_devices(p);
	plan_fresh_places(p);
	plan_etc_files(p);
	if (open_root)
		add_attributes(p, 0, MOUNT_ATTR_RDONLY, false,
			       "a mount point that the host does not have is made");
	plan_user_mounts(p);
	plan_own_files(p);
	plan_masks(p);
	plan_terminal(p);
	if (open_root || (!host && p->spec->read_only))
		add_attributes(p, MOUNT_ATTR_RDONLY, 0, false, "the root is read-only");
}

void plan_init_file(struct planner *p)
{
	if (p->plan->image && !p->plan->memfd_exec)
		plan_add(p, OP_INIT_FILE, ACTOR_CHILD, "/dev");
}

int stage_root(struct planner *p)
{
	bool scratch = p->spec->overlay && !p->spec->overlay_dir;

	if (p->spec->kind == SPEC_EXEC) {
		plan_terminal(p);
		plan_init_file(p);
		return 0;
	}
	if (plan_oci(p))
		return plan_oci_root(p);
	if (p->spec->root_kind == ROOT_NONE) {
		keep_tree(p);
		return 0;
	}
	plan_propagation(p, MS_PRIVATE);
	if (scratch)
		add_scratch(p);
	if (p->spec->root_kind == ROOT_HOST)
		add_host_root(p);
	else if (p->spec->overlay)
		add_overlay_root(p);
	else
		plan_bind_root(p);
	fill_root(p);
	plan_init_file(p);
	plan_add(p, OP_PIVOT_ROOT, ACTOR_CHILD, "/");
	plan_add(p, OP_DETACH_OLD_ROOT, ACTOR_CHILD, "the old root")->a.number = scratch ? 2 : 1;
	return 0;
}
