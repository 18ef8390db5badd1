/* Snapshots: making, freeing, and which probes run.
 *
 * facts_needs is pure. facts_probe is on the path of every start, so it runs only what it is told
 * to; the probes themselves are in the files beside this one.
 */
#include "facts/facts.h"

#include "facts/probe.h"

#include <stdlib.h>
#include <string.h>

struct facts *facts_new(void)
{
	struct facts *facts = calloc(1, sizeof(*facts));

	if (!facts)
		return NULL;
	arena_init(&facts->arena);
	facts->nofile_soft = facts->nofile_hard = UINT64_MAX;
	for (size_t i = 0; i < NS_COUNT; i++)
		facts->max_namespaces[i] = UINT64_MAX;
	facts->passwd_gid = facts->subid_free = facts->keys_used = facts->keys_max = UINT64_MAX;
	facts->nproc_soft = UINT64_MAX;
	return facts;
}

void facts_free(struct facts *facts)
{
	if (!facts)
		return;
	arena_release(&facts->arena);
	free(facts);
}

const struct facts_container *facts_container(const struct facts *facts, const char *name)
{
	for (size_t i = 0; name && i < facts->container_count; i++)
		if (strcmp(facts->containers[i].name, name) == 0)
			return &facts->containers[i];
	return NULL;
}

const struct facts_group *facts_group(const struct facts *facts, const char *path)
{
	for (size_t i = 0; path && i < facts->cgroup_count; i++)
		if (strcmp(facts->cgroups[i].path, path) == 0)
			return &facts->cgroups[i];
	return NULL;
}

const char *facts_getenv(const struct facts *facts, const char *name)
{
	size_t len = strlen(name);

	if (!facts->environ)
		return NULL;
	for (const char *const *e = (const char *const *)facts->environ; *e; e++)
		if (!strncmp(*e, name, len) && (*e)[len] == '=')
			return *e + len + 1;
	return NULL;
}

/* Host id 0 is the caller, who may always map itself; anything else is subordinate, or an absolute
 * id that might be. */
static bool map_needs_subids(const struct spec_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct spec_map_entry *e = &map->entries[i];

		if (e->absolute || e->host != 0 || e->count != 1)
			return true;
	}
	return false;
}

static bool needs_subids(const struct spec *spec)
{
	enum ns_mode mode = spec->namespaces[NS_USER].mode;

	if (spec->userns == USERNS_SINGLE || spec->userns == USERNS_PATH ||
	    spec->userns == USERNS_CONTAINER || mode == NS_MODE_PATH || mode == NS_MODE_CONTAINER ||
	    spec->join_pid || spec->kind == SPEC_EXEC)
		return false;
	if (spec->oci && mode != NS_MODE_PRIVATE)
		return false;
	/* With only one of the two given, the other follows it. */
	if (spec->uidmap.count || spec->gidmap.count)
		return map_needs_subids(&spec->uidmap) || map_needs_subids(&spec->gidmap);
	return true;
}

unsigned facts_needs(const struct spec *spec)
{
	unsigned needs = FACT_CALLER | FACT_KERNEL | FACT_MAPS;

	if (!spec)
		return FACT_ALL;
	if (spec->seccomp == SECCOMP_FILE)
		needs |= FACT_PROFILE;
	if (spec->kind == SPEC_EXEC)
		return needs |
		       (spec->landlock && spec->root_kind == ROOT_HOST ? FACT_ROOT_ENTRIES : 0);
	if (needs_subids(spec))
		needs |= FACT_SUBIDS;
	if (spec->root_kind == ROOT_HOST)
		needs |= FACT_ROOT_ENTRIES;
	if (spec->join_pid)
		needs |= FACT_JOIN;
	if (spec->oci || spec->tty || spec->detach || spec->name || spec->limits ||
	    spec->cgroup_parent)
		needs |= FACT_CGROUP;
	for (size_t i = 0; i < spec->mount_count; i++)
		if (facts_may_show_own(&spec->mounts[i]))
			needs |= FACT_OWN;
	return needs;
}

static bool wants_time(const struct spec *spec)
{
	return !spec || spec->namespaces[NS_TIME].mode == NS_MODE_PRIVATE ||
	       spec->boottime.set == YES || spec->monotonic.set == YES;
}

/* The name, and the home where $HOME does not say it: subordinate ids are granted by name. */
static bool wants_passwd(const struct facts *facts, unsigned needs)
{
	return (needs & FACT_SUBIDS) || ((needs & FACT_CALLER) && !facts->home);
}

static int probe_all(struct facts *facts, const struct spec *spec, unsigned needs)
{
	int r = 0;

	/* The other probes judge by the caller's ids, so these are read in any case. */
	r = probe_caller(facts);
	if (!r && (needs & FACT_KERNEL))
		r = probe_kernel(facts, wants_time(spec));
	if (spec && spec->kind == SPEC_EXEC)
		probe_pidfd_setns(facts);
	if (spec && spec->tty)
		probe_terminal_size(facts);
	if (!r && (needs & (FACT_MAPS | FACT_SUBIDS)))
		r = probe_maps(facts);
	/* An engine that has us run as root of its own user namespace needs no helper. */
	if (!r && spec && spec->oci && facts->cap_setuid && facts->cap_setgid)
		needs &= ~(unsigned)FACT_SUBIDS;
	if (!r && wants_passwd(facts, needs))
		r = probe_passwd(facts);
	if (!r && (needs & FACT_SUBIDS))
		r = probe_subids(facts, spec);
	if (!r && (needs & FACT_SUBIDS))
		r = probe_helpers(facts);
	if (!r && (needs & FACT_ROOT_ENTRIES))
		r = probe_root_entries(facts);
	if (!r && (needs & FACT_LSM))
		r = probe_lsm(facts);
	if (!r && (needs & FACT_PROC))
		r = probe_proc(facts);
	if (!r && (needs & FACT_CGROUP))
		r = probe_cgroup(facts, spec);
	if (!r && (needs & FACT_LIMITS))
		r = probe_limits(facts);
	if (!r && spec && (needs & FACT_OWN))
		r = probe_own(facts, spec);
	if (!r && spec && (needs & FACT_JOIN))
		r = probe_join(facts, spec->join_pid);
	if (!r && spec && (needs & FACT_PROFILE))
		r = probe_profile(facts, spec);
	if (!r && (needs & FACT_PLACES))
		r = probe_places(facts);
	if (!r && (needs & FACT_TRIAL))
		r = probe_trials(facts);
	return r;
}

int facts_probe(const struct spec *spec, unsigned needs, struct facts **ret,
		struct rootlet_error *err)
{
	struct facts *facts = facts_new();

	if (!facts)
		return error_nomem(err);
	if (probe_all(facts, spec, needs) < 0) {
		facts_free(facts);
		return error_nomem(err);
	}
	facts->needs = needs | FACT_CALLER;
	*ret = facts;
	return 0;
}
