/* The script's mounts: each step of ROOT as commands of mount(8).
 *
 * Every target inside the root goes through the function `inside`, which leaves its host path in
 * $target. A read-only mount is made writable first and changed by a bind remount, since the option
 * `ro` of a new file system would be the whole instance's, which sysfs and cgroup2 share.
 */
#include "plan/print/sh.h"

#include <inttypes.h>
#include <linux/mount.h>
#include <string.h>

#define ATTRIBUTES_BUT_READ_ONLY (~(uint64_t)MOUNT_ATTR_RDONLY)

/* Commands inside an `if` are indented. */
static void command(struct sh *sh, const char *text)
{
	buffer_printf(sh->out, "%s%s", sh->indent ? "\t" : "", text);
}

/* The shell variable that holds a slot's directory. */
static const char *slot_variable(int slot)
{
	switch (slot) {
	case SLOT_ROOT:
	case SLOT_OWN_ROOT:
		return "new";
	case SLOT_SCRATCH:
		return "scratch";
	case SLOT_DEV:
		return "dev";
	default:
		return NULL;
	}
}

/* NAME in a slot's directory, as a shell word: "$dev/null". */
static void slot_word(struct sh *sh, int slot, const char *name)
{
	const char *variable = slot_variable(slot);
	AUTO_BUFFER quoted = {0};

	print_quoted(&quoted, name);
	if (buffer_failed(&quoted)) {
		sh->out->failed = true;
		return;
	}
	if (variable)
		buffer_printf(sh->out, "\"$%s/", variable);
	else
		buffer_printf(sh->out, "\"$slot%d/", slot);
	buffer_printf(sh->out, quoted.data[0] == '\'' ? "\"%s" : "%s\"", quoted.data);
}

/* Sets $target. */
static void find_target(struct sh *sh, const struct step_target *target)
{
	if (target->base == SLOT_ROOT) {
		sh->functions |= SH_INSIDE;
		buffer_puts(sh->out, "inside ");
		print_quoted(sh->out, target->path);
	} else {
		buffer_puts(sh->out, "target=");
		slot_word(sh, target->base, target->path);
	}
}

/* Follows find_target on the same line. */
static void make(struct sh *sh, const char *how)
{
	sh->functions |= SH_MAKE;
	buffer_printf(sh->out, "; %s", how);
}

/* What is only a default is left out where its place is missing. */
static void begin_optional(struct sh *sh, bool optional)
{
	buffer_puts(sh->out, "\n");
	if (optional)
		buffer_puts(sh->out, "if [ -e \"$target\" ]; then\n");
	sh->indent = optional;
}

static void end_optional(struct sh *sh)
{
	if (sh->indent)
		buffer_puts(sh->out, "fi\n");
	sh->indent = false;
}

static void comma_list(struct buffer *out, struct names names)
{
	for (size_t i = 0; i < names.count; i++)
		buffer_printf(out, "%s%s", out->len ? "," : "", names.items[i]);
}

/* remount or remount_all "$target" with what is set and cleared. */
static void remount(struct sh *sh, const char *word, uint64_t set, uint64_t clear, bool recursive)
{
	AUTO_BUFFER options = {0};

	comma_list(&options, names_attributes_cleared(clear & ~set));
	comma_list(&options, names_attributes(set));
	if (buffer_failed(&options) || !options.len)
		return;
	sh->functions |= recursive ? SH_REMOUNT_ALL : SH_REMOUNT;
	command(sh, "");
	buffer_printf(sh->out, "%s %s %s\n", recursive ? "remount_all" : "remount", word,
		      options.data);
}

static void filesystem_options(struct sh *sh, const struct step *step)
{
	AUTO_BUFFER options = {0};

	for (size_t i = 0; i < step->a.fs.option_count; i++) {
		const struct mount_option *option = &step->a.fs.options[i];

		buffer_printf(&options, "%s%s", options.len ? "," : "", option->key);
		if (option->value)
			buffer_printf(&options, "=%s", option->value);
	}
	comma_list(&options, names_attributes(step->a.fs.attributes & ATTRIBUTES_BUT_READ_ONLY));
	if (buffer_failed(&options)) {
		sh->out->failed = true;
	} else if (options.len) {
		buffer_puts(sh->out, " -o ");
		print_quoted(sh->out, options.data);
	}
}

/* `word` is the mount point, already quoted. */
static void mount_filesystem(struct sh *sh, const struct step *step, const char *word)
{
	command(sh, "mount -n -t ");
	print_quoted(sh->out, step->a.fs.type);
	filesystem_options(sh, step);
	buffer_puts(sh->out, " ");
	print_quoted(sh->out, step->a.fs.type);
	buffer_printf(sh->out, " %s\n", word);
	remount(sh, word, step->a.fs.attributes & MOUNT_ATTR_RDONLY, 0, false);
}

