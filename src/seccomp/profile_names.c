/* See profile_names.h. Tables and look-up, nothing else. */
#include "seccomp/profile_names.h"

#include <stddef.h>
#include <string.h>

static const struct profile_action actions[] = {
	{"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD, false},
	{"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD, false},
	{"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, false},
	{"SCMP_ACT_TRAP", SCMP_ACT_TRAP, false},
	{"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0), true},
	{"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0), true},
	{"SCMP_ACT_LOG", SCMP_ACT_LOG, false},
	{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW, false},
	{"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY, false},
};

static const struct {
	const char *name;
	enum scmp_compare op;
} operators[] = {
	{"SCMP_CMP_NE", SCMP_CMP_NE},
	{"SCMP_CMP_LT", SCMP_CMP_LT},
	{"SCMP_CMP_LE", SCMP_CMP_LE},
	{"SCMP_CMP_EQ", SCMP_CMP_EQ},
	{"SCMP_CMP_GE", SCMP_CMP_GE},
	{"SCMP_CMP_GT", SCMP_CMP_GT},
	{"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
};

static const struct profile_arch arches[] = {
	{"SCMP_ARCH_X86", "x86", SCMP_ARCH_X86},
	{"SCMP_ARCH_X86_64", "amd64", SCMP_ARCH_X86_64},
	{"SCMP_ARCH_X32", "x32", SCMP_ARCH_X32},
	{"SCMP_ARCH_ARM", "arm", SCMP_ARCH_ARM},
	{"SCMP_ARCH_AARCH64", "arm64", SCMP_ARCH_AARCH64},
	{"SCMP_ARCH_MIPS", "mips", SCMP_ARCH_MIPS},
	{"SCMP_ARCH_MIPS64", "mips64", SCMP_ARCH_MIPS64},
	{"SCMP_ARCH_MIPS64N32", "mips64n32", SCMP_ARCH_MIPS64N32},
	{"SCMP_ARCH_MIPSEL", "mipsel", SCMP_ARCH_MIPSEL},
	{"SCMP_ARCH_MIPSEL64", "mips64el", SCMP_ARCH_MIPSEL64},
	{"SCMP_ARCH_MIPSEL64N32", "mipsel64n32", SCMP_ARCH_MIPSEL64N32},
	{"SCMP_ARCH_PPC", "ppc", SCMP_ARCH_PPC},
	{"SCMP_ARCH_PPC64", "ppc64", SCMP_ARCH_PPC64},
	{"SCMP_ARCH_PPC64LE", "ppc64le", SCMP_ARCH_PPC64LE},
	{"SCMP_ARCH_RISCV64", "riscv64", SCMP_ARCH_RISCV64},
	{"SCMP_ARCH_S390", "s390", SCMP_ARCH_S390},
	{"SCMP_ARCH_S390X", "s390x", SCMP_ARCH_S390X},
	{"SCMP_ARCH_PARISC", "parisc", SCMP_ARCH_PARISC},
	{"SCMP_ARCH_PARISC64", "parisc64", SCMP_ARCH_PARISC64},
	{"SCMP_ARCH_LOONGARCH64", "loong64",
	 0xc0000102}, /* AUDIT_ARCH_LOONGARCH64; libseccomp 2.6 */
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const struct profile_action *profile_action_find(const char *name)
{
	for (size_t i = 0; i < COUNT(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

const struct profile_arch *profile_arch_find(const char *name)
{
	for (size_t i = 0; i < COUNT(arches); i++)
		if (strcmp(arches[i].name, name) == 0)
			return &arches[i];
	return NULL;
}

bool profile_operator_find(const char *name, enum scmp_compare *ret)
{
	for (size_t i = 0; i < COUNT(operators); i++)
		if (strcmp(operators[i].name, name) == 0) {
			*ret = operators[i].op;
			return true;
		}
	return false;
}

const char *profile_action_name(size_t index)
{
	return index < COUNT(actions) ? actions[index].name : NULL;
}

const char *profile_operator_name(size_t index)
{
	return index < COUNT(operators) ? operators[index].name : NULL;
}

const char *profile_arch_name(size_t index)
{
	return index < COUNT(arches) ? arches[index].name : NULL;
}

/* What the flags do is profile.c's; TSYNC is void, as there is one thread. */
const char *profile_flag_name(size_t index)
{
	static const char *const names[] = {
		"SECCOMP_FILTER_FLAG_TSYNC",
		"SECCOMP_FILTER_FLAG_LOG",
		"SECCOMP_FILTER_FLAG_SPEC_ALLOW",
		"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
	};

	return index < COUNT(names) ? names[index] : NULL;
}

bool profile_arch_is(uint32_t token, const char *filter_name)
{
	for (size_t i = 0; i < COUNT(arches); i++)
		if (arches[i].token == token)
			return strcmp(arches[i].filter_name, filter_name) == 0;
	return false;
}
