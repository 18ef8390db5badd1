/* linux.resources, of a config.json and of update; linux.memoryPolicy. As asked: what cgroup v2
 * makes of it is the plan's. What becomes a part of a file's name or a line of a file is checked
 * for form here. */
#include "parse/oci_read.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <string.h>

#define OCI_R(key, member, min, max) OCI_NUMBER(key, struct oci_resources, member, min, max)

/* ---- memory, cpu, pids ---- */

static const struct oci_field memory_fields[] = {
	OCI_R("limit", memory_limit, -1, INT64_MAX),
	OCI_R("reservation", memory_reservation, -1, INT64_MAX),
	OCI_R("swap", memory_swap, -1, INT64_MAX),
	OCI_R("kernel", memory_kernel, -1, INT64_MAX),
	OCI_R("kernelTCP", memory_kernel_tcp, -1, INT64_MAX),
	OCI_R("swappiness", memory_swappiness, 0, 100),
	OCI_FLAG("disableOOMKiller", struct oci_resources, memory_disable_oom_killer),
	OCI_FLAG("checkBeforeUpdate", struct oci_resources, memory_check_before_update),
	{.key = NULL},
};

static const struct oci_field cpu_fields[] = {
	OCI_R("shares", cpu_shares, 0, INT64_MAX),
	OCI_R("quota", cpu_quota, INT64_MIN + 1, INT64_MAX),
	OCI_R("burst", cpu_burst, 0, INT64_MAX),
	OCI_R("period", cpu_period, 0, INT64_MAX),
	OCI_R("realtimeRuntime", cpu_realtime_runtime, INT64_MIN + 1, INT64_MAX),
	OCI_R("realtimePeriod", cpu_realtime_period, 0, INT64_MAX),
	OCI_R("idle", cpu_idle, 0, 1),
	OCI_CALL_AT("cpus", oci_cpu_list, struct oci_resources, cpus),
	OCI_CALL_AT("mems", oci_cpu_list, struct oci_resources, mems),
	{.key = NULL},
};

static const struct oci_field pids_fields[] = {
	OCI_R("limit", pids_limit, INT64_MIN + 1, INT64_MAX),
	{.key = NULL},
};

/* ---- block devices ---- */

struct throttles {
	struct oci_throttle *items;
	size_t count;
};

static int add_throttle(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_NEEDED("major", struct oci_throttle, major, 0, UINT32_MAX),
		OCI_NEEDED("minor", struct oci_throttle, minor, 0, UINT32_MAX),
		{.key = "rate",
		 .type = FIELD_UNSIGNED,
		 .required = true,
		 OCI_AT(struct oci_throttle, rate)},
		{.key = NULL},
	};
	struct throttles *list = target;
	struct oci_throttle throttle = {0};
	int r = oci_read_fields(c, value, fields, &throttle);

	if (r < 0)
		return r;
	if (arena_grow(c->a, &list->items, list->count, sizeof(*list->items)) < 0)
		return error_nomem(c->r.err);
	list->items[list->count++] = throttle;
	return 0;
}

#define THROTTLE(name)                                                                             \
	static int read_##name(struct oci_context *c, const struct json *value, void *target)      \
	{                                                                                          \
		struct oci_resources *resources = target;                                          \
		struct throttles list = {0};                                                       \
		int r = oci_each(c, value, add_throttle, &list);                                   \
                                                                                                   \
		resources->name = list.items;                                                      \
		resources->name##_count = list.count;                                              \
		return r;                                                                          \
	}

THROTTLE(read_bps)
THROTTLE(write_bps)
THROTTLE(read_iops)
THROTTLE(write_iops)

static int add_weight_device(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_NEEDED("major", struct oci_weight_device, major, 0, UINT32_MAX),
		OCI_NEEDED("minor", struct oci_weight_device, minor, 0, UINT32_MAX),
		OCI_NUMBER("weight", struct oci_weight_device, weight, 0, UINT16_MAX),
		OCI_NUMBER("leafWeight", struct oci_weight_device, leaf_weight, 0, UINT16_MAX),
		{.key = NULL},
	};
	struct oci_resources *resources = target;
	struct oci_weight_device device = {.weight = OCI_UNSET, .leaf_weight = OCI_UNSET};
	int r = oci_read_fields(c, value, fields, &device);

	if (r < 0)
		return r;
	if (device.weight == OCI_UNSET && device.leaf_weight == OCI_UNSET)
		return reader_fail_member(&c->r, value, "weight", "oci-missing",
					  "or leafWeight is required");
	if (device.weight == OCI_UNSET)
		return 0; /* see note_what_is_gone */
	if (arena_grow(c->a, &resources->weight_devices, resources->weight_device_count,
		       sizeof(*resources->weight_devices)) < 0)
		return error_nomem(c->r.err);
	resources->weight_devices[resources->weight_device_count++] = device;
	return 0;
}

