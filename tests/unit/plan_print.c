/* The printers of the plan, on plans made by hand: no planner, no host, no privilege. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <json-c/json.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "plan/plan.h"
#include "plan/print_sh.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *const argv_id[] = {"id", "-u", NULL};
static const char *const envp_path[] = {"PATH=/usr/bin:/bin", NULL};
static const char *const landlock_paths[] = {"/tmp",
					     "/a\x1b"
					     "b",
					     NULL};
static const char *const candidates_id[] = {"/usr/bin/id", "/bin/id", NULL};
static const char *helper_args[] = {"0", "1000", "1", "1", "100000", "65536", NULL};
static struct mount_option option_size[] = {{"size", "64k"}, {"huge", NULL}};
static const struct sock_filter program[] = {{0x20, 0, 0, 4}, {0x06, 0, 0, 0x7fff0000}};
static struct id_extent extents[] = {{0, 1000, 1}, {1, 100000, 65536}};

/* A step of that op whose arguments are all there. */
static struct step sample(enum plan_op op)
{
	struct step step = {.op = op, .actor = ACTOR_CHILD, .subject = "/subject"};
	struct step_target target = {SLOT_ROOT, "/target"};

	switch (op_rows[op].args) {
	case ARGS_NONE:
		break;
	case ARGS_NAMESPACE:
		step.a.ns.type = NS_NET;
		step.a.ns.path = "/proc/42/ns/net";
		break;
	case ARGS_CONTAINER:
		step.a.container.name = "red";
		step.a.container.pid = 42;
		step.a.container.flags = ns_type_flag(NS_USER) | ns_type_flag(NS_NET);
		break;
	case ARGS_TERMINAL:
		step.a.terminal.dev = SLOT_DEV;
		step.a.terminal.console = true;
		step.a.terminal.rows = 24;
		step.a.terminal.columns = 80;
		break;
	case ARGS_CLONE:
		step.a.clone.flags = ns_type_flag(NS_USER) | ns_type_flag(NS_MNT);
		step.a.clone.clone3 = true;
		break;
	case ARGS_OPEN:
		step.a.open.path = "/source";
		step.a.open.kind = OPEN_DIRECTORY;
		step.a.open.slot = SLOT_FIRST_FREE;
		break;
	case ARGS_MAP:
		step.actor = ACTOR_PARENT;
		step.a.map.text = "0 1000 1\n1 100000 65536\n";
		break;
	case ARGS_HELPER:
		step.a.helper.path = "/usr/bin/newuidmap";
		step.a.helper.args = helper_args;
		break;
	case ARGS_GROUPS:
		break;
	case ARGS_IDS:
		step.a.ids.set_groups = true;
		break;
	case ARGS_FILESYSTEM:
		step.a.fs.type = "tmpfs";
		step.a.fs.options = option_size;
		step.a.fs.option_count = LENGTH(option_size);
		step.a.fs.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
		step.a.fs.target = target;
		step.a.fs.slot = SLOT_NONE;
		break;
	case ARGS_TEXT:
		step.a.text.text = op == OP_TIME_OFFSETS ? "boottime 60 0\n" : "text";
		break;
	case ARGS_SETTING:
		step.a.setting.path = "net/ipv4/ip_forward";
		step.a.setting.value = "1";
		break;
	case ARGS_PROPAGATION:
		step.a.propagation.flags = MS_PRIVATE;
		break;
	case ARGS_BIND:
		step.a.bind.source_path = "/source";
		step.a.bind.target = target;
		step.a.bind.recursive = true;
		step.a.bind.make_target = true;
		step.a.bind.attr_set = MOUNT_ATTR_RDONLY;
		break;
	case ARGS_OVERLAY:
		step.a.overlay.lower_path = "/lower";
		step.a.overlay.upper = SLOT_NONE;
		break;
	case ARGS_FILE:
		step.a.file.target = target;
		step.a.file.text = "content";
		step.a.file.mode = 0644;
		break;
	case ARGS_DEVICE:
		step.a.device.name = "null";
		step.a.device.major = 1;
		step.a.device.minor = 3;
		step.a.device.target = (struct step_target){SLOT_DEV, "null"};
		break;
	case ARGS_ATTRIBUTES:
		step.a.attributes.target = target;
		step.a.attributes.set = MOUNT_ATTR_RDONLY;
		step.a.attributes.recursive = true;
		break;
	case ARGS_GROUP:
		break;
	case ARGS_RLIMIT:
		step.a.rlimit.name = "nofile";
		step.a.rlimit.soft = UINT64_C(9223372036854775809);
		step.a.rlimit.hard = UINT64_MAX;
		break;
	case ARGS_NUMBER:
		step.a.number = op == OP_PARENT_DEATH ? SIGTERM : 3;
		break;
	case ARGS_CAPABILITIES:
		step.a.capabilities = 1 | UINT64_C(1) << 63;
		break;
	case ARGS_FILTER:
		step.a.filter.program = program;
		step.a.filter.length = LENGTH(program);
		step.a.filter.name = "default";
		break;
	case ARGS_LANDLOCK:
		step.a.landlock.rights = 2;
		step.a.landlock.paths = landlock_paths;
		break;
	case ARGS_EXEC:
		step.subject = "id";
		step.a.exec.candidates = candidates_id;
		step.a.exec.argv = argv_id;
		step.a.exec.envp = envp_path;
		break;
	}
	return step;
}

