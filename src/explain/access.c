/* Who may do what to a file, and which rule says so: the kernel's own order of questions
 * (inode_permission and generic_permission in fs/namei.c, posix_acl_permission in fs/posix_acl.c,
 * capable_wrt_inode_uidgid in kernel/capability.c). Pure. Security modules are not looked at. */
#include "explain/explain.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>

enum { MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4 };

/* Tags of linux/posix_acl.h, which says that user space should not include it. */
enum {
	ACL_USER = 0x02,
	ACL_GROUP_OBJ = 0x04,
	ACL_GROUP = 0x08,
	ACL_MASK = 0x10,
	ACL_OTHER = 0x20,
};

static bool in_group(const struct asker *who, uint32_t gid)
{
	if (who->gid == gid)
		return true;
	for (size_t i = 0; i < who->group_count; i++)
		if (who->groups[i] == gid)
			return true;
	return false;
}

static unsigned acl_mask(const struct inode_seen *inode)
{
	for (size_t i = 0; i < inode->acl_count; i++)
		if (inode->acl[i].tag == ACL_MASK)
			return inode->acl[i].perm;
	return 7;
}

/* Does the list, for who is not the owner, grant `want`? */
static bool acl_grants(const struct inode_seen *inode, const struct asker *who, unsigned want)
{
	unsigned mask = acl_mask(inode);
	bool found = false;

	for (size_t i = 0; i < inode->acl_count; i++) {
		const struct acl_entry *e = &inode->acl[i];

		if (e->tag == ACL_USER && e->id == who->uid)
			return (e->perm & mask & want) == want;
		if ((e->tag == ACL_GROUP_OBJ && in_group(who, inode->gid)) ||
		    (e->tag == ACL_GROUP && in_group(who, e->id))) {
			found = true;
			if ((e->perm & want) == want)
				return (mask & want) == want;
		}
		if (e->tag == ACL_OTHER)
			return !found && (e->perm & want) == want;
	}
	return false;
}

static struct verdict judge_bits(const struct inode_seen *inode, const struct asker *who,
				 unsigned want)
{
	unsigned bits = inode->mode & 7;
	enum access_rule rule = RULE_OTHER_BITS;

	if (who->uid == inode->uid) {
		bits = inode->mode >> 6 & 7;
		rule = RULE_OWNER_BITS;
	} else if (inode->acl_count && (inode->mode & S_IRWXG)) {
		return (struct verdict){.allowed = acl_grants(inode, who, want), .rule = RULE_ACL};
	} else if (in_group(who, inode->gid)) {
		bits = inode->mode >> 3 & 7;
		rule = RULE_GROUP_BITS;
	}
	return (struct verdict){.allowed = (bits & want) == want, .rule = rule};
}

static bool has(const struct asker *who, unsigned cap)
{
	return who->caps >> cap & 1;
}

/* The capability that would decide where the bits do not, or false. */
static bool capability_for(const struct inode_seen *inode, const struct asker *who, unsigned want,
			   enum access_rule *ret)
{
	bool directory = S_ISDIR(inode->mode);

	if (has(who, CAP_DAC_READ_SEARCH) && (directory ? !(want & MAY_WRITE) : want == MAY_READ)) {
		*ret = RULE_CAP_READ_SEARCH;
		return true;
	}
	/* Not even CAP_DAC_OVERRIDE executes what nobody may execute. */
	if (has(who, CAP_DAC_OVERRIDE) &&
	    (directory || !(want & MAY_EXEC) || (inode->mode & 0111))) {
		*ret = RULE_CAP_OVERRIDE;
		return true;
	}
	return false;
}

/* Refusals that come before the bits, and that no capability lifts. */
static bool refused_first(const struct inode_seen *inode, unsigned want, enum access_rule *ret)
{
	if (want == MAY_WRITE && inode->read_only &&
	    (S_ISREG(inode->mode) || S_ISDIR(inode->mode))) {
		*ret = RULE_READ_ONLY;
		return true;
	}
	if (want == MAY_WRITE && inode->immutable) {
		*ret = RULE_IMMUTABLE;
		return true;
	}
	if (want == MAY_EXEC && inode->noexec && S_ISREG(inode->mode)) {
		*ret = RULE_NOEXEC;
		return true;
	}
	return false;
}

