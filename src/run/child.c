/* The child's interpreter: walks the plan, reports the first failure, execs.
 * See child.h for what it may not do. Which step does what is on the plan; here is only the order.
 */
#include "run/child.h"

#include "base/sys.h"
#include "run/fault.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

static child_handler *const handlers[OP_COUNT] = {
	[OP_HOST_PROC] = child_host_proc,
	[OP_JOINER_OOM_SCORE] = child_joiner_oom_score,
	[OP_OWN_FOLDER] = child_own_folder,
	[OP_FILE_LIMIT] = child_rlimit,
	[OP_OPEN_PATH] = child_open_path,
	[OP_DENY_SETGROUPS] = child_deny_setgroups,
	[OP_WRITE_MAP] = child_write_map,
	[OP_TAKE_SOURCE] = child_take_source,
	[OP_SET_GROUPS] = child_set_groups,
	[OP_SET_IDS] = child_set_ids,
	[OP_PROCFS] = child_procfs,
	[OP_CGROUP_NAMESPACE] = child_cgroup_namespace,
	[OP_HOSTNAME] = child_hostname,
	[OP_DOMAINNAME] = child_domainname,
	[OP_LOOPBACK_UP] = child_loopback_up,
	[OP_SYSCTL] = child_sysctl,
	[OP_TIME_OFFSETS] = child_time_offsets,
	[OP_OOM_SCORE] = child_oom_score,
	[OP_PROPAGATION] = child_propagation,
	[OP_SCRATCH] = child_tmpfs_over_root,
	[OP_ROOT_TMPFS] = child_tmpfs_over_root,
	[OP_ROOT_BIND] = child_root_bind,
	[OP_ROOT_OVERLAY] = child_root_overlay,
	[OP_MAKE_DIRECTORY] = child_make_directory,
	[OP_MAKE_SYMLINK] = child_make_symlink,
	[OP_BIND] = child_bind,
	[OP_BIND_DEVICE] = child_bind_device,
	[OP_DEVICE_NODE] = child_device_node,
	[OP_BIND_TEXT] = child_bind_text,
	[OP_MOUNT] = child_mount,
	[OP_ATTACH_PROCFS] = child_attach_procfs,
	[OP_MOUNT_ATTRIBUTES] = child_mount_attributes,
	[OP_MASK] = child_mask,
	[OP_READONLY_PATH] = child_readonly_path,
	[OP_OWN_PATH] = child_own_path,
	[OP_INIT_FILE] = child_init_file,
	[OP_TERMINAL] = child_terminal,
	[OP_HOOKS] = child_hooks,
	[OP_MOVE_ROOT] = child_move_root,
	[OP_PIVOT_ROOT] = child_pivot_root,
	[OP_DETACH_OLD_ROOT] = child_detach_old_root,
	[OP_ROOT_PROPAGATION] = child_propagation,
	[OP_LSM_LABEL] = child_lsm_label,
	[OP_PROCESS_GROUP] = child_process_group,
	[OP_SESSION] = child_session,
	[OP_KEYRING] = child_keyring,
	[OP_LANDLOCK] = child_landlock,
	[OP_RLIMIT] = child_rlimit,
	[OP_SCHEDULER] = child_scheduler,
	[OP_IO_PRIORITY] = child_io_priority,
	[OP_MEMORY_POLICY] = child_memory_policy,
	[OP_AFFINITY] = child_affinity,
	[OP_PERSONALITY] = child_personality,
	[OP_UMASK] = child_umask,
	[OP_LOOKUP_USER] = child_lookup_user,
	[OP_BOUNDING_SET] = child_bounding_set,
	[OP_SET_USER] = child_set_user,
	[OP_CAPABILITIES] = child_capabilities,
	[OP_KEEP_CAPABILITIES] = child_keep_capabilities,
	[OP_AMBIENT] = child_ambient,
	[OP_CAPABILITY_SETS] = child_capability_sets,
	[OP_WORKDIR] = child_workdir,
	[OP_FIND_COMMAND] = child_find_command,
	[OP_AWAIT_START] = child_await_start,
	[OP_START_HOOK] = child_start_hook,
	[OP_NO_NEW_PRIVS] = child_no_new_privs,
	[OP_PARENT_DEATH] = child_parent_death,
	[OP_SECCOMP] = child_seccomp,
	[OP_CLOSE_FDS] = child_close_fds,
	[OP_EXEC_INIT] = child_exec_init,
	[OP_EXEC] = child_exec,
};

