/* Ways out in the words of who asked: what users of rootlet-oci read must not name an option that
 * only rootlet has. */
#include "facts_fixture.h"

#include "diagnose/diagnose.h"
#include "diagnose/rules.h"
#include "init/wire.h"
#include "parse/parse.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Whose options may follow in a clause, and what else has some: for one that we are inside of. */
static const char *const others[] = {
	"sudo ",	"systemd-run", "systemctl", "sysctl ", "docker", "outer container",
	"rootlet-oci ", "ulimit",      "`ls",	    "ls -",    "`namei", "`readelf",
	"`head",	"`findmnt",    "lsns",	    "exec --", "chmod",
};

static bool is_option_of_rootlet(const char *word, size_t len)
{
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (len > 3 && word[1] == '-' && strlen(row->name) == len - 2 &&
		    !strncmp(row->name, word + 2, len - 2))
			return true;
		if (len == 2 && row->letter == word[1])
			return true;
	}
	return false;
}

/* Does the clause before the option, up to the last semicolon, name whose it is? */
static bool is_somebody_elses(const char *text, const char *option)
{
	char clause[512];
	const char *from = option;

	while (from > text && from[-1] != ';')
		from--;
	snprintf(clause, sizeof(clause), "%.*s", (int)(option - from) + 2, from);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strstr(clause, others[i]))
			return true;
	return false;
}

static void check_words(const char *where, const char *text)
{
	for (const char *p = strchr(text, '-'); p; p = strchr(p + 1, '-')) {
		size_t len = 0;

		if (p > text && !strchr(" `(\"", p[-1]))
			continue;
		while (p[len] == '-' || isalnum((unsigned char)p[len]))
			len++;
		if (is_option_of_rootlet(p, len) && !is_somebody_elses(text, p))
			fail_msg("%s: %.*s is an option of rootlet: %s", where, (int)len, p, text);
	}
	if (strstr(text, "`rootlet run") || strstr(text, "`rootlet ps"))
		fail_msg("%s: a command that shows nothing of rootlet-oci's: %s", where, text);
}

static const char *oci(const char *const words[FRONT_COUNT])
{
	return front_words(words, FRONT_OCI);
}

static void front__the_check_sees_options(void **state)
{
	static const char ours[] = "docker knows it; mount it with -v", theirs[] = "docker run -v";

	assert_true(is_option_of_rootlet("-v", 2));
	assert_true(is_option_of_rootlet("--userns", 8));
	assert_false(is_option_of_rootlet("--bundle", 8));
	assert_false(is_somebody_elses(ours, strchr(ours, '-')));
	assert_true(is_somebody_elses(theirs, strchr(theirs, '-')));
}

static void front__no_rule_names_an_option_of_rootlet(void **state)
{
	char where[64];

	for (size_t i = 0; i < rule_count + helper_rule_count; i++) {
		const struct rule *r = i < rule_count ? &rules[i] : &helper_rules[i - rule_count];
		const struct condition *c = r->condition ? condition_find(r->condition) : NULL;

		snprintf(where, sizeof(where), "rule %zu (%s)", i, c ? c->id : r->id);
		if (c) {
			check_words(where, c->means);
			check_words(where, c->mend);
			check_words(where, oci(c->meanwhile));
		} else {
			check_words(where, r->why);
			check_words(where, oci(r->hint));
		}
	}
	for (size_t i = 0; i < OP_COUNT; i++)
		check_words(op_rows[i].name, oci(op_rows[i].hint));
}

static void masked(struct facts *f)
{
	f->proc_visible = ANSWER_NO;
	f->proc_covered = "/proc/kcore";
}

static void not_a_container(struct facts *f)
{
	f->container = NULL;
}

static void in_docker(struct facts *f)
{
	f->container = "docker";
}

/* The same failure for both, word for word. */
static const struct {
	void (*change)(struct facts *f);
	struct step step;
	int error;
	uint32_t detail;
	const char *hint[FRONT_COUNT];
} rows[] = {
	{NULL,
	 {.op = OP_WORKDIR, .subject = "/nowhere"},
	 ENOENT,
	 0,
	 {"make it in the root, mount it with -v, or choose another with -w",
	  "make it in the root, mount it there (mounts), or choose another: process.cwd, for exec "
	  "--cwd"}},
	{NULL,
	 {.op = OP_MOUNT, .subject = "/sys", .a.fs.type = "sysfs"},
	 EPERM,
	 0,
	 {"leave --network host away, or bind it: -v /sys:/sys:ro",
	  "add {\"type\": \"network\"} to linux.namespaces, or bind the host's: source /sys, "
	  "options rbind and ro"}},
	{not_a_container,
	 {.op = OP_MOUNT, .subject = "/mnt", .a.fs.type = "ext4"},
	 EPERM,
	 0,
	 {"mount it on the host and bind it", "mount it on the host and bind it"}},
	{in_docker,
	 {.op = OP_MOUNT, .subject = "/mnt", .a.fs.type = "tmpfs"},
	 EPERM,
	 0,
	 {"start the outer container with --security-opt seccomp=unconfined --security-opt "
	  "apparmor=unconfined",
	  "start the outer container with --security-opt seccomp=unconfined --security-opt "
	  "apparmor=unconfined"}},
	{not_a_container,
	 {.op = OP_MOUNT, .subject = "/mnt", .a.fs.type = "tmpfs"},
	 EPERM,
	 0,
	 {"`rootlet doctor` tries what can be mounted here",
	  "`rootlet doctor` tries what can be mounted here"}},
	{masked,
	 {.op = OP_PROCFS, .subject = "proc"},
	 EPERM,
	 0,
	 {"sudo umount /proc/kcore; meanwhile `--pid host` works",
	  "sudo umount /proc/kcore; meanwhile without a pid namespace the host's /proc can be "
	  "bound"}},
	{NULL,
	 {.op = OP_CGROUP, .subject = "/x"},
	 EAGAIN,
	 0,
	 {"`rootlet ps` shows what runs", "`rootlet-oci list` shows what runs"}},
};

static void front__each_has_its_words(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int front = 0; front < FRONT_COUNT; front++) {
			struct facts *facts = load("debian12");
			struct diagnosis d = {0};
			struct plan plan = {.oci = front == FRONT_OCI, .own_pid_ns = true};

			if (rows[i].change)
				rows[i].change(facts);
			assert_true(diagnose_step(&rows[i].step, rows[i].error, rows[i].detail,
						  &plan, facts, &d));
			assert_string_equal(d.hint, rows[i].hint[front]);
			facts_free(facts);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(front__the_check_sees_options),
		cmocka_unit_test(front__no_rule_names_an_option_of_rootlet),
		cmocka_unit_test(front__each_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
