/* The handle of an OCI container: between the files of the façade that take one. */
#ifndef ROOTLET_LIB_BUNDLE_HANDLE_H
#define ROOTLET_LIB_BUNDLE_HANDLE_H

#include "rootlet_bundle.h"

#include "bundle/bundle.h"

enum { OWNER_MAX = 64 };

struct rootlet_bundle {
	struct bundle *bundle;
	char created[BUNDLE_TIME_ROOM];
	char owner[OWNER_MAX];
};

#endif
