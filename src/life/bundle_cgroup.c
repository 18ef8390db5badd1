/* What is done with the cgroup of a container that lives: frozen, changed, watched. See bundle.h.
 */
#include "life/bundle.h"

#include "base/fd.h"
#include "base/io.h"
#include "facts/facts.h"
#include "life/freeze.h"
#include "life/usage.h"
#include "parse/oci.h"
#include "plan/device_filter.h"
#include "plan/limit.h"
#include "run/device_filter.h"
#include "run/group.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- before it lives ---- */

bool life_bundle_named_group(const struct plan *plan, char path[static PATH_MAX])
{
	const struct step *step = plan_find_step(plan, OP_CGROUP);

	return step && step->a.cgroup.name &&
	       snprintf(path, PATH_MAX, "%s/%s", step->a.cgroup.parent, step->a.cgroup.name) <
		       PATH_MAX;
}

static int taken(const char *path, const char *id, struct rootlet_error *err)
{
	error_set(err, -EBUSY, "cgroup-taken", path,
		  "cgroup %s: it is container %s's, which was not deleted yet", path, id);
	error_hint(err, "`rootlet-oci delete %s` first, or name another in linux.cgroupsPath", id);
	return -EBUSY;
}

static void leave_out(void *data, const struct rootlet_error *err)
{
}

int life_bundle_check_group(const struct bundle_store *store, const char *id,
			    const struct plan *plan, struct rootlet_error *err)
{
	struct bundle_list list = {0};
	char path[PATH_MAX];
	int r;

	/* the usual case: it is made, and nobody else's */
	if (!life_bundle_named_group(plan, path) || access(path, F_OK) < 0)
		return 0;
	r = bundle_list(store, leave_out, NULL, &list, err);
	for (size_t i = 0; r == 0 && i < list.count; i++) {
		const struct bundle *other = list.items[i];

		if (strcmp(other->id, id) == 0) /* its id is taken: that is told elsewhere */
			continue;
		if (other->record.cgroup && strcmp(other->record.cgroup, path) == 0)
			r = taken(path, other->id, err);
	}
	bundle_list_release(&list);
	return r;
}

/* ---- while it lives ---- */

int life_bundle_has_cgroup(const struct bundle *b, struct rootlet_error *err)
{
	if (!bundle_alive(b))
		return bundle_not_running(b, err);
	if (!b->record.cgroup) {
		error_set(
			err, -EOPNOTSUPP, "cgroup-refused", b->id,
			"container %s: it has no cgroup of its own: none could be made when it was "
			"created",
			b->id);
		error_hint(err,
			   "start the engine in a delegated one: systemd-run --user --scope -p "
			   "Delegate=yes …");
		return -EOPNOTSUPP;
	}
	return 0;
}

/* ---- pause, resume ---- */

int life_bundle_pause(struct bundle *b, bool paused, struct rootlet_error *err)
{
	const char *verb = paused ? "pause" : "resume";
	int r = life_bundle_has_cgroup(b, err);

	if (r < 0)
		return r;
	if (paused == (b->status == BUNDLE_PAUSED))
		return error_set(err, -EALREADY, paused ? "already-paused" : "not-paused", b->id,
				 "container %s: container %s", b->id,
				 paused ? "already paused" : "not paused");
	r = freeze_cgroup(b->record.cgroup, paused);
	if (r == -ETIMEDOUT) {
		freeze_cgroup(b->record.cgroup, false);
		return error_set(err, r, "pause-slow", b->id,
				 "%s container %s: not all of it has stopped after %d seconds; a "
				 "process of it hangs in the kernel",
				 verb, b->id, FREEZE_WAIT_MS / 1000);
	}
	if (r < 0)
		return error_set(err, r, "pause", b->id, "%s container %s: %s/cgroup.freeze: %s",
				 verb, b->id, b->record.cgroup, error_text(r));
	bundle_look(b);
	return 0;
}

/* ---- update ---- */

enum { FILE_MAX = 1 << 16 }; /* of a cgroup's file */

static bool is_given(int64_t value)
{
	return value != OCI_UNSET && value != 0;
}

static int64_t as_limit(uint64_t value)
{
	return value == USAGE_NONE ? -1 : (int64_t)value;
}

