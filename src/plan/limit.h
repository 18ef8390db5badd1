/* What a container may use, as writes to files of its cgroup (version 2). Pure. */
#ifndef ROOTLET_PLAN_LIMIT_H
#define ROOTLET_PLAN_LIMIT_H

#include "base/arena.h"
#include "base/error.h"
#include "spec/oci.h"

#include <stdbool.h>
#include <stddef.h>

/* One write. Where there is no `file`, `other` is written instead, if there is one. */
struct limit {
	const char *file, *value;
	const char *other, *other_value; /* NULL: nothing stands for it */
	bool optional;			 /* without the file it holds anyway */
};

struct limits {
	struct limit *items;
	size_t count;
};

/* A property of a unit of systemd's. The type is D-Bus's, 's', 'b' or 't', or 'y' for a list such
 * as "0-3,8", which travels as an array of bytes. */
struct unit_property {
	const char *name;
	char type;
	const char *value;
};

struct unit_properties {
	struct unit_property *items;
	size_t count;
};

/* What systemd knows of these limits, put behind what is there. 0 or -ENOMEM. */
int limits_properties(struct arena *a, const struct limits *limits, struct unit_properties *ret);

/* The bits of a list. -EINVAL, or -ERANGE when they do not fit. */
int unit_property_bits(const char *list, unsigned char *bits, size_t size, size_t *ret_len);

/* In the order in which they have to be written. -EINVAL names what cgroup version 2 does not have.
 */
int limits_from(struct arena *a, const struct oci_resources *resources, struct limits *ret,
		struct rootlet_error *err);

/* The controller of a file: "memory" of "memory.max"; NULL: it is the core's, which every group
 * has. */
const char *limit_controller(struct arena *a, const char *file);

/* cpu.shares of version 1 (2 … 262144) as cpu.weight (1 … 10000). 0: unset. */
uint64_t limits_cpu_weight(uint64_t shares);

#endif
