/* See profile.h. One function a part of the format, from the top down to a single comparison. */
#include "seccomp/profile.h"

#include "seccomp/profile_condition.h"
#include "seccomp/profile_export.h"
#include "seccomp/profile_names.h"
#include "seccomp/profile_newer.h"
#include "base/reader.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

/* What a call answers by the rules that look at no argument. */
struct total {
	int number;
	uint32_t action;
};

struct profile {
	struct reader reader;
	struct profile_facts facts;
	struct arena *arena;
	scmp_filter_ctx ctx;
	uint32_t default_action;
	bool adding; /* the rules are read twice: first for the totals, then to add them */
	struct total *totals;
	size_t total_count;
	const struct seccomp_part *part; /* NULL: a profile of its own */
	const char *unknown;		 /* with a part: the first that could not be refused */
	bool alternatives;		 /* with a part: some entry has them */
	uint32_t flags;
	bool notify;
	struct newer newer;
};

/* One element of "syscalls", its conditions met. */
struct entry {
	struct profile *profile;
	uint32_t action;
	struct scmp_arg_cmp args[6];
	unsigned arg_count;
	bool alternatives; /* one argument stands in it twice: each comparison is a rule */
};

/* "action" with its "errnoRet". podman also writes the errno's name beside the number ("errno"):
 * that is passed over, and is not enough alone. */
static int read_action(struct profile *p, const struct json *object, const char *const keys[3],
		       uint32_t *ret)
{
	const struct reader *r = &p->reader;
	const struct json *number = reader_member(object, keys[1]);
	const struct json *errno_name = reader_member(object, keys[2]), *value = NULL;
	const struct profile_action *action;
	const char *name = NULL;
	uint64_t n = EPERM;
	int code = reader_need(r, object, keys[0], JSON_STRING, &value);

	if (code == 0)
		code = reader_string(r, value, &name);
	if (code < 0)
		return code;
	action = profile_action_find(name);
	if (!action)
		return reader_fail(r, value, "seccomp-action", "unknown action \"%s\"", name);
	if (action->action == SCMP_ACT_NOTIFY && !(p->part && p->part->listener))
		return reader_fail(r, value, "seccomp-action",
				   p->part ? "there is no listenerPath for %s"
					   : "rootlet has no listener for %s",
				   name);
	p->notify |= action->action == SCMP_ACT_NOTIFY;
	if (number) {
		/* Above 4095 the kernel would answer 4095. */
		code = reader_number(r, number, 4095, &n);
		if (code < 0)
			return code;
		if (!action->has_number)
			return reader_fail(r, number, "seccomp-errno", "%s gives no errno", name);
	} else if (errno_name) {
		return reader_fail(r, errno_name, "seccomp-errno",
				   "the errno is given by name only: add its number as %s",
				   keys[1]);
	}
	*ret = action->action | (action->has_number ? (uint32_t)n : 0);
	return 0;
}

static int find_arch(const struct reader *r, const struct json *value, uint32_t *ret)
{
	const struct profile_arch *arch;
	const char *name = NULL;
	int code = reader_string(r, value, &name);

	if (code < 0)
		return code;
	arch = profile_arch_find(name);
	if (!arch)
		return reader_fail(r, value, "seccomp-arch", "unknown architecture \"%s\"", name);
	*ret = arch->token;
	return 0;
}

static int add_arch(const struct reader *r, const struct json *value, void *data)
{
	struct profile *p = data;
	uint32_t token = 0;
	int code = find_arch(r, value, &token);

	if (code < 0)
		return code;
	code = seccomp_arch_add(p->ctx, token);
	if (code < 0 && code != -EEXIST)
		return reader_fail(r, value, "seccomp-arch",
				   "cannot be in one filter with this machine's own");
	newer_add_arch(&p->newer, token);
	return 0;
}

static int add_arch_map(const struct reader *r, const struct json *value, void *data)
{
	static const char *const keys[] = {"architecture", "subArchitectures", NULL};
	const struct json *name = NULL;
	uint32_t token = 0;
	int code = reader_want(r, value, JSON_OBJECT);

	if (code == 0)
		code = reader_keys(r, value, keys);
	if (code == 0)
		code = reader_need(r, value, "architecture", JSON_STRING, &name);
	if (code == 0)
		code = find_arch(r, name, &token);
	if (code < 0 || token != seccomp_arch_native())
		return code;
	return reader_each(r, reader_member(value, "subArchitectures"), add_arch, data);
}

