/* create: a bundle becomes a container whose process waits for its start. See bundle.h. */
#include "life/bundle.h"

#include "base/fd.h"
#include "base/io.h"
#include "facts/facts.h"
#include "life/life.h"
#include "life/scan.h"
#include "parse/oci.h"
#include "plan/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

struct create {
	const struct life_bundle_options *options;
	const char *id;
	struct bundle_source source;
	struct spec *spec;
	struct facts *facts;
	struct plan *plan;
	struct bundle *bundle;
	int pidfd_socket; /* or -1 */
	bool hooks_ran;
	struct rootlet_error *err;
};

/* ---- what is asked for ---- */

/* Who gets the terminal's other end is said by whoever wants one. */
static int check_terminal(const struct create *c)
{
	const struct life_bundle_options *o = c->options;

	if (c->spec->tty && !o->console_socket && !o->foreground) {
		error_set(c->err, -EINVAL, "console-socket", "/process/terminal",
			  "process.terminal: cannot allocate tty without setting console socket");
		error_hint(c->err, "name the socket that takes it: --console-socket PATH");
		return -EINVAL;
	}
	if (!c->spec->tty && o->console_socket)
		return error_set(c->err, -EINVAL, "console-socket", "--console-socket",
				 "--console-socket: the config asks for no terminal");
	return 0;
}

static int make_spec(struct create *c)
{
	const struct life_bundle_options *o = c->options;
	int r = bundle_make_spec(o, c->id, &c->source, &c->spec, c->err);

	if (r < 0)
		return r;
	c->spec->oci->awaits_start = true;
	return check_terminal(c);
}

static int make_plan(struct create *c)
{
	int r = facts_probe(c->spec, facts_needs(c->spec), &c->facts, c->err);

	if (r == 0)
		r = plan_make(c->spec, c->facts, &c->plan, c->err);
	for (size_t i = 0; r == 0 && i < c->plan->note_count; i++)
		life_say(&c->options->warn, c->plan->notes[i]);
	return r;
}

/* ---- what is kept ---- */

static const char *copy(struct create *c, const char *text)
{
	return text ? arena_strdup(&c->bundle->arena, text) : NULL;
}

/* The strings are its own: it outlives the spec. */
static int fill_record(struct create *c)
{
	const struct spec_oci *oci = c->spec->oci;
	struct bundle_record *r = &c->bundle->record;

	*r = (struct bundle_record){
		.version = copy(c, oci->version),
		.path = copy(c, c->source.path),
		.rootfs = copy(c, c->spec->root_path),
		.created = state_now(),
		.owner = geteuid(),
		.command = copy(c, c->spec->arg_count ? c->spec->args[0] : NULL),
		.start_hooks = oci->hooks[OCI_START_CONTAINER].count ||
			       oci->hooks[OCI_POSTSTART].count ||
			       oci->seccomp_listener, /* `start` needs the config then */
		.stop_hooks = oci->hooks[OCI_POSTSTOP].count,
		.own_pids = c->plan->own_pid_ns,
		.own_mounts = c->plan->ns_modes[NS_MNT] == NS_MODE_PRIVATE,
		.tty = c->spec->tty,
		.annotation_count = oci->annotation_count,
	};
	r->annotations = arena_alloc(&c->bundle->arena,
				     (oci->annotation_count + 1) * sizeof(*r->annotations));
	for (size_t i = 0; r->annotations && i < oci->annotation_count; i++) {
		r->annotations[i].key = copy(c, oci->annotations[i].key);
		r->annotations[i].value = copy(c, oci->annotations[i].value);
		if (!r->annotations[i].key || !r->annotations[i].value)
			return error_nomem(c->err);
	}
	return r->path && r->annotations ? 0 : error_nomem(c->err);
}

/* While the process goes on with its set-up: it is written down, under a name that does not count.
 */
