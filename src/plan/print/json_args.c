/* A step's arguments as JSON, one function an args kind. Numbers are exact; flags, capabilities and
 * attributes are names; modes are octal text. Programs are json_programs.c's. */
#include "plan/print/json.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct json_object json_value;

static json_value *numbers(struct json_writer *w, const uint32_t *list, size_t count)
{
	json_value *array = json_object_new_array();

	for (size_t i = 0; array && i < count; i++)
		json_push(w, array, json_object_new_uint64(list[i]));
	return array;
}

static void put_slot(struct json_writer *w, json_value *o, const char *key, int slot)
{
	if (slot == SLOT_NONE)
		json_put_text(w, o, key, NULL);
	else
		json_put_u64(w, o, key, (uint64_t)slot);
}

static void put_mode(struct json_writer *w, json_value *o, uint32_t mode)
{
	char text[16];

	snprintf(text, sizeof(text), "%04" PRIo32, mode);
	json_put_text(w, o, "mode", text);
}

static void put_target(struct json_writer *w, json_value *o, const struct step_target *target)
{
	json_value *object = json_object_new_object();

	if (object) {
		put_slot(w, object, "base", target->base);
		json_put_text(w, object, "path", target->path);
	}
	json_put(w, o, "target", object);
}

static void put_options(struct json_writer *w, json_value *o, const struct mount_option *options,
			size_t count)
{
	json_value *array = json_object_new_array();

	for (size_t i = 0; array && i < count; i++) {
		json_value *option = json_object_new_object();

		if (option) {
			json_put_text(w, option, "key", options[i].key);
			json_put_text(w, option, "value", options[i].value);
		}
		json_push(w, array, option);
	}
	json_put(w, o, "options", array);
}

static void put_limit(struct json_writer *w, json_value *o, const char *key, uint64_t value)
{
	if (value == UINT64_MAX)
		json_put_text(w, o, key, "unlimited");
	else
		json_put_u64(w, o, key, value);
}

static void args_container(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_text(w, o, "name", step->a.container.name);
	json_put_u64(w, o, "pid", step->a.container.pid);
	json_put(w, o, "namespaces", json_names(w, names_namespaces(step->a.container.flags)));
}

static void args_cgroup(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_text(w, o, "parent", step->a.cgroup.parent);
	json_put_text(w, o, "name", step->a.cgroup.name);
}

static void args_scope(struct json_writer *w, json_value *o, const struct step *step)
{
	json_value *properties = json_object_new_object();

	json_put_text(w, o, "socket", step->a.scope.socket);
	json_put_text(w, o, "unit", step->a.scope.unit);
	json_put_text(w, o, "slice", step->a.scope.slice);
	for (size_t i = 0; properties && i < step->a.scope.properties.count; i++)
		json_put_text(w, properties, step->a.scope.properties.items[i].name,
			      step->a.scope.properties.items[i].value);
	json_put(w, o, "properties", properties);
}

static void args_limit(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_text(w, o, "file", step->a.limit.file);
	json_put_text(w, o, "value", step->a.limit.value);
	if (!step->a.limit.other)
		return;
	json_put_text(w, o, "other_file", step->a.limit.other);
	json_put_text(w, o, "other_value", step->a.limit.other_value);
}

static void args_terminal(struct json_writer *w, json_value *o, const struct step *step)
{
	put_slot(w, o, "dev", step->a.terminal.dev);
	json_put_bool(w, o, "console", step->a.terminal.console);
	json_put_u64(w, o, "rows", step->a.terminal.rows);
	json_put_u64(w, o, "columns", step->a.terminal.columns);
}

static void args_mapped(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_text(w, o, "path", step->a.mapped.path);
	json_put_bool(w, o, "tree", step->a.mapped.tree);
	json_put_bool(w, o, "all", step->a.mapped.all);
	json_put_text(w, o, "uid_map", step->a.mapped.uid_text);
	json_put_text(w, o, "gid_map", step->a.mapped.gid_text);
}

