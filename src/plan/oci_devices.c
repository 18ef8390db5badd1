/* The nodes and links of /dev that the runtime-spec wants in every Linux container. */
#include "plan/planner.h"

#include <string.h>

/* Numbers from the kernel's Documentation/admin-guide/devices.txt. */
static const struct {
	const char *name;
	uint32_t major, minor;
} nodes[] = {
	{"null", 1, 3},	  {"zero", 1, 5},    {"full", 1, 7},
	{"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

static const struct {
	const char *path, *target;
} links[] = {
	{"/dev/fd", "/proc/self/fd"},	    {"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
	{"/dev/core", "/proc/kcore"},
};

/* On a tmpfs of our own a name is enough; anywhere else the path is resolved inside the root. */
static struct step_target target_of(const struct planner *p, const char *path)
{
	const char *name = path + sizeof("/dev/") - 1;

	for (size_t i = 0; i < p->plan->count; i++) {
		const struct step *s = &p->plan->steps[i];

		if (s->op == OP_MOUNT && s->a.fs.slot == SLOT_DEV && !strchr(name, '/'))
			return (struct step_target){SLOT_DEV, name};
	}
	return (struct step_target){SLOT_ROOT, path};
}

static void add_link(struct planner *p, const char *path, const char *text, bool replace)
{
	struct step *step = plan_add(p, OP_MAKE_SYMLINK, ACTOR_CHILD, path);

	step->a.file.target = target_of(p, path);
	step->a.file.text = text;
	step->a.file.exists = replace ? FILE_REPLACED : FILE_KEPT;
	step->why = "as the runtime-spec wants it";
}

void oci_devices(struct planner *p, bool own_dev)
{
	for (size_t i = 0; own_dev && i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		const char *path = plan_text(p, "/dev/%s", nodes[i].name);
		struct step *step = plan_add(p, OP_BIND_DEVICE, ACTOR_CHILD, path);

		step->a.device.name = nodes[i].name;
		step->a.device.major = nodes[i].major;
		step->a.device.minor = nodes[i].minor;
		step->a.device.target = target_of(p, path);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		add_link(p, links[i].path, links[i].target, false);
	add_link(p, "/dev/ptmx", "pts/ptmx", true);
}
