/* Any text as a config.json, as exec's process.json and as update's resources. What is taken keeps
 * its promises to the planner; what is not says so in one line. */
#include "fuzz.h"

#include "parse/oci.h"

/* Absolute and plain: no step may be led out of the root by its text. */
static void require_inside(const char *path)
{
	require(path && path[0] == '/');
	for (const char *part = path; part; part = strchr(part + 1, '/'))
		require(strncmp(part, "/..", 3) != 0 || (part[3] != '/' && part[3] != '\0'));
}

static void require_paths(const char *const *paths)
{
	for (; paths && *paths; paths++)
		require_inside(*paths);
}

static void require_mounts(const struct spec_oci *oci)
{
	for (size_t i = 0; i < oci->mount_count; i++) {
		const struct oci_mount *m = &oci->mounts[i];

		require_inside(m->destination);
		require(m->type || m->remount);
		require(!m->bind || m->remount || (m->source && m->source[0] == '/'));
		require(!(m->attr_set & m->attr_clear & ~0x70ull)); /* but MOUNT_ATTR__ATIME */
		require(!(m->sb_set & m->sb_clear));
		require(!m->uid_map_count == !m->gid_map_count);
		for (size_t j = 0; j < m->option_count; j++)
			require(m->options[j].key);
	}
}

static void require_process(const struct spec *spec)
{
	const struct spec_oci *oci = spec->oci;

	require(spec->arg_count && spec->args && !spec->args[spec->arg_count]);
	require(spec->cwd && spec->cwd[0] == '/');
	for (size_t i = 0; i < spec->env_count; i++)
		require(spec->env[i].name && *spec->env[i].name && spec->env[i].value);
	require(oci->uid != UINT32_MAX && oci->gid != UINT32_MAX);
	require(!(oci->capabilities.ambient & ~oci->capabilities.permitted));
	require(!(oci->capabilities.effective & ~oci->capabilities.permitted));
	for (size_t i = 0; i < spec->rlimit_count; i++)
		require(spec->rlimits[i].name && spec->rlimits[i].soft <= spec->rlimits[i].hard);
}

static void require_resources(const struct oci_resources *r)
{
	for (size_t i = 0; i < r->unified_count; i++)
		require(!strchr(r->unified[i].key, '/') && r->unified[i].value);
	for (size_t i = 0; i < r->hugepage_count; i++)
		require(!strpbrk(r->hugepages[i].size, "/."));
	require(r->memory_limit == OCI_UNSET || r->memory_limit >= -1);
}

static void try_config(const char *text, size_t size)
{
	struct spec *spec = spec_new(SPEC_RUN);
	struct rootlet_error err = {0};
	int r;

	require(spec);
	r = parse_oci_config(spec, "/bundle", text, size, "fuzz", &err);
	require_message(r, &err);
	if (!r) {
		const struct spec_oci *oci = spec->oci;

		require(oci->version && spec->root_path[0] == '/');
		require_mounts(oci);
		require_paths(oci->masked_paths);
		require_paths(oci->readonly_paths);
		require_resources(&oci->resources);
		for (size_t i = 0; i < oci->device_count; i++)
			require_inside(oci->devices[i].path);
		for (size_t i = 0; i < oci->note_count; i++)
			require(oci->notes[i] && !strpbrk(oci->notes[i], "\n\r\033"));
		if (!oci->no_process)
			require_process(spec);
		require_message(spec_validate(spec, &err), &err);
	}
	spec_free(spec);
}

static void try_process(const char *text, size_t size)
{
	struct spec *spec = spec_new(SPEC_EXEC);
	struct rootlet_error err = {0};
	int r;

	require(spec);
	r = parse_oci_process(spec, text, size, "fuzz", &err);
	require_message(r, &err);
	if (!r)
		require_process(spec);
	spec_free(spec);
}

static void try_resources(const char *text, size_t size)
{
	struct rootlet_error err = {0};
	struct oci_resources resources;
	struct arena a;
	int r;

	arena_init(&a);
	oci_resources_init(&resources);
	r = parse_oci_resources(&a, &resources, text, size, "fuzz", &err);
	require_message(r, &err);
	if (!r)
		require_resources(&resources);
	arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a copy of that length: a read beyond it is seen */
	char *text = malloc(size ? size : 1);

	require(text);
	if (size)
		memcpy(text, data, size);
	try_config(text, size);
	try_process(text, size);
	try_resources(text, size);
	free(text);
	return 0;
}
