/* A compiled profile as bytes that can be kept: compiling takes some 20 ms, four times a start.
 * Reads and writes no file.
 *
 * The bytes begin with all that the program depends on, the profile's whole text included, and are
 * compared with what a start wants byte for byte: there is no digest to forge, and what does not
 * match is only compiled again.
 */
#ifndef ROOTLET_SECCOMP_PROFILE_CACHE_H
#define ROOTLET_SECCOMP_PROFILE_CACHE_H

#include "seccomp/filter.h"

#include <stdbool.h>
#include <stddef.h>

struct profile_bytes {
	const void *data;
	size_t size;
};

/* The same arguments as seccomp_profile_compile. In the arena; 0 or -ENOMEM. */
int profile_cache_pack(struct arena *a, const char *text, uint64_t capabilities,
		       const char *kernel_release, const struct seccomp_filter *filter,
		       struct profile_bytes *ret);

/* True when these bytes are that profile's: *ret then lies in them, but for its name. */
bool profile_cache_unpack(struct arena *a, const struct profile_bytes *bytes, const char *text,
			  uint64_t capabilities, const char *kernel_release,
			  struct seccomp_filter *ret);

#endif
