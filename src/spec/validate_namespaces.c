/* Names, kernel settings and clocks, each of which belongs to a namespace: the container must have
 * that one for itself; and what comes with sharing a container's. Pure, as validate.c. */
#include "spec/validate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { HOSTNAME_LIMIT = 64 }; /* __NEW_UTS_LEN: sethostname(2) */

/* How messages call a namespace, and what gives this command one of its own. */
static const struct {
	const char *name;
	const char *flag;	  /* run, plan */
	const char *unshare_flag; /* the letter */
} ns_words[NS_COUNT] = {
	[NS_USER] = {"user", "--userns", NULL},
	[NS_PID] = {"pid", "--pid", "-p"},
	[NS_MNT] = {"mount", NULL, "-m"},
	[NS_UTS] = {"UTS", "--uts", "-u"},
	[NS_IPC] = {"ipc", "--ipc", "-i"},
	[NS_NET] = {"network", "--network", "-n"},
	[NS_CGROUP] = {"cgroup", "--cgroupns", "-C"},
	[NS_TIME] = {"time", "--time", "-T"},
};

/* Sharing any namespace of a container means sharing its user namespace: nothing else gives the
 * right to enter the others (setns(2)). */
int validate_joins(const struct spec *spec, struct rootlet_error *err)
{
	const char *name = NULL;

	for (int type = 0; type < NS_COUNT && !name; type++)
		if (type != NS_USER && spec->namespaces[type].mode == NS_MODE_CONTAINER)
			name = spec->namespaces[type].path;
	if (!name || spec->userns == USERNS_CONTAINER)
		return 0;
	if (spec->userns == USERNS_UNSET && !spec->uidmap.count && !spec->gidmap.count)
		return 0;
	error_set(
		err, -EINVAL, "join-other-userns", "--userns",
		"container:%s: sharing one of its namespaces means sharing its user namespace, and "
		"another one is asked for",
		name);
	error_hint(err, "leave the id options out, or say --userns container:%s", name);
	return -EINVAL;
}

/* `flag` sets something of a namespace: it must be one of the container's own. */
static int need_private(const struct spec *spec, enum ns_type type, const char *id,
			const char *flag, struct rootlet_error *err)
{
	enum ns_mode mode = spec_ns_mode(spec, type);

	if (mode == NS_MODE_PRIVATE)
		return 0;
	error_set(err, -EINVAL, id, flag, "%s: the %s namespace is %s", flag, ns_words[type].name,
		  mode == NS_MODE_HOST ? "the host's" : "somebody else's, only joined");
	if (type == NS_USER)
		error_hint(err, "without --userns ns:PATH the container has one of its own");
	else if (spec->kind == SPEC_UNSHARE)
		error_hint(err, "add %s for one of its own", ns_words[type].unshare_flag);
	else
		error_hint(err, "%s %s gives it one of its own", ns_words[type].flag,
			   type == NS_NET ? "none" : "private");
	return -EINVAL;
}

static bool name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

/* The name ends up in /etc/hosts and in prompts: no blank, no line end, nothing that a shell reads.
 */
static int check_name(const char *name, const char *flag, const char *id, struct rootlet_error *err)
{
	size_t len = strlen(name);

	if (!len)
		return error_set(err, -EINVAL, id, flag, "%s: the name is empty", flag);
	if (len > HOSTNAME_LIMIT)
		return error_set(err, -EINVAL, id, flag,
				 "%s: the name has %zu characters, the kernel takes at most %d",
				 flag, len, HOSTNAME_LIMIT);
	for (size_t i = 0; i < len; i++) {
		bool edge = name[i] == '-' || name[i] == '.';

		if (name_character(name[i]) && !(edge && i == 0))
			continue;
		if ((unsigned char)name[i] >= 0x80)
			error_set(err, -EINVAL, id, flag,
				  "%s %s: a name cannot contain letters beyond a to z", flag, name);
		else
			error_set(err, -EINVAL, id, flag, "%s %s: a name cannot %s '%c'", flag,
				  name, i ? "contain" : "begin with", name[i]);
		error_hint(err, "use letters, digits, '-', '_' and '.'");
		return -EINVAL;
	}
	return 0;
}

static int check_names(const struct spec *spec, struct rootlet_error *err)
{
	int r = 0;

	if (spec->hostname) {
		r = need_private(spec, NS_UTS, "hostname", "--hostname", err);
		if (!r)
			r = check_name(spec->hostname, "--hostname", "hostname", err);
	}
	if (!r && spec->domainname) {
		r = need_private(spec, NS_UTS, "domainname", "--domainname", err);
		if (!r)
			r = check_name(spec->domainname, "--domainname", "domainname", err);
	}
	return r;
}

static bool starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* namespaces(7), ipc_namespaces(7) */
enum ns_type validate_sysctl_owner(const char *key)
{
	static const char *const ipc[] = {
		"kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
		"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem"};

	if (starts(key, "net."))
		return NS_NET;
	if (starts(key, "fs.mqueue."))
		return NS_IPC;
	if (starts(key, "user."))
		return NS_USER;
	for (size_t i = 0; i < sizeof(ipc) / sizeof(*ipc); i++)
		if (strcmp(key, ipc[i]) == 0)
			return NS_IPC;
	return NS_COUNT;
}

static int check_sysctl(const struct spec *spec, const char *key, struct rootlet_error *err)
{
	enum ns_type owner = validate_sysctl_owner(key);
	char flag[256];
	const char *name = NULL;

	snprintf(flag, sizeof(flag), "--sysctl %.200s", key);
	if (strcmp(key, "kernel.hostname") == 0)
		name = "--hostname";
	if (strcmp(key, "kernel.domainname") == 0)
		name = "--domainname";
	if (name) {
		error_set(err, -EINVAL, "sysctl-name", flag, "%s: has an option of its own", flag);
		error_hint(err, "use %s NAME", name);
		return -EINVAL;
	}
	if (owner == NS_COUNT) {
		error_set(err, -EINVAL, "sysctl-host", flag,
			  "%s: belongs to the whole machine, no namespace has its own", flag);
		error_hint(
			err,
			"a container can set net.*, user.*, fs.mqueue.*, kernel.shm*, kernel.msg* "
			"and kernel.sem");
		return -EINVAL;
	}
	return need_private(spec, owner, "sysctl-shared", flag, err);
}

int validate_namespaces(const struct spec *spec, struct rootlet_error *err)
{
	int r = check_names(spec, err);

	if (!r && spec->boottime.set == YES)
		r = need_private(spec, NS_TIME, "time-offset", "--boottime", err);
	if (!r && spec->monotonic.set == YES)
		r = need_private(spec, NS_TIME, "time-offset", "--monotonic", err);
	for (size_t i = 0; !r && i < spec->sysctl_count; i++)
		r = check_sysctl(spec, spec->sysctls[i].key, err);
	return r;
}
