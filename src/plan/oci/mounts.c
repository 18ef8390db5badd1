/* mounts[] of an OCI config, in their order: binds, the kernel's file systems, any other. Part of
 * ROOT, called by root.c.
 */
#include "plan/planner.h"

#include <errno.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>

static bool is_type(const struct oci_mount *m, const char *type)
{
	return m->type && !m->bind && strcmp(m->type, type) == 0;
}

/* Version 2 only. In the host's cgroup namespace the kernel gives a user namespace no new instance
 * of it: the one that there is, or, where there is none, an empty place. */
static bool is_hosts_cgroup(const struct planner *p, const struct oci_mount *m)
{
	return (is_type(m, "cgroup") || is_type(m, "cgroup2")) && plan_host(p, NS_CGROUP);
}

/* What of an absolute path lies below root.path: "/…", or NULL. */
static const char *below_root(struct planner *p, const char *path)
{
	const char *root = plan_clean_path(p, plan_in_bundle(p, p->spec->root_path));
	const char *clean = plan_clean_path(p, path);

	if (strcmp(root, "/") == 0 || strcmp(clean, root) == 0 || !path_within(clean, root))
		return NULL;
	return clean + strlen(root);
}

/* A source in the root itself is one of the container's: it is looked up there, links included,
 * when its turn comes, and may be what an earlier mount has brought. */
static const char *source_inside(struct planner *p, const struct oci_mount *m)
{
	return m->bind && !m->remount && !m->idmap ? below_root(p, plan_in_bundle(p, m->source))
						   : NULL;
}

void plan_oci_open_mounts(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	for (size_t i = 0; i < oci->mount_count; i++) {
		const struct oci_mount *m = &oci->mounts[i];

		if (m->remount || m->idmap || source_inside(p, m))
			continue;
		if (m->bind)
			plan_open(p, SOURCE_MOUNT, i, plan_in_bundle(p, m->source), OPEN_ANY,
				  plan_new_slot(p));
		else if (is_hosts_cgroup(p, m) && p->facts->cgroup_mount)
			plan_open(p, SOURCE_HOST_CGROUP, i, plan_copy(p, p->facts->cgroup_mount),
				  OPEN_DIRECTORY, plan_new_slot(p));
	}
}

static const char *map_text(struct planner *p, const struct oci_idmap *maps, size_t count)
{
	const char *out = "";

	for (size_t i = 0; i < count; i++)
		out = plan_text(p, "%s%u %u %u\n", out, maps[i].container, maps[i].host,
				maps[i].count);
	return count ? out : NULL;
}

/* By the parent, which has the rights over the file system that the child has left behind. */
void plan_oci_map_sources(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	for (size_t i = 0; i < oci->mount_count; i++) {
		const struct oci_mount *m = &oci->mounts[i];
		const char *path;
		struct step *step;

		if (!m->idmap || m->remount)
			continue;
		path = plan_in_bundle(p, m->source);
		step = plan_add(p, OP_MAP_SOURCE, ACTOR_PARENT, path);
		step->a.mapped.path = path;
		step->a.mapped.tree = m->recursive;
		step->a.mapped.all = m->rec_idmap;
		step->a.mapped.uid_text = map_text(p, m->uid_maps, m->uid_map_count);
		step->a.mapped.gid_text = map_text(p, m->gid_maps, m->gid_map_count);
		step = plan_add(p, OP_TAKE_SOURCE, ACTOR_CHILD, path);
		step->a.open.path = path;
		step->a.open.kind = OPEN_ANY;
		step->a.open.slot = plan_new_source(p, SOURCE_MOUNT, i);
	}
}

static uint64_t asked_propagation(const struct oci_mount *m)
{
	return m->propagation ? m->propagation | (m->rec_propagation ? MS_REC : 0) : 0;
}

/* Of all mounts before the root is built. Private, so that nothing of either side shows up on the
 * other, unless the config wants to see, or to show, some of it. */
uint64_t plan_oci_first_propagation(const struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;
	uint64_t asked = oci->rootfs_propagation;

	for (size_t i = 0; i < oci->mount_count; i++)
		asked |= oci->mounts[i].propagation;
	if (asked & MS_SHARED)
		return MS_SHARED;
	return (asked & MS_SLAVE) ? MS_SLAVE : MS_PRIVATE;
}

/* Where the tree began as slave or shared, whatever says nothing of itself is private after all. */
static uint64_t bind_propagation(const struct planner *p, const struct oci_mount *m)
{
	uint64_t asked = asked_propagation(m);

	if (asked || p->spec->oci->rootfs_propagation ||
	    plan_oci_first_propagation(p) == MS_PRIVATE)
		return asked;
	return MS_PRIVATE | MS_REC;
}

