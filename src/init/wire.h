/* What the container's side and the supervisor say to each other, and how the init is started.
 *
 * Freestanding: included by programs without libc. Fixed-size records, so that one read is one
 * record.
 *
 * Two channels:
 *   report   a close-on-exec pipe, child → parent: struct wire_report. End of file after WIRE_READY
 *            means that the exec worked; without it, that set-up was killed.
 *   control  a SOCK_SEQPACKET pair that lives as long as the container: struct wire_message both
 *            ways. End of file tells each side that the other is gone.
 */
#ifndef ROOTLET_INIT_WIRE_H
#define ROOTLET_INIT_WIRE_H

#include <stdint.h>

enum wire_report_type {
	WIRE_FAILED = 1, /* step, error and detail say what */
	WIRE_READY = 2,	 /* written immediately before execve */
	WIRE_PID = 3,	 /* joiner → parent: the container's pid is in `value` */
	WIRE_TIMING = 4, /* `step` took `value` nanoseconds (only with --timings) */
	WIRE_NOTE =
		5, /* `step` met `error` and went on, by the fallback that run/words.c tells of */
	WIRE_HOOK = 8,	     /* START_HOOK: it waits for WIRE_STREAMS */
	WIRE_HOOK_ENDED = 9, /* its wait status is in `value`; WIRE_GO goes on */
	WIRE_HOOKS = 6,	     /* it waits for WIRE_GO while the hooks of a bundle are run */
	WIRE_CREATED = 7,    /* AWAIT_START: all is done but the start; it waits for WIRE_GO, the
			      * sign that its state is kept, and then for a connection */
	WIRE_NAMESPACE = 10, /* set-up that nobody may look into tells of itself: the inode of its
			      * namespace of type `step` is in `value` */
	WIRE_MOUNTS = 11,    /* the same: the kernel's own id of its mount namespace */
};

/* Which part of a step failed: words are the parent's (run/words.c). */
enum wire_detail {
	WIRE_DETAIL_NONE,
	WIRE_DETAIL_TARGET,	 /* finding the mount point inside the root */
	WIRE_DETAIL_MAKE_TARGET, /* making it */
	WIRE_DETAIL_LINKED,	 /* the mount point of a kernel file system is a symbolic link */
	WIRE_DETAIL_INTO_PROC,	 /* the mount point is in /proc, by another name */
	WIRE_DETAIL_SOURCE,	 /* copying the source mount */
	WIRE_DETAIL_ATTACH,	 /* putting the mount in its place */
	WIRE_DETAIL_ATTRIBUTES,	 /* setting its attributes */
	WIRE_DETAIL_OPTION,	 /* an option that the file system refuses; value is its index */
	WIRE_DETAIL_CREATE,	 /* making the file system instance */
	WIRE_DETAIL_NOT_DEVICE,	 /* not the device that it should be */
	WIRE_DETAIL_NO_USER,	 /* no such name in passwd */
	WIRE_DETAIL_NO_GROUP,
	WIRE_DETAIL_ID_UNMAPPED, /* the id has no place in the map */
	WIRE_DETAIL_PARENT_GONE,
	WIRE_DETAIL_EXEC_FORMAT, /* neither a program nor a script with #! */
	WIRE_DETAIL_NOT_PROC,	 /* not a procfs, and it is for /proc */
	WIRE_DETAIL_INTERPRETER, /* the file is there, its interpreter or loader is not */
};

struct wire_report {
	uint32_t type;
	int32_t step;
	int32_t error; /* errno, positive */
	uint32_t detail;
	int64_t value;
};

enum wire_message_type {
	/* supervisor → container */
	WIRE_GO = 1, /* the maps are written: go on */
	/* supervisor → init: send signal `value` to the whole process group, as a terminal would.
	 * The init leaves its own copy out, so nobody gets it twice. Sent only when that group is
	 * the container's own. */
	WIRE_GROUP_SIGNAL = 2,

	/* start → a container that waits in AWAIT_START, over a connection that from WIRE_GO on
	 * takes the place of both channels. Beside each of these two messages comes a file of the
	 * container's state, open for reading and writing, as the sign of who may (SCM_RIGHTS).
	 * WIRE_NAMESPACES: it answers with the same, bit n of `value` for enum ns_type n, and as
	 * many descriptors come along (SCM_RIGHTS). The same answer goes from set-up to supervisor
	 * before WIRE_HOOKS, without being asked for. */
	WIRE_NAMESPACES = 3,
	/* start → START_HOOK: the hook's standard input and output come along (SCM_RIGHTS). Until
	 * it has ended, WIRE_GROUP_SIGNAL is for its process group. */
	WIRE_STREAMS = 5,

	/* supervisor → set-up: a mount for TAKE_SOURCE comes along (SCM_RIGHTS) */
	WIRE_SOURCE = 4,

	/* init → supervisor */
	WIRE_EXEC_FAILED = 16, /* value: errno; detail: enum wire_detail */
	WIRE_STOPPED,	       /* the command was stopped by signal `value` */
	WIRE_EXITED, /* value: exit code, or 128+N; detail: N when a signal killed it, else 0 */
	WIRE_TERMINAL_SIGNAL, /* the terminal sent signal `value` to the container's group */
	WIRE_CONTINUED,	      /* the stopped command goes on */
	WIRE_STARTED,	      /* with INIT_FLAG_SAY_STARTED: the command's exec worked */

	/* set-up → supervisor, before any other: the terminal's master comes along (SCM_RIGHTS) */
	WIRE_TERMINAL = 32,
	/* set-up → supervisor: the seccomp listener comes along (SCM_RIGHTS) */
	WIRE_LISTENER,
};

struct wire_message {
	uint32_t type;
	uint32_t detail;
	int32_t value;
	uint32_t reserved;
};

/* How the init program is started: argv[0] is INIT_NAME, argv[1] the decimal number of the control
 * descriptor ("-1": there is none, nobody watches), argv[2] a set of flag letters ("-" when none;
 * see below), argv[3] the decimal count N of candidate files, then the N candidates, then the
 * command's own argv (at least its argv[0]). envp is the command's. Every descriptor but 0–2, the
 * preserved ones and the control channel is closed before. Flags: 'p' not PID 1 (the pid namespace
 * is the host's): be a subreaper and, at the end, kill what is left of one's descendants; 's' say
 * WIRE_STARTED once the command runs, for a supervisor whose caller waits for that. */
#define INIT_NAME	      "rootlet-init"
#define INIT_FLAG_HOST_PID    'p'
#define INIT_FLAG_SAY_STARTED 's'
#define INIT_FLAG_EXEC	      'x' /* be no init: become the command, or send WIRE_EXEC_FAILED */

#endif
