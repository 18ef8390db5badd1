/* The public façade: what an OCI container uses, as the JSON that `runc events` has made a
 * standard. */
#include "lib/bundle_handle.h"

#include "life/bundle.h"
#include "life/usage.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

static json_object *whole(uint64_t value)
{
	return json_object_new_uint64(value);
}

/* A number that is not known, or is no limit, is left out, or 0. */
static void add_known(json_object *o, const char *key, uint64_t value)
{
	if (value != USAGE_NONE)
		json_object_object_add(o, key, whole(value));
}

static uint64_t known(uint64_t value)
{
	return value == USAGE_NONE ? 0 : value;
}

static json_object *pressure(const struct usage_pressure *p)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "avg10", json_object_new_double(p->average10));
	json_object_object_add(o, "avg60", json_object_new_double(p->average60));
	json_object_object_add(o, "avg300", json_object_new_double(p->average300));
	json_object_object_add(o, "total", whole(p->total));
	return o;
}

static void add_stall(json_object *o, const struct usage_stall *stall)
{
	json_object *psi;

	if (!stall->some.known && !stall->full.known)
		return;
	psi = json_object_new_object();
	if (stall->some.known)
		json_object_object_add(psi, "some", pressure(&stall->some));
	if (stall->full.known)
		json_object_object_add(psi, "full", pressure(&stall->full));
	json_object_object_add(o, "psi", psi);
}

static json_object *cpu(const struct usage *u)
{
	json_object *o = json_object_new_object(), *use = json_object_new_object(),
		    *throttling = json_object_new_object();

	json_object_object_add(use, "total", whole(u->cpu_total * 1000)); /* nanoseconds */
	json_object_object_add(use, "kernel", whole(u->cpu_system * 1000));
	json_object_object_add(use, "user", whole(u->cpu_user * 1000));
	json_object_object_add(throttling, "periods", whole(u->periods));
	json_object_object_add(throttling, "throttledPeriods", whole(u->throttled_periods));
	json_object_object_add(throttling, "throttledTime", whole(u->throttled_time * 1000));
	json_object_object_add(o, "usage", use);
	json_object_object_add(o, "throttling", throttling);
	add_stall(o, &u->cpu_stall);
	return o;
}

static uint64_t event(const struct usage *u, const char *key)
{
	for (size_t i = 0; i < u->memory_events.count; i++)
		if (strcmp(u->memory_events.items[i].key, key) == 0)
			return u->memory_events.items[i].value;
	return 0;
}

static json_object *entry(uint64_t limit, uint64_t used, uint64_t peak, uint64_t failures)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "limit", whole(limit)); /* UINT64_MAX: none, as readers know it */
	add_known(o, "usage", used);
	add_known(o, "max", peak);
	json_object_object_add(o, "failcnt", whole(failures));
	return o;
}

/* Swap counts as memory and swap together, as version 1 had it. */
static json_object *memory(const struct usage *u)
{
	json_object *o = json_object_new_object(), *raw = json_object_new_object();
	uint64_t both = known(u->memory) + known(u->swap);
	uint64_t limit = u->memory_limit == USAGE_NONE || u->swap_limit == USAGE_NONE
				 ? USAGE_NONE
				 : u->memory_limit + u->swap_limit;

	for (size_t i = 0; i < u->memory_stat.count; i++) {
		const struct usage_pair *p = &u->memory_stat.items[i];

		json_object_object_add(raw, p->key, whole(p->value));
		if (strcmp(p->key, "file") == 0)
			json_object_object_add(o, "cache", whole(p->value));
	}
	json_object_object_add(o, "usage",
			       entry(u->memory_limit, u->memory, u->memory_peak, event(u, "max")));
	json_object_object_add(o, "swap", entry(limit, both, USAGE_NONE, 0));
	json_object_object_add(o, "raw", raw);
	add_stall(o, &u->memory_stall);
	return o;
}

static void add_block(json_object *array, const struct usage_device *d, const char *op,
		      uint64_t value)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "major", whole(d->major));
	json_object_object_add(o, "minor", whole(d->minor));
	json_object_object_add(o, "op", json_object_new_string(op));
	json_object_object_add(o, "value", whole(value));
	json_object_array_add(array, o);
}

static json_object *blkio(const struct usage *u)
{
	json_object *o = json_object_new_object(), *bytes = json_object_new_array(),
		    *operations = json_object_new_array();

	for (size_t i = 0; i < u->device_count; i++) {
		const struct usage_device *d = &u->devices[i];

		add_block(bytes, d, "Read", d->read_bytes);
		add_block(bytes, d, "Write", d->written_bytes);
		add_block(operations, d, "Read", d->reads);
		add_block(operations, d, "Write", d->writes);
	}
	json_object_object_add(o, "ioServiceBytesRecursive", bytes);
	json_object_object_add(o, "ioServicedRecursive", operations);
	add_stall(o, &u->io_stall);
	return o;
}

static json_object *pages(const struct usage *u)
{
	json_object *o = json_object_new_object();

	for (size_t i = 0; i < u->page_count; i++) {
		json_object *page = json_object_new_object();

		add_known(page, "usage", u->pages[i].used);
		json_object_object_add(page, "failcnt", whole(u->pages[i].failures));
		json_object_object_add(o, u->pages[i].size, page);
	}
	return o;
}

int rootlet_bundle_stats(const rootlet_bundle *handle, char **ret_json, rootlet_error *err)
{
	const char *cgroup;
	json_object *o, *pids;
	struct usage u;
	int r;

	bundle_look(handle->bundle);
	r = life_bundle_has_cgroup(handle->bundle, err);
	if (r < 0)
		return r;
	cgroup = handle->bundle->record.cgroup;
	r = usage_read(cgroup, (unsigned)USAGE_ALL, &u);
	if (r < 0)
		return error_set(err, r, "cgroup-refused", cgroup, "container %s: read %s: %s",
				 handle->bundle->id, cgroup, error_text(r));
	o = json_object_new_object();
	pids = json_object_new_object();
	add_known(pids, "current", u.pids);
	add_known(pids, "limit", u.pids_limit);
	json_object_object_add(o, "cpu", cpu(&u));
	json_object_object_add(o, "memory", memory(&u));
	json_object_object_add(o, "pids", pids);
	json_object_object_add(o, "blkio", blkio(&u));
	json_object_object_add(o, "hugetlb", pages(&u));
	*ret_json = strdup(json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	usage_release(&u);
	return *ret_json ? 0 : error_nomem(err);
}

int rootlet_bundle_pause(rootlet_bundle *handle, bool paused, rootlet_error *err)
{
	int r = bundle_lock(handle->bundle, err);

	if (r == 0)
		r = life_bundle_pause(handle->bundle, paused, err);
	bundle_unlock(handle->bundle);
	return r;
}

int rootlet_bundle_update(rootlet_bundle *handle, const char *resources, size_t length,
			  const char *name, rootlet_error *err)
{
	bundle_look(handle->bundle);
	return life_bundle_update(handle->bundle, resources, length, name, err);
}

int rootlet_bundle_watch(rootlet_bundle *handle, int timeout_ms, uint64_t *ret_kills,
			 rootlet_error *err)
{
	bundle_look(handle->bundle);
	return life_bundle_watch(handle->bundle, timeout_ms, ret_kills, err);
}
