/* An OCI config.json → spec and spec->oci (spec/oci.h). Pure: nothing is looked up.
 *
 * Unknown members are passed over, as the runtime-spec demands; a member that is known has the
 * right type and lies in its range, or there is an error: `PATH:LINE:COLUMN: /json/pointer: WHY`
 * and -EINVAL. What the spec wants to be passed over with a warning is a line of oci->notes. null
 * means "not given". `path` is the file's name for messages. The texts need not end in NUL.
 */
#ifndef ROOTLET_PARSE_OCI_H
#define ROOTLET_PARSE_OCI_H

#include "base/error.h"
#include "spec/oci.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <stddef.h>

/* A whole config.json. `bundle` is absolute: a relative root and relative sources of binds begin
 * there. Makes spec->oci unless it is there. Contradictions between its parts are spec_validate's.
 */
int parse_oci_config(struct spec *spec, const char *bundle, const char *text, size_t len,
		     const char *path, struct rootlet_error *err);

/* exec's process.json: one process object, over what the spec has from the container's config.
 * args, env, cwd, user and terminal are its own; what else it does not have (capabilities,
 * noNewPrivileges, rlimits, labels, umask …) stays the container's. */
int parse_oci_process(struct spec *spec, const char *text, size_t len, const char *path,
		      struct rootlet_error *err);

/* update's resources: what is given, over what *ret has (oci_resources_init). */
int parse_oci_resources(struct arena *a, struct oci_resources *ret, const char *text, size_t len,
			const char *path, struct rootlet_error *err);

/* The text of a config that runs, as `spec` writes it: for a bundle whose root is ./rootfs.
 * `rootless`: with a user namespace in which uid and gid, the caller's, are root, and with the
 * host's network. NULL: no memory. */
const char *parse_oci_default(struct arena *a, bool rootless, uint32_t uid, uint32_t gid);

/* What a config may say here, for the features document: one word an index, NULL past the end. */
const char *parse_oci_mount_option(size_t index);
const char *parse_oci_memory_mode(size_t index);
const char *parse_oci_memory_flag(size_t index);

#endif
