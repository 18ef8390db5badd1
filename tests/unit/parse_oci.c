/* config.json → spec: the top, process, linux. Mounts, resources and refusals have files of their
 * own. */
#include "oci_box.h"

#include <linux/ioprio.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/resource.h>

#define BIT(n) ((uint64_t)1 << (n))

static void parse_oci__the_least_config(void **state)
{
	struct spec *spec = take_config("{" OCI_LEAST "}");

	assert_string_equal(spec->oci->version, "1.2.0");
	assert_string_equal(spec->oci->bundle, "/bundle");
	assert_string_equal(spec->root_path, "/bundle/rootfs");
	assert_int_equal(spec->root_kind, ROOT_DIRECTORY);
	assert_false(spec->read_only);
	assert_true(spec->oci->no_process);
	/* what is not said is the runtime's own */
	assert_int_equal(spec_ns_mode(spec, NS_MNT), NS_MODE_PRIVATE);
	for (int type = 0; type < NS_COUNT; type++)
		if (type != NS_MNT)
			assert_int_equal(spec_ns_mode(spec, (enum ns_type)type), NS_MODE_HOST);
	assert_int_equal(spec->userns, USERNS_HOST);
	assert_int_equal(spec->no_new_privileges, NO);
	assert_int_equal(spec->seccomp, SECCOMP_UNCONFINED);
	assert_int_equal(spec->init, NO);
	assert_false(spec->oci->resources.given);
	assert_true(spec->oci->resources.memory_limit == OCI_UNSET);
	assert_false(spec->oci->capabilities.given);
	assert_int_equal(spec->oci->note_count, 0);
	spec_free(spec);
}

static void parse_oci__versions(void **state)
{
	static const char *const good[] = {"1.0.0",	    "1.2.1",  "1.0.2-dev",     "1.3.0+dev",
					   "1.0.0-rc5-dev", "1.99.0", "1.1.0-rc.1+a.b"};
	static const char *const bad[] = {"",	    "1",       "1.0",	 "2.0.0",
					  "0.9.0",  "10.0.0",  "v1.0.0", "1.0.0-",
					  "1.0.0 ", "1.0.0.0", "1.x.0",	 "01.0.0"};
	char text[200];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct spec *spec;

		snprintf(text, sizeof(text), "{\"root\":{\"path\":\"/r\"},\"ociVersion\":\"%s\"}",
			 good[i]);
		spec = take_config(text);
		assert_string_equal(spec->oci->version, good[i]);
		spec_free(spec);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct rootlet_error err = {0};
		struct spec *spec;

		snprintf(text, sizeof(text), "{\"root\":{\"path\":\"/r\"},\"ociVersion\":\"%s\"}",
			 bad[i]);
		if (read_config(&spec, text, &err) != -EINVAL)
			fail_msg("ociVersion %s was taken", bad[i]);
		assert_string_equal(err.id, "oci-version");
		assert_string_equal(err.subject, "/ociVersion");
		spec_free(spec);
	}
}

static void parse_oci__unknown_members_are_passed_over(void **state)
{
	struct spec *spec = take_config(
		"{" OCI_LEAST
		",\"new\":{\"a\":[1,2.5,null,{\"b\":true}]},\"windows\":{\"layerFolders\":7},"
		"\"process\":{\"cwd\":\"/"
		"\",\"args\":[\"a\"],\"commandLine\":7,\"user\":{\"username\":3,"
		"\"uid\":4}},\"hooks\":{\"later\":7},\"annotations\":null}");

	assert_int_equal(spec->oci->uid, 4);
	assert_int_equal(spec->oci->annotation_count, 0);
	spec_free(spec);
}

