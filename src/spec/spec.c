/* Making and freeing a spec, and the names of its nouns. Validation is in validate.c. */
#include "spec/spec.h"

#include <linux/sched.h>
#include <stdlib.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080 /* Linux 5.6 */
#endif

static const struct {
	const char *name;
	uint64_t flag;
} ns_rows[NS_COUNT] = {
	[NS_USER] = {"user", CLONE_NEWUSER},	   [NS_PID] = {"pid", CLONE_NEWPID},
	[NS_MNT] = {"mnt", CLONE_NEWNS},	   [NS_UTS] = {"uts", CLONE_NEWUTS},
	[NS_IPC] = {"ipc", CLONE_NEWIPC},	   [NS_NET] = {"net", CLONE_NEWNET},
	[NS_CGROUP] = {"cgroup", CLONE_NEWCGROUP}, [NS_TIME] = {"time", CLONE_NEWTIME},
};

static const char *const mount_names[MOUNT_TYPE_COUNT] = {
	[MOUNT_BIND] = "bind",	     [MOUNT_TMPFS] = "tmpfs",	[MOUNT_PROC] = "proc",
	[MOUNT_SYSFS] = "sysfs",     [MOUNT_DEVPTS] = "devpts", [MOUNT_MQUEUE] = "mqueue",
	[MOUNT_CGROUP2] = "cgroup2",
};

const char *ns_type_name(enum ns_type type)
{
	return ns_rows[type].name;
}

uint64_t ns_type_flag(enum ns_type type)
{
	return ns_rows[type].flag;
}

const char *mount_type_name(enum mount_type type)
{
	return mount_names[type];
}

struct spec *spec_new(enum spec_kind kind)
{
	struct spec *spec = calloc(1, sizeof(*spec));

	if (!spec)
		return NULL;
	arena_init(&spec->arena);
	spec->kind = kind;
	spec->keep_uid = spec->keep_gid = SPEC_ID_UNSET;
	spec->umask = SPEC_ID_UNSET;
	spec->status_fd = -1;
	spec->stop_timeout = SPEC_STOP_TIMEOUT;
	spec->log_max = SPEC_LOG_MAX;
	if (kind == SPEC_UNSHARE)
		spec->root_kind = ROOT_NONE;
	return spec;
}

void spec_free(struct spec *spec)
{
	if (!spec)
		return;
	arena_release(&spec->arena);
	free(spec);
}

enum ns_mode spec_ns_mode(const struct spec *spec, enum ns_type type)
{
	enum ns_mode mode = spec->namespaces[type].mode;

	if (type == NS_USER && spec->oci && spec->userns == USERNS_HOST)
		return NS_MODE_HOST;
	if (type == NS_USER && spec->userns != USERNS_PATH && spec->userns != USERNS_CONTAINER)
		return NS_MODE_PRIVATE;
	if (mode != NS_MODE_UNSET)
		return mode;
	if (spec->kind == SPEC_UNSHARE || type == NS_TIME)
		return NS_MODE_HOST;
	return NS_MODE_PRIVATE;
}

enum front_end spec_front(const struct spec *spec)
{
	return spec->oci ? FRONT_OCI : FRONT_ROOTLET;
}

const char *front_words(const char *const words[FRONT_COUNT], enum front_end front)
{
	return words[front] ? words[front] : words[FRONT_ROOTLET];
}
