/* See counts.h. Where a file cannot be read the row says so: it is never taken for zero. */
#include "counts.h"

#include <ctype.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void row(struct counts *c, const char *name, long slack, long value)
{
	if (c->used < COUNT_ROWS)
		c->rows[c->used++] = (struct count){name, slack, value};
}

static long entries(const char *path, const char *prefix)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	long n = 0;

	if (!dir)
		return -1;
	while ((e = readdir(dir)))
		n += strncmp(e->d_name, prefix, strlen(prefix)) == 0;
	closedir(dir);
	return n;
}

/* The number behind `key` at the beginning of a line. */
static long scan(FILE *f, const char *key)
{
	char line[512];
	long n = -1;

	while (f && n < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0)
			n = strtol(line + strlen(key), NULL, 10);
	return n;
}

static long value_of(const char *path, const char *key)
{
	FILE *f = fopen(path, "re");
	long n = scan(f, key);

	if (f)
		fclose(f);
	return n;
}

static FILE *slabinfo; /* slabinfo(5): root opens it, anybody may go on reading */

void counts_open(void)
{
	slabinfo = fopen("/proc/slabinfo", "re");
}

static long slab(const char *key)
{
	if (slabinfo)
		rewind(slabinfo);
	return scan(slabinfo, key);
}

static long lines(const char *path)
{
	FILE *f = fopen(path, "re");
	long n = 0;
	int c;

	if (!f)
		return -1;
	while ((c = fgetc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

static long directories;

static int count_directory(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	directories += type == FTW_D;
	return 0;
}

static long cgroups(void)
{
	directories = 0;
	return nftw("/sys/fs/cgroup", count_directory, 16, FTW_PHYS) < 0 ? -1 : directories;
}

/* "State: Z", "PPid:" and "Uid:" of /proc/PID/status (proc(5)). */
struct process {
	char name[32], state;
	long parent;
	unsigned long user;
};

static bool read_process(const char *pid, struct process *ret)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/status", pid);
	f = fopen(path, "re");
	*ret = (struct process){.parent = -1};
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "Name:\t", 6) == 0)
			snprintf(ret->name, sizeof(ret->name), "%.*s", (int)strcspn(line + 6, "\n"),
				 line + 6);
		else if (strncmp(line, "State:\t", 7) == 0)
			ret->state = line[7];
		else if (strncmp(line, "PPid:\t", 6) == 0)
			ret->parent = strtol(line + 6, NULL, 10);
		else if (strncmp(line, "Uid:\t", 5) == 0)
			ret->user = strtoul(line + 5, NULL, 10);
	}
	if (f)
		fclose(f);
	return ret->parent >= 0;
}

/* Ours: children of this process, who is the reaper of all that it started, and everything of
 * this user that is called rootlet-something, wherever it hangs. */
static char handed[64]; /* one of the children, for the eyes of who looks for the cause */

static void take_processes(struct counts *c)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	long zombies = 0, children = 0, named = 0;

	*handed = '\0';
	while (dir && (e = readdir(dir))) {
		struct process p;

		if (!isdigit((unsigned char)e->d_name[0]) || !read_process(e->d_name, &p))
			continue;
		children += p.parent == getpid();
		zombies += p.parent == getpid() && p.state == 'Z';
		if (p.parent == getpid())
			snprintf(handed, sizeof(handed), "%s (%c)", p.name, p.state);
		named += p.user == getuid() && strncmp(p.name, "rootlet", 7) == 0;
	}
	if (dir)
		closedir(dir);
	row(c, "children", 0, dir ? children : -1);
	row(c, "zombies", 0, dir ? zombies : -1);
	row(c, "processes called rootlet…", 0, dir ? named : -1);
}

static void take_state(struct counts *c)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char path[4096 + 16], usual[64];
	long n;

	snprintf(usual, sizeof(usual), "/run/user/%u", (unsigned)getuid());
	if (!runtime)
		runtime = usual;
	n = entries(runtime, "rootlet");
	row(c, "files in the runtime folder", 0, n < 0 ? 0 : n);
	snprintf(path, sizeof(path), "%.4096s/rootlet", runtime);
	n = entries(path, "");
	row(c, "state folders", 0, n < 0 ? 0 : n);
	row(c, "files in /tmp called rootlet…", 0, entries("/tmp", "rootlet"));
	row(c, "files in /dev/shm", 0, entries("/dev/shm", "rootlet"));
}

static void take_kernel(struct counts *c)
{
	static const struct {
		const char *name, *key;
	} slabs[] = {
		{"slab: mount", "mnt_cache "},
		{"slab: file", "filp "},
		{"slab: task", "task_struct "},
		{"slab: pid namespace", "pid_namespace "},
		{"slab: user namespace", "user_namespace "},
		{"slab: network namespace", "net_namespace "},
		{"slab: key", "key_jar "},
		{"slab: cred", "cred_jar "},
	};

	for (size_t i = 0; i < sizeof(slabs) / sizeof(slabs[0]); i++)
		row(c, slabs[i].name, -1, slab(slabs[i].key));
	row(c, "kernel memory that stays, KiB", -1, value_of("/proc/meminfo", "SUnreclaim:"));
	row(c, "memory per processor, KiB", -1, value_of("/proc/meminfo", "Percpu:"));
}

void counts_take(struct counts *c)
{
	char key[32];

	*c = (struct counts){0};
	/* opendir itself is one more, both times */
	row(c, "descriptors of the parent", 0, entries("/proc/self/fd", ""));
	row(c, "mounts", 0, lines("/proc/self/mountinfo"));
	/* "UID: usage nkeys/nikeys qnkeys/maxkeys …" (keyrings(7)); what is dead is collected later
	 */
	snprintf(key, sizeof(key), "%5u:", (unsigned)getuid());
	row(c, "keys of this user", 4, value_of("/proc/key-users", key));
	take_processes(c);
	row(c, "cgroups", 0, cgroups());
	take_state(c);
#ifdef __SANITIZE_ADDRESS__
	row(c, "memory of the parent, KiB", -1, value_of("/proc/self/status", "VmRSS:"));
#else
	row(c, "memory of the parent, KiB", 1024, value_of("/proc/self/status", "VmRSS:"));
#endif
	take_kernel(c);
}

bool counts_grown(const struct counts *before, const struct counts *now)
{
	for (size_t i = 0; i < before->used; i++)
		if (before->rows[i].slack >= 0 &&
		    now->rows[i].value > before->rows[i].value + before->rows[i].slack)
			return true;
	return false;
}

static void print_number(long value)
{
	if (value < 0)
		printf("%12s", "unreadable");
	else
		printf("%12ld", value);
}

void counts_print(const struct counts *before, const struct counts *now)
{
	printf("%-32s%12s%12s\n", "", "before", "after");
	if (*handed)
		printf("a child that nobody waited for: %s\n", handed);
	for (size_t i = 0; i < before->used; i++) {
		const struct count *a = &before->rows[i], *b = &now->rows[i];

		printf("%-30s  ", a->name);
		print_number(a->value);
		print_number(b->value);
		printf("%s\n", a->slack < 0			? "  (not judged)"
			       : b->value > a->value + a->slack ? "  GROWN"
								: "");
	}
}
