/* What a shell script cannot do of a plan, and where in the script each op stands. Facts about
 * sh(1) and util-linux only; the texts go into the script's head. */
#include "plan/print/sh.h"

#include <string.h>

/* One row an op, none left out: a unit test asserts it. */
static const struct {
	bool known;
	bool host;
	const char *limit;
} rows[OP_COUNT] = {
	[OP_CHANNELS] = {true, true, "the shell waits for its children; a failed command says why"},
	[OP_INIT_IMAGE] = {true, true, "there is no init: the command itself is the first process"},
	[OP_HOST_PROC] = {true, false, "the script writes no label through it"},
	[OP_JOINER_OOM_SCORE] = {true, false,
				 "the script's own score would change before the namespaces"},
	[OP_JOIN_NAMESPACE] = {true, true, NULL},
	[OP_JOIN_CONTAINER] = {true, false,
			       "nsenter(1) does it, by the pid that the container has then"},
	[OP_CGROUP] = {true, false, "the script stays in the caller's cgroup"},
	[OP_CGROUP_LEAF] = {true, false, "the script stays in the caller's cgroup"},
	[OP_CGROUP_PARENT] = {true, false, "the script stays in the caller's cgroup"},
	[OP_CGROUP_OFFER] = {true, false, "the script stays in the caller's cgroup"},
	[OP_CGROUP_LIMIT] = {true, false, "the script stays in the caller's cgroup"},
	[OP_CGROUP_SCOPE] = {true, false, "the script stays in the caller's cgroup"},
	[OP_CGROUP_PROCESSES] = {true, false, "the script stays in the caller's cgroup"},
	[OP_DEVICE_RULES] = {true, false, "no tool of util-linux loads a program into a cgroup"},
	[OP_SCOPE_DEVICE_RULES] = {true, false,
				   "no tool of util-linux loads a program into a cgroup"},
	[OP_ENTER_CGROUP] = {true, false, "the script stays in the caller's cgroup"},
	[OP_CGROUP_NAMESPACE] = {true, false, "the script stays in the caller's cgroup"},
	[OP_UNDUMPABLE] = {true, false, "no tool of util-linux does it"},
	[OP_TERMINAL] = {true, false, "script(1) makes one, of the host's devpts"},
	[OP_CLONE] = {true, true, NULL},
	[OP_FILE_LIMIT] = {true, true,
			   "the shell holds no source: it finds each when it mounts it"},
	[OP_OPEN_PATH] = {true, true,
			  "sources are found later, by name, with the mapped root's rights"},
	[OP_DENY_SETGROUPS] = {true, true, NULL},
	[OP_OWN_FOLDER] = {true, true,
			   "the folder is not made: one that is missing can be made inside"},
	[OP_WRITE_MAP] = {true, true, NULL},
	[OP_HELPER_MAP] = {true, true, NULL},
	[OP_MAP_SOURCE] = {true, true, "mount(8) of util-linux 2.39 does it: -o X-mount.idmap=…"},
	[OP_TAKE_SOURCE] = {true, true, "the source is bound with its ids as they are"},
	[OP_SET_GROUPS] = {true, true, NULL},
	[OP_SET_IDS] = {true, true, NULL},
	[OP_PROCFS] = {true, false, NULL},
	[OP_HOSTNAME] = {true, false, NULL},
	[OP_DOMAINNAME] = {true, false, NULL},
	[OP_LOOPBACK_UP] = {true, false, NULL},
	[OP_SYSCTL] = {true, false, NULL},
	[OP_TIME_OFFSETS] = {true, true, NULL},
	[OP_OOM_SCORE] = {true, false, "the script's own score would change before the namespaces"},
	[OP_PROPAGATION] = {true, true, NULL},
	[OP_SCRATCH] = {true, false, NULL},
	[OP_ROOT_TMPFS] = {true, false, NULL},
	[OP_ROOT_BIND] = {true, false, NULL},
	[OP_ROOT_OVERLAY] = {true, false, NULL},
	[OP_MAKE_DIRECTORY] = {true, false, NULL},
	[OP_MAKE_SYMLINK] = {true, false, NULL},
	[OP_BIND] = {true, false, NULL},
	[OP_BIND_DEVICE] = {true, false, NULL},
	[OP_DEVICE_NODE] = {true, false, NULL},
	[OP_BIND_TEXT] = {true, false, NULL},
	[OP_MOUNT] = {true, false, NULL},
	[OP_ATTACH_PROCFS] = {true, false, NULL},
	[OP_MOUNT_ATTRIBUTES] = {true, false, NULL},
	[OP_MASK] = {true, false, NULL},
	[OP_READONLY_PATH] = {true, false, NULL},
	[OP_OWN_PATH] = {true, false, "the directories above it can still be renamed inside"},
	[OP_INIT_FILE] = {true, false, "there is no init: the command itself is the first process"},
	[OP_HOOKS] = {true, false, "hooks are the OCI runtime's to run"},
	[OP_MOVE_ROOT] = {true, false, "a shell cannot change its own root: pivot_root(8) does"},
	[OP_PIVOT_ROOT] = {true, false, NULL},
	[OP_DETACH_OLD_ROOT] = {true, false, NULL},
	[OP_ROOT_PROPAGATION] = {true, false, "no command of the new root is run before its own"},
	[OP_LSM_LABEL] = {true, false, "runcon(1) and aa-exec(1) do it, not util-linux"},
	[OP_PROCESS_GROUP] = {true, false, "the command stays in the script's process group"},
	[OP_SESSION] = {true, false, "setsid(1) would make the shell wait for nobody"},
	[OP_KEYRING] = {true, false, "a session keyring is made by keyctl(1), not by util-linux"},
	[OP_LANDLOCK] = {true, false, "setpriv(1) knows Landlock from util-linux 2.41 on only"},
	[OP_RLIMIT] = {true, false, NULL},
	[OP_SCHEDULER] = {true, false, "chrt(1) does it, in the caller's namespaces"},
	[OP_IO_PRIORITY] = {true, false, "ionice(1) does it, in the caller's namespaces"},
	[OP_MEMORY_POLICY] = {true, false, "numactl(8) does it, not util-linux"},
	[OP_AFFINITY] = {true, false, "taskset(1) does it, in the caller's namespaces"},
	[OP_PERSONALITY] = {true, false, "setarch(8) does it, in the caller's namespaces"},
	[OP_UMASK] = {true, false, NULL},
	[OP_LOOKUP_USER] = {true, false, NULL},
	[OP_BOUNDING_SET] = {true, false, NULL},
	[OP_SET_USER] = {true, false, NULL},
	[OP_CAPABILITIES] = {true, false, NULL},
	[OP_KEEP_CAPABILITIES] = {true, false, NULL},
	[OP_AMBIENT] = {true, false, NULL},
	[OP_CAPABILITY_SETS] = {true, false,
				"effective and permitted follow from the bounding set and the user "
				"id when the command is run"},
	[OP_WORKDIR] = {true, false, NULL},
	[OP_FIND_COMMAND] = {true, false, "the shell finds it when it executes it"},
	[OP_AWAIT_START] = {true, false, "the script does not wait to be started"},
	[OP_START_HOOK] = {true, false, "hooks are the OCI runtime's to run"},
	[OP_NO_NEW_PRIVS] = {true, false, NULL},
	[OP_PARENT_DEATH] = {true, true, NULL},
	[OP_SECCOMP] = {true, false, "no tool of util-linux 2.38 loads a filter"},
	[OP_CLOSE_FDS] = {true, false, "the shell closes descriptors up to 9 only"},
	[OP_EXEC_INIT] = {true, false, "the command is run without the init"},
	[OP_EXEC] = {true, false, NULL},
};

