/* rootlet-oci exec: one more process in a container. */
#include "oci/oci.h"

#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_EXEC = 255, GROUPS_MAX = 64 };

struct request {
	struct args args;
	const char *process, *cwd, *user, *pid_file, *console_socket, *pidfd_socket, *apparmor,
		*label, *cgroup;
	struct args_list env, groups, capabilities;
	int64_t preserve_fds;
	bool found; /* the container */
	bool tty, detach, no_new_privileges, ignore_paused;
	/* made of these */
	rootlet_bundle_exec_options options;
	uint32_t gids[GROUPS_MAX];
};

static const struct args_option options[] = {
	{"process", 'p', ARGS_TEXT, "FILE", offsetof(struct request, process),
	 "a process.json that says it all", "a file", 0, 0},
	{"tty", 't', ARGS_FLAG, NULL, offsetof(struct request, tty), "give it a terminal", NULL, 0,
	 0},
	{"detach", 'd', ARGS_FLAG, NULL, offsetof(struct request, detach),
	 "do not wait for its end", NULL, 0, 0},
	{"cwd", 0, ARGS_TEXT, "DIR", offsetof(struct request, cwd), "the working directory inside",
	 "a directory", 0, 0},
	{"env", 'e', ARGS_LIST, "K=V", offsetof(struct request, env), "set a variable", "K=V", 0,
	 0},
	{"user", 'u', ARGS_TEXT, "UID[:GID]", offsetof(struct request, user), "who it is",
	 "UID or UID:GID", 0, 0},
	{"additional-gids", 'g', ARGS_LIST, "GID", offsetof(struct request, groups),
	 "a further group", "a number", 0, 0},
	{"cap", 'c', ARGS_LIST, "CAP", offsetof(struct request, capabilities),
	 "a further capability", "a capability's name", 0, 0},
	{"no-new-privs", 0, ARGS_FLAG, NULL, offsetof(struct request, no_new_privileges),
	 "it can gain no privileges", NULL, 0, 0},
	{"pid-file", 0, ARGS_TEXT, "FILE", offsetof(struct request, pid_file),
	 "write its pid there", "a file", 0, 0},
	{"console-socket", 0, ARGS_TEXT, "PATH", offsetof(struct request, console_socket),
	 "a unix socket that takes the terminal's master", "a socket", 0, 0},
	{"pidfd-socket", 0, ARGS_TEXT, "PATH", offsetof(struct request, pidfd_socket),
	 "a unix socket that takes a pidfd of it", "a socket", 0, 0},
	{"cgroup", 0, ARGS_TEXT, "PATH", offsetof(struct request, cgroup),
	 "the group below the container's own that it runs in", "a cgroup", 0, 0},
	{"preserve-fds", 0, ARGS_NUMBER, "N", offsetof(struct request, preserve_fds),
	 "hand on N descriptors, from 3 on", NULL, 0, INT_MAX / 2},
	{"ignore-paused", 0, ARGS_FLAG, NULL, offsetof(struct request, ignore_paused),
	 "also in a paused container, where it waits", NULL, 0, 0},
	{"apparmor", 0, ARGS_TEXT, "PROFILE", offsetof(struct request, apparmor),
	 "its AppArmor profile", "a profile", 0, 0},
	{"process-label", 0, ARGS_TEXT, "LABEL", offsetof(struct request, label),
	 "its SELinux label", "a label", 0, 0},
	{0},
};

static int bad(rootlet_error *err, const char *flag, const char *value, const char *what)
{
	return error_set(err, -EINVAL, "option-number", flag, "%s %s: is not %s", flag, value,
			 what);
}

/* UINT32_MAX is no id: setresuid(2) takes it for "as it is". */
static int parse_id(const char **at, uint32_t *ret)
{
	uint64_t value;

	if (io_take_u64(at, &value) < 0 || value >= UINT32_MAX)
		return -EINVAL;
	*ret = (uint32_t)value;
	return 0;
}

static int parse_user(struct request *q, rootlet_error *err)
{
	const char *p = q->user;

	if (!p)
		return 0;
	q->options.has_user = true;
	if (parse_id(&p, &q->options.uid) < 0)
		return bad(err, "--user", q->user, "UID or UID:GID, in numbers");
	if (*p == ':') {
		p++;
		if (parse_id(&p, &q->options.gid) < 0)
			p = "?";
	}
	return *p ? bad(err, "--user", q->user, "UID or UID:GID, in numbers") : 0;
}

static int parse_groups(struct request *q, rootlet_error *err)
{
	for (size_t i = 0; i < q->groups.count; i++) {
		const char *p = q->groups.items[i];

		if (i == GROUPS_MAX || parse_id(&p, &q->gids[i]) < 0 || *p)
			return bad(err, "--additional-gids", q->groups.items[i],
				   "a group's number, or one too many");
	}
	q->options.gids = q->gids;
	q->options.gid_count = q->groups.count;
	return 0;
}

static int run_it(rootlet_bundle *bundle, void *data, rootlet_error *err)
{
	struct request *q = data;
	int status = 0, r;

	q->found = true;
	q->options.process = q->process;
	q->options.args = q->args.words.count > 1 ? q->args.words.items + 1 : NULL;
	q->options.env = q->env.items;
	q->options.capabilities = q->capabilities.items;
	q->options.cwd = q->cwd;
	q->options.tty = q->tty;
	q->options.detach = q->detach;
	q->options.no_new_privileges = q->no_new_privileges;
	q->options.ignore_paused = q->ignore_paused;
	q->options.apparmor = q->apparmor;
	q->options.label = q->label;
	q->options.pid_file = q->pid_file;
	q->options.console_socket = q->console_socket;
	q->options.pidfd_socket = q->pidfd_socket;
	q->options.cgroup = q->cgroup;
	q->options.preserve_fds = (unsigned)q->preserve_fds;
	q->options.warnings = log_warnings;
	r = parse_user(q, err);
	if (r == 0)
		r = parse_groups(q, err);
	if (r == 0)
		r = rootlet_bundle_exec(bundle, &q->options, &status, err);
	if (r == 0)
		return status;
	log_error(err);
	return EXIT_EXEC;
}

static int run_exec(int argc, char **argv)
{
	struct request q = {0};
	int r = command_begin(&oci_exec_command, &q, argc, argv);
	int status = r > 0 ? 0 : EXIT_OCI;

	if (r == 0 && command_check_preserved(q.preserve_fds, 0) < 0)
		r = -1, status = EXIT_EXEC;
	if (r == 0) {
		status = command_with(q.args.words.items[0], run_it, &q);
		if (!q.found)
			status = EXIT_EXEC;
	}
	args_release(&oci_exec_command, &q);
	return status;
}

const struct args_command oci_exec_command = {
	.name = "exec",
	.usage = "rootlet-oci exec [OPTIONS] ID COMMAND [ARG…]\n"
		 "       rootlet-oci exec [OPTIONS] --process FILE ID",
	.about = "Runs one more process in a container, confined as the container is.",
	.brief = "run one more process in a container",
	.run = run_exec,
	.options = options,
	.kind = WORDS_OTHER,
	.least = 1,
	.most = -1,
	.word = "ID",
	.stops = true,
	.ends = "that of the process; 255 when it could not be run.",
	.program = "rootlet-oci",
	.common = no_common_options,
};
