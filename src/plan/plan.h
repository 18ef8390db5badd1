/* The plan: a container start as data, before it is done.
 *
 * plan_make is a pure function of (spec, facts): it probes nothing and touches nothing. A plan is a
 * flat array of steps in the order in which they run; it owns an arena and holds finished bytes
 * only. What it points to lives in that arena, so spec and facts may be freed before it.
 */
#ifndef ROOTLET_PLAN_PLAN_H
#define ROOTLET_PLAN_PLAN_H

#include "base/arena.h"
#include "base/error.h"
#include "facts/facts.h"
#include "plan/limit.h"
#include "spec/idmap.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct buffer;

enum plan_stage {
	STAGE_PREPARE,
	STAGE_JOIN,
	STAGE_CLONE,
	STAGE_OPEN,
	STAGE_MAPS,
	STAGE_IDENTITY,
	STAGE_NAMESPACES,
	STAGE_ROOT,
	STAGE_SEAL,
	STAGE_EXEC,
	STAGE_COUNT,
};

/* Who carries a step out. The joiner is a child of the parent that enters shared namespaces and
 * then makes the container's process as its sibling. */
enum plan_actor { ACTOR_PARENT, ACTOR_JOINER, ACTOR_CHILD };

enum plan_args {
	ARGS_NONE,
	ARGS_NAMESPACE,
	ARGS_CONTAINER,
	ARGS_CGROUP,
	ARGS_LIMIT,
	ARGS_DEVICES,
	ARGS_SCOPE,
	ARGS_CLONE,
	ARGS_OPEN,
	ARGS_MAP,
	ARGS_HELPER,
	ARGS_MAPPED,
	ARGS_GROUPS,
	ARGS_IDS,
	ARGS_FILESYSTEM,
	ARGS_TEXT,
	ARGS_SETTING,
	ARGS_PROPAGATION,
	ARGS_BIND,
	ARGS_OVERLAY,
	ARGS_FILE,
	ARGS_DEVICE,
	ARGS_NODE,
	ARGS_ATTRIBUTES,
	ARGS_GROUP,
	ARGS_TERMINAL,
	ARGS_RLIMIT,
	ARGS_NUMBER,
	ARGS_CAPABILITIES,
	ARGS_SETS,
	ARGS_SCHEDULER,
	ARGS_MEMORY,
	ARGS_FILTER,
	ARGS_LANDLOCK,
	ARGS_EXEC,
};

enum plan_op {
#define OP(ID, name, stage, args, manual, why, hint) OP_##ID,
#include "plan/ops.def"
#undef OP
	OP_COUNT,
};

struct op_row {
	const char *name;
	enum plan_stage stage;
	enum plan_args args;
	const char *manual;
	const char *why;
	const char *hint[FRONT_COUNT]; /* front_words */
};

extern const struct op_row op_rows[OP_COUNT];
const char *stage_name(enum plan_stage stage); /* "ROOT" */
const char *actor_name(enum plan_actor actor); /* "parent" */
struct plan;
const char *plan_kind_name(const struct plan *plan); /* "run" */
/* The first step of that kind, or NULL. */
const struct step *plan_find_step(const struct plan *plan, enum plan_op op);
const char *plan_command_name(const struct plan *plan); /* "rootlet run": who would start it */
enum front_end plan_front(const struct plan *plan);

/* Slots: descriptors that one step opens and a later one uses. The first ones have fixed roles. */
enum {
	SLOT_NONE = -1,
	SLOT_ROOT,     /* the mounted new root */
	SLOT_OWN_ROOT, /* the same, while it is a tmpfs that only we can reach: targets are single
			  names */
	SLOT_PROC,     /* our own procfs, or the host's where the pid namespace is the host's */
	SLOT_SCRATCH,  /* the scratch tmpfs of a throw-away overlay */
	SLOT_DEV,      /* the container's /dev */
	SLOT_HOST_DEV, /* the host's /dev */
	SLOT_EMPTY,    /* the empty tmpfs that covers masked directories, once there is one */
	SLOT_FIRST_FREE,
};

enum open_kind {
	OPEN_DIRECTORY, /* must be a directory */
	OPEN_ANY,	/* a bind source: whatever it is */
	OPEN_DEVICE,	/* must be a device node */
	OPEN_NAMESPACE,
};

/* A file that is there already, where a step would make one. */
enum file_exists { FILE_NEW, FILE_KEPT, FILE_REPLACED };

/* Where a mount goes. `path` is absolute and resolved inside SLOT_ROOT; when `base` is another slot
 * the path is one name in that mount, which we have just made ourselves and nobody else can reach.
 */
struct step_target {
	int base;
	const char *path;
};

