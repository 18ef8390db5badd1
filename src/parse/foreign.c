/* Options that other tools have and rootlet has not, and what to use instead; and "did you mean".
 *
 * People bring their fingers from podman, docker, bubblewrap, util-linux and the HPC tools. A name
 * that means something else there must not be guessed at: it gets an error with the way out.
 */
#include "parse/parse.h"

#include "parse/values.h"

#include <string.h>

#define ANY    (PARSE_RUN | PARSE_PLAN | PARSE_UNSHARE)
#define ROOTED (PARSE_RUN | PARSE_PLAN)

#define NO_PORTS                                                                                   \
	"named networks and published ports are a later step; --network host uses the host's"
#define NO_HEALTH  "health checks need a daemon; run the check with the command itself"
#define NO_IMAGES  "ROOT is a directory; images are a later step"
#define NO_LABELS  "containers have no labels: name the files that you keep for them"
#define ISOLATED   "nothing is needed: every namespace but time is the container's own by default"
#define USE_VOLUME "use -v SRC:DST, or -v SRC:DST:ro"

static const struct {
	const char *name;
	unsigned commands;
	const char *hint;
} rows[] = {
	/* podman, docker */
	{"--publish", ROOTED, NO_PORTS},
	{"-p", ROOTED, NO_PORTS},
	{"--publish-all", ROOTED, NO_PORTS},
	{"-P", ROOTED, NO_PORTS},
	{"--expose", ROOTED, NO_PORTS},
	{"--ip", ROOTED, NO_PORTS},
	{"--ip6", ROOTED, NO_PORTS},
	{"--mac-address", ROOTED, NO_PORTS},
	{"--network-alias", ROOTED, NO_PORTS},
	{"--link", ROOTED, "join the other's network: --network container:NAME"},
	{"--dns-search", ROOTED,
	 "bind a resolv.conf of your own: -v ./resolv.conf:/etc/resolv.conf:ro"},
	{"--dns-option", ROOTED,
	 "bind a resolv.conf of your own: -v ./resolv.conf:/etc/resolv.conf:ro"},
	{"--dns-opt", ROOTED,
	 "bind a resolv.conf of your own: -v ./resolv.conf:/etc/resolv.conf:ro"},
	{"--no-hosts", ROOTED, "bind a hosts file of your own: -v ./hosts:/etc/hosts:ro"},
	{"--pod", ROOTED,
	 "there are no pods; --network container:NAME, --ipc and --pid share namespaces"},
	{"--restart", ROOTED, "there is no daemon; let systemd restart the command (Restart=)"},
	{"--log-driver", ROOTED,
	 "there is one: with -d what it prints is kept for `rootlet logs`; else it goes where "
	 "rootlet's own output goes"},
	{"--gpus", ROOTED, "bind the device nodes with --device, the driver's libraries with -v"},
	{"--volumes-from", ROOTED, "name each source with -v"},
	{"--volume-driver", ROOTED, "there are no named volumes: bind a directory with -v"},
	{"--health-cmd", ROOTED, NO_HEALTH},
	{"--health-interval", ROOTED, NO_HEALTH},
	{"--health-retries", ROOTED, NO_HEALTH},
	{"--health-start-period", ROOTED, NO_HEALTH},
	{"--health-timeout", ROOTED, NO_HEALTH},
	{"--no-healthcheck", ROOTED, NO_HEALTH},
	{"--annotation", ROOTED, NO_LABELS},
	{"--label", ROOTED, NO_LABELS},
	{"--label-file", ROOTED, NO_LABELS},
	{"-l", ROOTED, NO_LABELS},
	{"--attach", ROOTED, "without -d standard input, output and error are the caller's"},
	{"-a", ROOTED, "without -d standard input, output and error are the caller's"},
	{"--sig-proxy", ROOTED, "signals are always forwarded"},
	{"--oom-score-adj", ROOTED, "run rootlet under choom(1): the value is inherited"},
	{"--cgroups", ROOTED,
	 "a limit brings a cgroup of its own; --cgroup-parent says where it is made"},
	{"--memory-swappiness", ROOTED, "cgroup version 2 has no swappiness of a group's own"},
	{"--oom-kill-disable", ROOTED, "cgroup version 2 has no such switch"},
	{"--cpu-rt-runtime", ROOTED, "cgroup version 2 has no limits for realtime tasks"},
	{"--cpu-rt-period", ROOTED, "cgroup version 2 has no limits for realtime tasks"},
	{"--pull", ROOTED, NO_IMAGES},
	{"--platform", ROOTED, NO_IMAGES},
	{"--arch", ROOTED, NO_IMAGES},
	{"--os", ROOTED, NO_IMAGES},
	{"--authfile", ROOTED, NO_IMAGES},
	{"--image-volume", ROOTED, NO_IMAGES},
	{"--systemd", ROOTED,
	 "run systemd as the command with --no-init, and tmpfs where it wants one"},
	{"--tz", ROOTED, "set the zone with -e TZ=Europe/Vienna"},
	{"--unsetenv", ANY, "only what was asked for is set inside: leave the variable out"},
	{"--unsetenv-all", ANY, "only what was asked for is set inside already"},
	{"--http-proxy", ROOTED, "hand the variable in: -e http_proxy"},
	{"--passwd", ROOTED, "the root's own passwd file is used as it is"},
	{"--hostuser", ROOTED,
	 "the root's own passwd file is used as it is; --userns keep-id keeps your ids"},
	{"--secret", ROOTED, "bind the file: -v ./secret:/run/secrets/NAME:ro"},
	{"--stop-timeout", ROOTED, "--timeout ends the container after a time"},
	{"--runtime", ROOTED, "rootlet is its own runtime"},
	{"--isolation", ROOTED, ISOLATED},
	{"--userns-remap", ROOTED, "root inside is always another id outside: see --userns"},
	{"--security", ROOTED, "use --security-opt"},
	{"--working-dir", ANY, "use -w DIR"},
	{"--cwd", ANY, "use -w DIR"},
	{"--chdir", ANY, "use -w DIR"},
	{"--pwd", ANY, "use -w DIR"},

	/* HPC tools: apptainer, singularity, charliecloud, enroot */
	{"--bind", ROOTED, USE_VOLUME},
	{"-B", ROOTED, USE_VOLUME},
	{"-b", ROOTED, USE_VOLUME},
	{"--bind-try", ROOTED, "use -v SRC:DST; a source that is missing is an error"},
	{"--writable", ROOTED,
	 "a directory as ROOT is writable already; --read-only makes it read-only"},
	{"--write", ROOTED,
	 "a directory as ROOT is writable already; --read-only makes it read-only"},
	{"-W", ROOTED,
	 "a directory as ROOT is writable already; for a scratch directory use --tmpfs DST"},
	{"--writable-tmpfs", ROOTED, "use --overlay: every write is thrown away"},
	{"--write-fake", ROOTED, "use --overlay: every write is thrown away"},
	{"--fakeroot", ROOTED, "nothing is needed: the command is root inside by default"},
	{"-f", ROOTED, "nothing is needed: the command is root inside by default"},
	{"--contain", ROOTED, ISOLATED},
	{"-c", ROOTED, ISOLATED},
	{"--containall", ROOTED, ISOLATED},
	{"-C", ROOTED, ISOLATED},
	{"--cleanenv", ROOTED, "nothing is needed: only what -e names is set inside"},
	{"--nv", ROOTED, "bind the device nodes with --device, the driver's libraries with -v"},
	{"--rocm", ROOTED, "bind the device nodes with --device, the driver's libraries with -v"},
	{"--home", ROOTED, "use -v DIR:/root and -e HOME=/root"},
	{"-H", ROOTED, "use -v DIR:/root and -e HOME=/root"},
	{"--no-home", ROOTED,
	 "nothing is needed: the home directory is not there unless -v brings it"},
	{"--scratch", ROOTED, "use --tmpfs DST"},
	{"-S", ROOTED, "use --tmpfs DST"},
	{"--no-mount", ROOTED,
	 "only what -v, --mount and --tmpfs name is mounted beside the usual /proc, /dev, "
	 "/sys"},
	{"--keep-privs", ROOTED, "use --privileged or --cap-add"},
	{"--set-env", ROOTED, "use -e NAME=VALUE"},

	/* bubblewrap */
	{"--ro-bind", ROOTED, "use -v SRC:DST:ro"},
	{"--ro-bind-try", ROOTED, "use -v SRC:DST:ro; a source that is missing is an error"},
	{"--dev-bind", ROOTED,
	 "use --device for a device node, -v SRC:DST:dev for a directory of them"},
	{"--dev-bind-try", ROOTED,
	 "use --device for a device node, -v SRC:DST:dev for a directory of them"},
	{"--unshare-all", ANY, ISOLATED},
	{"--unshare-user", ANY, "nothing is needed: there is always a user namespace"},
	{"--unshare-pid", ROOTED, ISOLATED},
	{"--unshare-net", ROOTED, ISOLATED},
	{"--unshare-ipc", ROOTED, ISOLATED},
	{"--unshare-uts", ROOTED, ISOLATED},
	{"--unshare-cgroup", ROOTED, ISOLATED},
	{"--share-net", ROOTED, "use --network host"},
	{"--die-with-parent", ANY, "nothing is needed: the container dies with rootlet"},
	{"--new-session", ROOTED, "nothing is needed: a filter keeps the terminal's input safe"},
	{"--setenv", ANY, "use -e NAME=VALUE"},
	{"--clearenv", ANY, "nothing is needed: only what -e names is set inside"},
	{"--proc", ROOTED, "nothing is needed: /proc, /dev and /sys are there"},
	{"--dev", ROOTED, "nothing is needed: /proc, /dev and /sys are there"},
	{"--symlink", ROOTED, "make the link in ROOT itself"},
	{"--dir", ROOTED,
	 "mount points are made as needed; other directories are made in ROOT itself"},
	{"--seccomp", ROOTED, "use --security-opt seccomp=FILE"},
	{"--uid", ROOTED,
	 "use -u UID:GID, and --userns keep-id:uid=UID,gid=GID to keep your own ids"},
	{"--gid", ROOTED,
	 "use -u UID:GID, and --userns keep-id:uid=UID,gid=GID to keep your own ids"},

	/* unshare(1), nsenter(1) */
	{"--map-root-user", ROOTED, "nothing is needed: the command is root inside by default"},
	{"-r", ROOTED, "nothing is needed: the command is root inside by default"},
	{"--map-current-user", ANY, "use --userns keep-id"},
	{"-c", PARSE_UNSHARE, "use --userns keep-id"},
	{"--map-auto", ANY, "nothing is needed: the subordinate ids are mapped by default"},
	{"--map-users", ANY, "use --uidmap C:H:N"},
	{"--map-groups", ANY, "use --gidmap C:H:N"},
	{"--map-user", ANY, "use --uidmap C:H:N"},
	{"--map-group", ANY, "use --gidmap C:H:N"},
	{"-U", ROOTED, "nothing is needed: there is always a user namespace"},
	{"--fork", ANY, "nothing is needed: with -p the command is in the new pid namespace"},
	{"-f", PARSE_UNSHARE, "nothing is needed: with -p the command is in the new pid namespace"},
	{"--mount-proc", ANY, "nothing is needed: a pid namespace comes with its own /proc"},
	{"--kill-child", ANY, "nothing is needed: the command dies with rootlet"},
	{"--root", ANY, "use rootlet run DIR"},
	{"-R", ANY, "use rootlet run DIR"},
	{"--setgroups", ANY,
	 "the policy follows the map: allowed with a range, denied with a single id"},
	{"--propagation", PARSE_UNSHARE, "a mount namespace is private"},
	{"--wd", ANY, "use -w DIR"},
	{"--target", PARSE_UNSHARE, "use --join PID"},
	{"-t", PARSE_UNSHARE, "use --join PID"},
	{"--rootless-netns", PARSE_UNSHARE, "use --join PID with a process of that namespace"},
	{"--network", PARSE_UNSHARE, "-n makes a network namespace"},
	{"--volume", PARSE_UNSHARE,
	 "unshare keeps the host's own files: use rootlet run / with -v"},
};

