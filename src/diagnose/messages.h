/* The long explanations of message ids: one table (messages.def) for `rootlet help ID` and doctor.
 * Static texts; nothing here looks at the host. */
#ifndef ROOTLET_DIAGNOSE_MESSAGES_H
#define ROOTLET_DIAGNOSE_MESSAGES_H

#include <stddef.h>

struct message {
	const char *id;
	const char *title;    /* "no subordinate ids" */
	const char *happened; /* what happened */
	const char *why;      /* why the kernel, or rootlet, says so */
	const char *mend;     /* what to do */
};

/* NULL: none such. The name of a step (plan/ops.def) is an id too; its texts come from its row. */
const struct message *message_find(const char *id);

/* The table's rows in the order of their ids; NULL past the end. */
const struct message *message_row(size_t index);

#endif
