/* doctor as a function of facts: each fault of a host, made in a healthy snapshot, gives its row,
 * its colour, its cause and the line that mends it. And what the trials are made of. */
#include "doctor_faults.h"
#include "facts_fixture.h"

#include "diagnose/messages.h"
#include "diagnose/survey.h"
#include "facts/probe.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct {
	void (*change)(struct facts *f);
	const char *id, *row;
	enum verdict verdict;
	const char *means, *mend; /* parts of them; "=…" is all of it */
} rows[] = {
	{userns_not_built, "userns-missing", "user-namespaces", VERDICT_RED, "CONFIG_USER_NS", ""},
	{userns_switched_off, "userns-off", "user-namespaces", VERDICT_RED,
	 "kernel.unprivileged_userns_clone = 0", "sudo sysctl kernel.unprivileged_userns_clone=1"},
	{userns_zero, "userns-zero", "user-namespaces", VERDICT_RED, "user.max_user_namespaces = 0",
	 "sudo sysctl user.max_user_namespaces=65536"},
	{userns_refused, "userns-refused", "user-namespaces", VERDICT_RED,
	 "unshare(CLONE_NEWUSER) failed: Operation not permitted", ""},
	{userns_limit, "namespace-limit", "namespaces", VERDICT_RED, "unshare(CLONE_NEWUSER)",
	 "sudo sysctl user.max_user_namespaces=124000"},
	{net_limit, "namespace-limit", "namespaces", VERDICT_RED, "unshare(CLONE_NEWNET)",
	 "sudo sysctl user.max_net_namespaces=124000"},
	{apparmor, "apparmor-userns", "user-namespaces", VERDICT_RED,
	 "kernel.apparmor_restrict_unprivileged_userns = 1", "contrib/apparmor/rootlet"},
	{no_ids, "subids-none", "subordinate-ids", VERDICT_RED, "alice has no subordinate ids",
	 "sudo usermod --add-subuids 165536-231071 --add-subgids 165536-231071 alice"},
	{no_ids_on_alpine, "subids-none", "subordinate-ids", VERDICT_RED, "alice",
	 "echo alice:165536:65536"},
	{helper_missing, "helper-missing", "helpers", VERDICT_RED, "newuidmap is not installed",
	 "sudo apt install uidmap"},
	{helper_missing_on_fedora, "helper-missing", "helpers", VERDICT_RED, "newuidmap",
	 "sudo dnf install shadow-utils"},
	{helper_missing_on_arch, "helper-missing", "helpers", VERDICT_RED, "newuidmap",
	 "sudo pacman -S shadow"},
	{helper_missing_on_suse, "helper-missing", "helpers", VERDICT_RED, "newuidmap",
	 "sudo zypper install shadow"},
	{helper_missing_on_alpine, "helper-missing", "helpers", VERDICT_RED, "newuidmap",
	 "sudo apk add shadow-uidmap"},
	{helper_not_setuid, "helper-not-setuid", "helpers", VERDICT_RED, "/usr/bin/newuidmap",
	 "sudo chmod u+s /usr/bin/newuidmap"},
	{helper_nosuid, "helper-nosuid", "helpers", VERDICT_RED, "nosuid",
	 "=sudo mount -o remount,suid /"},
	{helper_no_new_privs, "helper-no-new-privs", "helpers", VERDICT_RED, "no_new_privs",
	 "outside of what set the flag"},
	{newgrp, "primary-group", "maps", VERDICT_RED, "your group is 27 and passwd says 1000",
	 "exit"},
	{ranges_refused, "ranges-refused", "maps", VERDICT_RED, "the moon is full",
	 "sudo apt install --reinstall uidmap"},
	{masked, "proc-covered", "proc", VERDICT_RED, "/proc/kcore", "=sudo umount /proc/kcore"},
	{masked_by_hand, "proc-covered", "proc", VERDICT_RED, "/proc/cpuinfo",
	 "=sudo umount /proc/cpuinfo"},
	{masked_by_docker, "proc-covered", "proc", VERDICT_RED, "/proc/kcore",
	 "both --security-opt seccomp=unconfined and --security-opt systempaths=unconfined"},
	{masked_by_rootlet, "proc-covered", "proc", VERDICT_RED, "/proc/kcore",
	 "both --security-opt seccomp=unconfined and --security-opt unmask=ALL"},
	{no_process, "process-limit", "processes", VERDICT_RED, "may have 20 (ulimit -u)",
	 "ulimit -u"},
	{no_process_for_helpers, "process-limit", "processes", VERDICT_RED, "ulimit -u",
	 "TasksMax"},
	{chrooted, "chroot", "user-namespaces", VERDICT_RED, "inside a chroot",
	 "rootlet run DIRECTORY"},
	{userns_disabled_by_rootlet, "userns-zero", "user-namespaces", VERDICT_RED,
	 "user.max_user_namespaces = 0", "=start the outer container without --disable-userns"},
	{no_gids, "subids-none", "subordinate-ids", VERDICT_RED, "subordinate ids in /etc/subgid",
	 "=sudo usermod --add-subgids 165536-231071 alice"},
	{no_uids, "subids-none", "subordinate-ids", VERDICT_RED, "subordinate ids in /etc/subuid",
	 "=sudo usermod --add-subuids 165536-231071 alice"},
	{no_ids_no_name, "subids-none", "subordinate-ids", VERDICT_RED, "1000 has no",
	 "user 1000 has no entry in passwd"},
	{own_id_in_range, "id-map-overlap", "subordinate-ids", VERDICT_RED,
	 "own user id 100005 is among",
	 "=sudo usermod --del-subuids 100000-165535 --add-subuids 165536-231071 alice"},
	{own_group_in_range, "id-map-overlap", "subordinate-ids", VERDICT_RED,
	 "own group id 165535 is among", "usermod --del-subgids 100000-165535"},
	{no_home, "home-missing", "home", VERDICT_AMBER, "/home/alice", "export HOME="},
	{no_overlay, "overlay-refused", "overlay", VERDICT_AMBER,
	 "mount(overlay) failed: No such device", "sudo modprobe overlay"},
	{on_nfs, "store-remote", "data", VERDICT_AMBER,
	 "/home/alice/.local/share/rootlet is on nfs", "XDG_DATA_HOME"},
	{on_noexec, "store-noexec", "data", VERDICT_AMBER, "noexec",
	 "=export XDG_DATA_HOME=/var/tmp/alice"},
	{runtime_unset, "runtime-missing", "runtime", VERDICT_AMBER, "not set",
	 "=sudo loginctl enable-linger alice"},
	{runtime_foreign, "runtime-missing", "runtime", VERDICT_AMBER, "somebody else",
	 "=unset XDG_RUNTIME_DIR"},
	{runtime_relative, "runtime-missing", "runtime", VERDICT_AMBER,
	 "run, which is not absolute", "=unset XDG_RUNTIME_DIR"},
	{runtime_open, "runtime-missing", "runtime", VERDICT_AMBER, "others may enter",
	 "=chmod 700 /run/user/1000"},
	{runtime_unset_without_systemd, "runtime-missing", "runtime", VERDICT_AMBER, "not set",
	 "="},
	{not_delegated_without_systemd, "cgroup-not-delegated", "cgroup", VERDICT_AMBER,
	 "somebody else", "ask the administrator"},
	{hybrid, "cgroup-controllers", "cgroup", VERDICT_AMBER, "in cgroup version 1",
	 "unified_cgroup_hierarchy"},
	{not_delegated, "cgroup-not-delegated", "cgroup", VERDICT_AMBER, "somebody else",
	 "Delegate=yes"},
	{few_controllers, "cgroup-controllers", "cgroup", VERDICT_AMBER, "cpu pids", "Delegate="},
	{keys_full, "key-limit", "keys", VERDICT_AMBER, "200 of your 200 keys",
	 "sudo sysctl kernel.keys.maxkeys=2000"},
	{outer_filter, "outer-filter", "surroundings", VERDICT_GREEN, "seccomp filter",
	 "seccomp=unconfined"},
	{ids_unreadable, "subids-unreadable", "subordinate-ids", VERDICT_RED,
	 "/etc/subuid: Permission denied", "chmod 644"},
	{root_without_ids, "root-subids-none", "subordinate-ids", VERDICT_RED,
	 "root has no subordinate ids",
	 "=usermod --add-subuids 165536-231071 --add-subgids 165536-231071 root"},
	{few_ids, "subids-few", "subordinate-ids", VERDICT_AMBER, "fewer than 65536",
	 "usermod --add-subuids"},
	{helper_untrusted, "helper-untrusted", "helpers", VERDICT_RED,
	 "/usr/bin/newgidmap does not belong to root", "sudo chmod 4755 /usr/bin/newgidmap"},
	{no_cgroup2, "cgroup2-missing", "cgroup", VERDICT_GREEN, "no cgroup2", ""},
	{no_mount_setattr, "mount-setattr-missing", "kernel", VERDICT_GREEN, "Linux 5.12", ""},
	{no_openat2, "openat2-missing", "kernel", VERDICT_GREEN, "Linux 5.6", ""},
	{no_mount_api, "mount-api-missing", "kernel", VERDICT_GREEN, "Linux 5.2", ""},
	{memfd_forbidden, "memfd-noexec", "memfd", VERDICT_GREEN, "vm.memfd_noexec", "sysctl"},
	{memfd_refused, "memfd-noexec", "memfd", VERDICT_GREEN, "vm.memfd_noexec", "sysctl"},
	{no_time, "time-namespaces-missing", "time", VERDICT_GREEN, "CONFIG_TIME_NS", ""},
	{ipc_refused, "namespaces-refused", "namespaces", VERDICT_RED,
	 "unshare(CLONE_NEWIPC) failed: Operation not permitted", "outside"},
	{hostname_refused_in_rootlet, "namespaces-refused", "namespaces", VERDICT_RED,
	 "sethostname() failed",
	 "both --security-opt seccomp=unconfined and --security-opt unmask=ALL"},
	{map_refused, "map-refused", "maps", VERDICT_RED, "write(/proc/self/uid_map) failed",
	 "outside"},
	{mount_refused, "mount-refused", "mounts", VERDICT_RED, "mount(tmpfs) failed",
	 "seccomp=unconfined"},
	{no_loopback, "loopback-refused", "loopback", VERDICT_AMBER, "ioctl(SIOCSIFFLAGS, lo)",
	 "seccomp=unconfined"},
	{no_landlock, "landlock-missing", "landlock", VERDICT_GREEN, "Linux 5.13", ""},
	{no_seccomp, "seccomp-missing", "filter", VERDICT_RED, "prctl(PR_SET_SECCOMP) failed", ""},
	{runtime_on_nfs, "runtime-remote", "runtime", VERDICT_AMBER, "/run/user/1000 is on nfs",
	 "XDG_RUNTIME_DIR="},
	{data_read_only, "store-read-only", "data", VERDICT_AMBER, "read-only", "XDG_DATA_HOME="},
	{few_files, "nofile-low", "files", VERDICT_AMBER, "64", "=ulimit -n 4096"},
	{few_files_below_64, "nofile-low", "files", VERDICT_AMBER, "64",
	 "=echo 'alice - nofile 4096' | sudo tee -a /etc/security/limits.conf"},
	{too_few_files, "file-limit", "files", VERDICT_RED, "only 23 files", "=ulimit -n 200"},
	{too_few_files_for_nobody, "file-limit", "files", VERDICT_RED, "only 8 files",
	 "=echo '1000:1000 - nofile 4096' | sudo tee -a /etc/security/limits.conf"},
};

