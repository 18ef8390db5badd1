/* What the rules ask of the host and of a step: read only, and only after a failure. */
#include "diagnose/rules.h"

#include "base/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- CLONE ---- */

/* Its own file is missing where the group does not have the controller. */
bool check_controller(struct failure *f)
{
	const char *file = f->step->a.limit.file;
	size_t len = strcspn(file, ".");

	value_set(f->a, "%.*s", (int)len, file);
	return strcmp(f->a, "cgroup") != 0;
}

/* The kernel counts a user's namespaces of each kind; it does not say which count was full. The
 * smallest limit among the kinds asked for is the likely one; equals go to user, which every
 * container takes. */
bool check_namespace_limit(struct failure *f)
{
	const struct facts *facts = failure_facts(f, FACT_LIMITS);
	int found = -1;
	uint64_t limit;

	for (int i = 0; i < NS_COUNT; i++) {
		if (!(f->step->a.clone.flags & ns_type_flag((enum ns_type)i)) ||
		    facts->max_namespaces[i] == UINT64_MAX)
			continue;
		if (found < 0 || facts->max_namespaces[i] < facts->max_namespaces[found])
			found = i;
	}
	if (found < 0)
		return false;
	limit = facts->max_namespaces[found];
	value_set(f->a, "%s", ns_type_name((enum ns_type)found));
	value_set(f->b, "user.max_%s_namespaces = %llu", f->a, (unsigned long long)limit);
	value_set(f->c, "user.max_%s_namespaces=%llu", f->a,
		  (unsigned long long)(limit < 32768 ? 65536 : limit * 2));
	return true;
}

/* ENOSPC is the answer to the 33rd level as well (clone(2), since 4.9). Only a caller that is
 * nested itself can have come so far, and the kernel does not tell how deep it is: judged by the
 * limits. */
bool check_nesting(struct failure *f)
{
	const struct facts *facts = failure_facts(f, FACT_LIMITS);

	if (failure_facts(f, FACT_MAPS)->initial_userns)
		return false;
	for (int i = 0; i < NS_COUNT; i++)
		if ((f->step->a.clone.flags & ns_type_flag((enum ns_type)i)) &&
		    facts->max_namespaces[i] < 1000)
			return false;
	return facts->max_namespaces[NS_USER] != UINT64_MAX;
}

bool check_unmapped_caller(struct failure *f)
{
	const struct facts *facts = failure_facts(f, FACT_MAPS | FACT_CALLER);
	uint32_t outside;

	if (!idmap_down(&facts->uid_map, facts->uid, &outside))
		value_set(f->a, "%u", facts->uid);
	else if (!idmap_down(&facts->gid_map, facts->gid, &outside))
		value_set(f->a, "%u", facts->gid);
	return f->a[0] != '\0';
}

bool check_filter(struct failure *f)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2;
}

bool check_kind_missing(struct failure *f)
{
	static const char *const options[NS_COUNT] = {
		[NS_USER] = "no option, rootlet needs them",
		[NS_PID] = "--pid host",
		[NS_MNT] = "no option, rootlet needs them",
		[NS_UTS] = "--uts host",
		[NS_IPC] = "--ipc host",
		[NS_NET] = "--network host",
		[NS_CGROUP] = "--cgroupns host",
		[NS_TIME] = "--time host",
	};
	char path[64];

	for (int i = 0; i < NS_COUNT; i++) {
		const char *name = ns_type_name((enum ns_type)i);

		snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
		if (!(f->step->a.clone.flags & ns_type_flag((enum ns_type)i)) ||
		    access(path, F_OK) == 0)
			continue;
		value_set(f->a, "%s", name);
		value_set(f->b, "%s", options[i]);
		return true;
	}
	return false;
}

bool check_process_limit(struct failure *f)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NPROC, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return false;
	value_set(f->a, "%llu", (unsigned long long)limit.rlim_cur);
	return true;
}

bool check_file_limit(struct failure *f)
{
	const struct facts *facts = failure_facts(f, FACT_CALLER);

	condition_expand("{nofile}", facts, f->a, VALUE_SIZE);
	condition_expand("{raise_files}", facts, f->b, VALUE_SIZE);
	return facts->needs & FACT_CALLER;
}

/* ---- MAPS ---- */

/* The text of a map that we write ourselves: "inside outside count" lines. */
bool check_map_is_foreign(struct failure *f)
{
	const struct facts *facts = failure_facts(f, FACT_CALLER | FACT_MAPS);
	uint32_t own = f->step->a.map.gid ? facts->gid : facts->uid;

	if (f->step->a.map.gid ? facts->cap_setgid : facts->cap_setuid)
		return false;
	for (const char *line = f->step->a.map.text; line && *line;) {
		unsigned inside, outside, count;

		/* plan wrote it: ids of 32 bits. NOLINTNEXTLINE(cert-err34-c) */
		if (sscanf(line, "%u %u %u", &inside, &outside, &count) != 3)
			return false;
		if (outside != own || count != 1) {
			value_set(f->a, "%u", outside == own ? own + 1 : outside);
			return true;
		}
		line = strchrnul(line, '\n');
		line += *line == '\n';
	}
	return false;
}

