#!/usr/bin/env python3
"""docs/tutorials: every command of every page is run as an ordinary user, and its output compared with the page.

    run.py --rootlet build/src/cli/rootlet [--user NAME] [--update] [--time] [--except NAME.md] FOLDER | PAGE.md…

A folder stands for all its pages but those of --except, which another test runs. Run by root it becomes --user (or
ROOTLET_TEST_USER). Ends with 0, 1 (something is not as written) or 77 (all that ran
is as written, but a tool was missing). --update writes what was seen into the page, where it differs: for the author,
who then reads the diff.

A page is Markdown. Its code stands in two kinds of fenced blocks, and in no other:

  ```console   commands and their output, run in order in one shell a page, in an empty folder of its own
  ```text      a picture; no command may stand in it

In a console block
  `$ COMMAND`        is a command of the first terminal; `# COMMAND` the same, when a shell that an earlier command
                     started is reading (`exit` ends it)
  `other$ COMMAND`   (or `other# `) is a command of a second terminal, in the same folder
  `> LINE`           continues the command above
  other lines        are what both output streams print. Blanks are compared as one blank, at the end of a line as none;
                     empty lines at the end are not compared. (So no output may have a line that begins as a command does.)
  `…`                alone on a line stands for lines that are left out, within a line for text that is left out

What differs from run to run or from machine to machine is named in one comment at the top of the page: the text that
the page shows, and what it is. Wherever that text stands in an output, or in a command, it is such a value:

    <!-- vary
    1001        uid
    4026532177  inode
    -->

  uid, gid, user, group, host, home, cwd, subuid, subgid, subcount   that value of this machine (`subuid+32` counts on)
  inode, pid, id, number, time, word                                 anything of that form; the same text stands for
                                                                     the same value on the whole page, and two inodes
                                                                     or pids for two values
  A|B                                                                either
  /REGULAR EXPRESSION/                                               what it says
Numbers of ten digits that begin with 40265 are inodes without being named. In what `rootlet plan` prints, the numbers
of the steps are not compared: they depend on the host.

A comment before a block says what it needs:

    <!-- needs: ip iproute2 -->            a program and its package: skipped, by name, where it is absent. More of them:
                                           after a `;`
    <!-- recorded: WHEN, WITH WHAT -->     an output of docker's, which runs as root: not run. The page must say
                                           `Recorded` to the reader, in the paragraph before the block

At the end of a page nothing may be left: no process, no container."""
import argparse
import ctypes
import os
import pathlib
import pwd
import grp
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SHELL = ["bash", "--noprofile", "--norc"]
PROMPT = re.compile(r"(other)?[$#] ")
PATIENCE = 30  # seconds a command
NEEDED = {"bash": "bash", "unshare": "util-linux", "nsenter": "util-linux", "setpriv": "util-linux", "ps": "procps", "pgrep": "procps"}  # by every page
FORMS = {
    "inode": r"\d{10}", "pid": r"\d+", "number": r"\d+", "id": r"[0-9a-f]+", "word": r"\S+",
    "time": r"\d+(?::\d\d)+|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d\S*)?",
}
DISTINCT = ("inode", "pid", "id")


def found(program):
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


class Wrong(Exception):
    """The page breaks the convention above."""


# ---- reading a page ----

class Command:
    def __init__(self, line, terminal, text, block):
        self.line, self.terminal, self.text, self.block = line, terminal, text, block
        self.expected, self.seen, self.failure = [], None, ""
        self.first_output = self.last_output = line  # lines of the file, from 0, the end exclusive


