#!/usr/bin/env python3
"""The life of a container: created, started, entered, signalled, deleted; its hooks, its terminal; and what a killed
runtime leaves. This program is the subreaper, as conmon is: each test ends with no child that it did not expect."""
import array
import ctypes
import fcntl
import json
import os
import pathlib
import pty
import random
import select
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

import bundle

PR_SET_CHILD_SUBREAPER = 36
FAULT = "33"  # EDOM: no code has words of its own for it


def become_subreaper():
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        bundle.skip("this process cannot be a subreaper")


def children():
    out = set()
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            out.add(int(stat.parent.name))
    return out


class Life:
    """Commands on one bundle, and a process of the container's that is ours to reap."""

    def __init__(self, b, args=("sleep", "100"), **config):
        become_subreaper()
        self.b, self.state_folder = b, b.folder / "state"
        b.process["args"] = list(args)
        b.config.update(config)
        self.write()

    def write(self):
        (self.b.folder / "config.json").write_text(json.dumps(self.b.config), encoding="utf-8")

    def command(self, *words, options=(), **keywords):
        keywords.setdefault("stdin", subprocess.DEVNULL)
        return [self.b.runtime, "--root", str(self.state_folder), *options, *words], keywords

    def call(self, *words, **keywords):
        line, keywords = self.command(*words, **keywords)
        return subprocess.run(line, text=True, timeout=60, check=False,
                              **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **keywords})

    def ok(self, *words, **keywords):
        result = self.call(*words, **keywords)
        assert result.returncode == 0, f"{words}: {result.returncode}: {result.stdout}{result.stderr}"
        return result.stdout

    def fails(self, *words, text=(), **keywords):
        result = self.call(*words, **keywords)
        assert result.returncode != 0, f"{words}: was to fail: {result.stdout}{result.stderr}"
        for part in [text] if isinstance(text, str) else text:
            assert part in result.stderr, f"{words}: “{part}” is not in: {result.stderr}"
        return result

    def create(self, name="c", *flags, **keywords):
        # what it writes must not keep us waiting: the container inherits it
        with open(self.b.folder / "out", "wb") as out:
            result = self.call("create", "--bundle", str(self.b.folder), *flags, name, stdout=out, stderr=out, **keywords)
        text = (self.b.folder / "out").read_text(encoding="utf-8", errors="replace")
        assert result.returncode == 0, f"create: {text}"

    def create_fails(self, text, name="c", *flags, **keywords):
        self.fails("create", "--bundle", str(self.b.folder), *flags, name, text=text, **keywords)
        assert self.names() == [], self.names()

    def state(self, name="c"):
        return json.loads(self.ok("state", name))

    def names(self):
        return self.ok("list", "-q").split() if self.state_folder.exists() else []

    def output(self):
        return (self.b.folder / "out").read_text(encoding="utf-8", errors="replace")

    def end(self, name="c"):
        self.call("delete", "--force", name)
        reap_all()
        assert self.names() == [], self.names()
        left = list(self.state_folder.iterdir())
        assert left == [], left


