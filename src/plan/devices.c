/* /dev: a small tmpfs with the devices that every program expects, and nothing of the host's
 * hardware. */
#include "plan/planner.h"

#include <sys/mount.h>

#ifndef MOUNT_ATTR_NOSUID
#include <linux/mount.h>
#endif

/* Numbers from the kernel's Documentation/admin-guide/devices.txt: what is bound must be these. */
static const struct {
	const char *name;
	uint32_t major, minor;
} nodes[] = {
	{"null", 1, 3},	  {"zero", 1, 5},    {"full", 1, 7},
	{"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

static const struct {
	const char *path, *target, *why;
} links[] = {
	{"/dev/fd", "/proc/self/fd", "the shell's process substitution reads it"},
	{"/dev/stdin", "/proc/self/fd/0", NULL},
	{"/dev/stdout", "/proc/self/fd/1", NULL},
	{"/dev/stderr", "/proc/self/fd/2", NULL},
	{"/dev/ptmx", "pts/ptmx", "terminals of the container's own devpts"},
};

static void bind_node(struct planner *p, const char *name, uint32_t major, uint32_t minor,
		      const char *target, const char *why)
{
	struct step *step =
		plan_add(p, OP_BIND_DEVICE, ACTOR_CHILD, plan_text(p, "/dev/%s", target));

	step->a.device.name = name;
	step->a.device.major = major;
	step->a.device.minor = minor;
	step->a.device.target = (struct step_target){SLOT_DEV, target};
	step->why = why;
}

static void add_console(struct planner *p)
{
	int terminal = plan_source(p, SOURCE_TERMINAL, 0);
	struct step *step;

	if (p->spec->tty)
		return; /* TERMINAL binds its own there */
	if (terminal == SLOT_NONE) {
		bind_node(p, "null", 1, 3, "console",
			  "there is no terminal: what is written is dropped");
		return;
	}
	step = plan_add(p, OP_BIND, ACTOR_CHILD, "/dev/console");
	step->a.bind.source = terminal;
	step->a.bind.source_path = plan_copy(p, p->facts->tty_path);
	step->a.bind.target = (struct step_target){SLOT_DEV, "console"};
	step->a.bind.make_target = true;
	step->why = "the caller's terminal";
}

static void add_links(struct planner *p)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct step *step = plan_add(p, OP_MAKE_SYMLINK, ACTOR_CHILD, links[i].path);

		step->a.file.target =
			(struct step_target){SLOT_DEV, links[i].path + sizeof("/dev/") - 1};
		step->a.file.text = links[i].target;
		step->why = links[i].why ? links[i].why : "as on every Linux system";
	}
}

static struct step *mount_in_dev(struct planner *p, const char *type, const char *path,
				 uint64_t attributes, const char *options)
{
	struct step *step = plan_mount(p, type, path, attributes, options);

	step->a.fs.target = (struct step_target){SLOT_DEV, path + sizeof("/dev/") - 1};
	return step;
}

/* With the host's ipc namespace its shared memory and its queues are the container's as well. */
static void bind_shared(struct planner *p, const char *name)
{
	struct step *step = plan_add(p, OP_BIND, ACTOR_CHILD, plan_text(p, "/dev/%s", name));

	step->a.bind.source = SLOT_HOST_DEV;
	step->a.bind.source_name = name;
	step->a.bind.source_path = step->subject;
	step->a.bind.target = (struct step_target){SLOT_DEV, name};
	step->a.bind.recursive = true;
	step->a.bind.make_target = true;
	step->a.bind.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	step->optional = true; /* not every host has both */
	step->why = "the ipc namespace is the host's";
}

static void add_pts(struct planner *p)
{
	uint32_t outside;
	bool tty_group = !p->plan->gid_map.count || idmap_down(&p->plan->gid_map, 5, &outside);
	struct step *step =
		mount_in_dev(p, "devpts", "/dev/pts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
			     tty_group ? "newinstance,ptmxmode=0666,mode=0620,gid=5"
				       : "newinstance,ptmxmode=0666,mode=0620");

	step->why = tty_group ? "terminals of its own; group 5 is tty"
			      : "terminals of its own; group tty (5) is not mapped";
}

void plan_terminal(struct planner *p)
{
	bool exec = p->spec->kind == SPEC_EXEC;
	struct step *step;

	if (!p->spec->tty)
		return;
	step = plan_add(p, OP_TERMINAL, ACTOR_CHILD, exec ? "/dev/pts" : "/dev/console");
	step->a.terminal.dev = exec ? SLOT_NONE : SLOT_DEV;
	step->a.terminal.console = !exec;
	step->a.terminal.rows = (uint16_t)p->facts->tty_rows;
	step->a.terminal.columns = (uint16_t)p->facts->tty_columns;
	if (exec && p->spec->oci && p->spec->oci->console_rows) { /* of process.json */
		step->a.terminal.rows = p->spec->oci->console_rows;
		step->a.terminal.columns = p->spec->oci->console_columns;
	}
}

void plan_devices(struct planner *p)
{
	uint64_t quiet = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	struct step *step =
		plan_mount(p, "tmpfs", "/dev", MOUNT_ATTR_NOSUID, "mode=0755,size=65536k");

	step->a.fs.slot = SLOT_DEV;
	step->why = "only the devices that every program expects";
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		bind_node(p, nodes[i].name, nodes[i].major, nodes[i].minor, nodes[i].name, NULL);
	add_pts(p);
	add_links(p);
	add_console(p);
	if (plan_host(p, NS_IPC)) {
		bind_shared(p, "shm");
		bind_shared(p, "mqueue");
		return;
	}
	step = mount_in_dev(p, "tmpfs", "/dev/shm", quiet,
			    plan_text(p, "mode=1777,size=%s",
				      p->spec->shm_size ? p->spec->shm_size : "65536k"));
	step->why = "POSIX shared memory: shm_overview(7)";
	step = mount_in_dev(p, "mqueue", "/dev/mqueue", quiet, NULL);
	step->why = "POSIX message queues of its own: mq_overview(7)";
}