class Page:
    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path)
        self.lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
        self.commands, self.skipped, self.recorded, self.varying = [], [], 0, {}
        self.read()

    def read(self):
        comment, position = "", 0
        while position < len(self.lines):
            line = self.lines[position]
            if line.startswith("<!--"):
                first = position
                while not self.lines[position].endswith("-->"):
                    position += 1
                comment = "\n".join(self.lines[first:position + 1])[4:-3].strip()
                if comment.startswith("vary"):
                    self.read_varying(comment)
                    comment = ""
            elif line.startswith("```"):
                end = self.lines.index("```", position + 1)
                self.read_block(line[3:], position + 1, end, comment)
                comment, position = "", end
            elif line.strip():
                comment = ""
            position += 1

    def read_varying(self, comment):
        for row in comment.splitlines()[1:]:
            text, kind = row.rsplit(None, 1)
            self.varying[text.strip()] = kind

    def read_block(self, kind, first, end, comment):
        where = f"{self.name}:{first}"
        if kind == "text":
            if any(PROMPT.match(line) for line in self.lines[first:end]):
                raise Wrong(f"{where}: a command in a block that is not run")
            return
        if kind != "console":
            raise Wrong(f"{where}: a block of kind {kind!r}: only console and text are known")
        if comment.startswith("recorded:"):
            if not re.match(r"recorded: \d{4}-\d\d-\d\d, docker \S+", comment, re.I):
                raise Wrong(f"{where}: recorded when, and with what docker?")
            if "Recorded" not in self.paragraph_before(first):
                raise Wrong(f"{where}: the paragraph before it does not tell the reader that it is `Recorded`")
            self.recorded += 1
            return
        commands = self.read_commands(first, end, where)
        for need in re.findall(r"needs: (\S+) ([^\s;]+)", comment):
            if not found(need[0]):
                self.skipped.append(f"{where}: needs {need[0]}: install {need[1]}")
                return
        self.commands += commands

    def paragraph_before(self, first):
        words, position = [], first - 2
        while position >= 0 and (self.lines[position].startswith("<!--") or not self.lines[position].strip()):
            position -= 1
        while position >= 0 and self.lines[position].strip():
            words.append(self.lines[position])
            position -= 1
        return " ".join(words)

    def read_commands(self, first, end, where):
        commands = []
        for number in range(first, end):
            line = self.lines[number]
            prompt = PROMPT.match(line)
            if prompt:
                terminal = 1 if prompt.group(1) else 0
                commands.append(Command(number + 1, terminal, line[prompt.end():], where))
                commands[-1].first_output = commands[-1].last_output = number + 1
            elif not commands:
                raise Wrong(f"{where}: a console block begins with a command")
            elif line.startswith("> ") and not commands[-1].expected:
                commands[-1].text += "\n" + line[2:]
                commands[-1].first_output = commands[-1].last_output = number + 1
            else:
                commands[-1].expected.append(line)
                commands[-1].last_output = number + 1
        if not commands:
            raise Wrong(f"{where}: an empty console block")
        return commands


# ---- what varies ----

def first_range(path, user, uid):
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        owner, start, count = line.split(":")
        if owner in (user, str(uid)):
            return int(start), int(count)
    return 0, 0


class Values:
    """The texts of a page that stand for values, and the values that were seen for them."""

    def __init__(self, page, folder):
        user = pwd.getpwuid(os.getuid())
        subuid, subgid = first_range("/etc/subuid", user.pw_name, os.getuid()), first_range("/etc/subgid", user.pw_name, os.getuid())
        self.known = {
            "uid": os.getuid(), "gid": os.getgid(), "user": user.pw_name, "group": grp.getgrgid(os.getgid()).gr_name,
            "host": socket.gethostname(), "home": user.pw_dir, "cwd": folder, "subuid": subuid[0], "subgid": subgid[0],
            "subcount": subuid[1],
        }
        self.kinds = dict(page.varying)
        for inode in set(re.findall(r"\b40265\d{5}\b", "\n".join("\n".join(c.expected) for c in page.commands))):
            self.kinds.setdefault(inode, "inode")
        self.bound = {}
        for text, kind in self.kinds.items():
            if kind not in FORMS and kind[0] != "/":
                self.bound[text] = [str(self.value_of(word)) for word in kind.split("|")]
        longest_first = sorted(self.kinds, key=len, reverse=True)
        self.finder = re.compile(r"(?<![\w/.])(?:%s)(?![\w])" % "|".join(map(re.escape, longest_first))) if longest_first else None

    def value_of(self, word):
        parts = re.fullmatch(r"([a-z]+)(?:([+-])(\d+))?", word)
        if not parts or parts.group(1) not in self.known:
            raise Wrong(f"{word}: no such kind of value")
        name, sign, more = parts.groups()
        return self.known[name] + int(sign + more) if sign else self.known[name]

    def pattern(self, line, fresh):
        """A regular expression for one line; fresh maps a group's name to its text."""
        line = re.sub(r"\s+", " ", line.rstrip())
        parts, position = [], 0
        for found in self.finder.finditer(line) if self.finder else ():
            parts += [self.plain(line[position:found.start()]), self.group(found.group(), fresh)]
            position = found.end()
        return "".join(parts) + self.plain(line[position:])

    @staticmethod
    def plain(text):
        return re.escape(text).replace("…", ".*").replace(r"\ ", " ")

    def group(self, text, fresh):
        if text in self.bound:
            return "(?:%s)" % "|".join(map(re.escape, self.bound[text]))
        for name, other in fresh.items():
            if other == text:
                return f"(?P={name})"
        name = f"v{len(fresh)}"
        fresh[name] = text
        kind = self.kinds[text]
        return f"(?P<{name}>{FORMS.get(kind) or kind[1:-1]})"

    def in_command(self, text):
        """What is to be run: the texts of the page, where they are known, made this machine's."""
        if not self.finder:
            return text
        return self.finder.sub(lambda found: self.bound.get(found.group(), [found.group()])[0], text)

    def compare(self, command):
        """"" when seen is as expected, else why not. Binds what is seen for the first time."""
        fresh, lines, seen = {}, [], command.seen
        expected = list(command.expected)
        while expected and not expected[-1]:
            expected.pop()
        for line in expected:
            step = re.match(r"\s+\d+  ", line) if "rootlet plan" in command.text else None
            if line.strip() == "…":
                lines.append("(?:[^\n]*\n)+?")
            elif step:
                lines.append(r" \d+ " + self.pattern(line[step.end():], fresh) + "\n")
            else:
                lines.append(self.pattern(line, fresh) + "\n")
        text = "".join(re.sub(r"[ \t]+", " ", line.rstrip()) + "\n" for line in seen)
        match = re.fullmatch("".join(lines), text)
        if not match:
            return "not as written"
        for name, value in match.groupdict().items():
            kind = self.kinds[fresh[name]]
            for other, values in self.bound.items():
                if kind in DISTINCT and self.kinds[other] == kind and value in values:
                    return f"{fresh[name]} and {other} are the same {kind} here: {value}"
            self.bound[fresh[name]] = [value]
        return ""

    def as_shown(self, line):
        """The reverse, for --update."""
        for text, values in sorted(self.bound.items(), key=lambda item: -len(item[1][0])):
            for value in values:
                line = re.sub(r"(?<![\w/.])%s(?!\w)" % re.escape(value), text.replace("\\", r"\\"), line)
        return line


