/* System calls that are newer than a profile: the few instructions that stand before it.
 *
 * A profile that refuses all that it does not name with EPERM says so to calls that did not exist
 * when it was written, and C libraries take their older way on ENOSYS only. So every number above
 * the highest one that the profile names answers ENOSYS, for each architecture on its own. A name
 * counts whatever its rule says and whether its conditions hold or not: who names a call knows it.
 */
#ifndef ROOTLET_SECCOMP_PROFILE_NEWER_H
#define ROOTLET_SECCOMP_PROFILE_NEWER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

enum { NEWER_ARCHES = 24, NEWER_PROGRAM_MAX = 1 + NEWER_ARCHES * 9 };

struct newer {
	struct {
		uint32_t token; /* libseccomp's: x32 is one of its own */
		int last;
	} arches[NEWER_ARCHES];
	size_t count;
};

/* First the architectures, then the names. A name that libseccomp does not know counts for nothing:
 * the profile cannot allow that call, so its caller may as well take the older way. */
void newer_add_arch(struct newer *n, uint32_t token);
void newer_add_name(struct newer *n, const char *name);

/* Returns the number of instructions: none but where the default is an errno other than ENOSYS. To
 * kill, trap, trace, log or allow are answers for new calls as well. What the instructions do not
 * answer goes on behind them. */
size_t newer_program(const struct newer *n, uint32_t default_action,
		     struct sock_filter ret[NEWER_PROGRAM_MAX]);

#endif
