/* The table of conditions: what can stand in the way on a host, and how to mend it. Judged from
 * facts alone, so that a fixture is as good as a host. No probing here. */
#include "diagnose/diagnose.h"

#include "base/buffer.h"

#include <stdio.h>
#include <string.h>

static enum answer yes_if(bool holds)
{
	return holds ? ANSWER_YES : ANSWER_NO;
}

static enum answer opposite(enum answer a)
{
	return a == ANSWER_UNKNOWN ? a : yes_if(a == ANSWER_NO);
}

static bool limit_is_zero(const struct facts *f)
{
	return f->max_namespaces[NS_USER] == 0;
}

static enum answer userns_missing(const struct facts *f)
{
	return opposite(f->userns_built);
}

static enum answer userns_off(const struct facts *f)
{
	if (f->userns_built == ANSWER_NO || limit_is_zero(f))
		return ANSWER_NO;
	return opposite(f->userns_allowed);
}

static enum answer userns_zero(const struct facts *f)
{
	return yes_if(limit_is_zero(f));
}

static enum answer apparmor(const struct facts *f)
{
	return f->apparmor_restricts;
}

/* A kernel with openat2 (5.6) has clone3 (5.3): something else refuses it. */
static enum answer outer_filter(const struct facts *f)
{
	return yes_if(f->clone3 == ANSWER_NO && f->openat2 == ANSWER_YES);
}

/* ---- subordinate ids ---- */

static bool is_real_root(const struct facts *f)
{
	return f->uid == 0 && f->initial_userns;
}

static bool writes_maps_itself(const struct facts *f)
{
	return f->cap_setuid && f->cap_setgid;
}

static bool has_none(const struct facts *f)
{
	return !f->subid_error && (!f->subuids.count || !f->subgids.count);
}

static enum answer subids_unreadable(const struct facts *f)
{
	return yes_if(f->subid_error != NULL);
}

static enum answer subids_none(const struct facts *f)
{
	return yes_if(has_none(f) && !is_real_root(f) && !writes_maps_itself(f));
}

static enum answer root_without_subids(const struct facts *f)
{
	return yes_if(has_none(f) && is_real_root(f));
}

static uint64_t total(const struct id_ranges *ranges)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ranges->count; i++)
		sum += ranges->ranges[i].count;
	return sum;
}

static enum answer subids_few(const struct facts *f)
{
	if (f->subid_error || has_none(f))
		return ANSWER_NO;
	return yes_if(total(&f->subuids) < 65536 || total(&f->subgids) < 65536);
}

/* ---- helpers ---- */

static const struct facts_helper *helper_in(const struct facts *f, enum helper_state state)
{
	if (f->newuidmap.state == state)
		return &f->newuidmap;
	return f->newgidmap.state == state ? &f->newgidmap : NULL;
}

static enum answer helper_is(const struct facts *f, enum helper_state state)
{
	if (f->newuidmap.state == HELPER_UNKNOWN)
		return ANSWER_UNKNOWN;
	return yes_if(helper_in(f, state) && !writes_maps_itself(f));
}

static enum answer helper_missing(const struct facts *f)
{
	return helper_is(f, HELPER_MISSING);
}

static enum answer helper_not_setuid(const struct facts *f)
{
	return helper_is(f, HELPER_NOT_SETUID);
}

static enum answer helper_nosuid(const struct facts *f)
{
	return helper_is(f, HELPER_NOSUID);
}

static enum answer helper_untrusted(const struct facts *f)
{
	return helper_is(f, HELPER_UNTRUSTED);
}

static enum answer helper_no_new_privs(const struct facts *f)
{
	return helper_is(f, HELPER_NO_NEW_PRIVS);
}

/* ---- the rest ---- */

static enum answer proc_covered(const struct facts *f)
{
	return opposite(f->proc_visible);
}

static enum answer cgroup2_missing(const struct facts *f)
{
	return opposite(f->cgroup2);
}

static enum answer cgroup_not_delegated(const struct facts *f)
{
	return f->cgroup_mount ? opposite(f->cgroup_delegated) : ANSWER_NO;
}

