/* SEAL in the child: give up what the command should not have. See child.h for the rules, and the
 * plan for the order, which is what makes it safe. */
#include "run/child.h"

#include "base/sys.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

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

/* EDQUOT: the caller's quota of keys is used up. The filter that follows refuses every key call, so
 * the caller's keys stay out of reach; ENOSYS: a kernel without keys. */
int child_keyring(struct child *c, const struct step *step)
{
	int r = SYS(keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);

	return r >= 0 || r == -ENOSYS || r == -EDQUOT || r == -EPERM ? 0 : r;
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

	for (size_t i = 0; i < step->a.ids.group_count && c->group_count < CHILD_GROUPS_MAX; i++)
		c->groups[c->group_count++] = step->a.ids.groups[i];
	if (step->a.ids.set_groups)
		r = SYS(setgroups, (size_t)c->group_count, c->groups);
	if (r == 0)
		r = SYS(setresgid, gid, gid, gid);
	if (r == 0)
		r = SYS(setresuid, uid, uid, uid);
	return r;
}

int child_set_user(struct child *c, const struct step *step)
{
	uint32_t uid = step->a.ids.looked_up ? c->uid : step->a.ids.uid;
	uint32_t gid = step->a.ids.looked_up ? c->gid : step->a.ids.gid;
	int r = set_ids(c, step, uid, gid);

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

/* A default that is not there inside becomes the root; what was asked for must be there. */
int child_workdir(struct child *c, const struct step *step)
{
	int r = SYS(chdir, step->a.text.text);

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

int child_seccomp(struct child *c, const struct step *step)
{
	struct sock_fprog program = {
		.len = step->a.filter.length,
		.filter = (struct sock_filter *)(uintptr_t)step->a.filter.program,
	};

	return SYS(seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* Without close_range: every descriptor that /proc/self/fd of our own procfs lists, or every number
 * that the limit allows. */
static int mark_each(unsigned from)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	for (unsigned fd = from; fd < limit.rlim_cur && fd < 65536; fd++)
		SYS(fcntl, fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

/* Marked close-on-exec rather than closed: the report pipe must tell that the exec worked. */
int child_close_fds(struct child *c, const struct step *step)
{
	int r = -ENOSYS;

	if (c->plan->close_range)
		r = SYS(close_range, (unsigned)step->a.number, ~0U, CLOSE_RANGE_CLOEXEC);
	if (r < 0)
		r = mark_each((unsigned)step->a.number);
	return r;
}
