"""What starts a router without systemd makes its directories, and takes none of another's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "roles" / "assets_router" / "files" / "local_router.py"


def prepare(*directories: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, "prepare", *directories], capture_output=True, text=True, check=False
    )


def test_directories_are_for_their_owner_alone_and_the_port_is_kept(tmp_path):
    first = prepare(tmp_path / "router", tmp_path / "router" / "state")
    assert (first.returncode, oct((tmp_path / "router" / "state").stat().st_mode & 0o777)) == (0, "0o700")
    assert prepare(tmp_path / "router").stdout == first.stdout


def test_a_directory_that_somebody_else_made_first_is_refused(tmp_path):
    (tmp_path / "trap").symlink_to(tmp_path)
    refused = prepare(tmp_path / "router", tmp_path / "trap")
    assert refused.returncode == 1
    assert refused.stderr == f"{tmp_path}/trap belongs to another user; remove it, or run as that user\n"
    if os.geteuid() == 0:
        (tmp_path / "theirs").mkdir()
        os.chown(tmp_path / "theirs", 65534, 65534)
        assert prepare(tmp_path / "router", tmp_path / "theirs").returncode == 1