static void parse_oci__process(void **state)
{
	struct spec *spec = take_config(
		PROCESS("\"terminal\":true,\"consoleSize\":{\"height\":25,\"width\":80},"
			"\"user\":{\"uid\":1000,\"gid\":100,\"umask\":18,\"additionalGids\":[5,"
			"4294967294]},"
			"\"env\":[\"PATH=/bin\",\"EMPTY=\",\"X=a=b\"],\"noNewPrivileges\":true,"
			"\"oomScoreAdj\":-500,\"apparmorProfile\":\"p\",\"selinuxLabel\":\"l\","
			"\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":10,"
			"\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\",\"SCHED_FLAG_RECLAIM\"]},"
			"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":6},"
			"\"execCPUAffinity\":{\"initial\":\"0-3, 7\",\"final\":\"\"}"));
	const struct spec_oci *oci = spec->oci;

	assert_false(oci->no_process);
	assert_true(spec->tty);
	assert_int_equal(oci->console_rows, 25);
	assert_int_equal(oci->console_columns, 80);
	assert_int_equal(oci->uid, 1000);
	assert_int_equal(oci->gid, 100);
	assert_int_equal(spec->umask, 022);
	assert_int_equal(oci->additional_gid_count, 2);
	assert_int_equal(oci->additional_gids[0], 5);
	assert_true(oci->additional_gids[1] == 4294967294u);
	assert_int_equal(spec->arg_count, 1);
	assert_string_equal(spec->args[0], "sh");
	assert_null(spec->args[1]);
	assert_string_equal(spec->cwd, "/");
	assert_int_equal(spec->env_count, 3);
	assert_string_equal(spec->env[0].name, "PATH");
	assert_string_equal(spec->env[0].value, "/bin");
	assert_string_equal(spec->env[1].value, "");
	assert_string_equal(spec->env[2].value, "a=b");
	assert_int_equal(spec->no_new_privileges, YES);
	assert_true(oci->has_oom_score_adj);
	assert_int_equal(oci->oom_score_adj, -500);
	assert_string_equal(oci->apparmor_profile, "p");
	assert_string_equal(oci->selinux_label, "l");
	assert_true(oci->scheduler.given);
	assert_int_equal(oci->scheduler.policy, SCHED_FIFO);
	assert_int_equal(oci->scheduler.priority, 10);
	assert_int_equal(oci->scheduler.flags, SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_RECLAIM);
	assert_true(oci->has_io_priority);
	assert_int_equal(oci->io_priority, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6));
	assert_string_equal(oci->exec_cpu_initial, "0-3,7");
	assert_null(oci->exec_cpu_final);
	spec_free(spec);
}

static void parse_oci__without_a_terminal_its_size_is_ignored(void **state)
{
	struct spec *spec = take_config(PROCESS("\"consoleSize\":{\"height\":70000,\"width\":80}"));

	assert_int_equal(spec->oci->console_rows, 0);
	assert_int_equal(spec->oci->console_columns, 0);
	spec_free(spec);
}

static void parse_oci__rlimits(void **state)
{
	struct spec *spec = take_config(
		PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1024,\"hard\":4096},"
			"{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":18446744073709551615}]"));

	assert_int_equal(spec->rlimit_count, 2);
	assert_int_equal(spec->rlimits[0].resource, RLIMIT_NOFILE);
	assert_string_equal(spec->rlimits[0].name, "nofile");
	assert_int_equal(spec->rlimits[0].soft, 1024);
	assert_int_equal(spec->rlimits[0].hard, 4096);
	assert_int_equal(spec->rlimits[1].resource, RLIMIT_CORE);
	assert_true(spec->rlimits[1].hard == UINT64_MAX);
	spec_free(spec);
}

static void parse_oci__capabilities(void **state)
{
	struct spec *spec = take_config(
		PROCESS("\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_KILL\",\"CAP_"
			"CHECKPOINT_RESTORE\"],"
			"\"permitted\":[\"CAP_CHOWN\",\"CAP_KILL\"],\"effective\":[\"CAP_CHOWN\"],"
			"\"inheritable\":[\"CAP_KILL\"],\"ambient\":[\"CAP_KILL\"]}"));
	const struct oci_capabilities *caps = &spec->oci->capabilities;

	assert_true(caps->given);
	assert_true(caps->bounding == (BIT(0) | BIT(5) | BIT(40)));
	assert_true(caps->permitted == (BIT(0) | BIT(5)));
	assert_true(caps->effective == BIT(0));
	assert_true(caps->inheritable == BIT(5));
	assert_true(caps->ambient == BIT(5));
	assert_int_equal(spec->oci->note_count, 0);
	spec_free(spec);
}

