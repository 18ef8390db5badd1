/* Every gate at once, from the inside: the probe under the defaults of run, with bait laid out, and
 * the verdict that docs/SECURITY.md promises for each of its attempts. That the probe can find what
 * it looks for is shown by the same attempts under --privileged and without a container.
 * capabilities_* but for two, chroot, ptrace_pid_1 and unshare_user are what a container may do.
 */
#include "harness.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct promise {
	const char *attempt;
	const char *verdict;	/* by default */
	const char *privileged; /* under --privileged; NULL: the same, or different by machine */
	const char *outside;	/* without a container; NULL likewise */
} promises[] = {
	{"capabilities_inheritable", "unset", NULL, NULL},
	{"capabilities_ambient", "unset", NULL, NULL},
	{"no_new_privs", "set", "unset", "unset"},
	{"seccomp_filter", "set", NULL, NULL},
	{"is_host_root", "hidden", NULL, NULL},
	{"groups", "unset", NULL, "set"},
	{"setuid_files_work", "denied", NULL, NULL},
	{"pid_1_more_rights", "unset", NULL, NULL},

	{"keyctl", "denied", NULL, NULL},
	{"add_key", "denied", NULL, NULL},
	{"bpf", "denied", NULL, NULL},
	{"perf_event_open", "denied", NULL, NULL},
	{"userfaultfd", "denied", "allowed", "allowed"},
	{"io_uring_setup", "denied", NULL, NULL},
	{"pidfd_getfd_pid_1", "denied", "allowed", NULL},
	{"kexec_load", "denied", NULL, NULL},
	{"open_by_handle_at", "denied", NULL, NULL},
	{"swapon", "denied", NULL, NULL},
	{"reboot", "denied", "allowed", NULL},
	{"settimeofday", "denied", NULL, NULL},
	{"init_module", "denied", NULL, NULL},
	{"syslog", "denied", NULL, NULL},
	{"quotactl", "denied", NULL, NULL},
	{"acct", "denied", NULL, NULL},
	{"iopl", "denied", NULL, NULL},
	{"personality", "denied", "allowed", "allowed"},
	{"fanotify_init", "denied", "allowed", NULL},
	{"set_mempolicy", "denied", NULL, NULL},
	{"sethostname", "denied", "allowed", NULL},
	{"socket_vsock", "denied", NULL, NULL},
	{"socket_alg", "denied", NULL, NULL},
	{"socket_audit", "denied", NULL, NULL},
	{"socket_packet", "denied", "allowed", NULL},
	{"socket_raw", "denied", "allowed", NULL},

	{"mount", "denied", "allowed", NULL},
	{"umount", "denied", "allowed", NULL},
	{"pivot_root", "denied", "allowed", NULL},
	{"fsopen", "denied", "allowed", NULL},
	{"unshare_mount", "denied", "allowed", NULL},
	{"unshare_net", "denied", "allowed", NULL},
	{"setns", "denied", "allowed", NULL},
	{"nested_unmask", "denied", NULL, NULL},
	{"nested_fresh_proc", "denied", "allowed", NULL},
	{"nested_remount_rw", "denied", NULL, NULL},
	{"nested_umount_root", "denied", NULL, NULL},

	{"write_root", "denied", NULL, NULL},
	{"write_usr", "denied", NULL, NULL},
	{"write_etc", "denied", NULL, NULL},
	{"read_etc_shadow", "hidden", NULL, NULL},
	{"read_home_file", "hidden", NULL, "visible"},
	{"read_host_tmp", "hidden", NULL, "visible"},
	{"read_proc_kcore", "hidden", NULL, NULL},
	{"read_proc_keys", "hidden", "visible", "visible"},
	{"read_proc_timer_list", "hidden", NULL, NULL},
	{"read_proc_interrupts", "hidden", "visible", "visible"},
	{"read_kernel_addresses", "hidden", NULL, NULL},
	{"read_dev_kmsg", "hidden", NULL, NULL},
	{"list_proc_acpi", "hidden", NULL, NULL},
	{"list_proc_scsi", "hidden", NULL, NULL},
	{"write_sysctls_of_host", "denied", NULL, NULL},
	{"write_sysctls_of_own", "denied", "allowed", NULL},
	{"write_proc_sysrq", "denied", NULL, NULL},
	{"write_sys", "denied", NULL, NULL},
	{"write_cgroup", "denied", NULL, NULL},
	{"see_cgroup_v1", "hidden", NULL, NULL},
	{"list_sys_firmware", "hidden", NULL, NULL},
	{"list_sys_debug", "hidden", NULL, NULL},
	{"list_sys_tracing", "hidden", NULL, NULL},
	{"list_sys_security", "hidden", NULL, NULL},
	{"list_sys_powercap", "hidden", NULL, NULL},
	{"devices", "hidden", NULL, "visible"},
	{"mknod", "denied", NULL, NULL},

	{"see_host_processes", "hidden", NULL, "visible"},
	{"read_others_environment", "hidden", NULL, NULL},
	{"kill_host_process", "denied", NULL, "allowed"},
	{"read_through_pid_1_root", "hidden", NULL, NULL},
	{"write_runtime_binary", "denied", NULL, NULL},
	{"connect_abstract_socket", "denied", NULL, "allowed"},
	{"connect_run_socket", "denied", NULL, "allowed"},
	{"connect_host_loopback", "denied", NULL, "allowed"},
	{"interfaces", "hidden", NULL, NULL},
	{"leaked_descriptors", "hidden", NULL, "visible"},
	{"leaked_variable", "hidden", NULL, "visible"},
};

