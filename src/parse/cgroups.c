/* Limits of the container's cgroup: --memory, --cpus, --pids-limit and their kin, with podman's
 * names and forms. They fill the resources that an OCI config fills too; what they become is
 * plan/limit.c. */
#include "parse/parse.h"

#include "base/io.h"
#include "base/path.h"
#include "parse/values.h"
#include "spec/oci.h"

#include <errno.h>
#include <string.h>

enum { PERIOD = 100000, PROCESSORS_MAX = 100000 };

/* The resources of this spec, made at the first limit. */
static struct oci_resources *limits_of(struct spec *spec)
{
	struct oci_resources *r = spec->limits;

	if (r)
		return r;
	r = arena_alloc(&spec->arena, sizeof(*r));
	if (r) {
		oci_resources_init(r);
		spec->limits = r;
	}
	return r;
}

/* A number for one member, `least` and above; -1 stands for no limit where `unlimited`. */
struct member {
	const char *noun;
	size_t offset;
	uint64_t least, most;
	bool unlimited;
};

#define MEMBER(name) offsetof(struct oci_resources, name)

static int set_member(struct spec *spec, const char *value, const char *origin,
		      const struct member *m, struct rootlet_error *err)
{
	struct oci_resources *r = limits_of(spec);
	uint64_t number = 0;
	int result = 0;

	if (!r)
		return error_nomem(err);
	if (!m->unlimited || strcmp(value, "-1") != 0)
		result = value_number(value, origin, m->noun, m->least, m->most, &number, err);
	else
		number = UINT64_MAX;
	if (result == 0)
		*(int64_t *)((char *)r + m->offset) = (int64_t)number;
	return result;
}

static int set_bytes(struct spec *spec, const char *value, const char *origin, size_t offset,
		     bool unlimited, struct rootlet_error *err)
{
	struct oci_resources *r = limits_of(spec);
	const char *text, *digits;
	uint64_t number, shift;
	int result;

	if (!r)
		return error_nomem(err);
	if (unlimited && strcmp(value, "-1") == 0) {
		*(int64_t *)((char *)r + offset) = -1;
		return 0;
	}
	result = value_size(&spec->arena, value, origin, false, &text, err);
	if (result < 0)
		return result;
	digits = text;
	io_take_u64(&digits, &number); /* the form and the range are checked */
	shift = *digits == 'k' ? 10 : *digits == 'm' ? 20 : *digits == 'g' ? 30 : 0;
	*(int64_t *)((char *)r + offset) = (int64_t)(number << shift);
	return 0;
}

/* ---- memory ---- */

int set_memory(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	return set_bytes(spec, value, origin, MEMBER(memory_limit), false, err);
}

int set_memory_swap(struct spec *spec, const char *value, const char *origin,
		    struct rootlet_error *err)
{
	return set_bytes(spec, value, origin, MEMBER(memory_swap), true, err);
}

int set_memory_reservation(struct spec *spec, const char *value, const char *origin,
			   struct rootlet_error *err)
{
	return set_bytes(spec, value, origin, MEMBER(memory_reservation), false, err);
}

/* ---- processors ---- */

/* "1.5": thousandths are exact enough, and the kernel wants a quota of 1 ms at least. */
static bool read_processors(const char *value, int64_t *ret_quota)
{
	static const int64_t units[] = {PERIOD, PERIOD / 10, PERIOD / 100, PERIOD / 1000};
	const char *p = value;
	uint64_t whole = 0, part = 0;
	size_t places = 0;

	if (*p != '.' && io_take_u64(&p, &whole) < 0)
		return false;
	if (*p == '.') {
		places = strspn(++p, "0123456789");
		if (!places || places > 3 || io_take_u64(&p, &part) < 0)
			return false;
	}
	if (*p || whole > PROCESSORS_MAX)
		return false;
	*ret_quota = (int64_t)whole * PERIOD + (int64_t)part * units[places];
	return true;
}

int set_cpus(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	struct oci_resources *r = limits_of(spec);
	int64_t quota;

	if (!r)
		return error_nomem(err);
	if (!read_processors(value, &quota))
		return value_error(err, "cpus", origin, value,
				   "not a number of processors, as 2, 1.5 or 0.25 are");
	if (quota > 0 && quota < 1000)
		return value_error(err, "cpus", origin, value,
				   "the kernel gives no less than 0.01 of a processor");
	r->cpu_quota = quota;
	r->cpu_period = quota ? PERIOD : 0; /* 0: no limit, as with podman */
	return 0;
}