static int on_made(void *data, struct run_process *p, struct rootlet_error *err)
{
	struct create *c = data;
	struct bundle_record *r = &c->bundle->record;
	int result = state_process_describe(p->pid, &r->process);

	if (result == -ESRCH) /* it has failed already, and says why */
		r->process.pid = p->pid;
	if (r->own_mounts && !r->own_pids && !p->cgroup)
		r->mounts_id = life_mounts_id(p->pid);
	r->cgroup = copy(c, p->cgroup);
	r->cgroup_left = copy(c, p->cgroup_left);
	r->unit = copy(c, p->unit);
	r->cgroup_levels = p->cgroup_levels;
	result = bundle_prepare_record(c->bundle, err);
	if (result == 0 && c->pidfd_socket >= 0)
		result = bundle_send_pidfd(c->pidfd_socket, c->options->pidfd_socket, "standard", p,
					   err);
	return result;
}

/* Of the groups on the way there, how many will have been made for it: those at the end that are
 * not there. */
static int count_levels(const struct plan *plan)
{
	int levels = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		if (step->op == OP_CGROUP_PARENT)
			levels = access(step->a.setting.path, F_OK) == 0 ? 0 : levels + 1;
	}
	return levels;
}

/* A `create` that is killed once it has made its group leaves word of it. */
static int note_cgroup(struct create *c)
{
	struct bundle_record *r = &c->bundle->record;
	char path[PATH_MAX];

	if (!life_bundle_named_group(c->plan, path))
		return 0;
	r->cgroup = copy(c, path);
	r->cgroup_levels = count_levels(c->plan);
	return r->cgroup ? bundle_prepare_record(c->bundle, c->err) : error_nomem(c->err);
}

static int on_hooks(void *data, struct run_process *p, const int namespaces[NS_COUNT],
		    struct rootlet_error *err)
{
	struct create *c = data;
	const struct spec_oci *oci = c->spec->oci;
	int r;

	c->hooks_ran = true;
	c->bundle->pidfd = p->pidfd < 0 ? -1 : fcntl(p->pidfd, F_DUPFD_CLOEXEC, 3);
	/* "created", as whoever still writes these outdated hooks knows it from other runtimes. */
	r = bundle_hooks(c->bundle, oci, OCI_PRESTART, BUNDLE_CREATED, NULL, err);
	if (r == 0)
		r = bundle_hooks(c->bundle, oci, OCI_CREATE_RUNTIME, BUNDLE_CREATING, NULL, err);
	if (r == 0)
		r = bundle_hooks(c->bundle, oci, OCI_CREATE_CONTAINER, BUNDLE_CREATING, namespaces,
				 err);
	return r;
}

static int on_listener(void *data, struct run_process *p, int fd, struct rootlet_error *err)
{
	struct create *c = data;

	return bundle_send_listener(c->bundle, c->spec->oci, p->pid, fd, err);
}

/* ---- the process ---- */

/* Where the output is no terminal, nobody wants the carriage returns that one needs. */
static void write_plain_lines(int master)
{
	struct termios t;

	if (isatty(1) || tcgetattr(master, &t) < 0)
		return;
	t.c_oflag &= ~(tcflag_t)ONLCR;
	tcsetattr(master, TCSANOW, &t);
}

static int hand_terminal_on(struct create *c, struct run_process *p, struct life_bundle_made *made)
{
	const char *socket = c->options->console_socket;

	if (!c->plan->terminal)
		return 0;
	if (socket)
		return bundle_send_terminal(socket, p->terminal, c->err);
	write_plain_lines(p->terminal);
	made->terminal = fd_steal(&p->terminal);
	return 0;
}

/* In a pod it could not be looked into, and has told itself: what its processes are found by. True
 * when the record is another one by that. */
