#!/usr/bin/env python3
"""Checks that every message id has its long explanation, and every explanation an id (src/diagnose/messages.def).

    message_ids.py [SOURCE-TREE]      exit 1 and a line a fault
    message_ids.py --list [TREE]      the ids that are emitted, one a line
    message_ids.py --self-test        shows that faults are found

An id is what a call of error_set, value_error or any other function with the parameters `const char *id` and an
error object passes as that parameter; the id of a row of diagnose/rules.c or helper_rules.c; and that of a condition. Steps' names
(plan/ops.def) are ids as well and explain themselves."""

import glob
import os
import re
import sys
import tempfile

MESSAGES = "src/diagnose/messages.def"
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
ID = re.compile(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")
# What hands an id on that it was given, or takes it from a table that is checked by itself.
PASSED_ON = {"id", "d.id", "diagnosis.id", "c->id", "rule->id", "NULL"}


def strip_comments(text):
    return re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.DOTALL)


def arguments(text, start):
    """The arguments of the call whose opening bracket ends at `start`."""
    depth, args, current, index = 1, [], "", start
    while index < len(text):
        char = text[index]
        if char == '"':
            match = LITERAL.match(text, index)
            if not match:
                break
            current += match[0]
            index = match.end()
            continue
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                break
        if char == "," and depth == 1:
            args.append(current.strip())
            current = ""
        else:
            current += char
        index += 1
    return args + [current.strip()]


def emitters(texts):
    """{function: position of its parameter `id`}"""
    found = {}
    for path, text in texts.items():
        for match in re.finditer(r"\b([a-z_]\w*)\s*\(", text):
            params = arguments(text, match.end())
            joined = " ".join(params)
            if not re.search(r"rootlet_error \*|struct reader \*|state_error", joined):
                continue
            if path.startswith(("src/state/", "src/life/", "src/init/", "src/bundle/", "src/oci/", "src/lib/bundle")) and \
                    "error" not in match[1]:
                continue  # there an id is a container's
            for index, param in enumerate(params):
                if re.fullmatch(r"const char \*id", param):
                    found[match[1]] = index
    return found


def emitted(tree):
    """({id: a place}, [faults])"""
    texts, ids, faults = {}, {}, []
    for pattern in ("src/**/*.c", "src/**/*.h"):
        for path in sorted(glob.glob(os.path.join(tree, pattern), recursive=True)):
            with open(path, encoding="utf-8") as stream:
                texts[os.path.relpath(path, tree)] = strip_comments(stream.read())
    functions = emitters(texts)
    for path, text in texts.items():
        for match in re.finditer(r"\b(" + "|".join(map(re.escape, functions)) + r")\s*\(", text) if functions else []:
            args = arguments(text, match.end())
            position = functions[match[1]]
            if position >= len(args) or "const char *id" in args[position]:
                continue
            literals = [l for l in LITERAL.findall(args[position]) if ID.match(l)]
            place = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
            for literal in literals:
                ids.setdefault(literal, place)
            if not literals and args[position] not in PASSED_ON and not args[position].endswith("->id"):
                faults.append(f"{place}: {match[1]} gets an id that this check cannot read: {args[position]}")
    for table in ("src/diagnose/rules.c", "src/diagnose/helper_rules.c"):
        for match in re.finditer(r"(?:NULL|check_\w+)\s*,\s*\"([a-z0-9-]+)\"\s*,", texts.get(table, "")):
            ids.setdefault(match[1], table)
    conditions = os.path.join(tree, "src/diagnose/conditions.def")
    if os.path.exists(conditions):
        with open(conditions, encoding="utf-8") as stream:
            for match in re.finditer(r"\{\s*\"([a-z0-9-]+)\",\s*CONDITION_", strip_comments(stream.read())):
                ids.setdefault(match[1], "src/diagnose/conditions.def")
    return ids, faults


def explained(tree):
    with open(os.path.join(tree, MESSAGES), encoding="utf-8") as stream:
        text = strip_comments(stream.read())
    return re.findall(r"^MESSAGE\(\"([^\"]+)\"", text, re.MULTILINE)


def check(tree):
    ids, faults = emitted(tree)
    known = explained(tree)
    faults += [f"{place}: the id {name} has no entry in {MESSAGES}" for name, place in sorted(ids.items())
               if name not in known]
    faults += [f"{MESSAGES}: nothing emits {name}" for name in sorted(set(known) - set(ids))]
    faults += [f"{MESSAGES}: {name} stands in it twice" for name in sorted({n for n in known if known.count(n) > 1})]
    if known != sorted(known):
        faults.append(f"{MESSAGES}: its entries are not in alphabetical order")
    if not ids or not known:
        faults.append("no id was seen: is this the source tree?")
    return ids, faults


def self_test():
    code = ('int error_set(struct rootlet_error *err, int code, const char *id, const char *subject, const char *fmt, ...);\n'
            'static int refuse(struct rootlet_error *err, const char *id, const char *why)\n'
            '{\n\treturn error_set(err, -1, id, NULL, "%s", why);\n}\n'
            'void f(void)\n{\n\terror_set(e, -EINVAL, "one", NULL, "x, (y");\n'
            '\trefuse(e, a ? "two" : "two-b", "no-id-here");\n}\n')
    rules = 'const struct rule rules[] = {{STEP(A, B), NULL, check_x, "three", "why", ""}};\n'
    conditions = '{"four", CONDITION_NOTE, "t"},\n'
    good = "".join(f'MESSAGE("{n}", "t", "h", "w", "d")\n' for n in ("four", "one", "three", "two", "two-b"))
    cases = ((code, good, 0), (code, good.replace('MESSAGE("one"', 'MESSAGE("ones"'), 2),
             (code, good + 'MESSAGE("z", "t", "h", "w", "d")\n', 1),
             (code, good + 'MESSAGE("two-b", "t", "h", "w", "d")\n', 1),
             (code.replace('"one"', "table[i].name"), good, 2), (code, "", 6))
    for number, (source, messages, expected) in enumerate(cases):
        with tempfile.TemporaryDirectory() as tree:
            os.makedirs(os.path.join(tree, "src/diagnose"))
            for name, text in (("a.c", source), ("rules.c", rules), ("conditions.def", conditions),
                               ("messages.def", messages)):
                with open(os.path.join(tree, "src/diagnose", name), "w", encoding="utf-8") as out:
                    out.write(text)
            _, faults = check(tree)
            if len(faults) != expected:
                print("\n".join(faults))
                print(f"self-test: case {number}: {len(faults)} faults found, {expected} made")
                return 1
    return 0


def main():
    words = [w for w in sys.argv[1:] if not w.startswith("--")]
    tree = words[0] if words else os.path.join(os.path.dirname(__file__), "..", "..")
    if "--self-test" in sys.argv:
        return self_test()
    if "--list" in sys.argv:
        print("\n".join(f"{name}\t{place}" for name, place in sorted(emitted(tree)[0].items())))
        return 0
    ids, faults = check(tree)
    print("\n".join(faults) if faults else f"{len(ids)} message ids, all explained")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
