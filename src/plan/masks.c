/* What of /proc and /sys is hidden, and what is made read-only. The lists are Docker's and
 * podman's, each path because it tells of, or changes, the whole machine.
 */
#include "plan/planner.h"

#include <string.h>

static const char *const masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
	"/sys/devices/system/cpu/cpu0/thermal_throttle",
};

static const char *const read_only[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

static bool unmasked(const struct planner *p, const char *path)
{
	const struct string_list *list = &p->spec->unmasked_paths;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], "ALL") == 0 || strcmp(list->items[i], path) == 0)
			return true;
	return false;
}

static struct step *add_path(struct planner *p, enum plan_op op, const char *path)
{
	struct step *step = plan_add(p, op, ACTOR_CHILD, path);

	step->a.file.target = (struct step_target){SLOT_ROOT, path};
	step->optional = true;
	return step;
}

/* What was asked for must be there: a slip of the pen would hide nothing and say nothing. */
static void add_asked(struct planner *p, const char *path)
{
	struct step *step = add_path(p, OP_MASK, plan_copy(p, path));

	step->optional = false;
	step->why = "asked for: --mask";
}

void plan_masks(struct planner *p)
{
	const struct string_list *asked = &p->spec->masked_paths;

	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]) && !p->spec->privileged; i++)
		if (!unmasked(p, masked[i]))
			add_path(p, OP_MASK, masked[i]);
	for (size_t i = 0; i < asked->count; i++)
		add_asked(p, asked->items[i]);
	for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]) && !p->spec->privileged;
	     i++)
		if (!unmasked(p, read_only[i]))
			add_path(p, OP_READONLY_PATH, read_only[i]);
}
