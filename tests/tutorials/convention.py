#!/usr/bin/env python3
"""The convention of run.py, by small pages: what passes, what is refused, and above all what must fail. Needs no
rootlet and no namespaces: the commands are a shell's own."""
import contextlib
import io
import os
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree may be read-only, and stays clean
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run  # noqa: E402 (the folder must be known first)

VARY = "<!-- vary\n4711 pid\n4712 pid\n1001 uid\n1033 uid+32\nsome word\n-->\n"


def block(*lines):
    return "```console\n" + "\n".join(lines) + "\n```\n"


# (name, page, how many commands are not as written; or the words with which the page is refused)
CASES = [
    ("the same output", block("$ echo a b", "a b"), 0),
    ("another word", block("$ echo a b", "a c"), 1),
    ("a missing line", block("$ echo a; echo b", "a"), 1),
    ("a line too many", block("$ echo a", "a", "b"), 1),
    ("an output where none is written", block("$ echo a"), 1),
    ("no output where one is written", block("$ true", "a"), 1),
    ("an error is output too", block("$ echo a >&2", "a"), 0),
    ("blanks are one blank", block("$ printf 'a   b  \\n'", "a b"), 0),
    ("but not none", block("$ echo ab", "a b"), 1),
    ("lines left out", block("$ seq 9", "1", "…", "9"), 0),
    ("at least one", block("$ seq 2", "1", "…", "2"), 1),
    ("text left out", block("$ echo one two three", "one … three"), 0),
    ("a shell goes on", block("$ a=1", "$ echo $a", "1"), 0),
    ("over blocks", block("$ a=1") + block("$ echo $a", "1"), 0),
    ("a continued line", block("$ for i in 1 2; do", ">   echo $i", "> done", "1", "2"), 0),
    ("a shell within", block("$ a=1 bash", "# echo $a", "1", "# exit", "$ echo ${a:-none}", "none"), 0),
    ("two terminals", block("$ a=1; echo file > f", "other$ echo ${a:-none}; cat f", "none", "file"), 0),
    ("a pid is a number", VARY + block("$ echo 99", "4711"), 0),
    ("and no word", VARY + block("$ echo x", "4711"), 1),
    ("the same pid twice", VARY + block("$ echo 99; echo 99", "4711", "4711"), 0),
    ("not another one", VARY + block("$ echo 99; echo 98", "4711", "4711"), 1),
    ("nor later on the page", VARY + block("$ echo 99", "4711", "$ echo 98", "4711"), 1),
    ("two pids are two", VARY + block("$ echo 99; echo 99", "4711", "4712"), 1),
    ("two inodes are two", block("$ echo 4026531999; echo 4026531999", "4026531111", "4026532222"), 1),
    ("an inode is one everywhere", block("$ echo 4026531999", "4026531111", "$ echo 4026531999", "4026531111"), 0),
    ("the uid is this one", VARY + block("$ id -u", "1001"), 0),
    ("not any", VARY + block("$ echo $(($(id -u) + 1))", "1001"), 1),
    ("a uid counted on", VARY + block("$ echo $(($(id -u) + 32))", "1033"), 0),
    ("a value in a command", VARY + block("$ [ 1001 = $(id -u) ] && echo it is", "it is"), 0),
    ("part of a word is no value", VARY + block("$ echo awesome", "awesome"), 0),
    ("a process that is left", block("$ sleep 77 > /dev/null 2>&1 &"), 1),
    ("an absent program", "<!-- needs: no-such-program its-package -->\n" + block("$ no-such-program", "x"), 0),
    ("a recorded block", "Recorded.\n\n<!-- recorded: 2026-11-22, docker 20 -->\n" + block("$ docker x", "y"), 0),
    ("recorded, unknown to the reader", "<!-- recorded: 2026-11-22, docker 20 -->\n" + block("$ docker x"), "does not tell"),
    ("recorded, without a date", "Recorded.\n\n<!-- recorded: docker 20 -->\n" + block("$ docker x"), "recorded when"),
    ("another kind of block", "```sh\nls\n```\n", "only console and text"),
    ("a command in a picture", "```text\n$ ls\n```\n", "not run"),
    ("a picture", "```text\nhost -> box\n```\n", 0),
    ("output without a command", block("a"), "begins with a command"),
    ("an unknown kind of value", "<!-- vary\n7 shoe-size\n-->\n" + block("$ true"), "no such kind"),
]


class Options:
    time = update = False


def play(text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "page.md"
        path.write_text(text, encoding="utf-8")
        try:
            return len(run.play(run.Page(path), folder, "/bin/true", Options)), ""
        except run.Wrong as wrong:
            return None, str(wrong)


def main():
    run.become_reaper()
    failed = 0
    for name, text, expected in CASES:
        with contextlib.redirect_stdout(io.StringIO()):
            count, refusal = play(text)
        as_expected = expected in refusal if isinstance(expected, str) and refusal else count == expected
        if not as_expected:
            failed += 1
            print(f"{name}: expected {expected!r}, seen {count} {refusal}")
    print(f"{len(CASES)} cases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
