"""podman: what a command is given and what becomes of it, lives from create to rm, and exec."""
import os
import time

from checks import Checks, Failed, Skipped, has, same, soon
from podman import IMAGE, missing, no_sleeper, nothing_left, open_bench, sleeper, status_line # pylint: disable=unused-import

checks = Checks()


# What a command is given, and what becomes of it

@checks
def run_shows_output(podman):
    same(podman.box(IMAGE, "echo", "hello", "world"), "hello world")


@checks
def run_takes_stdin(podman):
    same(podman.box("-i", IMAGE, "tr", "a-z", "A-Z", stdin="from outside\n"), "FROM OUTSIDE")


@checks
def run_keeps_stderr_apart(podman):
    result = podman("run", "--rm", "--network=none", IMAGE, "sh", "-c", "echo one; echo two >&2")
    same(result.stdout, "one\n")
    same(result.stderr, "two\n")


@checks
def run_passes_exit_status(podman):
    podman.box(IMAGE, "sh", "-c", "exit 37", status=37)


@checks
def run_125_when_podman_fails(podman):
    podman.box("--nonsense", IMAGE, status=125)


@checks
def run_126_when_it_cannot_be_invoked(podman):
    podman.box(IMAGE, "/etc/not-a-program", status=126)
    podman.box(IMAGE, "/etc", status=126)


@checks
def run_127_when_it_is_not_there(podman):
    for command in ("no-such-command", "/bin/no-such-command"):
        result = podman("run", "--rm", "--network=none", IMAGE, command, status=127)
        has(result.stderr, "no-such-command")


@checks
def run_in_the_background_says_it_too(podman):
    result = podman("run", "-d", "--network=none", IMAGE, "no-such-command", status=127)
    has(result.stderr, "no-such-command")
    podman.tidy()


@checks
def environment_directory_and_entrypoint(podman):
    same(podman.box("-e", "COLOUR=blue", "-w", "/var", "--entrypoint", "/bin/sh", IMAGE, "-c", "echo $COLOUR $PWD"),
         "blue /var")


@checks
def users(podman):
    same(podman.box("--user", "1000:1000", IMAGE, "id"), "uid=1000(web) gid=1000(web) groups=1000(web)")
    same(podman.box("--user", "web", IMAGE, "id", "-un"), "web")
    same(podman.box("--user", "nobody", "--group-add", "1000", IMAGE, "id", "-G"), "65534 1000")


@checks
def limits(podman):
    same(podman.box("--ulimit", "nofile=123:456", IMAGE, "sh", "-c", "ulimit -n; ulimit -Hn"), "123\n456")
    same(podman.box("--ulimit", "core=0", IMAGE, "sh", "-c", "ulimit -c"), "0")


@checks
def hostname(podman):
    same(podman.box("--hostname", "lighthouse", IMAGE, "hostname"), "lighthouse")


@checks
def umask(podman):
    same(podman.box("--umask", "0077", IMAGE, "sh", "-c", "umask"), "0077")


@checks
def oom_score(podman):
    same(podman.box("--oom-score-adj", "700", IMAGE, "cat", "/proc/self/oom_score_adj"), "700")


@checks
def sysctl(podman):
    same(podman.box("--sysctl", "net.ipv4.ip_unprivileged_port_start=80", IMAGE,
                    "cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"), "80")
    result = podman("run", "--rm", "--network=none", "--sysctl", "kernel.no_such_thing=1", IMAGE, "true", status=None)
    if result.returncode == 0:
        raise Failed("a sysctl that is not there was accepted")


@checks
def an_init_of_podmans(podman):
    if podman.run("which", "catatonit", status=None).returncode != 0:
        raise Skipped("catatonit is not installed")
    has(podman.box("--init", IMAGE, "ps", "-o", "pid,comm"), "podman-init")


@checks
def descriptors_from_outside(podman):
    same(podman.out("sh", "-c", f"exec 3</etc/hostname; podman run --rm --network=none --preserve-fds=1 {IMAGE} "
                                "readlink /proc/self/fd/3"), "/etc/hostname")


@checks
def nothing_else_is_open(podman):
    # ls has its own for the folder.
    same(podman.box(IMAGE, "sh", "-c", "ls /proc/self/fd | tr '\\n' ' '"), "0 1 2 3")


# Terminals

@checks
def terminal_of_its_own(podman):
    seen = podman.terminal(["podman", "run", "--rm", "-it", "--network=none", IMAGE, "sh"],
                           [("# ", "tty; stty size\n"), ("# ", "exit 5\n")], status=5)
    has(seen, "/dev/pts/0")
    has(seen, "33 101")


@checks
def terminal_interrupt(podman):
    seen = podman.terminal(["podman", "run", "--rm", "-it", "--network=none", IMAGE, "sh", "-c",
                            "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.1; done"],
                           [("ready", "\x03")], status=9)
    has(seen, "caught")


