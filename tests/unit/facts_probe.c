/* Probing: what is needed, the parts that read text, and the host that the test runs on. */
#include "facts/facts.h"

#include "base/io.h"
#include "facts/probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <seccomp.h>

/* ---- needs ---- */

#define ALWAYS (FACT_CALLER | FACT_KERNEL | FACT_MAPS)

static void needs__follow_the_spec(void **state)
{
	struct spec_map_entry own = {0, 0, 1, false}, two = {0, 0, 2, false},
			      sub = {0, 1, 5, false}, one_sub = {0, 1, 1, false},
			      absolute = {0, 0, 1, true};
	const struct {
		struct spec spec;
		unsigned needs;
	} rows[] = {
		{{.root_kind = ROOT_DIRECTORY}, ALWAYS | FACT_SUBIDS},
		{{.root_kind = ROOT_HOST}, ALWAYS | FACT_SUBIDS | FACT_ROOT_ENTRIES},
		{{.userns = USERNS_SINGLE}, ALWAYS},
		{{.userns = USERNS_SINGLE, .root_kind = ROOT_HOST}, ALWAYS | FACT_ROOT_ENTRIES},
		{{.userns = USERNS_RANGES}, ALWAYS | FACT_SUBIDS},
		{{.userns = USERNS_KEEP_ID}, ALWAYS | FACT_SUBIDS},
		{{.userns = USERNS_PATH}, ALWAYS},
		{{.userns = USERNS_CONTAINER}, ALWAYS},
		{{.namespaces[NS_USER] = {NS_MODE_PATH, "/x"}}, ALWAYS},
		{{.kind = SPEC_UNSHARE, .join_pid = 7}, ALWAYS | FACT_JOIN},
		{{.userns = USERNS_SINGLE, .seccomp = SECCOMP_FILE}, ALWAYS | FACT_PROFILE},
		{{.userns = USERNS_SINGLE, .seccomp = SECCOMP_UNCONFINED}, ALWAYS},
		{{.uidmap = {&own, 1}}, ALWAYS},
		{{.uidmap = {&two, 1}}, ALWAYS | FACT_SUBIDS},
		{{.uidmap = {&own, 1}, .gidmap = {&sub, 1}}, ALWAYS | FACT_SUBIDS},
		{{.uidmap = {&one_sub, 1}}, ALWAYS | FACT_SUBIDS},
		{{.gidmap = {&absolute, 1}}, ALWAYS | FACT_SUBIDS},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (facts_needs(&rows[i].spec) != rows[i].needs)
			fail_msg("row %zu: %#x", i, facts_needs(&rows[i].spec));
	assert_int_equal(facts_needs(NULL), FACT_ALL);
}

/* ---- text ---- */

static void passwd__finds_the_line_of_an_id(void **state)
{
	static const char text[] = "root:x:0:0:root:/root:/bin/bash\n"
				   "broken\n"
				   "short:x:7\n"
				   "evil:x:99999999999999999999:0::/evil:/bin/sh\n"
				   "alice:x:1000:1000:Alice,,,:/home/alice:/bin/zsh\n"
				   "late:x:1000:1000::/late:/bin/sh\n"
				   "bob:x:1001:1001::/home/bob";
	static const struct {
		uint32_t uid;
		const char *name, *home;
	} rows[] = {{0, "root", "/root"},
		    {1000, "alice", "/home/alice"},
		    {1001, "bob", "/home/bob"},
		    {7, NULL, NULL},
		    {1002, NULL, NULL}};
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name = "", *home = "";

		assert_int_equal(passwd_find(&a, text, rows[i].uid, &name, &home), 0);
		assert_int_equal(!name, !rows[i].name);
		if (rows[i].name) {
			assert_string_equal(name, rows[i].name);
			assert_string_equal(home, rows[i].home);
		}
	}
	arena_release(&a);
}

