#!/usr/bin/env python3
"""`rootlet demo`: every demonstration is played as an ordinary user, graded again here, and its facts are compared
with what this program sees by itself. Then the frame: failing checks, missing programs, mistakes in a text,
pauses, and that nothing is left behind when one is broken off.

    demos.py --rootlet build/src/cli/rootlet --demos docs/demos [--user NAME] [TEST…]

Run by root it becomes --user (or ROOTLET_TEST_USER)."""
import argparse
import json
import os
import pathlib
import pty
import pwd
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

ROOTLET = DEMOS = None


def ns(name):
    return os.readlink(f"/proc/self/ns/{name}")


def demo(*arguments, status=0, timeout=120, **more):
    result = subprocess.run([ROOTLET, "demo", *arguments], capture_output=True, text=True, timeout=timeout,
                            stdin=subprocess.DEVNULL, check=False, **more)
    if status is not None:
        assert result.returncode == status, f"status {result.returncode}, not {status}: {result.stderr[-500:]}"
    return result


def write(folder, text):
    path = pathlib.Path(folder) / "try.demo"
    path.write_text(text)
    return str(path)


# ---- what each demonstration shows, seen by other eyes ----

def first_subid():
    name = pwd.getpwuid(os.getuid()).pw_name
    for line in pathlib.Path("/etc/subuid").read_text().splitlines():
        owner, start, _ = line.split(":")
        if owner in (name, str(os.getuid())):
            return int(start)
    return None


def uptime_near(text):
    return abs(float(pathlib.Path("/proc/uptime").read_text().split()[0]) - int(text)) < 120


def saw_root_remap(f):
    assert f["outer_uid"] == f["map_root"] == f["file_root"] == str(os.getuid())
    assert f["host_ns"] == ns("user") != f["inner_ns"]
    assert first_subid() is None or int(f["map_start"]) == first_subid()
    assert int(f["file_33"]) == int(f["map_start"]) + 32
    for victim in (f["victim"], f["reachable"]):
        assert not os.path.exists(f"/proc/{victim}"), "it outlived its demonstration"


def saw_pid(f):
    assert f["host_one"] == f["bare_one"] == pathlib.Path("/proc/1/comm").read_text().strip()
    assert int(f["inner_count"]) <= 8 and int(f["bare_count"]) > 3
    assert not os.path.exists(f"/proc/{f['victim']}"), "the victim outlived its demonstration"
    assert not os.path.exists(f"/proc/{f['box']}")


def saw_uts(f):
    assert f["host_name"] == f["host_name_after"] == os.uname().nodename and f["host_ns"] == ns("uts")


def saw_ipc(f):
    assert f["host_ns"] == f["user_only_ns"] == ns("ipc")
    left = pathlib.Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    assert f["segment"] not in [line.split()[1] for line in left], "the segment is still there"


def saw_mount(f):
    assert f["host_ns"] == ns("mnt") != f["inner_ns"]
    assert "rootlet-demo" not in pathlib.Path("/proc/self/mountinfo").read_text()


def saw_user(f):
    assert f["single_outer"] == f["nest_from_host"] == f["me"] == str(os.getuid())
    if "range_start" in f:
        assert int(f["file_outside"]) == int(f["range_start"]) + 32


def saw_cgroup(f):
    assert f["host_ns"] == ns("cgroup") != f["inner_ns"]
    own = pathlib.Path("/proc/self/cgroup").read_text()
    assert ("above" in f) == (re.search(":/.", own) is not None and own != pathlib.Path("/proc/1/cgroup").read_text())
    assert "host_path" not in f or f":{f['host_path']}\n" in own


def saw_time(f):
    assert f["host_ns"] == ns("time") and uptime_near(f["host_up"])
    assert uptime_near(int(f["inner_up"]) - 86400) and abs(int(f["inner_date"]) - time.time()) < 120


