/* The host's side of a running container: waits for its end, passes signals on, keeps job control
 * right, ends it after its timeout.
 *
 * Freestanding, so that the library (rootlet_process_wait) and the waiter, a program without a C
 * library, share it. It starts nothing and builds no message: it only watches one process that was
 * already started, and it reports in numbers.
 *
 * What the caller brings
 *   - every catchable signal blocked since before the clone, in a process with one thread; a signal
 * that the caller ignores (nohup, `&` of a script) is not passed on
 *   - SIGCHLD not ignored from the clone on, if it wants the status of a container without init: a
 * child that ends meanwhile leaves none. With an init the status comes over the control channel as
 * well
 *   - the container in a process group of its own that its first process leads. Without that, job
 * control is left to the shell, and what the terminal sends is not passed on: it went to everybody
 * already
 *
 * Without init the first process is the command. When it is PID 1 of its pid namespace, the kernel
 * drops every signal that it has no handler for, stops and the timeout's first signal among them.
 */
#ifndef ROOTLET_INIT_SUPERVISE_H
#define ROOTLET_INIT_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	/* supervise_run: nothing happened for handover_ns. Never a status or -errno. */
	SUPERVISE_HANDOVER = -65536,
	/* the result after a timeout, as timeout(1) has it */
	SUPERVISE_TIMED_OUT = 124,
	/* from the timeout's first signal to SIGKILL */
	SUPERVISE_GRACE_SECONDS = 10,
	/* descriptors that a hook may add */
	SUPERVISE_MORE = 12,
};

struct pollfd;
struct supervise;

/* More to watch in the same ppoll: the monitor's part. */
struct supervise_hook {
	/* Before each wait: up to SUPERVISE_MORE descriptors; returns how many. May shorten
	 * *wait_ns (0: as long as it takes), after which it is called again. */
	unsigned int (*fill)(struct supervise *s, struct pollfd *fds, uint64_t *wait_ns);
	/* After a wait that found something. */
	void (*serve)(struct supervise *s, const struct pollfd *fds);
};

enum supervise_phase {
	SUPERVISE_RUNNING,
	SUPERVISE_STOPPING, /* the stop signal was sent */
	SUPERVISE_KILLING,  /* an init without its own pid namespace was told to kill all it has */
	SUPERVISE_KILLED,   /* SIGKILL was sent */
};

struct supervise {
	/* in */
	int pid;   /* the container's first process: a child of the caller that nobody else reaps */
	int pidfd; /* of it, or -1 */
	int control_fd;	      /* the supervisor's end (wire.h), or -1; closed at the end */
	int tty_fd;	      /* the controlling terminal, or -1: no job control */
	int status_fd;	      /* JSON lines: stopped, continued, exited; or -1 */
	int stop_signal;      /* after timeout_ns; 0: SIGTERM */
	bool init;	      /* the first process is our init */
	bool host_pid;	      /* it was started with INIT_FLAG_HOST_PID */
	bool foreground_tty;  /* the container's group was made the terminal's foreground group */
	bool mirror_signal;   /* for supervise_exit, here and in the waiter */
	uint64_t timeout_ns;  /* from the first call on; 0: none */
	uint64_t handover_ns; /* return SUPERVISE_HANDOVER after so long a silence; 0: never */
	const struct supervise_hook *hook; /* or NULL; its own data is behind hook_data */
	void *hook_data;

	/* out */
	int exec_error;	 /* errno: the command never ran, and the result is 126 or 127 */
	int exec_detail; /* enum wire_detail */
	int exit_signal; /* what killed the command, or 0 */
	bool timed_out;
	bool interrupted; /* exit_signal came from the terminal, and our own group got it too */

	/* state: zero at first. What a handover must carry on comes first. */
	int group;	  /* the container's process group, or 0: none of its own */
	int resume_group; /* whom the terminal goes back to when we are continued, or 0 */
	bool running;	  /* supervise_run was here before */
	bool has_tty;	  /* the terminal's foreground group is the container's */
	bool stopped;
	bool suspending; /* we were asked to stop: stop as soon as the command does */
	bool hung_up;	 /* it was told once that nobody can continue it */
	bool abandoned;	 /* its owner is gone: the deadline is no timeout (not in a handover) */
	enum supervise_phase phase;
	uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
	uint64_t relayed;     /* signals of the terminal that we gave to our own group */
	uint64_t forwarded;   /* signals that we passed on */
	/* made anew by each supervise_run */
	uint64_t ignored, old_mask, old_chld[4];
	int signal_fd, exit_status;
	bool exit_known; /* WIRE_EXITED came */
	bool ended;
};

/* Wait for the end. Returns the exit status as the shell has it (the command's own, 128+N, 124
 * after the timeout), SUPERVISE_HANDOVER, or -errno when it cannot watch at all (then nothing was
 * changed but the signal mask, which is restored). At the end the first process is reaped, the
 * terminal is our group's again, the control channel is closed, and the signal mask and SIGCHLD are
 * as they were; what was pending has been read. After SUPERVISE_HANDOVER nothing is restored: call
 * waiter_exec (handover.h), and if that fails call supervise_run again with handover_ns 0. */
int supervise_run(struct supervise *s);

/* End the calling program as the command ended. With mirror_signal, and when Ctrl-C or
 * Ctrl-\ killed the command, by that same signal: a shell's loop around us then ends too, and $? is
 * 128+N all the same. */
_Noreturn void supervise_exit(const struct supervise *s, int status);

/* From a hook: end the container without asking the command. Its init kills all that it has, as it
 * does when we die; SIGKILL follows soon. */
void supervise_end(struct supervise *s);
/* The same with a terminal: a hang-up first, as when a window is closed, so that a shell can write
 * its history; supervise_end's way a second later. `terminal_fd` is the pty's master. */
void supervise_hang_up(struct supervise *s, int terminal_fd);

/* ---- between supervise.c, job_control.c and the monitor ---- */

void supervise_forward(struct supervise *s, int sig);	   /* to the first process */
void supervise_group_signal(struct supervise *s, int sig); /* to the whole group, once each */

void job_begin(struct supervise *s);
void job_stopped(struct supervise *s, int sig); /* the command was stopped by sig */
void job_suspend(struct supervise *s);		/* we were asked to stop */
void job_continue(struct supervise *s);		/* we were continued */
void job_terminal_signal(struct supervise *s,
			 int sig);     /* the container got sig from the terminal */
void job_wake_up(struct supervise *s); /* it was hung up, and may be stopped in part */
void job_end(struct supervise *s);

#endif
