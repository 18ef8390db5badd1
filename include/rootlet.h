/* rootlet: containers without root. The public library interface. Unstable before 1.0.
 *
 * A container start is data before it is done:
 *
 *     text ──parse──▶ spec ──┐
 *                            ├──plan──▶ plan ──run──▶ process
 *     host ──probe──▶ facts ─┘
 *
 * Conventions. Functions return 0 or -errno, unless they say otherwise. The error object comes last
 * and may be NULL. `ret_` outputs are untouched on failure. Handles are opaque; every …_free
 * accepts NULL. Strings are UTF-8 and belong to the object that they came from, until it is freed.
 * Threads: an object belongs to one thread at a time; different objects are independent. Nothing
 * here changes the calling process but rootlet_process_* as documented there.
 */
#ifndef ROOTLET_H
#define ROOTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ROOTLET_PUBLIC __attribute__((visibility("default")))
#else
#define ROOTLET_PUBLIC
#endif

/* "0.1.0": of the library that is loaded. */
ROOTLET_PUBLIC const char *rootlet_version(void);

/* ---- errors ---- */

typedef struct rootlet_error rootlet_error;

/* NULL: no memory. One object can serve any number of calls; each failure overwrites it. */
ROOTLET_PUBLIC rootlet_error *rootlet_error_new(void);
ROOTLET_PUBLIC void rootlet_error_free(rootlet_error *err);
ROOTLET_PUBLIC int rootlet_error_code(const rootlet_error *err); /* -errno; 0: none */
ROOTLET_PUBLIC const char *rootlet_error_message(
	const rootlet_error *err);					 /* one line, WHAT: WHY */
ROOTLET_PUBLIC const char *rootlet_error_hint(const rootlet_error *err); /* "" when there is none */
ROOTLET_PUBLIC const char *rootlet_error_id(
	const rootlet_error *err); /* stable: "uid-map-overlap" */
ROOTLET_PUBLIC const char *rootlet_error_subject(
	const rootlet_error *err);					  /* path or flag, or "" */
ROOTLET_PUBLIC const char *rootlet_error_stage(const rootlet_error *err); /* "ROOT", or NULL */
ROOTLET_PUBLIC int rootlet_error_step(const rootlet_error *err);	  /* plan index, or -1 */

/* What a command should exit with after it: 125 rootlet itself failed, 126 the container's command
 * cannot be executed, 127 it was not found. */
ROOTLET_PUBLIC int rootlet_error_exit_status(const rootlet_error *err);

/* ---- options: the rows that the command line, its help and its completions are made from ---- */

typedef enum {
	ROOTLET_RUN = 1,
	ROOTLET_PLAN = 2,
	ROOTLET_UNSHARE = 4,
	ROOTLET_EXEC = 8,
} rootlet_command;

typedef struct {
	const char *name;    /* long name, without dashes */
	char letter;	     /* short name, or 0 */
	const char *metavar; /* the argument's name, or NULL when it takes none */
	bool optional;	     /* the argument may be left out (then only --name=value gives one) */
	const char *group;   /* heading */
	unsigned commands;   /* rootlet_command bits */
	bool repeats;
	bool weakens;
	const char *help;
} rootlet_option;

ROOTLET_PUBLIC size_t rootlet_option_count(void);
/* Fill *ret with row `index`. -ERANGE past the end. */
ROOTLET_PUBLIC int rootlet_option_get(size_t index, rootlet_option *ret);

/* ---- spec: what is wanted ---- */

typedef struct rootlet_spec rootlet_spec;

ROOTLET_PUBLIC int rootlet_spec_new(rootlet_command command, rootlet_spec **ret,
				    rootlet_error *err);
ROOTLET_PUBLIC void rootlet_spec_free(rootlet_spec *spec);
/* One option by its long name; value NULL for a flag. `origin` is what messages call it, or NULL.
 */
ROOTLET_PUBLIC int rootlet_spec_set(rootlet_spec *spec, const char *option, const char *value,
				    const char *origin, rootlet_error *err);
/* A configuration file's text; `path` is for messages. */
ROOTLET_PUBLIC int rootlet_spec_set_config(rootlet_spec *spec, const char *text, const char *path,
					   rootlet_error *err);
