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

int kept_open_store(struct session *s, bool make, rootlet_store **ret)
{
	if (rootlet_store_open(rootlet_spec_get(s->spec, "state-dir"), make, ret, s->err) < 0)
		return command_fail(s->err);
	if (rootlet_store_note(*ret))
		message_note(rootlet_store_note(*ret));
	return 0;
}

int cidfile_open(const struct session *s, struct cidfile *ret)
{
	char text[160];

	*ret = (struct cidfile){.path = rootlet_spec_get(s->spec, "cidfile"), .fd = -1};
	if (!ret->path)
		return 0;
	/* podman: an existing file means that another container has it */
	ret->fd = open(ret->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (ret->fd >= 0)
		return 0;
	snprintf(text, sizeof(text), "--cidfile %.80s: %s", ret->path,
		 errno == EEXIST
			 ? "is there already: another container may have it; remove it first"
			 : strerror(errno));
	message_text(text);
	return EXIT_ROOTLET;
}

int cidfile_write(const struct cidfile *f, const rootlet_container *container)
{
	rootlet_container_info info;
	char text[160];
	int r;

	if (f->fd < 0)
		return 0;
	rootlet_container_get(container, &info);
	r = io_write_all(f->fd, info.id, strlen(info.id));
	if (r == 0)
		return 0;
	snprintf(text, sizeof(text), "--cidfile %.80s: %s", f->path, strerror(-r));
	message_text(text);
	return EXIT_ROOTLET;
}

void cidfile_close(struct cidfile *f, bool keep)
{
	if (f->fd < 0)
		return;
	if (!keep)
		unlink(f->path);
	fd_close(&f->fd);
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
		.sig_proxy = true,
		.detach_keys = rootlet_spec_get(s->spec, "detach-keys"),
	};
	int status = EXIT_ROOTLET;

	if (rootlet_attach(started->client, &options, &status, s->err) < 0)
		return command_fail(s->err);
	return status;
}

static int launch(struct session *s, rootlet_container *container, bool attached,
		  rootlet_started *ret)
{
	rootlet_start_options options;

	rootlet_spec_start_options(s->spec, &options);
	options.container = s->container;
	if (rootlet_container_start(container, s->spec, s->plan, &options, attached, ret, s->err) <
	    0)
		return command_fail(s->err);
	print_started(ret);
	return 0;
}

/* With the container, or leaving it with a word for it printed. */
static int stay(struct session *s, const rootlet_container *container, bool attached,
		const char *word, const rootlet_started *started)
{
	rootlet_container_info info;

	if (attached)
		return stay_attached(s, started);
	rootlet_container_get(container, &info);
	printf("%s\n", word ? word : info.id);
	return 0;
}

int kept_launch(struct session *s, rootlet_container *container, bool attached, const char *word)
{
	rootlet_started started;
	int status = launch(s, container, attached, &started);

	return status ? status : stay(s, container, attached, word, &started);
}

int kept_run(struct session *s)
{
	bool attached = !rootlet_spec_get(s->spec, "detach");
	rootlet_container *container = NULL;
	rootlet_started started;
	rootlet_store *store = NULL;
	struct cidfile cidfile = {.fd = -1};
	int status = kept_open_store(s, true, &store);

	if (status == 0)
		status = cidfile_open(s, &cidfile);
	if (status == 0 &&
	    rootlet_container_create(store, s->spec, s->facts, s->plan, &container, s->err) < 0)
		status = command_fail(s->err);
	if (status == 0)
		status = cidfile_write(&cidfile, container);
	if (status == 0) {
		rootlet_plan_keep(s->plan);
		status = launch(s, container, attached, &started);
	}
	cidfile_close(&cidfile, status == 0);
	if (status == 0)
		status = stay(s, container, attached, NULL, &started);
	rootlet_container_free(container);
	rootlet_store_free(store);
	return status;
}
