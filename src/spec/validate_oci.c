/* What can be judged of an OCI config without the host, beyond the types and ranges that parse has
 * judged: parts that contradict each other, and what no rootlet can do. Messages name the JSON
 * pointer. Pure, as validate.c; the rules of the command line (a root is always made, a user
 * namespace always) do not hold here.
 */
#include "spec/validate.h"

#include "spec/idmap.h"
#include "spec/oci.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 64 }; /* __NEW_UTS_LEN: sethostname(2) */

/* "config.json: /hostname: WHY" */
static int refuse(const struct spec *spec, struct rootlet_error *err, const char *id,
		  const char *pointer, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static int refuse(const struct spec *spec, struct rootlet_error *err, const char *id,
		  const char *pointer, const char *fmt, ...)
{
	const char *config = spec->oci->config ? spec->oci->config : "config.json";
	char why[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return error_set(err, -EINVAL, id, pointer, "%s: %s: %s", config, pointer, why);
}

/* A namespace of the container's own, or one that it joins: not the runtime's. */
static bool has(const struct spec *spec, enum ns_type type)
{
	return spec_ns_mode(spec, type) != NS_MODE_HOST;
}

/* ---- ids ---- */

static int check_map(const struct spec *spec, const struct spec_map *map, const char *pointer,
		     struct rootlet_error *err)
{
	struct idmap all = {0};
	struct arena a;
	char what[200];
	int r = 0;

	snprintf(what, sizeof(what), "%.100s: %s",
		 spec->oci->config ? spec->oci->config : "config.json", pointer);
	arena_init(&a);
	for (size_t i = 0; !r && i < map->count; i++)
		r = idmap_add(&a, &all, map->entries[i].container, map->entries[i].host,
			      map->entries[i].count);
	r = r < 0 ? error_nomem(err) : idmap_validate(&all, what, err);
	arena_release(&a);
	return r;
}

static bool is_mapped(const struct spec_map *map, uint32_t id)
{
	for (size_t i = 0; i < map->count; i++)
		if (id >= map->entries[i].container &&
		    id - map->entries[i].container < map->entries[i].count)
			return true;
	return false;
}

static int check_user_mapped(const struct spec *spec, struct rootlet_error *err)
{
	const struct spec_oci *oci = spec->oci;

	if (oci->no_process)
		return 0;
	if (!is_mapped(&spec->uidmap, oci->uid))
		return refuse(spec, err, "oci-id-unmapped", "/process/user/uid",
			      "%u is in no row of uidMappings", oci->uid);
	if (!is_mapped(&spec->gidmap, oci->gid))
		return refuse(spec, err, "oci-id-unmapped", "/process/user/gid",
			      "%u is in no row of gidMappings", oci->gid);
	for (size_t i = 0; i < oci->additional_gid_count; i++)
		if (!is_mapped(&spec->gidmap, oci->additional_gids[i]))
			return refuse(spec, err, "oci-id-unmapped", "/process/user/additionalGids",
				      "%u is in no row of gidMappings", oci->additional_gids[i]);
	return 0;
}

static int check_maps(const struct spec *spec, struct rootlet_error *err)
{
	enum ns_mode mode = spec_ns_mode(spec, NS_USER);
	const char *pointer = spec->uidmap.count ? "/linux/uidMappings" : "/linux/gidMappings";
	int r;

	if (mode == NS_MODE_HOST && (spec->uidmap.count || spec->gidmap.count))
		return refuse(spec, err, "oci-needs-namespace", pointer,
			      "there is no user namespace that this could be the map of");
	if (mode != NS_MODE_PRIVATE)
		return 0; /* joined: the maps are there, and only the host knows them */
	if (!spec->uidmap.count || !spec->gidmap.count)
		return refuse(spec, err, "oci-maps",
			      spec->uidmap.count ? "/linux/gidMappings" : "/linux/uidMappings",
			      "a new user namespace needs a map");
	r = check_map(spec, &spec->uidmap, "/linux/uidMappings", err);
	if (!r)
		r = check_map(spec, &spec->gidmap, "/linux/gidMappings", err);
	return r < 0 ? r : check_user_mapped(spec, err);
}

/* ---- namespaces and what is theirs ---- */

static int check_mount_namespace(const struct spec *spec, struct rootlet_error *err)
{
	if (has(spec, NS_MNT))
		return 0;
	refuse(spec, err, "oci-needs-namespace", "/linux/namespaces",
	       "without a mount namespace the container's mounts would be made on the host, and "
	       "stay there");
	error_hint(err, "add {\"type\": \"mount\"}");
	return -EINVAL;
}

static int judge_name(const struct spec *spec, const char *name, const char *pointer,
		      struct rootlet_error *err)
{
	size_t len;

	if (!name)
		return 0;
	if (!has(spec, NS_UTS))
		return refuse(spec, err, "oci-needs-namespace", pointer,
			      "there is no UTS namespace whose name this could be");
	len = strlen(name);
	if (len > NAME_MAX_LENGTH)
		return refuse(spec, err, "oci-name", pointer,
			      "has %zu bytes, the kernel takes at most %d", len, NAME_MAX_LENGTH);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f)
			return refuse(spec, err, "oci-name", pointer,
				      "contains a blank or a control character");
	return 0;
}

static int check_names(const struct spec *spec, struct rootlet_error *err)
{
	int r = judge_name(spec, spec->hostname, "/hostname", err);

	return r < 0 ? r : judge_name(spec, spec->domainname, "/domainname", err);
}

static int check_clocks(const struct spec *spec, struct rootlet_error *err)
{
	if (spec->boottime.set != YES && spec->monotonic.set != YES)
		return 0;
	if (!has(spec, NS_TIME))
		return refuse(spec, err, "oci-needs-namespace", "/linux/timeOffsets",
			      "there is no time namespace whose clocks these could be");
	if (spec_ns_mode(spec, NS_TIME) == NS_MODE_PATH)
		return refuse(spec, err, "oci-needs-namespace", "/linux/timeOffsets",
			      "the clocks of a time namespace that is joined run already");
	return 0;
}

static int check_sysctl(const struct spec *spec, const struct spec_sysctl *sysctl,
			struct rootlet_error *err)
{
	enum ns_type owner = validate_sysctl_owner(sysctl->key);
	char pointer[300];

	snprintf(pointer, sizeof(pointer), "/linux/sysctl/%.250s", sysctl->key);
	if (strcmp(sysctl->key, "kernel.hostname") == 0)
		return refuse(spec, err, "oci-sysctl", pointer,
			      "the name has its own field: "
			      "hostname");
	if (strcmp(sysctl->key, "kernel.domainname") == 0)
		owner = NS_UTS;
	if (owner == NS_COUNT)
		return refuse(spec, err, "oci-sysctl", pointer,
			      "belongs to the whole machine: no namespace has its own");
	if (has(spec, owner))
		return 0;
	return refuse(spec, err, "oci-needs-namespace", pointer,
		      "belongs to the %s namespace, which is the host's",
		      owner == NS_NET ? "network" : ns_type_name(owner));
}

static int check_sysctls(const struct spec *spec, struct rootlet_error *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < spec->sysctl_count; i++)
		r = check_sysctl(spec, &spec->sysctls[i], err);
	return r;
}

