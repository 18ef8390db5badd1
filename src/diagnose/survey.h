/* The survey behind `rootlet doctor`: a pure function of facts. Rows are what is looked at, one
 * line each; problems are the conditions that hold, in the table's order. Nothing here probes or
 * prints.
 */
#ifndef ROOTLET_DIAGNOSE_SURVEY_H
#define ROOTLET_DIAGNOSE_SURVEY_H

#include "base/arena.h"
#include "diagnose/diagnose.h"

enum verdict {
	VERDICT_UNKNOWN, /* the snapshot does not say */
	VERDICT_GREEN,
	VERDICT_AMBER, /* something that people ask for does not work */
	VERDICT_RED,   /* no container starts, or none with ranges */
};

struct survey_row {
	const char *id, *group, *title;
	const char *found; /* what is there, or what is wrong */
	enum verdict verdict;
	const char *problem; /* the id of the worst condition that holds, or NULL */
};

struct survey_problem {
	const struct condition *condition;
	const char *row;      /* the id of its row */
	enum verdict verdict; /* green: a fallback is taken, nothing is lost */
	const char *means, *why, *checked, *mend, *meanwhile, *administrator;
};

struct survey {
	struct arena arena;
	struct survey_row *rows;
	size_t row_count;
	struct survey_problem *problems;
	size_t problem_count;
	enum verdict verdict; /* the worst of the rows */
	const char *letter;   /* to send to an administrator; NULL: there is nothing to ask for */
};

/* 0 or -ENOMEM. The caller frees *ret; it keeps nothing of the facts. */
int survey_make(const struct facts *facts, struct survey **ret);
void survey_free(struct survey *survey); /* NULL is fine */

/* ---- the table of rows (survey_rows.c) ---- */

struct buffer;
enum { ROW_CONDITIONS = 10 };

struct survey_check {
	const char *id, *group, *title;
	unsigned needs;	  /* without one of these probes the row is unknown */
	enum trial trial; /* without its success the row is unknown; TRIAL_COUNT: none */
	/* adds nothing: the row is unknown */
	void (*found)(const struct facts *facts, struct buffer *b);
	const char *conditions[ROW_CONDITIONS]; /* ids, the likeliest cause first */
};

extern const struct survey_check survey_checks[];
extern const size_t survey_check_count;

#endif
