#!/usr/bin/env python3
"""The completion scripts, loaded into the real shells: keys are typed on a terminal (bash, zsh), or the shell is asked
(fish). A container is alive, so that its name is completed.

    completions.py --rootlet build/src/cli/rootlet [--user NAME]

Run by root it becomes --user (or ROOTLET_TEST_USER). Ends with 77 where one of the shells is missing."""
import argparse
import os
import pathlib
import pty
import pwd
import select
import shutil
import subprocess
import sys
import tempfile
import time

SHELLS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}
BEFORE = {"bash": "", "zsh": "autoload -U compinit; compinit -u -D; "}

# It completes as rootlet does, and runs nothing: it notes what it was called with.
STAND_IN = """#!/bin/sh
case "$1 $2" in "completion --names" | "completion bash" | "completion zsh") exec ROOTLET "$@" ;; esac
echo "$*" >LINE
"""

# What is typed, and the words that rootlet is called with then.
TYPED = [
    ("unsh\t-n", "unshare -n"),
    ("stop zeb\t", "stop zebra-1"),
    ("exec zeb\t/etc/passw\t", "exec zebra-1 /etc/passwd"),
    ("run --netw\tnone --privi\t/", "run --network=none --privileged /"),
    ("ps --format=j\t", "ps --format=json"),
    ("demo root-r\t", "demo root-remap"),
    ("help cgroup-not-d\t", "help cgroup-not-delegated"),
    ("completion fi\t", "completion fish"),
    ("--vers\t", "--version"),
]
# What fish is asked, and what must be among its answers; with True there must be nothing else.
ASKED = [
    ("unsh", {"unshare"}, True), ("stop ", {"zebra-1"}, True), ("exec ze", {"zebra-1"}, False),
    ("run --privi", {"--privileged"}, True), ("ps --format ", {"json", "table"}, True),
    ("demo root-", {"root-remap"}, True), ("help cgroup-not-d", {"cgroup-not-delegated"}, True),
    ("completion ", {"bash", "zsh", "fish"}, True), ("explain /etc/passw", {"/etc/passwd"}, False),
    ("--vers", {"--version"}, True),
]


def become(user):
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ.update(HOME=entry.pw_dir, USER=user, LOGNAME=user)
    os.chdir("/")


class Terminal:
    def __init__(self, command, env):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, env)

    def until(self, word, seconds=20):
        end = time.monotonic() + seconds
        while word not in self.seen:
            if time.monotonic() > end:
                raise AssertionError(f"{word!r} did not come: {self.seen[-500:]!r}")
            if select.select([self.fd], [], [], 0.5)[0]:
                self.seen += os.read(self.fd, 65536).decode(errors="replace")
        self.seen = self.seen.partition(word)[2]

    def type(self, text):
        os.write(self.fd, text.encode())

    def close(self):
        self.type("exit\n")
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def typed(shell, folder, env):
    terminal = Terminal(SHELLS[shell], env)
    terminal.type(f"{BEFORE[shell]}. <(rootlet completion {shell}); echo rea''dy\n")
    terminal.until("ready")  # what is echoed as it is typed is another word
    for number, (keys, expected) in enumerate(TYPED):
        terminal.type(f"rootlet {keys}")
        time.sleep(0.5)  # a key typed while a completion is made would be taken for an answer to it
        terminal.type("\n")
        terminal.type(f"echo ev''en{number}\n")
        terminal.until(f"even{number}")
        line = " ".join(pathlib.Path(folder, "line").read_text().split())
        assert line == expected, f"{shell}: {keys!r} became {line!r}, not {expected!r}"
    seen = terminal.seen
    terminal.close()
    assert "not found" not in seen and "error" not in seen, f"{shell}: {seen[-500:]}"


def asked(env):
    for question, expected, alone in ASKED:
        command = f"rootlet completion fish | source; complete -C 'rootlet {question}'"
        out = subprocess.run(["fish", "-N", "-c", command], env=env, check=True, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        found = {line.split("\t")[0] for line in out.stdout.splitlines()}
        assert out.stderr == "" and (found == expected if alone else found >= expected), \
            f"fish: {question!r}: {sorted(found)} {out.stderr}"


def tried(shell, folder, env):
    if shell == "fish":
        asked(env)
        return
    path = pathlib.Path(folder, "stand-in", "rootlet")
    path.parent.mkdir(exist_ok=True)
    path.write_text(STAND_IN.replace("ROOTLET", f"{folder}/bin/rootlet").replace("LINE", f"{folder}/line"))
    path.chmod(0o755)
    typed(shell, folder, {**env, "PATH": f"{path.parent}:{env['PATH']}"})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rootlet", required=True)
    parser.add_argument("--user", default=os.environ.get("ROOTLET_TEST_USER"))
    options = parser.parse_args()
    rootlet = os.path.abspath(options.rootlet)  # becoming another changes the folder
    if os.geteuid() == 0:
        if not options.user:
            print("skipped: root; name an ordinary user with --user or ROOTLET_TEST_USER")
            return 77
        become(options.user)
    missing = [shell for shell in ("bash", "zsh", "fish") if not shutil.which(shell)]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(f"{folder}/bin")
        os.makedirs(f"{folder}/run", 0o700)
        os.symlink(rootlet, f"{folder}/bin/rootlet")
        env = {"PATH": f"{folder}/bin:{os.environ['PATH']}", "HOME": folder, "XDG_RUNTIME_DIR": f"{folder}/run",
               "TERM": "dumb", "LC_ALL": "C.UTF-8", "HISTFILE": "/dev/null"}
        subprocess.run(["rootlet", "run", "-d", "--name", "zebra-1", "/", "sleep", "100"], env=env, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for shell in ("bash", "zsh", "fish"):
                if shell in missing:
                    continue
                try:
                    tried(shell, folder, env)
                    print(f"ok      {shell}", flush=True)
                except (AssertionError, OSError, subprocess.SubprocessError) as problem:
                    failed += 1
                    print(f"FAILED  {shell}: {problem}", flush=True)
        finally:
            subprocess.run(["rootlet", "rm", "-f", "-t", "0", "zebra-1"], env=env, check=True, stdout=subprocess.DEVNULL)
    if missing:
        print(f"skipped: {', '.join(missing)}: not installed")
    return 1 if failed else 77 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
