/* Options of the namespaces: what is private, shared or joined, and what is set in them. */
#include "parse/parse.h"

#include "base/io.h"
#include "parse/values.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

/* Letters, digits, '_', '-' and '.', the last two not at the beginning: names of containers, words
 * of /etc/hosts. */
static bool is_name(const char *name)
{
	return *name && *name != '-' && *name != '.' && !name[strspn(name, letters)];
}

/* `own` is the word for a namespace of the container's own. */
static int set_mode(struct spec *spec, enum ns_type type, const char *own, const char *value,
		    const char *origin, struct rootlet_error *err)
{
	struct spec_namespace ns = {0};
	const char *path = NULL;

	if (strcmp(value, own) == 0) {
		ns.mode = NS_MODE_PRIVATE;
	} else if (strcmp(value, "host") == 0) {
		ns.mode = NS_MODE_HOST;
	} else if (strncmp(value, "ns:", 3) == 0) {
		ns.mode = NS_MODE_PATH;
		path = value + 3;
		if (*path != '/' && *path != '.')
			return value_error(err, "namespace-mode", origin, value,
					   "the namespace's path begins with neither / nor .");
	} else if (strncmp(value, "container:", 10) == 0) {
		ns.mode = NS_MODE_CONTAINER;
		path = value + 10;
		if (!is_name(path))
			return value_error(err, "namespace-mode", origin, value,
					   "names no container");
	} else {
		value_error(err, "namespace-mode", origin, value, "is no such mode");
		error_hint(err, "use %s, host or ns:PATH", own);
		return -EINVAL;
	}
	if (path && value_copy(&spec->arena, path, &ns.path, err) < 0)
		return -ENOMEM;
	spec->namespaces[type] = ns;
	return 0;
}

int set_pid(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	return set_mode(spec, NS_PID, "private", value, origin, err);
}

int set_ipc(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	/* podman's "shareable" is any private namespace here: it can be joined by path */
	if (strcmp(value, "shareable") == 0)
		value = "private";
	return set_mode(spec, NS_IPC, "private", value, origin, err);
}

int set_uts(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	return set_mode(spec, NS_UTS, "private", value, origin, err);
}

int set_cgroupns(struct spec *spec, const char *value, const char *origin,
		 struct rootlet_error *err)
{
	return set_mode(spec, NS_CGROUP, "private", value, origin, err);
}

int set_network(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	int r = set_mode(spec, NS_NET, "none", value, origin, err);

	if (r == -EINVAL && !strchr(value, ':'))
		error_hint(
			err,
			"pasta and named networks are a later step; none (only loopback), host and "
			"ns:PATH work");
	return r;
}

int set_time(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	enum ns_mode mode = NS_MODE_PRIVATE;

	if (strcmp(value, "host") == 0)
		mode = NS_MODE_HOST;
	else if (strcmp(value, "private") != 0)
		return value_error(err, "namespace-mode", origin, value,
				   "is neither private nor host");
	spec->namespaces[NS_TIME].mode = mode;
	return 0;
}

/* ---- unshare's letters ---- */

static int set_own(struct spec *spec, enum ns_type type, const char *value, const char *origin,
		   struct rootlet_error *err)
{
	bool own;
	int r = value_bool(value, origin, &own, err);

	if (r < 0)
		return r;
	spec->namespaces[type].mode = own ? NS_MODE_PRIVATE : NS_MODE_HOST;
	return 0;
}

#define OWN_SETTER(name, type)                                                                     \
	int set_own_##name(struct spec *spec, const char *value, const char *origin,               \
			   struct rootlet_error *err)                                              \
	{                                                                                          \
		return set_own(spec, type, value, origin, err);                                    \
	}

OWN_SETTER(cgroup, NS_CGROUP)
OWN_SETTER(ipc, NS_IPC)
OWN_SETTER(mount, NS_MNT)
OWN_SETTER(net, NS_NET)
OWN_SETTER(pid, NS_PID)
OWN_SETTER(uts, NS_UTS)
OWN_SETTER(time, NS_TIME)

/* unshare(1) has both, and makes no user namespace without: here there always is one, and its root
 * is the caller. */
int set_own_user(struct spec *spec, const char *value, const char *origin,
		 struct rootlet_error *err)
{
	bool own;
	int r = value_bool(value, origin, &own, err);

	if (r < 0 || own)
		return r;
	return value_error(err, "userns-host", origin, value,
			   "there is always a user namespace: nothing else gives the rights");
}

int set_map_root(struct spec *spec, const char *value, const char *origin,
		 struct rootlet_error *err)
{
	return value_bool(value, origin, &spec->map_root, err);
}

int set_join(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	uint64_t pid;
	int r = value_number(value, origin, "a process id", 1, INT32_MAX, &pid, err);

	if (!r)
		spec->join_pid = (uint32_t)pid;
	return r;
}

/* ---- time ---- */

/* The kernel refuses an offset beyond half of what it can count (KTIME_SEC_MAX / 2): see
 * time_namespaces(7), ERANGE. */
#define OFFSET_MAX (INT64_MAX / 1000000000 / 2)