static int read_operator(const struct reader *r, const struct json *value, enum scmp_compare *ret)
{
	const char *name = NULL;
	int code = reader_string(r, value, &name);

	if (code < 0)
		return code;
	if (!profile_operator_find(name, ret))
		return reader_fail(r, value, "seccomp-operator", "unknown operator \"%s\"", name);
	return 0;
}

static int read_optional(const struct reader *r, const struct json *object, const char *key,
			 uint64_t max, uint64_t *ret)
{
	const struct json *value = reader_member(object, key);

	*ret = 0;
	return value ? reader_number(r, value, max, ret) : 0;
}

static int read_arg(const struct reader *r, const struct json *value, void *data)
{
	static const char *const keys[] = {"index", "value", "valueTwo", "op", NULL};
	const struct json *op_name = NULL;
	struct entry *entry = data;
	enum scmp_compare op;
	uint64_t index = 0, one = 0, two = 0;
	int code = reader_want(r, value, JSON_OBJECT);

	if (code == 0 && !entry->profile->part)
		code = reader_keys(r, value, keys);
	if (code == 0)
		code = read_optional(r, value, "index", 5, &index);
	if (code == 0)
		code = read_optional(r, value, "value", UINT64_MAX, &one);
	if (code == 0)
		code = read_optional(r, value, "valueTwo", UINT64_MAX, &two);
	if (code == 0)
		code = reader_need(r, value, "op", JSON_STRING, &op_name);
	if (code == 0)
		code = read_operator(r, op_name, &op);
	if (code < 0)
		return code;
	if (entry->arg_count == sizeof(entry->args) / sizeof(entry->args[0]))
		return reader_fail(r, value, "seccomp-argument",
				   "a rule has at most six comparisons");
	for (unsigned i = 0; i < entry->arg_count; i++)
		if (entry->args[i].arg == index && entry->profile->part)
			entry->alternatives = entry->profile->alternatives = true;
		else if (entry->args[i].arg == index)
			return reader_fail(r, value, "seccomp-argument",
					   "argument %u is compared twice in one rule, which "
					   "seccomp cannot express: write two rules",
					   (unsigned)index);
	entry->args[entry->arg_count++] = (struct scmp_arg_cmp){
		.arg = (unsigned)index, .op = op, .datum_a = one, .datum_b = two};
	return 0;
}

/* The kernel takes ioctl's command as 32 bits, whatever stands above: so does an equality here. */
static void narrow_ioctl(struct scmp_arg_cmp *args, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (args[i].arg != 1 || args[i].op != SCMP_CMP_EQ)
			continue;
		args[i].op = SCMP_CMP_MASKED_EQ;
		args[i].datum_b = args[i].datum_a & 0xffffffff;
		args[i].datum_a = 0xffffffff;
	}
}

static bool is_permissive(uint32_t action)
{
	return action == SCMP_ACT_ALLOW || action == SCMP_ACT_LOG;
}

/* The kernel's own order between filters: the smaller, as a signed number, is the stricter. */
static int32_t strictness(uint32_t action)
{
	return (int32_t)(action & SECCOMP_RET_ACTION_FULL);
}

static struct total *find_total(struct profile *p, int number)
{
	for (size_t i = 0; i < p->total_count; i++)
		if (p->totals[i].number == number)
			return &p->totals[i];
	return NULL;
}

/* Before any rule is added: the strictest of the rules that look at no argument, for each call. */
static int note_total(struct profile *p, int number, const struct entry *entry)
{
	struct total *total = find_total(p, number);

	if (entry->arg_count > 0)
		return 0;
	if (total) {
		if (strictness(entry->action) < strictness(total->action))
			total->action = entry->action;
		return 0;
	}
	if (arena_grow(p->arena, &p->totals, p->total_count, sizeof(*p->totals)) < 0)
		return error_nomem(p->reader.err);
	p->totals[p->total_count++] = (struct total){number, entry->action};
	return 0;
}

/* As runc has it, and so the configs that are written for it. */
static int add_alternatives(struct profile *p, int number, const struct entry *entry)
{
	int code = 0;

	for (unsigned i = 0; code == 0 && i < entry->arg_count; i++)
		code = seccomp_rule_add_array(p->ctx, entry->action, number, 1, &entry->args[i]);
	return code;
}

/* libseccomp keeps the first of two rules that look at no argument, and drops in silence those that
 * look at one beside those that do not. Here the strictest wins, and what cannot is a
 * contradiction. */
static int add_rule(struct profile *p, const struct json *at, const char *name, int number,
		    struct entry *entry)
{
	const struct total *total = find_total(p, number);
	int code;

