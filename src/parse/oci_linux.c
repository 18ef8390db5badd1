/* linux: namespaces, id maps, clocks, sysctls, paths, personality. Resources, devices and the
 * memory policy have their own files. */
#include "parse/oci_read.h"

#include <errno.h>
#include <string.h>

/* ---- namespaces ---- */

struct name_space {
	uint64_t type;
	const char *path;
};

static int read_namespace_type(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_word words[] = {
		{"pid", NS_PID},   {"network", NS_NET}, {"mount", NS_MNT},
		{"ipc", NS_IPC},   {"uts", NS_UTS},	{"cgroup", NS_CGROUP},
		{"user", NS_USER}, {"time", NS_TIME},	OCI_WORDS_END,
	};
	struct name_space *n = target;
	int r = oci_word(c, value, "type of a namespace", words, &n->type);

	if (r < 0)
		return r;
	if (c->spec->namespaces[n->type].mode != NS_MODE_HOST)
		return reader_fail(&c->r, value, "oci-twice", "\"%s\" stands in the list twice",
				   value->string);
	return 0;
}

static int read_namespace_path(struct oci_context *c, const struct json *value, void *target)
{
	struct name_space *n = target;
	int r = reader_string(&c->r, value, &n->path);

	if (!r && !*n->path)
		n->path = NULL;
	if (!r && n->path && n->path[0] != '/')
		return reader_fail(&c->r, value, "oci-path", "\"%.200s\" is not absolute", n->path);
	return r;
}

static int read_namespace(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_MUST("type", read_namespace_type),
		OCI_CALL("path", read_namespace_path),
		{.key = NULL},
	};
	struct spec_namespace *to;
	struct name_space n = {0};
	int r = oci_read_fields(c, value, fields, &n);

	if (r < 0)
		return r;
	to = &c->spec->namespaces[n.type];
	to->mode = n.path ? NS_MODE_PATH : NS_MODE_PRIVATE;
	to->path = n.path;
	if (n.type == NS_USER)
		c->spec->userns = n.path ? USERNS_PATH : USERNS_UNSET;
	return 0;
}

static int read_namespaces(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each(c, value, read_namespace, NULL);
}

/* ---- id maps ---- */

static int read_map_entry(struct oci_context *c, const struct json *value, void *target)
{
	struct spec_map *map = target;
	struct oci_idmap row;
	int r = oci_mapping(c, value, &row);

	if (r < 0)
		return r;
	if (arena_grow(c->a, &map->entries, map->count, sizeof(*map->entries)) < 0)
		return error_nomem(c->r.err);
	map->entries[map->count++] = (struct spec_map_entry){
		.container = row.container, .host = row.host, .count = row.count, .absolute = true};
	return 0;
}

static int read_uid_map(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each(c, value, read_map_entry, &c->spec->uidmap);
}

static int read_gid_map(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each(c, value, read_map_entry, &c->spec->gidmap);
}

/* ---- clocks ---- */

static int read_clock(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_NUMBER("secs", struct spec_time_offset, secs, INT64_MIN, INT64_MAX),
		OCI_NUMBER("nanosecs", struct spec_time_offset, nanosecs, 0, 999999999),
		{.key = NULL},
	};
	struct spec_time_offset offset = {.set = YES}, *to = NULL;
	int r;

	if (strcmp(value->key, "boottime") == 0)
		to = &c->spec->boottime;
	if (strcmp(value->key, "monotonic") == 0)
		to = &c->spec->monotonic;
	if (!to)
		return reader_fail(&c->r, value, "oci-word", "is no clock with an offset");
	r = oci_read_fields(c, value, fields, &offset);
	if (!r)
		*to = offset;
	return r;
}

static int read_clocks(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each_member(c, value, read_clock, NULL);
}

/* ---- sysctls ---- */

/* sysctl(8) takes both spellings; where a slash comes first, dots stand for themselves. */
static const char *dotted(struct arena *a, const char *key)
{
	size_t first = strcspn(key, "./");
	char *copy;

	if (key[first] != '/')
		return key;
	copy = arena_strdup(a, key);
	for (char *p = copy; p && *p; p++)
		*p = (char)(*p == '/' ? '.' : *p == '.' ? '/' : *p);
	return copy;
}

/* The key becomes a path below /proc/sys: names alone, none of them "..". */
static bool good_key(const char *key)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_./:@";
	size_t len = strlen(key);

	return len && key[strspn(key, letters)] == '\0' && !strstr(key, "..") &&
	       !strstr(key, "//") && key[0] != '.' && key[0] != '/' && key[len - 1] != '.';
}

/* `target`: the names so far, as many as there are sysctls. */
static int read_sysctl(struct oci_context *c, const struct json *value, void *target)
{
	struct spec *spec = c->spec;
	struct oci_key *names = target;
	struct spec_sysctl sysctl;
	int r = reader_string(&c->r, value, &sysctl.value);

	if (r < 0)
		return r;
	sysctl.key = dotted(c->a, value->key);
	if (!sysctl.key ||
	    arena_grow(c->a, &spec->sysctls, spec->sysctl_count, sizeof(*spec->sysctls)) < 0)
		return error_nomem(c->r.err);
	if (!good_key(sysctl.key))
		return reader_fail(&c->r, value, "oci-word", "is no name of a kernel setting");
	names[spec->sysctl_count] = (struct oci_key){sysctl.key, value};
	spec->sysctls[spec->sysctl_count++] = sysctl;
	return 0;
}

