/* The invariants that every plan must hold, whoever made it. Run on every plan before it is carried
 * out: a mistake in a planner becomes a message, not a hole. Pure.
 */
#include "plan/planner.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

struct seen {
	const struct plan *plan;
	struct rootlet_error *err;
	int last[OP_COUNT]; /* index of the newest step of that op, or -1 */
	uint64_t slots;	    /* bit n: slot n has been filled */
	int index;
};

static int broken(const struct seen *s, const char *rule)
{
	const struct step *step = &s->plan->steps[s->index];

	error_set(s->err, -EPROTO, "plan-invariant", step->subject,
		  "plan: step %d (%s %s) breaks a rule: %s", s->index, op_rows[step->op].name,
		  step->subject, rule);
	error_hint(s->err, "this is a fault of rootlet's; please report it with the output of `%s`",
		   s->plan->oci ? "rootlet-oci plan" : "rootlet plan");
	if (s->err) {
		s->err->step = s->index;
		s->err->stage = stage_name(step_stage(step));
	}
	return -EPROTO;
}

static bool good_target(const struct step *step, const struct step_target *t)
{
	if (!t->path)
		return t->base == SLOT_NONE;
	if (path_has_dotdot(t->path))
		return false;
	if (t->base == SLOT_ROOT)
		return t->path[0] == '/';
	if (op_rows[step->op].args == ARGS_ATTRIBUTES) /* that mount itself */
		return strcmp(t->path, "/") == 0;
	if (t->base == SLOT_NONE) /* over the old root itself, before the pivot */
		return strcmp(t->path, "/") == 0;
	return *t->path && !strchr(t->path, '/');
}

static const struct step_target *target_of(const struct step *step)
{
	switch (op_rows[step->op].args) {
	case ARGS_FILESYSTEM:
		return &step->a.fs.target;
	case ARGS_BIND:
		return &step->a.bind.target;
	case ARGS_FILE:
		return &step->a.file.target;
	case ARGS_DEVICE:
		return &step->a.device.target;
	case ARGS_NODE:
		return &step->a.node.target;
	case ARGS_ATTRIBUTES:
		return &step->a.attributes.target;
	case ARGS_NONE:
	case ARGS_NAMESPACE:
	case ARGS_CONTAINER:
	case ARGS_CGROUP:
	case ARGS_LIMIT:
	case ARGS_DEVICES:
	case ARGS_SCOPE:
	case ARGS_CLONE:
	case ARGS_OPEN:
	case ARGS_MAP:
	case ARGS_HELPER:
	case ARGS_MAPPED:
	case ARGS_GROUPS:
	case ARGS_IDS:
	case ARGS_TEXT:
	case ARGS_SETTING:
	case ARGS_PROPAGATION:
	case ARGS_OVERLAY:
	case ARGS_GROUP:
	case ARGS_TERMINAL:
	case ARGS_RLIMIT:
	case ARGS_NUMBER:
	case ARGS_SETS:
	case ARGS_SCHEDULER:
	case ARGS_MEMORY:
	case ARGS_CAPABILITIES:
	case ARGS_FILTER:
	case ARGS_LANDLOCK:
	case ARGS_EXEC:
		break;
	}
	return NULL;
}

static bool filled(const struct seen *s, int slot)
{
	return slot >= 0 && slot < 64 && (s->slots & (UINT64_C(1) << slot));
}

static void fill(struct seen *s, int slot)
{
	if (slot >= 0 && slot < 64)
		s->slots |= UINT64_C(1) << slot;
}

/* More slots than bits: order is then checked for the fixed ones only. */
static bool usable(const struct seen *s, int slot)
{
	return slot == SLOT_NONE || slot >= 64 || filled(s, slot);
}

