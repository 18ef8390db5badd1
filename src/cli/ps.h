/* What of `rootlet ps` is tested by itself. */
#ifndef ROOTLET_CLI_PS_H
#define ROOTLET_CLI_PS_H

#include "rootlet.h"

/* The STATUS column at this moment (nanoseconds since the epoch). */
void ps_status(const rootlet_container_info *info, int64_t at, char *text, size_t size);

#endif
