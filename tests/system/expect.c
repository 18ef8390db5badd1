/* What a test expects of a result, and the words in which it says what came instead. See harness.h.
 */
#include "harness.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void harness_show(const struct result *r)
{
	print_error("--- %s\n--- status %d%s, handed to us %d, of which alive %d, %.2f s\n--- "
		    "stdout:\n%s"
		    "--- stderr:\n%s---\n",
		    r->what, r->status, r->timed_out ? " (timed out)" : "", r->handed, r->alive,
		    r->seconds, r->out, r->err);
}

/* The first subordinate range of this user in FILE, by name or number. */
static void subordinate(const char *file, unsigned long *start, unsigned long *count)
{
	struct passwd *pw = getpwuid(getuid());
	FILE *f = fopen(file, "re");
	char line[512], who[256], number[16];

	*start = *count = 0;
	snprintf(number, sizeof(number), "%u", (unsigned)getuid());
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%255[^:]:%lu:%lu", who, start, count) == 3 &&
		    ((pw && strcmp(who, pw->pw_name) == 0) || strcmp(who, number) == 0))
			break;
	if (f)
		fclose(f);
}

const char *harness_expand(const char *text)
{
	static char expanded[4][4096];
	static int turn;
	static const char *const names[] = {"$HOME",	 "$USER", "$UID", "$GID", "$SUBGID",
					    "$SUBCOUNT", "$SUB",  "$T",	  "$R"};
	char values[9][PATH_MAX], *out = expanded[turn = (turn + 1) % 4];
	struct passwd *pw = getpwuid(getuid());
	unsigned long sub, subgid, count, ignored;
	size_t used = 0;

	subordinate("/etc/subgid", &subgid, &ignored);
	subordinate("/etc/subuid", &sub, &count);
	snprintf(values[0], PATH_MAX, "%s", pw ? pw->pw_dir : "/");
	snprintf(values[1], PATH_MAX, "%s", pw ? pw->pw_name : "?");
	snprintf(values[2], PATH_MAX, "%u", (unsigned)getuid());
	snprintf(values[3], PATH_MAX, "%u", (unsigned)getgid());
	snprintf(values[4], PATH_MAX, "%lu", subgid);
	snprintf(values[5], PATH_MAX, "%lu", count);
	snprintf(values[6], PATH_MAX, "%lu", sub);
	snprintf(values[7], PATH_MAX, "%s", harness_directory());
	snprintf(values[8], PATH_MAX, "%s", harness_command());
	while (*text && used < sizeof(expanded[0]) - 1) {
		size_t i = 0;

		while (i < 9 && strncmp(text, names[i], strlen(names[i])) != 0)
			i++;
		if (i == 9) {
			out[used++] = *text++;
			continue;
		}
		used += (size_t)snprintf(out + used, sizeof(expanded[0]) - used, "%s", values[i]);
		text += strlen(names[i]);
	}
	out[used] = '\0';
	return out;
}

static _Noreturn void wrong(const struct result *r, const char *wanted, const char *kind,
			    const char *file, int line)
{
	harness_show(r);
	print_error("--- expected %s:\n%s\n---\n", kind, wanted);
	_fail(file, line);
	abort(); /* not reached */
}

void harness_status(const struct result *r, int status, const char *file, int line)
{
	char wanted[32];

	snprintf(wanted, sizeof(wanted), "%d", status);
	if (r->status != status)
		wrong(r, wanted, "exit status", file, line);
}

void harness_out(const struct result *r, int status, const char *text, const char *file, int line)
{
	const char *wanted = harness_expand(text);

	harness_status(r, status, file, line);
	if (strcmp(r->out, wanted) != 0)
		wrong(r, wanted, "standard output", file, line);
}

void harness_contains(const struct result *r, const char *text, bool present, const char *file,
		      int line)
{
	const char *wanted = harness_expand(text);

	if ((strstr(r->out, wanted) != NULL) != present)
		wrong(r, wanted, present ? "in standard output" : "not in standard output", file,
		      line);
}

void harness_error(const struct result *r, int status, const char *text, const char *file, int line)
{
	const char *wanted = harness_expand(text);

	harness_status(r, status, file, line);
	if (strcmp(r->err, wanted) != 0)
		wrong(r, wanted, "standard error", file, line);
}

void harness_error_has(const struct result *r, int status, const char *text, const char *file,
		       int line)
{
	const char *wanted = harness_expand(text);

	harness_status(r, status, file, line);
	if (!strstr(r->err, wanted))
		wrong(r, wanted, "in standard error", file, line);
}