static int read_weight_devices(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_resources *resources = target;

	resources->weight_devices = NULL;
	resources->weight_device_count = 0;
	return oci_each(c, value, add_weight_device, resources);
}

static const struct oci_field block_fields[] = {
	OCI_R("weight", blkio_weight, 0, UINT16_MAX),
	OCI_R("leafWeight", blkio_leaf_weight, 0, UINT16_MAX),
	OCI_CALL("weightDevice", read_weight_devices),
	OCI_CALL("throttleReadBpsDevice", read_read_bps),
	OCI_CALL("throttleWriteBpsDevice", read_write_bps),
	OCI_CALL("throttleReadIOPSDevice", read_read_iops),
	OCI_CALL("throttleWriteIOPSDevice", read_write_iops),
	{.key = NULL},
};

/* ---- huge pages, rdma, unified ---- */

/* "2MB": a part of the name of hugetlb.2MB.max. */
static int read_page_size(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_hugepage *page = target;
	int r = reader_string(&c->r, value, &page->size);
	size_t digits;

	if (r < 0)
		return r;
	digits = strspn(page->size, "0123456789");
	if (digits && page->size[0] != '0' && page->size[digits] &&
	    strchr("KMG", page->size[digits]) && strcmp(page->size + digits + 1, "B") == 0)
		return 0;
	return reader_fail(&c->r, value, "oci-word", "\"%.60s\" is no size of pages such as 2MB",
			   page->size);
}

static int read_hugepage(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_MUST("pageSize", read_page_size),
		{.key = "limit",
		 .type = FIELD_UNSIGNED,
		 .required = true,
		 OCI_AT(struct oci_hugepage, limit)},
		{.key = NULL},
	};
	struct oci_resources *resources = target;
	struct oci_hugepage page = {0};
	int r = oci_read_fields(c, value, fields, &page);

	if (r < 0)
		return r;
	if (arena_grow(c->a, &resources->hugepages, resources->hugepage_count,
		       sizeof(*resources->hugepages)) < 0)
		return error_nomem(c->r.err);
	resources->hugepages[resources->hugepage_count++] = page;
	return 0;
}

static int read_hugepages(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_resources *resources = target;

	resources->hugepages = NULL;
	resources->hugepage_count = 0;
	return oci_each(c, value, read_hugepage, resources);
}

static int add_pair(struct oci_context *c, struct oci_pair **pairs, size_t *count, const char *key,
		    const char *value)
{
	if (arena_grow(c->a, pairs, *count, sizeof(**pairs)) < 0)
		return error_nomem(c->r.err);
	(*pairs)[(*count)++] = (struct oci_pair){key, value};
	return 0;
}

struct rdma {
	int64_t handles, objects;
};

static int read_rdma_device(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_NUMBER("hcaHandles", struct rdma, handles, 0, UINT32_MAX),
		OCI_NUMBER("hcaObjects", struct rdma, objects, 0, UINT32_MAX),
		{.key = NULL},
	};
	struct oci_resources *resources = target;
	struct rdma rdma = {OCI_UNSET, OCI_UNSET};
	const char *handles = "", *objects = "";
	int r = oci_read_fields(c, value, fields, &rdma);

	if (r < 0)
		return r;
	if (!value->key[0] || value->key[strcspn(value->key, " \t\n/")])
		return reader_fail(&c->r, value, "oci-word", "is no name of a device");
	if (rdma.handles == OCI_UNSET && rdma.objects == OCI_UNSET)
		return reader_fail_member(&c->r, value, "hcaHandles", "oci-missing",
					  "or hcaObjects is required");
	if (rdma.handles != OCI_UNSET)
		handles = arena_printf(c->a, "hca_handle=%lld%s", (long long)rdma.handles,
				       rdma.objects != OCI_UNSET ? " " : "");
	if (rdma.objects != OCI_UNSET)
		objects = arena_printf(c->a, "hca_object=%lld", (long long)rdma.objects);
	if (handles && objects)
		objects = arena_printf(c->a, "%s%s", handles, objects);
	if (!handles || !objects)
		return error_nomem(c->r.err);
	return add_pair(c, &resources->rdma, &resources->rdma_count, value->key, objects);
}

