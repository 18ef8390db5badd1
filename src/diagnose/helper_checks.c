/* Why newuidmap or newgidmap failed: what it said, and what can be checked of its argument.
 *
 * The words looked for are those of shadow 4.8 to 4.17; LC_ALL=C is set for it. Unknown words are
 * passed on as they are. */
#include "diagnose/rules.h"

#include "base/io.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *helper_name(const struct failure *f)
{
	return f->step->a.helper.gid ? "newgidmap" : "newuidmap";
}

static const char *subid_file(const struct failure *f)
{
	return f->step->a.helper.gid ? "/etc/subgid" : "/etc/subuid";
}

/* The first line of what it wrote, without the "newuidmap: " before it. */
static void first_line(const struct failure *f, char *buf, size_t size)
{
	const char *text = f->helper_text;
	size_t name = strlen(helper_name(f));

	if (!strncmp(text, helper_name(f), name) && !strncmp(text + name, ": ", 2))
		text += name + 2;
	snprintf(buf, size, "%.*s", (int)strcspn(text, "\n"), text);
}

static bool said(const struct failure *f, const char *words)
{
	return f->helper_text && strstr(f->helper_text, words);
}

bool check_helper_gone(struct failure *f)
{
	if (access(f->step->a.helper.path, F_OK) == 0)
		return false;
	value_set(f->a, "%s", f->step->a.helper.path);
	return true;
}

bool check_helper_knows_no_name(struct failure *f)
{
	value_set(f->a, "%s", helper_name(f));
	value_set(f->b, "%u", failure_facts(f, FACT_CALLER)->uid);
	return said(f, "determine your user name");
}

/* "… is owned by a different user: uid:1000 pw_uid:1000 st_uid:1000, gid:27 pw_gid:1000 st_gid:27"
 */
bool check_helper_other_group(struct failure *f)
{
	const char *gids = f->helper_text ? strstr(f->helper_text, ", gid:") : NULL;
	unsigned long gid, passwd_gid;

	if (!said(f, "different user") || !gids ||
	    /* only shown and compared. NOLINTNEXTLINE(cert-err34-c) */
	    sscanf(gids, ", gid:%lu pw_gid:%lu", &gid, &passwd_gid) != 2 || gid == passwd_gid)
		return false;
	value_set(f->a, "%s", helper_name(f));
	value_set(f->b, "%lu", gid);
	value_set(f->c, "%lu", passwd_gid);
	return true;
}

bool check_helper_other_owner(struct failure *f)
{
	value_set(f->a, "%s", helper_name(f));
	return said(f, "different user");
}

/* ---- the ranges asked for, against those granted ---- */

static void describe_grant(const struct failure *f, const struct facts *facts, char *buf,
			   size_t size)
{
	const struct id_ranges *granted = f->step->a.helper.gid ? &facts->subgids : &facts->subuids;
	size_t used = 0;

	if (!granted->count) {
		condition_expand("{grant}", facts, buf, size);
		return;
	}
	used = (size_t)snprintf(buf, size, "granted are");
	for (size_t i = 0; i < granted->count && used + 32 < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s %u-%llu", i ? "," : "",
					 granted->ranges[i].start,
					 (unsigned long long)granted->ranges[i].start +
						 granted->ranges[i].count - 1);
}

static bool parse_triple(const char **args, uint64_t *outside, uint64_t *count)
{
	uint64_t inside;

	return args[0] && args[1] && args[2] && io_parse_u64(args[0], ID_MAX, &inside) == 0 &&
	       io_parse_u64(args[1], ID_MAX, outside) == 0 &&
	       io_parse_u64(args[2], UINT32_MAX, count) == 0;
}

bool check_helper_range(struct failure *f)
{
	const struct facts *facts = failure_facts(f, FACT_CALLER | FACT_SUBIDS);
	const struct id_ranges *granted = f->step->a.helper.gid ? &facts->subgids : &facts->subuids;
	uint32_t own = f->step->a.helper.gid ? facts->gid : facts->uid, missing;
	uint64_t outside, count;

	if (!(facts->needs & FACT_SUBIDS) || facts->subid_error || !f->step->a.helper.args)
		return false;
	for (const char **a = f->step->a.helper.args; parse_triple(a, &outside, &count); a += 3) {
		struct id_extent extent = {0, (uint32_t)outside, (uint32_t)count};
		struct idmap one = {&extent, 1};

		if ((outside == own && count == 1) || idmap_within(&one, granted, &missing))
			continue;
		value_set(f->a, "%s id %u", f->step->a.helper.gid ? "group" : "user", missing);
		value_set(f->b, "%s", subid_file(f));
		describe_grant(f, facts, f->c, VALUE_SIZE);
		return true;
	}
	return false;
}

bool check_helper_not_allowed(struct failure *f)
{
	const struct facts *facts = failure_facts(f, FACT_CALLER);

	value_set(f->a, "%s", helper_name(f));
	first_line(f, f->b, VALUE_SIZE);
	if (facts->user_name)
		value_set(f->c, "%s %s", facts->user_name, subid_file(f));
	else
		value_set(f->c, "%u %s", facts->uid, subid_file(f));
	return said(f, "not allowed");
}

bool check_helper_powerless(struct failure *f)
{
	value_set(f->a, "%s", helper_name(f));
	first_line(f, f->b, VALUE_SIZE);
	return said(f, "write to") || said(f, "Could not set");
}

bool check_helper_said(struct failure *f)
{
	int status = f->error;

	value_set(f->a, "%s", helper_name(f));
	if (WIFSIGNALED(status))
		value_set(f->b, "signal %d", WTERMSIG(status));
	else
		value_set(f->b, "status %d", WEXITSTATUS(status));
	if (f->helper_text && *f->helper_text) {
		strcpy(f->c, ": ");
		first_line(f, f->c + 2, VALUE_SIZE - 2);
	}
	return true;
}
