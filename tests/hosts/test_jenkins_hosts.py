"""The role jenkins on real systemd hosts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import hosts

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.hosts]


def test_converges_rests_and_holds_on_every_platform():
    hosts.holds("jenkins")


def test_checking_a_host_that_is_not_there_is_an_error(tmp_path: Path):
    (tmp_path / "hosts.yml").write_text("all: {children: {jenkins: {}}}\n")
    options = ["--hosts=ansible://jenkins", f"--ansible-inventory={tmp_path / 'hosts.yml'}", "-p", "no:cacheprovider"]

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, ROOT / "tests/hosts/jenkins/verify"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == pytest.ExitCode.USAGE_ERROR, run.stdout
    assert "--hosts=ansible://jenkins finds no host" in run.stderr
