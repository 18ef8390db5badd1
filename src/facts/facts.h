/* A read-only snapshot of the host: what plan needs to know, and nothing it does not.
 *
 * Probing is demand-driven: facts_needs(spec) says which probes this spec wants, and only those
 * run. A snapshot owns an arena. It saves to JSON and loads from it, so that another host, or a
 * broken one, is a test fixture. No function here changes anything on the host.
 */
#ifndef ROOTLET_FACTS_FACTS_H
#define ROOTLET_FACTS_FACTS_H

#include "base/arena.h"
#include "base/error.h"
#include "spec/idmap.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Probes, as bits. FACT_CALLER and FACT_KERNEL cost a few microseconds and always run. */
enum facts_need {
	FACT_CALLER = 1 << 0, /* ids, groups, names, cwd, environment, terminal */
	FACT_KERNEL = 1 << 1, /* which system calls answer */
	FACT_MAPS = 1 << 2,   /* our own uid_map and gid_map: are we in a nested user namespace? */
	FACT_SUBIDS = 1 << 3, /* /etc/subuid, /etc/subgid or libsubid; newuidmap, newgidmap */
	FACT_ROOT_ENTRIES = 1 << 4, /* the entries of `/` */
	FACT_LSM = 1 << 5,	    /* AppArmor and sysctl limits on user namespaces (doctor) */
	FACT_PROC = 1 << 6,   /* is /proc masked here? (doctor, and when a proc mount is wanted) */
	FACT_CGROUP = 1 << 7, /* cgroup layout and delegation */
	FACT_LIMITS = 1 << 8, /* /proc/sys/user/max_*_namespaces, keys */
	FACT_JOIN = 1 << 9,   /* the namespaces of the process that --join names */
	FACT_PROFILE = 1 << 10,	 /* the text of the seccomp profile that --security-opt names */
	FACT_OWN = 1 << 11,	 /* rootlet's own files, where writable volumes may show them */
	FACT_PLACES = 1 << 12,	 /* distribution, folders, key quota: what doctor shows */
	FACT_TRIAL = 1 << 13,	 /* what a disposable child could really do (doctor) */
	FACT_ALL = (1 << 9) - 1, /* all that a plan without a spec's own questions can read */
	FACT_SURVEY = FACT_ALL | FACT_PLACES | FACT_TRIAL, /* doctor's: starts processes */
};

/* The state of newuidmap or newgidmap. */
enum helper_state {
	HELPER_UNKNOWN,
	HELPER_OK,
	HELPER_MISSING,	     /* in none of the trusted places */
	HELPER_NOT_SETUID,   /* neither setuid root nor with file capabilities */
	HELPER_NOSUID,	     /* on a nosuid mount */
	HELPER_UNTRUSTED,    /* not owned by root, or writable by others */
	HELPER_NO_NEW_PRIVS, /* we run under no_new_privs: its privilege would be ignored */
};

struct facts_helper {
	enum helper_state state;
	const char *path; /* absolute; NULL when missing */
};

enum entry_type { ENTRY_DIRECTORY, ENTRY_SYMLINK, ENTRY_FILE, ENTRY_OTHER };

struct facts_entry { /* an entry of `/` */
	const char *name;
	enum entry_type type;
	const char *target; /* symlink */
};

struct facts_own { /* a path of rootlet's own */
	const char *path;
	bool folder; /* made when a container could make it instead */
};

enum answer { ANSWER_UNKNOWN = 0, ANSWER_NO, ANSWER_YES };

struct facts_group {		 /* a cgroup, of version 2, that a container's may be made in */
	const char *path;	 /* from the root of the hierarchy: "/user.slice/…" */
	enum answer make;	 /* we may make groups in it */
	enum answer enter;	 /* and move processes into and out of it: cgroup.procs */
	enum answer control;	 /* and hand controllers on: cgroup.subtree_control */
	const char *controllers; /* what it has, "cpu memory pids"; NULL: not known */
	const char *enabled;	 /* what it hands on to those below it; NULL: not known */
	bool busy;		 /* other processes than ours are in it */
	bool top; /* the root of the hierarchy, which may hold processes and hand on */
};

/* A running container that the spec names. Who may call it so is the state's knowledge: lib fills
 * it in (life/resolve.c). */
struct facts_container {
	const char *name;	       /* as the spec has it */
	uint32_t pid;		       /* its first process */
	uint64_t namespaces[NS_COUNT]; /* inodes; 0: not known */
	struct idmap uid_map, gid_map; /* its ids → ours */
	bool setgroups_denied;
	const char *cgroup; /* its own group's directory, or NULL */
	bool opened;	    /* its namespaces are known by descriptors of ours alone: */
	int fds[NS_COUNT];  /* -1: it has not handed that one out; borrowed */
};

