/* The container's first process: starts the command, reaps orphans, passes signals on, and ends
 * with the command's status. A program of its own without a C library, started as wire.h says.
 *
 * It blocks every signal for good and reads them from a signalfd, so none can be lost or kill it,
 * and it has no handlers, no heap and no writable data but its stack. It trusts the supervisor;
 * processes inside can at most make it pass on a signal to the command. It knows nothing of
 * terminals: job control is the supervisor's (job_control.c), which hears of stops from here.
 *
 * Start-up is what users wait for, so everything that the command does not need comes after its
 * exec.
 */
#include "init/nolibc.h"
#include "init/wire.h"

enum {
	STATUS_BAD_CALL = 125,
	STATUS_CANNOT_EXEC = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128,
	/* How long the end may wait for descendants that do not die (PID 1 never waits here). */
	KILL_ROUNDS = 1000,
	KILL_PAUSE_NS = 2000000,
};

struct init {
	int control; /* -1: none */
	int signals;
	int command;   /* its pid; 0 before and after its life */
	bool host_pid; /* not PID 1: nobody else ends our descendants for us */
	bool say_started;
};

/* What the command's process shares with us until its exec (it runs in our memory, see spawn). */
struct launch {
	const struct init *init;
	char **candidates;
	char **argv;
	char **envp;
	int count;
	int error; /* why no candidate could be executed; stays 0 when one was */
	uint32_t detail;
};

static void tell(const struct init *in, uint32_t type, int value, uint32_t detail)
{
	struct wire_message m = {.type = type, .detail = detail, .value = value, .reserved = 0};

	if (in->control >= 0)
		raw_send(in->control, &m, sizeof(m));
}

/* ---- starting the command ---- */

/* A text without #!: execvp(3) hands it to the shell. argv[-1] is the last candidate's slot, so the
 * two leading words fit without memory of our own. */
static void exec_script(struct launch *l, char *file)
{
	char **argv = l->argv - 1;
	char *saved[2] = {argv[0], argv[1]};
	static const char shell[] = "/bin/sh";

	argv[0] = (char *)shell;
	argv[1] = file;
	raw_execve(shell, argv, l->envp);
	argv[0] = saved[0];
	argv[1] = saved[1];
}

/* The candidates in order by execvp(3)'s rules. Returns only when none could be executed, with what
 * is the most telling failure, not the last one. Nothing is written to *l before: it is read after
 * a success too. */
static int exec_candidates(struct launch *l, uint32_t *ret_detail)
{
	int result = ENOENT;

	for (int i = 0; i < l->count; i++) {
		char *file = l->candidates[i];
		int error = (int)-raw_execve(file, l->argv, l->envp);

		switch (error) {
		case ENOENT:
			/* execve says the same of a missing file and of a missing interpreter */
			if (result == ENOENT && raw_exists(file))
				*ret_detail = WIRE_DETAIL_INTERPRETER;
			continue;
		case ENOTDIR:
		case ESTALE:
		case ENODEV:
		case ETIMEDOUT:
			if (l->count == 1)
				result = error;
			continue;
		case EACCES:
			/* a folder of PATH that may not be searched is not a command that may not
			 * be run */
			if (l->count > 1 && !raw_exists(file))
				continue;
			*ret_detail = WIRE_DETAIL_NONE;
			result = EACCES;
			continue;
		case ENOEXEC:
			exec_script(l, file);
			*ret_detail = WIRE_DETAIL_EXEC_FORMAT;
			return ENOEXEC;
		default:
			*ret_detail = WIRE_DETAIL_NONE;
			return error;
		}
	}
	return result;
}

/* Runs in the command's process. It must not return: the stack above is the init's. */
static _Noreturn __attribute__((used, noinline)) void launch(struct launch *l)
{
	const uint64_t none = 0;
	uint32_t detail = WIRE_DETAIL_NONE;

	raw_sigprocmask(SIG_SETMASK, &none, NULL);
	/* A second line where no pid namespace ends with us: dies if we are killed. */
	if (l->init->host_pid)
		raw_prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (l->init->control >= 0)
		raw_close(l->init->control);
	l->error = exec_candidates(l, &detail);
	l->detail = detail;
	raw_exit(STATUS_NOT_FOUND);
}

/* vfork: the child borrows our memory and we wait in the kernel until it has exec'd or ended, so no
 * page table is copied and a failure needs no pipe. Its stack is the free part of ours, past the
 * red zone. */