def saw_net(f):
    assert f["host_ns"] == ns("net") and len({f["host_ns"], f["red_ns"], f["blue_ns"]}) == 3
    assert f["red_to_blue"] == f["blue_to_red"] == "2"
    assert not any(name.startswith(("veth0", "veth1")) for name in os.listdir("/sys/class/net"))


def saw_clone(f):
    assert f["mine_before"] == f["mine_after"] == ns("uts") and f["own_pid_ns"] == ns("pid")
    assert f["entered"] == f["joined"] == f["target"] != ns("uts")


def saw_chroot_escape(f):
    assert (f["chroot_after"], f["pivot_after"]) == ("I see it", "nothing there")


def saw_capabilities(f):
    own = re.search(r"CapEff:\s+(\w+)", pathlib.Path("/proc/self/status").read_text())[1]
    assert f["host_caps"] == own
    last = int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text())
    assert int(f["all_caps"], 16) == (1 << (last + 1)) - 1
    assert bin(int(f["run_caps"], 16)).count("1") == 11


def saw_seccomp(f):
    own = re.search(r"Seccomp:\s+(\d)", pathlib.Path("/proc/self/status").read_text())[1]
    assert f["host_mode"] == f["unshare_mode"] == own
    assert f["with"] == f["filter_closed"] == os.strerror(18)


def saw_cannot_break(f):
    assert f["machine_after"] != "sh" and f["user_after"] == f["host_after"] == "sh"
    assert os.path.exists("/bin/sh") and os.path.exists(f"/proc/{os.getpid()}/status")


SAW = {"root-remap": saw_root_remap, "pid": saw_pid, "uts": saw_uts, "ipc": saw_ipc, "mount": saw_mount,
       "user": saw_user, "cgroup": saw_cgroup, "time": saw_time, "net": saw_net, "clone": saw_clone,
       "chroot-escape": saw_chroot_escape, "capabilities": saw_capabilities, "seccomp": saw_seccomp,
       "cannot-break-the-host": saw_cannot_break}


def holds(value, relation, expected):
    if value is None:
        return False
    return {"=": lambda: value == expected, "!=": lambda: value != expected, "has": lambda: expected in value,
            "lacks": lambda: expected not in value, "<": lambda: int(value) < int(expected),
            ">": lambda: int(value) > int(expected)}[relation]()


def played(name, seen):
    report = json.loads(demo("--no-pause", "--json", name).stdout)
    assert report["demo"] == name and report["result"] == "pass", report.get("reason")
    for check in report["checks"]:
        assert check["pass"] == holds(check["value"], check["relation"], check["expected"]), check
        # A fact may be captured anew, so the report's is the last.
        assert check["fact"] in report["facts"], check
    assert report["passed"] == len(report["checks"]) > 1 and report["failed"] == 0
    for step in report["steps"]:
        assert step["commands"] or "left_out" in step or step is report["steps"][-1], step["step"]
    seen(report["facts"])


# ---- the frame ----

def demo_commands(source):
    """Of a text, as README.md says: a word that is run, and the indented lines below it."""
    found, open_item = [], False
    for line in source.splitlines():
        if line[:1] in ("\t", " "):
            if open_item:
                found[-1] += "\n" + line[1:]
            continue
        word, _, rest = line.partition(":")
        open_item = word in ("inside", "host", "both", "start", "when", "finally")
        if open_item:
            found.append(rest.strip())
    return found


def test_list():
    names = [row["demo"] for row in json.loads(demo("--list", "--json").stdout)]
    assert set(names) == {path.stem for path in pathlib.Path(DEMOS).glob("*.demo")} == set(SAW)
    text = demo("--list").stdout
    assert all(f"  {name} " in text for name in names)
    assert demo().stdout == text


