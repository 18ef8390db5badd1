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

#endif
