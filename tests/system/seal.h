/* What the gates of SEAL share: $I is the hostile program (inside.c), $IN the options that bring it
 * inside as /inside. */
#ifndef ROOTLET_TESTS_SEAL_H
#define ROOTLET_TESTS_SEAL_H

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

static inline const char *seal_inside(void)
{
	const char *path = getenv("ROOTLET_INSIDE");

	if (!path)
		fail_msg("ROOTLET_INSIDE must name the program inside.c");
	return path;
}

/* A script with the two variables, and $O for the options of this turn. */
static inline const struct result *seal(const char *options, const char *script)
{
	static char text[16384];

	snprintf(text, sizeof(text), "I=%s; IN=\"-v $I:/inside:ro\"; O=\"%s\"; %s", seal_inside(),
		 options, script);
	return shell(text);
}

/* Ways to start a command whose filter is not the default one. */
static const char *const seal_open[] = {
	"--security-opt seccomp=unconfined",
	"--privileged",
	"--privileged --no-init",
	"--privileged --userns single",
	"--security-opt seccomp=unconfined --security-opt no-new-privileges=false",
	"--security-opt seccomp=allow.json",
	"--privileged --security-opt seccomp=allow.json",
};
enum { SEAL_OPEN = sizeof(seal_open) / sizeof(seal_open[0]) };

/* A profile that refuses nothing, not even the other doors of the machine. */
#define ALLOW_ALL                                                                                  \
	"echo '{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"archMap\": ["                             \
	"{\"architecture\": \"SCMP_ARCH_X86_64\", \"subArchitectures\": [\"SCMP_ARCH_X86\", "      \
	"\"SCMP_ARCH_X32\"]}, {\"architecture\": \"SCMP_ARCH_AARCH64\", \"subArchitectures\": "    \
	"[\"SCMP_ARCH_ARM\"]}]}' >allow.json; "

#endif
