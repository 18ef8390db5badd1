/* SEAL in the child: give up what the command should not have. See child.h for the rules, and the
 * plan for the order, which is what makes it safe. */
#include "run/child.h"

#include "base/resolve.h"
#include "base/sys.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* The terminal's foreground group can only be set by a background process while SIGTTOU is blocked:
 * every signal is, until the exec. */
int child_process_group(struct child *c, const struct step *step)
{
	int r = SYS(setpgid, 0, 0), group;

	if (r < 0 || !step->a.group.foreground)
		return r;
	group = SYS(getpgid, 0);
	return ioctl(0, TIOCSPGRP, &group) < 0 ? -errno : 0;
}

/* EDQUOT: the caller's quota of keys is used up. A plan's own filters refuse every key call
 * (plan_verify asserts a filter, docs/adr/0011 says why), so the caller's keys are out of reach
 * through its session keyring too: that is said, and the start goes on. ENOSYS: a kernel without
 * keys, or such a filter around us; EPERM: another one. */
int child_keyring(struct child *c, const struct step *step)
{
	int r = SYS(keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);

	if (r == -EDQUOT && c->plan->oci) /* no filter of ours would hide the caller's */
		return r;
	if (r == -EDQUOT)
		child_send(c, WIRE_NOTE, (int)(step - c->plan->steps), EDQUOT, 0);
	return r >= 0 || r == -ENOSYS || r == -EDQUOT || r == -EPERM ? 0 : r;
}

int child_session(struct child *c, const struct step *step)
{
	int r = SYS(setsid);

	return r == -EPERM || r >= 0 ? 0 : r; /* EPERM: it leads its group already */
}

int child_rlimit(struct child *c, const struct step *step)
{
	struct rlimit64 limit = {step->a.rlimit.soft, step->a.rlimit.hard};

	return SYS(prlimit64, 0, step->a.rlimit.resource, &limit, NULL);
}

int child_umask(struct child *c, const struct step *step)
{
	SYS(umask, (unsigned)step->a.number);
	return 0;
}

int child_bounding_set(struct child *c, const struct step *step)
{
	for (unsigned cap = 0; cap < 64; cap++) {
		int r;

		if (step->a.capabilities & (UINT64_C(1) << cap))
			continue;
		r = SYS(prctl, PR_CAPBSET_DROP, (unsigned long)cap, 0UL, 0UL, 0UL);
		if (r == -EINVAL) /* past the kernel's last */
			break;
		if (r < 0)
			return r;
	}
	return 0;
}

static int set_ids(struct child *c, const struct step *step, uint32_t uid, uint32_t gid)
{
	int r = 0;

	if (step->a.ids.group_count > CHILD_GROUPS_MAX && step->a.ids.looked_up)
		return -E2BIG;
	if (step->a.ids.looked_up) {
		for (size_t i = 0; i < step->a.ids.group_count && c->group_count < CHILD_GROUPS_MAX;
		     i++)
			c->groups[c->group_count++] = step->a.ids.groups[i];
	}
	if (step->a.ids.set_groups && step->a.ids.looked_up)
		r = SYS(setgroups, (size_t)c->group_count, c->groups);
	else if (step->a.ids.set_groups)
		r = SYS(setgroups, step->a.ids.group_count, step->a.ids.groups);
	if (r == 0)
		r = SYS(setresgid, gid, gid, gid);
	if (r == 0)
		r = SYS(setresuid, uid, uid, uid);
	return r < 0 ? r : child_hide(c);
}

/* What was made by the caller could not be opened by name as another user: /dev/stdout. Files and
 * devices of the host stay whose they are; a pipe whose owner has no place in the map does, too. */
static int give_pipes(uint32_t uid)
{
	struct stat st;

	for (int fd = 0; fd < 3; fd++)
		if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && st.st_uid != uid &&
		    fchown(fd, uid, (gid_t)-1) < 0 && errno != EPERM && errno != EROFS)
			return -errno;
	return 0;
}

