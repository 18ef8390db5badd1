/* One step's action in one line, without its why: "bind /usr → /usr (recursive, ro)".
 *
 * For the text print, the JSON print and for messages. It knows one step only, not the plan around
 * it, and no layout. What came from outside is escaped here, so that a path can neither forge a
 * line nor reach the terminal. The steps of the file tree are describe_mounts.c's.
 */
#include "plan/print/describe.h"

#include <inttypes.h>
#include <string.h>

void bracket_next(struct bracket *bracket)
{
	buffer_puts(bracket->out, bracket->count++ ? ", " : " (");
}

void bracket_add(struct bracket *bracket, const char *word)
{
	bracket_next(bracket);
	print_escaped(bracket->out, word);
}

void bracket_names(struct bracket *bracket, struct names names)
{
	for (size_t i = 0; i < names.count; i++)
		bracket_add(bracket, names.items[i]);
}

void bracket_end(struct bracket *bracket)
{
	if (bracket->count)
		buffer_puts(bracket->out, ")");
}

static void describe_namespace(struct buffer *out, const struct step *step)
{
	buffer_printf(out, "join the %s namespace ", ns_type_name(step->a.ns.type));
	print_word(out, step->a.ns.path ? step->a.ns.path : "?");
}

static void describe_container(struct buffer *out, const struct step *step)
{
	struct names names = names_namespaces(step->a.container.flags);
	struct bracket bracket = {.out = out};

	buffer_puts(out, "enter the container ");
	print_word(out, step->a.container.name);
	bracket_names(&bracket, names);
	bracket_end(&bracket);
}

static void describe_terminal(struct buffer *out, const struct step *step)
{
	buffer_puts(out, "make a terminal");
	if (step->a.terminal.rows)
		buffer_printf(out, " of %u columns and %u rows", step->a.terminal.columns,
			      step->a.terminal.rows);
	if (step->a.terminal.console)
		buffer_puts(out, ", also as /dev/console");
}

static void describe_clone(struct buffer *out, const struct step *step)
{
	struct names names = names_namespaces(step->a.clone.flags);

	buffer_printf(out, "%s a process", step->a.clone.clone3 ? "clone3" : "clone");
	if (!names.count)
		return;
	buffer_puts(out, " into its own");
	for (size_t i = 0; i < names.count; i++)
		buffer_printf(out, "%s %s", i ? "," : "", names.items[i]);
	buffer_puts(out, names.count == 1 ? " namespace" : " namespaces");
}

static void describe_open(struct buffer *out, const struct step *step)
{
	buffer_puts(out, "open ");
	print_word(out, step->a.open.path);
	if (step->a.open.kind == OPEN_DIRECTORY)
		buffer_puts(out, " (a directory)");
	else if (step->a.open.kind == OPEN_DEVICE)
		buffer_puts(out, " (a device)");
	else if (step->a.open.kind == OPEN_NAMESPACE)
		buffer_puts(out, " (a namespace)");
}

/* "0 1000 1\n1 100000 65536\n" as "0 1000 1, 1 100000 65536". */
static void describe_lines(struct buffer *out, const char *text)
{
	if (!text)
		return;
	while (*text) {
		size_t len = strcspn(text, "\n");

		buffer_add(out, text, len);
		text += len;
		if (*text == '\n')
			text++;
		if (*text)
			buffer_puts(out, ", ");
	}
}

static void describe_helper(struct buffer *out, const struct step *step)
{
	print_word(out, step->a.helper.path ? step->a.helper.path : "?");
	buffer_puts(out, " PID");
	for (const char **arg = step->a.helper.args; arg && *arg; arg++) {
		buffer_puts(out, " ");
		print_word(out, *arg);
	}
}

static void describe_ids(struct buffer *out, const uint32_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_printf(out, "%s%" PRIu32, i ? ", " : "", ids[i]);
}

static void describe_groups(struct buffer *out, const struct step *step)
{
	if (!step->a.groups.count) {
		buffer_puts(out, "drop every supplementary group");
		return;
	}
	buffer_puts(out, "set the supplementary groups ");
	describe_ids(out, step->a.groups.ids, step->a.groups.count);
}

