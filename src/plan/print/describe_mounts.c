/* How the steps that build the file tree read: mounts, binds, files, devices; and the rules for
 * these. describe.c has the other steps, and the table. One step only, not the plan around it. */
#include "plan/print/describe.h"

#include <inttypes.h>
#include <linux/mount.h>
#include <string.h>

/* "rro", "rslave": the config's own words for what holds for all below as well. */
static void add_recursive(struct bracket *bracket, struct names names)
{
	for (size_t i = 0; i < names.count; i++) {
		bracket_next(bracket);
		buffer_printf(bracket->out, "r%s", names.items[i]);
	}
}

static void add_propagation(struct bracket *bracket, uint64_t flags)
{
	struct names names = names_propagation(flags & ~(uint64_t)MS_REC);

	if (flags & MS_REC)
		add_recursive(bracket, names);
	else
		bracket_names(bracket, names);
}

void describe_filesystem(struct buffer *out, const struct step *step)
{
	struct bracket bracket = {out, 0};

	buffer_puts(out, "mount ");
	print_escaped(out, step->a.fs.type);
	if (step->op == OP_ROOT_TMPFS) {
		buffer_puts(out, " as the new root");
	} else if (step->op == OP_SCRATCH) {
		buffer_puts(out, " as scratch space");
	} else if (step->op != OP_PROCFS) {
		buffer_puts(out, " on ");
		name_target(&step->a.fs.target, out);
	}
	for (size_t i = 0; i < step->a.fs.option_count; i++) {
		const struct mount_option *option = &step->a.fs.options[i];

		bracket_add(&bracket, option->key);
		if (option->value) {
			buffer_puts(out, "=");
			print_escaped(out, option->value);
		}
	}
	if (step->a.fs.mode_of_target)
		bracket_add(&bracket, "the mode of what it covers");
	if (step->a.fs.copy_up)
		bracket_add(&bracket, "a copy of what it covers");
	bracket_names(&bracket, names_attributes(step->a.fs.attributes));
	add_propagation(&bracket, step->a.fs.propagation);
	if (step->optional)
		bracket_add(&bracket, "if present");
	bracket_end(&bracket);
}

void describe_propagation(struct buffer *out, const struct step *step)
{
	struct names names = names_propagation(step->a.propagation.flags);

	buffer_puts(out,
		    step->a.propagation.top ? "make the mount of / alone" : "make every mount");
	for (size_t i = 0; i < names.count; i++)
		if (strcmp(names.items[i], "recursive") != 0)
			buffer_printf(out, " %s", names.items[i]);
}

void describe_bind(struct buffer *out, const struct step *step)
{
	struct bracket bracket = {out, 0};

	if (step->a.bind.source == SLOT_OWN_ROOT) {
		buffer_puts(out, "make the new root's own ");
		name_target(&step->a.bind.target, out);
		buffer_puts(out, " writable");
		return;
	}
	buffer_puts(out, "bind ");
	print_word(out, step->a.bind.source_path ? step->a.bind.source_path : step->subject);
	if (step->op == OP_ROOT_BIND) {
		buffer_puts(out, " as the new root");
	} else {
		buffer_puts(out, " → ");
		name_target(&step->a.bind.target, out);
	}
	if (step->a.bind.recursive)
		bracket_add(&bracket, "recursive");
	bracket_names(&bracket,
		      names_attributes_cleared(step->a.bind.attr_clear & ~step->a.bind.attr_set));
	bracket_names(&bracket, names_attributes(step->a.bind.attr_set));
	if (step->a.bind.rec_set || step->a.bind.rec_clear) {
		add_recursive(&bracket, names_attributes_cleared(step->a.bind.rec_clear &
								 ~step->a.bind.rec_set));
		add_recursive(&bracket, names_attributes(step->a.bind.rec_set));
	}
	add_propagation(&bracket, step->a.bind.propagation);
	if (step->optional)
		bracket_add(&bracket, "if present");
	bracket_end(&bracket);
}

