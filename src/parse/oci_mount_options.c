/* The words of mounts[].options: flags of the mount, of the whole file system, of a tree, how
 * mounts spread; everything else is the file system's own. */
#include "parse/oci_read.h"

#include "base/io.h"

#include <errno.h>
#include <linux/mount.h>
#include <string.h>

enum effect {
	ATTRIBUTE, /* of this mount: MOUNT_ATTR_… */
	TIME,	   /* how it keeps access times: one of a few */
	TREE,	   /* as ATTRIBUTE and TIME, of it and all below */
	TREE_TIME,
	SUPERBLOCK, /* of the file system: MS_… */
	PROPAGATION,
	NOTHING, /* mount(8) takes it and does nothing here */
	OTHER,	 /* has its own line in take_other */
};

static const struct option {
	const char *name;
	enum effect effect;
	bool clear;
	uint64_t flag;
} options[] = {
	{"ro", ATTRIBUTE, false, MOUNT_ATTR_RDONLY},
	{"rw", ATTRIBUTE, true, MOUNT_ATTR_RDONLY},
	{"nosuid", ATTRIBUTE, false, MOUNT_ATTR_NOSUID},
	{"suid", ATTRIBUTE, true, MOUNT_ATTR_NOSUID},
	{"nodev", ATTRIBUTE, false, MOUNT_ATTR_NODEV},
	{"dev", ATTRIBUTE, true, MOUNT_ATTR_NODEV},
	{"noexec", ATTRIBUTE, false, MOUNT_ATTR_NOEXEC},
	{"exec", ATTRIBUTE, true, MOUNT_ATTR_NOEXEC},
	{"nosymfollow", ATTRIBUTE, false, MOUNT_ATTR_NOSYMFOLLOW},
	{"symfollow", ATTRIBUTE, true, MOUNT_ATTR_NOSYMFOLLOW},
	{"nodiratime", ATTRIBUTE, false, MOUNT_ATTR_NODIRATIME},
	{"diratime", ATTRIBUTE, true, MOUNT_ATTR_NODIRATIME},
	/* relatime is what the kernel does when nothing is said */
	{"relatime", TIME, false, MOUNT_ATTR_RELATIME},
	{"norelatime", TIME, true, MOUNT_ATTR_RELATIME},
	{"noatime", TIME, false, MOUNT_ATTR_NOATIME},
	{"atime", TIME, true, MOUNT_ATTR_NOATIME},
	{"strictatime", TIME, false, MOUNT_ATTR_STRICTATIME},
	{"nostrictatime", TIME, true, MOUNT_ATTR_STRICTATIME},
	{"rro", TREE, false, MOUNT_ATTR_RDONLY},
	{"rrw", TREE, true, MOUNT_ATTR_RDONLY},
	{"rnosuid", TREE, false, MOUNT_ATTR_NOSUID},
	{"rsuid", TREE, true, MOUNT_ATTR_NOSUID},
	{"rnodev", TREE, false, MOUNT_ATTR_NODEV},
	{"rdev", TREE, true, MOUNT_ATTR_NODEV},
	{"rnoexec", TREE, false, MOUNT_ATTR_NOEXEC},
	{"rexec", TREE, true, MOUNT_ATTR_NOEXEC},
	{"rnosymfollow", TREE, false, MOUNT_ATTR_NOSYMFOLLOW},
	{"rsymfollow", TREE, true, MOUNT_ATTR_NOSYMFOLLOW},
	{"rnodiratime", TREE, false, MOUNT_ATTR_NODIRATIME},
	{"rdiratime", TREE, true, MOUNT_ATTR_NODIRATIME},
	{"rrelatime", TREE_TIME, false, MOUNT_ATTR_RELATIME},
	{"rnorelatime", TREE_TIME, true, MOUNT_ATTR_RELATIME},
	{"rnoatime", TREE_TIME, false, MOUNT_ATTR_NOATIME},
	{"ratime", TREE_TIME, true, MOUNT_ATTR_NOATIME},
	{"rstrictatime", TREE_TIME, false, MOUNT_ATTR_STRICTATIME},
	{"rnostrictatime", TREE_TIME, true, MOUNT_ATTR_STRICTATIME},
	{"sync", SUPERBLOCK, false, MS_SYNCHRONOUS},
	{"async", SUPERBLOCK, true, MS_SYNCHRONOUS},
	{"dirsync", SUPERBLOCK, false, MS_DIRSYNC},
	{"mand", SUPERBLOCK, false, MS_MANDLOCK},
	{"nomand", SUPERBLOCK, true, MS_MANDLOCK},
	{"lazytime", SUPERBLOCK, false, MS_LAZYTIME},
	{"nolazytime", SUPERBLOCK, true, MS_LAZYTIME},
	{"iversion", SUPERBLOCK, false, MS_I_VERSION},
	{"noiversion", SUPERBLOCK, true, MS_I_VERSION},
	{"silent", SUPERBLOCK, false, MS_SILENT},
	{"loud", SUPERBLOCK, true, MS_SILENT},
	{"private", PROPAGATION, false, MS_PRIVATE},
	{"rprivate", PROPAGATION, false, MS_PRIVATE | MS_REC},
	{"shared", PROPAGATION, false, MS_SHARED},
	{"rshared", PROPAGATION, false, MS_SHARED | MS_REC},
	{"slave", PROPAGATION, false, MS_SLAVE},
	{"rslave", PROPAGATION, false, MS_SLAVE | MS_REC},
	{"unbindable", PROPAGATION, false, MS_UNBINDABLE},
	{"runbindable", PROPAGATION, false, MS_UNBINDABLE | MS_REC},
	{"defaults", NOTHING, false, 0},
	{"auto", NOTHING, false, 0},
	{"noauto", NOTHING, false, 0},
	{"nofail", NOTHING, false, 0},
	{"_netdev", NOTHING, false, 0},
	{"bind", OTHER, false, 0},
	{"rbind", OTHER, false, 0},
	{"remount", OTHER, false, 0},
	{"tmpcopyup", OTHER, false, 0},
	{"idmap", OTHER, false, 0},
	{"ridmap", OTHER, false, 0},
};

