/* A directory service for tests: a module for the C library's passwd and one for libsubid's subid,
 * in one file. It knows one user, whom no file of the host holds. What nsswitch.conf(5) calls
 * `rootlettest`. */
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT enum nss_status _nss_rootlettest_getpwuid_r(uid_t uid, struct passwd *ret, char *buf,
						   size_t size, int *error);
EXPORT enum nss_status _nss_rootlettest_getpwuid_r(uid_t uid, struct passwd *ret, char *buf,
						   size_t size, int *error)
{
	static const char text[] = "directory-user\0/home/of the directory\0/bin/directory-sh";

	if (uid != getuid()) {
		*error = ENOENT;
		return NSS_STATUS_NOTFOUND;
	}
	if (size < sizeof(text)) {
		*error = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	}
	memcpy(buf, text, sizeof(text));
	*ret = (struct passwd){.pw_name = buf, .pw_uid = uid, .pw_gid = getgid()};
	ret->pw_dir = buf + strlen(buf) + 1;
	ret->pw_shell = ret->pw_dir + strlen(ret->pw_dir) + 1;
	ret->pw_passwd = ret->pw_gecos = ret->pw_shell + strlen(ret->pw_shell);
	return NSS_STATUS_SUCCESS;
}

/* ---- shadow/subid.h ---- */

struct range {
	unsigned long start, count;
};
enum { TYPE_UID = 1, SUCCESS = 0, UNKNOWN_USER = 1, ERROR_CONNECTION = 2 };

EXPORT int shadow_subid_has_range(const char *owner, unsigned long start, unsigned long count,
				  int type, bool *result);
EXPORT int shadow_subid_has_range(const char *owner, unsigned long start, unsigned long count,
				  int type, bool *result)
{
	*result = false;
	return SUCCESS;
}

EXPORT int shadow_subid_find_subid_owners(unsigned long id, int type, uid_t **owners, int *count);
EXPORT int shadow_subid_find_subid_owners(unsigned long id, int type, uid_t **owners, int *count)
{
	*count = 0;
	return SUCCESS;
}

EXPORT int shadow_subid_list_owner_ranges(const char *owner, int type, struct range **ranges,
					  int *count);
EXPORT int shadow_subid_list_owner_ranges(const char *owner, int type, struct range **ranges,
					  int *count)
{
	*count = 0;
	*ranges = NULL;
	if (!strcmp(owner, "away"))
		return ERROR_CONNECTION;
	if (strcmp(owner, "directory-user") != 0)
		return UNKNOWN_USER;
	*ranges = malloc(sizeof(**ranges));
	if (!*ranges)
		return ERROR_CONNECTION;
	**ranges = (struct range){type == TYPE_UID ? 700000 : 800000, 4096};
	*count = 1;
	return SUCCESS;
}