static enum answer mount_setattr_missing(const struct facts *f)
{
	return opposite(f->mount_setattr);
}

static enum answer openat2_missing(const struct facts *f)
{
	return opposite(f->openat2);
}

static enum answer mount_api_missing(const struct facts *f)
{
	return opposite(f->mount_api);
}

static enum answer memfd_noexec(const struct facts *f)
{
	return opposite(f->memfd_exec);
}

static enum answer time_missing(const struct facts *f)
{
	return opposite(f->time_namespaces);
}

#define GRANT                                                                                      \
	"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user} (any 65536 "  \
	"ids that nobody has in /etc/subuid or /etc/subgid)"
#define SINGLE "`--userns single` works: one id, so files of other owners show as nobody's"

const struct condition conditions[] = {
	{"userns-missing", CONDITION_BLOCKS, "the kernel has user namespaces",
	 "this kernel was built without user namespaces (CONFIG_USER_NS)", "ls /proc/self/ns/user",
	 "", "", "Please install the distribution's own kernel: this one lacks CONFIG_USER_NS.",
	 FACT_LSM, userns_missing},
	{"userns-off", CONDITION_BLOCKS, "ordinary users may make user namespaces",
	 "user namespaces are switched off for ordinary users (kernel.unprivileged_userns_clone = "
	 "0)",
	 "sysctl kernel.unprivileged_userns_clone",
	 "sudo sysctl kernel.unprivileged_userns_clone=1", "",
	 "Please set kernel.unprivileged_userns_clone=1 in /etc/sysctl.d: containers without root "
	 "need user namespaces.",
	 FACT_LSM | FACT_LIMITS, userns_off},
	{"userns-zero", CONDITION_BLOCKS, "user namespaces are not limited to none",
	 "user namespaces are limited to none (user.max_user_namespaces = 0)",
	 "sysctl user.max_user_namespaces", "sudo sysctl user.max_user_namespaces=65536", "",
	 "Please set user.max_user_namespaces=65536 in /etc/sysctl.d: containers without root need "
	 "user namespaces.",
	 FACT_LIMITS, userns_zero},
	{"apparmor-userns", CONDITION_BLOCKS, "AppArmor lets user namespaces work",
	 "AppArmor takes every right away from user namespaces of programs without a profile "
	 "(kernel.apparmor_restrict_unprivileged_userns = 1)",
	 "sysctl kernel.apparmor_restrict_unprivileged_userns",
	 "install rootlet's profile: sudo cp contrib/apparmor/rootlet /etc/apparmor.d/ && sudo "
	 "apparmor_parser -r /etc/apparmor.d/rootlet",
	 "",
	 "Please load rootlet's AppArmor profile, or set "
	 "kernel.apparmor_restrict_unprivileged_userns=0.",
	 FACT_LSM, apparmor},
	{"outer-filter", CONDITION_NOTE, "no seccomp filter around rootlet",
	 "a seccomp filter around rootlet refuses newer system calls, as in docker's default "
	 "profile",
	 "grep Seccomp /proc/self/status",
	 "docker run --security-opt seccomp=unconfined … for the outer container",
	 "older system calls are used instead", "", FACT_KERNEL, outer_filter},

	{"subids-unreadable", CONDITION_BLOCKS, "the subordinate ids can be read", "{subid_error}",
	 "grep subid /etc/nsswitch.conf; ls -l /etc/subuid /etc/subgid",
	 "sudo chmod 644 /etc/subuid /etc/subgid, or mend the source that nsswitch.conf names",
	 SINGLE, "Please let users read /etc/subuid and /etc/subgid.", FACT_CALLER | FACT_SUBIDS,
	 subids_unreadable},
	{"subids-none", CONDITION_BLOCKS, "you have subordinate ids",
	 "{user} has no subordinate ids in /etc/subuid and /etc/subgid",
	 "grep {user} /etc/subuid /etc/subgid", GRANT, SINGLE,
	 "Please run: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}",
	 FACT_CALLER | FACT_MAPS | FACT_SUBIDS, subids_none},
	{"root-subids-none", CONDITION_BLOCKS, "root has subordinate ids",
	 "root has no subordinate ids, and its own are never mapped to a container's by default",
	 "grep root /etc/subuid /etc/subgid", GRANT, "run rootlet as an ordinary user", "",
	 FACT_CALLER | FACT_MAPS | FACT_SUBIDS, root_without_subids},
	{"subids-few", CONDITION_LIMITS, "you have 65536 subordinate ids",
	 "fewer than 65536 subordinate ids are granted: files of higher owners cannot be unpacked",
	 "grep {user} /etc/subuid /etc/subgid", GRANT, "the ids that there are work", "",
	 FACT_CALLER | FACT_SUBIDS, subids_few},

	{"helper-missing", CONDITION_BLOCKS, "newuidmap and newgidmap are installed",
	 "{helper} is not installed", "command -v newuidmap newgidmap",
	 "sudo apt install uidmap (Debian, Ubuntu), or the package shadow-utils (Fedora, SUSE)",
	 SINGLE, "Please install the package uidmap (shadow-utils elsewhere).",
	 FACT_CALLER | FACT_MAPS | FACT_SUBIDS, helper_missing},
	{"helper-not-setuid", CONDITION_BLOCKS, "newuidmap and newgidmap have their privilege",
	 "{helper_path} is neither setuid root nor has it file capabilities",
	 "ls -l {helper_path}; getcap {helper_path}", "sudo chmod u+s {helper_path}", SINGLE,
	 "Please run: chmod u+s {helper_path}, or reinstall its package.",
	 FACT_CALLER | FACT_MAPS | FACT_SUBIDS, helper_not_setuid},
	{"helper-nosuid", CONDITION_BLOCKS, "newuidmap and newgidmap are where setuid counts",
	 "{helper_path} is on a file system that is mounted nosuid", "findmnt -T {helper_path}",
	 "sudo mount -o remount,suid the file system that holds it", SINGLE,
	 "Please mount the file system of {helper_path} without nosuid.",
	 FACT_CALLER | FACT_MAPS | FACT_SUBIDS, helper_nosuid},
	{"helper-untrusted", CONDITION_BLOCKS, "newuidmap and newgidmap belong to root",
	 "{helper_path} does not belong to root, or others may write to it", "ls -l {helper_path}",
	 "sudo chown root:root {helper_path} && sudo chmod 4755 {helper_path}", SINGLE,
	 "Please reinstall the package of {helper_path}: its owner or mode is wrong.",
	 FACT_CALLER | FACT_MAPS | FACT_SUBIDS, helper_untrusted},
	{"helper-no-new-privs", CONDITION_BLOCKS, "setuid programs work here",
	 "rootlet was started under no_new_privs, where {helper} has no power",
	 "grep NoNewPrivs /proc/self/status",
	 "start it outside of what set the flag (a service with NoNewPrivileges=, or a sandbox)",
	 SINGLE, "", FACT_CALLER | FACT_MAPS | FACT_SUBIDS, helper_no_new_privs},

	{"proc-covered", CONDITION_LIMITS, "a new /proc can be mounted",
	 "{covered} is mounted over here, and the kernel gives no new /proc where a part of the "
	 "old "
	 "one is covered",
	 "findmnt -R /proc",
	 "start the outer container with --security-opt unmask=ALL (rootlet, podman), "
	 "--security-opt "
	 "systempaths=unconfined (docker)",
	 "`--pid host` works", "", FACT_PROC, proc_covered},
	{"cgroup2-missing", CONDITION_NOTE, "the kernel has cgroup2",
	 "this kernel has no cgroup2 file system", "grep cgroup2 /proc/filesystems", "",
	 "containers run without /sys/fs/cgroup", "", FACT_KERNEL, cgroup2_missing},
	{"cgroup-not-delegated", CONDITION_LIMITS, "your cgroup is delegated to you",
	 "the cgroup that rootlet runs in belongs to somebody else", "cat /proc/self/cgroup",
	 "systemd-run --user --scope -p Delegate=yes rootlet …", "everything but limits works", "",
	 FACT_CGROUP, cgroup_not_delegated},
	{"mount-setattr-missing", CONDITION_LIMITS, "the kernel has mount_setattr",
	 "this kernel cannot make a whole tree of mounts read-only in one step (mount_setattr, "
	 "Linux "
	 "5.12)",
	 "uname -r", "", "each mount is remounted by itself", "", FACT_KERNEL,
	 mount_setattr_missing},
	{"openat2-missing", CONDITION_NOTE, "the kernel has openat2",
	 "this kernel cannot resolve a path inside a root by itself (openat2, Linux 5.6)",
	 "uname -r", "", "rootlet walks the components", "", FACT_KERNEL, openat2_missing},
	{"mount-api-missing", CONDITION_NOTE, "the kernel has the new mount calls",
	 "fsopen and open_tree do not answer (Linux 5.2)", "uname -r", "", "mount(2) is used", "",
	 FACT_KERNEL, mount_api_missing},
	{"memfd-noexec", CONDITION_NOTE, "a program may run from memory",
	 "programs in memory files are forbidden (vm.memfd_noexec = 2)", "sysctl vm.memfd_noexec",
	 "sudo sysctl vm.memfd_noexec=1", "the init runs from its file", "", FACT_KERNEL,
	 memfd_noexec},
	{"time-namespaces-missing", CONDITION_NOTE, "the kernel has time namespaces",
	 "this kernel has no time namespaces (CONFIG_TIME_NS, Linux 5.6)", "ls /proc/self/ns/time",
	 "", "`--time host`, the default, works", "", FACT_KERNEL, time_missing},
};

