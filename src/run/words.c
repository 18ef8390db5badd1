/* A failing step in words: WHAT from the step, WHY from diagnose or the detail, a hint where there
 * is a way out. The child only reports numbers; the words are here. */
#include "run/run.h"

#include "base/buffer.h"
#include "diagnose/diagnose.h"
#include "init/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What part of the step went wrong, when the errno alone would mislead. "" when there is nothing to
 * add. */
static const char *detail_words(uint32_t detail)
{
	static const char *const words[] = {
		[WIRE_DETAIL_TARGET] = "the mount point inside the root",
		[WIRE_DETAIL_MAKE_TARGET] = "making the mount point inside the root",
		[WIRE_DETAIL_LINKED] =
			("it is a symbolic link inside the root, and must be mounted on "
			 "ordinary directory"),
		[WIRE_DETAIL_INTO_PROC] = "a link inside the root leads it into /proc",
		[WIRE_DETAIL_SOURCE] = "taking the source",
		[WIRE_DETAIL_ATTACH] = "putting the mount in its place",
		[WIRE_DETAIL_ATTRIBUTES] = "setting its attributes",
		[WIRE_DETAIL_OPTION] = "a mount option",
		[WIRE_DETAIL_CREATE] = "making the file system instance",
		[WIRE_DETAIL_NOT_DEVICE] = "it is not the device that it should be",
		[WIRE_DETAIL_NOT_PROC] = "it goes on /proc, and is no proc file system",
		[WIRE_DETAIL_NO_USER] = "no such user in the root's /etc/passwd",
		[WIRE_DETAIL_NO_GROUP] = "no such group in the root's /etc/group",
		[WIRE_DETAIL_ID_UNMAPPED] = "the id is not mapped in this container",
		[WIRE_DETAIL_PARENT_GONE] = "the supervisor is gone",
		[WIRE_DETAIL_EXEC_FORMAT] =
			("it is neither a program of this machine nor a script that "
			 "begins with #!"),
		[WIRE_DETAIL_INTERPRETER] =
			("the file is there, but the interpreter or loader that it "
			 "names is not"),
	};

	if (detail >= sizeof(words) / sizeof(words[0]) || !words[detail])
		return "";
	return words[detail];
}

/* Details that say it all; the errno behind them is only how the child spelled it. */
static bool detail_is_cause(uint32_t detail)
{
	return detail == WIRE_DETAIL_NOT_DEVICE || detail == WIRE_DETAIL_NOT_PROC ||
	       detail == WIRE_DETAIL_LINKED || detail == WIRE_DETAIL_INTO_PROC ||
	       detail == WIRE_DETAIL_NO_USER || detail == WIRE_DETAIL_NO_GROUP ||
	       detail == WIRE_DETAIL_ID_UNMAPPED || detail == WIRE_DETAIL_PARENT_GONE ||
	       detail == WIRE_DETAIL_EXEC_FORMAT || detail == WIRE_DETAIL_INTERPRETER;
}

static void write_why(const struct step *step, int error, uint32_t detail, int64_t value, char *why,
		      size_t size)
{
	const char *words = detail_words(detail);

	if (detail == WIRE_DETAIL_OPTION && op_rows[step->op].args == ARGS_FILESYSTEM &&
	    value >= 0 && (size_t)value < step->a.fs.option_count) {
		const struct mount_option *o = &step->a.fs.options[value];

		snprintf(why, size, "%s does not take the option %s%s%s (%s)", step->a.fs.type,
			 o->key, o->value ? "=" : "", o->value ? o->value : "", error_text(error));
	} else if (detail_is_cause(detail)) {
		snprintf(why, size, "%s", words);
	} else if (*words) {
		snprintf(why, size, "%s: %s", words, error_text(error));
	} else {
		snprintf(why, size, "%s", error_text(error));
	}
}

/* What the user would call it: their command, their option; else the step. */
static void write_what(const struct step *step, struct buffer *what)
{
	if (step_stage(step) == STAGE_EXEC) {
		buffer_puts(what, step->subject);
		return;
	}
	step_describe(step, what);
	if (step->op == OP_OPEN_PATH && step->why)
		buffer_printf(what, " (%s)", step->why);
}

/* Engines judge by the kernel's own words, whatever more is known. */
static bool said_already(const struct plan *plan, const char *why, int error)
{
	return !plan->oci || strcasestr(why, error_text(error)) != NULL;
}

