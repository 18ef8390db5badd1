/* A cgroup made by systemd: a transient scope that the new process is moved into. For an OCI config
 * whose engine says so, and for limits of a run where no group is delegated to us but a manager of
 * ours answers, as in every login on a systemd distribution.
 *
 * What systemd knows of the limits goes with the request, so that it does not undo them; all of
 * them are written to the group's files as well.
 */
#include "plan/planner.h"
#include "spec/oci.h"

#include <errno.h>
#include <string.h>

struct words {
	const char *text;
	size_t len;
};

/* "slice:prefix:name" */
static bool split(const char *path, struct words parts[3])
{
	for (int i = 0; i < 3; i++) {
		size_t len = i < 2 ? strcspn(path, ":") : strlen(path);

		parts[i] = (struct words){path, len};
		if (i < 2 && path[len] != ':')
			return false;
		path += len + 1;
	}
	return parts[2].len && !memchr(parts[2].text, '/', parts[2].len) &&
	       !memchr(parts[0].text, '/', parts[0].len);
}

static void add(struct planner *p, struct step *step, const char *name, char type,
		const char *value)
{
	struct unit_property row = {name, type, value};
	struct unit_properties *out = &step->a.scope.properties;

	if (arena_grow(p->arena, &out->items, out->count, sizeof(row)) < 0)
		p->nomem = true;
	else
		out->items[out->count++] = row;
}

static const char *unit_name(struct planner *p, const struct words parts[3])
{
	if (!parts[1].len)
		return plan_text(p, "%.*s.scope", (int)parts[2].len, parts[2].text);
	return plan_text(p, "%.*s-%.*s.scope", (int)parts[1].len, parts[1].text, (int)parts[2].len,
			 parts[2].text);
}

static const char *slice_name(struct planner *p, const struct words *word)
{
	bool root = p->facts->uid == 0 && p->facts->initial_userns;

	if (!word->len)
		return root ? "system.slice" : "user.slice";
	if (word->len > 6 && memcmp(word->text + word->len - 6, ".slice", 6) == 0)
		return plan_text(p, "%.*s", (int)word->len, word->text);
	return plan_text(p, "%.*s.slice", (int)word->len, word->text);
}

int plan_scope(struct planner *p)
{
	const struct spec_oci *oci = p->spec->oci;
	struct planned_group *g = &p->group;
	struct words parts[3] = {{"", 0}, {"rootlet", 7}, {oci && oci->id ? oci->id : "", 0}};

	parts[2].len = strlen(parts[2].text);
	if (oci && oci->cgroups_path && *oci->cgroups_path && !split(oci->cgroups_path, parts)) {
		error_set(p->err, -EINVAL, "cgroups-path", "/linux/cgroupsPath",
			  "cgroupsPath: %s: expected \"slice:prefix:name\" for systemd cgroups",
			  oci->cgroups_path);
		error_hint(p->err, "without --systemd-cgroup it is the path of a cgroup");
		return -EINVAL;
	}
	g->make = true;
	g->scope = oci ? unit_name(p, parts) : ""; /* "": any that is free */
	g->slice = oci ? slice_name(p, &parts[0]) : "app.slice";
	p->plan->parent_maps = true; /* it waits until it has been moved */
	return 0;
}

void plan_scope_step(struct planner *p)
{
	const struct planned_group *g = &p->group;
	struct step *step = plan_add(p, OP_CGROUP_SCOPE, ACTOR_PARENT,
				     *g->scope ? g->scope : "rootlet-PID-N.scope");

	step->a.scope.socket = plan_copy(p, p->facts->systemd_socket);
	step->a.scope.mount = plan_copy(p, p->facts->cgroup_mount);
	step->a.scope.unit = *g->scope ? g->scope : NULL;
	step->a.scope.slice = g->slice;
	add(p, step, "Description", 's',
	    p->spec->oci && p->spec->oci->id
		    ? plan_text(p, "rootlet container %s", p->spec->oci->id)
		    : "rootlet container");
	add(p, step, "Slice", 's', g->slice);
	add(p, step, "Delegate", 'b', "true");
	add(p, step, "DefaultDependencies", 'b', "false");
	add(p, step, "CollectMode", 's', "inactive-or-failed");
	add(p, step, "MemoryAccounting", 'b', "true");
	add(p, step, "CPUAccounting", 'b', "true");
	add(p, step, "TasksAccounting", 'b', "true");
	if (limits_properties(p->arena, &g->limits, &step->a.scope.properties) < 0)
		p->nomem = true;
}
