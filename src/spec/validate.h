/* The parts of spec_validate; private to this room. Each returns 0 or -errno with the error filled.
 */
#ifndef ROOTLET_SPEC_VALIDATE_H
#define ROOTLET_SPEC_VALIDATE_H

#include "spec/spec.h"

/* -EINVAL with a message that is finished; hint may be NULL. */
int validate_refuse(struct rootlet_error *err, const char *id, const char *subject,
		    const char *message, const char *hint);

int validate_identity(const struct spec *spec, struct rootlet_error *err);
int validate_namespaces(const struct spec *spec, struct rootlet_error *err);
int validate_joins(const struct spec *spec, struct rootlet_error *err);

/* Of a spec that came from an OCI config: all of it, in the place of the others. */
int validate_oci(const struct spec *spec, struct rootlet_error *err);

/* Which namespace owns a setting below /proc/sys; NS_COUNT: none. */
enum ns_type validate_sysctl_owner(const char *key);
/* May something be mounted there? false: where the kernel's own /proc must be. */
bool validate_may_cover(const char *path);

#endif