struct verdict access_judge(const struct inode_seen *inode, const struct asker *who, int access)
{
	static const unsigned wants[ACCESS_KINDS] = {MAY_READ, MAY_WRITE, MAY_EXEC};
	unsigned want = wants[access];
	struct verdict v = {0};
	enum access_rule rule;

	if (refused_first(inode, want, &v.rule))
		return v;
	v = judge_bits(inode, who, want);
	if (!v.allowed && capability_for(inode, who, want, &rule)) {
		v.allowed = inode->uid_mapped && inode->gid_mapped;
		v.cap_lost = !v.allowed;
		v.rule = v.allowed ? rule : RULE_UNMAPPED;
	} else if (!v.allowed && want == MAY_EXEC && has(who, CAP_DAC_OVERRIDE)) {
		v.rule = RULE_NO_EXEC_BIT;
	}
	/* Allowed, but opening it for anything but additions fails (may_open in fs/namei.c). */
	if (v.allowed && want == MAY_WRITE && inode->append_only)
		v.rule = RULE_APPEND_ONLY;
	return v;
}

/* `bit` is S_ISUID or S_ISGID. mnt_may_suid and bprm_fill_uid in fs/exec.c. */
enum setuid_effect setuid_judge(const struct inode_seen *inode, uint32_t bit, bool no_new_privs)
{
	if (!S_ISREG(inode->mode) || !(inode->mode & bit) || !(inode->mode & 0111))
		return SETUID_NONE;
	if (bit == S_ISGID && !(inode->mode & S_IXGRP)) /* mandatory locking's mark, once */
		return SETUID_NONE;
	if (inode->nosuid)
		return SETUID_NOSUID;
	if (no_new_privs)
		return SETUID_NO_NEW_PRIVS;
	/* The kernel wants both ids mapped, whichever bit it is. */
	return inode->uid_mapped && inode->gid_mapped ? SETUID_WORKS : SETUID_UNMAPPED;
}

const char *access_rule_name(enum access_rule rule)
{
	static const char *const names[] = {
		[RULE_OWNER_BITS] = "owner-bits",
		[RULE_GROUP_BITS] = "group-bits",
		[RULE_OTHER_BITS] = "other-bits",
		[RULE_ACL] = "acl",
		[RULE_CAP_OVERRIDE] = "cap-dac-override",
		[RULE_CAP_READ_SEARCH] = "cap-dac-read-search",
		[RULE_READ_ONLY] = "read-only",
		[RULE_IMMUTABLE] = "immutable",
		[RULE_APPEND_ONLY] = "append-only",
		[RULE_NOEXEC] = "noexec",
		[RULE_NO_EXEC_BIT] = "no-execute-bit",
		[RULE_UNMAPPED] = "owner-not-mapped",
		[RULE_SEARCH] = "search",
		[RULE_NOT_MOUNTED] = "not-mounted",
		[RULE_NO_SUCH_ID] = "no-such-id",
		[RULE_UNKNOWN] = "unknown",
	};

	return names[rule];
}

/* acl(5) as the extended attribute holds it: a version, then tag, perm and id, little-endian. */
int acl_parse(struct arena *a, const void *data, size_t size, struct acl_entry **ret,
	      size_t *ret_count)
{
	const unsigned char *p = data;
	struct acl_entry *list;
	size_t count;

	if (size < 4 || (size - 4) % 8 || p[0] != 2 || p[1] || p[2] || p[3])
		return -EINVAL;
	count = (size - 4) / 8;
	list = arena_alloc(a, (count + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const unsigned char *e = p + 4 + i * 8;

		list[i].tag = (uint16_t)(e[0] | e[1] << 8);
		list[i].perm = (uint16_t)(e[2] | e[3] << 8);
		list[i].id = (uint32_t)e[4] | (uint32_t)e[5] << 8 | (uint32_t)e[6] << 16 |
			     (uint32_t)e[7] << 24;
	}
	*ret = list;
	*ret_count = count;
	return 0;
}
