/* plan_make: the order of the stages, and the little that all of them use.
 * Pure: no probe, no clock, no environment; the same (spec, facts) always gives the same plan.
 */
#include "plan/planner.h"

#include "base/buffer.h"
#include "base/path.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct step *plan_add(struct planner *p, enum plan_op op, enum plan_actor actor,
		      const char *subject)
{
	struct step *step = &p->spare;
	const size_t usual = 128; /* a default start has 70 to 100 steps */

	if (arena_grow_from(p->arena, &p->plan->steps, p->plan->count, sizeof(*step), usual) < 0)
		p->nomem = true;
	else
		step = &p->plan->steps[p->plan->count++];
	*step = (struct step){.op = op, .actor = actor, .subject = subject};
	return step;
}

int plan_new_slot(struct planner *p)
{
	return p->plan->slots++;
}

__attribute__((format(printf, 2, 0))) static const char *text_list(struct planner *p,
								   const char *fmt, va_list ap)
{
	const char *out = arena_vprintf(p->arena, fmt, ap);

	if (!out)
		p->nomem = true;
	return out ? out : "";
}

const char *plan_text(struct planner *p, const char *fmt, ...)
{
	const char *out;
	va_list ap;

	va_start(ap, fmt);
	out = text_list(p, fmt, ap);
	va_end(ap);
	return out;
}

const char *plan_copy(struct planner *p, const char *s)
{
	char *out;

	if (!s)
		return NULL;
	out = arena_strdup(p->arena, s);
	if (!out)
		p->nomem = true;
	return out ? out : "";
}

void plan_hint(struct planner *p, const char *rootlet, const char *oci)
{
	const char *const words[FRONT_COUNT] = {rootlet, oci};
	const char *hint = front_words(words, spec_front(p->spec));

	if (*hint)
		error_hint(p->err, "%s", hint);
}

static void add_line(struct planner *p, const char ***lines, size_t *count, const char *line)
{
	if (arena_grow(p->arena, lines, *count, sizeof(**lines)) < 0)
		p->nomem = true;
	else
		(*lines)[(*count)++] = line;
}

void plan_note(struct planner *p, const char *fmt, ...)
{
	const char *note;
	va_list ap;

	va_start(ap, fmt);
	note = text_list(p, fmt, ap);
	va_end(ap);
	add_line(p, &p->plan->notes, &p->plan->note_count, note);
}

void plan_remark(struct planner *p, const char *fmt, ...)
{
	const char *remark;
	va_list ap;

	va_start(ap, fmt);
	remark = text_list(p, fmt, ap);
	va_end(ap);
	add_line(p, &p->plan->remarks, &p->plan->remark_count, remark);
}

/* What the container shares with us needs no joining, and the kernel would refuse it. */
static enum ns_mode container_mode(const struct planner *p, const char *name, enum ns_type type)
{
	const struct facts_container *c = facts_container(p->facts, name);

	return c && c->namespaces[type] && c->namespaces[type] != p->facts->own_namespaces[type]
		       ? NS_MODE_PATH
		       : NS_MODE_HOST;
}

static enum ns_mode effective_mode(const struct planner *p, enum ns_type type)
{
	const struct spec *spec = p->spec;
	enum ns_mode mode = spec->namespaces[type].mode;

	if (spec->kind == SPEC_EXEC)
		return container_mode(p, spec->container, type);
	if (spec->oci && (type == NS_USER ? spec->userns == USERNS_HOST : mode == NS_MODE_UNSET))
		return NS_MODE_HOST;
	if (mode == NS_MODE_CONTAINER)
		return container_mode(p, spec->namespaces[type].path, type);
	if (type == NS_USER && mode == NS_MODE_UNSET && plan_shared_container(spec))
		return container_mode(p, plan_shared_container(spec), type);

	if (spec->join_pid && mode == NS_MODE_UNSET)
		return p->facts->join_differs[type] == ANSWER_YES ? NS_MODE_PATH : NS_MODE_HOST;

