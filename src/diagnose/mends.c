/* Lines that mend something and depend on where rootlet runs: in a container, under systemd, below
 * which mount, within which limits. Reads the snapshot only; the table that names them is
 * expand.c. */
#include "diagnose/mends.h"

#include "base/buffer.h"
#include "spec/hidden.h"

#include <string.h>

static const char *sudo(const struct facts *f)
{
	return f->uid ? "sudo " : "";
}

static bool is_container(const struct facts *f, const char *maker)
{
	return f->container && !strcmp(f->container, maker);
}

/* ---- containers around us ---- */

void mend_raise_userns(struct buffer *b, const struct facts *f)
{
	if (is_container(f, "rootlet"))
		buffer_puts(b, "start the outer container without --disable-userns");
	else
		buffer_puts(b, "sudo sysctl user.max_user_namespaces=65536");
}

/* The masks of a container come with a filter that refuses sethostname, and with a /proc/sys that
 * is read-only, where an own network namespace has a setting to write. */
static const char all_three[] = "`--pid host --uts host --network host` works, all three together";

/* What docker, podman and rootlet cover by default; anything else of /proc somebody covered by
 * hand. */
static bool is_covered_by_default(const char *path)
{
	static const char *const others[] = {"/proc/kallsyms", "/proc/config.gz", NULL};
	const char *const *const lists[] = {spec_hidden, spec_read_only, others};

	for (size_t i = 0; path && i < sizeof(lists) / sizeof(lists[0]); i++)
		for (const char *const *known = lists[i]; *known; known++)
			if (!strcmp(path, *known))
				return true;
	return !path;
}

static bool is_covered_by_outer(const struct facts *f)
{
	return f->container && is_covered_by_default(f->proc_covered);
}

/* One alone is not enough: the filter refuses sethostname, the masks a new /proc. */
static void add_both(struct buffer *b, const struct facts *f)
{
	static const char both[] = "start the outer container with both --security-opt "
				   "seccomp=unconfined and --security-opt ";

	if (is_container(f, "docker"))
		buffer_printf(b, "%ssystempaths=unconfined", both);
	else if (is_container(f, "podman") || is_container(f, "rootlet"))
		buffer_printf(b, "%sunmask=ALL", both);
	else
		buffer_printf(b, "%sunmask=ALL (docker: systempaths=unconfined)", both);
}

void mend_uncover(struct buffer *b, const struct facts *f)
{
	if (!is_covered_by_outer(f) && f->proc_covered)
		buffer_printf(b, "%sumount %s", sudo(f), f->proc_covered);
	else
		add_both(b, f);
}

void mend_leave_container(struct buffer *b, const struct facts *f)
{
	if (f->container)
		add_both(b, f);
	else
		buffer_puts(b, "start rootlet outside of the sandbox that it is in");
}

void mend_shared_meanwhile(struct buffer *b, const struct facts *f)
{
	buffer_puts(b, f->container ? all_three
				    : "containers that share that namespace with the host: "
				      "`--network host`, `--pid host` …");
}

void mend_proc_meanwhile(struct buffer *b, const struct facts *f)
{
	buffer_puts(b, is_covered_by_outer(f) ? all_three : "`--pid host` works");
}

/* ---- subordinate ids ---- */

static const struct id_range *range_with(const struct id_ranges *ranges, uint32_t id)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (id >= ranges->ranges[i].start &&
		    id - ranges->ranges[i].start < ranges->ranges[i].count)
			return &ranges->ranges[i];
	return NULL;
}

void mend_subid_overlap(struct buffer *b, const struct facts *f)
{
	bool uid = range_with(&f->subuids, f->uid) != NULL;

	buffer_printf(b, "your own %s id %u is among your subordinate ones in /etc/sub%s",
		      uid ? "user" : "group", uid ? f->uid : f->gid, uid ? "uid" : "gid");
}

static void add_exchange(struct buffer *b, const struct id_range *old, const char *kind,
			 uint64_t start)
{
	if (old)
		buffer_printf(b, "--del-sub%ss %u-%llu --add-sub%ss %llu-%llu ", kind, old->start,
			      (unsigned long long)old->start + old->count - 1, kind,
			      (unsigned long long)start, (unsigned long long)start + 65535);
}

static void add_regrant(struct buffer *b, const struct facts *f)
{
	uint64_t start = f->subid_free == UINT64_MAX ? 100000 : f->subid_free;

	buffer_puts(b, "usermod ");
	add_exchange(b, range_with(&f->subuids, f->uid), "uid", start);
	add_exchange(b, range_with(&f->subgids, f->gid), "gid", start);
	mend_user(b, f);
}

void mend_regrant(struct buffer *b, const struct facts *f)
{
	buffer_puts(b, "sudo ");
	add_regrant(b, f);
}

void mend_ask_regrant(struct buffer *b, const struct facts *f)
{
	buffer_puts(b, "Please run: ");
	add_regrant(b, f);
}

void mend_remount_helper(struct buffer *b, const struct facts *f)
{
	if (f->helper_mount)
		buffer_printf(b, "sudo mount -o remount,suid %s", f->helper_mount);
	else
		buffer_puts(b, "remount without nosuid what `findmnt -T` names: mount -o "
			       "remount,suid");
}

