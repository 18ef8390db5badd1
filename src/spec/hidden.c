/* The lists themselves: data, no policy. See hidden.h. */
#include "spec/hidden.h"

#include <stddef.h>

const char *const spec_hidden[] = {
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
	NULL,
};

const char *const spec_hidden_further[] = {
	"/sys/devices/system/cpu/cpu0/thermal_throttle",
	NULL,
};

const char *const spec_read_only[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};
