#!/usr/bin/env python3
"""docs/examples: each small program is run as an ordinary user, and the facts that it shows are checked.

    examples.py --programs build/docs/examples --rootlet build/src/cli/rootlet [--user NAME]

Run by root it becomes --user (or ROOTLET_TEST_USER)."""
import argparse
import os
import pathlib
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import time

PROGRAMS = ROOTLET = None


def run(name, *arguments, status=0, **more):
    result = subprocess.run([f"{PROGRAMS}/example-{name}", *arguments], capture_output=True, text=True, timeout=30,
                            check=False, **more)
    assert result.returncode == status, f"{name}: status {result.returncode}: {result.stderr}"
    return result


def ns(name):
    return os.readlink(f"/proc/self/ns/{name}")


def test_own_hostname():
    lines = run("own-hostname", "red").stdout.splitlines()
    seen = {who: (name, inode) for who, name, inode in
            (re.fullmatch(r"(\w+): (\S+) in (\S+)", line).groups() for line in lines)}
    host = (os.uname().nodename, ns("uts"))
    assert seen["before"] == seen["parent"] == host
    assert seen["child"][0] == "red" and seen["child"][1] != host[1]
    assert os.uname().nodename == host[0]


def test_pid_one():
    text = run("pid-one").stdout
    outside = re.search(r"outside: I am (\d+)", text)[1]
    assert "inside: I am 1, my parent is 0" in text
    assert f"inside: process {outside}: No such process" in text
    assert int(re.search(r"my child was (\d+)", text)[1]) > 1


def test_clone_files():
    assert "open in the parent" in run("clone-files").stdout
    assert "gone: Bad file descriptor" in run("clone-files", "shared").stdout


def test_own_mount():
    with tempfile.TemporaryDirectory() as folder:
        text = run("own-mount", folder).stdout
        assert "child: 1 files" in text and f"parent: 0 files, in {ns('mnt')}" in text
        assert re.search(r"child: .*(mnt:\S+)", text)[1] != ns("mnt")
        assert os.listdir(folder) == []


def test_fresh_proc():
    result = run("fresh-proc", "sh", "-c", "echo $$; ls /proc | grep -c '^[0-9]'; id -u")
    number, processes, uid = result.stdout.split()
    assert (number, uid) == ("1", "0") and int(processes) <= 4
    assert "inside: I am 1" in result.stderr
    run("fresh-proc", "sh", "-c", "exit 7", status=7)


def test_launch_one_flag_at_a_time():
    letters = {"C": "cgroup", "i": "ipc", "m": "mnt", "n": "net", "p": "pid", "u": "uts"}
    if os.path.exists("/proc/self/ns/time"):
        letters["T"] = "time"
    script = "; ".join(f"readlink /proc/self/ns/{name}" for name in letters.values())
    host = [ns(name) for name in letters.values()]
    for letter, name in letters.items():
        inside = run("launch", f"-{letter}", "sh", "-c", script).stdout.split()
        changed = [kind for kind, ours, theirs in zip(letters.values(), host, inside) if ours != theirs]
        assert changed == [name], f"-{letter} gave {changed}"
    everything = run("launch", "-v", *(f"-{letter}" for letter in letters), "sh", "-c", script)
    assert not set(everything.stdout.split()) & set(host)
    assert ns("pid") in everything.stderr
    run("launch", "-x", status=2)
    run("launch", status=2)


def test_enter():
    with tempfile.TemporaryDirectory() as folder:
        pidfile = pathlib.Path(folder) / "pid"
        with subprocess.Popen([ROOTLET, "unshare", "-u", "-p", "--hostname", "box", "--pidfile", pidfile, "sleep",
                               "60"]) as child:
            for _ in range(100):
                if pidfile.exists() and pidfile.read_text().strip():
                    break
                time.sleep(0.05)
            pid = pidfile.read_text().strip()
            text = run("enter", pid, "sh", "-c", "uname -n; id -u; readlink /proc/self/ns/uts; cat /proc/1/comm")
            expected = ["box", "0", os.readlink(f"/proc/{pid}/ns/uts"), "sleep"]
            child.send_signal(signal.SIGTERM)
            os.kill(int(pid), signal.SIGKILL)
            child.wait(timeout=10)
        assert text.stdout.split() == expected, text.stdout
    run("enter", "1", "true", status=1)  # not one of ours


def become(user):
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ.update(HOME=entry.pw_dir, USER=user, LOGNAME=user)
    os.chdir("/")


def main():
    global PROGRAMS, ROOTLET
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--rootlet", required=True)
    parser.add_argument("--user", default=os.environ.get("ROOTLET_TEST_USER"))
    options = parser.parse_args()
    PROGRAMS, ROOTLET = os.path.abspath(options.programs), os.path.abspath(options.rootlet)
    if os.geteuid() == 0:
        if not options.user:
            print("skipped: name an ordinary user with --user or ROOTLET_TEST_USER")
            return 77
        become(options.user)
    failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            print(f"ok      {name[5:]}", flush=True)
        except (AssertionError, TypeError, ValueError, OSError, subprocess.SubprocessError) as problem:
            failed += 1
            print(f"FAILED  {name[5:]}: {type(problem).__name__}: {problem}", flush=True)
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
