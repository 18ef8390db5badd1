/* Plays a demonstration: walks its items, runs what they say, grades what was seen, and leaves
 * nothing behind. What is seen goes to show.c and, all of it, into a report. */
#include "cli/demo/demo.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct play {
	const struct demo *demo;
	const struct show *show;
	rootlet_error *err;
	json_object *report, *facts, *checks, *steps, *step, *commands;
	struct output output;
	char reason[512];
	int number, passed, failed;
	bool left_out; /* this step: its `when` did not hold */
	bool recorded; /* but it is known what it showed elsewhere: its rule is told */
	bool waited;   /* a `wait` was the last: the next step need not */
	char folder[4096];
};

extern char **environ;

static void put(json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, text ? json_object_new_string(text) : NULL);
}

/* Another's configuration would change what is shown: ROOTLET_… variables are taken away. */
static void clear_own_variables(void)
{
	char name[128];
	char **p = environ;

	while (p && *p) {
		if (strncmp(*p, "ROOTLET_", 8) != 0) {
			p++;
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*p, "="), *p);
		if (unsetenv(name) < 0)
			p++;
		else
			p = environ;
	}
}

static int set_number(const char *name, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	return setenv(name, text, 1);
}

/* `rootlet` in a demonstration is this very program: a link to it stands first in the PATH. */
static int set_variables(struct play *p)
{
	static char *caller_path;
	AUTO_BUFFER path = {0};
	AUTO_BUFFER link = {0};
	const char *now = getenv("PATH");
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return -errno;
	self[n] = '\0';
	if (!caller_path)
		caller_path = strdup(now ? now : "/usr/bin:/bin");
	if (!caller_path)
		return -ENOMEM;
	buffer_printf(&path, "%s/bin:%s:/usr/sbin:/sbin", p->folder, caller_path);
	buffer_printf(&link, "%s/bin/rootlet", p->folder);
	if (buffer_failed(&path) || buffer_failed(&link))
		return -ENOMEM;
	clear_own_variables();
	if (mkdir("bin", 0700) < 0 || symlink(self, link.data) < 0)
		return -errno;
	if (setenv("PATH", path.data, 1) < 0 || setenv("ROOTLET", self, 1) < 0 ||
	    setenv("DEMO", p->folder, 1) < 0 || setenv("LC_ALL", "C", 1) < 0 ||
	    setenv("XDG_CONFIG_HOME", p->folder, 1) < 0 ||
	    /* output and facts are what the command says, not rootlet's notes on this machine */
	    setenv("ROOTLET_LOG_LEVEL", "error", 1) < 0 ||
	    set_number("CALLER_UID", geteuid()) < 0 || set_number("CALLER_GID", getegid()) < 0)
		return -ENOMEM;
	return 0;
}

static int open_folder(struct play *p)
{
	const char *base = getenv("TMPDIR");
	int r, n;

	n = snprintf(p->folder, sizeof(p->folder), "%s/rootlet-demo.XXXXXX",
		     base && *base == '/' ? base : "/tmp");
	if (n < 0 || (size_t)n >= sizeof(p->folder)) {
		p->folder[0] = '\0';
		return error_set(p->err, -ENAMETOOLONG, "demo-folder", "TMPDIR",
				 "TMPDIR: the name is too long");
	}
	if (!mkdtemp(p->folder) || chdir(p->folder) < 0) {
		r = -errno;
		error_set(p->err, r, "demo-folder", p->folder,
			  "%s: a folder for the demonstration: %s", p->folder, error_text(r));
		p->folder[0] = '\0';
		return r;
	}
	r = set_variables(p);
	if (r < 0)
		return error_set(p->err, r, "demo-folder", p->folder, "%s: prepare it: %s",
				 p->folder, error_text(r));
	return 0;
}