def reap_all(seconds=10):
    """Until there is no child any more."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            time.sleep(0.005)
    assert not children(), f"still alive: {children()}"


def wait_for(what, seconds=10):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.005)


# ---- the ordinary way ----


def test_create_leaves_one_process(b):
    life = Life(b)
    life.create("c", "--pid-file", str(b.folder / "pid"))
    pid = int((b.folder / "pid").read_text(encoding="utf-8"))
    assert children() == {pid}, (children(), pid)
    state = life.state()
    assert (state["status"], state["pid"], state["id"]) == ("created", pid, "c"), state
    assert state["bundle"] == str(b.folder) and state["rootfs"] == str(b.root), state
    assert state["ociVersion"] == b.config["ociVersion"], state
    life.ok("start", "c")
    assert life.state()["status"] == "running"
    wait_for(lambda: b"sleep" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
    life.ok("kill", "c", "KILL")
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL
    state = life.state()
    assert (state["status"], state["pid"]) == ("stopped", 0), state
    life.ok("delete", "c")
    life.fails("state", "c", text="container does not exist")
    assert list(life.state_folder.iterdir()) == []


def test_nothing_runs_before_start(b):
    life = Life(b, ["sh", "-c", "echo ran; exit 3"])
    life.create()
    time.sleep(0.1)
    assert life.output() == "", life.output()
    life.ok("start", "c")
    pid, status = os.wait()
    assert os.waitstatus_to_exitcode(status) == 3, (pid, status)
    assert life.output() == "ran\n", life.output()
    life.end()


def test_the_config_is_the_one_of_create(b):
    life = Life(b, ["sh", "-c", "echo first"])
    life.create()
    b.process["args"] = ["sh", "-c", "echo second"]
    life.write()
    life.ok("start", "c")
    os.wait()
    assert life.output() == "first\n", life.output()
    life.end()


def test_annotations_and_list(b):
    life = Life(b, annotations={"com.example.a": "1", "b": "two \"words\""})
    life.create()
    assert life.state()["annotations"] == b.config["annotations"]
    rows = json.loads(life.ok("list", "--format", "json"))
    assert [(r["id"], r["status"]) for r in rows] == [("c", "created")], rows
    assert "created" in life.ok("list").splitlines()[1]
    life.end()


def test_a_folder_that_others_may_not_enter(b):
    life = Life(b)
    life.create()
    for folder in (life.state_folder, life.state_folder / "c"):
        assert folder.stat().st_mode & 0o077 == 0, folder
    for file in (life.state_folder / "c").iterdir():
        if not file.is_socket():
            assert file.stat().st_mode & 0o077 == 0, file
    life.end()
    os.chmod(life.state_folder, 0o777)
    life.fails("list", text="others may write")
    os.chmod(life.state_folder, 0o700)


# ---- what goes wrong, in the words that engines look for ----


def test_messages(b):
    life = Life(b, ["nosuch"])
    life.create_fails("executable file not found in $PATH")
    b.process["args"] = ["/nosuch"]
    life.write()
    life.create_fails("no such file or directory")
    (b.root / "data").write_text("x", encoding="utf-8")
    b.process["args"] = ["/data"]
    life.write()
    life.create_fails("permission denied")
    b.process["args"] = ["sleep", "100"]
    life.write()
    for name in ("", ".", "..", "a/b", "a b"):
        life.create_fails("invalid id format", name)
    for words in (["start"], ["kill"], ["state"], ["delete"], ["exec", "c", "true"], ["ps"]):
        life.fails(*(words if len(words) > 1 else words + ["c"]), text="container does not exist")
    life.ok("delete", "--force", "c")
    life.fails("start", "--nosuch", "c", text="no such option")
    life.fails("nosuch", text="no such command")


def test_messages_lead_on(b):
    """What is named on the command line and is not there, or is something else: why, and a way out."""
    life = Life(b)
    folder = b.folder / "made" / "config.json"
    folder.mkdir(parents=True)
    for bundle_path, why in (("/no/such", "No such file"), (b.folder / "config.json", "Not a directory"),
                             (folder.parent, "Is a directory"), (folder, "No such file")):
        life.fails("create", "--bundle", str(bundle_path), "c", text=[why, "hint: a bundle is a directory", "rootlet-oci spec"])
    life.fails("create", "--nosuch", "c", text="hint: rootlet-oci help create lists them")
    life.fails("--nosuch", text=["rootlet-oci has no such option", "hint: rootlet-oci help lists them"])
    life.fails("create", "--bundle", str(b.folder), text="create: name an ID")
    life.fails("list", options=("--log", "/no/such"), text="hint: name a file")
    life.fails("list", options=("--root", "/etc/passwd"), text="hint: name a folder of your own: --root DIR")
    b.process["terminal"] = True
    life.write()
    life.create_fails("it is no socket", "c", "--console-socket", str(b.folder / "config.json"))
    b.process["terminal"] = False
    text = b.folder / "text"
    text.write_text("true", encoding="utf-8")
    for program, mode, hint in (("/no/such", None, "hooks.createRuntime of config.json names it"), (text, 0o644, "an x bit"),
                                (text, 0o755, "a script begins with #!")):
        if mode:
            text.chmod(mode)
        b.config["hooks"] = {"createRuntime": [{"path": str(program)}]}
        life.write()
        life.create_fails(["error running createRuntime hook #0", "hint: ", hint])


def test_a_seccomp_profile_that_stops_the_start_is_named(b):
    life = Life(b)
    for names in (["execve", "execveat"], ["write"]):
        b.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": names, "action": "SCMP_ACT_ERRNO"}]}
        life.write()
        life.create()
        life.fails("start", "c", text="linux.seccomp must allow what a start still does")
        life.end()


def test_the_wrong_state(b):
    life = Life(b)
    life.create()
    life.fails("create", "--bundle", str(b.folder), "c", text="already exists")
    life.ok("start", "c")
    life.fails("start", "c", text="cannot start an already running container")
    life.fails("delete", "c", text="not stopped: running")
    life.ok("kill", "c", "9")
    os.wait()
    life.fails("start", "c", text="has stopped")
    life.fails("kill", "c", text="container not running")
    life.ok("kill", "--all", "c", "KILL")
    life.fails("exec", "c", "true", text="container not running")
    life.ok("delete", "c")


def test_a_list_of_nowhere(b):
    life = Life(b)
    life.fails("list", text=[str(life.state_folder), "No such file or directory"])
    life.create()
    assert life.names() == ["c"]
    life.end()


def test_a_created_one_is_deleted(b):
    life = Life(b)
    life.create()
    life.ok("delete", "c")
    reap_all()
    assert life.names() == []


def test_the_log_is_one_object(b):
    life = Life(b, ["nosuch"])
    log = b.folder / "log"
    life.fails("create", "--bundle", str(b.folder), "c", options=["--log", str(log), "--log-format", "json"])
    entry = json.loads(log.read_text(encoding="utf-8"))
    assert entry["level"] == "error" and "executable file not found" in entry["msg"] and entry["time"], entry


def test_debug(b):
    life = Life(b, ["true"])
    assert "level=debug" in life.call("run", "--bundle", str(b.folder), "c", options=["--debug"]).stderr
    life.ok("run", "--bundle", str(b.folder), "c", options=["--debug", "--log", str(b.folder / "log"), "--log-format", "json"])
    entry = json.loads((b.folder / "log").read_text(encoding="utf-8").splitlines()[0])
    assert entry["level"] == "debug" and " run " in entry["msg"], entry


def test_no_process(b):
    life = Life(b)
    del b.config["process"]
    life.write()
    life.create()
    life.fails("start", "c", text="without a process")
    life.end()


def test_a_forged_state_is_refused(b):
    life = Life(b)
    life.create()
    file = life.state_folder / "c" / "state.json"
    good = file.read_text(encoding="utf-8")
    state = json.loads(good)
    state["pid"] = os.getpid()  # lives, and is none of the container's
    file.write_text(json.dumps(state), encoding="utf-8")
    life.fails("kill", "c", "TERM", text="container not running")
    file.write_text("{", encoding="utf-8")
    life.fails("state", "c", text="no JSON")
    file.write_text(good, encoding="utf-8")
    assert life.state()["status"] == "created"
    life.ok("delete", "--force", "c")
    life.end()


# ---- run, kill, exec ----


def share_pids(b):
    b.linux["namespaces"] = [n for n in b.linux["namespaces"] if n["type"] != "pid"]
    b.config["mounts"] = [m for m in b.config["mounts"] if m["destination"] != "/proc"]
    b.bind("/proc", "/proc", "rbind")


def test_run_in_the_foreground(b):
    life = Life(b, ["sh", "-c", "trap 'exit 9' TERM; echo up; while :; do sleep 0.01; done"])
    line, keywords = life.command("run", "--bundle", str(b.folder), "c")
    with subprocess.Popen(line, stdout=subprocess.PIPE, **keywords) as run:
        assert run.stdout.readline() == b"up\n"
        assert life.state()["status"] == "running"
        run.send_signal(signal.SIGTERM)
        assert run.wait(10) == 9
    assert life.names() == [] and not children(), (life.names(), children())
    b.process["args"] = ["sh", "-c", "kill -9 $$"]
    share_pids(b)
    life.write()
    result = life.call("run", "--bundle", str(b.folder), "c")
    assert result.returncode == 137, result
    assert life.names() == [] and not children(), (life.names(), children())


def test_run_without_a_process(b):
    """It may be created, and there is nothing to start: run says so and leaves nothing."""
    life = Life(b)
    del b.config["process"]
    life.write()
    life.fails("run", "--bundle", str(b.folder), "c", text=["without a process", "config.json needs a process"])
    assert life.names() == [] and not children(), (life.names(), children())


def test_a_config_that_is_a_pipe_keeps_nobody_waiting(b):
    life = Life(b)
    (b.folder / "config.json").unlink()
    os.mkfifo(b.folder / "config.json")
    for command in ("run", "create"):
        life.fails(command, "--bundle", str(b.folder), "c", text="config.json")
    b.process["args"] = ["true"]
    line, keywords = life.command("run", "--bundle", str(b.folder), "--config", "/dev/stdin", "c")
    del keywords["stdin"]
    result = subprocess.run(line, **keywords, input=json.dumps(b.config).encode(), capture_output=True, timeout=60, check=False)
    assert result.returncode == 0, result


def test_what_nobody_got_is_told(b):
    life = Life(b)
    with open("/dev/full", "wb") as full:
        for words in (("features",), ("--help",)):
            result = life.call(*words, stdout=full)
            assert result.returncode == 1 and "standard output: No space left on device" in result.stderr, result


def test_run_and_keep(b):
    life = Life(b, ["sh", "-c", "exit 4"])
    assert life.call("run", "--keep", "--bundle", str(b.folder), "c").returncode == 4
    assert life.state()["status"] == "stopped"
    life.end()


def test_run_detached(b):
    life = Life(b)
    with open(b.folder / "out", "wb") as out:
        life.ok("run", "-d", "--bundle", str(b.folder), "c", stdout=out, stderr=out)
    assert life.state()["status"] == "running" and len(children()) == 1
    life.end()


def test_exec(b):
    life = Life(b)
    life.create()
    life.ok("start", "c")
    assert life.call("exec", "c", "sh", "-c", "exit 6").returncode == 6
    out = life.ok("exec", "--cwd", "/tmp", "--env", "A=b c", "c", "sh", "-c", "pwd; echo $A; hostname; tr '\\0' ' ' </proc/1/cmdline")
    assert out.splitlines()[:2] == ["/tmp", "b c"] and "sleep 100" in out, out
    life.fails("exec", "c", "nosuch", text="executable file not found in $PATH")
    life.fails("exec", "-d", "c", "/nosuch", text="no such file or directory")
    caps = life.ok("exec", "--cap", "CAP_CHOWN", "c", "grep", "CapBnd", "/proc/self/status")
    assert int(caps.split()[1], 16) & 1, caps
    process = {"args": ["sh", "-c", "id -u; id -G; pwd; env | grep -v SHLVL | sort"], "cwd": "/etc", "env": ["PATH=/bin", "X=1"],
               "user": {"uid": 1000, "gid": 1001, "additionalGids": [7]}}
    (b.folder / "process.json").write_text(json.dumps(process), encoding="utf-8")
    out = life.ok("exec", "--process", str(b.folder / "process.json"), "c").splitlines()
    assert out[:3] == ["1000", "1001 7", "/etc"] and "X=1" in out and "PATH=/bin" in out, out
    life.end()


def test_exec_needs_a_command_and_takes_whole_words(b):
    """Nothing of the container's own process is run again, and what is half a word is refused."""
    life = Life(b)
    life.create()
    life.ok("start", "c")
    life.fails("exec", "c", text="process args cannot be empty")
    life.fails("exec", "--tty", "--cwd", "/tmp", "c", text="process args cannot be empty")
    for word, why in (("X", "is not NAME=VALUE"), ("=x", "is not NAME=VALUE"), ("", "needs a value")):
        life.fails("exec", "-e", word, "c", "true", text=why)
    assert life.ok("exec", "-e", "X=", "-e", "Y=a=b", "c", "sh", "-c", "echo [$X] $Y") == "[] a=b\n"
    for path, why in (("tmp", "is not absolute"), ("./tmp", "is not absolute"), ("", "needs a value")):
        life.fails("exec", "--cwd", path, "c", "pwd", text=why)
    life.end()


