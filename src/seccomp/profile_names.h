/* The words of a seccomp profile: actions, operators, architectures. */
#ifndef ROOTLET_SECCOMP_PROFILE_NAMES_H
#define ROOTLET_SECCOMP_PROFILE_NAMES_H

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile_action {
	const char *name;
	uint32_t action;
	bool has_number; /* errnoRet means something */
};

struct profile_arch {
	const char *name; /* libseccomp's */
	const char
		*filter_name; /* in "includes" and "excludes", where it means the machine's own */
	uint32_t token;
};

/* NULL, or false: no such word. */
const struct profile_action *profile_action_find(const char *name);
const struct profile_arch *profile_arch_find(const char *name);
bool profile_operator_find(const char *name, enum scmp_compare *ret);

/* Each word by its index, NULL past the end. */
const char *profile_action_name(size_t index);
const char *profile_operator_name(size_t index);
const char *profile_arch_name(size_t index);
const char *profile_flag_name(size_t index);

/* Is this the name by which filters call that architecture? */
bool profile_arch_is(uint32_t token, const char *filter_name);

#endif