#define NUMBER_SETTER(setter, field, what, low, high, endless)                                     \
	int setter(struct spec *spec, const char *value, const char *origin,                       \
		   struct rootlet_error *err)                                                      \
	{                                                                                          \
		static const struct member m = {what, MEMBER(field), low, high, endless};          \
                                                                                                   \
		return set_member(spec, value, origin, &m, err);                                   \
	}

NUMBER_SETTER(set_cpu_shares, cpu_shares, "a share", 0, 262144, false)
NUMBER_SETTER(set_cpu_quota, cpu_quota, "a number of microseconds", 0, INT64_MAX / 1000, true)
NUMBER_SETTER(set_cpu_period, cpu_period, "a number of microseconds", 0, 1000000, false)
NUMBER_SETTER(set_blkio_weight, blkio_weight, "a weight", 10, 1000, false)

/* As podman's: 0 is no limit. */
int set_pids_limit(struct spec *spec, const char *value, const char *origin,
		   struct rootlet_error *err)
{
	static const struct member m = {"a number of processes", MEMBER(pids_limit), 0, INT32_MAX,
					true};
	int r = set_member(spec, value, origin, &m, err);

	if (r == 0 && spec->limits->pids_limit == 0)
		spec->limits->pids_limit = -1;
	return r;
}

/* "0-3,8": digits, ranges and commas. Which of them there are is the kernel's to judge. */
static bool is_cpu_list(const char *value)
{
	const char *p = value;
	uint64_t number;

	do {
		if (io_take_u64(&p, &number) < 0)
			return false;
		if (*p == '-' && (p++, io_take_u64(&p, &number) < 0))
			return false;
	} while (*p == ',' && p++);
	return *p == '\0';
}

static int set_list(struct spec *spec, const char *value, const char *origin, bool mems,
		    struct rootlet_error *err)
{
	struct oci_resources *r = limits_of(spec);

	if (!r)
		return error_nomem(err);
	if (!is_cpu_list(value))
		return value_error(err, "cpu-list", origin, value,
				   "not a list of numbers and ranges, as 0-3,8 is");
	return value_copy(&spec->arena, value, mems ? &r->mems : &r->cpus, err);
}

int set_cpuset_cpus(struct spec *spec, const char *value, const char *origin,
		    struct rootlet_error *err)
{
	return set_list(spec, value, origin, false, err);
}

int set_cpuset_mems(struct spec *spec, const char *value, const char *origin,
		    struct rootlet_error *err)
{
	return set_list(spec, value, origin, true, err);
}

/* ---- any file of the group ---- */

int set_cgroup_conf(struct spec *spec, const char *value, const char *origin,
		    struct rootlet_error *err)
{
	struct oci_resources *r = limits_of(spec);
	const char *equals = strchr(value, '=');
	struct oci_pair pair = {0};

	if (!r)
		return error_nomem(err);
	if (!equals || equals == value || !equals[1] ||
	    memchr(value, '/', (size_t)(equals - value)) || *value == '.' ||
	    !memchr(value, '.', (size_t)(equals - value)))
		return value_error(err, "cgroup-conf", origin, value,
				   "not FILE=VALUE with a file of a cgroup, as memory.high=1G is");
	pair.key = arena_strndup(&spec->arena, value, (size_t)(equals - value));
	pair.value = arena_strdup(&spec->arena, equals + 1);
	if (!pair.key || !pair.value ||
	    arena_grow(&spec->arena, &r->unified, r->unified_count, sizeof(pair)) < 0)
		return error_nomem(err);
	r->unified[r->unified_count++] = pair;
	return 0;
}

void clear_cgroup_conf(struct spec *spec)
{
	if (spec->limits)
		spec->limits->unified_count = 0;
}

/* ---- where it is made ---- */

int set_cgroup_parent(struct spec *spec, const char *value, const char *origin,
		      struct rootlet_error *err)
{
	if (!*value || path_has_dotdot(value))
		return value_error(err, "cgroup-parent", origin, value,
				   "not the path of a cgroup, without \"..\"");
	return value_copy(&spec->arena, value, &spec->cgroup_parent, err);
}
