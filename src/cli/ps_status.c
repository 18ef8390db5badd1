/* How a container is, in words: the STATUS column of `rootlet ps`. */
#include "cli/ps.h"

#include "term/table.h"

#include <stdio.h>
#include <string.h>

void ps_status(const rootlet_container_info *info, int64_t at, char *text, size_t size)
{
	char age[32] = "";

	if (info->broken) {
		snprintf(text, size, "Broken: %s", info->broken);
	} else if (info->alive) {
		age_words(at - info->started, age, sizeof(age));
		snprintf(text, size, "Up %s%s", age,
			 strcmp(info->status, "paused") == 0 ? " (Paused)" : "");
	} else if (info->lost) {
		snprintf(text, size, "Lost: its monitor was killed");
	} else if (info->has_exit) {
		age_words(at - info->finished, age, sizeof(age));
		snprintf(text, size, "Exited (%d) %s ago%s", info->exit_status, age,
			 info->timed_out ? ": --timeout" : "");
	} else {
		snprintf(text, size, "Created");
	}
}
