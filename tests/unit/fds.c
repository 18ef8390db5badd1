/* Descriptors over a socket: as many as were sent, close-on-exec, and none that nobody asked for.
 */
#include "base/fds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct pair {
	int ends[2];
	int open_before;
};

static int count_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static struct pair make_pair(int type)
{
	struct pair p;

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, p.ends), 0);
	p.open_before = count_open();
	return p;
}

/* Nothing stays open but what the test itself has opened. */
static void end_pair(const struct pair *p)
{
	assert_int_equal(count_open(), p->open_before);
	close(p->ends[0]);
	close(p->ends[1]);
}

/* A file of its own, to be told from others. */
static int make_file(const char *text)
{
	char name[] = "/tmp/rootlet-fds-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	unlink(name);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

static bool is_same(int a, int b)
{
	struct stat x, y;

	assert_int_equal(fstat(a, &x), 0);
	assert_int_equal(fstat(b, &y), 0);
	return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void send_raw(int to, const int *fds, size_t count)
{
	union {
		char room[CMSG_SPACE(64 * sizeof(int))];
		struct cmsghdr header;
	} control = {0};
	struct iovec data = {(char *)(uintptr_t) "x", 1};
	struct msghdr header = {.msg_iov = &data,
				.msg_iovlen = 1,
				.msg_control = &control,
				.msg_controllen = CMSG_LEN(count * sizeof(int))};

	control.header = (struct cmsghdr){.cmsg_len = header.msg_controllen,
					  .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	assert_int_equal(sendmsg(to, &header, MSG_NOSIGNAL), 1);
}

static void test_several_in_their_order(void **state)
{
	struct pair p = make_pair(SOCK_SEQPACKET);
	int sent[FDS_MAX], got[FDS_MAX];
	char text[16] = {0};
	size_t count = 0;

	for (size_t n = 1; n <= FDS_MAX; n++) {
		for (size_t i = 0; i < n; i++)
			sent[i] = make_file("file");
		assert_int_equal(fds_send(p.ends[0], "hello", 5, sent, n), 0);
		assert_int_equal(fds_take(p.ends[1], text, sizeof(text), 0, got, FDS_MAX, &count),
				 5);
		assert_string_equal(text, "hello");
		assert_int_equal(count, n);
		for (size_t i = 0; i < n; i++) {
			assert_true(is_same(sent[i], got[i]));
			assert_true(fcntl(got[i], F_GETFD) & FD_CLOEXEC);
			close(sent[i]);
			close(got[i]);
		}
		for (size_t i = n; i < FDS_MAX; i++)
			assert_int_equal(got[i], -1);
	}
	end_pair(&p);
}

static void test_none(void **state)
{
	struct pair p = make_pair(SOCK_SEQPACKET);
	int got[2] = {7, 7};
	size_t count = 9;
	char text[8];

	assert_int_equal(fds_send(p.ends[0], "abc", 3, NULL, 0), 0);
	assert_int_equal(fds_take(p.ends[1], text, sizeof(text), 0, got, 2, &count), 3);
	assert_int_equal(count, 0);
	assert_int_equal(got[0], -1);
	assert_int_equal(got[1], -1);
	/* and who wants none may say so */
	assert_int_equal(fds_send(p.ends[0], "abc", 3, NULL, 0), 0);
	assert_int_equal(fds_take(p.ends[1], text, sizeof(text), 0, NULL, 0, &count), 3);
	end_pair(&p);
}

static void test_more_than_asked_for(void **state)
{
	static const size_t asked[] = {0, 1, 2, 3, FDS_MAX};
	struct pair p = make_pair(SOCK_SEQPACKET);
	int file = make_file("file"), fds[FDS_MAX + 4], got[FDS_MAX];
	size_t count;
	char text[8];

	for (size_t i = 0; i < FDS_MAX + 4; i++)
		fds[i] = file;
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++)
		for (size_t more = 1; more <= 4; more++) {
			send_raw(p.ends[0], fds, asked[i] + more);
			assert_int_equal(
				fds_take(p.ends[1], text, sizeof(text), 0, got, asked[i], &count),
				-EPROTO);
			assert_int_equal(count, 0);
			for (size_t n = 0; n < asked[i]; n++)
				assert_int_equal(got[n], -1);
		}
	close(file);
	end_pair(&p);
}

static void test_no_room_in_the_table(void **state)
{
	struct pair p = make_pair(SOCK_SEQPACKET);
	int fds[4], got[4], next = dup(0);
	struct rlimit was, now;
	size_t count;
	char text[8];

	for (int i = 0; i < 4; i++)
		fds[i] = p.ends[0];
	send_raw(p.ends[0], fds, 4);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	now = was;
	now.rlim_cur = (rlim_t)next + 2;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(fds_take(p.ends[1], text, sizeof(text), 0, got, 4, &count), -EMFILE);
	assert_int_equal(count, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	end_pair(&p);
}

static void test_a_message_that_is_too_long(void **state)
{
	struct pair p = make_pair(SOCK_SEQPACKET);
	int file = make_file("file"), got[1];
	char text[4];
	size_t count;

	assert_int_equal(fds_send(p.ends[0], "12345", 5, &file, 1), 0);
	assert_int_equal(fds_take(p.ends[1], text, sizeof(text), 0, got, 1, &count), -EMSGSIZE);
	assert_int_equal(got[0], -1);
	close(file);
	end_pair(&p);
}

static void test_a_peer_that_is_gone(void **state)
{
	struct pair p = make_pair(SOCK_SEQPACKET);
	int got[1], file = make_file("file");
	size_t count;
	char text[4];

	assert_int_equal(fds_take(p.ends[1], text, sizeof(text), MSG_DONTWAIT, got, 1, &count),
			 -EAGAIN);
	close(p.ends[0]);
	/* were SIGPIPE sent, this program would end here */
	assert_int_equal(fds_send(p.ends[1], "x", 1, &file, 1), -EPIPE);
	assert_int_equal(fds_take(p.ends[1], text, sizeof(text), 0, got, 1, &count), 0);
	assert_int_equal(count, 0);
	close(file);
	close(p.ends[1]);
	assert_int_equal(count_open(), p.open_before - 2);
}

static void test_what_cannot_be_sent(void **state)
{
	struct pair p = make_pair(SOCK_SEQPACKET);
	int many[FDS_MAX + 1] = {0}, closed = 1000;

	assert_int_equal(fds_send(p.ends[0], "", 0, many, 1), -EINVAL);
	assert_int_equal(fds_send(p.ends[0], "x", 1, many, FDS_MAX + 1), -EINVAL);
	assert_int_equal(fds_send(p.ends[0], "x", 1, &closed, 1), -EBADF);
	end_pair(&p);
}

/* A stream takes as much as there is room for; none of the rest is lost, and the descriptor comes
 * once. */
static void test_a_long_text_over_a_stream(void **state)
{
	enum { LENGTH = 3 << 20 };
	struct pair p = make_pair(SOCK_STREAM);
	char *text = malloc(LENGTH), part[65536];
	int file = make_file("file"), got[1];
	size_t count, total = 0, fds = 0;
	pid_t pid;

	assert_non_null(text);
	memset(text, 'r', LENGTH);
	pid = fork();
	if (pid == 0)
		_exit(fds_send(p.ends[0], text, LENGTH, &file, 1) == 0 ? 0 : 1);
	while (total < LENGTH) {
		int n = fds_take(p.ends[1], part, sizeof(part), 0, got, 1, &count);

		assert_true(n > 0);
		if (count)
			close(got[0]);
		total += (size_t)n;
		fds += count;
	}
	assert_int_equal(fds, 1);
	free(text);
	close(file);
	end_pair(&p);
}

/* As on a kernel before 5.9: every close_range(2) is ENOSYS from now on. */
static void lose_close_range(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(2);
}

static void check_close_on_exec(bool old_kernel)
{
	int low = fcntl(0, F_DUPFD, 10), high = fcntl(0, F_DUPFD, 900), status;
	pid_t pid;

	assert_true(low >= 10 && high >= 900);
	pid = fork();
	if (pid == 0) {
		if (old_kernel)
			lose_close_range();
		fds_close_on_exec((unsigned)low + 1);
		_exit(fcntl(high, F_GETFD) != FD_CLOEXEC || fcntl(low, F_GETFD) != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(low);
	close(high);
}

static void test_close_on_exec(void **state)
{
	check_close_on_exec(false);
}

static void test_close_on_exec_on_an_old_kernel(void **state)
{
	check_close_on_exec(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_several_in_their_order),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_more_than_asked_for),
		cmocka_unit_test(test_no_room_in_the_table),
		cmocka_unit_test(test_a_message_that_is_too_long),
		cmocka_unit_test(test_a_peer_that_is_gone),
		cmocka_unit_test(test_what_cannot_be_sent),
		cmocka_unit_test(test_a_long_text_over_a_stream),
		cmocka_unit_test(test_close_on_exec),
		cmocka_unit_test(test_close_on_exec_on_an_old_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
