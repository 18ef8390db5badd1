/* start: the process that waits is let go. Over the connection it says, as it would say to a
 * parent, whether it became the command. See bundle.h. */
#include "life/bundle.h"

#include "base/buffer.h"
#include "base/fd.h"
#include "base/fds.h"
#include "init/wire.h"
#include "life/hooks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int wrong_status(const struct bundle *b, struct rootlet_error *err)
{
	static const char *const why[] = {
		[BUNDLE_CREATING] = "it is still being created",
		[BUNDLE_CREATED] = "",
		[BUNDLE_RUNNING] = "cannot start an already running container",
		[BUNDLE_PAUSED] = "cannot start a container in the paused state",
		[BUNDLE_STOPPED] = "cannot start a container that has stopped",
	};

	error_set(err, -EINVAL, "container-status", b->id, "container %s: %s", b->id,
		  why[b->status]);
	if (b->status == BUNDLE_PAUSED)
		error_hint(err, "`rootlet-oci resume %s` first", b->id);
	return -EINVAL;
}

static int no_process(const struct bundle *b, struct rootlet_error *err)
{
	error_set(err, -EINVAL, "process-args", b->id,
		  "container %s: cannot start a container without a process", b->id);
	error_hint(err, "config.json needs a process with args: `rootlet-oci spec` shows one");
	return -EINVAL;
}

/* Asked after a failure only: a start does not read the config else. */
static bool has_filter(const struct bundle *b)
{
	struct spec *spec = NULL;
	bool has = bundle_spec(b, SPEC_RUN, &spec, NULL) == 0 && spec->oci->seccomp_text;

	spec_free(spec);
	return has;
}

static int lost(const struct bundle *b, int r, struct rootlet_error *err)
{
	error_set(err, r, "start-lost", b->id,
		  "container %s: the process that waited for its start is gone", b->id);
	if (has_filter(b))
		error_hint(err, "linux.seccomp must allow what a start still does: execve, "
				"execveat, write, close, exit_group");
	return r;
}

/* It is about to run its next hook. */
static int serve_hook(const struct bundle *b, const struct spec_oci *oci, int connection,
		      size_t next, struct rootlet_error *err)
{
	const struct oci_hooks *hooks = oci ? &oci->hooks[OCI_START_CONTAINER] : NULL;
	AUTO_BUFFER state = {0};
	struct hook_place place = {0};

	if (!hooks || next >= hooks->count)
		return lost(b, -EPROTO, err);
	if (bundle_hook_state(b, BUNDLE_CREATED, &state) < 0)
		return error_nomem(err);
	place.state = state.data;
	place.state_len = state.len;
	return hooks_serve(hooks, next, &place, connection, err);
}

/* ---- what it says ---- */

static int word_exec_failure(const struct bundle *b, int error, uint32_t detail,
			     struct rootlet_error *err)
{
	const char *command = b->record.command ? b->record.command : "";
	const char *candidates[] = {command, NULL};
	struct step steps[] = {
		{.op = OP_SECCOMP, .actor = ACTOR_CHILD, .subject = "", .a.filter.profile = true},
		{.op = OP_EXEC,
		 .actor = ACTOR_CHILD,
		 .subject = command,
		 .a.exec.candidates = candidates},
	};
	bool filtered = has_filter(b);
	const struct plan plan = {
		.steps = filtered ? steps : steps + 1, .count = filtered ? 2 : 1, .oci = true};

	return run_word_exec_failure(&plan, error, detail, err);
}

/* The plan that its step is a number in was made by `create`, and is no more. */
static int word_step_failure(const struct bundle *b, const struct wire_report *report,
			     struct rootlet_error *err)
{
	return error_set(err, -report->error, "start-failed", b->id,
			 "container %s: start: step %d, behind the wait (no_new_privs, "
			 "linux.seccomp, startContainer hooks): %s",
			 b->id, report->step, error_text(report->error));
}

