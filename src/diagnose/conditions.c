/* When each condition of conditions.def holds. Judged from facts alone, so that a fixture is as
 * good as a host. No probing here; the texts are in conditions.def, their placeholders in expand.c.
 */
#include "diagnose/diagnose.h"

#include <errno.h>
#include <string.h>

static enum answer yes_if(bool holds)
{
	return holds ? ANSWER_YES : ANSWER_NO;
}

static enum answer opposite(enum answer a)
{
	return a == ANSWER_UNKNOWN ? a : yes_if(a == ANSWER_NO);
}

/* What was really tried outweighs what a setting says. */
static bool has_worked(const struct facts *f, enum trial trial)
{
	return f->trials[trial].worked == ANSWER_YES;
}

static bool has_failed(const struct facts *f, enum trial trial, int error)
{
	return f->trials[trial].worked == ANSWER_NO && f->trials[trial].error == error;
}

/* Refused for a reason of its own: not because no process or no file could be had for it. */
static bool was_refused(const struct facts *f, enum trial trial)
{
	const struct facts_trial *t = &f->trials[trial];

	return t->worked == ANSWER_NO && t->error != EAGAIN && t->error != EMFILE &&
	       t->error != ENFILE;
}

static enum answer process_limit(const struct facts *f)
{
	for (int i = 0; i < TRIAL_COUNT; i++)
		if (has_failed(f, (enum trial)i, EAGAIN))
			return ANSWER_YES;
	return ANSWER_NO;
}

static bool limit_is_zero(const struct facts *f)
{
	return f->max_namespaces[NS_USER] == 0;
}

static enum answer userns_missing(const struct facts *f)
{
	return opposite(f->userns_built);
}

static enum answer userns_off(const struct facts *f)
{
	if (f->userns_built == ANSWER_NO || limit_is_zero(f) || has_worked(f, TRIAL_USERNS))
		return ANSWER_NO;
	return opposite(f->userns_allowed);
}

static enum answer userns_zero(const struct facts *f)
{
	return yes_if(limit_is_zero(f) && !has_worked(f, TRIAL_USERNS));
}

static enum answer apparmor(const struct facts *f)
{
	return has_worked(f, TRIAL_TMPFS) ? ANSWER_NO : f->apparmor_restricts;
}

static enum answer chroot_around(const struct facts *f)
{
	return has_worked(f, TRIAL_USERNS) ? ANSWER_NO : f->in_chroot;
}

/* A kernel with openat2 (5.6) has clone3 (5.3): something else refuses it. */
static enum answer outer_filter(const struct facts *f)
{
	return yes_if(f->clone3 == ANSWER_NO && f->openat2 == ANSWER_YES);
}

/* ---- subordinate ids ---- */

static bool is_real_root(const struct facts *f)
{
	return f->uid == 0 && f->initial_userns;
}

static bool writes_maps_itself(const struct facts *f)
{
	return f->cap_setuid && f->cap_setgid;
}

static bool has_none(const struct facts *f)
{
	return !f->subid_error && (!f->subuids.count || !f->subgids.count);
}

static enum answer subids_unreadable(const struct facts *f)
{
	return yes_if(f->subid_error != NULL);
}

static enum answer subids_none(const struct facts *f)
{
	return yes_if(has_none(f) && !is_real_root(f) && !writes_maps_itself(f));
}

static enum answer root_without_subids(const struct facts *f)
{
	return yes_if(has_none(f) && is_real_root(f));
}

static uint64_t total(const struct id_ranges *ranges)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ranges->count; i++)
		sum += ranges->ranges[i].count;
	return sum;
}

static enum answer subids_few(const struct facts *f)
{
	if (f->subid_error || has_none(f))
		return ANSWER_NO;
	return yes_if(total(&f->subuids) < 65536 || total(&f->subgids) < 65536);
}

static bool holds_id(const struct id_ranges *ranges, uint32_t id)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (id >= ranges->ranges[i].start &&
		    id - ranges->ranges[i].start < ranges->ranges[i].count)
			return true;
	return false;
}

/* One's own id is mapped to root, so a range that holds it would map it twice. */
static enum answer own_id_granted(const struct facts *f)
{
	return yes_if(!f->subid_error && !has_none(f) && !is_real_root(f) &&
		      !writes_maps_itself(f) &&
		      (holds_id(&f->subuids, f->uid) || holds_id(&f->subgids, f->gid)));
}

