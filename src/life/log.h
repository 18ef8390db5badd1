/* Reading what a container has printed: the log that its monitor writes (init/monitor.h), across
 * its two files and while it goes on growing.
 *
 * The reader holds every file open that it has seen and not read, so a rotation takes nothing from
 * a slow one that looks in time (life_log_notice). It changes nothing.
 */
#ifndef ROOTLET_LIFE_LOG_H
#define ROOTLET_LIFE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct life_log;

struct life_log_entry {
	bool from_stderr;
	bool partial;	  /* the line goes on in the next entry of its stream */
	int64_t time;	  /* nanoseconds since the epoch; 0: the line is none of a monitor's */
	const char *text; /* until the next call; no newline in it */
	size_t len;
};

/* Begins with the oldest line. The folder's descriptor must outlive it. -ENOENT: there is no log;
 * with `awaited` that is an empty one, which somebody is about to write. */
int life_log_open(int folder, bool awaited, struct life_log **ret);
void life_log_close(struct life_log *log);

/* Only the last `lines` lines, of both streams together; called before the first next. */
int life_log_tail(struct life_log *log, uint64_t lines);
/* 1: an entry; 0: none at the moment; -errno. */
int life_log_next(struct life_log *log, struct life_log_entry *ret);

/* Becomes readable when there may be something new; -1: there is no inotify to be had. */
int life_log_fd(const struct life_log *log);
/* Look whether the log was rotated, and open what there is. */
int life_log_notice(struct life_log *log);
/* It was rotated faster than we looked: lines are missing before the next entry. True once. */
bool life_log_gap(struct life_log *log);

#endif
