/* Limits and other small numbers: --ulimit, --umask, --timeout, --stop-signal, --shm-size,
 * --preserve-fds,
 * --status-fd. Limits of the cgroup are cgroups.c's.
 */
#include "parse/parse.h"

#include "base/io.h"
#include "parse/values.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

/* ---- --ulimit ---- */

static const struct {
	const char *name;
	int resource;
} resources[] = {
	{"as", RLIMIT_AS},
	{"core", RLIMIT_CORE},
	{"cpu", RLIMIT_CPU},
	{"data", RLIMIT_DATA},
	{"fsize", RLIMIT_FSIZE},
	{"locks", RLIMIT_LOCKS},
	{"memlock", RLIMIT_MEMLOCK},
	{"msgqueue", RLIMIT_MSGQUEUE},
	{"nice", RLIMIT_NICE},
	{"nofile", RLIMIT_NOFILE},
	{"nproc", RLIMIT_NPROC},
	{"rss", RLIMIT_RSS},
	{"rtprio", RLIMIT_RTPRIO},
	{"rttime", RLIMIT_RTTIME},
	{"sigpending", RLIMIT_SIGPENDING},
	{"stack", RLIMIT_STACK},
};

static bool limit_value(const char *text, uint64_t *ret)
{
	if (strcmp(text, "-1") == 0 || strcmp(text, "unlimited") == 0) {
		*ret = UINT64_MAX;
		return true;
	}
	return io_parse_u64(text, UINT64_MAX - 1, ret) == 0;
}

static int unknown_limit(const char *value, const char *name, const char *origin,
			 struct rootlet_error *err)
{
	struct nearest n = {.name = name};

	value_error(err, "ulimit", origin, value, "\"%s\" is no resource limit", name);
	for (size_t i = 0; i < sizeof(resources) / sizeof(*resources); i++)
		nearest_try(&n, resources[i].name);
	if (n.best)
		error_hint(err, "did you mean %s?", n.best);
	else
		error_hint(err, "as, core, cpu, data, fsize, locks, memlock, msgqueue, nice, "
				"nofile, nproc, "
				"rss, rtprio, rttime, sigpending, stack");
	return -EINVAL;
}

int set_ulimit(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	struct arena *a = &spec->arena;
	const char *equals = strchr(value, '=');
	const char *soft, *colon, *name;
	struct spec_rlimit limit = {.resource = -1};

	if (!equals)
		return value_error(err, "ulimit", origin, value, "is not NAME=SOFT[:HARD]");
	colon = strchr(equals, ':');
	name = arena_strndup(a, value, (size_t)(equals - value));
	soft = arena_strndup(a, equals + 1,
			     colon ? (size_t)(colon - equals - 1) : strlen(equals + 1));
	if (!name || !soft)
		return error_nomem(err);
	for (size_t i = 0; i < sizeof(resources) / sizeof(*resources); i++) {
		if (strcmp(name, resources[i].name) != 0)
			continue;
		limit.name = resources[i].name;
		limit.resource = resources[i].resource;
	}
	if (limit.resource < 0)
		return unknown_limit(value, name, origin, err);
	if (!limit_value(soft, &limit.soft) || !limit_value(colon ? colon + 1 : soft, &limit.hard))
		return value_error(err, "ulimit", origin, value,
				   "a limit is neither a number, -1 nor unlimited");
	if (limit.soft > limit.hard)
		return value_error(err, "ulimit", origin, value,
				   "the soft limit is above the hard one");
	if (arena_grow(a, &spec->rlimits, spec->rlimit_count, sizeof(*spec->rlimits)) < 0)
		return error_nomem(err);
	spec->rlimits[spec->rlimit_count++] = limit;
	return 0;
}

void clear_ulimit(struct spec *spec)
{
	spec->rlimits = NULL;
	spec->rlimit_count = 0;
}

/* ---- numbers ---- */

int set_umask(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	if (!value_octal(value, 0777, &spec->umask))
		return value_error(err, "umask", origin, value,
				   "not an octal number from 0 to 0777");
	return 0;
}

int set_timeout(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	return value_number(value, origin, "a number of seconds", 0, INT32_MAX,
			    &spec->timeout_seconds, err);
}

int set_stop_timeout(struct spec *spec, const char *value, const char *origin,
		     struct rootlet_error *err)
{
	return value_number(value, origin, "a number of seconds", 0, INT32_MAX, &spec->stop_timeout,
			    err);
}