/* ROOTLET_… variables of a NULL-terminated environment. */
ROOTLET_PUBLIC int rootlet_spec_set_environment(rootlet_spec *spec, const char *const *environ,
						rootlet_error *err);
/* A command line after the subcommand's name: OPTIONS ROOT COMMAND ARG… (unshare: no ROOT). */
ROOTLET_PUBLIC int rootlet_spec_set_command_line(rootlet_spec *spec, int argc,
						 const char *const *argv, rootlet_error *err);
/* The last value that this command line gives for an option, or NULL, without applying anything:
 * for "config", whose text is applied before the line, and for how to print a mistake in the line.
 */
ROOTLET_PUBLIC const char *rootlet_find_value(rootlet_command command, const char *option, int argc,
					      const char *const *argv);
/* An option that concerns the front end, as text: "color", "log-level", "log-format", "state-dir",
 * "facts", "format" ("text", "json", "sh"), "name", "cidfile", "container" (exec), "detach-keys",
 * or a flag ("help", "timings", "verbose", "tty", "detach", "interactive", "rm", "replace":
 * "true"). NULL when it was not given. */
ROOTLET_PUBLIC const char *rootlet_spec_get(const rootlet_spec *spec, const char *option);
/* What can be judged without the host. */
ROOTLET_PUBLIC int rootlet_spec_validate(const rootlet_spec *spec, rootlet_error *err);

/* ---- facts: what the host gives ---- */

typedef struct rootlet_facts rootlet_facts;

/* Probe what this spec needs; spec NULL: everything, which starts (and ends) a few processes that
 * try out namespaces and mounts of their own. */
ROOTLET_PUBLIC int rootlet_facts_probe(const rootlet_spec *spec, rootlet_facts **ret,
				       rootlet_error *err);
ROOTLET_PUBLIC int rootlet_facts_load(const char *path, rootlet_facts **ret, rootlet_error *err);
/* A JSON text that the caller frees with free(3). */
ROOTLET_PUBLIC int rootlet_facts_save(const rootlet_facts *facts, char **ret_json,
				      rootlet_error *err);
ROOTLET_PUBLIC void rootlet_facts_free(rootlet_facts *facts);

/* ---- doctor: what this host allows, what it lacks, and what mends it ---- */

typedef struct rootlet_doctor rootlet_doctor;

typedef enum {
	ROOTLET_VERDICT_UNKNOWN, /* the facts do not say */
	ROOTLET_VERDICT_GREEN,
	ROOTLET_VERDICT_AMBER, /* something that people ask for does not work */
	ROOTLET_VERDICT_RED,   /* no container starts, or none with ranges of ids */
} rootlet_verdict;

/* One thing that was looked at. */
typedef struct {
	const char *id, *group, *title; /* "helpers", "Ids", "newuidmap" */
	const char *found;		/* what is there, or what is wrong */
	rootlet_verdict verdict;
	const char *problem; /* the id of its worst problem, or NULL */
} rootlet_doctor_row;

/* One thing that stands in the way. Every text is one line; "" where there is nothing to say. */
typedef struct {
	const char *id;		   /* a message id: rootlet_message_explain knows it */
	const char *row;	   /* the id of its row */
	rootlet_verdict verdict;   /* green: a fallback is taken, nothing is lost */
	const char *title;	   /* the good state: "newuidmap and newgidmap are installed" */
	const char *means;	   /* what is the case instead */
	const char *why;	   /* what follows from it, and why the kernel has it so */
	const char *checked;	   /* the file or command by which anybody can check it */
	const char *mend;	   /* the exact line that mends it, for this distribution */
	const char *meanwhile;	   /* what works as it is */
	const char *administrator; /* a sentence to send to whoever has root */
} rootlet_doctor_problem;

/* Judge facts, from rootlet_facts_probe(NULL, …) or a file. Pure: probes nothing. */
ROOTLET_PUBLIC int rootlet_doctor_run(const rootlet_facts *facts, rootlet_doctor **ret,
				      rootlet_error *err);
