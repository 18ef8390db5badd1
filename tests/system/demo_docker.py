#!/usr/bin/env python3
"""`rootlet demo root-remap` beside a real docker: all three columns, live.

Launched by root. The machine is left alone: a stand-in for it is made, a user namespace in which ids 0 to 1999999999 are
themselves, with mounts, network and processes of its own, and control groups read-only. In it dockerd runs as the
stand-in's root, with userns-remap, and the demonstration as an ordinary user. Docker calls itself rootless there,
which it is only for us, so that word is taken out of what `docker info` says.

    demo_docker.py --rootlet build/src/cli/rootlet [--user NAME]

Ends with 77 where there is no dockerd, or no root."""
import argparse
import json
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import sys
import tempfile

STAND_IN = r"""
read -r go <&GO
mount -t proc proc /proc
for m in $(grep ' cgroup' /proc/self/mounts | cut -d' ' -f2); do mount -o remount,bind,ro "$m"; done
mount -t tmpfs tmpfs /run
mkdir /run/rootlesskit /run/docker-data; chmod 711 /run
ip link set lo up
HOME=/run ROOTLESSKIT_STATE_DIR=/run/rootlesskit XDG_RUNTIME_DIR=/run dockerd --rootless --userns-remap=USER --bridge=none \
  --iptables=false --ip6tables=false --ip-forward=false --userland-proxy=false --storage-driver vfs -H unix:///run/docker.sock \
  --group USER --data-root /run/docker-data --exec-root /run/docker-exec --pidfile /run/dockerd.pid >LOG 2>&1 &
for i in $(seq 100); do docker info >/dev/null 2>&1 && break; sleep 0.2; done
setpriv --reuid USER --regid USER --init-groups env HOME=/ ROOTLET demo --json root-remap
status=$?
setpriv --reuid USER --regid USER --init-groups docker ps -aq >&2
setpriv --reuid USER --regid USER --init-groups docker images -q >&2
exit $status
"""
PROGRAMS = {"rootlesskit-docker-proxy": "#!/bin/sh\n",
            "docker": "#!/bin/sh\n[ \"$1\" != info ] || { DOCKER \"$@\" | sed 's/name=rootless/name=x/'; exit; }\nexec DOCKER \"$@\"\n"}


def play(rootlet, user, folder):
    for name, text in PROGRAMS.items():
        path = pathlib.Path(folder, name)
        path.write_text(text.replace("DOCKER", shutil.which("docker")))
        path.chmod(0o755)
    reader, writer = os.pipe()
    script = STAND_IN
    for word, value in (("GO", str(reader)), ("USER", user), ("ROOTLET", rootlet), ("LOG", f"{folder}/log")):
        script = script.replace(word, value)
    command = ["unshare", "-U", "-m", "-n", "-p", "-C", "-i", "-u", "-f", "--kill-child", "--propagation", "private",
               "bash", "-c", script]
    environment = {"PATH": f"{folder}:{os.environ['PATH']}:/usr/sbin:/sbin", "DOCKER_HOST": "unix:///run/docker.sock"}
    with subprocess.Popen(command, pass_fds=[reader], env=environment, text=True, cwd="/", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        host = os.readlink("/proc/self/ns/user")
        while os.readlink(f"/proc/{child.pid}/ns/user") == host:
            pass  # it has not unshared yet
        for kind in ("uid", "gid"):
            pathlib.Path(f"/proc/{child.pid}/{kind}_map").write_text("0 0 2000000000\n")
        os.write(writer, b"go\n")
        out, err = child.communicate(timeout=120)
    os.close(reader)
    os.close(writer)
    return child.returncode, out, err


def recorded():
    source = pathlib.Path(__file__).resolve().parents[2] / "docs/demos/root-remap.demo"
    found = dict(re.findall(r"^record: (\w+) = (.*)$", source.read_text(), re.MULTILINE))
    assert len(found) == 20, found
    return found


def judge(report, user):
    facts, uid = report["facts"], str(pwd.getpwnam(user).pw_uid)
    assert report["result"] == "pass", [check for check in report["checks"] if not check["pass"]]
    assert not any("left_out" in step for step in report["steps"]), report["steps"]
    assert (facts["inner_uid"], facts["docker_inner"], facts["remap_inner"]) == ("0", "0", "0")
    assert (facts["outer_uid"], facts["docker_outer"]) == (uid, "0") and int(facts["remap_outer"]) > 0
    assert facts["docker_file_33"] == "33" and int(facts["remap_file_33"]) == int(facts["remap_outer"]) + 33
    assert facts["docker_ns"] == facts["host_ns"] and len({facts["inner_ns"], facts["remap_ns"], facts["host_ns"]}) == 3
    assert len(report["table"]) == 11 and not any(mark in "".join(report["table"][:7]) for mark in "$*")
    for name, value in recorded().items():
        # A map and its numbers are the machine's; the disk was refused if it could be handed in.
        if name.endswith(("_ns", "_map", "_disk")) or (name.startswith("remap_") and value.isdigit() and value != "0"):
            continue
        assert facts[name] == value, f"recorded: {name} = {value}, here it is {facts[name]}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rootlet", required=True)
    parser.add_argument("--user", default=os.environ.get("ROOTLET_TEST_USER"))
    options = parser.parse_args()
    if os.geteuid() != 0 or not options.user:
        print("skipped: root launches it, and names an ordinary user with --user or ROOTLET_TEST_USER")
        return 77
    for program in ("dockerd", "docker", "setpriv", "ip"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            print(f"skipped: {program} is not there")
            return 77
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        status, out, err = play(os.path.abspath(options.rootlet), options.user, folder)
        log = pathlib.Path(folder, "log").read_text()[-600:]
    try:
        judge(json.loads(out), options.user)
        assert status == 0 and err == "", (status, err)  # no container and no image is left
    except (AssertionError, KeyError, ValueError) as problem:
        print(f"FAILED  {type(problem).__name__}: {problem}\n{out[-300:]}\n{err[-600:]}\n{log}")
        return 1
    print("ok      three columns")
    return 0


if __name__ == "__main__":
    sys.exit(main())
