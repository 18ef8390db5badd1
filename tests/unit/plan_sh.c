/* The plan as a shell script, on plans made by hand: what it holds, what it quotes, what it says
 * that it cannot do. */
#include "plan_box.h"

/* What each op leaves in a script; NULL: nothing, and the head says why. Each op must be here once.
 */
static const struct {
	enum plan_op op;
	const char *command;
} in_script[] = {
	{OP_CHANNELS, NULL},
	{OP_INIT_IMAGE, NULL},
	{OP_CGROUP_LEAF, NULL},
	{OP_CGROUP_PARENT, NULL},
	{OP_CGROUP_OFFER, NULL},
	{OP_CGROUP, NULL},
	{OP_ENTER_CGROUP, NULL},
	{OP_CGROUP_LIMIT, NULL},
	{OP_DEVICE_RULES, NULL},
	{OP_HOST_PROC, NULL},
	{OP_JOINER_OOM_SCORE, NULL},
	{OP_JOIN_NAMESPACE, "nsenter --net=/proc/42/ns/net"},
	{OP_JOIN_CONTAINER, NULL},
	{OP_UNDUMPABLE, NULL},
	{OP_CLONE, "unshare --mount"},
	{OP_FILE_LIMIT, NULL},
	{OP_OPEN_PATH, NULL},
	{OP_OWN_FOLDER, NULL},
	{OP_DENY_SETGROUPS, "echo deny >\"/proc/$holder/setgroups\""},
	{OP_WRITE_MAP, "printf '0 1000 1\\n1 100000 65536\\n' >\"/proc/$holder/uid_map\""},
	{OP_HELPER_MAP, "/usr/bin/newuidmap \"$holder\" 0 1000 1 1 100000 65536"},
	{OP_CGROUP_SCOPE, NULL},
	{OP_CGROUP_PROCESSES, NULL},
	{OP_SCOPE_DEVICE_RULES, NULL},
	{OP_MAP_SOURCE, NULL},
	{OP_TAKE_SOURCE, NULL},
	{OP_SET_GROUPS, "--setuid 0 --setgid 0"},
	{OP_SET_IDS, "nsenter --target \"$holder\" --user"},
	{OP_PROCFS, "mount -n -t tmpfs -o size=64k,huge,nosuid tmpfs /proc"},
	{OP_CGROUP_NAMESPACE, NULL},
	{OP_HOSTNAME, "hostname text"},
	{OP_DOMAINNAME, "domainname text"},
	{OP_LOOPBACK_UP, "ip link set lo up"},
	{OP_SYSCTL, "printf '%s\\n' 1 >/proc/sys/net/ipv4/ip_forward"},
	{OP_TIME_OFFSETS, "--time --boottime=60"},
	{OP_OOM_SCORE, NULL},
	{OP_PROPAGATION, "--propagation private"},
	{OP_SCRATCH, "tmpfs \"$scratch\""},
	{OP_ROOT_TMPFS, "tmpfs \"$new\""},
	{OP_ROOT_BIND, "mount -n --rbind /source \"$new\""},
	{OP_ROOT_OVERLAY, "mount -n -t overlay"},
	{OP_MAKE_DIRECTORY, "inside /target; make_dir"},
	{OP_MAKE_SYMLINK, "inside /; ln -s -- content \"$target/target\""},
	{OP_BIND, "mount -n --rbind /source \"$target\"\nremount_all \"$target\" ro"},
	{OP_BIND_DEVICE, "target=\"$dev/null\"; make_file\nmount -n --bind /dev/null \"$target\""},
	{OP_DEVICE_NODE, "target=\"$dev/null\"; [ -e \"$target\" ] || mknod \"$target\" c 1 3"},
	{OP_BIND_TEXT, "printf %s content >\"$dev/.text\""},
	{OP_MOUNT, "inside /target\nmount -n -t tmpfs -o size=64k,huge,nosuid tmpfs \"$target\"\n"
		   "remount \"$target\" ro"},
	{OP_ATTACH_PROCFS, "mount -n --move /proc \"$target\""},
	{OP_MOUNT_ATTRIBUTES, "inside /target\nremount_all \"$target\" ro"},
	{OP_MASK, "\nhide /target\n"},
	{OP_READONLY_PATH, "\nread_only /target\n"},
	{OP_OWN_PATH, "\nread_only /target\n"},
	{OP_TERMINAL, NULL},
	{OP_INIT_FILE, NULL},
	{OP_HOOKS, NULL},
	{OP_MOVE_ROOT, "pivot_root . ."},
	{OP_PIVOT_ROOT, "pivot_root . ."},
	{OP_DETACH_OLD_ROOT, "umount -n -l ."},
	{OP_ROOT_PROPAGATION, NULL},
	{OP_LSM_LABEL, NULL},
	{OP_PROCESS_GROUP, NULL},
	{OP_SESSION, NULL},
	{OP_KEYRING, NULL},
	{OP_LANDLOCK, NULL},
	{OP_RLIMIT, "prlimit --pid $$ --nofile=9223372036854775809:unlimited"},
	{OP_SCHEDULER, NULL},
	{OP_IO_PRIORITY, NULL},
	{OP_MEMORY_POLICY, NULL},
	{OP_AFFINITY, NULL},
	{OP_PERSONALITY, NULL},
	{OP_UMASK, "umask 0003"},
	{OP_LOOKUP_USER, "lookup_user text"},
	{OP_BOUNDING_SET, "--bounding-set=-all,+chown,+cap_63"},
	{OP_KEEP_CAPABILITIES, "(an option of setpriv, below)"},
	{OP_SET_USER, "--reuid=0 --regid=0 --clear-groups"},
	{OP_CAPABILITIES, "--bounding-set=-all,+chown,+cap_63"},
	{OP_AMBIENT, "--inh-caps=-all,+chown,+cap_63 --ambient-caps=-all,+chown,+cap_63"},
	{OP_CAPABILITY_SETS, "--inh-caps=-all,"},
	{OP_WORKDIR, "cd text"},
	{OP_FIND_COMMAND, NULL},
	{OP_AWAIT_START, NULL},
	{OP_START_HOOK, NULL},
	{OP_NO_NEW_PRIVS, "--no-new-privs"},
	{OP_PARENT_DEATH, "--kill-child=SIGTERM"},
	{OP_SECCOMP, NULL},
	{OP_CLOSE_FDS, NULL},
	{OP_EXEC_INIT, NULL},
	{OP_EXEC, "set -- id -u\n"},
};