static int check_slots(struct seen *s, const struct step *step)
{
	const struct step_target *target = target_of(step);

	if (target && !good_target(step, target))
		return broken(s, "a target is a plain absolute path inside the root");
	if (target && !usable(s, target->base))
		return broken(s, "a target's mount must be made before it is used");
	if (step->op == OP_OPEN_PATH || step->op == OP_TAKE_SOURCE)
		fill(s, step->a.open.slot);
	if (op_rows[step->op].args == ARGS_FILESYSTEM)
		fill(s, step->a.fs.slot);
	if (step->op == OP_HOST_PROC)
		fill(s, SLOT_PROC);
	if (step->op == OP_ROOT_TMPFS)
		fill(s, SLOT_OWN_ROOT);
	if (step->op == OP_ROOT_BIND || step->op == OP_ROOT_OVERLAY)
		fill(s, SLOT_ROOT);
	if (op_rows[step->op].args == ARGS_BIND &&
	    (step->a.bind.source == SLOT_NONE || !usable(s, step->a.bind.source)))
		return broken(s, "a bind source is opened before IDENTITY");
	if ((step->op == OP_SYSCTL || step->op == OP_ATTACH_PROCFS || step->op == OP_TIME_OFFSETS ||
	     step->op == OP_OOM_SCORE || step->op == OP_LSM_LABEL) &&
	    !filled(s, SLOT_PROC))
		return broken(s, "/proc is written only through a descriptor of our own");
	if (step->op == OP_TERMINAL && !usable(s, step->a.terminal.dev))
		return broken(s, "the terminal is one of the container's own devpts");
	if (step->op == OP_BIND_TEXT && !filled(s, SLOT_DEV))
		return broken(s, "generated files live on the tmpfs of /dev");
	return 0;
}

static bool came_before(const struct seen *s, enum plan_op op)
{
	return s->last[op] >= 0;
}

static int check_order(struct seen *s, const struct step *step)
{
	bool pivoted = came_before(s, OP_PIVOT_ROOT) || came_before(s, OP_MOVE_ROOT);

	if (s->index && step_stage(step) < step_stage(step - 1))
		return broken(s, "stages run in their order");
	if ((step->op == OP_HOST_PROC || step->op == OP_JOINER_OOM_SCORE) &&
	    (came_before(s, OP_JOIN_NAMESPACE) || came_before(s, OP_JOIN_CONTAINER) ||
	     came_before(s, OP_UNDUMPABLE)))
		return broken(s, "the host's /proc is used before anything is entered");
	if (step_stage(step) == STAGE_ROOT && pivoted && step->op != OP_DETACH_OLD_ROOT &&
	    step->op != OP_ROOT_PROPAGATION)
		return broken(s, "the pivot comes after the last use of the host's tree");
	if (step->op == OP_DETACH_OLD_ROOT && !pivoted)
		return broken(s, "only an old root that was pivoted away can be detached");
	if ((step->op == OP_WORKDIR || step->op == OP_LOOKUP_USER) &&
	    came_before(s, OP_PIVOT_ROOT) && !came_before(s, OP_DETACH_OLD_ROOT))
		return broken(s, "the old root is gone before anything inside is read");
	if ((step->op == OP_WORKDIR || step->op == OP_LOOKUP_USER) && !came_before(s, OP_CLOSE_FDS))
		return broken(s, "what the host lent is closed before anything inside is read");
	if (step->op == OP_BOUNDING_SET && came_before(s, OP_SET_USER))
		return broken(s, "the bounding set is dropped while there is still CAP_SETPCAP");
	if (step->op == OP_AWAIT_START && !came_before(s, OP_CLOSE_FDS))
		return broken(s, "what the host lent is closed before it waits for its start");
	if (came_before(s, OP_START_HOOK) && step->op != OP_START_HOOK && step->op != OP_EXEC)
		return broken(s, "what the container brings runs when all is sealed");
	if (came_before(s, OP_AWAIT_START) &&
	    (step->op == OP_SET_USER || step->op == OP_CAPABILITIES))
		return broken(s, "what it gives up, it gives up before it waits for its start");
	if (came_before(s, OP_PARENT_DEATH) &&
	    (step->op == OP_SET_USER || step->op == OP_CAPABILITIES || step->op == OP_SET_IDS))
		return broken(s, "a change of ids clears the parent-death signal");
	if (came_before(s, OP_SECCOMP) && step->op == OP_NO_NEW_PRIVS)
		return broken(s, "no_new_privs comes before the filter that needs it");
	if (step->op == OP_EXEC_INIT || step->op == OP_EXEC)
		return s->index + 1 == (int)s->plan->count ? 0
							   : broken(s, "the exec is the last step");
	return 0;
}

