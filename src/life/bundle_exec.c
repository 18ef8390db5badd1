/* exec: one more process in a container. The container's config says how it is confined, the
 * request what it is. See bundle.h. */
#include "life/bundle.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/path.h"
#include "life/life.h"
#include "parse/oci.h"
#include "plan/plan.h"
#include "spec/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROCESS_LIMIT = 16 << 20 };

/* ---- what is asked for ---- */

static int read_process(struct spec *spec, const char *path, struct rootlet_error *err)
{
	AUTO_FREE char *text = NULL;
	size_t len;
	int r = io_read_named_file(path, PROCESS_LIMIT, &text, &len);

	if (r < 0) {
		error_set(err, r, "process-file", path, "--process %s: %s", path, error_text(r));
		error_hint(err, "it names a file with a process object, as in config.json");
		return r;
	}
	return parse_oci_process(spec, text, len, path, err);
}

static int set_arguments(struct spec *spec, const char *const *args)
{
	size_t count = 0;

	while (args[count])
		count++;
	spec->args = arena_memdup(&spec->arena, args, (count + 1) * sizeof(*args));
	spec->arg_count = count;
	return spec->args ? 0 : -ENOMEM;
}

/* As the same members of a config are checked. */
static int check_words(const struct life_bundle_exec *e, struct rootlet_error *err)
{
	if (e->cwd && e->cwd[0] != '/')
		return error_set(err, -EINVAL, "oci-path", e->cwd,
				 "--cwd: \"%.200s\" is not absolute", e->cwd);
	for (const char *const *env = e->env; env && *env; env++) {
		const char *equals = strchr(*env, '=');

		if (!equals || equals == *env)
			return error_set(err, -EINVAL, "oci-env", *env,
					 "--env: \"%.100s\" is not NAME=VALUE", *env);
	}
	return 0;
}

/* A group below the container's own, and of what there is with version 2. */
static int set_cgroup(const struct bundle *b, const char *path, struct spec *spec,
		      struct rootlet_error *err)
{
	if (strchr(path, ':')) {
		error_set(err, -EINVAL, "cgroup-path", path,
			  "--cgroup %s: cgroup version 2 has one hierarchy, with no controller in "
			  "its paths",
			  path);
		error_hint(err, "--cgroup %s", strrchr(path, ':') + 1);
		return -EINVAL;
	}
	if (path_has_dotdot(path))
		return error_set(err, -EINVAL, "cgroup-path", path,
				 "--cgroup %s: bad sub cgroup path: it leads out of the "
				 "container's own",
				 path);
	if (!b->record.cgroup)
		return life_bundle_has_cgroup(b, err);
	path = spec_cgroup_path(&spec->arena, "", path);
	if (!path)
		return error_nomem(err);
	spec->oci->exec_cgroup = path + 1; /* below: without the slash at its beginning */
	return 0;
}

/* The words of the command line over what is there. */
static int apply_words(struct spec *spec, const struct life_bundle_exec *e)
{
	struct spec_oci *oci = spec->oci;
	int r = e->args ? set_arguments(spec, e->args) : 0;

	if (r == 0)
		r = bundle_add_environment(spec, e->env);
	if (e->cwd)
		spec->cwd = e->cwd;
	if (e->has_user) {
		oci->uid = e->uid;
		oci->gid = e->gid;
	}
	if (e->gid_count) {
		oci->additional_gids =
			arena_memdup(&spec->arena, e->gids, e->gid_count * sizeof(*e->gids));
		oci->additional_gid_count = e->gid_count;
		r = r == 0 && !oci->additional_gids ? -ENOMEM : r;
	}
	if (e->capabilities) {
		oci->capabilities.given = true;
		oci->capabilities.bounding |= e->capabilities;
		oci->capabilities.effective |= e->capabilities;
		oci->capabilities.permitted |= e->capabilities;
		/* as runc has it: only what may be inherited already can be ambient */
		oci->capabilities.ambient |= oci->capabilities.inheritable & e->capabilities;
	}
	if (e->no_new_privileges)
		spec->no_new_privileges = YES;
	if (e->apparmor)
		oci->apparmor_profile = e->apparmor;
	if (e->label)
		oci->selinux_label = e->label;
	return r;
}

/* What was asked for the container's own process alone. */
static void forget_create(struct spec *spec)
{
	spec->args = NULL;
	spec->arg_count = 0;
	spec->tty = false;
	spec->oci->no_process = false;
	spec->oci->awaits_start = false;
	spec->oci->console_rows = spec->oci->console_columns = 0;
}

