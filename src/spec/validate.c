/* What can be judged of a spec without the host: options that contradict each other. Pure; it
 * changes nothing and looks nothing up. Ids are validate_identity.c's, names and namespaces
 * validate_namespaces.c's; forms of single values are parse's, what the host grants is plan's.
 */
#include "spec/validate.h"

#include "base/path.h"
#include "spec/oci.h"

#include <errno.h>
#include <string.h>

int validate_refuse(struct rootlet_error *err, const char *id, const char *subject,
		    const char *message, const char *hint)
{
	error_set(err, -EINVAL, id, subject, "%s", message);
	if (hint)
		error_hint(err, "%s", hint);
	return -EINVAL;
}

/* ---- life ---- */

/* Whoever waits for the container's end must be there, and only one process writes to the caller.
 */
static int check_life(const struct spec *spec, struct rootlet_error *err)
{
	bool monitored = spec->detach || spec->tty;

	if (spec->replace && !spec->name)
		return validate_refuse(
			err, "replace-what", "--replace",
			"--replace: there is no name whose container could be replaced",
			"add --name NAME");
	if (spec->timings && monitored)
		return validate_refuse(
			err, "timings-detached", "--timings",
			"--timings: does not go with -d and -t: another process does the start",
			"measure without them, or use --log-level debug");
	if (spec->kind == SPEC_EXEC && !spec->container)
		return validate_refuse(err, "no-container", "CONTAINER",
				       "CONTAINER: none was given",
				       "`rootlet ps` lists those that run");
	if (spec->kind == SPEC_EXEC && !spec->arg_count)
		return validate_refuse(err, "no-command", "COMMAND", "COMMAND: none was given",
				       "for a shell: rootlet exec -it CONTAINER sh");
	return 0;
}

/* ---- limits ---- */

static int check_limits(const struct spec *spec, struct rootlet_error *err)
{
	const struct oci_resources *r = spec->limits;

	if (!r || r->memory_swap == OCI_UNSET || r->memory_swap < 0)
		return 0;
	if (r->memory_limit == OCI_UNSET)
		return validate_refuse(
			err, "memory-swap", "--memory-swap",
			"--memory-swap: is memory and swap together, and there is no --memory",
			"add --memory SIZE");
	if (r->memory_swap < r->memory_limit)
		return validate_refuse(
			err, "memory-swap", "--memory-swap",
			"--memory-swap: is memory and swap together, and less than --memory",
			"give at least the same; the same switches swap off");
	return 0;
}

/* ---- root ---- */

static int check_root(const struct spec *spec, struct rootlet_error *err)
{
	if (spec->kind != SPEC_RUN)
		return 0;
	if (spec->root_kind == ROOT_UNSET || spec->root_kind == ROOT_NONE)
		return validate_refuse(
			err, "no-root", "ROOT", "ROOT: none was given",
			"name a directory that begins with / or . (rootlet run ./debian "
			"bash), or / for "
			"the host's own files");
	if (spec->overlay_dir && path_within(spec->overlay_dir, spec->root_path))
		return validate_refuse(
			err, "overlay-inside-root", "--overlay",
			"--overlay: its directory lies inside ROOT, which it is to leave untouched",
			"name a directory beside ROOT");
	if (spec->root_kind == ROOT_HOST && spec->overlay)
		return validate_refuse(
			err, "overlay-host-root", "--overlay",
			"--overlay: does not go with ROOT /, which is always read-only",
			"bind what the command may write, for example -v \"$PWD\", or give a "
			"directory "
			"as ROOT");
	return 0;
}

/* Files of /proc that tools such as lxcfs replace: none of them says or changes what a process is.
 */
bool validate_may_cover(const char *path)
{
	static const char *const files[] = {
		"/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg",
		"/proc/meminfo", "/proc/slabinfo",  "/proc/stat",
		"/proc/swaps",	 "/proc/uptime",    "/proc/version",
	};

	if (strncmp(path, "/proc", 5) != 0 || (path[5] && path[5] != '/'))
		return true;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(path, files[i]) == 0)
			return true;
	return false;
}

