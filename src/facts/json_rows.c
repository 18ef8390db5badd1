/* The table of facts in JSON. A new fact is a row here, a property in docs/facts.schema.json, and
 * (when it is of a new kind) a case in json_save.c and json_load.c. */
#include "facts/json.h"

#define ROW(key, kind, member)                                                                     \
	{                                                                                          \
		key, FIELD_##kind, offsetof(struct facts, member)                                  \
	}
#define SECTION(key, need, rows)                                                                   \
	{                                                                                          \
		key, need, rows, sizeof(rows) / sizeof((rows)[0])                                  \
	}

static const struct field_row caller_rows[] = {
	ROW("uid", U32, uid),
	ROW("gid", U32, gid),
	ROW("groups", GROUPS, groups),
	ROW("user_name", STRING, user_name),
	ROW("home", STRING, home),
	ROW("shell", STRING, shell),
	ROW("cwd", STRING, cwd),
	ROW("hostname", STRING, hostname),
	ROW("environment", ENVIRONMENT, environ),
	ROW("stdin_tty", BOOL, stdin_tty),
	ROW("stdout_tty", BOOL, stdout_tty),
	ROW("stderr_tty", BOOL, stderr_tty),
	ROW("tty_path", STRING, tty_path),
	ROW("foreground", BOOL, foreground),
	ROW("tty_rows", U32, tty_rows),
	ROW("tty_columns", U32, tty_columns),
	ROW("nofile_soft", U64, nofile_soft),
	ROW("nofile_hard", U64, nofile_hard),
};

static const struct field_row kernel_rows[] = {
	ROW("release", STRING, kernel_release),	 ROW("clone3", ANSWER, clone3),
	ROW("openat2", ANSWER, openat2),	 ROW("close_range", ANSWER, close_range),
	ROW("pidfd_open", ANSWER, pidfd_open),	 ROW("mount_setattr", ANSWER, mount_setattr),
	ROW("mount_api", ANSWER, mount_api),	 ROW("memfd_exec", ANSWER, memfd_exec),
	ROW("pidfd_setns", ANSWER, pidfd_setns), ROW("time_namespaces", ANSWER, time_namespaces),
	ROW("cgroup2", ANSWER, cgroup2),	 ROW("last_cap", U32, last_cap),
	ROW("no_new_privs", BOOL, no_new_privs), ROW("landlock_abi", U32, landlock_abi),
};

static const struct field_row maps_rows[] = {
	ROW("initial_userns", BOOL, initial_userns),
	ROW("uid_map", MAP, uid_map),
	ROW("gid_map", MAP, gid_map),
	ROW("setgroups_denied", BOOL, setgroups_denied),
	ROW("cap_setuid", BOOL, cap_setuid),
	ROW("cap_setgid", BOOL, cap_setgid),
};

static const struct field_row subids_rows[] = {
	ROW("uids", RANGES, subuids),	     ROW("gids", RANGES, subgids),
	ROW("source", STRING, subid_source), ROW("error", STRING, subid_error),
	ROW("newuidmap", HELPER, newuidmap), ROW("newgidmap", HELPER, newgidmap),
};

static const struct field_row root_rows[] = {
	ROW("entries", ENTRIES, root_entries),
	ROW("etc_hosts", BOOL, etc_hosts),
	ROW("etc_resolv_conf", BOOL, etc_resolv_conf),
	ROW("etc_hostname", BOOL, etc_hostname),
};

static const struct field_row lsm_rows[] = {
	ROW("userns_built", ANSWER, userns_built),
	ROW("userns_allowed", ANSWER, userns_allowed),
	ROW("apparmor_restricts", ANSWER, apparmor_restricts),
	ROW("container", STRING, container),
	ROW("in_chroot", ANSWER, in_chroot),
};

static const struct field_row proc_rows[] = {
	ROW("visible", ANSWER, proc_visible),
	ROW("covered", STRING, proc_covered),
};

static const struct field_row cgroup_rows[] = {
	ROW("mount", STRING, cgroup_mount),
	ROW("path", STRING, cgroup_path),
	ROW("delegated", ANSWER, cgroup_delegated),
	ROW("clone_into_cgroup", ANSWER, clone_into_cgroup),
	ROW("device_filter", ANSWER, device_filter),
	ROW("systemd_socket", STRING, systemd_socket),
	ROW("groups", CGROUPS, cgroups),
};

static const struct field_row limits_rows[] = {
	ROW("max_namespaces", NAMESPACES, max_namespaces),
};

static const struct field_row join_rows[] = {
	ROW("error", ERRNO, join_error),
	ROW("differs", DIFFERS, join_differs),
};

static const struct field_row profile_rows[] = {
	ROW("path", STRING, profile_path),
	ROW("text", STRING, profile_text),
	ROW("error", STRING, profile_error),
};

