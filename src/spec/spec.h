/* What the user wants, in the OCI runtime-spec's nouns; no host access anywhere in this room.
 *
 * A spec owns an arena; every string and array in it lives there. parse fills it, validate checks
 * it, plan reads it. Fields hold what was asked for; "unset" is a value of its own wherever a
 * default depends on the host, since only plan (which has the facts) may choose.
 */
#ifndef ROOTLET_SPEC_SPEC_H
#define ROOTLET_SPEC_SPEC_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which command the spec is for: they share the machinery and differ in defaults. */
/* Who asks. What is said to a user (a way out, the name of a setting) has a wording for each: the
 * one has options, the other a config.json. */
enum front_end { FRONT_ROOTLET, FRONT_OCI, FRONT_COUNT };

enum spec_kind {
	SPEC_RUN,     /* a root of its own, sealed */
	SPEC_UNSHARE, /* the caller's files, chosen namespaces, nothing sealed */
	SPEC_EXEC, /* a further command in a running container: joins all, sealed as its run was */
};

enum tristate { UNSET = 0, NO, YES };

struct string_list {
	const char **items; /* each in the arena; not NULL-terminated */
	size_t count;
};

/* ---- namespaces ---- */

enum ns_type { NS_USER, NS_PID, NS_MNT, NS_UTS, NS_IPC, NS_NET, NS_CGROUP, NS_TIME, NS_COUNT };

enum ns_mode {
	NS_MODE_UNSET, /* run: private, but time (host); unshare: host */
	NS_MODE_PRIVATE,
	NS_MODE_HOST,
	NS_MODE_PATH,	   /* join the namespace file at `path` */
	NS_MODE_CONTAINER, /* join that of container `path` */
};

struct spec_namespace {
	enum ns_mode mode;
	const char *path;
};

/* "user", "pid", "mnt" …: the names of /proc/PID/ns. */
const char *ns_type_name(enum ns_type type);
/* The CLONE_NEW… flag of clone(2). */
uint64_t ns_type_flag(enum ns_type type);

struct spec_time_offset {
	enum tristate set;
	int64_t secs;
	uint32_t nanosecs; /* 0 to 999999999, added to secs */
};

/* ---- identity ---- */

enum userns_mode {
	USERNS_UNSET, /* ranges when the host grants them, else single with a line saying so */
	USERNS_RANGES,
	USERNS_SINGLE,
	USERNS_KEEP_ID,
	USERNS_PATH,	  /* namespaces[NS_USER].path */
	USERNS_CONTAINER, /* namespaces[NS_USER].path */
	USERNS_HOST,	  /* with an OCI config: none of its own; else refused by validate */
};

/* --uidmap C:H:N. Host ids count as podman's do: 0 is the caller, 1… the subordinate ids in order;
 * absolute (@H): an id of the namespace rootlet runs in. */
struct spec_map_entry {
	uint32_t container;
	uint32_t host;
	uint32_t count;
	bool absolute;
};

struct spec_map {
	struct spec_map_entry *entries;
	size_t count;
};

#define SPEC_ID_UNSET UINT32_MAX

enum { SPEC_STOP_TIMEOUT = 10, SPEC_LOG_MAX = 16 << 20 };

/* ---- files ---- */

enum root_kind {
	ROOT_UNSET,
	ROOT_HOST,	/* `/`: the host's own files, read-only */
	ROOT_DIRECTORY, /* any other directory */
	ROOT_NONE,	/* unshare: the mount tree stays */
};

enum mount_type {
	MOUNT_BIND,
	MOUNT_TMPFS,
	MOUNT_PROC,
	MOUNT_SYSFS,
	MOUNT_DEVPTS,
	MOUNT_MQUEUE,
	MOUNT_CGROUP2,
	MOUNT_TYPE_COUNT
};

const char *mount_type_name(enum mount_type type);

struct mount_option {
	const char *key;
	const char *value; /* NULL: a flag */
};

struct spec_mount {
	enum mount_type type;
	const char *source;	 /* bind: absolute, or relative beginning with '.'; else NULL */
	const char *destination; /* absolute, inside */
	uint64_t
		attr_set; /* MOUNT_ATTR_* to set, of mount_setattr(2); recursive with `recursive` */
	uint64_t attr_clear;
	bool recursive;		      /* bind: with what is mounted below it */
	uint64_t propagation;	      /* 0 or MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE */
	struct mount_option *options; /* tmpfs: size, mode, nr_inodes … */
	size_t option_count;
	const char *origin; /* the flag as it was typed, for messages: "-v ./src:/src" */
	const char *option; /* the long name of that flag: "volume", "mount", "tmpfs" */
};

struct spec_device {
	const char *source; /* absolute */
	const char *destination;
	const char *origin;
};

struct spec_sysctl {
	const char *key; /* with dots: net.ipv4.ip_forward */
	const char *value;
};

struct spec_host_entry { /* --add-host NAME:IP */
	const char *name;
	const char *address;
};

/* ---- process ---- */

struct spec_rlimit {
	int resource; /* RLIMIT_… of getrlimit(2) */
	const char *name;
	uint64_t soft, hard; /* UINT64_MAX: unlimited */
};