ROOTLET_PUBLIC void rootlet_doctor_free(rootlet_doctor *doctor);
/* The worst of its rows. */
ROOTLET_PUBLIC rootlet_verdict rootlet_doctor_verdict(const rootlet_doctor *doctor);
/* Fill *ret with row or problem `index`. -ERANGE past the end. */
ROOTLET_PUBLIC int rootlet_doctor_row_get(const rootlet_doctor *doctor, size_t index,
					  rootlet_doctor_row *ret);
ROOTLET_PUBLIC int rootlet_doctor_problem_get(const rootlet_doctor *doctor, size_t index,
					      rootlet_doctor_problem *ret);
/* Plain text to send to an administrator; NULL when there is nothing to ask for. */
ROOTLET_PUBLIC const char *rootlet_doctor_letter(const rootlet_doctor *doctor);

/* ---- messages: what rootlet_error_id stands for, at length ---- */

typedef struct {
	const char *id;
	const char *title;    /* "no subordinate ids" */
	const char *happened; /* paragraphs, each one line */
	const char *why;
	const char *mend; /* "" when there is nothing to do */
} rootlet_message;

/* -ENOENT: no such id. Static texts. */
ROOTLET_PUBLIC int rootlet_message_explain(const char *id, rootlet_message *ret);
/* The ids in alphabetical order. -ERANGE past the end. */
ROOTLET_PUBLIC int rootlet_message_get(size_t index, rootlet_message *ret);

/* ---- plan: what will be done, and why ---- */

typedef struct rootlet_plan rootlet_plan;

typedef enum { ROOTLET_FORMAT_TEXT, ROOTLET_FORMAT_JSON, ROOTLET_FORMAT_SH } rootlet_format;

/* Pure: probes nothing, touches nothing. The plan is verified. It keeps nothing of spec or facts.
 */
ROOTLET_PUBLIC int rootlet_plan_make(const rootlet_spec *spec, const rootlet_facts *facts,
				     rootlet_plan **ret, rootlet_error *err);
ROOTLET_PUBLIC void rootlet_plan_free(rootlet_plan *plan);
ROOTLET_PUBLIC size_t rootlet_plan_step_count(const rootlet_plan *plan);
/* Sentences on defaults that this host cannot give; NULL past the end. */
ROOTLET_PUBLIC const char *rootlet_plan_note(const rootlet_plan *plan, size_t index);
/* Keep what this planning had to compute and the next need not (a seccomp profile, compiled) in the
 * user's cache folder. Optional; the plan itself does not change. */
ROOTLET_PUBLIC void rootlet_plan_keep(const rootlet_plan *plan);
/* The whole plan as text that the caller frees with free(3). `color` counts for TEXT only. */
ROOTLET_PUBLIC int rootlet_plan_print(const rootlet_plan *plan, rootlet_format format, bool color,
				      char **ret_text, rootlet_error *err);

/* ---- process: a plan that runs ---- */

typedef struct rootlet_process rootlet_process;

typedef struct {
	bool timings;	     /* measure every step */
	int status_fd;	     /* one JSON object a line is written there; -1: none */
	const char *pidfile; /* NULL: none; removed at the end */
	bool tiny_waiter;    /* wait may replace the calling program by a tiny one (see there) */
	const struct rootlet_container *container; /* exec: the one to enter; NULL otherwise */
	/* What rootlet_process_wait writes to standard error when the kernel has killed a process
	 * of the container because its memory limit was reached; NULL: nothing. */
	const char *memory_note;
} rootlet_start_options;

/* The options that the spec itself asked for (--timings, --status-fd, --pidfile); tiny_waiter is
 * off. */
ROOTLET_PUBLIC void rootlet_spec_start_options(const rootlet_spec *spec,
					       rootlet_start_options *ret);

/* Carry the plan out up to the exec of its first process. On failure nothing is left behind. The
 * calling process gains one child; SIGCHLD and every other disposition of it stay as they are. */
ROOTLET_PUBLIC int rootlet_process_start(const rootlet_plan *plan,
					 const rootlet_start_options *options,
					 rootlet_process **ret, rootlet_error *err);