char *child_digits(char out[static 12], unsigned value)
{
	char reversed[12];
	int n = 0, i = 0;

	do {
		reversed[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (n)
		out[i++] = reversed[--n];
	out[i] = '\0';
	return out;
}

int child_write_file(int dirfd, const char *path, const char *text)
{
	int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;
	int r = 0;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		r = -errno;
	else if ((size_t)n != strlen(text))
		r = -EIO;
	close(fd);
	return r;
}

int child_send(struct child *c, uint32_t type, int step, int error, int64_t value)
{
	struct wire_report report = {
		.type = type, .step = step, .error = error, .detail = c->detail, .value = value};
	ssize_t n;

	do
		n = write(c->report, &report, sizeof(report));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int child_receive(int from, struct wire_message *message)
{
	ssize_t n;

	do
		n = recv(from, message, sizeof(*message), 0);
	while (n < 0 && errno == EINTR);
	return n == sizeof(*message) ? 0 : -EPIPE;
}

static _Noreturn void fail(struct child *c, int step, int error)
{
	child_send(c, WIRE_FAILED, step, error < 0 ? -error : error, c->value);
	_exit(125);
}

static void inject_fault(struct child *c, int step)
{
	int error = fault_at(step, c->fault_trigger);

	if (error)
		fail(c, step, error);
}

/* The parent writes the maps while we open what is to be bound. */
int child_await_maps(struct child *c)
{
	struct wire_message message = {0};

	if (c->mapped || !c->plan->parent_maps)
		return 0;
	if (child_receive(c->control, &message) < 0 || message.type != WIRE_GO) {
		c->detail = WIRE_DETAIL_PARENT_GONE;
		return -EPIPE;
	}
	c->mapped = true;
	return 0;
}

static void wait_for_maps(struct child *c, int step)
{
	int r = child_await_maps(c);

	if (r < 0)
		fail(c, step, r);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* A default whose subject is absent inside is passed over; nothing else is. */
static bool passes(const struct step *step, int r)
{
	return r == 0 || (step->optional && r == -ENOENT);
}

static void run_step(struct child *c, int index)
{
	const struct step *step = &c->plan->steps[index];
	bool timings = c->timings && step_stage(step) != STAGE_EXEC;
	int64_t start = timings ? now() : 0;
	int r;

	c->detail = WIRE_DETAIL_NONE;
	c->value = 0;
	inject_fault(c, index);
	/* PARENT_DEATH says nothing of a supervisor that had died before it. */
	if (step_stage(step) == STAGE_EXEC && child_send(c, WIRE_READY, index, 0, 0) == -EPIPE)
		_exit(125);
	r = handlers[step->op] ? handlers[step->op](c, step) : -ENOSYS;
	if (!passes(step, r))
		fail(c, index, r);
	if (timings)
		child_send(c, WIRE_TIMING, index, 0, now() - start);
}

/* What needs no ids is done while the parent has the maps written; each such step keeps its number.
 */
static void run_early_steps(struct child *c)
{
	for (int i = 0; i < (int)c->plan->count; i++)
		if (c->plan->steps[i].early && c->plan->steps[i].actor == ACTOR_CHILD)
			run_step(c, i);
}

/* AWAIT_START's socket: whoever calls listen(2) is whom those who connect see (unix(7),
 * SO_PEERCRED), and a filter of the config's may refuse that call later on. */
static void listen_for_start(struct child *c)
{
	enum { BACKLOG = 8 };

	for (int i = 0; c->start >= 0 && i < (int)c->plan->count; i++) {
		int r = c->plan->steps[i].op == OP_AWAIT_START ? SYS(listen, c->start, BACKLOG) : 0;

		if (r < 0)
			fail(c, i, r);
	}
}

static void close_parent_ends(const struct child *c)
{
	for (int i = 0; i < 2; i++)
		close(c->parent_ends[i]);
}

_Noreturn void child_main(struct child *c)
{
	bool overlaps = c->plan->parent_maps, waited = !overlaps;

	close_parent_ends(c);
	if (c->undumpable && c->plan->kind == SPEC_RUN)
		child_tell_namespaces(c);
	listen_for_start(c);
	if (c->plan->kind == SPEC_RUN)
		umask(0); /* what we make has the mode that the plan says */
	for (int i = 0; i < (int)c->plan->count; i++) {
		const struct step *step = &c->plan->steps[i];

		if (!waited && step_stage(step) > STAGE_MAPS) {
			run_early_steps(c);
			wait_for_maps(c, i);
			waited = true;
		}
		if (step->actor == ACTOR_CHILD && !(step->early && overlaps))
			run_step(c, i);
	}
	_exit(125); /* not reached: verify says that the last step is an exec */
}

int child_clone(const struct step *step, bool as_sibling, int cgroup, int *ret_pidfd)
{
	uint64_t extra = (as_sibling ? CLONE_PARENT : 0) | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0);
	struct sys_clone_args args = {
		.flags = step->a.clone.flags | extra,
		.cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0,
		/* a sibling's end is announced as its maker's would be: clone(2) */
		.exit_signal = as_sibling ? 0 : SIGCHLD,
	};

	if (ret_pidfd)
		*ret_pidfd = -1;
	if (!step->a.clone.clone3)
		return SYS(clone, args.flags | SIGCHLD, NULL, NULL, NULL, 0UL);
	if (ret_pidfd) {
		args.flags |= CLONE_PIDFD;
		args.pidfd = (uint64_t)(uintptr_t)ret_pidfd;
	}
	return SYS(clone3, &args, cgroup >= 0 ? sizeof(args) : SYS_CLONE_ARGS_V0);
}

/* A pid may have been reused since it was looked up: the namespace must be the one that was. */
static int open_namespace(const struct step *step)
{
	int fd = open(step->a.ns.path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!step->a.ns.inode || (fstat(fd, &st) == 0 && st.st_ino == step->a.ns.inode))
		return fd;
	close(fd);
	return -ESRCH;
}

enum { ENTERED = -2 };

/* All are opened before the first is entered: after it, a path may mean something else. */
static void open_namespaces(struct child *c, int fds[NS_COUNT])
{
	for (int i = 0; i < (int)c->plan->count; i++) {
		const struct step *step = &c->plan->steps[i];

		if (step_stage(step) > STAGE_JOIN)
			return;
		if (step->op != OP_JOIN_NAMESPACE)
			continue;
		inject_fault(c, i);
		fds[step->a.ns.type] = open_namespace(step);
		if (fds[step->a.ns.type] < 0)
			fail(c, i, fds[step->a.ns.type]);
	}
}

/* An engine's root may name a user namespace, and others that do not belong to it: those are
 * entered while we still have its rights. What is refused now is tried again in its turn. */
static void enter_what_is_ours(const struct plan *plan, int fds[NS_COUNT])
{
	for (int i = 0; plan->oci && i < (int)plan->count; i++) {
		const struct step *step = &plan->steps[i];

		if (step->op == OP_JOIN_NAMESPACE && step->a.ns.type != NS_USER &&
		    SYS(setns, fds[step->a.ns.type], ns_type_flag(step->a.ns.type)) == 0)
			fds[step->a.ns.type] = ENTERED;
	}
}

/* Not in its turn below: ours may have been entered by then. */
static void use_host_proc(struct child *c)
{
	for (int i = 0; i < (int)c->plan->count; i++) {
		const struct step *step = &c->plan->steps[i];
		int r;

		if (step->op != OP_HOST_PROC && step->op != OP_JOINER_OOM_SCORE)
			continue;
		inject_fault(c, i);
		r = handlers[step->op](c, step);
		if (r < 0)
			fail(c, i, r);
	}
}

static _Noreturn void make_sibling(struct child *c, int index)
{
	int pid;

	inject_fault(c, index);
	pid = child_clone(&c->plan->steps[index], true, -1, NULL);
	if (pid == 0)
		child_main(c);
	if (pid < 0)
		fail(c, index, -pid);
	child_send(c, WIRE_PID, index, 0, pid);
	_exit(0);
}

_Noreturn void child_join(struct child *c)
{
	const struct plan *plan = c->plan;
	int fds[NS_COUNT] = {0};

	use_host_proc(c);
	open_namespaces(c, fds);
	enter_what_is_ours(plan, fds);
	for (int i = 0; i < (int)plan->count; i++) {
		const struct step *step = &plan->steps[i];
		int r = 0;

		if (step->op == OP_JOIN_NAMESPACE) {
			if (fds[step->a.ns.type] != ENTERED)
				r = SYS(setns, fds[step->a.ns.type], ns_type_flag(step->a.ns.type));
		} else if (step->op == OP_JOIN_CONTAINER) {
			inject_fault(c, i);
			r = SYS(setns, c->container, step->a.container.flags);
		} else if (step->op == OP_UNDUMPABLE) {
			inject_fault(c, i);
			c->undumpable = true;
			r = child_hide(c);
		} else if (step->op == OP_CLONE) {
			make_sibling(c, i);
		}
		if (r < 0)
			fail(c, i, r);
	}
	_exit(125); /* not reached: verify says that every plan clones */
}

/* commit_creds() sets it back to fs.suid_dumpable when ids change: said again after that. */
int child_hide(const struct child *c)
{
	return c->undumpable ? SYS(prctl, PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) : 0;
}
