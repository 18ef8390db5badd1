/* The JSON reader of base: what it takes, what it refuses and where it says it stands. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/reader.h"

struct box {
	struct arena arena;
	struct rootlet_error err;
	struct reader r;
	const struct json *root;
};

static int open_text(struct box *box, const char *text, size_t len)
{
	*box = (struct box){.r = {.text = text, .len = len, .path = "t.json", .noun = "a test"}};
	arena_init(&box->arena);
	box->r.err = &box->err;
	return reader_open(&box->r, &box->arena, &box->root);
}

static void close_text(struct box *box)
{
	reader_close(&box->r);
	arena_release(&box->arena);
}

/* The member "v" of a text that must be read. */
static const struct json *value_of(struct box *box, const char *text)
{
	if (open_text(box, text, strlen(text)) < 0)
		fail_msg("%s: %s", text, box->err.message);
	return json_member(box->root, "v");
}

static void json__refuses_what_is_not_json(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"", "t.json:1:1: the text ends in the middle"},
		{" ", "t.json:1:2: the text ends in the middle"},
		{"{", "t.json:1:2: the text ends in the middle"},
		{"{\n \"a\"", "t.json:2:5: the text ends in the middle"},
		{"{\"a\":1,}", "t.json:1:8: expected the name of a member, in quotes"},
		{"{\"a\" 1}", "t.json:1:6: expected a colon"},
		{"{\"a\":1 \"b\":2}", "t.json:1:8: expected a comma or }"},
		{"{\"a\":[1 2]}", "t.json:1:9: expected a comma or ]"},
		{"{\"a\":[1,]}", "t.json:1:9: expected a value"},
		{"{\"a\":[,1]}", "t.json:1:7: expected a value"},
		{"{\"a\":[1}}", "t.json:1:8: expected a comma or ]"},
		{"{,}", "t.json:1:2: expected the name of a member, in quotes"},
		{"{a:1}", "t.json:1:2: expected the name of a member, in quotes"},
		{"{'a':1}", "t.json:1:2: expected the name of a member, in quotes"},
		{"{\"a\":01}", "t.json:1:6: a number begins with 0"},
		{"{\"a\":-}", "t.json:1:7: expected a digit"},
		{"{\"a\":1.}", "t.json:1:8: expected a digit"},
		{"{\"a\":1e}", "t.json:1:8: expected a digit"},
		{"{\"a\":+1}", "t.json:1:6: expected a value"},
		{"{\"a\":.5}", "t.json:1:6: expected a value"},
		{"{\"a\":0x1}", "t.json:1:7: expected a comma or }"},
		{"{\"a\":NaN}", "t.json:1:6: expected a value"},
		{"{\"a\":True}", "t.json:1:6: expected a value"},
		{"{\"a\":nul}", "t.json:1:6: expected a value"},
		{"{\"a\":nullx}", "t.json:1:10: expected a comma or }"},
		{"{\"a\":\"x\ny\"}", "t.json:1:8: a control character in a string"},
		{"{\"a\":\"x\\qy\"}", "t.json:1:9: no such escape in a string"},
		{"{\"a\":\"\\u12g4\"}", "t.json:1:11: expected four hexadecimal digits"},
		{"{\"a\":\"\\ud800\"}", "t.json:1:7: half a character"},
		{"{\"a\":\"\\ud800\\u0041\"}", "t.json:1:7: half a character"},
		{"{\"a\":\"\\udc00\"}", "t.json:1:7: half a character"},
		{"{\"a\\u0000b\":1}", "t.json:1:2: a NUL character in the name of a member"},
		{"{\"a\":\"x", "t.json:1:8: the text ends in the middle"},
		{"{\"a\":\"x\\", "t.json:1:9: the text ends in the middle"},
		{"{\"a\":\"x\\u00", "t.json:1:12: the text ends in the middle"},
		{"{}{}", "t.json:1:3: more text after the end of the JSON value"},
		{"{} // no", "t.json:1:4: more text after the end of the JSON value"},
		{"[]", "t.json:1:1: expected an object, got a list"},
		{"7", "t.json:1:1: expected an object, got a whole number"},
	};
	struct box box;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (open_text(&box, rows[i].text, strlen(rows[i].text)) != -EINVAL)
			fail_msg("taken: %s", rows[i].text);
		assert_string_equal(box.err.message, rows[i].message);
		arena_release(&box.arena);
	}
}

static void json__a_nul_byte_is_no_end(void **state)
{
	static const char text[] = "{\"a\":1}\0{";
	struct box box;

	assert_int_equal(open_text(&box, text, sizeof(text) - 1), -EINVAL);
	assert_string_equal(box.err.message,
			    "t.json:1:8: more text after the end of the JSON value");
	arena_release(&box.arena);
	assert_int_equal(open_text(&box, "{\"a\0b\":1}", 9), -EINVAL);
	assert_string_equal(box.err.message, "t.json:1:4: a control character in a string");
	arena_release(&box.arena);
}

static void json__unescapes_strings(void **state)
{
	static const struct {
		const char *text, *value;
	} rows[] = {
		{"{\"v\":\"\"}", ""},
		{"{\"v\":\"plain\"}", "plain"},
		{"{\"v\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t"},
		{"{\"v\":\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00!\"}",
		 "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!"},
		{"{\"v\":\"\xc3\xa9 \xff\"}", "\xc3\xa9 \xff"},
		{"{\"w\":\"]}\\\"\", \"v\" :\t\"x\"\r\n}", "x"},
		{"{\"\\u0076\":\"key\"}", "key"},
		{"{\"v\":\"first\",\"v\":\"last\"}", "last"},
	};
	struct box box;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct json *v = value_of(&box, rows[i].text);
		const char *text = NULL;

		assert_non_null(v);
		assert_int_equal(reader_string(&box.r, v, &text), 0);
		assert_string_equal(text, rows[i].value);
		close_text(&box);
	}
}

