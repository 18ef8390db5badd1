/* Id maps and the choice of the user namespace: what contradicts itself before the host's ranges
 * are known. Pure, as validate.c. */
#include "spec/validate.h"

#include "spec/idmap.h"

#include <errno.h>
#include <string.h>

/* One entry that counts host ids from the caller, and an absolute one: only the container's side
 * can be compared. */
static int check_mixed(const struct spec_map_entry *x, const struct spec_map_entry *y,
		       const char *flag, struct rootlet_error *err)
{
	uint64_t from = x->container > y->container ? x->container : y->container;
	uint64_t x_end = (uint64_t)x->container + x->count;
	uint64_t y_end = (uint64_t)y->container + y->count;
	uint64_t to = x_end < y_end ? x_end : y_end;

	if (x->absolute == y->absolute || from >= to)
		return 0;
	error_set(err, -EINVAL, "id-map-overlap", flag,
		  "%s %u:%s%u:%u and %u:%s%u:%u: both map the inside ids %llu-%llu", flag,
		  x->container, x->absolute ? "@" : "", x->host, x->count, y->container,
		  y->absolute ? "@" : "", y->host, y->count, (unsigned long long)from,
		  (unsigned long long)(to - 1));
	error_hint(err, "an id may stand in one line only, on either side (user_namespaces(7))");
	return -EINVAL;
}

/* Host ids that count from the caller and absolute ones are different numbers for the same ids, so
 * the host's side is compared within each kind; plan compares them once the ranges are known. */
static int check_map(const struct spec_map *map, const char *flag, struct arena *a,
		     struct rootlet_error *err)
{
	struct idmap relative = {0}, absolute = {0};
	int r = 0;

	for (size_t i = 0; !r && i < map->count; i++) {
		const struct spec_map_entry *e = &map->entries[i];

		r = idmap_add(a, e->absolute ? &absolute : &relative, e->container, e->host,
			      e->count);
	}
	if (r < 0)
		return error_nomem(err);
	r = idmap_validate(&relative, flag, err);
	if (!r)
		r = idmap_validate(&absolute, flag, err);
	for (size_t i = 0; !r && i < map->count; i++)
		for (size_t j = 0; !r && j < i; j++)
			r = check_mixed(&map->entries[j], &map->entries[i], flag, err);
	return r;
}

static const char *userns_word(enum userns_mode mode)
{
	switch (mode) {
	case USERNS_RANGES:
		return "ranges";
	case USERNS_SINGLE:
		return "single";
	case USERNS_KEEP_ID:
		return "keep-id";
	case USERNS_PATH:
		return "ns:PATH";
	case USERNS_CONTAINER:
		return "container:NAME";
	case USERNS_HOST:
		return "host";
	case USERNS_UNSET:
		break;
	}
	return NULL;
}

static int check_userns(const struct spec *spec, struct rootlet_error *err)
{
	const char *map = spec->uidmap.count ? "--uidmap" : "--gidmap";
	bool mapped = spec->uidmap.count || spec->gidmap.count;

	if (spec->userns == USERNS_HOST)
		return validate_refuse(
			err, "userns-host", "--userns",
			"--userns host: a container of rootlet always has a user namespace",
			"--userns keep-id keeps your own ids inside; --userns single maps "
			"you to root");
	if (mapped && spec->userns != USERNS_UNSET) {
		error_set(err, -EINVAL, "userns-and-maps", map,
			  "%s: does not go with --userns %s, which chooses the map itself", map,
			  userns_word(spec->userns));
		error_hint(err, "drop one of the two");
		return -EINVAL;
	}
	if (spec->map_root && (mapped || spec->userns == USERNS_KEEP_ID))
		return validate_refuse(err, "userns-and-maps", "--map-root-user",
				       "--map-root-user: another map of ids is asked for beside it",
				       "drop one of the two");
	if (spec->join_pid && (mapped || spec->userns != USERNS_UNSET))
		return validate_refuse(
			err, "join-and-maps", "--join",
			"--join: does not go with --userns, --uidmap or --gidmap: the user "
			"namespace "
			"that is joined has its map already",
			"drop one of the two");
	if (spec->userns == USERNS_SINGLE && (spec->subuid_name || spec->subgid_name)) {
		map = spec->subuid_name ? "--subuidname" : "--subgidname";
		error_set(err, -EINVAL, "single-and-subids", map,
			  "%s: does not go with --userns single, which uses no subordinate ids",
			  map);
		error_hint(err, "use --userns ranges, or drop %s", map);
		return -EINVAL;
	}
	return 0;
}

int validate_identity(const struct spec *spec, struct rootlet_error *err)
{
	struct arena a;
	int r = check_userns(spec, err);

	if (r < 0)
		return r;
	arena_init(&a);
	r = check_map(&spec->uidmap, "--uidmap", &a, err);
	if (!r)
		r = check_map(&spec->gidmap, "--gidmap", &a, err);
	arena_release(&a);
	return r;
}