static void mount_step(struct sh *sh, const struct step *step)
{
	bool optional = step->optional && !step->a.fs.make_target;

	find_target(sh, &step->a.fs.target);
	if (step->a.fs.make_target)
		make(sh, "make_dir");
	begin_optional(sh, optional);
	mount_filesystem(sh, step, "\"$target\"");
	end_optional(sh);
	if (step->a.fs.slot == SLOT_DEV)
		buffer_puts(sh->out, "dev=$target\n");
	else if (step->a.fs.slot >= SLOT_FIRST_FREE)
		buffer_printf(sh->out, "slot%d=$target\n", step->a.fs.slot);
}

static void scratch(struct sh *sh, const struct step *step)
{
	mount_filesystem(sh, step, "\"$scratch\"");
	buffer_puts(sh->out, "mkdir \"$new\"\n");
}

static const char *source_path(const struct sh *sh, const struct step *step)
{
	if (step->a.bind.source_path)
		return step->a.bind.source_path;
	for (size_t i = 0; i < sh->plan->count; i++) {
		const struct step *open = &sh->plan->steps[i];

		if (open->op == OP_OPEN_PATH && open->a.open.slot == step->a.bind.source)
			return open->a.open.path;
	}
	return step->subject;
}

static void bind_propagation(struct sh *sh, const struct step *step)
{
	struct names names = names_propagation(step->a.bind.propagation);

	for (size_t i = 0; i < names.count; i++)
		if (strcmp(names.items[i], "recursive") != 0)
			buffer_printf(sh->out, "mount -n --make-%s%s \"$target\"\n",
				      step->a.bind.recursive ? "r" : "", names.items[i]);
}

static void bind(struct sh *sh, const struct step *step)
{
	const char *source = source_path(sh, step);
	bool optional = step->optional && !step->a.bind.make_target;
	bool optional_source = step->optional && step->a.bind.make_target;

	if (optional_source) {
		buffer_puts(sh->out, "if [ -e ");
		print_quoted(sh->out, source);
		buffer_puts(sh->out, " ]; then\n");
	}
	find_target(sh, &step->a.bind.target);
	if (step->a.bind.make_target) {
		make(sh, "make_like ");
		print_quoted(sh->out, source);
	}
	begin_optional(sh, optional);
	sh->indent |= optional_source;
	command(sh, "mount -n --");
	buffer_puts(sh->out, step->a.bind.recursive ? "rbind " : "bind ");
	if (step->a.bind.source == SLOT_OWN_ROOT) /* of the new root, not of the host */
		slot_word(sh, SLOT_OWN_ROOT, step->a.bind.source_name);
	else
		print_quoted(sh->out, source);
	buffer_puts(sh->out, " \"$target\"\n");
	remount(sh, "\"$target\"", step->a.bind.attr_set, step->a.bind.attr_clear,
		step->a.bind.recursive);
	bind_propagation(sh, step);
	end_optional(sh);
}

static void root_bind(struct sh *sh, const struct step *step)
{
	buffer_printf(sh->out, "mount -n --%s ", step->a.bind.recursive ? "rbind" : "bind");
	print_quoted(sh->out, source_path(sh, step));
	buffer_puts(sh->out, " \"$new\"\n");
	remount(sh, "\"$new\"", step->a.bind.attr_set, step->a.bind.attr_clear,
		step->a.bind.recursive);
}

/* The layers are bound to plain names first: overlayfs reads `:` and `,` in its options. */
static void root_overlay(struct sh *sh, const struct step *step)
{
	if (!sh_has(sh->plan, OP_SCRATCH))
		buffer_puts(sh->out,
			    "mount -n -t tmpfs -o mode=0755 tmpfs \"$scratch\"\nmkdir \"$new\"\n");
	buffer_puts(sh->out, "mkdir \"$scratch/lower\" \"$scratch/layers\"\nmount -n --rbind ");
	print_quoted(sh->out,
		     step->a.overlay.lower_path ? step->a.overlay.lower_path : step->subject);
	buffer_puts(sh->out, " \"$scratch/lower\"\n");
	if (step->a.overlay.upper != SLOT_NONE) {
		buffer_puts(sh->out, "mount -n --rbind ");
		print_quoted(sh->out, step->a.overlay.upper_path);
		buffer_puts(sh->out, " \"$scratch/layers\"\n");
	}
	buffer_puts(sh->out,
		    "mkdir -p \"$scratch/layers/upper\" \"$scratch/layers/work\"\n"
		    "layers=lowerdir=$scratch/lower,upperdir=$scratch/layers/upper,"
		    "workdir=$scratch/layers/work\n"
		    "mount -n -t overlay -o \"$layers,userxattr,nodev\" overlay \"$new\"\n");
}

