/* The public façade: doctor and messages. Composes rooms; decides nothing. */
#include "rootlet.h"

#include "base/error.h"
#include "diagnose/messages.h"
#include "diagnose/survey.h"
#include "lib/handles.h"

#include <errno.h>
#include <stdlib.h>

struct rootlet_doctor {
	struct survey *survey;
};

static rootlet_verdict public_verdict(enum verdict v)
{
	switch (v) {
	case VERDICT_GREEN:
		return ROOTLET_VERDICT_GREEN;
	case VERDICT_AMBER:
		return ROOTLET_VERDICT_AMBER;
	case VERDICT_RED:
		return ROOTLET_VERDICT_RED;
	case VERDICT_UNKNOWN:
		break;
	}
	return ROOTLET_VERDICT_UNKNOWN;
}

int rootlet_doctor_run(const rootlet_facts *facts, rootlet_doctor **ret, rootlet_error *err)
{
	rootlet_doctor *handle = malloc(sizeof(*handle));

	if (!handle)
		return error_nomem(err);
	if (survey_make(facts->facts, &handle->survey) < 0) {
		free(handle);
		return error_nomem(err);
	}
	*ret = handle;
	return 0;
}

void rootlet_doctor_free(rootlet_doctor *doctor)
{
	if (!doctor)
		return;
	survey_free(doctor->survey);
	free(doctor);
}

rootlet_verdict rootlet_doctor_verdict(const rootlet_doctor *doctor)
{
	return public_verdict(doctor->survey->verdict);
}

int rootlet_doctor_row_get(const rootlet_doctor *doctor, size_t index, rootlet_doctor_row *ret)
{
	const struct survey_row *row = &doctor->survey->rows[index];

	if (index >= doctor->survey->row_count)
		return -ERANGE;
	*ret = (rootlet_doctor_row){
		.id = row->id,
		.group = row->group,
		.title = row->title,
		.found = row->found,
		.verdict = public_verdict(row->verdict),
		.problem = row->problem,
	};
	return 0;
}

int rootlet_doctor_problem_get(const rootlet_doctor *doctor, size_t index,
			       rootlet_doctor_problem *ret)
{
	const struct survey_problem *p;

	if (index >= doctor->survey->problem_count)
		return -ERANGE;
	p = &doctor->survey->problems[index];
	*ret = (rootlet_doctor_problem){
		.id = p->condition->id,
		.row = p->row,
		.verdict = public_verdict(p->verdict),
		.title = p->condition->title,
		.means = p->means,
		.why = p->why,
		.checked = p->checked,
		.mend = p->mend,
		.meanwhile = p->meanwhile,
		.administrator = p->administrator,
	};
	return 0;
}

const char *rootlet_doctor_letter(const rootlet_doctor *doctor)
{
	return doctor->survey->letter;
}

/* ---- messages ---- */

static int public_message(const struct message *m, int missing, rootlet_message *ret)
{
	if (!m)
		return missing;
	*ret = (rootlet_message){
		.id = m->id,
		.title = m->title,
		.happened = m->happened,
		.why = m->why,
		.mend = m->mend,
	};
	return 0;
}

int rootlet_message_explain(const char *id, rootlet_message *ret)
{
	return public_message(message_find(id), -ENOENT, ret);
}

int rootlet_message_get(size_t index, rootlet_message *ret)
{
	return public_message(message_row(index), -ERANGE, ret);
}
