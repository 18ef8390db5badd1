/* Plans made by hand, one step of each op, and their prints. */
#ifndef ROOTLET_TESTS_PLAN_BOX_H
#define ROOTLET_TESTS_PLAN_BOX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <json-c/json.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "plan/plan.h"
#include "plan/print/sh.h"

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
static const struct bpf_insn insns[] = {{.code = 0xb7, .imm = 1}, {.code = 0x95}};
static const char *const device_rules[] = {"deny a *:* rw", "allow c 1:3 rwm", NULL};
static struct id_extent extents[] = {{0, 1000, 1}, {1, 100000, 65536}};

/* A step of that op whose arguments are all there. */
static inline struct step sample(enum plan_op op)
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
	case ARGS_CGROUP:
		step.a.cgroup.parent = "/sys/fs/cgroup/mine";
		break;
	case ARGS_SCOPE:
		step.a.scope.socket = "/run/user/1000/systemd/private";
		step.a.scope.slice = "user.slice";
		break;
	case ARGS_LIMIT:
		step.a.limit.file = "memory.max";
		step.a.limit.value = "1048576";
		break;
	case ARGS_DEVICES:
		step.a.devices.program = insns;
		step.a.devices.length = LENGTH(insns);
		step.a.devices.rules = device_rules;
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
	case ARGS_MAPPED:
		step.a.mapped.path = "/source";
		step.a.mapped.uid_text = step.a.mapped.gid_text = "0 1000 1\n";
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
	case ARGS_NODE:
		step.a.node.type = 'c';
		step.a.node.major = 1;
		step.a.node.minor = 3;
		step.a.node.mode = 0666;
		step.a.node.make = true;
		step.a.node.target = (struct step_target){SLOT_DEV, "null"};
		break;
	case ARGS_SCHEDULER:
		step.a.scheduler.nice = 5;
		break;
	case ARGS_MEMORY:
		step.a.memory.mode = 2;
		step.a.memory.nodes = "0";
		break;
	case ARGS_SETS:
		step.a.sets.effective = step.a.sets.permitted = 1 << 5;
		step.a.sets.ambient = 1 << 10;
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

static inline struct plan plan_of(struct step *steps, size_t count)
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
static inline size_t every_op(struct step steps[OP_COUNT])
{
	for (int op = 0; op < OP_COUNT; op++)
		steps[op] = sample((enum plan_op)op);
	return OP_COUNT;
}

enum format { TEXT, COLOR, JSON, SH };

static inline char *print(const struct plan *plan, enum format format)
{
	struct buffer out = {0};
	int r = format == JSON ? plan_print_json(plan, &out)
		: format == SH ? plan_print_sh(plan, &out)
			       : plan_print_text(plan, format == COLOR, &out);

	assert_int_equal(r, 0);
	assert_non_null(out.data);
	return out.data; /* the caller frees */
}

static inline char *print_steps(struct step *steps, size_t count, enum format format)
{
	struct plan plan = plan_of(steps, count);

	return print(&plan, format);
}

static inline void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("“%s” is not in:\n%s", part, text);
}

static inline void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("“%s” is in:\n%s", part, text);
}

#endif