static const struct survey_row *row_of(const struct survey *s, const char *id)
{
	for (size_t i = 0; i < s->row_count; i++)
		if (!strcmp(s->rows[i].id, id))
			return &s->rows[i];
	fail_msg("no row %s", id);
	abort(); /* fail_msg does not return, which the analyser cannot know */
}

/* A row's mend is a part of it; after "=" it is the whole line, which must work as it stands. */
static bool is_mend(const char *mend, const char *expected)
{
	return *expected == '=' ? !strcmp(mend, expected + 1) : strstr(mend, expected) != NULL;
}

static void doctor__each_fault_has_its_cause_and_its_mend(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct facts *facts = load("surveyed");
		const struct survey_problem *p;
		const struct survey_row *row;
		struct survey *s;

		rows[i].change(facts);
		assert_int_equal(survey_make(facts, &s), 0);
		facts_free(facts); /* the survey keeps nothing of it */
		/* this one, and no other that merely follows from it */
		if (s->problem_count != 1 || strcmp(s->problems[0].condition->id, rows[i].id) != 0)
			fail_msg("row %zu: %zu problems, the first is %s, not %s", i,
				 s->problem_count,
				 s->problem_count ? s->problems[0].condition->id : "none",
				 rows[i].id);
		p = &s->problems[0];
		row = row_of(s, rows[i].row);
		assert_int_equal(row->verdict, rows[i].verdict);
		assert_int_equal(s->verdict, rows[i].verdict);
		assert_string_equal(row->problem, rows[i].id);
		assert_string_equal(row->found, p->means);
		if (!strstr(p->means, rows[i].means) || !is_mend(p->mend, rows[i].mend))
			fail_msg("row %zu: %s; %s", i, p->means, p->mend);
		assert_true(p->checked[0] && p->why[0]);
		assert_true(p->mend[0] || p->meanwhile[0] || p->administrator[0]);
		assert_null(strchr(p->means, '{'));
		survey_free(s);
	}
}