def test_exec_keeps_what_its_process_does_not_say(b):
    own = int(pathlib.Path("/proc/self/oom_score_adj").read_text(encoding="utf-8"))
    b.process.update(oomScoreAdj=own + 50, noNewPrivileges=True)
    life = Life(b)
    life.create()
    life.ok("start", "c")
    look = ["sh", "-c", "cat /proc/self/oom_score_adj; grep NoNewPrivs /proc/self/status | cut -f2"]
    assert life.ok("exec", "c", *look).split() == [str(own + 50), "1"]
    path = b.folder / "process.json"
    for said, score, nnp in (({}, own + 50, "1"), ({"oomScoreAdj": own + 70}, own + 70, "1"),
                             ({"noNewPrivileges": False}, own + 50, "0"), ({"noNewPrivileges": True}, own + 50, "1")):
        path.write_text(json.dumps({"args": look, "cwd": "/", "env": ["PATH=/bin"], **said}), encoding="utf-8")
        assert life.ok("exec", "--process", str(path), "c").split() == [str(score), nnp], said
    assert pathlib.Path("/proc/self/oom_score_adj").read_text(encoding="utf-8") == f"{own}\n"
    life.end()


def test_exec_before_start(b):
    life = Life(b)
    life.create()
    assert life.ok("exec", "c", "cat", "/proc/1/comm") != ""
    # closed: it still is a copy of the runtime. Real root may look into everything.
    if os.getuid():
        try:
            os.readlink(f"/proc/{life.state()['pid']}/exe")
        except PermissionError:
            pass
        else:
            assert False, "it can be looked into"
    life.ok("start", "c")
    life.end()