static const struct field_row own_rows[] = {
	ROW("paths", OWN, own_paths),
};

static const struct field_row places_rows[] = {
	ROW("os_id", STRING, os_id),
	ROW("os_like", STRING, os_like),
	ROW("os_name", STRING, os_name),
	ROW("passwd_gid", U64, passwd_gid),
	ROW("subid_free", U64, subid_free),
	ROW("keys_used", U64, keys_used),
	ROW("keys_max", U64, keys_max),
	ROW("nproc_soft", U64, nproc_soft),
	ROW("systemd", ANSWER, systemd),
	ROW("home_missing", ANSWER, home_missing),
	ROW("helper_mount", STRING, helper_mount),
	ROW("seccomp_filter", BOOL, seccomp_filter),
	ROW("cgroup_controllers", STRING, cgroup_controllers),
	ROW("runtime_state", RUNTIME, runtime_state),
	ROW("runtime", PLACE, runtime_place),
	ROW("home", PLACE, home_place),
	ROW("data", PLACE, data_place),
};

static const struct field_row trial_rows[] = {
	ROW("results", TRIALS, trials),
};

const struct section_row section_rows[SECTION_COUNT] = {
	SECTION("caller", FACT_CALLER, caller_rows),
	SECTION("kernel", FACT_KERNEL, kernel_rows),
	SECTION("maps", FACT_MAPS, maps_rows),
	SECTION("subids", FACT_SUBIDS, subids_rows),
	SECTION("root", FACT_ROOT_ENTRIES, root_rows),
	SECTION("lsm", FACT_LSM, lsm_rows),
	SECTION("proc", FACT_PROC, proc_rows),
	SECTION("cgroup", FACT_CGROUP, cgroup_rows),
	SECTION("limits", FACT_LIMITS, limits_rows),
	SECTION("join", FACT_JOIN, join_rows),
	SECTION("seccomp_profile", FACT_PROFILE, profile_rows),
	SECTION("own", FACT_OWN, own_rows),
	SECTION("places", FACT_PLACES, places_rows),
	SECTION("trial", FACT_TRIAL, trial_rows),
};

_Static_assert((FACT_SURVEY | FACT_JOIN | FACT_PROFILE | FACT_OWN) == (1 << SECTION_COUNT) - 1,
	       "a section for every probe");

const char *const helper_state_names[HELPER_NO_NEW_PRIVS + 1] = {
	[HELPER_UNKNOWN] = "unknown",		[HELPER_OK] = "ok",
	[HELPER_MISSING] = "missing",		[HELPER_NOT_SETUID] = "not-setuid",
	[HELPER_NOSUID] = "nosuid-mount",	[HELPER_UNTRUSTED] = "untrusted",
	[HELPER_NO_NEW_PRIVS] = "no-new-privs",
};

const char *const runtime_state_names[RUNTIME_RELATIVE + 1] = {
	[RUNTIME_UNKNOWN] = "unknown", [RUNTIME_OK] = "ok",
	[RUNTIME_UNSET] = "unset",     [RUNTIME_MISSING] = "missing",
	[RUNTIME_FOREIGN] = "foreign", [RUNTIME_MODE] = "open-to-others",
	[RUNTIME_REFUSED] = "refused", [RUNTIME_RELATIVE] = "relative",
};

const char *const trial_names[TRIAL_COUNT] = {
	[TRIAL_USERNS] = "userns",     [TRIAL_SINGLE_MAP] = "single_map",
	[TRIAL_RANGES] = "ranges",     [TRIAL_MNT] = "mnt",
	[TRIAL_PID] = "pid",	       [TRIAL_UTS] = "uts",
	[TRIAL_IPC] = "ipc",	       [TRIAL_NET] = "net",
	[TRIAL_CGROUP] = "cgroup",     [TRIAL_TIME] = "time",
	[TRIAL_TMPFS] = "tmpfs",       [TRIAL_PROCFS] = "procfs",
	[TRIAL_DEVPTS] = "devpts",     [TRIAL_OVERLAY] = "overlay",
	[TRIAL_LOOPBACK] = "loopback", [TRIAL_NESTED] = "nested_userns",
	[TRIAL_MEMFD] = "memfd_exec",  [TRIAL_LANDLOCK] = "landlock",
	[TRIAL_SECCOMP] = "seccomp",   [TRIAL_KEYRING] = "keyring",
	[TRIAL_GROUP] = "group",
};

const char *const entry_type_names[ENTRY_OTHER + 1] = {
	[ENTRY_DIRECTORY] = "directory",
	[ENTRY_SYMLINK] = "symlink",
	[ENTRY_FILE] = "file",
	[ENTRY_OTHER] = "other",
};

const char *const saved_variables[] = {"PATH", "HOME",	   "TERM", "SHELL",
				       "USER", "HOSTNAME", "LANG", NULL};
