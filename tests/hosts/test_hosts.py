"""Every role that configures a host, on real systemd hosts: from nothing, idempotent, verified from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
SCENARIOS = {path.parent.name: yaml.safe_load(path.read_text()) for path in sorted(HERE.glob("*/molecule.yml"))}

pytestmark = [pytest.mark.slow, pytest.mark.hosts]


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


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_role_converges_rests_and_holds_on_every_platform(scenario: str):
    reason = why_not(SCENARIOS[scenario])
    if reason:
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
