/* Where the start of an OCI container pauses: for the bundle's hooks, and until it is started.
 * Parts of ROOT and SEAL, called by their stages; only a spec with `oci` has them.
 */
#include "plan/planner.h"

#include "spec/oci.h"

/* The others run beside the container's set-up: startContainer and later ones once it waits. */
bool plan_wants_hooks(const struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;

	if (!oci || p->spec->kind != SPEC_RUN)
		return false;
	return oci->hooks[OCI_PRESTART].count || oci->hooks[OCI_CREATE_RUNTIME].count ||
	       oci->hooks[OCI_CREATE_CONTAINER].count;
}

void plan_hooks(struct planner *p)
{
	if (!plan_wants_hooks(p))
		return;
	plan_add(p, OP_HOOKS, ACTOR_CHILD, "hooks");
	p->plan->hooks = true;
}

void plan_await_start(struct planner *p)
{
	const struct spec *s = p->spec;

	if (!s->oci || s->kind != SPEC_RUN)
		return;
	if (s->arg_count)
		plan_add(p, OP_FIND_COMMAND, ACTOR_CHILD, plan_copy(p, s->args[0]));
	if (!s->oci->awaits_start)
		return;
	plan_add(p, OP_AWAIT_START, ACTOR_CHILD, "start");
	p->plan->awaits = true;
}

static const char *const *copy_words(struct planner *p, const char *const *words)
{
	const char **out;
	size_t n = 0;

	while (words[n])
		n++;
	out = arena_alloc(p->arena, (n + 1) * sizeof(*out));
	if (!out) {
		p->nomem = true;
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = plan_copy(p, words[i]);
	out[n] = NULL;
	return out;
}

/* Their programs are the image's: they get what the command gets, its filter included, and nothing
 * of what has made the container. Without an environment of its own a hook has the command's. */
void plan_start_hooks(struct planner *p)
{
	const struct oci_hooks *hooks = &p->spec->oci->hooks[OCI_START_CONTAINER];

	for (size_t i = 0; p->plan->awaits && i < hooks->count; i++) {
		const struct oci_hook *hook = &hooks->items[i];
		const char *const alone[] = {hook->path, NULL};
		struct step *step =
			plan_add(p, OP_START_HOOK, ACTOR_CHILD, plan_copy(p, hook->path));

		step->a.exec.candidates = copy_words(p, alone);
		step->a.exec.argv = copy_words(p, hook->args ? hook->args : alone);
		step->a.exec.envp = hook->env ? copy_words(p, hook->env) : p->envp;
		step->a.exec.home_looked_up = !hook->env && p->lookup_home;
	}
}
