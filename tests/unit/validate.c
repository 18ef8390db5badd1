/* spec_validate: what is refused without looking at the host, with which words. The specs come from
 * command lines, since that is how people write them. */
#include "parse_check.h"

#include <stdlib.h>

struct row {
	const char *line; /* words between blanks */
	const char *id, *message, *hint;
};

static struct spec *spec_of(const char *line, enum parse_command command)
{
	struct spec *spec = new_spec(command == PARSE_UNSHARE ? SPEC_UNSHARE : SPEC_RUN);
	struct rootlet_error err = {0};
	const char *argv[32];
	int argc = 0;
	char *copy = strdup(line);

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	if (parse_command_line(spec, command, argc, argv, &err) != 0)
		fail_msg("%s: %s", line, err.message);
	free(copy);
	return spec;
}

static void check_row(const struct row *row, enum parse_command command)
{
	struct spec *spec = spec_of(row->line, command);
	struct rootlet_error err = {0};
	int r = spec_validate(spec, &err);

	if (!row->message && r)
		fail_msg("%s: refused: %s", row->line, err.message);
	if (row->message && !r)
		fail_msg("%s: accepted", row->line);
	if (row->message) {
		assert_int_equal(r, -EINVAL);
		assert_string_equal(err.message, row->message);
		assert_string_equal(err.hint, row->hint);
		assert_string_equal(err.id, row->id);
	}
	spec_free(spec);
}

#define check_rows(rows, command)                                                                  \
	for (size_t i_ = 0; i_ < sizeof(rows) / sizeof(*(rows)); i_++)                             \
	check_row(&(rows)[i_], command)

static void validate__accepts_what_fits_together(void **state)
{
	static const struct row rows[] = {
		{.line = "/ id"},
		{.line = "./debian bash"},
		{.line = "-i --rm ./debian"},
		{.line = "--uidmap 0:0:1 --uidmap 1:1:65535 ./debian"},
		{.line = "--gidmap 0:0:1 ./debian"},
		{.line = "--uidmap 0:5:1 --uidmap 1:@5:1 ./debian"},
		{.line = "--overlay --read-only ./debian"},
		{.line = "--read-only /"},
		{.line = "--time private --boottime 5 --monotonic -3.5 ./debian"},
		{.line = "--boottime 5 ./debian"},
		{.line = "-h web.example.org --domainname example.org /"},
		{.line = "-h a123456789b123456789c123456789d123456789e123456789f123456789g123 /"},
		{.line = "--sysctl net.ipv4.ip_forward=1 --sysctl kernel.shmmax=1 --sysctl "
			 "fs.mqueue.msg_max=9 --sysctl kernel.sem=1 --sysctl "
			 "user.max_user_namespaces=0 /"},
		{.line = "--cap-drop ALL --cap-add CHOWN /"},
		{.line = "--group-add keep-groups /"},
		{.line = "--status-fd 3 /"},
		{.line = "--status-fd 4 --preserve-fds 1 /"},
		{.line = "--status-fd 1 --preserve-fds 5 /"},
		{.line = "--stop-signal INT --timeout 5 --dns 9.9.9.9 --add-host a:1.2.3.4 /"},
		{.line = "-v /a:/x -v /a:/y --tmpfs /z /"},
	};

	(void)state;
	check_rows(rows, PARSE_RUN);
}

