/* What of /proc and /sys is hidden, and what is made read-only: the lists of spec/hidden.h, less
 * what is to be seen and more what is not. */
#include "plan/planner.h"

#include "spec/hidden.h"

#include <string.h>

static bool unmasked(const struct planner *p, const char *path)
{
	const struct string_list *list = &p->spec->unmasked_paths;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], "ALL") == 0 || strcmp(list->items[i], path) == 0)
			return true;
	return false;
}

static struct step *add_path(struct planner *p, enum plan_op op, const char *path)
{
	struct step *step = plan_add(p, op, ACTOR_CHILD, path);

	step->a.file.target = (struct step_target){SLOT_ROOT, path};
	step->optional = true;
	return step;
}

/* What was asked for must be there: a slip of the pen would hide nothing and say nothing. */
static void add_asked(struct planner *p, const char *path)
{
	struct step *step = add_path(p, OP_MASK, plan_copy(p, path));

	step->optional = false;
	step->why = "asked for: --mask";
}

static void add_defaults(struct planner *p, enum plan_op op, const char *const *paths)
{
	for (; *paths && !p->spec->privileged; paths++)
		if (!unmasked(p, *paths))
			add_path(p, op, *paths);
}

void plan_masks(struct planner *p)
{
	const struct string_list *asked = &p->spec->masked_paths;

	add_defaults(p, OP_MASK, spec_hidden);
	add_defaults(p, OP_MASK, spec_hidden_further);
	for (size_t i = 0; i < asked->count; i++)
		add_asked(p, asked->items[i]);
	add_defaults(p, OP_READONLY_PATH, spec_read_only);
}