static int read_rdma(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each_member(c, value, read_rdma_device, target);
}

/* A file of the container's cgroup and of no other: "memory.high". */
static int read_unified_file(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_resources *resources = target;
	const char *text;
	int r = reader_string(&c->r, value, &text);

	if (r < 0)
		return r;
	if (strchr(value->key, '/') || !strchr(value->key, '.') || value->key[0] == '.')
		return reader_fail(&c->r, value, "oci-word", "is no name of a file of a cgroup");
	return add_pair(c, &resources->unified, &resources->unified_count, value->key, text);
}

static int read_unified(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each_member(c, value, read_unified_file, target);
}

/* ---- cgroup v1's own ---- */

static int read_network(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_resources *resources = target;
	const struct json *priorities = reader_member(value, "priorities");
	const struct json *class = reader_member(value, "classID");
	uint64_t number;
	int r = reader_want(&c->r, value, JSON_OBJECT);

	if (!r && class)
		r = reader_number(&c->r, class, UINT32_MAX, &number);
	if (!r && priorities)
		r = reader_want(&c->r, priorities, JSON_LIST);
	resources->network = class || (priorities && priorities->count);
	return r;
}

static int read_rule_type(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_device_rule *rule = target;
	const char *text;
	int r = reader_string(&c->r, value, &text);

	if (r < 0 || !*text)
		return r;
	if (strlen(text) != 1 || !strchr("acb", text[0]))
		return reader_fail(&c->r, value, "oci-word", "\"%.60s\" is none of a, c and b",
				   text);
	rule->type = text[0];
	return 0;
}

static int read_access(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_device_rule *rule = target;
	const char *text;
	int r = reader_string(&c->r, value, &text);

	if (r < 0 || !*text)
		return r;
	if (text[strspn(text, "rwm")])
		return reader_fail(&c->r, value, "oci-word", "\"%.60s\" is not made of r, w and m",
				   text);
	rule->access = text;
	return 0;
}

static int read_device_rule(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		{.key = "allow",
		 .type = FIELD_FLAG,
		 .required = true,
		 OCI_AT(struct oci_device_rule, allow)},
		OCI_CALL("type", read_rule_type),
		OCI_NUMBER("major", struct oci_device_rule, major, -1, UINT32_MAX),
		OCI_NUMBER("minor", struct oci_device_rule, minor, -1, UINT32_MAX),
		OCI_CALL("access", read_access),
		{.key = NULL},
	};
	struct oci_resources *resources = target;
	struct oci_device_rule rule = {.type = 'a', .major = -1, .minor = -1, .access = "rwm"};
	int r = oci_read_fields(c, value, fields, &rule);

	if (r < 0)
		return r;
	if (arena_grow(c->a, &resources->device_rules, resources->device_rule_count,
		       sizeof(*resources->device_rules)) < 0)
		return error_nomem(c->r.err);
	resources->device_rules[resources->device_rule_count++] = rule;
	return 0;
}

static int read_device_rules(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_resources *resources = target;

	resources->device_rules = NULL;
	resources->device_rule_count = 0;
	return oci_each(c, value, read_device_rule, resources);
}

static const struct oci_field resource_fields[] = {
	OCI_INSIDE("memory", memory_fields),
	OCI_INSIDE("cpu", cpu_fields),
	OCI_INSIDE("pids", pids_fields),
	OCI_INSIDE("blockIO", block_fields),
	OCI_CALL("hugepageLimits", read_hugepages),
	OCI_CALL("rdma", read_rdma),
	OCI_CALL("unified", read_unified),
	OCI_CALL("network", read_network),
	OCI_CALL("devices", read_device_rules),
	{.key = NULL},
};

