/* The policy: which system calls are refused, with which errno, and which capability lifts it.
 *
 * Names only: numbers are the generator's concern, instructions are compile.c's. */
#ifndef ROOTLET_SECCOMP_RULES_H
#define ROOTLET_SECCOMP_RULES_H

#include <stddef.h>
#include <stdint.h>

/* What is looked at beside the number. */
enum rule_check {
	CHECK_NONE,	   /* refused whatever the arguments */
	CHECK_IOCTL,	   /* refused for the two terminal injections */
	CHECK_SOCKET,	   /* refused by family; audit's netlink unless lifted */
	CHECK_PERSONALITY, /* allowed for five values */
};

struct seccomp_rule {
	const char *
		names; /* separated by spaces; a name that an architecture lacks is skipped there */
	int error;     /* the answer */
	uint64_t lifted_by; /* any one of these capabilities lifts the rule; 0: nothing does */
	enum rule_check check;
};

/* The first two rules have no names. */
enum { RULE_ALLOW, RULE_UNKNOWN };

extern const struct seccomp_rule seccomp_rules[];
extern const size_t seccomp_rule_count;

/* Numbers that libseccomp of 2022 does not know, and one that it hides: it treats i386's socket(2),
 * a call of its own since 4.3, as a part of socketcall(2). */
struct seccomp_number {
	const char *name;
	unsigned number;
	uint32_t arch; /* AUDIT_ARCH_…; 0: all, calls since 5.1 share their number */
};

extern const struct seccomp_number seccomp_numbers[];
extern const size_t seccomp_number_count;

/* The last call that somebody has judged. All above it are unknown: ENOSYS. */
enum { SECCOMP_LAST_KNOWN = 461 };

/* All capabilities that lift a rule. */
uint64_t seccomp_relevant(uint64_t capabilities);

/* "SYS_ADMIN" for the capabilities that lift a rule, else NULL. */
const char *seccomp_capability_name(int capability);

/* The capabilities that a container keeps by default and that lift a rule. */
uint64_t seccomp_default_capabilities(void);

#endif