/* ---- mounts ---- */

/* Two more that engines replace; none says or changes what a process is. */
static bool may_stand_in_proc(const char *path)
{
	return validate_may_cover(path) || strcmp(path, "/proc/sys/kernel/ns_last_pid") == 0 ||
	       strcmp(path, "/proc/sys/crypto/fips_enabled") == 0;
}

static int check_mount(const struct spec *spec, const struct oci_mount *m, size_t index,
		       struct rootlet_error *err)
{
	char pointer[40];

	snprintf(pointer, sizeof(pointer), "/mounts/%zu", index);
	if (m->idmap && !m->uid_map_count && !has(spec, NS_USER))
		return refuse(spec, err, "oci-needs-namespace", pointer,
			      "idmap without mappings takes those of the user namespace, and there "
			      "is none");
	if (strcmp(m->destination, "/proc") == 0) {
		if (m->bind || m->remount || strcmp(m->type, "proc") == 0)
			return 0;
		return refuse(spec, err, "mount-over-proc", pointer,
			      "a %.60s cannot stand where the kernel's own /proc must be", m->type);
	}
	if (m->remount || may_stand_in_proc(m->destination))
		return 0;
	return refuse(spec, err, "mount-over-proc", pointer,
		      "would stand where the kernel's own %.200s must be", m->destination);
}

static int check_mounts(const struct spec *spec, struct rootlet_error *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < spec->oci->mount_count; i++)
		r = check_mount(spec, &spec->oci->mounts[i], i, err);
	return r;
}

/* Without pivot_root the host's mounts stay below: a private copy of them would be kept from what
 * the host does to them, being unmounted for one. */
static int check_propagation(const struct spec *spec, struct rootlet_error *err)
{
	const struct spec_oci *oci = spec->oci;

	if (!oci->no_pivot || !(oci->rootfs_propagation & MS_PRIVATE))
		return 0;
	return refuse(spec, err, "oci-propagation", "/linux/rootfsPropagation",
		      "private does not go with --no-pivot: copies of the host's mounts would stay "
		      "below, out of its reach");
}

/* ---- what is never there ---- */

static int check_unsupported(const struct spec *spec, struct rootlet_error *err)
{
	if (spec->oci->intel_rdt)
		return refuse(spec, err, "oci-unsupported", "/linux/intelRdt",
			      "the resctrl file system takes settings from the host's root alone");
	if (spec->oci->net_devices)
		return refuse(spec, err, "oci-unsupported", "/linux/netDevices",
			      "only the host's root can move a network device");
	return 0;
}

int validate_oci(const struct spec *spec, struct rootlet_error *err)
{
	static int (*const checks[])(const struct spec *, struct rootlet_error *) = {
		check_mount_namespace, check_maps,   check_names,	check_clocks,
		check_sysctls,	       check_mounts, check_propagation, check_unsupported,
	};

	/* a further command joins what was judged when it was made */
	for (size_t i = 0; spec->kind != SPEC_EXEC && i < sizeof(checks) / sizeof(*checks); i++) {
		int r = checks[i](spec, err);

		if (r < 0)
			return r;
	}
	return 0;
}
