/* Words that -v, --mount and --tmpfs share: attributes, propagation, tmpfs options. */
#include "parse/mounts.h"

#include "parse/values.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int mount_error(struct mount_text *m, const char *fmt, ...)
{
	char why[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return value_error(m->err, m->mount.type == MOUNT_BIND ? "mount-bind" : "mount", m->origin,
			   m->text, "%s", why);
}

int mount_flag(struct mount_text *m, const char *word)
{
	static const struct {
		const char *word;
		uint64_t set, clear;
	} rows[] = {
		{"ro", MOUNT_ATTR_RDONLY, 0},
		{"readonly", MOUNT_ATTR_RDONLY, 0},
		{"rw", 0, MOUNT_ATTR_RDONLY},
		{"nosuid", MOUNT_ATTR_NOSUID, 0},
		{"suid", 0, MOUNT_ATTR_NOSUID},
		{"nodev", MOUNT_ATTR_NODEV, 0},
		{"dev", 0, MOUNT_ATTR_NODEV},
		{"noexec", MOUNT_ATTR_NOEXEC, 0},
		{"exec", 0, MOUNT_ATTR_NOEXEC},
		{"noatime", MOUNT_ATTR_NOATIME, 0},
		{"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(word, rows[i].word) != 0)
			continue;
		m->ro |= rows[i].set == MOUNT_ATTR_RDONLY;
		m->rw |= rows[i].clear == MOUNT_ATTR_RDONLY;
		if (m->ro && m->rw)
			return mount_error(m, "ro and rw contradict each other");
		/* what the host locked stays locked: nothing is ever put into attr_clear here */
		m->mount.attr_set = (m->mount.attr_set | rows[i].set) & ~rows[i].clear;
		return 1;
	}
	return 0;
}

int mount_propagation(struct mount_text *m, const char *word)
{
	const char *kind = *word == 'r' ? word + 1 : word;
	uint64_t propagation = 0;

	if (strcmp(kind, "private") == 0)
		propagation = MS_PRIVATE;
	else if (strcmp(kind, "slave") == 0)
		propagation = MS_SLAVE;
	else if (strcmp(kind, "unbindable") == 0)
		propagation = MS_UNBINDABLE;
	else if (strcmp(kind, "shared") != 0)
		return 0;
	if (!propagation) {
		mount_error(
			m,
			"a mount made inside cannot reach the host without root: %s is impossible",
			word);
		error_hint(m->err, "slave lets the host's later mounts appear inside");
		return -EINVAL;
	}
	m->mount.propagation = propagation;
	return 1;
}

int mount_podman_word(struct mount_text *m, const char *word)
{
	static const struct {
		const char *word, *why, *hint;
	} refused[] = {
		{"U", "rootlet changes no owners on the host",
		 "rootlet unshare chown does, for files of yours"},
		{"chown", "rootlet changes no owners on the host",
		 "rootlet unshare chown does, for files of yours"},
		{"O", "an overlay on a volume is not available",
		 "--overlay puts one on the whole root"},
		{"idmap", "an id-mapped mount needs root on the host",
		 "--userns keep-id shows your own files as yours"},
		{"copy", "there are no named volumes to copy into", "leave it out"},
		{"tmpcopyup", "what lies below a tmpfs is not copied into it", "leave it out"},
		{"consistent", "is an option of other systems", "leave it out"},
		{"cached", "is an option of other systems", "leave it out"},
		{"delegated", "is an option of other systems", "leave it out"},
	};

	/* SELinux labels: nothing is relabelled; a host that enforces them refuses the access
	 * itself */
	if (strcmp(word, "z") == 0 || strcmp(word, "Z") == 0 || strcmp(word, "nocopy") == 0 ||
	    strcmp(word, "notmpcopyup") == 0)
		return 1;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		if (strcmp(word, refused[i].word) != 0)
			continue;
		mount_error(m, "%s: %s", word, refused[i].why);
		error_hint(m->err, "%s", refused[i].hint);
		return -EINVAL;
	}
	return 0;
}

static int add_option(struct mount_text *m, const char *key, const char *value)
{
	struct spec_mount *mount = &m->mount;
	struct arena *a = &m->spec->arena;
	struct mount_option o = {arena_strdup(a, key), arena_strdup(a, value)};

	for (size_t i = 0; i < mount->option_count; i++)
		if (strcmp(mount->options[i].key, key) == 0)
			return mount_error(m, "%s is given twice", key);
	if (!o.key || !o.value ||
	    arena_grow(a, &mount->options, mount->option_count, sizeof(*mount->options)) < 0)
		return error_nomem(m->err);
	mount->options[mount->option_count++] = o;
	return 1;
}

int mount_tmpfs_option(struct mount_text *m, const char *key, const char *value)
{
	const char *form = value;
	uint32_t number;
	int r = 0;

	if (strcmp(key, "size") == 0) {
		if (value_size(&m->spec->arena, value, m->origin, true, &form, NULL) < 0)
			r = mount_error(
				m, "size=%s is not a size: digits, and k, m, g or %% after them",
				value);
	} else if (strcmp(key, "mode") == 0) {
		if (!value_octal(value, 07777, &number))
			r = mount_error(m, "mode=%s is not an octal number up to 7777", value);
	} else if (strcmp(key, "uid") == 0 || strcmp(key, "gid") == 0) {
		if (!value_id(value, strlen(value), &number))
			r = mount_error(m, "%s=%s is not a number from 0 to 4294967294", key,
					value);
	} else if (strcmp(key, "nr_inodes") == 0 || strcmp(key, "nr_blocks") == 0) {
		if (value_size(&m->spec->arena, value, m->origin, false, &form, NULL) < 0)
			r = mount_error(m, "%s=%s is not a number", key, value);
	} else {
		return 0;
	}
	return r < 0 ? r : add_option(m, key, form);
}

int mount_source(struct mount_text *m, const char *source)
{
	if (!*source)
		return mount_error(m, "the source is empty");
	if (*source == '/' || *source == '.')
		return value_copy(&m->spec->arena, source, &m->mount.source, m->err);
	mount_error(m, "the source \"%s\" begins with neither / nor .", source);
	if (*source == '~')
		error_hint(m->err,
			   "the shell expands ~ only at the beginning of a word: use \"$HOME\"");
	else
		error_hint(m->err, "there are no named volumes: write ./%s for a directory here",
			   source);
	return -EINVAL;
}

int mount_finish(struct mount_text *m, const char *option)
{
	struct spec *spec = m->spec;
	struct spec_mount *mount = &m->mount;

	if (!mount->destination)
		return mount_error(m, "has no destination");
	if (strcmp(mount->destination, "/") == 0) {
		mount_error(m, "would cover the whole root");
		error_hint(m->err, "ROOT is what stands at /");
		return -EINVAL;
	}
	if (mount->type == MOUNT_BIND && !mount->source)
		return mount_error(m, "has no source");
	mount->option = option;
	mount->origin = arena_printf(&spec->arena, "%s %s", m->origin, m->text);
	if (!mount->origin ||
	    arena_grow(&spec->arena, &spec->mounts, spec->mount_count, sizeof(*spec->mounts)) < 0)
		return error_nomem(m->err);
	spec->mounts[spec->mount_count++] = *mount;
	return 0;
}

static void forget(struct spec *spec, const char *option)
{
	size_t kept = 0;

	for (size_t i = 0; i < spec->mount_count; i++)
		if (strcmp(spec->mounts[i].option, option) != 0)
			spec->mounts[kept++] = spec->mounts[i];
	spec->mount_count = kept;
}

void clear_volume(struct spec *spec)
{
	forget(spec, "volume");
}

void clear_mount(struct spec *spec)
{
	forget(spec, "mount");
}

void clear_tmpfs(struct spec *spec)
{
	forget(spec, "tmpfs");
}