static int check_group(struct seen *s, const struct step *step)
{
	bool rules = op_rows[step->op].args == ARGS_DEVICES;

	if (rules && !came_before(s, step->op == OP_DEVICE_RULES ? OP_CGROUP : OP_CGROUP_SCOPE))
		return broken(s, "rules for devices are those of the container's own cgroup");
	if (rules && !step->a.devices.length)
		return broken(s, "rules for devices are a program");
	return 0;
}

/* What must be there whatever else is. */
static int check_presence(struct seen *s, const struct step *clone)
{
	bool run = s->plan->kind == SPEC_RUN;
	bool maps[2] = {false, false};

	s->index = (int)s->plan->count - 1;
	if (!came_before(s, OP_EXEC_INIT) && !came_before(s, OP_EXEC))
		return broken(s, "a plan ends with an exec");
	if (!clone)
		return broken(s, "a plan makes exactly one process");
	if (run && !came_before(s, OP_MOVE_ROOT) &&
	    (!came_before(s, OP_PIVOT_ROOT) || !came_before(s, OP_DETACH_OLD_ROOT)))
		return broken(s, "run pivots and detaches the old root");
	if (run && !came_before(s, OP_PROPAGATION))
		return broken(s, "run makes propagation private");
	/* an OCI config has the filter that it asks for, in a session of its own */
	if (s->plan->kind != SPEC_UNSHARE && !s->plan->oci && !came_before(s, OP_SECCOMP))
		return broken(s, "run and exec always load a filter");
	if (s->plan->oci && !came_before(s, OP_SESSION) && !came_before(s, OP_TERMINAL))
		return broken(s, "what may have no filter is in a session of its own");
	if (s->plan->kind == SPEC_EXEC && !came_before(s, OP_JOIN_CONTAINER) &&
	    !came_before(s, OP_JOIN_NAMESPACE))
		return broken(s, "exec enters a container");
	if (!came_before(s, OP_CLOSE_FDS))
		return broken(s, "no descriptor leaks in");
	for (size_t i = 0; i < s->plan->count; i++) {
		const struct step *step = &s->plan->steps[i];

		if (step->op == OP_WRITE_MAP)
			maps[step->a.map.gid] = true;
		if (step->op == OP_HELPER_MAP)
			maps[step->a.helper.gid] = true;
	}
	if (clone->a.clone.flags & ns_type_flag(NS_USER))
		return maps[0] && maps[1] ? 0 : broken(s, "a new user namespace gets both maps");
	return maps[0] || maps[1] ? broken(s, "a joined user namespace has its maps already") : 0;
}

int plan_verify(const struct plan *plan, struct rootlet_error *err)
{
	struct seen s = {.plan = plan, .err = err};
	const struct step *clone = NULL;
	int r;

	if (!plan->count)
		return error_set(err, -EPROTO, "plan-invariant", NULL, "plan: it has no steps");
	for (int op = 0; op < OP_COUNT; op++)
		s.last[op] = -1;
	for (s.index = 0; s.index < (int)plan->count; s.index++) {
		const struct step *step = &plan->steps[s.index];

		if (step->op == OP_CLONE && clone)
			return broken(&s, "a plan makes exactly one process");
		if (step->op == OP_CLONE)
			clone = step;
		r = check_order(&s, step);
		if (r == 0)
			r = check_slots(&s, step);
		if (r == 0)
			r = check_group(&s, step);
		if (r < 0)
			return r;
		s.last[step->op] = s.index;
	}
	return check_presence(&s, clone);
}