const size_t condition_count = sizeof(conditions) / sizeof(conditions[0]);

const struct condition *condition_find(const char *id)
{
	for (size_t i = 0; i < condition_count; i++)
		if (!strcmp(conditions[i].id, id))
			return &conditions[i];
	return NULL;
}

/* ---- placeholders ---- */

/* The first helper that does not work; it is what a text about helpers speaks of. */
static const struct facts_helper *bad_helper(const struct facts *f, const char **ret_name)
{
	bool uid_is_bad = f->newuidmap.state != HELPER_OK;

	*ret_name = uid_is_bad ? "newuidmap" : "newgidmap";
	return uid_is_bad ? &f->newuidmap : &f->newgidmap;
}

static void add_value(struct buffer *b, const struct facts *f, const char *key, size_t len)
{
	const char *name;
	const struct facts_helper *helper = bad_helper(f, &name);

#define IS(word) (len == sizeof(word) - 1 && !memcmp(key, word, len))
	if (IS("user") && f->user_name)
		buffer_puts(b, f->user_name);
	else if (IS("user") || IS("uid"))
		buffer_printf(b, "%u", f->uid);
	else if (IS("gid"))
		buffer_printf(b, "%u", f->gid);
	else if (IS("covered"))
		buffer_puts(b, f->proc_covered ? f->proc_covered : "a part of /proc");
	else if (IS("helper"))
		buffer_puts(b, name);
	else if (IS("helper_path"))
		buffer_puts(b, helper->path ? helper->path : name);
	else if (IS("subid_error"))
		buffer_puts(b, f->subid_error ? f->subid_error : "");
	else
		buffer_printf(b, "{%.*s}", (int)len, key); /* not ours: left to the caller */
#undef IS
}

void condition_expand(const char *text, const struct facts *facts, char *buf, size_t size)
{
	AUTO_BUFFER b = {0};

	for (const char *p = text; *p;) {
		const char *open = strchrnul(p, '{'), *close = *open ? strchr(open, '}') : NULL;

		buffer_add(&b, p, (size_t)(open - p));
		if (!close) {
			buffer_puts(&b, open);
			break;
		}
		add_value(&b, facts, open + 1, (size_t)(close - open - 1));
		p = close + 1;
	}
	snprintf(buf, size, "%s", b.data ? b.data : "");
}
