/* The controllers that nobody asked for: a container's group gets those that the groups above can
 * hand on, as other runtimes have it. Without them its memory is not counted, and a limit that
 * comes later has no file to be written to. Nothing fails for want of them.
 */
#include "plan/groups.h"

#include <string.h>

static bool hands_on(const struct planner *p, const struct level *level)
{
	const struct facts_group *g = level->facts;

	if (level->missing)
		return true;
	return g && g->control == ANSWER_YES &&
	       (g->top || (!g->busy && !plan_group_is_ours(p, level->path)));
}

/* "+a +b": those of `has` that are handed on neither so far nor by what is asked for. */
static const char *rest(struct planner *p, const struct level *level, const char *has)
{
	const char *enabled = level->missing ? NULL : level->facts->enabled;
	const char *out = NULL;

	for (const char *word = has; word && *word; word += strspn(word, " ")) {
		int len = (int)strcspn(word, " ");
		const char *name = plan_text(p, "%.*s", len, word);
		const char *asked = plan_text(p, "+%s", name);

		if (!plan_group_has(enabled, name) && !plan_group_has(level->enable, asked))
			out = plan_text(p, "%s%s%s", out ? out : "", out ? " " : "", asked);
		word += len;
	}
	return out;
}

void plan_group_offers(struct planner *p, struct level *levels, size_t count)
{
	const char *handed_on = NULL; /* by the group above */

	for (size_t i = 0; i < count; i++) {
		struct level *level = &levels[i];
		const struct facts_group *g = level->facts;
		const char *has = level->missing ? handed_on : g ? g->controllers : NULL;

		if (hands_on(p, level)) {
			level->offer = rest(p, level, has);
			handed_on = has;
		} else {
			handed_on = g ? g->enabled : NULL;
		}
	}
}
