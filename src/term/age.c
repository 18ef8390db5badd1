/* Times and sizes in words, and back; see table.h. */
#include "term/table.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

/* nanoseconds, and seconds: as wide as what is counted in them */
static const int64_t SECOND = 1000000000;
static const int64_t MINUTE = 60, HOUR = 3600, DAY = 86400;

enum { LAST_YEAR = 2261 }; /* 64 bits of nanoseconds end in 2262 */

void age_words(int64_t ns, char *text, size_t size)
{
	int64_t s = ns / SECOND;

	if (s < 1)
		snprintf(text, size, "Less than a second");
	else if (s == 1)
		snprintf(text, size, "1 second");
	else if (s < MINUTE)
		snprintf(text, size, "%" PRId64 " seconds", s);
	else if (s < 2 * MINUTE)
		snprintf(text, size, "About a minute");
	else if (s < HOUR)
		snprintf(text, size, "%" PRId64 " minutes", s / MINUTE);
	else if (s < 2 * HOUR)
		snprintf(text, size, "About an hour");
	else if (s < 2 * DAY)
		snprintf(text, size, "%" PRId64 " hours", s / HOUR);
	else if (s < 14 * DAY)
		snprintf(text, size, "%" PRId64 " days", s / DAY);
	else if (s < 60 * DAY)
		snprintf(text, size, "%" PRId64 " weeks", s / (7 * DAY));
	else if (s < 730 * DAY)
		snprintf(text, size, "%" PRId64 " months", s / (30 * DAY));
	else
		snprintf(text, size, "%" PRId64 " years", s / (365 * DAY));
}

void age_stamp(int64_t ns, char *text, size_t size)
{
	time_t seconds = (time_t)(ns / SECOND);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, size - n, ".%09" PRId64 "Z", ns % SECOND);
}

/* ---- parsed ---- */

/* Digits, at most `most` of them, as a number; *p is moved on. -1: there are none. */
static int64_t digits(const char **p, int least, int most)
{
	int64_t n = 0;
	int i = 0;

	for (; i < most && **p >= '0' && **p <= '9'; i++, ++*p)
		n = n * 10 + (**p - '0');
	return i < least ? -1 : n;
}

static int parse_date(const char *p, int64_t *ret)
{
	static const char marks[] = "--T::";
	int64_t part[6], fraction = 0, scale = SECOND;
	struct tm tm = {0};

	for (int i = 0; i < 6; i++) {
		if (i == 3 && !*p) { /* a day alone: its beginning */
			part[3] = part[4] = part[5] = 0;
			break;
		}
		if (i > 0 && *p++ != marks[i - 1])
			return -EINVAL;
		part[i] = digits(&p, i == 0 ? 4 : 2, i == 0 ? 4 : 2);
		if (part[i] < 0)
			return -EINVAL;
	}
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9' && scale > 1; p++) {
			scale /= 10;
			fraction += (*p - '0') * scale;
		}
	if (*p == 'Z')
		p++;
	if (*p || part[0] < 1970 || part[0] > LAST_YEAR || part[1] < 1 || part[1] > 12 ||
	    part[2] < 1 || part[2] > 31 || part[3] > 23 || part[4] > 59 || part[5] > 60)
		return -EINVAL;
	tm.tm_year = (int)part[0] - 1900;
	tm.tm_mon = (int)part[1] - 1;
	tm.tm_mday = (int)part[2];
	tm.tm_hour = (int)part[3];
	tm.tm_min = (int)part[4];
	tm.tm_sec = (int)part[5];
	*ret = (int64_t)timegm(&tm) * SECOND + fraction;
	return 0;
}

int age_parse(const char *text, int64_t now, int64_t *ret)
{
	const char *p = text;
	int64_t n = digits(&p, 1, 9), unit = 1;

	if (n < 0)
		return -EINVAL;
	if (*p == '-')
		return parse_date(text, ret);
	switch (*p) {
	case 'd':
		unit = DAY;
		break;
	case 'h':
		unit = HOUR;
		break;
	case 'm':
		unit = MINUTE;
		break;
	case 's':
	case '\0':
		break;
	default:
		return -EINVAL;
	}
	if (*p && p[1])
		return -EINVAL;
	*ret = now - n * unit * SECOND;
	return 0;
}

void size_words(uint64_t bytes, char *text, size_t size)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double value = (double)bytes;
	size_t unit = 0;

	for (; value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		value /= 1000;
	snprintf(text, size, unit && value < 99.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}
