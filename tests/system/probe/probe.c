/* Tries from inside what a hostile program would try, and prints what came of it as JSON:
 *
 *     probe [KEY=VALUE…]      {"NAME": {"verdict": WORD, "open": N, "errno": NAME, "detail": …}, …}
 *
 * One static program, so that every sandbox can run it with any root. The keys name bait outside:
 * see struct bait. Each attempt is a process of its own, so a filter that kills is a verdict too.
 * Nothing is harmed where an attempt works: the arguments are chosen so that the kernel refuses
 * them after it has checked the permission, or so that only the attempt's own process changes.
 *
 * It judges nothing: `open` says how far an attempt came, compare.py and gate_probe.c what that
 * means.
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 10 };

struct bait bait;
int inherited_fds[16], inherited_count;
pid_t own_pid;

void verdict_set(struct verdict *v, const char *word, int open, int error)
{
	snprintf(v->word, sizeof(v->word), "%s", word);
	v->open = open;
	v->error = error;
}

void verdict_detail(struct verdict *v, const char *fmt, ...)
{
	size_t used = strlen(v->detail);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->detail + used, sizeof(v->detail) - used, fmt, ap);
	va_end(ap);
}

void verdict_call(struct verdict *v, long result)
{
	int error = result < 0 ? errno : 0;

	if (!error)
		verdict_set(v, "allowed", OPEN_FULLY, 0);
	else if (error == EPERM || error == EACCES || error == EROFS || error == ENOSYS)
		verdict_set(v, "denied", OPEN_NOT, error);
	else
		verdict_set(v, "reached", OPEN_REACHED, error);
}

void verdict_call_or(struct verdict *v, long result, int granted)
{
	verdict_call(v, result);
	if (result < 0 && v->error == granted)
		verdict_set(v, "allowed", OPEN_FULLY, granted);
}

void verdict_seen(struct verdict *v, bool seen)
{
	verdict_set(v, seen ? "visible" : "hidden", seen ? OPEN_FULLY : OPEN_NOT, 0);
}

void verdict_untried(struct verdict *v, const char *why)
{
	verdict_set(v, "absent", OPEN_NOT, 0);
	verdict_detail(v, "%s", why);
}

ssize_t read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), saved;
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	return n;
}

bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

/* ---- running an attempt ---- */

static void attempt(const struct probe *p, struct verdict *v)
{
	int status = 0;
	pid_t pid;

	memset(v, 0, sizeof(*v));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(SECONDS);
		p->run(v);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFSIGNALED(status)) {
		bool filter = WTERMSIG(status) == SIGSYS;

		verdict_set(v, filter ? "denied" : "broken", filter ? OPEN_NOT : -1, 0);
		verdict_detail(v, "killed by SIG%s", sigabbrev_np(WTERMSIG(status)));
	} else if (v->word[0] == '\0') {
		verdict_set(v, "broken", -1, 0);
	}
}

static void print_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			printf("\\u%04x", (unsigned)c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_verdict(const char *name, const struct verdict *v)
{
	static bool later;

	printf("%s\n  ", later ? "," : "{");
	later = true;
	print_string(name);
	printf(": {\"verdict\": ");
	print_string(v->word);
	printf(", \"open\": %d", v->open);
	if (v->error) {
		const char *symbol = strerrorname_np(v->error);

		printf(", \"errno\": ");
		print_string(symbol ? symbol : "?");
	}
	if (v->detail[0]) {
		printf(", \"detail\": ");
		print_string(v->detail);
	}
	putchar('}');
}

/* ---- the start ---- */

static void note_inherited(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) && inherited_count < 16) {
		int fd = atoi(entry->d_name);

		if (fd > 2 && fd != dirfd(dir))
			inherited_fds[inherited_count++] = fd;
	}
	if (dir)
		closedir(dir);
}

static bool take_argument(const char *argument)
{
	static const struct {
		const char *key;
		const char **value;
	} keys[] = {
		{"home=", &bait.home},	       {"tmp=", &bait.tmp},	  {"run=", &bait.run},
		{"abstract=", &bait.abstract}, {"port=", &bait.port},	  {"pid=", &bait.pid},
		{"marker=", &bait.marker},     {"secret=", &bait.secret},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t len = strlen(keys[i].key);

		if (strncmp(argument, keys[i].key, len) == 0) {
			*keys[i].value = argument + len;
			return true;
		}
	}
	return false;
}

int main(int argc, char **argv)
{
	static const struct probe *const lists[] = {probes_rights, probes_calls, probes_mounting,
						    probes_files, probes_around};
	struct verdict *v =
		mmap(NULL, sizeof(*v), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	note_inherited();
	own_pid = getpid();
	for (int i = 1; i < argc; i++)
		if (!take_argument(argv[i])) {
			fprintf(stderr, "probe: %s: not KEY=VALUE with a known key\n", argv[i]);
			return 2;
		}
	if (v == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (const struct probe *p = lists[i]; p->name; p++) {
			attempt(p, v);
			print_verdict(p->name, v);
		}
	printf("\n}\n");
	return fflush(stdout) == 0 ? 0 : 1;
}
