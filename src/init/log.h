/* The log of a container: what it wrote, as CRI lines in a file of bounded size (monitor.h).
 *
 * Freestanding. It keeps no text back: what one read of the monitor brought is in the file before
 * anything else happens with it. It never fails: what could not be written is counted, and the log
 * says so as soon as it can.
 */
#ifndef ROOTLET_INIT_LOG_H
#define ROOTLET_INIT_LOG_H

#include <stddef.h>
#include <stdint.h>

struct log {
	int dir_fd; /* -1: no log at all */
	int fd;	    /* -1: it could not be opened; tried again with each write */
	uint64_t max, size;
	uint64_t dropped; /* bytes of output since the last write that worked */
};

void log_begin(struct log *log, int dir_fd, uint64_t max);
void log_write(struct log *log, const char *stream, const char *data, size_t size);
void log_end(struct log *log);

/* "2026-11-22T01:02:03.123456789Z " in UTC; the number of characters written. */
enum { LOG_STAMP = 31 };
void log_stamp(uint64_t ns_since_epoch, char text[LOG_STAMP]);

#endif
