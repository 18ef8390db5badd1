/* TERMINAL in the child: a pty of the container's own devpts becomes its standard streams and its
 * controlling terminal; the master goes to the supervisor. See child.h for the rules.
 *
 * The caller's terminal is never inside: what runs there can neither read from it nor type into it.
 */
#include "run/child.h"

#include "base/fds.h"
#include "base/resolve.h"
#include "base/sys.h"
#include "run/child_mount.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41) /* Linux 4.13 */
#endif

enum { PTMX_MAJOR = 5, PTMX_MINOR = 2 };

static int open_pts(struct child *c, const struct step *step)
{
	int root, pts;

	if (step->a.terminal.dev == SLOT_ROOT)
		return resolve_open(c->slots[SLOT_ROOT], "/dev/pts", c->plan->openat2);
	if (step->a.terminal.dev != SLOT_NONE)
		return SYS(openat, c->slots[step->a.terminal.dev], "pts",
			   O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	root = SYS(openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (root < 0)
		return root;
	pts = resolve_open(root, "/dev/pts", c->plan->openat2);
	close(root);
	return pts;
}

/* What stands at /dev/pts in a running container is that container's choice: only a real devpts
 * will do (runc CVE-2025-52565). */
static int open_master(struct child *c, const struct step *step)
{
	int pts = open_pts(c, step), master;
	struct statfs fs;
	struct stat st;

	if (pts < 0)
		return pts;
	if (fstatfs(pts, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC) {
		c->detail = WIRE_DETAIL_NOT_DEVICE;
		close(pts);
		return -ENODEV;
	}
	master = SYS(openat, pts, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC, 0);
	close(pts);
	if (master < 0)
		return master;
	if (fstat(master, &st) == 0 && S_ISCHR(st.st_mode) &&
	    st.st_rdev == makedev(PTMX_MAJOR, PTMX_MINOR))
		return master;
	c->detail = WIRE_DETAIL_NOT_DEVICE;
	close(master);
	return -ENODEV;
}

static int open_slave(int master, const struct step *step)
{
	struct winsize size = {.ws_row = step->a.terminal.rows, .ws_col = step->a.terminal.columns};
	int unlocked = 0, slave;

	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return -errno;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return -errno;
	if (size.ws_row)
		ioctl(slave, TIOCSWINSZ, &size);
	return slave;
}

int child_send_fd(struct child *c, const struct wire_message *message, int fd)
{
	return fds_send(c->control, message, sizeof(*message), &fd, 1);
}

/* Its session leader is the container's first process; the terminal hangs up when that ends. */
static int become_session(int slave)
{
	int r = SYS(setsid);

	if (r < 0)
		return r;
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return -errno;
	for (int fd = 0; fd <= 2 && r >= 0; fd++)
		r = SYS(dup3, slave, fd, 0);
	return r < 0 ? r : 0;
}

static int bind_console(struct child *c, const struct step *step, int slave)
{
	bool named = step->a.terminal.dev != SLOT_ROOT;
	struct step_target target = {step->a.terminal.dev, named ? "console" : "/dev/console"};
	struct bind_request request = {.source = slave, .make_target = true};
	int fd = mount_bind(c, &request, &target);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

int child_terminal(struct child *c, const struct step *step)
{
	struct wire_message message = {.type = WIRE_TERMINAL};
	int master = open_master(c, step), slave = -1, r;

	if (master < 0)
		return master;
	slave = open_slave(master, step);
	r = slave < 0 ? slave : 0;
	if (r == 0 && step->a.terminal.console)
		r = bind_console(c, step, slave);
	if (r == 0)
		r = become_session(slave);
	if (r == 0)
		r = child_send_fd(c, &message, master);
	close(slave);
	close(master);
	return r;
}
