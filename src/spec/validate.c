/* What can be judged of a spec without the host: options that contradict each other, values that no
 * namespace of this spec owns, and what is not available yet. Pure; it changes nothing and looks
 * nothing up. Forms of single values are parse's, what the host grants is plan's.
 */
#include "spec/spec.h"

#include "base/path.h"

#include "spec/idmap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { HOSTNAME_LIMIT = 64 }; /* __NEW_UTS_LEN: sethostname(2) */

/* How messages call a namespace, and what gives this command one of its own. */
static const struct {
	const char *name;
	const char *flag;	  /* run, plan */
	const char *unshare_flag; /* the letter */
} ns_words[NS_COUNT] = {
	[NS_USER] = {"user", "--userns", NULL},
	[NS_PID] = {"pid", "--pid", "-p"},
	[NS_MNT] = {"mount", NULL, "-m"},
	[NS_UTS] = {"UTS", "--uts", "-u"},
	[NS_IPC] = {"ipc", "--ipc", "-i"},
	[NS_NET] = {"network", "--network", "-n"},
	[NS_CGROUP] = {"cgroup", "--cgroupns", "-C"},
	[NS_TIME] = {"time", "--time", "-T"},
};

static int refuse(struct rootlet_error *err, const char *id, const char *subject,
		  const char *message, const char *hint)
{
	error_set(err, -EINVAL, id, subject, "%s", message);
	if (hint)
		error_hint(err, "%s", hint);
	return -EINVAL;
}

/* ---- not yet ---- */

static int not_yet(struct rootlet_error *err, const char *what, const char *hint)
{
	error_set(err, -EINVAL, "not-yet", what, "%s: is not available yet", what);
	if (hint)
		error_hint(err, "%s", hint);
	return -EINVAL;
}

/* Sharing any namespace of a container means sharing its user namespace: nothing else gives the
 * right to enter the others (setns(2)). */
static int check_container_joins(const struct spec *spec, struct rootlet_error *err)
{
	const char *name = NULL;

	for (int type = 0; type < NS_COUNT && !name; type++)
		if (type != NS_USER && spec->namespaces[type].mode == NS_MODE_CONTAINER)
			name = spec->namespaces[type].path;
	if (!name || spec->userns == USERNS_CONTAINER)
		return 0;
	if (spec->userns == USERNS_UNSET && !spec->uidmap.count && !spec->gidmap.count)
		return 0;
	error_set(
		err, -EINVAL, "join-other-userns", "--userns",
		"container:%s: sharing one of its namespaces means sharing its user namespace, and "
		"another one is asked for",
		name);
	error_hint(err, "leave the id options out, or say --userns container:%s", name);
	return -EINVAL;
}

/* Whoever waits for the container's end must be there, and only one process writes to the caller.
 */
static int check_life(const struct spec *spec, struct rootlet_error *err)
{
	bool monitored = spec->detach || spec->tty;

	if (spec->replace && !spec->name)
		return refuse(err, "replace-what", "--replace",
			      "--replace: there is no name whose container could be replaced",
			      "add --name NAME");
	if (spec->timings && monitored)
		return refuse(
			err, "timings-detached", "--timings",
			"--timings: does not go with -d and -t: another process does the start",
			"measure without them, or use --log-level debug");
	if (spec->kind == SPEC_EXEC && !spec->container)
		return refuse(err, "no-container", "CONTAINER", "CONTAINER: none was given",
			      "`rootlet ps` lists those that run");
	if (spec->kind == SPEC_EXEC && !spec->arg_count)
		return refuse(err, "no-command", "COMMAND", "COMMAND: none was given",
			      "for a shell: rootlet exec -it CONTAINER sh");
	return 0;
}

