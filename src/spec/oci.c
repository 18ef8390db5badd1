/* The names of an OCI config's parts. Data only; the structs are filled by parse. */
#include "spec/oci.h"

const char *const oci_hook_names[OCI_HOOK_POINTS] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
};