@checks
def terminal_detach_and_attach(podman):
    podman.terminal(["podman", "run", "-it", "--name", "tty", "--network=none", IMAGE, "sh"],
                    [("# ", "echo o''ne\n"), ("one\r\n", "\x10"), ("", "\x11")])
    same(podman.state("tty"), "running")
    seen = podman.terminal(["podman", "attach", "tty"], [("", "echo t''wo\n"), ("two\r\n", "exit\n")])
    has(seen, "two")
    podman("rm", "tty")


@checks
def terminal_output_is_logged(podman):
    podman("run", "-dt", "--name", "log", "--network=none", IMAGE, "sh", "-c", "test -t 1 && echo a terminal")
    podman("wait", "log")
    has(podman("logs", "log").stdout, "a terminal")
    podman("rm", "log")


# A life

@checks
def detached_with_logs(podman):
    podman("run", "-d", "--name", "d", "--network=none", IMAGE, "sh", "-c", "echo out; echo err >&2; exit 4")
    same(podman.out("podman", "wait", "d"), "4")
    result = podman("logs", "d")
    same((result.stdout, result.stderr), ("out\n", "err\n"))
    same(podman.state("d"), "exited")
    podman("rm", "d")


@checks
def create_then_start(podman):
    podman("create", "--name", "c", "--network=none", IMAGE, "echo", "started")
    same(podman.state("c"), "created")
    same(podman.out("podman", "start", "-a", "c"), "started")
    same(podman.out("podman", "start", "-a", "c"), "started")
    podman("rm", "c")


@checks
def init_then_start(podman):
    podman("create", "--name", "c", "--network=none", IMAGE, "echo", "started")
    podman("init", "c")
    same(podman.state("c"), "initialized")
    same(podman.out("podman", "start", "-a", "c"), "started")
    podman("rm", "c")


@checks
def init_then_remove(podman):
    podman("create", "--name", "c", "--network=none", IMAGE, "echo", "started")
    podman("init", "c")
    podman("rm", "-f", "-t0", "c")


@checks
def stop_lets_it_end(podman):
    podman("run", "-d", "--name", "s", "--network=none", IMAGE, "sh", "-c",
           "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.1; done")
    soon(lambda: "ready" in podman("logs", "s").stdout, "the trap is set")
    podman("stop", "s")
    same(podman.out("podman", "inspect", "--format", "{{.State.ExitCode}}", "s"), "3")
    has(podman("logs", "s").stdout, "bye")
    podman("rm", "s")


@checks
def stop_kills_what_does_not_listen(podman):
    podman("run", "-d", "--name", "s", "--network=none", IMAGE, "sleep", "1000")
    podman("stop", "-t", "0", "s")
    same(podman.out("podman", "inspect", "--format", "{{.State.ExitCode}}", "s"), "137")
    podman("rm", "s")


@checks
def kill_sends_a_signal(podman):
    podman("run", "-d", "--name", "k", "--network=none", IMAGE, "sh", "-c",
           "trap 'echo usr1; exit 0' USR1; echo ready; while :; do sleep 0.1; done")
    soon(lambda: "ready" in podman("logs", "k").stdout, "the trap is set")
    podman("kill", "-s", "USR1", "k")
    same(podman.out("podman", "wait", "k"), "0")
    has(podman("logs", "k").stdout, "usr1")
    result = podman("kill", "k", status=125)
    has(result.stderr, "can only kill running containers")
    podman("rm", "k")


@checks
def restart(podman):
    podman("run", "-d", "--name", "r", "--network=none", IMAGE, "sleep", "1000")
    before = podman.out("podman", "inspect", "--format", "{{.State.Pid}}", "r")
    podman("restart", "-t", "0", "r")
    after = podman.out("podman", "inspect", "--format", "{{.State.Pid}}", "r")
    same(podman.state("r"), "running")
    if before == after:
        raise Failed("the same process after a restart")
    podman("rm", "-f", "-t0", "r")


@checks
def restart_policy(podman):
    podman("run", "-d", "--name", "p", "--network=none", "--restart", "on-failure:2", IMAGE, "sh", "-c", "echo try; exit 1")
    soon(lambda: podman("logs", "p").stdout.count("try") == 3, "tried three times")
    podman("rm", "-f", "-t0", "p")


@checks
def remove_by_force(podman):
    podman("run", "-d", "--name", "f", "--network=none", IMAGE, "sleep", "1000")
    pid = int(podman.out("podman", "inspect", "--format", "{{.State.Pid}}", "f"))
    podman("rm", "-f", "-t0", "f")
    soon(lambda: not os.path.exists(f"/proc/{pid}"), "its process is gone")
    podman("container", "inspect", "f", status=125)


