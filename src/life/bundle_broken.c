/* A container that is to be deleted, and whose state.json cannot be trusted: who its processes are
 * is told by what can be read of it all the same, by the socket that it waits on, or by the cgroup
 * that its config names. And one that a killed `create` left without a state.json, but perhaps with
 * a cgroup. It ends none of them. See bundle.h.
 */
#include "life/bundle.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "facts/facts.h"
#include "run/group.h"
#include "spec/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_MS = 5, LEAVE_MS = 2000 };

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A container's processes have a mount namespace that is not ours. Who has ours, or cannot be seen,
 * is somebody else, and the group no longer the container's. */
static bool are_its_own(const struct bundle *b)
{
	AUTO_FREE pid_t *pids = NULL;
	struct stat own, other;
	size_t count = 0;

	if (stat("/proc/self/ns/mnt", &own) < 0 || life_bundle_pids(b, &pids, &count, NULL) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		char path[48];

		if (bundle_alive(b) && pids[i] == b->record.process.pid)
			continue; /* it waits, closed to inspection */
		snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pids[i]);
		if (stat(path, &other) == 0 ? other.st_ino == own.st_ino : errno != ENOENT)
			return false;
	}
	return true;
}

/* Where `create` would make its cgroup, as a path of the file system. NULL: nowhere, or that is
 * where we are ourselves. */
static const char *planned_cgroup(struct arena *a, const struct spec *spec,
				  const struct facts *facts)
{
	const char *own = facts->cgroup_path, *parent;
	struct spec_cgroup wanted;
	char path[4096];
	int n;

	if (!facts->cgroup_mount || !own || spec_cgroup(spec, a, &wanted) < 0 || !wanted.wanted ||
	    !wanted.name || strchr(wanted.name, ':')) /* systemd's name of a scope */
		return NULL;
	parent = wanted.parent ? spec_cgroup_path(a, own, wanted.parent) : own;
	if (!parent)
		return NULL;
	n = snprintf(path, sizeof(path), "%s/%s", strcmp(parent, "/") == 0 ? "" : parent,
		     wanted.name);
	if (n >= (int)sizeof(path) || strstr(path, "/../") || path_within(own, path))
		return NULL;
	n = snprintf(path, sizeof(path), "%s%s/%s", facts->cgroup_mount,
		     strcmp(parent, "/") == 0 ? "" : parent, wanted.name);
	return n < (int)sizeof(path) && is_directory(path) ? arena_strdup(a, path) : NULL;
}

static void find_cgroup(struct bundle *b, const struct spec *spec)
{
	struct facts *facts = NULL;

	if (b->record.cgroup || b->record.unit || facts_probe(spec, FACT_CGROUP, &facts, NULL) < 0)
		return;
	b->record.cgroup = planned_cgroup(&b->arena, spec, facts);
	facts_free(facts);
	if (b->record.cgroup && !are_its_own(b))
		b->record.cgroup = NULL;
}

static void read_config(struct bundle *b, const struct life_warn *warn)
{
	const char *path = b->record.path;
	struct spec *spec = NULL;
	char text[512];

	if (!path)
		b->record.path = "/"; /* nothing is looked for there */
	if (bundle_spec(b, SPEC_RUN, &spec, NULL) == 0) {
		find_cgroup(b, spec);
		b->record.stop_hooks &= path != NULL;
		if (spec->oci->hooks[OCI_POSTSTOP].count && !b->record.stop_hooks) {
			snprintf(text, sizeof(text),
				 "container %s: its poststop hooks are not run: its state, which "
				 "they are given, cannot be read",
				 b->id);
			life_say(warn, text);
		}
	}
	b->record.path = path;
	spec_free(spec);
}

/* ---- what a killed `create` left ---- */

/* Its process ends by itself, since nobody is at the other end of its channels. But only when it
 * was written down that the group was made may those in it be killed: else they may be another's.
 */
static bool is_left_alone(const char *cgroup)
{
	for (int waited = 0; group_has_processes(cgroup); waited += LOOK_MS) {
		if (waited >= LEAVE_MS)
			return false;
		clock_sleep_ms(LOOK_MS);
	}
	return true;
}

static void recover_leftover(struct bundle *b, const struct life_warn *warn)
{
	char text[4352];

	bundle_salvage_prepared(b);
	b->record.stop_hooks = false; /* it was never there */
	bundle_look(b);
	if (!b->record.cgroup || b->record.process.pid || is_left_alone(b->record.cgroup))
		return;
	snprintf(text, sizeof(text), "container %s: processes are in the cgroup %.4000s: it stays",
		 b->id, b->record.cgroup);
	life_say(warn, text);
	b->record.cgroup = NULL;
}

void bundle_clear_leftover(const struct bundle_store *store, const char *id,
			   const struct life_warn *warn)
{
	AUTO_BUNDLE b = NULL;

	if (store->fd < 0 || bundle_find(store, id, &b, NULL) < 0 || b->has_record)
		return;
	bundle_look(b);
	/* Once we have the lock, whoever had it may be done, and it is there. */
	if (b->status == BUNDLE_STOPPED && bundle_lock(b, NULL) == 0 && !b->has_record)
		life_bundle_delete(b, false, warn, NULL);
}

/* ---- both ---- */

void bundle_recover(struct bundle *b, const struct life_warn *warn)
{
	bool known = b->record.process.pid > 1 && b->record.process.start_time;
	char text[512];

	if (!b->broken) {
		recover_leftover(b, warn);
		return;
	}
	if (!bundle_alive(b))
		known |= bundle_adopt(b);
	read_config(b, warn);
	if (known || b->record.cgroup)
		return;
	snprintf(text, sizeof(text),
		 "container %s: nothing tells which processes were its own: one that still runs is "
		 "left; `lsns -t mnt` shows the first process of every mount namespace",
		 b->id);
	life_say(warn, text);
}