/* Until the connection closes: by the exec, or by the process's end. */
static int listen_to(const struct bundle *b, const struct spec_oci *oci, int connection,
		     struct rootlet_error *err)
{
	union {
		struct wire_report report;
		struct wire_message message;
	} said;
	bool ready = false;
	size_t hooks = 0, count;
	int fd, n, r;

	if (bundle_await_answer(connection) < 0)
		return bundle_no_answer(b, err);
	bundle_forget_start(b);
	for (;;) {
		n = fds_take(connection, &said, sizeof(said), 0, &fd, 1, &count);
		if (n <= 0)
			break;
		if (fd >= 0) { /* the only one that may come is the seccomp listener */
			r = oci && oci->seccomp_listener
				    ? bundle_send_listener(b, oci, b->record.process.pid, fd, err)
				    : 0;
			close(fd);
			if (r < 0)
				return r;
			continue;
		}
		if (n == sizeof(said.message) && said.message.type == WIRE_EXEC_FAILED)
			return word_exec_failure(b, said.message.value, said.message.detail, err);
		if (n != sizeof(said.report))
			continue;
		ready |= said.report.type == WIRE_READY;
		if (said.report.type == WIRE_HOOK) {
			r = serve_hook(b, oci, connection, hooks++, err);
			if (r < 0)
				return r;
		}
		if (said.report.type == WIRE_FAILED && ready)
			return word_exec_failure(b, said.report.error, said.report.detail, err);
		if (said.report.type == WIRE_FAILED)
			return word_step_failure(b, &said.report, err);
	}
	return ready ? 0 : lost(b, -ECHILD, err);
}

/* ---- all of it ---- */

/* Without the lock: the container runs, and nobody is to wait until they have ended who wants to
 * delete it. Whoever did has ended it, too. */
static int run_poststart(struct bundle *b, const struct spec_oci *oci, struct rootlet_error *err)
{
	int r;

	bundle_unlock(b);
	r = bundle_hooks(b, oci, OCI_POSTSTART, BUNDLE_RUNNING, NULL, err);
	if (r < 0 && bundle_lock(b, NULL) < 0)
		bundle_unlock(b);
	return r;
}

static int tell_it(struct bundle *b, int *ret_connection, struct rootlet_error *err)
{
	int r = bundle_reach(b);

	if (r == -EAGAIN)
		return bundle_no_answer(b, err);
	if (r < 0)
		return lost(b, r, err);
	r = bundle_say(b, b->start, WIRE_GO);
	if (r < 0)
		return bundle_is_gone(r) ? lost(b, r, err) : bundle_no_right(b, r, err);
	*ret_connection = fd_steal(&b->start);
	return 0;
}

/* A start that fails half-way leaves nothing that could be started again. But one that was not
 * heard has not begun: with our end of the connection the word is taken back. */
static int let_go(struct bundle *b, const struct spec_oci *oci, int connection,
		  struct rootlet_error *err)
{
	int r = listen_to(b, oci, connection, err);

	if (r == 0 && oci && oci->hooks[OCI_POSTSTART].count)
		r = run_poststart(b, oci, err);
	if (r < 0 && r != -ETIMEDOUT && b->locked)
		life_bundle_end(b, NULL);
	return r;
}

int life_bundle_start(struct bundle *b, const struct life_warn *warn, struct rootlet_error *err)
{
	AUTO_FD connection = -1;
	struct spec *spec = NULL;
	int r = bundle_lock(b, err);

	if (r < 0)
		return r;
	if (b->status != BUNDLE_CREATED)
		return wrong_status(b, err);
	if (!b->record.command)
		return no_process(b, err);
	if (b->record.start_hooks)
		r = bundle_spec(b, SPEC_RUN, &spec, err);
	if (r < 0)
		return r;
	r = tell_it(b, &connection, err);
	if (r == 0)
		r = let_go(b, spec ? spec->oci : NULL, connection, err);
	spec_free(spec);
	return r;
}
