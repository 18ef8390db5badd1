/* mounts[], linux.devices[] and hooks: what has places of the container's or the host's in it. */
#include "parse/oci_read.h"

#include "spec/idmap.h"

#include <errno.h>
#include <string.h>

/* ---- mounts ---- */

/* Old engines wrote it without the slash; it begins at the root then. */
static int read_destination(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_mount *m = target;
	const char *path;
	int r = reader_string(&c->r, value, &path);

	if (r < 0)
		return r;
	if (!*path)
		return reader_fail(&c->r, value, "oci-path", "is empty");
	if (path[0] != '/')
		r = oci_note(c, value,
			     "a relative destination is deprecated: it is taken from the root on");
	m->destination = oci_plain_path(c->a, path);
	return r < 0 ? r : m->destination ? 0 : error_nomem(c->r.err);
}

struct idmap_list {
	struct oci_idmap *maps;
	size_t count;
};

static int add_mapping(struct oci_context *c, const struct json *value, void *target)
{
	struct idmap_list *list = target;

	if (arena_grow(c->a, &list->maps, list->count, sizeof(*list->maps)) < 0)
		return error_nomem(c->r.err);
	return oci_mapping(c, value, &list->maps[list->count++]);
}

static int read_uid_maps(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_mount *m = target;
	struct idmap_list list = {0};
	int r = oci_each(c, value, add_mapping, &list);

	m->uid_maps = list.maps;
	m->uid_map_count = list.count;
	return r;
}

static int read_gid_maps(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_mount *m = target;
	struct idmap_list list = {0};
	int r = oci_each(c, value, add_mapping, &list);

	m->gid_maps = list.maps;
	m->gid_map_count = list.count;
	return r;
}

static int read_options(struct oci_context *c, const struct json *value, void *target)
{
	return oci_mount_options(c, value, target);
}

/* The kernel passes them over (mount(2)), and engines hand on what users typed. */
static int note_options(struct oci_context *c, const struct json *value, struct oci_mount *m)
{
	const struct json *options = reader_member(value, "options");
	const char *first = m->option_count ? m->options[0].key : oci_superblock_option(m->sb_set);

	if (!first && m->copy_up)
		first = "tmpcopyup";
	if (!m->bind || !first)
		return 0;
	m->option_count = 0;
	m->sb_set = 0;
	m->copy_up = false;
	return oci_note(c, options,
			"\"%.60s\" is an option of a file system, and a bind mount takes none: "
			"passed over",
			first);
}

/* What its parts say together. */
static int finish_mount(struct oci_context *c, const struct json *value, struct oci_mount *m)
{
	if (m->type && strcmp(m->type, "bind") == 0)
		m->bind = true;
	if (m->bind)
		m->type = "bind";
	if (m->bind && !m->source && !m->remount)
		return reader_fail(&c->r, value, "oci-mount", "a bind mount needs a source");
	if (m->type && strcmp(m->type, "none") == 0)
		m->type = NULL;
	if (!m->bind && !m->type && !m->remount)
		return reader_fail(&c->r, value, "oci-mount", "has no type and is no bind mount");
	if (!m->uid_map_count != !m->gid_map_count)
		return reader_fail(&c->r, value, "oci-mount",
				   "uidMappings and gidMappings go together only");
	if (m->uid_map_count > IDMAP_MAX_EXTENTS || m->gid_map_count > IDMAP_MAX_EXTENTS)
		return reader_fail(&c->r, value, "id-map-lines",
				   "its maps have more than the %d rows that the kernel takes",
				   IDMAP_MAX_EXTENTS);
	m->idmap |= m->uid_map_count > 0;
	if (m->idmap && !m->bind)
		return reader_fail(&c->r, value, "oci-mount",
				   "only a bind mount can have its ids mapped");
	return m->bind && m->source ? oci_host_path(c, m->source, &m->source) : 0;
}