static void flip(uint64_t *set, uint64_t *clear, const struct option *option)
{
	*(option->clear ? set : clear) &= ~option->flag;
	*(option->clear ? clear : set) |= option->flag;
}

/* One of three; who takes one back gets the kernel's default. mount_setattr(2) wants the whole
 * field to be cleared first. */
static void choose_time(uint64_t *set, uint64_t *clear, const struct option *option)
{
	uint64_t now = *set & MOUNT_ATTR__ATIME;

	*clear |= MOUNT_ATTR__ATIME;
	if (option->clear && now != option->flag)
		return;
	*set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	if (!option->clear)
		*set |= option->flag;
}

static void take_other(struct oci_mount *m, const char *name)
{
	if (strcmp(name, "bind") == 0 || strcmp(name, "rbind") == 0) {
		m->bind = true;
		m->recursive |= name[0] == 'r';
	} else if (strcmp(name, "remount") == 0) {
		m->remount = true;
	} else if (strcmp(name, "tmpcopyup") == 0) {
		m->copy_up = true;
	} else {
		m->idmap = true;
		m->rec_idmap = name[0] == 'r';
	}
}

/* They take effect one after another. Whoever says private has none to share with or to receive
 * from; what is made a slave of nobody stays private. -EINVAL: one word does not say the outcome.
 */
static int spread(struct oci_mount *m, uint64_t flag)
{
	uint64_t now = m->propagation, next = flag & ~(uint64_t)MS_REC;
	bool below = flag & MS_REC, forgets = next == MS_PRIVATE || next == MS_UNBINDABLE;

	if (now && !forgets && now != next) {
		if (next == MS_SHARED || below != m->rec_propagation)
			return -EINVAL;
		if (now != MS_SHARED) /* private, unbindable; then slave */
			return 0;
	}
	if (now && m->rec_propagation && !below && now != next)
		return -EINVAL;
	m->propagation = next;
	m->rec_propagation |= below;
	return 0;
}

static int apply(struct oci_mount *m, const struct option *option)
{
	switch (option->effect) {
	case ATTRIBUTE:
		flip(&m->attr_set, &m->attr_clear, option);
		break;
	case TIME:
		choose_time(&m->attr_set, &m->attr_clear, option);
		break;
	case TREE:
		flip(&m->rec_attr_set, &m->rec_attr_clear, option);
		break;
	case TREE_TIME:
		choose_time(&m->rec_attr_set, &m->rec_attr_clear, option);
		break;
	case SUPERBLOCK:
		flip(&m->sb_set, &m->sb_clear, option);
		break;
	case PROPAGATION:
		return spread(m, option->flag);
	case NOTHING:
		break;
	case OTHER:
		take_other(m, option->name);
		break;
	}
	return 0;
}

static const struct option *find(const char *name)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (options[i].name[0] == name[0] && strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

/* Where an option ends in "a=1,b=2", as the kernel reads it: not at a comma that is quoted (as in
 * SELinux's contexts) or escaped (as in overlayfs' paths). */
static size_t one_option(const char *text)
{
	bool quoted = false;
	size_t i = 0;

	for (; text[i] && (text[i] != ',' || quoted); i++) {
		if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == '\\' && text[i + 1])
			i++;
	}
	return i;
}

static int add_own(struct oci_context *c, struct oci_mount *m, const char *text, size_t len)
{
	char *key = arena_strndup(c->a, text, len);
	char *equals = key ? strchr(key, '=') : NULL;

	if (!key || arena_grow(c->a, &m->options, m->option_count, sizeof(*m->options)) < 0)
		return error_nomem(c->r.err);
	if (equals)
		*equals = '\0';
	m->options[m->option_count++] = (struct mount_option){key, equals ? equals + 1 : NULL};
	return 0;
}