@checks
def pause_and_unpause(podman):
    podman("run", "-d", "--name", "p", "--network=none", "--cgroup-parent", "/pausing", IMAGE, "sh", "-c",
           "while :; do echo beat; sleep 0.02; done")
    soon(lambda: "beat" in podman("logs", "p").stdout, "it runs")
    podman("pause", "p")
    same(podman.state("p"), "paused")
    before = podman("logs", "p").stdout
    time.sleep(0.3)
    same(podman("logs", "p").stdout, before)
    podman("unpause", "p")
    soon(lambda: podman("logs", "p").stdout != before, "it goes on")
    podman("rm", "-f", "-t0", "p")


@checks
def several_at_once(podman):
    script = f"""for i in 1 2 3 4 5 6; do podman run --rm --network=none {IMAGE} echo n$i & done; wait"""
    same(sorted(podman.out("sh", "-c", script).split()), ["n1", "n2", "n3", "n4", "n5", "n6"])


@checks
def main_process_dies_by_itself(podman):
    podman("run", "-d", "--name", "k", "--network=none", IMAGE, "sh", "-c", "sleep 1000 & sleep 1000 & wait")
    pid = int(podman.out("podman", "inspect", "--format", "{{.State.Pid}}", "k"))
    podman("unshare", "kill", "-9", str(pid))
    same(podman.out("podman", "wait", "k"), "137")
    podman("rm", "k")


# exec

@checks
def exec_basics(podman):
    sleeper(podman, "-e", "FROM=run")
    same(podman.out("podman", "exec", "e", "echo", "inside"), "inside")
    podman("exec", "e", "sh", "-c", "exit 41", status=41)
    same(podman.out("podman", "exec", "-i", "e", "cat", stdin="typed\n"), "typed")
    same(podman.out("podman", "exec", "-e", "A=b", "-w", "/etc", "-u", "web", "e", "sh", "-c", "echo $FROM $A $PWD; id -un"),
         "run b /etc\nweb")
    same(podman.out("podman", "exec", "e", "readlink", "/proc/1/ns/pid"),
         podman.out("podman", "exec", "e", "readlink", "/proc/self/ns/pid"))
    no_sleeper(podman)


@checks
def exec_failures(podman):
    sleeper(podman)
    podman("exec", "e", "no-such-command", status=127)
    podman("exec", "e", "/etc/not-a-program", status=126)
    podman("exec", "-w", "/no/such/folder", "e", "true", status=127)
    no_sleeper(podman)
    podman("exec", "e", "true", status=125)


@checks
def exec_in_the_background(podman):
    sleeper(podman)
    podman("exec", "-d", "e", "sh", "-c", "echo done >/tmp/mark")
    soon(lambda: podman("exec", "e", "cat", "/tmp/mark", status=None).stdout == "done\n", "it ran")
    no_sleeper(podman)


@checks
def exec_on_a_terminal(podman):
    sleeper(podman)
    seen = podman.terminal(["podman", "exec", "-it", "e", "sh"], [("# ", "stty size; tty\n"), ("# ", "exit 6\n")], status=6)
    has(seen, "33 101")
    has(seen, "/dev/pts/")
    no_sleeper(podman)


@checks
def exec_powers(podman):
    sleeper(podman, "--cap-drop=ALL", "--security-opt=no-new-privileges")
    text = podman.out("podman", "exec", "e", "cat", "/proc/self/status")
    same(status_line(text, "CapEff"), "0000000000000000")
    same(status_line(text, "NoNewPrivs"), "1")
    same(status_line(text, "Seccomp"), "2")
    text = podman.out("podman", "exec", "--privileged", "e", "cat", "/proc/self/status")
    if int(status_line(text, "CapEff"), 16) == 0:
        raise Failed("exec --privileged has no capabilities")
    no_sleeper(podman)


@checks
def exec_leaves_nothing(podman):
    sleeper(podman)
    for _ in range(3):
        podman("exec", "e", "true")
    same(podman.out("podman", "exec", "e", "sh", "-c", "grep -l '^State:.Z' /proc/[0-9]*/status | wc -l"), "0")
    no_sleeper(podman)


@checks
def healthcheck(podman):
    podman("run", "-d", "--name", "h", "--network=none", "--health-cmd", "test -e /tmp/well", "--health-interval", "disable",
           "--health-retries", "1", IMAGE, "sleep", "1000")
    podman("healthcheck", "run", "h", status=1)
    podman("exec", "h", "touch", "/tmp/well")
    podman("healthcheck", "run", "h")
    same(podman.out("podman", "inspect", "--format", "{{.State.Health.Status}}", "h"), "healthy")
    podman("rm", "-f", "-t0", "h")


@checks
def nothing_is_left(podman):
    nothing_left(podman)
