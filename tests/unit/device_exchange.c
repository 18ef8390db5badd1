/* How the program of a cgroup is exchanged, with a kernel of the test's own that has one group: of
 * Linux 5.6 and later, and of before. There must be no moment without one of ours in force. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/bpf.h"
#include "plan/device_filter.h"
#include "run/device_filter.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { GROUP = 7, ROOM = 8 };

/* Programs by id; a descriptor of one is a real one, of nothing. */
static struct {
	bool replaces; /* it knows BPF_F_REPLACE */
	int fails;     /* what loading answers, or 0 */
	const char *names[ROOM];
	bool attached[ROOM];
	int of[64]; /* descriptor → program */
	int programs;
	bool was_without; /* there was a moment without any of ours, after one was there */
} kernel;

static int descriptor_of(int program)
{
	int fd = dup(STDERR_FILENO);

	assert_in_range(fd, 0, 63);
	kernel.of[fd] = program;
	return fd;
}

static int ours(void)
{
	int count = 0;

	for (int i = 0; i < kernel.programs; i++)
		count += kernel.attached[i] && strcmp(kernel.names[i], DEVICE_FILTER_NAME) == 0;
	return count;
}

int bpf_load_devices(const struct bpf_insn *program, size_t length, const char *name)
{
	assert_non_null(program);
	if (kernel.fails)
		return kernel.fails;
	assert_true(kernel.programs < ROOM);
	kernel.names[kernel.programs] = name;
	return descriptor_of(kernel.programs++);
}

int bpf_attach_devices(int dir, int program, int old)
{
	assert_int_equal(dir, GROUP);
	if (old >= 0 && !kernel.replaces)
		return -EINVAL;
	if (old >= 0)
		kernel.attached[kernel.of[old]] = false;
	kernel.attached[kernel.of[program]] = true;
	return 0;
}

int bpf_detach_devices(int dir, int program)
{
	assert_int_equal(dir, GROUP);
	assert_true(kernel.attached[kernel.of[program]]);
	kernel.attached[kernel.of[program]] = false;
	kernel.was_without |= ours() == 0;
	return 0;
}

int bpf_list_devices(int dir, uint32_t *ids, size_t room)
{
	int count = 0;

	assert_int_equal(dir, GROUP);
	assert_true(room >= ROOM);
	for (int i = 0; i < kernel.programs; i++)
		if (kernel.attached[i])
			ids[count++] = (uint32_t)i;
	return count;
}

int bpf_open_named(uint32_t id, const char *name)
{
	return strcmp(kernel.names[id], name) == 0 ? descriptor_of((int)id) : -ENOENT;
}

static const struct bpf_insn program[1] = {{.code = BPF_JMP | BPF_EXIT}};

/* A group that has one of somebody else's and one of ours. */
static void begin(bool replaces)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.replaces = replaces;
	kernel.programs = 1;
	kernel.names[0] = "sd_devices";
	kernel.attached[0] = true;
	assert_int_equal(device_filter_set(GROUP, program, 1), 0);
	assert_true(kernel.attached[1]);
}

static void set__exchanges_ours_alone(void **state)
{
	for (int replaces = 0; replaces < 2; replaces++) {
		begin(replaces);
		assert_int_equal(device_filter_set(GROUP, program, 1), 0);
		assert_true(kernel.attached[0]);
		assert_false(kernel.attached[1]);
		assert_true(kernel.attached[2]);
		assert_false(kernel.was_without);
	}
}

static void set__takes_ours_away(void **state)
{
	begin(true);
	assert_int_equal(device_filter_set(GROUP, NULL, 0), 0);
	assert_true(kernel.attached[0]);
	assert_int_equal(ours(), 0);
	assert_int_equal(device_filter_set(GROUP, NULL, 0), 0); /* there is none any more */
}

static void set__that_fails_leaves_the_old_one(void **state)
{
	begin(true);
	kernel.fails = -EPERM;
	assert_int_equal(device_filter_set(GROUP, program, 1), -EPERM);
	assert_true(kernel.attached[1]);
}

static void set__keeps_no_descriptor(void **state)
{
	int before = dup(STDERR_FILENO), after;

	close(before);
	begin(true);
	assert_int_equal(device_filter_set(GROUP, program, 1), 0);
	assert_int_equal(device_filter_set(GROUP, NULL, 0), 0);
	after = dup(STDERR_FILENO);
	close(after);
	assert_int_equal(after, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set__exchanges_ours_alone),
		cmocka_unit_test(set__takes_ours_away),
		cmocka_unit_test(set__that_fails_leaves_the_old_one),
		cmocka_unit_test(set__keeps_no_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