	if (total && entry->arg_count > 0 && strictness(entry->action) < strictness(total->action))
		return reader_fail(&p->reader, at, "seccomp-conflict",
				   "another rule has a milder answer for %s whatever its arguments "
				   "are, so this one would never count",
				   name);
	if (total && (entry->arg_count > 0 || entry->action != total->action))
		return 0;
	if (entry->action == p->default_action)
		return 0;
	if (strcmp(name, "ioctl") == 0)
		narrow_ioctl(entry->args, entry->arg_count);
	code = entry->alternatives ? add_alternatives(p, number, entry)
				   : seccomp_rule_add_array(p->ctx, entry->action, number,
							    entry->arg_count, entry->args);
	if (code == -EEXIST)
		return reader_fail(&p->reader, at, "seccomp-conflict",
				   "%s has another answer for these arguments in an earlier rule",
				   name);
	if (code < 0)
		return reader_fail(&p->reader, at, "seccomp-rule",
				   "libseccomp refuses this rule: %s", error_text(code));
	return 0;
}

static int add_call(const struct reader *r, const struct json *value, void *data)
{
	struct entry entry = *(const struct entry *)data;
	struct profile *p = entry.profile;
	const char *name;
	int number, code = reader_string(r, value, &name);

	if (code < 0)
		return code;
	number = seccomp_syscall_resolve_name(name);
	if (number == __NR_SCMP_ERROR) {
		if (is_permissive(entry.action) || !is_permissive(p->default_action))
			return 0;
		if (p->part) {
			p->unknown = p->unknown ? p->unknown : name;
			return 0;
		}
		return reader_fail(
			r, value, "seccomp-call",
			"libseccomp knows no system call \"%s\", so it cannot be refused", name);
	}
	/* The listener's descriptor is sent that way, with the filter on. */
	if (entry.action == SCMP_ACT_NOTIFY && strcmp(name, "sendmsg") == 0)
		return reader_fail(r, value, "seccomp-notify",
				   "set-up itself needs sendmsg to hand the listener over: it "
				   "cannot be one of its calls");
	/* How set-up says, after the filter, that all is well: an agent that denies or delays it
	 * would make a start fail without a reason. */
	if (entry.action == SCMP_ACT_NOTIFY && strcmp(name, "write") == 0)
		return reader_fail(r, value, "seccomp-notify",
				   "SCMP_ACT_NOTIFY cannot be used for the write syscall: set-up "
				   "itself needs it to say that all is well");
	return p->adding ? add_rule(p, value, name, number, &entry) : note_total(p, number, &entry);
}

static int note_name(const struct reader *r, const struct json *value, void *data)
{
	struct profile *p = data;
	const char *name;
	int code = reader_string(r, value, &name);

	if (code == 0)
		newer_add_name(&p->newer, name);
	return code;
}

static int add_entry(const struct reader *r, const struct json *value, void *data)
{
	static const char *const keys[] = {"names", "name",    "action",   "args",     "errnoRet",
					   "errno", "comment", "includes", "excludes", NULL};
	static const char *const action_keys[3] = {"action", "errnoRet", "errno"};
	const struct json *name;
	struct entry entry = {.profile = data};
	bool included = false, excluded = false, ignored;
	int code = reader_want(r, value, JSON_OBJECT);

	if (code == 0 && !entry.profile->part)
		code = reader_keys(r, value, keys);
	if (code == 0)
		code = read_action(entry.profile, value, action_keys, &entry.action);
	if (code == 0)
		code = reader_each(r, reader_member(value, "args"), read_arg, &entry);
	included = entry.profile->part; /* a config knows no conditions */
	if (code == 0 && !included)
		code = profile_condition(r, reader_member(value, "includes"), &entry.profile->facts,
					 &included, &ignored);
	if (code == 0 && !entry.profile->part)
		code = profile_condition(r, reader_member(value, "excludes"), &entry.profile->facts,
					 &ignored, &excluded);
	name = reader_member(value, "name");
	if (code == 0 && name)
		code = note_name(r, name, entry.profile);
	if (code == 0)
		code = reader_each(r, reader_member(value, "names"), note_name, entry.profile);
	if (code < 0 || !included || excluded)
		return code;
	if (name)
		code = add_call(r, name, &entry);
	if (code == 0)
		code = reader_each(r, reader_member(value, "names"), add_call, &entry);
	return code;
}