static int check_not_yet(const struct spec *spec, struct rootlet_error *err)
{
	const struct {
		bool wanted;
		const char *what, *hint;
	} rows[] = {
		{spec->memory, "--memory", "--ulimit as=BYTES bounds each process meanwhile"},
		{spec->cpus, "--cpus", "taskset(1) inside confines the command to some processors"},
		{spec->pids_limit, "--pids-limit",
		 "--ulimit nproc=N bounds the user's processes meanwhile"},
		{spec->cgroup_parent, "--cgroup-parent", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].wanted)
			return not_yet(err, rows[i].what, rows[i].hint);
	return 0;
}

/* ---- root ---- */

static int check_root(const struct spec *spec, struct rootlet_error *err)
{
	if (spec->kind != SPEC_RUN)
		return 0;
	if (spec->root_kind == ROOT_UNSET || spec->root_kind == ROOT_NONE)
		return refuse(err, "no-root", "ROOT", "ROOT: none was given",
			      "name a directory that begins with / or . (rootlet run ./debian "
			      "bash), or / for "
			      "the host's own files");
	if (spec->overlay_dir && path_within(spec->overlay_dir, spec->root_path))
		return refuse(
			err, "overlay-inside-root", "--overlay",
			"--overlay: its directory lies inside ROOT, which it is to leave untouched",
			"name a directory beside ROOT");
	if (spec->root_kind == ROOT_HOST && spec->overlay)
		return refuse(err, "overlay-host-root", "--overlay",
			      "--overlay: does not go with ROOT /, which is always read-only",
			      "bind what the command may write, for example -v \"$PWD\", or give a "
			      "directory "
			      "as ROOT");
	return 0;
}

/* Files of /proc that tools such as lxcfs replace: none of them says or changes what a process is.
 */
static bool may_cover(const char *path)
{
	static const char *const files[] = {
		"/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg",
		"/proc/meminfo", "/proc/slabinfo",  "/proc/stat",
		"/proc/swaps",	 "/proc/uptime",    "/proc/version",
	};

	if (strncmp(path, "/proc", 5) != 0 || (path[5] && path[5] != '/'))
		return true;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(path, files[i]) == 0)
			return true;
	return false;
}

static int check_over_proc(const struct spec_mount *m, struct rootlet_error *err)
{
	if (may_cover(m->destination))
		return 0;
	error_set(err, -EINVAL, "mount-over-proc", m->destination,
		  "%s: would stand where the kernel's own %s must be",
		  m->origin ? m->origin : m->destination, m->destination);
	error_hint(err,
		   "--mask PATH hides a part of /proc; --pid host shows the host's processes; only "
		   "single files such as /proc/meminfo may be replaced");
	return -EINVAL;
}

static int check_mounts(const struct spec *spec, struct rootlet_error *err)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct spec_mount *x = &spec->mounts[i];
		int r = check_over_proc(x, err);

		if (r < 0)
			return r;
		for (size_t j = 0; j < i; j++) {
			const struct spec_mount *y = &spec->mounts[j];

			if (strcmp(x->destination, y->destination) != 0)
				continue;
			error_set(err, -EINVAL, "mount-twice", x->destination,
				  "%s: two mounts want this place: %s, and %s", x->destination,
				  y->origin ? y->origin : mount_type_name(y->type),
				  x->origin ? x->origin : mount_type_name(x->type));
			error_hint(err, "drop one of them, or give it another destination");
			return -EINVAL;
		}
	}
	return 0;
}

/* ---- identity ---- */

/* One entry that counts host ids from the caller, and an absolute one: only the container's side
 * can be compared. */
