/* Reading a cgroup's files (version 2). What a controller that is not there would count is
 * USAGE_NONE; nothing here is an error but a group that is gone. */
#include "life/usage.h"

#include "base/fd.h"
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_LIMIT = 1 << 20 };

/* The file's text, or NULL. The caller frees it. */
static char *read_file(int dir, const char *file)
{
	AUTO_FD fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char *text = NULL;

	if (fd < 0 || io_read_fd(fd, FILE_LIMIT, &text, NULL) < 0)
		return NULL;
	return text;
}

/* Digits, or "max". */
static uint64_t take_number(const char **text)
{
	uint64_t value = USAGE_NONE;

	if (strncmp(*text, "max", 3) == 0)
		*text += 3;
	else if (io_take_u64(text, &value) < 0)
		return USAGE_NONE;
	return value;
}

static uint64_t read_number(int dir, const char *file)
{
	AUTO_FREE char *text = read_file(dir, file);
	const char *p = text;

	return p ? take_number(&p) : USAGE_NONE;
}

/* "key value", a line each. */
static int read_pairs(int dir, const char *file, struct usage_pairs *ret)
{
	AUTO_FREE char *text = read_file(dir, file);

	for (const char *line = text; line && *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, " \n");
		const char *p = line + len + (line[len] == ' ');
		struct usage_pair *items;

		if (line[len] != ' ')
			break;
		items = realloc(ret->items, (ret->count + 1) * sizeof(*items));
		if (!items)
			return -ENOMEM;
		ret->items = items;
		snprintf(items[ret->count].key, sizeof(items[0].key), "%.*s", (int)len, line);
		items[ret->count++].value = take_number(&p);
		if (!strchr(line, '\n'))
			break;
	}
	return 0;
}

static uint64_t pair_value(const struct usage_pairs *pairs, const char *key, uint64_t without)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (strcmp(pairs->items[i].key, key) == 0)
			return pairs->items[i].value;
	return without;
}

/* ---- controllers ---- */

static int read_memory(int dir, unsigned parts, struct usage *u)
{
	int r = 0;

	u->memory = read_number(dir, "memory.current");
	u->memory_limit = read_number(dir, "memory.max");
	u->memory_low = read_number(dir, "memory.low");
	u->memory_high = read_number(dir, "memory.high");
	u->swap = read_number(dir, "memory.swap.current");
	u->swap_limit = read_number(dir, "memory.swap.max");
	if (parts == USAGE_LIMITS)
		return 0;
	u->memory_peak = read_number(dir, "memory.peak"); /* Linux 5.19 */
	u->swap_peak = read_number(dir, "memory.swap.peak");
	r = read_pairs(dir, "memory.stat", &u->memory_stat);
	if (r == 0)
		r = read_pairs(dir, "memory.events", &u->memory_events);
	u->oom_kills = pair_value(&u->memory_events, "oom_kill", 0);
	return r;
}

static int read_cpu(int dir, unsigned parts, struct usage *u)
{
	AUTO_FREE char *max = read_file(dir, "cpu.max");
	struct usage_pairs stat = {0};
	const char *p = max;
	int r;

	if (p) {
		u->cpu_quota = take_number(&p);
		p += *p == ' ';
		u->cpu_period = take_number(&p);
	}
	u->cpu_weight = read_number(dir, "cpu.weight");
	if (parts == USAGE_LIMITS)
		return 0;
	r = read_pairs(dir, "cpu.stat", &stat);
	u->cpu_total = pair_value(&stat, "usage_usec", 0);
	u->cpu_user = pair_value(&stat, "user_usec", 0);
	u->cpu_system = pair_value(&stat, "system_usec", 0);
	u->periods = pair_value(&stat, "nr_periods", 0);
	u->throttled_periods = pair_value(&stat, "nr_throttled", 0);
	u->throttled_time = pair_value(&stat, "throttled_usec", 0);
	free(stat.items);
	return r;
}

/* Without the controller they are counted one by one. */
static void read_pids(int dir, struct usage *u)
{
	AUTO_FREE char *procs = NULL;

	u->pids = read_number(dir, "pids.current");
	u->pids_limit = read_number(dir, "pids.max");
	if (u->pids != USAGE_NONE)
		return;
	procs = read_file(dir, "cgroup.threads");
	u->pids = procs ? 0 : USAGE_NONE;
	for (const char *p = procs; p && (p = strchr(p, '\n')) != NULL; p++)
		u->pids++;
}

/* "254:0 rbytes=1 wbytes=2 rios=3 wios=4 …" */
static uint64_t value_in(const char *line, const char *key)
{
	size_t end = strcspn(line, "\n");
	const char *at = memmem(line, end, key, strlen(key));
	uint64_t value = 0;

	if (!at)
		return 0;
	at += strlen(key);
	return io_take_u64(&at, &value) < 0 ? 0 : value;
}