def test_exec_detached(b):
    life = Life(b)
    life.create()
    life.ok("start", "c")
    first = children()
    life.ok("exec", "-d", "--pid-file", str(b.folder / "pid"), "c", "sh", "-c", "sleep 0.2; exit 5",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pid = int((b.folder / "pid").read_text(encoding="utf-8"))
    assert children() - first == {pid}, (children(), pid)
    assert set(json.loads(life.ok("ps", "--format", "json", "c"))) >= first | {pid}
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    life.end()


def test_signals_by_name_and_number(b):
    life = Life(b, ["sh", "-c", "trap 'echo usr1' USR1; trap 'echo hup; exit' HUP; echo up; while :; do sleep 0.01; done"])
    life.create()
    life.ok("start", "c")
    wait_for(lambda: "up" in life.output())
    life.ok("kill", "c", "SIGUSR1")
    wait_for(lambda: "usr1" in life.output())
    life.ok("kill", "c", "0")
    life.fails("kill", "c", "NOSUCH", text="unknown signal")
    life.ok("kill", "c", "1")
    wait_for(lambda: "hup" in life.output())
    life.end()


def test_preserved_descriptors(b):
    life = Life(b, ["sh", "-c", "ls /proc/self/fd; cat <&4"])
    a_read, a_write = os.pipe()
    b_read, b_write = os.pipe()
    os.write(b_write, b"through\n")
    os.close(b_write)

    def place():
        os.dup2(fcntl.fcntl(a_read, fcntl.F_DUPFD, 20), 3)
        os.dup2(fcntl.fcntl(b_read, fcntl.F_DUPFD, 20), 4)

    result = life.call("run", "--preserve-fds", "2", "--bundle", str(b.folder), "c", pass_fds=(3, 4), preexec_fn=place)
    for fd in (a_read, a_write, b_read):
        os.close(fd)
    words = result.stdout.split()
    assert words[:5] == ["0", "1", "2", "3", "4"] and words[-1] == "through" and len(words) <= 7, result


def test_descriptors_that_are_not_open(b):
    """None of the runtime's own takes their place."""
    life = Life(b)
    log = b.folder / "log"
    for options in ((), ("--log", str(log))):
        life.fails("create", "--preserve-fds", "1", "--bundle", str(b.folder), "c", options=options,
                   text="--preserve-fds 1: descriptor 3 is not open")
        life.fails("create", "--bundle", str(b.folder), "c", options=options, text="$LISTEN_FDS 2: descriptor 3 is",
                   env={**os.environ, "LISTEN_FDS": "2"})
        assert not life.names()
    life.create()
    result = life.fails("exec", "--preserve-fds", "3", "c", "true", text="--preserve-fds 3: descriptor 3 is not open")
    assert result.returncode == 255, result
    read, write = os.pipe()
    fds = [fcntl.fcntl(read, fcntl.F_DUPFD, 20) for _ in range(2)]

    def place():
        for i, fd in enumerate(fds):
            os.dup2(fd, 3 + i)

    with open(b.folder / "out", "wb") as out:
        life.ok("create", "--preserve-fds", "2", "--bundle", str(b.folder), "d", pass_fds=(3, 4), preexec_fn=place,
                stdout=out, stderr=out)
    pid = life.state("d")["pid"]
    for fd in (read, write, *fds):
        os.close(fd)
    def of_the_state():
        links = [os.readlink(p) for p in pathlib.Path(f"/proc/{pid}/fd").iterdir()] if os.geteuid() == 0 else []
        return [path for path in links if str(life.state_folder) in path]

    # not the folder, whose lock it would keep; the file by which it knows who may start it, until then
    assert of_the_state() == ([str(life.state_folder / "d/config.json")] if os.geteuid() == 0 else []), of_the_state()
    life.ok("start", "d")
    assert not of_the_state(), of_the_state()
    life.ok("delete", "--force", "d")
    life.end()


def test_sockets_of_systemd(b):
    life = Life(b, ["sh", "-c", "ls /proc/self/fd | head -4; echo $LISTEN_FDS $LISTEN_PID"])
    read, write = os.pipe()

    def place():
        os.dup2(fcntl.fcntl(read, fcntl.F_DUPFD, 20), 3)

    result = life.call("run", "--bundle", str(b.folder), "c", pass_fds=(3,), preexec_fn=place,
                       env={**os.environ, "LISTEN_FDS": "1"})
    os.close(read)
    os.close(write)
    assert result.stdout.split() == ["0", "1", "2", "3", "1", "1"], result


# ---- hooks ----


def hook(b, name, command=":", **rest):
    return {"path": "/bin/sh", "args": ["sh", "-c", f"{{ echo {name}; cat; echo; {command}; }} >>{b.folder}/hooks"],
            "env": ["PATH=/usr/bin:/bin", "MARK=set"], **rest}


def read_hooks(b):
    path = b.folder / "hooks"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def test_hooks(b):
    life = Life(b, annotations={"k": "v"})
    points = ("prestart", "createRuntime", "createContainer", "poststart", "poststop")
    b.config["hooks"] = {p: [hook(b, p, "readlink /proc/self/ns/mnt; echo $MARK${HOME-unset}; pwd")] for p in points}
    b.config["hooks"]["startContainer"] = [{"path": "/bin/sh", "args": ["sh", "-c", "cat >/dev/shm/state; id -u >/dev/shm/id"],
                                            "env": ["PATH=/bin"]}]
    life.write()
    life.create()
    assert read_hooks(b)[::5] == ["prestart", "createRuntime", "createContainer"], read_hooks(b)
    life.ok("start", "c")
    state = json.loads(life.ok("exec", "c", "cat", "/dev/shm/state"))
    assert state["status"] == "created" and state["annotations"] == {"k": "v"}, state
    assert life.ok("exec", "c", "cat", "/dev/shm/id") == "0\n"
    life.ok("kill", "c", "KILL")
    os.wait()
    life.ok("delete", "c")
    lines = read_hooks(b)
    assert lines[::5] == list(points), lines
    states = [json.loads(line) for line in lines[1::5]]
    assert [s["status"] for s in states] == ["created", "creating", "creating", "running", "stopped"], states
    assert all(s["id"] == "c" and s["bundle"] == str(b.folder) for s in states) and states[0]["pid"] > 0, states
    ours = os.readlink("/proc/self/ns/mnt")
    assert [line == ours for line in lines[2::5]] == [True, True, False, True, True], lines
    assert set(lines[3::5]) == {"setunset"}, lines
    # a relative path of createContainer's is the container's, not the host's
    assert lines[4::5] == [str(b.root if p == "createContainer" else b.folder) for p in points], lines


def test_hooks_in_a_pod(b):
    """A container that joins the pid and user namespaces of another stands closed to everybody in them; its hooks get in."""
    pod = Life(b)
    pod.create("pod")
    pod.ok("start", "pod")
    pid = pod.state("pod")["pid"]
    shared = {"user": "user", "pid": "pid", "ipc": "ipc", "network": "net"}
    if os.getuid() == 0:
        del shared["user"]
    b.linux["namespaces"] = [{"type": t} if t not in shared else {"type": t, "path": f"/proc/{pid}/ns/{shared[t]}"}
                             for t in (n["type"] for n in b.linux["namespaces"])]
    b.linux.pop("uidMappings", None)
    b.linux.pop("gidMappings", None)
    look = "for n in mnt net pid; do readlink /proc/self/ns/$n; done; id -u"
    b.config["hooks"] = {"createRuntime": [hook(b, "createRuntime")], "createContainer": [hook(b, "createContainer", look)]}
    member = Life(b)
    member.create("member")
    lines = read_hooks(b)
    assert lines[0] == "createRuntime" and lines[2] == "createContainer", lines
    state = json.loads(lines[3])
    assert state["status"] == "creating" and state["id"] == "member", state
    member.ok("start", "member")
    inside = member.ok("exec", "member", "sh", "-c", look)
    assert lines[4:] == inside.split("\n")[:-1], (lines, inside)
    assert lines[4] != os.readlink("/proc/self/ns/mnt"), lines
    for name in ("member", "pod"):
        member.call("delete", "--force", name)
    reap_all()
    assert member.names() == [], member.names()


def test_a_start_hook_has_the_rights_of_the_command(b):
    """Its program is the image's: it is confined as the command is, and finds nothing of the runtime."""
    look = ("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; readlink /proc/self/ns/pid; id -u; "
            "cat /proc/1/cgroup /proc/self/cgroup | sort -u")
    script = (f"cat >/dev/null; {{ {look}; }} >/dev/shm/hook 2>&1; readlink /proc/1/exe >/dev/shm/exe; "
              "(exec 5</proc/1/exe) 2>/dev/null && echo opened >>/dev/shm/exe; readlink /proc/1/fd/* >>/dev/shm/exe 2>/dev/null; "
              "ls /proc/self/fd >/dev/shm/fds; readlink /proc/self/exe >/dev/shm/self")
    life = Life(b, ["sh", "-c", f"{{ {look}; }} >/dev/shm/command 2>&1; sleep 100"])
    b.process["noNewPrivileges"] = True
    b.config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                                    "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]}
    b.config["hooks"] = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", script]},
                                            {"path": "/bin/sh", "args": ["sh", "-c", "cat /proc/$$/environ >/dev/shm/env 2>&1; echo >>/dev/shm/env"], "env": ["ONLY=this"]}]}
    life.write()
    life.create()
    life.ok("start", "c")
    read = lambda name: life.ok("exec", "c", "cat", f"/dev/shm/{name}")
    wait_for(lambda: "Seccomp" in life.call("exec", "c", "cat", "/dev/shm/command").stdout)
    assert "Seccomp:\t2" in read("hook") and "NoNewPrivs:\t1" in read("hook"), read("hook")
    assert read("hook") == read("command")
    assert read("exe") == "", read("exe")
    assert read("fds").split() == ["0", "1", "2", "3"], read("fds")  # 3 is the directory that ls reads
    assert "rootlet" not in read("self"), read("self")
    assert read("env") == "ONLY=this\0\n", read("env")
    life.end()