int oci_mount(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_MUST("destination", read_destination),
		OCI_TEXT("type", struct oci_mount, type),
		OCI_TEXT("source", struct oci_mount, source),
		OCI_CALL("options", read_options),
		OCI_CALL("uidMappings", read_uid_maps),
		OCI_CALL("gidMappings", read_gid_maps),
		{.key = NULL},
	};
	struct spec_oci *oci = c->oci;
	struct oci_mount mount = {0};
	int r = oci_read_fields(c, value, fields, &mount);

	if (!r)
		r = finish_mount(c, value, &mount);
	if (!r)
		r = note_options(c, value, &mount);
	if (r < 0)
		return r;
	if (arena_grow(c->a, &oci->mounts, oci->mount_count, sizeof(*oci->mounts)) < 0)
		return error_nomem(c->r.err);
	oci->mounts[oci->mount_count++] = mount;
	return 0;
}

/* ---- devices ---- */

enum { MAJOR_MAX = (1 << 12) - 1, MINOR_MAX = (1 << 20) - 1 }; /* mknod(2), linux/kdev_t.h */

static int read_device_type(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_device *device = target;
	const char *text;
	int r = reader_string(&c->r, value, &text);

	if (r < 0)
		return r;
	if (strlen(text) != 1 || !strchr("cbup", text[0]))
		return reader_fail(&c->r, value, "oci-word", "\"%.60s\" is no type of a device",
				   text);
	device->type = text[0];
	return 0;
}

static int read_device_path(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_device *device = target;

	return oci_inside_path(c, value, &device->path);
}

/* Some engines hand the whole st_mode on: the type in it has its own field. */
static int read_file_mode(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_device *device = target;
	int64_t mode;
	int r = reader_signed(&c->r, value, 0, 0177777, &mode);

	if (!r)
		device->mode = (uint32_t)mode & 07777;
	return r;
}

static int read_device(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_MUST("type", read_device_type),
		OCI_MUST("path", read_device_path),
		OCI_NUMBER("major", struct oci_device, major, 0, MAJOR_MAX),
		OCI_NUMBER("minor", struct oci_device, minor, 0, MINOR_MAX),
		OCI_CALL("fileMode", read_file_mode),
		OCI_NUMBER("uid", struct oci_device, uid, 0, UINT32_MAX - 1),
		OCI_NUMBER("gid", struct oci_device, gid, 0, UINT32_MAX - 1),
		{.key = NULL},
	};
	struct spec_oci *oci = c->oci;
	struct oci_device device = {.major = -1, .minor = -1, .mode = UINT32_MAX};
	int r = oci_read_fields(c, value, fields, &device);

	if (r < 0)
		return r;
	if (device.type != 'p' && device.major < 0)
		return reader_fail_member(&c->r, value, "major", "oci-missing", "is required");
	if (device.type != 'p' && device.minor < 0)
		return reader_fail_member(&c->r, value, "minor", "oci-missing", "is required");
	if (arena_grow(c->a, &oci->devices, oci->device_count, sizeof(*oci->devices)) < 0)
		return error_nomem(c->r.err);
	oci->devices[oci->device_count++] = device;
	return 0;
}

int oci_device_list(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each(c, value, read_device, NULL);
}

/* ---- hooks ---- */

static int read_hook_path(struct oci_context *c, const struct json *value, void *target)
{
	struct oci_hook *hook = target;
	int r = reader_string(&c->r, value, &hook->path);

	if (r < 0 || hook->path[0] == '/')
		return r;
	return reader_fail(&c->r, value, "oci-path", "\"%.200s\" is not absolute", hook->path);
}

static int read_hook(struct oci_context *c, const struct json *value, void *target)
{
	static const struct oci_field fields[] = {
		OCI_MUST("path", read_hook_path),
		{.key = "args", .type = FIELD_TEXTS, OCI_AT(struct oci_hook, args)},
		{.key = "env", .type = FIELD_TEXTS, OCI_AT(struct oci_hook, env)},
		OCI_NUMBER("timeout", struct oci_hook, timeout, 1, INT32_MAX),
		{.key = NULL},
	};
	struct oci_hooks *hooks = target;
	struct oci_hook hook = {0};
	int r = oci_read_fields(c, value, fields, &hook);

	if (r < 0)
		return r;
	if (arena_grow(c->a, &hooks->items, hooks->count, sizeof(*hooks->items)) < 0)
		return error_nomem(c->r.err);
	hooks->items[hooks->count++] = hook;
	return 0;
}

int oci_hook_list(struct oci_context *c, const struct json *value, void *target)
{
	return oci_each(c, value, read_hook, target);
}