void describe_overlay(struct buffer *out, const struct step *step)
{
	buffer_puts(out, "overlay ");
	print_word(out, step->a.overlay.lower_path ? step->a.overlay.lower_path : step->subject);
	buffer_puts(out, " as the new root, writes go to ");
	if (step->a.overlay.upper == SLOT_NONE)
		buffer_puts(out, "scratch space");
	else
		print_word(out, step->a.overlay.upper_path ? step->a.overlay.upper_path : "?");
}

void describe_file(struct buffer *out, const struct step *step, const char *before,
		   const char *after)
{
	buffer_puts(out, before);
	name_target(&step->a.file.target, out);
	buffer_puts(out, after);
	if (step->optional)
		buffer_puts(out, " (if present)");
}

void describe_symlink(struct buffer *out, const struct step *step)
{
	describe_file(out, step, "link ", " → ");
	print_escaped(out, step->a.file.text ? step->a.file.text : "?");
}

void describe_bind_text(struct buffer *out, const struct step *step)
{
	buffer_puts(out, "write ");
	name_target(&step->a.file.target, out);
	buffer_printf(out, " (%zu bytes, mode %04" PRIo32 "%s)",
		      step->a.file.text ? strlen(step->a.file.text) : 0, step->a.file.mode,
		      step->optional ? ", if present" : "");
}

void describe_directory(struct buffer *out, const struct step *step)
{
	describe_file(out, step, "make the directory ", "");
	buffer_printf(out, " (mode %04" PRIo32 ")", step->a.file.mode);
}

void describe_device(struct buffer *out, const struct step *step)
{
	buffer_puts(out, "bind the host's /dev/");
	print_escaped(out, step->a.device.name);
	buffer_puts(out, " → ");
	name_target(&step->a.device.target, out);
	buffer_printf(out, " (device %" PRIu32 ":%" PRIu32, step->a.device.major,
		      step->a.device.minor);
	buffer_puts(out, step->optional ? ", if present)" : ")");
}

void describe_node(struct buffer *out, const struct step *step)
{
	const char *kind = step->a.node.type == 'b' ? "block device" : "device";

	if (step->a.node.type == 'p') {
		buffer_puts(out, "make the FIFO ");
		name_target(&step->a.node.target, out);
	} else if (step->a.node.make) {
		buffer_puts(out, "make the node ");
		name_target(&step->a.node.target, out);
	} else {
		buffer_puts(out, "bind the host's ");
		print_word(out, step->a.node.name ? step->a.node.name : step->subject);
		buffer_puts(out, " → ");
		name_target(&step->a.node.target, out);
	}
	if (step->a.node.type != 'p')
		buffer_printf(out, " (%s %" PRIu32 ":%" PRIu32 ")", kind, step->a.node.major,
			      step->a.node.minor);
}

void describe_attributes(struct buffer *out, const struct step *step)
{
	struct names cleared =
		names_attributes_cleared(step->a.attributes.clear & ~step->a.attributes.set);
	struct names set = names_attributes(step->a.attributes.set);

	buffer_puts(out, "set");
	for (size_t i = 0; i < cleared.count; i++)
		buffer_printf(out, " %s", cleared.items[i]);
	for (size_t i = 0; i < set.count; i++)
		buffer_printf(out, " %s", set.items[i]);
	buffer_puts(out, " on ");
	name_target(&step->a.attributes.target, out);
	if (step->a.attributes.recursive)
		buffer_puts(out, " and every mount below");
}

/* Nobody reads more of them in one line; the JSON has all. */
enum { RULES_SHOWN = 30 };

void describe_devices(struct buffer *out, const struct step *step)
{
	const char *const *rules = step->a.devices.rules;
	size_t count = 0;

	buffer_puts(out, "attach the rules for devices: ");
	for (; rules && rules[count]; count++) {
		if (count >= RULES_SHOWN)
			continue;
		buffer_puts(out, count ? ", " : "");
		print_escaped(out, rules[count]);
	}
	if (count > RULES_SHOWN)
		buffer_printf(out, ", and %zu more", count - RULES_SHOWN);
	buffer_printf(out, " (%zu instructions)", step->a.devices.length);
}
