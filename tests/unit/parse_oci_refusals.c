/* What a config.json may not say, and where the message says that it stands. */
#include "oci_box.h"

#include "base/json.h"

/* ---- a value of the wrong type, for every member ---- */

static const struct field {
	const char *text; /* '@' is the value */
	enum json_kind kind;
	const char *pointer;
} fields[] = {
	{"{\"root\":{\"path\":\"r\"},\"ociVersion\":@}", JSON_STRING, "/ociVersion"},
	{"{\"ociVersion\":\"1.0.0\",\"root\":@}", JSON_OBJECT, "/root"},
	{"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":@}}", JSON_STRING, "/root/path"},
	{"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\",\"readonly\":@}}", JSON_BOOL,
	 "/root/readonly"},
	{TOP("\"hostname\":@"), JSON_STRING, "/hostname"},
	{TOP("\"domainname\":@"), JSON_STRING, "/domainname"},
	{TOP("\"annotations\":@"), JSON_OBJECT, "/annotations"},
	{TOP("\"annotations\":{\"a/b\":@}"), JSON_STRING, "/annotations/a~1b"},
	{TOP("\"mounts\":@"), JSON_LIST, "/mounts"},
	{TOP("\"mounts\":[@]"), JSON_OBJECT, "/mounts/0"},
	{TOP("\"mounts\":[{\"destination\":@}]"), JSON_STRING, "/mounts/0/destination"},
	{MOUNT("\"type\":@"), JSON_STRING, "/mounts/0/type"},
	{MOUNT("\"source\":@"), JSON_STRING, "/mounts/0/source"},
	{MOUNT("\"options\":@"), JSON_LIST, "/mounts/0/options"},
	{MOUNT("\"options\":[\"ro\",@]"), JSON_STRING, "/mounts/0/options/1"},
	{MOUNT("\"uidMappings\":@"), JSON_LIST, "/mounts/0/uidMappings"},
	{MOUNT("\"gidMappings\":[@]"), JSON_OBJECT, "/mounts/0/gidMappings/0"},
	{MOUNT("\"gidMappings\":[{\"containerID\":@}]"), JSON_INTEGER,
	 "/mounts/0/gidMappings/0/containerID"},
	{TOP("\"hooks\":@"), JSON_OBJECT, "/hooks"},
	{TOP("\"hooks\":{\"prestart\":@}"), JSON_LIST, "/hooks/prestart"},
	{TOP("\"hooks\":{\"createRuntime\":@}"), JSON_LIST, "/hooks/createRuntime"},
	{TOP("\"hooks\":{\"createContainer\":@}"), JSON_LIST, "/hooks/createContainer"},
	{TOP("\"hooks\":{\"startContainer\":@}"), JSON_LIST, "/hooks/startContainer"},
	{TOP("\"hooks\":{\"poststart\":@}"), JSON_LIST, "/hooks/poststart"},
	{TOP("\"hooks\":{\"poststop\":[@]}"), JSON_OBJECT, "/hooks/poststop/0"},
	{TOP("\"hooks\":{\"poststop\":[{\"path\":@}]}"), JSON_STRING, "/hooks/poststop/0/path"},
	{TOP("\"hooks\":{\"poststop\":[{\"args\":@}]}"), JSON_LIST, "/hooks/poststop/0/args"},
	{TOP("\"hooks\":{\"poststop\":[{\"args\":[@]}]}"), JSON_STRING, "/hooks/poststop/0/args/0"},
	{TOP("\"hooks\":{\"poststop\":[{\"env\":@}]}"), JSON_LIST, "/hooks/poststop/0/env"},
	{TOP("\"hooks\":{\"poststop\":[{\"timeout\":@}]}"), JSON_INTEGER,
	 "/hooks/poststop/0/timeout"},
	{TOP("\"process\":@"), JSON_OBJECT, "/process"},
	{PROCESS("\"terminal\":@"), JSON_BOOL, "/process/terminal"},
	{PROCESS("\"consoleSize\":@"), JSON_OBJECT, "/process/consoleSize"},
	{PROCESS("\"consoleSize\":{\"height\":@}"), JSON_INTEGER, "/process/consoleSize/height"},
	{PROCESS("\"consoleSize\":{\"width\":@}"), JSON_INTEGER, "/process/consoleSize/width"},
	{TOP("\"process\":{\"cwd\":@}"), JSON_STRING, "/process/cwd"},
	{TOP("\"process\":{\"args\":@}"), JSON_LIST, "/process/args"},
	{TOP("\"process\":{\"args\":[@]}"), JSON_STRING, "/process/args/0"},
	{PROCESS("\"env\":@"), JSON_LIST, "/process/env"},
	{PROCESS("\"env\":[@]"), JSON_STRING, "/process/env/0"},
	{PROCESS("\"user\":@"), JSON_OBJECT, "/process/user"},
	{PROCESS("\"user\":{\"uid\":@}"), JSON_INTEGER, "/process/user/uid"},
	{PROCESS("\"user\":{\"gid\":@}"), JSON_INTEGER, "/process/user/gid"},
	{PROCESS("\"user\":{\"umask\":@}"), JSON_INTEGER, "/process/user/umask"},
	{PROCESS("\"user\":{\"additionalGids\":@}"), JSON_LIST, "/process/user/additionalGids"},
	{PROCESS("\"user\":{\"additionalGids\":[1,@]}"), JSON_INTEGER,
	 "/process/user/additionalGids/1"},
	{PROCESS("\"capabilities\":@"), JSON_OBJECT, "/process/capabilities"},
	{PROCESS("\"capabilities\":{\"bounding\":@}"), JSON_LIST, "/process/capabilities/bounding"},
	{PROCESS("\"capabilities\":{\"effective\":@}"), JSON_LIST,
	 "/process/capabilities/effective"},
	{PROCESS("\"capabilities\":{\"permitted\":@}"), JSON_LIST,
	 "/process/capabilities/permitted"},
	{PROCESS("\"capabilities\":{\"inheritable\":@}"), JSON_LIST,
	 "/process/capabilities/inheritable"},
	{PROCESS("\"capabilities\":{\"ambient\":[@]}"), JSON_STRING,
	 "/process/capabilities/ambient/0"},
	{PROCESS("\"rlimits\":@"), JSON_LIST, "/process/rlimits"},
	{PROCESS("\"rlimits\":[@]"), JSON_OBJECT, "/process/rlimits/0"},
	{PROCESS("\"rlimits\":[{\"type\":@}]"), JSON_STRING, "/process/rlimits/0/type"},
	{PROCESS("\"rlimits\":[{\"soft\":@}]"), JSON_INTEGER, "/process/rlimits/0/soft"},
	{PROCESS("\"rlimits\":[{\"hard\":@}]"), JSON_INTEGER, "/process/rlimits/0/hard"},
	{PROCESS("\"apparmorProfile\":@"), JSON_STRING, "/process/apparmorProfile"},
	{PROCESS("\"selinuxLabel\":@"), JSON_STRING, "/process/selinuxLabel"},
	{PROCESS("\"oomScoreAdj\":@"), JSON_INTEGER, "/process/oomScoreAdj"},
	{PROCESS("\"noNewPrivileges\":@"), JSON_BOOL, "/process/noNewPrivileges"},
	{PROCESS("\"scheduler\":@"), JSON_OBJECT, "/process/scheduler"},
	{PROCESS("\"scheduler\":{\"policy\":@}"), JSON_STRING, "/process/scheduler/policy"},
	{PROCESS("\"scheduler\":{\"nice\":@}"), JSON_INTEGER, "/process/scheduler/nice"},
	{PROCESS("\"scheduler\":{\"priority\":@}"), JSON_INTEGER, "/process/scheduler/priority"},
	{PROCESS("\"scheduler\":{\"flags\":@}"), JSON_LIST, "/process/scheduler/flags"},
	{PROCESS("\"scheduler\":{\"flags\":[@]}"), JSON_STRING, "/process/scheduler/flags/0"},
	{PROCESS("\"scheduler\":{\"runtime\":@}"), JSON_INTEGER, "/process/scheduler/runtime"},
	{PROCESS("\"scheduler\":{\"deadline\":@}"), JSON_INTEGER, "/process/scheduler/deadline"},
	{PROCESS("\"scheduler\":{\"period\":@}"), JSON_INTEGER, "/process/scheduler/period"},
	{PROCESS("\"ioPriority\":@"), JSON_OBJECT, "/process/ioPriority"},
	{PROCESS("\"ioPriority\":{\"class\":@}"), JSON_STRING, "/process/ioPriority/class"},
	{PROCESS("\"ioPriority\":{\"priority\":@}"), JSON_INTEGER, "/process/ioPriority/priority"},
	{PROCESS("\"execCPUAffinity\":@"), JSON_OBJECT, "/process/execCPUAffinity"},
	{PROCESS("\"execCPUAffinity\":{\"initial\":@}"), JSON_STRING,
	 "/process/execCPUAffinity/initial"},
	{PROCESS("\"execCPUAffinity\":{\"final\":@}"), JSON_STRING,
	 "/process/execCPUAffinity/final"},
	{"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"linux\":@}", JSON_OBJECT, "/linux"},
	{LINUX("\"namespaces\":@"), JSON_LIST, "/linux/namespaces"},
	{LINUX("\"namespaces\":[@]"), JSON_OBJECT, "/linux/namespaces/0"},
	{LINUX("\"namespaces\":[{\"type\":@}]"), JSON_STRING, "/linux/namespaces/0/type"},
	{LINUX("\"namespaces\":[{\"path\":@}]"), JSON_STRING, "/linux/namespaces/0/path"},
	{LINUX("\"uidMappings\":@"), JSON_LIST, "/linux/uidMappings"},
	{LINUX("\"uidMappings\":[{\"containerID\":@}]"), JSON_INTEGER,
	 "/linux/uidMappings/0/containerID"},
	{LINUX("\"uidMappings\":[{\"hostID\":@}]"), JSON_INTEGER, "/linux/uidMappings/0/hostID"},
	{LINUX("\"gidMappings\":[{\"size\":@}]"), JSON_INTEGER, "/linux/gidMappings/0/size"},
	{LINUX("\"timeOffsets\":@"), JSON_OBJECT, "/linux/timeOffsets"},
	{LINUX("\"timeOffsets\":{\"boottime\":@}"), JSON_OBJECT, "/linux/timeOffsets/boottime"},
	{LINUX("\"timeOffsets\":{\"monotonic\":{\"secs\":@}}"), JSON_INTEGER,
	 "/linux/timeOffsets/monotonic/secs"},
	{LINUX("\"timeOffsets\":{\"monotonic\":{\"nanosecs\":@}}"), JSON_INTEGER,
	 "/linux/timeOffsets/monotonic/nanosecs"},
	{LINUX("\"sysctl\":@"), JSON_OBJECT, "/linux/sysctl"},
	{LINUX("\"sysctl\":{\"net.x\":@}"), JSON_STRING, "/linux/sysctl/net.x"},
	{LINUX("\"cgroupsPath\":@"), JSON_STRING, "/linux/cgroupsPath"},
	{LINUX("\"devices\":@"), JSON_LIST, "/linux/devices"},
	{LINUX("\"devices\":[@]"), JSON_OBJECT, "/linux/devices/0"},
	{LINUX("\"devices\":[{\"type\":@}]"), JSON_STRING, "/linux/devices/0/type"},
	{LINUX("\"devices\":[{\"path\":@}]"), JSON_STRING, "/linux/devices/0/path"},
	{LINUX("\"devices\":[{\"major\":@}]"), JSON_INTEGER, "/linux/devices/0/major"},
	{LINUX("\"devices\":[{\"minor\":@}]"), JSON_INTEGER, "/linux/devices/0/minor"},
	{LINUX("\"devices\":[{\"fileMode\":@}]"), JSON_INTEGER, "/linux/devices/0/fileMode"},
	{LINUX("\"devices\":[{\"uid\":@}]"), JSON_INTEGER, "/linux/devices/0/uid"},
	{LINUX("\"devices\":[{\"gid\":@}]"), JSON_INTEGER, "/linux/devices/0/gid"},
	{LINUX("\"netDevices\":@"), JSON_OBJECT, "/linux/netDevices"},
	{LINUX("\"netDevices\":{\"eth0\":@}"), JSON_OBJECT, "/linux/netDevices/eth0"},
	{LINUX("\"netDevices\":{\"eth0\":{\"name\":@}}"), JSON_STRING,
	 "/linux/netDevices/eth0/name"},
	{LINUX("\"seccomp\":@"), JSON_OBJECT, "/linux/seccomp"},
	{LINUX("\"seccomp\":{\"listenerPath\":@}"), JSON_STRING, "/linux/seccomp/listenerPath"},
	{LINUX("\"seccomp\":{\"listenerMetadata\":@}"), JSON_STRING,
	 "/linux/seccomp/listenerMetadata"},
	{LINUX("\"rootfsPropagation\":@"), JSON_STRING, "/linux/rootfsPropagation"},
	{LINUX("\"maskedPaths\":@"), JSON_LIST, "/linux/maskedPaths"},
	{LINUX("\"maskedPaths\":[@]"), JSON_STRING, "/linux/maskedPaths/0"},
	{LINUX("\"readonlyPaths\":[\"/a\",@]"), JSON_STRING, "/linux/readonlyPaths/1"},
	{LINUX("\"mountLabel\":@"), JSON_STRING, "/linux/mountLabel"},
	{LINUX("\"intelRdt\":@"), JSON_OBJECT, "/linux/intelRdt"},
	{LINUX("\"personality\":@"), JSON_OBJECT, "/linux/personality"},
	{LINUX("\"personality\":{\"domain\":@}"), JSON_STRING, "/linux/personality/domain"},
	{LINUX("\"personality\":{\"flags\":@}"), JSON_LIST, "/linux/personality/flags"},
	{LINUX("\"memoryPolicy\":@"), JSON_OBJECT, "/linux/memoryPolicy"},
	{LINUX("\"memoryPolicy\":{\"mode\":@}"), JSON_STRING, "/linux/memoryPolicy/mode"},
	{LINUX("\"memoryPolicy\":{\"nodes\":@}"), JSON_STRING, "/linux/memoryPolicy/nodes"},
	{LINUX("\"memoryPolicy\":{\"flags\":@}"), JSON_LIST, "/linux/memoryPolicy/flags"},
	{LINUX("\"resources\":@"), JSON_OBJECT, "/linux/resources"},
	{RESOURCES("\"memory\":@"), JSON_OBJECT, "/linux/resources/memory"},
	{RESOURCES("\"memory\":{\"limit\":@}"), JSON_INTEGER, "/linux/resources/memory/limit"},
	{RESOURCES("\"memory\":{\"reservation\":@}"), JSON_INTEGER,
	 "/linux/resources/memory/reservation"},
	{RESOURCES("\"memory\":{\"swap\":@}"), JSON_INTEGER, "/linux/resources/memory/swap"},
	{RESOURCES("\"memory\":{\"kernel\":@}"), JSON_INTEGER, "/linux/resources/memory/kernel"},
	{RESOURCES("\"memory\":{\"kernelTCP\":@}"), JSON_INTEGER,
	 "/linux/resources/memory/kernelTCP"},
	{RESOURCES("\"memory\":{\"swappiness\":@}"), JSON_INTEGER,
	 "/linux/resources/memory/swappiness"},
	{RESOURCES("\"memory\":{\"disableOOMKiller\":@}"), JSON_BOOL,
	 "/linux/resources/memory/disableOOMKiller"},
	{RESOURCES("\"memory\":{\"checkBeforeUpdate\":@}"), JSON_BOOL,
	 "/linux/resources/memory/checkBeforeUpdate"},
	{RESOURCES("\"cpu\":@"), JSON_OBJECT, "/linux/resources/cpu"},
	{RESOURCES("\"cpu\":{\"shares\":@}"), JSON_INTEGER, "/linux/resources/cpu/shares"},
	{RESOURCES("\"cpu\":{\"quota\":@}"), JSON_INTEGER, "/linux/resources/cpu/quota"},
	{RESOURCES("\"cpu\":{\"burst\":@}"), JSON_INTEGER, "/linux/resources/cpu/burst"},
	{RESOURCES("\"cpu\":{\"period\":@}"), JSON_INTEGER, "/linux/resources/cpu/period"},
	{RESOURCES("\"cpu\":{\"realtimeRuntime\":@}"), JSON_INTEGER,
	 "/linux/resources/cpu/realtimeRuntime"},
	{RESOURCES("\"cpu\":{\"realtimePeriod\":@}"), JSON_INTEGER,
	 "/linux/resources/cpu/realtimePeriod"},
	{RESOURCES("\"cpu\":{\"idle\":@}"), JSON_INTEGER, "/linux/resources/cpu/idle"},
	{RESOURCES("\"cpu\":{\"cpus\":@}"), JSON_STRING, "/linux/resources/cpu/cpus"},
	{RESOURCES("\"cpu\":{\"mems\":@}"), JSON_STRING, "/linux/resources/cpu/mems"},
	{RESOURCES("\"pids\":@"), JSON_OBJECT, "/linux/resources/pids"},
	{RESOURCES("\"pids\":{\"limit\":@}"), JSON_INTEGER, "/linux/resources/pids/limit"},
	{RESOURCES("\"blockIO\":@"), JSON_OBJECT, "/linux/resources/blockIO"},
	{RESOURCES("\"blockIO\":{\"weight\":@}"), JSON_INTEGER, "/linux/resources/blockIO/weight"},
	{RESOURCES("\"blockIO\":{\"leafWeight\":@}"), JSON_INTEGER,
	 "/linux/resources/blockIO/leafWeight"},
	{RESOURCES("\"blockIO\":{\"weightDevice\":@}"), JSON_LIST,
	 "/linux/resources/blockIO/weightDevice"},
	{RESOURCES("\"blockIO\":{\"weightDevice\":[{\"weight\":@}]}"), JSON_INTEGER,
	 "/linux/resources/blockIO/weightDevice/0/weight"},
	{RESOURCES("\"blockIO\":{\"throttleReadBpsDevice\":@}"), JSON_LIST,
	 "/linux/resources/blockIO/throttleReadBpsDevice"},
	{RESOURCES("\"blockIO\":{\"throttleWriteBpsDevice\":[@]}"), JSON_OBJECT,
	 "/linux/resources/blockIO/throttleWriteBpsDevice/0"},
	{RESOURCES("\"blockIO\":{\"throttleReadIOPSDevice\":[{\"major\":@}]}"), JSON_INTEGER,
	 "/linux/resources/blockIO/throttleReadIOPSDevice/0/major"},
	{RESOURCES("\"blockIO\":{\"throttleWriteIOPSDevice\":[{\"rate\":@}]}"), JSON_INTEGER,
	 "/linux/resources/blockIO/throttleWriteIOPSDevice/0/rate"},
	{RESOURCES("\"hugepageLimits\":@"), JSON_LIST, "/linux/resources/hugepageLimits"},
	{RESOURCES("\"hugepageLimits\":[{\"pageSize\":@}]"), JSON_STRING,
	 "/linux/resources/hugepageLimits/0/pageSize"},
	{RESOURCES("\"hugepageLimits\":[{\"limit\":@}]"), JSON_INTEGER,
	 "/linux/resources/hugepageLimits/0/limit"},
	{RESOURCES("\"rdma\":@"), JSON_OBJECT, "/linux/resources/rdma"},
	{RESOURCES("\"rdma\":{\"mlx\":@}"), JSON_OBJECT, "/linux/resources/rdma/mlx"},
	{RESOURCES("\"rdma\":{\"mlx\":{\"hcaHandles\":@}}"), JSON_INTEGER,
	 "/linux/resources/rdma/mlx/hcaHandles"},
	{RESOURCES("\"rdma\":{\"mlx\":{\"hcaObjects\":@}}"), JSON_INTEGER,
	 "/linux/resources/rdma/mlx/hcaObjects"},
	{RESOURCES("\"unified\":@"), JSON_OBJECT, "/linux/resources/unified"},
	{RESOURCES("\"unified\":{\"a.b\":@}"), JSON_STRING, "/linux/resources/unified/a.b"},
	{RESOURCES("\"network\":@"), JSON_OBJECT, "/linux/resources/network"},
	{RESOURCES("\"network\":{\"classID\":@}"), JSON_INTEGER,
	 "/linux/resources/network/classID"},
	{RESOURCES("\"network\":{\"priorities\":@}"), JSON_LIST,
	 "/linux/resources/network/priorities"},
	{RESOURCES("\"devices\":@"), JSON_LIST, "/linux/resources/devices"},
	{RESOURCES("\"devices\":[@]"), JSON_OBJECT, "/linux/resources/devices/0"},
	{RESOURCES("\"devices\":[{\"allow\":@}]"), JSON_BOOL, "/linux/resources/devices/0/allow"},
	{RESOURCES("\"devices\":[{\"type\":@}]"), JSON_STRING, "/linux/resources/devices/0/type"},
	{RESOURCES("\"devices\":[{\"major\":@}]"), JSON_INTEGER,
	 "/linux/resources/devices/0/major"},
	{RESOURCES("\"devices\":[{\"minor\":@}]"), JSON_INTEGER,
	 "/linux/resources/devices/0/minor"},
	{RESOURCES("\"devices\":[{\"access\":@}]"), JSON_STRING,
	 "/linux/resources/devices/0/access"},
};