/* Subordinate ids may own what is in it. */
static void remove_folder(struct play *p)
{
	struct output output = {0};

	if (!p->folder[0] || setenv("DEMO", p->folder, 1) < 0)
		return;
	child_run("rm -rf -- \"$DEMO\" 2>/dev/null || \"$ROOTLET\" unshare rm -rf -- \"$DEMO\"",
		  &output, NULL);
	buffer_release(&output.text);
}

static void finish(struct play *p, int back)
{
	int stopped = child_stopped();
	struct output output = {0};

	child_stop(0);
	child_shield(true);
	for (size_t i = 0; p->folder[0] && i < p->demo->count; i++)
		if (p->demo->items[i].kind == ITEM_FINALLY)
			child_run(p->demo->items[i].text, &output, NULL);
	buffer_release(&output.text);
	child_end_all();
	if (back >= 0 && fchdir(back) < 0)
		stopped = stopped ? stopped : -1;
	remove_folder(p);
	child_end_all();
	child_stop(stopped);
	child_shield(false);
	json_object_object_foreach(p->facts, name, value)
	{
		(void)value;
		unsetenv(name);
	}
	recorded_forget(p->steps);
}

static bool in_path(const char *program)
{
	const char *path = getenv("PATH");
	char file[4096];
	size_t n;

	for (; path && *path; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		snprintf(file, sizeof(file), "%.*s/%s", (int)n, path, program);
		if (n > 0 && access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* "PROGRAM PACKAGE [PACKAGE elsewhere]" */
static bool has_program(struct play *p, const char *need)
{
	char program[64] = "", package[64] = "", other[64] = "";

	if (sscanf(need, "%63s %63s %63s", program, package, other) < 2 || in_path(program))
		return true;
	snprintf(p->reason, sizeof(p->reason), "%s is not there; install the package %s%s%s%s",
		 program, package, *other ? " (Fedora: " : "", other, *other ? ")" : "");
	put(p->report, "missing", program);
	put(p->report, "install", package);
	return false;
}

static bool condition_holds(struct play *p, const struct item *when)
{
	struct output output = {0};
	int r = child_run(when->text, &output, NULL);

	buffer_release(&output.text);
	return r == 0 && output.status == 0;
}

/* What stands before the first step decides whether it is played at all. */
static bool may_play(struct play *p)
{
	for (size_t i = 0; i < p->demo->count && p->demo->items[i].kind != ITEM_STEP; i++) {
		const struct item *item = &p->demo->items[i];
		const struct item *otherwise = demo_find(p->demo, i, ITEM_OTHERWISE);

		if (item->kind == ITEM_NEED && !has_program(p, item->text))
			return false;
		if (item->kind != ITEM_WHEN || condition_holds(p, item))
			continue;
		snprintf(p->reason, sizeof(p->reason), "%s",
			 otherwise ? otherwise->text : item->text);
		return false;
	}
	return true;
}

static void begin_step(struct play *p, const struct item *item)
{
	if (!p->waited)
		show_wait(p->show, "");
	p->waited = false;
	if (child_stopped())
		return;
	p->left_out = p->recorded = false;
	p->step = json_object_new_object();
	p->commands = json_object_new_array();
	put(p->step, "step", item->text);
	json_object_object_add(p->step, "commands", p->commands);
	json_object_array_add(p->steps, p->step);
	show_step(p->show, ++p->number, item->text);
}

static int leave_out(struct play *p, size_t at)
{
	json_object *recorded = NULL;
	const struct item *item = demo_find(p->demo, at, ITEM_OTHERWISE);
	const char *why = item ? item->text : "it cannot be done here";
	int r;

	p->left_out = true;
	put(p->step, "left_out", why);
	show_note(p->show, why);
	r = recorded_use(p->demo, at, &recorded, p->err);
	p->recorded = recorded != NULL;
	if (recorded)
		json_object_object_add(p->step, "recorded", recorded);
	return r;
}

static const char *const side_names[] = {
	[ITEM_INSIDE] = "inside", [ITEM_HOST] = "host", [ITEM_BOTH] = "both"};

static int run_item(struct play *p, const struct item *item)
{
	json_object *command = json_object_new_object();
	int r;

	show_command(p->show, item->text, false);
	fflush(stdout);
	r = child_run(item->text, &p->output, p->err);
	put(command, "side", side_names[item->kind]);
	put(command, "command", item->text);
	json_object_object_add(command, "status", json_object_new_int(p->output.status));
	put(command, "output", p->output.text.data ? p->output.text.data : "");
	json_object_array_add(p->commands, command);
	if (r == 0)
		show_output(p->show, item->kind, p->output.text.data ? p->output.text.data : "");
	return r;
}

static int start_item(struct play *p, const struct item *item)
{
	json_object *command = json_object_new_object();

	show_command(p->show, item->text, true);
	put(command, "side", "background");
	put(command, "command", item->text);
	json_object_array_add(p->commands, command);
	return child_start(item->text, "started.log", p->err);
}

static void set_fact(struct play *p, const char *name, const char *value)
{
	put(p->facts, name, value);
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static int fact_item(struct play *p, const struct item *item)
{
	AUTO_FREE char *value = NULL;
	char name[64];
	int r = fact_extract(item->text, &p->output, name, &value, p->err);

	if (r == 0)
		set_fact(p, name, value);
	return r;
}

static void record_check(struct play *p, const struct check *check)
{
	json_object *row = json_object_new_object();

	put(row, "fact", check->name);
	put(row, "relation", check->relation);
	put(row, "expected", check->expected);
	put(row, "value", check->value);
	put(row, "words", check->words);
	json_object_object_add(row, "step", json_object_new_int(p->number));
	json_object_object_add(row, "pass", json_object_new_boolean(check->pass));
	json_object_array_add(p->checks, row);
	if (check->pass)
		p->passed++;
	else
		p->failed++;
	show_check(p->show, check);
}

static int check_item(struct play *p, const struct item *item)
{
	struct check check;
	int r = check_evaluate(item->text, &check, p->err);

	if (r < 0)
		return r;
	record_check(p, &check);
	check_release(&check);
	return 0;
}

/* "FILE NAME": what was started writes the file when it is ready; its text is the fact. */
static int until_item(struct play *p, const struct item *item)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *log = NULL;
	char file[64] = "", name[64] = "", nothing[] = "", note[256];
	struct check missing = {.relation = "=",
				.expected = nothing,
				.words = "what was started has not become ready"};

	if (sscanf(item->text, "%63s %63s", file, name) != 2)
		return error_set(p->err, -EINVAL, "demo-until", item->text, "%s: not `FILE NAME`",
				 item->text);
	if (child_wait_file(file) && io_read_file(file, 4096, &text, NULL) == 0) {
		text[strcspn(text, "\n")] = '\0';
		set_fact(p, name, text);
		snprintf(note, sizeof(note), "%s = %s", name, text);
		show_note(p->show, note);
		return 0;
	}
	if (child_stopped())
		return -EINTR;
	if (io_read_file("started.log", 1 << 16, &log, NULL) == 0)
		show_output(p->show, ITEM_BOTH, log);
	snprintf(missing.name, sizeof(missing.name), "%s", name);
	record_check(p, &missing);
	return 0;
}

static int text_item(struct play *p, const struct item *item)
{
	AUTO_FREE char *text = fact_expand(item->text);

	if (!text)
		return error_nomem(p->err);
	if (item->kind == ITEM_SAY)
		show_words(p->show, text);
	else if (item->kind == ITEM_RULE)
		show_rule(p->show, text);
	else if (item->kind == ITEM_WAIT)
		show_wait(p->show, text);
	p->waited = item->kind == ITEM_WAIT;
	return 0;
}

/* Rows of expanded text, cells between bars; what is not known has its $name still. */
static void report_table(struct play *p, size_t at)
{
	json_object *rows = json_object_new_array();

	for (size_t i = at; i < p->demo->count; i++) {
		AUTO_FREE char *row = NULL;

		if (i > at && p->demo->items[i].kind != ITEM_ROW)
			break;
		row = fact_expand(p->demo->items[i].text);
		json_object_array_add(rows, json_object_new_string(row ? row : ""));
	}
	json_object_object_add(p->report, "table", rows);
}

static int play_item(struct play *p, size_t at)
{
	const struct item *item = &p->demo->items[at];

	switch (item->kind) {
	case ITEM_STEP:
		begin_step(p, item);
		return 0;
	case ITEM_WHEN:
		return condition_holds(p, item) ? 0 : leave_out(p, at);
	case ITEM_SAY:
	case ITEM_RULE:
	case ITEM_WAIT:
		return text_item(p, item);
	case ITEM_ASK:
		show_ask(p->show, item->text);
		show_wait(p->show, "");
		return 0;
	case ITEM_INSIDE:
	case ITEM_HOST:
	case ITEM_BOTH:
		return run_item(p, item);
	case ITEM_START:
		return start_item(p, item);
	case ITEM_UNTIL:
		return until_item(p, item);
	case ITEM_FACT:
		return fact_item(p, item);
	case ITEM_CHECK:
		return check_item(p, item);
	case ITEM_TABLE:
		show_table(p->show, p->demo, at);
		report_table(p, at);
		recorded_footnote(p->show, p->steps);
		return 0;
	case ITEM_TITLE:
	case ITEM_ABOUT:
	case ITEM_NEED:
	case ITEM_OTHERWISE:
	case ITEM_RECORDED:
	case ITEM_RECORD:
	case ITEM_ROW:
	case ITEM_FINALLY:
		return 0;
	}
	return 0;
}

static int play_steps(struct play *p)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->demo->count; i++) {
		if (p->number == 0 && p->demo->items[i].kind != ITEM_STEP)
			continue;
		if (p->left_out && p->demo->items[i].kind != ITEM_STEP &&
		    !(p->recorded && p->demo->items[i].kind == ITEM_RULE))
			continue;
		r = play_item(p, i);
		if (ferror(stdout))
			child_stop(13); /* SIGPIPE: the viewer went away */
		if (child_stopped())
			return -EINTR;
	}
	return r;
}

static enum demo_result play_opened(struct play *p)
{
	int r = open_folder(p);

	if (r < 0)
		return DEMO_BROKEN;
	if (!may_play(p))
		return child_stopped() ? DEMO_STOPPED : DEMO_SKIPPED;
	show_title(p->show, p->demo);
	r = play_steps(p);
	if (child_stopped())
		return DEMO_STOPPED;
	return r < 0 ? DEMO_BROKEN : p->failed ? DEMO_FAIL : DEMO_PASS;
}

enum demo_result demo_play(const struct demo *demo, const struct show *show,
			   json_object **ret_report, rootlet_error *err)
{
	static const char *const names[] = {[DEMO_PASS] = "pass",
					    [DEMO_FAIL] = "fail",
					    [DEMO_SKIPPED] = "skipped",
					    [DEMO_STOPPED] = "stopped",
					    [DEMO_BROKEN] = "broken"};
	struct play p = {.demo = demo, .show = show, .err = err};
	AUTO_FD back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	enum demo_result result;

	p.report = json_object_new_object();
	p.facts = json_object_new_object();
	p.checks = json_object_new_array();
	p.steps = json_object_new_array();
	put(p.report, "demo", demo->name);
	put(p.report, "title", demo_title(demo));
	result = play_opened(&p);
	finish(&p, back);
	put(p.report, "result", names[result]);
	put(p.report, "reason", *p.reason ? p.reason : NULL);
	json_object_object_add(p.report, "passed", json_object_new_int(p.passed));
	json_object_object_add(p.report, "failed", json_object_new_int(p.failed));
	json_object_object_add(p.report, "facts", p.facts);
	json_object_object_add(p.report, "checks", p.checks);
	json_object_object_add(p.report, "steps", p.steps);
	show_result(show, names[result], p.reason, p.passed, p.failed);
	buffer_release(&p.output.text);
	*ret_report = p.report;
	return result;
}