static const char *limit_of_ids(const struct plan *plan)
{
	if (sh_userns(plan) != SH_USERNS_HOLDER)
		return NULL;
	if (plan_find_step(plan, OP_SET_IDS) && plan_find_step(plan, OP_SET_IDS)->a.ids.uid != 0)
		return "no uid 0 is mapped, and nsenter(1) cannot keep capabilities without it: "
		       "the script will fail";
	if (!sh_has(plan, OP_SET_GROUPS) && !sh_has(plan, OP_DENY_SETGROUPS))
		return "to keep the groups, nsenter(1) must keep the caller's id: it has to be the "
		       "one "
		       "that is 0 inside";
	return NULL;
}

/* "monotonic 3600 0\nboottime 60 500000000\n": is any last number not 0? */
static bool has_nanoseconds(const char *text)
{
	for (const char *line = text; line && *line;) {
		size_t len = strcspn(line, "\n");

		if (len < 2 || line[len - 1] != '0' || line[len - 2] != ' ')
			return true;
		line += len + (line[len] == '\n');
	}
	return false;
}

/* What takes effect at exec follows from the bounding set and the id, when the plan asks for no
 * more. */
static const char *limit_of_capabilities(const struct plan *plan, const struct step *step)
{
	const struct step *bounding = plan_find_step(plan, OP_BOUNDING_SET);

	if (bounding && bounding->a.capabilities == step->a.capabilities)
		return NULL;
	return "they follow from the bounding set and the user id when the command is run";
}

static const char *limit_of_exec(const struct step *step)
{
	const char *const *argv = step->a.exec.argv;

	if (argv && *argv && strcmp(*argv, step->subject) != 0)
		return "argv[0] is the file's name";
	return NULL;
}

const char *sh_limit(const struct plan *plan, const struct step *step)
{
	if (step->op == OP_SET_IDS)
		return limit_of_ids(plan);
	if (step->op == OP_TIME_OFFSETS && has_nanoseconds(step->a.text.text))
		return "unshare(1) takes whole seconds only";
	if (step->op == OP_CAPABILITIES)
		return limit_of_capabilities(plan, step);
	if (step->op == OP_EXEC)
		return limit_of_exec(step);
	return rows[step->op].known ? rows[step->op].limit : "unknown to this printer";
}

bool sh_on_host(enum plan_op op)
{
	return rows[op].host;
}