static void args_ids(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_bool(w, o, "looked_up", step->a.ids.looked_up);
	json_put_u64(w, o, "uid", step->a.ids.uid);
	json_put_u64(w, o, "gid", step->a.ids.gid);
	json_put_bool(w, o, "set_groups", step->a.ids.set_groups);
	if (step->a.ids.own_pipes)
		json_put_bool(w, o, "own_pipes", true);
	json_put(w, o, "groups", numbers(w, step->a.ids.groups, step->a.ids.group_count));
}

static void args_filesystem(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_text(w, o, "type", step->a.fs.type);
	put_target(w, o, &step->a.fs.target);
	put_options(w, o, step->a.fs.options, step->a.fs.option_count);
	json_put(w, o, "attributes", json_names(w, names_attributes(step->a.fs.attributes)));
	json_put_bool(w, o, "make_target", step->a.fs.make_target);
	put_slot(w, o, "slot", step->a.fs.slot);
	if (step->a.fs.source)
		json_put_text(w, o, "source", step->a.fs.source);
	if (step->a.fs.propagation)
		json_put(w, o, "propagation",
			 json_names(w, names_propagation(step->a.fs.propagation)));
	if (step->a.fs.mode_of_target)
		json_put_bool(w, o, "mode_of_target", true);
	if (step->a.fs.copy_up)
		json_put_bool(w, o, "copy_up", true);
}

static void args_bind(struct json_writer *w, json_value *o, const struct step *step)
{
	put_slot(w, o, "source", step->a.bind.source);
	json_put_text(w, o, "source_name", step->a.bind.source_name);
	json_put_text(w, o, "source_path", step->a.bind.source_path);
	put_target(w, o, &step->a.bind.target);
	json_put_bool(w, o, "recursive", step->a.bind.recursive);
	json_put_bool(w, o, "make_target", step->a.bind.make_target);
	json_put(w, o, "set", json_names(w, names_attributes(step->a.bind.attr_set)));
	json_put(w, o, "clear", json_names(w, names_attributes_cleared(step->a.bind.attr_clear)));
	json_put(w, o, "propagation", json_names(w, names_propagation(step->a.bind.propagation)));
	if (step->a.bind.top)
		json_put_bool(w, o, "top", true);
	if (step->a.bind.rec_set)
		json_put(w, o, "rec_set", json_names(w, names_attributes(step->a.bind.rec_set)));
	if (step->a.bind.rec_clear)
		json_put(w, o, "rec_clear",
			 json_names(w, names_attributes_cleared(step->a.bind.rec_clear)));
	if (step->a.bind.keep_locked)
		json_put_bool(w, o, "keep_locked", true);
	if (step->a.bind.ready)
		json_put_bool(w, o, "ready", true);
	if (step->a.bind.procfs)
		json_put_bool(w, o, "procfs", true);
}

static void args_overlay(struct json_writer *w, json_value *o, const struct step *step)
{
	put_slot(w, o, "lower", step->a.overlay.lower);
	json_put_text(w, o, "lower_path", step->a.overlay.lower_path);
	put_slot(w, o, "upper", step->a.overlay.upper);
	json_put_text(w, o, "upper_path",
		      step->a.overlay.upper == SLOT_NONE ? NULL : step->a.overlay.upper_path);
}

static void args_file(struct json_writer *w, json_value *o, const struct step *step)
{
	put_target(w, o, &step->a.file.target);
	json_put_text(w, o, "text", step->a.file.text);
	put_mode(w, o, step->a.file.mode);
	if (step->a.file.exists)
		json_put_text(w, o, "exists",
			      step->a.file.exists == FILE_KEPT ? "kept" : "replaced");
}

static void args_device(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_text(w, o, "name", step->a.device.name);
	json_put_u64(w, o, "major", step->a.device.major);
	json_put_u64(w, o, "minor", step->a.device.minor);
	put_target(w, o, &step->a.device.target);
}

