/* How explain draws: the grid (cut, wrapped, harmless), the picture of a process from
 * fixtures, in Unicode, ASCII, JSON and SVG; a file is explain_draw_file.c. What is true of them is
 * judged in explain.c. */
#include "draw_box.h"
#include "base/tint.h"

static const char *printed(const struct canvas *c, bool ascii)
{
	buffer_release(&out);
	canvas_text(c, false, ascii, &out);
	return out.data ? out.data : "";
}

/* ---- the grid ---- */

static void canvas__what_is_too_long_is_cut(void **state)
{
	static const struct {
		const char *text, *expected, *ascii;
	} rows[] = {
		{"abcdef", "abcdef\n", "abcdef\n"},	 {"abcdefg", "abcde…\n", "abcde~\n"},
		{"äöüäöü", "äöüäöü\n", "??????\n"},	 {"日本語", "日本語\n", "??????\n"},
		{"日本語語", "日本 …\n", "????\x20~\n"}, {"", "", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		AUTO_CANVAS c = {.width = 6};

		canvas_put(&c, 0, 0, STYLE_PLAIN, rows[i].text);
		assert_string_equal(printed(&c, false), rows[i].expected);
		assert_string_equal(printed(&c, true), rows[i].ascii);
	}
}

static void canvas__hostile_text_is_made_harmless(void **state)
{
	/* U+202E, not as a literal: it would turn this line for its readers */
	static const char turned[] = {'\xe2', '\x80', '\xae', 0};
	const char *const hostile[] = {"\033[2J",
				       "a\nb",
				       "\r",
				       "\xc2\x9b"
				       "2J",
				       "\xff\xfe",
				       turned,
				       "\xc0\xaf",
				       "\xed\xa0\x80",
				       "\xf4\x90\x80\x80",
				       "\xe2\x80"};

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		AUTO_CANVAS c = {.width = 20};
		const char *text;

		canvas_put(&c, 0, 0, STYLE_PLAIN, hostile[i]);
		text = printed(&c, false);
		if (!strstr(text, "\xef\xbf\xbd") || strchr(text, '\033') || strchr(text, '\r') ||
		    strchr(text, '\n') != text + strlen(text) - 1 || strstr(text, turned) ||
		    strstr(text, "\xc2\x9b"))
			fail_msg("row %zu came through: %s", i, text);
	}
}

static void canvas__words_are_wrapped_below_each_other(void **state)
{
	AUTO_CANVAS c = {.width = 12};

	assert_int_equal(canvas_wrap(&c, 0, 2, STYLE_PLAIN, "one two three  four"), 2);
	assert_string_equal(printed(&c, false), "  one two\n  three four\n");
}

static void canvas__colour_ends_with_its_line(void **state)
{
	AUTO_CANVAS c = {.width = 10};

	canvas_put(&c, 0, 0, STYLE_GOOD, "yes");
	canvas_put(&c, 1, 0, STYLE_PLAIN, "no");
	buffer_release(&out);
	canvas_text(&c, true, true, &out);
	assert_string_equal(out.data, "\033[0;" TINT_GOOD "myes\033[0m\nno\n");
}

/* ---- a process ---- */

static struct id_extent extents[] = {{0, 1001, 1}, {1, 100000, 65536}};
static struct member members[][2] = {{{700, 1001, "bash"}, {0}},
				     {{4710, 1001, "rootlet-init"}, {4711, 1001, "sleep"}}};

