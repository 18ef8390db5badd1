/* What doctor looks at: one row a line of its screen, in the order of the screen. What a row says
 * when all is well is here; what it says otherwise is its condition's. */
#include "diagnose/survey.h"

#include "base/buffer.h"

#include <string.h>

static int name_length(const char *name)
{
	const char *bracket = strstr(name, " (");

	return (int)(bracket ? (size_t)(bracket - name) : strlen(name));
}

static void say_kernel(const struct facts *f, struct buffer *b)
{
	buffer_printf(b, "Linux %s", f->kernel_release ? f->kernel_release : "of unknown release");
	if (f->os_name) /* without the code name in brackets */
		buffer_printf(b, ", %.*s", name_length(f->os_name), f->os_name);
}

static bool tried(const struct facts *f, enum trial trial)
{
	return f->trials[trial].worked != ANSWER_UNKNOWN;
}

static void say_userns(const struct facts *f, struct buffer *b)
{
	if (!tried(f, TRIAL_USERNS) && f->userns_allowed != ANSWER_YES)
		return;
	if (!tried(f, TRIAL_USERNS))
		buffer_puts(b, "allowed");
	else if (f->trials[TRIAL_NESTED].worked == ANSWER_YES)
		buffer_puts(b, "made one, and one inside it");
	else
		buffer_puts(b, "made one");
}

static void say_namespaces(const struct facts *f, struct buffer *b)
{
	static const struct {
		enum trial trial;
		const char *name;
	} rows[] = {{TRIAL_MNT, "mount"}, {TRIAL_PID, "pid"}, {TRIAL_UTS, "uts"},
		    {TRIAL_IPC, "ipc"},	  {TRIAL_NET, "net"}, {TRIAL_CGROUP, "cgroup"}};
	const char *before = "made: ";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (f->trials[rows[i].trial].worked != ANSWER_YES)
			continue;
		buffer_printf(b, "%s%s", before, rows[i].name);
		before = " ";
	}
}

static void say_time(const struct facts *f, struct buffer *b)
{
	buffer_puts(b, f->trials[TRIAL_TIME].worked == ANSWER_YES
			       ? "made one, with an offset"
			       : "the kernel has them; --time host is the default");
}

static void say_ids(const struct facts *f, struct buffer *b)
{
	const struct id_ranges *sides[] = {&f->subuids, &f->subgids};
	static const char *const words[] = {"uids", "gids"};

	if (f->cap_setuid && f->cap_setgid && !f->initial_userns) {
		buffer_puts(b, "none needed: root of this user namespace maps its own");
		return;
	}
	for (int i = 0; i < 2; i++) {
		uint64_t total = 0;

		for (size_t j = 0; j < sides[i]->count; j++)
			total += sides[i]->ranges[j].count;
		buffer_printf(b, "%s%llu %s", i ? ", " : "", (unsigned long long)total, words[i]);
		if (sides[i]->count)
			buffer_printf(b, " from %u", sides[i]->ranges[0].start);
	}
}

static void say_helpers(const struct facts *f, struct buffer *b)
{
	if (f->newuidmap.path)
		buffer_printf(b, "%s and newgidmap", f->newuidmap.path);
	else
		buffer_puts(b, "none, and none needed");
}

static void say_maps(const struct facts *f, struct buffer *b)
{
	if (f->trials[TRIAL_RANGES].worked == ANSWER_YES)
		buffer_puts(b, "one id, and ranges by newuidmap and newgidmap");
	else
		buffer_puts(b, "one id was mapped");
}

static void say_mounts(const struct facts *f, struct buffer *b)
{
	buffer_puts(b, "mounted inside: tmpfs, devpts");
}

static void say_proc(const struct facts *f, struct buffer *b)
{
	if (f->trials[TRIAL_PROCFS].worked == ANSWER_YES)
		buffer_puts(b, "mounted for a new pid namespace");
	else if (f->proc_visible == ANSWER_YES)
		buffer_puts(b, "no part of it is covered");
}

static void say_overlay(const struct facts *f, struct buffer *b)
{
	buffer_puts(b, "mounted inside, for --overlay");
}

static void say_loopback(const struct facts *f, struct buffer *b)
{
	buffer_puts(b, "lo is up in an own network namespace");
}

static void say_filter(const struct facts *f, struct buffer *b)
{
	buffer_puts(b, "loaded in a child");
	if (f->seccomp_filter)
		buffer_puts(b, "; another one is around rootlet");
}

static void say_landlock(const struct facts *f, struct buffer *b)
{
	buffer_printf(b, "version %u of its interface", f->landlock_abi);
}

static void say_memfd(const struct facts *f, struct buffer *b)
{
	buffer_puts(b, "programs in memory files may run");
}

static void say_around(const struct facts *f, struct buffer *b)
{
	buffer_printf(b, "%s, %s", f->no_new_privs ? "no_new_privs is set" : "no no_new_privs",
		      f->initial_userns ? "the initial user namespace" : "a user namespace");
}

static void say_cgroup(const struct facts *f, struct buffer *b)
{
	if (f->cgroup_delegated == ANSWER_YES && f->trials[TRIAL_GROUP].worked != ANSWER_NO)
		buffer_printf(b, "yours: %s",
			      f->cgroup_controllers ? f->cgroup_controllers : "writable");
	else
		buffer_puts(b, "no cgroup2 mount");
}

static void say_keys(const struct facts *f, struct buffer *b)
{
	if (f->keys_max != UINT64_MAX && f->keys_used != UINT64_MAX)
		buffer_printf(b, "%llu of %llu in use", (unsigned long long)f->keys_used,
			      (unsigned long long)f->keys_max);
}