# ---- running it ----

class Terminal:
    """A shell that reads commands from a pipe. A shell that it starts reads on from the same pipe."""

    def __init__(self, folder, environment):
        self.process = subprocess.Popen(SHELL, cwd=folder, env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.count = 0

    def run(self, command):
        self.count += 1
        mark = f"\001{self.count}\001"
        ask = f"printf '\\001%d\\001' {self.count}\n"
        # A shell that ends takes with it what it has read ahead: the shell above is asked afterwards, and again.
        ends = re.match(r"exit\b", command)
        self.send(f"{command}\n" + ("" if ends else ask))
        seen, end = b"", time.monotonic() + PATIENCE
        while mark.encode() not in seen:
            ready, _, _ = select.select([self.process.stdout], [], [], 0.1 if ends else max(0, end - time.monotonic()))
            chunk = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if ends and not ready and time.monotonic() < end:
                self.send(ask)
            elif not chunk:
                return seen.decode(errors="replace") + ("\n(the shell ended)" if ready else "\n(no end)"), False
            seen += chunk
        text = seen.decode(errors="replace")
        return re.sub(r"\001\d+\001", "", text[:text.index(mark)]), True

    def send(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def descendants():
    """We are a subreaper: whatever a page left running is a descendant."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = pathlib.Path(f"/proc/{entry}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                parents[int(entry)] = (int(fields[1]), fields[0])
            except OSError:
                pass
    found, ring = [], {os.getpid()}
    while ring:
        ring = {pid for pid, (parent, state) in parents.items() if parent in ring}
        found += [pid for pid in ring if parents[pid][1] != "Z"]
    return found


def become_reaper():
    ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def reap_orphans(terminals):
    """What init does for the orphans of a page: a zombie would still have its /proc/PID."""
    for task in os.listdir("/proc/self/task"):
        for child in pathlib.Path(f"/proc/self/task/{task}/children").read_text(encoding="ascii").split():
            if int(child) not in [terminal.process.pid for terminal in terminals.values()]:
                os.waitpid(int(child), os.WNOHANG)


def end_descendants():
    """Kill what is left; returns the commands of what did not end within a moment by itself."""
    end = time.monotonic() + 2
    while descendants() and time.monotonic() < end:
        time.sleep(0.02)
    left = []
    for pid in descendants():
        try:
            left.append(pathlib.Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").replace("\0", " ").strip())
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                break
        except ChildProcessError:
            break
    return left


def page_environment(folder, rootlet):
    private = os.path.join(folder, "private")
    for name in ("bin", "runtime", "config", "data", "cache"):
        os.makedirs(os.path.join(private, name), mode=0o700)
    os.symlink(rootlet, f"{private}/bin/rootlet")
    kept = {name: os.environ[name] for name in ("HOME", "USER", "LOGNAME", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
    return kept | {
        "PATH": f"{private}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8", "TERM": "dumb", "TZ": "UTC", "SHELL": "/bin/bash",
        "XDG_RUNTIME_DIR": f"{private}/runtime", "XDG_CONFIG_HOME": f"{private}/config",
        "XDG_DATA_HOME": f"{private}/data", "XDG_CACHE_HOME": f"{private}/cache",
    }


def play(page, folder, rootlet, options):
    """Run a page. Returns its failures as texts."""
    environment = page_environment(folder, rootlet)
    work = os.path.join(folder, "tutorial")
    os.mkdir(work)
    values, terminals, failures = Values(page, work), {}, []
    signal.signal(signal.SIGCHLD, lambda *_: reap_orphans(terminals))
    for command in page.commands:
        if command.terminal not in terminals:
            terminals[command.terminal] = Terminal(work, environment)
        started = time.monotonic()
        text, lives = terminals[command.terminal].run(values.in_command(command.text))
        command.seen = text.rstrip("\n").splitlines()
        command.failure = values.compare(command)
        if options.time:
            print(f"{time.monotonic() - started:7.2f} s  {page.name}:{command.line}: {command.text}")
        if command.failure:
            failures.append(f"{page.name}:{command.line}: {command.failure}\n    {command.text}\n"
                            + "".join(f"  expected  {line}\n" for line in command.expected)
                            + "".join(f"  seen      {line}\n" for line in command.seen))
        if not lives:
            failures.append(f"{page.name}:{command.line}: the page cannot go on\n")
            break
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for terminal in terminals.values():
        terminal.close()
    listing = subprocess.run([rootlet, "ps", "--all", "--quiet"], env=environment, capture_output=True, text=True, check=False)
    if listing.stdout.strip() or listing.returncode != 0:
        failures.append(f"{page.name}: containers are left: {listing.stdout}{listing.stderr}\n")
        subprocess.run([rootlet, "rm", "--force", *listing.stdout.split()], env=environment, capture_output=True, check=False)
    left = end_descendants()
    if left:
        failures.append(f"{page.name}: processes are left: {left}\n")
    if options.update:
        update(page, values)
    return failures


def update(page, values):
    lines = list(page.lines)
    for command in reversed(page.commands):
        if command.failure:
            lines[command.first_output:command.last_output] = [values.as_shown(line).rstrip() for line in command.seen]
    pathlib.Path(page.path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def remove(folder, rootlet):
    """What containers left belongs to subordinate ids: only their root can remove it."""
    subprocess.run([rootlet, "unshare", "rm", "-rf", folder], capture_output=True, check=False)
    shutil.rmtree(folder, ignore_errors=True)


def become(user):
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ.update(HOME=entry.pw_dir, USER=user, LOGNAME=user)
    os.chdir("/")


def pages_of(options):
    pages = []
    for path in map(pathlib.Path, options.pages):
        found_here = sorted(path.glob("*.md")) if path.is_dir() else [path]
        pages += [os.path.abspath(page) for page in found_here if page.name not in options.elsewhere]
    if not pages:
        raise Wrong("no page")
    return pages


def can_run(rootlet):
    """The pages are about a machine that allows it. Where one does not, doctor says why."""
    for command in (["unshare", "--user", "--map-root-user", "true"], [rootlet, "run", "--userns", "ranges", "/", "true"]):
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
        if tried.returncode != 0:
            print(f"skipped: {' '.join(command)}: {tried.stderr.strip()}")
            print(subprocess.run([rootlet, "doctor"], capture_output=True, text=True, check=False).stdout)
            return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rootlet", required=True)
    parser.add_argument("--user", default=os.environ.get("ROOTLET_TEST_USER"))
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--except", dest="elsewhere", action="append", default=[])
    parser.add_argument("pages", nargs="+")
    options = parser.parse_args()
    rootlet, pages = os.path.abspath(options.rootlet), pages_of(options)
    absent = [f"{program}: install {package}" for program, package in NEEDED.items() if not found(program)]
    if absent:
        print(f"skipped: every page needs {', '.join(absent)}")
        return 77
    if os.geteuid() == 0:
        if not options.user:
            print("skipped: name an ordinary user with --user or ROOTLET_TEST_USER")
            return 77
        become(options.user)
    os.umask(0o022)
    become_reaper()
    if not can_run(rootlet):
        return 77
    failed, skipped = 0, 0
    for path in pages:
        page = Page(path)
        if not page.commands and not page.skipped:
            continue
        folder = tempfile.mkdtemp(prefix="rootlet-tutorial-")
        started = time.monotonic()
        try:
            failures = play(page, folder, rootlet, options)
        finally:
            remove(folder, rootlet)
        print("".join(failures), end="")
        for reason in page.skipped:
            print(f"skipped: {reason}")
        print(f"{page.name}: {len(page.commands)} commands, {len(failures)} not as written, {len(page.skipped)} blocks skipped, "
              f"{page.recorded} recorded, {time.monotonic() - started:.1f} s", flush=True)
        failed, skipped = failed + len(failures), skipped + len(page.skipped)
    return 1 if failed else 77 if skipped else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Wrong as wrong:
        print(wrong)
        sys.exit(1)
