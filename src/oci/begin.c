/* How the commands of rootlet-oci begin, and the way to the container that one names. */
#include "oci/oci.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>

const struct args_option no_common_options[] = {
	{"help", 'h', ARGS_FLAG, NULL, offsetof(struct args, help), "print this page", NULL, 0, 0},
	{0},
};

int command_begin(const struct args_command *command, void *target, int argc, char **argv)
{
	struct rootlet_error err = {0};
	const struct args *args = target;

	if (args_parse(command, target, argc, argv, &err) < 0) {
		log_error(&err);
		return -1;
	}
	if (args->help)
		args_print_help(command);
	return args->help;
}

int command_check_preserved(int64_t preserve, unsigned listen)
{
	struct rootlet_error err = {0};
	bool listens = !preserve; /* whose number says too much */

	for (int64_t fd = 3; fd < 3 + preserve + listen; fd++) {
		if (fcntl((int)fd, F_GETFD) >= 0 && fd != log_descriptor())
			continue;
		listens |= fd >= 3 + preserve;
		error_set(&err, -EBADF, "preserve-fds", listens ? "$LISTEN_FDS" : "--preserve-fds",
			  "%s %" PRId64 ": descriptor %d is not open",
			  listens ? "$LISTEN_FDS" : "--preserve-fds", listens ? listen : preserve,
			  (int)fd);
		error_hint(&err,
			   "descriptors 3 to %" PRId64 " are handed on: all of them must be open",
			   2 + preserve + listen);
		log_error(&err);
		return err.code;
	}
	return 0;
}

int command_store(bool make, rootlet_bundles **ret)
{
	struct rootlet_error err = {0};
	int r = rootlet_bundles_open(globals.root, make, ret, &err);

	if (r < 0)
		log_error(&err);
	return r;
}

int command_with(const char *id, bundle_action *action, void *data)
{
	struct rootlet_error err = {0};
	rootlet_bundles *bundles = NULL;
	rootlet_bundle *bundle = NULL;
	int r = command_store(false, &bundles);

	if (r < 0)
		return EXIT_OCI;
	r = rootlet_bundle_find(bundles, id, &bundle, &err);
	if (r == 0)
		r = action(bundle, data, &err);
	rootlet_bundle_free(bundle);
	rootlet_bundles_free(bundles);
	return r < 0 ? command_fail(&err) : r;
}
