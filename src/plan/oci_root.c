/* ROOT and OPEN for an OCI config: its root, its mounts in their order, the /dev that the
 * runtime-spec wants, what is hidden and what is read-only. Nothing is added that was not said.
 *
 * As everywhere, each target is resolved inside the new root and each source was opened before
 * IDENTITY.
 */
#include "plan/planner.h"

#include <errno.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>

#ifndef MOUNT_ATTR_RDONLY
#include "base/sys.h"
#endif

static bool is_type(const struct oci_mount *m, const char *type)
{
	return m->type && !m->bind && strcmp(m->type, type) == 0;
}

/* runc's rule: whatever is mounted on /dev gets the standard devices, but a bind. */
static bool own_dev(const struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	for (size_t i = 0; i < oci->mount_count; i++)
		if (oci->mounts[i].bind && strcmp(oci->mounts[i].destination, "/dev") == 0)
			return false;
	return true;
}

static bool binds_cgroup(const struct planner *p, const struct oci_mount *m)
{
	return (is_type(m, "cgroup") || is_type(m, "cgroup2")) && !plan_private(p, NS_CGROUP);
}

static const char *in_bundle(struct planner *p, const char *path)
{
	if (path[0] == '/')
		return plan_copy(p, path);
	return plan_text(p, "%s/%s", p->spec->oci->bundle, path);
}

int oci_open(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	plan_open(p, SOURCE_ROOT, 0, in_bundle(p, p->spec->root_path), OPEN_DIRECTORY,
		  plan_new_slot(p));
	for (size_t i = 0; i < oci->mount_count; i++) {
		const struct oci_mount *m = &oci->mounts[i];

		if (m->bind)
			plan_open(p, SOURCE_MOUNT, i, in_bundle(p, m->source), OPEN_ANY,
				  plan_new_slot(p));
		else if (binds_cgroup(p, m))
			plan_open(p, SOURCE_HOST_CGROUP, i,
				  p->facts->cgroup_mount ? plan_copy(p, p->facts->cgroup_mount)
							 : "/sys/fs/cgroup",
				  OPEN_DIRECTORY, plan_new_slot(p));
	}
	plan_open(p, SOURCE_HOST_DEV, 0, "/dev", OPEN_DIRECTORY, SLOT_HOST_DEV);
	if (plan_host(p, NS_PID))
		plan_open(p, SOURCE_HOST_PROC, 0, "/proc", OPEN_DIRECTORY, SLOT_PROC);
	return 0;
}

/* ---- one mount ---- */

static uint64_t propagation_of(const struct oci_mount *m)
{
	return m->propagation ? m->propagation | (m->rec_propagation ? MS_REC : 0) : 0;
}

static void add_bind(struct planner *p, const struct oci_mount *m, int source, const char *path)
{
	struct step *step = plan_add(p, OP_BIND, ACTOR_CHILD, path);

	step->a.bind.source = source;
	step->a.bind.source_path = plan_copy(p, m->source ? m->source : "cgroup");
	step->a.bind.target = (struct step_target){SLOT_ROOT, path};
	step->a.bind.recursive = m->recursive || !m->bind;
	step->a.bind.make_target = true;
	step->a.bind.attr_set = m->attr_set;
	step->a.bind.attr_clear = m->attr_clear;
	if (m->attr_set & MOUNT_ATTR__ATIME)
		step->a.bind.attr_clear |= MOUNT_ATTR__ATIME;
	step->a.bind.top = true;
	step->a.bind.rec_set = m->rec_attr_set;
	step->a.bind.rec_clear = m->rec_attr_clear;
	step->a.bind.propagation = propagation_of(m);
	step->a.bind.keep_locked = true;
	step->a.bind.procfs = strcmp(path, "/proc") == 0;
	step->why = "asked for by the config";
}

static void copy_options(struct planner *p, struct step *step, const struct oci_mount *m)
{
	struct mount_option *out = arena_alloc(p->arena, (m->option_count + 1) * sizeof(*out));

	if (!out) {
		p->nomem = true;
		return;
	}
	for (size_t i = 0; i < m->option_count; i++) {
		out[i].key = plan_copy(p, m->options[i].key);
		out[i].value = plan_copy(p, m->options[i].value);
	}
	step->a.fs.options = out;
	step->a.fs.option_count = m->option_count;
}

static bool has_option(const struct oci_mount *m, const char *key)
{
	for (size_t i = 0; i < m->option_count; i++)
		if (strcmp(m->options[i].key, key) == 0)
			return true;
	return false;
}

/* The tmpfs of /dev, and others, are filled first and made read-only at the end. */
static bool is_late_read_only(const struct oci_mount *m, const char *path)
{
	return (m->attr_set & MOUNT_ATTR_RDONLY) &&
	       (is_type(m, "tmpfs") || strcmp(path, "/dev") == 0);
}

static struct step *add_filesystem(struct planner *p, const struct oci_mount *m, const char *path)
{
	bool cgroup = is_type(m, "cgroup");
	uint64_t late = is_late_read_only(m, path) ? MOUNT_ATTR_RDONLY : 0;
	struct step *step = plan_mount(p, cgroup ? "cgroup2" : plan_copy(p, m->type), path,
				       (m->attr_set | m->rec_attr_set) & ~late, NULL);

	copy_options(p, step, m);
	step->a.fs.source = cgroup ? "cgroup" : plan_copy(p, m->source);
	step->a.fs.propagation = propagation_of(m);
	step->a.fs.mode_of_target = is_type(m, "tmpfs") && !has_option(m, "mode");
	step->why = "asked for by the config";
	if (strcmp(path, "/dev") == 0 && is_type(m, "tmpfs"))
		step->a.fs.slot = SLOT_DEV;
	else if (late)
		step->a.fs.slot = plan_new_slot(p);
	return step;
}