static struct plan plan_of(struct step *steps, size_t count)
{
	struct plan plan = {.steps = steps, .count = count, .kind = SPEC_RUN};

	plan.summary_user = "uid 0 is 1000 (alice)";
	plan.hostname = "web";
	plan.uid_map = (struct idmap){extents, LENGTH(extents)};
	plan.gid_map = plan.uid_map;
	for (int type = 0; type < NS_COUNT; type++)
		plan.ns_modes[type] = NS_MODE_PRIVATE;
	plan.ns_modes[NS_TIME] = NS_MODE_HOST;
	plan.ns_modes[NS_NET] = NS_MODE_PATH;
	return plan;
}

/* Every op once, in the order of the table: the stages come in their order too. */
static size_t every_op(struct step steps[OP_COUNT])
{
	for (int op = 0; op < OP_COUNT; op++)
		steps[op] = sample((enum plan_op)op);
	return OP_COUNT;
}

enum format { TEXT, COLOR, JSON, SH };

static char *print(const struct plan *plan, enum format format)
{
	struct buffer out = {0};
	int r = format == JSON ? plan_print_json(plan, &out)
		: format == SH ? plan_print_sh(plan, &out)
			       : plan_print_text(plan, format == COLOR, &out);

	assert_int_equal(r, 0);
	assert_non_null(out.data);
	return out.data; /* the caller frees */
}

static char *print_steps(struct step *steps, size_t count, enum format format)
{
	struct plan plan = plan_of(steps, count);

	return print(&plan, format);
}

static void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("“%s” is not in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("“%s” is in:\n%s", part, text);
}

/* ---- ops ---- */

static void ops__every_row_is_complete(void **state)
{
	int stage = STAGE_PREPARE;

	for (int op = 0; op < OP_COUNT; op++) {
		const struct op_row *row = &op_rows[op];

		assert_non_null(row->name);
		assert_true(*row->name && *row->why);
		assert_non_null(strchr(row->manual, '(')); /* a page with its section */
		assert_non_null(row->hint);
		assert_in_range(row->stage, stage, STAGE_EXEC); /* the table follows the stages */
		stage = (int)row->stage;
		for (int other = 0; other < op; other++)
			assert_string_not_equal(row->name, op_rows[other].name);
	}
}

static void ops__names_of_stages_and_actors(void **state)
{
	assert_string_equal(stage_name(STAGE_PREPARE), "PREPARE");
	assert_string_equal(stage_name(STAGE_EXEC), "EXEC");
	assert_string_equal(actor_name(ACTOR_JOINER), "joiner");
	for (int stage = 0; stage < STAGE_COUNT; stage++)
		assert_true(strlen(stage_sentence((enum plan_stage)stage)) > 10);
}

/* ---- step_describe ---- */

static void describe__knows_every_op(void **state)
{
	for (int op = 0; op < OP_COUNT; op++) {
		struct step step = sample((enum plan_op)op);
		AUTO_BUFFER out = {0};

		step_describe(&step, &out);
		assert_true(out.len > 5);
		assert_null(strchr(out.data, '?'));
		assert_null(strchr(out.data, '\n'));
	}
}

