/* What is behind the public handles: for the files of lib alone. */
#ifndef ROOTLET_LIB_HANDLES_H
#define ROOTLET_LIB_HANDLES_H

#include "rootlet.h"

#include "facts/facts.h"
#include "parse/parse.h"
#include "plan/plan.h"
#include "run/run.h"
#include "spec/spec.h"
#include "state/state.h"

struct rootlet_spec {
	struct spec *spec;
	enum parse_command command;
	const struct state_container *container; /* whose it is (start, exec), or NULL; borrowed */
};

struct rootlet_facts {
	struct facts *facts;
};

struct rootlet_plan {
	struct plan *plan;
};

struct rootlet_store {
	struct state_store store;
};

struct rootlet_container {
	struct state_container *container;
	bool asked; /* to stop, at asked_at: see life_await_stop */
	int64_t asked_at;
};

struct rootlet_process {
	struct run_process *process;

	/* rootlet_process_keep_late: what is registered once the wait is a long one */
	const struct spec *spec;
	const struct facts *facts;
	const struct plan *plan;
	rootlet_store *store;
	struct state_container *container;
};

static inline const struct spec *lib_spec(const rootlet_spec *handle)
{
	return handle ? handle->spec : NULL;
}

/* keep_api.c */
struct run_options lib_run_options(const rootlet_start_options *options);
void lib_forget_late(rootlet_process *process);

#endif