/* ---- helpers ---- */

static const struct facts_helper *helper_in(const struct facts *f, enum helper_state state)
{
	if (f->newuidmap.state == state)
		return &f->newuidmap;
	return f->newgidmap.state == state ? &f->newgidmap : NULL;
}

static enum answer helper_is(const struct facts *f, enum helper_state state)
{
	if (f->newuidmap.state == HELPER_UNKNOWN)
		return ANSWER_UNKNOWN;
	return yes_if(helper_in(f, state) && !writes_maps_itself(f) &&
		      (state == HELPER_UNTRUSTED || !has_worked(f, TRIAL_RANGES)));
}

static enum answer helper_missing(const struct facts *f)
{
	return helper_is(f, HELPER_MISSING);
}

static enum answer helper_not_setuid(const struct facts *f)
{
	return helper_is(f, HELPER_NOT_SETUID);
}

static enum answer helper_nosuid(const struct facts *f)
{
	return helper_is(f, HELPER_NOSUID);
}

static enum answer helper_untrusted(const struct facts *f)
{
	return helper_is(f, HELPER_UNTRUSTED);
}

static enum answer helper_no_new_privs(const struct facts *f)
{
	return helper_is(f, HELPER_NO_NEW_PRIVS);
}

/* ---- the rest ---- */

static enum answer proc_covered(const struct facts *f)
{
	return has_worked(f, TRIAL_PROCFS) ? ANSWER_NO : opposite(f->proc_visible);
}

static enum answer cgroup2_missing(const struct facts *f)
{
	return opposite(f->cgroup2);
}

static enum answer cgroup_not_delegated(const struct facts *f)
{
	if (!f->cgroup_mount)
		return ANSWER_NO;
	/* what was really tried knows more than permissions; EAGAIN: a limit of processes */
	if (has_worked(f, TRIAL_GROUP))
		return ANSWER_NO;
	if (f->trials[TRIAL_GROUP].worked == ANSWER_NO && !has_failed(f, TRIAL_GROUP, EAGAIN))
		return ANSWER_YES;
	return opposite(f->cgroup_delegated);
}

static enum answer mount_setattr_missing(const struct facts *f)
{
	return opposite(f->mount_setattr);
}

static enum answer openat2_missing(const struct facts *f)
{
	return opposite(f->openat2);
}

static enum answer mount_api_missing(const struct facts *f)
{
	return opposite(f->mount_api);
}

static enum answer memfd_noexec(const struct facts *f)
{
	return yes_if(f->memfd_exec == ANSWER_NO || was_refused(f, TRIAL_MEMFD));
}

static enum answer time_missing(const struct facts *f)
{
	return opposite(f->time_namespaces);
}

/* ---- what the disposable child could not do, and nothing above explains ---- */

static bool userns_explained(const struct facts *f)
{
	return userns_missing(f) == ANSWER_YES || userns_off(f) == ANSWER_YES ||
	       userns_zero(f) == ANSWER_YES || apparmor(f) == ANSWER_YES ||
	       chroot_around(f) == ANSWER_YES;
}

static enum answer namespace_limit(const struct facts *f)
{
	if (userns_explained(f))
		return ANSWER_NO;
	for (int i = TRIAL_USERNS; i <= TRIAL_TIME; i++)
		if (has_failed(f, (enum trial)i, ENOSPC))
			return ANSWER_YES;
	return ANSWER_NO;
}

static enum answer userns_refused(const struct facts *f)
{
	return yes_if(was_refused(f, TRIAL_USERNS) && !userns_explained(f) &&
		      namespace_limit(f) != ANSWER_YES);
}

static enum answer namespaces_refused(const struct facts *f)
{
	if (userns_explained(f) || namespace_limit(f) == ANSWER_YES)
		return ANSWER_NO;
	for (int i = TRIAL_MNT; i <= TRIAL_CGROUP; i++)
		if (was_refused(f, (enum trial)i))
			return ANSWER_YES;
	return ANSWER_NO;
}

static enum answer map_refused(const struct facts *f)
{
	return yes_if(was_refused(f, TRIAL_SINGLE_MAP) && !userns_explained(f));
}

