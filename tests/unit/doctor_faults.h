/* One fault each, put into the snapshot of a healthy host (tests/golden/facts/surveyed.json). For
 * doctor.c alone. */
#ifndef ROOTLET_TESTS_DOCTOR_FAULTS_H
#define ROOTLET_TESTS_DOCTOR_FAULTS_H

#include "facts/facts.h"

#include <errno.h>

static inline void fail_trial(struct facts *f, enum trial trial, const char *call, int error)
{
	f->trials[trial] = (struct facts_trial){ANSWER_NO, error, call, NULL};
}

/* What follows a user namespace that could not be made is not tried. */
static inline void without_userns(struct facts *f, int error)
{
	for (int i = 0; i < TRIAL_MEMFD; i++)
		f->trials[i].worked = ANSWER_UNKNOWN;
	fail_trial(f, TRIAL_USERNS, "unshare(CLONE_NEWUSER)", error);
}

static inline void userns_switched_off(struct facts *f)
{
	f->userns_allowed = ANSWER_NO;
	without_userns(f, EPERM);
}

static inline void userns_zero(struct facts *f)
{
	f->userns_allowed = ANSWER_NO;
	f->max_namespaces[NS_USER] = 0;
	without_userns(f, ENOSPC);
}

static inline void userns_not_built(struct facts *f)
{
	f->userns_built = ANSWER_NO;
	without_userns(f, EINVAL);
}

static inline void userns_refused(struct facts *f)
{
	without_userns(f, EPERM);
}

static inline void userns_limit(struct facts *f)
{
	without_userns(f, ENOSPC);
}

static inline void net_limit(struct facts *f)
{
	fail_trial(f, TRIAL_NET, "unshare(CLONE_NEWNET)", ENOSPC);
}

static inline void apparmor(struct facts *f)
{
	f->apparmor_restricts = ANSWER_YES;
	fail_trial(f, TRIAL_TMPFS, "mount(tmpfs)", EACCES);
}

static inline void no_ids(struct facts *f)
{
	f->subuids.count = f->subgids.count = 0;
	f->trials[TRIAL_RANGES].worked = ANSWER_UNKNOWN;
}

static inline void no_ids_on_alpine(struct facts *f)
{
	no_ids(f);
	f->os_id = "alpine";
}

static inline void helper(struct facts *f, enum helper_state state)
{
	f->newuidmap.state = state;
	fail_trial(f, TRIAL_RANGES, "newuidmap", EPERM);
}

static inline void helper_missing(struct facts *f)
{
	helper(f, HELPER_MISSING);
	f->newuidmap.path = NULL;
}

static inline void helper_missing_on_fedora(struct facts *f)
{
	helper_missing(f);
	f->os_id = "rocky";
	f->os_like = "rhel centos fedora";
}

static inline void helper_missing_on_arch(struct facts *f)
{
	helper_missing(f);
	f->os_id = "arch";
}

static inline void helper_missing_on_suse(struct facts *f)
{
	helper_missing(f);
	f->os_id = "opensuse-leap";
	f->os_like = "suse opensuse";
}

static inline void helper_missing_on_alpine(struct facts *f)
{
	helper_missing(f);
	f->os_id = "alpine";
}

static inline void helper_not_setuid(struct facts *f)
{
	helper(f, HELPER_NOT_SETUID);
}

static inline void helper_nosuid(struct facts *f)
{
	helper(f, HELPER_NOSUID);
}

static inline void helper_no_new_privs(struct facts *f)
{
	helper(f, HELPER_NO_NEW_PRIVS);
	f->no_new_privs = true;
}

static inline void newgrp(struct facts *f)
{
	f->gid = 27;
	fail_trial(f, TRIAL_RANGES, "newuidmap", EPERM);
}

static inline void ranges_refused(struct facts *f)
{
	fail_trial(f, TRIAL_RANGES, "newuidmap", EPERM);
	f->trials[TRIAL_RANGES].said = "newuidmap: the moon is full";
}