static void add_bind(struct planner *p, const struct oci_mount *m, int source, const char *path)
{
	const char *inside = source_inside(p, m);
	struct step *step = plan_add(p, OP_BIND, ACTOR_CHILD, path);

	step->a.bind.source = inside ? SLOT_ROOT : source;
	step->a.bind.source_name = inside;
	step->a.bind.source_path =
		m->bind ? plan_in_bundle(p, m->source) : plan_copy(p, p->facts->cgroup_mount);
	step->a.bind.target = (struct step_target){SLOT_ROOT, path};
	step->a.bind.recursive = m->recursive || !m->bind;
	step->a.bind.ready = m->idmap;
	step->a.bind.make_target = true;
	step->a.bind.attr_set = m->attr_set;
	step->a.bind.attr_clear = m->attr_clear;
	if (m->attr_set & MOUNT_ATTR__ATIME)
		step->a.bind.attr_clear |= MOUNT_ATTR__ATIME;
	step->a.bind.top = true;
	step->a.bind.rec_set = m->rec_attr_set;
	step->a.bind.rec_clear = m->rec_attr_clear;
	step->a.bind.propagation = bind_propagation(p, m);
	step->a.bind.keep_locked = true;
	step->a.bind.procfs = strcmp(path, "/proc") == 0;
	step->why = "asked for by the config";
}

/* ---- new instances ---- */

/* Flags of the file system as a whole, in fsconfig(2)'s words. */
static const struct {
	uint64_t flag;
	const char *on, *off;
} superblock_words[] = {
	{MS_SYNCHRONOUS, "sync", "async"},	  {MS_DIRSYNC, "dirsync", NULL},
	{MS_MANDLOCK, "mand", "nomand"},	  {MS_LAZYTIME, "lazytime", "nolazytime"},
	{MS_I_VERSION, "iversion", "noiversion"},
};

enum { SUPERBLOCK_WORDS = sizeof(superblock_words) / sizeof(superblock_words[0]) };

/* SELinux: which label the files of a file system without labels of its own have. */
static bool takes_label(const struct oci_mount *m)
{
	static const char *const without[] = {"proc", "sysfs", "mqueue", "cgroup", "cgroup2"};

	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (is_type(m, without[i]))
			return false;
	return true;
}

static void copy_options(struct planner *p, struct step *step, const struct oci_mount *m)
{
	size_t room = m->option_count + SUPERBLOCK_WORDS + 1, n = 0;
	struct mount_option *out = arena_alloc(p->arena, room * sizeof(*out));

	if (!out) {
		p->nomem = true;
		return;
	}
	for (; n < m->option_count; n++) {
		out[n].key = plan_copy(p, m->options[n].key);
		out[n].value = plan_copy(p, m->options[n].value);
	}
	for (size_t i = 0; i < SUPERBLOCK_WORDS; i++) {
		if (m->sb_set & superblock_words[i].flag)
			out[n++] = (struct mount_option){superblock_words[i].on, NULL};
		else if ((m->sb_clear & superblock_words[i].flag) && superblock_words[i].off)
			out[n++] = (struct mount_option){superblock_words[i].off, NULL};
	}
	if (p->spec->oci->mount_label && *p->spec->oci->mount_label && takes_label(m))
		out[n++] =
			(struct mount_option){"context", plan_copy(p, p->spec->oci->mount_label)};
	step->a.fs.options = out;
	step->a.fs.option_count = n;
}

static bool has_option(const struct oci_mount *m, const char *key)
{
	for (size_t i = 0; i < m->option_count; i++)
		if (strcmp(m->options[i].key, key) == 0)
			return true;
	return false;
}

/* What is filled by set-up is read-only only at the end. */
static bool is_late_read_only(const struct oci_mount *m, const char *path)
{
	return (m->attr_set & MOUNT_ATTR_RDONLY) && !m->bind && !m->remount &&
	       (is_type(m, "tmpfs") || strcmp(path, "/dev") == 0);
}

static void add_filesystem(struct planner *p, const struct oci_mount *m, size_t index,
			   const char *path)
{
	bool cgroup = is_type(m, "cgroup");
	uint64_t late = is_late_read_only(m, path) ? MOUNT_ATTR_RDONLY : 0;
	struct step *step = plan_mount(p, cgroup ? "cgroup2" : plan_copy(p, m->type), path,
				       (m->attr_set | m->rec_attr_set) & ~late, NULL);

	copy_options(p, step, m);
	step->a.fs.source = cgroup ? "cgroup" : plan_copy(p, m->source);
	step->a.fs.propagation = asked_propagation(m);
	step->a.fs.mode_of_target = is_type(m, "tmpfs") && !has_option(m, "mode");
	step->a.fs.copy_up = is_type(m, "tmpfs") && m->copy_up;
	step->why = "asked for by the config";
	if (strcmp(path, "/dev") == 0 && is_type(m, "tmpfs"))
		step->a.fs.slot = SLOT_DEV;
	else if (late)
		step->a.fs.slot = plan_new_slot(p);
	if (late)
		p->oci_late[index] = step->a.fs.slot;
}

