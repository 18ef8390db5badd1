/* The one file that a start may leave for the next: a compiled seccomp profile, in the user's cache
 * folder. Written whole or not at all; a failure costs the next start some 20 ms and is not said.
 */
#include "life/life.h"

#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folders above the file: its own, and the cache folder itself (XDG base directory
 * specification: 0700). */
static int make_folders(char *path)
{
	char *own = strrchr(path, '/'), *base;

	*own = '\0';
	base = strrchr(path, '/');
	*base = '\0';
	mkdir(path, 0700);
	*base = '/';
	mkdir(path, 0700);
	*own = '/';
	return own - path > 1 ? 0 : -EINVAL;
}

static void keep(const struct plan *plan)
{
	AUTO_FREE char *path = strdup(plan->cache_path);
	AUTO_FREE char *temporary = NULL;
	AUTO_FD fd = -1; /* 0600 */
	int r;

	if (asprintf(&temporary, "%s.XXXXXX", plan->cache_path) < 0)
		temporary = NULL; /* asprintf(3): its contents are undefined */
	if (!path || !temporary || make_folders(path) < 0)
		return;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return;
	r = io_write_all(fd, plan->cache_data, plan->cache_size);
	if (r < 0 || rename(temporary, path) < 0)
		unlink(temporary);
}

void life_keep_plan(const struct plan *plan)
{
	if (plan->cache_path)
		keep(plan);
}
