/* What the operations on OCI containers share; see bundle.h. */
#include "life/bundle.h"

#include "base/buffer.h"
#include "base/fd.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/unix.h"
#include "init/wire.h"
#include "life/hooks.h"
#include "parse/oci.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

void life_say(const struct life_warn *warn, const char *text)
{
	if (warn && warn->say)
		warn->say(warn->data, text);
}

/* Who waits for the file reads it as soon as it is there: it must be whole by then. */
int bundle_write_pid(const char *path, pid_t pid, struct rootlet_error *err)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash + 1 - path) : 0;
	AUTO_FREE char *temporary = NULL;
	char text[16];
	int fd, r = 0;

	if (asprintf(&temporary, "%.*s.%s.%d", dir, path, path + dir, (int)getpid()) < 0) {
		temporary = NULL; /* asprintf(3): its contents are undefined */
		return error_nomem(err);
	}
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		r = -errno;
	else
		r = io_write_all(fd, text, (size_t)snprintf(text, sizeof(text), "%d", (int)pid));
	fd_close(&fd);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(temporary);
		error_set(err, r, "pidfile", path, "--pid-file %s: %s", path, error_text(r));
		error_hint(err, "name a file in a folder that exists and that you may write to");
	}
	return r;
}

/* connect(2) tells of rights, or of nobody who listens, whatever it is that it finds. */
static bool is_no_socket(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISSOCK(st.st_mode);
}

int bundle_send_terminal(const char *path, int master, struct rootlet_error *err)
{
	AUTO_FD fd = unix_connect(path);
	/* One byte is the least that may carry a descriptor; what receivers expect is a name. */
	int r = fd < 0 ? fd : fds_send(fd, "/dev/ptmx", strlen("/dev/ptmx"), &master, 1);

	if (r < 0) {
		error_set(err, r, "console-socket", path, "--console-socket %s: %s%s", path,
			  is_no_socket(path) ? "it is no socket: " : "", error_text(r));
		error_hint(err, "it must be a unix stream socket on which somebody listens");
	}
	return r;
}

static int pidfd_failed(const char *path, int r, const char *why, struct rootlet_error *err)
{
	error_set(err, r, "pidfd-socket", path, "--pidfd-socket %s: %s", path, why);
	if (r != -ENOSYS)
		error_hint(err, "it must be a unix stream socket on which somebody listens");
	return r;
}

int bundle_reach_pidfd_socket(const char *path, int *ret_fd, struct rootlet_error *err)
{
	int fd = path ? unix_connect(path) : -1;

	if (path && fd < 0)
		return pidfd_failed(path, fd, error_text(fd), err);
	*ret_fd = fd;
	return 0;
}

int bundle_send_pidfd(int to, const char *path, const char *kind, const struct run_process *process,
		      struct rootlet_error *err)
{
	int r;

	if (process->pidfd < 0)
		return pidfd_failed(path, -ENOSYS, "this kernel has no pidfd (Linux 5.3)", err);
	r = fds_send(to, kind, strlen(kind), &process->pidfd, 1);
	return r < 0 ? pidfd_failed(path, r, error_text(r), err) : 0;
}

int bundle_send_listener(const struct bundle *b, const struct spec_oci *oci, pid_t pid,
			 int listener, struct rootlet_error *err)
{
	const char *path = oci->seccomp_listener;
	AUTO_BUFFER state = {0};
	AUTO_FD fd = -1;
	int r = bundle_listener_state(b, (int)pid, oci->seccomp_metadata, &state);

	if (r < 0)
		return error_nomem(err);
	fd = unix_connect(path);
	r = fd < 0 ? fd : fds_send(fd, state.data, state.len, &listener, 1);
	if (r < 0) {
		error_set(err, r, "seccomp-listener", path,
			  "linux.seccomp.listenerPath %s: failed to connect with seccomp agent: "
			  "%s%s",
			  path, is_no_socket(path) ? "it is no socket: " : "", error_text(r));
		error_hint(err, "it must be a unix stream socket on which the agent listens");
	}
	return r;
}

int bundle_add_environment(struct spec *spec, const char *const *env)
{
	struct arena *a = &spec->arena;

	for (; env && *env; env++) {
		const char *equals = strchr(*env, '=');
		struct spec_env *e;

		if (arena_grow(a, &spec->env, spec->env_count, sizeof(*e)) < 0)
			return -ENOMEM;
		e = &spec->env[spec->env_count];
		e->name = equals ? arena_strndup(a, *env, (size_t)(equals - *env))
				 : arena_strdup(a, *env);
		e->value = arena_strdup(a, equals ? equals + 1 : "");
		if (!e->name || !e->value)
			return -ENOMEM;
		spec->env_count++;
	}
	return 0;
}

int bundle_say(const struct bundle *b, int connection, uint32_t type)
{
	const struct wire_message message = {.type = type};
	AUTO_FD token = bundle_open_token(b, true);

	return token < 0 ? token : fds_send(connection, &message, sizeof(message), &token, 1);
}

