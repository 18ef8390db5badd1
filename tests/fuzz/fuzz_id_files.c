/* The system's texts about ids: the first byte says which, 'm' for /proc/PID/uid_map, anything else
 * for /etc/subuid. Each is compared with a plain second reading.
 */
#include "fuzz.h"

#include "parse/parse.h"
#include "spec/idmap.h"

#include <errno.h>

/* A whole decimal number up to `max`; the greatest of all only as the kernel writes it. */
static bool number(const char *text, uint64_t max, uint32_t *ret)
{
	const char *digits = text + strspn(text, "0");
	uint64_t n;

	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(digits) > 10)
		return false;
	n = *digits ? strtoull(digits, NULL, 10) : 0;
	*ret = (uint32_t)n;
	return n <= max && (n < UINT32_MAX || strlen(text) == 10);
}

static bool subid_line(char *line, struct id_range *ret)
{
	const char *owner = strsep(&line, ":"), *start = strsep(&line, ":");
	uint32_t uid;

	return start && line &&
	       (!strcmp(owner, "alice") || (number(owner, ID_MAX, &uid) && uid == 1000)) &&
	       number(start, ID_MAX, &ret->start) && number(line, ID_MAX, &ret->count) &&
	       ret->count && (uint64_t)ret->start + ret->count - 1 <= ID_MAX;
}

static void check_subids(struct arena *a, char *text)
{
	struct id_ranges ranges;
	size_t seen = 0;

	require(!parse_subid_file(a, text, "alice", 1000, &ranges));
	for (char *line; (line = strsep(&text, "\n"));) {
		struct id_range range;

		if (!subid_line(line, &range))
			continue;
		require(seen < ranges.count && ranges.ranges[seen].start == range.start &&
			ranges.ranges[seen].count == range.count);
		seen++;
	}
	require(seen == ranges.count);
}

/* Three numbers between blanks and nothing else. */
static bool map_line(char *line, uint32_t ret[3])
{
	int count = 0;

	for (char *word; (word = strsep(&line, " \t"));) {
		if (!*word)
			continue;
		if (count == 3 || !number(word, UINT32_MAX, &ret[count]))
			return false;
		count++;
	}
	return count == 3;
}

static void check_map(struct arena *a, char *text)
{
	struct idmap map, again;
	size_t seen = 0;
	int r = parse_proc_map(a, text, &map);
	char *rest = text;

	require(r == 0 || r == -EINVAL);
	while (rest && *rest) {
		char *line = strsep(&rest, "\n");
		uint32_t n[3] = {0};

		if (!map_line(line, n)) {
			require(r == -EINVAL);
			return;
		}
		if (r == 0)
			require(seen < map.count && map.extents[seen].inside == n[0] &&
				map.extents[seen].outside == n[1] &&
				map.extents[seen].count == n[2]);
		seen++;
	}
	require(r == 0 && seen == map.count);
	text = idmap_format(a, &map);
	require(text && !parse_proc_map(a, text, &again) && again.count == map.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	char *text;

	if (!size)
		return 0;
	text = fuzz_string(data + 1, size - 1);
	arena_init(&a);
	if (*data == 'm')
		check_map(&a, text);
	else
		check_subids(&a, text);
	arena_release(&a);
	free(text);
	return 0;
}