static int read_flag(const struct reader *r, const struct json *value, void *data)
{
	static const struct {
		const char *name;
		uint32_t flag;
	} flags[] = {
		{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
		{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
		{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 1 << 5}, /* Linux 5.19 */
	};
	struct profile *p = data;
	const char *name = NULL;
	int code = reader_string(r, value, &name);

	if (code < 0 || strcmp(name, "SECCOMP_FILTER_FLAG_TSYNC") == 0) /* there is one thread */
		return code;
	for (size_t i = 0; p->part && i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(name, flags[i].name) != 0)
			continue;
		p->flags |= flags[i].flag;
		return 0;
	}
	return reader_fail(r, value, "seccomp-flag", "rootlet cannot set %s", name);
}

static int read_profile(struct profile *p, const struct json *root)
{
	static const char *const keys[] = {
		"defaultAction", "defaultErrnoRet", "defaultErrno", "archMap",
		"architectures", "flags",	    "syscalls",	    NULL};
	static const char *const action_keys[3] = {"defaultAction", "defaultErrnoRet",
						   "defaultErrno"};
	const struct reader *r = &p->reader;
	const struct json *calls = reader_member(root, "syscalls");
	int code = p->part ? 0 : reader_keys(r, root, keys);

	if (code == 0)
		code = read_action(p, root, action_keys, &p->default_action);
	if (code == 0 && p->default_action == SCMP_ACT_NOTIFY)
		code = reader_fail(r, reader_member(root, "defaultAction"), "seccomp-notify",
				   "SCMP_ACT_NOTIFY for every call would stop set-up itself");
	if (code < 0)
		return code;
	p->ctx = seccomp_init(p->default_action);
	if (!p->ctx)
		return error_nomem(r->err);
	/* 2.5; before that the program is a list, which is right too, only slower. */
	seccomp_attr_set(p->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	newer_add_arch(&p->newer, seccomp_arch_native());
	code = reader_each(r, reader_member(root, "flags"), read_flag, p);
	if (code == 0)
		code = reader_each(r, reader_member(root, "architectures"), add_arch, p);
	if (code == 0)
		code = reader_each(r, reader_member(root, "archMap"), add_arch_map, p);
	if (code == 0)
		code = reader_each(r, calls, add_entry, p);
	p->adding = true;
	if (code == 0)
		code = reader_each(r, calls, add_entry, p);
	return code;
}

static int compile(struct profile *p, const char *kernel_release, struct seccomp_filter *ret)
{
	const struct json *root;
	struct seccomp_filter filter = {0};
	int code;

	if (!profile_release(kernel_release, p->facts.kernel))
		return error_set(p->reader.err, -EINVAL, "seccomp-kernel", kernel_release,
				 "the kernel's release: no version in \"%s\"", kernel_release);
	code = reader_open(&p->reader, &p->reader.nodes, &root);
	if (code < 0)
		return code;
	code = read_profile(p, root);
	if (code == 0)
		code = profile_export(p->ctx, &p->newer, p->default_action, p->reader.path,
				      p->arena, &filter, p->reader.err);
	filter.flags = p->flags;
	filter.notify = p->notify;
	if (code == 0 && p->unknown) {
		p->unknown = arena_strdup(p->arena, p->unknown);
		code = p->unknown ? 0 : error_nomem(p->reader.err);
	}
	if (p->ctx)
		seccomp_release(p->ctx);
	reader_close(&p->reader);
	if (code == 0)
		*ret = filter;
	return code;
}

int seccomp_profile_compile(struct arena *a, const char *text, size_t len, const char *path,
			    uint64_t capabilities, const char *kernel_release,
			    struct seccomp_filter *ret, struct rootlet_error *err)
{
	struct profile p = {.reader = {.text = text,
				       .len = len,
				       .path = path,
				       .noun = "a seccomp profile",
				       .err = err},
			    .facts = {.capabilities = capabilities},
			    .arena = a};

	return compile(&p, kernel_release, ret);
}

int seccomp_part_compile(struct arena *a, const struct seccomp_part *part, uint64_t capabilities,
			 const char *kernel_release, struct seccomp_filter *ret,
			 const char **ret_note, struct rootlet_error *err)
{
	struct profile p = {.reader = {.text = part->text,
				       .len = part->len,
				       .path = part->path,
				       .noun = "a seccomp profile",
				       .err = err,
				       .line = part->line,
				       .column = part->column,
				       .pointer = "/linux/seccomp"},
			    .facts = {.capabilities = capabilities},
			    .arena = a,
			    .part = part};
	int code = compile(&p, kernel_release, ret);

	*ret_note = NULL;
	if (code == 0 && p.unknown)
		*ret_note = arena_printf(
			a, "libseccomp knows no system call \"%s\", so it is not refused",
			p.unknown);
	else if (code == 0 && p.alternatives)
		*ret_note = "a rule that compares one argument twice holds when one of its "
			    "comparisons does";
	return code == 0 && p.unknown && !*ret_note ? error_nomem(err) : code;
}
