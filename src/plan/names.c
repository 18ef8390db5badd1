/* Words for the numbers of a step. See names.h; no layout and no policy here. */
#include "plan/names.h"

#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>

#include "base/buffer.h"

struct word {
	uint64_t mask, value;
	const char *set, *cleared;
};

/* MOUNT_ATTR_NOSYMFOLLOW is Linux 5.14's, MOUNT_ATTR_IDMAP 5.12's: older headers lack them. */
#define ATTR_NOSYMFOLLOW 0x200000
#define ATTR_IDMAP	 0x100000

/* The words of mount(8). Access times are a field of three bits, not flags; relatime is its zero.
 */
static const struct word attribute_words[] = {
	{MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY, "ro", "rw"},
	{MOUNT_ATTR_NOSUID, MOUNT_ATTR_NOSUID, "nosuid", "suid"},
	{MOUNT_ATTR_NODEV, MOUNT_ATTR_NODEV, "nodev", "dev"},
	{MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOEXEC, "noexec", "exec"},
	{MOUNT_ATTR__ATIME, MOUNT_ATTR_NOATIME, "noatime", NULL},
	{MOUNT_ATTR__ATIME, MOUNT_ATTR_STRICTATIME, "strictatime", NULL},
	{MOUNT_ATTR__ATIME, MOUNT_ATTR__ATIME, NULL, "relatime"},
	{MOUNT_ATTR_NODIRATIME, MOUNT_ATTR_NODIRATIME, "nodiratime", "diratime"},
	{ATTR_NOSYMFOLLOW, ATTR_NOSYMFOLLOW, "nosymfollow", "symfollow"},
	{ATTR_IDMAP, ATTR_IDMAP, "idmap", NULL},
};

static const struct word propagation_words[] = {
	{MS_PRIVATE, MS_PRIVATE, "private", NULL},
	{MS_SLAVE, MS_SLAVE, "slave", NULL},
	{MS_SHARED, MS_SHARED, "shared", NULL},
	{MS_UNBINDABLE, MS_UNBINDABLE, "unbindable", NULL},
	{MS_REC, MS_REC, "recursive", NULL},
};

/* LANDLOCK_ACCESS_FS_… of linux/landlock.h from bit 1 on, as it calls them; 0, 2 and 3 execute and
 * read. */
static const struct word landlock_words[] = {
	{1 << 1, 1 << 1, "write_file", NULL},	{1 << 4, 1 << 4, "remove_dir", NULL},
	{1 << 5, 1 << 5, "remove_file", NULL},	{1 << 6, 1 << 6, "make_char", NULL},
	{1 << 7, 1 << 7, "make_dir", NULL},	{1 << 8, 1 << 8, "make_reg", NULL},
	{1 << 9, 1 << 9, "make_sock", NULL},	{1 << 10, 1 << 10, "make_fifo", NULL},
	{1 << 11, 1 << 11, "make_block", NULL}, {1 << 12, 1 << 12, "make_sym", NULL},
	{1 << 13, 1 << 13, "refer", NULL},	{1 << 14, 1 << 14, "truncate", NULL},
};

static void add_name(struct names *names, const char *name)
{
	if (name && names->count < sizeof(names->items) / sizeof(names->items[0]))
		names->items[names->count++] = name;
}

static struct names collect(const struct word *words, size_t count, uint64_t flags, bool cleared)
{
	struct names names = {0};

	for (size_t i = 0; i < count; i++)
		if ((flags & words[i].mask) == words[i].value)
			add_name(&names, cleared ? words[i].cleared : words[i].set);
	return names;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct names names_attributes(uint64_t attributes)
{
	return collect(attribute_words, COUNT(attribute_words), attributes, false);
}

struct names names_attributes_cleared(uint64_t cleared)
{
	return collect(attribute_words, COUNT(attribute_words), cleared, true);
}

struct names names_landlock(uint64_t rights)
{
	return collect(landlock_words, sizeof(landlock_words) / sizeof(landlock_words[0]), rights,
		       false);
}

struct names names_propagation(uint64_t flags)
{
	return collect(propagation_words, COUNT(propagation_words), flags, false);
}

struct names names_namespaces(uint64_t clone_flags)
{
	struct names names = {0};