static void describe_user(struct buffer *out, const struct step *step)
{
	struct bracket bracket = {out, 0};

	if (step->a.ids.looked_up)
		buffer_puts(out, "become the user that was looked up");
	else
		buffer_printf(out, "become uid %" PRIu32 ", gid %" PRIu32, step->a.ids.uid,
			      step->a.ids.gid);
	if (step->a.ids.set_groups && step->a.ids.group_count) {
		bracket_next(&bracket);
		buffer_puts(out, "groups ");
		describe_ids(out, step->a.ids.groups, step->a.ids.group_count);
	}
	if (step->a.ids.own_pipes) {
		bracket_next(&bracket);
		buffer_puts(out, "owner of its pipes");
	}
	bracket_end(&bracket);
}

static void describe_setting(struct buffer *out, const struct step *step)
{
	buffer_puts(out, "write ");
	print_word(out, step->a.setting.value);
	buffer_puts(out, " to /proc/sys/");
	print_escaped(out, step->a.setting.path);
}

static void describe_limit(struct buffer *out, const char *name, uint64_t value)
{
	buffer_puts(out, name);
	if (value == UINT64_MAX)
		buffer_puts(out, " unlimited");
	else
		buffer_printf(out, " %" PRIu64, value);
}

static void describe_rlimit(struct buffer *out, const struct step *step)
{
	buffer_puts(out, "limit ");
	print_escaped(out, step->a.rlimit.name);
	describe_limit(out, ": soft", step->a.rlimit.soft);
	describe_limit(out, ", hard", step->a.rlimit.hard);
}

/* True when the set is 0…n-1 without a gap and n is what a kernel of our time has: "all 41". */
static bool all_capabilities(uint64_t set, unsigned *ret_count)
{
	unsigned count = 0;

	while (count < 64 && (set >> count & 1))
		count++;
	*ret_count = count;
	return count >= 38 && (count == 64 || set >> count == 0);
}

static void describe_capabilities(struct buffer *out, const struct step *step, const char *what)
{
	char name[NAME_CAPABILITY_SIZE];
	unsigned count;
	bool first = true;

	buffer_puts(out, what);
	if (!step->a.capabilities) {
		buffer_puts(out, " none");
		return;
	}
	if (all_capabilities(step->a.capabilities, &count)) {
		buffer_printf(out, " all %u", count);
		return;
	}
	for (unsigned n = 0; n < 64; n++) {
		if (!(step->a.capabilities >> n & 1))
			continue;
		name_capability(n, name);
		buffer_printf(out, "%s %s", first ? "" : ",", name);
		first = false;
	}
}

static void describe_sets(struct buffer *out, const struct step *step)
{
	static const char *const names[] = {"effective", ", permitted", ", inheritable",
					    ", ambient"};
	const uint64_t sets[] = {step->a.sets.effective, step->a.sets.permitted,
				 step->a.sets.inheritable, step->a.sets.ambient};

	buffer_puts(out, "capabilities: ");
	for (int i = 0; i < 4; i++) {
		struct step one = {.op = OP_CAPABILITIES, .a.capabilities = sets[i]};

		describe_capabilities(out, &one, names[i]);
	}
}

static void describe_landlock(struct buffer *out, const struct step *step)
{
	const char *const *paths = step->a.landlock.paths;

	buffer_puts(out, "landlock: write only below");
	for (size_t i = 0; paths && paths[i]; i++) {
		buffer_puts(out, i ? ", " : " ");
		print_word(out, paths[i]);
	}
	if (!paths || !*paths)
		buffer_puts(out, " no place");
}

static void describe_signal(struct buffer *out, const struct step *step)
{
	char name[16];

	buffer_printf(out, "die by %s when the process that made us does",
		      name_signal((int)step->a.number, name));
}