static void args_node(struct json_writer *w, json_value *o, const struct step *step)
{
	const char type[] = {step->a.node.type, '\0'};

	json_put_text(w, o, "type", type);
	json_put_u64(w, o, "major", step->a.node.major);
	json_put_u64(w, o, "minor", step->a.node.minor);
	put_mode(w, o, step->a.node.mode);
	json_put_u64(w, o, "uid", step->a.node.uid);
	json_put_u64(w, o, "gid", step->a.node.gid);
	put_target(w, o, &step->a.node.target);
	json_put_bool(w, o, "make", step->a.node.make);
	put_slot(w, o, "source", step->a.node.source);
	json_put_text(w, o, "name", step->a.node.name);
}

static void args_scheduler(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_u64(w, o, "policy", step->a.scheduler.policy);
	json_put(w, o, "nice", json_object_new_int(step->a.scheduler.nice));
	json_put_u64(w, o, "priority", step->a.scheduler.priority);
	json_put_u64(w, o, "flags", step->a.scheduler.flags);
	json_put_u64(w, o, "runtime", step->a.scheduler.runtime);
	json_put_u64(w, o, "deadline", step->a.scheduler.deadline);
	json_put_u64(w, o, "period", step->a.scheduler.period);
}

static void args_memory(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put(w, o, "mode", json_object_new_int(step->a.memory.mode));
	json_put_text(w, o, "nodes", step->a.memory.nodes);
}

static void args_attributes(struct json_writer *w, json_value *o, const struct step *step)
{
	put_target(w, o, &step->a.attributes.target);
	json_put(w, o, "set", json_names(w, names_attributes(step->a.attributes.set)));
	json_put(w, o, "clear", json_names(w, names_attributes_cleared(step->a.attributes.clear)));
	json_put_bool(w, o, "recursive", step->a.attributes.recursive);
}

static void args_rlimit(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_text(w, o, "name", step->a.rlimit.name);
	put_limit(w, o, "soft", step->a.rlimit.soft);
	put_limit(w, o, "hard", step->a.rlimit.hard);
}

static json_value *capability_names(struct json_writer *w, uint64_t set)
{
	json_value *array = json_object_new_array();
	char name[NAME_CAPABILITY_SIZE];

	for (unsigned n = 0; array && n < 64; n++) {
		if (!(set >> n & 1))
			continue;
		name_capability(n, name);
		json_push(w, array, json_object_new_string(name));
	}
	return array;
}

static void args_sets(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put(w, o, "effective", capability_names(w, step->a.sets.effective));
	json_put(w, o, "permitted", capability_names(w, step->a.sets.permitted));
	json_put(w, o, "inheritable", capability_names(w, step->a.sets.inheritable));
	json_put(w, o, "ambient", capability_names(w, step->a.sets.ambient));
}

/* Over each instruction's code (2 bytes), jt, jf and k (4 bytes), low byte first: the same on every
 * machine. */
static void args_landlock(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put(w, o, "rights", json_names(w, names_landlock(step->a.landlock.rights)));
	json_put(w, o, "paths", json_texts(w, step->a.landlock.paths));
}

static void args_exec(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put(w, o, "candidates", json_texts(w, step->a.exec.candidates));
	json_put(w, o, "argv", json_texts(w, step->a.exec.argv));
	json_put(w, o, "envp", json_texts(w, step->a.exec.envp));
	json_put_bool(w, o, "shell_looked_up", step->a.exec.shell_looked_up);
	json_put_bool(w, o, "home_looked_up", step->a.exec.home_looked_up);
}

/* ---- a line or two each ---- */

static void args_none(struct json_writer *w, json_value *o, const struct step *step)
{
}

static void args_namespace(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_text(w, o, "type", ns_type_name(step->a.ns.type));
	json_put_text(w, o, "path", step->a.ns.path);
	if (step->a.ns.inode)
		json_put_u64(w, o, "inode", step->a.ns.inode);
}