static void nsswitch__lists_the_sources(void **state)
{
	static const char text[] = "# passwd: sss\n"
				   "passwd:\t\tfiles  systemd\t# local first\n"
				   "  group: files [SUCCESS=merge] ldap\n"
				   "subidx: sss\n"
				   "subid: sss";
	static const struct {
		const char *database, *sources;
	} rows[] = {{"passwd", "files systemd"},
		    {"group", "files ldap"},
		    {"subid", "sss"},
		    {"hosts", NULL},
		    {"sub", NULL}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char buf[64] = "";
		bool found = nsswitch_sources(text, rows[i].database, buf, sizeof(buf));

		assert_int_equal(found, rows[i].sources != NULL);
		if (found)
			assert_string_equal(buf, rows[i].sources);
	}
}

#define ROOT_LINE "27 1 254:0 / / rw - ext4 /dev/vda rw\n"
#define PROC_LINE "22 27 0:21 / /proc rw,relatime - proc proc rw\n"

static void proc__visible_unless_covered(void **state)
{
	static const struct {
		const char *mountinfo;
		enum answer visible;
		const char *covered;
	} rows[] = {
		{ROOT_LINE PROC_LINE, ANSWER_YES, NULL},
		{ROOT_LINE PROC_LINE "30 22 0:5 /null /proc/kcore rw - devtmpfs udev rw\n",
		 ANSWER_NO, "/proc/kcore"},
		{ROOT_LINE PROC_LINE
		 "30 22 0:31 / /proc/sys/fs/binfmt_misc rw - binfmt_misc b rw\n",
		 ANSWER_YES, NULL},
		/* a second, whole procfs elsewhere is enough for the kernel */
		{ROOT_LINE PROC_LINE "30 22 0:5 /null /proc/keys rw - devtmpfs udev rw\n"
				     "31 27 0:40 / /other\\040proc rw shared:7 - proc proc rw\n",
		 ANSWER_YES, NULL},
		/* a part of a procfs is not one */
		{ROOT_LINE "22 27 0:21 /sys /proc/sys rw - proc proc rw\n", ANSWER_NO, NULL},
		{ROOT_LINE, ANSWER_NO, NULL},
		{"garbage\n\n" ROOT_LINE PROC_LINE, ANSWER_YES, NULL},
	};
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum answer visible = ANSWER_UNKNOWN;
		const char *covered = "";

		assert_int_equal(proc_visibility(&a, rows[i].mountinfo, &visible, &covered), 0);
		assert_int_equal(visible, rows[i].visible);
		assert_int_equal(!covered, !rows[i].covered);
		if (covered)
			assert_string_equal(covered, rows[i].covered);
	}
	arena_release(&a);
}

/* ---- this host ---- */

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void probe__tells_what_we_are(void **state)
{
	struct facts *facts = NULL;
	char cwd[4096], release[256];
	int before = count_fds();

	setenv("ROOTLET_TEST_VARIABLE", "a=b", 1);
	assert_int_equal(facts_probe(NULL, FACT_ALL, &facts, NULL), 0);
	assert_int_equal(count_fds(), before); /* nothing leaked, and close_range closed nothing */
	assert_int_equal(facts->needs, FACT_ALL);
	assert_int_equal(facts->uid, geteuid());
	assert_int_equal(facts->gid, getegid());
	assert_int_equal(facts->group_count, getgroups(0, NULL));
	assert_string_equal(facts->cwd, getcwd(cwd, sizeof(cwd)));
	assert_string_equal(facts_getenv(facts, "ROOTLET_TEST_VARIABLE"), "a=b");
	assert_true(probe_read_line("/proc/sys/kernel/osrelease", release, sizeof(release)) > 0);
	assert_string_equal(facts->kernel_release, release);
	assert_int_equal(facts->stdin_tty, isatty(0));
	facts_free(facts);
}

static void probe__last_capability_is_the_kernels(void **state)
{
	struct facts *facts = NULL;
	uint64_t last;

	assert_true(probe_read_number("/proc/sys/kernel/cap_last_cap", &last));
	assert_int_equal(facts_probe(NULL, FACT_KERNEL, &facts, NULL), 0);
	assert_int_equal(facts->last_cap, last);
	facts_free(facts);
}

