/* From words to a plan: configuration files, environment, command line, facts. The order gives the
 * precedence: the system's file, the user's, the environment, and last the command line, which
 * wins. */
#include "cli/cli.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONFIG_MAX = 1 << 20 };

extern char **environ;

/* A file that is not there is no configuration, unless it was named. */
static int read_config(struct session *s, const char *path, bool named)
{
	AUTO_FREE char *text = NULL;
	int r = io_read_file(path, CONFIG_MAX, &text, NULL);

	if ((r == -ENOENT || r == -ENOTDIR || r == -EACCES) && !named)
		return 0;
	if (r < 0)
		return error_set(s->err, r, "config-read", path, "%s: %s", path, error_text(r));
	return rootlet_spec_set_config(s->spec, text, path, s->err);
}

static int read_user_config(struct session *s)
{
	const char *base = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	AUTO_FREE char *path = NULL;
	int n;

	if (base && *base == '/')
		n = asprintf(&path, "%s/rootlet/rootlet.conf", base);
	else if (home && *home == '/')
		n = asprintf(&path, "%s/.config/rootlet/rootlet.conf", home);
	else
		return 0;
	if (n < 0) {
		path = NULL;
		return error_nomem(s->err);
	}
	return read_config(s, path, false);
}

static int read_layers(struct session *s, int argc, char **argv)
{
	const char *const *words = (const char *const *)argv;
	const char *named = rootlet_find_value(s->command, "config", argc, words);
	int r = 0;

	if (s->command == ROOTLET_EXEC) {
		/* the container's own run has read them */
	} else if (named) {
		r = read_config(s, named, true);
	} else {
		r = read_config(s, "/etc/rootlet/rootlet.conf", false);
		if (r == 0)
			r = read_user_config(s);
	}
	if (r == 0 && s->command != ROOTLET_EXEC)
		r = rootlet_spec_set_environment(s->spec, (const char *const *)environ, s->err);
	if (r == 0)
		r = rootlet_spec_set_command_line(s->spec, argc, words, s->err);
	return r;
}

int session_open(struct session *s, rootlet_command command, const char *name, int argc,
		 char **argv)
{
	int r;

	*s = (struct session){.command = command, .name = name};
	s->err = rootlet_error_new();
	if (!s->err || rootlet_spec_new(command, &s->spec, s->err) < 0) {
		message_text("memory: the system has no more to give");
		return -1;
	}
	message_setup(rootlet_find_value(command, "color", argc, (const char *const *)argv),
		      rootlet_find_value(command, "log-format", argc, (const char *const *)argv),
		      NULL);
	r = read_layers(s, argc, argv);
	message_setup(rootlet_spec_get(s->spec, "color"), rootlet_spec_get(s->spec, "log-format"),
		      rootlet_spec_get(s->spec, "log-level"));
	if (r == 0 && rootlet_spec_get(s->spec, "help")) {
		help_command(command, name);
		return 1;
	}
	if (r == 0)
		r = rootlet_spec_validate(s->spec, s->err);
	if (r < 0) {
		message_usage(s->err, name);
		return -1;
	}
	return 0;
}

int session_plan(struct session *s)
{
	const char *file = s->facts_file ? s->facts_file : rootlet_spec_get(s->spec, "facts");
	int r = file ? rootlet_facts_load(file, &s->facts, s->err)
		     : rootlet_facts_probe(s->spec, &s->facts, s->err);

	if (r == 0)
		r = rootlet_plan_make(s->spec, s->facts, &s->plan, s->err);
	if (r == 0)
		return 0;
	return command_fail(s->err);
}

void session_close(struct session *s)
{
	rootlet_plan_free(s->plan);
	rootlet_facts_free(s->facts);
	rootlet_spec_free(s->spec);
	rootlet_container_free(s->container); /* after what borrows from it */
	rootlet_error_free(s->err);
}
