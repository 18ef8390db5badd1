/* What a cgroup counts and what it allows: numbers of its files, read at one moment. */
#ifndef ROOTLET_LIFE_USAGE_H
#define ROOTLET_LIFE_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USAGE_NONE UINT64_MAX /* no limit, or not counted */

struct usage_pair {
	char key[48];
	uint64_t value;
};

struct usage_pairs {
	struct usage_pair *items;
	size_t count;
};

struct usage_device { /* a line of io.stat */
	uint64_t major, minor;
	uint64_t read_bytes, written_bytes, reads, writes;
};

struct usage_pressure { /* a line of a .pressure file, in hundredths of a percent and microseconds
			 */
	bool known;
	double average10, average60, average300;
	uint64_t total;
};

struct usage_stall {
	struct usage_pressure some, full;
};

struct usage_page { /* a size of huge pages */
	char size[16];
	uint64_t used, limit, failures;
};

struct usage {
	uint64_t memory, memory_peak, memory_limit, swap, swap_peak, swap_limit;
	uint64_t memory_low, memory_high;
	struct usage_pairs memory_stat, memory_events;
	uint64_t oom_kills;
	uint64_t cpu_total, cpu_user, cpu_system; /* microseconds */
	uint64_t periods, throttled_periods, throttled_time;
	uint64_t cpu_quota, cpu_period, cpu_weight;
	uint64_t pids, pids_limit;
	struct usage_device *devices;
	size_t device_count;
	struct usage_page *pages;
	size_t page_count;
	struct usage_stall cpu_stall, memory_stall, io_stall;
};

enum usage_parts {
	USAGE_LIMITS = 1 << 0, /* the limits and what is used of each */
	USAGE_ALL = ~0,
};

/* 0, -ENOENT when there is no such group, or -ENOMEM. usage_release frees. */
int usage_read(const char *cgroup, unsigned parts, struct usage *ret);
void usage_release(struct usage *usage);

#endif
