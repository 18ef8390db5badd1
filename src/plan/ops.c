/* The op table made from its rows, and the names of stages and actors. Nothing else: what an op
 * does is in src/run, how it prints is in the printers. */
#include "plan/plan.h"

const struct op_row op_rows[OP_COUNT] = {
#define OP(ID, name, stage, args, manual, why, hint)                                               \
	[OP_##ID] = {#name, STAGE_##stage, ARGS_##args, manual, why, {hint}},
#include "plan/ops.def"
#undef OP
};

const char *stage_name(enum plan_stage stage)
{
	static const char *const names[STAGE_COUNT] = {
		[STAGE_PREPARE] = "PREPARE",
		[STAGE_JOIN] = "JOIN",
		[STAGE_CLONE] = "CLONE",
		[STAGE_OPEN] = "OPEN",
		[STAGE_MAPS] = "MAPS",
		[STAGE_IDENTITY] = "IDENTITY",
		[STAGE_NAMESPACES] = "NAMESPACES",
		[STAGE_ROOT] = "ROOT",
		[STAGE_SEAL] = "SEAL",
		[STAGE_EXEC] = "EXEC",
	};

	return (unsigned)stage < STAGE_COUNT ? names[stage] : "?";
}

const char *plan_kind_name(const struct plan *plan)
{
	switch (plan->kind) {
	case SPEC_RUN:
		return "run";
	case SPEC_UNSHARE:
		return "unshare";
	case SPEC_EXEC:
		return "exec";
	}
	return "?";
}

const struct step *plan_find_step(const struct plan *plan, enum plan_op op)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].op == op)
			return &plan->steps[i];
	return NULL;
}

const char *plan_command_name(const struct plan *plan)
{
	static const char *const names[] = {
		[SPEC_RUN] = "rootlet run",
		[SPEC_UNSHARE] = "rootlet unshare",
		[SPEC_EXEC] = "rootlet exec",
	};

	if (plan->oci)
		return plan->kind == SPEC_EXEC ? "rootlet-oci exec" : "rootlet-oci create";
	return names[plan->kind];
}

enum front_end plan_front(const struct plan *plan)
{
	return plan->oci ? FRONT_OCI : FRONT_ROOTLET;
}

const char *actor_name(enum plan_actor actor)
{
	switch (actor) {
	case ACTOR_PARENT:
		return "parent";
	case ACTOR_JOINER:
		return "joiner";
	case ACTOR_CHILD:
		return "child";
	}
	return "?";
}
