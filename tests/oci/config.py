#!/usr/bin/env python3
"""The text of config.json: what `spec` writes runs; what is not known is passed over, what is wrong is named with its place;
hooks see the state; nothing that was asked for is left out in silence."""
import json
import subprocess

import bundle

HOOK = """#!/bin/sh
state=$(cat)
status=$(printf %s "$state" | sed 's/.*"status": *"\\([a-z]*\\)".*/\\1/')
printf '%s %s %s %s\\n' "$1" "$status" "$WORD" "$(printf %s "$state" | grep -c '"tea": *"green"')" >>LOG
"""


def text_of(b, text):
    """Runs a config that is given as text."""
    (b.folder / "config.json").write_text(text, encoding="utf-8")
    b.count += 1
    return subprocess.run([b.runtime, "--root", str(b.folder / "state"), "run", "--bundle", str(b.folder), f"t{b.count}"],
                          capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)


def written(b):
    """What `spec` writes, without its terminal."""
    words = [] if bundle.os.getuid() == 0 else ["--rootless"]
    subprocess.run([b.runtime, "spec", *words, "--bundle", str(b.folder)], check=True)
    config = json.loads((b.folder / "config.json").read_text(encoding="utf-8"))
    config["process"]["terminal"] = False
    return config


def test_what_spec_writes_runs(b):
    b.config = written(b)
    b.process["env"] = ["PATH=/bin"]
    assert b.run("id -u; hostname; pwd; (echo >/new) 2>/dev/null || echo read-only") == "0\nrootlet\n/\nread-only\n"


def test_spec_overwrites_nothing(b):
    (b.folder / "config.json").write_text("mine", encoding="ascii")
    done = subprocess.run([b.runtime, "spec", "--bundle", str(b.folder)], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "config.json" in done.stderr, done.stderr
    assert (b.folder / "config.json").read_text(encoding="ascii") == "mine"


def test_unknown_members_are_passed_over(b):
    b.config["later"] = {"a": [1, 2.5e3, None]}
    b.process["later"] = b.linux["later"] = True
    b.config["windows"] = {"layerFolders": 7}
    b.config["annotations"] = {"any.thing": "at all"}
    assert b.run("echo ran") == "ran\n"


def test_a_member_that_is_given_twice(b):
    text = json.dumps(b.config)
    done = text_of(b, text[:-1] + ', "root": {"path": "/"}}')
    assert done.returncode != 0 and not done.stdout
    assert "/root: is given twice" in done.stderr, done.stderr


def test_mistakes_have_their_place(b):
    for text, place in (("", "config.json:1:1: the text ends in the middle"),
                        ('{\n "ociVersion": "1.0.0",\n}', "config.json:3:1: expected the name of a member"),
                        ('{"ociVersion": "2.0.0"}', "config.json:1:16: /ociVersion: this is version 2.0.0"),
                        ('{"ociVersion": "1.0.0",\n "process": {"args": [1]}}', "config.json:2:23: /process/args/0: expected a string")):
        done = text_of(b, text)
        assert done.returncode != 0 and place in done.stderr, done.stderr


def test_values_out_of_range(b):
    b.process["user"]["uid"] = 4294967295
    b.refused("echo ran", words=["/process/user/uid: out of range: 0 to 4294967294"])
    b.process["user"]["uid"] = "0"
    b.refused("echo ran", words=["/process/user/uid: expected a whole number, got a string"])


def test_a_setting_without_its_namespace(b):
    b.linux["namespaces"] = [n for n in b.linux["namespaces"] if n["type"] not in ("network", "uts")]
    b.config["mounts"] = [m for m in b.config["mounts"] if m["destination"] != "/sys"]
    b.linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
    b.refused("echo ran", words=["/linux/sysctl/net.ipv4.ip_forward: belongs to the network namespace"])
    del b.linux["sysctl"]
    b.config["hostname"] = "tea"
    b.refused("echo ran", words=["/hostname: there is no UTS namespace"])


def test_a_command_that_is_not_there(b):
    b.refused("no-such-program", "x", words=["no-such-program", "executable file not found in $PATH"])


def test_warnings_are_told(b):
    b.process["capabilities"]["bounding"] = ["CAP_TEA", "CAP_KILL"]
    log = b.folder / "log"
    done = b.start("echo ran", options=["--debug", "--log", str(log), "--log-format", "json"])
    assert done.stdout == "ran\n", done.stderr
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert any("CAP_TEA" in line["msg"] and line["level"] == "warning" for line in lines), lines


def test_paths_begin_at_the_bundle_or_at_the_root(b):
    (b.folder / "own").mkdir()
    (b.folder / "own/file").write_text("x", encoding="ascii")
    b.mount("relative", source="own", options=["bind"])
    b.mount("/tmp/../deep/er", source="own/file", type="none", options=["rbind", "ro"])
    assert b.run("cat /relative/file /deep/er") == "xx"


def test_words_of_the_environment(b):
    b.process["env"] += ["A=b=c", "E=", "U=\u00e9\U0001f600"]
    assert b.run('echo "$A|$E|$U"') == "b=c||\u00e9\U0001f600\n"
    b.process["env"].append("NOTHING")
    b.refused("echo ran", words=['"NOTHING" is not NAME=VALUE'])


def test_an_id_map_of_a_mount_is_never_left_out(b):
    (b.folder / "own").mkdir()
    maps = [{"containerID": 0, "hostID": 5, "size": 1}]
    b.mount("/m", source="own", options=["bind", "idmap"], uidMappings=maps, gidMappings=maps)
    done = b.start("stat -c %u /m")
    # the kernel grants it to whoever owns the file system
    assert "map the ids" in done.stderr if done.returncode else done.stdout != "0\n", f"{done.stdout}{done.stderr}"


def test_what_is_never_there_is_refused(b):
    for name in ("intelRdt", "netDevices"):
        b.linux[name] = {"eth0": {}}
        b.refused("echo ran", words=[f"/linux/{name}: "])
        del b.linux[name]


def test_hooks_see_the_state(b):
    log, hook = b.folder / "log", b.folder / "hook"
    hook.write_text(HOOK.replace("LOG", str(log)), encoding="ascii")
    hook.chmod(0o755)
    points = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
    b.config["annotations"] = {"tea": "green"}
    b.config["hooks"] = {p: [{"path": str(hook), "args": ["hook", p], "env": ["WORD=w", "PATH=/usr/bin:/bin"]}]
                         for p in reversed(points)}
    assert b.run("echo ran") == "ran\n"
    seen = [line.split() for line in log.read_text(encoding="ascii").splitlines()]
    assert [s[0] for s in seen] == points, seen
    assert all(s[2:] == ["w", "1"] for s in seen), seen
    assert seen[0][1] in ("creating", "created") and seen[4][1] == "stopped", seen


def test_a_hook_that_fails_or_hangs(b):
    b.config["hooks"] = {"createRuntime": [{"path": "/bin/false"}]}
    b.refused("echo ran", words=["/bin/false"])
    b.config["hooks"] = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "60"], "timeout": 1}]}
    b.refused("echo ran", words=["/bin/sleep"])


if __name__ == "__main__":
    bundle.main(globals())
