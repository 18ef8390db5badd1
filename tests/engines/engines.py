#!/usr/bin/env python3
"""Engines drive a runtime: podman, buildah, containerd and docker from the distribution, in a scene of their own.

    engines.py --engine podman_life --runtime build/src/oci/rootlet-oci [--user NAME] [--only PATTERN]
    engines.py --engine podman_life --runtime /usr/bin/crun        the same checks: is a failure ours?
    engines.py --runtime PROGRAM [--as-root] -- COMMAND…       any command in the scene, e.g. `bash`

Launched by root. Ends with 77 and the reason where there is no root, no user, or no such engine."""
import argparse
import importlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scene # pylint: disable=wrong-import-position

ENGINES = ("podman_life", "podman_inside", "buildah", "containerd", "containerd_rootless", "docker", "docker_rootless", "runtime_switch")


def checks_of(engine, runtime, pattern, account, home):
    """Runs in the scene."""
    if getattr(engine, "AS_ROOT", False):
        scene.stay_root()
    else:
        scene.become(account, home)
    bench = engine.open_bench(runtime)
    try:
        return 1 if engine.checks.run(bench, pattern) else 0
    finally:
        getattr(bench, "close", lambda: None)()


def command(words, as_root, account, home):
    if as_root:
        scene.stay_root()
    else:
        scene.become(account, home)
    return scene.run_command(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--runtime", required=True, help="the OCI runtime under test")
    parser.add_argument("--user", default=os.environ.get("ROOTLET_TEST_USER"))
    parser.add_argument("--only", default="*", metavar="PATTERN", help="only checks with such names")
    parser.add_argument("--as-root", action="store_true", help="COMMAND is root's")
    parser.add_argument("command", nargs="*", metavar="COMMAND")
    args = parser.parse_args()

    reason = scene.why_not(args.user)
    engine = None
    if args.engine and not reason:
        engine = importlib.import_module(args.engine)
        reason = engine.missing()
    if reason:
        print(f"SKIP: {reason}")
        return 77
    runtime = os.path.abspath(args.runtime)
    if engine:
        return scene.run_in_scene(args.user, runtime,
                                  lambda account, home: checks_of(engine, runtime, args.only, account, home))
    if not args.command:
        parser.error("--engine, or a COMMAND")
    return scene.run_in_scene(args.user, runtime,
                              lambda account, home: command(args.command, args.as_root, account, home))


if __name__ == "__main__":
    sys.exit(main())
