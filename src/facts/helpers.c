/* newuidmap and newgidmap: where they are, and whether they can work.
 *
 * They are looked for in the system's own directories only, never in $PATH: rootlet hands them its
 * namespaces, and a stand-in would decide whose ids are mapped.
 */
#include "facts/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The last one is NixOS's, whose setuid files cannot be in the store. */
static const char *const directories[] = {"/usr/bin",  "/bin",	"/usr/local/bin",
					  "/usr/sbin", "/sbin", "/run/wrappers/bin"};

/* What an id that our namespace does not map reads as (/proc/sys/kernel/overflowuid's default). */
enum { OVERFLOW_ID = 65534 };

/* The bit counts only when our namespace maps the owner (execve(2)). */
static bool is_setuid_root(const struct stat *st)
{
	return (st->st_mode & S_ISUID) && st->st_uid == 0;
}

enum helper_state helper_judge(const struct stat *st, bool file_caps, bool nosuid, bool nested,
			       bool no_new_privs)
{
	if (!S_ISREG(st->st_mode))
		return HELPER_MISSING;
	if (!(st->st_uid == 0 || (nested && st->st_uid == OVERFLOW_ID)) ||
	    (st->st_mode & (S_IWGRP | S_IWOTH)))
		return HELPER_UNTRUSTED;
	if (!is_setuid_root(st) && !file_caps)
		return HELPER_NOT_SETUID;
	if (nosuid)
		return HELPER_NOSUID;
	return no_new_privs ? HELPER_NO_NEW_PRIVS : HELPER_OK;
}

enum helper_state helper_check(const char *path, bool nested, bool no_new_privs)
{
	bool file_caps, nosuid;
	struct statvfs fs;
	struct stat st;

	if (stat(path, &st) < 0)
		return HELPER_MISSING;
	file_caps = !is_setuid_root(&st) && getxattr(path, "security.capability", NULL, 0) > 0;
	nosuid = statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOSUID);
	return helper_judge(&st, file_caps, nosuid, nested, no_new_privs);
}

/* The first one that works; else what is wrong with the first one that is there. */
static int find_helper(struct facts *facts, const char *name, struct facts_helper *ret)
{
	enum helper_state best = HELPER_MISSING;
	char path[64], best_path[64] = "";

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		enum helper_state state;

		snprintf(path, sizeof(path), "%s/%s", directories[i], name);
		state = helper_check(path, !facts->initial_userns, facts->no_new_privs);
		if (best == HELPER_MISSING || state == HELPER_OK) {
			best = state;
			strcpy(best_path, path);
		}
		if (state == HELPER_OK)
			break;
	}
	ret->state = best;
	ret->path = best == HELPER_MISSING ? NULL : arena_strdup(&facts->arena, best_path);
	return best == HELPER_MISSING || ret->path ? 0 : -ENOMEM;
}

int probe_helpers(struct facts *facts)
{
	int r = find_helper(facts, "newuidmap", &facts->newuidmap);

	return r ? r : find_helper(facts, "newgidmap", &facts->newgidmap);
}