def test_a_start_hook_that_is_the_runtime_itself(b):
    """`/proc/self/exe` as a hook's program executes the sealed file that it came by, never the runtime."""
    life = Life(b)
    b.config["hooks"] = {"startContainer": [{"path": "/proc/self/exe", "args": ["rootlet-oci", "--version"]}]}
    life.write()
    life.create()
    result = life.call("start", "c", stdout=subprocess.PIPE)
    assert result.returncode != 0 and "rootlet-oci version" not in str(result), result
    life.end()


def test_a_hooks_state_may_be_longer_than_a_pipe(b):
    """Neither a hook that reads all of it, nor one that reads nothing, keeps anybody waiting."""
    note = b.folder / "note"
    count = {"path": "/bin/sh", "args": ["sh", "-c", f"wc -c >>{note}"], "env": ["PATH=/bin:/usr/bin"]}
    inside = {"path": "/bin/sh", "args": ["sh", "-c", "wc -c >/tmp/note"], "env": ["PATH=/bin"]}
    life = Life(b, annotations={"a": "x" * 1500000},
                hooks={"createRuntime": [count, {"path": "/bin/true"}], "startContainer": [inside]})
    life.create()
    life.ok("start", "c")
    assert int(note.read_text(encoding="utf-8").split()[0]) > 1500000, note.read_text(encoding="utf-8")
    assert int((b.root / "tmp/note").read_text(encoding="utf-8")) > 1500000
    life.end()


