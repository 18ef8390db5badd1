/* What systemd is sent, byte by byte as a manager would read it, and what is made of its answer.
 * The manager is a child of ours on a socket in a folder of its own. */
#include "run/group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 4096 };

struct manager {
	char folder[64], socket[108];
	pid_t pid;
	int heard; /* what it was sent comes out of it */
};

/* ---- the manager ---- */

static void read_until(int fd, const char *end)
{
	char text[256] = "";
	size_t len = 0;

	while (!memmem(text, len, end, strlen(end)))
		if (len == sizeof(text) || read(fd, text + len++, 1) != 1)
			_exit(1);
}

static uint32_t number(const unsigned char *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static size_t read_call(int fd, unsigned char *message)
{
	size_t len, have = 0;

	while (have < 16)
		if (read(fd, message + have, 1) != 1 || ++have > MOST)
			_exit(1);
	len = 16 + (number(message + 12) + 7) / 8 * 8 + number(message + 4);
	while (have < len && len < MOST)
		if (read(fd, message + have++, 1) != 1)
			_exit(1);
	return len;
}

/* A signal that is not meant for us comes first; then a return, or an error with its reason. */
static void answer(int fd, const char *refusal)
{
	unsigned char head[16] = {'l', 4, 0, 1};
	unsigned char reason[128] = {0};
	size_t len = refusal ? strlen(refusal) : 0;

	if (write(fd, head, sizeof(head)) != sizeof(head))
		_exit(1);
	head[1] = refusal ? 3 : 2;
	head[4] = refusal ? (unsigned char)(len + 5) : 0;
	reason[0] = (unsigned char)len;
	if (refusal)
		memcpy(reason + 4, refusal, len + 1);
	if (write(fd, head, sizeof(head)) != sizeof(head) ||
	    (refusal && write(fd, reason, head[4]) != (ssize_t)head[4]))
		_exit(1);
}

static _Noreturn void be_manager(int listening, int heard, const char *refusal)
{
	unsigned char message[MOST];
	int fd = accept(listening, NULL, NULL);
	size_t len;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	read_until(fd, "BEGIN\r\n");
	if (write(fd, "DATA\r\nOK 0123\r\n", 15) != 15)
		_exit(1);
	len = read_call(fd, message);
	answer(fd, refusal);
	_exit(write(heard, message, len) == (ssize_t)len ? 0 : 1);
}

static void start_manager(struct manager *m, const char *refusal)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ends[2];

	strcpy(m->folder, "/tmp/rootlet-unit-systemd-XXXXXX");
	assert_non_null(mkdtemp(m->folder));
	snprintf(m->socket, sizeof(m->socket), "%s/systemd", m->folder);
	assert_int_equal(mkdir(m->socket, 0700), 0);
	strcat(m->socket, "/private");
	strcpy(address.sun_path, m->socket);
	assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(pipe(ends), 0);
	m->pid = fork();
	if (m->pid == 0)
		be_manager(listening, ends[1], refusal);
	close(listening);
	close(ends[1]);
	m->heard = ends[0];
	setenv("XDG_RUNTIME_DIR", m->folder, 1);
}

static size_t end_manager(struct manager *m, unsigned char message[MOST])
{
	ssize_t n = read(m->heard, message, MOST);
	int status;

	assert_int_equal(waitpid(m->pid, &status, 0), m->pid);
	assert_int_equal(status, 0);
	close(m->heard);
	unlink(m->socket);
	*strrchr(m->socket, '/') = '\0';
	rmdir(m->socket);
	assert_int_equal(rmdir(m->folder), 0);
	return n < 0 ? 0 : (size_t)n;
}

/* Root's manager would be the system's own. */
static bool is_systems(void)
{
	return geteuid() == 0 && access("/run/systemd/private", W_OK) == 0;
}

/* ---- tests ---- */

