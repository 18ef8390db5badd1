/* The public façade: containers that are kept, entered, ended. Composes rooms; decides nothing. */
#include "lib/handles.h"

#include "base/fd.h"
#include "init/attach.h"
#include "life/life.h"
#include "parse/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run_options lib_run_options(const rootlet_start_options *options)
{
	struct run_options run = {
		.timings = options->timings,
		.status_fd = options->status_fd,
		.pidfile = options->pidfile,
		.waiter = options->tiny_waiter,
		.container = options->container ? options->container->container->pidfd : -1,
		.ending = ENDING_NONE,
	};

	run.ending.memory_note = options->memory_note;
	return run;
}

/* ---- made ---- */

static int remove_namesake(const struct state_store *store, const char *name, rootlet_error *err)
{
	AUTO_CONTAINER old = NULL;
	int r = state_find(store, name, STATE_FIND_BROKEN, &old, err);

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : life_remove(old, true, err);
}

static int create(const struct state_store *store, const struct spec *spec,
		  const struct facts *facts, const struct plan *plan, struct state_container **ret,
		  rootlet_error *err)
{
	struct state_record record;
	struct arena arena;
	int r;

	arena_init(&arena);
	r = life_record(&arena, spec, facts, plan, &record, err);
	if (r == 0 && spec->replace)
		r = remove_namesake(store, spec->name, err);
	if (r == 0)
		r = state_create(store, &record, spec->name, ret, err);
	arena_release(&arena);
	if (r < 0)
		return r;
	r = life_keep_profile(*ret, facts, err);
	if (r < 0)
		state_free(*ret);
	return r;
}

int rootlet_container_create(const rootlet_store *store, const rootlet_spec *spec,
			     const rootlet_facts *facts, const rootlet_plan *plan,
			     rootlet_container **ret, rootlet_error *err)
{
	rootlet_container *handle = calloc(1, sizeof(*handle));
	int r;

	if (!handle)
		return error_nomem(err);
	r = create(&store->store, spec->spec, facts->facts, plan->plan, &handle->container, err);
	if (r < 0) {
		free(handle);
		return r;
	}
	*ret = handle;
	return 0;
}

int rootlet_container_begin(const rootlet_store *store, const char *text, rootlet_container **ret,
			    rootlet_error *err)
{
	struct state_container *c;
	int r = rootlet_container_find(store, text, false, ret, err);

	if (r < 0)
		return r;
	c = (*ret)->container;
	r = state_lock(c, err);
	if (r == 0 && state_alive(c))
		r = error_set(err, -EBUSY, "already-running", c->name, "%s: is running already",
			      c->name);
	else if (r == 0 && c->record.remove)
		r = error_set(err, -EINVAL, "removes-itself", c->name,
			      "%s: was made with --rm, and is about to go", c->name);
	if (r < 0) {
		rootlet_container_free(*ret);
		*ret = NULL;
	}
	return r;
}

/* ---- specs of what is kept ---- */

static int wrap_spec(const rootlet_container *container, struct spec *spec,
		     enum parse_command command, rootlet_spec **ret, rootlet_error *err)
{
	rootlet_spec *handle = calloc(1, sizeof(*handle));

	if (!handle) {
		spec_free(spec);
		return error_nomem(err);
	}
	handle->spec = spec;
	handle->command = command;
	handle->container = container->container;
	*ret = handle;
	return 0;
}

int rootlet_container_spec(const rootlet_container *container, rootlet_spec **ret,
			   rootlet_error *err)
{
	struct spec *spec;
	int r = life_spec(container->container, &spec, err);

	if (r < 0)
		return r;
	spec->detach = true; /* nobody's job, whoever starts it again */
	return wrap_spec(container, spec, PARSE_RUN, ret, err);
}

int rootlet_container_exec_spec(const rootlet_container *container, int argc,
				const char *const *argv, rootlet_spec **ret, rootlet_error *err)
{
	const struct state_container *c = container->container;
	struct spec *spec;
	int r;

	if (!state_alive(c))
		return life_not_running(c->name, err);
	r = life_not_paused(c, err);
	if (r < 0)
		return r;
	r = life_exec_spec(c, argc, argv, &spec, err);
	return r < 0 ? r : wrap_spec(container, spec, PARSE_EXEC, ret, err);
}

/* ---- started ---- */