struct spec_env {
	const char *name;
	const char *value; /* NULL: take the caller's, when it has one */
};

/* An option as it was applied: what a container is made again from (src/life/record.c). */
struct spec_word {
	const char *option; /* long name */
	const char *value;  /* NULL: a flag */
};

struct spec_oci; /* spec/oci.h */
struct oci_resources;

enum plan_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SH };

enum seccomp_mode { SECCOMP_DEFAULT, SECCOMP_UNCONFINED, SECCOMP_FILE };

struct spec {
	struct arena arena;
	enum spec_kind kind;
	struct spec_word *words; /* every option that was applied, in that order */
	size_t word_count;
	struct spec_oci *oci; /* what a config.json says beyond this; NULL: there was none */

	/* root */
	enum root_kind root_kind;
	const char *root_path; /* as typed */
	bool read_only;
	enum tristate
		read_only_tmpfs; /* with read_only: tmpfs on /run, /tmp, /var/tmp; default yes */
	bool overlay;
	const char *overlay_dir; /* NULL: writes are thrown away */
	struct spec_mount *mounts;
	size_t mount_count;
	struct spec_device *devices;
	size_t device_count;
	const char *shm_size; /* as for tmpfs size=; NULL: 64m */
	struct string_list masked_paths;
	struct string_list unmasked_paths; /* "ALL" lifts every default mask */

	/* namespaces */
	struct spec_namespace namespaces[NS_COUNT];
	struct spec_time_offset boottime, monotonic;
	const char *hostname; /* NULL: a default */
	const char *domainname;
	struct spec_sysctl *sysctls;
	size_t sysctl_count;
	struct spec_host_entry *hosts;
	size_t host_count;
	struct string_list dns;

	/* identity */
	enum userns_mode userns;
	uint32_t keep_uid, keep_gid; /* keep-id:uid=,gid=; SPEC_ID_UNSET */
	struct spec_map uidmap, gidmap;
	const char *subuid_name, *subgid_name;
	bool keep_groups;
	struct string_list groups; /* --group-add, but keep-groups */

	/* process */
	const char **args; /* NULL-terminated; NULL: the default shell */
	size_t arg_count;
	const char *entrypoint; /* --entrypoint, put before args */
	const char *argv0;
	struct spec_env *env;
	size_t env_count;
	bool env_host;
	const char *cwd;
	const char *user; /* "NAME[:GROUP]", checked for form, looked up later */
	uint32_t umask;	  /* SPEC_ID_UNSET: 0022 */
	struct spec_rlimit *rlimits;
	size_t rlimit_count;
	enum tristate init; /* default: run yes, unshare no */

	/* power */
	uint64_t cap_add, cap_drop; /* bit n: capability n of capabilities(7) */
	bool cap_add_all, cap_drop_all;
	bool privileged;
	enum tristate no_new_privileges; /* default yes, privileged no */
	enum seccomp_mode seccomp;
	const char *seccomp_path;
	bool landlock;
	bool map_root; /* said, and not only so by default: the caller is root inside */
	bool disable_userns;

	/* limits of its cgroup */
	struct oci_resources *limits; /* --memory, --cpus …; NULL: none was asked for */
	const char *cgroup_parent;    /* absolute: from the root of the hierarchy, else from our own
					 group; without ".."; NULL: our own group */

	/* life */
	bool interactive; /* accepted, changes nothing: stdin is always inherited */
	bool tty, detach, remove, replace;
	const char *detach_keys;
	const char *name;
	const char *container;	  /* exec: whose namespaces; a name or an id as typed */
	uint64_t timeout_seconds; /* 0: none */
	uint64_t stop_timeout;	  /* seconds from the stop signal to SIGKILL */
	uint64_t log_max;	  /* bytes a log file; one older file is kept beside it */
	int status_fd;		  /* -1: none */
	const char *pidfile, *cidfile;
	uint32_t preserve_fds; /* fds 3 … 3+N-1 stay open */
	int stop_signal;       /* 0: SIGTERM */

	/* unshare */
	uint32_t join_pid; /* 0: none */
	bool verbose;

	/* itself */
	bool timings;
	const char *facts_path;	 /* plan --facts */
	enum plan_format format; /* plan --format */
	bool help;		 /* --help: nothing after it was looked at */
	const char *log_level, *log_format, *color, *config_path, *state_dir; /* NULL: not given */
};

/* A spec with nothing asked for. NULL: no memory. The caller releases it with spec_free. */
struct spec *spec_new(enum spec_kind kind);
void spec_free(struct spec *spec); /* NULL is fine */

/* The mode with the command's default put in the place of NS_MODE_UNSET: never NS_MODE_UNSET. */
enum front_end spec_front(const struct spec *spec);
/* The wording for `front`; where there is none, it is the same for both. */
const char *front_words(const char *const words[FRONT_COUNT], enum front_end front);
enum ns_mode spec_ns_mode(const struct spec *spec, enum ns_type type);

/* Everything that can be judged without the host: options that contradict each other, hostnames,
 * sysctl keys that no namespace of this spec owns, maps that overlap, missing ROOT … 0 or -EINVAL.
 */
int spec_validate(const struct spec *spec, struct rootlet_error *err);

#endif
