/* Causes and remedies: one knowledge of what stands in a container's way, for doctor and for
 * messages.
 *
 * Two tables. `conditions` are states of the host that can be judged from facts alone: doctor walks
 * them all. The rules (rules.c) say which (step, errno, detail) means what; many of them point at a
 * condition. Nothing here changes anything. diagnose_* may probe (read only): it runs after a
 * failure, where time does not matter. Who failed at what is worded by the caller; this room has
 * the WHY and the way out.
 */
#ifndef ROOTLET_DIAGNOSE_DIAGNOSE_H
#define ROOTLET_DIAGNOSE_DIAGNOSE_H

#include "facts/facts.h"
#include "plan/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- conditions ---- */

enum condition_weight {
	CONDITION_BLOCKS, /* no container starts, or none with ranges */
	CONDITION_LIMITS, /* something that people ask for does not work */
	CONDITION_NOTE,	  /* a fallback is taken, nothing is lost */
};

/* Texts may hold placeholders, {user} or {failed userns}: condition_expand puts the snapshot's
 * values in (the table in expand.c names them all). */
struct condition {
	const char *id; /* stable, also a message id: "apparmor-userns" */
	enum condition_weight weight;
	const char *title;   /* what doctor lists: "AppArmor lets user namespaces work" */
	const char *means;   /* the clause after a colon, true when the condition holds */
	const char *checked; /* how anybody can check it: a command or a file */
	const char *mend;    /* the exact line that mends it; "" when there is none */
	const char *meanwhile[FRONT_COUNT]; /* what works as it is; "" when nothing does */
	const char
		*administrator; /* a sentence to send to whoever has root; "" when it needs none */
	unsigned needs;		/* enum facts_need bits that `holds` reads */
	enum answer (*holds)(const struct facts *facts);
};

extern const struct condition conditions[];
extern const size_t condition_count;

const struct condition *condition_find(const char *id); /* NULL: none such */

/* One of a condition's texts with its placeholders filled in. */
void condition_expand(const char *text, const struct facts *facts, char *buf, size_t size);

/* ---- failures ---- */

struct diagnosis {
	const char *id; /* static: the message id */
	char why[512];	/* the clause after the colon, without a full stop */
	char hint[512]; /* "" when there is no way out */
};

/* Why did this step fail? `error` is the errno (of either sign), `detail` an enum wire_detail.
 * `plan` is the one that the
 * step stands in, whose user is spoken to; NULL: of rootlet's, and of none.
 * `facts` may be NULL: what is missing in it is probed now. False, and *ret untouched, when no rule
 * knows more than the errno's own text. */
bool diagnose_step(const struct step *step, int error, uint32_t detail, const struct plan *plan,
		   const struct facts *facts, struct diagnosis *ret);

/* The same for a HELPER_MAP step whose program ended badly: its status as from waitpid(2), and what
 * it wrote to stderr (NULL: nothing). Always knows something. */
void diagnose_helper(const struct step *step, int wait_status, const char *text,
		     const struct plan *plan, const struct facts *facts, struct diagnosis *ret);

#endif
