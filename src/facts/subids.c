/* The subordinate ids that the caller was granted: subuid(5), subgid(5).
 *
 * The files are read directly where nsswitch.conf leaves them in charge, as almost everywhere. Only
 * where it names another source is libsubid loaded, for it brings half a dozen libraries along.
 */
#include "facts/probe.h"

#include "base/io.h"
#include "parse/parse.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- files ---- */

int subids_from_file(struct arena *a, const char *path, const char *name, uint32_t uid,
		     struct id_ranges *ret, const char **ret_error)
{
	struct probe_text t;
	int r = probe_read_text(path, &t);

	*ret_error = NULL;
	if (r == -ENOENT) /* a host that grants none */
		return 0;
	if (r < 0) {
		*ret_error = arena_printf(a, "cannot read %s: %s", path, error_text(r));
		return *ret_error ? 0 : -ENOMEM;
	}
	r = parse_subid_file(a, t.text, name, uid, ret);
	probe_text_release(&t);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		*ret_error = arena_printf(a, "%s is malformed", path);
		return *ret_error ? 0 : -ENOMEM;
	}
	return 0;
}

/* ---- libsubid ---- */

struct library_range { /* struct subid_range of shadow/subid.h */
	unsigned long start, count;
};

/* Both spellings: the functions were renamed with version 4 (shadow 4.10). */
static const struct {
	const char *file, *init, *uids, *gids;
} libraries[] = {
	{"libsubid.so.5", "subid_init", "subid_get_uid_ranges", "subid_get_gid_ranges"},
	{"libsubid.so.4", "subid_init", "subid_get_uid_ranges", "subid_get_gid_ranges"},
	{"libsubid.so.3", "libsubid_init", "get_subuid_ranges", "get_subgid_ranges"},
};

typedef bool init_function(const char *program, void *log);
typedef int ranges_function(const char *owner, struct library_range **ranges);

/* Never unloaded: what it loads in turn does not expect that. */
static ranges_function *load_library(bool gid)
{
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		void *library = dlopen(libraries[i].file, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
		bool fresh = !library;
		init_function *init;
		void *symbol;

		if (fresh)
			library = dlopen(libraries[i].file, RTLD_NOW | RTLD_LOCAL);
		if (!library)
			continue;
		symbol = dlsym(library, libraries[i].init);
		memcpy(&init, &symbol, sizeof(init));
		/* Without this it writes to stderr; NULL stands for /dev/null. Once only: each call
		 * leaks a little, and a program that loaded it before us has made its own choice. */
		if (init && fresh)
			init("rootlet", NULL);
		symbol = dlsym(library, gid ? libraries[i].gids : libraries[i].uids);
		if (symbol) {
			ranges_function *ranges;

			memcpy(&ranges, &symbol, sizeof(ranges));
			return ranges;
		}
	}
	return NULL;
}

int subids_from_library(struct arena *a, const char *name, bool gid, struct id_ranges *ret,
			const char **ret_error)
{
	ranges_function *get = load_library(gid);
	struct library_range *found = NULL;
	int n, r = 0;

	*ret_error = NULL;
	if (!get) {
		*ret_error = "libsubid is not installed (package libsubid4 or shadow-utils-subid)";
		return 0;
	}
	n = get(name, &found);
	if (n < 0) {
		*ret_error = "the directory service of subordinate ids does not answer";
		return 0;
	}
	for (int i = 0; i < n && !r; i++) {
		if (found[i].start > ID_MAX || !found[i].count ||
		    found[i].count > (unsigned long)ID_MAX - found[i].start + 1)
			continue;
		r = arena_grow(a, &ret->ranges, ret->count, sizeof(*ret->ranges));
		if (!r)
			ret->ranges[ret->count++] =
				(struct id_range){.start = (uint32_t)found[i].start,
						  .count = (uint32_t)found[i].count};
	}
	free(found);
	return r;
}

/* ---- choosing ---- */

/* shadow takes the first source after `subid:` and no other. "" and "files" mean the files. */
static void subid_source(char *buf, size_t size)
{
	struct probe_text t;

	buf[0] = '\0';
	if (probe_read_text("/etc/nsswitch.conf", &t) < 0)
		return;
	if (!nsswitch_sources(t.text, "subid", buf, size))
		buf[0] = '\0';
	buf[strcspn(buf, " ")] = '\0';
	probe_text_release(&t);
}

struct owner {
	const char *name;
	uint32_t uid; /* SPEC_ID_UNSET: only the name counts */
};

/* --subuidname takes a name or a number; without it, we ask for ourselves. */
static struct owner choose_owner(const struct facts *facts, const char *override)
{
	struct owner owner = {facts->user_name, facts->uid};
	uint64_t number;

	if (override && (!facts->user_name || strcmp(override, facts->user_name) != 0)) {
		owner.name = override;
		owner.uid = io_parse_u64(override, ID_MAX, &number) == 0 ? (uint32_t)number
									 : SPEC_ID_UNSET;
	}
	return owner;
}

static int get_ranges(struct facts *facts, bool library, bool gid, const char *override)
{
	struct owner owner = choose_owner(facts, override);
	struct id_ranges *ret = gid ? &facts->subgids : &facts->subuids;
	const char *error = NULL;
	int r;

	if (library && !owner.name)
		error = "the caller's user id has no name, and names are what is asked for";
	if (error)
		r = 0;
	else if (library)
		r = subids_from_library(&facts->arena, owner.name, gid, ret, &error);
	else
		r = subids_from_file(&facts->arena, gid ? "/etc/subgid" : "/etc/subuid",
				     owner.name ? owner.name : "", owner.uid, ret, &error);
	if (error && !facts->subid_error)
		facts->subid_error = error;
	return r;
}

int probe_subids(struct facts *facts, const struct spec *spec)
{
	char source[64];
	bool library;
	int r;

	subid_source(source, sizeof(source));
	library = source[0] && strcmp(source, "files") != 0;
	facts->subid_source = arena_strdup(&facts->arena, library ? source : "files");
	if (!facts->subid_source)
		return -ENOMEM;
	r = get_ranges(facts, library, false, spec ? spec->subuid_name : NULL);
	if (!r)
		r = get_ranges(facts, library, true, spec ? spec->subgid_name : NULL);
	return r;
}