/* The spec: what cannot be granted is a warning, not an error. */
static void parse_oci__capabilities_that_cannot_be_granted_are_noted(void **state)
{
	static const char *const notes[] = {
		"config.json:3:29: /process/capabilities/bounding/0: \"CAP_TEA\" is no capability "
		"that "
		"is known here: passed over",
		"config.json:3:39: /process/capabilities/bounding/1: \"kill\" is no capability "
		"that is "
		"known here: passed over",
		"config.json:3:85: /process/capabilities/effective: CAP_KILL: passed over, for "
		"what is effective must be permitted",
		"config.json:3:112: /process/capabilities/inheritable: CAP_FOWNER: passed over, "
		"for what is inheritable must be in the bounding set",
		"config.json:3:137: /process/capabilities/ambient: CAP_CHOWN: passed over, for "
		"what is ambient must be permitted and inheritable",
	};
	struct spec *spec = take_config(PROCESS("\"capabilities\":{\"bounding\":[\"CAP_TEA\","
						"\"kill\"],\"permitted\":[\"CAP_CHOWN\"],"
						"\"effective\":[\"CAP_KILL\"],\"inheritable\":["
						"\"CAP_FOWNER\"],\"ambient\":[\"CAP_CHOWN\"]}"));
	const struct oci_capabilities *caps = &spec->oci->capabilities;

	assert_true(caps->permitted == BIT(0));
	assert_true(!caps->bounding && !caps->effective && !caps->inheritable && !caps->ambient);
	assert_int_equal(spec->oci->note_count, sizeof(notes) / sizeof(*notes));
	for (size_t i = 0; i < spec->oci->note_count; i++)
		assert_string_equal(spec->oci->notes[i], notes[i]);
	spec_free(spec);
}

/* A hostile config makes no flood of them. */
static void parse_oci__notes_are_bounded(void **state)
{
	char text[2000] = "\"capabilities\":{\"bounding\":[\"X\"";
	struct spec *spec;
	char config[3000];

	for (int i = 1; i < 40; i++)
		strcat(text, ",\"X\"");
	snprintf(config, sizeof(config), PROCESS("%s]}"), text);
	spec = take_config(config);
	assert_int_equal(spec->oci->note_count, 33);
	assert_non_null(strstr(spec->oci->notes[31], "/process/capabilities/bounding/31: "));
	assert_string_equal(spec->oci->notes[32], "config.json: … and 8 more that are passed over");
	spec_free(spec);
}

/* Zeros are what engines write for what nobody asked. */
static void parse_oci__weights_of_leaves_are_noted(void **state)
{
	struct spec *spec = take_config(RESOURCES(
		"\"blockIO\":{\"leafWeight\":0,\"weightDevice\":[{\"major\":8,\"minor\":0,"
		"\"leafWeight\":500},{\"major\":8,\"minor\":16,\"weight\":100}]}"));

	assert_int_equal(spec->oci->note_count, 1);
	assert_string_equal(
		spec->oci->notes[0],
		"config.json:3:90: /linux/resources/blockIO/weightDevice/0/leafWeight: "
		"weighs a group's processes against its children, which cgroup v2 never "
		"has side by side: passed over");
	assert_int_equal(spec->oci->resources.weight_device_count, 1);
	assert_int_equal(spec->oci->resources.weight_devices[0].minor, 16);
	spec_free(spec);
	spec = take_config(RESOURCES("\"blockIO\":{\"leafWeight\":500}"));
	assert_int_equal(spec->oci->note_count, 1);
	assert_false(spec->oci->resources.given);
	spec_free(spec);
	spec = take_config(RESOURCES("\"blockIO\":{\"leafWeight\":0}"));
	assert_int_equal(spec->oci->note_count, 0);
	spec_free(spec);
}