/* The instance that NAMESPACES made for our own use, where the config wants nothing else of it. */
static bool takes_own_procfs(const struct planner *p, const struct oci_mount *m, const char *path)
{
	return is_type(m, "proc") && strcmp(path, "/proc") == 0 && p->oci_procfs == m;
}

static int wrong_place(struct planner *p, const char *path, const char *why)
{
	return error_set(p->err, -EINVAL, "mount-place", path, "mount %s: %s", path, why);
}

static int check_place(struct planner *p, const struct oci_mount *m, const char *path)
{
	if (strcmp(path, "/") == 0)
		return wrong_place(p, path, "nothing can be mounted over the root itself");
	if (strcmp(path, "/proc") == 0 && !m->bind && !is_type(m, "proc"))
		return wrong_place(p, path,
				   "only a proc, or a bind of one, may stand there: what is "
				   "hidden and read-only in it depends on that");
	return 0;
}

static int add_mount(struct planner *p, const struct oci_mount *m, size_t index)
{
	const char *path = plan_clean_path(p, m->destination);
	int r = check_place(p, m, path);

	if (r < 0)
		return r;
	if (m->bind)
		add_bind(p, m, plan_source(p, SOURCE_MOUNT, index), path);
	else if (binds_cgroup(p, m))
		add_bind(p, m, plan_source(p, SOURCE_HOST_CGROUP, index), path);
	else if (takes_own_procfs(p, m, path))
		plan_attach_procfs(p);
	else
		add_filesystem(p, m, path);
	return 0;
}

static int add_mounts(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;
	int r = 0;

	for (size_t i = 0; r == 0 && i < oci->mount_count; i++)
		r = add_mount(p, &oci->mounts[i], i);
	return r;
}

/* ---- what comes after the mounts ---- */

/* Each step that mounted something in this stage and put its read-only off. */
static void finish_read_only(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	for (size_t i = 0; i < oci->mount_count; i++) {
		const struct oci_mount *m = &oci->mounts[i];
		const char *path = plan_clean_path(p, m->destination);

		if (m->bind || !is_late_read_only(m, path))
			continue;
		for (size_t j = p->plan->count; j-- > 0;) {
			const struct step *s = &p->plan->steps[j];

			if (s->op != OP_MOUNT || strcmp(s->a.fs.target.path, path) != 0)
				continue;
			plan_attributes(p, (struct step_target){s->a.fs.slot, "/"},
					MOUNT_ATTR_RDONLY, "read-only, now that it is filled");
			p->plan->steps[p->plan->count - 1].subject = path;
			break;
		}
	}
}

static void add_paths(struct planner *p, enum plan_op op, const char *const *paths)
{
	for (; paths && *paths; paths++) {
		const char *path = plan_clean_path(p, *paths);
		struct step *step = plan_add(p, op, ACTOR_CHILD, path);

		step->a.file.target = (struct step_target){SLOT_ROOT, path};
		step->optional = true;
		step->why = "asked for by the config";
	}
}

static void add_terminal(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	plan_terminal(p);
	if (!p->spec->tty)
		return;
	p->plan->steps[p->plan->count - 1].a.terminal.dev = SLOT_ROOT;
	if (oci->console_rows && oci->console_columns) {
		p->plan->steps[p->plan->count - 1].a.terminal.rows = oci->console_rows;
		p->plan->steps[p->plan->count - 1].a.terminal.columns = oci->console_columns;
	}
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

static void add_root(struct planner *p)
{
	struct step *step =
		plan_add(p, OP_ROOT_BIND, ACTOR_CHILD, plan_copy(p, p->spec->root_path));

	step->a.bind.source = plan_source(p, SOURCE_ROOT, 0);
	step->a.bind.source_path = step->subject;
	step->a.bind.target = (struct step_target){SLOT_NONE, "/"};
	step->a.bind.recursive = true;
	if (!plan_wants_hooks(p) || !p->plan->mount_api)
		return;
	step->a.bind.target = (struct step_target){step->a.bind.source, "."};
	step->why = "the new root, where hooks look for it: below the host's tree, which they see";
}

int oci_root(struct planner *p)
{
	int r;

	if (plan_host(p, NS_MNT)) {
		error_set(p->err, -EINVAL, "oci-mount-namespace", "/linux/namespaces",
			  "/linux/namespaces: there is no mount namespace in it");
		error_hint(p->err, "add {\"type\": \"mount\"}: without one every mount of the "
				   "container would be made on the host");
		return -EINVAL;
	}
	plan_propagation(p, MS_PRIVATE);
	add_root(p);
	r = add_mounts(p);
	if (r < 0)
		return r;
	if (own_dev(p))
		oci_devices(p, true);
	add_paths(p, OP_MASK, p->spec->oci->masked_paths);
	add_paths(p, OP_READONLY_PATH, p->spec->oci->readonly_paths);
	add_terminal(p);
	make_workdir(p);
	finish_read_only(p);
	if (p->spec->read_only)
		plan_attributes(p, (struct step_target){SLOT_ROOT, "/"}, MOUNT_ATTR_RDONLY,
				"the root is read-only");
	plan_init_file(p);
	plan_hooks(p);
	plan_add(p, OP_PIVOT_ROOT, ACTOR_CHILD, "/");
	plan_add(p, OP_DETACH_OLD_ROOT, ACTOR_CHILD, "the old root")->a.number = 1;
	return 0;
}
