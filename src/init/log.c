/* Writing the log; see log.h.
 *
 * The lines are not copied: one writev takes the stamps from here and the text from where it was
 * read into.
 */
#include "init/log.h"

#include "init/monitor.h"
#include "init/nolibc.h"

enum {
	PIECES = 32, /* of one writev: three a line at most */
	HEAD = LOG_STAMP + 16,
};

/* What stands before a line's text. */
struct head {
	char text[HEAD];
	unsigned int len;
};

static void put(char *to, unsigned int value, unsigned int digits)
{
	while (digits--) {
		to[digits] = (char)('0' + value % 10);
		value /= 10;
	}
}

void log_stamp(uint64_t ns, char text[LOG_STAMP])
{
	static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	uint64_t seconds = ns / 1000000000u;
	unsigned int in_day = (unsigned int)(seconds % 86400);
	unsigned int day = (unsigned int)(seconds / 86400), year = 1970, month = 0;
	bool leap;

	for (;; year++) {
		unsigned int length;

		leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
		length = leap ? 366 : 365;
		if (day < length)
			break;
		day -= length;
	}
	for (;; month++) {
		unsigned int length = lengths[month] + (leap && month == 1 ? 1u : 0u);

		if (day < length)
			break;
		day -= length;
	}
	put(text, year, 4);
	text[4] = '-';
	put(text + 5, month + 1, 2);
	text[7] = '-';
	put(text + 8, day + 1, 2);
	text[10] = 'T';
	put(text + 11, in_day / 3600, 2);
	text[13] = ':';
	put(text + 14, in_day / 60 % 60, 2);
	text[16] = ':';
	put(text + 17, in_day % 60, 2);
	text[19] = '.';
	put(text + 20, (unsigned int)(ns % 1000000000u), 9);
	text[29] = 'Z';
	text[30] = ' ';
}

static void add(struct head *h, const char *word)
{
	while (*word && h->len < sizeof(h->text))
		h->text[h->len++] = *word++;
}

/* ---- the file ---- */

static void open_file(struct log *log)
{
	long end;

	log->fd =
		raw_openat(log->dir_fd, MONITOR_LOG,
			   O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (log->fd < 0)
		return;
	end = raw_call3(__NR_lseek, log->fd, 0, 2 /* SEEK_END */);
	log->size = end > 0 ? (uint64_t)end : 0;
}

/* A reader that follows keeps the old file open and sees its end, then finds the new one. */
static bool rotate(struct log *log)
{
	if (raw_renameat(log->dir_fd, MONITOR_LOG, log->dir_fd, MONITOR_LOG_OLD) < 0)
		return false;
	raw_close(log->fd);
	open_file(log);
	return log->fd >= 0;
}

/* Whole or not at all: half a line would spoil the one that comes after it. */
static bool write_pieces(struct log *log, const struct iovec *pieces, unsigned int count)
{
	uint64_t total = 0;
	long n;

	for (unsigned int i = 0; i < count; i++)
		total += pieces[i].iov_len;
	if (log->fd < 0)
		open_file(log);
	if (log->fd < 0)
		return false;
	if (log->max && log->size && log->size + total > log->max && !rotate(log))
		return false;
	n = raw_call3(__NR_writev, log->fd, (long)pieces, count);
	if (n == (long)total) {
		log->size += total;
		return true;
	}
	if (n > 0)
		raw_call3(__NR_ftruncate, log->fd, (long)log->size, 0);
	return false;
}

/* ---- lines ---- */

static void begin_head(struct head *h, const char *stream, const char *kind)
{
	log_stamp(raw_clock_ns(CLOCK_REALTIME), h->text);
	h->len = LOG_STAMP;
	add(h, stream);
	add(h, kind);
}

static bool tell_dropped(struct log *log)
{
	struct head h;
	char number[24];
	unsigned int at = sizeof(number) - 1;
	uint64_t rest = log->dropped;
	struct iovec pieces[3];
	static const char words[] = " bytes of output are missing here: the log could not be "
				    "written]\n";

	number[at] = '\0';
	do {
		number[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	begin_head(&h, "stderr", " F [");
	pieces[0] = (struct iovec){h.text, h.len};
	pieces[1] = (struct iovec){number + at, sizeof(number) - 1 - at};
	pieces[2] = (struct iovec){(void *)words, sizeof(words) - 1};
	return write_pieces(log, pieces, 3);
}

/* As many lines as fit into one writev. Returns how much of the data they are. */
static size_t gather(const struct head *full, const struct head *part, const char *data,
		     size_t size, struct iovec *pieces, unsigned int *ret_count)
{
	unsigned int count = 0;
	size_t at = 0;

	while (at < size && count + 3 <= PIECES) {
		size_t end = at;

		while (end < size && data[end] != '\n')
			end++;
		if (end < size) {
			pieces[count++] = (struct iovec){(void *)full->text, full->len};
			pieces[count++] = (struct iovec){(void *)(data + at), end + 1 - at};
			at = end + 1;
		} else {
			pieces[count++] = (struct iovec){(void *)part->text, part->len};
			pieces[count++] = (struct iovec){(void *)(data + at), end - at};
			pieces[count++] = (struct iovec){(void *)"\n", 1};
			at = end;
		}
	}
	*ret_count = count;
	return at;
}

void log_write(struct log *log, const char *stream, const char *data, size_t size)
{
	struct head full, part;
	struct iovec pieces[PIECES];

	if (log->dir_fd < 0 || !size)
		return;
	if (log->dropped) {
		if (!tell_dropped(log)) {
			log->dropped += size;
			return;
		}
		log->dropped = 0;
	}
	begin_head(&full, stream, " F ");
	part = full;
	part.text[part.len - 2] = 'P';
	for (size_t at = 0; at < size;) {
		unsigned int count;
		size_t n = gather(&full, &part, data + at, size - at, pieces, &count);

		if (log->dropped || !write_pieces(log, pieces, count))
			log->dropped += n;
		at += n;
	}
}

void log_begin(struct log *log, int dir_fd, uint64_t max)
{
	*log = (struct log){.dir_fd = dir_fd, .fd = -1, .max = max};
	if (dir_fd >= 0)
		open_file(log);
}

void log_end(struct log *log)
{
	if (log->dropped)
		tell_dropped(log);
	if (log->fd >= 0)
		raw_close(log->fd);
	log->fd = -1;
}
