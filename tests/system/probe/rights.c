/* What the process holds: capabilities, no_new_privs, a filter, ids, groups. Reads only. */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* A line of /proc/PID/status. */
static bool status_of(const char *pid, const char *key, char *value, size_t size)
{
	char path[64], text[8192], *at;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	if (read_text(path, text, sizeof(text)) <= 0 || !(at = strstr(text, key)))
		return false;
	at += strlen(key);
	at += strspn(at, ": \t");
	snprintf(value, size, "%.*s", (int)strcspn(at, "\n"), at);
	return true;
}

static bool status_line(const char *key, char *value, size_t size)
{
	return status_of("self", key, value, size);
}

static void capability_set(struct verdict *v, const char *key)
{
	char value[64];
	int count;

	if (!status_line(key, value, sizeof(value))) {
		verdict_untried(v, "no /proc/self/status");
		return;
	}
	count = __builtin_popcountll(strtoull(value, NULL, 16));
	verdict_set(v, count ? "set" : "unset", count, 0);
	verdict_detail(v, "%d: %s", count, value);
}

static void effective(struct verdict *v)
{
	capability_set(v, "\nCapEff");
}

static void permitted(struct verdict *v)
{
	capability_set(v, "\nCapPrm");
}

static void inheritable(struct verdict *v)
{
	capability_set(v, "\nCapInh");
}

static void ambient(struct verdict *v)
{
	capability_set(v, "\nCapAmb");
}

static void bounding(struct verdict *v)
{
	capability_set(v, "\nCapBnd");
}

static void no_new_privs(struct verdict *v)
{
	bool set = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;

	verdict_set(v, set ? "set" : "unset", set ? OPEN_NOT : OPEN_FULLY, 0);
}

static void seccomp_filter(struct verdict *v)
{
	char value[64] = "";
	bool set = status_line("\nSeccomp", value, sizeof(value)) && strcmp(value, "2") == 0;

	verdict_set(v, set ? "set" : "unset", set ? OPEN_NOT : OPEN_FULLY, 0);
}

/* Whether the ids inside are the host's: uid 0 of the machine, above all. */
static void host_root(struct verdict *v)
{
	char text[512], status[64];
	unsigned inside, outside, count;

	if (read_text("/proc/self/uid_map", text, sizeof(text)) <= 0 ||
	    !status_line("\nUid", status, sizeof(status))) {
		verdict_untried(v, "no uid_map");
		return;
	}
	text[strcspn(text, "\n")] = '\0';
	verdict_seen(v, sscanf(text, "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 &&
				outside == 0 && geteuid() == 0);
	verdict_detail(v, "uid %u, map %s", (unsigned)geteuid(), text);
}

static void groups(struct verdict *v)
{
	int count = getgroups(0, NULL);

	verdict_set(v, count ? "set" : "unset", count, 0);
	verdict_detail(v, "%d supplementary", count);
}

/* Whether a setuid file of the root would work: neither nosuid nor no_new_privs in its way. */
static void setuid_files(struct verdict *v)
{
	struct statvfs s;
	bool nosuid = statvfs("/", &s) == 0 && (s.f_flag & ST_NOSUID);
	bool nnp = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;

	verdict_set(v, nosuid || nnp ? "denied" : "allowed", nosuid || nnp ? OPEN_NOT : OPEN_FULLY,
		    0);
	verdict_detail(v, "%s%s", nosuid ? "nosuid " : "", nnp ? "no_new_privs" : "");
}

/* What taking over PID 1 would win: capabilities that we lack, or the absence of a filter or of
 * no_new_privs. */
static void first_process(struct verdict *v)
{
	static const char *const locks[] = {"\nNoNewPrivs", "\nSeccomp", "\nSeccomp_filters"};
	static const char *const sets[] = {"\nCapPrm", "\nCapBnd"};
	char his[64], ours[64];
	int more = 0;

	if (own_pid == 1 || !status_of("1", sets[0], his, sizeof(his))) {
		verdict_untried(v, own_pid == 1 ? "PID 1 is the probe itself" : "not to be seen");
		return;
	}
	for (size_t i = 0; i < 2; i++)
		if (status_of("1", sets[i], his, sizeof(his)) &&
		    status_line(sets[i], ours, sizeof(ours)))
			more += __builtin_popcountll(strtoull(his, NULL, 16) &
						     ~strtoull(ours, NULL, 16));
	for (size_t i = 0; i < 3; i++)
		if (status_of("1", locks[i], his, sizeof(his)) &&
		    status_line(locks[i], ours, sizeof(ours)) && atoi(his) < atoi(ours)) {
			verdict_detail(v, "%s%s", locks[i] + 1, i < 2 ? " " : "");
			more++;
		}
	verdict_set(v, more ? "set" : "unset", more, 0);
}

const struct probe probes_rights[] = {
	{"capabilities_effective", effective},
	{"capabilities_permitted", permitted},
	{"capabilities_inheritable", inheritable},
	{"capabilities_ambient", ambient},
	{"capabilities_bounding", bounding},
	{"no_new_privs", no_new_privs},
	{"seccomp_filter", seccomp_filter},
	{"is_host_root", host_root},
	{"groups", groups},
	{"setuid_files_work", setuid_files},
	{"pid_1_more_rights", first_process},
	{NULL, NULL},
};