static void json__a_nul_in_a_string_is_refused(void **state)
{
	struct box box;
	const struct json *v = value_of(&box, "{\"v\":\"a\\u0000b\"}");
	const char *text;

	assert_int_equal(reader_string(&box.r, v, &text), -EINVAL);
	assert_string_equal(box.err.message, "t.json:1:6: /v: a NUL character in a string");
	close_text(&box);
}

static void json__numbers_are_exact(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max;
		int64_t value;
		const char *message; /* NULL: taken */
	} rows[] = {
		{"{\"v\":0}", 0, 9, 0, NULL},
		{"{\"v\":-0}", 0, 9, 0, NULL},
		{"{\"v\":9}", 0, 9, 9, NULL},
		{"{\"v\":10}", 0, 9, 0, "t.json:1:6: /v: out of range: 0 to 9"},
		{"{\"v\":-1}", 0, 9, 0, "t.json:1:6: /v: out of range: 0 to 9"},
		{"{\"v\":9223372036854775807}", INT64_MIN, INT64_MAX, INT64_MAX, NULL},
		{"{\"v\":-9223372036854775808}", INT64_MIN, INT64_MAX, INT64_MIN, NULL},
		{"{\"v\":9223372036854775808}", 0, INT64_MAX, 0,
		 "t.json:1:6: /v: out of range: 0 to 9223372036854775807"},
		{"{\"v\":-9223372036854775809}", -5, 5, 0, "t.json:1:6: /v: out of range: -5 to 5"},
		{"{\"v\":36893488147419103232}", -5, 5, 0, "t.json:1:6: /v: out of range: -5 to 5"},
		{"{\"v\":1.0}", 0, 9, 0, "t.json:1:6: /v: expected a whole number, got a fraction"},
		{"{\"v\":1e0}", 0, 9, 0, "t.json:1:6: /v: expected a whole number, got a fraction"},
		{"{\"v\":\"1\"}", 0, 9, 0, "t.json:1:6: /v: expected a whole number, got a string"},
	};
	struct box box;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct json *v = value_of(&box, rows[i].text);
		int64_t n = 77;
		int code = reader_signed(&box.r, v, rows[i].min, rows[i].max, &n);

		if (rows[i].message) {
			assert_int_equal(code, -EINVAL);
			assert_string_equal(box.err.message, rows[i].message);
			assert_int_equal(n, 77);
		} else {
			assert_int_equal(code, 0);
			assert_int_equal(n, rows[i].value);
		}
		close_text(&box);
	}
}

static void json__unsigned_to_the_last_bit(void **state)
{
	struct box box;
	const struct json *v = value_of(&box, "{\"v\":18446744073709551615}");
	uint64_t n = 0;

	assert_int_equal(reader_number(&box.r, v, UINT64_MAX, &n), 0);
	assert_true(n == UINT64_MAX);
	close_text(&box);
	v = value_of(&box, "{\"v\":18446744073709551616}");
	assert_int_equal(reader_number(&box.r, v, UINT64_MAX, &n), -EINVAL);
	assert_string_equal(box.err.message, "t.json:1:6: /v: does not fit into 64 bits");
	close_text(&box);
}

static void json__depth_is_bounded(void **state)
{
	char text[2 * JSON_DEPTH + 16];
	struct box box;

	for (int extra = 0; extra < 2; extra++) {
		int depth = JSON_DEPTH - 1 + extra, used = snprintf(text, sizeof(text), "{\"v\":");

		memset(text + used, '[', (size_t)depth);
		memset(text + used + depth, ']', (size_t)depth);
		strcpy(text + used + depth + depth, "}");
		assert_int_equal(open_text(&box, text, strlen(text)), extra ? -EINVAL : 0);
		if (extra)
			assert_non_null(strstr(box.err.message, "nested too deeply"));
		else
			reader_close(&box.r);
		arena_release(&box.arena);
	}
}

static void json__names_the_place_in_a_larger_text(void **state)
{
	static const char text[] = "{\n  \"a/b\": [1,\n [true]]}";
	struct box box;
	const struct json *list, *inner;

	assert_int_equal(open_text(&box, text, strlen(text)), 0);
	box.r.line = 10;
	box.r.column = 5;
	box.r.pointer = "/linux/x";
	list = json_member(box.root, "a/b");
	inner = list->first->next->first;
	assert_int_equal(reader_fail(&box.r, inner, "json-value", "no"), -EINVAL);
	assert_string_equal(box.err.message, "t.json:12:3: /linux/x/a~1b/1/0: no");
	assert_string_equal(box.err.subject, "/linux/x/a~1b/1/0");
	reader_fail_member(&box.r, box.root, "gone", "json-value", "no");
	assert_string_equal(box.err.message, "t.json:10:5: /linux/x/gone: no");
	assert_memory_equal(text + list->offset, "[1,\n [true]]", list->end - list->offset);
	close_text(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json__refuses_what_is_not_json),
		cmocka_unit_test(json__a_nul_byte_is_no_end),
		cmocka_unit_test(json__unescapes_strings),
		cmocka_unit_test(json__a_nul_in_a_string_is_refused),
		cmocka_unit_test(json__numbers_are_exact),
		cmocka_unit_test(json__unsigned_to_the_last_bit),
		cmocka_unit_test(json__depth_is_bounded),
		cmocka_unit_test(json__names_the_place_in_a_larger_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
