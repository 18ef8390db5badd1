/* rootlet exec: a further command in a running container, sealed as its run was. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The line says which container; that container's own spec is what the line is applied to. */
static int find_container(struct session *s, rootlet_store **store, int argc, char **argv)
{
	const char *name = rootlet_spec_get(s->spec, "container");
	rootlet_spec *spec = NULL;
	int r = rootlet_store_open(rootlet_spec_get(s->spec, "state-dir"), false, store, s->err);

	if (r == 0)
		r = rootlet_container_find(*store, name, false, &s->container, s->err);
	if (r == 0)
		r = rootlet_container_exec_spec(s->container, argc, (const char *const *)argv,
						&spec, s->err);
	if (r < 0)
		return command_fail(s->err);
	rootlet_spec_free(s->spec);
	s->spec = spec;
	return 0;
}

static int start(struct session *s)
{
	rootlet_start_options options;

	if (rootlet_spec_get(s->spec, "tty"))
		return kept_launch(s, NULL, true, NULL);
	if (!rootlet_spec_get(s->spec, "detach"))
		return start_and_wait(s);
	rootlet_spec_start_options(s->spec, &options);
	options.container = s->container;
	return rootlet_exec_detached(s->plan, &options, s->err) < 0 ? command_fail(s->err) : 0;
}

int cli_exec(int argc, char **argv)
{
	rootlet_store *store = NULL;
	struct session s;
	int r = session_open(&s, ROOTLET_EXEC, "exec", argc, argv);
	int status = r > 0 ? 0 : EXIT_ROOTLET;

	if (r == 0)
		status = find_container(&s, &store, argc, argv);
	if (r == 0 && status == 0)
		status = session_plan(&s);
	if (r == 0 && status == 0) {
		announce_plan(&s);
		status = start(&s);
	}
	session_close(&s);
	rootlet_store_free(store);
	return status;
}
