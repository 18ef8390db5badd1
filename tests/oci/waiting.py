#!/usr/bin/env python3
"""A created container, waiting for its start: whom it obeys, who cannot keep it from starting, and its end with its state."""
import array
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import time

import bundle
from life import Life, wait_for

GO, NAMESPACES = 1, 3
NEWUSER, NEWNS = 0x10000000, 0x00020000
BIND, REC, PRIVATE, REMOUNT_READ_ONLY = 0x1000, 0x4000, 0x40000, 0x1000 | 0x20 | 0x1


def connect(life, folder=None, name="c"):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(str((folder or life.state_folder) / name / "start"))
    connection.settimeout(10)
    return connection


def say(connection, what, *fds):
    """What it answers: its message and descriptors; b"" when it hangs up."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    connection.sendmsg([struct.pack("IIiI", what, 0, 0, 0)], rights)
    try:
        text, extra, _, _ = connection.recvmsg(64, socket.CMSG_SPACE(8 * 4))
    except ConnectionResetError: # it had not read all that was said
        return b"", []
    taken = array.array("i")
    for _, _, data in extra:
        taken.frombytes(data)
    for fd in taken:
        os.close(fd)
    return text, list(taken)


def opened(path, flags):
    return os.open(path, flags | os.O_CLOEXEC)


def test_only_who_may_write_its_state_is_obeyed(b):
    life = Life(b)
    life.create()
    config, folder = life.state_folder / "c/config.json", b.folder
    wrong = {
        "nothing": [],
        "read-only": [opened(config, os.O_RDONLY)],
        "write-only": [opened(config, os.O_WRONLY)],
        "a path": [opened(config, os.O_PATH)],
        "another file": [opened(folder / "config.json", os.O_RDWR)],
        "its state": [opened(life.state_folder / "c/state.json", os.O_RDWR)],
        "a device": [opened("/dev/null", os.O_RDWR)],
        "two": [opened(config, os.O_RDWR), opened(config, os.O_RDWR)],
    }
    for name, fds in wrong.items():
        for what in (GO, NAMESPACES):
            with connect(life) as connection:
                assert say(connection, what, *fds) == (b"", []), (name, what)
        assert life.state()["status"] == "created", name
    right = opened(config, os.O_RDWR)
    with connect(life) as connection:
        assert say(connection, 7, right) == (b"", [])
    with connect(life) as connection:
        for _ in range(2): # and goes on listening
            text, fds = say(connection, NAMESPACES, right)
            assert struct.unpack("IIiI", text)[0] == NAMESPACES and len(fds) >= 7, (text, fds)
        connection.sendmsg([b"short"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [right]))])
        assert connection.recv(64) == b""
    for fds in [[right], *wrong.values()]:
        for fd in fds:
            os.close(fd)
    life.ok("exec", "c", "true")
    life.ok("start", "c")
    life.end()


def test_a_read_only_view_of_the_state_starts_nothing(b):
    """As a container of the same user has it that binds the state folder."""
    life = Life(b)
    life.create()
    view = b.folder / "view"
    view.mkdir()
    uid = os.getuid()
    pid = os.fork()
    if pid == 0:
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            assert libc.unshare(NEWNS | (NEWUSER if uid else 0)) == 0
            if uid:
                pathlib.Path("/proc/self/uid_map").write_text(f"0 {uid} 1", encoding="ascii")
            for flags, source in ((PRIVATE | REC, None), (BIND, os.fsencode(life.state_folder)), (REMOUNT_READ_ONLY, None)):
                assert libc.mount(source, b"/" if flags & PRIVATE else os.fsencode(view), None, flags, None) == 0, flags
            try:
                os.open(view / "c/config.json", os.O_RDWR)
                os._exit(3)
            except OSError:
                pass
            fd = os.open(view / "c/config.json", os.O_RDONLY)
            with connect(life, view) as connection:
                os._exit(0 if say(connection, GO, fd) == (b"", []) else 4)
        except BaseException as e:  # pylint: disable=broad-except
            print(e)
            os._exit(5)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status == 0, status
    assert life.state()["status"] == "created"
    life.end()


def test_no_right_is_said(b):
    if os.getuid() == 0:
        bundle.skip("root may open what it likes")
    life = Life(b)
    life.create()
    (life.state_folder / "c/config.json").chmod(0o400)
    for words in (("start", "c"), ("exec", "c", "true")):
        life.fails(*words, text=["config.json", "Permission denied", "hint: --root"])
    assert life.state()["status"] == "created"
    (life.state_folder / "c/config.json").chmod(0o600)
    life.ok("start", "c")
    life.end()


def test_who_says_nothing_keeps_nobody_out(b):
    life = Life(b)
    life.create()
    silent = [connect(life) for _ in range(20)]
    assert life.state()["status"] == "created"
    silent += [connect(life) for _ in range(8)]
    life.ok("exec", "c", "true")
    life.ok("start", "c")
    assert life.state()["status"] == "running"
    for connection in silent:
        connection.close()
    life.end()


def test_one_that_is_stopped_keeps_nobody_waiting(b):
    """It takes no connection then, and there is room for some only."""
    life = Life(b)
    life.create("c")
    life.create("other")
    life.ok("kill", "c", "STOP")
    for _ in range(12):
        began = time.monotonic()
        assert life.state()["status"] == "created" and time.monotonic() - began < 3
    assert [row["status"] for row in json.loads(life.ok("list", "--format", "json"))] == ["created", "created"]
    # start and exec need an answer; in vain, nothing has changed
    asked = []
    for words in (("start", "c"), ("exec", "c", "true")):
        line, keywords = life.command(*words)
        asked.append(subprocess.Popen(line, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **keywords))
    for process in asked:
        text = process.communicate(timeout=30)[1]
        assert process.returncode and "has not answered" in text and "a signal has stopped it" in text, text
        assert "hint: `rootlet-oci kill c CONT`" in text, text
    assert life.state()["status"] == "created"
    life.ok("kill", "c", "CONT")
    life.ok("exec", "c", "true")
    assert life.state()["status"] == "created"
    life.ok("start", "c")
    assert life.state()["status"] == "running"
    life.ok("kill", "other", "STOP")
    for _ in range(12):
        life.ok("state", "other")
    life.ok("delete", "--force", "other")
    life.end()


def test_a_start_that_was_not_heard_has_not_begun(b):
    """With room for it among those that wait: its word is there, and must not count later."""
    life = Life(b, ["sh", "-c", "echo ran"])
    life.create()
    life.ok("kill", "c", "STOP")
    life.fails("start", "c", text="has not answered")
    life.ok("kill", "c", "CONT")
    time.sleep(0.3)
    assert life.state()["status"] == "created" and life.output() == "", life.output()
    life.ok("start", "c")
    wait_for(lambda: life.output() == "ran\n")
    life.end()


def grouped(b, *args):
    """A life whose containers have a cgroup."""
    b.linux["cgroupsPath"] = f"{'/' if os.getuid() == 0 else ''}rootlet-waiting-{os.getpid()}"
    life = Life(b, *args)
    life.create()
    if not json.loads((life.state_folder / "c/state.json").read_text(encoding="utf-8")).get("cgroup"):
        life.end()
        bundle.skip("no cgroup can be made here")
    return life


def test_one_that_is_paused_before_its_start(b):
    life = grouped(b)
    life.ok("pause", "c")
    assert life.state()["status"] == "paused"
    began = time.monotonic()
    life.fails("start", "c", text=["cannot start a container in the paused state", "hint: `rootlet-oci resume c` first"])
    life.fails("exec", "c", "true", text="cannot exec in a paused container")
    life.fails("exec", "--ignore-paused", "c", "true", text=["paused before its start", "hint: `rootlet-oci resume c`"])
    life.fails("pause", "c", text="already paused")
    assert time.monotonic() - began < 8, "somebody waited for its answer"
    life.ok("resume", "c")
    assert life.state()["status"] == "created"
    life.ok("exec", "c", "true")
    life.ok("pause", "c")
    life.ok("resume", "c")
    life.ok("start", "c")
    assert life.state()["status"] == "running"
    life.ok("pause", "c")
    life.ok("resume", "c")
    assert life.state()["status"] == "running"
    life.end()


def test_one_that_is_paused_before_its_start_is_deleted(b):
    life = grouped(b)
    life.ok("pause", "c")
    for _ in range(12): # looks, that its process takes note of none of
        life.ok("state", "c")
    life.fails("delete", "c", text=["cannot delete container that is not stopped: paused", "delete --force c"])
    life.ok("delete", "--force", "c")
    life.end()


def test_a_fifo_in_place_of_its_namespaces(b):
    """Where the config mounts no /proc, what the image has there is what the process sees."""
    b.config["mounts"] = [m for m in b.config["mounts"] if m["destination"] != "/proc"]
    (b.root / "proc/self/ns").mkdir(parents=True)
    os.mkfifo(b.root / "proc/self/ns/user")
    (b.root / "proc/self/ns/pid").write_text("", encoding="ascii")
    life = Life(b)
    life.create()
    began = time.monotonic()
    life.fails("exec", "c", "true", text="before its start it is entered by its own /proc")
    assert time.monotonic() - began < 5, "it waited for the FIFO"
    life.ok("start", "c")
    life.ok("exec", "c", "true")
    life.end()


def test_a_frozen_group_above_is_refused(b):
    """What is made below it would stand still at once, and create with it."""
    life = grouped(b)
    group = pathlib.Path(json.loads((life.state_folder / "c/state.json").read_text(encoding="utf-8"))["cgroup"])
    life.end()
    group.mkdir()
    try:
        (group / "cgroup.freeze").write_text("1", encoding="ascii")
        b.linux["cgroupsPath"] += "/below/it"
        life.write()
        began = time.monotonic()
        life.create_fails("cgroup unexpectedly frozen, or one above it")
        assert time.monotonic() - began < 5 and not (group / "below").exists()
        (group / "cgroup.freeze").write_text("0", encoding="ascii")
        life.create()
        life.end()
    finally:
        (group / "cgroup.freeze").write_text("0", encoding="ascii")
        group.rmdir()


def test_it_ends_with_its_state(b):
    life = Life(b)
    for name in ("one", "two"):
        life.create(name)
    pids = {name: life.state(name)["pid"] for name in ("one", "two")}
    groups = [group for name in pids if (group := json.loads((life.state_folder / name / "state.json").read_text()).get("cgroup"))]
    shutil.rmtree(life.state_folder / "one")
    wait_for(lambda: os.waitpid(pids["one"], os.WNOHANG)[0] == pids["one"])
    # nobody else ends, nor one that runs
    life.ok("start", "two")
    shutil.rmtree(life.state_folder / "two")
    try:
        wait_for(lambda: os.waitpid(pids["two"], os.WNOHANG)[0] == pids["two"], seconds=4)
        raise RuntimeError("a running container ended with its state")
    except AssertionError:
        os.kill(pids["two"], signal.SIGKILL)
    life.end()
    for group in groups: # nobody knows of them any more
        os.rmdir(group)


def test_a_state_folder_that_is_moved(b):
    life = Life(b)
    life.create()
    moved = life.state_folder.with_name("moved")
    life.state_folder.rename(moved)
    life.state_folder = moved
    life.ok("start", "c")
    life.end()


if __name__ == "__main__":
    bundle.main(globals())
