/* Command lines: the first byte chooses the command, the rest are words between line ends. Whatever
 * is accepted must hold what plan relies on.
 */
#include "fuzz.h"

#include "parse/parse.h"
#include "spec/idmap.h"

enum { WORDS = 64 };

/* No "..", no doubled slash, absolute, and not the root itself. */
static void require_inside(const char *path)
{
	require(path[0] == '/' && path[1]);
	require(!strstr(path, "//") && !strstr(path, "/./"));
	for (const char *p = path; (p = strstr(p, "/..")); p += 3)
		require(p[3] && p[3] != '/');
}

static void require_spec(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct spec_mount *m = &spec->mounts[i];

		require_inside(m->destination);
		require(m->origin && m->option && m->type < MOUNT_TYPE_COUNT);
		require((m->type == MOUNT_BIND) == (m->source != NULL));
		require(!m->source || *m->source == '/' || *m->source == '.');
	}
	for (size_t i = 0; i < spec->masked_paths.count; i++)
		require_inside(spec->masked_paths.items[i]);
	for (size_t i = 0; i < spec->device_count; i++)
		require(*spec->devices[i].source == '/' && *spec->devices[i].destination == '/');
	for (size_t i = 0; i < spec->env_count; i++)
		require(*spec->env[i].name && !strchr(spec->env[i].name, '='));
	for (size_t i = 0; i < spec->sysctl_count; i++)
		require(!strpbrk(spec->sysctls[i].key, "/ ") &&
			!strstr(spec->sysctls[i].key, ".."));
	for (size_t i = 0; i < spec->rlimit_count; i++)
		require(spec->rlimits[i].soft <= spec->rlimits[i].hard);
	for (int type = 0; type < NS_COUNT; type++)
		require(spec_ns_mode(spec, (enum ns_type)type) != NS_MODE_UNSET);
	require(spec->umask == SPEC_ID_UNSET || spec->umask <= 0777);
	require(spec->boottime.nanosecs < 1000000000 && spec->monotonic.nanosecs < 1000000000);
	require((spec->args == NULL) == (spec->arg_count == 0));
	require(!spec->args || !spec->args[spec->arg_count]);
}

/* What validate lets through holds yet more. */
static void require_valid(const struct spec *spec)
{
	require(spec->kind != SPEC_UNSHARE || spec->root_kind == ROOT_NONE);
	require(spec->kind != SPEC_RUN || spec->root_path);
	require(spec->kind != SPEC_EXEC || (spec->container && spec->arg_count));
	require(!spec->timings || (!spec->tty && !spec->detach));
	require(!spec->replace || spec->name);
	require(spec->seccomp != SECCOMP_FILE || spec->seccomp_path);
	require(!spec->hostname || strlen(spec->hostname) <= 64);
	for (size_t i = 0; i < spec->uidmap.count; i++)
		require(spec->uidmap.entries[i].count);
}

static int split(char *text, const char **argv)
{
	int argc = 0;

	for (char *end; argc < WORDS - 1 && (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		argv[argc++] = text;
	}
	argv[argc++] = text;
	return argc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum parse_command commands[] = {PARSE_RUN, PARSE_PLAN, PARSE_UNSHARE,
						      PARSE_EXEC};
	enum parse_command command;
	struct rootlet_error err = {0};
	const char *argv[WORDS];
	struct spec *spec;
	char *text;
	int argc, r;

	if (!size)
		return 0;
	command = commands[data[0] % 4];
	text = fuzz_string(data + 1, size - 1);
	if (strstr(text, "env-file")) { /* reads files: fuzz_env_file has the text */
		free(text);
		return 0;
	}
	argc = split(text, argv);
	spec = spec_new(command == PARSE_UNSHARE ? SPEC_UNSHARE
			: command == PARSE_EXEC	 ? SPEC_EXEC
						 : SPEC_RUN);
	require(spec);
	parse_find_value(command, "config", argc, argv);
	r = parse_command_line(spec, command, argc, argv, &err);
	require_message(r, &err);
	if (!r && !spec->help) {
		require_spec(spec);
		r = spec_validate(spec, &err);
		require_message(r, &err);
		if (!r)
			require_valid(spec);
	}
	spec_free(spec);
	free(text);
	return 0;
}