def test_script_runs_nothing():
    for name in SAW:
        with tempfile.TemporaryDirectory() as folder:
            text = demo("--script", name, env={**os.environ, "TMPDIR": folder, "PATH": "/nowhere"}).stdout
            assert os.listdir(folder) == []
        source = (pathlib.Path(DEMOS) / f"{name}.demo").read_text()
        flat = " ".join(text.split())
        for step in re.findall(r"^step: (.*)$", source, re.MULTILINE):
            assert step in text, step
        for words in re.findall(r"^check: .* -- (.*)$", source, re.MULTILINE):
            assert words in flat, words
        assert "Rule: " in text and "\033" not in text
        for command in demo_commands(source):
            subprocess.run(["sh", "-n", "-c", command], check=True)  # also those that could not be played here
        commands = re.findall(r"^ *(?:\w+ +)?[$>] (.*)$", text, re.MULTILINE)
        assert len(commands) > 3 and max(map(len, commands)) <= 76, max(commands, key=len)  # 80 columns


def test_failing_check_is_status_1():
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, "title: t\nstep: s\nhost: echo one\nfact: a = output\n"
                     "check: a = two -- wrong\ncheck: a = one -- right\ncheck: nobody = 1 -- unknown\n")
        report = json.loads(demo("--json", path, status=1).stdout)
        assert (report["result"], report["passed"], report["failed"]) == ("fail", 1, 2)
        assert [check["pass"] for check in report["checks"]] == [False, True, False]
        text = demo("--no-pause", path, status=1).stdout
        assert "2 of 3 facts are not as said" in text and "expected: two" in text


def test_missing_program_is_skipped():
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, "title: t\nneed: no-such-program nice-package\nstep: s\nhost: touch ran\n")
        report = json.loads(demo("--json", path, status=77).stdout)
        assert (report["result"], report["missing"], report["install"]) == \
            ("skipped", "no-such-program", "nice-package")
        assert "nice-package" in demo(path, status=77).stdout
        path = write(folder, "title: t\nwhen: false\notherwise: not on a Monday\nstep: s\nhost: true\n")
        assert json.loads(demo("--json", path, status=77).stdout)["reason"] == "not on a Monday"


def test_step_left_out():
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, "title: t\nstep: a\nwhen: false\notherwise: not here\nhost: echo x\nfact: x = output\n"
                     "step: b\nhost: echo $x-\nfact: y = output\ncheck: y = -\n")
        report = json.loads(demo("--json", path).stdout)
        assert report["steps"][0]["left_out"] == "not here" and report["steps"][0]["commands"] == []
        assert report["facts"] == {"y": "-"}


RECORDED = """title: t
step: a
when: false
otherwise: not here
recorded: 2020-02-02, engine 7
record: x = 5
host: echo 6
fact: x = output
rule: five is five
step: b
host: echo live
fact: y = output
check: y = live
table: | engine
row: x | $x
"""


def test_recorded_is_marked_and_not_graded():
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, RECORDED)
        report = json.loads(demo("--json", path).stdout)
        text = demo("--no-pause", path).stdout
        live = demo("--no-pause", write(folder, RECORDED.replace("when: false", "when: true"))).stdout
    first = report["steps"][0]
    assert first["recorded"] == {"source": "2020-02-02, engine 7", "facts": {"x": "5"}} and first["left_out"] == "not here"
    assert report["facts"] == {"y": "live"} and report["passed"] == 1 and report["table"] == ["| engine", "x | 5 *"]
    assert "5 *" in text and "* not seen here: recorded 2020-02-02, engine 7" in text and "Rule: five is five" in text
    assert "6" in live and "*" not in live and "recorded" not in live
    with tempfile.TemporaryDirectory() as folder:
        wrong = write(folder, RECORDED.replace("x = 5", "x 5"))
        assert "NAME = VALUE" in demo("--no-pause", wrong, status=125).stderr


