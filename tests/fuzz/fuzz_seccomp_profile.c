/* Any text as a seccomp profile. What compiles must be a program that the kernel could take; what
 * does not must say so in one line, with a place inside the text. */
#include "base/arena.h"
#include "seccomp/profile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same text as linux.seccomp of a config: another set of rules for what is passed over. */
static void try_part(struct arena *a, const char *text, size_t size)
{
	const struct seccomp_part part = {.text = text,
					  .len = size,
					  .path = "fuzz",
					  .line = 3,
					  .column = 7,
					  .listener = size & 1};
	struct seccomp_filter filter = {0};
	struct rootlet_error err = {0};
	const char *unknown = NULL;

	if (seccomp_part_compile(a, &part, 1 << 18, "6.1.0", &filter, &unknown, &err) == 0) {
		if (filter.length == 0 || !filter.program)
			abort();
	} else if (!err.id || !err.message[0] || strchr(err.message, '\n')) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seccomp_filter filter = {0};
	struct rootlet_error err = {0};
	struct arena a;

	arena_init(&a);
	if (seccomp_profile_compile(&a, (const char *)data, size, "fuzz", 1 << 18, "6.1.0", &filter,
				    &err) == 0) {
		if (!filter.program || filter.length == 0)
			abort();
	} else if (!err.id || !err.message[0] || strchr(err.message, '\n')) {
		abort();
	}
	try_part(&a, (const char *)data, size);
	arena_release(&a);
	return 0;
}