def test_a_start_hook_that_takes_too_long(b):
    life = Life(b, hooks={"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "sleep 30 & sleep 30"], "timeout": 1,
                                              "env": ["PATH=/bin:/usr/bin"]}]})
    begin = time.monotonic()
    life.create()
    life.fails("start", "c", text="not done after 1 second")
    assert time.monotonic() - begin < 10
    life.end()


def test_a_start_hook_that_is_missing(b):
    life = Life(b, hooks={"startContainer": [{"path": "/no/such"}]})
    life.create()
    life.fails("start", "c", text=["startContainer", "/no/such", "such file"])
    life.end()


def test_exec_before_the_start_shows_nothing_of_the_runtime(b):
    """A process that is already inside watches one that waits for its start, while others are let in."""
    life = Life(b)
    life.create()
    watch = ("i=0; while [ $i -lt 300 ]; do (exec 5</proc/1/exe) 2>/dev/null && echo opened; "
             "readlink /proc/1/fd/0 >/dev/null 2>&1 && echo read; i=$((i+1)); done; echo done")
    line, keywords = life.command("exec", "c", "sh", "-c", watch)
    watcher = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, **keywords)
    while watcher.poll() is None:
        assert life.ok("exec", "c", "id", "-u") == "0\n"
    assert watcher.stdout.read() == "done\n"
    assert watcher.wait() == 0
    life.ok("start", "c")
    life.end()


def test_a_failing_hook(b):
    for point in ("prestart", "createRuntime", "createContainer"):
        life = Life(b)
        b.config["hooks"] = {point: [{"path": "/bin/sh", "args": ["sh", "-c", "echo so; echo sad >&2; exit 3"]}],
                             "poststop": [hook(b, "poststop")]}
        life.write()
        (b.folder / "hooks").unlink(missing_ok=True)
        life.create_fails([point, "exit status 3", "so;sad"])
        assert read_hooks(b)[:1] == ["poststop"], read_hooks(b)
        reap_all()
    for point in ("startContainer", "poststart"):
        life = Life(b)
        b.config["hooks"] = {point: [{"path": "/bin/sh", "args": ["sh", "-c", "exit 3"]}]}
        life.write()
        life.create()
        life.fails("start", "c", text=[point, "exit status 3"])
        os.wait()
        assert life.state()["status"] == "stopped"
        life.ok("delete", "c")
    b.config["hooks"] = {"poststop": [{"path": "/nosuch"}, hook(b, "second")]}
    life.write()
    (b.folder / "hooks").unlink(missing_ok=True)
    life.create()
    result = life.call("delete", "c")
    assert result.returncode == 0 and "poststop hook #0: /nosuch" in result.stderr, result
    assert read_hooks(b)[:1] == ["second"]
    reap_all()


def test_a_hook_that_takes_too_long(b):
    life = Life(b, hooks={"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", "sleep 30 & sleep 30"], "timeout": 1,
                                             "env": ["PATH=/usr/bin:/bin"]}]})
    begin = time.monotonic()
    life.create_fails("not done after 1 second")
    assert time.monotonic() - begin < 10
    reap_all()


# ---- terminals ----


class Console:
    def __init__(self, b):
        self.path = str(b.folder / "console")
        self.socket = socket.socket(socket.AF_UNIX)
        pathlib.Path(self.path).unlink(missing_ok=True)
        self.socket.bind(self.path)
        self.socket.listen(1)
        self.socket.settimeout(10)

    def take(self):
        connection, _ = self.socket.accept()
        with connection:
            _, extra, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
        self.socket.close()
        return array.array("i", extra[0][2])[0]


class PidfdSocket(Console):
    def take_signal(self, number, kind):
        """The process that is on the other side of the descriptor gets the signal; it is closed."""
        connection, _ = self.socket.accept()
        with connection:
            text, extra, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
        self.socket.close()
        assert text.decode() == kind, text
        pidfd = array.array("i", extra[0][2])[0]
        signal.pidfd_send_signal(pidfd, number)
        os.close(pidfd)


def read_until(fd, word, seconds=10):
    text, until = b"", time.monotonic() + seconds
    while word not in text and time.monotonic() < until:
        if not select.select([fd], [], [], 0.1)[0]:
            continue
        try:
            text += os.read(fd, 4096)
        except OSError:
            break
    assert word in text, text
    return text


