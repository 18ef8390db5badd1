/* rootlet: OCI containers. The part of the public library interface that rootlet-oci(1) stands on.
 * Unstable before 1.0. Conventions are rootlet.h's.
 *
 * A container is made of a bundle (a directory with a config.json, as the OCI runtime-spec has it)
 * by `create`, waits for `start`, and is gone after `delete`. No process of the library's stays in
 * between: the container's first process is a child of whoever created it, or of that process's
 * nearest subreaper.
 */
#ifndef ROOTLET_BUNDLE_H
#define ROOTLET_BUNDLE_H

#include <rootlet.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the folder that holds their state ---- */

typedef struct rootlet_bundles rootlet_bundles;

/* `root` NULL: $XDG_RUNTIME_DIR/rootlet-oci, or /run/rootlet-oci for root. Without `make` a folder
 * that is missing is an empty one. */
ROOTLET_PUBLIC int rootlet_bundles_open(const char *root, bool make, rootlet_bundles **ret,
					rootlet_error *err);
ROOTLET_PUBLIC void rootlet_bundles_free(rootlet_bundles *bundles);

/* What is only to be warned of. */
typedef struct {
	void (*say)(void *data, const char *text); /* NULL: nobody listens */
	void *data;
} rootlet_warnings;

/* ---- made ---- */

typedef struct {
	const char *bundle;	    /* its directory; NULL: the working directory */
	const char *config;	    /* NULL: config.json in it */
	const char *pid_file;	    /* or NULL; written whole or not at all */
	const char *console_socket; /* a unix socket that takes the terminal's master, or NULL */
	const char *pidfd_socket;   /* one that takes a pidfd of the first process, or NULL */
	unsigned preserve_fds;	    /* descriptors 3 … 3+N-1 stay open */
	unsigned listen_fds; /* before those, so many of a socket activation: sd_listen_fds(3) */
	bool systemd_cgroup; /* cgroupsPath is slice:prefix:name */
	bool no_cgroup;	     /* it stays in the caller's cgroup, without limits */
	bool no_pivot, no_new_keyring;
	bool notify_socket; /* the caller has $NOTIFY_SOCKET: warned of, since it is not handed in
			     */
	rootlet_warnings warnings;
} rootlet_bundle_options;

/* Everything up to the moment where the command would be executed. On failure nothing is left. ids:
 * container-id, container-exists, bundle-config, command-not-found … */
ROOTLET_PUBLIC int rootlet_bundle_create(const rootlet_bundles *bundles, const char *id,
					 const rootlet_bundle_options *options, rootlet_error *err);
/* The plan of a create: nothing is made. `facts` is the path of saved facts; NULL: this host's. The
 * caller frees *ret with rootlet_plan_free. */
ROOTLET_PUBLIC int rootlet_bundle_plan(const char *id, const rootlet_bundle_options *options,
				       const char *facts, rootlet_plan **ret, rootlet_error *err);
/* create, start, wait as rootlet_process_wait does, and delete unless `keep`. */
ROOTLET_PUBLIC int rootlet_bundle_run(const rootlet_bundles *bundles, const char *id,
				      const rootlet_bundle_options *options, bool keep,
				      int *ret_status, rootlet_error *err);

/* ---- found ---- */

typedef struct rootlet_bundle rootlet_bundle;

/* id: no-such-container. */
ROOTLET_PUBLIC int rootlet_bundle_find(const rootlet_bundles *bundles, const char *id,
				       rootlet_bundle **ret, rootlet_error *err);
ROOTLET_PUBLIC void rootlet_bundle_free(rootlet_bundle *bundle);

typedef struct {
	const char *id;
	const char *status; /* "creating", "created", "running", "paused", "stopped" */
	int pid;	    /* 0 when it has stopped */
	const char *bundle;
	const char *created; /* RFC 3339 */
	const char *owner;   /* a user's name, or #UID */
	const char *cgroup;  /* its directory, or NULL */
} rootlet_bundle_info;

ROOTLET_PUBLIC void rootlet_bundle_get(const rootlet_bundle *bundle, rootlet_bundle_info *ret);
/* The runtime-spec's state, with rootfs, created and owner. The caller frees it with free(3). */
ROOTLET_PUBLIC int rootlet_bundle_state(const rootlet_bundle *bundle, bool pretty, char **ret_json,
					rootlet_error *err);
/* The pids of its processes as the caller sees them; free(3). */
ROOTLET_PUBLIC int rootlet_bundle_processes(const rootlet_bundle *bundle, int **ret_pids,
					    size_t *ret_count, rootlet_error *err);

