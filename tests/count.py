#!/usr/bin/env python3
"""Adds up what `meson test` logged, case by case where the test program is cmocka's.

    count.py [--allowed-skips FILE] [--failed-builds N] [--skipped NAME…] NAME=TESTLOG.json…

Prints the failures and the skips by name, then one closing line `N passed, N failed, N skipped`.
Fails when a case failed, a log is missing or empty, or a skip is not in the list. `--self-test` shows that it does."""

import argparse
import fnmatch
import json
import os
import re
import sys
import tempfile

CASE = re.compile(r"^\[\s*(OK|FAILED|SKIPPED)\s*\] (?:[\w./-]+: )?([A-Za-z_]\w*)\s*$", re.MULTILINE)


def cases(test):
    """(passed, failed, skipped) as sets of names, of one entry of meson's log."""
    text = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
    found = {"OK": set(), "FAILED": set(), "SKIPPED": set()}
    for state, name in CASE.findall(text):
        found[state].add(name)
    # cmocka lists failures again at the end, by the same name: sets take care of it.
    passed, failed, skipped = found["OK"] - found["FAILED"], found["FAILED"], found["SKIPPED"]
    name = test["name"].rsplit(" / ", 1)[-1]
    result = test["result"]
    if result == "SKIP":
        skipped = skipped or {name}
    elif result not in ("OK", "EXPECTEDFAIL"):
        failed = failed or {f"{name} ({result.lower()})"}
    elif not (passed or failed or skipped):
        passed = {name}
    elif failed: # the program said OK, and its own output does not
        failed = failed | {f"{name} (exit status 0 with failed cases)"}
    return passed, failed, skipped


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def allowed(path):
    if not path:
        return []
    with open(path, encoding="utf-8") as lines:
        return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


def count(logs, patterns, failed_builds, whole_skips=()):
    passed, failed, skipped, bad = 0, failed_builds, 0, failed_builds > 0

    def skip(where, name):
        nonlocal skipped, bad
        listed = any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
        print(f"skipped {where}: {name}" + ("" if listed else "  (not in allowed-skips)"))
        skipped, bad = skipped + 1, bad or not listed

    for name in whole_skips:
        skip("everything", name)
    for label, path in logs:
        try:
            tests = read(path)
        except (OSError, ValueError) as error:
            print(f"FAILED  {label}: no results: {error}")
            failed, bad = failed + 1, True
            continue
        if not tests:
            print(f"FAILED  {label}: not one test ran")
            failed, bad = failed + 1, True
        for test in tests:
            good, wrong, left_out = cases(test)
            passed, failed = passed + len(good), failed + len(wrong)
            for name in sorted(wrong):
                print(f"FAILED  {label}: {test['name']}: {name}")
                bad = True
            for name in sorted(left_out):
                skip(f"{label}: {test['name']}", name)
    if not logs or passed == 0:
        bad = True
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if bad else 0


def self_test():
    good = {"name": "rootlet / a", "result": "OK", "stdout": "[       OK ] a__one\n[       OK ] a__two\n"}
    other = {"name": "b", "result": "OK", "stdout": "hello"}
    broken = {"name": "c", "result": "FAIL", "stdout": "[       OK ] c__one\n", "stderr":
              "[  FAILED  ] c__two\n[  FAILED  ] c: 1 test(s), listed below:\n[  FAILED  ] c__two\n"}
    crashed = {"name": "d", "result": "TIMEOUT"}
    left_out = {"name": "e", "result": "SKIP"}
    part = {"name": "f", "result": "OK", "stdout": "[       OK ] f__one\n[  SKIPPED ] f__two\n"}
    with tempfile.TemporaryDirectory() as folder:
        def run(tests, patterns=(), failed_builds=0):
            path = os.path.join(folder, "log.json")
            with open(path, "w", encoding="utf-8") as out:
                out.writelines(json.dumps(test) + "\n" for test in tests)
            return count([("x", path)], patterns, failed_builds)

        assert cases(good) == ({"a__one", "a__two"}, set(), set())
        assert cases(broken) == ({"c__one"}, {"c__two"}, set())
        assert run([good, other]) == 0
        assert run([good, broken]) == 1
        assert run([good, crashed]) == 1
        assert run([good, left_out]) == 1
        assert run([good, left_out], ["e"]) == 0
        assert run([good, part]) == 1
        assert run([good, part], ["f__*"]) == 0
        assert run([]) == 1
        assert run([good]) == 0
        assert count([("x", os.path.join(folder, "log.json"))], [], 0, ["suite-root"]) == 1
        assert count([("x", os.path.join(folder, "log.json"))], ["suite-*"], 0, ["suite-root"]) == 0
        assert run([good], (), 1) == 1
        assert count([("x", os.path.join(folder, "absent"))], [], 0) == 1
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--allowed-skips")
    parser.add_argument("--failed-builds", type=int, default=0)
    parser.add_argument("--skipped", action="append", default=[], metavar="NAME", help="what was not run at all")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("logs", nargs="*", metavar="NAME=TESTLOG.json")
    args = parser.parse_args()
    if args.self_test:
        return self_test()
    logs = [tuple(log.split("=", 1)) for log in args.logs]
    return count(logs, allowed(args.allowed_skips), args.failed_builds, args.skipped)


if __name__ == "__main__":
    sys.exit(main())