static void doctor__a_healthy_host_is_green(void **state)
{
	struct facts *facts = load("surveyed");
	struct survey *s;

	assert_int_equal(survey_make(facts, &s), 0);
	assert_int_equal(s->verdict, VERDICT_GREEN);
	assert_int_equal(s->problem_count, 0);
	assert_null(s->letter);
	for (size_t i = 0; i < s->row_count; i++)
		assert_int_equal(s->rows[i].verdict, VERDICT_GREEN);
	assert_string_equal(row_of(s, "subordinate-ids")->found,
			    "65536 uids from 100000, 65536 gids from 100000");
	assert_string_equal(row_of(s, "cgroup")->found, "yours: cpu memory pids");
	survey_free(s);
	facts_free(facts);
}

/* A success that was seen outweighs a setting that would explain a failure. */
static void doctor__what_worked_outweighs_settings(void **state)
{
	struct facts *facts = load("surveyed");
	struct survey *s;

	facts->userns_allowed = ANSWER_NO;
	facts->apparmor_restricts = ANSWER_YES;
	facts->newuidmap.state = HELPER_NOT_SETUID;
	facts->gid = 27;
	facts->proc_visible = ANSWER_NO;
	assert_int_equal(survey_make(facts, &s), 0);
	assert_int_equal(s->problem_count, 0);
	survey_free(s);
	facts_free(facts);
}

