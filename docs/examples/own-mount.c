/* A file system that only the child sees: clone(2) with a new mount namespace.
 *
 *     cc own-mount.c -o own-mount && mkdir folder && ./own-mount folder
 *
 * The child mounts a tmpfs over the folder and writes into it; the parent's folder stays empty.
 */
#include "example.h"

#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

struct order {
	uid_t uid;
	gid_t gid;
	const char *folder;
};

static char stack[64 * 1024] __attribute__((aligned(16)));

static void print_folder(const char *who, const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	char inode[64] = "";
	int files = 0;

	if (!folder || readlink("/proc/self/ns/mnt", inode, sizeof(inode) - 1) < 0)
		err(1, "%s", path);
	while ((entry = readdir(folder)) != NULL)
		files += entry->d_name[0] != '.';
	closedir(folder);
	printf("%s: %d files, in %s\n", who, files, inode);
	fflush(stdout);
}

static int child(void *argument)
{
	const struct order *order = argument;
	FILE *file;

	become_root(order->uid, order->gid);
	/* Our list of mounts is a copy; let no event travel between it and the original. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		err(1, "private propagation");
	if (mount("tmpfs", order->folder, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m") < 0)
		err(1, "mount tmpfs on %s", order->folder);
	if (chdir(order->folder) < 0 || !(file = fopen("seen-inside-only", "w")))
		err(1, "%s", order->folder);
	fclose(file);
	print_folder("child", ".");
	return 0;
}

int main(int argc, char **argv)
{
	struct order order = {getuid(), getgid(), argc > 1 ? argv[1] : "folder"};
	pid_t pid;
	int status;

	pid = clone(child, stack + sizeof(stack), CLONE_NEWUSER | CLONE_NEWNS | SIGCHLD, &order);
	if (pid < 0)
		err(1, "clone");
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	print_folder("parent", order.folder);
	return status != 0;
}
