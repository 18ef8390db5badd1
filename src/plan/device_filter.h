/* The devices that a container may use (linux.resources.devices), as a program that the kernel asks
 * at each open and mknod of one: eBPF of the type BPF_PROG_TYPE_CGROUP_DEVICE, for a cgroup of
 * version 2. Pure.
 *
 * The rules are taken in their order, as the runtime-spec wants it: of those that match a device
 * the last decides, for reading, writing and mknod each by itself; what no rule speaks of is
 * denied. Two things are as in every other runtime, and engines count on them:
 *
 * - the devices that the spec puts into every container, its terminals and /dev/net/tun can always
 *   be used;
 * - a node may be made of any device, which alone opens nothing; a rule that denies everything
 *   leaves that. One that is narrower, by type, number or access, denies what it says.
 */
#ifndef ROOTLET_PLAN_DEVICE_FILTER_H
#define ROOTLET_PLAN_DEVICE_FILTER_H

#include "base/arena.h"
#include "base/error.h"
#include "spec/oci.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_insn;

/* How the program is called in the kernel, so that `update` finds it again. */
#define DEVICE_FILTER_NAME "rootlet_devices"

struct device_rule {
	bool allow;
	char type;	      /* 'a', 'c', 'b' */
	int64_t major, minor; /* -1: any */
	uint32_t access;      /* BPF_DEVCG_ACC_… */
};

struct device_filter {
	struct device_rule *rules; /* with those of every container */
	size_t count;
	size_t first, asked; /* those of the config: rules[first], so many */
	struct bpf_insn *program;
	size_t length;
};

/* 0, -ENOMEM, or -E2BIG: more rules than a program can hold. What it points to lies in `a`. */
int device_filter_from(struct arena *a, const struct oci_device_rule *rules, size_t count,
		       struct device_filter *ret);

/* Does it deny anything? */
bool device_filter_bounds(const struct device_filter *filter);

/* Of these kinds of access (BPF_DEVCG_ACC_…) to a device, 'c' or 'b', those that are allowed. */
uint32_t device_filter_allows(const struct device_filter *filter, char type, int64_t major,
			      int64_t minor, uint32_t access);

/* Whoever may not attach it passes over what engines always write: everything is denied, and some
 * devices are allowed. 0; or -EPERM with a message, where a rule takes reading or writing away from
 * what one before it gave. */
int device_filter_without(struct arena *a, const struct device_filter *filter,
			  struct rootlet_error *err);

/* "deny b 8:* rw". NULL: no memory. */
const char *device_rule_text(struct arena *a, const struct device_rule *rule);

#endif
