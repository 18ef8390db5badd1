/* Which processes a container has: by its cgroup, or by the namespaces of its first process. See
 * bundle.h. */
#include "life/bundle.h"

#include "base/fd.h"
#include "base/io.h"
#include "init/ending.h"
#include "life/life.h"
#include "life/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { PROCS_LIMIT = 4 << 20 };

struct pids {
	pid_t *items;
	size_t count, size;
};

static int add_pid(void *data, pid_t pid)
{
	struct pids *p = data;

	if (p->count == p->size) {
		size_t size = p->size ? 2 * p->size : 16;
		pid_t *items = reallocarray(p->items, size, sizeof(pid_t));

		if (!items)
			return -ENOMEM;
		p->items = items;
		p->size = size;
	}
	p->items[p->count++] = pid;
	return 0;
}

/* One that is gone has none; in a threaded one they are told by the group above. */
static int none_or(int r)
{
	return r == -ENOENT || r == -ENODEV || r == -EOPNOTSUPP ? 0 : r;
}

/* Of one group. */
static int add_procs(void *data, int dir)
{
	AUTO_FD fd = openat(dir, "cgroup.procs", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	const char *at;
	uint64_t pid;
	int r;

	if (fd < 0)
		return none_or(-errno);
	r = io_read_fd(fd, PROCS_LIMIT, &text, NULL);
	if (r < 0)
		return none_or(r);
	for (at = text; r == 0 && *at; at += strspn(at, "\n")) {
		if (io_take_u64(&at, &pid) < 0)
			return -EINVAL;
		if (pid > 0) /* 0: in a pid namespace that we do not see into */
			r = add_pid(data, (pid_t)pid);
	}
	return r;
}

/* The cgroup's own and those of all below it. */
static int add_tree(const char *cgroup, struct pids *pids)
{
	const struct ending_groups each = {.visit = add_procs, .data = pids};
	int r = ending_each_group(cgroup, &each);

	return none_or(r);
}

/* Without a cgroup: by its pid namespace, or by its root where that is not its own.
 *
 * The number of a namespace is given again once the last who used it is gone, and the lowest first:
 * a container that ended is soon another's namesake. It tells something only while the first
 * process lives or somebody holds the namespace open; else the kernel's own id does, where there is
 * one. */
static int add_scanned(const struct bundle *b, struct pids *pids)
{
	const struct bundle_record *record = &b->record;
	const uint64_t *namespaces = record->process.namespaces;
	bool certain = bundle_alive(b) || b->mounts >= 0;
	struct life_scan *scan;
	int r;

	if (state_process_of_another_boot(&record->process))
		return 0;
	if (!record->own_pids && !record->own_mounts)
		return 0; /* nothing tells its processes from others' */
	if (!certain && (record->own_pids || !record->mounts_id))
		return 0;
	r = life_scan_make(&scan);
	if (r < 0)
		return r;
	if (record->own_pids && namespaces[NS_PID])
		r = life_scan_below(scan, namespaces[NS_PID], add_pid, pids);
	else if (record->own_mounts && namespaces[NS_MNT])
		r = life_scan_rooted(scan, namespaces[NS_MNT], record->mounts_id, add_pid, pids);
	life_scan_free(scan);
	return r;
}

int life_bundle_by_number(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int life_bundle_pids(const struct bundle *b, pid_t **ret, size_t *ret_count,
		     struct rootlet_error *err)
{
	struct pids pids = {0};
	int r = b->record.cgroup ? add_tree(b->record.cgroup, &pids) : add_scanned(b, &pids);

	if (r == 0 && !pids.count && bundle_alive(b))
		r = add_pid(&pids, b->record.process.pid);
	if (r < 0) {
		free(pids.items);
		return error_set(err, r, "processes-read", b->id,
				 "container %s: read its processes: %s", b->id, error_text(r));
	}
	if (pids.count)
		qsort(pids.items, pids.count, sizeof(pid_t), life_bundle_by_number);
	*ret = pids.items;
	*ret_count = pids.count;
	return 0;
}