def test_docker_is_recorded_where_it_does_not_answer():
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "DOCKER_HOST": f"unix://{folder}/none"}
        report = json.loads(demo("--json", "root-remap", env=env).stdout)
        text = " ".join(demo("--no-pause", "root-remap", env=env).stdout.split())
    steps = [step for step in report["steps"] if "recorded" in step]
    assert len(steps) == 2 and all(re.match(r"\d{4}-\d\d-\d\d, docker [\d.]+", step["recorded"]["source"]) for step in steps)
    assert all(f"recorded {step['recorded']['source']}" in text for step in steps)
    docker, remap = (step["recorded"]["facts"] for step in steps)
    assert (docker["docker_outer"], docker["docker_shadow"]) == ("0", "reads shadow")
    assert int(remap["remap_file_33"]) == int(remap["remap_outer"]) + 33
    assert remap["remap_map"].split()[1] == remap["remap_outer"] and remap["remap_shadow"] == "Permission denied"
    for row in report["table"][1:]:
        assert [cell.strip().endswith("*") for cell in row.split("|")[1:]] == [False, True, True], row


def test_mistakes_name_the_line():
    with tempfile.TemporaryDirectory() as folder:
        for text, where in (("step: s\n", "line 1"), ("title: t\nsteep: s\n", "line 2"), ("title: t\nx\n", "line 2"),
                            ("title: t\nstep: s\nhost: true\nfact: a = /(/\n", "regular expression"),
                            ("title: t\nstep: s\nhost: true\ncheck: a ~ b\n", "NAME RELATION VALUE"),
                            ("title: t\nstep: s\nfact: PATH = output\n", "NAME = EXTRACTION")):
            assert where in demo("--no-pause", write(folder, text), status=125).stderr, text
    assert "demo --list" in demo("nothing-like-it", status=125).stderr
    assert "no such option" in demo("--nonsense", status=125).stderr


def test_plain_output():
    text = demo("--no-pause", "uts", env={**os.environ, "LC_ALL": "C", "COLUMNS": "60"}).stdout
    assert text.isascii() and "\033" not in text
    assert max(len(line) for line in text.splitlines() if line[:3] not in ("  $", "  >")) <= 60
    text = demo("--no-pause", "--color=always", "uts", env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout
    assert "\033[1m" in text and "inside │" in text
    hostile = "title: t\nstep: s\nhost: printf 'a\\033[31mb\\n'\n"
    with tempfile.TemporaryDirectory() as folder:
        assert "\033" not in demo("--no-pause", write(folder, hostile)).stdout


def test_long_lines_break_between_words():
    words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, f"title: t\nstep: s\nhost: echo '{words}'; printf %060d 0\n")
        text = demo("--no-pause", path, env={**os.environ, "LC_ALL": "C", "COLUMNS": "50"}).stdout
    lines = [line[len("    host   | "):] for line in text.splitlines() if line.startswith("    host   | ")]
    assert len(lines) == 5 and max(map(len, lines)) <= 37, lines
    assert [word for line in lines[:3] for word in line.split()] == words.split(), lines
    assert "".join(lines[3:]) == "0" * 60, lines  # what has no blank is cut


def processes(word):
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and word in pathlib.Path(f"/proc/{entry}/cmdline").read_bytes():
                found.append(int(entry))
        except OSError:
            pass
    return found


def everything_gone(folder, word):
    for _ in range(50):
        if not processes(word) and not [name for name in os.listdir(folder) if name.startswith("rootlet-demo")]:
            return True
        time.sleep(0.1)
    return False


# The seconds are a mark by which the processes are found.
LONG = """title: t
step: s
start: rootlet run --pidfile box.pid / sh -c 'sleep SECONDS & sleep SECONDS'
until: box.pid box
start: rootlet unshare -p --pidfile two.pid sleep SECONDS
until: two.pid two
inside: rootlet run -v "$PWD" / sh -c "mkdir -p $PWD/d/e; chown -R 33:33 $PWD/d; chmod 700 $PWD/d"
host: (setsid sleep SECONDS >/dev/null 2>&1 &) ; sleep SECONDS
"""


