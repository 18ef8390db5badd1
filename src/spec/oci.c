/* Making what an OCI config says, and the names of its parts. The structs are filled by parse. */
#include "spec/oci.h"

#include "spec/spec.h"

const char *const oci_hook_names[OCI_HOOK_POINTS] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
};

void oci_resources_init(struct oci_resources *r)
{
	*r = (struct oci_resources){
		.memory_limit = OCI_UNSET,
		.memory_reservation = OCI_UNSET,
		.memory_swap = OCI_UNSET,
		.memory_kernel = OCI_UNSET,
		.memory_kernel_tcp = OCI_UNSET,
		.memory_swappiness = OCI_UNSET,
		.pids_limit = OCI_UNSET,
		.cpu_shares = OCI_UNSET,
		.cpu_quota = OCI_UNSET,
		.cpu_burst = OCI_UNSET,
		.cpu_period = OCI_UNSET,
		.cpu_idle = OCI_UNSET,
		.cpu_realtime_runtime = OCI_UNSET,
		.cpu_realtime_period = OCI_UNSET,
		.blkio_weight = OCI_UNSET,
		.blkio_leaf_weight = OCI_UNSET,
	};
}

struct spec_oci *spec_oci_new(struct spec *spec)
{
	struct spec_oci *oci = arena_alloc(&spec->arena, sizeof(*oci));

	if (!oci)
		return NULL;
	oci_resources_init(&oci->resources);
	spec->oci = oci;
	return oci;
}