/* The container's first process, as seen from the caller's pid namespace. */
ROOTLET_PUBLIC int rootlet_process_pid(const rootlet_process *process);
/* Sentences on defaults that turned out not to be had during the start; NULL past the end. */
ROOTLET_PUBLIC const char *rootlet_process_note(const rootlet_process *process, size_t index);
/* Wait for the end, in the foreground: forwards the signals that the caller gets, keeps job control
 * right, ends the container after its timeout. *ret_status is an exit status as the shell has it
 * (the command's own, or 128+N). While it waits, signals are blocked in the calling thread and the
 * process should have only one. With tiny_waiter, a wait that lasts replaces the calling program by
 * a small one that exits with that status, so this function then never returns: for commands, not
 * for libraries. */
ROOTLET_PUBLIC int rootlet_process_wait(rootlet_process *process, int *ret_status,
					rootlet_error *err);
/* One line on step `index`: "bind /usr at /usr". The caller frees it with free(3). */
ROOTLET_PUBLIC int rootlet_plan_step_text(const rootlet_plan *plan, size_t index, char **ret_text);
ROOTLET_PUBLIC const char *rootlet_plan_step_stage(const rootlet_plan *plan, size_t index);

/* Nanoseconds that step `index` took; -ENODATA without timings. */
ROOTLET_PUBLIC int rootlet_process_timing(const rootlet_process *process, size_t index,
					  uint64_t *ret_ns);
/* Kills the container if it still lives, and reaps it. */
ROOTLET_PUBLIC void rootlet_process_free(rootlet_process *process);

/* ---- containers: what is kept of them, and what can be done with those that live ---- */

/* The folder that holds the state of all containers of this user: docs/STATE.md. */
typedef struct rootlet_store rootlet_store;

/* `state_dir` NULL: $XDG_RUNTIME_DIR/rootlet, or the next best place. Without `make` a store that
 * is missing is an empty one. */
ROOTLET_PUBLIC int rootlet_store_open(const char *state_dir, bool make, rootlet_store **ret,
				      rootlet_error *err);
ROOTLET_PUBLIC void rootlet_store_free(rootlet_store *store);
/* A sentence on where it is, when that is not the usual place; or NULL. */
ROOTLET_PUBLIC const char *rootlet_store_note(const rootlet_store *store);
ROOTLET_PUBLIC const char *rootlet_store_path(const rootlet_store *store);
/* Delete what killed rootlets have left. *ret_count (may be NULL): how much. */
ROOTLET_PUBLIC int rootlet_store_sweep(const rootlet_store *store, size_t *ret_count,
				       rootlet_error *err);

/* A container. Its store must outlive it. */
typedef struct rootlet_container rootlet_container;

/* By name, id, or unique beginning of an id. With `broken` one whose files cannot be trusted is
 * found too, to be looked at or removed. */
ROOTLET_PUBLIC int rootlet_container_find(const rootlet_store *store, const char *text, bool broken,
					  rootlet_container **ret, rootlet_error *err);
ROOTLET_PUBLIC void rootlet_container_free(rootlet_container *container);

/* All of them, newest first; or those that live. They belong to the list, and can only be looked
 * at: find one to act on it. */
typedef struct rootlet_list rootlet_list;
ROOTLET_PUBLIC int rootlet_container_list(const rootlet_store *store, bool all, rootlet_list **ret,
					  rootlet_error *err);
ROOTLET_PUBLIC size_t rootlet_list_count(const rootlet_list *list);
ROOTLET_PUBLIC const rootlet_container *rootlet_list_get(const rootlet_list *list, size_t index);
ROOTLET_PUBLIC void rootlet_list_free(rootlet_list *list);

/* As it was when the container was found. Strings belong to it. Times are nanoseconds since the
 * epoch, 0 when there is none. */
typedef struct {
	const char *id, *name;
	const char *status; /* "created", "running", "paused", "exited" */
	bool alive;	    /* running or paused */
	bool lost;	    /* it has exited, and nobody lived to record how */
	const char *broken; /* why its files cannot be trusted, or NULL */
	const char *root;   /* as it was given */
	const char *const *command;
	size_t command_count;
	const char *const *words; /* the whole command line after `rootlet run`; empty in a list */
	size_t word_count;
	const char *cwd; /* where `run` was called: relative paths in words begin there */
	const char *version, *plan_digest;
	const char *const *notes; /* what was downgraded; empty in a list */
	size_t note_count;
	const char *cgroup;	 /* its directory, or NULL */
	const char *detach_keys; /* as its run has them, or NULL; NULL in a list */
	bool tty, interactive, detached, remove;
	int pid, monitor;	/* as the host sees them; 0: none */
	uint64_t namespaces[8]; /* inodes: user pid mnt uts ipc net cgroup time; 0: not known */
	int64_t created, started, finished;
	bool has_exit;
	int exit_status, exit_signal;
	bool timed_out;
	bool oom_killed; /* the kernel killed a process of it: its memory limit was reached */
} rootlet_container_info;