static void make_process(struct process_view *v, struct userns nodes[2])
{
	static const uint64_t own[] = {
		[NS_USER] = 500, [NS_PID] = 501, [NS_MNT] = 502,    [NS_NET] = 503,
		[NS_IPC] = 504,	 [NS_UTS] = 505, [NS_CGROUP] = 506, [NS_PID_CHILDREN] = 501};
	static const uint64_t yours[] = {[NS_USER] = 0xEFFFFFFD, [NS_PID] = 0xEFFFFFFC,
					 [NS_MNT] = 12,		 [NS_NET] = 503,
					 [NS_IPC] = 14,		 [NS_UTS] = 15,
					 [NS_CGROUP] = 16,	 [NS_PID_CHILDREN] = 0xEFFFFFFC};

	*v = (struct process_view){
		.pid = 4711,
		.your_pid = 700,
		.command = "sleep 1000",
		.node = 1,
		.parent_known = true,
		.level_count = 2,
		.parent_name = "rootlet-init",
		.cgroup = "/user.slice",
		.passwd = "root:x:0:0::/:/bin/sh\ndev:x:1001:1001::/:/bin/sh\n",
	};
	v->status = (struct status){.name = "sleep",
				    .uid = {1001, 1001, 1001, 1001},
				    .gid = {1001, 1001, 1001, 1001},
				    .caps = {[CAPS_EFFECTIVE] = 3,
					     [CAPS_PERMITTED] = 3,
					     [CAPS_BOUNDING] = 0x1ffffffffff},
				    .no_new_privs = 1,
				    .seccomp = 2,
				    .seccomp_filters = 1};
	v->yours.uid[1] = 1001;
	v->uid.map = v->gid.map = v->parent_uid = v->parent_gid = (struct idmap){extents, 2};
	for (size_t i = 0; i < NS_KIND_COUNT; i++) {
		v->ns[i] = (struct ns_row){{-ENOENT, 0}, {-ENOENT, 0}, {-ENOENT, 0}};
		if (i >= sizeof(own) / sizeof(own[0]) || !own[i])
			continue;
		v->ns[i].its = (struct ns_seen){0, own[i]};
		v->ns[i].yours = (struct ns_seen){0, yours[i]};
		v->ns[i].owner = (struct ns_seen){0, i == NS_NET ? 0xEFFFFFFD : 500};
	}
	v->levels[0] = (struct pid_level){{0, 0xEFFFFFFC}, 4711, 4710};
	v->levels[1] = (struct pid_level){{0, 501}, 2, 1};
	nodes[0] = (struct userns){
		.inode = 0xEFFFFFFD, .parent = -1, .members = members[0], .member_count = 1};
	nodes[1] = (struct userns){.inode = 500,
				   .parent = 0,
				   .depth = 1,
				   .owner = {0, 1001},
				   .members = members[1],
				   .member_count = 2};
	v->tree = (struct userns_tree){.nodes = nodes, .count = 2, .unreadable = 3};
}

static const char process_picture[] =
	"PID 4711  sleep 1000\n"
	"inside uid 0 gid 0   here uid 1001 (dev) gid 1001   you uid 1001 (dev)\n"
	"\n"
	"── NAMESPACES: its and yours ───────────────────────────────────────────────────\n"
	"          its                     yours                of user namespace\n"
	"  user    500                  ≠  4026531837 initial\n"
	"  pid     501                  ≠  4026531836 initial   its own\n"
	"  mnt     502                  ≠  12                   its own\n"
	"  net     503                  =  503                  4026531837 yours\n"
	"  ipc     504                  ≠  14                   its own\n"
	"  uts     505                  ≠  15                   its own\n"
	"  cgroup  506                  ≠  16                   its own\n"
	"\n"
	"── IDS: inside and here ────────────────────────────────────────────────────────\n"
	"       inside                             here\n"
	"       ┌─────────┐                        ┌───────────────┐\n"
	"  ids  │ 0       ├────────────────────────┤ 1001 (dev)    │\n"
	"       │ 1-65536 ├────────────────────────┤ 100000-165535 │\n"
	"       └─────────┘                        └───────────────┘\n"
	"  read by you     0 1001 1 · 1 100000 65536\n"
	"  read inside     0 1001 1 · 1 100000 65536\n"
	"                  Both read the same: the file shows the ids of the parent\n"
	"                  namespace, and that is yours.\n"
	"\n"
	"── PIDS: one process, a number at each level ───────────────────────────────────\n"
	"  pid namespace                     its pid   its parent\n"
	"  4026531836 initial yours          4711      4710 rootlet-init\n"
	"  └─ 501                            2         1\n"
	"\n"
	"── USER NAMESPACES: who is below whom ──────────────────────────────────────────\n"
	"  4026531837 initial, yours  owner 0 (root)\n"
	"  │  bash 700\n"
	"  └─ 500  owner 1001 (dev)  ◀ it is here\n"
	"        sleep 4711, rootlet-init 4710\n"
	"  3 processes are not readable for you\n"
	"\n"
	"── CAPABILITIES: what it holds, what that is worth ─────────────────────────────\n"
	"  effective    chown dac_override\n"
	"  permitted    the same\n"
	"  inheritable  none\n"
	"  bounding     all\n"
	"  ambient      none\n"
	"  count on     mnt pid ipc uts cgroup\n"
	"  not on       net\n"
	"  on the host  nothing: outside its user namespace it is a plain user\n"
	"\n"
	"── WHAT HOLDS IT ───────────────────────────────────────────────────────────────\n"
	"  no_new_privs  on: no setuid program can give it anything\n"
	"  seccomp       filter: 1 loaded\n"
	"  cgroup        /user.slice\n";