def test_broken_off_leaves_nothing():
    for number, mark in ((signal.SIGINT, "98761"), (signal.SIGTERM, "98762"), (signal.SIGHUP, "98763")):
        with tempfile.TemporaryDirectory() as folder:
            path = write(folder, LONG.replace("SECONDS", mark))
            with subprocess.Popen([ROOTLET, "demo", "--no-pause", path], stdout=subprocess.PIPE, text=True,
                                  stdin=subprocess.DEVNULL, env={**os.environ, "TMPDIR": folder}) as child:
                for _ in range(100):
                    # the shell of the last command, both containers' and the stray one
                    if len(processes(mark.encode())) >= 6:
                        break
                    time.sleep(0.1)
                else:
                    child.kill()
                    raise AssertionError(f"it did not get so far: {processes(mark.encode())}")
                child.send_signal(number)
                out, _ = child.communicate(timeout=30)
            assert child.returncode == 128 + number, child.returncode
            assert "Nothing is left behind" in out
            assert everything_gone(folder, mark.encode()), (processes(mark.encode()), os.listdir(folder))


def test_killed_leaves_nothing():
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, LONG.replace("SECONDS", "98766"))
        with subprocess.Popen([ROOTLET, "demo", "--no-pause", path], stdout=subprocess.DEVNULL,
                              stdin=subprocess.DEVNULL, env={**os.environ, "TMPDIR": folder}) as child:
            end = time.time() + 10
            while len(processes(b"98766")) < 6 and time.time() < end:
                time.sleep(0.1)
            seen = len(processes(b"98766"))
            child.kill()
        assert seen >= 6 and everything_gone(folder, b"98766"), (seen, processes(b"98766"), os.listdir(folder))


def test_viewer_goes_away():
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, LONG.replace("SECONDS", "98764").replace("; sleep 98764\n", "\nsay: more\nhost: seq 9999\n"
                                                                     "host: seq 9999\nhost: sleep 98764\n"))
        with subprocess.Popen([ROOTLET, "demo", "--no-pause", path], stdout=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, env={**os.environ, "TMPDIR": folder}) as child:
            child.stdout.read(200)
            child.stdout.close()
            child.wait(timeout=60)
        assert child.returncode != 0 and everything_gone(folder, b"98764"), processes(b"98764")


def on_terminal(arguments, keys):
    """Plays in a terminal of its own; gives a key whenever it asks. (status, what was on the screen)"""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", LC_ALL="C.UTF-8")
        os.execv(ROOTLET, [ROOTLET, "demo", *arguments])
    text, asked, end = b"", 0, time.time() + 60
    while time.time() < end:
        if not select.select([fd], [], [], 1)[0]:
            continue
        try:
            part = os.read(fd, 4096)
        except OSError:
            break
        text += part
        if text.count(b"q ends") > asked:
            asked += 1
            os.write(fd, keys(asked))
    else:
        os.kill(pid, signal.SIGTERM)
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.decode(), asked


def test_pauses_on_a_terminal():
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, "title: t\nstep: a\nask: guess\nhost: echo one\nwait: look around\nstep: b\nhost: echo two\n")
        status, text, asked = on_terminal([path], lambda _: b"\r")
        assert (status, asked) == (0, 3), (status, asked, text)  # the first step, the question, the wait
        assert text.index("guess") < text.index("one") < text.index("look around") < text.index("two")
        status, text, asked = on_terminal([path], lambda n: b"q" if n == 3 else b"\r")
        assert (status, asked) == (130, 3) and "two" not in text
        assert on_terminal(["--no-pause", path], lambda _: b"")[2] == 0
        assert "\033[1m" in text


def test_ended_on_terminal_by_ctrl_c():
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        path = write(folder, LONG.replace("SECONDS", "98765").replace("host: (set", "wait: here\nhost: (set"))
        status, text, _ = on_terminal([path], lambda n: b"\x03" if n == 2 else b"\r")
        del os.environ["TMPDIR"]
        assert status == 130 and "here" in text and everything_gone(folder, b"98765"), (status, text)


