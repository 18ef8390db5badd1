/* LANDLOCK in the child: rights to change files below the places that the plan names, and nowhere
 * else. It runs inside the new root, still as root there: it must be able to open those places, and
 * no_new_privs comes later. See child.h for the rules. */
#include "run/child.h"

#include "base/sys.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE /* Linux 6.2 */
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

/* What can be done to a file itself: the kernel refuses other rights on one (EINVAL). */
static const uint64_t file_rights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;

/* What is not there was a default that this root does not have: nothing to allow. */
static int allow(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights};
	struct stat st;
	int fd = open(path, O_PATH | O_CLOEXEC), r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= file_rights;
	rule.parent_fd = fd;
	r = SYS(landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(fd);
	return r;
}

int child_landlock(struct child *c, const struct step *step)
{
	struct landlock_ruleset_attr handled = {.handled_access_fs = step->a.landlock.rights};
	int ruleset = SYS(landlock_create_ruleset, &handled, sizeof(handled.handled_access_fs), 0);
	int r = ruleset < 0 ? ruleset : 0;

	for (const char *const *path = step->a.landlock.paths; r == 0 && *path; path++) {
		r = allow(ruleset, *path, step->a.landlock.rights);
		if (r < 0)
			c->value = path - step->a.landlock.paths;
	}
	if (r == 0)
		r = SYS(landlock_restrict_self, ruleset, 0);
	if (ruleset >= 0)
		close(ruleset);
	return r;
}