static void process__is_drawn_at_80_columns(void **state)
{
	const struct picture_options o = {.width = 80};
	struct process_view v;
	struct userns nodes[2];

	make_process(&v, nodes);
	assert_int_equal(process_print_text(&v, &o, &out), 0);
	assert_string_equal(out.data, process_picture);
}

/* In ASCII every line stands where it stood, and there is no other byte. */
static void process__ascii_is_the_same_picture(void **state)
{
	const struct picture_options o = {.width = 80, .ascii = true};
	struct process_view v;
	struct userns nodes[2];
	const char *p = process_picture;

	make_process(&v, nodes);
	assert_int_equal(process_print_text(&v, &o, &out), 0);
	for (const char *q = out.data; *q; q++, p++) {
		assert_in_range((unsigned char)*q, '\n', '~');
		if ((unsigned char)*p < 0x80)
			assert_int_equal(*p, *q);
		while ((p[1] & 0xc0) == 0x80)
			p++;
	}
	assert_int_equal(*p, 0);
	assert_non_null(strstr(out.data, "  user    500                  #  4026531837 initial"));
	assert_non_null(strstr(out.data, "| 1-65536 +------------------------+ 100000-165535 |"));
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t columns = 0;

		for (; *text && *text != '\n'; text++)
			columns += ((unsigned char)*text & 0xc0) != 0x80;
		longest = columns > longest ? columns : longest;
		text += *text == '\n';
	}
	return longest;
}

static void process__fits_every_width(void **state)
{
	struct process_view v;
	struct userns nodes[2];

	make_process(&v, nodes);
	v.command =
		"a-command-with-a-name-that-is-so-long-that-no-line-of-any-usual-terminal-could-"
		"hold-all-of-it-without-being-cut-somewhere-near-its-end-as-must-be-seen-here-"
		"by-this-test-of-every-width-up-to-two-hundred-columns";
	for (size_t width = 40; width <= 200; width++) {
		const struct picture_options o = {.width = width};

		buffer_release(&out);
		assert_int_equal(process_print_text(&v, &o, &out), 0);
		assert_int_equal(longest_line(out.data), width);
	}
}

static void process__what_may_not_be_read_is_said_to_be(void **state)
{
	const struct picture_options o = {.width = 80};
	struct process_view v;
	struct userns nodes[2];

	make_process(&v, nodes);
	for (int i = 0; i < NS_KIND_COUNT; i++)
		v.ns[i].its.error = v.ns[i].owner.error = -EACCES;
	v.status.uid[1] = 0;
	v.node = -1;
	v.uid.error = v.gid.error = -EACCES;
	v.parent_known = false;
	assert_int_equal(process_print_text(&v, &o, &out), 0);
	assert_non_null(strstr(out.data, "user    not readable for you ?  4026531837"));
	assert_non_null(strstr(out.data, "Not readable for you: it belongs to 0 (root)."));
	assert_non_null(strstr(out.data, "its id map: not readable for you"));
	assert_non_null(strstr(out.data, "on the host  not readable for you"));
}

static void process__a_map_without_our_ids_is_drawn_as_such(void **state)
{
	const struct picture_options o = {.width = 80};
	struct id_extent hidden = {7, 0xffffffff, 2};
	struct process_view v;
	struct userns nodes[2];

	make_process(&v, nodes);
	v.uid.map.count = 1;
	v.uid.hidden = (struct idmap){&hidden, 1};
	assert_int_equal(process_print_text(&v, &o, &out), 0);
	assert_non_null(strstr(out.data, "│ 7-8 ├────────────────────────┤ not an id of yours │"));
	assert_non_null(strstr(out.data, "  gid  │ 0       ├"));
}

