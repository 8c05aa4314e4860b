"""An embedded AWS per worker, the real ansible-playbook run against it, and modules importable as inside Ansible."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible.module_utils
import hypothesis
import pytest
from ansible.plugins.loader import init_plugin_loader
from commands.run import inventory_words

from local_aws.control import Control
from tests.support import as_jenkins, secrets

ROOT = Path(__file__).parents[1]
# Before anything imports a collection: one that Python found without Ansible is refused by Ansible from then on, so
# that which tests fail would depend on which came first.
init_plugin_loader()
# How long an example takes is the machine's business: hypothesis's 200 ms fail on one that is busy.
hypothesis.settings.register_profile("estate", deadline=None)
hypothesis.settings.load_profile("estate")
# ansible.module_utils.estate is module_utils/estate here too.
ansible.module_utils.__path__.append(str(ROOT / "module_utils"))

from ansible.module_utils.estate import kept


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files first, or at the end one worker is left with them; what boots hosts takes longest of all."""
    rank = {"hosts": 0, "slow": 1}
    ranks: dict[Path, int] = {}
    for item in items:
        marks = [rank[mark.name] for mark in item.iter_markers() if mark.name in rank]
        ranks[item.path] = min([*marks, ranks.get(item.path, len(rank))])
    items.sort(key=lambda item: ranks[item.path])


@pytest.fixture(autouse=True)
def _a_run_of_its_own() -> Iterator[None]:
    """What modules of one run share is no other test's: a reset of the embedded AWS ends its sessions."""
    kept.memory.cache_clear()
    yield
    if kept.memory.cache_info().currsize and kept.memory().file >= 0:
        os.close(kept.memory().file)
        kept.memory.cache_clear()


@pytest.fixture(scope="session")
def _embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    with Control(tmp_path_factory.mktemp("aws")) as control:
        yield control


@pytest.fixture
def estate_aws(_embedded_aws: Control) -> Control:
    """Four empty accounts: .client(service, account, region), .calls(), .writes(), .fail(…), .latency(ms), .env."""
    _embedded_aws.reset()
    return _embedded_aws


@dataclass
class Run:
    rc: int
    stdout: str
    stderr: str
    report: dict[str, Any] = field(repr=False)  # what dm_report stored: {"plans": {host: {purpose: plan}}, …}

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


def _started(command: list[str], **words: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **words)


def _killed(
    when: Callable[[], bool], command: list[str], *, timeout: float, **words: Any
) -> subprocess.CompletedProcess[str]:
    """By SIGKILL, with all that it started."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, text=True, start_new_session=True, **words
        )
        deadline = time.monotonic() + timeout
        while process.poll() is None and not when() and time.monotonic() < deadline:
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        said.seek(0)
        return subprocess.CompletedProcess(command, process.returncode, said.read(), "")


def _runner(aws: Control, folder: Path) -> Callable[..., Run]:
    runs = 0
    known = secrets.known(aws)

    def run(
        playbook: str,
        *args: str,
        check: bool = False,
        extra_vars: dict[str, Any] | None = None,
        inventory: str = "local",
        inventories: Path = ROOT / "inventories",
        env: dict[str, str] | None = None,
        timeout: float = 300,
        kill_when: Callable[[], bool] | None = None,
    ) -> Run:
        nonlocal runs
        runs += 1
        report = folder / f"report-{runs}" / "plan.json"
        where = [word if word == "-i" else str(inventories.parent / word) for word in inventory_words(inventory)]
        command = [str(Path(sys.executable).parent / "ansible-playbook"), *where, f"playbooks/{playbook}", *args]
        command += ["--check", "--diff"] if check else []
        command += ["-e", json.dumps(extra_vars)] if extra_vars else []
        environment = {
            **aws.env,
            "PATH": f"{Path(sys.executable).parent}:{aws.env['PATH']}",
            "ANSIBLE_LOCAL_TEMP": str(folder / "ansible-local"),
            "ANSIBLE_REMOTE_TEMP": str(folder / "ansible-remote"),
            "ANSIBLE_NOCOLOR": "true",
            "DM_PLAN_FILE": str(report),
            **(env or {}),
        }
        started = _started if kill_when is None else functools.partial(_killed, kill_when)
        done = started(command, cwd=ROOT, env=environment, timeout=timeout)
        files = [file.read_text(encoding="utf-8") for file in report.parent.rglob("*.*") if file.is_file()]
        leaked = secrets.found("\n".join([done.stdout, done.stderr, *files]), known)
        assert leaked == [], f"{playbook} shows or stores secrets"
        stored = json.loads(report.read_text()).get("dm_plan", {}) if report.is_file() else {}
        return Run(done.returncode, done.stdout, done.stderr, stored)

    return run


@pytest.fixture
def run_playbook(estate_aws: Control, tmp_path: Path) -> Callable[..., Run]:
    """run_playbook("converge_buckets.yml", "-l", "preview", check=True) → .rc, .stdout, .stderr, .report."""
    return _runner(estate_aws, tmp_path)


@pytest.fixture(scope="session")
def converged_access(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """People, groups and roles of all accounts, converged once per worker on an AWS of its own, to be left as it is.

    .playbook(…) runs like run_playbook; .making is the calls that made it, whatever tests make it forget, and
    .made_by the same by playbook, .told what each said.
    """
    with Control(tmp_path_factory.mktemp("estate")) as control:
        control.playbook = _runner(control, tmp_path_factory.mktemp("runs"))
        done = control.playbook("converge_access.yml")
        assert done.rc == 0, done.output[-4000:]
        control.making = control.calls()
        control.made_by = {"converge_access": control.making}
        control.told = {"access": done.stdout.splitlines()}
        yield control


@pytest.fixture(scope="session")
def converged_estate(converged_access: Control) -> Control:
    """The whole estate, on top of converged_access and like it."""
    converged_access.forget_calls()
    for part in ("monitoring", "buckets", "trails"):
        since = len(converged_access.calls())
        done = converged_access.playbook(f"converge_{part}.yml")
        assert done.rc == 0, done.output[-4000:]
        converged_access.told[part] = done.stdout.splitlines()
        converged_access.made_by[f"converge_{part}"] = converged_access.calls(since)
    converged_access.making = [*converged_access.making, *converged_access.calls()]
    return converged_access


@pytest.fixture(scope="session")
def converged_zones(converged_estate: Control, tmp_path_factory: pytest.TempPathFactory) -> Control:
    """The estate with its DNS, which Jenkins made."""
    jenkins = as_jenkins.environment(converged_estate, tmp_path_factory.mktemp("jenkins"))
    since = len(converged_estate.calls())
    done = converged_estate.playbook("converge_dns.yml", env=jenkins)
    assert done.rc == 0, done.output[-4000:]
    converged_estate.made_by["converge_dns"] = converged_estate.calls(since)
    converged_estate.making = [*converged_estate.making, *converged_estate.made_by["converge_dns"]]
    return converged_estate