def test_a_pidfd_of_its_process(b):
    life = Life(b)
    socket_path = str(b.folder / "console")
    life.create_fails(["--pidfd-socket", "No such file", "hint: "], "c", "--pidfd-socket", socket_path)
    taker = PidfdSocket(b)
    life.create("c", "--pidfd-socket", taker.path)
    taker.take_signal(signal.SIGTERM, "standard")
    wait_for(lambda: life.state()["status"] == "stopped")
    life.end()
    life.create()
    life.ok("start", "c")
    life.fails("exec", "--pidfd-socket", socket_path, "c", "true", text=["--pidfd-socket", "refused"])
    for command, number, status in (("sleep 101", signal.SIGKILL, 137), ("trap 'exit 7' TERM; sleep 102 & wait", signal.SIGTERM, 7)):
        taker = PidfdSocket(b)
        line, keywords = life.command("exec", "--pidfd-socket", taker.path, "c", "sh", "-c", command)
        with subprocess.Popen(line, stdout=subprocess.DEVNULL, **keywords) as process:
            wait_for(lambda: [w for w in life.ok("exec", "c", "ps").splitlines() if w.split()[-2:] in (["sleep", "101"], ["sleep", "102"])
                              and "--" not in w])  # not the runtime, which becomes it
            taker.take_signal(number, "setns")
            assert process.wait(10) == status, (command, process.returncode)
    assert life.state()["status"] == "running"
    taker = PidfdSocket(b)
    life.ok("exec", "-d", "--pidfd-socket", taker.path, "c", "sleep", "200", stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
    taker.take_signal(signal.SIGKILL, "setns")
    wait_for(lambda: "sleep 200" not in life.ok("exec", "c", "ps"))
    life.end()


def test_update_that_fails_half_way(b):
    """What was written before is put back, or named."""
    if os.getuid() == 0:
        b.linux["cgroupsPath"] = f"/rootlet-life-{os.getpid()}/box"
    life = Life(b)
    life.create()
    life.ok("start", "c")
    group = json.loads((life.state_folder / "c/state.json").read_text(encoding="utf-8")).get("cgroup")
    if not group:
        life.end()
        bundle.skip("no cgroup can be made here")
    update = ("update", "--resources", "-", "c")
    life.fails(*update, stdin=None, input='{"unified": {"cgroup.max.depth": "3", "cgroup.freeze": "7"}}',
               text=["write cgroup.freeze: 7: ", "hint: nothing of it is in force"])
    assert pathlib.Path(group, "cgroup.max.depth").read_text(encoding="utf-8") == "max\n"
    if "pids" not in pathlib.Path(group, "cgroup.controllers").read_text(encoding="utf-8").split():
        life.fails(*update, stdin=None, input='{"pids": {"limit": 5}}',
                   text=["the pids controller is not in its cgroup", f"echo +pids >{os.path.dirname(group)}/cgroup.subtree_control"])
    life.ok(*update, stdin=None, input='{"unified": {"cgroup.max.depth": "3"}}')
    assert pathlib.Path(group, "cgroup.max.depth").read_text(encoding="utf-8") == "3\n"
    life.end()


def test_exec_in_a_group_of_the_container(b):
    life = Life(b)
    life.create()
    life.ok("start", "c")
    life.fails("exec", "--cap", "CAP_NOPE", "c", "true", text=["there is no such capability", "hint: capabilities(7)"])
    group = json.loads((life.state_folder / "c/state.json").read_text(encoding="utf-8")).get("cgroup")
    if not group:
        life.fails("exec", "--cgroup", "sub", "c", "true", text=["no cgroup of its own", "hint: "])
        life.end()
        bundle.skip("no cgroup can be made here")
    read = lambda *words: life.ok("exec", *words, "c", "cat", "/proc/self/cgroup").split("0::")[1].split()[0]
    os.mkdir(f"{group}/sub")
    assert read() == "/" and read("--cgroup", "/") == "/"
    assert read("--cgroup", "sub") == "/sub" and read("--cgroup", "/./sub/") == "/sub"
    life.fails("exec", "--cgroup", "sub/../..", "c", "true", text="bad sub cgroup path")
    life.fails("exec", "--cgroup", "nothing", "c", "true", text=[f"use the cgroup {group}/nothing", "no such file or directory"])
    life.fails("exec", "--cgroup", "cpu:sub", "c", "true", text="hint: --cgroup sub")
    life.end()
    assert not os.path.exists(group)


def test_a_terminal_by_a_console_socket(b):
    life = Life(b, ["sh", "-c", "test -c /dev/console && tty; stty size; read word; echo got $word"])
    b.process["terminal"] = True
    b.process["consoleSize"] = {"height": 33, "width": 99}
    life.write()
    life.create_fails("cannot allocate tty")
    console = Console(b)
    life.create("c", "--console-socket", console.path)
    master = console.take()
    life.ok("start", "c")
    os.write(master, b"hello\n")
    text = read_until(master, b"got hello")
    assert b"/dev/pts/0" in text and b"33 99" in text, text
    os.close(master)
    life.end()
    b.process["terminal"] = False
    life.write()
    life.create_fails("asks for no terminal", "c", "--console-socket", console.path)


def test_exec_with_a_terminal(b):
    life = Life(b)
    life.create()
    life.ok("start", "c")
    life.fails("exec", "-d", "-t", "c", "sh", text="cannot allocate tty")
    console = Console(b)
    life.ok("exec", "-d", "-t", "--console-socket", console.path, "c", "sh", "-c", "read w; tty; echo got $w",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    master = console.take()
    os.write(master, b"it\n")
    assert b"/dev/pts/" in read_until(master, b"got it")
    os.close(master)
    process = {"args": ["sh", "-c", "stty size"], "cwd": "/", "terminal": True, "env": ["PATH=/bin"],
               "consoleSize": {"height": 10, "width": 110}}
    (b.folder / "process.json").write_text(json.dumps(process), encoding="utf-8")
    console = Console(b)
    life.ok("exec", "-d", "--process", str(b.folder / "process.json"), "--console-socket", console.path, "c",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    master = console.take()
    read_until(master, b"10 110")
    os.close(master)
    life.end()


def on_a_terminal(line, keys, word):
    """A command on a terminal of its own: what it printed, its exit status."""
    pid, master = pty.fork()
    if pid == 0:
        os.execv(line[0], line)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 123, 0, 0))
    text = read_until(master, b"up")
    os.write(master, keys)
    text += read_until(master, word)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(master)
    return text, status


def test_run_and_exec_on_the_callers_terminal(b):
    script = "echo up; read word; stty size; echo got $word; exit 7"
    life = Life(b, ["sh", "-c", script])
    b.process["terminal"] = True
    life.write()
    line, _ = life.command("run", "--bundle", str(b.folder), "c")
    text, status = on_a_terminal(line, b"it\n", b"got it")
    assert status == 7 and b"40 123" in text, (text, status)
    assert life.names() == [] and not children(), (life.names(), children())
    b.process.update(terminal=False, args=["sleep", "100"])
    life.write()
    life.create()
    life.ok("start", "c")
    line, _ = life.command("exec", "-t", "c", "sh", "-c", script)
    text, status = on_a_terminal(line, b"so\n", b"got so")
    assert status == 7, (text, status)
    life.end()


# ---- killed, raced, failing ----


def test_create_killed_anywhere(b):
    """By the clock: whatever it was doing, delete --force removes what there is, and nothing lives on."""
    life = Life(b)
    line, keywords = life.command("create", "--bundle", str(b.folder), "c")
    rng = random.Random(7)
    for _ in range(60):
        with open(b.folder / "out", "wb") as out, subprocess.Popen(line, stdout=out, stderr=out, **keywords) as create:
            time.sleep(rng.random() * 0.012)
            create.kill()
            create.wait()
        life.ok("delete", "--force", "c")
        reap_all()
        assert life.names() == [] and list(life.state_folder.glob("*")) == [] # it was killed before there was a folder, or after


def test_create_after_a_killed_one(b):
    life = Life(b)
    (life.state_folder / "c").mkdir(parents=True, mode=0o700)
    os.chmod(life.state_folder, 0o700)
    life.create()
    assert life.state()["status"] == "created"
    life.end()


def test_one_id_for_many(b):
    life = Life(b)
    results = []

    def create():
        with open("/dev/null", "wb") as out:
            line, keywords = life.command("create", "--bundle", str(b.folder), "c")
            results.append(subprocess.run(line, stdout=out, stderr=out, check=False, timeout=60, **keywords).returncode)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(results).count(0) == 1, results
    assert life.state()["status"] == "created"
    life.end()


def test_start_kill_and_delete_at_once(b):
    life = Life(b)
    for _ in range(10):
        life.create()
        threads = [threading.Thread(target=life.call, args=words) for words in
                   (("start", "c"), ("start", "c"), ("kill", "c", "KILL"), ("state", "c"), ("delete", "--force", "c"),
                    ("delete", "--force", "c"))]
        random.shuffle(threads)
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        life.end()


def test_every_step_fails_or_is_killed(b):
    """A build with -Dfaults=true: each step of create and start, in its turn."""
    life = Life(b, ["sh", "-c", "exit 0"])
    if os.getuid() == 0: # a step that only real root's plan has
        b.linux["resources"] = {"devices": [{"allow": False, "access": "rwm"}]}
        life.write()
    probe = life.call("create", "--bundle", str(b.folder), "c", env={**os.environ, "ROOTLET_TEST_FAULT": f"0:{FAULT}"},
                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if probe.returncode == 0:
        life.end()
        bundle.skip("this rootlet-oci was built without -Dfaults=true")
    failed, good = 0, 0
    for step in range(250):
        whole = True
        for what in (FAULT, "kill", "parent-kill"):
            env = {**os.environ, "ROOTLET_TEST_FAULT": f"{step}:{what}"}
            with open(b.folder / "out", "wb") as out:
                create = life.call("create", "--bundle", str(b.folder), "c", env=env, stdout=out, stderr=out)
                start = life.call("start", "c", env=env) if create.returncode == 0 else None
            if create.returncode or start.returncode:
                failed, whole = failed + 1, False
            life.end()
        good = good + 1 if whole else 0
        if good > 5:
            break
    print(f"     {failed} faults")
    assert failed > 60, failed


def test_exec_in_one_that_is_on_its_way_out(b):
    """PID 1 ends when all others of its namespace are reaped: here one is for a stopped process to reap."""
    life = Life(b)
    life.create()
    life.ok("start", "c")
    pid = life.state()["pid"]
    line, keywords = life.command("exec", "c", "sleep", "100")
    inside = subprocess.Popen(line, stdout=subprocess.DEVNULL, **keywords)

    def sleeps():
        try:
            below = pathlib.Path(f"/proc/{inside.pid}/task/{inside.pid}/children").read_text(encoding="utf-8").split()
            return any(b"sleep" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() for pid in below)
        except (FileNotFoundError, ProcessLookupError): # one that helps to set it up has ended meanwhile
            return False

    wait_for(sleeps)
    os.kill(inside.pid, signal.SIGSTOP)
    try:
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.3)
        result = life.fails("exec", "c", "true", text="container not running")
        assert "clone" not in result.stderr and "Invalid argument" not in result.stderr, result.stderr
    finally:
        os.kill(inside.pid, signal.SIGCONT)
    inside.wait(10)
    life.end()


if __name__ == "__main__":
    bundle.main(globals())
