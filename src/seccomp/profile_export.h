/* What libseccomp has of a profile, as the kernel's program. */
#ifndef ROOTLET_SECCOMP_PROFILE_EXPORT_H
#define ROOTLET_SECCOMP_PROFILE_EXPORT_H

#include "seccomp/profile.h"
#include "seccomp/profile_newer.h"

#include <seccomp.h>

/* Name, program and length of *ret, in `a`; the few instructions of `newer` stand first. `path` is
 * the profile's, for its name and for messages. ids: seccomp-export, seccomp-too-long. */
int profile_export(scmp_filter_ctx ctx, const struct newer *newer, uint32_t default_action,
		   const char *path, struct arena *a, struct seccomp_filter *ret,
		   struct rootlet_error *err);

#endif
