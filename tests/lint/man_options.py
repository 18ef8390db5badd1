#!/usr/bin/env python3
"""Checks that every option of a command stands in that command's manual page, and no option that is not there.

    man_options.py --rootlet build/src/cli/rootlet [--rootlet-oci build/src/oci/rootlet-oci] SOURCE-TREE
                                                                   exit 1 and a line a difference
    man_options.py --self-test                                     shows that both kinds are found

The options are those that `rootlet help COMMAND` lists: the table that the parser itself reads. rootlet-oci has one page
for all of its commands."""

import argparse
import pathlib
import re
import subprocess
import sys

COMMANDS = ["run", "plan", "unshare", "doctor", "exec", "ps", "inspect", "start", "attach",
            "stop", "kill", "wait", "rm", "rename", "prune", "logs", "top", "stats", "cp", "demo",
            "pause", "explain"]
# "  -e, --env NAME", "      --init" and, for one another's names, "--net for short" within the text.
LISTED = re.compile(r"^  (?:-(\w), |    )--([a-z0-9-]+)", re.MULTILINE)
NAMED = re.compile(r"(?<![\w-])\*--([a-z0-9-]+)(?:[=\\ ][^*]*)?\*")
LETTER = re.compile(r"(?<![\w-])\*-(\w)\*, \*--([a-z0-9-]+)\*")
# Named in a page although the command's own help does not list them.
ELSEWHERE = {"run": {"net"}, "plan": {"net"}, "exec": {"net"}, "stop": {"stop-signal"}, "start": {"rm"},
             "pause": {"name"}}


def differences(command, help_text, page):
    """Lines that say what the page lacks and what it has too much."""
    listed = LISTED.findall(help_text)
    if not listed:
        return [f"rootlet help {command}: lists no options"]
    names = {name for _, name in listed}
    named = set(NAMED.findall(page))
    found = [f"rootlet-{command}.1: --{name} is missing" for name in sorted(names - named)]
    found += [f"rootlet-{command}.1: there is no --{name}"
              for name in sorted(named - names - ELSEWHERE.get(command, set()))]
    letters = {(letter, name) for letter, name in listed if letter}
    shown = set(LETTER.findall(page))
    if command != "plan":  # its page names run's options without their letters
        found += [f"rootlet-{command}.1: --{name} is -{letter} too"
                  for letter, name in sorted(letters - shown)]
    found += [f"rootlet-{command}.1: -{letter} is not --{name}"
              for letter, name in sorted(shown - letters)]
    return found


def self_test():
    help_text = "process:\n  -e, --env NAME     set\n      --init         start\n"
    good = "*-e*, *--env* _NAME_\n\tSet.\n\n*--init*\n\tStart.\n"
    cases = [
        (good, []),
        (good.replace("*--init*", "*--initial*"),
         ["rootlet-run.1: --init is missing", "rootlet-run.1: there is no --initial"]),
        (good.replace("*-e*, ", ""), ["rootlet-run.1: --env is -e too"]),
        (good.replace("*-e*", "*-x*"), ["rootlet-run.1: --env is -e too", "rootlet-run.1: -x is not --env"]),
    ]
    for page, expected in cases:
        found = differences("run", help_text, page)
        if found != expected:
            sys.exit(f"self-test: expected {expected}, found {found}")
    if not differences("run", "nothing", good):
        sys.exit("self-test: an empty help was accepted")


def all_help(program):
    """The help of a program and of every command that it lists, as one text."""
    text = subprocess.run([program, "help"], check=True, text=True, capture_output=True).stdout
    commands = re.findall(r"^  ([a-z]+)  ", text.split("Commands:", 1)[1], re.MULTILINE)
    if not commands:
        sys.exit(f"{program} help: lists no commands")
    for command in commands:
        text += subprocess.run([program, "help", command], check=True, text=True, capture_output=True).stdout
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rootlet")
    parser.add_argument("--rootlet-oci")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("tree", nargs="?")
    arguments = parser.parse_args()
    if arguments.self_test:
        self_test()
        return
    if not arguments.rootlet or not arguments.tree:
        parser.error("--rootlet PROGRAM and SOURCE-TREE are needed")
    found = []
    for command in COMMANDS:
        help_text = subprocess.run([arguments.rootlet, "help", command], check=True, text=True,
                                   capture_output=True).stdout
        page = pathlib.Path(arguments.tree, "docs", "man", f"rootlet-{command}.1.scd").read_text(encoding="utf-8")
        found += differences(command, help_text, page)
    if arguments.rootlet_oci:
        page = pathlib.Path(arguments.tree, "docs", "man", "rootlet-oci.1.scd").read_text(encoding="utf-8")
        found += differences("oci", all_help(arguments.rootlet_oci), page)
    if found:
        sys.exit("\n".join(found))


main()
