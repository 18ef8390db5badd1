/* Control groups of version 2: where they are mounted, which one we are in, and what we may do in
 * it and in those that the spec asks for. */
#include "facts/probe.h"

#include "base/bpf.h"
#include "base/fd.h"
#include "base/manager.h"
#include "base/path.h"
#include "base/sys.h"
#include "spec/cgroup.h"
#include "spec/oci.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

static bool is_cgroup2(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* The line "0::/path" of /proc/self/cgroup is the one of version 2 (cgroups(7)). */
static int own_cgroup(struct facts *facts)
{
	struct probe_text t;
	const char *line;

	if (probe_read_text("/proc/self/cgroup", &t) < 0)
		return 0;
	line = !strncmp(t.text, "0::", 3) ? t.text : strstr(t.text, "\n0::");
	if (line) {
		line += *line == '\n' ? 4 : 3;
		facts->cgroup_path = arena_strndup(&facts->arena, line, strcspn(line, "\n"));
	}
	probe_text_release(&t);
	return line && !facts->cgroup_path ? -ENOMEM : 0;
}

/* A clone that no kernel makes: no descriptor is that large. One that does not know the member says
 * that the structure is too large (E2BIG), before it looks at it. */
static enum answer probe_clone_into_cgroup(void)
{
	struct sys_clone_args args = {.flags = CLONE_INTO_CGROUP, .cgroup = UINT64_MAX};

	return SYS(clone3, &args, sizeof(args)) == -EINVAL ? ANSWER_YES : ANSWER_NO;
}

/* ---- one group ---- */

/* The path of a file in a group; false when it is too long for any. */
static bool group_file(const struct facts *f, const char *group, const char *file,
		       char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s%s%s%s", f->cgroup_mount,
			strcmp(group, "/") == 0 ? "" : group, *file ? "/" : "", file) < PATH_MAX;
}

static enum answer may_write(const struct facts *f, const char *group, const char *file)
{
	char path[PATH_MAX];

	return group_file(f, group, file, path) && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0
		       ? ANSWER_YES
		       : ANSWER_NO;
}

static const char *read_words(struct facts *f, const char *group, const char *file)
{
	char path[PATH_MAX], line[512];

	if (!group_file(f, group, file, path) || probe_read_line(path, line, sizeof(line)) < 0)
		return NULL;
	return arena_strdup(&f->arena, line);
}

/* Does it hold any process but ourselves? One of another pid namespace reads as 0. */
static bool is_busy(const struct facts *f, const char *group)
{
	char path[PATH_MAX];
	struct probe_text t;
	bool busy = false;

	if (!group_file(f, group, "cgroup.procs", path) || probe_read_text(path, &t) < 0)
		return false;
	for (const char *line = t.text; *line && !busy; line += strcspn(line, "\n") + 1) {
		busy = strtol(line, NULL, 10) != getpid();
		if (!strchr(line, '\n'))
			break;
	}
	probe_text_release(&t);
	return busy;
}

/* 0 or -ENOMEM; one that does not exist is left out. */
static int add_group(struct facts *f, const char *group)
{
	struct facts_group g = {.path = group};
	char path[PATH_MAX];

	if (facts_group(f, group) || !group_file(f, group, "", path) || access(path, F_OK) < 0)
		return 0;
	g.make = may_write(f, group, "");
	g.enter = may_write(f, group, "cgroup.procs");
	g.control = may_write(f, group, "cgroup.subtree_control");
	g.controllers = read_words(f, group, "cgroup.controllers");
	g.enabled = read_words(f, group, "cgroup.subtree_control");
	g.busy = is_busy(f, group);
	g.top = group_file(f, group, "cgroup.type", path) && access(path, F_OK) < 0;
	if (arena_grow(&f->arena, &f->cgroups, f->cgroup_count, sizeof(g)) < 0)
		return -ENOMEM;
	f->cgroups[f->cgroup_count++] = g;
	return 0;
}

/* Every group on the way from the top to `path`, it among them. */
static int add_levels(struct facts *f, const char *path)
{
	int r = add_group(f, "/");

	for (const char *p = path; r == 0 && *p;) {
		const char *name;

		p += strcspn(p + 1, "/") + 1;
		name = arena_strndup(&f->arena, path, (size_t)(p - path));
		r = !name ? -ENOMEM : strcmp(name, "/") == 0 ? 0 : add_group(f, name);
	}
	return r;
}

static int add_wanted(struct facts *f, const struct spec *spec)
{
	struct spec_cgroup wanted = {0};
	const char *path;

	if (spec && spec_cgroup(spec, &f->arena, &wanted) < 0)
		return -ENOMEM;
	if (wanted.parent) {
		path = spec_cgroup_path(&f->arena, f->cgroup_path, wanted.parent);
		return path ? add_levels(f, path) : -ENOMEM;
	}
	if (!wanted.limited)
		return 0;
	/* Where ours is not fit for it, the one above may be. */
	path = arena_strndup(&f->arena, f->cgroup_path,
			     (size_t)(strrchr(f->cgroup_path, '/') - f->cgroup_path));
	return !path ? -ENOMEM : add_group(f, *path ? path : "/");
}

/* ---- programs for devices ---- */

/* One that says yes to everything, and goes with its descriptor. */
static enum answer probe_device_filter(void)
{
	static const struct bpf_insn yes[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	AUTO_FD fd = bpf_load_devices(yes, sizeof(yes) / sizeof(yes[0]), "rootlet_probe");

	return fd >= 0 ? ANSWER_YES : ANSWER_NO;
}

static bool wants_device_filter(const struct facts *f, const struct spec *spec)
{
	return spec && spec->oci && spec->oci->resources.device_rule_count && f->uid == 0 &&
	       f->initial_userns;
}

/* ---- all of it ---- */

/* A group outside of our cgroup namespace reads as "/.."; there is no way to it from here. */
static bool is_reachable(const struct facts *f)
{
	return f->cgroup_mount && f->cgroup_path && *f->cgroup_path == '/' &&
	       !path_has_dotdot(f->cgroup_path);
}

static int find_manager(struct facts *f)
{
	char path[MANAGER_PATH];

	if (!manager_socket(f->uid, facts_getenv(f, "XDG_RUNTIME_DIR"), path))
		return 0;
	f->systemd_socket = arena_strdup(&f->arena, path);
	return f->systemd_socket ? 0 : -ENOMEM;
}

int probe_cgroup(struct facts *f, const struct spec *spec)
{
	const struct facts_group *own;
	int r;

	f->clone_into_cgroup = probe_clone_into_cgroup();
	f->cgroup_delegated = ANSWER_NO;
	if (is_cgroup2("/sys/fs/cgroup"))
		f->cgroup_mount = "/sys/fs/cgroup";
	else if (is_cgroup2("/sys/fs/cgroup/unified"))
		f->cgroup_mount = "/sys/fs/cgroup/unified";
	if (own_cgroup(f) < 0)
		return -ENOMEM;
	if (!is_reachable(f))
		return 0;
	if (wants_device_filter(f, spec))
		f->device_filter = probe_device_filter();
	r = find_manager(f);
	if (r == 0)
		r = add_group(f, f->cgroup_path);
	if (r == 0)
		r = add_wanted(f, spec);
	own = facts_group(f, f->cgroup_path);
	/* Delegation means: we may make groups in ours, and move processes about (cgroups(7)). */
	if (own && own->make == ANSWER_YES && own->enter == ANSWER_YES &&
	    own->control == ANSWER_YES)
		f->cgroup_delegated = ANSWER_YES;
	return r;
}
