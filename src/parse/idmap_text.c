/* Identity: --uidmap and --gidmap entries, --userns, and the names whose subordinate ids are taken.
 * How they become the kernel's maps is plan's.
 */
#include "parse/parse.h"

#include "parse/values.h"
#include "spec/idmap.h"

#include <errno.h>
#include <string.h>

static int map_error(struct rootlet_error *err, const char *origin, const char *text,
		     const char *why)
{
	value_error(err, "id-map-form", origin, text, "%s", why);
	error_hint(err, "CONTAINER:HOST:COUNT, where host id 0 is the caller, 1 the first "
			"subordinate id, and "
			"@H the id H of the host");
	return -EINVAL;
}

int parse_map_entry(const char *text, const char *origin, struct spec_map_entry *ret,
		    struct rootlet_error *err)
{
	struct spec_map_entry e = {.count = 1};
	size_t container_len = strcspn(text, ":");
	const char *host = text + container_len;
	const char *count = NULL;
	size_t host_len;

	if (*text == '+' || *text == 'u' || *text == 'g')
		return map_error(err, origin, text,
				 "podman's flags before a map are not supported");
	if (!*host)
		return map_error(err, origin, text, "there is no host id");
	host++;
	e.absolute = *host == '@';
	host += e.absolute;
	host_len = strcspn(host, ":");
	if (host[host_len])
		count = host + host_len + 1;
	if (!value_id(text, container_len, &e.container))
		return map_error(err, origin, text,
				 "the container's id is not a number from 0 to 4294967294");
	if (!value_id(host, host_len, &e.host))
		return map_error(err, origin, text,
				 "the host's id is not a number from 0 to 4294967294");
	/* podman: COUNT may be left out and is 1 then */
	if (count && (!value_id(count, strlen(count), &e.count) || !e.count) &&
	    strcmp(count, "4294967295") != 0)
		return map_error(err, origin, text,
				 "the count is not a number from 1 to 4294967295");
	if (count && strcmp(count, "4294967295") == 0)
		e.count = UINT32_MAX;
	if ((uint64_t)e.container + e.count - 1 > ID_MAX)
		return map_error(err, origin, text,
				 "the container's ids go past 4294967294, the last one");
	if ((uint64_t)e.host + e.count - 1 > ID_MAX)
		return map_error(err, origin, text,
				 "the host's ids go past 4294967294, the last one");
	*ret = e;
	return 0;
}

static int add_map_entry(struct spec *spec, struct spec_map *map, const char *value,
			 const char *origin, struct rootlet_error *err)
{
	struct spec_map_entry e;
	int r = parse_map_entry(value, origin, &e, err);

	if (r < 0)
		return r;
	if (arena_grow(&spec->arena, &map->entries, map->count, sizeof(*map->entries)) < 0)
		return error_nomem(err);
	map->entries[map->count++] = e;
	return 0;
}

int set_uidmap(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	return add_map_entry(spec, &spec->uidmap, value, origin, err);
}

int set_gidmap(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	return add_map_entry(spec, &spec->gidmap, value, origin, err);
}

void clear_uidmap(struct spec *spec)
{
	spec->uidmap = (struct spec_map){0};
}

void clear_gidmap(struct spec *spec)
{
	spec->gidmap = (struct spec_map){0};
}

static int set_subid_name(struct spec *spec, const char **field, const char *value,
			  const char *origin, struct rootlet_error *err)
{
	if (!value_account_name(value, strlen(value)))
		return value_error(err, "account-name", origin, value, "is no user name");
	return value_copy(&spec->arena, value, field, err);
}

int set_subuidname(struct spec *spec, const char *value, const char *origin,
		   struct rootlet_error *err)
{
	return set_subid_name(spec, &spec->subuid_name, value, origin, err);
}

int set_subgidname(struct spec *spec, const char *value, const char *origin,
		   struct rootlet_error *err)
{
	return set_subid_name(spec, &spec->subgid_name, value, origin, err);
}

/* ---- --userns ---- */

static const char modes[] = "use ranges, single, keep-id[:uid=U,gid=G] or ns:PATH";

/* "uid=U,gid=G" after "keep-id:". */
static int keep_ids(struct spec *spec, const char *options, const char *value, const char *origin,
		    struct rootlet_error *err)
{
	uint32_t uid = SPEC_ID_UNSET, gid = SPEC_ID_UNSET;

	for (;;) {
		size_t len = strcspn(options, ",");
		bool is_uid = strncmp(options, "uid=", 4) == 0;
		bool is_gid = strncmp(options, "gid=", 4) == 0;

		if (!is_uid && !is_gid) {
			value_error(err, "userns", origin, value, "keep-id takes uid=U and gid=G");
			return -EINVAL;
		}
		if (!value_id(options + 4, len - 4, is_uid ? &uid : &gid))
			return value_error(err, "userns", origin, value,
					   "%s is not followed by a number from 0 to 4294967294",
					   is_uid ? "uid=" : "gid=");
		if (!options[len])
			break;
		options += len + 1;
	}
	spec->userns = USERNS_KEEP_ID;
	spec->keep_uid = uid;
	spec->keep_gid = gid;
	return 0;
}

static int joined_userns(struct spec *spec, enum userns_mode mode, const char *path,
			 const char *value, const char *origin, struct rootlet_error *err)
{
	int r;

	if (mode == USERNS_PATH && *path != '/' && *path != '.')
		return value_error(err, "userns", origin, value,
				   "the namespace's path begins with neither / nor .");
	if (!*path)
		return value_error(err, "userns", origin, value, "names no container");
	r = value_copy(&spec->arena, path, &spec->namespaces[NS_USER].path, err);
	if (r < 0)
		return r;
	spec->userns = mode;
	spec->namespaces[NS_USER].mode = mode == USERNS_PATH ? NS_MODE_PATH : NS_MODE_CONTAINER;
	return 0;
}

int set_userns(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	static const struct {
		const char *word;
		enum userns_mode mode;
	} words[] = {
		{"ranges", USERNS_RANGES},
		{"single", USERNS_SINGLE},
		{"keep-id", USERNS_KEEP_ID},
		{"host", USERNS_HOST},
	};

	/* what an earlier value (of a configuration file) said is gone */
	if (strncmp(value, "ns:", 3) == 0)
		return joined_userns(spec, USERNS_PATH, value + 3, value, origin, err);
	if (strncmp(value, "container:", 10) == 0)
		return joined_userns(spec, USERNS_CONTAINER, value + 10, value, origin, err);
	spec->namespaces[NS_USER] = (struct spec_namespace){0};
	spec->keep_uid = spec->keep_gid = SPEC_ID_UNSET;
	if (strncmp(value, "keep-id:", 8) == 0)
		return keep_ids(spec, value + 8, value, origin, err);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(value, words[i].word) != 0)
			continue;
		spec->userns = words[i].mode;
		return 0;
	}
	value_error(err, "userns", origin, value, "is no such mode");
	if (strncmp(value, "auto", 4) == 0)
		error_hint(err, "podman's auto takes ids for each container: choose them with "
				"--uidmap C:H:N");
	else if (strcmp(value, "nomap") == 0)
		error_hint(err, "leave the caller out of the map with --uidmap 0:1:65536");
	else
		error_hint(err, "%s", modes);
	return -EINVAL;
}