	if (mode != NS_MODE_UNSET)
		return mode;
	if (type == NS_USER)
		return spec->userns == USERNS_PATH ? NS_MODE_PATH : NS_MODE_PRIVATE;
	if (type == NS_TIME)
		return spec->boottime.set == YES || spec->monotonic.set == YES ? NS_MODE_PRIVATE
									       : NS_MODE_HOST;
	return spec->kind == SPEC_RUN ? NS_MODE_PRIVATE : NS_MODE_HOST;
}

bool plan_private(const struct planner *p, enum ns_type type)
{
	return p->plan->ns_modes[type] == NS_MODE_PRIVATE;
}

bool plan_host(const struct planner *p, enum ns_type type)
{
	return p->plan->ns_modes[type] == NS_MODE_HOST;
}

const char *plan_clean_path(struct planner *p, const char *path)
{
	char *out = arena_alloc(p->arena, strlen(path) + 2);

	if (!out) {
		p->nomem = true;
		return "/";
	}
	path_clean(path, out);
	return out;
}

/* A new pid namespace needs a mount namespace for its own /proc, else ps and pstree show the host.
 */
static void choose_namespaces(struct planner *p)
{
	struct plan *plan = p->plan;

	for (int t = 0; t < NS_COUNT; t++)
		plan->ns_modes[t] = effective_mode(p, (enum ns_type)t);
	if (plan->ns_modes[NS_PID] == NS_MODE_PRIVATE && plan->ns_modes[NS_MNT] == NS_MODE_HOST)
		plan->ns_modes[NS_MNT] = NS_MODE_PRIVATE;
	for (int t = 0; t < NS_COUNT; t++)
		plan->joins |= plan->ns_modes[t] == NS_MODE_PATH;
	plan->joins |= p->spec->kind == SPEC_EXEC;
	plan->own_pid_ns = plan->ns_modes[NS_PID] == NS_MODE_PRIVATE;
}

static void take_over(struct planner *p)
{
	const struct facts *f = p->facts;
	const struct spec *s = p->spec;
	struct plan *plan = p->plan;

	plan->kind = s->kind;
	plan->slots = SLOT_FIRST_FREE;
	plan->init = s->kind != SPEC_EXEC && !s->oci &&
		     (s->init == YES || (s->init == UNSET && s->kind == SPEC_RUN));
	plan->image = plan->init || s->kind != SPEC_UNSHARE;
	plan->oci = s->oci != NULL;
	plan->terminal = s->tty;
	plan->detached = s->detach;
	plan->timeout_seconds = s->timeout_seconds;
	plan->stop_signal = s->stop_signal;
	plan->preserve_fds = s->preserve_fds;
	plan->pidfd_open = f->pidfd_open == ANSWER_YES;
	plan->close_range = f->close_range == ANSWER_YES;
	plan->openat2 = f->openat2 == ANSWER_YES;
	plan->mount_api = f->mount_api == ANSWER_YES;
	plan->mount_setattr = f->mount_setattr == ANSWER_YES;
	plan->clone3 = f->clone3 == ANSWER_YES;
	plan->memfd_exec = f->memfd_exec == ANSWER_YES;
}

const char *plan_shared_container(const struct spec *spec)
{
	for (int t = 0; t < NS_COUNT; t++)
		if (spec->namespaces[t].mode == NS_MODE_CONTAINER)
			return spec->namespaces[t].path;
	return NULL;
}

/* All that is shared hangs on one user namespace: its capabilities are what opens the others. */
static int check_containers(struct planner *p)
{
	const struct facts_container *owner =
		facts_container(p->facts, plan_shared_container(p->spec));

	if (p->spec->kind == SPEC_EXEC)
		return 0; /* what it shares is what its run has shared */
	for (int t = 0; t < NS_COUNT; t++) {
		const struct spec_namespace *ns = &p->spec->namespaces[t];
		const struct facts_container *c = facts_container(p->facts, ns->path);

		if (ns->mode != NS_MODE_CONTAINER)
			continue;
		if (!c)
			return error_set(p->err, -ESRCH, "no-such-container", ns->path,
					 "container:%s: there is no such running container",
					 ns->path);
		if (owner && c->namespaces[NS_USER] == owner->namespaces[NS_USER])
			continue;
		error_set(p->err, -EINVAL, "join-two-userns", ns->path,
			  "container:%s and container:%s: they have different user namespaces, and "
			  "a process can be in one only",
			  owner ? owner->name : "?", ns->path);
		error_hint(p->err, "start the second one with --userns container:%s",
			   owner ? owner->name : "FIRST");
		return -EINVAL;
	}
	return 0;
}