static void validate__refuses_contradictions(void **state)
{
	static const struct row rows[] = {
		{"--read-only", "no-root", "ROOT: none was given",
		 "name a directory that begins with / or . (rootlet run ./debian bash), or / for "
		 "the host's "
		 "own files"},
		{"--overlay / id", "overlay-host-root",
		 "--overlay: does not go with ROOT /, which is always read-only",
		 "bind what the command may write, for example -v \"$PWD\", or give a directory as "
		 "ROOT"},
		{"-v /a:/x --tmpfs /x /", "mount-twice",
		 "/x: two mounts want this place: -v /a:/x, and --tmpfs /x",
		 "drop one of them, or give it another destination"},
		{"--userns host /", "userns-host",
		 "--userns host: a container of rootlet always has a user namespace",
		 "--userns keep-id keeps your own ids inside; --userns single maps you to root"},
		{"--userns single --uidmap 0:0:1 /", "userns-and-maps",
		 "--uidmap: does not go with --userns single, which chooses the map itself",
		 "drop one of the two"},
		{"--userns ranges --gidmap 0:0:1 /", "userns-and-maps",
		 "--gidmap: does not go with --userns ranges, which chooses the map itself",
		 "drop one of the two"},
		{"--userns keep-id --uidmap 0:0:1 /", "userns-and-maps",
		 "--uidmap: does not go with --userns keep-id, which chooses the map itself",
		 "drop one of the two"},
		{"--userns ns:/x --uidmap 0:0:1 /", "userns-and-maps",
		 "--uidmap: does not go with --userns ns:PATH, which chooses the map itself",
		 "drop one of the two"},
		{"--userns single --subgidname bob /", "single-and-subids",
		 "--subgidname: does not go with --userns single, which uses no subordinate ids",
		 "use --userns ranges, or drop --subgidname"},
		{"--uidmap 0:0:10 --uidmap 9:20:5 /", "id-map-overlap",
		 "--uidmap 0:0:10 and 9:20:5: both map the inside ids 9-9",
		 "an id may stand in one line only, on either side (user_namespaces(7))"},
		{"--gidmap 0:1:10 --gidmap 20:10:5 /", "id-map-overlap",
		 "--gidmap 0:1:10 and 20:10:5: both map the outside ids 10-10",
		 "an id may stand in one line only, on either side (user_namespaces(7))"},
		{"--uidmap 0:1:10 --uidmap 9:@1000:5 /", "id-map-overlap",
		 "--uidmap 0:1:10 and 9:@1000:5: both map the inside ids 9-9",
		 "an id may stand in one line only, on either side (user_namespaces(7))"},
		{"--time host --boottime 5 /", "time-offset",
		 "--boottime: the time namespace is the host's",
		 "--time private gives it one of its own"},
		{"--monotonic 5 --time host /", "time-offset",
		 "--monotonic: the time namespace is the host's",
		 "--time private gives it one of its own"},
		{"--group-add keep-groups --group-add 5 /", "keep-groups",
		 "--group-add keep-groups: goes with no other --group-add: the caller's groups can "
		 "be kept "
		 "only by leaving the list as it is",
		 "drop one of the two"},
		{"--cap-add ALL --cap-drop ALL /", "cap-conflict",
		 "--cap-add ALL: contradicts --cap-drop ALL", "drop one of the two"},
		{"--cap-add CHOWN --cap-drop chown /", "cap-conflict",
		 "--cap-add, --cap-drop: the same capability is added and dropped",
		 "--cap-drop ALL with --cap-add of the few that are needed does go together"},
		{"--status-fd 3 --preserve-fds 1 /", "status-fd-preserved",
		 "--status-fd 3: --preserve-fds 1 would hand it into the container",
		 "use a descriptor from 4 on"},
	};

	(void)state;
	check_rows(rows, PARSE_RUN);
}

static void validate__refuses_names_and_settings_of_others(void **state)
{
	static const char owns[] = "a container can set net.*, user.*, fs.mqueue.*, kernel.shm*, "
				   "kernel.msg* and kernel.sem";
	static const char letters[] = "use letters, digits, '-', '_' and '.'";
	static const struct row rows[] = {
		{"--uts host -h box /", "hostname", "--hostname: the UTS namespace is the host's",
		 "--uts private gives it one of its own"},
		{"--uts ns:/x -h box /", "hostname",
		 "--hostname: the UTS namespace is somebody else's, only joined",
		 "--uts private gives it one of its own"},
		{"--uts host --domainname box /", "domainname",
		 "--domainname: the UTS namespace is the host's",
		 "--uts private gives it one of its own"},
		{"-h a123456789b123456789c123456789d123456789e123456789f123456789g1234 /",
		 "hostname", "--hostname: the name has 65 characters, the kernel takes at most 64",
		 ""},
		{"--hostname= /", "hostname", "--hostname: the name is empty", ""},
		{"--hostname -x /", "hostname", "--hostname -x: a name cannot begin with '-'",
		 letters},
		{"--hostname \xc3\xbcml /", "hostname",
		 "--hostname \xc3\xbcml: a name cannot contain letters beyond a to z", letters},
		{"--domainname a/b /", "domainname", "--domainname a/b: a name cannot contain '/'",
		 letters},
		{"--sysctl vm.swappiness=1 /", "sysctl-host",
		 "--sysctl vm.swappiness: belongs to the whole machine, no namespace has its own",
		 owns},
		{"--sysctl kernel.shmfoo=1 /", "sysctl-host",
		 "--sysctl kernel.shmfoo: belongs to the whole machine, no namespace has its own",
		 owns},
		{"--sysctl network.x=1 /", "sysctl-host",
		 "--sysctl network.x: belongs to the whole machine, no namespace has its own",
		 owns},
		{"--sysctl kernel.hostname=x /", "sysctl-name",
		 "--sysctl kernel.hostname: has an option of its own", "use --hostname NAME"},
		{"--sysctl kernel.domainname=x /", "sysctl-name",
		 "--sysctl kernel.domainname: has an option of its own", "use --domainname NAME"},
		{"--network host --sysctl net.ipv4.ip_forward=1 /", "sysctl-shared",
		 "--sysctl net.ipv4.ip_forward: the network namespace is the host's",
		 "--network none gives it one of its own"},
		{"--ipc host --sysctl kernel.msgmax=1 /", "sysctl-shared",
		 "--sysctl kernel.msgmax: the ipc namespace is the host's",
		 "--ipc private gives it one of its own"},
		{"--userns ns:/x --sysctl user.max_user_namespaces=1 /", "sysctl-shared",
		 "--sysctl user.max_user_namespaces: the user namespace is somebody else's, only "
		 "joined",
		 "without --userns ns:PATH the container has one of its own"},
	};

	(void)state;
	check_rows(rows, PARSE_RUN);
}

