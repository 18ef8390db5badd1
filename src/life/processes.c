/* Gathers a container's processes from /proc; see processes.h. What goes away while it is looked at
 * is left out. */
#include "life/processes.h"

#include "life/life.h"
#include "life/scan.h"

#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	STATUS_MAX = 1 << 16,
	COMMAND_MAX = 4096,
	LEVELS_MAX = 33,    /* pid_namespaces(7): 32 below the first */
	STATE_TO_TIME = 11, /* words from the third field of /proc/PID/stat to the 14th */
};

struct gathering {
	struct life_processes *out;
	unsigned flags;
	uint64_t pid_ns, mnt_ns;
	bool own_pids;
	int level; /* of the container's pid namespace in NSpid */
	struct idmap map;
};

static char *read_text(pid_t pid, const char *file)
{
	char path[48], *text = NULL;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return io_read_file(path, STATUS_MAX, &text, NULL) < 0 ? NULL : text;
}

/* ---- what; which: see scan.c ---- */

/* The line "Name:\t…" of /proc/PID/status, after its colon. */
static const char *line_of(const char *status, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = status; p; p = strchr(p, '\n'), p = p ? p + 1 : NULL)
		if (strncmp(p, name, len) == 0 && p[len] == ':')
			return p + len + 1;
	return NULL;
}

/* The number after blanks at *at, which is moved past it. */
static bool take_number(const char **at, uint64_t *ret)
{
	*at += strspn(*at, " \t");
	return io_take_u64(at, ret) == 0;
}

/* The pids from ours to its own; how many. */
static int read_pids(const char *status, pid_t pids[LEVELS_MAX])
{
	const char *p = line_of(status, "NSpid");
	uint64_t value;
	int n = 0;

	while (p && n < LEVELS_MAX && take_number(&p, &value))
		pids[n++] = (pid_t)value;
	return n;
}

static void read_ids(const struct gathering *g, const char *status, struct life_process *p)
{
	const char *line = line_of(status, "Uid");
	uint64_t outside;
	uint32_t inside;

	p->uid = p->host_uid = -1;
	if (!line || !take_number(&line, &outside) || outside > UINT32_MAX)
		return;
	p->host_uid = (int64_t)outside;
	if (idmap_up(&g->map, (uint32_t)outside, &inside))
		p->uid = inside;
}

/* State, and fields 14 and 15 of /proc/PID/stat: ticks in user and kernel mode. The second field,
 * the name, may hold anything: counting begins at the last ")". */
static void read_stat(struct life_process *p)
{
	AUTO_FREE char *text = read_text(p->host_pid, "stat");
	const char *at = text ? strrchr(text, ')') : NULL;
	uint64_t user, system;
	long ticks = sysconf(_SC_CLK_TCK);

	p->state = '?';
	if (!at || at[1] != ' ' || !at[2])
		return;
	p->state = at[2];
	at += 2;
	for (int i = 0; at && i < STATE_TO_TIME; i++)
		at = strchr(at + 1, ' ');
	if (!at || !take_number(&at, &user) || !take_number(&at, &system))
		return;
	p->cpu_ns = (user + system) * (1000000000u / (uint64_t)(ticks > 0 ? ticks : 100));
}

static uint64_t kilobytes(const char *text, const char *name)
{
	const char *line = text ? line_of(text, name) : NULL;
	uint64_t n = 0;

	return line && take_number(&line, &n) ? n * 1024 : 0;
}

static const char *read_command(struct gathering *g, pid_t pid, const char *status)
{
	char path[48], text[COMMAND_MAX];
	AUTO_FD fd = -1;
	const char *name;
	ssize_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, text, sizeof(text) - 1);
	while (n > 0 && !text[n - 1])
		n--;
	for (ssize_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' ';
	if (n > 0)
		return arena_strndup(&g->out->arena, text, (size_t)n);
	name = line_of(status, "Name");
	name = name ? name + strspn(name, "\t ") : "?";
	return arena_printf(&g->out->arena, "[%.*s]", (int)strcspn(name, "\n"), name);
}

static int add(struct gathering *g, pid_t pid)
{
	AUTO_FREE char *status = read_text(pid, "status");
	struct life_processes *out = g->out;
	struct life_process p = {.host_pid = pid};
	pid_t pids[LEVELS_MAX];
	int levels;

	if (!status)
		return 0;
	levels = read_pids(status, pids);
	p.pid = g->level < levels ? pids[g->level] : pid;
	read_ids(g, status, &p);
	read_stat(&p);
	p.rss = kilobytes(status, "VmRSS");
	if (g->flags & LIFE_PROCESSES_PSS) {
		AUTO_FREE char *smaps = read_text(pid, "smaps_rollup"); /* Linux 4.14 */

		p.pss = kilobytes(smaps, "Pss");
	}
	p.command = read_command(g, pid, status);
	if (!p.command || arena_grow(&out->arena, &out->items, out->count, sizeof(p)) < 0)
		return -ENOMEM;
	out->items[out->count++] = p;
	return 0;
}

/* ---- all of it ---- */

static int by_pid(const void *a, const void *b)
{
	const struct life_process *x = a, *y = b;

	return x->pid != y->pid ? (x->pid > y->pid) - (x->pid < y->pid)
				: (x->host_pid > y->host_pid) - (x->host_pid < y->host_pid);
}

static int add_scanned(void *data, pid_t pid)
{
	return add(data, pid);
}

/* Its own pid namespace: its first process is number 1 there. */
static bool learn(struct gathering *g, const struct state_container *c)
{
	AUTO_FREE char *status = read_text(c->process.pid, "status");
	pid_t pids[LEVELS_MAX];
	int levels = status ? read_pids(status, pids) : 0;

	if (!levels)
		return false;
	g->level = levels - 1;
	g->own_pids = levels > 1 && pids[levels - 1] == 1;
	g->pid_ns = c->process.namespaces[NS_PID];
	g->mnt_ns = c->process.namespaces[NS_MNT];
	life_read_map(&g->out->arena, c->process.pid, "uid_map", &g->map);
	return true;
}

int life_processes(const struct state_container *c, const struct life_scan *scan, unsigned flags,
		   struct life_processes *ret, struct rootlet_error *err)
{
	struct gathering g = {.out = ret, .flags = flags};
	int r;

	*ret = (struct life_processes){0};
	arena_init(&ret->arena);
	if (!state_alive(c) || !learn(&g, c))
		return life_not_running(c->name, err);
	r = g.own_pids ? life_scan_below(scan, g.pid_ns, add_scanned, &g)
		       : life_scan_rooted(scan, g.mnt_ns, 0, add_scanned, &g);
	if (r < 0) {
		life_processes_release(ret);
		return error_set(err, r, "processes-read", c->name, "read the processes of %s: %s",
				 c->name, error_text(r));
	}
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), by_pid);
	return 0;
}

void life_processes_release(struct life_processes *processes)
{
	arena_release(&processes->arena);
	*processes = (struct life_processes){0};
}