	for (int type = 0; type < NS_COUNT; type++)
		if (clone_flags & ns_type_flag((enum ns_type)type))
			add_name(&names, ns_type_name((enum ns_type)type));
	return names;
}

void name_capability(unsigned capability, char name[NAME_CAPABILITY_SIZE])
{
	char *known = cap_to_name((cap_value_t)capability);

	/* libcap answers a bare number for what its table lacks. */
	if (known && strncmp(known, "cap_", 4) == 0)
		snprintf(name, NAME_CAPABILITY_SIZE, "%s", known);
	else
		snprintf(name, NAME_CAPABILITY_SIZE, "cap_%u", capability);
	cap_free(known);
}

const char *name_signal(int signal, char name[16])
{
	const char *known = sigabbrev_np(signal);

	if (known)
		snprintf(name, 16, "SIG%s", known);
	else
		snprintf(name, 16, "SIG%d", signal);
	return name;
}

const char *name_mode(enum ns_mode mode)
{
	switch (mode) {
	case NS_MODE_PRIVATE:
		return "private";
	case NS_MODE_PATH:
	case NS_MODE_CONTAINER:
		return "joined";
	case NS_MODE_UNSET:
	case NS_MODE_HOST:
		break;
	}
	return "host";
}

const char *name_open_kind(enum open_kind kind)
{
	switch (kind) {
	case OPEN_DIRECTORY:
		return "directory";
	case OPEN_ANY:
		return "any";
	case OPEN_DEVICE:
		return "device";
	case OPEN_NAMESPACE:
		return "namespace";
	}
	return "any";
}

void name_target(const struct step_target *target, struct buffer *out)
{
	const char *path = target->path ? target->path : "";

	while (*path == '/')
		path++;
	if (target->base == SLOT_DEV)
		buffer_puts(out, "/dev/");
	else if (target->base == SLOT_SCRATCH)
		buffer_puts(out, "scratch/");
	else
		buffer_puts(out, "/");
	print_escaped(out, path);
}

void print_escaped(struct buffer *out, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		bool c1 = c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0;

		if (c1)
			buffer_printf(out, "\\x%02x", *++c);
		else if (*c < 0x20 || *c == 0x7f)
			buffer_printf(out, "\\x%02x", *c);
		else
			buffer_add(out, c, 1);
	}
}

void print_quoted(struct buffer *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "%+,-./:=@_";

	if (*word && word[strspn(word, plain)] == '\0') {
		buffer_puts(out, word);
		return;
	}
	buffer_puts(out, "'");
	for (; *word; word++) {
		if (*word == '\'')
			buffer_puts(out, "'\\''");
		else
			buffer_add(out, word, 1);
	}
	buffer_puts(out, "'");
}

void print_word(struct buffer *out, const char *word)
{
	AUTO_BUFFER quoted = {0};

	print_quoted(&quoted, word);
	if (buffer_failed(&quoted))
		out->failed = true;
	else
		print_escaped(out, quoted.data);
}

const char *stage_sentence(enum plan_stage stage)
{
	static const char *const sentences[STAGE_COUNT] = {
		[STAGE_PREPARE] = "Make what can be made before any new process exists.",
		[STAGE_JOIN] = "Enter the namespaces that are shared, the user namespace first.",
		[STAGE_CLONE] = "Make the new process and its namespaces, in one system call.",
		[STAGE_OPEN] = "Hold what the host gives, still with the caller's own rights.",
		[STAGE_MAPS] = "Say which ids outside the ids inside stand for.",
		[STAGE_IDENTITY] = "Become the mapped root: powerful inside, ordinary outside.",
		[STAGE_NAMESPACES] = "Furnish the new namespaces: name, network, clocks.",
		[STAGE_ROOT] = "Build the file system that the command sees; leave the host's.",
		[STAGE_SEAL] = "Give away every right that the command does not need.",
		[STAGE_EXEC] = "Become the first program of the container.",
	};

	return (unsigned)stage < STAGE_COUNT ? sentences[stage] : "";
}

const struct step *plan_exec_step(const struct plan *plan)
{
	for (size_t i = plan->count; i > 0; i--)
		if (op_rows[plan->steps[i - 1].op].args == ARGS_EXEC)
			return &plan->steps[i - 1];
	return NULL;
}
