/* Which seccomp filters are loaded, and in which order. Part of SEAL, called by stage_seal.
 *
 * The kernel asks all of them and takes the strictest answer, so order matters only for loading:
 * the user's profile comes last, because it may refuse seccomp(2) itself. Compiling is pure: text
 * in, program out.
 */
#include "plan/planner.h"

#include "seccomp/filter.h"
#include "seccomp/profile.h"
#include "seccomp/profile_cache.h"

#include <errno.h>
#include <string.h>

static struct step *load(struct planner *p, const struct seccomp_filter *filter, const char *why)
{
	struct step *step = plan_add(p, OP_SECCOMP, ACTOR_CHILD, filter->name);

	step->a.filter.program = filter->program;
	step->a.filter.length = filter->length;
	step->a.filter.name = filter->name;
	step->a.filter.flags = filter->flags;
	step->a.filter.notify = filter->notify;
	p->plan->notifies |= filter->notify;
	step->why = why;
	return step;
}

static int no_text(struct planner *p, const char *path)
{
	const struct facts *f = p->facts;
	bool same = f->profile_path && strcmp(f->profile_path, path) == 0;

	if (same && f->profile_error) {
		error_set(p->err, -ENOENT, "seccomp-file", path, "--security-opt seccomp=%s: %s",
			  path, f->profile_error);
		error_hint(p->err, "it names a file, or is the word unconfined; the default filter "
				   "needs no option");
		return -ENOENT;
	}
	if (same && f->profile_text)
		return 0;
	error_set(p->err, -ENODATA, "seccomp-facts", path,
		  "--security-opt seccomp=%s: the facts do not hold this profile's text", path);
	error_hint(p->err, "add it to them: \"seccomp_profile\": {\"path\": …, \"text\": …}");
	return -ENODATA;
}

/* For the next start; a lack of memory only means that there is none. */
static void keep(struct planner *p, uint64_t capabilities, const char *release,
		 const struct seccomp_filter *filter)
{
	struct profile_bytes bytes;

	if (!p->facts->profile_cache ||
	    profile_cache_pack(p->arena, p->facts->profile_text, capabilities, release, filter,
			       &bytes) < 0)
		return;
	p->plan->cache_path = plan_copy(p, p->facts->profile_cache);
	p->plan->cache_data = bytes.data;
	p->plan->cache_size = bytes.size;
}

static int compile(struct planner *p, uint64_t capabilities, struct seccomp_filter *ret)
{
	const struct facts *f = p->facts;
	const struct profile_bytes kept = {f->profile_cached, f->profile_cached_size};
	const char *release = f->kernel_release ? f->kernel_release : "0.0";
	int r;

	if (kept.data &&
	    profile_cache_unpack(p->arena, &kept, f->profile_text, capabilities, release, ret)) {
		ret->name = plan_copy(p, p->spec->seccomp_path);
		return 0;
	}
	r = seccomp_profile_compile(p->arena, f->profile_text, strlen(f->profile_text),
				    p->spec->seccomp_path, capabilities, release, ret, p->err);
	if (r == 0)
		keep(p, capabilities, release, ret);
	return r;
}

static int load_profile(struct planner *p, uint64_t capabilities)
{
	struct seccomp_filter filter;
	int r = no_text(p, p->spec->seccomp_path);

	if (r == 0)
		r = compile(p, capabilities, &filter);
	if (r == 0)
		load(p, &filter, "the profile that was asked for")->a.filter.profile = true;
	return r;
}

/* What was kept has no word of what was passed over, so such a program is not kept. */
static int compile_part(struct planner *p, struct seccomp_filter *ret)
{
	const struct spec_oci *oci = p->spec->oci;
	const struct facts *f = p->facts;
	const struct profile_bytes kept = {f->profile_cached, f->profile_cached_size};
	const char *release = f->kernel_release ? f->kernel_release : "0.0", *note;
	const struct seccomp_part part = {
		.text = oci->seccomp_text,
		.len = oci->seccomp_length,
		.path = oci->config ? oci->config : "config.json",
		.line = oci->seccomp_line,
		.column = oci->seccomp_column,
		.listener = oci->seccomp_listener != NULL,
	};
	int r;

	if (kept.data && profile_cache_unpack(p->arena, &kept, oci->seccomp_text, 0, release, ret))
		return 0;
	r = seccomp_part_compile(p->arena, &part, 0, release, ret, &note, p->err);
	if (r < 0)
		return r;
	if (note)
		plan_note(p, "%s: /linux/seccomp: %s", part.path, note);
	else if (f->profile_text)
		keep(p, 0, release, ret);
	return 0;
}

/* linux.seccomp, which is part of the config itself. */
static int load_part(struct planner *p)
{
	struct seccomp_filter filter = {0};
	int r = compile_part(p, &filter);

	if (r < 0)
		return r;
	filter.name = "linux.seccomp";
	load(p, &filter, "the profile of the config")->a.filter.profile = true;
	return 0;
}

int plan_filters(struct planner *p, uint64_t capabilities)
{
	const struct spec *s = p->spec;
	struct seccomp_filter filter;
	int r = 0;

	if (s->disable_userns)
		load(p, seccomp_no_userns(),
		     "asked for: holds against whoever could raise the limit again");
	if (s->oci) /* what it says, and nothing more: it has a session and a keyring of its own */
		return s->oci->seccomp_text ? load_part(p) : 0;
	if (s->seccomp == SECCOMP_FILE) {
		load(p, seccomp_always(),
		     "whatever the profile allows: nobody inside may type into the caller's "
		     "terminal or reach the caller's keys");
		return load_profile(p, capabilities);
	}
	if (s->seccomp == SECCOMP_UNCONFINED || s->privileged) {
		load(p, seccomp_always(),
		     "unconfined, but nobody inside may type into the caller's terminal or reach "
		     "the caller's keys");
		return 0;
	}
	r = seccomp_build(p->arena, capabilities, &filter, p->err);
	if (r == 0)
		load(p, &filter, NULL);
	return r;
}
