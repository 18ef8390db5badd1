/* rootlet run and rootlet unshare: make the plan, say what this host cannot give, start, wait. */
#include "cli/cli.h"

#include "base/fd.h"

#include <stdio.h>
#include <stdlib.h>

static void print_notes(const rootlet_plan *plan)
{
	const char *note;

	for (size_t i = 0; (note = rootlet_plan_note(plan, i)) != NULL; i++)
		message_note(note);
}

/* --timings: each step with its microseconds, and each stage's sum. */
static void print_timings(const struct session *s, const rootlet_process *process)
{
	uint64_t total = 0, ns;

	for (size_t i = 0; i < rootlet_plan_step_count(s->plan); i++) {
		char *text = NULL;

		if (rootlet_process_timing(process, i, &ns) < 0 ||
		    rootlet_plan_step_text(s->plan, i, &text) < 0)
			continue;
		fprintf(stderr, "%9.1f µs  %-10s %3zu  %s\n", (double)ns / 1000.0,
			rootlet_plan_step_stage(s->plan, i), i, text);
		total += ns;
		free(text);
	}
	fprintf(stderr, "%9.1f µs  in all; parent and child work side by side\n",
		(double)total / 1000.0);
}

/* Who wants to find it by a name or an id has it kept now; the others once it lives for long, so
 * that a short command pays nothing. */
static int keep(struct session *s, rootlet_process *process, rootlet_container *container)
{
	if (container)
		return rootlet_process_keep(process, container, s->err);
	if (s->command == ROOTLET_RUN)
		rootlet_process_keep_late(process, s->spec, s->facts, s->plan);
	return 0;
}

/* *ret_ran: the command was executed. */
static int start_and_wait_kept(struct session *s, rootlet_container *container, bool *ret_ran)
{
	rootlet_process *process = NULL;
	AUTO_FREE char *memory_note = message_note_text(
		"the container reached its memory limit, and the kernel killed a process in it");
	rootlet_start_options options;
	const char *note;
	int status = EXIT_ROOTLET, r;

	rootlet_spec_start_options(s->spec, &options);
	options.tiny_waiter = true;
	options.container = s->container;
	options.memory_note = memory_note;
	r = rootlet_process_start(s->plan, &options, &process, s->err);
	if (r == 0)
		r = keep(s, process, container);
	if (r < 0) {
		rootlet_process_free(process);
		return command_fail(s->err);
	}
	rootlet_plan_keep(s->plan); /* now that the command runs, it costs nobody time */
	for (size_t i = 0; (note = rootlet_process_note(process, i)) != NULL; i++)
		message_note(note);
	if (options.timings)
		print_timings(s, process);
	r = rootlet_process_wait(process, &status, s->err);
	*ret_ran = r == 0;
	rootlet_process_free(process);
	if (r == 0)
		return status;
	return command_fail(s->err);
}

int start_and_wait(struct session *s)
{
	bool ran;

	return start_and_wait_kept(s, NULL, &ran);
}

static int run_named(struct session *s)
{
	rootlet_container *container = NULL;
	rootlet_store *store = NULL;
	struct cidfile cidfile = {.fd = -1};
	bool ran = false;
	int status = kept_open_store(s, true, &store);

	if (status == 0)
		status = cidfile_open(s, &cidfile);
	if (status == 0 &&
	    rootlet_container_create(store, s->spec, s->facts, s->plan, &container, s->err) < 0)
		status = command_fail(s->err);
	if (status == 0)
		status = cidfile_write(&cidfile, container);
	if (status == 0)
		status = start_and_wait_kept(s, container, &ran);
	cidfile_close(&cidfile, ran);
	rootlet_container_free(container);
	rootlet_store_free(store);
	return status;
}

static int start(struct session *s)
{
	if (rootlet_spec_get(s->spec, "detach") || rootlet_spec_get(s->spec, "tty"))
		return kept_run(s);
	if (rootlet_spec_get(s->spec, "name") || rootlet_spec_get(s->spec, "cidfile"))
		return run_named(s);
	return start_and_wait(s);
}

/* What each flag did: `unshare -v` and --log-level debug. */
static void print_steps(const struct session *s)
{
	for (size_t i = 0; i < rootlet_plan_step_count(s->plan); i++) {
		char *text = NULL, *line = NULL;

		if (rootlet_plan_step_text(s->plan, i, &text) < 0)
			continue;
		if (asprintf(&line, "%-10s %s", rootlet_plan_step_stage(s->plan, i), text) >= 0) {
			message_progress(LEVEL_DEBUG, line);
			free(line);
		}
		free(text);
	}
}

/* One line for --log-level info: what the last step starts, and how much comes before it. */
static void print_summary(const struct session *s)
{
	size_t count = rootlet_plan_step_count(s->plan);
	char *text = NULL, *line = NULL;

	if (!count || rootlet_plan_step_text(s->plan, count - 1, &text) < 0)
		return;
	if (asprintf(&line, "%s: %zu steps, the last: %s", s->name, count, text) >= 0) {
		message_progress(LEVEL_INFO, line);
		free(line);
	}
	free(text);
}

void announce_plan(const struct session *s)
{
	if (message_wanted(LEVEL_INFO))
		print_summary(s);
	if (rootlet_spec_get(s->spec, "verbose"))
		print_meanings(s->plan);
	if (rootlet_spec_get(s->spec, "verbose") || message_wanted(LEVEL_DEBUG))
		print_steps(s);
}

static int run_command(rootlet_command command, const char *name, int argc, char **argv)
{
	struct session s;
	int r = session_open(&s, command, name, argc, argv);
	int status = r > 0 ? 0 : EXIT_ROOTLET;

	if (r == 0)
		status = session_plan(&s);
	if (r == 0 && status == 0) {
		print_notes(s.plan);
		announce_plan(&s);
		status = start(&s);
	}
	session_close(&s);
	return status;
}

int cli_run(int argc, char **argv)
{
	return run_command(ROOTLET_RUN, "run", argc, argv);
}

int cli_unshare(int argc, char **argv)
{
	return run_command(ROOTLET_UNSHARE, "unshare", argc, argv);
}
