/* Resources in the nouns of the runtime-spec, which are version 1's, as writes to the files of a
 * version 2 group (cgroups(7); the kernel's Documentation/admin-guide/cgroup-v2.rst). */
#include "plan/limit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_PERIOD = 100000 }; /* microseconds: the kernel's own */

struct writer {
	struct arena *arena;
	struct limits *out;
	struct rootlet_error *err;
	bool nomem;
};

static const char *text(struct writer *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static const char *text(struct writer *w, const char *fmt, ...)
{
	const char *out;
	va_list ap;

	va_start(ap, fmt);
	out = arena_vprintf(w->arena, fmt, ap);
	va_end(ap);
	w->nomem |= !out;
	return out ? out : "";
}

static struct limit *add(struct writer *w, const char *file, const char *value)
{
	static struct limit spare;
	struct limits *out = w->out;

	if (arena_grow(w->arena, &out->items, out->count, sizeof(*out->items)) < 0) {
		w->nomem = true;
		return &spare;
	}
	out->items[out->count] = (struct limit){.file = file, .value = value};
	return &out->items[out->count++];
}

/* -1 is "max" in everything that has one. */
static const char *amount(struct writer *w, int64_t value)
{
	return value < 0 ? "max" : text(w, "%" PRId64, value);
}

static bool is_set(int64_t value)
{
	return value != OCI_UNSET && value != 0;
}

static int unsupported(struct writer *w, const char *pointer, const char *why, const char *hint)
{
	error_set(w->err, -EINVAL, "limit-unsupported", pointer, "%s: %s", pointer, why);
	if (hint)
		error_hint(w->err, "%s", hint);
	return -EINVAL;
}

/* ---- memory ---- */

/* The spec's swap is memory and swap together; version 2 counts swap alone. */
static int add_swap(struct writer *w, const struct oci_resources *r)
{
	int64_t memory = r->memory_limit, swap = r->memory_swap;
	const char *value;

	if (memory == -1 && !is_set(swap))
		swap = -1; /* all of it, as version 1 had it */
	if (!is_set(swap))
		return 0;
	if (swap > 0 && memory != -1) {
		if (!is_set(memory))
			return unsupported(
				w, "/linux/resources/memory/swap",
				"it is memory and swap together, and there is no memory limit",
				"give the memory limit as well");
		if (swap < memory)
			return unsupported(
				w, "/linux/resources/memory/swap",
				"it is memory and swap together, and less than the memory "
				"limit",
				"give at least the memory limit; the same switches swap off");
		swap -= memory;
	}
	value = amount(w, swap);
	/* Without swap accounting there is no such file, and no swap to be counted. */
	add(w, "memory.swap.max", value)->optional = swap <= 0;
	return 0;
}

static int add_memory(struct writer *w, const struct oci_resources *r)
{
	int result;

	if (is_set(r->memory_limit))
		add(w, "memory.max", amount(w, r->memory_limit));
	result = add_swap(w, r);
	if (result < 0)
		return result;
	if (is_set(r->memory_reservation))
		add(w, "memory.low", amount(w, r->memory_reservation));
	if (r->memory_disable_oom_killer)
		return unsupported(w, "/linux/resources/memory/disableOOMKiller",
				   "cgroup version 2 has no such switch", NULL);
	if (is_set(r->memory_swappiness))
		return unsupported(w, "/linux/resources/memory/swappiness",
				   "cgroup version 2 has none of a group's own", NULL);
	return 0;
}

/* ---- cpu, cpuset, pids ---- */

/* Without libm, which neither the library nor the command needs for anything else. */
static double log_of(double x) /* natural; 1 and above */
{
	double z, power, sum = 0, twos = 0;

	while (x >= 2) {
		x /= 2;
		twos += 0.69314718055994530942;
	}
	z = (x - 1) / (x + 1);
	power = z;
	for (int k = 1; k < 60; k += 2) {
		sum += power / k;
		power *= z * z;
	}
	return twos + 2 * sum;
}

static double exp_of(double x)
{
	double term = 1, sum = 1;

	x /= 256;
	for (int k = 1; k < 16; k++) {
		term *= x / k;
		sum += term;
	}
	for (int i = 0; i < 8; i++)
		sum *= sum;
	return sum;
}

uint64_t limits_cpu_weight(uint64_t shares)
{
	const double ln2 = 0.69314718055994530942, ln10 = 2.30258509299404568402;
	double l, weight;
	uint64_t floor;

	if (shares == 0)
		return 0;
	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	/* A parabola, in logarithms, through (2, 1), (1024, 100) and (262144, 10000): the least,
	 * the default and the most of either version. Rounded up, but not for an error of the sum.
	 */
	l = log_of((double)shares) / ln2;
	weight = exp_of(((l * l + 125 * l) / 612.0 - 7.0 / 34.0) * ln10) - 1e-7;
	floor = (uint64_t)weight;
	return floor + ((double)floor < weight);
}

static int add_cpu(struct writer *w, const struct oci_resources *r)
{
	if (is_set(r->cpu_realtime_runtime) || is_set(r->cpu_realtime_period))
		return unsupported(w, "/linux/resources/cpu/realtimeRuntime",
				   "cgroup version 2 has no limits for realtime tasks", NULL);
	if (r->cpu_idle != OCI_UNSET)
		add(w, "cpu.idle", text(w, "%" PRId64, r->cpu_idle));
	if (is_set(r->cpu_shares) && !(r->cpu_idle > 0)) /* an idle group has no weight */
		add(w, "cpu.weight",
		    text(w, "%" PRIu64, limits_cpu_weight((uint64_t)r->cpu_shares)));
	if (is_set(r->cpu_quota) || is_set(r->cpu_period))
		add(w, "cpu.max",
		    text(w, "%s %" PRId64, is_set(r->cpu_quota) ? amount(w, r->cpu_quota) : "max",
			 is_set(r->cpu_period) ? r->cpu_period : DEFAULT_PERIOD));
	if (r->cpu_burst != OCI_UNSET) /* at most the quota: after it */
		add(w, "cpu.max.burst", text(w, "%" PRId64, r->cpu_burst));
	if (r->cpus && *r->cpus)
		add(w, "cpuset.cpus", text(w, "%s", r->cpus));
	if (r->mems && *r->mems)
		add(w, "cpuset.mems", text(w, "%s", r->mems));
	if (r->pids_limit != OCI_UNSET) /* 0: no other than the first, which has to be */
		add(w, "pids.max", amount(w, r->pids_limit ? r->pids_limit : 1));
	return 0;
}

/* ---- block devices ---- */

/* 10 … 1000 of version 1, on 1 … 10000. */
static int64_t io_weight(int64_t weight)
{
	return 1 + (weight - 10) * 9999 / 990;
}

/* With the BFQ scheduler its own file counts, in version 1's numbers. */
static void add_weight(struct writer *w, const char *device, int64_t weight)
{
	struct limit *l = add(w, "io.bfq.weight", text(w, "%s%" PRId64, device, weight));

	l->other = "io.weight";
	l->other_value = text(w, "%s%" PRId64, device, io_weight(weight));
}

static void add_throttles(struct writer *w, const struct oci_throttle *items, size_t count,
			  const char *key)
{
	for (size_t i = 0; i < count; i++) {
		const struct oci_throttle *t = &items[i];

		add(w, "io.max",
		    t->rate ? text(w, "%" PRId64 ":%" PRId64 " %s=%" PRIu64, t->major, t->minor,
				   key, t->rate)
			    : text(w, "%" PRId64 ":%" PRId64 " %s=max", t->major, t->minor, key));
	}
}

static void add_blkio(struct writer *w, const struct oci_resources *r)
{
	if (is_set(r->blkio_weight))
		add_weight(w, "", r->blkio_weight);
	for (size_t i = 0; i < r->weight_device_count; i++) {
		const struct oci_weight_device *d = &r->weight_devices[i];

		if (is_set(d->weight))
			add_weight(w, text(w, "%" PRId64 ":%" PRId64 " ", d->major, d->minor),
				   d->weight);
	}
	add_throttles(w, r->read_bps, r->read_bps_count, "rbps");
	add_throttles(w, r->write_bps, r->write_bps_count, "wbps");
	add_throttles(w, r->read_iops, r->read_iops_count, "riops");
	add_throttles(w, r->write_iops, r->write_iops_count, "wiops");
}

/* ---- the rest ---- */

static void add_pages(struct writer *w, const struct oci_resources *r)
{
	for (size_t i = 0; i < r->hugepage_count; i++) {
		const struct oci_hugepage *h = &r->hugepages[i];
		const char *value = text(w, "%" PRIu64, h->limit);

		add(w, text(w, "hugetlb.%s.max", h->size), value);
		/* what is reserved and not yet touched (Linux 5.7) */
		add(w, text(w, "hugetlb.%s.rsvd.max", h->size), value)->optional = true;
	}
}

/* "…/linux/resources/unified/KEY" is one file of the group itself. */
static int check_key(struct writer *w, const char *key)
{
	if (*key && !strchr(key, '/') && strchr(key, '.') && key[0] != '.')
		return 0;
	return unsupported(w, text(w, "/linux/resources/unified/%s", key),
			   "it is no file of a cgroup, as memory.high is", NULL);
}

/* Files that take a line a device are written a line at a time. */
static int add_unified(struct writer *w, const struct oci_resources *r)
{
	for (size_t i = 0; i < r->unified_count; i++) {
		const struct oci_pair *p = &r->unified[i];
		const char *line = p->value;
		int result = check_key(w, p->key);

		if (result < 0)
			return result;
		do {
			size_t len = strcspn(line, "\n");

			if (len || line == p->value)
				add(w, text(w, "%s", p->key), text(w, "%.*s", (int)len, line));
			line += len + (line[len] == '\n');
		} while (*line);
	}
	return 0;
}

int limits_from(struct arena *a, const struct oci_resources *r, struct limits *ret,
		struct rootlet_error *err)
{
	struct writer w = {.arena = a, .out = ret, .err = err};
	int result;

	*ret = (struct limits){0};
	if (r->network)
		return unsupported(&w, "/linux/resources/network",
				   "cgroup version 2 has no such controller", NULL);
	result = add_memory(&w, r);
	if (result == 0)
		result = add_cpu(&w, r);
	if (result < 0)
		return result;
	add_blkio(&w, r);
	add_pages(&w, r);
	for (size_t i = 0; i < r->rdma_count; i++)
		add(&w, "rdma.max", text(&w, "%s %s", r->rdma[i].key, r->rdma[i].value));
	result = add_unified(&w, r);
	if (result == 0 && w.nomem)
		result = error_nomem(err);
	return result;
}

const char *limit_controller(struct arena *a, const char *file)
{
	size_t len = strcspn(file, ".");

	if (len == 6 && memcmp(file, "cgroup", 6) == 0)
		return NULL;
	return arena_strndup(a, file, len);
}
