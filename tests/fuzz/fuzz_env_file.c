/* The text of an --env-file. */
#include "fuzz.h"

#include "parse/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rootlet_error err = {0};
	struct spec *spec = spec_new(SPEC_RUN);
	char *text = malloc(size ? size : 1); /* of the exact size: it is not terminated */
	size_t lines = 1;
	int r;

	require(spec && text);
	memcpy(text, data, size);
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	r = parse_env_file(spec, text, size, "file", &err);
	require_message(r, &err);
	require(spec->env_count <= lines);
	for (size_t i = 0; i < spec->env_count; i++) {
		const struct spec_env *e = &spec->env[i];

		require(*e->name && !strpbrk(e->name, "= \t\n"));
		require(!e->value || !strchr(e->value, '\n'));
	}
	spec_free(spec);
	free(text);
	return 0;
}