static const struct {
	enum json_kind kind;
	const char *text;
} values[] = {
	{JSON_BOOL, "true"},	{JSON_INTEGER, "1"}, {JSON_FRACTION, "1.5"},
	{JSON_STRING, "\"1\""}, {JSON_LIST, "[]"},   {JSON_OBJECT, "{}"},
};

static void check_wrong_type(const struct field *field, const char *value)
{
	const char *at = strchr(field->text, '@');
	size_t before = (size_t)(at - field->text), line = 1, column = 1;
	struct rootlet_error err = {0};
	char text[1000], begin[300];
	struct spec *spec;

	for (const char *p = field->text; p < at; p++) {
		column++;
		if (*p == '\n') {
			line++;
			column = 1;
		}
	}
	snprintf(text, sizeof(text), "%.*s%s%s", (int)before, field->text, value, at + 1);
	if (read_config(&spec, text, &err) != -EINVAL)
		fail_msg("was taken: %s", text);
	snprintf(begin, sizeof(begin), "config.json:%zu:%zu: %s: expected ", line, column,
		 field->pointer);
	if (strncmp(err.message, begin, strlen(begin)) != 0)
		fail_msg("%s\nexpected %s…\ngot      %s", text, begin, err.message);
	assert_string_equal(err.id, "json-type");
	assert_string_equal(err.subject, field->pointer);
	spec_free(spec);
}