struct step {
	enum plan_op op;
	enum plan_actor actor;
	const char *subject; /* what messages name; never NULL */
	const char *why;     /* this step's own reason; NULL: the row's */
	bool early;    /* needs no ids: the child may do it while the parent writes the maps */
	bool optional; /* a default: what is absent inside is passed over (ENOENT), and only that */
	union step_args {
		struct {
			enum ns_type type;
			const char *path;
			uint64_t inode; /* what it must be: a pid may have been reused; 0: any */
		} ns;
		struct {
			const char *name;
			uint32_t pid;
			uint64_t flags; /* CLONE_NEW… of what it does not share with the caller */
		} container;
		struct {
			const char *parent; /* its directory */
			const char *name;   /* NULL: any that is free */
		} cgroup;
		struct {
			const char *socket; /* of the manager */
			const char *mount;  /* of cgroup2 */
			const char *unit;   /* NULL: any that is free */
			const char *slice;
			struct unit_properties properties;
		} scope;
		struct limit limit; /* a file of the container's own cgroup */
		struct {
			const struct bpf_insn *program; /* eBPF, of linux/bpf.h */
			size_t length;
			const char *const
				*rules; /* what it says, in their order; NULL-terminated */
		} devices;
		struct {
			uint64_t flags; /* CLONE_NEW… */
			bool clone3;	/* else clone(2) */
		} clone;
		struct {
			const char *path;
			enum open_kind kind;
			int slot;
		} open;
		struct {
			bool gid; /* gid_map, else uid_map */
			const char *text;
		} map;
		struct {
			bool gid;
			const char *path; /* of newuidmap or newgidmap */
			const char *
				*args; /* after the pid: inside outside count …; NULL-terminated */
		} helper;
		struct {
			const char *path;
			bool tree; /* with what is mounted below it */
			bool all;  /* the ids of those too */
			const char *uid_text,
				*gid_text; /* lines of a map; NULL: the container's own */
		} mapped;
		struct {
			const uint32_t *ids;
			size_t count;
		} groups;
		struct {
			uint32_t uid, gid;
			bool looked_up;	 /* SET_USER: take both, and the groups, from LOOKUP_USER */
			bool set_groups; /* SET_USER: setgroups is permitted here */
			bool own_pipes;	 /* SET_USER: the standard streams that are pipes become its
					  */
			const uint32_t *groups;
			size_t group_count;
		} ids;
		struct {
			const char *type; /* "tmpfs" */
			struct mount_option *options;
			size_t option_count;
			uint64_t attributes;	   /* MOUNT_ATTR_* */
			struct step_target target; /* path NULL: not attached yet */
			bool make_target;	   /* make the mount point when it is missing */
			int slot;		   /* keeps the mount's descriptor, or SLOT_NONE */
			const char *source;	   /* what mountinfo shows; NULL: the type */
			uint64_t propagation;	   /* MS_…, with MS_REC; 0: private */
			bool mode_of_target;	   /* a tmpfs: it has the mode of what it covers */
			bool copy_up; /* a tmpfs: it begins with the files that it covers */
		} fs;
		struct {
			const char *text; /* LOOKUP_USER: "USER[:GROUP]"; TIME_OFFSETS: the lines of
					     the file */
			bool tries;	  /* WORKDIR: a later step will try again */
			bool strict; /* ENTER_CGROUP: this one, not that of the first process */
		} text;
		struct {
			const char *path; /* below /proc/sys, with slashes */
			const char *value;
		} setting;
		struct {
			uint64_t flags; /* MS_PRIVATE … */
			bool mount_setattr;
			bool top; /* of "/" alone, not of all below */
		} propagation;
		struct {
			int source;		 /* slot */
			const char *source_name; /* a name in that slot's directory; NULL: the slot
						    itself */
			const char *source_path; /* for printing */
			struct step_target target;
			bool recursive;
			bool make_target; /* make the mount point, directory or file as the source
					     is */
			uint64_t attr_set, attr_clear;
			uint64_t propagation;
			bool top; /* attr_… are the topmost mount's alone, not of all that was
				     copied */
			uint64_t rec_set, rec_clear; /* of it and all below */
			bool keep_locked; /* what the kernel does not let us clear stays, and is
					     said */
			bool ready;	  /* the source is a mount already, not yet in its place */
			bool procfs;	  /* the source must be of a procfs: it goes on /proc */
		} bind;
		struct {
			int lower, upper; /* slots; upper SLOT_NONE: on the scratch tmpfs */
			const char *lower_path, *upper_path; /* for printing */
		} overlay;
		struct {
			struct step_target target;
			const char *text; /* symlink: its target; BIND_TEXT: the content */
			uint32_t mode;
			enum file_exists exists;
		} file;
		struct {
			const char *name; /* in SLOT_HOST_DEV */
			uint32_t major, minor;
			struct step_target target;
		} device;
		struct {
			char type; /* 'c', 'b' or 'p' */
			uint32_t major, minor;
			uint32_t mode; /* permission bits */
			uint32_t uid, gid;
			struct step_target target;
			bool make;  /* by mknod; else, and where that is refused, by a bind of */
			int source; /* this slot … */
			const char *name; /* … and a name in it; NULL: the slot itself */
		} node;
		struct {
			struct step_target target;
			uint64_t set, clear;
			bool recursive;
		} attributes;
		struct {
			bool foreground; /* also become the terminal's foreground group */
		} group;
		struct {
			int dev; /* the slot of /dev; SLOT_NONE: /dev of the root that was joined */
			bool console;		/* bind it on /dev/console */
			uint16_t rows, columns; /* 0: not known */
		} terminal;
		struct {
			int resource;
			const char *name;
			uint64_t soft, hard;
		} rlimit;
		uint64_t number;
		uint64_t capabilities; /* bit n: capability n */
		struct {
			uint64_t effective, permitted, inheritable, ambient;
		} sets;
		struct {
			uint32_t policy; /* SCHED_… */
			int32_t nice;
			uint32_t priority;
			uint64_t flags; /* SCHED_FLAG_… */
			uint64_t runtime, deadline, period;
		} scheduler;
		struct {
			int mode; /* MPOL_…, with MPOL_F_… */
			const char *nodes;
			const unsigned long *mask;
			unsigned long bits;
		} memory;
		struct {
			const struct sock_filter *program; /* BPF, of linux/filter.h */
			uint16_t length;
			const char *name; /* "default", or the profile's path */
			uint32_t flags;	  /* SECCOMP_FILTER_FLAG_… */
			bool notify;	  /* its listener goes to the supervisor */
			bool profile; /* somebody else's than ours: what it allows is not known */
		} filter;
		struct {
			uint64_t rights; /* LANDLOCK_ACCESS_FS_…, given below each path */
			const char *const *paths; /* inside; NULL-terminated */
		} landlock;
		struct {
			const char *const *candidates; /* files to try in order, as execvp(3) does;
							  NULL-terminated */
			const char *const *argv;       /* NULL-terminated */
			const char *const *envp;       /* NULL-terminated */
			bool shell_looked_up; /* no command was given: LOOKUP_USER's shell comes
						 first */
			bool home_looked_up;  /* HOME comes from LOOKUP_USER and replaces envp's */
		} exec;
	} a;
};

