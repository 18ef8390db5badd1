/* The child between clone and exec: its state and the handlers of its steps.
 *
 * Rules of everything declared here: no malloc, no stdio, no name service, no locale; raw system
 * calls and async-signal-safe functions only (tests/lint checks the objects' symbols). A handler
 * returns 0 or -errno and may set c->detail and c->value beforehand; it never cleans up: the child
 * reports and exits.
 */
#ifndef ROOTLET_RUN_CHILD_H
#define ROOTLET_RUN_CHILD_H

#include "init/wire.h"
#include "plan/plan.h"

#include <stdbool.h>
#include <stdint.h>

enum { CHILD_GROUPS_MAX = 64, CHILD_NAME_MAX = 256 };

/* Everything is allocated by the parent before the clone. */
struct child {
	const struct plan *plan;
	int *slots;	    /* plan->slots descriptors, -1 when empty */
	int report;	    /* write end of the report pipe */
	int control;	    /* our end of the control channel */
	int parent_ends[2]; /* the supervisor's ends: held open here, its death would go unseen */
	int init_image;	    /* sealed memfd, or -1 */
	int container;	    /* pidfd of the container to enter, or -1 */
	int start;	    /* AWAIT_START: the socket that it listens on, or -1 */
	int state_file;	    /* AWAIT_START: of the container's state, O_PATH, or -1 */
	bool undumpable;    /* set by the joiner: nobody inside may trace it before its exec */
	bool timings;
	bool mapped;	   /* the parent has written the maps */
	int fault_trigger; /* fault.h */

	uint32_t detail; /* enum wire_detail of the step that failed */
	int64_t value;

	bool in_workdir; /* WORKDIR has been there */
	bool below;	 /* the old root is below the new one, where pivot_root cannot work */

	/* LOOKUP_USER */
	uint32_t uid, gid;
	uint32_t groups[CHILD_GROUPS_MAX];
	int group_count;
	char home[CHILD_NAME_MAX];  /* "HOME=/home/alice" */
	char shell[CHILD_NAME_MAX]; /* "/bin/bash" */

	/* EXEC: room for the final vectors */
	const char **argv, **envp;
	char control_digits[12], count_digits[12];
};

/* Runs every step of the child's and execs; never returns. */
_Noreturn void child_main(struct child *c);

/* The joiner: enters the shared namespaces, makes the child as its own sibling, reports its pid. */
_Noreturn void child_join(struct child *c);

/* After the ids changed, where the UNDUMPABLE step was: 0 or -errno. */
int child_hide(const struct child *c);

/* CLONE, in the parent or the joiner: returns the pid, 0 in the child, -errno. `cgroup`: to be made
 * in, or -1. pidfd may be NULL. */
int child_clone(const struct step *step, bool as_sibling, int cgroup, int *ret_pidfd);

/* Where the parent writes the maps: until it has. -EPIPE: it is gone. */
int child_await_maps(struct child *c);

/* One message without descriptors: 0, or -EPIPE at the end of file. */
int child_receive(int from, struct wire_message *message);

/* 0, or -EPIPE when the supervisor is gone. */
int child_send(struct child *c, uint32_t type, int step, int error, int64_t value);

typedef int child_handler(struct child *c, const struct step *step);

child_handler child_open_path, child_deny_setgroups, child_write_map, child_set_groups,
	child_set_ids;
child_handler child_procfs, child_hostname, child_domainname, child_loopback_up, child_sysctl,
	child_time_offsets;
child_handler child_propagation, child_tmpfs_over_root, child_root_bind, child_root_overlay,
	child_make_directory, child_make_symlink, child_bind, child_bind_device, child_bind_text,
	child_mount, child_attach_procfs, child_mount_attributes, child_mask, child_readonly_path,
	child_own_folder, child_own_path, child_init_file, child_pivot_root, child_detach_old_root;
child_handler child_process_group, child_keyring, child_landlock, child_rlimit, child_umask,
	child_lookup_user, child_bounding_set, child_set_user, child_capabilities, child_workdir,
	child_no_new_privs, child_keep_capabilities, child_ambient, child_parent_death,
	child_seccomp, child_close_fds, child_session, child_capability_sets;
child_handler child_terminal, child_cgroup_namespace;
child_handler child_hooks, child_find_command, child_await_start, child_start_hook;
child_handler child_host_proc, child_joiner_oom_score;
child_handler child_take_source, child_oom_score, child_device_node, child_move_root,
	child_lsm_label, child_scheduler, child_io_priority, child_memory_policy, child_affinity,
	child_personality;
child_handler child_exec_init, child_exec;

/* The command starts with a clean slate: no signal blocked, none ignored. */
void child_reset_signals(void);

/* child_copy.c: what is in directory `from` (a descriptor), into `to`. 0 or -errno. */
int child_copy_tree(int from, int to);

/* Write text to a file named relative to dirfd, in one write. 0 or -errno. */
int child_write_file(int dirfd, const char *path, const char *text);

/* Over the control channel, with a descriptor. 0 or -errno. */
int child_send_fd(struct child *c, const struct wire_message *message, int fd);

/* child_tell.c: which namespaces it is in, over the report pipe, where its /proc/PID/ns is closed.
 */
void child_tell_namespaces(struct child *c);

/* WIRE_NAMESPACES with all of ours. 0 or -errno. */
int child_send_namespaces(int to);

/* Decimal digits of a number; out has room for 12. Returns out. */
char *child_digits(char out[static 12], unsigned value);

#endif