static void sh__no_op_is_forgotten(void **state)
{
	struct step steps[OP_COUNT];
	struct plan plan = plan_of(steps, every_op(steps));
	char *text = print(&plan, SH), number[16], limit[256];

	assert_int_equal(LENGTH(in_script), OP_COUNT);
	for (int op = 0; op < OP_COUNT; op++) {
		const char *why = sh_limit(&plan, &steps[op]);

		assert_int_equal(in_script[op].op, op);
		snprintf(number, sizeof(number), "# %d  ", op);
		assert_contains(text, number);
		if (in_script[op].command)
			assert_contains(text, in_script[op].command);
		else
			assert_non_null(why);
		if (why) {
			snprintf(limit, sizeof(limit), "step %d, %s: ", op, op_rows[op].name);
			assert_contains(text, limit);
			assert_string_not_equal(why, "unknown to this printer");
		}
	}
	free(text);
}

/* Feeds `text` to a command and returns its exit status. */
static int feed(const char *command, const char *text)
{
	FILE *pipe = popen(command, "w");

	assert_non_null(pipe);
	fputs(text, pipe);
	return pclose(pipe);
}

static void sh__is_a_script(void **state)
{
	struct step steps[OP_COUNT];
	char *text = print_steps(steps, every_op(steps), SH);

	assert_int_equal(feed("sh -n", text), 0);
	assert_int_equal(strncmp(text, "#!/bin/sh\n", 10), 0);
	free(text);
}

static void sh__every_byte_survives_quoting(void **state)
{
	static const char *const words[] = {
		"plain", "",   "it's",	      "''",    "a b\tc", "two\nlines\n", "$HOME",
		"`id`",	 "\\", "\"x\"",	      "*?[a]", "~",	 "-n",		 "a;b",
		"#no",	 "!x", "\xff\x01end", "a=b",   "{a,b}",	 "&|<>"};

	for (size_t i = 0; i < LENGTH(words); i++) {
		AUTO_BUFFER command = {0};
		char back[64] = "";
		FILE *pipe;
		size_t n;

		buffer_puts(&command, "printf %s ");
		print_quoted(&command, words[i]);
		pipe = popen(command.data, "r");
		assert_non_null(pipe);
		n = fread(back, 1, sizeof(back) - 1, pipe);
		assert_int_equal(pclose(pipe), 0);
		assert_int_equal(n, strlen(words[i]));
		assert_string_equal(back, words[i]);
	}
}

static void sh__here_document_ends_where_it_should(void **state)
{
	struct step steps[] = {sample(OP_BIND_TEXT), sample(OP_PIVOT_ROOT)};
	char *text;

	text = print_steps(steps, LENGTH(steps), SH);
	assert_contains(text, "<<'INSIDE'\n");
	free(text);
	steps[0].a.file.text = "a\nINSIDE\nrm -rf x\n";
	text = print_steps(steps, LENGTH(steps), SH);
	assert_contains(text, "<<'END_OF_INSIDE'\n");
	assert_contains(text, "\nEND_OF_INSIDE\n");
	free(text);
}

static void sh__comments_stay_comments(void **state)
{
	struct step steps[] = {sample(OP_OPEN_PATH), sample(OP_SECCOMP)};
	char *text;

	steps[0].a.open.path = "/x\nrm -rf y";
	steps[1].a.filter.name = "/f\nrm -rf z";
	text = print_steps(steps, LENGTH(steps), SH);
	assert_lacks(text, "\nrm -rf");
	free(text);
}