/* newuidmap serves only callers who are in their primary group. */
static enum answer primary_group(const struct facts *f)
{
	return yes_if(f->passwd_gid != UINT64_MAX && f->passwd_gid != f->gid &&
		      !writes_maps_itself(f) && !has_worked(f, TRIAL_RANGES));
}

static enum answer ranges_refused(const struct facts *f)
{
	return yes_if(was_refused(f, TRIAL_RANGES) && primary_group(f) != ANSWER_YES &&
		      own_id_granted(f) != ANSWER_YES && f->newuidmap.state == HELPER_OK &&
		      f->newgidmap.state == HELPER_OK && !userns_explained(f));
}

static enum answer mount_refused(const struct facts *f)
{
	if (userns_explained(f))
		return ANSWER_NO;
	return yes_if(was_refused(f, TRIAL_TMPFS) || was_refused(f, TRIAL_DEVPTS) ||
		      (was_refused(f, TRIAL_PROCFS) && proc_covered(f) != ANSWER_YES));
}

static enum answer overlay_refused(const struct facts *f)
{
	return yes_if(was_refused(f, TRIAL_OVERLAY) && !userns_explained(f));
}

static enum answer loopback_refused(const struct facts *f)
{
	return yes_if(was_refused(f, TRIAL_LOOPBACK) && !userns_explained(f));
}

static enum answer landlock_missing(const struct facts *f)
{
	return yes_if(((f->needs & FACT_KERNEL) && f->landlock_abi == 0) ||
		      was_refused(f, TRIAL_LANDLOCK));
}

static enum answer seccomp_missing(const struct facts *f)
{
	return yes_if(was_refused(f, TRIAL_SECCOMP));
}

/* ---- quotas and folders ---- */

static enum answer controllers_missing(const struct facts *f)
{
	const char *c = f->cgroup_controllers;

	if (f->cgroup_delegated != ANSWER_YES || !c)
		return ANSWER_NO;
	return yes_if(!strstr(c, "memory") || !strstr(c, "pids"));
}

static enum answer key_limit(const struct facts *f)
{
	return yes_if(has_failed(f, TRIAL_KEYRING, EDQUOT) ||
		      (f->keys_max != UINT64_MAX && f->keys_used != UINT64_MAX &&
		       f->keys_used >= f->keys_max));
}

/* A start opens about 20 descriptors of its own at once; each volume adds one. */
enum { FILES_NEEDED = 24, FILES_WANTED = 256 };

static enum answer too_few_files(const struct facts *f)
{
	return yes_if(f->nofile_soft < FILES_NEEDED);
}

static enum answer few_files(const struct facts *f)
{
	return yes_if(f->nofile_soft >= FILES_NEEDED && f->nofile_soft < FILES_WANTED);
}

static enum answer home_missing(const struct facts *f)
{
	return f->home_missing;
}

static enum answer runtime_missing(const struct facts *f)
{
	return yes_if(f->runtime_state != RUNTIME_OK && f->runtime_state != RUNTIME_UNKNOWN);
}

/* Where files of other owners cannot be kept, locks may be lost, or names are case-blind. */
static bool is_remote(const struct facts_place *p)
{
	static const char *const names[] = {"nfs",    "smb",  "afs",	"9p",	"ceph",
					    "lustre", "gpfs", "beegfs", "fuse", "vfat"};

	for (size_t i = 0; p->filesystem && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(p->filesystem, names[i]))
			return true;
	return false;
}

static enum answer runtime_remote(const struct facts *f)
{
	return yes_if(is_remote(&f->runtime_place));
}

static enum answer store_remote(const struct facts *f)
{
	return yes_if(is_remote(&f->data_place));
}

static enum answer store_noexec(const struct facts *f)
{
	return f->data_place.noexec;
}

static enum answer store_read_only(const struct facts *f)
{
	return f->data_place.read_only;
}

const struct condition conditions[] = {
#include "diagnose/conditions.def"
};

const size_t condition_count = sizeof(conditions) / sizeof(conditions[0]);

const struct condition *condition_find(const char *id)
{
	for (size_t i = 0; i < condition_count; i++)
		if (!strcmp(conditions[i].id, id))
			return &conditions[i];
	return NULL;
}