static int check_terminal(const struct spec *spec, const struct life_bundle_exec *e,
			  struct rootlet_error *err)
{
	if (spec->tty && e->detach && !e->console_socket) {
		error_set(err, -EINVAL, "console-socket", "--tty",
			  "--tty: cannot allocate tty without setting console socket");
		error_hint(err, "name the socket that takes it: --console-socket PATH");
		return -EINVAL;
	}
	if (!spec->tty && e->console_socket)
		return error_set(err, -EINVAL, "console-socket", "--console-socket",
				 "--console-socket: the process asks for no terminal");
	return 0;
}

static int make_spec(const struct bundle *b, const struct life_bundle_exec *e, struct spec **ret,
		     struct rootlet_error *err)
{
	struct spec *spec = NULL;
	int r = check_words(e, err);

	if (r < 0)
		return r;
	r = bundle_spec(b, SPEC_EXEC, &spec, err);
	if (r < 0)
		return r;
	forget_create(spec);
	if (e->process)
		r = read_process(spec, e->process, err);
	if (r == 0 && apply_words(spec, e) < 0)
		r = error_nomem(err);
	spec->tty |= e->tty;
	spec->detach = e->detach || e->console_socket;
	spec->preserve_fds = e->preserve_fds;
	spec->container = b->id;
	if (r == 0 && e->cgroup)
		r = set_cgroup(b, e->cgroup, spec, err);
	if (r == 0 && !spec->arg_count) {
		r = error_set(err, -EINVAL, "process-args", b->id,
			      "exec in %s: process args cannot be empty", b->id);
		error_hint(err, "`rootlet-oci exec %s COMMAND`, or a --process FILE that has args",
			   b->id);
	}
	if (r == 0)
		r = spec_validate(spec, err);
	if (r == 0)
		r = check_terminal(spec, e, err);
	if (r < 0) {
		spec_free(spec);
		return r;
	}
	*ret = spec;
	return 0;
}

/* ---- the plan ---- */

/* Of one that waits for its start. */
static int take_namespaces(struct bundle *b, int fds[NS_COUNT], struct rootlet_error *err)
{
	int r = b->status == BUNDLE_CREATED ? bundle_reach(b) : 0;

	if (r == -ECONNREFUSED) { /* it was let go a moment ago */
		bundle_look(b);
		return bundle_alive(b) ? 0 : bundle_not_running(b, err);
	}
	if (r == 0 && b->start >= 0)
		r = bundle_namespaces(b, fds);
	if (r == 0)
		return 0;
	if (r == -EAGAIN || r == -ETIMEDOUT)
		return bundle_no_answer(b, err);
	return bundle_is_gone(r) ? bundle_not_running(b, err) : bundle_no_right(b, r, err);
}

/* Each that there is: one that is left out would be the host's own. */
static int see_handed_out(const struct bundle *b, const int fds[NS_COUNT],
			  uint64_t inodes[NS_COUNT], struct rootlet_error *err)
{
	for (int t = 0; t < NS_COUNT; t++) {
		const char *name = ns_type_name((enum ns_type)t);
		struct stat st;
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
		inodes[t] = 0;
		if (fds[t] >= 0 && fstat(fds[t], &st) == 0)
			inodes[t] = st.st_ino;
		else if (access(path, F_OK) == 0)
			return error_set(err, -ENOENT, "exec-before-start", b->id,
					 "container %s: before its start it is entered by its own "
					 "/proc, which has no self/ns/%s",
					 b->id, name);
	}
	return 0;
}

/* What it has entered since it was made is known of it now: a time or a cgroup namespace. */
static int add_container(const struct bundle *b, const int fds[NS_COUNT], struct facts *facts,
			 struct rootlet_error *err)
{
	struct state_process now = b->record.process;
	bool opened = b->start >= 0;
	int r = 0;

	if (opened)
		r = see_handed_out(b, fds, now.namespaces, err);
	else if (state_process_describe(now.pid, &now) < 0)
		r = bundle_not_running(b, err);
	if (r == 0)
		r = life_add_process(b->id, now.pid, now.namespaces, b->record.cgroup, facts, err);
	if (r < 0)
		return r;
	facts->containers[facts->container_count - 1].opened = opened;
	memcpy(facts->containers[facts->container_count - 1].fds, fds, NS_COUNT * sizeof(*fds));
	return 0;
}