static void parse_oci__wrong_types(void **state)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		for (size_t j = 0; j < sizeof(values) / sizeof(*values); j++)
			if (values[j].kind != fields[i].kind)
				check_wrong_type(&fields[i], values[j].text);
}

/* ---- values ---- */

static void parse_oci__refuses_values(void **state)
{
	static const struct oci_refusal rows[] = {
		{"{\"root\":{\"path\":\"r\"}}", "1:1: /ociVersion: is required"},
		{"{\"ociVersion\":\"1.0.0\"}", "1:1: /root: is required"},
		{"{\"ociVersion\":\"1.0.0\",\"root\":{}}", "1:30: /root/path: is required"},
		{"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\"}}",
		 "1:38: /root/path: is empty"},
		{"{\"ociVersion\":\"2.0.0\"}", "1:15: /ociVersion: this is version 2.0.0 of the "
					       "runtime-spec; rootlet-oci reads 1.x"},
		{TOP("\"root\":{\"path\":\"b\"}"), "2:8: /root: is given twice"},
		{TOP("\"annotations\":{\"\":\"x\"}"), "2:19: /annotations/: its name is empty"},
		{TOP("\"annotations\":{\"a\":\"1\",\"b\":\"2\",\"a\":\"3\",\"b\":\"4\"}"),
		 "2:36: /annotations/a: is given twice"},
		{TOP("\"process\":{\"cwd\":\"/\"}"), "2:11: /process/args: is required"},
		{TOP("\"process\":{\"args\":[\"a\"]}"), "2:11: /process/cwd: is required"},
		{TOP("\"process\":{\"cwd\":\"/\",\"args\":[]}"),
		 "2:29: /process/args: holds no command"},
		{TOP("\"process\":{\"args\":[\"a\"],\"cwd\":\"tmp\"}"),
		 "2:31: /process/cwd: \"tmp\" is not absolute"},
		{TOP("\"process\":{\"args\":[\"a\"],\"cwd\":\"\"}"),
		 "2:31: /process/cwd: \"\" is not absolute"},
		{PROCESS("\"env\":[\"A=1\",\"B\"]"),
		 "3:14: /process/env/1: \"B\" is not NAME=VALUE"},
		{PROCESS("\"env\":[\"=x\"]"), "3:8: /process/env/0: \"=x\" is not NAME=VALUE"},
		{PROCESS("\"env\":[\"A=\\u0000\"]"),
		 "3:8: /process/env/0: a NUL character in a string"},
		{PROCESS("\"user\":{\"uid\":4294967295}"),
		 "3:15: /process/user/uid: out of range: 0 to 4294967294"},
		{PROCESS("\"user\":{\"gid\":-1}"),
		 "3:15: /process/user/gid: out of range: 0 to 4294967294"},
		{PROCESS("\"user\":{\"umask\":512}"),
		 "3:17: /process/user/umask: out of range: 0 to 511"},
		{PROCESS("\"user\":{\"additionalGids\":[4294967296]}"),
		 "3:27: /process/user/additionalGids/0: out of range: 0 to 4294967294"},
		{PROCESS("\"terminal\":true,\"consoleSize\":{\"height\":65536,\"width\":1}"),
		 "3:31: /process/consoleSize: a terminal has at most 65535 rows and columns"},
		{PROCESS("\"oomScoreAdj\":1001"),
		 "3:15: /process/oomScoreAdj: out of range: -1000 to 1000"},
		{PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_TEA\",\"soft\":1,\"hard\":1}]"),
		 "3:20: /process/rlimits/0/type: \"RLIMIT_TEA\" is no resource limit"},
		{PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
			 "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}]"),
		 "3:60: /process/rlimits/1/type: RLIMIT_CPU stands in the list twice"},
		{PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]"),
		 "3:12: /process/rlimits/0: the soft limit is above the hard one"},
		{PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1}]"),
		 "3:12: /process/rlimits/0/hard: is required"},
		{PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":-1,\"hard\":1}]"),
		 "3:40: /process/rlimits/0/soft: out of range: 0 to 18446744073709551615"},
		{PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":18446744073709551616}]"),
		 "3:40: /process/rlimits/0/soft: does not fit into 64 bits"},
		{PROCESS("\"scheduler\":{}"), "3:13: /process/scheduler/policy: is required"},
		{PROCESS("\"scheduler\":{\"policy\":\"SCHED_TEA\"}"),
		 "3:23: /process/scheduler/policy: \"SCHED_TEA\" is no scheduling policy"},
		{PROCESS("\"scheduler\":{\"policy\":\"SCHED_ISO\"}"),
		 "3:23: /process/scheduler/policy: SCHED_ISO is reserved: no kernel of today has "
		 "it"},
		{PROCESS("\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":20}"),
		 "3:44: /process/scheduler/nice: out of range: -20 to 19"},
		{PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"priority\":1}"),
		 "3:48: /process/scheduler/priority: goes with SCHED_FIFO and SCHED_RR only"},
		{PROCESS("\"scheduler\":{\"policy\":\"SCHED_RR\",\"period\":1}"),
		 "3:13: /process/scheduler: runtime, deadline and period go with SCHED_DEADLINE "
		 "only"},
		{PROCESS("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":8}"),
		 "3:52: /process/ioPriority/priority: out of range: 0 to 7"},
		{PROCESS("\"execCPUAffinity\":{\"initial\":\"3-1\"}"),
		 "3:30: /process/execCPUAffinity/initial: \"3-1\" is no list such as 0-3,7"},
		{PROCESS("\"execCPUAffinity\":{\"final\":\"1,\"}"),
		 "3:28: /process/execCPUAffinity/final: \"1,\" is no list such as 0-3,7"},
		{PROCESS("\"execCPUAffinity\":{\"final\":\"0 1\"}"),
		 "3:28: /process/execCPUAffinity/final: \"0 1\" is no list such as 0-3,7"},
		{PROCESS("\"execCPUAffinity\":{\"final\":\"8192\"}"),
		 "3:28: /process/execCPUAffinity/final: \"8192\" is no list such as 0-3,7"},
		{TOP("\"hooks\":{\"prestart\":[{\"args\":[\"x\"]}]}"),
		 "2:22: /hooks/prestart/0/path: is required"},
		{TOP("\"hooks\":{\"prestart\":[{\"path\":\"x\"}]}"),
		 "2:30: /hooks/prestart/0/path: \"x\" is not absolute"},
		{TOP("\"hooks\":{\"prestart\":[{\"path\":\"/x\",\"timeout\":0}]}"),
		 "2:45: /hooks/prestart/0/timeout: out of range: 1 to 2147483647"},
		{LINUX("\"namespaces\":[{\"type\":\"tea\"}]"),
		 "3:23: /linux/namespaces/0/type: \"tea\" is no type of a namespace"},
		{LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]"),
		 "3:38: /linux/namespaces/1/type: \"pid\" stands in the list twice"},
		{LINUX("\"namespaces\":[{\"type\":\"pid\",\"path\":\"ns\"}]"),
		 "3:36: /linux/namespaces/0/path: \"ns\" is not absolute"},
		{LINUX("\"namespaces\":[{}]"), "3:15: /linux/namespaces/0/type: is required"},
		{LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":0}]"),
		 "3:51: /linux/uidMappings/0/size: out of range: 1 to 4294967295"},
		{LINUX("\"uidMappings\":[{\"containerID\":1,\"hostID\":0,\"size\":4294967295}]"),
		 "3:16: /linux/uidMappings/0: runs past the last id, which is 4294967294"},
		{LINUX("\"uidMappings\":[{\"containerID\":1,\"hostID\":0}]"),
		 "3:16: /linux/uidMappings/0/size: is required"},
		{LINUX("\"timeOffsets\":{\"realtime\":{}}"),
		 "3:27: /linux/timeOffsets/realtime: is no clock with an offset"},
		{LINUX("\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}"),
		 "3:39: /linux/timeOffsets/boottime/nanosecs: out of range: 0 to 999999999"},
		{LINUX("\"sysctl\":{\"net.../x\":\"1\"}"),
		 "3:22: /linux/sysctl/net...~1x: is no name of a kernel setting"},
		{LINUX("\"sysctl\":{\"\":\"1\"}"),
		 "3:14: /linux/sysctl/: is no name of a kernel setting"},
		{LINUX("\"devices\":[{\"type\":\"x\",\"path\":\"/a\"}]"),
		 "3:20: /linux/devices/0/type: \"x\" is no type of a device"},
		{LINUX("\"devices\":[{\"type\":\"c\",\"path\":\"a\"}]"),
		 "3:31: /linux/devices/0/path: \"a\" is not absolute"},
		{LINUX("\"devices\":[{\"type\":\"c\",\"path\":\"/a\",\"minor\":1}]"),
		 "3:12: /linux/devices/0/major: is required"},
		{LINUX("\"devices\":[{\"type\":\"c\",\"path\":\"/a\",\"major\":4096,\"minor\":1}]"),
		 "3:44: /linux/devices/0/major: out of range: 0 to 4095"},
		{LINUX("\"seccomp\":{\"listenerMetadata\":\"x\"}"),
		 "3:31: /linux/seccomp/listenerMetadata: is for a listener, and there is no "
		 "listenerPath"},
		{LINUX("\"rootfsPropagation\":\"ro\""),
		 "3:21: /linux/rootfsPropagation: \"ro\" is no propagation"},
		{LINUX("\"maskedPaths\":[\"proc\"]"),
		 "3:16: /linux/maskedPaths/0: \"proc\" is not absolute"},
		{LINUX("\"maskedPaths\":[\"/proc/keys\",\"/../.\"]"),
		 "3:29: /linux/maskedPaths/1: is the whole root, which can be neither hidden nor "
		 "made read-only so: root.readonly does the latter"},
		{LINUX("\"maskedPaths\":[\"\"]"),
		 "3:16: /linux/maskedPaths/0: \"\" is not absolute"},
		{LINUX("\"readonlyPaths\":[\"/\"]"),
		 "3:18: /linux/readonlyPaths/0: is the whole root, which can be neither hidden nor "
		 "made read-only so: root.readonly does the latter"},
		{LINUX("\"personality\":{\"domain\":\"BSD\"}"),
		 "3:25: /linux/personality/domain: \"BSD\" is no execution domain"},
		{LINUX("\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"X\"]}"),
		 "3:42: /linux/personality/flags/0: the runtime-spec knows no flag here"},
		{LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}"),
		 "3:16: /linux/memoryPolicy: this mode needs nodes"},
		{LINUX("\"sysctl\":{\"net.a\":\"1\",\"net.a\":\"1\"}"),
		 "3:31: /linux/sysctl/net.a: is given twice"},
		{LINUX("\"sysctl\":{\"net.b.c\":\"1\",\"net/b/c\":\"0\"}"),
		 "3:35: /linux/sysctl/net~1b~1c: is given twice"},
		{RESOURCES("\"unified\":{\"a.b\":\"1\",\"a.b\":\"2\"}"),
		 "3:41: /linux/resources/unified/a.b: is given twice"},
		{RESOURCES("\"rdma\":{\"a\":{\"hcaHandles\":1},\"a\":{\"hcaHandles\":2}}"),
		 "3:47: /linux/resources/rdma/a: is given twice"},
		{LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}"),
		 "3:16: /linux/memoryPolicy: this mode takes no nodes"},
		{RESOURCES("\"memory\":{\"limit\":-2}"),
		 "3:32: /linux/resources/memory/limit: out of range: -1 to 9223372036854775807"},
		{RESOURCES("\"memory\":{\"swappiness\":101}"),
		 "3:37: /linux/resources/memory/swappiness: out of range: 0 to 100"},
		{RESOURCES("\"cpu\":{\"cpus\":\"0-\"}"),
		 "3:28: /linux/resources/cpu/cpus: \"0-\" is no list such as 0-3,7"},
		{RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"../2MB\",\"limit\":1}]"),
		 "3:44: /linux/resources/hugepageLimits/0/pageSize: \"../2MB\" is no size of pages "
		 "such "
		 "as 2MB"},
		{RESOURCES("\"rdma\":{\"a b\":{\"hcaHandles\":1}}"),
		 "3:28: /linux/resources/rdma/a b: is no name of a device"},
		{RESOURCES("\"rdma\":{\"a\":{}}"),
		 "3:26: /linux/resources/rdma/a/hcaHandles: or hcaObjects is required"},
		{RESOURCES("\"unified\":{\"../x.max\":\"1\"}"),
		 "3:36: /linux/resources/unified/..~1x.max: is no name of a file of a cgroup"},
		{RESOURCES("\"devices\":[{\"access\":\"rwm\"}]"),
		 "3:25: /linux/resources/devices/0/allow: is required"},
		{RESOURCES("\"devices\":[{\"allow\":false,\"access\":\"rx\"}]"),
		 "3:49: /linux/resources/devices/0/access: \"rx\" is not made of r, w and m"},
		{RESOURCES("\"devices\":[{\"allow\":false,\"type\":\"u\"}]"),
		 "3:47: /linux/resources/devices/0/type: \"u\" is none of a, c and b"},
		{RESOURCES("\"blockIO\":{\"weightDevice\":[{\"major\":1,\"minor\":2}]}"),
		 "3:41: /linux/resources/blockIO/weightDevice/0/weight: or leafWeight is required"},
	};

	check_all_refused(rows);
}