static inline void masked(struct facts *f)
{
	f->proc_visible = ANSWER_NO;
	f->proc_covered = "/proc/kcore";
	fail_trial(f, TRIAL_PROCFS, "mount(proc)", EPERM);
}

static inline void masked_by_hand(struct facts *f)
{
	masked(f);
	f->container = "docker";
	f->proc_covered = "/proc/cpuinfo";
}

static inline void masked_by_docker(struct facts *f)
{
	masked(f);
	f->container = "docker";
}

static inline void masked_by_rootlet(struct facts *f)
{
	masked(f);
	f->container = "rootlet";
}

static inline void no_overlay(struct facts *f)
{
	fail_trial(f, TRIAL_OVERLAY, "mount(overlay)", ENODEV);
}

static inline void on_nfs(struct facts *f)
{
	f->data_place.filesystem = "nfs";
}

static inline void on_noexec(struct facts *f)
{
	f->data_place.noexec = ANSWER_YES;
}

static inline void runtime_unset(struct facts *f)
{
	f->runtime_state = RUNTIME_UNSET;
	f->runtime_place.path = NULL;
}

static inline void runtime_unset_without_systemd(struct facts *f)
{
	runtime_unset(f);
	f->systemd = ANSWER_NO;
}

static inline void runtime_relative(struct facts *f)
{
	f->runtime_state = RUNTIME_RELATIVE;
	f->runtime_place.path = "run";
}

static inline void runtime_open(struct facts *f)
{
	f->runtime_state = RUNTIME_MODE;
}

static inline void runtime_foreign(struct facts *f)
{
	f->runtime_state = RUNTIME_FOREIGN;
}

static inline void not_delegated(struct facts *f)
{
	f->cgroup_delegated = ANSWER_NO;
	fail_trial(f, TRIAL_GROUP, "mkdir(cgroup)", EACCES);
}

static inline void not_delegated_without_systemd(struct facts *f)
{
	not_delegated(f);
	f->systemd = ANSWER_NO;
}

static inline void hybrid(struct facts *f)
{
	f->cgroup_mount = "/sys/fs/cgroup/unified";
	f->cgroup_controllers = "";
}

static inline void few_controllers(struct facts *f)
{
	f->cgroup_controllers = "cpu pids";
}

static inline void keys_full(struct facts *f)
{
	f->keys_used = 200;
	fail_trial(f, TRIAL_KEYRING, "keyctl", EDQUOT);
}

static inline void files(struct facts *f, uint64_t soft, uint64_t hard)
{
	f->nofile_soft = soft;
	f->nofile_hard = hard;
}

static inline void few_files(struct facts *f)
{
	files(f, 64, 1048576);
}

static inline void few_files_below_64(struct facts *f)
{
	files(f, 64, 64);
}

static inline void too_few_files(struct facts *f)
{
	files(f, 23, 200);
}

static inline void too_few_files_for_nobody(struct facts *f)
{
	files(f, 8, 20);
	f->user_name = NULL;
}

static inline void no_process(struct facts *f)
{
	without_userns(f, EAGAIN);
	f->trials[TRIAL_USERNS].call = "fork()";
	for (int i = TRIAL_MEMFD; i < TRIAL_COUNT; i++)
		fail_trial(f, (enum trial)i, "fork()", EAGAIN);
	f->nproc_soft = 20;
}

static inline void no_process_for_helpers(struct facts *f)
{
	fail_trial(f, TRIAL_RANGES, "newuidmap", EAGAIN);
}

static inline void chrooted(struct facts *f)
{
	without_userns(f, EPERM);
	f->in_chroot = ANSWER_YES;
}

static inline void userns_disabled_by_rootlet(struct facts *f)
{
	f->max_namespaces[NS_USER] = 0;
	f->container = "rootlet";
	without_userns(f, EPERM);
}

static inline void no_gids(struct facts *f)
{
	f->subgids.count = 0;
	f->trials[TRIAL_RANGES].worked = ANSWER_UNKNOWN;
}