/* What the disposable child of FACT_TRIAL tries, each by itself. */
enum trial {
	TRIAL_USERNS,	  /* make a user namespace */
	TRIAL_SINGLE_MAP, /* write a map of one id in it */
	TRIAL_RANGES,	  /* newuidmap and newgidmap write maps of the granted ranges */
	TRIAL_MNT,	  /* make the other namespaces inside it */
	TRIAL_PID,
	TRIAL_UTS,
	TRIAL_IPC,
	TRIAL_NET,
	TRIAL_CGROUP,
	TRIAL_TIME,
	TRIAL_TMPFS, /* mount inside */
	TRIAL_PROCFS,
	TRIAL_DEVPTS,
	TRIAL_OVERLAY,
	TRIAL_LOOPBACK,
	TRIAL_NESTED, /* one more user namespace inside */
	TRIAL_MEMFD,  /* execute a memory file */
	TRIAL_LANDLOCK,
	TRIAL_SECCOMP,
	TRIAL_KEYRING,
	TRIAL_GROUP, /* make a cgroup below our own, and move into it */
	TRIAL_COUNT
};

struct facts_trial {
	enum answer worked; /* unknown: not tried, because something before it failed */
	int error;	    /* errno of the call that failed */
	const char *call;   /* that call, as strace would show it; NULL: worked, or not tried */
	const char *said;   /* what a helper wrote, or NULL */
};

/* XDG_RUNTIME_DIR: may rootlet keep its state in it? */
enum runtime_state {
	RUNTIME_UNKNOWN,
	RUNTIME_OK,
	RUNTIME_UNSET,	  /* the variable is not set, and there is no /run/user/UID of ours */
	RUNTIME_MISSING,  /* it is set, and there is no such folder */
	RUNTIME_FOREIGN,  /* it belongs to somebody else */
	RUNTIME_MODE,	  /* others may enter it: not 0700 */
	RUNTIME_REFUSED,  /* we may not write to it */
	RUNTIME_RELATIVE, /* it is set to no absolute path */
};

/* A folder of ours and the file system that holds it (or its nearest parent that exists). */
struct facts_place {
	const char *path;	/* NULL: not known */
	const char *filesystem; /* "ext4", "nfs" …; NULL: not known */
	enum answer noexec, read_only;
};

struct facts {
	struct arena arena;
	unsigned needs; /* the probes that ran */

	/* FACT_CALLER */
	uint32_t uid, gid;
	uint32_t *groups;
	size_t group_count;
	const char *user_name; /* NULL: not in passwd */
	const char *home;      /* $HOME when absolute, else passwd's, else NULL */
	const char *shell;     /* $SHELL when absolute, else NULL */
	const char *cwd;       /* NULL: gone or unreachable */
	const char *hostname;
	const char **environ; /* "K=V", NULL-terminated */
	bool stdin_tty, stdout_tty, stderr_tty;
	const char *tty_path;		/* of the first of them that is a terminal, or NULL */
	bool foreground;		/* we are the terminal's foreground process group */
	uint32_t tty_rows, tty_columns; /* its size, 0: not known; asked only for --tty */
	uint64_t nofile_soft, nofile_hard;

	/* FACT_KERNEL: ANSWER_NO when it answers ENOSYS (clone3: or EPERM, as some filters have it)
	 */
	enum answer clone3, openat2, close_range, pidfd_open, mount_setattr;
	enum answer mount_api;	     /* all of open_tree, move_mount, fsopen, fsconfig, fsmount */
	enum answer memfd_exec;	     /* a memfd may be executed (vm.memfd_noexec < 2) */
	enum answer pidfd_setns;     /* setns(2) takes a pidfd (Linux 5.8); asked only for exec */
	enum answer time_namespaces; /* asked only when the spec wants one, and by doctor */
	enum answer cgroup2;	     /* the kernel has the file system, mounted or not */
	const char *kernel_release;  /* "6.1.0-18-amd64" */
	uint32_t last_cap;	     /* /proc/sys/kernel/cap_last_cap */
	bool no_new_privs;	     /* set on ourselves */
	uint32_t landlock_abi;	     /* 0: none, or not switched on */

	/* FACT_MAPS */
	bool initial_userns; /* we are in the initial user namespace (identity map of all ids) */
	struct idmap uid_map, gid_map; /* as /proc/self/uid_map reads: ours → our parent's */
	bool setgroups_denied;	       /* /proc/self/setgroups says deny */
	bool cap_setuid, cap_setgid;   /* effective here: we may write wide maps ourselves */

	/* FACT_SUBIDS */
	struct id_ranges subuids, subgids;
	const char *subid_source; /* "files", or the nsswitch name that libsubid served */
	const char *subid_error;  /* why the list could not be read, or NULL */
	struct facts_helper newuidmap, newgidmap;

	/* FACT_ROOT_ENTRIES */
	struct facts_entry *root_entries;
	size_t root_entry_count;
	bool etc_hosts, etc_resolv_conf, etc_hostname; /* there is such a file on the host */