/* Where a weight of the leaves is given: engines write zeros for what nobody asked. */
static const struct json *leaf_weight(const struct json *object)
{
	const struct json *weight = reader_member(object, "leafWeight");

	return weight && weight->number ? weight : NULL;
}

static const struct json *any_leaf_weight(const struct json *block)
{
	const struct json *devices = block ? reader_member(block, "weightDevice") : NULL;
	const struct json *found = block ? leaf_weight(block) : NULL;

	for (const struct json *d = devices ? devices->first : NULL; !found && d; d = d->next)
		found = leaf_weight(d);
	return found;
}

/* What version 1 alone had, and the kernel has no more. */
static int note_what_is_gone(struct oci_context *c, const struct json *value)
{
	const struct json *memory = reader_member(value, "memory");
	const struct json *leaf = any_leaf_weight(reader_member(value, "blockIO"));
	int r = 0;

	if (leaf)
		r = oci_note(c, leaf,
			     "weighs a group's processes against its children, which cgroup v2 "
			     "never has side by side: passed over");
	if (!r && memory && (reader_member(memory, "kernel") || reader_member(memory, "kernelTCP")))
		r = oci_note(c, memory,
			     "kernel and kernelTCP bound nothing since Linux 5.11 and cgroup v2: "
			     "passed over");
	return r;
}

int oci_resources(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_resources *resources = target;
	int r = oci_read_fields(c, value, resource_fields, resources);

	if (r < 0)
		return r;
	resources->given = oci_resources_limit(resources);
	return note_what_is_gone(c, value);
}

/* ---- linux.memoryPolicy ---- */

static const struct oci_word policy_modes[] = {
	{"MPOL_DEFAULT", MPOL_DEFAULT},
	{"MPOL_BIND", MPOL_BIND},
	{"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
	{"MPOL_PREFERRED", MPOL_PREFERRED},
	{"MPOL_LOCAL", MPOL_LOCAL},
	{"MPOL_PREFERRED_MANY", 5},	 /* Linux 5.15 */
	{"MPOL_WEIGHTED_INTERLEAVE", 6}, /* Linux 6.9 */
	OCI_WORDS_END,
};

/* set_mempolicy(2), linux/mempolicy.h */
static const struct oci_word policy_flags[] = {
	{"MPOL_F_STATIC_NODES", 1u << 15},
	{"MPOL_F_RELATIVE_NODES", 1u << 14},
	{"MPOL_F_NUMA_BALANCING", 1u << 13}, /* Linux 5.15 */
	OCI_WORDS_END,
};

const char *parse_oci_memory_mode(size_t index)
{
	return index < sizeof(policy_modes) / sizeof(*policy_modes) ? policy_modes[index].name
								    : NULL;
}

const char *parse_oci_memory_flag(size_t index)
{
	return index < sizeof(policy_flags) / sizeof(*policy_flags) ? policy_flags[index].name
								    : NULL;
}

static int read_policy_mode(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_memory_policy *policy = target;
	uint64_t mode;
	int r = oci_word(c, value, "memory policy", policy_modes, &mode);

	if (!r)
		policy->mode = (int)mode;
	return r;
}

static int read_policy_flag(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_memory_policy *policy = target;
	uint64_t flag;
	int r = oci_word(c, value, "flag of a memory policy", policy_flags, &flag);

	if (!r)
		policy->flags |= (uint32_t)flag;
	return r;
}

static int read_policy_flags(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each(c, value, read_policy_flag, target);
}

int oci_memory_policy(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_MUST("mode", read_policy_mode),
		OCI_CALL_AT("nodes", oci_cpu_list, struct oci_memory_policy, nodes),
		OCI_CALL("flags", read_policy_flags),
		{.key = NULL},
	};
	struct oci_memory_policy policy = {.given = true};
	bool none, some;
	int r = oci_read_fields(c, value, fields, &policy);

	if (r < 0)
		return r;
	none = policy.mode == MPOL_DEFAULT || policy.mode == MPOL_LOCAL;
	some = !none && policy.mode != MPOL_PREFERRED;
	if (none && policy.nodes)
		return reader_fail(&c->r, value, "oci-memory-policy", "this mode takes no nodes");
	if (some && !policy.nodes)
		return reader_fail(&c->r, value, "oci-memory-policy", "this mode needs nodes");
	*(struct oci_memory_policy *)target = policy;
	return 0;
}