/* "[-+]SECONDS[.FRACTION]", up to nine digits behind the point. */
static bool parse_offset(const char *text, struct spec_time_offset *ret)
{
	bool negative = *text == '-';
	char digits[16] = "";
	size_t whole, fraction = 0;
	uint64_t secs;
	uint32_t nanosecs = 0;

	text += negative || *text == '+';
	whole = strspn(text, "0123456789");
	if (!whole || whole >= sizeof(digits))
		return false;
	memcpy(digits, text, whole);
	if (io_parse_u64(digits, OFFSET_MAX, &secs) < 0)
		return false;
	text += whole;
	if (*text == '.') {
		text++;
		fraction = strspn(text, "0123456789");
		if (!fraction || fraction > 9)
			return false;
		for (size_t i = 0; i < 9; i++)
			nanosecs = nanosecs * 10 + (i < fraction ? (uint32_t)(text[i] - '0') : 0);
	}
	if (text[fraction])
		return false;
	ret->set = YES;
	ret->secs = negative ? -(int64_t)secs : (int64_t)secs;
	ret->nanosecs = nanosecs;
	if (negative && nanosecs) { /* -1.25 is -2 and 0.75 more */
		ret->secs--;
		ret->nanosecs = 1000000000 - nanosecs;
	}
	return true;
}

static int set_offset(struct spec *spec, struct spec_time_offset *field, const char *value,
		      const char *origin, struct rootlet_error *err)
{
	struct spec_time_offset offset;

	if (!parse_offset(value, &offset)) {
		value_error(err, "time-offset", origin, value,
			    "not a number of seconds within %lld of 0, with up to nine digits "
			    "after the point",
			    (long long)OFFSET_MAX);
		return -EINVAL;
	}
	*field = offset;
	/* an offset asks for the namespace that it is set in */
	if (spec->namespaces[NS_TIME].mode == NS_MODE_UNSET)
		spec->namespaces[NS_TIME].mode = NS_MODE_PRIVATE;
	return 0;
}

int set_boottime(struct spec *spec, const char *value, const char *origin,
		 struct rootlet_error *err)
{
	return set_offset(spec, &spec->boottime, value, origin, err);
}

int set_monotonic(struct spec *spec, const char *value, const char *origin,
		  struct rootlet_error *err)
{
	return set_offset(spec, &spec->monotonic, value, origin, err);
}

/* ---- names, settings ---- */

int set_hostname(struct spec *spec, const char *value, const char *origin,
		 struct rootlet_error *err)
{
	return value_copy(&spec->arena, value, &spec->hostname, err);
}

int set_domainname(struct spec *spec, const char *value, const char *origin,
		   struct rootlet_error *err)
{
	return value_copy(&spec->arena, value, &spec->domainname, err);
}

/* The key becomes a path below /proc/sys: nothing in it may lead elsewhere. */
static bool good_key(const char *key)
{
	return *key && *key != '.' && !key[strspn(key, letters)] && !strstr(key, "..") &&
	       key[strlen(key) - 1] != '.' && strchr(key, '.');
}

int set_sysctl(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	struct arena *a = &spec->arena;
	const char *equals = strchr(value, '=');
	struct spec_sysctl s;

	if (!equals)
		return value_error(err, "sysctl", origin, value, "is not KEY=VALUE");
	s.key = arena_strndup(a, value, (size_t)(equals - value));
	s.value = arena_strdup(a, equals + 1);
	if (!s.key || !s.value)
		return error_nomem(err);
	if (!good_key(s.key)) {
		value_error(err, "sysctl", origin, value, "the key is none of /proc/sys's");
		error_hint(err, "write it with dots: net.ipv4.ip_forward=1");
		return -EINVAL;
	}
	if (!*s.value)
		return value_error(err, "sysctl", origin, value, "the value is empty");
	if (arena_grow(a, &spec->sysctls, spec->sysctl_count, sizeof(*spec->sysctls)) < 0)
		return error_nomem(err);
	spec->sysctls[spec->sysctl_count++] = s;
	return 0;
}

void clear_sysctl(struct spec *spec)
{
	spec->sysctls = NULL;
	spec->sysctl_count = 0;
}

static bool is_address(const char *text)
{
	unsigned char address[16];

	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

int set_add_host(struct spec *spec, const char *value, const char *origin,
		 struct rootlet_error *err)
{
	struct arena *a = &spec->arena;
	const char *colon = strchr(value, ':');
	struct spec_host_entry h;
	size_t len;

	if (!colon)
		return value_error(err, "add-host", origin, value, "is not NAME:IP");
	len = strlen(colon + 1);
	h.name = arena_strndup(a, value, (size_t)(colon - value));
	if (len >= 2 && colon[1] == '[' && colon[len] == ']')
		h.address = arena_strndup(a, colon + 2, len - 2);
	else
		h.address = arena_strdup(a, colon + 1);
	if (!h.name || !h.address)
		return error_nomem(err);
	if (!is_name(h.name))
		return value_error(err, "add-host", origin, value, "\"%s\" is no host name",
				   h.name);
	if (strcmp(h.address, "host-gateway") == 0) {
		value_error(err, "add-host", origin, value, "there is no gateway to the host");
		error_hint(err, "with --network host the host is localhost");
		return -EINVAL;
	}
	if (!is_address(h.address))
		return value_error(err, "add-host", origin, value, "\"%s\" is no IP address",
				   h.address);
	if (arena_grow(a, &spec->hosts, spec->host_count, sizeof(*spec->hosts)) < 0)
		return error_nomem(err);
	spec->hosts[spec->host_count++] = h;
	return 0;
}

void clear_add_host(struct spec *spec)
{
	spec->hosts = NULL;
	spec->host_count = 0;
}

int set_dns(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	if (!is_address(value))
		return value_error(err, "dns", origin, value, "is no IP address");
	return list_add(&spec->arena, &spec->dns, value, err);
}

void clear_dns(struct spec *spec)
{
	spec->dns = (struct string_list){0};
}
