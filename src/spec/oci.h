/* What an OCI config.json says beyond what struct spec has: `spec->oci`, NULL for everything that
 * did not come from one. In the nouns of the runtime-spec (1.2), as asked; no host access.
 *
 * With it, nothing is added that was not said: no default mounts, devices, masks, capabilities or
 * init; what the spec demands of every runtime (the standard devices and links of /dev) is the
 * plan's. Fields of struct spec that a config fills: root_path, read_only, namespaces, uidmap,
 * gidmap (absolute ids), hostname, domainname, sysctls, boottime, monotonic, args, env, cwd, umask,
 * rlimits, no_new_privileges, tty, seccomp (SECCOMP_FILE or SECCOMP_UNCONFINED).
 */
#ifndef ROOTLET_SPEC_OCI_H
#define ROOTLET_SPEC_OCI_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mount_option;

/* linux.uidMappings-like rows of a mount of its own ("idmap" mounts). */
struct oci_idmap {
	uint32_t container, host, count;
};

struct oci_mount {
	const char *destination; /* absolute, inside */
	const char *type;	 /* "bind" when an option says so; as the config has it otherwise */
	const char
		*source; /* NULL: none; a bind's is absolute (relative ones begin at the bundle) */
	bool bind, recursive; /* bind, rbind */
	/* MOUNT_ATTR_* of mount_setattr(2), of the mount itself. What is cleared was said (rw,
	 * suid …); where an atime option was said, attr_clear has MOUNT_ATTR__ATIME. */
	uint64_t attr_set, attr_clear;
	uint64_t rec_attr_set, rec_attr_clear; /* rro, rnosuid, …: it and all below */
	uint64_t sb_set, sb_clear; /* MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_LAZYTIME,
				      MS_I_VERSION, MS_SILENT: of the file system as a whole */
	bool remount;		   /* changes the mount that is there */
	uint64_t propagation;	   /* MS_PRIVATE …, 0: as it comes */
	bool rec_propagation;	   /* rprivate, rslave, rshared … */
	bool copy_up;		   /* tmpcopyup: a tmpfs begins with what it covers */
	bool idmap, rec_idmap;	   /* idmap, ridmap; without maps: the container's own */
	struct oci_idmap *uid_maps, *gid_maps;
	size_t uid_map_count, gid_map_count;
	struct mount_option *options; /* what is the file system's own: size=, mode=, lowerdir= … */
	size_t option_count;
};

struct oci_device {
	const char *path; /* inside, absolute */
	char type;	  /* 'c', 'b', 'u' (as 'c'), 'p' */
	int64_t major, minor;
	uint32_t mode; /* permission bits; UINT32_MAX: 0666 */
	uint32_t uid, gid;
};

/* linux.resources.devices, in their order: the last that matches decides. */
struct oci_device_rule {
	bool allow;
	char type;	      /* 'a', 'c', 'b' */
	int64_t major, minor; /* -1: any */
	const char *access;   /* of r, w and m */
};

enum oci_hook_point {
	OCI_PRESTART,
	OCI_CREATE_RUNTIME,
	OCI_CREATE_CONTAINER,
	OCI_START_CONTAINER,
	OCI_POSTSTART,
	OCI_POSTSTOP,
	OCI_HOOK_POINTS
};

extern const char *const oci_hook_names[OCI_HOOK_POINTS]; /* "prestart" … */

struct oci_hook {
	const char *path;	 /* absolute */
	const char *const *args; /* NULL-terminated; NULL: the path alone */
	const char *const *env;	 /* NULL-terminated; NULL: an empty environment */
	uint32_t timeout;	 /* seconds; 0: none */
};

struct oci_hooks {
	struct oci_hook *items;
	size_t count;
};

