/* linux.resources as they are read, and what spec_validate says of a whole OCI config. */
#include "oci_box.h"

static void parse_oci__resources(void **state)
{
	struct spec *spec = take_config(RESOURCES(
		"\"memory\":{\"limit\":1000,\"reservation\":-1,\"swap\":2000,\"swappiness\":0,"
		"\"disableOOMKiller\":true,\"checkBeforeUpdate\":true,\"useHierarchy\":true},"
		"\"cpu\":{\"shares\":1024,\"quota\":-1,\"period\":100000,\"burst\":0,\"idle\":1,"
		"\"cpus\":\"0-1\",\"mems\":\"0\"},\"pids\":{\"limit\":0},"
		"\"blockIO\":{\"weight\":10,\"weightDevice\":[{\"major\":8,\"minor\":16,\"weight\":"
		"500}],"
		"\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":600}],"
		"\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":"
		"18446744073709551615}]},"
		"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":9223372036854772000}],"
		"\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000},\"b\":{"
		"\"hcaObjects\":0}},"
		"\"unified\":{\"memory.high\":\"1G\",\"io.max\":\"8:0 rbps=1\\n8:1 wbps=2\"},"
		"\"devices\":[{\"allow\":false},{\"allow\":true,\"type\":\"c\",\"major\":10,"
		"\"minor\":229,"
		"\"access\":\"rw\"}]"));
	const struct oci_resources *r = &spec->oci->resources;

	assert_true(r->given);
	assert_int_equal(r->memory_limit, 1000);
	assert_int_equal(r->memory_reservation, -1);
	assert_int_equal(r->memory_swap, 2000);
	assert_int_equal(r->memory_swappiness, 0);
	assert_true(r->memory_kernel == OCI_UNSET);
	assert_true(r->memory_disable_oom_killer && r->memory_check_before_update);
	assert_int_equal(r->cpu_shares, 1024);
	assert_int_equal(r->cpu_quota, -1);
	assert_int_equal(r->cpu_period, 100000);
	assert_int_equal(r->cpu_burst, 0);
	assert_int_equal(r->cpu_idle, 1);
	assert_true(r->cpu_realtime_period == OCI_UNSET);
	assert_string_equal(r->cpus, "0-1");
	assert_string_equal(r->mems, "0");
	assert_int_equal(r->pids_limit, 0);
	assert_int_equal(r->blkio_weight, 10);
	assert_true(r->blkio_leaf_weight == OCI_UNSET);
	assert_int_equal(r->weight_device_count, 1);
	assert_int_equal(r->weight_devices[0].weight, 500);
	assert_true(r->weight_devices[0].leaf_weight == OCI_UNSET);
	assert_int_equal(r->read_bps_count, 1);
	assert_int_equal(r->read_bps[0].rate, 600);
	assert_int_equal(r->write_bps_count, 0);
	assert_true(r->write_iops[0].rate == UINT64_MAX);
	assert_string_equal(r->hugepages[0].size, "2MB");
	assert_true(r->hugepages[0].limit == 9223372036854772000u);
	assert_int_equal(r->rdma_count, 2);
	assert_string_equal(r->rdma[0].key, "mlx5_1");
	assert_string_equal(r->rdma[0].value, "hca_handle=3 hca_object=10000");
	assert_string_equal(r->rdma[1].value, "hca_object=0");
	assert_int_equal(r->unified_count, 2);
	assert_string_equal(r->unified[1].value, "8:0 rbps=1\n8:1 wbps=2");
	assert_int_equal(r->device_rule_count, 2);
	assert_int_equal(r->device_rules[0].type, 'a');
	assert_int_equal(r->device_rules[0].major, -1);
	assert_string_equal(r->device_rules[0].access, "rwm");
	assert_true(r->device_rules[1].allow);
	assert_int_equal(r->device_rules[1].minor, 229);
	spec_free(spec);
}

