/* Containers with a supervisor of their own: run -d, run -t, start. What they print, and who stays
 * connected. */
#include "cli/cli.h"

#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(const struct session *s)
{
	message_error(s->err);
	return rootlet_error_exit_status(s->err);
}

int kept_open_store(struct session *s, bool make, rootlet_store **ret)
{
	if (rootlet_store_open(rootlet_spec_get(s->spec, "state-dir"), make, ret, s->err) < 0)
		return fail(s);
	if (rootlet_store_note(*ret))
		message_note(rootlet_store_note(*ret));
	return 0;
}

int kept_write_cidfile(struct session *s, const rootlet_container *container)
{
	const char *path = rootlet_spec_get(s->spec, "cidfile");
	rootlet_container_info info;
	AUTO_FD fd = -1;
	char text[160];
	int r;

	if (!path)
		return 0;
	rootlet_container_get(container, &info);
	/* podman: an existing file means that another container has it */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	r = fd < 0 ? -errno : io_write_all(fd, info.id, strlen(info.id));
	if (r == 0)
		return 0;
	snprintf(text, sizeof(text), "--cidfile %.80s: %s", path,
		 r == -EEXIST ? "is there already" : strerror(-r));
	message_text(text);
	return EXIT_ROOTLET;
}

static void print_started(const rootlet_started *started)
{
	for (size_t i = 0; i < 4 && started->notes[i]; i++)
		message_note(started->notes[i]);
}

static int stay_attached(struct session *s, const rootlet_started *started)
{
	rootlet_attach_options options = {
		.tty = rootlet_spec_get(s->spec, "tty") != NULL,
		.detach_keys = rootlet_spec_get(s->spec, "detach-keys"),
	};
	int status = EXIT_ROOTLET;

	if (rootlet_attach(started->client, &options, &status, s->err) < 0)
		return fail(s);
	return status;
}

int kept_launch(struct session *s, rootlet_container *container, bool attached)
{
	rootlet_start_options options;
	rootlet_container_info info;
	rootlet_started started;

	rootlet_spec_start_options(s->spec, &options);
	options.container = s->container;
	if (rootlet_container_start(container, s->spec, s->plan, &options, attached, &started,
				    s->err) < 0)
		return fail(s);
	print_started(&started);
	if (attached)
		return stay_attached(s, &started);
	rootlet_container_get(container, &info);
	printf("%s\n", info.id);
	return 0;
}

int kept_run(struct session *s)
{
	bool attached = !rootlet_spec_get(s->spec, "detach");
	rootlet_container *container = NULL;
	rootlet_store *store = NULL;
	int status = kept_open_store(s, true, &store);

	if (status == 0 &&
	    rootlet_container_create(store, s->spec, s->facts, s->plan, &container, s->err) < 0)
		status = fail(s);
	if (status == 0)
		status = kept_write_cidfile(s, container);
	if (status == 0) {
		rootlet_plan_keep(s->plan);
		status = kept_launch(s, container, attached);
	}
	rootlet_container_free(container);
	rootlet_store_free(store);
	return status;
}