/* ---- cgroups ---- */

static bool is_hybrid(const struct facts *f)
{
	size_t len = f->cgroup_mount ? strlen(f->cgroup_mount) : 0;

	return len >= 8 && !strcmp(f->cgroup_mount + len - 8, "/unified");
}

void mend_cgroup_hybrid(struct buffer *b, const struct facts *f)
{
	if (is_hybrid(f))
		buffer_puts(b, "; the controllers are in cgroup version 1 here, so "
			       "a delegated group of version 2 can pause and count, and not limit");
}

void mend_cgroup_folder(struct buffer *b, const struct facts *f)
{
	const char *path = f->cgroup_path ? f->cgroup_path : "";

	buffer_printf(b, "%s%s", f->cgroup_mount ? f->cgroup_mount : "/sys/fs/cgroup",
		      strcmp(path, "/") ? path : "");
}

void mend_delegate(struct buffer *b, const struct facts *f)
{
	if (f->systemd == ANSWER_YES)
		buffer_puts(b, "systemd-run --user --scope -p Delegate=yes rootlet …");
	else
		buffer_puts(b, "ask the administrator to make a cgroup, chown it to you and start "
			       "your shell in it");
}

void mend_delegate_controllers(struct buffer *b, const struct facts *f)
{
	if (is_hybrid(f))
		buffer_puts(b, "boot with cgroup version 2 alone "
			       "(systemd.unified_cgroup_hierarchy=1)");
	else if (f->systemd == ANSWER_YES)
		buffer_puts(b, "sudo mkdir -p /etc/systemd/system/user@.service.d && printf "
			       "'[Service]\\nDelegate=cpu cpuset io memory pids\\n' | sudo tee "
			       "/etc/systemd/system/user@.service.d/delegate.conf && sudo "
			       "systemctl daemon-reload");
	else
		buffer_puts(b, "ask the administrator to write \"+memory +pids\" to "
			       "cgroup.subtree_control of the cgroups above yours");
}

/* ---- limits ---- */

void mend_nproc(struct buffer *b, const struct facts *f)
{
	if (f->nproc_soft == UINT64_MAX)
		buffer_puts(b, "any number");
	else
		buffer_printf(b, "%llu", (unsigned long long)f->nproc_soft);
}

enum { FEWEST_FILES = 24, ENOUGH_FILES = 4096 };

static uint64_t files_wanted(const struct facts *f)
{
	return f->nofile_soft < ENOUGH_FILES / 2 ? ENOUGH_FILES : f->nofile_soft * 2;
}

/* pam_limits(8); a user without a name is written as a range of ids: limits.conf(5). */
static void add_limits_line(struct buffer *b, const struct facts *f)
{
	if (f->user_name)
		buffer_printf(b, "%s", f->user_name);
	else
		buffer_printf(b, "%u:%u", f->uid, f->uid);
	buffer_printf(b, " - nofile %llu", (unsigned long long)files_wanted(f));
}

static bool may_raise_files(const struct facts *f)
{
	return f->nofile_hard > f->nofile_soft && f->nofile_hard >= FEWEST_FILES;
}

/* Never past the hard limit: the shell would refuse it. */
void mend_raise_files(struct buffer *b, const struct facts *f)
{
	uint64_t want = files_wanted(f);

	if (may_raise_files(f)) {
		buffer_printf(b, "ulimit -n %llu",
			      (unsigned long long)(want < f->nofile_hard ? want : f->nofile_hard));
		return;
	}
	buffer_puts(b, "echo '");
	add_limits_line(b, f);
	buffer_puts(b, "' | sudo tee -a /etc/security/limits.conf");
}

void mend_ask_files(struct buffer *b, const struct facts *f)
{
	if (may_raise_files(f))
		return;
	buffer_puts(b, "Please raise the hard limit of open files in /etc/security/limits.conf: ");
	add_limits_line(b, f);
}

/* ---- the runtime folder ---- */

void mend_runtime(struct buffer *b, const struct facts *f)
{
	switch (f->runtime_state) {
	case RUNTIME_MISSING:
	case RUNTIME_FOREIGN:
	case RUNTIME_REFUSED:
	case RUNTIME_RELATIVE:
		buffer_puts(b, "unset XDG_RUNTIME_DIR");
		break;
	case RUNTIME_MODE:
		buffer_printf(b, "chmod 700 %s",
			      f->runtime_place.path ? f->runtime_place.path : "");
		break;
	case RUNTIME_UNKNOWN:
	case RUNTIME_OK:
	case RUNTIME_UNSET:
		if (f->systemd == ANSWER_YES) {
			buffer_puts(b, "sudo loginctl enable-linger ");
			mend_user(b, f);
		}
		break;
	}
}

void mend_ask_runtime(struct buffer *b, const struct facts *f)
{
	if (f->runtime_state != RUNTIME_UNSET || f->systemd != ANSWER_YES)
		return;
	buffer_puts(b, "Please run: loginctl enable-linger ");
	mend_user(b, f);
}