/* Bit n: capability n of capabilities(7). */
struct oci_capabilities {
	bool given; /* process.capabilities is there; else none is kept */
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

/* ---- linux.resources, as cgroup v2 has them ---- */

#define OCI_UNSET INT64_MIN

struct oci_weight_device {
	int64_t major, minor, weight, leaf_weight; /* the last for its form alone */
};
struct oci_throttle {
	int64_t major, minor;
	uint64_t rate;
};
struct oci_pair {
	const char *key, *value;
};
struct oci_hugepage {
	const char *size; /* "2MB" */
	uint64_t limit;
};

struct oci_resources {
	bool given; /* oci_resources_limit() */
	/* bytes; -1: no limit; OCI_UNSET */
	int64_t memory_limit, memory_reservation, memory_swap, memory_kernel, memory_kernel_tcp;
	int64_t memory_swappiness; /* 0 to 100; OCI_UNSET */
	bool memory_disable_oom_killer, memory_check_before_update;
	int64_t pids_limit; /* as said; below 0: max; 0 is a limit; OCI_UNSET */
	int64_t cpu_shares, cpu_quota, cpu_burst, cpu_period, cpu_idle;
	int64_t cpu_realtime_runtime, cpu_realtime_period;
	const char *cpus, *mems;
	int64_t blkio_weight;
	int64_t blkio_leaf_weight; /* read for its form alone: version 2 has none */
	struct oci_weight_device *weight_devices;
	size_t weight_device_count;
	struct oci_throttle *read_bps, *write_bps, *read_iops, *write_iops;
	size_t read_bps_count, write_bps_count, read_iops_count, write_iops_count;
	struct oci_hugepage *hugepages;
	size_t hugepage_count;
	struct oci_pair *rdma; /* device → "hca_handle=N hca_object=N" */
	size_t rdma_count;
	bool network; /* classID or priorities: cgroup v1 only */
	struct oci_device_rule *device_rules;
	size_t device_rule_count;
	struct oci_pair *unified; /* file → value */
	size_t unified_count;
};

/* Resources with nothing asked for: every number OCI_UNSET. */
void oci_resources_init(struct oci_resources *r);

/* Is there a limit in it? Zeros, which engines write for what nobody asked, and -1 are none, but
 * for pids; rules for devices need no controller. */
bool oci_resources_limit(const struct oci_resources *r);

struct oci_scheduler {
	bool given;
	uint32_t policy; /* SCHED_… */
	int32_t nice, priority;
	uint64_t flags; /* SCHED_FLAG_… */
	uint64_t runtime, deadline, period;
};

/* linux.memoryPolicy: set_mempolicy(2). */
struct oci_memory_policy {
	bool given;
	int mode;	   /* MPOL_…, without flags */
	uint32_t flags;	   /* MPOL_F_… */
	const char *nodes; /* "0-3,7", checked for form; NULL: none */
};

struct spec_oci {
	const char *config;  /* the config's path, for messages */
	const char *version; /* ociVersion */
	const char *id;	     /* of the container; given by the engine, not by the config */
	const char *bundle;  /* absolute */
	struct oci_pair *annotations;
	size_t annotation_count;
	const char **
		notes; /* warnings for the log: what the spec says to pass over, but not silently */
	size_t note_count;

	struct oci_mount *mounts; /* in their order */
	size_t mount_count;
	const char *const *masked_paths, *const *readonly_paths; /* NULL-terminated; NULL: none */
	uint64_t rootfs_propagation; /* MS_…, MS_REC with the r-forms; 0: the runtime's choice */
	struct oci_device *devices;
	size_t device_count;
	struct oci_hooks hooks[OCI_HOOK_POINTS];

	/* process */
	bool no_process; /* create without one: start will fail */
	uint32_t uid, gid;
	uint32_t *additional_gids;
	size_t additional_gid_count;
	struct oci_capabilities capabilities;
	const char *apparmor_profile, *selinux_label, *mount_label;
	bool has_oom_score_adj;
	int32_t oom_score_adj;
	struct oci_scheduler scheduler;
	bool has_io_priority;
	uint16_t io_priority; /* as ioprio_set(2) takes it */
	bool has_personality;
	uint64_t personality;			       /* PER_LINUX, PER_LINUX32 */
	uint16_t console_rows, console_columns;	       /* 0: not given */
	const char *exec_cpu_initial, *exec_cpu_final; /* execCPUAffinity: cpu lists, or NULL */

	/* linux */
	const char *cgroups_path; /* as given, or NULL */
	struct oci_resources resources;
	const char *seccomp_text; /* linux.seccomp as JSON, whole; NULL: none */
	size_t seccomp_length;
	uint32_t seccomp_line, seccomp_column;		 /* where it begins in the config, from 1 */
	const char *seccomp_listener, *seccomp_metadata; /* listenerPath, listenerMetadata */
	struct oci_memory_policy memory_policy;
	bool intel_rdt, net_devices; /* asked for, and refused by validation */

	/* how the engine calls: flags of the command line */
	bool systemd_cgroup; /* cgroupsPath is slice:prefix:name */
	bool no_cgroup;	     /* none is made: the container stays in the caller's */
	bool no_pivot, no_new_keyring;
	const char *exec_cgroup; /* exec: the group below the container's own that it is to be in,
				    "" for that itself; NULL: not said */
	bool awaits_start; /* create: the process waits for `start` before it becomes the command */
};

struct spec;

/* Gives the spec its `oci`, with every "unset" in place. NULL: no memory. */
struct spec_oci *spec_oci_new(struct spec *spec);

#endif
