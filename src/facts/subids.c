/* The subordinate ids that the caller was granted: subuid(5), subgid(5).
 *
 * The files are read directly where nsswitch.conf leaves them in charge, as almost everywhere. Only
 * where it names another source is libsubid asked, in another process: directory.c.
 */
#include "facts/probe.h"

#include "base/io.h"
#include "parse/parse.h"

#include <errno.h>
#include <stdio.h>
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

/* ---- directories ---- */

/* "uid START COUNT" or "gid START COUNT", a line each; whatever else a library printed is passed
 * over. */
int subids_from_answer(struct arena *a, const char *text, bool gid, struct id_ranges *ret)
{
	const char *kind = gid ? "gid " : "uid ";

	for (; *text; text += *text == '\n') {
		const char *line = text;
		unsigned long start, count;
		int used = 0, r;

		text = strchrnul(text, '\n');
		if (strncmp(line, kind, 4) != 0 ||
		    /* glibc and musl clamp, and both are compared below.
		       NOLINTNEXTLINE(cert-err34-c) */
		    sscanf(line + 4, "%lu %lu%n", &start, &count, &used) != 2 ||
		    line + 4 + used != text)
			continue;
		if (start > ID_MAX || !count || count > (unsigned long)ID_MAX - start + 1)
			continue;
		r = arena_grow(a, &ret->ranges, ret->count, sizeof(*ret->ranges));
		if (r)
			return r;
		ret->ranges[ret->count++] =
			(struct id_range){.start = (uint32_t)start, .count = (uint32_t)count};
	}
	return 0;
}

/* One answer holds both kinds, and nearly always one owner is meant by both. */
struct directory {
	const char *owner; /* whom `text` and `error` are about; NULL: nobody was asked for yet */
	const char *text, *error;
};

static int subids_from_directory(struct arena *a, struct directory *directory, const char *owner,
				 bool gid, struct id_ranges *ret, const char **ret_error)
{
	struct directory_question question = {.database = "subid", .key = owner};
	int r;

	if (!directory->owner || strcmp(directory->owner, owner) != 0) {
		r = directory_ask(a, &question, &directory->text, &directory->error);
		if (r)
			return r;
		directory->owner = owner;
	}
	*ret_error = directory->error;
	return directory->text ? subids_from_answer(a, directory->text, gid, ret) : 0;
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

/* `directory` is NULL where the files are in charge. */
static int get_ranges(struct facts *facts, struct directory *directory, bool gid,
		      const char *override)
{
	struct owner owner = choose_owner(facts, override);
	struct id_ranges *ret = gid ? &facts->subgids : &facts->subuids;
	const char *error = NULL;
	int r;

	if (directory && !owner.name)
		error = "the caller's user id has no name, and names are what is asked for";
	if (error)
		r = 0;
	else if (directory)
		r = subids_from_directory(&facts->arena, directory, owner.name, gid, ret, &error);
	else
		r = subids_from_file(&facts->arena, gid ? "/etc/subgid" : "/etc/subuid",
				     owner.name ? owner.name : "", owner.uid, ret, &error);
	if (error && !facts->subid_error)
		facts->subid_error = error;
	return r;
}

int probe_subids(struct facts *facts, const struct spec *spec)
{
	struct directory directory = {0}, *asked;
	char source[64];
	int r;

	subid_source(source, sizeof(source));
	asked = source[0] && strcmp(source, "files") != 0 ? &directory : NULL;
	facts->subid_source = arena_strdup(&facts->arena, asked ? source : "files");
	if (!facts->subid_source)
		return -ENOMEM;
	r = get_ranges(facts, asked, false, spec ? spec->subuid_name : NULL);
	if (!r)
		r = get_ranges(facts, asked, true, spec ? spec->subgid_name : NULL);
	return r;
}