/* What stands together in one file, or counts together, is completed from what is in force. */
static int complete(const struct bundle *b, struct oci_resources *r, struct rootlet_error *err)
{
	struct usage now;
	int result = usage_read(b->record.cgroup, USAGE_LIMITS, &now);

	if (result < 0)
		return error_set(err, result, "limit-refused", b->id,
				 "update container %s: read %s: %s", b->id, b->record.cgroup,
				 error_text(result));
	if (is_given(r->memory_swap) && r->memory_swap > 0 && !is_given(r->memory_limit) &&
	    now.memory_limit != USAGE_NONE)
		r->memory_limit = as_limit(now.memory_limit);
	if (is_given(r->cpu_period) && !is_given(r->cpu_quota) && now.cpu_period != USAGE_NONE)
		r->cpu_quota = as_limit(now.cpu_quota);
	if (is_given(r->cpu_quota) && !is_given(r->cpu_period) && now.cpu_period != USAGE_NONE)
		r->cpu_period = (int64_t)now.cpu_period;
	if (r->pids_limit == 0) /* how engines say that it stays as it is */
		r->pids_limit = OCI_UNSET;
	if (r->memory_check_before_update && is_given(r->memory_limit) && r->memory_limit > 0 &&
	    now.memory != USAGE_NONE && now.memory > (uint64_t)r->memory_limit)
		result = error_set(
			err, -EINVAL, "limit-refused", b->id,
			"update container %s: memory.max=%lld: it uses %llu bytes by now", b->id,
			(long long)r->memory_limit, (unsigned long long)now.memory);
	usage_release(&now);
	return result;
}

static int word_limit(const struct bundle *b, const struct limit *l, int error,
		      struct rootlet_error *err)
{
	const char *group = b->record.cgroup, *above = strrchr(group, '/');
	bool missing = error == -ENOENT;

	error_set(err, error, missing ? "limit-not-delegated" : "limit-refused", l->file,
		  "update container %s: write %s: %s: %s%.*s%s", b->id, l->file, l->value,
		  missing ? "the " : "", missing ? (int)strcspn(l->file, ".") : 0, l->file,
		  missing ? " controller is not in its cgroup" : error_text(error));
	if (missing)
		error_hint(err,
			   "the group above hands it on: echo +%.*s >%.*s/cgroup.subtree_control, "
			   "by who may write there",
			   (int)strcspn(l->file, "."), l->file, above ? (int)(above - group) : 0,
			   group);
	return error;
}

/* What was written, and what stood there before. */
struct written {
	struct {
		const char *file;
		const char *before; /* NULL: cannot be put back */
	} * files;
	size_t count;
};

/* Of files with a line for each device none says that a device had no limit; what only takes
 * orders, as cgroup.kill, cannot be read. */
static const char *what_it_has(struct arena *a, int dir, const char *file)
{
	AUTO_FREE char *text = NULL;
	AUTO_FD fd = openat(dir, file, O_RDONLY | O_CLOEXEC);

	if (strncmp(file, "io.", 3) == 0 || strncmp(file, "rdma.", 5) == 0)
		return NULL;
	if (fd < 0 || io_read_fd(fd, FILE_MAX, &text, NULL) < 0)
		return NULL;
	return arena_strdup(a, text);
}

