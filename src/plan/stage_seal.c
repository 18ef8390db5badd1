/* SEAL and EXEC: take away what the command should not have, then become it.
 *
 * SEAL should first close what the host lent, and then go from what needs privilege to what gives
 * it up: the bounding set before the ids, the ids before the working directory, no_new_privs before
 * the filter, the filter last. It must not read anything of the container's but its passwd and
 * group files.
 */
#include "plan/planner.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

static bool wants_no_new_privs(const struct spec *s)
{
	if (s->no_new_privileges != UNSET)
		return s->no_new_privileges == YES;
	return s->kind != SPEC_UNSHARE && !s->privileged;
}

/* Securebits stay 0, as the new user namespace brings them: the bounding set is the ceiling, and
 * locking SECBIT_NOROOT would change what root means inside (capabilities(7)). */
static int add_capability_steps(struct planner *p, uint64_t kept, bool filter_first)
{
	uint64_t ambient = plan_ambient_capabilities(p, kept);
	bool all = kept == plan_all_capabilities(p);
	struct step *step;
	int r = 0;

	if (!all) {
		step = plan_add(p, OP_BOUNDING_SET, ACTOR_CHILD, "bounding");
		step->a.capabilities = kept;
	}
	if (filter_first) /* without no_new_privs a filter needs CAP_SYS_ADMIN: while we have it */
		r = plan_filters(p, kept);
	if (ambient)
		plan_add(p, OP_KEEP_CAPABILITIES, ACTOR_CHILD, "keepcaps");
	if (r == 0)
		r = plan_user(p);
	if (!all) {
		step = plan_add(p, OP_CAPABILITIES, ACTOR_CHILD, "effective and permitted");
		step->a.capabilities = kept;
	}
	if (ambient) {
		step = plan_add(p, OP_AMBIENT, ACTOR_CHILD, "ambient");
		step->a.capabilities = ambient;
	}
	return r;
}

static const char *visible_cwd(const struct planner *p)
{
	static const char *const hidden[] = {"/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp"};
	const struct spec *s = p->spec;
	const char *cwd = p->facts->cwd, *home = p->facts->home;

	if (!cwd || s->root_kind != ROOT_HOST)
		return "/";
	for (size_t i = 0; i < s->mount_count; i++)
		if (path_within(cwd, s->mounts[i].destination))
			return cwd;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (path_within(cwd, hidden[i]))
			return home ? home : "/";
	if (home && strcmp(home, "/") != 0 && path_within(cwd, home))
		return home;
	return cwd;
}

static void add_workdir(struct planner *p)
{
	const char *cwd = p->spec->cwd ? p->spec->cwd : visible_cwd(p);
	struct step *step;

	if (p->spec->kind == SPEC_UNSHARE && !p->spec->cwd)
		return;
	step = plan_add(p, OP_WORKDIR, ACTOR_CHILD, plan_copy(p, cwd));
	step->a.text.text = step->subject;
	step->optional = !p->spec->cwd;
}

/* A limit of the command's own, from --ulimit, stands for it. */
static void put_file_limit_back(struct planner *p)
{
	struct step *step;

	if (!p->file_limit_raised)
		return;
	for (size_t i = 0; i < p->spec->rlimit_count; i++)
		if (p->spec->rlimits[i].resource == RLIMIT_NOFILE)
			return;
	step = plan_add(p, OP_RLIMIT, ACTOR_CHILD, "nofile");
	step->a.rlimit.resource = RLIMIT_NOFILE;
	step->a.rlimit.name = step->subject;
	step->a.rlimit.soft = p->facts->nofile_soft;
	step->a.rlimit.hard = p->facts->nofile_hard;
	step->why = "your own limit again: it was raised to hold the sources";
}

void plan_limits(struct planner *p)
{
	const struct spec *s = p->spec;
	struct step *step;

	put_file_limit_back(p);
	for (size_t i = 0; i < s->rlimit_count; i++) {
		step = plan_add(p, OP_RLIMIT, ACTOR_CHILD, plan_copy(p, s->rlimits[i].name));
		step->a.rlimit.resource = s->rlimits[i].resource;
		step->a.rlimit.name = step->subject;
		step->a.rlimit.soft = s->rlimits[i].soft;
		step->a.rlimit.hard = s->rlimits[i].hard;
	}
	if (s->kind == SPEC_UNSHARE && s->umask == SPEC_ID_UNSET)
		return;
	step = plan_add(p, OP_UMASK, ACTOR_CHILD, "");
	step->a.number = s->umask == SPEC_ID_UNSET ? 0022 : s->umask;
	step->subject = plan_text(p, "%04o", (unsigned)step->a.number);
}

static void add_process_group(struct planner *p)
{
	const struct facts *f = p->facts;
	struct step *step;

	if (p->spec->tty)
		return; /* TERMINAL has made a session of its own */
	step = plan_add(p, OP_PROCESS_GROUP, ACTOR_CHILD, "own group");

	/* In a pipeline the terminal stays with the caller's group: less(1) at its end must read
	 * it. */
	step->a.group.foreground =
		!p->spec->detach && f->foreground && f->stdin_tty && f->stdout_tty;
}

/* First of all: nothing of the host may be open while paths of the container's are read. */
void plan_close_fds(struct planner *p)
{
	struct step *step = plan_add(p, OP_CLOSE_FDS, ACTOR_CHILD,
				     plan_text(p, "from %u on", 3 + p->spec->preserve_fds));

	step->a.number = 3 + p->spec->preserve_fds;
}

int stage_seal(struct planner *p)
{
	bool sealed = p->spec->kind != SPEC_UNSHARE;
	bool nnp = wants_no_new_privs(p->spec);
	bool leaves_us = p->spec->kind == SPEC_EXEC && p->spec->detach;
	uint64_t kept;
	struct step *step;
	int r;

	if (plan_oci(p))
		return plan_oci_seal(p);
	r = plan_kept_capabilities(p, &kept);
	if (r < 0)
		return r;
	plan_close_fds(p);
	add_process_group(p);
	if (sealed)
		plan_add(p, OP_KEYRING, ACTOR_CHILD, "session");
	r = plan_landlock(p); /* while it may open every place, and needs no no_new_privs */
	if (r < 0)
		return r;
	plan_limits(p);
	r = add_capability_steps(p, kept, sealed && !nnp);
	add_workdir(p);
	if (nnp)
		plan_add(p, OP_NO_NEW_PRIVS, ACTOR_CHILD, "no_new_privs");
	/* An init without a pid namespace of its own must live to end what it has: it sees the
	 * channel close. */
	if ((!p->plan->init || p->plan->own_pid_ns) && !leaves_us) {
		step = plan_add(p, OP_PARENT_DEATH, ACTOR_CHILD, "SIGKILL");
		step->a.number = SIGKILL;
	}
	if (sealed && nnp && r == 0)
		r = plan_filters(p, kept);
	return r;
}
