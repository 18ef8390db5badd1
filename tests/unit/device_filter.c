/* Rules for devices and their program: the program is run by an evaluator of the few instructions
 * that it is made of, and compared with what the rules say, over many rules and every device that
 * they speak of. */
#include "oci_box.h"

#include "plan/device_filter.h"

#include <linux/bpf.h>

enum {
	MKNOD = BPF_DEVCG_ACC_MKNOD,
	READ = BPF_DEVCG_ACC_READ,
	WRITE = BPF_DEVCG_ACC_WRITE,
	ALL = 7
};

static const int64_t majors[] = {-1, 1, 5, 8, 10, 136, 4294967295};
static const int64_t minors[] = {-1, 0, 2, 3, 200, 4294967295};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the evaluator ---- */

static uint32_t word_at(const struct bpf_cgroup_dev_ctx *ctx, int offset)
{
	uint32_t word;

	assert_true(offset >= 0 && (size_t)offset + sizeof(word) <= sizeof(*ctx));
	memcpy(&word, (const char *)ctx + offset, sizeof(word));
	return word;
}

/* What the program says to it: 0 or 1. */
static uint64_t evaluate(const struct bpf_insn *program, size_t length,
			 const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t r[11] = {0};

	for (size_t at = 0;; at++) {
		const struct bpf_insn *i = &program[at];
		uint64_t *to = &r[i->dst_reg];
		bool jump = false;

		assert_true(at < length);
		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			assert_int_equal(i->src_reg, BPF_REG_1);
			*to = word_at(ctx, i->off);
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*to = (uint64_t)(int64_t)i->imm;
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			*to = (uint32_t)r[i->src_reg];
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			*to = (uint32_t)*to & (uint32_t)i->imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			*to = (uint32_t)*to >> i->imm;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			jump = (uint32_t)*to != (uint32_t)i->imm;
			break;
		case BPF_JMP32 | BPF_JEQ | BPF_K:
			jump = (uint32_t)*to == (uint32_t)i->imm;
			break;
		case BPF_JMP | BPF_EXIT:
			return r[0];
		default:
			fail_msg("instruction %zu: %#x is none of ours", at, i->code);
		}
		if (jump)
			at += (size_t)i->off;
	}
}

/* What the kernel checks before it takes one: jumps go forwards and into it, no part is out of
 * reach, and it does not run out at its end. */
static void check_form(const struct device_filter *f)
{
	bool reached[2048] = {true};

	assert_true(f->length < LENGTH(reached));
	for (size_t at = 0; at < f->length; at++) {
		const struct bpf_insn *i = &f->program[at];

		if (!reached[at])
			fail_msg("instruction %zu of %zu is never reached", at, f->length);
		if (i->code == (BPF_JMP | BPF_EXIT))
			continue;
		assert_true(at + 1 < f->length);
		reached[at + 1] = true;
		if (BPF_CLASS(i->code) != BPF_JMP32)
			continue;
		assert_true(i->off > 0 && at + 1 + (size_t)i->off < f->length);
		reached[at + 1 + (size_t)i->off] = true;
	}
}

/* ---- what the rules say ---- */

/* In the words of docs/OCI.md, for one kind of access. */
static bool is_allowed(const struct oci_device_rule *rules, size_t count, char type, int64_t major,
		       int64_t minor, char kind)
{
	static const struct {
		int64_t major, minor;
	} always[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 2}, {136, -1}, {10, 200}};

	for (size_t i = 0; type == 'c' && i < LENGTH(always); i++)
		if (major == always[i].major && (always[i].minor < 0 || minor == always[i].minor))
			return true;
	for (size_t i = count; i-- > 0;) {
		const struct oci_device_rule *r = &rules[i];
		bool everything =
			r->type == 'a' && r->major < 0 && r->minor < 0 && strlen(r->access) == 3;

		if ((r->type != 'a' && r->type != type) || (r->major >= 0 && r->major != major) ||
		    (r->minor >= 0 && r->minor != minor) || !strchr(r->access, kind))
			continue;
		if (!r->allow && everything && kind == 'm')
			continue;
		return r->allow;
	}
	return kind == 'm';
}

static uint32_t allowed(const struct oci_device_rule *rules, size_t count, char type, int64_t major,
			int64_t minor)
{
	return (is_allowed(rules, count, type, major, minor, 'm') ? MKNOD : 0u) |
	       (is_allowed(rules, count, type, major, minor, 'r') ? READ : 0u) |
	       (is_allowed(rules, count, type, major, minor, 'w') ? WRITE : 0u);
}