static int check_terminal(struct planner *p)
{
	if (!p->spec->tty || p->spec->detach || p->spec->oci || p->facts->stdin_tty)
		return 0;
	error_set(p->err, -ENOTTY, "stdin-no-terminal", "--tty",
		  "--tty: standard input is not a terminal");
	error_hint(p->err, "leave -t out in scripts and pipes; -i alone hands the pipe in");
	return -ENOTTY;
}

static int check_join(struct planner *p)
{
	uint32_t pid = p->spec->join_pid;
	int error = p->facts->join_error;

	if (!pid)
		return 0;
	if (error == ENOENT) {
		error_set(p->err, -ESRCH, "join-no-process", "--join",
			  "--join %u: there is no such process", pid);
		error_hint(p->err, "give a pid as the host counts them: `ps -ef` lists them");
		return -ESRCH;
	}
	if (error) {
		error_set(p->err, -error, "join-refused", "--join",
			  "--join %u: its namespaces may not be read: %s", pid, error_text(error));
		error_hint(p->err, "only a process of your own, in a user namespace that you made, "
				   "can be joined");
		return -error;
	}
	if (p->facts->join_differs[NS_USER] == ANSWER_YES)
		return 0;
	error_set(p->err, -EPERM, "join-same-userns", "--join",
		  "--join %u: it is in our own user namespace, which gives no right to enter its "
		  "others",
		  pid);
	error_hint(p->err, "only a process in a user namespace that you made, such as a container "
			   "of yours, can be joined");
	return -EPERM;
}

/* What would become a place inside the root without being one. Facts from a file may hold anything;
 * HOME comes from the environment. */
static int check_places(struct planner *p)
{
	const struct facts *f = p->facts;

	if (p->spec->root_kind != ROOT_HOST)
		return 0;
	for (size_t i = 0; i < f->root_entry_count; i++) {
		const char *name = f->root_entries[i].name;

		if (!*name || strcmp(name, ".") == 0 || strchr(name, '/') || path_has_dotdot(name))
			return error_set(p->err, -EINVAL, "root-entry", name,
					 "\"%s\" is not the name of an entry of /", name);
	}
	if (!f->home || (f->home[0] == '/' && !path_has_dotdot(f->home)))
		return 0;
	error_set(p->err, -EINVAL, "home-form", "HOME",
		  "the home directory cannot be hidden: HOME is \"%s\"", f->home);
	error_hint(p->err, "set HOME to an absolute path without \"..\"");
	return -EINVAL;
}

/* What the maps have in common with it: there is a process, and the parent acts on it. */
static int stage_maps_and_group(struct planner *p)
{
	int r = stage_maps(p);

	if (r == 0)
		plan_group_late_steps(p);
	return r;
}

static int plan_stages(struct planner *p)
{
	static int (*const stages[])(struct planner *) = {
		plan_identity,	      plan_environment, plan_group,	  plan_device_rules,
		stage_prepare,	      stage_join,	stage_clone,	  stage_open,
		stage_maps_and_group, stage_identity,	stage_namespaces, stage_root,
		stage_seal,	      stage_exec,
	};

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		int r = stages[i](p);

		if (r < 0)
			return r;
	}
	return p->nomem ? error_nomem(p->err) : 0;
}

int plan_make(const struct spec *spec, const struct facts *facts, struct plan **ret,
	      struct rootlet_error *err)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	struct planner p = {.spec = spec, .facts = facts, .plan = plan, .err = err};
	int r;

	if (!plan)
		return error_nomem(err);
	arena_init(&plan->arena);
	p.arena = &plan->arena;
	choose_namespaces(&p);
	take_over(&p);
	r = check_containers(&p);
	if (r == 0)
		r = check_terminal(&p);
	if (r == 0)
		r = check_join(&p);
	if (r == 0)
		r = check_places(&p);
	if (r == 0)
		r = plan_stages(&p);
	if (r < 0) {
		plan_free(plan);
		return r;
	}
	*ret = plan;
	return 0;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	arena_release(&plan->arena);
	free(plan);
}