/* An older file of facts says nothing of trials: those rows are unknown, not green. */
static void doctor__what_was_not_tried_is_unknown(void **state)
{
	struct facts *facts = load("debian12"), *nothing = facts_new();
	struct survey *s;

	assert_int_equal(survey_make(facts, &s), 0);
	assert_int_equal(row_of(s, "overlay")->verdict, VERDICT_UNKNOWN);
	assert_string_equal(row_of(s, "overlay")->found, "these facts do not say");
	assert_int_equal(row_of(s, "user-namespaces")->verdict, VERDICT_GREEN);
	survey_free(s);
	facts_free(facts);
	facts = load("surveyed"); /* tried, but not that far */
	userns_refused(facts);
	assert_int_equal(survey_make(facts, &s), 0);
	assert_string_equal(row_of(s, "overlay")->found, "not tried");
	assert_int_equal(row_of(s, "overlay")->verdict, VERDICT_UNKNOWN);
	survey_free(s);
	facts->proc_visible = ANSWER_UNKNOWN; /* no /proc to look at */
	facts->keys_max = UINT64_MAX;
	assert_int_equal(survey_make(facts, &s), 0);
	assert_int_equal(row_of(s, "proc")->verdict, VERDICT_UNKNOWN);
	assert_int_equal(row_of(s, "keys")->verdict, VERDICT_UNKNOWN);
	survey_free(s);
	assert_int_equal(survey_make(nothing, &s), 0);
	assert_int_equal(s->verdict, VERDICT_UNKNOWN);
	assert_int_equal(s->problem_count, 0);
	survey_free(s);
	facts_free(facts);
	facts_free(nothing);
}

static void doctor__the_letter_asks_for_what_is_missing(void **state)
{
	struct facts *facts = load("surveyed");
	struct survey *s;

	no_ids(facts);
	runtime_unset(facts);
	assert_int_equal(survey_make(facts, &s), 0);
	assert_non_null(s->letter);
	assert_non_null(strstr(s->letter, "for alice on debian (Linux 6.1.0-18-amd64"));
	assert_non_null(strstr(s->letter, "1. Please run:\n\n     usermod --add-subuids "
					  "165536-231071 --add-subgids 165536-231071 "
					  "alice\n"));
	assert_non_null(strstr(s->letter, "2. Please run:\n\n     loginctl enable-linger alice\n"));
	assert_null(strchr(s->letter, '\033'));
	survey_free(s);
	facts_free(facts);
}

