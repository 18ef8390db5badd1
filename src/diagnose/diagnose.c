/* The engine: completes the facts, finds the first rule that fits, fills in its texts. What is
 * known is in conditions.c and rules.c, what is looked up in checks.c and helper_checks.c. */
#include "diagnose/rules.h"

#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct facts *failure_facts(const struct failure *f, unsigned needs)
{
	static const struct facts nothing = {.nofile_soft = UINT64_MAX, .nofile_hard = UINT64_MAX};

	if (f->given && (f->given->needs & needs) == needs)
		return f->given;
	if (f->more)
		return f->more;
	return f->given ? f->given : &nothing;
}

void value_set(char value[VALUE_SIZE], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, VALUE_SIZE, fmt, ap);
	va_end(ap);
}

static bool is_value(const char *open, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(open + 1, key, len) && open[1 + len] == '}';
}

/* The rule's own placeholders first, the snapshot's after them. */
static void expand(const struct failure *f, const char *text, char *buf, size_t size)
{
	const struct {
		const char *key, *value;
	} values[] = {{"a", f->a}, {"b", f->b}, {"c", f->c}, {"subject", f->step->subject}};
	AUTO_BUFFER b = {0};

	for (const char *p = text; *p;) {
		const char *open = strchrnul(p, '{');
		bool found = false;

		buffer_add(&b, p, (size_t)(open - p));
		for (size_t i = 0; *open && i < sizeof(values) / sizeof(values[0]) && !found; i++) {
			found = is_value(open, values[i].key);
			if (found) {
				buffer_puts(&b, values[i].value);
				open += strlen(values[i].key) + 2;
			}
		}
		if (*open && !found)
			buffer_add(&b, open++, 1);
		p = open;
	}
	snprintf(buf, size, "%s", b.data ? b.data : "");
}

static enum front_end failure_front(const struct failure *f)
{
	return f->plan ? plan_front(f->plan) : FRONT_ROOTLET;
}

static void use_condition(const struct condition *c, enum front_end front,
			  const struct facts *facts, struct diagnosis *ret)
{
	char mend[sizeof(ret->hint)], meanwhile[sizeof(ret->hint)];
	AUTO_BUFFER hint = {0};

	ret->id = c->id;
	condition_expand(c->means, facts, ret->why, sizeof(ret->why));
	condition_expand(c->mend, facts, mend, sizeof(mend));
	condition_expand(front_words(c->meanwhile, front), facts, meanwhile, sizeof(meanwhile));
	buffer_printf(&hint, "%s%s%s", mend, *mend && *meanwhile ? "; meanwhile " : "", meanwhile);
	snprintf(ret->hint, sizeof(ret->hint), "%s", hint.data ? hint.data : "");
}

static bool matches(const struct rule *rule, const struct failure *f)
{
	return (rule->op == ANY || rule->op == (int)f->step->op) &&
	       (rule->stage == ANY || rule->stage == (int)step_stage(f->step)) &&
	       (rule->error == ANY || rule->error == f->error) &&
	       (rule->detail == ANY || rule->detail == (int)f->detail);
}

static bool apply(const struct rule *rule, struct failure *f, struct diagnosis *ret)
{
	if (!matches(rule, f))
		return false;
	if (rule->condition) {
		const struct condition *c = condition_find(rule->condition);
		const struct facts *facts = c ? failure_facts(f, c->needs) : NULL;

		if (!c || c->holds(facts) != ANSWER_YES)
			return false;
		use_condition(c, failure_front(f), facts, ret);
		return true;
	}
	f->a[0] = f->b[0] = f->c[0] = '\0';
	if (rule->check && !rule->check(f))
		return false;
	ret->id = rule->id;
	expand(f, rule->why, ret->why, sizeof(ret->why));
	expand(f, front_words(rule->hint, failure_front(f)), ret->hint, sizeof(ret->hint));
	return true;
}

/* Probes what the rules may ask for and the snapshot lacks; NULL when nothing is, or there is no
 * memory. */
static struct facts *complete(const struct facts *facts, bool helper)
{
	unsigned wanted =
		FACT_CALLER | FACT_KERNEL | FACT_MAPS | FACT_LSM | FACT_PROC | FACT_LIMITS;
	struct facts *more = NULL;

	if (helper)
		wanted |= FACT_SUBIDS; /* may ask a directory service: only where ids are the
					  question */
	if (facts && (facts->needs & wanted) == wanted)
		return NULL;
	return facts_probe(NULL, wanted, &more, NULL) < 0 ? NULL : more;
}

static bool diagnose(struct failure *f, const struct rule *table, size_t count, bool helper,
		     struct diagnosis *ret)
{
	struct facts *more = complete(f->given, helper);
	bool found = false;

	f->more = more;
	for (size_t i = 0; i < count && !found; i++)
		found = apply(&table[i], f, ret);
	facts_free(more);
	return found;
}

bool diagnose_step(const struct step *step, int error, uint32_t detail, const struct plan *plan,
		   const struct facts *facts, struct diagnosis *ret)
{
	struct failure f = {
		.step = step, .error = abs(error), .detail = detail, .plan = plan, .given = facts};

	return step && diagnose(&f, rules, rule_count, step->op == OP_HELPER_MAP, ret);
}

void diagnose_helper(const struct step *step, int wait_status, const char *text,
		     const struct plan *plan, const struct facts *facts, struct diagnosis *ret)
{
	struct failure f = {.step = step,
			    .error = wait_status,
			    .plan = plan,
			    .helper_text = text ? text : "",
			    .given = facts};

	diagnose(&f, helper_rules, helper_rule_count, true, ret);
}
