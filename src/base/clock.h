/* Time that only goes on, for deadlines, and a moment of it: clock_gettime(2), nanosleep(2). */
#ifndef ROOTLET_BASE_CLOCK_H
#define ROOTLET_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A signal may make it shorter: for a loop that looks again. */
static inline void clock_sleep_ms(int ms)
{
	const struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&ts, NULL);
}

#endif
