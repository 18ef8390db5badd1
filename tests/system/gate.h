/* What the gates share (docs/SECURITY.md): shell functions, put before every script.
 *
 *   borrow      an empty root `r` that borrows the host's programs: $B are its volumes
 *   canary      a folder `outside` with known bytes, names and times, that nothing may touch
 *   sighting    its state as text: equal before and after, or the gate is broken
 */
#ifndef ROOTLET_TESTS_GATE_H
#define ROOTLET_TESTS_GATE_H

#include "harness.h"

#include <stdio.h>

#define GATE                                                                                       \
	"borrow() { rm -rf r; mkdir -p r; B=; for d in bin lib lib32 lib64 sbin usr; do "          \
	"[ -e /$d ] && B=\"$B -v /$d:/$d:ro\"; done; }; "                                          \
	"canary() { mkdir -p outside/dir; echo canary >outside/file; echo canary "                 \
	">outside/dir/file; "                                                                      \
	"touch -d @1000000000 outside/file outside/dir/file outside/dir outside; }; "              \
	"sighting() { find outside -printf '%P %y %m %T@ %s %i\\n' | sort; cat outside/file "      \
	"outside/dir/file; }; "

/* A script with the functions; printf's arguments may follow. */
static inline const struct result *gate(const char *script)
{
	static char text[16384];

	snprintf(text, sizeof(text), "%s%s", GATE, script);
	return shell(text);
}

#endif
