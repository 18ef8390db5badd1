/* A configuration file, for each command; and the same text as variables of an environment. */
#include "fuzz.h"

#include "parse/parse.h"

enum { VARIABLES = 32 };

/* Nothing that an environment says may take protection away. */
static void require_sealed(const struct spec *spec)
{
	require(!spec->privileged && !spec->cap_add && !spec->cap_add_all && !spec->env_host);
	require(spec->no_new_privileges == UNSET && spec->seccomp == SECCOMP_DEFAULT);
	require(!spec->unmasked_paths.count && !spec->device_count && !spec->preserve_fds);
	require(spec->userns == USERNS_UNSET && !spec->uidmap.count && !spec->keep_groups);
	for (size_t i = 0; i < spec->mount_count; i++)
		require(spec->mounts[i].type == MOUNT_TMPFS);
	for (int type = 0; type < NS_COUNT; type++)
		require(type == NS_TIME || spec->namespaces[type].mode == NS_MODE_UNSET ||
			spec->namespaces[type].mode == NS_MODE_PRIVATE);
}

static void try_environment(char *text)
{
	struct spec *spec = spec_new(SPEC_RUN);
	struct rootlet_error err = {0};
	const char *environ[VARIABLES + 1];
	size_t count = 0;
	int r;

	require(spec);
	for (char *line = strtok(text, "\n"); line && count < VARIABLES; line = strtok(NULL, "\n"))
		environ[count++] = line;
	environ[count] = NULL;
	r = parse_environment(spec, PARSE_RUN, environ, &err);
	require_message(r, &err);
	require_sealed(spec);
	spec_free(spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum parse_command commands[] = {PARSE_RUN, PARSE_PLAN, PARSE_UNSHARE};
	char *text = fuzz_string(data, size);

	/* reads files: fuzz_env_file has the text */
	if (!strstr(text, "env-file") && !strstr(text, "ENV_FILE")) {
		for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
			struct spec *spec =
				spec_new(commands[i] == PARSE_UNSHARE ? SPEC_UNSHARE : SPEC_RUN);
			struct rootlet_error err = {0};

			require(spec);
			require_message(parse_config(spec, commands[i], text, "file", &err), &err);
			spec_free(spec);
		}
		try_environment(text);
	}
	free(text);
	return 0;
}
