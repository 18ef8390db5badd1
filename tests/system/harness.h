/* Drives the real command, as its users do, and counts what it leaves behind.
 *
 * Every test gets an empty directory of its own, which is the working directory of what it runs.
 * Scripts run in bash with $R, the command, and $T, that directory. The test program is a subreaper
 * (PR_SET_CHILD_SUBREAPER): a process that its maker did not reap comes to us and is counted.
 * Unless a test says otherwise, one such process fails it. Nothing here knows what rootlet should
 * do.
 */
#ifndef ROOTLET_TESTS_HARNESS_H
#define ROOTLET_TESTS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { RESULT_OUT = 1 << 18, RESULT_ERR = 1 << 16 };

struct result {
	char what[512]; /* what was run, for failure texts */
	int status;	/* its exit status; 128+N after signal N */
	bool timed_out;
	int handed; /* processes that came to us because nobody reaped them */
	int alive;  /* those of them that did not end by themselves in time */
	double seconds;
	char out[RESULT_OUT], err[RESULT_ERR];
};

/* The command with these arguments; a script. Results stay valid for the next three runs. */
#define rootlet(...) harness_rootlet((const char *[]){__VA_ARGS__, NULL})
const struct result *harness_rootlet(const char *const *args);
const struct result *shell(const char *script);

/* The same for what is expected to leave processes to us: they get so long to end by themselves.
 * Nothing is asserted. */
const struct result *shell_leaving(const char *script, int grace_ms);

/* Assertions that show the whole result when they fail. In expected texts $T, $HOME, $USER, $UID,
 * $GID, $SUB and $SUBGID (the first subordinate ids) and $SUBCOUNT are replaced. */
#define expect_status(r, status)	  harness_status(r, status, __FILE__, __LINE__)
#define expect_out(r, text)		  harness_out(r, 0, text, __FILE__, __LINE__)
#define expect_contains(r, text)	  harness_contains(r, text, true, __FILE__, __LINE__)
#define expect_absent(r, text)		  harness_contains(r, text, false, __FILE__, __LINE__)
#define expect_error(r, status, text)	  harness_error(r, status, text, __FILE__, __LINE__)
#define expect_error_has(r, status, text) harness_error_has(r, status, text, __FILE__, __LINE__)
void harness_status(const struct result *r, int status, const char *file, int line);
void harness_out(const struct result *r, int status, const char *text, const char *file, int line);
void harness_contains(const struct result *r, const char *text, bool present, const char *file,
		      int line);
void harness_error(const struct result *r, int status, const char *text, const char *file,
		   int line);
void harness_error_has(const struct result *r, int status, const char *text, const char *file,
		       int line);

/* This test cannot run here: says why, and counts as skipped. */
#define skip_because(...) harness_skip(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void harness_skip(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool harness_has(const char *program); /* on the PATH of what is run */
#define need_program(name)                                                                         \
	do {                                                                                       \
		if (!harness_has(name))                                                            \
			skip_because("%s is not installed", name);                                 \
	} while (0)

extern int harness_timeout_ms; /* of every run that follows; 60000 at first */
void harness_set_variable(const char *name, const char *value); /* in what runs from now on */
const char *harness_directory(void);				/* $T */
const char *harness_command(void);				/* $R */
const char *harness_expand(const char *text);

/* What the machine holds of ours. Two of them compared: see leftovers.c. */
struct holdings {
	int mounts, children, fds, keys, cgroups, files;
};
struct holdings holdings_count(void);

/* Run the tests as an ordinary user: as root go down to $ROOTLET_TEST_USER first, or skip. */
int harness_main(const char *name, const struct CMUnitTest *tests, size_t count);
#define test(function) cmocka_unit_test_setup_teardown(function, harness_setup, harness_teardown)
int harness_setup(void **state);
int harness_teardown(void **state);

void harness_show(const struct result *r); /* all of it, on stderr */

/* For the programs that start children in their own way (screen.c). */
void harness_prepare_child(void); /* in the child: signals, directory, environment */
char **harness_environment(void);
void harness_collect(struct result *r, int grace_ms);
void harness_enter_user(const char *name); /* root only: become that user, for good */

#endif
