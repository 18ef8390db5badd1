/* The `rootlet-oci` command: the OCI runtime interface, for engines. It reads the library's public
 * headers, leaf helpers of base, and term; and it alone prints. */
#ifndef ROOTLET_OCI_OCI_H
#define ROOTLET_OCI_OCI_H

#include "base/error.h"
#include "term/args.h"

#include <rootlet_bundle.h>

enum { EXIT_OCI = 1 }; /* rootlet-oci itself failed, as with other runtimes */

/* What stands before the command. */
struct globals {
	struct args args; /* words: the command and all that follows it */
	const char *root, *log;
	int log_as;   /* text|json */
	int rootless; /* auto|true|false: nothing hangs on it here */
	int manager;  /* cgroupfs|systemd|disabled */
	bool debug, systemd_cgroup, version;
};

extern struct globals globals;
extern const struct args_option no_common_options[]; /* --help alone */

/* A command: argv after its name. The exit status. */
typedef int oci_command(int argc, char **argv);

extern const struct args_command oci_create_command, oci_run_command, oci_start_command,
	oci_state_command, oci_kill_command, oci_delete_command, oci_list_command, oci_ps_command,
	oci_exec_command, oci_pause_command, oci_resume_command, oci_update_command,
	oci_events_command, oci_features_command, oci_spec_command, oci_plan_command;

/* main.c: all commands in the order of `help`; NULL past the end. */
const struct args_command *command_get(size_t index);

/* begin.c: a command's line into *target. 0; 1 when --help was printed; -1 after a message. */
int command_begin(const struct args_command *command, void *target, int argc, char **argv);
/* What is to be handed on is open, and none of it is a descriptor of ours: before anything else is
 * opened, and so all that is comes to lie above. -errno after a message. */
int command_check_preserved(int64_t preserve, unsigned listen);
/* The store; and one container of it. -errno after a message. */
int command_store(bool make, rootlet_bundles **ret);
/* One container, and what is done with it: the exit status. `action` may print its error itself and
 * return what is positive. */
typedef int bundle_action(rootlet_bundle *bundle, void *data, rootlet_error *err);
int command_with(const char *id, bundle_action *action, void *data);

/* log.c */
/* Where messages go beside standard error. -errno after a message. */
int log_open(void);
int log_descriptor(void); /* -1: there is none */
void log_error(const rootlet_error *err);
void log_warning(const char *text);
void log_debug(const char *text);
extern const rootlet_warnings log_warnings;
/* The error is told; the exit status that goes with it. */
int command_fail(const rootlet_error *err);

#endif