/* What the whole start needs beside its steps. */
struct plan {
	struct arena arena;
	struct step *steps;
	size_t count;
	int slots; /* how many descriptors the steps use */

	enum spec_kind kind;
	bool own_pid_ns;  /* PID 1 of a namespace of its own */
	bool init;	  /* our init runs as the first process */
	bool image;	  /* the init, or the command by way of it, comes from a file of our own */
	bool joins;	  /* there is a JOIN stage */
	bool oci;	  /* of an OCI bundle: nothing is added that was not said */
	bool awaits;	  /* there is an AWAIT_START */
	bool notifies;	  /* a filter's listener is sent */
	bool hooks;	  /* there is a HOOKS: somebody must answer the child */
	bool terminal;	  /* the child sends the master of its own terminal */
	bool cgroup;	  /* the process is made in a cgroup of its own */
	bool detached;	  /* nobody's job: no terminal, no dying with the caller */
	bool parent_maps; /* the child waits for the parent's MAPS steps */
	const char *summary_user; /* "root → 1000 (alice), 1–65536 → 100000–165535": for people */
	struct idmap uid_map, gid_map; /* in effect inside; empty when joined */
	const char *hostname;
	enum ns_mode ns_modes[NS_COUNT];

	/* life: for the supervisor */
	uint64_t timeout_seconds;
	int stop_signal;
	uint32_t preserve_fds;
	bool pidfd_open; /* the system calls that the supervisor may use */
	bool close_range, openat2, mount_api, mount_setattr, clone3, memfd_exec;

	/* a file that would spare the next planning work, for the front end to write; NULL: none */
	const char *cache_path;
	const void *cache_data;
	size_t cache_size;

	/* lines for stderr: defaults that this host cannot give, one sentence each */
	const char **notes;
	size_t note_count;
	/* for who reads the plan alone: what is passed over because nothing is lost by it */
	const char **remarks;
	size_t remark_count;
};

/* 0, or -errno with a message that names the flag and the way out. */
int plan_make(const struct spec *spec, const struct facts *facts, struct plan **ret,
	      struct rootlet_error *err);
void plan_free(struct plan *plan); /* NULL is fine */

/* The invariants that every plan must hold, asserted before any plan is run; -EPROTO names the
 * step. */
int plan_verify(const struct plan *plan, struct rootlet_error *err);

/* The three prints. Pure; `out` collects. print_sh takes what it needs from the plan alone. */
int plan_print_text(const struct plan *plan, bool color, struct buffer *out);
int plan_print_json(const struct plan *plan, struct buffer *out);
int plan_print_sh(const struct plan *plan, struct buffer *out);

/* One step's action in one line, without its why: "bind /usr → /usr (recursive, ro)". For the text
 * print and for messages. */
void step_describe(const struct step *step, struct buffer *out);

/* Notes and then remarks, for the printers; NULL after the last. */
static inline const char *plan_line(const struct plan *plan, size_t index)
{
	if (index < plan->note_count)
		return plan->notes[index];
	index -= plan->note_count;
	return index < plan->remark_count ? plan->remarks[index] : NULL;
}

static inline const char *step_why(const struct step *step)
{
	return step->why ? step->why : op_rows[step->op].why;
}

static inline enum plan_stage step_stage(const struct step *step)
{
	return op_rows[step->op].stage;
}

#endif