int set_preserve_fds(struct spec *spec, const char *value, const char *origin,
		     struct rootlet_error *err)
{
	uint64_t number;
	int r = value_number(value, origin, "a number of descriptors", 0, 1000, &number, err);

	if (!r)
		spec->preserve_fds = (uint32_t)number;
	return r;
}

int set_status_fd(struct spec *spec, const char *value, const char *origin,
		  struct rootlet_error *err)
{
	uint64_t number;
	int r = value_number(value, origin, "a descriptor", 1, 1 << 20, &number, err);

	if (!r)
		spec->status_fd = (int)number;
	return r;
}

/* Where digits end and a unit may stand: "16m" → 16 MiB. */
static bool size_bytes(const char *text, uint64_t *ret)
{
	static const char units[] = "kmg";
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, text[digits] | 0x20) : NULL;
	const char *rest = text + digits + (unit ? 1 : 0);
	char number[24];

	if (!digits || digits >= sizeof(number) || (*rest && strcasecmp(rest, "b") != 0))
		return false;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (io_parse_u64(number, UINT32_MAX, ret) < 0)
		return false;
	*ret <<= unit ? 10 * (unit - units + 1) : 0;
	return true;
}

int set_log_opt(struct spec *spec, const char *value, const char *origin, struct rootlet_error *err)
{
	enum { SMALLEST = 64 << 10 };

	if (strncmp(value, "max-size=", 9) != 0) {
		value_error(err, "log-opt", origin, value, "is no option of the log");
		error_hint(err, "there is one: max-size=SIZE");
		return -EINVAL;
	}
	if (!size_bytes(value + 9, &spec->log_max) || spec->log_max < SMALLEST)
		return value_error(err, "log-opt", origin, value,
				   "is no size from 64k on, as in max-size=16m");
	return 0;
}

int set_shm_size(struct spec *spec, const char *value, const char *origin,
		 struct rootlet_error *err)
{
	return value_size(&spec->arena, value, origin, false, &spec->shm_size, err);
}

/* ---- --stop-signal ---- */

/* The names of signal(7), fixed so that no C library's table is needed. */
static const struct {
	const char *name;
	int number;
} signals[] = {
	{"HUP", SIGHUP},   {"INT", SIGINT},	  {"QUIT", SIGQUIT}, {"ILL", SIGILL},
	{"TRAP", SIGTRAP}, {"ABRT", SIGABRT},	  {"BUS", SIGBUS},   {"FPE", SIGFPE},
	{"KILL", SIGKILL}, {"USR1", SIGUSR1},	  {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
	{"PIPE", SIGPIPE}, {"ALRM", SIGALRM},	  {"TERM", SIGTERM}, {"STKFLT", SIGSTKFLT},
	{"CHLD", SIGCHLD}, {"CONT", SIGCONT},	  {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},
	{"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},	  {"URG", SIGURG},   {"XCPU", SIGXCPU},
	{"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH},
	{"IO", SIGIO},	   {"PWR", SIGPWR},	  {"SYS", SIGSYS},
};

/* RTMIN, RTMIN+3, RTMAX-1. */
static int realtime_signal(const char *name)
{
	bool from_min = strncasecmp(name, "RTMIN", 5) == 0;
	uint64_t offset = 0;
	char sign;

	if (!from_min && strncasecmp(name, "RTMAX", 5) != 0)
		return 0;
	sign = name[5];
	if (sign && (sign != (from_min ? '+' : '-') ||
		     io_parse_u64(name + 6, (uint64_t)(SIGRTMAX - SIGRTMIN), &offset) < 0))
		return 0;
	return from_min ? SIGRTMIN + (int)offset : SIGRTMAX - (int)offset;
}

int parse_signal(const char *value)
{
	const char *name = strncasecmp(value, "SIG", 3) == 0 ? value + 3 : value;
	int number = realtime_signal(name);
	uint64_t digits;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (strcasecmp(name, signals[i].name) == 0)
			number = signals[i].number;
	if (io_parse_u64(value, 64, &digits) == 0)
		number = (int)digits;
	return number < 1 ? 0 : number;
}

int set_stop_signal(struct spec *spec, const char *value, const char *origin,
		    struct rootlet_error *err)
{
	int number = parse_signal(value);

	if (!number)
		return value_error(
			err, "signal", origin, value,
			"is no signal: use a name of signal(7) or a number from 1 to 64");
	spec->stop_signal = number;
	return 0;
}
