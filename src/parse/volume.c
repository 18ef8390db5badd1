/* -v SRC[:DST[:OPTS]], --tmpfs DST[:OPTS] and --device SRC[:DST]: the colon forms. Whether a source
 * exists is seen when it is opened.
 */
#include "parse/parse.h"

#include "parse/mounts.h"
#include "parse/values.h"

#include <errno.h>
#include <linux/mount.h>
#include <string.h>

static const char with_mount[] = "a path with a colon needs --mount type=bind,src=…,dst=…";

/* Words between commas, each handed to `take`. */
static int each_word(struct mount_text *m, const char *words,
		     int (*take)(struct mount_text *m, const char *word))
{
	for (;;) {
		size_t len = strcspn(words, ",");
		const char *word = arena_strndup(&m->spec->arena, words, len);
		int r;

		if (!word)
			return error_nomem(m->err);
		if (!len)
			return mount_error(m, "an option is empty");
		r = take(m, word);
		if (r < 0)
			return r;
		if (!words[len])
			return 0;
		words += len + 1;
	}
}

/* What volumes and tmpfs both take: 1: taken, 0: none of these, -errno. */
static int common_word(struct mount_text *m, const char *word)
{
	int r = mount_flag(m, word);

	if (!r)
		r = mount_propagation(m, word);
	return r ? r : mount_podman_word(m, word);
}

static int volume_word(struct mount_text *m, const char *word)
{
	int r = common_word(m, word);

	if (r)
		return r;
	/* both mean the same here: what is mounted below comes along */
	if (strcmp(word, "bind") == 0 || strcmp(word, "rbind") == 0)
		return 0;
	mount_error(m, "%s is no option of a volume", word);
	error_hint(m->err, "ro, rw, noexec, nosuid, nodev, private, slave …");
	return -EINVAL;
}

int parse_volume(struct spec *spec, const char *text, const char *origin, struct rootlet_error *err)
{
	struct mount_text m = {.spec = spec, .text = text, .origin = origin, .err = err};
	size_t source_len = strcspn(text, ":");
	const char *source = arena_strndup(&spec->arena, text, source_len);
	const char *inside = text[source_len] ? text + source_len + 1 : NULL;
	size_t inside_len = inside ? strcspn(inside, ":") : 0;
	int r;

	if (!source)
		return error_nomem(err);
	m.mount.type = MOUNT_BIND;
	m.mount.recursive = true;
	m.mount.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	r = mount_source(&m, source);
	if (r < 0)
		return r;
	if (!inside && *source != '/') {
		mount_error(&m, "a relative source needs a place inside");
		error_hint(err, "write %s:/PLACE, or the absolute path for the same path inside",
			   source);
		return -EINVAL;
	}
	r = inside ? value_inside_path(&spec->arena, inside, inside_len, origin, text,
				       &m.mount.destination, err)
		   : value_inside_path(&spec->arena, source, source_len, origin, text,
				       &m.mount.destination, err);
	if (r == -EINVAL && inside && inside_len && *inside != '/')
		error_hint(err, "the form is SRC:DST:OPTS, as in ./src:/src:ro; %s", with_mount);
	if (!r && inside && inside[inside_len])
		r = each_word(&m, inside + inside_len + 1, volume_word);
	return r < 0 ? r : mount_finish(&m, "volume");
}

static int tmpfs_word(struct mount_text *m, const char *word)
{
	const char *equals = strchr(word, '=');
	int r;

	if (equals) {
		const char *key = arena_strndup(&m->spec->arena, word, (size_t)(equals - word));

		if (!key)
			return error_nomem(m->err);
		r = mount_tmpfs_option(m, key, equals + 1);
	} else {
		r = common_word(m, word);
	}
	if (r)
		return r;
	mount_error(m, "%s is no option of a tmpfs", word);
	error_hint(m->err, "size=, mode=, uid=, gid=, nr_inodes=, ro, noexec …");
	return -EINVAL;
}

int parse_tmpfs(struct spec *spec, const char *text, const char *origin, struct rootlet_error *err)
{
	struct mount_text m = {.spec = spec, .text = text, .origin = origin, .err = err};
	size_t len = strcspn(text, ":");
	int r;

	m.mount.type = MOUNT_TMPFS;
	m.mount.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	r = value_inside_path(&spec->arena, text, len, origin, text, &m.mount.destination, err);
	if (!r && text[len])
		r = each_word(&m, text + len + 1, tmpfs_word);
	return r < 0 ? r : mount_finish(&m, "tmpfs");
}

/* ---- devices ---- */

int set_device(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	struct arena *a = &spec->arena;
	size_t source_len = strcspn(value, ":");
	const char *rest = value[source_len] ? value + source_len + 1 : NULL;
	size_t inside_len = rest ? strcspn(rest, ":") : 0;
	const char *permissions = rest && rest[inside_len] ? rest + inside_len + 1 : NULL;
	struct spec_device d = {0};
	int r;

	/* SRC:rwm, as podman has it */
	if (rest && *rest != '/' && !permissions) {
		permissions = rest;
		rest = NULL;
	}
	if (*value != '/')
		return value_error(err, "device", origin, value,
				   "the device's path is not absolute");
	if (permissions && strcmp(permissions, "rwm") != 0) {
		value_error(err, "device", origin, value,
			    "permissions of a device cannot be narrowed without root");
		error_hint(err, "leave %s out: the node's own mode decides", permissions);
		return -EINVAL;
	}
	d.source = arena_strndup(a, value, source_len);
	d.origin = arena_printf(a, "%s %s", origin, value);
	if (!d.source || !d.origin)
		return error_nomem(err);
	r = value_inside_path(a, rest ? rest : value, rest ? inside_len : source_len, origin, value,
			      &d.destination, err);
	if (r < 0)
		return r;
	if (arena_grow(a, &spec->devices, spec->device_count, sizeof(*spec->devices)) < 0)
		return error_nomem(err);
	spec->devices[spec->device_count++] = d;
	return 0;
}

void clear_device(struct spec *spec)
{
	spec->devices = NULL;
	spec->device_count = 0;
}
