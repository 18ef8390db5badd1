#!/usr/bin/env python3
"""What a container or a killed runtime could leave behind, and does not."""
import datetime
import json
import os
import pathlib
import pwd
import signal
import subprocess
import time

import bundle
from life import Life, wait_for


def ended(pid):
    wait_for(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid)


def test_a_first_process_in_a_user_namespace_of_its_own(b):
    """It is the same process, with other rights."""
    life = Life(b, args=("unshare", "-U", "sleep", "100"))
    for end in (["kill", "c", "KILL"], ["kill", "--all", "c", "KILL"], ["delete", "--force", "c"]):
        life.create()
        pid = life.state()["pid"]
        life.ok("start", "c")
        wait_for(lambda: pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sleep"))
        assert life.state()["status"] == "running" and life.state()["pid"] == pid
        life.fails("delete", "c", text="not stopped")
        life.ok(*end)
        ended(pid)
        life.end()


def pod(b, name="pod"):
    """A container, and the bundle's config from now on joins its user and pid namespaces."""
    life = Life(b)
    life.create(name)
    life.ok("start", name)
    first = life.state(name)["pid"]
    for ns in b.linux["namespaces"]:
        if ns["type"] in ("user", "pid", "ipc"):
            ns["path"] = f"/proc/{first}/ns/{ns['type']}"
    b.linux.pop("uidMappings", None)
    b.linux.pop("gidMappings", None)
    return life, first


def sleepers(seconds):
    """Processes that run `sleep N`, as only this test does."""
    out = []
    for line in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if line.read_bytes().split(b"\0")[:2] == [b"sleep", seconds.encode()]:
                out.append(int(line.parent.name))
        except OSError:
            pass
    return sorted(out)


def test_all_of_a_container_in_a_pod_is_its_own(b):
    """What its first process starts is in another session, and a child of nobody's when that ends."""
    life, first = pod(b)
    seconds = f"{100000 + os.getpid()}"
    b.process["args"] = ["sh", "-c", f"setsid sleep {seconds} & exec sleep {seconds}"]
    life.write()
    for end in (["kill", "c", "KILL"], ["kill", "--all", "c", "KILL"], ["delete", "--force", "c"]):
        life.create()
        kept = json.loads((life.state_folder / "c/state.json").read_text(encoding="utf-8"))
        life.ok("start", "c")
        wait_for(lambda: len(sleepers(seconds)) == 2)
        for kind in ("user", "pid", "mnt", "uts", "ipc", "net"):
            assert kept["namespaces"][kind] == os.stat(f"/proc/{kept['pid']}/ns/{kind}").st_ino, (kind, kept)
        assert sorted(json.loads(life.ok("ps", "--format", "json", "c"))) == sleepers(seconds)
        if end[-1] == "c": # its first process has ended, too
            os.kill(kept["pid"], signal.SIGKILL)
            wait_for(lambda: life.state()["status"] == "stopped")
            assert len(sleepers(seconds)) == 1
        life.ok(*end)
        wait_for(lambda: not sleepers(seconds))
        life.ok("delete", "--force", "c")
        assert life.state("pod")["status"] == "running" and life.state("pod")["pid"] == first
    life.end("pod")


def test_what_a_killed_create_left_is_listed_as_whose_it_is(b):
    life = Life(b, hooks={"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "3"]}]})
    line, keywords = life.command("create", "--bundle", str(b.folder), "c")
    before = time.time()
    with subprocess.Popen(line, **keywords, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as create:
        wait_for(lambda: (life.state_folder / "c" / "state.json.new").exists())
        for state in ("creating", "stopped"):
            listed, = json.loads(life.ok("list", "--format", "json"))
            assert listed["status"] == state and listed["owner"] == pwd.getpwuid(os.getuid()).pw_name, listed
            made = datetime.datetime.fromisoformat(listed["created"].split(".")[0].rstrip("Z") + "+00:00").timestamp()
            assert before - 2 < made < time.time() + 2, listed
            create.kill()
            create.wait()
    life.end()


if __name__ == "__main__":
    bundle.main(globals())