/* A map that leads to user 0 of our own namespace: written from outside the new one, it takes
 * CAP_SETFCAP there; written from inside, its maker must have had it (Linux 5.12). Without it one
 * could give files capabilities that the outer container had given up. */
bool check_setfcap_missing(struct failure *f)
{
	enum { CAP_SETFCAP_BIT = 31 };
	const char *text = f->step->a.map.text;
	unsigned inside, outside;
	unsigned long long effective = 0;
	bool known = false;
	char line[256];
	FILE *file;

	/* plan wrote it: ids of 32 bits. NOLINTNEXTLINE(cert-err34-c) */
	if (f->step->a.map.gid || !text || sscanf(text, "%u %u", &inside, &outside) != 2 || outside)
		return false;
	file = fopen("/proc/self/status", "re");
	while (file && !known && fgets(line, sizeof(line), file))
		/* the kernel wrote it. NOLINTNEXTLINE(cert-err34-c) */
		known = sscanf(line, "CapEff: %llx", &effective) == 1;
	if (file)
		fclose(file);
	return known && !(effective & 1ull << CAP_SETFCAP_BIT);
}

/* ---- ROOT ---- */

bool check_mount_type(struct failure *f)
{
	value_set(f->a, "%s", f->step->a.fs.type);
	return true;
}

/* What the kernel mounts for a user namespace (FS_USERNS_MOUNT); the others read a disk or talk to
 * a server, and are trusted to the host's root alone. */
bool check_privileged_type(struct failure *f)
{
	static const char *const types[] = {
		"binfmt_misc", "bpf",	  "cgroup", "cgroup2", "devpts",     "fuse",  "mqueue",
		"nfsd",	       "overlay", "proc",   "ramfs",   "rpc_pipefs", "sysfs", "tmpfs",
	};
	const struct facts *facts = failure_facts(f, FACT_CALLER | FACT_MAPS);

	if (facts->uid == 0 && facts->initial_userns)
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(f->step->a.fs.type, types[i]))
			return false;
	return check_mount_type(f);
}

/* The proc of a pid namespace that is not this user namespace's own. */
bool check_proc(struct failure *f)
{
	return !strcmp(f->step->a.fs.type, "proc") && f->plan && !f->plan->own_pid_ns;
}

/* A profile that somebody wrote is in force by then: it was loaded by a step before this one. */
bool check_filtered(struct failure *f)
{
	for (size_t i = 0; f->plan && &f->plan->steps[i] < f->step; i++)
		if (f->plan->steps[i].op == OP_SECCOMP && f->plan->steps[i].a.filter.profile)
			return true;
	return false;
}

/* In a container's or a sandbox's filter, as far as one can see it. */
bool check_contained(struct failure *f)
{
	return failure_facts(f, FACT_LSM)->container != NULL;
}

bool check_sysfs(struct failure *f)
{
	return !strcmp(f->step->a.fs.type, "sysfs");
}

bool check_mqueue(struct failure *f)
{
	return !strcmp(f->step->a.fs.type, "mqueue");
}

/* In a file system of the kernel's nobody makes a file or a directory, whatever errno says so. */
bool check_kernel_target(struct failure *f)
{
	static const char *const kernels[] = {"/proc", "/sys"};

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		if (!path_within(f->step->subject, kernels[i]) ||
		    !f->step->subject[strlen(kernels[i])])
			continue;
		value_set(f->a, "%s", kernels[i]);
		return true;
	}
	return false;
}

/* ---- SEAL, EXEC ---- */

bool check_rlimit(struct failure *f)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)f->step->a.rlimit.resource, &limit) < 0)
		return false;
	if (limit.rlim_max == RLIM_INFINITY)
		return false;
	value_set(f->a, "%llu", (unsigned long long)limit.rlim_max);
	return true;
}

/* "in /usr/bin:/bin": the directories that were tried, when the command is a name and no path. */
bool check_looked_up(struct failure *f)
{
	const char *const *c = f->step->a.exec.candidates;
	size_t used = 0;

	if (!c || strchr(f->step->subject, '/'))
		return false;
	for (; *c; c++) {
		const char *slash = strrchr(*c, '/');
		int n;

		if (!slash || slash == *c)
			continue;
		n = snprintf(f->a + used, VALUE_SIZE - used, "%s%.*s", used ? ":" : "",
			     (int)(slash - *c), *c);
		if (n < 0 || (size_t)n >= VALUE_SIZE - used)
			break;
		used += (size_t)n;
	}
	return used > 0;
}
