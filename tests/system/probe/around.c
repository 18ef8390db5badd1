/* What runs around the container: processes, sockets, networks, and what came along at the start.
 */
#include "probe.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

extern char **environ;

/* ---- processes ---- */

/* The first process, other than ours, in whose /proc/PID/FILE the text is. */
static void find_text(struct verdict *v, const char *file, const char *text)
{
	DIR *dir = opendir("/proc");
	static char path[64], content[65536];
	struct dirent *entry;
	pid_t self = getpid();
	bool found = false;

	while (dir && text && !found && (entry = readdir(dir))) {
		pid_t pid = atoi(entry->d_name);
		ssize_t n;

		if (!isdigit((unsigned char)entry->d_name[0]) || pid == self || pid == own_pid)
			continue;
		/* the runtime's own helpers repeat our arguments: PID 1 inside is no host process
		 */
		if (strcmp(file, "cmdline") == 0 && pid == 1)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
		n = read_text(path, content, sizeof(content));
		found = n > 0 && memmem(content, (size_t)n, text, strlen(text));
	}
	if (dir)
		closedir(dir);
	if (!text) {
		verdict_untried(v, "no bait given");
		return;
	}
	verdict_seen(v, found);
	if (found)
		verdict_detail(v, "%s", path);
}

static void host_processes(struct verdict *v)
{
	char path[64], text[4096];
	ssize_t n;

	if (!bait.pid || !bait.marker) {
		verdict_untried(v, "no bait given");
		return;
	}
	snprintf(path, sizeof(path), "/proc/%s/cmdline", bait.pid);
	n = read_text(path, text, sizeof(text));
	verdict_seen(v, n > 0 && memmem(text, (size_t)n, bait.marker, strlen(bait.marker)));
}

static void host_environment(struct verdict *v)
{
	find_text(v, "environ", bait.secret);
}

static void host_kill(struct verdict *v)
{
	if (!bait.pid) {
		verdict_untried(v, "no bait given");
		return;
	}
	verdict_call(v, kill(atoi(bait.pid), 0));
	if (v->error == ESRCH)
		verdict_set(v, "denied", OPEN_NOT, ESRCH);
}

/* The host's files through some process's root. */
static void other_root(struct verdict *v)
{
	char path[4096], text[16];

	if (!bait.home) {
		verdict_untried(v, "no bait given");
		return;
	}
	snprintf(path, sizeof(path), "/proc/1/root%s", bait.home);
	verdict_seen(v, read_text(path, text, sizeof(text)) > 0);
}

/* PID 1's program, where it is not ours, opened for writing. ETXTBSY says: not now, but you may.
 * A sealed memory file says so too and cannot be changed: memfd_create(2). */
static void runtime_binary(struct verdict *v)
{
	char target[256];
	ssize_t n;
	int fd;

	if (own_pid == 1) {
		verdict_untried(v, "PID 1 is the probe itself");
		return;
	}
	n = readlink("/proc/1/exe", target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	verdict_detail(v, "%s", n > 0 ? target : "no link to read");
	fd = open("/proc/1/exe", O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fcntl(fd, F_GET_SEALS) > 0 && (fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE)) {
		verdict_set(v, "denied", OPEN_NOT, 0);
		verdict_detail(v, ", sealed");
		return;
	}
	verdict_call(v, open("/proc/1/exe", O_WRONLY | O_CLOEXEC));
}

/* ---- sockets and networks ---- */

static void reach(struct verdict *v, const struct sockaddr *address, socklen_t size)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, address, size) == 0)
		verdict_set(v, "allowed", OPEN_FULLY, 0);
	else
		verdict_set(v, "denied", OPEN_NOT, errno);
}

static void host_abstract(struct verdict *v)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (!bait.abstract) {
		verdict_untried(v, "no bait given");
		return;
	}
	snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "%s", bait.abstract);
	reach(v, (struct sockaddr *)&a,
	      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(bait.abstract)));
}

static void host_run_socket(struct verdict *v)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (!bait.run) {
		verdict_untried(v, "no bait given");
		return;
	}
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", bait.run);
	reach(v, (struct sockaddr *)&a, sizeof(a));
}

static void host_loopback(struct verdict *v)
{
	struct sockaddr_in a = {.sin_family = AF_INET};

	if (!bait.port) {
		verdict_untried(v, "no bait given");
		return;
	}
	a.sin_port = htons((unsigned short)atoi(bait.port));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	reach(v, (struct sockaddr *)&a, sizeof(a));
}

static void interfaces(struct verdict *v)
{
	struct if_nameindex *list = if_nameindex();
	int count = 0;

	for (struct if_nameindex *i = list; i && i->if_index; i++)
		if (strcmp(i->if_name, "lo") != 0)
			verdict_detail(v, "%s%s", count++ ? " " : "", i->if_name);
	verdict_set(v, count ? "visible" : "hidden", count, 0);
}

/* ---- what came along ---- */

static void leaked_descriptors(struct verdict *v)
{
	for (int i = 0; i < inherited_count; i++) {
		char path[64], target[128];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", inherited_fds[i]);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		verdict_detail(v, "%s%d %s", i ? ", " : "", inherited_fds[i], target);
	}
	verdict_set(v, inherited_count ? "visible" : "hidden", inherited_count, 0);
}

static void leaked_variable(struct verdict *v)
{
	bool found = false;

	if (!bait.secret) {
		verdict_untried(v, "no bait given");
		return;
	}
	for (char **e = environ; *e; e++)
		found |= strstr(*e, bait.secret) != NULL;
	verdict_seen(v, found);
}

const struct probe probes_around[] = {
	{"see_host_processes", host_processes},
	{"read_others_environment", host_environment},
	{"kill_host_process", host_kill},
	{"read_through_pid_1_root", other_root},
	{"write_runtime_binary", runtime_binary},
	{"connect_abstract_socket", host_abstract},
	{"connect_run_socket", host_run_socket},
	{"connect_host_loopback", host_loopback},
	{"interfaces", interfaces},
	{"leaked_descriptors", leaked_descriptors},
	{"leaked_variable", leaked_variable},
	{NULL, NULL},
};