static void describe_exec(struct buffer *out, const struct step *step)
{
	const char *const *argv = step->a.exec.argv;

	buffer_puts(out, step->op == OP_EXEC_INIT    ? "exec the init, which runs"
			 : step->op == OP_START_HOOK ? "run the startContainer hook"
						     : "exec");
	if (step->a.exec.shell_looked_up)
		buffer_puts(out, " the user's shell, else");
	for (; argv && *argv; argv++) {
		buffer_puts(out, " ");
		print_word(out, *argv);
	}
}

static void describe_own_folder(struct buffer *out, const struct step *step)
{
	buffer_printf(out, "make the folder %s if it is missing (mode 0700)", step->subject);
}

static void describe_map(struct buffer *out, const struct step *step)
{
	buffer_printf(out, "write to /proc/PID/%cid_map: ", step->a.map.gid ? 'g' : 'u');
	describe_lines(out, step->a.map.text);
}

static void describe_map_source(struct buffer *out, const struct step *step)
{
	buffer_puts(out, "copy the mount of ");
	print_word(out, step->a.mapped.path);
	if (!step->a.mapped.uid_text) {
		buffer_puts(out, " with the container's own ids");
		return;
	}
	buffer_puts(out, " with the uids ");
	describe_lines(out, step->a.mapped.uid_text);
	buffer_puts(out, " and the gids ");
	describe_lines(out, step->a.mapped.gid_text);
}

static void describe_take_source(struct buffer *out, const struct step *step)
{
	buffer_puts(out, "take the copy of ");
	print_word(out, step->a.open.path);
}

static void describe_time(struct buffer *out, const struct step *step)
{
	const char *offsets = step->a.text.text;

	buffer_puts(out, "make a time namespace");
	if (!offsets || !*offsets)
		return;
	buffer_puts(out, " with the offsets ");
	describe_lines(out, offsets);
}

static void describe_group(struct buffer *out, const struct step *step)
{
	buffer_puts(out, "start a process group");
	if (step->a.group.foreground)
		buffer_puts(out, ", in the terminal's foreground");
}

static void describe_umask(struct buffer *out, const struct step *step)
{
	buffer_printf(out, "set the umask %04" PRIo64, step->a.number);
}

static void describe_label(struct buffer *out, const struct step *step)
{
	buffer_puts(out, "take the label ");
	print_word(out, step->a.setting.value);
	buffer_puts(out, " at the exec");
}

static void describe_scheduler(struct buffer *out, const struct step *step)
{
	static const char *const policies[] = {"other", "fifo", "rr",	   "batch",
					       NULL,	"idle", "deadline"};
	uint32_t policy = step->a.scheduler.policy;
	const char *name =
		policy < sizeof(policies) / sizeof(policies[0]) ? policies[policy] : NULL;

	buffer_printf(out, "schedule as %s, nice %" PRIi32 ", priority %" PRIu32,
		      name ? name : "something else", step->a.scheduler.nice,
		      step->a.scheduler.priority);
	if (step->a.scheduler.runtime)
		buffer_printf(out, ", runtime %" PRIu64 " of %" PRIu64 " in %" PRIu64 " ns",
			      step->a.scheduler.runtime, step->a.scheduler.deadline,
			      step->a.scheduler.period);
}

static void describe_io_priority(struct buffer *out, const struct step *step)
{
	static const char *const classes[] = {"none", "realtime", "best-effort", "idle"};

	buffer_printf(out, "set the I/O priority: class %s, level %u",
		      classes[(step->a.number >> 13) & 3], (unsigned)(step->a.number & 7));
}

static void describe_memory(struct buffer *out, const struct step *step)
{
	buffer_printf(out, "set the memory policy %d", step->a.memory.mode & 0xff);
	if (step->a.memory.nodes) {
		buffer_puts(out, " on the nodes ");
		print_escaped(out, step->a.memory.nodes);
	}
}

static void describe_personality(struct buffer *out, const struct step *step)
{
	buffer_printf(out, "set the personality %#" PRIx64, step->a.number);
}