static const struct unit_property items[] = {
	{"MemoryMax", 't', "67108864"},
	{"TasksMax", 't', "18446744073709551615"},
	{"AllowedCPUs", 'y', "0-1, 9"},
};
static const struct unit_properties properties = {(struct unit_property *)(uintptr_t)items, 3};

static void systemd__properties_of_a_unit(void **state)
{
	struct manager m;
	unsigned char message[MOST];
	char *said = NULL;
	size_t len, fields, at;

	if (is_systems())
		skip();
	start_manager(&m, NULL);
	assert_int_equal(group_set_properties("box.sco", &properties, &said), 0);
	assert_null(said);
	len = end_manager(&m, message);
	fields = number(message + 12);
	at = 16 + (fields + 7) / 8 * 8;
	assert_memory_equal(message, "l\x01\0\x01", 4); /* little-endian, a call */
	assert_non_null(memmem(message, at, "SetUnitProperties", 18));
	assert_non_null(memmem(message, at, "\x08\x01g\0\x07sba(sv)", 13));
	/* D-Bus: a string is its length, its bytes and a zero; a structure begins at eight */
	assert_int_equal(len, at + 24 + 32 + 24 + 26);
	assert_memory_equal(message + at, "\x07\0\0\0box.sco\0\x01\0\0\0\x52\0\0\0", 20);
	at += 24;
	assert_memory_equal(message + at, "\x09\0\0\0MemoryMax\0\x01t\0", 17);
	assert_memory_equal(message + at + 24, "\0\0\0\x04\0\0\0\0", 8);
	at += 32;
	assert_memory_equal(message + at, "\x08\0\0\0TasksMax\0\x01t\0", 16);
	assert_memory_equal(message + at + 16, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	at += 24;
	assert_memory_equal(message + at,
			    "\x0b\0\0\0AllowedCPUs\0\x02"
			    "ay\0",
			    20);
	assert_memory_equal(message + at + 20, "\x02\0\0\0\x03\x02", 6);
}

static void systemd__a_refusal_is_handed_on(void **state)
{
	struct manager m;
	unsigned char message[MOST];
	char *said = NULL;

	if (is_systems())
		skip();
	start_manager(&m, "Unit box.sco not found.");
	assert_int_equal(group_set_properties("box.sco", &properties, &said), -EREMOTEIO);
	assert_string_equal(said, "Unit box.sco not found.");
	free(said);
	assert_true(end_manager(&m, message) > 0);
	said = NULL;
	assert_int_equal(group_set_properties("box.sco", &properties, &said), -ENOENT);
	assert_null(said);
}

static void systemd__a_list_is_bits(void **state)
{
	static const struct {
		const char *list;
		int result;
		size_t len;
		unsigned char bits[2];
	} rows[] = {
		{"", 0, 0, {0, 0}},
		{"0", 0, 1, {1, 0}},
		{"7,8", 0, 2, {0x80, 1}},
		{"0-15", 0, 2, {0xff, 0xff}},
		{" 1- 2", -EINVAL, 0, {0, 0}},
		{"1-2 ,9 ", 0, 2, {6, 2}},
		{"16", -ERANGE, 0, {0, 0}},
		{"0-99999999999", -ERANGE, 0, {0, 0}},
		{"2-1", -EINVAL, 0, {0, 0}},
		{"x", -EINVAL, 0, {0, 0}},
		{"1;2", -EINVAL, 0, {0, 0}},
		{"1-", -EINVAL, 0, {0, 0}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char bits[2];
		size_t len;
		int r = unit_property_bits(rows[i].list, bits, sizeof(bits), &len);

		assert_int_equal(r, rows[i].result);
		if (r == 0) {
			assert_int_equal(len, rows[i].len);
			assert_memory_equal(bits, rows[i].bits, 2);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(systemd__properties_of_a_unit),
		cmocka_unit_test(systemd__a_refusal_is_handed_on),
		cmocka_unit_test(systemd__a_list_is_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