ROOTLET_PUBLIC void rootlet_container_get(const rootlet_container *container,
					  rootlet_container_info *ret);
/* A descriptor of its state folder, which has its log; it belongs to the container. -1 in a list.
 */
ROOTLET_PUBLIC int rootlet_container_folder(const rootlet_container *container);
/* Look again: -ENOENT when it was removed. */
ROOTLET_PUBLIC int rootlet_container_refresh(rootlet_container *container, rootlet_error *err);

/* Keep a container that this spec and plan describe, under the spec's --name or a generated one.
 * With --replace one of that name is removed first. Nobody sees it before it is started. */
ROOTLET_PUBLIC int rootlet_container_create(const rootlet_store *store, const rootlet_spec *spec,
					    const rootlet_facts *facts, const rootlet_plan *plan,
					    rootlet_container **ret, rootlet_error *err);
/* For another start: the container, locked, so that only one does it. ids: already-running,
 * removes-itself. */
ROOTLET_PUBLIC int rootlet_container_begin(const rootlet_store *store, const char *text,
					   rootlet_container **ret, rootlet_error *err);
/* The spec to start it with again. Relative paths in it begin at info.cwd: be there (chdir(2)) for
 * facts, plan and start. The container must outlive it. */
ROOTLET_PUBLIC int rootlet_container_spec(const rootlet_container *container, rootlet_spec **ret,
					  rootlet_error *err);
/* A spec for a further command in it: its own, with the words after `rootlet exec` over it. The
 * container must outlive the spec, its facts and its process. */
ROOTLET_PUBLIC int rootlet_container_exec_spec(const rootlet_container *container, int argc,
					       const char *const *argv, rootlet_spec **ret,
					       rootlet_error *err);

typedef struct {
	int pid;	      /* of its first process */
	const char *notes[4]; /* static sentences, as rootlet_process_note; NULL after the last */
	int client;	      /* with `attached`: for rootlet_attach, which closes it; else -1 */
} rootlet_started;

/* Start a container, or with `container` NULL a further command that has a terminal, under a
 * monitor of its own that lives on: run -d, run -t, exec -t, start. Returns once the command runs.
 * With `attached` the caller is its first client and its owner: the container ends with that
 * connection, unless the client detaches. On failure a container that was new is gone. */
ROOTLET_PUBLIC int rootlet_container_start(rootlet_container *container, const rootlet_spec *spec,
					   const rootlet_plan *plan,
					   const rootlet_start_options *options, bool attached,
					   rootlet_started *ret, rootlet_error *err);
/* A further command that nobody waits for (exec -d). */
ROOTLET_PUBLIC int rootlet_exec_detached(const rootlet_plan *plan,
					 const rootlet_start_options *options, rootlet_error *err);

/* Let others find a container whose process the caller supervises itself: now, under the state that
 * was created; or, with rootlet_process_keep_late, once the wait for it becomes a long one, under a
 * generated name. rootlet_process_wait records its end, or removes it. */
ROOTLET_PUBLIC int rootlet_process_keep(rootlet_process *process, rootlet_container *container,
					rootlet_error *err);
ROOTLET_PUBLIC void rootlet_process_keep_late(rootlet_process *process, const rootlet_spec *spec,
					      const rootlet_facts *facts, const rootlet_plan *plan);

/* A connection to a running container's monitor, for rootlet_attach. A descriptor, or -errno. */
ROOTLET_PUBLIC int rootlet_container_connect(const rootlet_container *container,
					     rootlet_error *err);

typedef struct {
	bool tty;		 /* the container has a terminal */
	bool no_stdin;		 /* read nothing from the caller's standard input */
	bool sig_proxy;		 /* signals that the caller gets are for the container */
	const char *detach_keys; /* "ctrl-p,ctrl-q"; NULL: none */
} rootlet_attach_options;

