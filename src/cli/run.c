/* rootlet run and rootlet unshare: make the plan, say what this host cannot give, start, wait. */
#include "cli/cli.h"

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

static int start_and_wait(struct session *s)
{
	rootlet_process *process = NULL;
	rootlet_start_options options;
	const char *note;
	int status = EXIT_ROOTLET, r;

	rootlet_spec_start_options(s->spec, &options);
	options.tiny_waiter = true;
	r = rootlet_process_start(s->plan, &options, &process, s->err);
	if (r < 0) {
		message_error(s->err);
		return rootlet_error_exit_status(s->err);
	}
	rootlet_plan_keep(s->plan); /* now that the command runs, it costs nobody time */
	for (size_t i = 0; (note = rootlet_process_note(process, i)) != NULL; i++)
		message_note(note);
	if (options.timings)
		print_timings(s, process);
	r = rootlet_process_wait(process, &status, s->err);
	rootlet_process_free(process);
	if (r == 0)
		return status;
	message_error(s->err);
	return rootlet_error_exit_status(s->err);
}

/* What each flag did, for `unshare -v`. */
static void print_steps(const struct session *s)
{
	for (size_t i = 0; i < rootlet_plan_step_count(s->plan); i++) {
		char *text = NULL;

		if (rootlet_plan_step_text(s->plan, i, &text) < 0)
			continue;
		fprintf(stderr, "%-10s %s\n", rootlet_plan_step_stage(s->plan, i), text);
		free(text);
	}
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
		if (rootlet_spec_get(s.spec, "verbose"))
			print_steps(&s);
		status = start_and_wait(&s);
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