/* One that is spelt in both ways would be written twice. */
static int read_sysctls(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_key *names = arena_alloc(c->a, (value->count + 1) * sizeof(*names));
	int r = names ? oci_each_member(c, value, read_sysctl, names) : error_nomem(c->r.err);

	return r < 0 ? r : oci_refuse_twins(c, names, c->spec->sysctl_count);
}

/* ---- paths ---- */

static int read_paths(struct oci_context *c, const struct json *value, void *target)
{
	const char **paths = NULL;
	size_t count = 0;
	int r = reader_want(&c->r, value, JSON_LIST);

	if (!r && value->count) {
		paths = arena_alloc(c->a, (value->count + 1) * sizeof(*paths));
		if (!paths)
			return error_nomem(c->r.err);
	}
	for (const struct json *e = paths ? value->first : NULL; !r && e; e = e->next) {
		r = oci_inside_path(c, e, &paths[count]);
		if (!r && strcmp(paths[count++], "/") == 0)
			/* a mount over the root is not seen from it */
			r = reader_fail(&c->r, e, "oci-path",
					"is the whole root, which can be neither hidden nor made "
					"read-only so: root.readonly does the latter");
	}
	if (!r)
		memcpy(target, &paths, sizeof(paths));
	return r;
}

/* ---- seccomp ---- */

static const struct oci_field seccomp_fields[] = {
	OCI_TEXT("listenerPath", struct spec_oci, seccomp_listener),
	OCI_TEXT("listenerMetadata", struct spec_oci, seccomp_metadata),
	{.key = NULL},
};

/* The profile stays text: the seccomp room compiles it, and keeps the program by that text. */
static int read_seccomp(struct oci_context *c, const struct json *value, void *target)
{
	struct spec_oci *oci = c->oci;
	size_t line, column;
	int r = oci_read_fields(c, value, seccomp_fields, oci);

	if (r < 0)
		return r;
	if (oci->seccomp_metadata && !oci->seccomp_listener)
		return reader_fail(&c->r, reader_member(value, "listenerMetadata"), "oci-seccomp",
				   "is for a listener, and there is no listenerPath");
	oci->seccomp_length = value->end - value->offset;
	oci->seccomp_text = arena_strndup(c->a, c->r.text + value->offset, oci->seccomp_length);
	if (!oci->seccomp_text)
		return error_nomem(c->r.err);
	reader_place(&c->r, value, &line, &column);
	oci->seccomp_line = (uint32_t)line;
	oci->seccomp_column = (uint32_t)column;
	c->spec->seccomp = SECCOMP_FILE;
	c->spec->seccomp_path = oci->config;
	return 0;
}

/* ---- personality ---- */

static int read_domain(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_word words[] = {
		{"LINUX", 0}, {"LINUX32", 8}, OCI_WORDS_END}; /* PER_…: personality(2) */
	int r = oci_word(c, value, "execution domain", words, &c->oci->personality);

	if (!r)
		c->oci->has_personality = true;
	return r;
}

static int read_personality_flag(struct oci_context *c, const struct json *value, void *target)
{
	return reader_fail(&c->r, value, "oci-word", "the runtime-spec knows no flag here");
}

static int read_personality_flags(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each(c, value, read_personality_flag, NULL);
}

static const struct oci_field personality_fields[] = {
	OCI_MUST("domain", read_domain),
	OCI_CALL("flags", read_personality_flags),
	{.key = NULL},
};

/* ---- what is only noticed ---- */

static int read_net_device(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {{.key = "name", .type = FIELD_TEXT},
						  {.key = NULL}};
	const char *name;

	c->oci->net_devices = true;
	return oci_read_fields(c, value, fields, &name);
}

static int read_net_devices(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each_member(c, value, read_net_device, NULL);
}

static int read_intel_rdt(struct oci_context *c, const struct json *value, void *target)
{
	c->oci->intel_rdt = true;
	return reader_want(&c->r, value, JSON_OBJECT);
}

const struct oci_field oci_linux_fields[] = {
	OCI_CALL("uidMappings", read_uid_map),
	OCI_CALL("gidMappings", read_gid_map),
	OCI_CALL("timeOffsets", read_clocks),
	OCI_CALL("sysctl", read_sysctls),
	OCI_CALL_AT("resources", oci_resources, struct spec_oci, resources),
	OCI_TEXT("cgroupsPath", struct spec_oci, cgroups_path),
	OCI_CALL("namespaces", read_namespaces),
	OCI_CALL("devices", oci_device_list),
	OCI_CALL("netDevices", read_net_devices),
	OCI_CALL("seccomp", read_seccomp),
	OCI_CALL_AT("rootfsPropagation", oci_propagation, struct spec_oci, rootfs_propagation),
	OCI_CALL_AT("maskedPaths", read_paths, struct spec_oci, masked_paths),
	OCI_CALL_AT("readonlyPaths", read_paths, struct spec_oci, readonly_paths),
	OCI_TEXT("mountLabel", struct spec_oci, mount_label),
	OCI_CALL("intelRdt", read_intel_rdt),
	OCI_INSIDE("personality", personality_fields),
	OCI_CALL_AT("memoryPolicy", oci_memory_policy, struct spec_oci, memory_policy),
	{.key = NULL},
};