/* The newest first. What stays in force all the same: a list for people, or NULL. */
static const char *put_back(const struct bundle *b, struct arena *a, const struct written *w)
{
	AUTO_FD dir = open(b->record.cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *stays = NULL;

	for (size_t i = w->count; i-- > 0;) {
		const char *file = w->files[i].file, *before = w->files[i].before;

		if (before && dir >= 0 && group_write(dir, file, before) == 0)
			continue;
		stays = arena_printf(a, "%s%s%s", file, stays ? ", " : "", stays ? stays : "");
	}
	return stays;
}

static void hint_at_what_stays(const char *stays, struct rootlet_error *err)
{
	if (stays)
		error_hint(err, "in force all the same: %s; the rest is as it was", stays);
	else
		error_hint(err, "nothing of it is in force: what was written before it has been "
				"put back");
}

static int write_limits(const struct bundle *b, struct arena *a, const struct limits *limits,
			struct written *w, struct rootlet_error *err)
{
	AUTO_FD dir = open(b->record.cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return error_set(err, -errno, "limit-refused", b->id, "update container %s: %s: %s",
				 b->id, b->record.cgroup, error_text(errno));
	w->count = 0;
	w->files = arena_alloc(a, (limits->count + 1) * sizeof(*w->files));
	if (!w->files)
		return error_nomem(err);
	for (size_t i = 0; i < limits->count; i++) {
		const struct limit *l = &limits->items[i];
		bool other = l->other && faccessat(dir, l->file, F_OK, 0) < 0;
		const char *file = other ? l->other : l->file;
		const char *before = what_it_has(a, dir, file);
		int r = group_limit(dir, l);

		if (r < 0) {
			word_limit(b, l, r, err);
			if (w->count)
				hint_at_what_stays(put_back(b, a, w), err);
			return r;
		}
		w->files[w->count].file = file;
		w->files[w->count++].before = before;
	}
	return 0;
}

/* A group of systemd's has two who know of its limits: one that is in the file alone is written
 * over when systemd's configuration is loaded again. In the file it stands exactly as it was asked
 * for, so it is written once more. */
static int tell_systemd(const struct bundle *b, struct arena *a, const struct limits *limits,
			struct written *w, struct rootlet_error *err)
{
	struct unit_properties properties = {0};
	AUTO_FREE char *said = NULL;
	int r;

	if (!b->record.unit)
		return 0;
	if (limits_properties(a, limits, &properties) < 0)
		return error_nomem(err);
	if (!properties.count)
		return 0;
	r = group_set_properties(b->record.unit, &properties, &said);
	if (r == 0)
		return write_limits(b, a, limits, w, err);
	error_set(err, r, r == -EREMOTEIO ? "systemd-refused" : "systemd-missing", b->record.unit,
		  "update container %s: set the properties of the systemd unit %s: %s", b->id,
		  b->record.unit, said ? said : error_text(r));
	error_hint(err, "the limits are in force, until systemd's configuration is loaded again; "
			"`systemctl status` says more of the unit");
	return r;
}

/* ---- rules for devices ---- */

static int word_devices(const struct bundle *b, int error, struct rootlet_error *err)
{
	const char *why = error == -EPERM   ? "the kernel lets this process attach no program that "
					      "judges the use of devices (bpf(2))"
			  : error == -E2BIG ? "more rules than one program can hold"
					    : error_text(error);

	error_set(err, error, "device-rules", "/linux/resources/devices",
		  "update container %s: devices: %s", b->id, why);
	error_hint(err, "what the container had is in force; it takes CAP_BPF and CAP_NET_ADMIN "
			"over the host, and CONFIG_CGROUP_BPF");
	return error;
}

/* Real root's rules are the kernel's matter; those of anybody else must be such that nothing is
 * lost without it, as when the container was created. */
static int check_devices(struct arena *a, const struct device_filter *f, bool *ret_set,
			 struct rootlet_error *err)
{
	struct facts *facts = NULL;
	int r = facts_probe(NULL, FACT_MAPS, &facts, err);

	if (r < 0)
		return r;
	*ret_set = facts->uid == 0 && facts->initial_userns;
	facts_free(facts);
	return *ret_set || !device_filter_bounds(f) ? 0 : device_filter_without(a, f, err);
}

static int write_devices(const struct bundle *b, struct arena *a, const struct oci_resources *r,
			 struct rootlet_error *err)
{
	struct device_filter f;
	bool set = false;
	int result;

	if (!r->device_rule_count)
		return 0;
	result = device_filter_from(a, r->device_rules, r->device_rule_count, &f);
	if (result < 0)
		return word_devices(b, result, err);
	result = check_devices(a, &f, &set, err);
	if (result < 0 || !set)
		return result;
	AUTO_FD dir = open(b->record.cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	result = dir < 0 ? -errno
			 : device_filter_set(dir, device_filter_bounds(&f) ? f.program : NULL,
					     f.length);
	return result < 0 ? word_devices(b, result, err) : 0;
}

int life_bundle_update(struct bundle *b, const char *text, size_t len, const char *path,
		       struct rootlet_error *err)
{
	struct oci_resources resources;
	struct written written = {0};
	struct limits limits;
	struct arena arena;
	int r;

	arena_init(&arena);
	oci_resources_init(&resources);
	r = parse_oci_resources(&arena, &resources, text, len, path, err);
	if (r == 0)
		r = life_bundle_has_cgroup(b, err);
	if (r == 0)
		r = complete(b, &resources, err);
	if (r == 0)
		r = limits_from(&arena, &resources, &limits, err);
	if (r == 0)
		r = write_limits(b, &arena, &limits, &written, err);
	if (r == 0) {
		r = write_devices(b, &arena, &resources, err);
		if (r < 0 && written.count)
			hint_at_what_stays(put_back(b, &arena, &written), err);
	}
	if (r == 0)
		r = tell_systemd(b, &arena, &limits, &written, err);
	arena_release(&arena);
	return r;
}

/* ---- events ---- */

static int open_events(const char *cgroup)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/memory.events", cgroup) >= (int)sizeof(path))
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC);
}

static uint64_t count_kills(int events)
{
	char text[1024];
	ssize_t n = events < 0 ? 0 : pread(events, text, sizeof(text) - 1, 0);
	const char *at;
	unsigned long long kills = 0;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	at = strstr(text, "\noom_kill ");
	/* the kernel wrote it. NOLINTNEXTLINE(cert-err34-c) */
	return at && sscanf(at, "\noom_kill %llu", &kills) == 1 ? kills : 0;
}

int life_bundle_watch(struct bundle *b, int timeout_ms, uint64_t *ret_kills,
		      struct rootlet_error *err)
{
	int r = life_bundle_has_cgroup(b, err);
	AUTO_FD events = r < 0 ? -1 : open_events(b->record.cgroup);
	/* poll(2) tells of a change since the last read. */
	struct pollfd fds[] = {{.fd = b->pidfd, .events = POLLIN},
			       {.fd = events, .events = POLLPRI}};

	if (r < 0)
		return r;
	*ret_kills = count_kills(events);
	if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR)
		return error_set(err, -errno, "supervise", b->id, "container %s: wait: %s", b->id,
				 error_text(errno));
	if (events >= 0)
		*ret_kills = count_kills(events);
	bundle_look(b);
	return !bundle_alive(b);
}
