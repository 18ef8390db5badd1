/* Sending and taking descriptors. See fds.h. */
#include "base/fds.h"

#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4U
#endif

/* CMSG_SPACE rounds up: for the kernel an odd count would be room for one more. So what is told of
 * it below is CMSG_LEN, to the byte. */
union control {
	char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
	struct cmsghdr header;
};

/* A stream may take a part; the descriptors are gone with its first byte. */
static int send_rest(int to, const char *rest, size_t len)
{
	while (len) {
		int n = SYS(sendto, to, rest, len, MSG_NOSIGNAL, NULL, 0);

		if (n == -EINTR)
			continue;
		if (n < 0)
			return n;
		rest += n;
		len -= (size_t)n;
	}
	return 0;
}

int fds_send(int to, const void *message, size_t len, const int *fds, size_t count)
{
	struct iovec data = {(void *)(uintptr_t)message, len};
	union control control = {0};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
	int n;

	if (!len || count > FDS_MAX)
		return -EINVAL;
	if (count) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
		header.msg_control = &control;
		header.msg_controllen = control.header.cmsg_len;
	}
	do
		n = SYS(sendmsg, to, &header, MSG_NOSIGNAL);
	while (n == -EINTR);
	return n < 0 ? n : send_rest(to, (const char *)message + n, len - (size_t)n);
}

/* What came along, in our table already, whatever was asked for. */
static size_t collect(const struct msghdr *header, int all[static FDS_MAX])
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(header);
	size_t count;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return 0;
	count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	count = count > FDS_MAX ? FDS_MAX : count;
	memcpy(all, CMSG_DATA(c), count * sizeof(int));
	return count;
}

int fds_take(int from, void *message, size_t len, int flags, int *fds, size_t most,
	     size_t *ret_count)
{
	struct iovec data = {message, len};
	union control control;
	struct msghdr header = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_LEN(FDS_MAX * sizeof(int)),
	};
	int all[FDS_MAX], n;
	size_t count;

	for (size_t i = 0; i < most; i++)
		fds[i] = -1;
	*ret_count = 0;
	do
		n = SYS(recvmsg, from, &header, flags | MSG_CMSG_CLOEXEC);
	while (n == -EINTR);
	if (n < 0)
		return n;
	count = collect(&header, all);
	if (header.msg_flags & MSG_TRUNC)
		n = -EMSGSIZE;
	else if (count > most || (header.msg_flags & MSG_CTRUNC))
		n = count < FDS_MAX && count <= most ? -EMFILE : -EPROTO;
	if (n < 0) {
		while (count)
			SYS(close, all[--count]);
		return n;
	}
	if (count) /* without room for any, `fds` may be NULL */
		memcpy(fds, all, count * sizeof(int));
	*ret_count = count;
	return n;
}

/* Before Linux 5.11, every number that the limit allows, up to a bound that no engine reaches. */
void fds_close_on_exec(unsigned from)
{
	enum { MOST = 65536 };
	struct rlimit limit = {.rlim_cur = MOST};

	if (SYS(close_range, from, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	(void)!getrlimit(RLIMIT_NOFILE, &limit);
	for (unsigned fd = from; fd < limit.rlim_cur && fd < MOST; fd++)
		SYS(fcntl, fd, F_SETFD, FD_CLOEXEC);
}