	/* FACT_LSM */
	enum answer userns_built;   /* the kernel has user namespaces at all */
	enum answer userns_allowed; /* kernel.unprivileged_userns_clone and user.max_user_namespaces
				       > 0 */
	enum answer apparmor_restricts; /* kernel.apparmor_restrict_unprivileged_userns = 1, and no
					 * profile of ours lifts it */
	const char *container; /* who made the container around us: "docker", "rootlet" …; NULL:
				  none is seen */
	enum answer in_chroot; /* our root directory is not that of the mount namespace */

	/* FACT_PROC */
	enum answer proc_visible; /* nothing is mounted over parts of /proc */
	const char *proc_covered; /* the first path that is covered, or NULL */

	/* FACT_CGROUP */
	const char *cgroup_mount;     /* "where cgroup2 is: "/sys/fs/cgroup" or ".../unified"; NULL:
					 nowhere */
	const char *cgroup_path;      /* our own group in it, "/user.slice/…" */
	enum answer cgroup_delegated; /* our group is writable for us */
	enum answer clone_into_cgroup; /* clone3 takes CLONE_INTO_CGROUP (Linux 5.7) */
	enum answer device_filter;   /* programs that judge the use of devices can be loaded; asked
					only by real root, with rules for devices */
	const char *systemd_socket;  /* of the manager that is ours to ask, or NULL */
	struct facts_group *cgroups; /* our own, and those on the way to what the spec wants */
	size_t cgroup_count;

	/* FACT_JOIN */
	int join_error;			    /* errno: its namespaces cannot be read; 0: they can */
	enum answer join_differs[NS_COUNT]; /* YES: another namespace than ours */

	/* FACT_PROFILE */
	const char *profile_path;  /* as it was asked for */
	const char *profile_text;  /* NULL: it could not be read */
	const char *profile_error; /* why, or NULL */
	const char *profile_cache; /* where its compiled form may be kept, or NULL; not in JSON, nor
				      the next */
	const void *profile_cached; /* that file's bytes, unjudged, or NULL */
	size_t profile_cached_size;

	/* FACT_OWN: under every name by which a source of the spec's volumes shows them */
	struct facts_own *own_paths;
	size_t own_path_count;

	/* not probed, not in JSON: see struct facts_container */
	struct facts_container *containers;
	size_t container_count;
	uint64_t own_namespaces[NS_COUNT]; /* the caller's inodes, for comparison */

	/* FACT_LIMITS */
	uint64_t max_namespaces[NS_COUNT]; /* UINT64_MAX: not known */

	/* FACT_PLACES */
	const char *os_id, *os_like, *os_name; /* of os-release(5): "debian", "", "Debian …" */
	uint64_t passwd_gid;	      /* the group that passwd gives us; UINT64_MAX: not known */
	uint64_t subid_free;	      /* the first id from which 65536 are nobody's */
	uint64_t keys_used, keys_max; /* /proc/key-users; UINT64_MAX: not known */
	uint64_t nproc_soft;	      /* RLIMIT_NPROC; UINT64_MAX: unlimited, or not known */
	enum answer systemd;	      /* it runs this machine: sd_booted(3) */
	enum answer home_missing;     /* home is set, and there is no such directory */
	const char *helper_mount;     /* the mount point that newuidmap is below; NULL: not known */
	bool seccomp_filter;	      /* one is loaded around us */
	const char *cgroup_controllers; /* of our own group, "cpu memory pids"; NULL: not known */
	enum runtime_state runtime_state;
	struct facts_place runtime_place, home_place, data_place; /* data: what lasts,
								      $XDG_DATA_HOME/rootlet */

	/* FACT_TRIAL */
	struct facts_trial trials[TRIAL_COUNT];
};

/* Which probes this spec wants. Pure. */
unsigned facts_needs(const struct spec *spec);

/* May something be written through this mount that lies on the host? Pure. */
bool facts_may_show_own(const struct spec_mount *mount);

/* Probe. The caller frees *ret with facts_free. Fails only when something indispensable (memory,
 * our own ids) cannot be read; what is merely absent is recorded as absent. */
int facts_probe(const struct spec *spec, unsigned needs, struct facts **ret,
		struct rootlet_error *err);

/* JSON, with stable keys (docs/facts.schema.json). Load names the JSON pointer of what is wrong. */
int facts_load(const char *path, struct facts **ret, struct rootlet_error *err);
struct buffer;
int facts_save(const struct facts *facts, struct buffer *out, struct rootlet_error *err);

/* An empty snapshot (all unknown), for load and for tests. NULL: no memory. */
struct facts *facts_new(void);
void facts_free(struct facts *facts); /* NULL is fine */

/* The cgroup of that path, or NULL: it was not looked at, or there is none. */
const struct facts_group *facts_group(const struct facts *facts, const char *path);

/* The container of that name, or NULL. */
const struct facts_container *facts_container(const struct facts *facts, const char *name);

/* The caller's environment variable in this snapshot, or NULL. */
const char *facts_getenv(const struct facts *facts, const char *name);

#endif
