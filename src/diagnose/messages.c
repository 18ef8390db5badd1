/* Looks explanations up. The texts are in messages.def; the ids of plain steps explain themselves
 * by their row in plan/ops.def. */
#include "diagnose/messages.h"

#include <string.h>

static const struct message messages[] = {
#define MESSAGE(id, title, happened, why, mend) {id, title, happened, why, mend},
#include "diagnose/messages.def"
#undef MESSAGE
};

/* These pages are for people: `rootlet help ID`. */
#define FIRST(words, ...) words

/* A step whose errno no rule knows: its id is the op's name. */
static const struct message steps[] = {
#define OP(id, name, stage, args, manual, why, hint)                                               \
	{#name, "the step " #name " of a start failed",                                            \
	 "The kernel refused this step of the plan, and rootlet has no better words for it than "  \
	 "the error's own. `rootlet plan` with the same arguments shows the step in its place.",   \
	 "The step is there for this: " why ". See " manual ".", FIRST(hint)},
#include "plan/ops.def"
#undef OP
};

enum {
	MESSAGE_COUNT = sizeof(messages) / sizeof(messages[0]),
	STEP_COUNT = sizeof(steps) / sizeof(steps[0]),
};

const struct message *message_find(const char *id)
{
	for (size_t i = 0; i < MESSAGE_COUNT; i++)
		if (!strcmp(messages[i].id, id))
			return &messages[i];
	for (size_t i = 0; i < STEP_COUNT; i++)
		if (!strcmp(steps[i].id, id))
			return &steps[i];
	return NULL;
}

const struct message *message_row(size_t index)
{
	return index < MESSAGE_COUNT ? &messages[index] : NULL;
}