static inline void no_uids(struct facts *f)
{
	f->subuids.count = 0;
	f->trials[TRIAL_RANGES].worked = ANSWER_UNKNOWN;
}

static inline void no_ids_no_name(struct facts *f)
{
	no_ids(f);
	f->user_name = NULL;
}

static inline void own_id_in_range(struct facts *f)
{
	f->uid = 100005;
	fail_trial(f, TRIAL_RANGES, "newuidmap", EPERM);
}

static inline void own_group_in_range(struct facts *f)
{
	f->gid = 165535;
	f->passwd_gid = 165535;
	fail_trial(f, TRIAL_RANGES, "newgidmap", EPERM);
}

static inline void no_home(struct facts *f)
{
	f->home_missing = ANSWER_YES;
}

static inline void outer_filter(struct facts *f)
{
	f->clone3 = ANSWER_NO;
}

static inline void ids_unreadable(struct facts *f)
{
	f->subid_error = "/etc/subuid: Permission denied";
	no_ids(f);
}

static inline void root_without_ids(struct facts *f)
{
	f->uid = f->gid = 0;
	f->passwd_gid = 0;
	f->user_name = "root";
	no_ids(f);
}

static inline void few_ids(struct facts *f)
{
	f->subgids.ranges[0].count = 1000;
}

static inline void helper_untrusted(struct facts *f)
{
	f->newgidmap.state = HELPER_UNTRUSTED;
	f->trials[TRIAL_RANGES].worked = ANSWER_UNKNOWN;
}

static inline void no_cgroup2(struct facts *f)
{
	f->cgroup2 = ANSWER_NO;
	f->cgroup_mount = NULL;
	f->cgroup_delegated = ANSWER_NO;
	fail_trial(f, TRIAL_GROUP, "mkdir(cgroup)", EACCES);
}

static inline void no_mount_setattr(struct facts *f)
{
	f->mount_setattr = ANSWER_NO;
}

static inline void no_openat2(struct facts *f)
{
	f->openat2 = ANSWER_NO;
}

static inline void no_mount_api(struct facts *f)
{
	f->mount_api = ANSWER_NO;
}

static inline void memfd_forbidden(struct facts *f)
{
	f->memfd_exec = ANSWER_NO;
}

static inline void memfd_refused(struct facts *f)
{
	fail_trial(f, TRIAL_MEMFD, "execveat(memfd)", EACCES);
}

static inline void no_time(struct facts *f)
{
	f->time_namespaces = ANSWER_NO;
}

static inline void ipc_refused(struct facts *f)
{
	fail_trial(f, TRIAL_IPC, "unshare(CLONE_NEWIPC)", EPERM);
}

static inline void hostname_refused_in_rootlet(struct facts *f)
{
	f->container = "rootlet";
	fail_trial(f, TRIAL_UTS, "sethostname()", EPERM);
}

static inline void map_refused(struct facts *f)
{
	fail_trial(f, TRIAL_SINGLE_MAP, "write(/proc/self/uid_map)", EPERM);
}

static inline void mount_refused(struct facts *f)
{
	fail_trial(f, TRIAL_TMPFS, "mount(tmpfs)", EPERM);
}

static inline void no_loopback(struct facts *f)
{
	fail_trial(f, TRIAL_LOOPBACK, "ioctl(SIOCSIFFLAGS, lo)", EPERM);
}

static inline void no_landlock(struct facts *f)
{
	f->landlock_abi = 0;
}

static inline void no_seccomp(struct facts *f)
{
	fail_trial(f, TRIAL_SECCOMP, "prctl(PR_SET_SECCOMP)", EINVAL);
}

static inline void runtime_on_nfs(struct facts *f)
{
	f->runtime_place.filesystem = "nfs";
}

static inline void data_read_only(struct facts *f)
{
	f->data_place.read_only = ANSWER_YES;
}

#endif
