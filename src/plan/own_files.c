/* Rootlet's own files stay out of a container's reach, even when a volume covers them: who could
 * write rootlet's configuration, its store or its program would be outside at the next start.
 *
 * A folder is made read-only where a writable volume shows it. One that is missing is made first,
 * for what is not there could be made inside. And every directory between the volume and the folder
 * becomes a mount point: a directory that is one cannot be renamed, or another would take its
 * place.
 */
#include "plan/planner.h"

#include <string.h>

/* Where this volume shows that path: NULL when it does not. */
static const char *shown_at(struct planner *p, const struct spec_mount *m, const char *path)
{
	size_t source, destination = strlen(m->destination);

	if (!facts_may_show_own(m) || !path_within(path, m->source))
		return NULL;
	source = strlen(m->source);
	while (source && m->source[source - 1] == '/')
		source--;
	while (destination && m->destination[destination - 1] == '/')
		destination--;
	return plan_text(p, "%.*s%s", (int)destination, m->destination, path + source);
}

static bool is_shown(struct planner *p, const char *path)
{
	for (size_t i = 0; i < p->spec->mount_count; i++)
		if (shown_at(p, &p->spec->mounts[i], path))
			return true;
	return false;
}

void plan_own_folders(struct planner *p)
{
	const struct facts *f = p->facts;

	for (size_t i = 0; i < f->own_path_count; i++) {
		struct step *step;

		if (!f->own_paths[i].folder || !is_shown(p, f->own_paths[i].path))
			continue;
		step = plan_add(p, OP_OWN_FOLDER, ACTOR_CHILD, plan_copy(p, f->own_paths[i].path));
		step->a.text.text = step->subject;
		step->optional = true;
	}
}

void plan_own_files(struct planner *p)
{
	const struct facts *f = p->facts;

	for (size_t i = 0; i < p->spec->mount_count; i++)
		for (size_t j = 0; j < f->own_path_count; j++) {
			const struct spec_mount *m = &p->spec->mounts[i];
			const char *path = shown_at(p, m, f->own_paths[j].path);
			struct step *step;

			if (!path)
				continue;
			step = plan_add(p, OP_OWN_PATH, ACTOR_CHILD, path);
			step->a.file.target = (struct step_target){SLOT_ROOT, path};
			step->a.file.text = plan_copy(p, m->destination);
			step->optional = true;
		}
}