static void probe__maps_are_those_of_proc(void **state)
{
	struct facts *facts = NULL;
	char *line = NULL, expected[64];

	assert_int_equal(facts_probe(NULL, FACT_MAPS, &facts, NULL), 0);
	assert_int_equal(io_read_file("/proc/self/uid_map", 4096, &line, NULL), 0);
	snprintf(expected, sizeof(expected), "%10u %10u %10u\n", facts->uid_map.extents[0].inside,
		 facts->uid_map.extents[0].outside, facts->uid_map.extents[0].count);
	assert_memory_equal(line, expected, strlen(expected));
	assert_int_equal(facts->initial_userns,
			 !strcmp(line, "         0          0 4294967295\n"));
	free(line);
	facts_free(facts);
}

/* A spec that wants no more gets no more: the start must not pay for doctor. */
static void probe__runs_only_what_is_needed(void **state)
{
	struct spec spec = {.userns = USERNS_SINGLE};
	struct facts *facts = NULL;

	setenv("HOME", "/tmp", 1);
	assert_int_equal(facts_probe(&spec, facts_needs(&spec), &facts, NULL), 0);
	assert_null(facts->user_name);
	assert_null(facts->subid_source);
	assert_null(facts->root_entries);
	assert_int_equal(facts->time_namespaces, ANSWER_UNKNOWN);
	assert_int_equal(facts->proc_visible, ANSWER_UNKNOWN);
	facts_free(facts);
	spec.namespaces[NS_TIME].mode = NS_MODE_PRIVATE;
	assert_int_equal(facts_probe(&spec, facts_needs(&spec), &facts, NULL), 0);
	assert_int_not_equal(facts->time_namespaces, ANSWER_UNKNOWN);
	facts_free(facts);
}

static void probe__root_entries_are_sorted_and_whole(void **state)
{
	struct facts *facts = NULL;
	size_t count = 0;
	DIR *dir = opendir("/");

	assert_non_null(dir);
	for (struct dirent *d; (d = readdir(dir));)
		count += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
	closedir(dir);
	assert_int_equal(facts_probe(NULL, FACT_ROOT_ENTRIES, &facts, NULL), 0);
	assert_int_equal(facts->root_entry_count, count);
	for (size_t i = 0; i < count; i++) {
		const struct facts_entry *e = &facts->root_entries[i];

		if (i)
			assert_true(strcmp(facts->root_entries[i - 1].name, e->name) < 0);
		assert_int_equal(e->type == ENTRY_SYMLINK, e->target != NULL);
	}
	facts_free(facts);
}

static void helper__judged_by_owner_and_mode(void **state)
{
	static const struct {
		uint32_t uid;
		mode_t mode;
		bool file_caps, nosuid, nested, no_new_privs;
		enum helper_state state;
	} rows[] = {
		{0, S_IFREG | 04755, false, false, false, false, HELPER_OK},
		{0, S_IFREG | 0755, true, false, false, false, HELPER_OK},
		{0, S_IFREG | 0755, false, false, false, false, HELPER_NOT_SETUID},
		{0, S_IFREG | 04775, false, false, false, false, HELPER_UNTRUSTED},
		{0, S_IFREG | 04757, false, false, false, false, HELPER_UNTRUSTED},
		{1000, S_IFREG | 04755, false, false, false, false, HELPER_UNTRUSTED},
		{65534, S_IFREG | 04755, false, false, false, false, HELPER_UNTRUSTED},
		/* real root's file seen from a user namespace: trusted, but its bit is void there
		 */
		{65534, S_IFREG | 04755, false, false, true, false, HELPER_NOT_SETUID},
		{0, S_IFREG | 04755, false, true, false, true, HELPER_NOSUID},
		{0, S_IFREG | 04755, false, false, false, true, HELPER_NO_NEW_PRIVS},
		{0, S_IFDIR | 04755, false, false, false, false, HELPER_MISSING},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stat st = {.st_uid = rows[i].uid, .st_mode = rows[i].mode};

		if (helper_judge(&st, rows[i].file_caps, rows[i].nosuid, rows[i].nested,
				 rows[i].no_new_privs) != rows[i].state)
			fail_msg("row %zu", i);
	}
}

