/* rootlet start: a container again, from what was kept of it. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fail(const struct session *s)
{
	message_error(s->err);
	return rootlet_error_exit_status(s->err);
}

/* Relative paths of the first run must mean the same again. */
static int go_where_run_was(const rootlet_container_info *info)
{
	char text[256];

	if (!info->cwd || chdir(info->cwd) == 0)
		return 0;
	snprintf(text, sizeof(text), "start %.64s: %.128s, where it was run first: %s", info->name,
		 info->cwd, strerror(errno));
	message_text(text);
	return EXIT_ROOTLET;
}

int start_again(rootlet_store *store, const char *name, rootlet_error *err)
{
	struct session s = {.command = ROOTLET_RUN, .name = "start", .err = err};
	rootlet_container_info info;
	int status = 0;

	if (rootlet_container_begin(store, name, &s.container, err) < 0)
		return fail(&s);
	rootlet_container_get(s.container, &info);
	status = go_where_run_was(&info);
	if (status == 0 && rootlet_container_spec(s.container, &s.spec, err) < 0)
		status = fail(&s);
	if (status == 0)
		status = session_plan(&s);
	if (status == 0) {
		rootlet_container *container = s.container;

		s.container = NULL; /* it is started, not entered */
		status = kept_launch(&s, container, false);
		s.container = container;
	}
	s.err = NULL; /* the caller's */
	session_close(&s);
	return status;
}
