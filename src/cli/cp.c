/* rootlet cp: files into and out of a container that runs. The copying is the library's. */
#include "cli/containers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct side {
	char *container; /* NULL: here */
	const char *path;
};

/* "NAME:PATH"; what begins with / or . is a path of ours, whatever is in it. */
static int cut(const char *word, struct side *ret, struct rootlet_error *err)
{
	const char *colon = strchr(word, ':');

	*ret = (struct side){.path = word};
	if (strcmp(word, "-") == 0) {
		error_set(err, -EINVAL, "copy-words", word, "cp: -: tar streams are not copied");
		error_hint(err,
			   "rootlet exec CONTAINER tar -cf - PATH; a file of that name is ./-");
		return -EINVAL;
	}
	if (*word == '/' || *word == '.' || !colon)
		return 0;
	if (colon == word || !colon[1])
		return error_set(err, -EINVAL, "copy-words", word,
				 "cp: %s: is not CONTAINER:PATH: one of the two is missing", word);
	ret->container = strndup(word, (size_t)(colon - word));
	ret->path = colon + 1;
	return ret->container ? 0 : error_nomem(err);
}

struct sides {
	struct side from, to;
};

static int copy_one(rootlet_container *container, const char *word, void *data,
		    struct rootlet_error *err)
{
	const struct side *from = &((struct sides *)data)->from, *to = &((struct sides *)data)->to;
	size_t passed = 0;
	char text[96];
	int r = to->container
			? rootlet_container_copy_in(container, from->path, to->path, &passed, err)
			: rootlet_container_copy_out(container, from->path, to->path, &passed, err);

	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "cp: passed over %zu %s", passed,
		 passed == 1 ? "device, socket or pipe" : "devices, sockets and pipes");
	if (passed)
		message_note(text);
	return 0;
}

static int copy(const struct args *args, struct rootlet_error *err)
{
	struct sides s = {0};
	int status = EXIT_ROOTLET, r = cut(args->words.items[0], &s.from, err);

	if (r == 0)
		r = cut(args->words.items[1], &s.to, err);
	if (r == 0 && !s.from.container == !s.to.container) {
		r = error_set(err, -EINVAL, "copy-words", NULL, "cp: %s",
			      s.from.container ? "both sides name a container"
					       : "neither side names a container");
		error_hint(err, "one of them is CONTAINER:PATH, the other a path that begins with "
				"/ or . or has no colon");
	}
	if (r < 0)
		message_usage(err, "cp");
	else
		status = command_one(args, s.to.container ? s.to.container : s.from.container,
				     copy_one, &s);
	free(s.from.container);
	free(s.to.container);
	return status;
}

static int run(int argc, char **argv)
{
	struct args args = {0};
	struct rootlet_error err = {0};
	int r = command_begin(&cp_command, &args, argc, argv, &err);
	int status = r == 0 ? copy(&args, &err) : EXIT_ROOTLET;

	command_end(&cp_command, &args);
	return r > 0 ? 0 : status;
}

const struct args_command cp_command = {
	.name = "cp",
	.usage = "rootlet cp CONTAINER:PATH LOCAL\n       rootlet cp LOCAL CONTAINER:PATH",
	.about = "Copy a file, or a directory with all in it, out of a container that runs or into "
		 "it. PATH is the\ncontainer's own: no link in there leads to a file of the host. "
		 "Copies belong to the container's\nroot inside, and to you outside.",
	.examples = "  rootlet cp web:/etc/nginx ./nginx       out, as ./nginx or into it\n"
		    "  rootlet cp ./site/. web:/srv            what is in ./site, into /srv\n",
	.brief = "copy files into and out of a container that runs",
	.run = run,
	.kind = WORDS_PATHS,
	.least = 2,
	.most = 2,
	.word = "SOURCE and a DESTINATION",
	.ends = "0 when all was copied, else 125.",
};