static int check_mixed(const struct spec_map_entry *x, const struct spec_map_entry *y,
		       const char *flag, struct rootlet_error *err)
{
	uint64_t from = x->container > y->container ? x->container : y->container;
	uint64_t x_end = (uint64_t)x->container + x->count;
	uint64_t y_end = (uint64_t)y->container + y->count;
	uint64_t to = x_end < y_end ? x_end : y_end;

	if (x->absolute == y->absolute || from >= to)
		return 0;
	error_set(err, -EINVAL, "id-map-overlap", flag,
		  "%s %u:%s%u:%u and %u:%s%u:%u: both map the inside ids %llu-%llu", flag,
		  x->container, x->absolute ? "@" : "", x->host, x->count, y->container,
		  y->absolute ? "@" : "", y->host, y->count, (unsigned long long)from,
		  (unsigned long long)(to - 1));
	error_hint(err, "an id may stand in one line only, on either side (user_namespaces(7))");
	return -EINVAL;
}

/* Host ids that count from the caller and absolute ones are different numbers for the same ids, so
 * the host's side is compared within each kind; plan compares them once the ranges are known. */
static int check_map(const struct spec_map *map, const char *flag, struct arena *a,
		     struct rootlet_error *err)
{
	struct idmap relative = {0}, absolute = {0};
	int r = 0;

	for (size_t i = 0; !r && i < map->count; i++) {
		const struct spec_map_entry *e = &map->entries[i];

		r = idmap_add(a, e->absolute ? &absolute : &relative, e->container, e->host,
			      e->count);
	}
	if (r < 0)
		return error_nomem(err);
	r = idmap_validate(&relative, flag, err);
	if (!r)
		r = idmap_validate(&absolute, flag, err);
	for (size_t i = 0; !r && i < map->count; i++)
		for (size_t j = 0; !r && j < i; j++)
			r = check_mixed(&map->entries[j], &map->entries[i], flag, err);
	return r;
}

static const char *userns_word(enum userns_mode mode)
{
	switch (mode) {
	case USERNS_RANGES:
		return "ranges";
	case USERNS_SINGLE:
		return "single";
	case USERNS_KEEP_ID:
		return "keep-id";
	case USERNS_PATH:
		return "ns:PATH";
	case USERNS_CONTAINER:
		return "container:NAME";
	case USERNS_HOST:
		return "host";
	case USERNS_UNSET:
		break;
	}
	return NULL;
}

static int check_userns(const struct spec *spec, struct rootlet_error *err)
{
	const char *map = spec->uidmap.count ? "--uidmap" : "--gidmap";
	bool mapped = spec->uidmap.count || spec->gidmap.count;

	if (spec->userns == USERNS_HOST)
		return refuse(err, "userns-host", "--userns",
			      "--userns host: a container of rootlet always has a user namespace",
			      "--userns keep-id keeps your own ids inside; --userns single maps "
			      "you to root");
	if (mapped && spec->userns != USERNS_UNSET) {
		error_set(err, -EINVAL, "userns-and-maps", map,
			  "%s: does not go with --userns %s, which chooses the map itself", map,
			  userns_word(spec->userns));
		error_hint(err, "drop one of the two");
		return -EINVAL;
	}
	if (spec->join_pid && (mapped || spec->userns != USERNS_UNSET))
		return refuse(err, "join-and-maps", "--join",
			      "--join: does not go with --userns, --uidmap or --gidmap: the user "
			      "namespace "
			      "that is joined has its map already",
			      "drop one of the two");
	if (spec->userns == USERNS_SINGLE && (spec->subuid_name || spec->subgid_name)) {
		map = spec->subuid_name ? "--subuidname" : "--subgidname";
		error_set(err, -EINVAL, "single-and-subids", map,
			  "%s: does not go with --userns single, which uses no subordinate ids",
			  map);
		error_hint(err, "use --userns ranges, or drop %s", map);
		return -EINVAL;
	}
	return 0;
}

static int check_identity(const struct spec *spec, struct rootlet_error *err)
{
	struct arena a;
	int r = check_userns(spec, err);

	if (r < 0)
		return r;
	arena_init(&a);
	r = check_map(&spec->uidmap, "--uidmap", &a, err);
	if (!r)
		r = check_map(&spec->gidmap, "--gidmap", &a, err);
	arena_release(&a);
	return r;
}