static int check_over_proc(const struct spec_mount *m, struct rootlet_error *err)
{
	if (validate_may_cover(m->destination))
		return 0;
	error_set(err, -EINVAL, "mount-over-proc", m->destination,
		  "%s: would stand where the kernel's own %s must be",
		  m->origin ? m->origin : m->destination, m->destination);
	error_hint(err,
		   "--mask PATH hides a part of /proc; --pid host shows the host's processes; only "
		   "single files such as /proc/meminfo may be replaced");
	return -EINVAL;
}

static int check_mounts(const struct spec *spec, struct rootlet_error *err)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct spec_mount *x = &spec->mounts[i];
		int r = check_over_proc(x, err);

		if (r < 0)
			return r;
		for (size_t j = 0; j < i; j++) {
			const struct spec_mount *y = &spec->mounts[j];

			if (strcmp(x->destination, y->destination) != 0)
				continue;
			error_set(err, -EINVAL, "mount-twice", x->destination,
				  "%s: two mounts want this place: %s, and %s", x->destination,
				  y->origin ? y->origin : mount_type_name(y->type),
				  x->origin ? x->origin : mount_type_name(x->type));
			error_hint(err, "drop one of them, or give it another destination");
			return -EINVAL;
		}
	}
	return 0;
}

/* ---- power, life ---- */

static int check_groups(const struct spec *spec, struct rootlet_error *err)
{
	if (spec->keep_groups && spec->groups.count)
		return validate_refuse(
			err, "keep-groups", "--group-add",
			"--group-add keep-groups: goes with no other --group-add: the "
			"caller's groups "
			"can be kept only by leaving the list as it is",
			"drop one of the two");
	return 0;
}

static int check_capabilities(const struct spec *spec, struct rootlet_error *err)
{
	if (spec->cap_add_all && spec->cap_drop_all)
		return validate_refuse(err, "cap-conflict", "--cap-add",
				       "--cap-add ALL: contradicts --cap-drop ALL",
				       "drop one of the two");
	if (spec->cap_add & spec->cap_drop)
		return validate_refuse(
			err, "cap-conflict", "--cap-add",
			"--cap-add, --cap-drop: the same capability is added and dropped",
			"--cap-drop ALL with --cap-add of the few that are needed does go "
			"together");
	return 0;
}

/* The filter that --disable-userns brings would win in silence. */
static int check_disable_userns(const struct spec *spec, struct rootlet_error *err)
{
	static const char key[] = "user.max_user_namespaces";

	for (size_t i = 0; spec->disable_userns && i < spec->sysctl_count; i++) {
		const struct spec_sysctl *sysctl = &spec->sysctls[i];

		if (strcmp(sysctl->key, key) != 0 || strcmp(sysctl->value, "0") == 0)
			continue;
		error_set(err, -EINVAL, "disable-userns", "--disable-userns",
			  "--disable-userns: contradicts --sysctl %s=%s", key, sysctl->value);
		error_hint(err, "drop one of the two");
		return -EINVAL;
	}
	return 0;
}

static int check_descriptors(const struct spec *spec, struct rootlet_error *err)
{
	if (spec->status_fd < 3 || (uint32_t)spec->status_fd - 3 >= spec->preserve_fds)
		return 0;
	error_set(err, -EINVAL, "status-fd-preserved", "--status-fd",
		  "--status-fd %d: --preserve-fds %u would hand it into the container",
		  spec->status_fd, spec->preserve_fds);
	error_hint(err, "use a descriptor from %u on", 3 + spec->preserve_fds);
	return -EINVAL;
}

int spec_validate(const struct spec *spec, struct rootlet_error *err)
{
	static int (*const checks[])(const struct spec *, struct rootlet_error *) = {
		check_root,	    check_limits,	 check_life,	       validate_joins,
		validate_identity,  validate_namespaces, check_mounts,	       check_groups,
		check_capabilities, check_descriptors,	 check_disable_userns,
	};

	if (spec->oci)
		return validate_oci(spec, err);
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		int r = checks[i](spec, err);

		if (r < 0)
			return r;
	}
	return 0;
}
