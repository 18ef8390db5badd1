#!/usr/bin/env python3
"""What a container or a killed runtime could leave behind, and does not."""
import os
import pathlib

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


if __name__ == "__main__":
    bundle.main(globals())