static void validate__refuses_lives_that_cannot_be(void **state)
{
	static const struct row rows[] = {
		{"--replace /", "replace-what",
		 "--replace: there is no name whose container could be replaced",
		 "add --name NAME"},
		{"-d --timings /", "timings-detached",
		 "--timings: does not go with -d and -t: another process does the start",
		 "measure without them, or use --log-level debug"},
		{"--userns single --network container:web /", "join-other-userns",
		 "container:web: sharing one of its namespaces means sharing its user namespace, "
		 "and another one is asked for",
		 "leave the id options out, or say --userns container:web"},
	};

	(void)state;
	check_rows(rows, PARSE_RUN);
}

static void validate__refuses_swap_without_memory(void **state)
{
	static const struct row rows[] = {
		{"--memory-swap 1g /", "memory-swap",
		 "--memory-swap: is memory and swap together, and there is no --memory",
		 "add --memory SIZE"},
		{"--memory 1g --memory-swap 512m /", "memory-swap",
		 "--memory-swap: is memory and swap together, and less than --memory",
		 "give at least the same; the same switches swap off"},
	};

	(void)state;
	check_rows(rows, PARSE_RUN);
}

static void validate__knows_unshare(void **state)
{
	static const struct row rows[] = {
		{.line = "rm -rf x"},
		{.line = "-u -h box"},
		{.line = "-n --sysctl net.ipv4.ip_forward=1"},
		{.line = "--boottime 5"},
		{.line = "--join 5 -n"},
		{"-h box", "hostname", "--hostname: the UTS namespace is the host's",
		 "add -u for one of its own"},
		{"--sysctl net.ipv4.ip_forward=1", "sysctl-shared",
		 "--sysctl net.ipv4.ip_forward: the network namespace is the host's",
		 "add -n for one of its own"},
		{"--join 5 --userns single", "join-and-maps",
		 "--join: does not go with --userns, --uidmap or --gidmap: the user namespace that "
		 "is joined "
		 "has its map already",
		 "drop one of the two"},
		{"--join 5 --gidmap 0:0:1", "join-and-maps",
		 "--join: does not go with --userns, --uidmap or --gidmap: the user namespace that "
		 "is joined "
		 "has its map already",
		 "drop one of the two"},
	};

	(void)state;
	check_rows(rows, PARSE_UNSHARE);
}

static void validate__disable_userns_against_its_own_setting(void **state)
{
	static const struct row rows[] = {
		{.line = "--disable-userns /"},
		{.line = "--disable-userns --sysctl user.max_user_namespaces=0 /"},
		{.line = "--disable-userns --sysctl user.max_pid_namespaces=5 /"},
		{"--disable-userns --sysctl user.max_user_namespaces=5 /", "disable-userns",
		 "--disable-userns: contradicts --sysctl user.max_user_namespaces=5",
		 "drop one of the two"},
	};

	(void)state;
	check_rows(rows, PARSE_RUN);
}

static void validate__can_go_without_an_error_object(void **state)
{
	struct spec *spec = new_spec(SPEC_RUN);

	(void)state;
	assert_int_equal(spec_validate(spec, NULL), -EINVAL);
	spec_free(spec);
}

static void spec__gives_each_command_its_namespaces(void **state)
{
	struct spec *run = spec_of("--pid host --userns ns:/x /", PARSE_RUN);
	struct spec *unshare = spec_of("-u", PARSE_UNSHARE);

	(void)state;
	assert_int_equal(spec_ns_mode(run, NS_PID), NS_MODE_HOST);
	assert_int_equal(spec_ns_mode(run, NS_NET), NS_MODE_PRIVATE);
	assert_int_equal(spec_ns_mode(run, NS_TIME), NS_MODE_HOST);
	assert_int_equal(spec_ns_mode(run, NS_USER), NS_MODE_PATH);
	assert_int_equal(spec_ns_mode(unshare, NS_UTS), NS_MODE_PRIVATE);
	assert_int_equal(spec_ns_mode(unshare, NS_NET), NS_MODE_HOST);
	assert_int_equal(spec_ns_mode(unshare, NS_USER), NS_MODE_PRIVATE);
	spec_free(run);
	spec_free(unshare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(validate__accepts_what_fits_together),
		cmocka_unit_test(validate__refuses_contradictions),
		cmocka_unit_test(validate__refuses_names_and_settings_of_others),
		cmocka_unit_test(validate__refuses_lives_that_cannot_be),
		cmocka_unit_test(validate__refuses_swap_without_memory),
		cmocka_unit_test(validate__knows_unshare),
		cmocka_unit_test(validate__disable_userns_against_its_own_setting),
		cmocka_unit_test(validate__can_go_without_an_error_object),
		cmocka_unit_test(spec__gives_each_command_its_namespaces),
	};

	return cmocka_run_group_tests_name("validate", tests, NULL, NULL);
}
