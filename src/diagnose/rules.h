/* Between the rules, their checks and the engine that walks them; private to this room. */
#ifndef ROOTLET_DIAGNOSE_RULES_H
#define ROOTLET_DIAGNOSE_RULES_H

#include "diagnose/diagnose.h"

enum { VALUE_SIZE = 256 };

/* A failure being looked into. */
struct failure {
	const struct step *step;
	int error; /* positive */
	uint32_t detail;
	const struct plan *plan; /* that the step stands in, or NULL */
	const char *helper_text; /* what the helper wrote, or NULL */
	const struct facts *given,
		*more; /* the caller's snapshot and the one probed now; either may be NULL */
	char a[VALUE_SIZE], b[VALUE_SIZE], c[VALUE_SIZE]; /* what a check found: {a}, {b}, {c} */
};

/* The snapshot that has these probes; never NULL. */
const struct facts *failure_facts(const struct failure *f, unsigned needs);

/* Set f->a, f->b or f->c. What is too long is cut. */
void value_set(char value[VALUE_SIZE], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* May set f->a … and returns whether the rule applies. */
typedef bool rule_check(struct failure *f);

enum { ANY = -1 };

struct rule {
	int op;	    /* enum plan_op, or ANY */
	int stage;  /* enum plan_stage, or ANY */
	int error;  /* or ANY */
	int detail; /* enum wire_detail, or ANY */
	const char
		*condition; /* its texts are used when it holds; then the rest of the row is not */
	rule_check *check;  /* NULL: always */
	const char *id, *why;
	const char *hint[FRONT_COUNT]; /* front_words: in the words of who asked */
};

/* For the end of a row. */
#define IF_CONDITION(id) id, NULL, NULL, NULL, HINT(NULL)
#define HINT(words)                                                                                \
	{                                                                                          \
		words, NULL                                                                        \
	}
#define HINTS(rootlet, oci)                                                                        \
	{                                                                                          \
		rootlet, oci                                                                       \
	} /* the oci one "": there is none, or no way there */

/* rules.c */
extern const struct rule rules[];
extern const size_t rule_count;
/* helper_rules.c */
extern const struct rule helper_rules[];
extern const size_t helper_rule_count;

/* checks.c */
rule_check check_controller, check_namespace_limit, check_nesting, check_unmapped_caller,
	check_file_limit, check_filter, check_kind_missing, check_process_limit,
	check_map_is_foreign, check_mount_type, check_setfcap_missing, check_sysfs, check_mqueue,
	check_privileged_type, check_proc, check_filtered, check_contained, check_kernel_target,
	check_rlimit, check_looked_up;
/* path_checks.c */
rule_check check_path_missing, check_path_refused, check_root_not_directory,
	check_path_not_directory;
/* helper_checks.c */
rule_check check_helper_gone, check_helper_knows_no_name, check_helper_other_group,
	check_helper_other_owner, check_helper_range, check_helper_not_allowed,
	check_helper_powerless, check_helper_said;

#endif