/* No condition is out of sight: each stands in exactly one row, and each has its long text. */
static void doctor__every_condition_has_a_row_and_a_message(void **state)
{
	for (size_t i = 0; i < condition_count; i++) {
		int seen = 0;

		for (size_t j = 0; j < survey_check_count; j++)
			for (size_t k = 0; k < ROW_CONDITIONS; k++)
				seen += survey_checks[j].conditions[k] &&
					!strcmp(survey_checks[j].conditions[k], conditions[i].id);
		if (seen != 1)
			fail_msg("%s stands in %d rows", conditions[i].id, seen);
		assert_non_null(message_find(conditions[i].id));
	}
	for (size_t j = 0; j < survey_check_count; j++)
		for (size_t k = 0; k < ROW_CONDITIONS && survey_checks[j].conditions[k]; k++)
			assert_non_null(condition_find(survey_checks[j].conditions[k]));
}

/* ---- messages ---- */

static void messages__are_whole_and_found(void **state)
{
	const struct message *m, *before = NULL;

	for (size_t i = 0; (m = message_row(i)); before = m, i++) {
		if (before && strcmp(before->id, m->id) >= 0)
			fail_msg("%s stands after %s", m->id, before->id);
		assert_ptr_equal(message_find(m->id), m);
		if (!*m->title || !*m->happened || !*m->why || !*m->mend ||
		    strchr(m->happened, '\n') || strchr(m->why, '\n'))
			fail_msg("%s is not whole", m->id);
		if (m->happened[strlen(m->happened) - 1] != '.')
			fail_msg("%s: what happened is no sentence", m->id);
	}
	assert_non_null(before);
	assert_null(message_find("no-such-message"));
	assert_null(message_find(""));
	/* a step's name explains itself by its row */
	m = message_find("pivot_root");
	assert_non_null(m);
	assert_non_null(strstr(m->why, "pivot_root(2)"));
}

/* ---- parts of the probes ---- */

static void places__first_free_range(void **state)
{
	static const struct {
		const char *uids, *gids;
		uint64_t free;
	} cases[] = {
		{"", "", 100000},
		{"a:100000:65536\n", "a:100000:65536\n", 165536},
		{"a:100000:65536\nb:165536:65536\n", "", 231072},
		{"a:165536:65536\n", "", 100000},
		{"", "a:120000:1\n", 165536},
		{"a:100000:1\n", "b:165536:1", 231072},
		{"a:0:4294967295\n", "", UINT64_MAX},
		{"# a comment\nnot a line\na:x:y\n", "", 100000},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (subids_free(cases[i].uids, cases[i].gids) != cases[i].free)
			fail_msg("case %zu: %llu", i,
				 (unsigned long long)subids_free(cases[i].uids, cases[i].gids));
}

static void places__os_release(void **state)
{
	static const char text[] = "NAME=x\nID_LIKE=\"rhel fedora\"\nID='rocky'\nVERSION=9\n";
	struct arena a;

	arena_init(&a);
	assert_string_equal(os_release_value(&a, text, "ID"), "rocky");
	assert_string_equal(os_release_value(&a, text, "ID_LIKE"), "rhel fedora");
	assert_string_equal(os_release_value(&a, text, "VERSION"), "9");
	assert_null(os_release_value(&a, text, "PRETTY_NAME"));
	arena_release(&a);
}

/* The trials leave no process and no descriptor behind, whatever their results. */
static void trials__leave_nothing(void **state)
{
	struct facts *facts = NULL;
	int before = dup(0), after;

	close(before);
	assert_int_equal(facts_probe(NULL, FACT_SURVEY, &facts, NULL), 0);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	for (int i = 0; i < TRIAL_COUNT; i++)
		if (facts->trials[i].worked == ANSWER_NO)
			assert_true(facts->trials[i].error > 0 && facts->trials[i].call &&
				    facts->trials[i].call[0]);
	assert_int_not_equal(facts->trials[TRIAL_USERNS].worked, ANSWER_UNKNOWN);
	assert_int_not_equal(facts->trials[TRIAL_MEMFD].worked, ANSWER_UNKNOWN);
	facts_free(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doctor__each_fault_has_its_cause_and_its_mend),
		cmocka_unit_test(doctor__a_healthy_host_is_green),
		cmocka_unit_test(doctor__what_worked_outweighs_settings),
		cmocka_unit_test(doctor__what_was_not_tried_is_unknown),
		cmocka_unit_test(doctor__the_letter_asks_for_what_is_missing),
		cmocka_unit_test(doctor__every_condition_has_a_row_and_a_message),
		cmocka_unit_test(messages__are_whole_and_found),
		cmocka_unit_test(places__first_free_range),
		cmocka_unit_test(places__os_release),
		cmocka_unit_test(trials__leave_nothing),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
