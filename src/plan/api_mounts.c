/* The kernel's own file systems inside the root: /proc, /sys, the cgroup tree; and the fresh, empty
 * places. What a host namespace takes away is replaced by the nearest safe thing, and said.
 */
#include "plan/planner.h"

#include <string.h>
#include <sys/mount.h>

#ifndef MOUNT_ATTR_RDONLY
#include <linux/mount.h>
#endif

enum {
	SAFE = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	SAFEST = SAFE | MOUNT_ATTR_NOEXEC,
};

static size_t count_options(const char *options)
{
	size_t n = 1;

	for (const char *c = options; *c; c++)
		n += *c == ',';
	return n;
}

/* "size=64m,mode=1777" as key and value pairs. */
static void split_options(struct planner *p, struct step *step, const char *options)
{
	char *text = arena_strdup(p->arena, options), *save = NULL;
	struct mount_option *out = arena_alloc(p->arena, count_options(options) * sizeof(*out));
	size_t n = 0;

	if (!text || !out) {
		p->nomem = true;
		return;
	}
	for (char *word = strtok_r(text, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		char *equals = strchr(word, '=');

		if (equals)
			*equals = '\0';
		out[n].key = word;
		out[n++].value = equals ? equals + 1 : NULL;
	}
	step->a.fs.options = out;
	step->a.fs.option_count = n;
}

struct step *plan_mount(struct planner *p, const char *type, const char *path, uint64_t attributes,
			const char *options)
{
	struct step *step = plan_add(p, OP_MOUNT, ACTOR_CHILD, path);

	step->a.fs.type = type;
	step->a.fs.attributes = attributes;
	step->a.fs.target = (struct step_target){SLOT_ROOT, path};
	step->a.fs.make_target = true;
	step->a.fs.slot = SLOT_NONE;
	if (options)
		split_options(p, step, options);
	return step;
}

static void bind_host(struct planner *p, enum source_use use, const char *path, uint64_t attributes,
		      const char *why)
{
	struct step *step = plan_add(p, OP_BIND, ACTOR_CHILD, path);

	step->a.bind.source = plan_source(p, use, 0);
	step->a.bind.source_path = path;
	step->a.bind.target = (struct step_target){SLOT_ROOT, path};
	step->a.bind.recursive = true;
	step->a.bind.make_target = true;
	step->a.bind.attr_set = attributes;
	step->why = why;
}

static void add_cgroup(struct planner *p)
{
	struct step *step;

	if (plan_private(p, NS_CGROUP) && p->facts->cgroup2 != ANSWER_NO) {
		step = plan_mount(p, "cgroup2", "/sys/fs/cgroup", SAFEST | MOUNT_ATTR_RDONLY, NULL);
		step->why = "its own cgroup as the root of the tree, to read";
		step->a.fs.make_target =
			false; /* sysfs has the directory, or there is none to be had */
		step->optional = true;
		return;
	}
	if (!plan_private(p, NS_NET)) {
		step = plan_mount(p, "tmpfs", "/sys/fs/cgroup", SAFEST | MOUNT_ATTR_RDONLY,
				  "size=0,mode=0555");
		step->why = "covers the host's cgroup mounts, version 1 among them, that came with "
			    "/sys";
		step->optional = true;
		step->a.fs.make_target = false;
	}
}

static void add_sysfs(struct planner *p)
{
	uint64_t read_only = p->spec->privileged ? 0 : MOUNT_ATTR_RDONLY;
	struct step *step;

	if (plan_private(p, NS_NET)) {
		step = plan_mount(p, "sysfs", "/sys", SAFEST | read_only, NULL);
		step->why = "shows the devices of the container's own network namespace";
		return;
	}
	bind_host(p, SOURCE_HOST_SYS, "/sys", SAFEST | MOUNT_ATTR_RDONLY,
		  "a new sysfs needs a network namespace of its own: the host's, read-only");
}

void plan_api_mounts(struct planner *p)
{
	if (p->plan->ns_modes[NS_PID] == NS_MODE_HOST)
		bind_host(p, SOURCE_HOST_PROC, "/proc", SAFEST,
			  "a new /proc needs a pid namespace of its own: the host's");
	add_sysfs(p);
	add_cgroup(p);
}

static bool asked_for(const struct planner *p, const char *path)
{
	for (size_t i = 0; i < p->spec->mount_count; i++)
		if (strcmp(p->spec->mounts[i].destination, path) == 0)
			return true;
	return false;
}

static void fresh(struct planner *p, const char *path, const char *options, const char *why,
		  bool make)
{
	struct step *step;

	if (asked_for(p, path))
		return;
	step = plan_mount(p, "tmpfs", path, SAFE, options);
	step->why = why;
	step->a.fs.make_target = make;
	step->optional = !make;
}

/* A directory of the root tmpfs, bound onto itself and writable: cheaper than one more tmpfs, and
 * as empty. */
static void open_place(struct planner *p, const char *path, const char *why)
{
	struct step *step;

	if (asked_for(p, path))
		return;
	step = plan_add(p, OP_BIND, ACTOR_CHILD, path);
	step->a.bind.source = SLOT_OWN_ROOT;
	step->a.bind.source_name = path + 1;
	step->a.bind.source_path = path;
	step->a.bind.target = (struct step_target){SLOT_ROOT, path};
	step->a.bind.attr_clear = MOUNT_ATTR_RDONLY;
	step->why = why;
}

/* Is it a place to cover? A HOME of /proc or /tmp, which have their own contents here, or of /usr,
 * is none. */
static bool is_home(const char *home)
{
	static const char *const own[] = {"/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp"};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (path_within(home, own[i]))
			return false;
	return strchr(home + 1, '/') || strcmp(home, "/root") == 0;
}

void plan_fresh_places(struct planner *p)
{
	const char *home = p->facts->home;

	if (p->spec->root_kind == ROOT_HOST) {
		open_place(p, "/run", "empty: the host's sockets and run-time files stay outside");
		open_place(p, "/tmp", "empty, and gone at the end");
		fresh(p, "/var/tmp", "mode=1777", "empty, and gone at the end", false);
		if (home && is_home(home))
			fresh(p, plan_copy(p, home), "mode=0755",
			      "empty: the caller's own files and keys stay outside unless mounted",
			      false);
		return;
	}
	if (p->spec->read_only && p->spec->read_only_tmpfs != NO) {
		fresh(p, "/run", "mode=0755", "writable although the root is not", true);
		fresh(p, "/tmp", "mode=1777", "writable although the root is not", true);
		fresh(p, "/var/tmp", "mode=1777", "writable although the root is not", true);
	}
}