/* ---- one after the other ---- */

static int wrong_place(struct planner *p, const char *path, const char *why)
{
	return error_set(p->err, -EINVAL, "mount-place", path, "mount %s: %s", path, why);
}

static void change_attributes(struct planner *p, const char *path, uint64_t set, uint64_t clear,
			      bool recursive)
{
	struct step *step = plan_add(p, OP_MOUNT_ATTRIBUTES, ACTOR_CHILD, path);

	step->a.attributes.target = (struct step_target){SLOT_ROOT, path};
	step->a.attributes.set = set;
	step->a.attributes.clear = clear | ((set & MOUNT_ATTR__ATIME) ? MOUNT_ATTR__ATIME : 0);
	step->a.attributes.recursive = recursive;
	step->why = "asked for by the config: remount";
}

/* The mount itself first, then it and all below, as a bind does. */
static int add_remount(struct planner *p, const struct oci_mount *m, const char *path)
{
	if (m->option_count || m->sb_set || m->sb_clear || m->copy_up)
		return wrong_place(p, path,
				   "remount changes the flags of a mount; the options of its file "
				   "system stay as they were made");
	if (m->propagation || m->idmap)
		return wrong_place(
			p, path,
			"remount changes the flags of a mount; how it spreads, and which "
			"ids it shows, is said where it is made");
	if (m->attr_set || m->attr_clear)
		change_attributes(p, path, m->attr_set, m->attr_clear, false);
	if (m->rec_attr_set || m->rec_attr_clear)
		change_attributes(p, path, m->rec_attr_set, m->rec_attr_clear, true);
	return 0;
}

static void add_hosts_cgroup(struct planner *p, const struct oci_mount *m, int source,
			     const char *path)
{
	struct step *step;

	if (source != SLOT_NONE) {
		add_bind(p, m, source, path);
		return;
	}
	step = plan_mount(p, "tmpfs", path,
			  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				  MOUNT_ATTR_NOEXEC,
			  "size=0,mode=0555");
	step->why = "this host has no cgroup version 2: an empty place, which hides version 1";
}

/* Some write the place as the host sees it: runc takes that, so there are such configs. */
static const char *destination_of(struct planner *p, const struct oci_mount *m)
{
	const char *below = below_root(p, m->destination);

	return below ? below : plan_clean_path(p, m->destination);
}

static int add_mount(struct planner *p, const struct oci_mount *m, size_t index)
{
	const char *path = destination_of(p, m);

	if (strcmp(path, "/") == 0)
		return wrong_place(p, path, "nothing can be mounted over the root itself");
	if (strcmp(path, "/proc") == 0 && !m->bind && !m->remount && !is_type(m, "proc"))
		return wrong_place(p, path,
				   "only a proc, or a bind of one, may stand there: what is hidden "
				   "and read-only in it depends on that");
	if (m->idmap && !m->remount && !p->plan->mount_setattr)
		return wrong_place(p, path,
				   "its ids cannot be mapped: this kernel, or a filter around us, "
				   "has no mount_setattr(2) (Linux 5.12)");
	if (m->remount)
		return add_remount(p, m, path);
	if (m->bind)
		add_bind(p, m, plan_source(p, SOURCE_MOUNT, index), path);
	else if (is_hosts_cgroup(p, m))
		add_hosts_cgroup(p, m, plan_source(p, SOURCE_HOST_CGROUP, index), path);
	else if (p->oci_procfs == m) /* the instance that NAMESPACES made for our own use */
		plan_attach_procfs(p);
	else
		add_filesystem(p, m, index, path);
	return 0;
}

int plan_oci_mounts(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;
	int r = 0;

	p->oci_late = arena_alloc(p->arena, (oci->mount_count + 1) * sizeof(*p->oci_late));
	if (!p->oci_late)
		return error_nomem(p->err);
	for (size_t i = 0; i < oci->mount_count; i++)
		p->oci_late[i] = SLOT_NONE;
	for (size_t i = 0; r == 0 && i < oci->mount_count; i++)
		r = add_mount(p, &oci->mounts[i], i);
	return r;
}

void plan_oci_mounts_done(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	for (size_t i = 0; i < oci->mount_count; i++)
		if (p->oci_late[i] != SLOT_NONE)
			plan_attributes(p, destination_of(p, &oci->mounts[i]),
					(struct step_target){p->oci_late[i], "/"},
					MOUNT_ATTR_RDONLY, "read-only, now that it is filled");
}
