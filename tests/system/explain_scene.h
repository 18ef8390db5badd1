/* The scene that explain looks at, a container with a command that says when it is ready; and the
 * JSON of what it says. */
#ifndef ROOTLET_TESTS_EXPLAIN_SCENE_H
#define ROOTLET_TESTS_EXPLAIN_SCENE_H

#include "harness.h"

#include "base/fd.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Starts `run $1 -v $T/d:/mnt…` with the shell script $2, which says "ready" when it is; sets $init
 * and $p, the command. `finish` ends it. */
#define SCENE                                                                                      \
	"export LANG=C.UTF-8; mkdir -p d\n"                                                        \
	"begin() { $R run --pidfile $T/pid $1 / sh -c \"$2\" >said 2>complaints & job=$!\n"        \
	"  for i in $(seq 200); do [ -s pid ] && grep -qs ready said && break; sleep 0.05; done\n" \
	"  init=$(cat pid); p=\n"                                                                  \
	"  for d in /proc/[0-9]*; do grep -qs \"^PPid:[[:space:]]$init$\" $d/status && "           \
	"p=${d#/proc/}; done\n"                                                                    \
	"  [ -n \"$p\" ] || { cat said complaints; exit 99; }; }\n"                                \
	"finish() { kill -9 $init; wait $job; :; } 2>/dev/null\n"

/* The scene with these options for run and for explain. */
static inline const struct result *scene(const char *options, const char *who, const char *rest)
{
	static char script[8000];

	assert_true(snprintf(script, sizeof(script), "options=\"%s\"; who=\"%s\"\n%s%s", options,
			     who, SCENE, rest) < (int)sizeof(script));
	return shell(script);
}

static inline struct json_object *load(const char *name)
{
	char path[600];
	struct json_object *root;

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	root = json_object_from_file(path);
	if (!root)
		fail_msg("%s is no JSON", path);
	return root;
}

static inline struct json_object *at(struct json_object *root, const char *pointer)
{
	struct json_object *value = NULL;

	if (json_pointer_get(root, pointer, &value) != 0)
		fail_msg("%s is missing", pointer);
	return value;
}

static inline const char *text_at(struct json_object *root, const char *pointer)
{
	return json_object_to_json_string_ext(
		at(root, pointer), JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

static inline long long number_at(struct json_object *root, const char *pointer)
{
	return json_object_get_int64(at(root, pointer));
}

/* A file of the scene's, with blanks made single. */
static inline const char *said(const char *name)
{
	char script[200];

	snprintf(script, sizeof(script), "tr -s ' \\t' ' ' < %s | sed 's/^ //; s/ $//'", name);
	return shell(script)->out;
}

#endif
