/* Containers that a spec names (container:NAME, or exec's own), looked up in the state and handed
 * to the planner as facts: the plan itself looks nothing up. */
#include "life/life.h"

#include "base/fd.h"
#include "base/io.h"
#include "parse/parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAP_LIMIT = 64 << 10 };

int life_not_running(const char *name, struct rootlet_error *err)
{
	error_set(err, -ESRCH, "not-running", name, "%s: is not running", name);
	error_hint(err, "`rootlet start %s` runs it again", name);
	return -ESRCH;
}

bool life_names_containers(const struct spec *spec)
{
	if (spec->kind == SPEC_EXEC || spec->userns == USERNS_CONTAINER)
		return true;
	for (int t = 0; t < NS_COUNT; t++)
		if (spec->namespaces[t].mode == NS_MODE_CONTAINER)
			return true;
	return false;
}

static void note_own(struct facts *facts)
{
	for (int t = 0; t < NS_COUNT; t++) {
		char path[64];
		struct stat st;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", ns_type_name((enum ns_type)t));
		if (stat(path, &st) == 0)
			facts->own_namespaces[t] = st.st_ino;
	}
}

void life_read_map(struct arena *a, pid_t pid, const char *file, struct idmap *ret)
{
	AUTO_FREE char *text = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	if (io_read_file(path, MAP_LIMIT, &text, NULL) == 0)
		parse_proc_map(a, text, ret);
}

static bool denies_setgroups(pid_t pid)
{
	AUTO_FREE char *text = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
	return io_read_file(path, MAP_LIMIT, &text, NULL) == 0 && strncmp(text, "deny", 4) == 0;
}

int life_add_process(const char *name, pid_t pid, const uint64_t namespaces[NS_COUNT],
		     const char *cgroup, struct facts *facts, struct rootlet_error *err)
{
	struct facts_container *f;

	if (facts_container(facts, name))
		return 0;
	if (arena_grow(&facts->arena, &facts->containers, facts->container_count, sizeof(*f)) < 0)
		return error_nomem(err);
	if (!facts->container_count)
		note_own(facts);
	f = &facts->containers[facts->container_count];
	*f = (struct facts_container){.name = arena_strdup(&facts->arena, name),
				      .pid = (uint32_t)pid};
	if (!f->name)
		return error_nomem(err);
	for (int t = 0; t < NS_COUNT; t++)
		f->namespaces[t] = namespaces[t];
	life_read_map(&facts->arena, pid, "uid_map", &f->uid_map);
	life_read_map(&facts->arena, pid, "gid_map", &f->gid_map);
	if (cgroup) {
		f->cgroup = arena_strdup(&facts->arena, cgroup);
		if (!f->cgroup)
			return error_nomem(err);
	}
	f->setgroups_denied = denies_setgroups(pid);
	facts->container_count++;
	return 0;
}

int life_add_facts(const struct state_container *c, const char *name, struct facts *facts,
		   struct rootlet_error *err)
{
	return life_add_process(name, c->process.pid, c->process.namespaces, c->process.cgroup,
				facts, err);
}

/* A further command would stand still with all the others, before its first step. */
int life_not_paused(const struct state_container *c, struct rootlet_error *err)
{
	if (c->status != STATE_PAUSED)
		return 0;
	error_set(err, -EBUSY, "paused", c->name, "%s: is paused", c->name);
	error_hint(err, "`rootlet unpause %s` lets it go on", c->name);
	return -EBUSY;
}

static int resolve_one(const struct state_store *store, const char *name, struct facts *facts,
		       struct rootlet_error *err)
{
	AUTO_CONTAINER c = NULL;
	int r = state_find(store, name, 0, &c, err);

	if (r < 0)
		return r;
	if (!state_alive(c))
		return life_not_running(name, err);
	return life_add_facts(c, name, facts, err);
}

int life_resolve(const struct state_store *store, const struct spec *spec, struct facts *facts,
		 struct rootlet_error *err)
{
	int r = 0;

	for (int t = 0; t < NS_COUNT && r == 0; t++)
		if (spec->namespaces[t].mode == NS_MODE_CONTAINER)
			r = resolve_one(store, spec->namespaces[t].path, facts, err);
	return r;
}
