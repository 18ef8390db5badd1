#!/usr/bin/env python3
"""Checks that includes between the rooms of src/ run one way (docs/ARCHITECTURE.md).

    rooms.py [SOURCE-TREE]      exit 1 and a line a violation
    rooms.py --self-test        shows that bad includes are found

base ◀ spec ◀ parse ◀ facts ◀ plan ◀ diagnose ◀ run ◀ lib ◀ {cli, oci}. seccomp and state stand on base, explain on base and spec; the
plan and what follows it use the one, lib the other. The two
commands see the library as everybody does: rootlet.h, and leaf helpers of base; term is what they share. init runs without libc and
includes nothing but itself, but for its one file that starts the waiter; what others need of it are the
headers named below. nss is a program of its own and stands on base alone."""

import os
import re
import sys
import tempfile

ORDER = ["base", "spec", "parse", "facts", "plan", "diagnose", "run", "life"]
BELOW = {room: set(ORDER[:index]) for index, room in enumerate(ORDER)}
BELOW["seccomp"] = BELOW["state"] = {"base"}
for above in ("plan", "diagnose", "run", "life"):
    BELOW[above].add("seccomp")
BELOW["bundle"] = {"base", "state"}
BELOW["life"] |= {"state", "bundle"}
BELOW["explain"] = {"base", "spec"}
BELOW["lib"] = set(ORDER) | {"seccomp", "state", "bundle", "explain"}
BELOW["term"] = {"base"}
BELOW["cli"] = BELOW["oci"] = {"base", "term"}
BELOW["init"] = set()
BELOW["nss"] = {"base"}  # a program of its own, which facts runs

# Single headers of a room that others may include.
HEADERS = {
    "init/wire.h": {"diagnose", "run", "life", "lib"},
    "init/image.h": {"run", "lib"},
    "init/supervise.h": {"run", "life", "lib"},
    "init/handover.h": {"run", "lib"},
    "init/monitor.h": {"run", "life", "lib"},
    "init/attach.h": {"run", "life", "lib"},
    "init/ending.h": {"run", "life", "lib"},
}
# The host's side of init: an ordinary program's code.
HOST_SIDE = {"init/handover.c"}
PUBLIC = {"rootlet.h": {"lib", "term", "cli", "oci"}, "rootlet_bundle.h": {"lib", "oci"}}
# What a freestanding program may not see: a call into any of these would not link, or worse, would.
HOSTED = {"stdio.h", "stdlib.h", "string.h", "unistd.h", "sys/mman.h", "pthread.h", "malloc.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def complaint(file, bracket, header):
    """Why this file (its path below src/) may not include this header, or None."""
    room = file.split("/")[0]
    if file in HOST_SIDE and (bracket == "<" or header.startswith("base/")):
        return None
    first = header.split("/")[0]
    if header in PUBLIC:
        return None if room in PUBLIC[header] else "only lib and the commands stand on the public header"
    if header in HEADERS and room != "init":
        return None if room in HEADERS[header] else f"only {', '.join(sorted(HEADERS[header]))} may"
    if "/" in header and first in BELOW and bracket == '"':
        if first == room or first in BELOW[room]:
            return None
        return f"{room} may include {', '.join(sorted(BELOW[room])) or 'no other room'}"
    if room == "init" and bracket == "<" and header in HOSTED:
        return "init is freestanding"
    if ".." in header.split("/"):
        return "paths start at src/"
    return None


def check(tree):
    """(number of includes seen, list of violations)"""
    seen, bad = 0, []
    source = os.path.join(tree, "src")
    for folder, _, files in sorted(os.walk(source)):
        for name in sorted(files):
            if not name.endswith((".c", ".h", ".def", ".S", ".in")):
                continue
            path = os.path.join(folder, name)
            file = os.path.relpath(path, source).replace(os.sep, "/")
            room = file.split("/")[0]
            if room not in BELOW:
                bad.append(f"{os.path.relpath(path, tree)}: the room {room} is unknown: add it to {os.path.basename(__file__)}")
                continue
            with open(path, encoding="utf-8") as stream:
                text = stream.read()
            for match in INCLUDE.finditer(text):
                seen += 1
                why = complaint(file, match[1], match[2])
                if why:
                    line = text.count("\n", 0, match.start(2)) + 1
                    bad.append(f"{os.path.relpath(path, tree)}:{line}: includes {match[2]}: {why}")
    return seen, bad


def self_test():
    good = {"base/io.c": '#include "base/io.h"\n#include <stdio.h>\n', "run/start.c":
            '#include "plan/plan.h"\n#include "init/wire.h"\n#include "diagnose/diagnose.h"\n',
            "cli/run.c": '#include <rootlet.h>\n#include "base/buffer.h"\n#include "cli/cli.h"\n',
            "lib/container.c": '#include "rootlet.h"\n#include "run/run.h"\n#include "state/state.h"\n',
            "init/init.c": '#include "init/wire.h"\n#include <linux/signal.h>\n',
            "init/handover.c": '#include <unistd.h>\n#include "base/fd.h"\n',
            "nss/nss.c": '#include <pwd.h>\n#include "base/io.h"\n'}
    bad = {"base/io.c": '#include "spec/spec.h"\n', "plan/plan.c": '#  include "run/run.h"\n',
           "cli/run.c": '#include "plan/plan.h"\n', "oci/create.c": '#include "init/wire.h"\n',
           "parse/parse.c": '#include "facts/facts.h"\n', "diagnose/words.c": '#include "run/run.h"\n',
           "init/init.c": '#include "base/io.h"\n', "init/supervise.c": '#include <stdio.h>\n',
           "state/state.c": '#include "plan/plan.h"\n', "plan/print.c": '#include "rootlet.h"\n',
           "facts/probe.c": '#include "../plan/plan.h"\n', "attic/a.c": '#include <stdio.h>\n',
           "init/handover.c": '#include "plan/plan.h"\n',
           "facts/caller.c": '#include "seccomp/filter.h"\n',
           "nss/nss.c": '#include "facts/facts.h"\n', "facts/directory.c": '#include "nss/nss.h"\n'}
    for files, expected in ((good, 0), (bad, len(bad))):
        with tempfile.TemporaryDirectory() as tree:
            for name, text in files.items():
                path = os.path.join(tree, "src", name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as out:
                    out.write(text)
            _, violations = check(tree)
            if len(violations) != expected:
                print("\n".join(violations))
                print(f"self-test: {len(violations)} violations found, {expected} made")
                return 1
    return 0


def main():
    if "--self-test" in sys.argv:
        return self_test()
    tree = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "..")
    seen, bad = check(tree)
    print("\n".join(bad) if bad else f"{seen} includes, all one way")
    if not seen:
        print("no include was seen: is this the source tree?")
    return 1 if bad or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