static void describe_filter(struct buffer *out, const struct step *step)
{
	describe_text(out, "load the seccomp filter ", step->a.filter.name);
	buffer_printf(out, " (%u instructions)", step->a.filter.length);
}

static void describe_close(struct buffer *out, const struct step *step)
{
	buffer_printf(out, "close every descriptor from %" PRIu64 " on", step->a.number);
}

/* How an op reads. One of: fixed words; words around the target's path (`before` and `after`);
 * words before the text argument, or the subject where there is none (`before` and `text`); words
 * before a set of capabilities; or a function. A test sees to it that no op is left out. */
static const struct phrase {
	const char *words;
	const char *before, *after;
	bool text;
	const char *capabilities;
	void (*describe)(struct buffer *out, const struct step *step);
} phrases[OP_COUNT] = {
	[OP_CHANNELS] = {.words = "make the report and control channels"},
	[OP_INIT_IMAGE] = {.words = "make the image of the init"},
	[OP_HOST_PROC] = {.words = "open the caller's /proc"},
	[OP_JOINER_OOM_SCORE] = {.before = "set the OOM score adjustment ", .text = true},
	[OP_JOIN_NAMESPACE] = {.describe = describe_namespace},
	[OP_JOIN_CONTAINER] = {.describe = describe_container},
	[OP_UNDUMPABLE] = {.words = "let nobody trace it until its exec"},
	[OP_CGROUP] = {.describe = describe_cgroup},
	[OP_CGROUP_LEAF] = {.before = "move rootlet into the cgroup ", .text = true},
	[OP_CGROUP_PARENT] = {.describe = describe_cgroup_parent},
	[OP_CGROUP_OFFER] = {.describe = describe_cgroup_offer},
	[OP_CGROUP_SCOPE] = {.describe = describe_scope},
	[OP_CGROUP_LIMIT] = {.describe = describe_cgroup_limit},
	[OP_CGROUP_PROCESSES] = {.describe = describe_cgroup_limit},
	[OP_DEVICE_RULES] = {.describe = describe_devices},
	[OP_SCOPE_DEVICE_RULES] = {.describe = describe_devices},
	[OP_ENTER_CGROUP] = {.before = "use the cgroup ", .text = true},
	[OP_CGROUP_NAMESPACE] = {.words = "make a cgroup namespace"},
	[OP_TERMINAL] = {.describe = describe_terminal},
	[OP_CLONE] = {.describe = describe_clone},
	[OP_OWN_FOLDER] = {.describe = describe_own_folder},
	[OP_FILE_LIMIT] = {.describe = describe_rlimit},
	[OP_OPEN_PATH] = {.describe = describe_open},
	[OP_DENY_SETGROUPS] = {.words = "write deny to /proc/PID/setgroups"},
	[OP_WRITE_MAP] = {.describe = describe_map},
	[OP_HELPER_MAP] = {.describe = describe_helper},
	[OP_MAP_SOURCE] = {.describe = describe_map_source},
	[OP_TAKE_SOURCE] = {.describe = describe_take_source},
	[OP_SET_GROUPS] = {.describe = describe_groups},
	[OP_SET_IDS] = {.describe = describe_user},
	[OP_PROCFS] = {.describe = describe_filesystem},
	[OP_HOSTNAME] = {.before = "set the hostname ", .text = true},
	[OP_DOMAINNAME] = {.before = "set the domain name ", .text = true},
	[OP_LOOPBACK_UP] = {.words = "bring the loopback interface up"},
	[OP_SYSCTL] = {.describe = describe_setting},
	[OP_TIME_OFFSETS] = {.describe = describe_time},
	[OP_OOM_SCORE] = {.before = "set the OOM score adjustment ", .text = true},
	[OP_PROPAGATION] = {.describe = describe_propagation},
	[OP_SCRATCH] = {.describe = describe_filesystem},
	[OP_ROOT_TMPFS] = {.describe = describe_filesystem},
	[OP_ROOT_BIND] = {.describe = describe_bind},
	[OP_ROOT_OVERLAY] = {.describe = describe_overlay},
	[OP_MAKE_DIRECTORY] = {.describe = describe_directory},
	[OP_MAKE_SYMLINK] = {.describe = describe_symlink},
	[OP_BIND] = {.describe = describe_bind},
	[OP_BIND_DEVICE] = {.describe = describe_device},
	[OP_DEVICE_NODE] = {.describe = describe_node},
	[OP_BIND_TEXT] = {.describe = describe_bind_text},
	[OP_MOUNT] = {.describe = describe_filesystem},
	[OP_ATTACH_PROCFS] = {.before = "put the new proc on ", .after = ""},
	[OP_MOUNT_ATTRIBUTES] = {.describe = describe_attributes},
	[OP_MASK] = {.before = "hide ", .after = ""},
	[OP_READONLY_PATH] = {.before = "make ", .after = " read-only"},
	[OP_OWN_PATH] = {.before = "keep rootlet's own ", .after = " in its place, read-only"},
	[OP_INIT_FILE] = {.words = "make the image of the init, an unlinked file on /dev"},
	[OP_HOOKS] = {.words = "wait while the bundle's hooks run"},
	[OP_MOVE_ROOT] = {.words = "make the new root the root, without pivot_root"},
	[OP_PIVOT_ROOT] = {.words = "make the new root the root"},
	[OP_DETACH_OLD_ROOT] = {.words = "detach the old root"},
	[OP_ROOT_PROPAGATION] = {.describe = describe_propagation},
	[OP_LSM_LABEL] = {.describe = describe_label},
	[OP_PROCESS_GROUP] = {.describe = describe_group},
	[OP_SESSION] = {.words = "start a session"},
	[OP_KEYRING] = {.words = "start an empty session keyring"},
	[OP_LANDLOCK] = {.describe = describe_landlock},
	[OP_RLIMIT] = {.describe = describe_rlimit},
	[OP_SCHEDULER] = {.describe = describe_scheduler},
	[OP_IO_PRIORITY] = {.describe = describe_io_priority},
	[OP_MEMORY_POLICY] = {.describe = describe_memory},
	[OP_AFFINITY] = {.before = "run on the processors ", .text = true},
	[OP_PERSONALITY] = {.describe = describe_personality},
	[OP_UMASK] = {.describe = describe_umask},
	[OP_LOOKUP_USER] = {.before = "look up at start: ", .text = true},
	[OP_BOUNDING_SET] = {.capabilities = "bounding set:"},
	[OP_SET_USER] = {.describe = describe_user},
	[OP_CAPABILITIES] = {.capabilities = "capabilities:"},
	[OP_KEEP_CAPABILITIES] = {.words = "keep the capabilities over the change of the user"},
	[OP_AMBIENT] = {.capabilities = "unless root, ambient:"},
	[OP_CAPABILITY_SETS] = {.describe = describe_sets},
	[OP_WORKDIR] = {.before = "go to ", .text = true},
	[OP_FIND_COMMAND] = {.words = "see that the command can be executed"},
	[OP_AWAIT_START] = {.words = "wait to be started"},
	[OP_NO_NEW_PRIVS] = {.words = "set no_new_privs"},
	[OP_PARENT_DEATH] = {.describe = describe_signal},
	[OP_SECCOMP] = {.describe = describe_filter},
	[OP_CLOSE_FDS] = {.describe = describe_close},
	[OP_START_HOOK] = {.describe = describe_exec},
	[OP_EXEC_INIT] = {.describe = describe_exec},
	[OP_EXEC] = {.describe = describe_exec},
};

void step_describe(const struct step *step, struct buffer *out)
{
	const struct phrase *p = &phrases[step->op];

	if (p->describe)
		p->describe(out, step);
	else if (p->capabilities)
		describe_capabilities(out, step, p->capabilities);
	else if (p->text)
		describe_text(out, p->before,
			      step->a.text.text ? step->a.text.text : step->subject);
	else if (p->before)
		describe_file(out, step, p->before, p->after);
	else
		buffer_puts(out, p->words ? p->words : "?");
}
