/* Makes the survey: walks the rows, judges each by its conditions, and writes the text for an
 * administrator. Pure; what is looked at is survey_rows.c, what is known is conditions.def. */
#include "diagnose/survey.h"

#include "base/buffer.h"
#include "diagnose/messages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum verdict verdict_of(enum condition_weight weight)
{
	switch (weight) {
	case CONDITION_BLOCKS:
		return VERDICT_RED;
	case CONDITION_LIMITS:
		return VERDICT_AMBER;
	case CONDITION_NOTE:
		break;
	}
	return VERDICT_GREEN;
}

static const char *expanded(struct survey *s, const char *text, const struct facts *facts)
{
	char buf[1024];

	condition_expand(text, facts, buf, sizeof(buf));
	return arena_strdup(&s->arena, buf);
}

static int add_problem(struct survey *s, const struct condition *c, const char *row,
		       const struct facts *facts)
{
	const struct message *m = message_find(c->id);
	struct survey_problem p = {
		.condition = c,
		.row = row,
		.verdict = verdict_of(c->weight),
		.means = expanded(s, c->means, facts),
		.why = m ? m->why : "",
		.checked = expanded(s, c->checked, facts),
		.mend = expanded(s, c->mend, facts),
		.meanwhile = expanded(s, front_words(c->meanwhile, FRONT_ROOTLET), facts),
		.administrator = expanded(s, c->administrator, facts),
	};

	if (!p.means || !p.checked || !p.mend || !p.meanwhile || !p.administrator ||
	    arena_grow(&s->arena, &s->problems, s->problem_count, sizeof(p)) < 0)
		return -ENOMEM;
	s->problems[s->problem_count++] = p;
	return 0;
}

/* A snapshot that lacks what a condition reads says nothing about it. */
static bool holds(const struct condition *c, const struct facts *facts)
{
	unsigned needs = c->needs & (unsigned)~(FACT_TRIAL | FACT_PLACES);

	return (facts->needs & needs) == needs && c->holds(facts) == ANSWER_YES;
}

/* The worst condition gives the row its words; of equals the first. */
static int judge(struct survey *s, const struct survey_check *check, struct survey_row *row,
		 const struct facts *facts)
{
	for (size_t i = 0; i < ROW_CONDITIONS && check->conditions[i]; i++) {
		const struct condition *c = condition_find(check->conditions[i]);
		enum verdict verdict;

		if (!c || !holds(c, facts))
			continue;
		verdict = verdict_of(c->weight);
		if (add_problem(s, c, check->id, facts) < 0)
			return -ENOMEM;
		if (!row->problem || verdict > row->verdict) {
			row->verdict = verdict;
			row->problem = c->id;
			row->found = s->problems[s->problem_count - 1].means;
		}
	}
	return 0;
}

static bool is_known(const struct survey_check *check, const struct facts *facts)
{
	return (facts->needs & check->needs) == check->needs &&
	       (check->trial == TRIAL_COUNT || facts->trials[check->trial].worked == ANSWER_YES);
}

static int add_row(struct survey *s, const struct survey_check *check, const struct facts *facts)
{
	struct survey_row row = {.id = check->id, .group = check->group, .title = check->title};
	AUTO_BUFFER b = {0};

	if (judge(s, check, &row, facts) < 0)
		return -ENOMEM;
	if (!row.problem && is_known(check, facts)) {
		row.verdict = VERDICT_GREEN;
		check->found(facts, &b);
	}
	if (!row.found) {
		bool asked = (facts->needs & check->needs) == check->needs;
		const char *reason = asked ? "not tried" : "these facts do not say";

		row.found = arena_strdup(&s->arena, b.data ? b.data : reason);
		if (!b.data)
			row.verdict = VERDICT_UNKNOWN;
	}
	if (!row.found || arena_grow(&s->arena, &s->rows, s->row_count, sizeof(row)) < 0)
		return -ENOMEM;
	s->rows[s->row_count++] = row;
	if (row.verdict > s->verdict)
		s->verdict = row.verdict;
	return 0;
}

/* A command gets a line of its own, which nobody breaks. */
static void add_request(struct buffer *b, const char *text)
{
	static const char run[] = "Please run: ";

	if (strncmp(text, run, sizeof(run) - 1) == 0)
		buffer_printf(b, "Please run:\n\n     %s\n\n", text + sizeof(run) - 1);
	else
		buffer_printf(b, "%s\n", text);
}

/* Plain text to paste into a mail: what the user cannot do, what is asked for, how it was found. */
static int write_letter(struct survey *s, const struct facts *facts)
{
	AUTO_BUFFER b = {0};
	char user[64];
	int n = 0;

	condition_expand("{user}", facts, user, sizeof(user));
	buffer_printf(&b,
		      "Containers without root do not work in full for %s on %s (Linux %s%s%s).\n"
		      "They need no daemon and no setuid program of their own, but these things of "
		      "the system:\n",
		      user, facts->hostname ? facts->hostname : "this machine",
		      facts->kernel_release ? facts->kernel_release : "?",
		      facts->os_name ? ", " : "", facts->os_name ? facts->os_name : "");
	for (size_t i = 0; i < s->problem_count; i++) {
		const struct survey_problem *p = &s->problems[i];

		if (!*p->administrator || p->verdict == VERDICT_GREEN)
			continue;
		buffer_printf(&b, "\n%d. ", ++n);
		add_request(&b, p->administrator);
		buffer_printf(&b, "   Found: %s\n   Check: %s\n", p->means, p->checked);
	}
	if (!n)
		return 0;
	buffer_puts(&b, "\nThank you.\n");
	if (buffer_failed(&b))
		return -ENOMEM;
	s->letter = arena_strdup(&s->arena, b.data);
	return s->letter ? 0 : -ENOMEM;
}

int survey_make(const struct facts *facts, struct survey **ret)
{
	struct survey *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return -ENOMEM;
	arena_init(&s->arena);
	for (size_t i = 0; !r && i < survey_check_count; i++)
		r = add_row(s, &survey_checks[i], facts);
	if (!r)
		r = write_letter(s, facts);
	if (r) {
		survey_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void survey_free(struct survey *s)
{
	if (!s)
		return;
	arena_release(&s->arena);
	free(s);
}