int rootlet_container_start(rootlet_container *container, const rootlet_spec *spec,
			    const rootlet_plan *plan, const rootlet_start_options *options,
			    bool attached, rootlet_started *ret, rootlet_error *err)
{
	const struct spec *s = spec->spec;
	struct life_launch launch = {
		.plan = plan->plan,
		.run = lib_run_options(options),
		.container = container ? container->container : NULL,
		.interactive = s->interactive,
		.attached = attached,
		.log_max = s->log_max,
	};
	struct life_launched launched;
	int r;

	launch.remove = launch.container && launch.container->record.remove;
	r = life_start(&launch, &launched, err);
	if (r < 0)
		return r;
	*ret = (rootlet_started){.pid = launched.pid, .client = launched.client};
	for (size_t i = 0; i < launched.note_count && i < 3; i++)
		ret->notes[i] = launched.notes[i];
	return 0;
}

int rootlet_exec_detached(const rootlet_plan *plan, const rootlet_start_options *options,
			  rootlet_error *err)
{
	struct run_options o = lib_run_options(options);

	return life_start_alone(plan->plan, &o, err);
}

/* ---- in the foreground ---- */

int rootlet_process_keep(rootlet_process *process, rootlet_container *container, rootlet_error *err)
{
	struct state_container *c = container->container;

	return life_register(c, process->process, c->record.remove,
			     &process->process->options.ending, err);
}

/* Nobody is told when it cannot: the container goes on as one that is not listed. */
static void keep_late(void *data, struct ending *ending)
{
	rootlet_process *p = data;

	if (rootlet_store_open(p->spec->state_dir, true, &p->store, NULL) < 0)
		return;
	if (create(&p->store->store, p->spec, p->facts, p->plan, &p->container, NULL) == 0)
		life_register(p->container, p->process, true, ending, NULL);
}

void rootlet_process_keep_late(rootlet_process *process, const rootlet_spec *spec,
			       const rootlet_facts *facts, const rootlet_plan *plan)
{
	process->spec = spec->spec;
	process->facts = facts->facts;
	process->plan = plan->plan;
	process->process->options.before_long_wait = keep_late;
	process->process->options.data = process;
}

void lib_forget_late(rootlet_process *process)
{
	state_free(process->container);
	rootlet_store_free(process->store);
}

/* ---- attached ---- */

int rootlet_container_connect(const rootlet_container *container, rootlet_error *err)
{
	return life_connect(container->container, err);
}

int rootlet_attach(int fd, const rootlet_attach_options *options, int *ret_status,
		   rootlet_error *err)
{
	unsigned char keys[DETACH_KEYS_MAX];
	struct client client = {
		.socket_fd = fd,
		.tty = options->tty,
		.no_stdin = options->no_stdin,
		.sig_proxy = options->sig_proxy,
		.detach_keys = keys,
	};

	if (options->detach_keys &&
	    parse_detach_keys(options->detach_keys, keys, &client.detach_count) < 0) {
		close(fd);
		return error_set(err, -EINVAL, "detach-keys", options->detach_keys,
				 "--detach-keys %s: is no list of keys", options->detach_keys);
	}
	client_exec(&client);
	*ret_status = client_run(&client);
	close(fd);
	return 0;
}

/* ---- ended ---- */

int rootlet_container_kill(rootlet_container *container, int signal, rootlet_error *err)
{
	return life_kill(container->container, signal, err);
}

int rootlet_container_ask_to_stop(rootlet_container *container, rootlet_error *err)
{
	int r = life_ask_to_stop(container->container, &container->asked_at, err);

	container->asked = r == 0;
	return r;
}

int rootlet_container_stop(rootlet_container *container, int64_t seconds, rootlet_error *err)
{
	uint64_t wait = seconds < 0 ? SPEC_STOP_TIMEOUT : (uint64_t)seconds;
	struct spec *spec;
	int r = container->asked ? 0 : rootlet_container_ask_to_stop(container, err);

	if (r < 0)
		return r;
	container->asked = false;
	if (seconds < 0 && life_spec(container->container, &spec, NULL) == 0) {
		wait = spec->stop_timeout;
		spec_free(spec);
	}
	return life_await_stop(container->container, container->asked_at, wait, err);
}

int rootlet_container_pause(rootlet_container *container, bool paused, rootlet_error *err)
{
	return life_pause(container->container, paused, err);
}

int rootlet_container_wait(rootlet_container *container, int *ret_status, rootlet_error *err)
{
	return life_wait(container->container, -1, ret_status, err);
}

int rootlet_container_rename(rootlet_container *container, const char *name, rootlet_error *err)
{
	return state_rename(container->container, name, err);
}

int rootlet_container_remove(rootlet_container *container, bool force, rootlet_error *err)
{
	return life_remove(container->container, force, err);
}

int rootlet_signal_number(const char *text)
{
	return parse_signal(text);
}