/* Connect the caller's standard streams with a container until it ends or the user detaches. For
 * commands: the calling program is replaced by a small one that exits with the container's status;
 * where that cannot be, it does the same in place and returns that status. `client` is closed. */
ROOTLET_PUBLIC int rootlet_attach(int client, const rootlet_attach_options *options,
				  int *ret_status, rootlet_error *err);

/* A signal to its first process; SIGKILL ends all that it has. */
ROOTLET_PUBLIC int rootlet_container_kill(rootlet_container *container, int signal,
					  rootlet_error *err);
/* Its stop signal, and SIGKILL after `seconds` (-1: as its --stop-timeout says). 0 once it has
 * ended, also when it had before. With several, ask each to stop first: the stop of one that was
 * asked sends no second signal and counts from then. */
ROOTLET_PUBLIC int rootlet_container_stop(rootlet_container *container, int64_t seconds,
					  rootlet_error *err);
ROOTLET_PUBLIC int rootlet_container_ask_to_stop(rootlet_container *container, rootlet_error *err);
/* Freeze all its processes, or let them go on. -EOPNOTSUPP where it has no cgroup of its own. */
ROOTLET_PUBLIC int rootlet_container_pause(rootlet_container *container, bool paused,
					   rootlet_error *err);
/* Until it has ended. *ret_status: its exit status, 125 when nobody recorded it. */
ROOTLET_PUBLIC int rootlet_container_wait(rootlet_container *container, int *ret_status,
					  rootlet_error *err);
ROOTLET_PUBLIC int rootlet_container_rename(rootlet_container *container, const char *name,
					    rootlet_error *err);
/* Delete its state; with `force` also of one that runs, which is killed first. */
ROOTLET_PUBLIC int rootlet_container_remove(rootlet_container *container, bool force,
					    rootlet_error *err);

/* All that is known of it as JSON (rootlet-inspect(1)), which the caller frees with free(3). */
ROOTLET_PUBLIC int rootlet_container_inspect(const rootlet_container *container, char **ret_json,
					     rootlet_error *err);

/* What a detached container has printed, from the oldest line that is kept. The container must
 * outlive it. */
typedef struct rootlet_log rootlet_log;

typedef struct {
	bool from_stderr;
	bool partial; /* the line goes on in the next entry of its stream */
	bool missing; /* the log was rotated faster than it was read: before this, lines are lost */
	int64_t time; /* nanoseconds since the epoch; 0: not known */
	const char *text; /* until the next call; without the newline, and not ended by a NUL */
	size_t length;
} rootlet_log_entry;

/* ids: no-log, log-read. */
ROOTLET_PUBLIC int rootlet_log_open(const rootlet_container *container, rootlet_log **ret,
				    rootlet_error *err);
ROOTLET_PUBLIC void rootlet_log_free(rootlet_log *log);
/* Only the last `lines` lines of both streams together. Before the first next. */
ROOTLET_PUBLIC int rootlet_log_tail(rootlet_log *log, uint64_t lines, rootlet_error *err);
/* 1: an entry; 0: none at the moment; -errno. */
ROOTLET_PUBLIC int rootlet_log_next(rootlet_log *log, rootlet_log_entry *ret, rootlet_error *err);
/* Wait until there may be more. False: the container has ended, and all that it printed is there to
 * be read. */
ROOTLET_PUBLIC bool rootlet_log_wait(rootlet_log *log);
/* For who is slow: poll(2) this (-1: nothing to poll) beside the output, and when it is readable
 * call rootlet_log_notice, so that a file that is rotated away is held open. */
ROOTLET_PUBLIC int rootlet_log_fd(const rootlet_log *log);
ROOTLET_PUBLIC void rootlet_log_notice(rootlet_log *log);

/* All processes of the host at one moment: made once for any number of containers. */
typedef struct rootlet_scan rootlet_scan;
ROOTLET_PUBLIC int rootlet_scan_make(rootlet_scan **ret, rootlet_error *err);
ROOTLET_PUBLIC void rootlet_scan_free(rootlet_scan *scan);

/* The processes of a running container, as both sides number them, in the order of their pids. */
typedef struct rootlet_processes rootlet_processes;