/* A link itself is not followed: only its directory is found through links. */
static void link_in_root(struct sh *sh, const char *path, const char *text)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	AUTO_BUFFER directory = {0};
	AUTO_BUFFER quoted = {0};

	buffer_add(&directory, path, slash ? (size_t)(slash - path) : 0);
	buffer_puts(&directory, "/");
	print_quoted(&quoted, name);
	if (buffer_failed(&directory) || buffer_failed(&quoted)) {
		sh->out->failed = true;
		return;
	}
	sh->functions |= SH_INSIDE;
	buffer_puts(sh->out, "inside ");
	print_quoted(sh->out, directory.data);
	buffer_puts(sh->out, "; ln -s -- ");
	print_quoted(sh->out, text);
	buffer_printf(sh->out, quoted.data[0] == '\'' ? " \"$target/\"%s\n" : " \"$target/%s\"\n",
		      quoted.data);
}

static void make_symlink(struct sh *sh, const struct step *step)
{
	const struct step_target *target = &step->a.file.target;

	if (target->base == SLOT_ROOT) {
		link_in_root(sh, target->path, step->a.file.text);
		return;
	}
	buffer_puts(sh->out, "ln -s -- ");
	print_quoted(sh->out, step->a.file.text);
	buffer_puts(sh->out, " ");
	slot_word(sh, target->base, target->path);
	buffer_puts(sh->out, "\n");
}

static void bind_device(struct sh *sh, const struct step *step)
{
	AUTO_BUFFER path = {0};

	buffer_printf(&path, "/dev/%s", step->a.device.name);
	if (buffer_failed(&path)) {
		sh->out->failed = true;
		return;
	}
	find_target(sh, &step->a.device.target);
	make(sh, "make_file");
	buffer_puts(sh->out, "\nmount -n --bind ");
	print_quoted(sh->out, path.data);
	buffer_puts(sh->out, " \"$target\"\n");
}

static void device_node(struct sh *sh, const struct step *step)
{
	AUTO_BUFFER path = {0};

	find_target(sh, &step->a.node.target);
	if (!step->a.node.make) {
		buffer_printf(&path, step->a.node.name ? "/dev/%s" : "%s",
			      step->a.node.name ? step->a.node.name : step->subject);
		if (buffer_failed(&path)) {
			sh->out->failed = true;
			return;
		}
		make(sh, "make_file");
		buffer_puts(sh->out, "\nmount -n --bind ");
		print_quoted(sh->out, path.data);
		buffer_puts(sh->out, " \"$target\"\n");
		return;
	}
	if (step->a.node.type == 'p')
		buffer_puts(sh->out, "; [ -e \"$target\" ] || mkfifo \"$target\"\n");
	else
		buffer_printf(sh->out,
			      "; [ -e \"$target\" ] || mknod \"$target\" %c %" PRIu32 " %" PRIu32
			      "\n",
			      step->a.node.type, step->a.node.major, step->a.node.minor);
	buffer_printf(sh->out,
		      "chmod %04" PRIo32 " \"$target\"; chown %" PRIu32 ":%" PRIu32
		      " \"$target\"\n",
		      step->a.node.mode, step->a.node.uid, step->a.node.gid);
}

/* The text becomes a file on the tmpfs of /dev; the file is bound, and then only the bind is left.
 */
static void bind_text(struct sh *sh, const struct step *step)
{
	bool optional = step->optional;

	buffer_puts(sh->out, "printf %s ");
	print_quoted(sh->out, step->a.file.text ? step->a.file.text : "");
	buffer_printf(sh->out, " >\"$dev/.text\"\nchmod %04" PRIo32 " \"$dev/.text\"\n",
		      step->a.file.mode);
	find_target(sh, &step->a.file.target);
	/* A root that lacks the file and may not be written to does without, when it is a default.
	 */
	make(sh, optional ? "make_file 2>/dev/null || :" : "make_file");
	begin_optional(sh, optional);
	command(sh, "mount -n --bind \"$dev/.text\" \"$target\"\n");
	remount(sh, "\"$target\"", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0,
		false);
	end_optional(sh);
	buffer_puts(sh->out, "rm \"$dev/.text\"\n");
}

