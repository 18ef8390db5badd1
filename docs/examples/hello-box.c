/* A container from a C program: prints how many steps its start has, then runs it. The README shows
 * the core.
 *
 *     cc hello-box.c $(pkg-config --cflags --libs rootlet) -o hello-box
 */
#include <rootlet.h>
#include <stdio.h>

int main(void)
{
	const char *words[] = {"--hostname", "box", "/", "hostname"};
	rootlet_error *err = rootlet_error_new();
	rootlet_spec *spec = NULL;
	rootlet_facts *facts = NULL;
	rootlet_plan *plan = NULL;
	rootlet_process *process = NULL;
	rootlet_start_options options;
	int status = 125;

	if (rootlet_spec_new(ROOTLET_RUN, &spec, err) == 0 &&
	    rootlet_spec_set_command_line(spec, 4, words, err) == 0 &&
	    rootlet_spec_validate(spec, err) == 0 && rootlet_facts_probe(spec, &facts, err) == 0 &&
	    rootlet_plan_make(spec, facts, &plan, err) == 0) {
		printf("%zu steps\n", rootlet_plan_step_count(plan));
		fflush(stdout);
		rootlet_spec_start_options(spec, &options);
		if (rootlet_process_start(plan, &options, &process, err) == 0)
			rootlet_process_wait(process, &status, err);
	}
	if (rootlet_error_code(err))
		fprintf(stderr, "%s\n", rootlet_error_message(err));
	rootlet_process_free(process);
	rootlet_plan_free(plan);
	rootlet_facts_free(facts);
	rootlet_spec_free(spec);
	rootlet_error_free(err);
	return status;
}
