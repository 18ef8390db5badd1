/* --mount type=TYPE,key=value,…: the long form. A field may be quoted as in CSV, for a path with a
 * comma: "src=/a,b".
 */
#include "parse/parse.h"

#include "parse/mounts.h"
#include "parse/values.h"

#include <errno.h>
#include <linux/mount.h>
#include <string.h>

struct field {
	const char *key;
	const char *value; /* NULL: a word alone */
};

/* The next field from *text; *text is NULL behind the last. */
static int next_field(struct mount_text *m, const char **text, struct field *ret)
{
	const char *p = *text;
	bool quoted = *p == '"';
	size_t len = quoted ? strcspn(p + 1, "\"") : strcspn(p, ",");
	char *field = arena_strndup(&m->spec->arena, p + quoted, len);
	char *equals;

	if (!field)
		return error_nomem(m->err);
	p += len + quoted;
	if (quoted) {
		if (*p != '"')
			return mount_error(m, "a quotation mark is not closed");
		p++;
	}
	if (*p && *p != ',')
		return mount_error(m, "there is no comma after a quoted field");
	*text = *p ? p + 1 : NULL;
	if (!*field)
		return mount_error(m, "a field is empty");
	equals = strchr(field, '=');
	if (equals)
		*equals = '\0';
	*ret = (struct field){field, equals ? equals + 1 : NULL};
	return 0;
}

static int set_type(struct mount_text *m, const char *value)
{
	for (int type = 0; type < MOUNT_TYPE_COUNT; type++) {
		if (strcmp(value, mount_type_name((enum mount_type)type)) != 0)
			continue;
		m->mount.type = (enum mount_type)type;
		m->mount.attr_set = MOUNT_ATTR_NOSUID;
		if (type != MOUNT_DEVPTS) /* its nodes are the point of it */
			m->mount.attr_set |= MOUNT_ATTR_NODEV;
		if (type != MOUNT_BIND && type != MOUNT_TMPFS)
			m->mount.attr_set |= MOUNT_ATTR_NOEXEC;
		m->mount.recursive = type == MOUNT_BIND;
		return 0;
	}
	mount_error(m, "type=%s is none that can be mounted", value);
	if (strcmp(value, "volume") == 0)
		error_hint(m->err, "there are no named volumes: type=bind binds a directory");
	else
		error_hint(m->err, "use bind, tmpfs, mqueue, proc, sysfs, devpts or cgroup2");
	return -EINVAL;
}

/* key=true, key=false, or key alone, for the flags of mount_flag. */
static int flag_field(struct mount_text *m, const struct field *f)
{
	bool on = true;

	if (strcmp(f->key, "ro") != 0 && strcmp(f->key, "readonly") != 0 &&
	    strcmp(f->key, "rw") != 0) {
		if (f->value)
			return 0;
		return mount_flag(m, f->key);
	}
	if (value_bool(f->value, m->origin, &on, NULL) < 0)
		return mount_error(m, "%s=%s is neither true nor false", f->key, f->value);
	if (strcmp(f->key, "rw") == 0)
		on = !on;
	return mount_flag(m, on ? "ro" : "rw");
}

static int bind_field(struct mount_text *m, const struct field *f)
{
	bool on;

	if (!f->value)
		return mount_propagation(m, f->key);
	if (strcmp(f->key, "bind-propagation") == 0) {
		int r = mount_propagation(m, f->value);

		return r ? r : mount_error(m, "bind-propagation=%s is none", f->value);
	}
	if (strcmp(f->key, "bind-nonrecursive") == 0) {
		if (value_bool(f->value, m->origin, &on, NULL) < 0)
			return mount_error(m, "%s=%s is neither true nor false", f->key, f->value);
		m->mount.recursive = !on;
		return 1;
	}
	if (strcmp(f->key, "relabel") == 0) /* as z and Z: see mount_podman_word */
		return 1;
	return 0;
}

static int take_field(struct mount_text *m, const struct field *f)
{
	static const char tmpfs_prefix[] = "tmpfs-";
	int r = flag_field(m, f);

	if (!r && m->mount.type == MOUNT_BIND)
		r = bind_field(m, f);
	if (!r && m->mount.type == MOUNT_TMPFS && f->value) {
		const char *key = f->key;

		if (strncmp(key, tmpfs_prefix, sizeof(tmpfs_prefix) - 1) == 0)
			key += sizeof(tmpfs_prefix) - 1;
		r = mount_tmpfs_option(m, key, f->value);
	}
	if (!r)
		r = mount_podman_word(m, f->key);
	if (r)
		return r;
	return mount_error(m, "%s is no option of type=%s", f->key, mount_type_name(m->mount.type));
}

/* src, dst and their other names. 1: taken. */
static int path_field(struct mount_text *m, const struct field *f)
{
	const char *key = f->key;
	bool source = strcmp(key, "src") == 0 || strcmp(key, "source") == 0;
	bool destination = strcmp(key, "dst") == 0 || strcmp(key, "destination") == 0 ||
			   strcmp(key, "target") == 0;
	int r;

	if (!source && !destination)
		return 0;
	if (!f->value)
		return mount_error(m, "%s has no value", key);
	if (source ? !!m->mount.source : !!m->mount.destination)
		return mount_error(m, "the %s is given twice", source ? "source" : "destination");
	if (source && m->mount.type != MOUNT_BIND)
		return mount_error(m, "type=%s has no source", mount_type_name(m->mount.type));
	r = source ? mount_source(m, f->value)
		   : value_inside_path(&m->spec->arena, f->value, strlen(f->value), m->origin,
				       m->text, &m->mount.destination, m->err);
	return r < 0 ? r : 1;
}

/* The type decides how the rest is read, wherever it stands. */
static int find_type(struct mount_text *m)
{
	const char *text = m->text;
	bool found = false;

	while (text) {
		struct field f = {.key = ""};
		int r = next_field(m, &text, &f);

		if (r)
			return r;
		if (strcmp(f.key, "type") != 0)
			continue;
		if (found)
			return mount_error(m, "the type is given twice");
		found = true;
		r = set_type(m, f.value ? f.value : "");
		if (r < 0)
			return r;
	}
	if (found)
		return 0;
	mount_error(m, "has no type");
	error_hint(m->err, "begin with type=bind, or type=tmpfs");
	return -EINVAL;
}

int parse_mount(struct spec *spec, const char *text, const char *origin, struct rootlet_error *err)
{
	struct mount_text m = {.spec = spec, .text = text, .origin = origin, .err = err};
	const char *rest = text;
	int r = find_type(&m);

	while (!r && rest) {
		struct field f = {.key = ""};

		r = next_field(&m, &rest, &f);
		if (r)
			return r;
		if (strcmp(f.key, "type") == 0)
			continue;
		r = path_field(&m, &f);
		if (!r)
			r = take_field(&m, &f);
		r = r > 0 ? 0 : r;
	}
	return r < 0 ? r : mount_finish(&m, "mount");
}
