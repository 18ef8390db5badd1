/* Texts of the system about ids: /etc/subuid, /etc/subgid, and /proc/PID/uid_map. Text in, ranges
 * out; who reads the files, and from where, is the caller's.
 */
#include "parse/parse.h"

#include "parse/values.h"

#include <errno.h>
#include <string.h>

/* "NAME:START:COUNT" of subuid(5). False: some other line, or a malformed one. */
static bool subid_line(const char *line, size_t len, const char *user_name, uint32_t uid,
		       struct id_range *ret)
{
	const char *first = memchr(line, ':', len);
	const char *second =
		first ? memchr(first + 1, ':', len - (size_t)(first + 1 - line)) : NULL;
	size_t owner_len;
	uint32_t owner, start, count;
	bool ours;

	if (!second)
		return false;
	owner_len = (size_t)(first - line);
	ours = user_name && owner_len && strlen(user_name) == owner_len &&
	       memcmp(line, user_name, owner_len) == 0;
	if (!ours && !(value_id(line, owner_len, &owner) && owner == uid))
		return false;
	if (!value_id(first + 1, (size_t)(second - first - 1), &start) ||
	    !value_id(second + 1, len - (size_t)(second + 1 - line), &count))
		return false;
	if (!count || (uint64_t)start + count - 1 > ID_MAX)
		return false;
	*ret = (struct id_range){start, count};
	return true;
}

int parse_subid_file(struct arena *a, const char *text, const char *user_name, uint32_t uid,
		     struct id_ranges *ret)
{
	struct id_ranges out = {0};

	while (*text) {
		size_t len = strcspn(text, "\n");
		struct id_range range;

		if (subid_line(text, len, user_name, uid, &range)) {
			if (arena_grow(a, &out.ranges, out.count, sizeof(*out.ranges)) < 0)
				return -ENOMEM;
			out.ranges[out.count++] = range;
		}
		text += len + (text[len] == '\n');
	}
	*ret = out;
	return 0;
}

/* One number and the blanks before it. A count may be 4294967295: the initial namespace's is. */
static bool map_number(const char **text, uint32_t *ret)
{
	const char *p = *text + strspn(*text, " \t");
	size_t len = strspn(p, "0123456789");

	if (!value_id(p, len, ret)) {
		if (len != 10 || memcmp(p, "4294967295", 10) != 0)
			return false;
		*ret = UINT32_MAX;
	}
	*text = p + len;
	return true;
}

int parse_proc_map(struct arena *a, const char *text, struct idmap *ret)
{
	struct idmap out = {0};

	while (*text) {
		uint32_t inside, outside, count;

		if (!map_number(&text, &inside) || !map_number(&text, &outside) ||
		    !map_number(&text, &count))
			return -EINVAL;
		text += strspn(text, " \t");
		if (*text != '\n' && *text)
			return -EINVAL;
		text += *text == '\n';
		if (idmap_add(a, &out, inside, outside, count) < 0)
			return -ENOMEM;
	}
	*ret = out;
	return 0;
}