typedef struct rootlet_bundle_list rootlet_bundle_list;
/* One whose state cannot be read is warned of, and the others are there. */
ROOTLET_PUBLIC int rootlet_bundle_list_make(const rootlet_bundles *bundles,
					    const rootlet_warnings *warnings,
					    rootlet_bundle_list **ret, rootlet_error *err);
ROOTLET_PUBLIC size_t rootlet_bundle_list_count(const rootlet_bundle_list *list);
/* It belongs to the list, and can only be looked at. */
ROOTLET_PUBLIC const rootlet_bundle *rootlet_bundle_list_get(const rootlet_bundle_list *list,
							     size_t index);
ROOTLET_PUBLIC void rootlet_bundle_list_free(rootlet_bundle_list *list);

/* ---- acting ---- */

/* Let a created one go. Whether its command could be executed is known when this returns. */
ROOTLET_PUBLIC int rootlet_bundle_start(rootlet_bundle *bundle, const rootlet_warnings *warnings,
					rootlet_error *err);
/* `all`: to every process that it has. id: not-running. */
ROOTLET_PUBLIC int rootlet_bundle_kill(rootlet_bundle *bundle, int signal, bool all,
				       rootlet_error *err);
/* `force`: also one that runs, which is killed first. */
ROOTLET_PUBLIC int rootlet_bundle_delete(rootlet_bundle *bundle, bool force,
					 const rootlet_warnings *warnings, rootlet_error *err);
/* Delete what is there under this id, whatever its files say; nothing there is fine. */
ROOTLET_PUBLIC int rootlet_bundle_clear(const rootlet_bundles *bundles, const char *id,
					const rootlet_warnings *warnings, rootlet_error *err);

typedef struct {
	const char *process;	 /* the path of a process.json; NULL: the rest says it */
	const char *const *args; /* NULL-terminated, or NULL */
	const char *const *env;	 /* "K=V", added; NULL-terminated, or NULL */
	const char *cwd;
	bool has_user;
	uint32_t uid, gid;
	const uint32_t *gids; /* further groups */
	size_t gid_count;
	const char *const *capabilities; /* "CAP_SYS_TIME", added; NULL-terminated, or NULL */
	bool tty, no_new_privileges, detach, ignore_paused;
	const char *apparmor, *label;
	const char *cgroup; /* the group below the container's own that it runs in, "/" for that
			     * itself and no other; NULL: that, or where its first process is */
	const char *pid_file, *console_socket, *pidfd_socket;
	unsigned preserve_fds;
	rootlet_warnings warnings;
} rootlet_bundle_exec_options;

/* One more process in it. With `detach` 0 once its command runs; else *ret_status is its end, as
 * with rootlet_process_wait, which may replace the calling program. */
ROOTLET_PUBLIC int rootlet_bundle_exec(rootlet_bundle *bundle,
				       const rootlet_bundle_exec_options *options, int *ret_status,
				       rootlet_error *err);

/* ---- its cgroup ---- */

/* Hold all its processes where they are, or let them go on. */
ROOTLET_PUBLIC int rootlet_bundle_pause(rootlet_bundle *bundle, bool paused, rootlet_error *err);
/* Change its limits and rules for devices: `resources` is JSON as linux.resources of a config.json;
 * what it does not name stays. `name` is what messages call it. */
ROOTLET_PUBLIC int rootlet_bundle_update(rootlet_bundle *bundle, const char *resources,
					 size_t length, const char *name, rootlet_error *err);
/* What it uses now, as the `data` of runc's stats event; free(3). */
ROOTLET_PUBLIC int rootlet_bundle_stats(const rootlet_bundle *bundle, char **ret_json,
					rootlet_error *err);
/* Wait for its end, for an event in its memory, or for the time: 1 when it has ended, else 0.
 * *ret_kills: how many of its processes the kernel has killed so far for want of memory. */
ROOTLET_PUBLIC int rootlet_bundle_watch(rootlet_bundle *bundle, int timeout_ms, uint64_t *ret_kills,
					rootlet_error *err);

/* ---- what there is ---- */

/* The newest version of the runtime-spec that is known. */
ROOTLET_PUBLIC const char *rootlet_oci_spec_version(void);
/* A config.json to begin with; `rootless`: with a user namespace whose root is the caller. free(3).
 */
ROOTLET_PUBLIC int rootlet_oci_spec(bool rootless, char **ret_json, rootlet_error *err);
/* The runtime-spec's features document; free(3). */
ROOTLET_PUBLIC int rootlet_oci_features(char **ret_json, rootlet_error *err);

#ifdef __cplusplus
}
#endif

#endif
