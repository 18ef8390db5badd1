#!/usr/bin/env python3
"""docs/tutorials: every command of every `console` block is run as an ordinary user, and its output compared.

    tutorials.py --rootlet build/src/cli/rootlet [--user NAME] FILE.md…

Blocks of a page share one shell in a fresh folder: variables and files go on from one to the next. A line that ends in
a single & runs in the background until the page ends. Run by root it becomes --user (or ROOTLET_TEST_USER)."""
import argparse
import os
import pathlib
import pwd
import re
import signal
import subprocess
import sys
import tempfile


def commands_of(text):
    """[(line number, command, expected output)]"""
    found, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            found.append([number, line[2:], ""])
        elif inside and line.startswith("> "):
            found[-1][1] += "\n" + line[2:]
        elif inside:
            found[-1][2] += line + "\n"
    return found


def script_of(commands):
    """A shell script that writes a mark before each command's output."""
    parts = ["exec 2>&1"]
    for number, command, _ in commands:
        parts.append(f"printf '\\001%s\\001' {number}")
        # what runs on must not hold the output open, nor write into another's
        parts.append(re.sub(r"(?<!&)&$", ">/dev/null 2>&1 &", command))
    return "\n".join(parts) + "\n"


def run_page(path, rootlet):
    commands = commands_of(pathlib.Path(path).read_text(encoding="utf-8"))
    assert commands, f"{path}: no command"
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/bin")
        os.symlink(rootlet, f"{folder}/bin/rootlet")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ROOTLET_")}
        environment |= {"PATH": f"{folder}/bin:{os.environ['PATH']}:/usr/sbin:/sbin", "LC_ALL": "C",
                        "XDG_CONFIG_HOME": folder}
        # a group of its own, so that its background jobs can be ended as one; a pipe, so that it can be known
        with subprocess.Popen(["/bin/sh", "-c", script_of(commands)], cwd=folder, env=environment, text=True,
                              stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True) as shell:
            try:
                output, _ = shell.communicate(timeout=120)
            finally:
                end_session(shell.pid)
    return compare(path, commands, output)


def end_session(session):
    """The jobs' own groups too: rootlet makes one for what it starts."""
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.getsid(int(entry)) == session:
                os.kill(int(entry), signal.SIGKILL)
        except OSError:
            pass


def compare(path, commands, output):
    seen = dict(zip(*[iter(output.split("\001")[1:])] * 2))
    failed = 0
    for number, command, expected in commands:
        if seen.get(str(number)) != expected:
            failed += 1
            print(f"{os.path.basename(path)}:{number}: {command}\n  expected {expected!r}\n  seen     {seen.get(str(number))!r}")
    print(f"{os.path.basename(path)}: {len(commands)} commands, {failed} not as written")
    return failed


def table_commands(path):
    """What stands in a table's right column must at least be accepted: `rootlet unshare -m` and the like, with a `true`."""
    rows = re.findall(r"^\| .* \| (.*) \|$", pathlib.Path(path).read_text(encoding="utf-8"), re.MULTILINE)
    return [command for row in rows for command in re.findall(r"`(rootlet unshare[^`…]*)`", row)]


def become(user):
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ.update(HOME=entry.pw_dir, USER=user, LOGNAME=user)
    os.chdir("/")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rootlet", required=True)
    parser.add_argument("--user", default=os.environ.get("ROOTLET_TEST_USER"))
    parser.add_argument("pages", nargs="+")
    options = parser.parse_args()
    rootlet = os.path.abspath(options.rootlet)
    pages = [os.path.abspath(page) for page in options.pages]
    if os.geteuid() == 0:
        if not options.user:
            print("skipped: name an ordinary user with --user or ROOTLET_TEST_USER")
            return 77
        become(options.user)
    failed = 0
    for page in pages:
        for command in table_commands(page):
            words = [rootlet, *command.split()[1:], "true"]
            if subprocess.run(words, check=False, timeout=30).returncode != 0:
                failed += 1
                print(f"{os.path.basename(page)}: {command}: failed")
        failed += run_page(page, rootlet)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