/* ---- idmap=uids=0-1000-1#1-100000-65535;gids=… ---- */

/* FROM-TO-COUNT: ids of the file system, of the host, how many. */
static int take_map(struct oci_context *c, struct oci_idmap **maps, size_t *count, const char **at)
{
	uint64_t n[3];

	for (int i = 0; i < 3; i++) {
		if (i && *(*at)++ != '-')
			return -EINVAL;
		if (io_take_u64(at, &n[i]) < 0 || n[i] > UINT32_MAX - (i < 2))
			return -EINVAL;
	}
	if (!n[2])
		return -EINVAL;
	if (arena_grow(c->a, maps, *count, sizeof(**maps)) < 0)
		return -ENOMEM;
	(*maps)[(*count)++] = (struct oci_idmap){(uint32_t)n[0], (uint32_t)n[1], (uint32_t)n[2]};
	return 0;
}

static int take_kind(struct oci_context *c, struct oci_mount *m, const char **at)
{
	bool users = strncmp(*at, "uids=", 5) == 0;
	int r;

	if (!users && strncmp(*at, "gids=", 5) != 0)
		return -EINVAL;
	*at += 4;
	do {
		++*at;
		r = users ? take_map(c, &m->uid_maps, &m->uid_map_count, at)
			  : take_map(c, &m->gid_maps, &m->gid_map_count, at);
	} while (r == 0 && **at == '#');
	return r;
}

/* Without ids relative to the container's ("@"): a mount that is mapped otherwise than was asked is
 * none. */
static int take_maps(struct oci_context *c, const struct json *value, struct oci_mount *m,
		     const char *text)
{
	const char *at = text;
	int r = take_kind(c, m, &at);

	while (r == 0 && *at == ';' && at[1]) {
		at++;
		r = take_kind(c, m, &at);
	}
	if (r == -ENOMEM)
		return error_nomem(c->r.err);
	if (r < 0 || (*at && strcmp(at, ";") != 0))
		return reader_fail(&c->r, value, "oci-mount",
				   "\"%.100s\" is none of the maps that are known here: "
				   "uids=FROM-TO-COUNT#…;gids=…, in absolute ids",
				   text);
	return 0;
}

/* What follows "idmap=" or "ridmap=". */
static const char *maps_of(const char *text)
{
	static const char word[] = "idmap=";

	text += text[0] == 'r';
	return strncmp(text, word, sizeof(word) - 1) == 0 ? text + sizeof(word) - 1 : NULL;
}

static int take_option(struct oci_context *c, const struct json *value, void *target)
{
	const struct option *option;
	struct oci_mount *m = target;
	const char *text, *maps;
	int r = reader_string(&c->r, value, &text);

	if (r < 0)
		return r;
	option = find(text);
	if (option && apply(m, option) == 0)
		return 0;
	if (option)
		return reader_fail(&c->r, value, "oci-mount",
				   "\"%s\" after another word of how mounts spread: what both say "
				   "together cannot be had; give one",
				   text);
	maps = maps_of(text);
	if (maps) {
		m->rec_idmap = text[0] == 'r';
		m->idmap = true;
		return take_maps(c, value, m, maps);
	}
	if (strncmp(text, "x-", 2) == 0 || strncmp(text, "X-", 2) == 0)
		return 0; /* of mount(8)'s callers: never the kernel's */
	for (size_t len; !r && *text; text += len + (text[len] == ',')) {
		len = one_option(text);
		if (len)
			r = add_own(c, m, text, len);
	}
	return r;
}

int oci_mount_options(struct oci_context *c, const struct json *list, struct oci_mount *mount)
{
	return oci_each(c, list, take_option, mount);
}

const char *parse_oci_mount_option(size_t index)
{
	return index < sizeof(options) / sizeof(*options) ? options[index].name : NULL;
}

/* silent is about the kernel's log alone. */
const char *oci_superblock_option(uint64_t flags)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (options[i].effect == SUPERBLOCK && !options[i].clear &&
		    (options[i].flag & flags & ~(uint64_t)MS_SILENT))
			return options[i].name;
	return NULL;
}

/* linux.rootfsPropagation: the words that a mount takes as well. */
int oci_propagation(struct oci_context *c, const struct json *value, void *target)
{
	const struct option *option;
	const char *text;
	int r = reader_string(&c->r, value, &text);

	if (r < 0 || !*text)
		return r;
	option = find(text);
	if (!option || option->effect != PROPAGATION)
		return reader_fail(&c->r, value, "oci-word", "\"%.100s\" is no propagation", text);
	*(uint64_t *)target = option->flag;
	return 0;
}