/* ---- namespaces ---- */

/* `flag` sets something of a namespace: it must be one of the container's own. */
static int need_private(const struct spec *spec, enum ns_type type, const char *id,
			const char *flag, struct rootlet_error *err)
{
	enum ns_mode mode = spec_ns_mode(spec, type);

	if (mode == NS_MODE_PRIVATE)
		return 0;
	error_set(err, -EINVAL, id, flag, "%s: the %s namespace is %s", flag, ns_words[type].name,
		  mode == NS_MODE_HOST ? "the host's" : "somebody else's, only joined");
	if (type == NS_USER)
		error_hint(err, "without --userns ns:PATH the container has one of its own");
	else if (spec->kind == SPEC_UNSHARE)
		error_hint(err, "add %s for one of its own", ns_words[type].unshare_flag);
	else
		error_hint(err, "%s %s gives it one of its own", ns_words[type].flag,
			   type == NS_NET ? "none" : "private");
	return -EINVAL;
}

static bool name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

/* The name ends up in /etc/hosts and in prompts: no blank, no line end, nothing that a shell reads.
 */
static int check_name(const char *name, const char *flag, const char *id, struct rootlet_error *err)
{
	size_t len = strlen(name);

	if (!len)
		return error_set(err, -EINVAL, id, flag, "%s: the name is empty", flag);
	if (len > HOSTNAME_LIMIT)
		return error_set(err, -EINVAL, id, flag,
				 "%s: the name has %zu characters, the kernel takes at most %d",
				 flag, len, HOSTNAME_LIMIT);
	for (size_t i = 0; i < len; i++) {
		bool edge = name[i] == '-' || name[i] == '.';

		if (name_character(name[i]) && !(edge && i == 0))
			continue;
		if ((unsigned char)name[i] >= 0x80)
			error_set(err, -EINVAL, id, flag,
				  "%s %s: a name cannot contain letters beyond a to z", flag, name);
		else
			error_set(err, -EINVAL, id, flag, "%s %s: a name cannot %s '%c'", flag,
				  name, i ? "contain" : "begin with", name[i]);
		error_hint(err, "use letters, digits, '-', '_' and '.'");
		return -EINVAL;
	}
	return 0;
}

static int check_names(const struct spec *spec, struct rootlet_error *err)
{
	int r = 0;

	if (spec->hostname) {
		r = need_private(spec, NS_UTS, "hostname", "--hostname", err);
		if (!r)
			r = check_name(spec->hostname, "--hostname", "hostname", err);
	}
	if (!r && spec->domainname) {
		r = need_private(spec, NS_UTS, "domainname", "--domainname", err);
		if (!r)
			r = check_name(spec->domainname, "--domainname", "domainname", err);
	}
	return r;
}

static bool starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Which namespace owns a setting below /proc/sys: namespaces(7), ipc_namespaces(7). NS_COUNT: none.
 */
static enum ns_type sysctl_owner(const char *key)
{
	static const char *const ipc[] = {
		"kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
		"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem"};

	if (starts(key, "net."))
		return NS_NET;
	if (starts(key, "fs.mqueue."))
		return NS_IPC;
	if (starts(key, "user."))
		return NS_USER;
	for (size_t i = 0; i < sizeof(ipc) / sizeof(*ipc); i++)
		if (strcmp(key, ipc[i]) == 0)
			return NS_IPC;
	return NS_COUNT;
}

