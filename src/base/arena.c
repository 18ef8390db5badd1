/* The arena. See arena.h; blocks are chained, the newest first. */
#include "base/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 8192, ALIGNMENT = 16 };

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	size_t padding; /* keeps data aligned to 16 */
	unsigned char data[];
};

void arena_init(struct arena *a)
{
	a->blocks = NULL;
}

void arena_release(struct arena *a)
{
	struct arena_block *block = a->blocks;

	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
	a->blocks = NULL;
}

static struct arena_block *add_block(struct arena *a, size_t size)
{
	size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	struct arena_block *block = calloc(1, sizeof(*block) + room);

	if (!block)
		return NULL;
	block->size = room;
	block->next = a->blocks;
	a->blocks = block;
	return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *block = a->blocks;
	void *out;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (!block || block->size - block->used < size)
		block = add_block(a, size);
	if (!block)
		return NULL;
	out = block->data + block->used;
	block->used += size;
	return out;
}

void *arena_memdup(struct arena *a, const void *p, size_t size)
{
	void *out = arena_alloc(a, size ? size : 1);

	if (out && size)
		memcpy(out, p, size);
	return out;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *out = arena_alloc(a, len + 1);

	if (out)
		memcpy(out, s, len);
	return out;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

/* Nearly every text is short: one pass for those, where measuring first would take two. */
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char near[256], *out;
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(near, sizeof(near), fmt, ap);
	if (len < 0)
		out = NULL;
	else if ((size_t)len < sizeof(near))
		out = arena_memdup(a, near, (size_t)len + 1);
	else
		out = arena_alloc(a, (size_t)len + 1);
	if (out && (size_t)len >= sizeof(near))
		vsnprintf(out, (size_t)len + 1, fmt, again);
	va_end(again);
	return out;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *out;

	va_start(ap, fmt);
	out = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return out;
}

int arena_grow(struct arena *a, void *items, size_t count, size_t element_size)
{
	return arena_grow_from(a, items, count, element_size, 4);
}

int arena_grow_from(struct arena *a, void *items, size_t count, size_t element_size, size_t first)
{
	void *old, *bigger;

	memcpy(&old, items, sizeof(old));
	if (count && (count < first || (count & (count - 1))))
		return 0; /* room for the first ones from the start, then for every power of two */
	if (count > SIZE_MAX / 4 / element_size)
		return -ENOMEM;
	bigger = arena_alloc(a, (count ? count * 2 : first) * element_size);
	if (!bigger)
		return -ENOMEM;
	if (count)
		memcpy(bigger, old, count * element_size);
	memcpy(items, &bigger, sizeof(bigger));
	return 0;
}