static void describe__says_what_and_where(void **state)
{
	static const struct {
		enum plan_op op;
		const char *text;
	} cases[] = {
		{OP_BIND, "bind /source → /target (recursive, ro)"},
		{OP_ROOT_BIND, "bind /source as the new root (recursive, ro)"},
		{OP_MOUNT, "mount tmpfs on /target (size=64k, huge, ro, nosuid)"},
		{OP_CLONE, "clone3 a process into its own user, mnt namespaces"},
		{OP_HELPER_MAP, "/usr/bin/newuidmap PID 0 1000 1 1 100000 65536"},
		{OP_WRITE_MAP, "write to /proc/PID/uid_map: 0 1000 1, 1 100000 65536"},
		{OP_BIND_DEVICE, "bind the host's /dev/null → /dev/null (device 1:3)"},
		{OP_BIND_TEXT, "write /target (7 bytes, mode 0644)"},
		{OP_LANDLOCK, "landlock: write only below /tmp, '/a\\x1bb'"},
		{OP_RLIMIT, "limit nofile: soft 9223372036854775809, hard unlimited"},
		{OP_CAPABILITIES, "capabilities: cap_chown, cap_63"},
		{OP_AMBIENT, "unless root, ambient: cap_chown, cap_63"},
		{OP_PARENT_DEATH, "die by SIGTERM when the process that made us does"},
		{OP_SYSCTL, "write 1 to /proc/sys/net/ipv4/ip_forward"},
		{OP_EXEC, "exec id -u"},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct step step = sample(cases[i].op);
		AUTO_BUFFER out = {0};

		step_describe(&step, &out);
		assert_string_equal(out.data, cases[i].text);
	}
}

static void describe__says_what_is_cleared(void **state)
{
	struct step step = sample(OP_BIND);
	AUTO_BUFFER out = {0};

	step.a.bind.attr_set = MOUNT_ATTR_NOEXEC;
	step.a.bind.attr_clear = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC;
	step.optional = true;
	step_describe(&step, &out);
	assert_string_equal(out.data, "bind /source → /target (recursive, rw, noexec, if present)");
}

static void describe__escapes_what_reaches_the_terminal(void **state)
{
	struct step step = sample(OP_BIND);
	AUTO_BUFFER out = {0};

	step.a.bind.source_path = "/a\n\033[2J\xc2\x9b";
	step_describe(&step, &out);
	assert_contains(out.data, "\\x0a\\x1b[2J\\x9b");
	assert_null(strchr(out.data, '\033'));
	assert_null(strchr(out.data, '\n'));
}

/* ---- text ---- */

static void text__has_head_stages_numbers_manuals_and_whys(void **state)
{
	struct step steps[OP_COUNT];
	char *text = print_steps(steps, every_op(steps), TEXT), number[16];

	assert_int_equal(strncmp(text, "rootlet run: id -u\n", 19), 0);
	assert_contains(text, "  ids         uid 0 is 1000 (alice)\n");
	assert_contains(text, "its own user, pid, mnt, uts, ipc, cgroup; joined net; the host's\n");
	for (int stage = 0; stage < STAGE_COUNT; stage++)
		assert_contains(text, stage_name((enum plan_stage)stage));
	for (int op = 0; op < OP_COUNT; op++) {
		snprintf(number, sizeof(number), "\n%4d  ", op);
		assert_contains(text, number);
		assert_contains(text, op_rows[op].manual);
	}
	free(text);
}

static void text__keeps_to_80_columns(void **state)
{
	struct step steps[OP_COUNT];
	char *text = print_steps(steps, every_op(steps), TEXT);
	size_t columns = 0;

	for (const char *c = text; *c; c++) {
		if (*c == '\n') {
			if (columns > 80)
				fail_msg("%zu columns, before: %.40s", columns, c);
			columns = 0;
		} else if (((unsigned char)*c & 0xc0) != 0x80) {
			columns++;
		}
	}
	free(text);
}

static void text__neighbours_share_their_why(void **state)
{
	struct step steps[] = {sample(OP_BIND), sample(OP_BIND), sample(OP_MASK)};
	char *text, *first;

	steps[0].why = steps[1].why = "because";
	text = print_steps(steps, LENGTH(steps), TEXT);
	first = strstr(text, "        because\n");
	assert_non_null(first);
	assert_null(strstr(first + strlen("        because"), "because"));
	assert_true(strstr(text, "\n   1  bind") < first); /* under the last of them */
	free(text);
}

static void text__escape_sequences_only_with_color(void **state)
{
	struct step steps[OP_COUNT];
	size_t count = every_op(steps);
	char *bare = print_steps(steps, count, TEXT), *color = print_steps(steps, count, COLOR);

	assert_null(strchr(bare, '\033'));
	assert_non_null(strchr(color, '\033'));
	free(bare);
	free(color);
}

