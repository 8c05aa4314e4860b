"""Hosts that molecule boots: a scenario is a role from nothing, idempotent, verified from outside."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parents[1] / "hosts"
SCENARIOS = {path.parent.name: yaml.safe_load(path.read_text()) for path in sorted(HERE.glob("*/molecule.yml"))}


def why_not(scenario: dict) -> str:
    """What this machine lacks to boot the scenario's hosts, in words; empty when nothing."""
    needs = {need for platform in scenario["platforms"] for need in platform.get("needs", [])}
    for command in ("podman", "mmdebstrap", *sorted(needs)):
        if not shutil.which(command):
            return f"{command} is missing (debian-packages.txt)"
    probe = subprocess.run([HERE / "hostns", "podman", "info"], capture_output=True, text=True, check=False)
    if probe.returncode:
        return f"podman does not work here: {(probe.stderr.strip() or 'it does not say why').splitlines()[-1]}"
    if any("disk_mib" in platform for platform in scenario["platforms"]):
        if os.geteuid():
            return "a disk for the host is a loop device, which needs root"
        if not Path("/dev/loop-control").exists():
            return "this machine has no loop devices"
    return ""


def changed(output: str, scenario: str, step: str) -> set[tuple[str, str]]:
    """What a step of molecule's changed or would change: (host, task) or, past the packages, (host, part of the role).

    A part is a file of tasks/; in check mode a new host only says the parts. What runs and reloads is one part.
    """
    begin, end = (f"[{scenario} > {step}] {word}" for word in ("Executing", "Executed"))
    part_of = {
        name: path.stem if path.stem not in {"restart", "reload", "api"} else "run"
        for path in (HERE.parents[1] / "roles" / scenario / "tasks").glob("*.yml")
        for name in re.findall(r"^ *- name: (.*)$", path.read_text(), re.M)
    }
    found, task = set(), ""
    for line in output.partition(begin)[2].partition(end)[0].splitlines():
        if heading := re.match(r"(TASK|RUNNING HANDLER) \[(?:[\w-]+ : )?(.*)\] \*+", line):
            task = heading[2] if heading[1] == "TASK" else ""
        elif task and (change := re.match(r"changed: \[([\w-]+)\](?: => \(item=(.*)\))?", line)):
            host, item = change.groups()
            if task.startswith("Say which parts"):
                found.add((host, item))
            else:
                part = part_of.get(task, "")
                found.add((host, task if part in {"package", "data_volume"} else part))
    return found


def holds(scenario: str) -> None:
    """The whole of `run test`, in which every step that fails ends it. A machine that cannot boot hosts skips."""
    if reason := why_not(SCENARIOS[scenario]):
        pytest.skip(reason)

    run = subprocess.run(
        [HERE / "run", "test", "-s", scenario],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1800,
        check=False,
    )

    assert run.returncode == 0, "\n".join(run.stdout.splitlines()[-120:])
    if "check" in SCENARIOS[scenario].get("scenario", {}).get("test_sequence", []):
        planned, done = (changed(run.stdout, scenario, step) for step in ("check", "converge"))
        assert planned
        assert planned == done
