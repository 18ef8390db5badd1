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

bool oci_resources_limit(const struct oci_resources *r)
{
	/* OCI_UNSET is below 0 */
	const int64_t numbers[] = {
		r->memory_limit,
		r->memory_reservation,
		r->memory_swap,
		r->memory_swappiness,
		r->cpu_shares,
		r->cpu_quota,
		r->cpu_burst,
		r->cpu_period,
		r->cpu_idle,
		r->cpu_realtime_runtime,
		r->cpu_realtime_period,
		r->blkio_weight,
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (numbers[i] > 0)
			return true;
	return r->pids_limit >= 0 || r->memory_disable_oom_killer || r->cpus || r->mems ||
	       r->network || r->weight_device_count || r->read_bps_count || r->write_bps_count ||
	       r->read_iops_count || r->write_iops_count || r->hugepage_count || r->rdma_count ||
	       r->unified_count;
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