static void text__notes_come_last(void **state)
{
	struct step steps[] = {sample(OP_EXEC)};
	struct plan plan = plan_of(steps, 1);
	const char *note_list[] = {"only your own id is mapped"};
	char *text;

	plan.notes = note_list;
	plan.note_count = 1;
	text = print(&plan, TEXT);
	assert_contains(text, "NOTES\n   -  only your own id is mapped\n");
	free(text);
}

static void text__names_the_actor_where_a_stage_has_several(void **state)
{
	struct step steps[] = {sample(OP_DENY_SETGROUPS), sample(OP_HELPER_MAP)};
	char *text;

	steps[1].actor = ACTOR_PARENT;
	text = print_steps(steps, LENGTH(steps), TEXT);
	assert_contains(text, "\n   0  child: write deny");
	assert_contains(text, "\n   1  parent: /usr/bin/newuidmap");
	free(text);
}

/* ---- JSON ---- */

static struct json_object *parse_steps(struct step *steps, size_t count)
{
	char *text = print_steps(steps, count, JSON);
	struct json_object *root = json_tokener_parse(text);

	assert_non_null(root);
	free(text);
	return root;
}

static struct json_object *at(struct json_object *root, const char *pointer)
{
	struct json_object *found = NULL;

	if (json_pointer_get(root, pointer, &found) != 0)
		fail_msg("no %s in %s", pointer, json_object_to_json_string(root));
	return found;
}

static void json__every_step_has_every_key(void **state)
{
	static const char *const keys[] = {"index",  "stage", "actor",	"op",	    "subject",
					   "action", "why",   "manual", "optional", "args"};
	struct step steps[OP_COUNT];
	struct json_object *root = parse_steps(steps, every_op(steps));
	char pointer[64];

	assert_int_equal(json_object_array_length(at(root, "/steps")), OP_COUNT);
	for (int op = 0; op < OP_COUNT; op++) {
		for (size_t i = 0; i < LENGTH(keys); i++) {
			snprintf(pointer, sizeof(pointer), "/steps/%d/%s", op, keys[i]);
			at(root, pointer);
		}
		snprintf(pointer, sizeof(pointer), "/steps/%d/op", op);
		assert_string_equal(json_object_get_string(at(root, pointer)), op_rows[op].name);
	}
	assert_string_equal(json_object_get_string(at(root, "/namespaces/net")), "joined");
	assert_int_equal(json_object_get_int(at(root, "/uid_map/1/outside")), 100000);
	json_object_put(root);
}

static void json__numbers_are_exact_and_flags_are_names(void **state)
{
	struct step steps[] = {sample(OP_RLIMIT), sample(OP_CAPABILITIES), sample(OP_MOUNT),
			       sample(OP_SECCOMP), sample(OP_BIND_TEXT)};
	struct json_object *root = parse_steps(steps, LENGTH(steps));

	assert_true(json_object_get_uint64(at(root, "/steps/0/args/soft")) ==
		    UINT64_C(9223372036854775809));
	assert_string_equal(json_object_get_string(at(root, "/steps/0/args/hard")), "unlimited");
	assert_string_equal(json_object_get_string(at(root, "/steps/1/args/capabilities/0")),
			    "cap_chown");
	assert_string_equal(json_object_get_string(at(root, "/steps/1/args/capabilities/1")),
			    "cap_63");
	assert_string_equal(json_object_get_string(at(root, "/steps/2/args/attributes/1")),
			    "nosuid");
	assert_null(at(root, "/steps/2/args/options/1/value"));
	assert_null(at(root, "/steps/2/args/slot"));
	assert_string_equal(json_object_get_string(at(root, "/steps/4/args/mode")), "0644");
	json_object_put(root);
}

/* The value was computed by an independent program, from the algorithm's published constants. */
static void json__filter_digest_is_fnv1a(void **state)
{
	struct step steps[] = {sample(OP_SECCOMP)};
	struct json_object *root = parse_steps(steps, 1);

	assert_int_equal(json_object_get_int(at(root, "/steps/0/args/length")), 2);
	assert_string_equal(json_object_get_string(at(root, "/steps/0/args/digest")),
			    "fnv1a64:8a3a476bd23b8a3d");
	json_object_put(root);
}

