/* Which namespaces of another process are not ours: joining one's own user namespace is refused by
 * the kernel (setns(2): EINVAL), so only those that differ are joined. */
#include "facts/probe.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

int probe_join(struct facts *facts, uint32_t pid)
{
	for (int t = 0; t < NS_COUNT; t++) {
		const char *name = ns_type_name((enum ns_type)t);
		char path[64], own[64];
		struct stat theirs, ours;

		snprintf(path, sizeof(path), "/proc/%u/ns/%s", pid, name);
		snprintf(own, sizeof(own), "/proc/self/ns/%s", name);
		if (stat(own, &ours) < 0)
			continue; /* a kernel without that kind */
		if (stat(path, &theirs) < 0) {
			facts->join_error = errno;
			return 0;
		}
		facts->join_differs[t] = theirs.st_ino == ours.st_ino ? ANSWER_NO : ANSWER_YES;
	}
	return 0;
}
