#!/usr/bin/env python3
"""Static analysis of every C file: gcc -fanalyzer, clang-tidy or cppcheck. A finding is a failure.

    analyze.py TOOL --source TREE --build BUILD [--stamps FOLDER] [--jobs N] [--deep] [FILE…]
    analyze.py --self-test TOOL       plants a mistake and sees that the tool, run as here, finds it

TOOL is gcc, clang-tidy or cppcheck. The compilers' flags are those of BUILD (compile_commands.json). What was
clean is not looked at again until it, a header that it includes, its flags, the configuration or the tool's
version changes: a stamp in FOLDER says so. --deep lets clang's analyzer take as long as it wants (minutes).

Versions of these tools differ in what they see; the tree is clean with Debian 12's. With another version
findings are printed, and the exit status is 77 (skipped) in place of 1. It does not judge style: format.sh does."""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOOLS = {"gcc": r"\b12\.\d", "clang-tidy": r"version 14\.", "cppcheck": r"\b2\.10\b"}
FOLDERS = ("src", "tests", "docs/examples")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
FINDING = re.compile(r"^.*: (?:fatal )?(?:warning|error|style|performance|portability): .*$", re.M)
# A bound on clang's path-sensitive analysis of one function, instead of 225,000: a fifth of the time for
# the same findings in this tree.
SHALLOW = ["--extra-arg=" + word for word in ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=30000")]
# malloc in a test: a test that goes on with NULL dies, which is a failure too.
TESTS_GCC = ["-Wno-analyzer-possible-null-argument", "-Wno-analyzer-possible-null-dereference"]
# What belongs to producing an object file, or to one compiler only.
DROPPED = re.compile(r"-(?:M[DP]|c|g|O.|fsanitize.*|fdiagnostics.*|Winvalid-pch|pipe)$")
DROPPED_WITH_VALUE = {"-o", "-MQ", "-MF"}


def flags_of(entry):
    """The -I, -D, -W … of one compilation, as absolute as the compiler saw them."""
    words = entry.get("arguments") or __import__("shlex").split(entry["command"])
    flags, skip = [], False
    for word in words[1:]:
        if skip or DROPPED.match(word) or word == entry["file"]:
            skip = False
        elif word in DROPPED_WITH_VALUE:
            skip = True
        elif word.startswith("-I"):
            flags.append("-I" + os.path.normpath(os.path.join(entry["directory"], word[2:])))
        else:
            flags.append(word)
    return flags


def units(source, build, only):
    """(path, flags) of every C file below FOLDERS, in the order of their names. A file that only a custom
    target compiles (the programs without libc) gets the flags of a neighbour."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        known = {}
        for entry in json.load(file):
            path = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
            flags = flags_of(entry)
            # A source may be compiled for the build machine too, with fewer flags.
            if len(flags) > len(known.get(path, ())):
                known[path] = flags
    # Not compiled here (the fuzz targets want clang): whichever flags name all libraries.
    widest = max(known.values(), key=lambda flags: sum(flag.startswith("-I") for flag in flags))
    result = []
    for folder in FOLDERS:
        for at, folders, names in os.walk(os.path.join(source, folder)):
            folders.sort()
            for name in sorted(names):
                path = os.path.realpath(os.path.join(at, name))
                if name.endswith(".c") and (not only or os.path.relpath(path, source) in only):
                    near = [flags for other, flags in known.items() if os.path.dirname(other) == at]
                    result.append((path, known.get(path) or max(near, key=len, default=widest)))
    return result


def closure(path, flags, seen):
    """The file and every project header that it reaches."""
    if path in seen or not os.path.isfile(path):
        return
    seen.add(path)
    with open(path, encoding="utf-8", errors="replace") as file:
        names = INCLUDE.findall(file.read())
    for name in names:
        for folder in [os.path.dirname(path)] + [flag[2:] for flag in flags if flag.startswith("-I")]:
            if os.path.isfile(os.path.join(folder, name)):
                closure(os.path.realpath(os.path.join(folder, name)), flags, seen)
                break


def configuration(tool, source):
    """The files that decide what the tool says."""
    wanted = {"gcc": [], "clang-tidy": [".clang-tidy"], "cppcheck": ["cppcheck-suppressions"]}[tool]
    found = [os.path.abspath(__file__)]
    for folder in ("src", "tests"):
        for at, _, names in sorted(os.walk(os.path.join(source, folder))):
            found += [os.path.join(at, name) for name in names if name in wanted]
    return sorted(found + [os.path.join(source, name) for name in wanted
                           if os.path.exists(os.path.join(source, name))])


def digest(parts, files):
    total = hashlib.sha256("\0".join(parts).encode())
    for path in files:
        with open(path, "rb") as file:
            total.update(path.encode() + b"\0" + hashlib.sha256(file.read()).digest())
    return total.hexdigest()


def command(tool, program, source, path, flags, deep):
    if tool == "gcc":
        if path.startswith(os.path.join(source, "tests") + os.sep):
            flags = flags + TESTS_GCC
        return [program] + flags + ["-O2", "-fanalyzer", "-c", path, "-o", os.devnull]
    if tool == "clang-tidy":
        known = [flag for flag in flags if not flag.startswith(("-W", "-f"))]
        # Before `--`: the bound as extra arguments; behind it: how the file is compiled.
        return [program, "--quiet"] + ([] if deep else SHALLOW) + [path, "--"] + known
    known = [flag for flag in flags if flag.startswith(("-I" + source, "-D"))]
    # The architecture is a compiler's knowledge; without it the #error for unknown machines would be reached.
    return [program, "--quiet", "--std=c11", "--enable=warning,style,performance,portability", "--inline-suppr",
            "--error-exitcode=1", "-D__x86_64__", "-D__LP64__",
            "-D__BYTE_ORDER__=1234", "-D__ORDER_LITTLE_ENDIAN__=1234",
            "--suppressions-list=" + os.path.join(source, "tests/lint/cppcheck-suppressions"),
            "--template={file}:{line}: {severity}: {message} [{id}]"] + known + [path]


def look(tool, program, source, unit, deep, stamps, common):
    """(path, complaint or None)"""
    path, flags = unit
    reached = set()
    closure(path, flags, reached)
    stamp = None
    if stamps:
        stamp = os.path.join(stamps, digest([common, path] + flags, sorted(reached)))
        if os.path.exists(stamp):
            return path, None
    # One file a process: clang's va_list check keeps state between files and complains wrongly.
    run = subprocess.run(command(tool, program, source, path, flags, deep), capture_output=True, text=True,
                         errors="replace", check=False)
    said = run.stdout + run.stderr
    if run.returncode or FINDING.search(said):
        return path, said or f"{program}: exit status {run.returncode}"
    if stamp:
        with open(stamp, "w", encoding="ascii"):
            pass
    return path, None


def analyze(tool, program, source, build, stamps=None, jobs=None, deep=False, only=()):
    """[(path, complaint)] and how many files there were."""
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    common = digest([tool, version, str(deep)], configuration(tool, source))
    if stamps:
        stamps = os.path.join(stamps, tool)
        os.makedirs(stamps, exist_ok=True)
    todo = units(source, build, set(only))
    with concurrent.futures.ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        results = list(pool.map(lambda unit: look(tool, program, source, unit, deep, stamps, common), todo))
    return [(path, said) for path, said in results if said], len(todo)


GOOD = "int twice(int x);\nint twice(int x)\n{\n\treturn 2 * x;\n}\n"
BAD = {
    "gcc": '#include <stdlib.h>\nint leak(void);\nint leak(void)\n{\n\tchar *p = malloc(1);\n\tif (!p)\n\t\treturn 1;\n'
           '\tfree(p);\n\tfree(p);\n\treturn 0;\n}\n',
    "clang-tidy": '#include <string.h>\nint same(const char *a);\nint same(const char *a)\n{\n'
                  '\tint n;\n\tif (strcmp(a, "a") == 0)\n\t\tn = 1;\n\treturn n;\n}\n',
    "cppcheck": "int last(void);\nint last(void)\n{\n\tint a[2] = {0, 1};\n\treturn a[2];\n}\n",
}


def self_test(tool, program):
    here = os.path.dirname(os.path.abspath(__file__))
    tree = os.path.dirname(os.path.dirname(here))
    with tempfile.TemporaryDirectory() as source:
        source = os.path.realpath(source)
        for folder in ("src/room", "tests/lint", "build"):
            os.makedirs(os.path.join(source, folder))
        shutil.copy(os.path.join(tree, ".clang-tidy"), source)
        shutil.copy(os.path.join(here, "cppcheck-suppressions"), os.path.join(source, "tests/lint"))
        entries = []
        for name, text in (("a.h", GOOD.splitlines()[0] + "\n"), ("a.c", '#include "a.h"\n' + GOOD)):
            path = os.path.join(source, "src/room", name)
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
        entries.append({"directory": os.path.join(source, "build"), "file": "../src/room/a.c",
                        "command": f"cc -I{source}/src -Wall -MD -MQ a.o -MF a.d -o a.o -c ../src/room/a.c"})
        with open(os.path.join(source, "build/compile_commands.json"), "w", encoding="ascii") as file:
            json.dump(entries, file)
        stamps = os.path.join(source, "stamps")

        def run():
            return analyze(tool, program, source, os.path.join(source, "build"), stamps)

        bad, count = run()
        assert count == 1 and not bad, bad
        assert len(os.listdir(os.path.join(stamps, tool))) == 1
        run()
        assert len(os.listdir(os.path.join(stamps, tool))) == 1, "the second run did not use the stamp"
        with open(os.path.join(source, "src/room/a.h"), "a", encoding="ascii") as file:
            file.write("/* changed */\n")
        run()
        assert len(os.listdir(os.path.join(stamps, tool))) == 2, "a changed header did not count"
        with open(os.path.join(source, "src/room/a.c"), "a", encoding="ascii") as file:
            file.write(BAD[tool])
        for _ in range(2):
            bad, _ = run()
            assert len(bad) == 1, "a mistake was not noticed, or left a stamp"
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--source")
    parser.add_argument("--build")
    parser.add_argument("--stamps")
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--deep", action="store_true")
    parser.add_argument("tool", choices=sorted(TOOLS))
    parser.add_argument("files", nargs="*")
    args = parser.parse_intermixed_args()
    program = shutil.which(args.tool)
    if not program:
        print(f"{args.tool} is not installed")
        return 77
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    if args.self_test:
        return self_test(args.tool, program)
    if not args.source or not args.build:
        parser.error("--source and --build are needed")
    bad, count = analyze(args.tool, program, os.path.realpath(args.source), args.build, args.stamps, args.jobs,
                         args.deep, args.files)
    for _, said in bad:
        print(said.rstrip())
    print(f"{args.tool}: {count} files, {len(bad)} with findings")
    if bad and not re.search(TOOLS[args.tool], version):
        print(f"another version than the tree is kept clean with: {' '.join(version.split()[:6])}")
        return 77
    return 1 if bad or not count else 0


if __name__ == "__main__":
    sys.exit(main())