int child_set_user(struct child *c, const struct step *step)
{
	uint32_t uid = step->a.ids.looked_up ? c->uid : step->a.ids.uid;
	uint32_t gid = step->a.ids.looked_up ? c->gid : step->a.ids.gid;
	int r = 0;

	/* programs such as mesg(1) and screen(1) want to own their terminal */
	if (c->plan->terminal && fchown(0, uid, (gid_t)-1) < 0)
		r = -errno;
	if (r == 0 && step->a.ids.own_pipes)
		r = give_pipes(uid);
	if (r == 0)
		r = set_ids(c, step, uid, gid);

	if (r == -EINVAL) { /* setresuid(2): an id that the namespace does not map */
		c->detail = WIRE_DETAIL_ID_UNMAPPED;
		c->value = uid;
	}
	return r;
}

/* A user other than root has none left by now, and must not get any. */
int child_capabilities(struct child *c, const struct step *step)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {0};
	uint64_t kept = step->a.capabilities;
	int r = SYS(capget, &header, data);

	if (r < 0)
		return r;
	for (int i = 0; i < 2; i++) {
		uint32_t word = (uint32_t)(kept >> (32 * i));

		data[i].permitted &= word;
		data[i].effective &= word;
		data[i].inheritable = 0;
	}
	r = SYS(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL);
	if (r < 0)
		return r;
	return SYS(capset, &header, data);
}

/* Never through a magic link such as /proc/self/fd/N, which leads wherever the descriptor is. */
static int enter_directory(struct child *c, const char *path)
{
	int root = SYS(openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	int dir = root < 0 ? root : resolve_open(root, path, c->plan->openat2);
	int r = dir < 0 ? dir : SYS(fchdir, dir);

	if (root >= 0)
		close(root);
	if (dir >= 0)
		close(dir);
	return r;
}

int child_keep_capabilities(struct child *c, const struct step *step)
{
	return SYS(prctl, PR_SET_KEEPCAPS, 1UL, 0UL, 0UL, 0UL);
}

/* Root has at exec what the bounding set leaves; only now is it known whether a looked-up user is.
 */
int child_ambient(struct child *c, const struct step *step)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	uint64_t wanted = step->a.capabilities;
	int r;

	if (SYS(geteuid) == 0)
		return 0;
	for (int i = 0; i < 2; i++)
		data[i].permitted = data[i].effective = data[i].inheritable =
			(uint32_t)(wanted >> (32 * i));
	r = SYS(capset, &header, data);
	for (unsigned cap = 0; r == 0 && cap < 64; cap++)
		if (wanted & (UINT64_C(1) << cap))
			r = SYS(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, (unsigned long)cap,
				0UL, 0UL);
	return r;
}

/* The permitted set is what there is to give: what is not in it is left out, and said. */
int child_capability_sets(struct child *c, const struct step *step)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {0};
	uint64_t have, wanted, missing;
	int r = SYS(capget, &header, data);

	if (r < 0)
		return r;
	have = data[0].permitted | (uint64_t)data[1].permitted << 32;
	wanted = step->a.sets.effective | step->a.sets.permitted | step->a.sets.inheritable |
		 step->a.sets.ambient;
	missing = (wanted & ~have) |
		  (step->a.sets.ambient & ~(step->a.sets.permitted & step->a.sets.inheritable));
	if (missing)
		child_send(c, WIRE_NOTE, (int)(step - c->plan->steps), EPERM, (int64_t)missing);
	for (int i = 0; i < 2; i++) {
		data[i].permitted = (uint32_t)((step->a.sets.permitted & have) >> (32 * i));
		data[i].effective =
			data[i].permitted & (uint32_t)(step->a.sets.effective >> (32 * i));
		data[i].inheritable = (uint32_t)((step->a.sets.inheritable & have) >> (32 * i));
	}
	r = SYS(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL);
	if (r == 0)
		r = SYS(capset, &header, data);
	for (unsigned cap = 0; r == 0 && cap < 64; cap++) {
		uint64_t bit = UINT64_C(1) << cap;

		/* prctl(2): only what is permitted and inheritable can be ambient */
		if (step->a.sets.ambient & step->a.sets.permitted & step->a.sets.inheritable &
		    have & bit)
			r = SYS(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, (unsigned long)cap,
				0UL, 0UL);
	}
	return r;
}

