/* What this library can do for OCI bundles, as the runtime-spec's features document: read out of
 * the tables that do it. */
#include "rootlet_bundle.h"

#include "base/arena.h"
#include "base/error.h"
#include "parse/oci.h"
#include "seccomp/profile_names.h"
#include "spec/oci.h"
#include "spec/spec.h"

#include <errno.h>
#include <json-c/json.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

#define VERSION_MIN "1.0.0"
#define VERSION_MAX "1.3.0"

const char *rootlet_oci_spec_version(void)
{
	return VERSION_MAX;
}

int rootlet_oci_spec(bool rootless, char **ret_json, rootlet_error *err)
{
	struct arena arena;
	const char *text;

	arena_init(&arena);
	text = parse_oci_default(&arena, rootless, geteuid(), getegid());
	*ret_json = text ? strdup(text) : NULL;
	arena_release(&arena);
	return *ret_json ? 0 : error_nomem(err);
}

static void put(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_add(o, key, value);
}

static void add(struct json_object *array, const char *text)
{
	json_object_array_add(array, json_object_new_string(text));
}

static struct json_object *hooks(void)
{
	struct json_object *out = json_object_new_array();

	for (int i = 0; i < OCI_HOOK_POINTS; i++)
		add(out, oci_hook_names[i]);
	return out;
}

static struct json_object *capabilities(void)
{
	struct json_object *out = json_object_new_array();

	for (int i = 0; i <= CAP_LAST_CAP; i++) {
		char *name = cap_to_name(i);

		for (char *c = name; c && *c; c++)
			*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
		if (name)
			add(out, name);
		cap_free(name);
	}
	return out;
}

/* The config's names for what /proc/PID/ns calls otherwise. */
static struct json_object *namespaces(void)
{
	static const char *const names[NS_COUNT] = {
		[NS_USER] = "user",	[NS_PID] = "pid",   [NS_MNT] = "mount",
		[NS_UTS] = "uts",	[NS_IPC] = "ipc",   [NS_NET] = "network",
		[NS_CGROUP] = "cgroup", [NS_TIME] = "time",
	};
	struct json_object *out = json_object_new_array();

	for (int i = 0; i < NS_COUNT; i++)
		add(out, names[i]);
	return out;
}

static struct json_object *enabled(bool yes)
{
	struct json_object *out = json_object_new_object();

	put(out, "enabled", json_object_new_boolean(yes));
	return out;
}

/* All words of a table. */
static struct json_object *words(const char *(*word)(size_t index))
{
	struct json_object *out = json_object_new_array();
	const char *text;

	for (size_t i = 0; (text = word(i)) != NULL; i++)
		add(out, text);
	return out;
}

static struct json_object *cgroup(void)
{
	struct json_object *out = json_object_new_object();

	put(out, "v1", json_object_new_boolean(false));
	put(out, "v2", json_object_new_boolean(true));
	put(out, "systemd", json_object_new_boolean(true));
	put(out, "systemdUser", json_object_new_boolean(true));
	put(out, "rdma", json_object_new_boolean(true));
	return out;
}

static struct json_object *seccomp(void)
{
	struct json_object *out = enabled(true);

	put(out, "actions", words(profile_action_name));
	put(out, "operators", words(profile_operator_name));
	put(out, "archs", words(profile_arch_name));
	put(out, "knownFlags", words(profile_flag_name));
	put(out, "supportedFlags", words(profile_flag_name));
	return out;
}

static struct json_object *memory_policy(void)
{
	struct json_object *out = json_object_new_object();

	put(out, "modes", words(parse_oci_memory_mode));
	put(out, "flags", words(parse_oci_memory_flag));
	return out;
}

static struct json_object *mount_extensions(void)
{
	struct json_object *out = json_object_new_object();

	put(out, "idmap", enabled(true));
	return out;
}

static struct json_object *linux_features(void)
{
	struct json_object *out = json_object_new_object();

	put(out, "namespaces", namespaces());
	put(out, "capabilities", capabilities());
	put(out, "cgroup", cgroup());
	put(out, "seccomp", seccomp());
	put(out, "apparmor", enabled(true));
	put(out, "selinux", enabled(true));
	put(out, "intelRdt", enabled(false));
	put(out, "memoryPolicy", memory_policy());
	put(out, "mountExtensions", mount_extensions());
	put(out, "netDevices", enabled(false));
	return out;
}

static struct json_object *annotations(void)
{
	struct json_object *out = json_object_new_object();
	const struct scmp_version *v = seccomp_version();
	char text[40];

	snprintf(text, sizeof(text), "%u.%u.%u", v->major, v->minor, v->micro);
	put(out, "io.github.seccomp.libseccomp.version", json_object_new_string(text));
	return out;
}

/* Those of a config that give it more than the rest of it says. */
static struct json_object *unsafe_annotations(void)
{
	struct json_object *out = json_object_new_array();

	add(out, "run.oci.keep_original_groups");
	return out;
}

int rootlet_oci_features(char **ret_json, rootlet_error *err)
{
	struct json_object *root = json_object_new_object();
	const char *text;

	put(root, "ociVersionMin", json_object_new_string(VERSION_MIN));
	put(root, "ociVersionMax", json_object_new_string(VERSION_MAX));
	put(root, "hooks", hooks());
	put(root, "mountOptions", words(parse_oci_mount_option));
	put(root, "linux", linux_features());
	put(root, "annotations", annotations());
	put(root, "potentiallyUnsafeConfigAnnotations", unsafe_annotations());
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_SPACED |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	*ret_json = text ? strdup(text) : NULL;
	json_object_put(root);
	return *ret_json ? 0 : error_nomem(err);
}
