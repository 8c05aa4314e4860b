"""`bin/estate check` refuses what the roles refuse, with its file and line, and without AWS."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.estate.specs import argument_specs

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
# What a value of each type cannot be read from. Text can be read from anything.
WRONG = {"bool": "maybe", "int": "many", "float": "many", "dict": "none", "list": {"a": "b"}}
# The name of an account and its id are looked at before everything else, and stop the hosts that are in it.
GUARD = {"main": "111111111111", "development": "2222", "production": "333333333333", "backups": "444444444444"}
ODD = {"account_guard": ("dm_accounts", {name: {"id": one, "alias": name} for name, one in GUARD.items()})}


@pytest.fixture
def check(tmp_path):
    """check({"preview": {"jenkins_smtp": {…}}}) → what is said where this is laid over all inventories; by host."""
    laid = tmp_path / "odd" / "host_vars"

    def run(laid_over: dict[str, dict[str, Any]]) -> tuple[str, Path]:
        laid.mkdir(parents=True)
        for host, said in laid_over.items():
            (laid / f"{host}.yml").write_text("".join(f"{name}: {json.dumps(one)}\n" for name, one in said.items()))
        (laid.parent / "hosts.yml").write_text("all: {}\n")
        command = [ROOT / "bin/estate", "check", f"ARGS=-i {laid.parent}", f"BUILD={tmp_path}"]
        environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "ansible"), "ANSIBLE_NOCOLOR": "true"}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stderr, laid

    return run


def wrong_of(role: str) -> tuple[str, Any]:
    """A variable of the role, and what it cannot be."""
    entries = argument_specs(ROOT)[role].values()
    options = {name: one for entry in entries for name, one in entry["options"].items()}
    return ODD.get(role) or next((name, WRONG[one["type"]]) for name, one in options.items() if one["type"] in WRONG)


def test_a_wrong_value_of_a_variable_of_each_role_is_refused_with_its_file_and_line(check):
    wrong = {role: wrong_of(role) for role in argument_specs(ROOT)}

    said, laid = check({"_all": dict(wrong.values())})

    lines = (laid / "_all.yml").read_text().splitlines()
    for role, (name, _) in wrong.items():
        [line] = [number for number, text in enumerate(lines, 1) if text.startswith(f"{name}:")]
        place = re.escape(f"({laid}/_all.yml:{line})")
        assert re.search(rf"\b{name}\b[^()]* {place}", said), (role, name, said)


def test_what_only_a_rule_of_a_role_refuses_is_refused_too(check):
    smtp = {"jenkins_smtp": {"host": "smtp.marketplace.example", "port": 0}}
    london = {"buckets_replica_region": "london"}
    days = {"monitoring_validated_days": 0}
    odd = {"preview": london, "main-account": smtp, "staging": {"dm_aws_region": "dublin"}, "backups-account": days}
    said, laid = check(odd)

    allowed = "allowed is a whole number from 1 to 3653"
    assert f"backups-account: monitoring_validated_days is 0; {allowed} ({laid}/backups-account.yml:1).\n" in said

    assert f"preview: buckets_replica_region is 'london', which is no region of AWS's ({laid}/preview.yml:1)." in said
    assert f"staging: dm_aws_region is 'dublin' ({laid}/staging.yml:1), which is no region of AWS's" in said
    assert "main-account: " in said
    assert "jenkins_smtp has a port of 1 to 65535, and no user without TLS" in said
    assert f"See jenkins_smtp ({laid}/main-account.yml:1)." in said


def test_what_a_mapping_or_a_list_holds_is_judged_too(check):
    wrong = {
        "access_review_administrators": (["main:nobody"], " has 'main:nobody', which is no role"),
        "access_review_holds": (
            {"x": ["y"]},
            " has 'x', which is no attacker; allowed are Jenkins, a stolen developer,",
        ),
        "buckets_batch_places": ({"eu-wst-1": "y"}, " has 'eu-wst-1', which is no region; did you mean eu-west-1?"),
        "dns_elsewhere": ({"x.example": ["y"]}, ".x.example is ['y']; allowed is a text"),
        "dns_servers": ({"x.example": ["here"]}, ".x.example is ['here']; allowed is a list of addresses such as"),
        "jenkins_jobs_schedules": ({"plan": "H 25 * * *"}, ".plan has a wrong schedule: '25' is no hour (0 to 23)"),
    }
    said, laid = check({"main-account": {name: value for name, (value, _) in wrong.items()}})

    for number, (name, (_, sentence)) in enumerate(wrong.items(), 1):
        assert re.search(re.escape(f"{name}{sentence}") + rf"[^()]* .*\({laid}/main-account.yml:{number}\)", said), said
