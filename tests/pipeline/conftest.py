"""Runs the Jenkinsfile in the Groovy harness, and renders the jobs, each once for all tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pipeline_tree import BIN, HERE, JAVA_HOME, ROOT, inventories


@pytest.fixture(scope="session")
def run_jenkinsfile(tmp_path_factory) -> Callable[[list[dict]], dict[str, dict]]:
    """Scenarios in, what happened in each by its name out; harness.groovy says what both look like."""
    for command, package in (("groovy", "groovy"), ("java", "groovy")):
        if not shutil.which(command):
            pytest.skip(f"{command} is missing (Debian package {package})")

    def run(scenarios: list[dict]) -> dict[str, dict]:
        path = tmp_path_factory.mktemp("pipeline") / "scenarios.json"
        path.write_text(json.dumps(scenarios))
        done = subprocess.run(
            ["groovy", HERE / "harness.groovy", ROOT / "Jenkinsfile", path, HERE / "stubs", ROOT],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,  # half a minute of work, on a machine that may be busy
            env={**os.environ, **JAVA_HOME},
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return {result["name"]: result for result in json.loads(done.stdout.splitlines()[-1])}

    return run


@pytest.fixture(scope="session")
def render_jobs(tmp_path_factory) -> Callable[..., Path]:
    """Renders with further inventories and variables; returns the directory of XML files."""

    def render(*more: Path, **variables) -> Path:
        directory = tmp_path_factory.mktemp("jobs")
        variables["jenkins_jobs_directory"] = str(directory)
        done = subprocess.run(
            [BIN / "ansible-playbook", *inventories(*more), "playbooks/render_jobs.yml", "-e", json.dumps(variables)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "DM_PLAN_FILE": str(directory.with_suffix(".json"))},
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return directory / "xml"

    return render


@pytest.fixture(scope="session")
def jobs(render_jobs) -> Path:
    return render_jobs()
