/* One pass over /proc: whose pid namespace each process is in, and which namespace is below which.
 * A thousand containers then cost one pass and not a thousand. */
#include "life/scan.h"

#include "base/fd.h"
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

enum { NO_PARENT = -1 };

#ifndef NS_GET_MNTNS_ID /* linux/nsfs.h of Linux 6.11 */
#define NS_GET_MNTNS_ID _IOR(NSIO, 0x5, uint64_t)
#endif

struct entry {
	pid_t pid;
	uint64_t pid_ns;
};

struct space {
	uint64_t inode, parent_inode; /* 0: the top of what may be seen */
	size_t first, count;	      /* its entries */
	long parent;		      /* its place among the spaces, or NO_PARENT */
};

struct life_scan {
	struct entry *entries; /* by pid_ns */
	size_t count, size;
	struct space *spaces; /* by inode */
	size_t space_count;
};

static uint64_t namespace_of(pid_t pid, const char *type)
{
	char path[48], text[64];
	uint64_t inode = 0;
	const char *at;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, type);
	n = readlink(path, text, sizeof(text) - 1);
	if (n < 1)
		return 0;
	text[n] = '\0';
	at = strchr(text, '[');
	return at && (at++, io_take_u64(&at, &inode)) == 0 ? inode : 0;
}

/* Processes that we may not look into are none of ours, and left out. */
static int add_entry(struct life_scan *s, pid_t pid)
{
	uint64_t inode = namespace_of(pid, "pid");

	if (!inode)
		return 0;
	if (s->count == s->size) {
		size_t size = s->size ? s->size * 2 : 256;
		struct entry *entries = realloc(s->entries, size * sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		s->entries = entries;
		s->size = size;
	}
	s->entries[s->count++] = (struct entry){pid, inode};
	return 0;
}

static int read_entries(struct life_scan *s)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int r = 0;

	if (!proc)
		return -errno;
	while (r == 0 && (entry = readdir(proc)) != NULL) {
		uint64_t pid;

		if (io_parse_u64(entry->d_name, INT32_MAX, &pid) == 0)
			r = add_entry(s, (pid_t)pid);
	}
	closedir(proc);
	return r;
}

/* NS_GET_PARENT: ioctl_ns(2), Linux 4.9. EPERM at the top of what we may see. */
static uint64_t parent_of(pid_t pid)
{
	char path[48];
	AUTO_FD fd = -1;
	AUTO_FD parent = -1;
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	parent = fd < 0 ? -1 : ioctl(fd, NS_GET_PARENT);
	return parent >= 0 && fstat(parent, &st) == 0 ? st.st_ino : 0;
}

static int by_space(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->pid_ns != y->pid_ns ? (x->pid_ns > y->pid_ns) - (x->pid_ns < y->pid_ns)
				      : (x->pid > y->pid) - (x->pid < y->pid);
}

static int by_inode(const void *key, const void *space)
{
	uint64_t a = *(const uint64_t *)key, b = ((const struct space *)space)->inode;

	return (a > b) - (a < b);
}

static long find_space(const struct life_scan *s, uint64_t inode)
{
	const struct space *found = s->space_count ? bsearch(&inode, s->spaces, s->space_count,
							     sizeof(*s->spaces), by_inode)
						   : NULL;

	return found ? found - s->spaces : NO_PARENT;
}

static int group(struct life_scan *s)
{
	if (!s->count)
		return 0;
	qsort(s->entries, s->count, sizeof(*s->entries), by_space);
	s->spaces = calloc(s->count, sizeof(*s->spaces));
	if (!s->spaces)
		return -ENOMEM;
	for (size_t i = 0; i < s->count; i++) {
		struct space *last = s->space_count ? &s->spaces[s->space_count - 1] : NULL;

		if (!last || last->inode != s->entries[i].pid_ns) {
			last = &s->spaces[s->space_count++];
			*last = (struct space){.inode = s->entries[i].pid_ns,
					       .parent_inode = parent_of(s->entries[i].pid),
					       .first = i};
		}
		last->count++;
	}
	for (size_t i = 0; i < s->space_count; i++)
		s->spaces[i].parent = find_space(s, s->spaces[i].parent_inode);
	return 0;
}

int life_scan_make(struct life_scan **ret)
{
	struct life_scan *s = calloc(1, sizeof(*s));
	int r = s ? read_entries(s) : -ENOMEM;

	if (r == 0)
		r = group(s);
	if (r < 0) {
		life_scan_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void life_scan_free(struct life_scan *s)
{
	if (!s)
		return;
	free(s->entries);
	free(s->spaces);
	free(s);
}

/* A namespace without a process of its own between the two breaks the chain here, and is asked for
 * by its inode: it is the parent of one that has some. */
static bool is_below(const struct life_scan *s, const struct space *space, uint64_t pid_ns)
{
	for (;;) {
		if (space->inode == pid_ns || space->parent_inode == pid_ns)
			return true;
		if (space->parent == NO_PARENT)
			return false;
		space = &s->spaces[space->parent];
	}
}

int life_scan_below(const struct life_scan *s, uint64_t pid_ns, life_scan_visit *visit, void *data)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->space_count; i++) {
		const struct space *space = &s->spaces[i];

		if (!is_below(s, space, pid_ns))
			continue;
		for (size_t k = 0; r == 0 && k < space->count; k++)
			r = visit(data, s->entries[space->first + k].pid);
	}
	return r;
}

uint64_t life_mounts_id(pid_t pid)
{
	char path[48];
	AUTO_FD fd = -1;
	uint64_t id = 0;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && ioctl(fd, NS_GET_MNTNS_ID, &id) == 0 ? id : 0;
}

int life_scan_rooted(const struct life_scan *s, uint64_t mnt_ns, uint64_t id,
		     life_scan_visit *visit, void *data)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->count; i++) {
		pid_t pid = s->entries[i].pid;

		if (namespace_of(pid, "mnt") == mnt_ns && (!id || life_mounts_id(pid) == id))
			r = visit(data, pid);
	}
	return r;
}
