"""What the checks of all engines share: a list of them, commands with their output, a terminal, an image."""
import fnmatch
import io
import os
import pty
import select
import shutil
import struct
import subprocess
import sys
import tarfile
import termios
import time
import fcntl
import traceback

TIME_LIMIT = 60


class Failed(Exception):
    """What a check saw is not what it wanted."""


class Skipped(Exception):
    """This check says nothing here, and why."""


class Checks:
    """A list of functions that run in the order in which they stand in their file."""

    def __init__(self):
        self.list = []

    def __call__(self, function):
        self.list.append(function)
        return function

    def run(self, bench, pattern):
        """Prints a line each; how many failed."""
        failed = skipped = 0
        chosen = [f for f in self.list if fnmatch.fnmatch(f.__name__, pattern)]
        for function in chosen:
            start = time.monotonic()
            bench.history.clear()
            try:
                function(bench)
                word = "ok"
            except Skipped as reason:
                word, skipped = f"skipped: {reason}", skipped + 1
            except (Failed, subprocess.TimeoutExpired, OSError) as error:
                word, failed = "FAILED", failed + 1
                where = traceback.extract_tb(error.__traceback__)
                lines = [frame.lineno for frame in where if frame.filename.endswith(function.__code__.co_filename)]
                print("\n".join(bench.history[-4:]))
                print(f"{function.__name__}, line {lines[-1] if lines else '?'}: {error}")
                try:
                    bench.tidy()
                except (Failed, subprocess.TimeoutExpired) as error_too:
                    print(f"tidying up: {error_too}")
            print(f"{function.__name__:44} {(time.monotonic() - start) * 1000:6.0f} ms  {word}", flush=True)
        print(f"{len(chosen) - failed - skipped} passed, {failed} failed, {skipped} skipped")
        return failed


class Bench:
    """Runs an engine's commands and remembers them."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.history = []

    def tidy(self):
        """After a failed check: nothing of it may disturb the next."""

    def run(self, *words, status=0, stdin=None, timeout=TIME_LIMIT, env=None):
        """The result of a command; status None accepts any."""
        result = subprocess.run(words, input=stdin, capture_output=True, check=False, timeout=timeout,
                                text=True, errors="replace", env={**os.environ, **(env or {})},
                                stdin=subprocess.DEVNULL if stdin is None else None)
        self.history.append(f"$ {' '.join(words)}\n[{result.returncode}] {(result.stdout + result.stderr)[-1500:]}")
        if status is not None and result.returncode != status:
            raise Failed(f"exit status {result.returncode}, not {status}")
        return result

    def out(self, *words, **more):
        return self.run(*words, **more).stdout.strip()

    def terminal(self, words, talk, status=0, size=(33, 101)):
        """A command on a terminal; talk is pairs of what to wait for and what to type then. All that it wrote."""
        pid, master = pty.fork()
        if pid == 0:
            os.execvp(words[0], words)
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        seen, told, deadline = "", 0, time.monotonic() + TIME_LIMIT
        try:
            while time.monotonic() < deadline:
                if talk and talk[0][0] in seen[told:]:
                    told = len(seen)
                    time.sleep(0.05) # as a person: key by key
                    os.write(master, talk.pop(0)[1].encode())
                if select.select([master], [], [], 0.1)[0]:
                    data = os.read(master, 4096)
                    if not data:
                        break
                    seen += data.decode(errors="replace")
        except OSError: # the other side is closed
            pass
        self.history.append(f"$ {' '.join(words)}   (on a terminal)\n{seen}")
        if time.monotonic() >= deadline:
            os.kill(pid, 9)
        got = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(master)
        if got != status:
            raise Failed(f"exit status {got}, not {status}")
        return seen


def same(got, want, what="output"):
    if got != want:
        raise Failed(f"{what}: {got!r}, not {want!r}")


def has(text, part):
    if part not in text:
        raise Failed(f"{part!r} is not in {text!r}")


def hasnt(text, part):
    if part in text:
        raise Failed(f"{part!r} is in {text!r}")


def soon(question, what, limit=15):
    """Waits until question() is true."""
    deadline = time.monotonic() + limit
    while not question():
        if time.monotonic() > deadline:
            raise Failed(f"not within {limit} s: {what}")
        time.sleep(0.05)


def busybox_tar():
    """A root filesystem, from this machine's static busybox."""
    busybox = shutil.which("busybox")
    names = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        def folder(name, mode=0o755):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)

        def file(name, content, mode=0o644):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))

        for name in ("bin", "etc", "root", "home", "var", "proc", "dev", "sys", "run"):
            folder(name)
        folder("tmp", 0o1777)
        with open(busybox, "rb") as stream:
            file("bin/busybox", stream.read(), 0o755)
        for name in names:
            if name != "busybox":
                entry = tarfile.TarInfo(f"bin/{name}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(entry)
        file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
                           b"web:x:1000:1000::/home:/bin/sh\n")
        file("etc/group", b"root:x:0:\nnobody:x:65534:\nweb:x:1000:\n")
        file("etc/not-a-program", b"text\n")
    return data.getvalue()


def needs(*programs):
    """A reason why an engine cannot be tried here, or None."""
    for program in programs:
        if not shutil.which(program, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"):
            return f"{program} is not installed"
    if not static(shutil.which("busybox")):
        return "busybox is not static"
    return None


def static(program):
    with open(program, "rb") as stream:
        return b"ld-linux" not in stream.read(4096)


def main_note(text):
    print(text, file=sys.stderr, flush=True)