static void process__json_has_its_keys(void **state)
{
	static const struct {
		const char *pointer, *value;
	} rows[] = {
		{"/version", "1"},
		{"/kind", "\"process\""},
		{"/pid", "4711"},
		{"/self", "false"},
		{"/you/pid", "700"},
		{"/ids/uid/effective", "{\"here\":1001,\"inside\":0}"},
		{"/namespaces/0",
		 "{\"type\":\"user\",\"inode\":500,\"yours\":4026531837,\"same\":false,"
		 "\"owner\":500,\"error\":null}"},
		{"/namespaces/3/same", "true"},
		{"/maps/uid/here/1", "{\"inside\":1,\"outside\":100000,\"count\":65536}"},
		{"/maps/same_as_yours", "false"},
		{"/user_namespaces/1/parent", "4026531837"},
		{"/user_namespaces/1/members/1", "{\"pid\":4711,\"uid\":1001,\"name\":\"sleep\"}"},
		{"/unreadable_processes", "3"},
		{"/capabilities/effective", "[\"chown\",\"dac_override\"]"},
		{"/capabilities/count_on", "[\"mnt\",\"pid\",\"ipc\",\"uts\",\"cgroup\"]"},
		{"/capabilities/not_on", "[\"net\"]"},
		{"/capabilities/on_host", "false"},
		{"/pids", "[{\"namespace\":4026531836,\"pid\":4711,\"parent\":4710},"
			  "{\"namespace\":501,\"pid\":2,\"parent\":1}]"},
		{"/no_new_privs", "true"},
		{"/seccomp", "\"filter\""},
		{"/cgroup", "\"/user.slice\""},
	};
	struct process_view v;
	struct userns nodes[2];
	struct json_object *root;

	make_process(&v, nodes);
	v.command = "bad \xff";
	assert_int_equal(process_print_json(&v, &out), 0);
	root = json_tokener_parse(out.data);
	assert_non_null(root);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(json_at(root, rows[i].pointer), rows[i].value);
	assert_string_equal(json_at(root, "/command"), "\"bad \xef\xbf\xbd\"");
	json_object_put(root);
}

static size_t count_of(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

static void svg__is_self_contained(void **state)
{
	const struct picture_options o = {.width = 160};
	struct process_view v;
	struct userns nodes[2];

	make_process(&v, nodes);
	v.command = "<script>&";
	assert_int_equal(process_print_svg(&v, &o, &out), 0);
	assert_int_equal(strncmp(out.data, "<svg xmlns=\"http://www.w3.org/2000/svg\"", 39), 0);
	assert_int_equal(count_of(out.data, "http"), 1);
	assert_int_equal(count_of(out.data, "<script"), 0);
	assert_int_equal(count_of(out.data, "&lt;script&gt;&amp;"), 1);
	assert_int_equal(count_of(out.data, "<rect"), 1);
	assert_int_equal(count_of(out.data, "url("), 0);
	assert_int_equal(count_of(out.data, "<text"), count_of(out.data, "</text>"));
	assert_true(count_of(out.data, "<text") > 40);
	for (const char *p = out.data; *p; p++)
		assert_in_range((unsigned char)*p, '\n', '~');
}

#define test(function) cmocka_unit_test_teardown(function, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(canvas__what_is_too_long_is_cut),
		test(canvas__hostile_text_is_made_harmless),
		test(canvas__words_are_wrapped_below_each_other),
		test(canvas__colour_ends_with_its_line),
		test(process__is_drawn_at_80_columns),
		test(process__ascii_is_the_same_picture),
		test(process__fits_every_width),
		test(process__what_may_not_be_read_is_said_to_be),
		test(process__a_map_without_our_ids_is_drawn_as_such),
		test(process__json_has_its_keys),
		test(svg__is_self_contained),
	};

	return cmocka_run_group_tests_name("explain_draw", tests, NULL, NULL);
}