int run_word_failure(const struct plan *plan, int index, int error, uint32_t detail, int64_t value,
		     struct rootlet_error *err)
{
	const struct step *step = &plan->steps[index];
	struct diagnosis d = {.id = op_rows[step->op].name};
	AUTO_BUFFER what = {0};

	if (!diagnose_step(step, error, detail, plan, NULL, &d)) {
		write_why(step, error, detail, value, d.why, sizeof(d.why));
		snprintf(d.hint, sizeof(d.hint), "%s",
			 front_words(op_rows[step->op].hint, plan_front(plan)));
	}
	write_what(step, &what);
	error_set(err, -error, d.id, step->subject, "%s: %s%s%s", what.data ? what.data : "start",
		  d.why, said_already(plan, d.why, error) ? "" : ": ",
		  said_already(plan, d.why, error) ? "" : error_text(error));
	if (*d.hint)
		error_hint(err, "%s", d.hint);
	if (err) {
		err->step = index;
		err->stage = stage_name(step_stage(step));
	}
	return -error;
}

void run_word_pidfile(const char *path, int error, struct rootlet_error *err)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path) : 0;

	switch (-error) {
	case ENOENT:
	case ENOTDIR:
		error_set(err, error, "pidfile", path, "--pidfile %s: its directory does not exist",
			  path);
		error_hint(err, "make it first: mkdir -p %.*s", dir, path);
		break;
	case EACCES:
	case EPERM:
	case EROFS:
		error_set(err, error, "pidfile", path, "--pidfile %s: you may not write it", path);
		error_hint(err, "name a file in a directory of your own, such as $XDG_RUNTIME_DIR");
		break;
	case EISDIR:
		error_set(err, error, "pidfile", path, "--pidfile %s: it is a directory", path);
		error_hint(err, "name a file");
		break;
	default:
		error_set(err, error, "pidfile", path, "--pidfile %s: cannot be written: %s", path,
			  error_text(error));
	}
}

const char *run_word_note(const struct step *step, int error)
{
	if (step->op == OP_KEYRING && error == EDQUOT)
		return "session keyring: your key quota is used up (/proc/key-users), so the "
		       "container has none "
		       "of its own; your keys stay hidden: every key call inside is refused";
	if (step->op == OP_BIND)
		return "a bind mount: its source forbids more than the config asks for (read-only, "
		       "nosuid, nodev or noexec), and the kernel does not let us lift that: it "
		       "stays";
	if (step->op == OP_PIVOT_ROOT)
		return "the host's root is an initramfs, which the kernel cannot pivot away from: "
		       "it "
		       "stays below the container's";
	if (step->op == OP_OOM_SCORE || step->op == OP_JOINER_OOM_SCORE)
		return "process.oomScoreAdj: to lower it takes CAP_SYS_RESOURCE on the host: it "
		       "stays "
		       "as it is";
	if (step->op == OP_CAPABILITY_SETS)
		return "process.capabilities: some are not ours to give, so they are left out";
	return NULL;
}

/* Engines tell what happened by these words, which other runtimes have. */
static void word_for_engines(const struct step *step, int error, struct rootlet_error *err)
{
	const char *command = step->subject;
	const char *why = error == EACCES || error == EPERM || error == EISDIR ? "permission denied"
			  : error == ENOENT && !strchr(command, '/')
				  ? "executable file not found in $PATH"
			  : error == ENOENT || error == ENOTDIR ? "no such file or directory"
								: NULL;
	char said[sizeof(err->message)];
	size_t len = strlen(command);

	if (!err || !why)
		return;
	/* what the diagnosis has found out stands behind it */
	snprintf(said, sizeof(said), "%s",
		 strncmp(err->message, command, len) == 0 && err->message[len] == ':'
			 ? err->message + len + 1
			 : "");
	snprintf(err->message, sizeof(err->message), "exec %.256s: %s:%.600s", command, why,
		 *said ? said : " it cannot be executed");
}

int run_word_exec_failure(const struct plan *plan, int error, uint32_t detail,
			  struct rootlet_error *err)
{
	int r = run_word_failure(plan, (int)plan->count - 1, error, detail, 0, err);

	if (plan->oci)
		word_for_engines(&plan->steps[plan->count - 1], error, err);

	if (err)
		err->exit_status = error == ENOENT || error == ENOTDIR ? 127 : 126;
	return r;
}