static void parse_oci__namespaces(void **state)
{
	struct spec *spec = take_config(LINUX(
		"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/run/n\"},"
		"{\"type\":\"mount\"},{\"type\":\"ipc\",\"path\":\"\"},{\"type\":\"user\"},"
		"{\"type\":\"time\"}],"
		"\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":1},"
		"{\"containerID\":1,\"hostID\":100000,\"size\":65536}],"
		"\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":4294967295}],"
		"\"timeOffsets\":{\"monotonic\":{\"secs\":-5,\"nanosecs\":999999999},"
		"\"boottime\":{}}"));

	assert_int_equal(spec_ns_mode(spec, NS_PID), NS_MODE_PRIVATE);
	assert_int_equal(spec_ns_mode(spec, NS_NET), NS_MODE_PATH);
	assert_string_equal(spec->namespaces[NS_NET].path, "/run/n");
	assert_int_equal(spec_ns_mode(spec, NS_IPC), NS_MODE_PRIVATE);
	assert_int_equal(spec_ns_mode(spec, NS_UTS), NS_MODE_HOST);
	assert_int_equal(spec_ns_mode(spec, NS_CGROUP), NS_MODE_HOST);
	assert_int_equal(spec_ns_mode(spec, NS_USER), NS_MODE_PRIVATE);
	assert_int_equal(spec_ns_mode(spec, NS_TIME), NS_MODE_PRIVATE);
	assert_int_equal(spec->uidmap.count, 2);
	assert_int_equal(spec->uidmap.entries[1].host, 100000);
	assert_int_equal(spec->uidmap.entries[1].count, 65536);
	assert_true(spec->uidmap.entries[1].absolute);
	assert_true(spec->gidmap.entries[0].count == 4294967295u);
	assert_int_equal(spec->monotonic.set, YES);
	assert_int_equal(spec->monotonic.secs, -5);
	assert_int_equal(spec->monotonic.nanosecs, 999999999);
	assert_int_equal(spec->boottime.set, YES);
	spec_free(spec);
}

static void parse_oci__a_user_namespace_by_path(void **state)
{
	struct spec *spec = take_config(
		LINUX("\"namespaces\":[{\"type\":\"user\",\"path\":\"/proc/7/ns/user\"}]"));

	assert_int_equal(spec->userns, USERNS_PATH);
	assert_int_equal(spec_ns_mode(spec, NS_USER), NS_MODE_PATH);
	assert_string_equal(spec->namespaces[NS_USER].path, "/proc/7/ns/user");
	spec_free(spec);
}

static void parse_oci__linux(void **state)
{
	struct spec *spec = take_config(LINUX(
		"\"sysctl\":{\"net.ipv4.ip_forward\":\"1\",\"net/ipv4/conf/e.1/x\":\"0\"},"
		"\"cgroupsPath\":\"/a/b\",\"rootfsPropagation\":\"rslave\",\"mountLabel\":\"m\","
		"\"maskedPaths\":[\"/proc/kcore\",\"//a/./b/../c/\"],\"readonlyPaths\":[],"
		"\"personality\":{\"domain\":\"LINUX32\"},"
		"\"memoryPolicy\":{\"mode\":\"MPOL_INTERLEAVE\",\"nodes\":\"0-1\","
		"\"flags\":[\"MPOL_F_STATIC_NODES\"]},"
		"\"devices\":[{\"type\":\"c\",\"path\":\"/dev/fuse\",\"major\":10,\"minor\":229,"
		"\"fileMode\":8630,\"uid\":1,\"gid\":2},{\"type\":\"p\",\"path\":\"/dev/../f\"}]"));
	const struct spec_oci *oci = spec->oci;

	assert_int_equal(spec->sysctl_count, 2);
	assert_string_equal(spec->sysctls[0].key, "net.ipv4.ip_forward");
	assert_string_equal(spec->sysctls[0].value, "1");
	assert_string_equal(spec->sysctls[1].key, "net.ipv4.conf.e/1.x");
	assert_string_equal(oci->cgroups_path, "/a/b");
	assert_int_equal(oci->rootfs_propagation, MS_SLAVE | MS_REC);
	assert_string_equal(oci->mount_label, "m");
	assert_string_equal(oci->masked_paths[0], "/proc/kcore");
	assert_string_equal(oci->masked_paths[1], "/a/c");
	assert_null(oci->masked_paths[2]);
	assert_null(oci->readonly_paths);
	assert_true(oci->has_personality);
	assert_int_equal(oci->personality, 8);
	assert_true(oci->memory_policy.given);
	assert_int_equal(oci->memory_policy.mode, 3);
	assert_int_equal(oci->memory_policy.flags, 1 << 15);
	assert_string_equal(oci->memory_policy.nodes, "0-1");
	assert_int_equal(oci->device_count, 2);
	assert_int_equal(oci->devices[0].type, 'c');
	assert_string_equal(oci->devices[0].path, "/dev/fuse");
	assert_int_equal(oci->devices[0].major, 10);
	assert_int_equal(oci->devices[0].minor, 229);
	assert_int_equal(oci->devices[0].mode, 0666);
	assert_int_equal(oci->devices[0].uid, 1);
	assert_int_equal(oci->devices[0].gid, 2);
	assert_string_equal(oci->devices[1].path, "/f");
	assert_true(oci->devices[1].mode == UINT32_MAX);
	spec_free(spec);
}