static int check_sysctl(const struct spec *spec, const char *key, struct rootlet_error *err)
{
	enum ns_type owner = sysctl_owner(key);
	char flag[256];
	const char *name = NULL;

	snprintf(flag, sizeof(flag), "--sysctl %.200s", key);
	if (strcmp(key, "kernel.hostname") == 0)
		name = "--hostname";
	if (strcmp(key, "kernel.domainname") == 0)
		name = "--domainname";
	if (name) {
		error_set(err, -EINVAL, "sysctl-name", flag, "%s: has an option of its own", flag);
		error_hint(err, "use %s NAME", name);
		return -EINVAL;
	}
	if (owner == NS_COUNT) {
		error_set(err, -EINVAL, "sysctl-host", flag,
			  "%s: belongs to the whole machine, no namespace has its own", flag);
		error_hint(
			err,
			"a container can set net.*, user.*, fs.mqueue.*, kernel.shm*, kernel.msg* "
			"and kernel.sem");
		return -EINVAL;
	}
	return need_private(spec, owner, "sysctl-shared", flag, err);
}

static int check_namespaces(const struct spec *spec, struct rootlet_error *err)
{
	int r = check_names(spec, err);

	if (!r && spec->boottime.set == YES)
		r = need_private(spec, NS_TIME, "time-offset", "--boottime", err);
	if (!r && spec->monotonic.set == YES)
		r = need_private(spec, NS_TIME, "time-offset", "--monotonic", err);
	for (size_t i = 0; !r && i < spec->sysctl_count; i++)
		r = check_sysctl(spec, spec->sysctls[i].key, err);
	return r;
}

/* ---- power, life ---- */

static int check_groups(const struct spec *spec, struct rootlet_error *err)
{
	if (spec->keep_groups && spec->groups.count)
		return refuse(err, "keep-groups", "--group-add",
			      "--group-add keep-groups: goes with no other --group-add: the "
			      "caller's groups "
			      "can be kept only by leaving the list as it is",
			      "drop one of the two");
	return 0;
}

static int check_capabilities(const struct spec *spec, struct rootlet_error *err)
{
	if (spec->cap_add_all && spec->cap_drop_all)
		return refuse(err, "cap-conflict", "--cap-add",
			      "--cap-add ALL: contradicts --cap-drop ALL", "drop one of the two");
	if (spec->cap_add & spec->cap_drop)
		return refuse(err, "cap-conflict", "--cap-add",
			      "--cap-add, --cap-drop: the same capability is added and dropped",
			      "--cap-drop ALL with --cap-add of the few that are needed does go "
			      "together");
	return 0;
}

/* The filter that --disable-userns brings would win in silence. */
static int check_disable_userns(const struct spec *spec, struct rootlet_error *err)
{
	static const char key[] = "user.max_user_namespaces";

	for (size_t i = 0; spec->disable_userns && i < spec->sysctl_count; i++) {
		const struct spec_sysctl *sysctl = &spec->sysctls[i];

		if (strcmp(sysctl->key, key) != 0 || strcmp(sysctl->value, "0") == 0)
			continue;
		error_set(err, -EINVAL, "disable-userns", "--disable-userns",
			  "--disable-userns: contradicts --sysctl %s=%s", key, sysctl->value);
		error_hint(err, "drop one of the two");
		return -EINVAL;
	}
	return 0;
}

static int check_descriptors(const struct spec *spec, struct rootlet_error *err)
{
	if (spec->status_fd < 3 || (uint32_t)spec->status_fd - 3 >= spec->preserve_fds)
		return 0;
	error_set(err, -EINVAL, "status-fd-preserved", "--status-fd",
		  "--status-fd %d: --preserve-fds %u would hand it into the container",
		  spec->status_fd, spec->preserve_fds);
	error_hint(err, "use a descriptor from %u on", 3 + spec->preserve_fds);
	return -EINVAL;
}

int spec_validate(const struct spec *spec, struct rootlet_error *err)
{
	static int (*const checks[])(const struct spec *, struct rootlet_error *) = {
		check_root,	    check_not_yet,     check_life,	     check_container_joins,
		check_identity,	    check_namespaces,  check_mounts,	     check_groups,
		check_capabilities, check_descriptors, check_disable_userns,
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		int r = checks[i](spec, err);

		if (r < 0)
			return r;
	}
	return 0;
}