static void helper__of_this_host(void **state)
{
	assert_int_equal(helper_check("/nowhere/newuidmap", false, false), HELPER_MISSING);
	assert_int_equal(helper_check("/usr/bin", false, false), HELPER_MISSING);
	assert_int_equal(helper_check("/bin/sh", false, false), HELPER_NOT_SETUID);
	if (access("/usr/bin/newuidmap", X_OK) != 0)
		skip();
	assert_int_equal(helper_check("/usr/bin/newuidmap", false, false), HELPER_OK);
	assert_int_equal(helper_check("/usr/bin/newuidmap", false, true), HELPER_NO_NEW_PRIVS);
}

/* ---- a filter around us ---- */

static int filtered_probe(int call, uint32_t action, size_t offset)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	struct facts *facts = NULL;

	if (!filter || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    seccomp_rule_add(filter, action, call, 0) < 0 || seccomp_load(filter) < 0 ||
	    facts_probe(NULL, FACT_KERNEL, &facts, NULL) < 0 || !facts->no_new_privs)
		return 99;
	return (int)*(const enum answer *)((const char *)facts + offset);
}

static void kernel__a_filters_refusal_is_no(void **state)
{
	static const struct {
		int call, error;
		size_t offset;
	} rows[] = {
#define ROW(name, member, error) {SYS_##name, error, offsetof(struct facts, member)}
		ROW(clone3, clone3, ENOSYS),
		ROW(clone3, clone3, EPERM),
		ROW(openat2, openat2, ENOSYS),
		ROW(openat2, openat2, EPERM),
		ROW(close_range, close_range, EPERM),
		ROW(pidfd_open, pidfd_open, EPERM),
		ROW(mount_setattr, mount_setattr, EPERM),
		ROW(open_tree, mount_api, EPERM),
		ROW(fsconfig, mount_api, EPERM),
		ROW(move_mount, mount_api, ENOSYS),
		ROW(fsopen, mount_api, ENOSYS),
		ROW(fsmount, mount_api, ENOSYS),
		ROW(memfd_create, memfd_exec, EACCES),
#undef ROW
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(filtered_probe(rows[i].call, SCMP_ACT_ERRNO((uint32_t)rows[i].error),
					     rows[i].offset));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) != ANSWER_NO)
			fail_msg("call %d with %s: answer %d", rows[i].call,
				 strerrorname_np(rows[i].error), WEXITSTATUS(status));
	}
}

/* ---- files ---- */

static void subids__unreadable_is_said_and_absent_is_none(void **state)
{
	struct id_ranges ranges = {0};
	const char *error = "";
	struct arena a;

	arena_init(&a);
	assert_int_equal(subids_from_file(&a, "/nowhere/subuid", "x", 1, &ranges, &error), 0);
	assert_null(error);
	assert_int_equal(subids_from_file(&a, "/etc", "x", 1, &ranges, &error), 0);
	assert_string_equal(error, "cannot read /etc: Is a directory");
	assert_int_equal(ranges.count, 0);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needs__follow_the_spec),
		cmocka_unit_test(passwd__finds_the_line_of_an_id),
		cmocka_unit_test(nsswitch__lists_the_sources),
		cmocka_unit_test(proc__visible_unless_covered),
		cmocka_unit_test(probe__tells_what_we_are),
		cmocka_unit_test(probe__last_capability_is_the_kernels),
		cmocka_unit_test(probe__maps_are_those_of_proc),
		cmocka_unit_test(probe__runs_only_what_is_needed),
		cmocka_unit_test(probe__root_entries_are_sorted_and_whole),
		cmocka_unit_test(helper__judged_by_owner_and_mode),
		cmocka_unit_test(helper__of_this_host),
		cmocka_unit_test(kernel__a_filters_refusal_is_no),
		cmocka_unit_test(subids__unreadable_is_said_and_absent_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
