/* FNV-1a, 64 bits: tells texts apart, and proves nothing.
 * http://www.isthe.com/chongo/tech/comp/fnv/ */
#ifndef ROOTLET_BASE_HASH_H
#define ROOTLET_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define FNV1A_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t fnv1a(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		/* clang's analyzer loses the single bytes of an integer that it does not know. */
		/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

#endif
