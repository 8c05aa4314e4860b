"""Which Python set-up takes, on a machine that has only an old one, and what it says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Is as old as Debian 12's where it is asked, and stands in for what PyPI and uv's servers would give: -m venv makes a
# folder whose pip has nothing to do and whose uv "gets" a Python that only notes what it is asked for.
OLD = """#!/bin/sh
case "$*" in
  *"version_info < (3, 12)"*) exit 1 ;;
  *"version_info < (3, 9)"*) exit 0 ;;
  "-m venv "*)
    mkdir -p "$3/bin" && cp "$0" "$3/bin/python"
    printf '#!/bin/sh\necho "$*" >> uv.log; [ ! -e offline ] || exit 2; [ "$2" != find ] || echo {new}\n' > "$3/bin/uv"
    chmod +x "$3/bin/uv" ;;
esac
"""
NEW = """#!/bin/sh
case "$*" in
  *_base_executable*) echo "$0" ;;
  --version) echo "Python 3.13.7" ;;
  "-m venv .venv") touch made-by-new; exit 1 ;;
esac
"""


@pytest.fixture
def old_machine(tmp_path):
    """A checkout, and a PATH on which python3 is old."""
    checkout, path = tmp_path / "checkout", tmp_path / "path"
    (checkout / "bin").mkdir(parents=True)
    path.mkdir()
    shutil.copy(ROOT / "bin/setup", checkout / "bin")
    for lock in ("requirements.lock", "requirements-uv.lock"):
        (checkout / lock).write_text("")
    for tool in ("sh", "cat", "chmod", "cksum", "cp", "dirname", "ls", "mkdir", "rm", "sort", "touch"):
        (path / tool).symlink_to(shutil.which(tool))
    (tmp_path / "new").write_text(NEW)
    (path / "python3").write_text(OLD.replace("{new}", str(tmp_path / "new")))
    for script in (tmp_path / "new", path / "python3"):
        script.chmod(0o755)

    def run(**environment):
        done = subprocess.run(
            ["sh", "bin/setup"], cwd=checkout, capture_output=True, text=True, check=False,
            env={"PATH": str(path), "HOME": str(tmp_path), **environment},
        )  # fmt: skip
        assert done.stdout == ""
        return done

    run.checkout, run.path = checkout, path
    return run


def test_an_old_machine_gets_a_python_of_uvs_and_is_told(old_machine):
    done = old_machine()

    assert "getting one of uv's own builds (SETUP_PYTHON=system forbids it)" in done.stderr
    log = (old_machine.checkout / "uv.log").read_text().splitlines()
    assert log == ["python install -q 3.13", "python find --managed-python 3.13"]
    assert (old_machine.checkout / "made-by-new").exists(), done.stderr


def test_where_that_is_forbidden_one_sentence_says_what_to_do(old_machine):
    done = old_machine(SETUP_PYTHON="system")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "SETUP_PYTHON=system forbids to get one: install the packages of a Python 3.12 or newer" in done.stderr
    assert not (old_machine.checkout / "uv.log").exists()


def test_where_none_can_be_had_the_last_sentence_says_what_to_do(old_machine):
    (old_machine.checkout / "offline").touch()

    done = old_machine()

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "setup: uv's build of Python 3.13 cannot be had: install the packages"
    )


def test_where_there_is_no_python_with_venv_one_sentence_says_what_to_do(old_machine):
    (old_machine.path / "python3").write_text("#!/bin/sh\nexit 1\n")

    done = old_machine()

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "install the packages python3 and python3-venv" in done.stderr


def test_a_new_python_is_taken_as_it_is(old_machine):
    done = old_machine(PYTHON=sys.executable, PIP_NO_INDEX="1")

    assert "uv's own" not in done.stderr
    assert f"setup: Python {sys.version.split()[0]} -> .venv" in done.stderr