typedef struct {
	int pid, host_pid;     /* in the container, and as the caller sees it */
	int64_t uid, host_uid; /* uid -1: it has none in the container */
	char state;	       /* 'R', 'S' …: proc_pid_stat(5) */
	uint64_t cpu_ns;       /* used so far */
	uint64_t rss, pss;     /* bytes; pss 0: not asked for, or not to be had */
	const char *command;
} rootlet_process_row;

/* `pss` costs the kernel a walk over every page. ids: not-running, processes-read. */
ROOTLET_PUBLIC int rootlet_processes_read(const rootlet_container *container,
					  const rootlet_scan *scan, bool pss,
					  rootlet_processes **ret, rootlet_error *err);
/* -ERANGE past the end. */
ROOTLET_PUBLIC int rootlet_processes_get(const rootlet_processes *processes, size_t index,
					 rootlet_process_row *ret);
ROOTLET_PUBLIC void rootlet_processes_free(rootlet_processes *processes);

/* Copy a file, or a directory with all in it, into a running container or out of it. `path` is
 * resolved with the container's root as `/`; copies belong to its root inside, to the caller
 * outside. A destination that is a directory takes the copy in, under its name; a source that ends
 * with "/." is copied without its name. *ret_passed (may be NULL): how many devices, sockets and
 * pipes were left out. ids: not-running, copy. */
ROOTLET_PUBLIC int rootlet_container_copy_in(const rootlet_container *container, const char *local,
					     const char *path, size_t *ret_passed,
					     rootlet_error *err);
ROOTLET_PUBLIC int rootlet_container_copy_out(const rootlet_container *container, const char *path,
					      const char *local, size_t *ret_passed,
					      rootlet_error *err);

/* "TERM", "SIGTERM", "15", "RTMIN+3" → its number; 0: there is no such signal. */
ROOTLET_PUBLIC int rootlet_signal_number(const char *text);

/* ---- explain: a process or a file, from both sides of a user namespace ---- */

typedef struct rootlet_explanation rootlet_explanation;

typedef enum {
	ROOTLET_EXPLAIN_TEXT,
	ROOTLET_EXPLAIN_JSON,
	ROOTLET_EXPLAIN_SVG,
} rootlet_explain_format;

typedef struct {
	unsigned width; /* columns; 0: 80, for SVG 160. From 150 on there are two columns of text */
	bool color;	/* TEXT only: escape sequences */
	bool ascii;	/* TEXT only: no character outside of ASCII */
} rootlet_explain_options;

/* Look at a process: its namespaces beside the caller's, its id maps, the tree of user namespaces,
 * capabilities, its numbers. 0 is the calling process. Reads only; what may not be read is part of
 * the result and no error. */
ROOTLET_PUBLIC int rootlet_explain_process(int pid, rootlet_explanation **ret, rootlet_error *err);
/* Look at a file through every user namespace of the caller's processes: its owner there, and who
 * may do what by which rule. `user`: a name of /etc/passwd or a number, which is judged in each as
 * that namespace counts; NULL judges the caller and the processes that live there. */
ROOTLET_PUBLIC int rootlet_explain_file(const char *path, const char *user,
					rootlet_explanation **ret, rootlet_error *err);
/* The user namespace of this inode belongs to the container of that name, and is drawn as such. Of
 * a namespace that is not in it nothing happens. */
ROOTLET_PUBLIC int rootlet_explain_name(rootlet_explanation *explanation, uint64_t userns,
					const char *name, rootlet_error *err);
/* The whole as text that the caller frees with free(3). `options` NULL: defaults. */
ROOTLET_PUBLIC int rootlet_explain_print(const rootlet_explanation *explanation,
					 rootlet_explain_format format,
					 const rootlet_explain_options *options, char **ret_text,
					 rootlet_error *err);
ROOTLET_PUBLIC void rootlet_explain_free(rootlet_explanation *explanation);

/* Refuse to go on in a program that is setuid, setgid or has file capabilities: rootlet never is.
 * Call it first in main. -EPERM with a message. */
ROOTLET_PUBLIC int rootlet_check_unprivileged(rootlet_error *err);

#ifdef __cplusplus
}
#endif

#endif