static bool take_told(struct create *c, const struct run_process *p)
{
	struct bundle_record *r = &c->bundle->record;
	uint64_t *namespaces = r->process.namespaces;
	bool changed = false;

	if (r->own_mounts && !r->own_pids && !r->cgroup && !r->mounts_id && p->mounts_id) {
		r->mounts_id = p->mounts_id;
		changed = true;
	}
	for (int t = 0; t < NS_COUNT; t++) {
		if (namespaces[t] || !p->namespaces[t])
			continue;
		namespaces[t] = p->namespaces[t];
		changed = true;
	}
	return changed;
}

/* The state counts from its rename on; only then may the process wait for its start. */
static int keep(struct create *c, struct run_process *p)
{
	int r = take_told(c, p) ? bundle_prepare_record(c->bundle, c->err) : 0;

	if (r == 0)
		r = bundle_keep_record(c->bundle, c->err);
	if (r == 0 && c->options->pid_file)
		r = bundle_write_pid(c->options->pid_file, p->pid, c->err);
	return r;
}

static int start_process(struct create *c, struct life_bundle_made *made)
{
	AUTO_FD start = c->plan->awaits ? bundle_bind(c->bundle) : -1;
	AUTO_FD token = c->plan->awaits ? bundle_open_token(c->bundle, false) : -1;
	struct run_options options = {
		.status_fd = -1,
		.container = -1,
		.start = start,
		.state_file = token,
		.ending = ENDING_NONE,
		.made = on_made,
		.hooks = on_hooks,
		.listener = on_listener,
		.data = c,
	};
	struct run_process *p = NULL;
	int r = 0;

	if (c->plan->awaits && (start < 0 || token < 0))
		return error_set(c->err, start < 0 ? start : token, "state-dir", c->id,
				 "container %s: make the socket of its start: %s", c->id,
				 error_text(start < 0 ? start : token));
	r = run_start(c->plan, &options, &p, c->err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < p->note_count; i++)
		life_say(&c->options->warn, p->notes[i]);
	r = hand_terminal_on(c, p, made);
	if (r == 0)
		r = keep(c, p);
	if (r < 0) {
		c->bundle->fresh = true; /* what was kept goes again */
		run_free(p);
		return r;
	}
	run_leave_created(p);
	life_keep_plan(c->plan);
	return 0;
}

static void release(struct create *c)
{
	fd_close(&c->pidfd_socket);
	plan_free(c->plan);
	facts_free(c->facts);
}

int life_bundle_create(const struct bundle_store *store, const char *id,
		       const struct life_bundle_options *options, struct life_bundle_made *made,
		       struct rootlet_error *err)
{
	struct create c = {.options = options, .id = id, .pidfd_socket = -1, .err = err};
	struct life_bundle_made own = {.terminal = -1};
	int r = bundle_check_id(id, err);

	if (r == 0)
		r = bundle_read_source(options, &c.source, err);
	if (r == 0)
		r = make_spec(&c);
	if (r == 0)
		r = make_plan(&c);
	if (r == 0)
		r = life_bundle_check_group(store, id, c.plan, err);
	if (r == 0)
		r = bundle_reach_pidfd_socket(options->pidfd_socket, &c.pidfd_socket, err);
	if (r == 0) {
		bundle_clear_leftover(store, id, &options->warn);
		r = bundle_create(store, id, &c.bundle, err);
	}
	if (r == 0)
		r = bundle_write_config(c.bundle, c.source.text, c.source.len, err);
	if (r == 0)
		r = fill_record(&c);
	if (r == 0)
		r = note_cgroup(&c);
	if (r == 0)
		r = start_process(&c, &own);
	if (r < 0 && c.hooks_ran)
		bundle_poststop(c.bundle, c.spec->oci, &options->warn);
	if (r == 0 && made) {
		*made = own;
		made->bundle = c.bundle;
	} else {
		fd_close(&own.terminal);
		bundle_free(c.bundle);
	}
	spec_free(c.spec);
	bundle_free_source(&c.source);
	release(&c);
	return r;
}
