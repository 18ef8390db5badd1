#!/usr/bin/env python3
"""Containers whose state is broken or lost: what is told of them, and that nothing of them stays."""
import json
import os
import pathlib
import random
import signal
import subprocess
import time

import bundle
from life import Life, hook, reap_all, wait_for


class Own(Life):
    """With a cgroup by a name of its own, where one can be made."""

    def __init__(self, b, **config):
        b.linux["cgroupsPath"] = f"/rootlet-broken-{os.getpid()}"
        super().__init__(b, **config)


def ended(pid):
    wait_for(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid)


def spoil(life, name="c", text=None, **members):
    file = life.state_folder / name / "state.json"
    if text is None:
        text = json.dumps({**json.loads(file.read_text(encoding="utf-8")), **members})
    file.write_text(text, encoding="utf-8")


def test_a_broken_state_is_told_of_and_cleared_away(b):
    life = Life(b)
    for name in ("one", "two", "three"):
        life.create(name)
    pids = {name: life.state(name)["pid"] for name in ("one", "two", "three")}
    (life.state_folder / "two" / "state.json").write_text("", encoding="utf-8")
    result = life.call("list", "--format", "json")
    assert result.returncode == 0, result
    assert [c["id"] for c in json.loads(result.stdout)] == ["one", "three"], result.stdout
    assert "two" in result.stderr and "state.json" in result.stderr and "delete --force two" in result.stderr, result
    result = life.call("list", "-q")
    assert result.stdout.split() == ["one", "three"] and "two" in result.stderr, result
    life.fails("state", "two", text="no JSON")
    life.fails("delete", "two", text="no JSON")
    # it waits for its start: who listens there is known
    result = life.call("delete", "--force", "two")
    assert (result.returncode, result.stderr) == (0, ""), result
    ended(pids["two"])
    assert not (life.state_folder / "two").exists()
    assert life.call("list", "-q").stderr == ""
    # and nobody else was meant
    assert life.state("one")["status"] == life.state("three")["status"] == "created"
    for name in ("one", "three"):
        life.call("delete", "--force", name)
    life.end()


def test_a_running_one_with_a_broken_state(b):
    life = Own(b)
    for members in ({"version": 2}, {"cgroupLevels": -5}, {"annotations": []}, {"bundle": 7}):
        life.create()
        pid = life.state()["pid"]
        life.ok("start", "c")
        spoil(life, **members)
        life.fails("state", "c", text="not as it was written")
        result = life.call("delete", "--force", "c")
        assert (result.returncode, result.stderr) == (0, ""), (members, result)
        ended(pid)
        life.end()


def test_a_running_one_of_which_nothing_is_known(b):
    life = Own(b)
    life.create()
    state = json.loads((life.state_folder / "c/state.json").read_text(encoding="utf-8"))
    life.ok("start", "c")
    # what another container's state says is not done to this one
    for text in ("", json.dumps({**state, "id": "other"})):
        spoil(life, text=text)
    result = life.call("delete", "--force", "c")
    assert result.returncode == 0, result
    if state.get("cgroup"):
        ended(state["pid"])
        assert result.stderr == "" and not os.path.exists(state["cgroup"]), result
    else:
        assert "still runs" in result.stderr and "lsns" in result.stderr, result
        os.kill(state["pid"], 0)
        os.kill(state["pid"], signal.SIGKILL)
    life.end()


def test_a_group_that_is_no_longer_its_own(b):
    life = Own(b)
    life.create()
    state = json.loads((life.state_folder / "c/state.json").read_text(encoding="utf-8"))
    if not state.get("cgroup"):
        life.end()
        bundle.skip("no cgroup can be made here")
    life.ok("start", "c")
    spoil(life, text="")
    with subprocess.Popen(["sleep", "100"]) as other:
        try:
            with open(f"{state['cgroup']}/cgroup.procs", "w", encoding="ascii") as procs:
                procs.write(str(other.pid))
            assert "still runs" in life.call("delete", "--force", "c").stderr
            assert other.poll() is None
            os.kill(state["pid"], signal.SIGKILL)
            ended(state["pid"])
        finally:
            other.kill()
    wait_for(lambda: not pathlib.Path(state["cgroup"], "cgroup.procs").read_text(encoding="ascii"))
    os.rmdir(state["cgroup"])
    life.end()


def test_a_killed_create_leaves_no_group(b):
    life = Own(b)
    life.create()
    group = json.loads((life.state_folder / "c/state.json").read_text(encoding="utf-8")).get("cgroup")
    life.end()
    if not group:
        bundle.skip("no cgroup can be made here")
    rng = random.Random(11)
    other = str(b.folder / "other.json")
    b.linux["cgroupsPath"] += "-2"
    pathlib.Path(other).write_text(json.dumps(b.config), encoding="utf-8")
    for n in range(60):
        line, keywords = life.command("create", "--bundle", str(b.folder), "c", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with subprocess.Popen(line, **keywords) as create:
            time.sleep(rng.random() * 0.012)
            create.kill()
        if n % 2 and not (life.state_folder / "c/state.json").exists(): # what the next create clears away
            reap_all() # until its process has ended, too, the id is taken
            life.create("c", "--config", other)
        life.ok("delete", "--force", "c")
        reap_all()
        assert not os.path.exists(group) and not os.path.exists(group + "-2"), n
    life.end()


def test_the_hook_of_a_killed_create_holds_nothing(b):
    life = Life(b, hooks={"createContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "echo $$ >&2; exec sleep 100"]}]})
    line, keywords = life.command("create", "--bundle", str(b.folder), "c", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with subprocess.Popen(line, **keywords) as create:
        wait_for(lambda: any(b"sleep\x00100" in cmdline(pid) for pid in below(create.pid)))
        hooks = below(create.pid)
        create.kill()
    life.ok("delete", "--force", "c")
    assert life.names() == [], life.names()
    for pid in hooks:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    reap_all()
    life.end()


def cmdline(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def below(pid):
    """Its descendants."""
    found = []
    for file in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(file.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            child = int(file.parent.name)
            found += [child, *below(child)]
    return found


def test_a_state_that_is_no_file(b):
    life = Own(b)
    life.create()
    pid = life.state()["pid"]
    file = life.state_folder / "c" / "state.json"
    file.unlink()
    file.symlink_to("/etc/passwd")
    assert "read its state" in life.call("list").stderr
    life.ok("delete", "--force", "c")
    ended(pid)
    life.end()


def test_a_broken_state_with_hooks(b):
    life = Own(b, hooks={"poststop": [hook(b, "poststop")]})
    life.create()
    spoil(life, text="{")
    assert "poststop hooks are not run" in life.call("delete", "--force", "c").stderr
    life.create()
    spoil(life, version=2)
    life.ok("delete", "--force", "c")
    assert "poststop" in (b.folder / "hooks").read_text(encoding="utf-8")
    life.end()


if __name__ == "__main__":
    bundle.main(globals())
