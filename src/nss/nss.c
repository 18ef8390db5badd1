/* rootlet-nss: asks this host's directories (LDAP, SSSD, systemd …) for the rootlet command, which
 * is static and so cannot load the libraries that know them. Run by src/facts/directory.c, and only
 * where nsswitch.conf(5) names more than files.
 *
 *     rootlet-nss passwd UID    name NAME · home HOME · shell SHELL, a line each
 *     rootlet-nss subid NAME    uid START COUNT · gid START COUNT, a line for every range
 *
 * Exit status 0: answered (a user may hold no ranges); 1: there is no such user; 2: nobody could be
 * asked, and a line on stderr says why. It reads, and changes nothing. It has no privilege, and
 * needs none.
 */
#include "base/io.h"

#include <dlfcn.h>
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_LIBSUBID
#include <shadow/subid.h>
#else
struct subid_range { /* as in shadow/subid.h */
	unsigned long start, count;
};
#endif

enum { ANSWERED = 0, NO_SUCH_USER = 1, NOBODY_ASKED = 2 };

static int complain(const char *why)
{
	fprintf(stderr, "%s\n", why);
	return NOBODY_ASKED;
}

/* ---- passwd ---- */

static int print_passwd(const char *id)
{
	struct passwd *pw;
	uint64_t uid;

	if (io_parse_u64(id, UINT32_MAX - 1, &uid) < 0)
		return complain("the user id must be a number");
	errno = 0;
	pw = getpwuid((uid_t)uid);
	/* getpwuid(3): several errnos mean no more than that it found none. */
	if (!pw)
		return errno == EIO || errno == EMFILE || errno == ENFILE || errno == ENOMEM
			       ? complain("the directory service of users does not answer")
			       : NO_SUCH_USER;
	if (strchr(pw->pw_name, '\n') || strchr(pw->pw_dir, '\n') || strchr(pw->pw_shell, '\n'))
		return complain("the user's entry holds a line break");
	printf("name %s\nhome %s\nshell %s\n", pw->pw_name, pw->pw_dir, pw->pw_shell);
	return ANSWERED;
}

/* ---- subid ---- */

typedef bool init_function(const char *program, FILE *log);
typedef int ranges_function(const char *owner, struct subid_range **ranges);

struct library {
	init_function *init;
	ranges_function *uids, *gids;
};

#ifdef HAVE_LIBSUBID
static bool load_library(struct library *ret)
{
	*ret = (struct library){subid_init, subid_get_uid_ranges, subid_get_gid_ranges};
	return true;
}
#else
/* Both spellings: the functions were renamed with version 4 (shadow 4.10). */
static const struct {
	const char *file, *init, *uids, *gids;
} libraries[] = {
	{"libsubid.so.5", "subid_init", "subid_get_uid_ranges", "subid_get_gid_ranges"},
	{"libsubid.so.4", "subid_init", "subid_get_uid_ranges", "subid_get_gid_ranges"},
	{"libsubid.so.3", "libsubid_init", "get_subuid_ranges", "get_subgid_ranges"},
};

/* dlsym(3) gives data pointers, and C does not convert those to functions. */
static bool find_function(void *library, const char *name, void *ret)
{
	void *symbol = dlsym(library, name);

	memcpy(ret, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static bool load_library(struct library *ret)
{
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		void *library = dlopen(libraries[i].file, RTLD_NOW | RTLD_LOCAL);

		if (library && find_function(library, libraries[i].init, &ret->init) &&
		    find_function(library, libraries[i].uids, &ret->uids) &&
		    find_function(library, libraries[i].gids, &ret->gids))
			return true;
	}
	return false;
}
#endif

static bool print_ranges(const char *kind, ranges_function *get, const char *owner)
{
	struct subid_range *found = NULL;
	int n = get(owner, &found);

	for (int i = 0; i < n; i++)
		printf("%s %lu %lu\n", kind, found[i].start, found[i].count);
	free(found);
	return n >= 0;
}

static int print_subid(const char *owner)
{
	struct library library;

	if (!load_library(&library))
		return complain(
			"libsubid is not installed (package libsubid4 or shadow-utils-subid)");
	library.init("rootlet-nss", NULL); /* NULL: its own messages go to /dev/null */
	if (!print_ranges("uid", library.uids, owner) || !print_ranges("gid", library.gids, owner))
		return complain("the directory service of subordinate ids does not answer");
	return ANSWERED;
}

int main(int argc, char **argv)
{
	int status;

	if (argc == 3 && !strcmp(argv[1], "passwd"))
		status = print_passwd(argv[2]);
	else if (argc == 3 && !strcmp(argv[1], "subid"))
		status = print_subid(argv[2]);
	else
		status = complain("usage: rootlet-nss passwd UID | subid NAME");
	if (fflush(stdout) != 0)
		status = complain("the answer could not be written");
	_exit(status); /* what was loaded does not expect to be unloaded */
}
