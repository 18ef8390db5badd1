/* The filters that others ask for. Loads nothing.
 *
 * The two small ones are written by hand: they say nothing of the calls they do not name, so they
 * need no table. They take x32's bit off the number instead of refusing x32: "unconfined" means it.
 */
#include "seccomp/filter.h"

#include "seccomp/compile.h"
#include "seccomp/rules.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define WORD(offset)	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define ARG(n)		    WORD((uint32_t)offsetof(struct seccomp_data, args) + 8 * (n))
#define ARCH		    WORD(offsetof(struct seccomp_data, arch))
#define NUMBER		    WORD(offsetof(struct seccomp_data, nr))
#define EQUAL(k, yes, no)   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(k), yes, no)
#define ABOVE(k, yes, no)   BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)(k), yes, no)
#define ATLEAST(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)(k), yes, no)
#define ANY_BIT(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(k), yes, no)
#define WITHOUT(bits)	    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(uint32_t)(bits))
#define ANSWER(value)	    BPF_STMT(BPF_RET | BPF_K, value)

/* The numbers differ by architecture: native, the 32-bit one that the same kernel runs, and x32's
 * own for calls that need another layout (x86: arch/x86/entry/syscalls/syscall_64.tbl, 512 and
 * above). Before 5.4 these last were also reached without the bit. */
#if defined(__x86_64__)
enum { NATIVE = (int)AUDIT_ARCH_X86_64, COMPAT = (int)AUDIT_ARCH_I386, X32_BIT = 0x40000000 };
enum { IOCTL = 16, IOCTL_X32 = 514, IOCTL_COMPAT = 54 };
enum { CLONE = 56, UNSHARE = 272, CLONE_COMPAT = 120, UNSHARE_COMPAT = 310 };
enum { ADD_KEY = 248, KEYCTL = 250, ADD_KEY_COMPAT = 286, KEYCTL_COMPAT = 288 };
#elif defined(__aarch64__)
enum { NATIVE = (int)AUDIT_ARCH_AARCH64, COMPAT = (int)AUDIT_ARCH_ARM, X32_BIT = 0 };
enum { IOCTL = 29, IOCTL_X32 = IOCTL, IOCTL_COMPAT = 54 };
enum { CLONE = 220, UNSHARE = 97, CLONE_COMPAT = 120, UNSHARE_COMPAT = 337 };
enum { ADD_KEY = 217, KEYCTL = 219, ADD_KEY_COMPAT = 309, KEYCTL_COMPAT = 311 };
#else
#error "say here how this architecture numbers ioctl, clone, unshare and the key calls"
#endif
enum { CLONE3 = 435 };

_Static_assert(IOCTL == SYS_ioctl && CLONE == SYS_clone && UNSHARE == SYS_unshare &&
		       CLONE3 == SYS_clone3 && ADD_KEY == SYS_add_key &&
		       SYS_request_key == ADD_KEY + 1 && KEYCTL == SYS_keyctl,
	       "the numbers of the architecture that we are built for");

/* The command is compared by its low word: the kernel truncates it to an unsigned int. TIOCLINUX is
 * not in every C library's headers; its number is that of asm-generic/ioctls.h. The three key calls
 * have numbers in a row. */
static const struct sock_filter always[] = {
	ARCH,
	EQUAL(NATIVE, 2, 0),
	EQUAL(COMPAT, 7, 0),
	ANSWER(SECCOMP_RET_KILL_PROCESS),
	NUMBER,
	WITHOUT(X32_BIT),
	EQUAL(IOCTL, 7, 0),
	EQUAL(IOCTL_X32, 6, 0),
	ABOVE(KEYCTL, 8, 0),
	ATLEAST(ADD_KEY, 9, 7),
	NUMBER,
	EQUAL(IOCTL_COMPAT, 2, 0),
	ABOVE(KEYCTL_COMPAT, 4, 0),
	ATLEAST(ADD_KEY_COMPAT, 5, 3),
	ARG(1),
	EQUAL(TIOCSTI, 2, 0),
	EQUAL(0x541c, 1, 0),
	ANSWER(SECCOMP_RET_ALLOW),
	ANSWER(SECCOMP_RET_ERRNO | EPERM),
	ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
};

static const struct sock_filter no_userns[] = {
	ARCH,
	EQUAL(NATIVE, 2, 0),
	EQUAL(COMPAT, 6, 0),
	ANSWER(SECCOMP_RET_KILL_PROCESS),
	NUMBER,
	WITHOUT(X32_BIT),
	EQUAL(CLONE3, 9, 0),
	EQUAL(CLONE, 5, 0),
	EQUAL(UNSHARE, 4, 6),
	NUMBER,
	EQUAL(CLONE3, 5, 0),
	EQUAL(CLONE_COMPAT, 1, 0),
	EQUAL(UNSHARE_COMPAT, 0, 2),
	ARG(0),
	ANY_BIT(CLONE_NEWUSER, 2, 0),
	ANSWER(SECCOMP_RET_ALLOW),
	ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
	ANSWER(SECCOMP_RET_ERRNO | EPERM),
};

const struct seccomp_filter *seccomp_always(void)
{
	static const struct seccomp_filter filter = {always, sizeof(always) / sizeof(always[0]),
						     "always", 0, false};

	return &filter;
}

const struct seccomp_filter *seccomp_no_userns(void)
{
	static const struct seccomp_filter filter = {
		no_userns, sizeof(no_userns) / sizeof(no_userns[0]), "no-userns", 0, false};

	return &filter;
}

const struct seccomp_filter *seccomp_default(uint64_t capabilities)
{
	return seccomp_variant_find(&seccomp_tables, capabilities);
}

int seccomp_build(struct arena *a, uint64_t capabilities, struct seccomp_filter *ret,
		  struct rootlet_error *err)
{
	const struct seccomp_filter *ready = seccomp_default(capabilities);
	struct sock_filter program[SECCOMP_PROGRAM_MAX];
	char name[SECCOMP_NAME_MAX];
	struct seccomp_filter built = {0};
	int length;

	if (ready) {
		*ret = *ready;
		return 0;
	}
	length = seccomp_compile(&seccomp_tables, capabilities, program);
	if (length < 0)
		return error_set(err, length, "seccomp-too-long", "default",
				 "the default seccomp filter: it would be longer than %d "
				 "instructions",
				 SECCOMP_PROGRAM_MAX);
	seccomp_name(capabilities, name);
	built.program = arena_memdup(a, program, (size_t)length * sizeof(program[0]));
	built.length = (uint16_t)length;
	built.name = arena_strdup(a, name);
	if (!built.program || !built.name)
		return error_nomem(err);
	*ret = built;
	return 0;
}