def test_own_settings_do_not_matter():
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "rootlet"
        config.mkdir()
        (config / "rootlet.conf").write_text("hostname=spoiled\nuserns=single\n")
        path = write(folder, "title: t\nstep: s\nhost: rootlet run / hostname\nfact: a = output\n"
                     "check: a != spoiled\nhost: rootlet --version; [ $(readlink $(command -v rootlet)) = $ROOTLET ]\n"
                     "fact: b = status\ncheck: b = 0 -- it is this very program\n")
        demo("--no-pause", path, env={**os.environ, "XDG_CONFIG_HOME": folder, "ROOTLET_HOSTNAME": "spoiled"})


# ---- launched by root ----

def without_subordinate_ids(user):
    """All of them on a stand-in for a machine that gives nobody a range: rootlet says so, and no fact takes it up."""
    hide = "for f in /etc/subuid /etc/subgid; do [ ! -e $f ] || mount --bind /dev/null $f || exit 99; done\n" \
           'exec setpriv --reuid "$0" --regid "$0" --init-groups "$@"'
    result = subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", hide, user, ROOTLET, "demo",
                             "--json", "all"], capture_output=True, text=True, timeout=200, cwd="/", check=False,
                            stdin=subprocess.DEVNULL, env={**os.environ, "HOME": pwd.getpwnam(user).pw_dir})
    reports = {report["demo"]: report for report in map(json.loads, result.stdout.splitlines())}
    assert set(reports) == set(SAW), (result.returncode, result.stderr[-500:])
    for name, report in reports.items():
        wanted = "skipped" if name == "root-remap" else "pass"
        assert report["result"] == wanted, (name, [check for check in report["checks"] if not check["pass"]])
    left_out = [step["step"] for step in reports["user"]["steps"] if "left_out" in step]
    assert left_out == ["A range of ids", "Yourself inside: keep-id"], left_out


def become(user):
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ.update(HOME=entry.pw_dir, USER=user, LOGNAME=user)
    os.chdir("/")


def main():
    global ROOTLET, DEMOS
    parser = argparse.ArgumentParser()
    parser.add_argument("--rootlet", required=True)
    parser.add_argument("--demos", required=True)
    parser.add_argument("--user", default=os.environ.get("ROOTLET_TEST_USER"))
    parser.add_argument("tests", nargs="*")
    options = parser.parse_args()
    ROOTLET, DEMOS = os.path.abspath(options.rootlet), os.path.abspath(options.demos)
    if os.geteuid() == 0:
        demo("uts", status=77)  # what an ordinary user can do is nothing that root could show
        if not options.user:
            print("skipped: root shows nothing here; name an ordinary user with --user or ROOTLET_TEST_USER")
            return 77
        if not options.tests or "without_subordinate_ids" in options.tests:
            try:
                without_subordinate_ids(options.user)
            except (AssertionError, KeyError, ValueError, OSError, subprocess.SubprocessError) as problem:
                print(f"FAILED  without_subordinate_ids: {type(problem).__name__}: {problem}")
                return 1
            print("ok      without_subordinate_ids", flush=True)
        become(options.user)
    tests = {f"demo_{name}": lambda name=name, saw=saw: played(name, saw) for name, saw in SAW.items()}
    tests.update((name[5:], test) for name, test in globals().items() if name.startswith("test_"))
    failed = 0
    for name, test in tests.items():
        if options.tests and name not in options.tests:
            continue
        try:
            test()
            print(f"ok      {name}", flush=True)
        except (AssertionError, KeyError, ValueError, OSError, subprocess.SubprocessError) as problem:
            failed += 1
            print(f"FAILED  {name}: {type(problem).__name__}: {problem}", flush=True)
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
