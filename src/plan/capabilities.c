/* Which capabilities the command keeps. Part of SEAL, called by stage_seal.
 *
 * The caller's own sets do not matter: a new user namespace, or one that is entered, starts with
 * all of them and with securebits 0 (user_namespaces(7)), so what the kernel knows can be granted.
 */
#include "plan/planner.h"

#include "plan/names.h"

#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#define CAP(name) (UINT64_C(1) << CAP_##name)

/* Docker's list less MKNOD, NET_RAW and AUDIT_WRITE. */
static const uint64_t default_capabilities = CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) |
					     CAP(FSETID) | CAP(KILL) | CAP(NET_BIND_SERVICE) |
					     CAP(SETFCAP) | CAP(SETGID) | CAP(SETPCAP) |
					     CAP(SETUID) | CAP(SYS_CHROOT);

uint64_t plan_all_capabilities(const struct planner *p)
{
	uint32_t last = p->facts->last_cap ? p->facts->last_cap : CAP_LAST_CAP;

	return last >= 63 ? UINT64_MAX : (UINT64_C(1) << (last + 1)) - 1;
}

static int refuse_unknown(struct planner *p, uint64_t unknown)
{
	const char *release = p->facts->kernel_release;
	char name[NAME_CAPABILITY_SIZE];
	unsigned n = 0;

	while (!(unknown >> n & 1))
		n++;
	name_capability(n, name);
	for (char *c = name; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	error_set(p->err, -EINVAL, "capability-kernel", "--cap-add",
		  "--cap-add %s: this kernel%s%s%s has no such capability", name,
		  release ? " (" : "", release ? release : "", release ? ")" : "");
	error_hint(p->err, "newer kernels split it off from SYS_ADMIN, NET_ADMIN or SYS_PTRACE: "
			   "capabilities(7) says from which");
	return -EINVAL;
}

int plan_kept_capabilities(struct planner *p, uint64_t *ret)
{
	const struct spec *s = p->spec;
	uint64_t all = plan_all_capabilities(p);
	uint64_t kept = s->privileged || s->cap_add_all || s->kind == SPEC_UNSHARE
				? all
				: default_capabilities & all;

	if (s->cap_add & ~all)
		return refuse_unknown(p, s->cap_add & ~all);
	if (s->cap_drop_all)
		kept = 0;
	*ret = (kept & ~s->cap_drop) | s->cap_add;
	if (s->root_kind == ROOT_HOST && (*ret & CAP(SYS_ADMIN)))
		plan_note(p, "root inside keeps CAP_SYS_ADMIN: it can take the read-only and the "
			     "empty home "
			     "of `/` off again, and then reach what you may write on this host");
	return 0;
}

static bool number_is_root(const char *user)
{
	size_t zeros = strspn(user, "0");

	return zeros && (user[zeros] == '\0' || user[zeros] == ':');
}

/* A user other than root loses everything at exec but its ambient set. What was asked for by
 * --cap-add must not vanish silently, so it goes there, as podman has it; the defaults stay
 * root's. */
uint64_t plan_ambient_capabilities(const struct planner *p, uint64_t kept)
{
	const struct spec *s = p->spec;
	uint64_t asked = s->cap_add_all ? kept : s->cap_add & kept;

	if (s->kind == SPEC_UNSHARE || (s->user ? number_is_root(s->user) : p->user_uid == 0))
		return 0;
	return asked;
}
