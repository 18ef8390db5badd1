#!/usr/bin/env python3
"""Golden plans: what `rootlet plan` prints, compared with files that reviewers read as diffs.

A case is cases/NAME.case:

    # what the case is for
    facts: debian12                 one of facts/*.json
    args: --userns keep-id / id     as after `rootlet plan`, split as a shell would
    config: small                   instead of args: one of configs/*.json, as `rootlet-oci plan` has it
    fails: yes                      optional: the plan is refused, and the message is compared

Its expected output is expected/NAME.txt, .json and .sh, or NAME.err. Every JSON plan must match
docs/plan.schema.json, every script must pass `sh -n`. Needs no privilege: planning touches nothing.

    golden.py --rootlet build/src/cli/rootlet --rootlet-oci build/src/oci/rootlet-oci            compare
    golden.py --rootlet build/src/cli/rootlet --rootlet-oci build/src/oci/rootlet-oci --update   record again, then read the diff
"""
import argparse
import difflib
import json
import pathlib
import re
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
FORMATS = {"txt": "text", "json": "json", "sh": "sh"}
# The caller's own settings must not leak into a plan.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent",
               "LC_ALL": "C.UTF-8"}


class Case:
    def __init__(self, path):
        self.name = path.stem
        self.fields = {}
        for line in path.read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                key, value = line.split(":", 1)
                self.fields[key.strip()] = value.strip()
        unknown = set(self.fields) - {"facts", "args", "config", "fails"}
        if unknown or "facts" not in self.fields or ("args" in self.fields) == ("config" in self.fields):
            sys.exit(f"{path}: needs facts, and args or config, may have fails; found {sorted(self.fields)}")
        self.fails = self.fields.get("fails") == "yes"

    def command(self, programs, form):
        facts = HERE / "facts" / (self.fields["facts"] + ".json")
        if "config" in self.fields:
            config = (HERE / "configs" / (self.fields["config"] + ".json")).relative_to(TREE)
            return [programs[1], "plan", "--format", form, "--facts", str(facts), "--config", str(config), "box"]
        return [programs[0], "plan", "--color", "never", "--format", form, "--facts", str(facts),
                *shlex.split(self.fields["args"])]

    def suffixes(self):
        return ["err"] if self.fails else list(FORMATS)


def stable(text, suffix):
    """The compiled filter differs by architecture and libseccomp: its size is no part of a plan's text."""
    if suffix == "json":
        text = re.sub(r'("length":)\d+(,\s*"digest":"fnv1a64:)[0-9a-f]{16}', r'\g<1>0\g<2>' + "0" * 16, text)
    return re.sub(r"\(\d+ instructions\)", "(N instructions)", text)


class Failures(list):
    def add(self, case, what):
        self.append(case)
        print(f"FAIL {case}: {what}")


def produce(case, suffix, programs, failures):
    result = subprocess.run(case.command(programs, FORMATS.get(suffix, "text")), env=ENVIRONMENT,
                            cwd=TREE, capture_output=True, text=True, timeout=30, check=False)
    if case.fails:
        status = 1 if "config" in case.fields else 125
        if result.returncode != status or result.stdout:
            failures.add(case.name, f"must be refused with status {status} and no output, got {result.returncode}")
        return result.stderr
    if result.returncode != 0:
        failures.add(case.name, f"status {result.returncode}: {result.stderr.strip()}")
        return None
    return result.stdout


def check_form(case, suffix, text, validator, failures):
    if suffix == "json":
        for error in validator.iter_errors(json.loads(text)):
            where = "/" + "/".join(map(str, error.absolute_path))
            failures.add(case.name, f"docs/plan.schema.json: {where}: {error.message[:200]}")
    if suffix == "sh":
        result = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            failures.add(case.name, f"sh -n: {result.stderr.strip()}")


def compare(case, suffix, text, update, failures):
    path = HERE / "expected" / f"{case.name}.{suffix}"
    text = stable(text, suffix)
    if update:
        path.write_text(text)
        return
    if not path.exists():
        failures.add(case.name, f"{path.name} is missing: record it with --update")
        return
    expected = path.read_text()
    if expected == text:
        return
    failures.add(case.name, f"{path.name} differs")
    sys.stdout.writelines(difflib.unified_diff(expected.splitlines(True), text.splitlines(True),
                                               f"expected/{path.name}", "now"))


def check_schema_knows_every_op(schema, failures):
    """Each row of ops.def has its name in the schema, and its args kind."""
    text = (TREE / "src/plan/ops.def").read_text()
    rows = dict(re.findall(r"^OP\(\w+,\s*(\w+),\s*\w+,\s*(\w+),", text, re.M))
    step = schema["$defs"]["step"]
    kinds = {op: branch["then"]["properties"]["args"]["$ref"].rsplit("_", 1)[1].upper()
             for branch in step["allOf"] for op in branch["if"]["properties"]["op"]["enum"]}
    if len(rows) < 40 or sorted(rows) != sorted(step["properties"]["op"]["enum"]):
        failures.add("schema", "the ops of src/plan/ops.def and of docs/plan.schema.json differ")
    for op in sorted(rows.keys() | kinds.keys()):
        if rows.get(op) != kinds.get(op):
            failures.add("schema", f"op {op}: args are {rows.get(op)} in ops.def, {kinds.get(op)} in the schema")


def check_no_stray_files(cases, failures):
    wanted = {f"{case.name}.{suffix}" for case in cases for suffix in case.suffixes()}
    for path in sorted((HERE / "expected").iterdir()):
        if path.name not in wanted:
            failures.add(path.name, "no case expects this file")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rootlet", required=True)
    parser.add_argument("--rootlet-oci", required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("names", nargs="*", help="only these cases")
    arguments = parser.parse_args()
    try:
        import jsonschema
    except ImportError:
        print("SKIP: python3-jsonschema is not installed")
        sys.exit(77)

    schema = json.loads((TREE / "docs/plan.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    everything = [Case(path) for path in sorted((HERE / "cases").glob("*.case"))]
    cases = [case for case in everything if not arguments.names or case.name in arguments.names]
    failures = Failures()
    programs = [str(pathlib.Path(p).resolve()) for p in (arguments.rootlet, arguments.rootlet_oci)]
    check_schema_knows_every_op(schema, failures)
    for case in cases:
        for suffix in case.suffixes():
            text = produce(case, suffix, programs, failures)
            if text is None:
                continue
            if text != produce(case, suffix, programs, failures):
                failures.add(case.name, f"{suffix}: two runs differ, planning is not deterministic")
            check_form(case, suffix, text, validator, failures)
            compare(case, suffix, text, arguments.update, failures)
    if not arguments.names:
        check_no_stray_files(everything, failures)
    print(f"{len(cases)} cases, {len(set(failures))} failed")
    sys.exit(1 if failures or not cases else 0)


if __name__ == "__main__":
    main()
