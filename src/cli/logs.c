/* rootlet logs: what a detached container has printed, and with -f what it goes on printing. The
 * reading is the library's. */
#include "cli/containers.h"
#include "term/table.h"

#include "base/io.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct request {
	struct args args;
	bool follow, timestamps;
	const char *tail; /* NULL, or a number, or "all" */
	uint64_t last;	  /* UINT64_MAX: all */
	const char *since;
	int64_t from;
};

static const struct args_option options[] = {
	{"follow", 'f', ARGS_FLAG, NULL, offsetof(struct request, follow),
	 "go on until the container has ended", NULL, 0, 0},
	{"since", 0, ARGS_TEXT, "TIME", offsetof(struct request, since),
	 "nothing older: 90s, 10m, 2h, 1d, or a date", "a time, as 10m or 2026-11-22T01:02:03Z", 0,
	 0},
	{"tail", 'n', ARGS_TEXT, "N", offsetof(struct request, tail),
	 "only the last N lines, or all", "a number of lines", 0, 0},
	{"timestamps", 't', ARGS_FLAG, NULL, offsetof(struct request, timestamps),
	 "begin each line with its time", NULL, 0, 0},
	{0},
};

/* ---- output: in order, and never so that a rotation is missed while the reader is slow ---- */

struct output {
	rootlet_log *log;
	int fd; /* that the buffer is for */
	char buffer[1 << 14];
	size_t len;
	int failed; /* errno */
	bool in_line[2];
};

static void flush(struct output *o)
{
	struct pollfd p[2] = {{.fd = o->fd, .events = POLLOUT},
			      {.fd = rootlet_log_fd(o->log), .events = POLLIN}};
	size_t done = 0;

	while (done < o->len && !o->failed) {
		size_t left = o->len - done;
		ssize_t n;

		/* pipe(7): with POLLOUT, PIPE_BUF bytes do not block */
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			o->failed = errno;
		if (p[1].revents)
			rootlet_log_notice(o->log);
		if (!p[0].revents)
			continue;
		n = write(o->fd, o->buffer + done, left < PIPE_BUF ? left : PIPE_BUF);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			o->failed = errno;
		done += n > 0 ? (size_t)n : 0;
	}
	o->len = 0;
}

static void put(struct output *o, const char *text, size_t len)
{
	while (len) {
		size_t room = sizeof(o->buffer) - o->len, n = len < room ? len : room;

		memcpy(o->buffer + o->len, text, n);
		o->len += n;
		text += n;
		len -= n;
		if (o->len == sizeof(o->buffer))
			flush(o);
	}
}

static void print_entry(struct output *o, const struct request *q, const rootlet_log_entry *e)
{
	int fd = e->from_stderr ? 2 : 1;
	char stamp[48];

	if (e->missing) {
		flush(o);
		message_note("logs: lines are missing here: the log was rotated faster than it was "
			     "read");
	}
	if (e->time && e->time < q->from)
		return;
	if (fd != o->fd)
		flush(o);
	o->fd = fd;
	if (q->timestamps && !o->in_line[fd - 1]) {
		age_stamp(e->time, stamp, sizeof(stamp));
		put(o, stamp, strlen(stamp));
		put(o, " ", 1);
	}
	put(o, e->text, e->length);
	if (!e->partial)
		put(o, "\n", 1);
	o->in_line[fd - 1] = e->partial;
}

/* ---- the log ---- */

/* 0, an exit status after a message, or -errno. */
static int print_log(const struct request *q, rootlet_log *log, struct rootlet_error *err)
{
	struct output o = {.log = log, .fd = 1};
	rootlet_log_entry entry;
	bool over = !q->follow;
	int r = 0;

	for (;;) {
		while (!o.failed && (r = rootlet_log_next(log, &entry, err)) == 1)
			print_entry(&o, q, &entry);
		flush(&o);
		if (over || r < 0 || o.failed)
			break;
		over = !rootlet_log_wait(log); /* then once more, to the end */
	}
	if (r < 0)
		return r;
	return o.failed ? message_output_failed(o.failed) : 0;
}

static int show(rootlet_container *container, const char *word, void *data,
		struct rootlet_error *err)
{
	const struct request *q = data;
	rootlet_log *log = NULL;
	int r = rootlet_log_open(container, &log, err);

	if (r == 0 && q->last != UINT64_MAX)
		r = rootlet_log_tail(log, q->last, err);
	if (r == 0)
		r = print_log(q, log, err);
	rootlet_log_free(log);
	return r;
}

/* "all" is what docker calls its default; -1 too. */
static int check_tail(struct request *q, struct rootlet_error *err)
{
	if (!q->tail || strcmp(q->tail, "all") == 0 || strcmp(q->tail, "-1") == 0)
		return 0;
	if (io_parse_u64(q->tail, INT64_MAX, &q->last) == 0)
		return 0;
	error_set(err, -EINVAL, "option-choice", "--tail", "--tail %s: is no number of lines",
		  q->tail);
	error_hint(err, "a number, or all");
	message_usage(err, "logs");
	return -EINVAL;
}

static int check(struct request *q, struct rootlet_error *err)
{
	struct timespec now;
	int r = check_tail(q, err);

	if (r < 0)
		return r;
	clock_gettime(CLOCK_REALTIME, &now);
	if (!q->since ||
	    age_parse(q->since, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec, &q->from) == 0)
		return 0;
	error_set(err, -EINVAL, "option-choice", "--since", "--since %s: is not a time", q->since);
	error_hint(err, "write how long ago, as 90s, 10m, 2h or 1d, or a date and time, as "
			"2026-11-22T01:02:03Z");
	message_usage(err, "logs");
	return -EINVAL;
}

static int run(int argc, char **argv)
{
	struct request q = {.last = UINT64_MAX};
	struct rootlet_error err = {0};
	int r = command_begin(&logs_command, &q, argc, argv, &err), status = EXIT_ROOTLET;

	if (r == 0 && check(&q, &err) == 0)
		status = command_one(&q.args, q.args.words.items[0], show, &q);
	command_end(&logs_command, &q);
	return r > 0 ? 0 : status;
}

const struct args_command logs_command = {
	.name = "logs",
	.usage = "rootlet logs [OPTIONS] CONTAINER",
	.about = "Print what a container in the background has printed: its standard output on "
		 "standard output,\nits standard error on standard error. It also works after the "
		 "container has ended.",
	.examples =
		"  rootlet logs -f web                     and go on\n"
		"  rootlet logs -t --tail 20 web           the last 20 lines, with their times\n"
		"  rootlet logs web 2>/dev/null            standard output alone\n",
	.brief = "what a container has printed; -f follows it",
	.run = run,
	.options = options,
	.kind = WORDS_CONTAINERS,
	.least = 1,
	.most = 1,
	.word = "CONTAINER",
	.ends = "0, or 125 when there is no log, or nobody to take it.",
};