static const char *print_rules(const struct oci_device_rule *rules, size_t count)
{
	static char text[1024];
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %c %lld:%lld %s; ",
					rules[i].allow ? "allow" : "deny", rules[i].type,
					(long long)rules[i].major, (long long)rules[i].minor,
					rules[i].access);
	return text;
}

/* Every access to one device. True if any was denied. */
static bool compare_device(const struct device_filter *f, const struct oci_device_rule *rules,
			   size_t count, char type, int64_t major, int64_t minor)
{
	uint32_t want = allowed(rules, count, type, major, minor);

	assert_int_equal(device_filter_allows(f, type, major, minor, ALL), want);
	for (uint32_t access = 1; access <= ALL; access++) {
		struct bpf_cgroup_dev_ctx ctx = {
			.access_type = access << 16 |
				       (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
			.major = (uint32_t)major,
			.minor = (uint32_t)minor,
		};

		if (evaluate(f->program, f->length, &ctx) != ((want & access) == access))
			fail_msg("%s\n%c %lld:%lld, access %u: the rules say %u",
				 print_rules(rules, count), type, (long long)major,
				 (long long)minor, access, want);
	}
	return want != ALL;
}

static void compare(const struct oci_device_rule *rules, size_t count)
{
	struct device_filter f;
	struct arena arena;
	bool denied = false;

	arena_init(&arena);
	assert_int_equal(device_filter_from(&arena, rules, count, &f), 0);
	check_form(&f);
	for (size_t i = 1; i < LENGTH(majors); i++)
		for (size_t j = 1; j < LENGTH(minors); j++)
			for (const char *type = "cb"; *type; type++)
				denied |= compare_device(&f, rules, count, *type, majors[i],
							 minors[j]);
	/* what no rule of a test speaks of */
	denied |= compare_device(&f, rules, count, 'b', 77, 77);
	if (denied && !device_filter_bounds(&f))
		fail_msg("%s\nit is said to bound nothing", print_rules(rules, count));
	arena_release(&arena);
}

/* ---- tests ---- */

static void program__is_what_the_rules_say(void **state)
{
	const struct oci_device_rule rows[][5] = {
		{{false, 'a', -1, -1, "rwm"}},
		{{true, 'a', -1, -1, "rwm"}},
		{{false, 'a', -1, -1, "rwm"}, {true, 'a', -1, -1, "rwm"}},
		{{true, 'a', -1, -1, "rwm"}, {false, 'c', 10, -1, "w"}},
		{{false, 'a', -1, -1, "rwm"}, {true, 'b', 8, -1, "r"}, {false, 'b', 8, 3, "r"}},
		{{false, 'a', -1, -1, "rwm"}, {false, 'a', -1, -1, "m"}},
		{{false, 'a', -1, -1, "m"}, {false, 'a', -1, -1, "rwm"}},
		{{false, 'c', 1, 3, "rwm"}, {false, 'c', 136, -1, "r"}},
		{{true, 'a', -1, -1, "r"}, {true, 'a', -1, -1, "w"}, {true, 'a', -1, -1, "m"}},
		{{true, 'c', 8, -1, "r"}, {true, 'c', -1, 3, "w"}},
		{{true, 'a', 4294967295, 4294967295, "rw"}},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		size_t count = 0;

		while (count < LENGTH(rows[i]) && rows[i][count].type)
			count++;
		compare(rows[i], count);
	}
	compare(NULL, 0);
}

static void bounds__nothing_that_allows_everything(void **state)
{
	const struct oci_device_rule all = {true, 'a', -1, -1, "rwm"},
				     none = {false, 'a', -1, -1, "rwm"},
				     rows[][3] = {
					     {all},
					     {none, all},
					     {{true, 'a', -1, -1, "w"}, {true, 'a', -1, -1, "r"}}};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct device_filter f;
		struct arena arena;

		arena_init(&arena);
		assert_int_equal(device_filter_from(&arena, rows[i], rows[i][1].type ? 2 : 1, &f),
				 0);
		assert_false(device_filter_bounds(&f));
		arena_release(&arena);
	}
}

