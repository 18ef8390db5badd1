#!/usr/bin/env python3
"""Hooks that do not end: `delete --force` does not wait for them, and who runs them can be told to end."""
import os
import pathlib
import signal
import subprocess
import time

import bundle
from life import Life, reap_all, wait_for


def never_ends(b, seconds=60):
    """A hook; its pid, as it sees it, is in a file."""
    file = b.folder / "hook"
    return {"path": "/bin/sh", "args": ["sh", "-c", f"echo $$ >{file}.new; mv {file}.new {file}; exec sleep {seconds}"]}


def begin(life, *words, **keywords):
    """The command, in the background; its messages are in the file `said`."""
    line, keywords = life.command(*words, **keywords)
    with open(life.b.folder / "said", "wb") as said:
        return subprocess.Popen(line, stdout=said, stderr=said, **keywords)


def said(life):
    return (life.b.folder / "said").read_text(encoding="utf-8", errors="replace")


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def deleted_soon(life):
    began = time.monotonic()
    life.ok("delete", "--force", "c")
    assert time.monotonic() - began < 5, "it waited for the hook"
    assert life.names() == []
    wait_for(lambda: list(life.state_folder.iterdir()) == []) # it may be the other command that empties it


def hook_pid(life):
    wait_for((life.b.folder / "hook").exists)
    return int((life.b.folder / "hook").read_text(encoding="ascii"))


# ---- delete --force ----


def test_delete_while_a_start_hook_runs(b):
    """It is a program of the image's: how long it takes, that decides."""
    b.bind(b.folder, "/mnt")
    life = Life(b, hooks={"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "echo >/mnt/hook; exec sleep 60"]}]})
    life.create()
    start = begin(life, "start", "c")
    wait_for((b.folder / "hook").exists)
    deleted_soon(life)
    assert start.wait(10) != 0 and "the container ended" in said(life), said(life)
    life.end()


def test_delete_while_a_poststart_hook_runs(b):
    life = Life(b, hooks={"poststart": [never_ends(b)]})
    life.create()
    start = begin(life, "start", "c")
    pid = hook_pid(life)
    assert life.state()["status"] == "running"
    life.fails("delete", "c", text="cannot delete container that is not stopped")
    deleted_soon(life)
    # the id is free, and the hook's failure is not the new container's
    b.config["hooks"] = {}
    life.write()
    life.create()
    life.ok("start", "c")
    os.kill(pid, signal.SIGKILL)
    assert start.wait(10) != 0 and "error running poststart hook #0" in said(life), said(life)
    assert life.state()["status"] == "running"
    life.end()


def test_a_poststart_hook_that_fails_ends_the_container(b):
    life = Life(b, hooks={"poststart": [{"path": "/bin/false"}]})
    life.create()
    life.fails("start", "c", text="error running poststart hook #0")
    assert life.state()["status"] == "stopped"
    life.end()


def test_delete_while_a_hook_of_create_runs(b):
    for point in ("prestart", "createRuntime", "createContainer"):
        life = Life(b, hooks={point: [never_ends(b)]})
        create = begin(life, "create", "--bundle", str(b.folder), "c")
        pid = hook_pid(life)
        assert life.state()["status"] == "creating"
        deleted_soon(life)
        assert create.wait(10) != 0
        # the last of them is in the container's pid namespace, and may have ended with it
        why = ["killed, since the container ended", *(["killed by signal 9"] if point == "createContainer" else [])]
        assert any(words in said(life) for words in why), said(life)
        wait_for(lambda pid=pid, point=point: point == "createContainer" or not is_alive(pid))
        (b.folder / "hook").unlink()
        life.end()


# ---- signals ----


def interrupted(life, process, number, point):
    """It ends soon, with its hook, and says why; nothing is left."""
    pid = hook_pid(life)
    process.send_signal(number)
    began = time.monotonic()
    assert process.wait(20) != 0
    assert time.monotonic() - began < 5, "it waited for the hook"
    wait_for(lambda: not is_alive(pid))
    text = said(life)
    assert f"error running {point} hook #0" in text and f"told to end by signal {int(number)}" in text, text
    (life.b.folder / "hook").unlink()


def test_create_is_interrupted(b):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        life = Life(b, hooks={"createRuntime": [never_ends(b)]})
        interrupted(life, begin(life, "create", "--bundle", str(b.folder), "c"), number, "createRuntime")
        assert life.names() == [] and list(life.state_folder.iterdir()) == []
        reap_all()


def test_run_is_interrupted(b):
    for point in ("createRuntime", "poststart"):
        life = Life(b, hooks={point: [never_ends(b)]})
        interrupted(life, begin(life, "run", "--bundle", str(b.folder), "c"), signal.SIGTERM, point)
        assert life.names() == [] and list(life.state_folder.iterdir()) == []
        reap_all()


def test_what_the_caller_ignores_interrupts_nothing(b):
    """As under nohup."""
    life = Life(b, hooks={"createRuntime": [never_ends(b, seconds=2)]})
    create = begin(life, "create", "--bundle", str(b.folder), "c", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    hook_pid(life)
    create.send_signal(signal.SIGHUP)
    assert create.wait(20) == 0, said(life)
    assert life.state()["status"] == "created"
    life.end()


if __name__ == "__main__":
    bundle.main(globals())
