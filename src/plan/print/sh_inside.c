/* The script's part inside the namespaces, NAMESPACES: names, network, settings. Which file prints
 * a step is decided here, with no op left out; mounts are in sh_mounts.c, SEAL and EXEC in
 * sh_seal.c. */
#include "plan/print/sh.h"

static void sysctl(struct sh *sh, const struct step *step)
{
	AUTO_BUFFER path = {0};

	buffer_printf(&path, "/proc/sys/%s", step->a.setting.path);
	if (buffer_failed(&path)) {
		sh->out->failed = true;
		return;
	}
	buffer_puts(sh->out, "printf '%s\\n' ");
	print_quoted(sh->out, step->a.setting.value);
	buffer_puts(sh->out, " >");
	print_quoted(sh->out, path.data);
	buffer_puts(sh->out, "\n");
}

static void loopback(struct sh *sh)
{
	buffer_puts(sh->out,
		    "if command -v ip >/dev/null; then\n\tip link set lo up\n"
		    "elif command -v ifconfig >/dev/null; then\n\tifconfig lo up\n"
		    "else\n\techo 'note: neither ip nor ifconfig: loopback stays down' >&2\n"
		    "fi\n");
}

static void name(struct sh *sh, const char *command, const struct step *step)
{
	buffer_printf(sh->out, "%s ", command);
	print_quoted(sh->out, step->a.text.text);
	buffer_puts(sh->out, "\n");
}

void sh_inside_step(struct sh *sh, const struct step *step)
{
	switch (step->op) {
	case OP_HOSTNAME:
		name(sh, "hostname", step);
		return;
	case OP_DOMAINNAME:
		name(sh, "domainname", step);
		return;
	case OP_LOOPBACK_UP:
		loopback(sh);
		return;
	case OP_SYSCTL:
		sysctl(sh, step);
		return;
	case OP_PROCFS:
	case OP_SCRATCH:
	case OP_ROOT_TMPFS:
	case OP_ROOT_BIND:
	case OP_ROOT_OVERLAY:
	case OP_MAKE_DIRECTORY:
	case OP_MAKE_SYMLINK:
	case OP_BIND:
	case OP_BIND_DEVICE:
	case OP_DEVICE_NODE:
	case OP_BIND_TEXT:
	case OP_MOUNT:
	case OP_ATTACH_PROCFS:
	case OP_MOUNT_ATTRIBUTES:
	case OP_MASK:
	case OP_READONLY_PATH:
	case OP_OWN_PATH:
	case OP_MOVE_ROOT:
	case OP_PIVOT_ROOT:
	case OP_DETACH_OLD_ROOT:
		sh_mount_step(sh, step);
		return;
	case OP_RLIMIT:
	case OP_UMASK:
	case OP_LOOKUP_USER:
	case OP_BOUNDING_SET:
	case OP_SET_USER:
	case OP_CAPABILITIES:
	case OP_KEEP_CAPABILITIES:
	case OP_AMBIENT:
	case OP_CAPABILITY_SETS:
	case OP_WORKDIR:
	case OP_NO_NEW_PRIVS:
	case OP_CLOSE_FDS:
	case OP_EXEC_INIT:
	case OP_EXEC:
		sh_seal_step(sh, step);
		return;
	case OP_CHANNELS: /* on the host's side, or not in the script: the comment says so */
	case OP_INIT_IMAGE:
	case OP_INIT_FILE:
	case OP_HOST_PROC:
	case OP_JOINER_OOM_SCORE:
	case OP_JOIN_NAMESPACE:
	case OP_JOIN_CONTAINER:
	case OP_UNDUMPABLE:
	case OP_CGROUP:
	case OP_CGROUP_LEAF:
	case OP_CGROUP_PARENT:
	case OP_CGROUP_LIMIT:
	case OP_CGROUP_PROCESSES:
	case OP_CGROUP_SCOPE:
	case OP_DEVICE_RULES:
	case OP_SCOPE_DEVICE_RULES:
	case OP_ENTER_CGROUP:
	case OP_TERMINAL:
	case OP_CLONE:
	case OP_FILE_LIMIT:
	case OP_OPEN_PATH:
	case OP_OWN_FOLDER:
	case OP_DENY_SETGROUPS:
	case OP_WRITE_MAP:
	case OP_HELPER_MAP:
	case OP_MAP_SOURCE:
	case OP_TAKE_SOURCE:
	case OP_SET_GROUPS:
	case OP_SET_IDS:
	case OP_TIME_OFFSETS:
	case OP_CGROUP_NAMESPACE:
	case OP_PROPAGATION:
	case OP_PROCESS_GROUP:
	case OP_OOM_SCORE:
	case OP_ROOT_PROPAGATION:
	case OP_LSM_LABEL:
	case OP_SCHEDULER:
	case OP_IO_PRIORITY:
	case OP_MEMORY_POLICY:
	case OP_AFFINITY:
	case OP_PERSONALITY:
	case OP_SESSION:
	case OP_KEYRING:
	case OP_LANDLOCK:
	case OP_PARENT_DEATH:
	case OP_SECCOMP:
	case OP_HOOKS:
	case OP_FIND_COMMAND:
	case OP_AWAIT_START:
	case OP_START_HOOK:
	case OP_COUNT:
		return;
	}
}
