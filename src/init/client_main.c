/* The client as a program of its own, without a C library: started by client_exec (handover.c). */
#include "init/attach.h"
#include "init/start.h"

static _Noreturn __attribute__((used)) void client_main(long *stack)
{
	char **argv = (char **)(stack + 1) + 1;
	struct client c = {.socket_fd = -1};
	unsigned char keys[ATTACH_KEYS];
	int64_t value;

	if (stack[0] < 1 + CLIENT_NUMBERS)
		raw_exit(ATTACH_LOST);
	raw_prctl(PR_SET_NAME, (unsigned long)"rootlet");
#define START_TO (&c)
	CLIENT_FIELDS(START_TAKE)
#undef START_TO
	for (; *argv && c.detach_count < ATTACH_KEYS; argv++)
		keys[c.detach_count++] = (unsigned char)raw_number(*argv);
	c.detach_keys = keys;
	raw_exit(client_run(&c));
}

START(client_main);