/* Rules for devices and zeros stand in every engine's config: they ask nothing of a cgroup. */
static void parse_oci__what_asks_for_a_cgroup(void **state)
{
	static const struct {
		const char *text;
		bool given;
	} rows[] = {
		{RESOURCES(""), false},
		{RESOURCES("\"devices\":[{\"allow\":false}],\"memory\":{},\"cpu\":null"), false},
		{RESOURCES("\"pids\":{\"limit\":null}"), false},
		{RESOURCES("\"pids\":{\"limit\":-1}"), false},
		{RESOURCES("\"pids\":{\"limit\":0}"), true},
		{RESOURCES("\"memory\":{\"disableOOMKiller\":false,\"limit\":-1,\"swap\":0},"
			   "\"cpu\":{\"shares\":0},\"blockIO\":{\"weight\":0,\"weightDevice\":[]}"),
		 false},
		{RESOURCES("\"memory\":{\"limit\":1}"), true},
		{RESOURCES("\"cpu\":{\"cpus\":\"0\"}"), true},
		{RESOURCES("\"unified\":{\"memory.high\":\"1\"}"), true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec = take_config(rows[i].text);

		assert_true(spec->oci->resources.given == rows[i].given);
		spec_free(spec);
	}
}

/* update: what is given over what was there. */
static void parse_oci__resources_alone(void **state)
{
	static const char text[] = "{\"memory\":{\"limit\":5},\"cpu\":{\"cpus\":\"\"}}";
	static const char wrong[] = "{\"pids\":{\"limit\":7},\n\"memory\":{\"limit\":\"5\"}}";
	struct rootlet_error err = {0};
	struct oci_resources r;
	struct arena a;

	arena_init(&a);
	oci_resources_init(&r);
	r.pids_limit = 3;
	assert_int_equal(parse_oci_resources(&a, &r, text, strlen(text), "-", &err), 0);
	assert_true(r.given);
	assert_int_equal(r.memory_limit, 5);
	assert_int_equal(r.pids_limit, 3);
	assert_null(r.cpus);
	assert_int_equal(parse_oci_resources(&a, &r, wrong, strlen(wrong), "-", &err), -EINVAL);
	assert_string_equal(err.message,
			    "-:2:19: /memory/limit: expected a whole number, got a string");
	assert_int_equal(r.pids_limit, 3); /* nothing of it */
	arena_release(&a);
}

/* ---- spec_validate ---- */

#define NAMESPACES(more, members)                                                                  \
	"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":["          \
	"{\"type\":\"mount\"}" more "]" members "}"
#define MAP(c, h, n) "{\"containerID\":" #c ",\"hostID\":" #h ",\"size\":" #n "}"
#define MAPS(rows)   ",\"uidMappings\":[" rows "],\"gidMappings\":[" rows "]"
#define USERNS	     ",{\"type\":\"user\"}"
#define RUN(user)    ",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"user\":" user "}"

static void validate_oci__takes(void **state)
{
	static const char *const rows[] = {
		NAMESPACES("", "") "}",
		NAMESPACES(USERNS, MAPS(MAP(0, 1000, 1))) RUN("{\"uid\":0}") "}",
		NAMESPACES(USERNS, MAPS(MAP(0, 1000, 1) "," MAP(1, 5000, 9)))
			RUN("{\"uid\":9,\"gid\":1,\"additionalGids\":[0,5]}") "}",
		NAMESPACES(",{\"type\":\"user\",\"path\":\"/u\"}", MAPS(MAP(0, 0, 1)))
			RUN("{\"uid\":7}") "}",
		NAMESPACES("", "") RUN("{\"uid\":7}") "}",
		NAMESPACES(",{\"type\":\"uts\"}",
			   ",\"sysctl\":{\"kernel.domainname\":\"d\"}") ",\"hostname\":\"h\","
									"\"domainname\":\"d\"}",
		NAMESPACES(",{\"type\":\"uts\",\"path\":\"/u\"}", "") ",\"hostname\":\"h\"}",
		NAMESPACES(",{\"type\":\"time\"}",
			   ",\"timeOffsets\":{\"boottime\":{\"secs\":1}}") "}",
		NAMESPACES(",{\"type\":\"network\"},{\"type\":\"ipc\"}",
			   ",\"sysctl\":{\"net.ipv4.x\":\"1\",\"kernel.sem\":\"2\",\"fs.mqueue.y\":"
			   "\"3\"}") "}",
		NAMESPACES("", "") ",\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\"},"
				   "{\"destination\":\"/proc/"
				   "cpuinfo\",\"type\":\"bind\",\"source\":\"/c\"}]}",
		NAMESPACES(
			USERNS,
			MAPS(MAP(0, 1, 1))) ",\"mounts\":[{\"destination\":\"/m\","
					    "\"source\":\"/s\",\"options\":[\"bind\",\"idmap\"]}]}",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec = take_config(rows[i]);
		struct rootlet_error err = {0};

		if (spec_validate(spec, &err) < 0)
			fail_msg("%s\nwas refused: %s", rows[i], err.message);
		spec_free(spec);
	}
}

static void validate_oci__refuses(void **state)
{
	static const struct {
		const char *text, *id, *message;
	} rows[] = {
		{"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"}}", "oci-needs-namespace",
		 "/linux/namespaces: without a mount namespace the container's mounts would be "
		 "made on the host, and stay there"},
		{NAMESPACES("", MAPS(MAP(0, 1000, 1))) "}", "oci-needs-namespace",
		 "/linux/uidMappings: there is no user namespace that this could be the map of"},
		{NAMESPACES(USERNS, "") "}", "oci-maps",
		 "/linux/uidMappings: a new user namespace needs a map"},
		{NAMESPACES(USERNS, ",\"uidMappings\":[" MAP(0, 1, 1) "]") "}", "oci-maps",
		 "/linux/gidMappings: a new user namespace needs a map"},
		{NAMESPACES(USERNS, MAPS(MAP(0, 1000, 1))) RUN("{\"uid\":1}") "}",
		 "oci-id-unmapped", "/process/user/uid: 1 is in no row of uidMappings"},
		{NAMESPACES(USERNS, MAPS(MAP(0, 1000, 1))) RUN("{\"gid\":1}") "}",
		 "oci-id-unmapped", "/process/user/gid: 1 is in no row of gidMappings"},
		{NAMESPACES(USERNS, MAPS(MAP(0, 1000, 1))) RUN("{\"additionalGids\":[0,5]}") "}",
		 "oci-id-unmapped", "/process/user/additionalGids: 5 is in no row of gidMappings"},
		{NAMESPACES("", "") ",\"hostname\":\"h\"}", "oci-needs-namespace",
		 "/hostname: there is no UTS namespace whose name this could be"},
		{NAMESPACES("", "") ",\"domainname\":\"h\"}", "oci-needs-namespace",
		 "/domainname: there is no UTS namespace whose name this could be"},
		{NAMESPACES(",{\"type\":\"uts\"}", "") ",\"hostname\":\"a\\nb\"}", "oci-name",
		 "/hostname: contains a blank or a control character"},
		{NAMESPACES("", ",\"timeOffsets\":{\"boottime\":{}}") "}", "oci-needs-namespace",
		 "/linux/timeOffsets: there is no time namespace whose clocks these could be"},
		{NAMESPACES(",{\"type\":\"time\",\"path\":\"/t\"}",
			    ",\"timeOffsets\":{\"monotonic\":{}}") "}",
		 "oci-needs-namespace",
		 "/linux/timeOffsets: the clocks of a time namespace that is joined run already"},
		{NAMESPACES("", ",\"sysctl\":{\"net.x\":\"1\"}") "}", "oci-needs-namespace",
		 "/linux/sysctl/net.x: belongs to the network namespace, which is the host's"},
		{NAMESPACES(",{\"type\":\"network\"}", ",\"sysctl\":{\"kernel.shmmax\":\"1\"}") "}",
		 "oci-needs-namespace",
		 "/linux/sysctl/kernel.shmmax: belongs to the ipc namespace, which is the host's"},
		{NAMESPACES("", ",\"sysctl\":{\"user.max_x\":\"1\"}") "}", "oci-needs-namespace",
		 "/linux/sysctl/user.max_x: belongs to the user namespace, which is the host's"},
		{NAMESPACES("", ",\"sysctl\":{\"vm.swappiness\":\"1\"}") "}", "oci-sysctl",
		 "/linux/sysctl/vm.swappiness: belongs to the whole machine: no namespace has its "
		 "own"},
		{NAMESPACES(",{\"type\":\"uts\"}", ",\"sysctl\":{\"kernel.hostname\":\"1\"}") "}",
		 "oci-sysctl",
		 "/linux/sysctl/kernel.hostname: the name has its own field: hostname"},
		{NAMESPACES("",
			    "") ",\"mounts\":[{\"destination\":\"/proc/1\",\"type\":\"tmpfs\"}]}",
		 "mount-over-proc",
		 "/mounts/0: would stand where the kernel's own /proc/1 must be"},
		{NAMESPACES("", "") ",\"mounts\":[{\"destination\":\"/proc\",\"type\":\"tmpfs\"}]}",
		 "mount-over-proc",
		 "/mounts/0: a tmpfs cannot stand where the kernel's own /proc must be"},
		{NAMESPACES("", "") ",\"mounts\":[{\"destination\":\"/m\",\"source\":\"/s\","
				    "\"options\":[\"bind\",\"idmap\"]}]}",
		 "oci-needs-namespace",
		 "/mounts/0: idmap without mappings takes those of the user namespace, and there "
		 "is "
		 "none"},
		{NAMESPACES("", ",\"intelRdt\":{}") "}", "oci-unsupported",
		 "/linux/intelRdt: the resctrl file system takes settings from the host's root "
		 "alone"},
		{NAMESPACES("", ",\"netDevices\":{\"eth0\":{\"name\":\"x\"}}") "}",
		 "oci-unsupported",
		 "/linux/netDevices: only the host's root can move a network device"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spec *spec = take_config(rows[i].text);
		struct rootlet_error err = {0};

		if (spec_validate(spec, &err) != -EINVAL)
			fail_msg("was taken: %s", rows[i].text);
		assert_string_equal(err.id, rows[i].id);
		if (strncmp(err.message, "config.json: ", 13) != 0)
			fail_msg("no config in: %s", err.message);
		assert_string_equal(err.message + 13, rows[i].message);
		spec_free(spec);
	}
}

static void validate_oci__maps_that_overlap(void **state)
{
	struct spec *spec =
		take_config(NAMESPACES(USERNS, MAPS(MAP(0, 1000, 10) "," MAP(5, 5000, 1))) "}");
	struct rootlet_error err = {0};

	assert_int_equal(spec_validate(spec, &err), -EINVAL);
	assert_string_equal(err.id, "id-map-overlap");
	assert_non_null(strstr(err.message, "config.json: /linux/uidMappings"));
	spec_free(spec);
}

static void validate_oci__a_private_root_without_pivot(void **state)
{
	struct spec *spec = take_config(NAMESPACES("", ",\"rootfsPropagation\":\"rprivate\"") "}");
	struct rootlet_error err = {0};

	assert_int_equal(spec_validate(spec, &err), 0);
	spec->oci->no_pivot = true;
	assert_int_equal(spec_validate(spec, &err), -EINVAL);
	assert_string_equal(err.subject, "/linux/rootfsPropagation");
	spec_free(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_oci__resources),
		cmocka_unit_test(parse_oci__what_asks_for_a_cgroup),
		cmocka_unit_test(parse_oci__resources_alone),
		cmocka_unit_test(validate_oci__takes),
		cmocka_unit_test(validate_oci__refuses),
		cmocka_unit_test(validate_oci__maps_that_overlap),
		cmocka_unit_test(validate_oci__a_private_root_without_pivot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