static void json__what_is_not_utf8_is_replaced(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{"/a\xff/b", "/a\xef\xbf\xbd/b"},
		{"/\xc0\xaf", "/\xef\xbf\xbd\xef\xbf\xbd"},		    /* overlong */
		{"/\xed\xa0\x80", "/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* surrogate */
		{"/\xf4\x90\x80\x80", "/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"/caf\xc3\xa9\n\xf0\x9f\x90\xa7", "/caf\xc3\xa9\n\xf0\x9f\x90\xa7"},
		{"/\xe2\x82", "/\xef\xbf\xbd\xef\xbf\xbd"}, /* cut off */
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct step steps[] = {sample(OP_OPEN_PATH)};
		struct json_object *root;

		steps[0].a.open.path = cases[i].bytes;
		root = parse_steps(steps, 1);
		assert_string_equal(json_object_get_string(at(root, "/steps/0/args/path")),
				    cases[i].text);
		json_object_put(root);
	}
}

/* ---- sh ---- */

/* What each op leaves in a script; NULL: nothing, and the head says why. Each op must be here once.
 */
static const struct {
	enum plan_op op;
	const char *command;
} in_script[] = {
	{OP_CHANNELS, NULL},
	{OP_INIT_IMAGE, NULL},
	{OP_CGROUP, NULL},
	{OP_ENTER_CGROUP, NULL},
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
	{OP_SET_GROUPS, "--setuid 0 --setgid 0"},
	{OP_SET_IDS, "nsenter --target \"$holder\" --user"},
	{OP_PROCFS, "mount -n -t tmpfs -o size=64k,huge,nosuid tmpfs /proc"},
	{OP_CGROUP_NAMESPACE, NULL},
	{OP_HOSTNAME, "hostname text"},
	{OP_DOMAINNAME, "domainname text"},
	{OP_LOOPBACK_UP, "ip link set lo up"},
	{OP_SYSCTL, "printf '%s\\n' 1 >/proc/sys/net/ipv4/ip_forward"},
	{OP_TIME_OFFSETS, "--time --boottime=60"},
	{OP_PROPAGATION, "--propagation private"},
	{OP_SCRATCH, "tmpfs \"$scratch\""},
	{OP_ROOT_TMPFS, "tmpfs \"$new\""},
	{OP_ROOT_BIND, "mount -n --rbind /source \"$new\""},
	{OP_ROOT_OVERLAY, "mount -n -t overlay"},
	{OP_MAKE_DIRECTORY, "inside /target; make_dir"},
	{OP_MAKE_SYMLINK, "inside /; ln -s -- content \"$target/target\""},
	{OP_BIND, "mount -n --rbind /source \"$target\"\nremount_all \"$target\" ro"},
	{OP_BIND_DEVICE, "target=\"$dev/null\"; make_file\nmount -n --bind /dev/null \"$target\""},
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
	{OP_PIVOT_ROOT, "pivot_root . ."},
	{OP_DETACH_OLD_ROOT, "umount -n -l ."},
	{OP_PROCESS_GROUP, NULL},
	{OP_KEYRING, NULL},
	{OP_LANDLOCK, NULL},
	{OP_RLIMIT, "prlimit --pid $$ --nofile=9223372036854775809:unlimited"},
	{OP_UMASK, "umask 0003"},
	{OP_LOOKUP_USER, "lookup_user text"},
	{OP_BOUNDING_SET, "--bounding-set=-all,+chown,+cap_63"},
	{OP_KEEP_CAPABILITIES, "(an option of setpriv, below)"},
	{OP_SET_USER, "--reuid=0 --regid=0 --clear-groups"},
	{OP_CAPABILITIES, "--bounding-set=-all,+chown,+cap_63"},
	{OP_AMBIENT, "--inh-caps=-all,+chown,+cap_63 --ambient-caps=-all,+chown,+cap_63"},
	{OP_WORKDIR, "cd text"},
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
		cmocka_unit_test(ops__every_row_is_complete),
		cmocka_unit_test(ops__names_of_stages_and_actors),
		cmocka_unit_test(describe__knows_every_op),
		cmocka_unit_test(describe__says_what_and_where),
		cmocka_unit_test(describe__says_what_is_cleared),
		cmocka_unit_test(describe__escapes_what_reaches_the_terminal),
		cmocka_unit_test(text__has_head_stages_numbers_manuals_and_whys),
		cmocka_unit_test(text__keeps_to_80_columns),
		cmocka_unit_test(text__neighbours_share_their_why),
		cmocka_unit_test(text__escape_sequences_only_with_color),
		cmocka_unit_test(text__notes_come_last),
		cmocka_unit_test(text__names_the_actor_where_a_stage_has_several),
		cmocka_unit_test(json__every_step_has_every_key),
		cmocka_unit_test(json__numbers_are_exact_and_flags_are_names),
		cmocka_unit_test(json__filter_digest_is_fnv1a),
		cmocka_unit_test(json__what_is_not_utf8_is_replaced),
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