static void attach_procfs(struct sh *sh, const struct step *step)
{
	if (!sh->place) {
		buffer_puts(sh->out, "# it is there already: the root stays as it is\n");
		return;
	}
	find_target(sh, &step->a.file.target);
	make(sh, "make_dir");
	buffer_puts(sh->out, "\nmount -n --move /proc \"$target\"\n");
}

/* `hide` and `read_only` pass over what is absent; what was asked for must be there. */
static void by_function(struct sh *sh, const struct step *step, const char *function)
{
	if (!step->optional) {
		find_target(sh, &step->a.file.target);
		buffer_puts(sh->out, "; [ -e \"$target\" ] || die \"$target: not there\"\n");
	}
	sh->functions |= SH_INSIDE;
	buffer_printf(sh->out, "%s ", function);
	print_quoted(sh->out, step->a.file.target.path);
	buffer_puts(sh->out, "\n");
}

static void mask(struct sh *sh, const struct step *step)
{
	sh->functions |= SH_HIDE;
	by_function(sh, step, "hide");
}

static void readonly_path(struct sh *sh, const struct step *step)
{
	sh->functions |= SH_READ_ONLY | SH_REMOUNT_ALL;
	by_function(sh, step, "read_only");
}

static void make_directory(struct sh *sh, const struct step *step)
{
	find_target(sh, &step->a.file.target);
	make(sh, "make_dir");
	if (step->a.file.mode != 0755)
		buffer_printf(sh->out, "; chmod %04" PRIo32 " \"$target\"", step->a.file.mode);
	buffer_puts(sh->out, "\n");
}

static void attributes(struct sh *sh, const struct step *step)
{
	find_target(sh, &step->a.attributes.target);
	buffer_puts(sh->out, "\n");
	remount(sh, "\"$target\"", step->a.attributes.set, step->a.attributes.clear,
		step->a.attributes.recursive);
}

static void pivot(struct sh *sh)
{
	for (size_t i = 0; i < sh->plan->count; i++) {
		const struct step *step = &sh->plan->steps[i];

		/* prlimit is the host's: so before its root goes. */
		if (step->op != OP_RLIMIT)
			continue;
		buffer_printf(sh->out, "# %zu  (here, while prlimit is at hand)\n", i);
		buffer_printf(sh->out, "prlimit --pid $$ --%s=", step->a.rlimit.name);
		if (step->a.rlimit.soft == UINT64_MAX)
			buffer_puts(sh->out, "unlimited:");
		else
			buffer_printf(sh->out, "%" PRIu64 ":", step->a.rlimit.soft);
		if (step->a.rlimit.hard == UINT64_MAX)
			buffer_puts(sh->out, "unlimited\n");
		else
			buffer_printf(sh->out, "%" PRIu64 "\n", step->a.rlimit.hard);
	}
	buffer_puts(sh->out, "cd \"$new\"\npivot_root . .\n");
}

void sh_mount_step(struct sh *sh, const struct step *step)
{
	if (step->op == OP_PROCFS)
		mount_filesystem(sh, step, "/proc");
	else if (step->op == OP_SCRATCH)
		scratch(sh, step);
	else if (step->op == OP_ROOT_TMPFS)
		mount_filesystem(sh, step, "\"$new\"");
	else if (step->op == OP_ROOT_BIND)
		root_bind(sh, step);
	else if (step->op == OP_ROOT_OVERLAY)
		root_overlay(sh, step);
	else if (step->op == OP_MAKE_DIRECTORY)
		make_directory(sh, step);
	else if (step->op == OP_MAKE_SYMLINK)
		make_symlink(sh, step);
	else if (step->op == OP_BIND)
		bind(sh, step);
	else if (step->op == OP_BIND_DEVICE)
		bind_device(sh, step);
	else if (step->op == OP_DEVICE_NODE)
		device_node(sh, step);
	else if (step->op == OP_BIND_TEXT)
		bind_text(sh, step);
	else if (step->op == OP_MOUNT)
		mount_step(sh, step);
	else if (step->op == OP_ATTACH_PROCFS)
		attach_procfs(sh, step);
	else if (step->op == OP_MOUNT_ATTRIBUTES)
		attributes(sh, step);
	else if (step->op == OP_MASK)
		mask(sh, step);
	else if (step->op == OP_READONLY_PATH || step->op == OP_OWN_PATH)
		readonly_path(sh, step);
	else if (step->op == OP_PIVOT_ROOT || step->op == OP_MOVE_ROOT)
		pivot(sh);
	else if (step->op == OP_DETACH_OLD_ROOT)
		buffer_puts(sh->out, "hash -r\numount -n -l .\ncd /\n");
}
