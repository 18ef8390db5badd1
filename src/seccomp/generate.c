/* Runs at build time: names → numbers with libseccomp's tables, and the finished programs, as C.
 *
 *     generate MACHINE SYMBOL > tables.c
 *
 * MACHINE is meson's cpu_family of the machine that the program is built for, which need not be the
 * one that runs this. Not part of the program. Any doubt is a failure of the build.
 */
#include "seccomp/compile.h"
#include "seccomp/rules.h"

#include <linux/capability.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct machine {
	const char *name;
	uint32_t arches[2];
};

static const struct machine machines[] = {
	{"x86_64", {SCMP_ARCH_X86_64, SCMP_ARCH_X86}},
	{"aarch64", {SCMP_ARCH_AARCH64, SCMP_ARCH_ARM}},
};

/* 32-bit arm has calls far above all others: 0xf0001 breakpoint … 0xf0006 get_tls. */
enum { ARM_FIRST = 0xf0001, ARM_END = 0xf0007 };

static struct seccomp_segment segments[2][SECCOMP_LAST_KNOWN + 4];

static _Noreturn void fail(const char *what, const char *subject)
{
	fprintf(stderr, "generate: %s: %s\n", subject, what);
	exit(1);
}

/* The number of a call, or -1 where the architecture has none. */
static int number_of(uint32_t arch, const char *name)
{
	int known = seccomp_syscall_resolve_name_arch(arch, name), ours = -1;
	bool listed = false;

	for (size_t i = 0; i < seccomp_number_count; i++) {
		if (strcmp(seccomp_numbers[i].name, name) != 0)
			continue;
		listed = true;
		if (seccomp_numbers[i].arch == 0 || seccomp_numbers[i].arch == arch)
			ours = (int)seccomp_numbers[i].number;
	}
	if (known == __NR_SCMP_ERROR && !listed)
		fail("neither libseccomp nor we know such a call", name);
	if (known >= 0 && ours >= 0 && known != ours)
		fail("libseccomp has another number for it", name);
	return known >= 0 ? known : ours;
}

static bool has_number(uint32_t arch, int number)
{
	char *name = seccomp_syscall_resolve_num_arch(arch, number);
	bool found = name != NULL;

	free(name);
	for (size_t i = 0; i < seccomp_number_count && !found; i++)
		found = number_of(arch, seccomp_numbers[i].name) == number;
	return found;
}

static void apply_rule(uint32_t arch, size_t rule, uint16_t *rules)
{
	char *names = strdup(seccomp_rules[rule].names), *save = NULL;

	for (char *n = strtok_r(names, " ", &save); n; n = strtok_r(NULL, " ", &save)) {
		int number = number_of(arch, n);

		if (number < 0)
			continue;
		if (number > SECCOMP_LAST_KNOWN)
			fail("its number is above the last known", n);
		if (rules[number] > RULE_UNKNOWN)
			fail("it is in two rules", n);
		rules[number] = (uint16_t)rule;
	}
	free(names);
}

static size_t resolve(uint32_t arch, struct seccomp_segment *ret)
{
	uint16_t rules[SECCOMP_LAST_KNOWN + 1];
	size_t count = 0;

	for (int i = 0; i <= SECCOMP_LAST_KNOWN; i++)
		rules[i] = has_number(arch, i) ? RULE_ALLOW : RULE_UNKNOWN;
	for (size_t i = RULE_UNKNOWN + 1; i < seccomp_rule_count; i++)
		apply_rule(arch, i, rules);
	for (uint32_t i = 0; i <= SECCOMP_LAST_KNOWN; i++)
		if (i == 0 || rules[i] != rules[i - 1])
			ret[count++] = (struct seccomp_segment){i, rules[i]};
	/* x32 too is far above. */
	ret[count++] = (struct seccomp_segment){SECCOMP_LAST_KNOWN + 1, RULE_UNKNOWN};
	if (arch == SCMP_ARCH_ARM) {
		ret[count++] = (struct seccomp_segment){ARM_FIRST, RULE_ALLOW};
		ret[count++] = (struct seccomp_segment){ARM_END, RULE_UNKNOWN};
	}
	return count;
}

static void print_segments(const struct seccomp_arch *arch, int index)
{
	printf("static const struct seccomp_segment segments_%d[] = {\n", index);
	for (size_t i = 0; i < arch->count; i++)
		printf("\t{%u, %u},\n", arch->segments[i].first, arch->segments[i].rule);
	printf("};\n\n");
}

static void print_program(const struct seccomp_tables *tables, uint64_t capabilities, int index)
{
	struct sock_filter program[SECCOMP_PROGRAM_MAX];
	int length = seccomp_compile(tables, capabilities, program);

	if (length < 0)
		fail("the program is too long", "variant");
	printf("static const struct sock_filter program_%d[] = {\n", index);
	for (int i = 0; i < length; i++)
		printf("\t{0x%x, %u, %u, 0x%x},\n", program[i].code, program[i].jt, program[i].jf,
		       program[i].k);
	printf("};\n\n");
}

static void print_tables(const struct seccomp_tables *tables, const uint64_t *variants,
			 size_t count, const char *symbol)
{
	char name[SECCOMP_NAME_MAX];

	printf("static const struct seccomp_variant variants[] = {\n");
	for (size_t i = 0; i < count; i++) {
		seccomp_name(variants[i], name);
		printf("\t{UINT64_C(0x%llx), {program_%zu, sizeof(program_%zu) / "
		       "sizeof(program_%zu[0]), \"%s\", 0, false}},\n",
		       (unsigned long long)variants[i], i, i, i, name);
	}
	printf("};\n\nextern const struct seccomp_tables %s;\nconst struct seccomp_tables %s = {\n"
	       "\t.arches = {\n",
	       symbol, symbol);
	for (size_t i = 0; i < tables->arch_count; i++)
		printf("\t\t{0x%x, segments_%zu, sizeof(segments_%zu) / "
		       "sizeof(segments_%zu[0])},\n",
		       tables->arches[i].token, i, i, i);
	printf("\t},\n\t.arch_count = %zu,\n\t.variants = variants,\n\t.variant_count = %zu,\n};\n",
	       tables->arch_count, count);
}

int main(int argc, char **argv)
{
	/* What people ask for; all else is built when it is asked for. */
	const uint64_t usual = seccomp_default_capabilities();
	const uint64_t variants[] = {
		usual,
		0,
		usual | UINT64_C(1) << CAP_SYS_ADMIN,
		usual | UINT64_C(1) << CAP_SYS_PTRACE,
		seccomp_relevant(UINT64_MAX),
	};
	const size_t variant_count = sizeof(variants) / sizeof(variants[0]);
	struct seccomp_tables tables = {.arch_count = 2};
	const struct machine *machine = NULL;

	if (argc != 3)
		fail("MACHINE SYMBOL", "usage");
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (strcmp(machines[i].name, argv[1]) == 0)
			machine = &machines[i];
	if (!machine)
		fail("no seccomp filter is known for this machine", argv[1]);

	printf("/* Made by src/seccomp/generate.c for %s. Do not edit. */\n"
	       "#include \"seccomp/compile.h\"\n\n",
	       machine->name);
	for (int i = 0; i < 2; i++) {
		tables.arches[i].token = machine->arches[i];
		tables.arches[i].segments = segments[i];
		tables.arches[i].count = resolve(machine->arches[i], segments[i]);
		print_segments(&tables.arches[i], i);
	}
	for (size_t i = 0; i < variant_count; i++)
		print_program(&tables, variants[i], (int)i);
	print_tables(&tables, variants, variant_count, argv[2]);
	return 0;
}