/* A default that is not there inside becomes the root; what was asked for must be there. */
int child_workdir(struct child *c, const struct step *step)
{
	int r;

	if (c->in_workdir)
		return 0;
	r = enter_directory(c, step->a.text.text);
	if (r == -EACCES && step->a.text.tries)
		return 0;
	c->in_workdir = r == 0;
	return r < 0 && step->optional ? SYS(chdir, "/") : r;
}

int child_no_new_privs(struct child *c, const struct step *step)
{
	return SYS(prctl, PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL);
}

int child_parent_death(struct child *c, const struct step *step)
{
	return SYS(prctl, PR_SET_PDEATHSIG, (unsigned long)step->a.number, 0UL, 0UL, 0UL);
}

/* Whoever started us hands it on: the listener's socket is of the host. */
static int send_listener(struct child *c, int listener)
{
	struct wire_message message = {.type = WIRE_LISTENER};
	int r = child_send_fd(c, &message, listener);

	close(listener);
	return r;
}

int child_seccomp(struct child *c, const struct step *step)
{
	struct sock_fprog program = {
		.len = step->a.filter.length,
		.filter = (struct sock_filter *)(uintptr_t)step->a.filter.program,
	};

	uint32_t flags = step->a.filter.flags;
	int r;

	if (!step->a.filter.notify)
		return SYS(seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	r = SYS(seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_NEW_LISTENER,
		&program);
	return r < 0 ? r : send_listener(c, r);
}

/* What set-up itself still uses: the report pipe must tell that the exec worked. Sorted. */
static int own_descriptors(const struct child *c, int kept[static 6])
{
	const int all[6] = {c->report, c->control,    c->init_image,
			    c->start,  c->state_file, c->fault_trigger};
	int n = 0;

	for (int i = 0; i < 6; i++) {
		int at = n;

		if (all[i] < 0)
			continue;
		for (; at > 0 && kept[at - 1] > all[i]; at--)
			kept[at] = kept[at - 1];
		kept[at] = all[i];
		n++;
	}
	return n;
}

/* Without close_range: every number that the limit allows. */
static int close_each(unsigned from, unsigned to)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	for (unsigned fd = from; fd <= to && fd < limit.rlim_cur && fd < 65536; fd++)
		SYS(close, (int)fd);
	return 0;
}

static int close_between(struct child *c, unsigned from, unsigned to)
{
	int r = -ENOSYS;

	if (from > to)
		return 0;
	if (c->plan->close_range)
		r = SYS(close_range, from, to, 0);
	return r < 0 ? close_each(from, to) : r;
}

/* Closed, not only marked close-on-exec: what follows reads paths of the container's, and a link to
 * /proc/self/fd/N in one of them must find nothing of the host (CVE-2024-21626 was that). */
int child_close_fds(struct child *c, const struct step *step)
{
	unsigned from = (unsigned)step->a.number;
	int kept[6], n = own_descriptors(c, kept), r = 0;

	for (int i = 0; i < n && r == 0; i++) {
		if ((unsigned)kept[i] < from)
			continue;
		if (kept[i] > 0)
			r = close_between(c, from, (unsigned)kept[i] - 1);
		from = (unsigned)kept[i] + 1;
	}
	if (r == 0)
		r = close_between(c, from, ~0U);
	for (int i = 0; i < c->plan->slots; i++)
		c->slots[i] = -1;
	return r;
}