static int spawn(struct launch *l)
{
	const long flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
#if defined(__x86_64__)
	register struct launch *arg __asm__("r12") = l;
	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;
	long result;

	__asm__ volatile("lea -512(%%rsp), %%rsi\n\t"
			 "and $-16, %%rsi\n\t"
			 "syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r12, %%rdi\n\t"
			 "call launch\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(result)
			 : "0"((long)__NR_clone), "D"(flags), "d"(0L), "r"(r10), "r"(r8), "r"(arg)
			 : "rcx", "r11", "rsi", "memory", "cc");
	return (int)result;
#else
	register long x8 __asm__("x8") = __NR_clone;
	register long x0 __asm__("x0") = flags;
	register long x2 __asm__("x2") = 0;
	register long x3 __asm__("x3") = 0;
	register long x4 __asm__("x4") = 0;
	register struct launch *arg __asm__("x19") = l;

	__asm__ volatile("sub x1, sp, #512\n\t"
			 "svc 0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x0, x19\n\t"
			 "bl launch\n\t"
			 "brk #1\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x2), "r"(x3), "r"(x4), "r"(arg)
			 : "x1", "x30", "memory", "cc");
	return (int)x0;
#endif
}

/* Ours and so the command's: an ignored signal outlives execve. Setting all of them (about 4 us) is
 * cheaper than any way to learn which one is ignored. 32 and 33 are glibc's own: its posix_spawn(3)
 * leaves them ignored in what make(1) runs. The real-time signals above are left out: nobody
 * ignores one on behalf of the programs that it starts, and they would double the cost of it. */
static void default_dispositions(void)
{
	const struct raw_sigaction dfl = {0, 0, 0, 0};

	for (int sig = 1; sig <= 33; sig++)
		raw_sigaction(sig, &dfl, NULL);
}

/* ---- the end ---- */

/* SIGKILL to each of our children. Their own children become ours when they die (subreaper). */
static void kill_children(void)
{
	char text[256];
	int pid = 0;
	long n;
	int fd = (int)raw_open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	while ((n = raw_read(fd, text, sizeof(text))) > 0) {
		for (long i = 0; i < n; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				pid = pid * 10 + (text[i] - '0');
			} else if (pid > 0) {
				raw_kill(pid, SIGKILL);
				pid = 0;
			}
		}
	}
	raw_close(fd);
}

/* Without a pid namespace of our own: kill and reap what is left of our descendants, for two
 * seconds at most (a child whose ids have changed may be out of our reach). */
static void kill_descendants(const struct init *in)
{
	int round = 0;
	long pid;

	for (;;) {
		/* new each time: the kernel leaves in it what was not slept (ppoll(2)) */
		struct __kernel_timespec pause = {0, KILL_PAUSE_NS};

		while ((pid = raw_wait4(-1, NULL, WNOHANG)) > 0)
			;
		if (pid == -ECHILD || ++round > KILL_ROUNDS)
			return;
		/* for kernels without CONFIG_PROC_CHILDREN, or a hidden /proc */
		if (round == 1 && in->command > 0)
			raw_kill(in->command, SIGKILL);
		kill_children();
		raw_ppoll(NULL, 0, &pause);
	}
}

/* PID 1's exit ends its whole pid namespace: the kernel kills and reaps what is left in it. */
static _Noreturn void finish(const struct init *in, int status)
{
	if (in->host_pid)
		kill_descendants(in);
	raw_exit(status);
}

static _Noreturn void command_ended(struct init *in, int wait_status)
{
	int sig = wait_status & 0x7f;
	int status = sig ? STATUS_SIGNAL + sig : (wait_status >> 8) & 0xff;

	tell(in, WIRE_EXITED, status, (uint32_t)sig);
	in->command = 0; /* reaped: the number may soon be another process's */
	finish(in, status);
}

/* ---- events ---- */

