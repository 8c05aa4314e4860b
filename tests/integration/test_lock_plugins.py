"""bin/estate lock-plugins with the stand-ins: the whole set goes into the vars, or nothing does."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support import typed

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
DECLARED = """---
# What this file is.
jenkins_version: 2.0
jenkins_plugins:
  - git:5.10.1
  - audit-trail:1.0
jenkins_plugins_locked: []
"""


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory) -> Path:
    for command in ("java", "gpg", "dpkg-deb"):
        if not shutil.which(command):
            pytest.skip(f"{command} is missing (debian-packages.txt)")
    folder = tmp_path_factory.mktemp("stand-in") / "repository"
    subprocess.run([sys.executable, ROOT / "tests/hosts/jenkins/stand_in/build.py", folder], check=True)
    return folder


@pytest.fixture
def lock(stand_in, tmp_path):
    file = tmp_path / "jenkins_plugins.yml"
    file.write_text(DECLARED)

    def run(*words):
        """As docs/jenkins-upgrade.md says to type it, with MOVE=yes or without."""
        pinned, move = typed.lines("docs/jenkins-upgrade.md", "bin/estate lock-plugins")
        program, command, *said = shlex.split(move if "MOVE=yes" in words else pinned)
        files = [f"JENKINS_WAR={stand_in}/jenkins.war", f"JENKINS_PLUGIN_MANAGER={stand_in}/jenkins-plugin-manager.jar"]
        assert [word.partition("=")[0] for word in said[:2]] == [word.partition("=")[0] for word in files]
        done = subprocess.run(
            [ROOT / program, command, *files, f"FILE={file}", *said[2:]],
            capture_output=True, text=True, check=False, env={**os.environ, "HOME": str(tmp_path)},
        )  # fmt: skip
        return done, yaml.safe_load(file.read_text())

    run.file = file
    return run


def test_the_whole_set_is_locked_at_what_is_asked_for(lock):
    done, said = lock()

    assert done.returncode == 0, done.stdout + done.stderr
    assert said["jenkins_plugins"] == ["audit-trail:1.0", "git:5.10.1"]
    assert said["jenkins_plugins_locked"] == ["audit-trail:1.0", "credentials:1.1", "git-client:1.0", "git:5.10.1"]
    assert list(said["jenkins_plugins_checksums"]) == said["jenkins_plugins_locked"]
    assert said["jenkins_version"] == "2.580.2"
    assert lock.file.read_text().startswith("---\n# What this file is.\n")
    assert "+ credentials:1.1" in done.stdout
    assert lock()[1] == said


def test_moving_takes_the_newest_of_all(lock):
    _, said = lock("MOVE=yes")

    assert said["jenkins_plugins"] == ["audit-trail:9.0", "git:9.0"]
    assert said["jenkins_plugins_locked"] == ["audit-trail:9.0", "credentials:9.0", "git-client:9.0", "git:9.0"]


def test_what_cannot_be_had_changes_nothing(lock):
    lock.file.write_text(DECLARED.replace("git:5.10.1", "git:missing"))
    done, said = lock()

    assert done.returncode == 1
    assert said["jenkins_plugins_locked"] == []