static void program__is_what_many_rules_say(void **state)
{
	static const char *const kinds[] = {"r", "w", "m", "rw", "rm", "wm", "rwm", "rwm"};
	struct oci_device_rule rules[12];
	uint32_t seed = 1;

	for (int round = 0; round < 3000; round++) {
		size_t count = (size_t)round % (LENGTH(rules) + 1);

		for (size_t i = 0; i < count; i++) {
			uint32_t bits[5];

			for (size_t j = 0; j < LENGTH(bits); j++) {
				seed = seed * 1664525 + 1013904223;
				bits[j] = seed >> 16;
			}
			rules[i] = (struct oci_device_rule){
				.allow = bits[0] & 1,
				.type = "aabc"[bits[1] % 4],
				.major = bits[2] % 3 ? majors[bits[2] / 3 % LENGTH(majors)] : -1,
				.minor = bits[3] % 3 ? minors[bits[3] / 3 % LENGTH(minors)] : -1,
				.access = kinds[bits[4] % LENGTH(kinds)],
			};
		}
		compare(rules, count);
	}
}

/* Those of docker, which end in a denial that changes nothing. */
#define USUAL                                                                                      \
	{false, 'a', -1, -1, "rwm"}, {true, 'c', 1, 5, "rwm"}, {true, 'c', 1, 3, "rwm"},           \
		{true, 'c', 5, 1, "rwm"},                                                          \
	{                                                                                          \
		false, 'c', 10, 229, "rwm"                                                         \
	}

static void without_root__the_usual_rules_are_passed_over(void **state)
{
	const struct {
		struct oci_device_rule rules[7];
		const char *where, *message; /* NULL: nothing is lost */
	} rows[] = {
		{{USUAL}, NULL, NULL},
		{{USUAL, {true, 'c', 10, 229, "rw"}}, NULL, NULL},
		{{USUAL, {false, 'a', -1, -1, "rwm"}}, NULL, NULL},
		{{{true, 'a', -1, -1, "rwm"}, {false, 'c', 10, -1, "m"}}, NULL, NULL},
		{{{true, 'a', -1, -1, "rwm"},
		  {false, 'a', -1, -1, "rwm"},
		  {false, 'c', 10, 1, "r"}},
		 NULL,
		 NULL},
		{{USUAL, {true, 'c', 10, 229, "rw"}, {false, 'c', 10, 229, "w"}},
		 "/linux/resources/devices/6",
		 "deny c 10:229 w"},
		{{{true, 'a', -1, -1, "rwm"}, {false, 'b', -1, -1, "rwm"}},
		 "/linux/resources/devices/1",
		 "deny b *:* rwm"},
		{{{true, 'a', -1, -1, "rwm"}, {false, 'a', -1, -1, "w"}},
		 "/linux/resources/devices/1",
		 "deny a *:* w"},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct rootlet_error err = {0};
		struct device_filter f;
		struct arena arena;
		size_t count = 0;
		int r;

		while (count < LENGTH(rows[i].rules) && rows[i].rules[count].type)
			count++;
		arena_init(&arena);
		assert_int_equal(device_filter_from(&arena, rows[i].rules, count, &f), 0);
		r = device_filter_without(&arena, &f, &err);
		assert_int_equal(r, rows[i].message ? -EPERM : 0);
		if (rows[i].message) {
			assert_string_equal(err.subject, rows[i].where);
			assert_non_null(strstr(err.message, rows[i].message));
			assert_string_equal(err.id, "device-rules");
		}
		arena_release(&arena);
	}
}

/* A config's own words, and how they are printed. */
static void rules__of_a_config(void **state)
{
	static const char text[] =
		RESOURCES("\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
			  "{\"allow\":true,\"type\":\"b\",\"major\":8,\"access\":\"r\"},"
			  "{\"allow\":false,\"type\":\"c\",\"major\":10,\"minor\":229,"
			  "\"access\":\"mr\"},{\"allow\":true}]");
	static const char *const printed[] = {"allow a *:* m",	 "deny a *:* rw",
					      "allow b 8:* r",	 "deny c 10:229 rm",
					      "allow a *:* rwm", "allow c 1:3 rwm"};
	struct spec *spec = take_config(text);
	struct device_filter f;

	assert_int_equal(device_filter_from(&spec->arena, spec->oci->resources.device_rules,
					    spec->oci->resources.device_rule_count, &f),
			 0);
	assert_int_equal(f.first, 1);
	assert_int_equal(f.asked, 4);
	for (size_t i = 0; i < LENGTH(printed); i++)
		assert_string_equal(device_rule_text(&spec->arena, &f.rules[i]), printed[i]);
	spec_free(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(program__is_what_the_rules_say),
		cmocka_unit_test(program__is_what_many_rules_say),
		cmocka_unit_test(bounds__nothing_that_allows_everything),
		cmocka_unit_test(without_root__the_usual_rules_are_passed_over),
		cmocka_unit_test(rules__of_a_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
