/* What this library can do for OCI bundles, as the runtime-spec's features document: read out of
 * the tables that do it. */
#include "rootlet_bundle.h"

#include "base/arena.h"
#include "base/error.h"
#include "parse/oci.h"
#include "spec/oci.h"
#include "spec/spec.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

#define VERSION_MIN "1.0.0"
#define VERSION_MAX "1.2.0"

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

static struct json_object *linux_features(void)
{
	struct json_object *out = json_object_new_object();

	put(out, "namespaces", namespaces());
	put(out, "capabilities", capabilities());
	put(out, "intelRdt", enabled(false));
	return out;
}

int rootlet_oci_features(char **ret_json, rootlet_error *err)
{
	struct json_object *root = json_object_new_object();
	const char *text;

	put(root, "ociVersionMin", json_object_new_string(VERSION_MIN));
	put(root, "ociVersionMax", json_object_new_string(VERSION_MAX));
	put(root, "hooks", hooks());
	put(root, "linux", linux_features());
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_SPACED |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	*ret_json = text ? strdup(text) : NULL;
	json_object_put(root);
	return *ret_json ? 0 : error_nomem(err);
}
