/* Three calls of systemd's D-Bus interface: StartTransientUnit for a scope that takes a process in,
 * with the wait for its job, SetUnitProperties, and StopUnit. Over the manager's own socket,
 * without a bus and without a library: a message of a few hundred bytes does not justify one, and
 * the command is static (docs/adr).
 *
 * The wire format is that of the D-Bus specification; all that is sent and expected is
 * little-endian or answered so. What comes is read with bounds: the manager may be anybody who has
 * the socket.
 */
#include "run/start.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/manager.h"
#include "base/unix.h"
#include "run/group.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	TIMEOUT_MS = 25000, /* as libdbus waits for an answer */
	STOP_MS = 2000,
	MESSAGE_MAX = 1 << 20,
	LIST_MAX = 8192, /* processors: the kernel's own limit */
	CALL = 1,
	RETURN = 2,
	ERROR = 3,
	SIGNAL = 4,
};

/* ---- writing ---- */

static void pad(struct buffer *b, size_t to)
{
	while (b->len % to)
		buffer_add(b, "", 1);
}

static void put_u32(struct buffer *b, uint32_t value)
{
	unsigned char bytes[4];

	pad(b, 4);
	for (int i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(value >> (8 * i));
	buffer_add(b, bytes, 4);
}

static void put_u64(struct buffer *b, uint64_t value)
{
	pad(b, 8);
	put_u32(b, (uint32_t)value);
	put_u32(b, (uint32_t)(value >> 32));
}

static void put_string(struct buffer *b, const char *text)
{
	put_u32(b, (uint32_t)strlen(text));
	buffer_add(b, text, strlen(text) + 1);
}

static void put_signature(struct buffer *b, const char *text)
{
	char len = (char)strlen(text);

	buffer_add(b, &len, 1);
	buffer_add(b, text, strlen(text) + 1);
}

/* The length of what follows, once it is known. */
static size_t begin_array(struct buffer *b, size_t alignment)
{
	size_t at;

	put_u32(b, 0);
	at = b->len;
	pad(b, alignment);
	return at;
}

static void end_array(struct buffer *b, size_t at, size_t alignment)
{
	size_t start = (at + alignment - 1) / alignment * alignment;

	if (buffer_failed(b))
		return;
	for (int i = 0; i < 4; i++)
		b->data[at - 4 + (size_t)i] = (char)((b->len - start) >> (8 * i));
}

/* "0-3,8" as an array of bytes, the lowest number in the first bit. */
static void put_list(struct buffer *b, const char *list)
{
	unsigned char bits[LIST_MAX / 8];
	size_t len, array;

	if (unit_property_bits(list, bits, sizeof(bits), &len) < 0) {
		b->failed = true;
		return;
	}
	put_signature(b, "ay");
	array = begin_array(b, 1);
	buffer_add(b, bits, len);
	end_array(b, array, 1);
}

static void put_property(struct buffer *b, const struct unit_property *p)
{
	const char signature[] = {p->type, '\0'};
	uint64_t number = 0;

	pad(b, 8);
	put_string(b, p->name);
	if (p->type == 'y') {
		put_list(b, p->value);
		return;
	}
	put_signature(b, signature);
	if (p->type == 's')
		put_string(b, p->value);
	else if (p->type == 'b')
		put_u32(b, strcmp(p->value, "true") == 0);
	else if (io_parse_u64(p->value, UINT64_MAX, &number) == 0)
		put_u64(b, number);
	else
		b->failed = true;
}

static void put_pid(struct buffer *b, pid_t pid)
{
	size_t array;

	pad(b, 8);
	put_string(b, "PIDs");
	put_signature(b, "au");
	array = begin_array(b, 4);
	put_u32(b, (uint32_t)pid);
	end_array(b, array, 4);
}

/* StartTransientUnit(name s, mode s, properties a(sv), aux a(sa(sv))) */
static void put_body(struct buffer *b, const struct step *step, const char *unit, pid_t pid)
{
	size_t array;

	put_string(b, unit);
	put_string(b, "fail");
	array = begin_array(b, 8);
	put_pid(b, pid);
	for (size_t i = 0; i < step->a.scope.properties.count; i++)
		put_property(b, &step->a.scope.properties.items[i]);
	end_array(b, array, 8);
	end_array(b, begin_array(b, 8), 8);
}

static void put_field(struct buffer *b, char code, char type, const char *value)
{
	const char signature[] = {type, '\0'};

	pad(b, 8);
	buffer_add(b, &code, 1);
	put_signature(b, signature);
	if (type == 'g')
		put_signature(b, value);
	else
		put_string(b, value);
}

static int write_message(int fd, const char *member, const char *signature,
			 const struct buffer *body)
{
	static const char fixed[] = {'l', CALL, 0, 1};
	AUTO_BUFFER message = {0};
	size_t fields;

	buffer_add(&message, fixed, sizeof(fixed));
	put_u32(&message, (uint32_t)body->len);
	put_u32(&message, 1); /* serial */
	fields = begin_array(&message, 8);
	put_field(&message, 1, 'o', "/org/freedesktop/systemd1");
	put_field(&message, 2, 's', "org.freedesktop.systemd1.Manager");
	put_field(&message, 3, 's', member);
	put_field(&message, 6, 's', "org.freedesktop.systemd1");
	put_field(&message, 8, 'g', signature);
	end_array(&message, fields, 8);
	pad(&message, 8);
	buffer_add(&message, body->data, body->len);
	if (buffer_failed(body) || buffer_failed(&message))
		return -ENOMEM;
	return io_write_all(fd, message.data, message.len);
}

static int write_start(int fd, const struct step *step, const char *unit, pid_t pid)
{
	AUTO_BUFFER body = {0};

	put_body(&body, step, unit, pid);
	return write_message(fd, "StartTransientUnit", "ssa(sv)a(sa(sv))", &body);
}

/* ---- reading ---- */

static int read_exactly(int fd, void *data, size_t len, int64_t deadline)
{
	for (size_t done = 0; done < len;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - clock_ms();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return -ETIMEDOUT;
		n = read(fd, (char *)data + done, len - done);
		if (n == 0)
			return -ECONNRESET;
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

struct message {
	unsigned char *data; /* header fields, then the body */
	size_t len, body;    /* where the body begins */
	int type;
};

static uint32_t get_u32(const unsigned char *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static int read_message(int fd, struct message *ret, int64_t deadline)
{
	unsigned char head[16];
	size_t fields, body;
	int r = read_exactly(fd, head, sizeof(head), deadline);

	if (r < 0)
		return r;
	body = get_u32(head + 4);
	fields = get_u32(head + 12);
	if (head[0] != 'l' || body > MESSAGE_MAX || fields > MESSAGE_MAX)
		return -EPROTO;
	ret->type = head[1];
	ret->body = (fields + 7) / 8 * 8;
	ret->len = ret->body + body;
	ret->data = malloc(ret->len + 1);
	if (!ret->data)
		return -ENOMEM;
	r = read_exactly(fd, ret->data, ret->len, deadline);
	if (r < 0)
		free(ret->data);
	else
		ret->data[ret->len] = '\0';
	return r;
}

/* A string of the body at *at, which is moved past it; "" when it does not fit. */
static const char *get_string(const struct message *m, size_t *at)
{
	size_t start = (*at + 3) / 4 * 4, len;

	if (start + 4 > m->len)
		return "";
	len = get_u32(m->data + start);
	if (len > m->len - start - 4 || start + 4 + len >= m->len + 1)
		return "";
	*at = start + 4 + len + 1;
	return (const char *)m->data + start + 4;
}

/* JobRemoved(id u, job o, unit s, result s). True when it was our unit's. */
static bool is_job_of(const struct message *m, const char *unit, const char **ret_result)
{
	size_t at = m->body + 4;

	if (m->type != SIGNAL || !memmem(m->data, m->body, "JobRemoved", 11))
		return false;
	get_string(m, &at);
	if (strcmp(get_string(m, &at), unit) != 0)
		return false;
	*ret_result = get_string(m, &at);
	return true;
}

/* ---- the call ---- */

/* The manager knows who we are by the socket; an empty identity goes through user namespaces. */
static int greet(int fd, int64_t deadline)
{
	static const char hello[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";
	char line[256];
	size_t len = 0;
	int r = io_write_all(fd, hello, sizeof(hello) - 1);

	for (int lines = 0; r == 0 && lines < 2;) {
		r = read_exactly(fd, line + len, 1, deadline);
		if (r < 0 || len + 2 >= sizeof(line))
			return r < 0 ? r : -EPROTO;
		if (line[len++] != '\n')
			continue;
		line[len] = '\0';
		if (strncmp(line, lines ? "OK " : "DATA", lines ? 3 : 4) != 0)
			return -EACCES;
		len = 0;
		lines++;
	}
	return r;
}

/* The answer, and the end of the job. What systemd says against it is kept in *ret_said. */
static int await_job(int fd, const char *unit, int64_t deadline, char **ret_said)
{
	bool started = false, removed = false;
	int r = 0;

	while (r == 0 && !(started && removed)) {
		struct message m;
		const char *result = "done";
		size_t at;

		r = read_message(fd, &m, deadline);
		if (r < 0)
			return r;
		at = m.body;
		if (m.type == RETURN) {
			started = true;
		} else if (m.type == ERROR) {
			*ret_said = strdup(get_string(&m, &at));
			r = -EREMOTEIO;
		} else if (is_job_of(&m, unit, &result)) {
			removed = true;
			if (strcmp(result, "done") != 0) {
				*ret_said = strdup(result);
				r = -EREMOTEIO;
			}
		}
		free(m.data);
	}
	return r;
}

static int word_refusal(const struct start *s, const char *unit, const char *said)
{
	error_set(s->err, -EREMOTEIO, "systemd-refused", unit, "make the systemd scope %s: %s",
		  unit, said ? said : "systemd gives no reason");
	error_hint(s->err, "`systemctl --user status` and journalctl say more");
	return -EREMOTEIO;
}

/* Where systemd has put it: "0::/…" of /proc/PID/cgroup. */
static int take_group(struct start *s, const char *mount)
{
	AUTO_FREE char *text = NULL;
	const char *line;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)s->process->pid);
	r = io_read_file(path, 1 << 16, &text, NULL);
	if (r < 0)
		return r;
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!line)
		return -ENOENT;
	line += *line == '\n' ? 4 : 3;
	if (asprintf(&s->process->cgroup, "%s%.*s", mount, (int)strcspn(line, "\n"), line) < 0) {
		s->process->cgroup = NULL;
		return -ENOMEM;
	}
	s->process->cgroup_levels = ENDING_SYSTEMD;
	s->cgroup = open(s->process->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->cgroup < 0 ? -errno : 0;
}

int group_scope(struct start *s, const struct step *step)
{
	int64_t deadline = clock_ms() + TIMEOUT_MS;
	AUTO_FD fd = unix_connect(step->a.scope.socket);
	AUTO_FREE char *said = NULL;
	const char *unit = step->a.scope.unit;
	char own[64];
	int r = fd < 0 ? fd : greet(fd, deadline);

	if (!unit) {
		snprintf(own, sizeof(own), "rootlet-%d-%llx.scope", (int)getpid(),
			 (unsigned long long)clock_ms());
		unit = own;
	}
	if (r == 0)
		r = write_start(fd, step, unit, s->process->pid);
	if (r == 0)
		r = await_job(fd, unit, deadline, &said);
	if (r == -EREMOTEIO)
		return word_refusal(s, unit, said);
	if (r < 0)
		return r;
	s->process->unit = strdup(unit);
	return s->process->unit ? take_group(s, step->a.scope.mount) : -ENOMEM;
}

/* A call whose answer says it all. -EREMOTEIO: it was refused, with *ret_said, if anything. */
static int call(const char *member, const char *signature, const struct buffer *body,
		int timeout_ms, char **ret_said)
{
	int64_t deadline = clock_ms() + timeout_ms;
	struct message answer = {.type = SIGNAL};
	char path[MANAGER_PATH];
	int r;

	if (!manager_socket(geteuid(), getenv("XDG_RUNTIME_DIR"), path))
		return -ENOENT;
	AUTO_FD fd = unix_connect(path);
	r = fd < 0 ? fd : greet(fd, deadline);
	if (r == 0)
		r = write_message(fd, member, signature, body);
	while (r == 0 && answer.type != RETURN && answer.type != ERROR) {
		size_t at;

		r = read_message(fd, &answer, deadline);
		if (r < 0)
			break;
		at = answer.body;
		if (answer.type == ERROR)
			*ret_said = strdup(get_string(&answer, &at));
		free(answer.data);
	}
	return r == 0 && answer.type == ERROR ? -EREMOTEIO : r;
}

/* StopUnit(name s, mode s). Its job is not waited for: nothing lives in it any more. */
int group_stop_unit(const char *unit)
{
	AUTO_FREE char *said = NULL;
	AUTO_BUFFER body = {0};

	put_string(&body, unit);
	put_string(&body, "replace");
	return call("StopUnit", "ss", &body, STOP_MS, &said);
}

/* SetUnitProperties(name s, runtime b, properties a(sv)): until the next boot, which ends the unit
 * as well. */
int group_set_properties(const char *unit, const struct unit_properties *properties,
			 char **ret_said)
{
	AUTO_BUFFER body = {0};
	size_t array;

	put_string(&body, unit);
	put_u32(&body, 1);
	array = begin_array(&body, 8);
	for (size_t i = 0; i < properties->count; i++)
		put_property(&body, &properties->items[i]);
	end_array(&body, array, 8);
	return call("SetUnitProperties", "sba(sv)", &body, TIMEOUT_MS, ret_said);
}
