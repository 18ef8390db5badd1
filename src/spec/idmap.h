/* Id maps and their algebra: pure functions, no host access.
 *
 * A map is a list of extents as in user_namespaces(7): `count` ids from `inside` on in the
 * namespace are the ids from `outside` on in the namespace that is its parent. Results are
 * allocated in the arena given; inputs are never changed. Ids go from 0 to 4294967294 (4294967295
 * is "no id").
 */
#ifndef ROOTLET_SPEC_IDMAP_H
#define ROOTLET_SPEC_IDMAP_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_MAX 4294967294u /* the largest valid id: (uid_t)-2 */

/* The kernel takes up to 340 lines since 4.15 (user_namespaces(7)). */
#define IDMAP_MAX_EXTENTS 340

struct id_extent {
	uint32_t inside;
	uint32_t outside;
	uint32_t count;
};

struct idmap {
	struct id_extent *extents;
	size_t count;
};

struct id_range {
	uint32_t start;
	uint32_t count;
};

struct id_ranges {
	struct id_range *ranges;
	size_t count;
};

/* Append one extent. 0 or -ENOMEM. */
int idmap_add(struct arena *a, struct idmap *map, uint32_t inside, uint32_t outside,
	      uint32_t count);

/* Zero counts, ranges past ID_MAX, overlaps on either side, too many extents: -EINVAL and a message
 * whose subject is `what` ("--uidmap" …). */
int idmap_validate(const struct idmap *map, const char *what, struct rootlet_error *err);

/* inside → outside; false when it is not mapped. And the way back. */
bool idmap_down(const struct idmap *map, uint32_t inside, uint32_t *ret_outside);
bool idmap_up(const struct idmap *map, uint32_t outside, uint32_t *ret_inside);

/* inner maps A→B, outer maps B→C; the result maps A→C where both are defined. */
int idmap_compose(struct arena *a, const struct idmap *inner, const struct idmap *outer,
		  struct idmap *ret);

/* The part of `map` whose outside ids lie in `ranges`. */
int idmap_intersect(struct arena *a, const struct idmap *map, const struct id_ranges *ranges,
		    struct idmap *ret);

/* Every inside id moved up by `by`; -ERANGE past ID_MAX. */
int idmap_shift(struct arena *a, const struct idmap *map, uint32_t by, struct idmap *ret);

/* The same map with each extent cut where the outside ids cross from one extent of `parent` (looked
 * at from its inside) to another: the kernel wants every line to lie within one extent of the
 * parent. */
int idmap_split(struct arena *a, const struct idmap *map, const struct idmap *parent,
		struct idmap *ret);

/* True when every outside id of `map` lies in `ranges`; else *ret_missing is the first that does
 * not. */
bool idmap_within(const struct idmap *map, const struct id_ranges *ranges, uint32_t *ret_missing);

/* Sorted by inside id, neighbours that continue each other joined. */
int idmap_normalize(struct arena *a, const struct idmap *map, struct idmap *ret);

/* "0 1000 1\n1 100000 65536\n": what uid_map takes. NULL: no memory. */
char *idmap_format(struct arena *a, const struct idmap *map);

#endif