static int make_plan(const struct bundle *b, const struct spec *spec, const int fds[NS_COUNT],
		     struct plan **ret, struct rootlet_error *err)
{
	struct facts *facts = NULL;
	int r = facts_probe(spec, facts_needs(spec), &facts, err);

	if (r == 0)
		r = add_container(b, fds, facts, err);
	if (r == 0)
		r = plan_make(spec, facts, ret, err);
	facts_free(facts);
	return r;
}

static int check_status(struct bundle *b, const struct life_bundle_exec *e,
			struct rootlet_error *err)
{
	bundle_see(b);
	if (b->status == BUNDLE_PAUSED && !e->ignore_paused)
		return error_set(err, -EBUSY, "paused", b->id,
				 "container %s: cannot exec in a paused container (use "
				 "--ignore-paused to override)",
				 b->id);
	if (b->status == BUNDLE_PAUSED && bundle_waits(b)) {
		error_set(err, -EBUSY, "paused", b->id,
			  "container %s: cannot exec in a container that is paused before its "
			  "start: its process cannot hand out the way in",
			  b->id);
		error_hint(err, "`rootlet-oci resume %s` first", b->id);
		return -EBUSY;
	}
	if (bundle_alive(b))
		return 0;
	return error_set(err, -ESRCH, "not-running", b->id,
			 "container %s: cannot exec in a stopped container: container not running",
			 b->id);
}

/* ---- the process ---- */

static int finish(struct run_process *p, const struct life_bundle_exec *e,
		  struct rootlet_error *err)
{
	int r = 0;

	if (p->plan->terminal && e->console_socket) {
		r = bundle_send_terminal(e->console_socket, p->terminal, err);
		fd_close(&p->terminal);
	}
	if (r == 0 && e->detach)
		r = run_await_command(p, err);
	if (r == 0 && e->pid_file)
		r = bundle_write_pid(e->pid_file, p->pid, err);
	return r;
}

struct answering {
	const struct bundle *bundle;
	const struct spec_oci *oci; /* whose listener answers for calls of the profile */
	const char *pidfd_path;
	int pidfd_socket; /* or -1 */
};

static int on_made(void *data, struct run_process *p, struct rootlet_error *err)
{
	const struct answering *a = data;

	return a->pidfd_socket < 0
		       ? 0
		       : bundle_send_pidfd(a->pidfd_socket, a->pidfd_path, "setns", p, err);
}

static int on_listener(void *data, struct run_process *p, int fd, struct rootlet_error *err)
{
	const struct answering *a = data;

	return bundle_send_listener(a->bundle, a->oci, p->pid, fd, err);
}

int life_bundle_exec(struct bundle *b, const struct life_bundle_exec *e, struct plan **ret_plan,
		     struct run_process **ret, struct rootlet_error *err)
{
	struct answering answering = {
		.bundle = b, .pidfd_path = e->pidfd_socket, .pidfd_socket = -1};
	struct run_options options = {.status_fd = -1,
				      .container = -1,
				      .ending = ENDING_NONE,
				      .waiter = true,
				      .made = on_made,
				      .listener = on_listener,
				      .data = &answering};
	struct run_process *p = NULL;
	struct spec *spec = NULL;
	struct plan *plan = NULL;
	int fds[NS_COUNT];
	int r = check_status(b, e, err);

	for (int t = 0; t < NS_COUNT; t++)
		fds[t] = -1;
	if (r == 0)
		r = make_spec(b, e, &spec, err);
	if (r == 0)
		r = take_namespaces(b, fds, err);
	options.container = b->pidfd; /* which may be another by now */
	if (r == 0)
		r = make_plan(b, spec, fds, &plan, err);
	if (r == 0)
		r = bundle_reach_pidfd_socket(e->pidfd_socket, &answering.pidfd_socket, err);
	if (r == 0) {
		answering.oci = spec->oci;
		r = run_start(plan, &options, &p, err);
	}
	if (r < 0 && spec && bundle_alive(b) && life_bundle_is_ending(b))
		r = bundle_not_running(b, err);
	for (int t = 0; t < NS_COUNT; t++)
		fd_close(&fds[t]);
	fd_close(&answering.pidfd_socket);
	spec_free(spec);
	if (r == 0) {
		life_keep_plan(plan);
		r = finish(p, e, err);
	}
	if (r == 0 && e->detach) {
		run_leave(p);
		plan_free(plan);
		return 0;
	}
	if (r < 0) {
		run_free(p);
		plan_free(plan);
		return r;
	}
	*ret_plan = plan;
	*ret = p;
	return 0;
}