static void say_files(const struct facts *f, struct buffer *b)
{
	if (f->nofile_soft == UINT64_MAX)
		buffer_puts(b, "any number");
	else
		buffer_printf(b, "%llu", (unsigned long long)f->nofile_soft);
	if (f->nofile_hard != UINT64_MAX && f->nofile_hard != f->nofile_soft)
		buffer_printf(b, ", and up to %llu on demand", (unsigned long long)f->nofile_hard);
}

static void say_processes(const struct facts *f, struct buffer *b)
{
	if (f->nproc_soft == UINT64_MAX)
		buffer_puts(b, "any number");
	else
		buffer_printf(b, "%llu", (unsigned long long)f->nproc_soft);
}

static void say_place(const struct facts_place *p, struct buffer *b)
{
	buffer_puts(b, p->path ? p->path : "not known");
	if (p->filesystem)
		buffer_printf(b, " (%s)", p->filesystem);
}

static void say_runtime(const struct facts *f, struct buffer *b)
{
	say_place(&f->runtime_place, b);
}

static void say_home(const struct facts *f, struct buffer *b)
{
	say_place(&f->home_place, b);
}

static void say_data(const struct facts *f, struct buffer *b)
{
	say_place(&f->data_place, b);
}

#define NO_TRIAL TRIAL_COUNT

const struct survey_check survey_checks[] = {
	{"kernel",
	 "Kernel",
	 "kernel",
	 FACT_KERNEL,
	 NO_TRIAL,
	 say_kernel,
	 {"mount-setattr-missing", "openat2-missing", "mount-api-missing"}},
	{"user-namespaces",
	 "Kernel",
	 "user namespaces",
	 FACT_LSM | FACT_LIMITS,
	 NO_TRIAL,
	 say_userns,
	 {"userns-missing", "userns-zero", "userns-off", "apparmor-userns", "chroot",
	  "userns-refused"}},
	{"namespaces",
	 "Kernel",
	 "other namespaces",
	 FACT_TRIAL,
	 TRIAL_MNT,
	 say_namespaces,
	 {"namespace-limit", "namespaces-refused"}},
	{"time",
	 "Kernel",
	 "time namespaces",
	 FACT_KERNEL,
	 NO_TRIAL,
	 say_time,
	 {"time-namespaces-missing"}},
	{"surroundings",
	 "Kernel",
	 "around rootlet",
	 FACT_KERNEL | FACT_MAPS,
	 NO_TRIAL,
	 say_around,
	 {"outer-filter"}},

	{"subordinate-ids",
	 "Ids",
	 "subordinate ids",
	 FACT_SUBIDS,
	 NO_TRIAL,
	 say_ids,
	 {"subids-unreadable", "subids-none", "root-subids-none", "id-map-overlap", "subids-few"}},
	{"helpers",
	 "Ids",
	 "newuidmap",
	 FACT_SUBIDS,
	 NO_TRIAL,
	 say_helpers,
	 {"helper-missing", "helper-not-setuid", "helper-nosuid", "helper-untrusted",
	  "helper-no-new-privs"}},
	{"maps",
	 "Ids",
	 "id maps",
	 FACT_TRIAL,
	 TRIAL_SINGLE_MAP,
	 say_maps,
	 {"map-refused", "primary-group", "ranges-refused"}},

	{"mounts", "Inside", "mounts", FACT_TRIAL, TRIAL_TMPFS, say_mounts, {"mount-refused"}},
	{"proc", "Inside", "a new /proc", FACT_PROC, NO_TRIAL, say_proc, {"proc-covered"}},
	{"overlay",
	 "Inside",
	 "overlay",
	 FACT_TRIAL,
	 TRIAL_OVERLAY,
	 say_overlay,
	 {"overlay-refused"}},
	{"loopback",
	 "Inside",
	 "loopback",
	 FACT_TRIAL,
	 TRIAL_LOOPBACK,
	 say_loopback,
	 {"loopback-refused"}},
	{"filter",
	 "Inside",
	 "system call filter",
	 FACT_TRIAL,
	 TRIAL_SECCOMP,
	 say_filter,
	 {"seccomp-missing"}},
	{"landlock",
	 "Inside",
	 "Landlock",
	 FACT_KERNEL,
	 NO_TRIAL,
	 say_landlock,
	 {"landlock-missing"}},
	{"memfd", "Inside", "memory files", FACT_KERNEL, NO_TRIAL, say_memfd, {"memfd-noexec"}},

	{"cgroup",
	 "Limits",
	 "cgroup",
	 FACT_CGROUP,
	 NO_TRIAL,
	 say_cgroup,
	 {"cgroup-not-delegated", "cgroup-controllers", "cgroup2-missing"}},
	{"keys", "Limits", "keys", FACT_PLACES, NO_TRIAL, say_keys, {"key-limit"}},
	{"files",
	 "Limits",
	 "open files",
	 FACT_CALLER,
	 NO_TRIAL,
	 say_files,
	 {"file-limit", "nofile-low"}},
	{"processes",
	 "Limits",
	 "processes",
	 FACT_PLACES,
	 NO_TRIAL,
	 say_processes,
	 {"process-limit"}},

	{"runtime",
	 "Folders",
	 "runtime folder",
	 FACT_PLACES,
	 NO_TRIAL,
	 say_runtime,
	 {"runtime-missing", "runtime-remote"}},
	{"home", "Folders", "home", FACT_PLACES, NO_TRIAL, say_home, {"home-missing"}},
	{"data",
	 "Folders",
	 "data folder",
	 FACT_PLACES,
	 NO_TRIAL,
	 say_data,
	 {"store-read-only", "store-noexec", "store-remote"}},
};

const size_t survey_check_count = sizeof(survey_checks) / sizeof(survey_checks[0]);