static void parse_oci__seccomp_is_kept_as_text(void **state)
{
	struct spec *spec =
		take_config(LINUX("\"x\":1,\n  \"seccomp\": {\"defaultAction\":\"SCMP_ACT_ALLOW\", "
				  "\"new\":[\"\\u0041\"],"
				  "\"listenerPath\":\"/s\",\"listenerMetadata\":\"m\" } ,\"y\":2"));
	const struct spec_oci *oci = spec->oci;

	assert_int_equal(spec->seccomp, SECCOMP_FILE);
	assert_string_equal(spec->seccomp_path, "config.json");
	assert_string_equal(oci->seccomp_text,
			    "{\"defaultAction\":\"SCMP_ACT_ALLOW\", \"new\":[\"\\u0041\"],"
			    "\"listenerPath\":\"/s\",\"listenerMetadata\":\"m\" }");
	assert_int_equal(oci->seccomp_length, strlen(oci->seccomp_text));
	assert_int_equal(oci->seccomp_line, 4);
	assert_int_equal(oci->seccomp_column, 14);
	assert_string_equal(oci->seccomp_listener, "/s");
	assert_string_equal(oci->seccomp_metadata, "m");
	spec_free(spec);
}

static void parse_oci__hooks_and_annotations(void **state)
{
	struct spec *spec = take_config(TOP(
		"\"hooks\":{\"createRuntime\":[{\"path\":\"/"
		"h\",\"args\":[\"h\",\"\"],\"env\":[\"A=b\"],"
		"\"timeout\":5},{\"path\":\"/i\",\"env\":[]}],\"poststop\":[{\"path\":\"/p\"}]},"
		"\"annotations\":{\"a.b\":\"c\",\"e\":\"\"}"));
	const struct oci_hooks *hooks = spec->oci->hooks;

	assert_int_equal(hooks[OCI_PRESTART].count, 0);
	assert_int_equal(hooks[OCI_CREATE_RUNTIME].count, 2);
	assert_string_equal(hooks[OCI_CREATE_RUNTIME].items[0].path, "/h");
	assert_string_equal(hooks[OCI_CREATE_RUNTIME].items[0].args[1], "");
	assert_null(hooks[OCI_CREATE_RUNTIME].items[0].args[2]);
	assert_string_equal(hooks[OCI_CREATE_RUNTIME].items[0].env[0], "A=b");
	assert_int_equal(hooks[OCI_CREATE_RUNTIME].items[0].timeout, 5);
	assert_null(hooks[OCI_CREATE_RUNTIME].items[1].args);
	assert_null(hooks[OCI_CREATE_RUNTIME].items[1].env);
	assert_int_equal(hooks[OCI_CREATE_RUNTIME].items[1].timeout, 0);
	assert_string_equal(hooks[OCI_POSTSTOP].items[0].path, "/p");
	assert_int_equal(spec->oci->annotation_count, 2);
	assert_string_equal(spec->oci->annotations[0].key, "a.b");
	assert_string_equal(spec->oci->annotations[0].value, "c");
	assert_string_equal(spec->oci->annotations[1].value, "");
	spec_free(spec);
}

