/* The default seccomp filter: system calls that a container has no use for.
 *
 * A deny-list, compiled at build time into finished BPF (docs/adr/0004-default-seccomp-filter.md).
 * This room knows calls and capabilities; it loads nothing, and knows neither the spec nor the
 * plan. A user's own profile is profile.h's concern.
 *
 * Which filter to load:
 *   default          seccomp_build(capabilities)             it holds the rules of seccomp_always
 * too unconfined       seccomp_always() seccomp=FILE     seccomp_always(), and then the profile: it
 * may allow what the first one refuses
 */
#ifndef ROOTLET_SECCOMP_FILTER_H
#define ROOTLET_SECCOMP_FILTER_H

#include "base/arena.h"
#include "base/error.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

struct seccomp_filter {
	const struct sock_filter *program;
	uint16_t length; /* instructions */
	const char *name;
	uint32_t flags; /* SECCOMP_FILTER_FLAG_… of seccomp(2) */
	bool notify;	/* it has calls that a listener answers */
};

/* The default filter for a process that keeps these capabilities (bit n: capability n of
 * linux/capability.h; give the bounding set, what it lacks can never be gained). Only those that
 * lift a rule count. NULL when this combination was not compiled at build time. Static storage. */
const struct seccomp_filter *seccomp_default(uint64_t capabilities);

/* The same for every combination: the compiled one where there is one, else built now from the same
 * tables (tens of microseconds) in the arena. */
int seccomp_build(struct arena *a, uint64_t capabilities, struct seccomp_filter *ret,
		  struct rootlet_error *err);

/* TIOCSTI and TIOCLINUX (both put characters into a terminal's input queue) answer EPERM, add_key,
 * request_key and keyctl (they reach keys by the owner's uid, which no namespace changes) ENOSYS,
 * everything else is allowed: loaded whatever the user asked for. Static storage. */
const struct seccomp_filter *seccomp_always(void);

/* Making a user namespace is refused, everything else is allowed: clone and unshare with
 * CLONE_NEWUSER answer EPERM, and clone3, whose flags lie behind a pointer, ENOSYS (the C library
 * then takes clone). A second line for --disable-userns. Static storage. */
const struct seccomp_filter *seccomp_no_userns(void);

#endif