static void sh__the_place_covers_no_source(void **state)
{
	static const struct {
		const char *source, *place;
	} cases[] = {
		{"/srv/data", "/run"}, {"/run/user/1000", "/mnt"},
		{"/run", "/mnt"},      {"/var/run/x", "/mnt"},
		{"/", "/run"},	       {"/running", "/run"},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct step steps[] = {sample(OP_OPEN_PATH), sample(OP_PIVOT_ROOT)};
		struct plan plan = plan_of(steps, LENGTH(steps));

		steps[0].a.open.path = cases[i].source;
		assert_string_equal(sh_place(&plan), cases[i].place);
	}
}

static void sh__the_user_namespace_is_made_as_the_maps_want(void **state)
{
	struct step own[] = {sample(OP_CLONE), sample(OP_DENY_SETGROUPS), sample(OP_WRITE_MAP)};
	struct step held[] = {sample(OP_CLONE), sample(OP_HELPER_MAP), sample(OP_SET_GROUPS),
			      sample(OP_SET_IDS)};
	struct step joined[] = {sample(OP_JOIN_NAMESPACE), sample(OP_CLONE)};
	struct plan plan;
	char *text;

	own[2].actor = ACTOR_CHILD;
	plan = plan_of(own, LENGTH(own));
	text = print(&plan, SH);
	assert_contains(text, "unshare --user --map-user=0 --map-group=0 --mount");
	assert_lacks(text, "$holder");
	free(text);

	text = print_steps(held, LENGTH(held), SH);
	assert_contains(text, "unshare --user sleep 60 &");
	assert_contains(text, "--user --setuid 0 --setgid 0");
	free(text);
	text = print_steps(held, 2, SH); /* groups are kept */
	assert_lacks(text, "--preserve-credentials");
	free(text);

	joined[0].a.ns.type = NS_USER;
	joined[0].a.ns.path = "/run/it's";
	text = print_steps(joined, LENGTH(joined), SH);
	assert_contains(
		text, "nsenter --user='/run/it'\\''s' --setuid 0 --setgid 0 \\\n\tunshare --mount");
	free(text);
}

static void sh__descriptors_are_kept_and_closed(void **state)
{
	struct step steps[] = {sample(OP_CLOSE_FDS), sample(OP_EXEC)};
	char *text;

	steps[0].a.number = 5; /* 3 and 4 are handed in */
	text = print_steps(steps, LENGTH(steps), SH);
	assert_contains(text, "sh -s 9<&0 <<'INSIDE'\n");
	assert_contains(text, "\nexec \"$@\" <&9 9<&- 5<&- 6<&- 7<&- 8<&-\n");
	free(text);
}

static void sh__a_target_is_in_its_slot(void **state)
{
	static const struct {
		struct step_target target;
		const char *place, *script;
	} cases[] = {
		{{SLOT_ROOT, "/a b"}, "/a b", "inside '/a b'; make_like /source"},
		{{SLOT_OWN_ROOT, "usr"}, "/usr", "target=\"$new/usr\"; make_like /source"},
		{{SLOT_DEV, "console"},
		 "/dev/console",
		 "target=\"$dev/console\"; make_like /source"},
		{{SLOT_SCRATCH, "it's"},
		 "scratch/it's",
		 "target=\"$scratch/\"'it'\\''s'; make_like"},
		{{SLOT_FIRST_FREE, "x"}, "/x", "\"; make_like /source"},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct step steps[] = {sample(OP_BIND)};
		AUTO_BUFFER out = {0};
		char *text;

		steps[0].a.bind.target = cases[i].target;
		name_target(&cases[i].target, &out);
		assert_string_equal(out.data, cases[i].place);
		text = print_steps(steps, 1, SH);
		assert_contains(text, cases[i].script);
		free(text);
	}
}

static void sh__says_what_it_cannot_say_exactly(void **state)
{
	struct step steps[] = {sample(OP_TIME_OFFSETS), sample(OP_EXEC)};
	struct plan plan = plan_of(steps, LENGTH(steps));
	static const char *const argv[] = {"-sh", NULL};

	assert_null(sh_limit(&plan, &steps[0]));
	steps[0].a.text.text = "monotonic 1 0\nboottime 60 500000000\n";
	assert_string_equal(sh_limit(&plan, &steps[0]), "unshare(1) takes whole seconds only");
	assert_null(sh_limit(&plan, &steps[1]));
	steps[1].a.exec.argv = argv;
	assert_string_equal(sh_limit(&plan, &steps[1]), "argv[0] is the file's name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sh__no_op_is_forgotten),
		cmocka_unit_test(sh__is_a_script),
		cmocka_unit_test(sh__every_byte_survives_quoting),
		cmocka_unit_test(sh__here_document_ends_where_it_should),
		cmocka_unit_test(sh__comments_stay_comments),
		cmocka_unit_test(sh__the_place_covers_no_source),
		cmocka_unit_test(sh__the_user_namespace_is_made_as_the_maps_want),
		cmocka_unit_test(sh__descriptors_are_kept_and_closed),
		cmocka_unit_test(sh__a_target_is_in_its_slot),
		cmocka_unit_test(sh__says_what_it_cannot_say_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
