/* The public façade: facts, plans and processes. Composes rooms; decides nothing. */
#include "rootlet.h"

#include "base/buffer.h"
#include "base/error.h"
#include "facts/facts.h"
#include "lib/handles.h"
#include "life/life.h"
#include "plan/plan.h"
#include "run/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- facts ---- */

static int wrap_facts(struct facts *facts, rootlet_facts **ret, rootlet_error *err)
{
	rootlet_facts *handle = malloc(sizeof(*handle));

	if (!handle) {
		facts_free(facts);
		return error_nomem(err);
	}
	handle->facts = facts;
	*ret = handle;
	return 0;
}

/* Those that the spec names are looked up now: a plan looks nothing up. */
static int add_containers(const rootlet_spec *handle, struct facts *facts, rootlet_error *err)
{
	const struct spec *spec = handle->spec;
	rootlet_store *store;
	int r;

	if (spec->kind == SPEC_EXEC) {
		facts->cwd = handle->container->record.cwd;
		return life_add_facts(handle->container, spec->container, facts, err);
	}
	r = rootlet_store_open(spec->state_dir, false, &store, err);
	if (r < 0)
		return r;
	r = life_resolve(&store->store, spec, facts, err);
	rootlet_store_free(store);
	return r;
}

int rootlet_facts_probe(const rootlet_spec *spec, rootlet_facts **ret, rootlet_error *err)
{
	const struct spec *wanted = lib_spec(spec);
	struct facts *facts = NULL;
	int r = facts_probe(wanted, wanted ? facts_needs(wanted) : FACT_SURVEY, &facts, err);

	if (r == 0 && wanted && life_names_containers(wanted))
		r = add_containers(spec, facts, err);
	if (r == 0)
		return wrap_facts(facts, ret, err);
	facts_free(facts);
	return r;
}

int rootlet_facts_load(const char *path, rootlet_facts **ret, rootlet_error *err)
{
	struct facts *facts;
	int r = facts_load(path, &facts, err);

	return r < 0 ? r : wrap_facts(facts, ret, err);
}

/* The text out of a buffer, as a string that the caller frees. */
static int take_text(struct buffer *b, int r, char **ret, rootlet_error *err)
{
	if (r < 0)
		return r;
	if (buffer_failed(b) || !b->data)
		return error_nomem(err);
	*ret = b->data;
	b->data = NULL;
	return 0;
}

int rootlet_facts_save(const rootlet_facts *facts, char **ret_json, rootlet_error *err)
{
	AUTO_BUFFER b = {0};

	return take_text(&b, facts_save(facts->facts, &b, err), ret_json, err);
}

void rootlet_facts_free(rootlet_facts *facts)
{
	if (!facts)
		return;
	facts_free(facts->facts);
	free(facts);
}

/* ---- plan ---- */

int rootlet_plan_make(const rootlet_spec *spec, const rootlet_facts *facts, rootlet_plan **ret,
		      rootlet_error *err)
{
	rootlet_plan *handle = malloc(sizeof(*handle));
	int r;

	if (!handle)
		return error_nomem(err);
	r = plan_make(lib_spec(spec), facts->facts, &handle->plan, err);
	if (r == 0)
		r = plan_verify(handle->plan, err);
	else
		handle->plan = NULL;
	if (r < 0) {
		rootlet_plan_free(handle);
		return r;
	}
	*ret = handle;
	return 0;
}

void rootlet_plan_free(rootlet_plan *plan)
{
	if (!plan)
		return;
	plan_free(plan->plan);
	free(plan);
}

void rootlet_plan_keep(const rootlet_plan *plan)
{
	life_keep_plan(plan->plan);
}

size_t rootlet_plan_step_count(const rootlet_plan *plan)
{
	return plan->plan->count;
}

const char *rootlet_plan_note(const rootlet_plan *plan, size_t index)
{
	return index < plan->plan->note_count ? plan->plan->notes[index] : NULL;
}

int rootlet_plan_step_text(const rootlet_plan *plan, size_t index, char **ret_text)
{
	AUTO_BUFFER b = {0};

	if (index >= plan->plan->count)
		return -ERANGE;
	step_describe(&plan->plan->steps[index], &b);
	return take_text(&b, 0, ret_text, NULL);
}

const char *rootlet_plan_step_stage(const rootlet_plan *plan, size_t index)
{
	return index < plan->plan->count ? stage_name(step_stage(&plan->plan->steps[index])) : NULL;
}

int rootlet_plan_print(const rootlet_plan *plan, rootlet_format format, bool color, char **ret_text,
		       rootlet_error *err)
{
	AUTO_BUFFER b = {0};
	int r = -EINVAL;

	switch (format) {
	case ROOTLET_FORMAT_TEXT:
		r = plan_print_text(plan->plan, color, &b);
		break;
	case ROOTLET_FORMAT_JSON:
		r = plan_print_json(plan->plan, &b);
		break;
	case ROOTLET_FORMAT_SH:
		r = plan_print_sh(plan->plan, &b);
		break;
	}
	if (r < 0 && r != -ENOMEM)
		return error_set(err, r, "plan-print", NULL, "print the plan: %s", error_text(r));
	return take_text(&b, r, ret_text, err);
}

/* ---- process ---- */

int rootlet_process_start(const rootlet_plan *plan, const rootlet_start_options *options,
			  rootlet_process **ret, rootlet_error *err)
{
	rootlet_process *handle = calloc(1, sizeof(*handle));
	struct run_options o = lib_run_options(options);
	int r;

	if (!handle)
		return error_nomem(err);
	r = run_start(plan->plan, &o, &handle->process, err);
	if (r < 0) {
		free(handle);
		return r;
	}
	*ret = handle;
	return 0;
}

int rootlet_process_pid(const rootlet_process *process)
{
	return process->process->pid;
}

const char *rootlet_process_note(const rootlet_process *process, size_t index)
{
	const struct run_process *p = process->process;

	return index < p->note_count ? p->notes[index] : NULL;
}

int rootlet_process_wait(rootlet_process *process, int *ret_status, rootlet_error *err)
{
	return run_wait(process->process, ret_status, err);
}

int rootlet_process_timing(const rootlet_process *process, size_t index, uint64_t *ret_ns)
{
	const struct run_process *p = process->process;

	if (!p->timings || index >= p->plan->count || p->timings[index] < 0)
		return -ENODATA;
	*ret_ns = (uint64_t)p->timings[index];
	return 0;
}

void rootlet_process_free(rootlet_process *process)
{
	if (!process)
		return;
	run_free(process->process);
	lib_forget_late(process);
	free(process);
}
