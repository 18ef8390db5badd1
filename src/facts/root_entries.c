/* The entries of `/`, for the recipe that binds them one by one. Sorted: a plan must not depend on
 * the order of a directory. */
#include "facts/probe.h"

#include "base/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum entry_type type_of(int dir, const struct dirent64 *d)
{
	struct stat st;
	unsigned type = d->d_type;

	if (type == DT_UNKNOWN && fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		type = IFTODT(st.st_mode);
	if (type == DT_DIR)
		return ENTRY_DIRECTORY;
	if (type == DT_LNK)
		return ENTRY_SYMLINK;
	return type == DT_REG ? ENTRY_FILE : ENTRY_OTHER;
}

static int add_entry(struct facts *facts, int dir, const struct dirent64 *d)
{
	struct facts_entry entry = {.type = type_of(dir, d)};
	char target[PATH_MAX];

	if (entry.type == ENTRY_SYMLINK) {
		ssize_t n = readlinkat(dir, d->d_name, target, sizeof(target));

		if (n <= 0)
			return 0; /* gone meanwhile */
		entry.target = arena_strndup(&facts->arena, target, (size_t)n);
		if (!entry.target)
			return -ENOMEM;
	}
	entry.name = arena_strdup(&facts->arena, d->d_name);
	if (!entry.name || arena_grow(&facts->arena, &facts->root_entries, facts->root_entry_count,
				      sizeof(entry)) < 0)
		return -ENOMEM;
	facts->root_entries[facts->root_entry_count++] = entry;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct facts_entry *)a)->name, ((const struct facts_entry *)b)->name);
}

int probe_root_entries(struct facts *facts)
{
	AUTO_FD dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_Alignas(struct dirent64) char buf[4096];
	ssize_t n;

	facts->etc_hosts = faccessat(AT_FDCWD, "/etc/hosts", F_OK, 0) == 0;
	facts->etc_resolv_conf = faccessat(AT_FDCWD, "/etc/resolv.conf", F_OK, 0) == 0;
	facts->etc_hostname = faccessat(AT_FDCWD, "/etc/hostname", F_OK, 0) == 0;
	if (dir < 0)
		return 0;
	while ((n = getdents64(dir, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *d =
				(const struct dirent64 *)(const void *)(buf + at);

			at += d->d_reclen;
			if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
				continue;
			if (add_entry(facts, dir, d) < 0)
				return -ENOMEM;
		}
	}
	if (facts->root_entry_count)
		qsort(facts->root_entries, facts->root_entry_count, sizeof(*facts->root_entries),
		      by_name);
	return 0;
}
