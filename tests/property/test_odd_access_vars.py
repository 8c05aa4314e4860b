"""Any odd value anywhere in the vars of access is taken as it stands or refused in a sentence: never a traceback."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator
from typing import Any

import yaml
from access_desired import FilterModule
from ansible.errors import AnsibleFilterError
from ansible.module_utils.estate.access.check import problems
from ansible.module_utils.estate.errors import Refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT

DESIRED = FilterModule().filters()["access_desired"]
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False),
    st.sampled_from(["", "ünïcode", "12", "\n", [], {}, [None], [[]], {"a": {"b": [1]}}, [{"x": 1}]]),
)  # fmt: skip


@functools.cache
def sound() -> dict[str, Any]:
    said = yaml.safe_load((ROOT / "inventories/common/group_vars/all/access.yml").read_text())
    accounts = {name: {"id": str(number) * 12} for number, name in enumerate(
        ("main", "development", "production", "backups"), start=1)}  # fmt: skip
    # Unless what stands is taken, its own refusal hides that of whatever is put beside it.
    (denied,) = said["access_policies"]["OfficeOnly"]["Statement"]
    denied["Condition"]["NotIpAddress"]["aws:SourceIp"] = ["192.0.2.0/24"]
    names = {name: said[f"access_{name}"] for name in ("groups", "roles", "policies")}
    known = [{**one, "name": one["name"].strip("{} ")} for one in said["access_known_roles"]]
    people = yaml.safe_load((ROOT / "credentials.example/vars/people.yml").read_text())
    return {"matrix": {"main": "main", "accounts": accounts, **names, "known": known}, "people": people}


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(part, (*at, key))


def test_what_stands_is_taken() -> None:
    for account in ("main", "production"):
        assert problems({"quotas": {}, **DESIRED(sound()["matrix"], account, sound()["people"], "2026-11-26")}) == []


PLACES = [path for path in paths(sound()) if len(path) > 1 and path[1] != "accounts"]


def spoilt(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    made = copy.deepcopy(sound())
    at: Any = made
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return made


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PLACES), ODD, st.sampled_from(["main", "production"]))
def test_an_odd_value_is_taken_or_refused_in_a_sentence(path: tuple[Any, ...], value: Any, account: str) -> None:
    declared = spoilt(path, value)
    try:
        found = DESIRED(declared["matrix"], account, declared["people"], "2026-11-26")
        json.dumps(found)
        problems({"quotas": {}, **found})
    except (AnsibleFilterError, Refusal) as exc:
        said = str(exc)
        assert "object has no" not in said, said
        assert "Traceback" not in said
        assert "\n" not in said.strip(), said