static void parse_oci__refuses_mounts(void **state)
{
	static const struct oci_refusal rows[] = {
		{TOP("\"mounts\":[{\"type\":\"tmpfs\"}]"),
		 "2:11: /mounts/0/destination: is required"},
		{TOP("\"mounts\":[{\"destination\":\"\"}]"),
		 "2:26: /mounts/0/destination: is empty"},
		{MOUNT("\"options\":[\"bind\"]"), "2:11: /mounts/0: a bind mount needs a source"},
		{MOUNT("\"source\":\"/s\""), "2:11: /mounts/0: has no type and is no bind mount"},
		{MOUNT("\"type\":\"none\",\"source\":\"/s\""),
		 "2:11: /mounts/0: has no type and is no bind mount"},
		{MOUNT("\"type\":\"tmpfs\",\"options\":[\"idmap\"]"),
		 "2:11: /mounts/0: only a bind mount can have its ids mapped"},
		{MOUNT("\"type\":\"bind\",\"source\":\"/s\",\"uidMappings\":"
		       "[{\"containerID\":0,\"hostID\":1,\"size\":1}]"),
		 "2:11: /mounts/0: uidMappings and gidMappings go together only"},
		{MOUNT("\"source\":\"/s\",\"options\":[\"bind\",\"idmap=uids=@0-1-1;gids=0-1-1\"]"),
		 "2:63: /mounts/0/options/1: \"uids=@0-1-1;gids=0-1-1\" is none of the maps that "
		 "are known here: "
		 "uids=FROM-TO-COUNT#…;gids=…, in absolute ids"},
		{MOUNT("\"source\":\"/s\",\"options\":[\"bind\",\"idmap=uids=0-1;gids=0-1-1\"]"),
		 "2:63: /mounts/0/options/1: \"uids=0-1;gids=0-1-1\" is none of the maps that are "
		 "known here: "
		 "uids=FROM-TO-COUNT#…;gids=…, in absolute ids"},
		{MOUNT("\"source\":\"/s\",\"options\":[\"bind\",\"idmap=uids=0-1-0;gids=0-1-1\"]"),
		 "2:63: /mounts/0/options/1: \"uids=0-1-0;gids=0-1-1\" is none of the maps that "
		 "are known here: "
		 "uids=FROM-TO-COUNT#…;gids=…, in absolute ids"},
		{MOUNT("\"source\":\"/s\",\"options\":[\"bind\",\"idmap=\"]"),
		 "2:63: /mounts/0/options/1: \"\" is none of the maps that are known here: "
		 "uids=FROM-TO-COUNT#…;gids=…, in absolute ids"},
		{MOUNT("\"source\":\"/s\",\"options\":[\"bind\",\"idmap=uids=0-1-1\"]"),
		 "2:11: /mounts/0: uidMappings and gidMappings go together only"},
		{MOUNT("\"type\":\"tmpfs\",\"options\":[\"rslave\",\"rshared\"]"),
		 "2:66: /mounts/0/options/1: \"rshared\" after another word of how mounts spread: "
		 "what both say together cannot be had; give one"},
		{MOUNT("\"type\":\"tmpfs\",\"options\":[\"rslave\",\"private\"]"),
		 "2:66: /mounts/0/options/1: \"private\" after another word of how mounts spread: "
		 "what both say together cannot be had; give one"},
		{MOUNT("\"type\":\"tmpfs\",\"options\":[\"rprivate\",\"shared\"]"),
		 "2:68: /mounts/0/options/1: \"shared\" after another word of how mounts spread: "
		 "what both say together cannot be had; give one"},
		{MOUNT("\"type\":\"tmpfs\",\"options\":[\"slave\",\"rshared\"]"),
		 "2:65: /mounts/0/options/1: \"rshared\" after another word of how mounts spread: "
		 "what both say together cannot be had; give one"},
	};

	check_all_refused(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_oci__wrong_types),
		cmocka_unit_test(parse_oci__refuses_values),
		cmocka_unit_test(parse_oci__refuses_mounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
