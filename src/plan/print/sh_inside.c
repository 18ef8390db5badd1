/* The script's part inside the namespaces, NAMESPACES: names, network, settings. Which file prints
 * a step is decided here; mounts are in sh_mounts.c, SEAL and EXEC in sh_seal.c. */
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

static void loopback(struct sh *sh, const struct step *step)
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

static void hostname(struct sh *sh, const struct step *step)
{
	name(sh, "hostname", step);
}

static void domainname(struct sh *sh, const struct step *step)
{
	name(sh, "domainname", step);
}

/* What is not here is on the host's side, or not in the script: the comment says so. */
void sh_inside_step(struct sh *sh, const struct step *step)
{
	static void (*const steps[OP_COUNT])(struct sh *, const struct step *) = {
		[OP_HOSTNAME] = hostname,
		[OP_DOMAINNAME] = domainname,
		[OP_LOOPBACK_UP] = loopback,
		[OP_SYSCTL] = sysctl,
		[OP_PROCFS] = sh_mount_step,
		[OP_SCRATCH] = sh_mount_step,
		[OP_ROOT_TMPFS] = sh_mount_step,
		[OP_ROOT_BIND] = sh_mount_step,
		[OP_ROOT_OVERLAY] = sh_mount_step,
		[OP_MAKE_DIRECTORY] = sh_mount_step,
		[OP_MAKE_SYMLINK] = sh_mount_step,
		[OP_BIND] = sh_mount_step,
		[OP_BIND_DEVICE] = sh_mount_step,
		[OP_DEVICE_NODE] = sh_mount_step,
		[OP_BIND_TEXT] = sh_mount_step,
		[OP_MOUNT] = sh_mount_step,
		[OP_ATTACH_PROCFS] = sh_mount_step,
		[OP_MOUNT_ATTRIBUTES] = sh_mount_step,
		[OP_MASK] = sh_mount_step,
		[OP_READONLY_PATH] = sh_mount_step,
		[OP_OWN_PATH] = sh_mount_step,
		[OP_MOVE_ROOT] = sh_mount_step,
		[OP_PIVOT_ROOT] = sh_mount_step,
		[OP_DETACH_OLD_ROOT] = sh_mount_step,
		[OP_RLIMIT] = sh_seal_step,
		[OP_UMASK] = sh_seal_step,
		[OP_LOOKUP_USER] = sh_seal_step,
		[OP_BOUNDING_SET] = sh_seal_step,
		[OP_SET_USER] = sh_seal_step,
		[OP_CAPABILITIES] = sh_seal_step,
		[OP_KEEP_CAPABILITIES] = sh_seal_step,
		[OP_AMBIENT] = sh_seal_step,
		[OP_CAPABILITY_SETS] = sh_seal_step,
		[OP_WORKDIR] = sh_seal_step,
		[OP_NO_NEW_PRIVS] = sh_seal_step,
		[OP_CLOSE_FDS] = sh_seal_step,
		[OP_EXEC_INIT] = sh_seal_step,
		[OP_EXEC] = sh_seal_step,
	};

	if (steps[step->op])
		steps[step->op](sh, step);
}