/* exec: what it does not say stays the container's, but for what a process always says. */
static void parse_oci__a_process_over_the_config(void **state)
{
	static const char process[] =
		"{\"cwd\":\"/tmp\",\"args\":[\"id\",\"-u\"],\"user\":{\"uid\":7}}";
	static const char weaker[] = "{\"cwd\":\"/\",\"args\":[\"id\"],"
				     "\"noNewPrivileges\":false,\"oomScoreAdj\":7}";
	struct rootlet_error err = {0};
	struct spec *spec = take_config(
		PROCESS("\"terminal\":true,\"env\":[\"A=1\"],\"noNewPrivileges\":true,"
			"\"user\":{\"uid\":1,\"gid\":2,\"umask\":7,\"additionalGids\":[3]},"
			"\"apparmorProfile\":\"p\",\"oomScoreAdj\":5,"
			"\"capabilities\":{\"bounding\":[\"CAP_CHOWN\"]},"
			"\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}]"));

	assert_int_equal(parse_oci_process(spec, process, strlen(process), "process.json", &err),
			 0);
	assert_string_equal(spec->args[0], "id");
	assert_int_equal(spec->arg_count, 2);
	assert_string_equal(spec->cwd, "/tmp");
	assert_int_equal(spec->env_count, 0);
	assert_false(spec->tty);
	assert_int_equal(spec->no_new_privileges, YES);
	assert_int_equal(spec->oci->oom_score_adj, 5);
	assert_int_equal(spec->oci->uid, 7);
	assert_int_equal(spec->oci->gid, 0);
	assert_int_equal(spec->oci->additional_gid_count, 0);
	assert_int_equal(spec->umask, 7);
	assert_string_equal(spec->oci->apparmor_profile, "p");
	assert_true(spec->oci->capabilities.bounding == BIT(0));
	assert_int_equal(spec->rlimit_count, 1);

	assert_int_equal(parse_oci_process(spec, weaker, strlen(weaker), "process.json", &err), 0);
	assert_int_equal(spec->no_new_privileges, NO);
	assert_int_equal(spec->oci->oom_score_adj, 7);

	assert_int_equal(parse_oci_process(spec, "{\"cwd\":\"/\"}", 11, "process.json", &err),
			 -EINVAL);
	assert_string_equal(err.message, "process.json:1:1: /args: is required");
	spec_free(spec);
}

/* What `spec` writes is taken, whole, without a note. */
static void parse_oci__the_default_config(void **state)
{
	for (int rootless = 0; rootless < 2; rootless++) {
		struct rootlet_error err = {0};
		struct spec *spec = spec_new(SPEC_RUN);
		const char *text = parse_oci_default(&spec->arena, rootless, 1000, 100);

		assert_non_null(text);
		if (parse_oci_config(spec, "/b", text, strlen(text), "config.json", &err) < 0 ||
		    spec_validate(spec, &err) < 0)
			fail_msg("%s", err.message);
		assert_int_equal(spec->oci->note_count, 0);
		assert_true(spec->tty && spec->read_only);
		assert_int_equal(spec->oci->mount_count, 7);
		assert_int_equal(spec_ns_mode(spec, NS_USER),
				 rootless ? NS_MODE_PRIVATE : NS_MODE_HOST);
		assert_int_equal(spec_ns_mode(spec, NS_NET),
				 rootless ? NS_MODE_HOST : NS_MODE_PRIVATE);
		if (rootless) {
			assert_int_equal(spec->uidmap.entries[0].host, 1000);
			assert_int_equal(spec->gidmap.entries[0].host, 100);
		}
		spec_free(spec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_oci__the_least_config),
		cmocka_unit_test(parse_oci__versions),
		cmocka_unit_test(parse_oci__unknown_members_are_passed_over),
		cmocka_unit_test(parse_oci__process),
		cmocka_unit_test(parse_oci__without_a_terminal_its_size_is_ignored),
		cmocka_unit_test(parse_oci__rlimits),
		cmocka_unit_test(parse_oci__capabilities),
		cmocka_unit_test(parse_oci__capabilities_that_cannot_be_granted_are_noted),
		cmocka_unit_test(parse_oci__notes_are_bounded),
		cmocka_unit_test(parse_oci__weights_of_leaves_are_noted),
		cmocka_unit_test(parse_oci__namespaces),
		cmocka_unit_test(parse_oci__a_user_namespace_by_path),
		cmocka_unit_test(parse_oci__linux),
		cmocka_unit_test(parse_oci__seccomp_is_kept_as_text),
		cmocka_unit_test(parse_oci__hooks_and_annotations),
		cmocka_unit_test(parse_oci__a_process_over_the_config),
		cmocka_unit_test(parse_oci__the_default_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
