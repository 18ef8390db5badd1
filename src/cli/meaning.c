/* What each namespace of a start means, for `unshare -v`: whose it is, and what that changes. Read
 * from the plan's own steps, so that it cannot say what is not done. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name, *own;
} namespaces[] = {
	{"user", NULL}, /* user_line() */
	{"pid", "process numbers begin again at 1, and /proc shows no others"},
	{"mnt", "what is mounted here, nobody else sees"},
	{"uts", "a hostname that nobody else sees"},
	{"ipc", "shared memory and message queues: none but what is made inside"},
	{"net", "devices, addresses and ports: loopback only, offline"},
	{"cgroup", "the control group that you are in is the top of the tree"},
	{"time", "clocks since boot can differ from the host's; the date cannot"},
};

enum { COUNT = sizeof(namespaces) / sizeof(namespaces[0]) };
enum whose { OF_HOST, OF_ITS_OWN, OF_ANOTHER };

/* "user, pid" has the word "pid" and not the word "id". */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = strstr(text, word); p; p = strstr(p + 1, word))
		if ((p == text || p[-1] == ' ') && (p[n] == ',' || p[n] == ' '))
			return true;
	return false;
}

static enum whose whose_is(const char *step, const char *name)
{
	const char *own = strstr(step, " into its own ");

	if (own && strstr(own, " namespace") && has_word(own, name))
		return OF_ITS_OWN;
	if (strcmp(name, "time") == 0 && strncmp(step, "make a time namespace", 21) == 0)
		return OF_ITS_OWN;
	if (strncmp(step, "join the ", 9) == 0 && has_word(step, name))
		return OF_ANOTHER;
	return OF_HOST;
}

static void find_owners(const rootlet_plan *plan, enum whose whose[COUNT])
{
	for (size_t i = 0; i < rootlet_plan_step_count(plan); i++) {
		char *text = NULL;

		if (rootlet_plan_step_text(plan, i, &text) < 0)
			continue;
		for (int n = 0; n < COUNT; n++)
			if (whose[n] == OF_HOST)
				whose[n] = whose_is(text, namespaces[n].name);
		free(text);
	}
}

static void add_name(char list[128], const char *name)
{
	size_t len = strlen(list);

	snprintf(list + len, 128 - len, "%s%s", len ? ", " : "", name);
}

/* "become uid 1001, gid 1001" is the step that decides who one is. */
static unsigned long find_user(const rootlet_plan *plan)
{
	static const char step[] = "become uid ";
	unsigned long uid = 0;

	for (size_t i = 0; i < rootlet_plan_step_count(plan); i++) {
		char *text = NULL;

		if (rootlet_plan_step_text(plan, i, &text) < 0)
			continue;
		if (strncmp(text, step, sizeof(step) - 1) == 0)
			uid = strtoul(text + sizeof(step) - 1, NULL, 10);
		free(text);
	}
	return uid;
}

static void user_line(const rootlet_plan *plan, char ret[96])
{
	unsigned long uid = find_user(plan);

	if (uid == 0)
		snprintf(ret, 96, "you are root inside, and outside who you were");
	else
		snprintf(ret, 96, "you are uid %lu inside%s", uid,
			 uid == geteuid() ? ", the same number as outside" : "");
}

static void print_line(const char *what, const char *text)
{
	char line[256];

	snprintf(line, sizeof(line), "%-10s %s", what, text);
	message_progress(LEVEL_DEBUG, line);
}

void print_meanings(const rootlet_plan *plan)
{
	enum whose whose[COUNT] = {OF_HOST};
	char host[128] = "", joined[128] = "", user[96];

	user_line(plan, user);
	find_owners(plan, whose);
	for (int n = 0; n < COUNT; n++) {
		if (whose[n] == OF_ITS_OWN)
			print_line(namespaces[n].name,
				   namespaces[n].own ? namespaces[n].own : user);
		else
			add_name(whose[n] == OF_HOST ? host : joined, namespaces[n].name);
	}
	if (*joined)
		print_line("joined", joined);
	if (*host)
		print_line("the host's", host);
}