static void reap(struct init *in)
{
	int status;
	long pid;

	while ((pid = raw_wait4(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
		if (pid != in->command)
			continue;
		if (status == 0xffff)
			tell(in, WIRE_CONTINUED, 0, 0);
		else if ((status & 0xff) == 0x7f)
			tell(in, WIRE_STOPPED, (status >> 8) & 0xff, 0);
		else
			command_ended(in, status);
	}
}

/* Who sends a signal decides where it goes:
 *   the terminal (SI_KERNEL): the whole group has it already; the supervisor hears of it
 *   a process of our group: `kill 0` as likely as `kill 1`, so the command may have it already
 *   the supervisor, any other: for the command
 * Stops of job control are for groups, never passed on. */
static void on_signal(struct init *in, const struct signalfd_siginfo *si)
{
	int sig = (int)si->ssi_signo;
	int sender = (int)si->ssi_pid; /* 0: from outside our pid namespace */

	if (sig == SIGCHLD) {
		reap(in);
		return;
	}
	if (si->ssi_code == SI_KERNEL) {
		if (sig == SIGINT || sig == SIGQUIT || sig == SIGTSTP || sig == SIGHUP)
			tell(in, WIRE_TERMINAL_SIGNAL, sig, 0);
		return;
	}
	if (sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)
		return;
	if (sender > 0 && sender != raw_getppid() && raw_getpgid(sender) == raw_getpgid(0))
		return;
	raw_kill(in->command, sig);
}

/* Returns whether the supervisor still lives. Its end shows as end of file, or as ECONNRESET when
 * it left messages of ours unread. */
static bool on_control(struct init *in)
{
	struct wire_message m;
	long n = raw_receive(in->control, &m, sizeof(m));

	if (n == -EAGAIN || n == -EINTR)
		return true;
	if (n <= 0)
		return false;
	if (n == sizeof(m) && m.type == WIRE_GROUP_SIGNAL && m.value > 0) {
		raw_kill(0, m.value);
		/* a command that made a group of its own is not in ours */
		if (raw_getpgid(in->command) != raw_getpgid(0))
			raw_kill(in->command, m.value);
	}
	return true;
}

static _Noreturn void watch(struct init *in)
{
	struct signalfd_siginfo si;
	struct pollfd fds[2] = {
		{.fd = in->control, .events = POLLIN, .revents = 0},
		{.fd = in->signals, .events = POLLIN, .revents = 0},
	};

	for (;;) {
		if (raw_ppoll(fds, 2, NULL) < 0)
			continue;
		if (fds[0].revents && !on_control(in))
			finish(in, STATUS_SIGNAL + SIGKILL);
		if (fds[1].revents && raw_read(in->signals, &si, sizeof(si)) == sizeof(si))
			on_signal(in, &si);
	}
}

/* Not PID 1's work at all: the command in our own place. What is executed by a path that leads to
 * /proc/self/exe is then this program, and not rootlet's file on the host (CVE-2019-5736). It is as
 * confined as the command, and may be looked at like it. */
static _Noreturn void exec_only(struct init *in, struct launch *l)
{
	uint32_t detail = WIRE_DETAIL_NONE;
	int error;

	raw_call3(__NR_fcntl, in->control, F_SETFD, FD_CLOEXEC);
	error = exec_candidates(l, &detail);
	tell(in, WIRE_EXEC_FAILED, error, detail);
	raw_exit(error == ENOENT || error == ENOTDIR ? STATUS_NOT_FOUND : STATUS_CANNOT_EXEC);
}

static _Noreturn void not_started(struct init *in, const struct launch *l)
{
	tell(in, WIRE_EXEC_FAILED, l->error, l->detail);
	if (in->command > 0)
		raw_wait4(in->command, NULL, 0);
	raw_exit(l->error == ENOENT || l->error == ENOTDIR ? STATUS_NOT_FOUND : STATUS_CANNOT_EXEC);
}

/* What ps(1) reads of our command line is this memory: one string after the other (proc(5),
 * cmdline). Not by way of argv, in which exec_script may have put a constant. */
static void forget_arguments(char *first, const char *last)
{
	for (char *c = first; c < last || *c; c++)
		*c = '\0';
}

static _Noreturn __attribute__((used)) void init_main(long *stack)
{
	const uint64_t all = ~(uint64_t)0;
	int argc = (int)stack[0];
	char **argv = (char **)(stack + 1);
	struct init in = {.control = -1, .signals = -1, .command = 0};
	struct launch l = {.init = &in, .candidates = argv + 4, .envp = argv + argc + 1};
	char *first, *last;
	bool exec = false;

	if (argc < 5)
		raw_exit(STATUS_BAD_CALL);
	in.control = (int)raw_number(argv[1]);
	for (const char *flag = argv[2]; *flag; flag++) {
		in.host_pid |= *flag == INIT_FLAG_HOST_PID;
		in.say_started |= *flag == INIT_FLAG_SAY_STARTED;
		exec |= *flag == INIT_FLAG_EXEC;
	}
	l.count = (int)raw_number(argv[3]);
	if (l.count < 1 || l.count > argc - 5)
		raw_exit(STATUS_BAD_CALL);
	l.argv = l.candidates + l.count;
	if (exec)
		exec_only(&in, &l);
	first = argv[1];
	last = argv[argc - 1];

	raw_sigprocmask(SIG_SETMASK, &all, NULL);
	default_dispositions();
	if (in.host_pid)
		raw_prctl(PR_SET_CHILD_SUBREAPER, 1);
	raw_prctl(PR_SET_NAME, (unsigned long)INIT_NAME); /* else `ps` shows a memory file's name */
	in.command = spawn(&l);
	if (in.command < 0) {
		l.error = -in.command;
		in.command = 0;
	}
	if (l.error)
		not_started(&in, &l);
	if (in.say_started)
		tell(&in, WIRE_STARTED, 0, 0);

	in.signals = raw_signalfd(all);
	if (in.signals < 0)
		finish(&in, STATUS_BAD_CALL);
	forget_arguments(first, last); /* else `ps` shows every file that was tried */
	watch(&in);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall "
	"init_main");
#else
__asm__(".globl _start\n_start:\n\tmov x29, xzr\n\tmov x30, xzr\n\tmov x0, sp\n\tb init_main");
#endif