static void args_clone(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put(w, o, "namespaces", json_names(w, names_namespaces(step->a.clone.flags)));
	json_put_bool(w, o, "clone3", step->a.clone.clone3);
}

static void args_open(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_text(w, o, "path", step->a.open.path);
	json_put_text(w, o, "kind", name_open_kind(step->a.open.kind));
	put_slot(w, o, "slot", step->a.open.slot);
}

static void args_map(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_text(w, o, "file", step->a.map.gid ? "gid_map" : "uid_map");
	json_put_text(w, o, "text", step->a.map.text);
}

static void args_helper(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_text(w, o, "file", step->a.helper.gid ? "gid_map" : "uid_map");
	json_put_text(w, o, "path", step->a.helper.path);
	json_put(w, o, "args", json_texts(w, (const char *const *)step->a.helper.args));
}

static void args_groups(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put(w, o, "groups", numbers(w, step->a.groups.ids, step->a.groups.count));
}

static void args_text(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_text(w, o, "text", step->a.text.text);
	if (step->a.text.tries)
		json_put_bool(w, o, "tries", true);
	if (step->a.text.strict)
		json_put_bool(w, o, "strict", true);
}

static void args_setting(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_text(w, o, "path", step->a.setting.path);
	json_put_text(w, o, "value", step->a.setting.value);
}

static void args_propagation(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put(w, o, "propagation", json_names(w, names_propagation(step->a.propagation.flags)));
	json_put_bool(w, o, "mount_setattr", step->a.propagation.mount_setattr);
	if (step->a.propagation.top)
		json_put_bool(w, o, "top", true);
}

static void args_group(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_bool(w, o, "foreground", step->a.group.foreground);
}

static void args_capabilities(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put(w, o, "capabilities", capability_names(w, step->a.capabilities));
}

static void args_number(struct json_writer *w, json_value *o, const struct step *step)
{
	json_put_u64(w, o, "number", step->a.number);
}

/* ---- all of them ---- */

struct json_object *json_step_args(struct json_writer *w, const struct step *step)
{
	static void (*const kinds[])(struct json_writer *, json_value *, const struct step *) = {
		[ARGS_CONTAINER] = args_container,
		[ARGS_CGROUP] = args_cgroup,
		[ARGS_LIMIT] = args_limit,
		[ARGS_DEVICES] = json_args_devices,
		[ARGS_SCOPE] = args_scope,
		[ARGS_TERMINAL] = args_terminal,
		[ARGS_IDS] = args_ids,
		[ARGS_MAPPED] = args_mapped,
		[ARGS_FILESYSTEM] = args_filesystem,
		[ARGS_BIND] = args_bind,
		[ARGS_OVERLAY] = args_overlay,
		[ARGS_FILE] = args_file,
		[ARGS_DEVICE] = args_device,
		[ARGS_ATTRIBUTES] = args_attributes,
		[ARGS_RLIMIT] = args_rlimit,
		[ARGS_SETS] = args_sets,
		[ARGS_NODE] = args_node,
		[ARGS_SCHEDULER] = args_scheduler,
		[ARGS_MEMORY] = args_memory,
		[ARGS_FILTER] = json_args_filter,
		[ARGS_LANDLOCK] = args_landlock,
		[ARGS_EXEC] = args_exec,
		[ARGS_NONE] = args_none,
		[ARGS_NAMESPACE] = args_namespace,
		[ARGS_CLONE] = args_clone,
		[ARGS_OPEN] = args_open,
		[ARGS_MAP] = args_map,
		[ARGS_HELPER] = args_helper,
		[ARGS_GROUPS] = args_groups,
		[ARGS_TEXT] = args_text,
		[ARGS_SETTING] = args_setting,
		[ARGS_PROPAGATION] = args_propagation,
		[ARGS_GROUP] = args_group,
		[ARGS_CAPABILITIES] = args_capabilities,
		[ARGS_NUMBER] = args_number,
	};
	json_value *object = json_object_new_object();

	if (object)
		kinds[op_rows[step->op].args](w, object, step);
	return object;
}
