/* Tables and capabilities → BPF. Used by the generator at build time and by filter.c at run time,
 * so that both give the same program. */
#ifndef ROOTLET_SECCOMP_COMPILE_H
#define ROOTLET_SECCOMP_COMPILE_H

#include "seccomp/filter.h"

#include <stddef.h>
#include <stdint.h>

/* Rule `rule` holds from number `first` up to the next segment's. Sorted; the first starts at 0. */
struct seccomp_segment {
	uint32_t first;
	uint16_t rule;
};

struct seccomp_arch {
	uint32_t token; /* AUDIT_ARCH_… as in struct seccomp_data */
	const struct seccomp_segment *segments;
	size_t count;
};

struct seccomp_variant {
	uint64_t capabilities; /* the relevant ones */
	struct seccomp_filter filter;
};

/* What the generator writes: one for the machine that the program is built for. */
struct seccomp_tables {
	struct seccomp_arch arches[2]; /* native, and the 32-bit one that the same kernel runs */
	size_t arch_count;
	const struct seccomp_variant *variants;
	size_t variant_count;
};

extern const struct seccomp_tables seccomp_tables;

enum { SECCOMP_PROGRAM_MAX = 1024 }; /* the kernel's BPF_MAXINSNS is 4096 */

/* Write the program for these capabilities. Returns its length, or -E2BIG. */
int seccomp_compile(const struct seccomp_tables *tables, uint64_t capabilities,
		    struct sock_filter ret[SECCOMP_PROGRAM_MAX]);

/* "default+SYS_ADMIN-SYS_CHROOT" into ret. */
enum { SECCOMP_NAME_MAX = 256 };
void seccomp_name(uint64_t capabilities, char ret[SECCOMP_NAME_MAX]);

/* seccomp_default and seccomp_build over given tables, for the tests. */
const struct seccomp_filter *seccomp_variant_find(const struct seccomp_tables *tables,
						  uint64_t capabilities);

#endif
