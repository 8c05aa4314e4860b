"""Argument specs judge every number, and every role's spec is looked at on some host."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible.module_utils.estate.specs import Use, argument_specs, limits, out_of_range, uses

from tests.support.options import OPTIONS

ROOT = Path(__file__).parents[2]
NUMBERS = {name: option for name, option in OPTIONS.items() if option["type"] in ("int", "float")}
SAID = [
    file
    for pattern in ("roles/*/defaults/main.yml", "inventories/*/*_vars/**/*.yml", "credentials.example/vars/*.yml")
    for file in ROOT.glob(pattern)
]


def test_every_number_has_limits():
    assert len(NUMBERS) > 50
    assert [name for name, one in NUMBERS.items() if "inf" in limits(one) and "choices" not in one] == []


def test_what_is_declared_is_within_them():
    for file in SAID:
        given = {name: value for name, value in yaml.safe_load(file.read_text()).items() if "{{" not in str(value)}
        assert list(out_of_range(NUMBERS, given)) == [], file


@pytest.mark.parametrize("name", [name for name, one in NUMBERS.items() if "choices" not in one])
def test_one_beyond_is_refused_and_what_is_allowed_is_said(name):
    least, most = limits(NUMBERS[name])
    for value in (float(least) - 1, float(most) + 1):
        [said] = out_of_range(NUMBERS, {name: value})
        assert said.startswith(f"{name} is {value}; allowed is a ")
        assert said.endswith(f"number from {least} to {most}")
    assert list(out_of_range(NUMBERS, {name: float(least)})) == []
    assert list(out_of_range(NUMBERS, {name: float(most)})) == []


@pytest.mark.parametrize("length", [5, 200])
def test_what_stands_inside_of_a_variable_has_limits_too(length):
    [said] = out_of_range(OPTIONS, {"access_password_policy": {"MinimumPasswordLength": length, "HardExpiry": False}})
    assert said == f"access_password_policy.MinimumPasswordLength is {length}; allowed is a whole number from 6 to 128"


def test_every_role_with_a_spec_is_run_somewhere():
    assert {use.role for use in uses(ROOT)} == {*argument_specs(ROOT)}
    assert all(use.entry in argument_specs(ROOT)[use.role] for use in uses(ROOT))
    assert Use("main-account", "jenkins_instance", "restore_drill") in uses(ROOT)