static int read_io(int dir, struct usage *u)
{
	AUTO_FREE char *text = read_file(dir, "io.stat");

	for (const char *line = text; line && *line; line += strcspn(line, "\n") + 1) {
		struct usage_device d = {0}, *items;
		const char *p = line;

		if (io_take_u64(&p, &d.major) < 0 || *p++ != ':' || io_take_u64(&p, &d.minor) < 0)
			break;
		d.read_bytes = value_in(line, " rbytes=");
		d.written_bytes = value_in(line, " wbytes=");
		d.reads = value_in(line, " rios=");
		d.writes = value_in(line, " wios=");
		items = realloc(u->devices, (u->device_count + 1) * sizeof(*items));
		if (!items)
			return -ENOMEM;
		u->devices = items;
		items[u->device_count++] = d;
		if (!strchr(line, '\n'))
			break;
	}
	return 0;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" (PSI, Linux 4.20) */
static void read_stall(int dir, const char *file, struct usage_stall *ret)
{
	AUTO_FREE char *text = read_file(dir, file);

	for (const char *line = text; line && *line; line += strcspn(line, "\n") + 1) {
		struct usage_pressure *p = strncmp(line, "some", 4) == 0 ? &ret->some : &ret->full;
		unsigned long long total;

		/* the kernel wrote it. NOLINTNEXTLINE(cert-err34-c) */
		p->known = sscanf(line, "%*s avg10=%lf avg60=%lf avg300=%lf total=%llu",
				  &p->average10, &p->average60, &p->average300, &total) == 4;
		if (p->known)
			p->total = total;
		if (!strchr(line, '\n'))
			break;
	}
}

/* hugetlb.SIZE.current, .max, .events */
static int read_page(int dir, const char *size, struct usage *u)
{
	struct usage_page page = {.failures = 0}, *items;
	struct usage_pairs events = {0};
	char file[64];
	int r;

	snprintf(page.size, sizeof(page.size), "%s", size);
	snprintf(file, sizeof(file), "hugetlb.%s.current", size);
	page.used = read_number(dir, file);
	snprintf(file, sizeof(file), "hugetlb.%s.max", size);
	page.limit = read_number(dir, file);
	snprintf(file, sizeof(file), "hugetlb.%s.events", size);
	r = read_pairs(dir, file, &events);
	page.failures = pair_value(&events, "max", 0);
	free(events.items);
	items = r == 0 ? realloc(u->pages, (u->page_count + 1) * sizeof(*items)) : NULL;
	if (!items)
		return -ENOMEM;
	u->pages = items;
	items[u->page_count++] = page;
	return 0;
}

static int read_pages(int dir, struct usage *u)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *files = again < 0 ? NULL : fdopendir(again);

	for (const struct dirent *e; files && r == 0 && (e = readdir(files)) != NULL;) {
		const char *dot = strncmp(e->d_name, "hugetlb.", 8) == 0
					  ? strstr(e->d_name + 8, ".current")
					  : NULL;
		char size[16];

		if (!dot || strchr(e->d_name + 8, '.') != dot)
			continue; /* hugetlb.SIZE.rsvd.current */
		snprintf(size, sizeof(size), "%.*s", (int)(dot - e->d_name - 8), e->d_name + 8);
		r = read_page(dir, size, u);
	}
	if (files)
		closedir(files);
	else if (again >= 0)
		close(again);
	return r;
}

int usage_read(const char *cgroup, unsigned parts, struct usage *ret)
{
	AUTO_FD dir = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	*ret = (struct usage){.cpu_quota = USAGE_NONE, .cpu_period = USAGE_NONE};
	ret->memory_peak = ret->swap_peak = USAGE_NONE;
	if (dir < 0)
		return -errno;
	r = read_memory(dir, parts, ret);
	if (r == 0)
		r = read_cpu(dir, parts, ret);
	read_pids(dir, ret);
	if (r == 0 && parts != USAGE_LIMITS) {
		r = read_io(dir, ret);
		read_stall(dir, "cpu.pressure", &ret->cpu_stall);
		read_stall(dir, "memory.pressure", &ret->memory_stall);
		read_stall(dir, "io.pressure", &ret->io_stall);
	}
	if (r == 0 && parts != USAGE_LIMITS)
		r = read_pages(dir, ret);
	if (r < 0)
		usage_release(ret);
	return r;
}

void usage_release(struct usage *u)
{
	free(u->memory_stat.items);
	free(u->memory_events.items);
	free(u->devices);
	free(u->pages);
	*u = (struct usage){0};
}