/* ---- bait: this program is the host process, and holds the sockets ---- */

static char home[512];
static int sockets[3];

static int listening(int family, const struct sockaddr *address, socklen_t size)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && bind(fd, address, size) == 0 && listen(fd, 64) == 0);
	return fd;
}

static int listening_path(const char *path, bool abstract)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path + abstract, sizeof(a.sun_path) - abstract, "%s", path);
	return listening(
		AF_UNIX, (struct sockaddr *)&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract + strlen(path)));
}

static int listening_port(int *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t size = sizeof(a);
	int fd;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = listening(AF_INET, (struct sockaddr *)&a, sizeof(a));
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* The words for the probe. */
static const char *lay_bait(void)
{
	static char words[2048];
	char path[256], name[64];
	int fd, port;

	snprintf(home, sizeof(home), "%s/.rootlet-bait-XXXXXX", harness_expand("$HOME"));
	fd = mkstemp(home);
	assert_true(fd >= 0 && write(fd, "bait\n", 5) == 5);
	close(fd);
	snprintf(path, sizeof(path), "%s/socket", harness_directory());
	snprintf(name, sizeof(name), "rootlet-bait-%d", (int)getpid());
	sockets[0] = listening_path(path, false);
	sockets[1] = listening_path(name, true);
	sockets[2] = listening_port(&port);
	snprintf(words, sizeof(words),
		 "home=%s tmp=$T/bait run=%s abstract=%s port=%d pid=%d marker=gate_probe "
		 "secret=rootlet-secret",
		 home, path, name, port, (int)getpid());
	return words;
}

/* After a failed assertion too. */
static int end(void **state)
{
	for (int i = 0; i < 3; i++)
		if (sockets[i])
			close(sockets[i]);
	memset(sockets, 0, sizeof(sockets));
	unlink(home);
	return harness_teardown(state);
}

/* The probe's answer. Descriptor 7 and the variable LEAK are there for it to find. */
static struct json_object *probe(const char *how)
{
	const char *program = getenv("ROOTLET_PROBE");
	char script[4096], words[2048];
	const struct result *r;
	struct json_object *answer;

	if (!program)
		fail_msg("ROOTLET_PROBE must name the probe");
	snprintf(words, sizeof(words), "%s", lay_bait());
	snprintf(script, sizeof(script),
		 "P=%s; echo bait >$T/bait; export LEAK=rootlet-secret; exec 7<$T/bait; %s %s",
		 program, how, words);
	r = shell(script);
	expect_status(r, 0);
	answer = json_tokener_parse(r->out);
	if (!answer)
		fail_msg("no JSON from the probe: %s%s", r->out, r->err);
	return answer;
}

/* Says each difference, so that one run shows them all. */
static int compare(struct json_object *answer, size_t column, const char *but)
{
	int wrong = 0;

	for (size_t i = 0; i < sizeof(promises) / sizeof(promises[0]); i++) {
		const char *const wanted[] = {promises[i].verdict, promises[i].privileged,
					      promises[i].outside};
		struct json_object *row, *word;
		bool there = json_object_object_get_ex(answer, promises[i].attempt, &row) &&
			     json_object_object_get_ex(row, "verdict", &word);

		if (there && (!wanted[column] || strcmp(promises[i].attempt, but) == 0 ||
			      strcmp(json_object_get_string(word), wanted[column]) == 0))
			continue;
		print_error("%s: expected %s, got %s\n", promises[i].attempt,
			    wanted[column] ? wanted[column] : "any verdict",
			    there ? json_object_to_json_string(row) : "nothing");
		wrong++;
	}
	json_object_put(answer);
	return wrong;
}

#define IN_CONTAINER(options) "$R run " options " -v $P:/tmp/probe:ro / /tmp/probe"

static void gate_probe__every_promise_holds_by_default(void **state)
{
	assert_int_equal(compare(probe(IN_CONTAINER("")), 0, ""), 0);
}

/* All but one: the kernel forbids setgroups there (user_namespaces(7)), so groups stay. */
static void gate_probe__every_promise_holds_with_a_single_id(void **state)
{
	assert_int_equal(compare(probe(IN_CONTAINER("--userns single")), 0, "groups"), 0);
}

static void gate_probe__privileged_gives_what_the_defaults_withhold(void **state)
{
	assert_int_equal(compare(probe(IN_CONTAINER("--privileged")), 1, ""), 0);
}

static void gate_probe__the_bait_is_found_without_a_container(void **state)
{
	assert_int_equal(compare(probe("$P"), 2, ""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(gate_probe__every_promise_holds_by_default,
						harness_setup, end),
		cmocka_unit_test_setup_teardown(gate_probe__every_promise_holds_with_a_single_id,
						harness_setup, end),
		cmocka_unit_test_setup_teardown(
			gate_probe__privileged_gives_what_the_defaults_withhold, harness_setup,
			end),
		cmocka_unit_test_setup_teardown(gate_probe__the_bait_is_found_without_a_container,
						harness_setup, end),
	};

	return harness_main("gate_probe", tests, sizeof(tests) / sizeof(tests[0]));
}
