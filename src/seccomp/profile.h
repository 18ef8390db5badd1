/* A user's own seccomp profile: JSON as in the OCI runtime-spec (linux.seccomp) or as Docker and
 * podman write it → BPF. Compiles; reads no file, asks nothing of the host and loads nothing.
 *
 * Stricter than runc where a profile would else come out weaker than it reads. An error, with its
 * place: an unknown field; a call that is to be refused under a default that allows, and that
 * libseccomp does not know; two comparisons of one argument in one rule (libseccomp cannot; runc
 * turns "and" into "or"); a rule on arguments that a milder rule for the whole call makes void;
 * a flag, or a call that a listener shall answer, which only a config.json can ask for. Where two
 * rules for a whole call disagree (podman's own profile has setns twice), the stricter wins, not
 * the first. Calls that are to be allowed and are not known are passed over, as everywhere: lists
 * name newer calls than libseccomp does.
 *
 * Kinder than it reads in one place, as in runc: where the default is an errno, calls newer than
 * all that the profile names answer ENOSYS (profile_newer.h).
 */
#ifndef ROOTLET_SECCOMP_PROFILE_H
#define ROOTLET_SECCOMP_PROFILE_H

#include "seccomp/filter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `capabilities` (bit n: capability n) decides over includes.caps and excludes.caps,
 * `kernel_release`
 * ("6.1.0-40-amd64", of uname(2)) over minKernel. The program lies in the arena, its name is
 * `path`. The profile may allow what seccomp_always() refuses: load both. */
int seccomp_profile_compile(struct arena *a, const char *text, size_t len, const char *path,
			    uint64_t capabilities, const char *kernel_release,
			    struct seccomp_filter *ret, struct rootlet_error *err);

/* linux.seccomp of a config.json: the same, but unknown members are passed over, as the
 * runtime-spec demands, and it may ask for flags and for a listener. */
struct seccomp_part {
	const char *text;
	size_t len;
	const char *path;    /* the config's */
	size_t line, column; /* where the text begins there; 0: not known */
	bool listener;	     /* somebody will answer SCMP_ACT_NOTIFY */
};

/* *ret_note: what is not as it reads, as a sentence, or NULL: a call that was to be refused and
 * that libseccomp does not know is passed over; two comparisons of one argument in a rule are two
 * rules, as runc has it. */
int seccomp_part_compile(struct arena *a, const struct seccomp_part *part, uint64_t capabilities,
			 const char *kernel_release, struct seccomp_filter *ret,
			 const char **ret_note, struct rootlet_error *err);

#endif
