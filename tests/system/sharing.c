/* container:NAME: several containers in one namespace, pods among them, and what is refused. */
#include "life.h"

#include <stdio.h>
#include <string.h>

static void sharing__each_namespace_is_the_others(void **state)
{
	static const char *const options[] = {"network", "pid", "ipc", "uts"};
	static const char *const files[] = {"net", "pid", "ipc", "uts"};

	for (int i = 0; i < 4; i++) {
		char script[1024];

		snprintf(script, sizeof(script),
			 "$R run -d --name a / sleep 60 >id; $R run -d --name b --%s container:a / "
			 "sleep "
			 "60 >id; $R run -d --name c --%s=container:$(readlink $S/names/a | cut "
			 "-c1-12) / "
			 "sleep 60 >id; for n in user net pid ipc uts mnt cgroup; do "
			 "[ $(readlink /proc/$(first a)/ns/$n) = $(readlink /proc/$(first "
			 "b)/ns/$n) ] && "
			 "echo $n; done | sort | tr '\\n' ' '; "
			 "[ $(readlink /proc/$(first c)/ns/%s) = $(readlink /proc/$(first "
			 "a)/ns/%s) ] && "
			 "echo and c; cmp /proc/$(first a)/uid_map /proc/$(first b)/uid_map; "
			 "$R rm -f c b a; left",
			 options[i], options[i], files[i], files[i]);
		expect_out(life(script), i == 0	  ? "net user and c\nc\nb\na\n"
					 : i == 1 ? "pid user and c\nc\nb\na\n"
					 : i == 2 ? "ipc user and c\nc\nb\na\n"
						  : "user uts and c\nc\nb\na\n");
	}
}

static void sharing__the_user_namespace_alone(void **state)
{
	expect_out(life("$R run -d --userns keep-id:uid=7,gid=8 --name a / sleep 60 >id; "
			"$R run --userns container:a / sh -c 'readlink /proc/self/ns/user; cat "
			"/proc/self/uid_map' >b; [ $(head -1 b) = $(readlink /proc/$(first "
			"a)/ns/user) ] "
			"&& echo same; sed 1d b | diff - <($R exec a cat "
			"/proc/self/uid_map) && echo map; $R rm -f a; left"),
		   "same\nmap\na\n");
}

static void sharing__a_pod(void **state)
{
	need_program("python3");
	expect_out(
		life("$R run -d --name infra -h pod / sleep 60 >id; J='--network container:infra "
		     "--ipc "
		     "container:infra --uts container:infra --pid container:infra'; "
		     "$R run -d --name web $J / python3 -c '\n"
		     "import socket\n"
		     "s = socket.create_server((\"127.0.0.1\", 8080))\n"
		     "print(\"up\", flush=True)\n"
		     "while True: s.accept()[0].sendall(b\"hello from web\\n\")\n"
		     "' >id; said web up; $R run --name client $J / sh -c 'hostname; python3 -c \""
		     "import socket; print(socket.create_connection((\\\"127.0.0.1\\\", "
		     "8080)).recv(99).decode().strip())\"; ps -e -o args= | grep -c -e \"^sleep "
		     "60\" -e "
		     "\"^python3 -c\"; ping -c 1 -W 1 127.0.0.1 >/dev/null 2>&1 && echo ping' "
		     "2>&1; "
		     "$R exec web hostname; python3 -c 'import socket; "
		     "socket.create_connection((\"127.0.0.1\", 8080))' 2>&1 | tail -1 | cut -d' ' "
		     "-f1; "
		     "$R rm -f client web infra; left"),
		"pod\nhello from web\n2\nping\npod\nConnectionRefusedError:\nclient\nweb\ninfra\n");
}

/* The members' own ends do not end the others; the end of the one with the pid namespace does. */
static void sharing__who_ends_with_whom(void **state)
{
	expect_out(life("$R run -d --name a / sleep 60 >id; $R run -d --name b --pid container:a / "
			"sleep 61 >id; $R run -d --name c --network container:a / sleep 62 >id; "
			"$R kill b >id; $R wait b; $R exec a echo a lives; "
			"$R run -d --replace --name b --pid container:a / sleep 61 >id; $R kill a "
			">id; "
			"$R wait a b; $R exec c echo c lives; $R rm -f a b c; left"),
		   "137\na lives\n137\n137\nc lives\na\nb\nc\n");
}

/* What its command leaves running is the member's too, and no PID 1 ends with it. */
static void sharing__a_member_ends_whole(void **state)
{
	expect_out(
		life("$R run -d --name a / sleep 60 >id; for end in kill 'rm -f'; do "
		     "$R run -d --replace --name b --pid container:a / sh -c 'setsid sleep 61 & "
		     "setsid sleep 61 & sleep 61' >id; until [ $($R exec a ps -e -o args= | grep "
		     "-c '^sleep 61') = 3 ]; do sleep 0.02; done; $R $end b; "
		     "for i in 1 2 3 4 5 6 7 8 9 10; do n=$($R exec a ps -e -o args= | grep -c "
		     "'^sleep 61'); [ $n = 0 ] && break; sleep 0.1; done; echo $n; done; "
		     "$R rm -f a; left"),
		"b\n0\nb\n0\na\n");
}

static void sharing__what_cannot_be(void **state)
{
	static const struct {
		const char *options, *says;
	} rows[] = {
		{"--network container:a --pid container:b", "user namespace"},
		{"--network container:a --userns keep-id", "user namespace"},
		{"--network container:nosuch", "rootlet: container \"nosuch\": there is none"},
		{"--network container:over", "rootlet: over: is not running"},
		{"--network container:", "container:"},
		{"--network container:../a", "container:../a: names no container"},
	};
	char script[1024];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct result *r;

		snprintf(script, sizeof(script),
			 "$R run -d --name a / sleep 60 >id; $R run -d --name b / sleep 60 >id; "
			 "$R run -d --name over / true >id; $R wait over >id; "
			 "$R run %s / true; echo $?; $R run -d %s / true; echo $?; $R rm -f a b "
			 "over >id; "
			 "left",
			 rows[i].options, rows[i].options);
		r = life(script);
		expect_out(r, "125\n125\n");
		expect_error_has(r, 0, rows[i].says);
	}
}

/* A container that was started again has other namespaces: whoever names it gets those. */
static void sharing__follows_the_name_at_the_start(void **state)
{
	expect_out(life("$R run -d --name a / sleep 60 >id; $R run -d --name b --network "
			"container:a / "
			"sleep 60 >id; $R kill a b >id; $R wait a b; $R start b 2>err; echo $?; "
			"head -1 "
			"err; $R start a b >id; [ $(readlink /proc/$(first a)/ns/net) = $(readlink "
			"/proc/$(first b)/ns/net) ] && echo same; $R exec b true; echo $?; "
			"$R rm -f b a; left"),
		   "137\n137\n125\nrootlet: a: is not running\nsame\n0\nb\na\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(sharing__each_namespace_is_the_others),
		test(sharing__the_user_namespace_alone),
		test(sharing__a_pod),
		test(sharing__who_ends_with_whom),
		test(sharing__a_member_ends_whole),
		test(sharing__what_cannot_be),
		test(sharing__follows_the_name_at_the_start),
	};

	return harness_main("sharing", tests, sizeof(tests) / sizeof(tests[0]));
}
