/* The nodes and links of /dev: those that the runtime-spec wants in every Linux container, and
 * linux.devices of the config. Parts of OPEN and ROOT.
 *
 * Real root makes them; in a user namespace the kernel lets nobody, and the host's own nodes are
 * bound. What is bound keeps the host's mode and owner.
 */
#include "plan/planner.h"

#include <string.h>

/* Numbers from the kernel's Documentation/admin-guide/devices.txt. */
static const struct {
	const char *path;
	uint32_t major, minor;
} nodes[] = {
	{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
	{"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};

enum { NODES = sizeof(nodes) / sizeof(nodes[0]) };

static const struct {
	const char *path, *target;
} links[] = {
	{"/dev/fd", "/proc/self/fd"},	    {"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
	{"/dev/core", "/proc/kcore"},
};

static bool makes_nodes(const struct planner *p)
{
	return p->facts->initial_userns && p->facts->uid == 0 && plan_host(p, NS_USER);
}

/* A name in the host's /dev that has these numbers on every Linux machine, or NULL. */
static const char *standard_name(const struct oci_device *d)
{
	for (size_t i = 0; d->type != 'b' && i < NODES; i++)
		if (d->major == nodes[i].major && d->minor == nodes[i].minor)
			return nodes[i].path + sizeof("/dev/") - 1;
	return NULL;
}

static const char *name_in_dev(struct planner *p, const struct oci_device *d)
{
	const char *name = standard_name(d);

	if (!name && path_within(d->path, "/dev") && strlen(d->path) > sizeof("/dev/") - 1)
		name = d->path + sizeof("/dev/") - 1;
	return plan_copy(p, name);
}

static bool is_needed(const struct oci_device *d)
{
	return strcmp(d->path, "/dev/ptmx") != 0; /* a link to the container's own devpts */
}

/* Only those that are neither made nor found in /dev. */
void plan_oci_open_devices(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	for (size_t i = 0; i < oci->device_count; i++) {
		const struct oci_device *d = &oci->devices[i];
		const char *path = plan_clean_path(p, d->path);

		if (d->type == 'p' || makes_nodes(p) || !is_needed(d) || name_in_dev(p, d))
			continue;
		plan_open(p, SOURCE_NODE, i, path, OPEN_DEVICE, plan_new_slot(p))->why =
			"asked for by the config: linux.devices";
	}
}

/* On a tmpfs of our own a name is enough; anywhere else the path is resolved inside the root. */
static struct step_target target_of(const struct planner *p, const char *path)
{
	const char *name = path + sizeof("/dev/") - 1;

	if (!path_within(path, "/dev") || strchr(name, '/'))
		return (struct step_target){SLOT_ROOT, path};
	for (size_t i = 0; i < p->plan->count; i++) {
		const struct step *s = &p->plan->steps[i];

		if (s->op == OP_MOUNT && s->a.fs.slot == SLOT_DEV)
			return (struct step_target){SLOT_DEV, name};
	}
	return (struct step_target){SLOT_ROOT, path};
}

static void add_node(struct planner *p, const struct oci_device *d, size_t index)
{
	const char *path = plan_clean_path(p, d->path);
	struct step *step = plan_add(p, OP_DEVICE_NODE, ACTOR_CHILD, path);

	step->a.node.type = d->type == 'u' ? 'c' : d->type;
	step->a.node.major = d->major < 0 ? 0 : (uint32_t)d->major;
	step->a.node.minor = d->minor < 0 ? 0 : (uint32_t)d->minor;
	step->a.node.mode = d->mode == UINT32_MAX ? 0666 : d->mode;
	step->a.node.uid = d->uid;
	step->a.node.gid = d->gid;
	step->a.node.target = target_of(p, path);
	step->a.node.make = makes_nodes(p) || d->type == 'p';
	step->a.node.name = name_in_dev(p, d);
	step->a.node.source =
		step->a.node.name ? SLOT_HOST_DEV : plan_source(p, SOURCE_NODE, index);
}

static bool is_replaced(const struct planner *p, const char *path)
{
	const struct spec_oci *oci = p->spec->oci;

	for (size_t i = 0; i < oci->device_count; i++)
		if (strcmp(oci->devices[i].path, path) == 0)
			return true;
	return false;
}

static void add_link(struct planner *p, const char *path, const char *text, bool replace)
{
	struct step *step = plan_add(p, OP_MAKE_SYMLINK, ACTOR_CHILD, path);

	step->a.file.target = target_of(p, path);
	step->a.file.text = text;
	step->a.file.exists = replace ? FILE_REPLACED : FILE_KEPT;
	step->why = "as the runtime-spec wants it";
}

void plan_oci_devices(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	for (size_t i = 0; i < NODES; i++) {
		struct oci_device d = {.path = nodes[i].path,
				       .type = 'c',
				       .major = nodes[i].major,
				       .minor = nodes[i].minor,
				       .mode = 0666};

		if (!is_replaced(p, d.path))
			add_node(p, &d, 0);
	}
	for (size_t i = 0; i < oci->device_count; i++)
		if (is_needed(&oci->devices[i]))
			add_node(p, &oci->devices[i], i);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		add_link(p, links[i].path, links[i].target, false);
	add_link(p, "/dev/ptmx", "pts/ptmx", true);
}
