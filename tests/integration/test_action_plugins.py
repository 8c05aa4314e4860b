"""What runs in Ansible's own process: modules, which answer as in one of their own, and filters, loaded once."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKED = "Using module file"  # what Ansible says at -vvv when it packs a module to send it


@pytest.fixture
def play(estate_aws, tmp_path) -> Callable[..., str]:
    def run(*tasks: dict[str, Any], **environment: str) -> str:
        variables = {"ansible_python_interpreter": sys.executable}
        playbook = tmp_path / "play.yml"
        playbook.write_text(
            json.dumps(
                [
                    {
                        "hosts": "localhost",
                        "gather_facts": False,
                        "vars": variables,
                        "environment": {"AWS_PROFILE": "digitalmarketplace-development"},
                        "tasks": list(tasks),
                    }
                ]
            )
        )
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-vvv", "-i", "localhost,", "-c", "local"]
        done = subprocess.run(
            [*command, str(playbook)], cwd=ROOT, capture_output=True, text=True, check=False,
            env={**estate_aws.env, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "true",
                 "ANSIBLE_DISPLAY_OK_HOSTS": "true",
                 "ANSIBLE_LOCAL_TEMP": str(tmp_path), "DM_PLAN_FILE": str(tmp_path / "plan.json"), **environment},
        )  # fmt: skip
        return done.stdout + done.stderr

    return run


GUARD = {"dm_account": {"name": "development", "account_id": "222222222222"}}


def test_it_is_not_packed_and_meets_the_plays_environment(play):
    output = play(GUARD, {"dm_account": GUARD["dm_account"], "environment": {"AWS_PROFILE": "digitalmarketplace"}})

    assert PACKED not in output
    assert "ok: [localhost]" in output
    assert "but the credentials of profile digitalmarketplace are for 111111111111" in output


def _with(word: str) -> list[int]:
    """Processes whose environment has the word."""
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            found += [int(file.parent.name)] if word.encode() in file.read_bytes() else []
    return found


def _wait(until: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_whoever_kills_a_run_kills_what_it_forked(estate_aws, tmp_path):
    playbook, mark = tmp_path / "play.yml", f"MARK={tmp_path}"
    variables = {"ansible_python_interpreter": sys.executable}
    play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [GUARD]}
    playbook.write_text(json.dumps([play]))
    estate_aws.latency(60_000)  # milliseconds, in which the module waits for its answer
    try:
        run = subprocess.Popen(
            [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", "-c", "local", str(playbook)],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**estate_aws.env, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "AWS_PROFILE": "digitalmarketplace",
                 "ANSIBLE_LOCAL_TEMP": str(tmp_path), "MARK": str(tmp_path)},
        )  # fmt: skip
        _wait(lambda: len(_with(mark)) > 1 and estate_aws.calls())
        run.kill()
        run.wait()
        _wait(lambda: not _with(mark), seconds=5)
    finally:
        estate_aws.latency(0)


BUCKETS = {"dm_buckets": {"account": "production", "buckets": []}}


def test_a_module_does_nothing_in_another_account_than_its_play_is_about(play, estate_aws):
    estate_aws.forget_calls()

    output = play({**BUCKETS, "environment": {"DM_ACCOUNT": "production", "DM_ACCOUNT_ID": "333333333333"}})

    said = "Account production is 333333333333, but the credentials of profile digitalmarketplace-development are for"
    assert f"{said} 222222222222 (arn:aws:sts::222222222222:assumed-role/" in output
    assert {call["service"] for call in estate_aws.calls()} == {"sts"}


@pytest.mark.parametrize(
    ("profile", "account", "asked"),
    [
        ("digitalmarketplace-production", "333333333333", {"AssumeRole"}),  # whose answer says whose session it is
        ("digitalmarketplace", "111111111111", {"GetCallerIdentity"}),
    ],
)
def test_whose_credentials_they_are_is_asked_once_and_only_where_nobody_said(play, estate_aws, profile, account, asked):
    estate_aws.forget_calls()
    environment = {"AWS_PROFILE": profile, "DM_ACCOUNT": "production", "DM_ACCOUNT_ID": account}

    assert "ok: [localhost]" in play({**BUCKETS, "environment": environment})
    assert [call["operation"] for call in estate_aws.calls() if call["service"] == "sts"] == [*asked]


def test_all_modules_of_a_run_have_one_session_of_a_role(play, estate_aws):
    estate_aws.forget_calls()
    environment = {"DM_ACCOUNT": "production", "DM_ACCOUNT_ID": "333333333333"}
    task = {**BUCKETS, "environment": {**environment, "AWS_PROFILE": "digitalmarketplace-production"}}

    for sessions in (1, 2):
        output = play(task, task, {**task, "loop": [1, 2]})

        assert "ok: [localhost]" in output
        assert "fatal:" not in output
        assert [call["service"] for call in estate_aws.calls()].count("sts") == sessions
        for secret in ("ASIA", "SecretAccessKey", "SessionToken"):
            assert secret not in output


def test_a_role_that_leaves_its_arguments_to_its_module_is_refused_with_wrong_ones(run_playbook, estate_aws):
    estate_aws.forget_calls()

    run = run_playbook("converge_access.yml", "--limit", "backups-account", "-e", '{"access_quotas": [1]}')

    assert run.rc != 0
    assert "access_quotas" in run.output
    assert "allowed is a mapping (inventories/*/group_vars/all and host_vars; roles/access" in run.output
    assert not estate_aws.calls()


def test_wrong_arguments_are_said_with_their_file_and_line(run_playbook, estate_aws, tmp_path):
    shutil.copytree(ROOT / "inventories", tmp_path / "inventories", symlinks=True)
    own = tmp_path / "inventories/preview/host_vars/preview/buckets.yml"
    own.write_text(f"{own.read_text()}buckets_known: {{a: 1}}\n")
    line = len(own.read_text().splitlines())

    run = run_playbook(
        "converge_buckets.yml", "--limit", "preview", inventories=tmp_path / "inventories",
        env={"LOCAL_AWS_STATE": str(estate_aws.state)},
    )  # fmt: skip

    assert run.rc != 0
    assert f"buckets_known is of type dict ({own}:{line}); allowed is a list.\n" in run.output


def test_every_item_of_a_loop_starts_afresh(play):
    output = play(
        {
            "dm_account": {"name": "development", "account_id": "{{ item }}"},
            "loop": ["12", "222222222222", "333333333333"],
            "ignore_errors": True,
        }
    )
    assert "it must be 12 digits in quotes" in output
    assert "ok: [localhost] => (item=222222222222)" in output
    assert "Account development is 333333333333" in output


def test_where_its_files_are_to_be_kept_it_is_packed_as_every_other_module_is(play):
    output = play(GUARD, ANSIBLE_KEEP_REMOTE_FILES="1")

    assert PACKED in output
    assert "ok: [localhost]" in output


READ = {"dm_access_info": {"account": "production", "account_id": "333333333333"}}


@pytest.mark.parametrize("task", [BUCKETS, READ], ids=lambda task: next(iter(task)))
def test_buckets_are_not_looked_at_by_a_module_that_was_packed_without_some_of_their_settings(play, task):
    output = play(task, ANSIBLE_KEEP_REMOTE_FILES="1")

    assert PACKED in output
    assert f"{next(iter(task))} runs in Ansible's own process alone" in output
    assert "Traceback" not in output


def test_wrong_arguments_are_said_as_ever(play):
    output = play({"dm_account": {"name": "development"}})

    assert "missing required arguments: account_id" in output
    assert "Traceback" not in output


def test_filters_are_loaded_once_for_all_tasks(play, tmp_path):
    """Each task is a fork: one that has to load the filters itself takes longer for that than for all the rest."""
    (tmp_path / "filters").mkdir()
    loads = tmp_path / "loads"
    (tmp_path / "filters" / "counted.py").write_text(
        f"""
with open({str(loads)!r}, "a") as file:
    file.write("loaded\\n")

class FilterModule:
    def filters(self):
        return {{"counted": lambda value: value}}
"""
    )
    use = {"ansible.builtin.assert": {"that": "('x' | counted) == 'x'"}}

    output = play(use, use, use, ANSIBLE_FILTER_PLUGINS=str(tmp_path / "filters"))

    assert output.count("ok: [localhost]") == 3, output
    assert loads.read_text() == "loaded\n"
