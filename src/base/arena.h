/* An arena: many small allocations with one lifetime, freed at once.
 *
 * A spec, a snapshot of facts and a plan own one each. Pointers handed out live as long as the
 * arena and never move. Every allocation is zeroed and aligned for any type. NULL means no memory.
 * Not thread-safe: one thread at a time per arena.
 */
#ifndef ROOTLET_BASE_ARENA_H
#define ROOTLET_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
};

void arena_init(struct arena *a);
void arena_release(struct arena *a); /* frees all; the arena is empty and usable again */

void *arena_alloc(struct arena *a, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
void *arena_memdup(struct arena *a, const void *p, size_t size);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* Grow a typed array held in an arena: *items has room for one more element after the call.
 * `count` is the number in use; capacity doubles at powers of two, so no capacity field is needed.
 * Returns 0 or -ENOMEM (then *items is as before). */
int arena_grow(struct arena *a, void *items, size_t count, size_t element_size);

/* The same for an array that is known to become long: room for `first`, a power of two, at once. */
int arena_grow_from(struct arena *a, void *items, size_t count, size_t element_size, size_t first);

#endif