const char *foreign_hint(const char *name, unsigned command)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if ((rows[i].commands & command) && strcmp(rows[i].name, name) == 0)
			return rows[i].hint;
	return NULL;
}

/* ---- did you mean ---- */

enum { LONGEST_NAME = 32 };

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Insertions, deletions, replacements and swaps of neighbours from `a` to `b`. */
static size_t distance(const char *a, const char *b)
{
	size_t d[LONGEST_NAME + 1][LONGEST_NAME + 1];
	size_t m = strlen(a), n = strlen(b);

	if (m > LONGEST_NAME || n > LONGEST_NAME)
		return SIZE_MAX;
	for (size_t i = 0; i <= m; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= n; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= m; i++) {
		for (size_t j = 1; j <= n; j++) {
			size_t cost = a[i - 1] != b[j - 1];

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[m][n];
}

void nearest_try(struct nearest *n, const char *candidate)
{
	size_t d = distance(n->name, candidate);
	size_t limit = strlen(n->name) < 5 ? 1 : strlen(n->name) / 3;

	/* what was begun and left off is meant, however long the rest */
	if (strlen(n->name) >= 3 && strncmp(candidate, n->name, strlen(n->name)) == 0)
		d = 1;
	if (d > limit || (n->best && d >= n->distance))
		return;
	n->best = candidate;
	n->distance = d;
}