int bundle_not_running(const struct bundle *b, struct rootlet_error *err)
{
	return error_set(err, -ESRCH, "not-running", b->id, "container %s: container not running",
			 b->id);
}

bool bundle_is_gone(int r)
{
	return r == -EPIPE || r == -ECONNRESET;
}

int bundle_no_right(const struct bundle *b, int r, struct rootlet_error *err)
{
	error_set(err, r, "start-right", b->id,
		  "container %s: open its config.json for writing, which shows the right to start "
		  "it: %s",
		  b->id, error_text(r));
	error_hint(err, "--root must be a folder that you may write to");
	return r;
}

int bundle_await_answer(int connection)
{
	struct pollfd answer = {.fd = connection, .events = POLLIN};
	int r;

	while ((r = poll(&answer, 1, BUNDLE_ANSWER_MS)) < 0 && errno == EINTR)
		;
	return r == 1 ? 0 : -ETIMEDOUT;
}

/* "T" of proc_pid_stat(5): a signal; "t": a tracer. */
static char state_letter(const struct bundle *b)
{
	AUTO_FREE char *text = NULL;
	char path[32];
	const char *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)b->record.process.pid);
	if (io_read_file(path, 4096, &text, NULL) < 0)
		return '\0';
	end = strrchr(text, ')');
	return end && end[1] == ' ' ? end[2] : '\0';
}

int bundle_no_answer(const struct bundle *b, struct rootlet_error *err)
{
	char letter = state_letter(b);

	error_set(err, -ETIMEDOUT, "start-no-answer", b->id,
		  "container %s: the process that waits for its start has not answered for %d "
		  "seconds%s",
		  b->id, BUNDLE_ANSWER_MS / 1000,
		  letter == 'T'	  ? ": a signal has stopped it"
		  : letter == 't' ? ": a debugger holds it"
				  : "");
	if (letter == 'T')
		error_hint(err, "`rootlet-oci kill %s CONT` lets it go on", b->id);
	else
		error_hint(err, "try again, or `rootlet-oci delete --force %s`", b->id);
	return -ETIMEDOUT;
}

int bundle_namespaces(const struct bundle *b, int fds[NS_COUNT])
{
	struct wire_message m = {0};
	int taken[NS_COUNT], r = bundle_say(b, b->start, WIRE_NAMESPACES);
	size_t count;

	if (r < 0)
		return r;
	r = bundle_await_answer(b->start);
	if (r < 0)
		return r;
	r = fds_take(b->start, &m, sizeof(m), MSG_DONTWAIT, taken, NS_COUNT, &count);
	if (r == sizeof(m) && m.type == WIRE_NAMESPACES)
		return run_sort_namespaces(m.value, taken, count, fds);
	while (count)
		fd_close(&taken[--count]);
	return -EPIPE;
}

int bundle_spec(const struct bundle *b, enum spec_kind kind, struct spec **ret,
		struct rootlet_error *err)
{
	AUTO_FREE char *text = NULL;
	struct spec *spec;
	size_t len;
	int r = bundle_read_config(b, &text, &len, err);

	if (r < 0)
		return r;
	spec = spec_new(kind);
	if (!spec)
		return error_nomem(err);
	r = parse_oci_config(spec, b->record.path, text, len, BUNDLE_CONFIG, err);
	if (r < 0) {
		spec_free(spec);
		return r;
	}
	spec->oci->id = b->id;
	*ret = spec;
	return 0;
}

int bundle_hooks(const struct bundle *b, const struct spec_oci *oci, enum oci_hook_point point,
		 enum bundle_status status, const int *namespaces, struct rootlet_error *err)
{
	AUTO_BUFFER state = {0};
	struct hook_place place = {
		.cwd = namespaces ? b->record.rootfs : b->record.path,
		.namespaces = namespaces,
		.awaited = status == BUNDLE_RUNNING || status == BUNDLE_STOPPED ? -1 : b->pidfd,
	};

	if (!oci->hooks[point].count)
		return 0;
	if (bundle_hook_state(b, status, &state) < 0)
		return error_nomem(err);
	place.state = state.data;
	place.state_len = state.len;
	return hooks_run(&oci->hooks[point], point, &place, err);
}

/* Each by itself: one that fails keeps none of the others from running. */
void bundle_poststop(const struct bundle *b, const struct spec_oci *oci,
		     const struct life_warn *warn)
{
	struct spec_oci one = *oci;
	struct oci_hooks *hooks = &one.hooks[OCI_POSTSTOP];

	for (size_t i = 0; i < oci->hooks[OCI_POSTSTOP].count; i++) {
		struct rootlet_error err = {0};

		*hooks = (struct oci_hooks){&oci->hooks[OCI_POSTSTOP].items[i], 1};
		if (bundle_hooks(b, &one, OCI_POSTSTOP, BUNDLE_STOPPED, NULL, &err) < 0)
			life_say(warn, err.message);
	}
}
