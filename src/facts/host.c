/* What doctor and diagnose want to know of the host, and no ordinary start: limits, security
 * modules, what covers /proc. */
#include "facts/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- lines of mountinfo ---- */

struct mount_line {
	unsigned id, parent;
	const char *root, *point, *type; /* not terminated */
	size_t root_len, point_len, type_len;
};

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw" */
static bool read_mount_line(const char *line, const char *end, struct mount_line *ret)
{
	const char *p, *dash;
	char *next;

	ret->id = (unsigned)strtoul(line, &next, 10);
	ret->parent = (unsigned)strtoul(next, &next, 10);
	p = memchr(next, ':', (size_t)(end - next));
	p = p ? memchr(p, ' ', (size_t)(end - p)) : NULL;
	if (!p)
		return false;
	ret->root = ++p;
	ret->root_len = strcspn(p, " \n");
	p += ret->root_len + 1;
	if (p >= end)
		return false;
	ret->point = p;
	ret->point_len = strcspn(p, " \n");
	dash = memmem(p, (size_t)(end - p), " - ", 3);
	if (!dash)
		return false;
	ret->type = dash + 3;
	ret->type_len = strcspn(ret->type, " \n");
	return true;
}

/* ---- security modules, switches, surroundings ---- */

/* A profile that allows user namespaces lifts AppArmor's restriction; "unconfined" alone has none.
 */
static bool without_profile(void)
{
	char label[256];

	if (probe_read_line("/proc/self/attr/apparmor/current", label, sizeof(label)) < 0 &&
	    probe_read_line("/proc/self/attr/current", label, sizeof(label)) < 0)
		return true;
	return !strcmp(label, "unconfined") || !strncmp(label, "unprivileged_userns", 19);
}

/* What a container's maker leaves inside to be known by. Nobody has to, so NULL proves nothing. */
static const char *outer_container(const struct facts *facts)
{
	static const struct {
		const char *path, *name;
	} marks[] = {{"/run/.containerenv", "podman"}, {"/.dockerenv", "docker"}};
	const char *name = facts_getenv(facts, "container");

	if (name && *name)
		return name;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (access(marks[i].path, F_OK) == 0)
			return marks[i].name;
	return facts_getenv(facts, "KUBERNETES_SERVICE_HOST") ? "kubernetes" : NULL;
}

/* Inside a chroot, mountinfo shows no mount at "/": our root is a directory of one. */
static enum answer is_chroot(void)
{
	enum answer answer = ANSWER_UNKNOWN;
	struct probe_text t;

	if (probe_read_text("/proc/self/mountinfo", &t) < 0)
		return answer;
	for (const char *line = t.text; *line && answer != ANSWER_NO;) {
		const char *end = strchrnul(line, '\n');
		struct mount_line m;

		if (read_mount_line(line, end, &m))
			answer = m.point_len == 1 ? ANSWER_NO : ANSWER_YES;
		line = *end ? end + 1 : end;
	}
	probe_text_release(&t);
	return answer;
}

int probe_lsm(struct facts *facts)
{
	uint64_t value;

	facts->container = outer_container(facts);
	facts->in_chroot = is_chroot();

	if (access("/proc/self/ns", F_OK) < 0) /* no /proc: nothing can be said */
		return 0;
	facts->userns_built = access("/proc/self/ns/user", F_OK) == 0 ? ANSWER_YES : ANSWER_NO;
	facts->userns_allowed = facts->userns_built;
	/* Debian's switch; other kernels do not have it. */
	if (probe_read_number("/proc/sys/kernel/unprivileged_userns_clone", &value) && value == 0)
		facts->userns_allowed = ANSWER_NO;
	if (probe_read_number("/proc/sys/user/max_user_namespaces", &value) && value == 0)
		facts->userns_allowed = ANSWER_NO;
	facts->apparmor_restricts = ANSWER_NO;
	if (probe_read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", &value) &&
	    value != 0 && without_profile())
		facts->apparmor_restricts = ANSWER_YES;
	return 0;
}

/* ---- /proc ---- */

struct proc_mount {
	unsigned id;
	const char *covered; /* in the text being read, or NULL */
	size_t covered_len;
};

/* Directories that the kernel keeps empty for ever: a mount on them hides nothing, and the kernel's
 * own check (mnt_already_visible) passes over it. */
static bool hides_nothing(const char *point, size_t len)
{
	static const char *const empty[] = {"/sys/fs/binfmt_misc", "/fs/nfsd"};

	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		size_t n = strlen(empty[i]);

		if (len >= n && !memcmp(point + len - n, empty[i], n))
			return true;
	}
	return false;
}

typedef int line_function(struct arena *a, const struct mount_line *m, struct proc_mount **procs,
			  size_t *count);

static int each_line(struct arena *a, const char *text, line_function *f, struct proc_mount **procs,
		     size_t *count)
{
	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n');
		struct mount_line m;
		int r = read_mount_line(line, end, &m) ? f(a, &m, procs, count) : 0;

		if (r)
			return r;
		line = *end ? end + 1 : end;
	}
	return 0;
}

static int collect(struct arena *a, const struct mount_line *m, struct proc_mount **procs,
		   size_t *count)
{
	if (m->type_len != 4 || memcmp(m->type, "proc", 4) != 0 || m->root_len != 1)
		return 0;
	if (arena_grow(a, procs, *count, sizeof(**procs)) < 0)
		return -ENOMEM;
	(*procs)[(*count)++] = (struct proc_mount){.id = m->id};
	return 0;
}

static int cover(struct arena *a, const struct mount_line *m, struct proc_mount **procs,
		 size_t *count)
{
	for (size_t i = 0; i < *count; i++) {
		struct proc_mount *p = &(*procs)[i];

		if (p->id != m->parent || p->covered || hides_nothing(m->point, m->point_len))
			continue;
		p->covered = m->point;
		p->covered_len = m->point_len;
	}
	return 0;
}

/* The kernel gives a user namespace a new procfs only while some procfs is visible in full, so that
 * it cannot be used to see what was covered on purpose. */
int proc_visibility(struct arena *a, const char *mountinfo, enum answer *ret,
		    const char **ret_covered)
{
	struct proc_mount *procs = NULL;
	size_t count = 0;

	*ret_covered = NULL;
	*ret = ANSWER_NO;
	if (each_line(a, mountinfo, collect, &procs, &count) < 0 ||
	    each_line(a, mountinfo, cover, &procs, &count) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (!procs[i].covered) {
			*ret = ANSWER_YES;
			return 0;
		}
	}
	if (!count)
		return 0;
	*ret_covered = arena_strndup(a, procs[0].covered, procs[0].covered_len);
	return *ret_covered ? 0 : -ENOMEM;
}

int probe_proc(struct facts *facts)
{
	struct probe_text t;
	int r;

	if (probe_read_text("/proc/self/mountinfo", &t) < 0)
		return 0;
	r = proc_visibility(&facts->arena, t.text, &facts->proc_visible, &facts->proc_covered);
	probe_text_release(&t);
	return r;
}

/* ---- limits ---- */

int probe_limits(struct facts *facts)
{
	char path[64];

	for (int i = 0; i < NS_COUNT; i++) {
		snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces",
			 ns_type_name((enum ns_type)i));
		probe_read_number(path, &facts->max_namespaces[i]);
	}
	return 0;
}
