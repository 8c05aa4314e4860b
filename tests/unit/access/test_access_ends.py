"""Last days as denials: what is denied from the day after is what no other group still gives."""

from __future__ import annotations

import datetime
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.estate.access.ends import UNKNOWN, ends
from ansible.module_utils.estate.evaluator.document import read as document
from ansible.module_utils.estate.evaluator.evaluate import judge
from ansible.module_utils.estate.evaluator.request import Principal, Source
from ansible.module_utils.estate.people import read

from tests.support.requests_of_iam import Whole

ROOM = 5120
ME = "arn:aws:iam::111111111111:user/ada.example"
ADMIN = {"Statement": {"Effect": "Allow", "NotAction": "sts:AssumeRole", "Resource": "*"}, "Version": "2012-10-17"}


def allow(action: Any, resource: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


SELF = allow(["iam:ChangePassword", "iam:CreateAccessKey"], "arn:aws:iam::111111111111:user/${aws:username}")
GIVEN: dict[str, list[dict[str, Any]]] = {
    "Everyone": [SELF, allow("iam:GetAccountSummary", "*")],
    "Admins": [ADMIN, allow("sts:AssumeRole", ["arn:aws:iam::1:role/admins", "arn:aws:iam::1:role/developers"])],
    "Devs": [allow("sts:AssumeRole", "arn:aws:iam::1:role/developers"), allow("s3:GetObject", "arn:aws:s3:::dev/*")],
    "Audit": [allow("s3:Get*", "arn:aws:s3:::*")],
}
GROUPS = {
    "Everyone": {"members": "users", "everyone": True},
    "Admins": {"members": "admins"},
    "Devs": {"members": "developers"},
    "Audit": {"members": "audit"},
}


def ended(given: dict[str, Any] = GIVEN, room: int = ROOM, **people: Any) -> tuple[dict[str, Any], list[str]]:
    lists = read({"users": ["ada.example"], "admins": [], "developers": [], "audit": [], **people}, GROUPS)
    return ends(lists, given, room)


def until(day: str) -> list[dict[str, str]]:
    return [{"name": "ada.example", "until": day}]


def may(denial: dict[str, Any], action: str, resource: str, day: str, groups: tuple[str, ...]) -> bool:
    """Whether ada may, with what these groups give and the denial."""
    documents = [*(one for group in groups for one in GIVEN[group]), denial]
    sources = tuple(Source("group", str(place), document(one)) for place, one in enumerate(documents))
    who = Principal(ME, "111111111111", sources, None, {})
    known = Whole({"aws:username": ("ada.example",), "aws:currenttime": (f"{day}T00:00:00Z",)})
    return bool(judge(who, action, resource, None, "111111111111", known).ways)


ALL = ("Everyone", "Admins", "Devs")


@pytest.mark.parametrize(
    ("action", "resource", "then"),
    [
        ("sts:AssumeRole", "arn:aws:iam::1:role/admins", False),
        ("sts:AssumeRole", "arn:aws:iam::1:role/developers", True),
        ("iam:CreateUser", "arn:aws:iam::111111111111:user/eve", False),
        ("iam:AttachUserPolicy", ME, False),
        ("iam:CreateAccessKey", "arn:aws:iam::111111111111:user/bob.example", False),
        ("iam:CreateAccessKey", ME, True),
        ("iam:GetAccountSummary", "*", True),
        ("s3:GetObject", "arn:aws:s3:::dev/a", True),
        ("s3:GetObject", "arn:aws:s3:::prod/a", False),
        ("s3:PutObject", "arn:aws:s3:::dev/a", False),
    ],
)
def test_a_former_admin_keeps_what_other_groups_give_and_nothing_else(action: str, resource: str, then: bool) -> None:
    denial, notes = ended(admins=until("2027-01-31"), developers=["ada.example"])

    assert notes == []
    assert may(denial, action, resource, "2027-01-31", ALL)
    assert may(denial, action, resource, "2027-02-01", ALL) == then


def test_of_two_groups_each_ends_on_its_own_day() -> None:
    denial, notes = ended(admins=until("2027-01-31"), developers=until("2027-03-31"))

    def days(role: str) -> list[bool]:
        arn = f"arn:aws:iam::1:role/{role}"
        return [may(denial, "sts:AssumeRole", arn, day, ALL) for day in ("2027-01-31", "2027-03-31", "2027-04-01")]

    assert (days("admins"), days("developers"), notes) == ([True, False, False], [True, True, False], [])


def test_whoever_leaves_for_good_may_nothing() -> None:
    denial, notes = ended(users=until("2027-01-31"), admins=["ada.example"])

    assert [one["Action"] for one in denial["Statement"]] == [["*"]]
    assert not may(denial, "iam:ChangePassword", ME, "2027-02-01", ALL)
    assert notes == []


def test_what_no_denial_can_say_is_left_to_the_run_and_told() -> None:
    said = "ada.example: the last day holds only once a run takes them out, since "
    partly = ended(audit=until("2027-01-31"), developers=["ada.example"])
    unknown = ended({**GIVEN, "Audit": [UNKNOWN]}, audit=until("2027-01-31"))
    crowded = ended(room=100, developers=until("2027-01-31"))

    assert partly == ({}, [f"{said}another group gives part of the same"])
    assert unknown == ({}, [f"{said}a policy of Audit is not in the vars"])
    assert crowded == ({}, [f"{said}no policy has room"])


def test_two_runs_write_the_same_document() -> None:
    """Whatever order Python's sets are in: else each run would find a difference."""
    program = (
        "import sys, json, ansible.module_utils; sys.path.insert(0, '.');"
        "ansible.module_utils.__path__.append('module_utils');"
        "import tests.unit.access.test_access_ends as t;"
        "print(json.dumps(t.ended(admins=t.until('2027-01-31'), developers=['ada.example'])[0]))"
    )
    root = Path(__file__).parents[3]
    made = {
        subprocess.run(
            [sys.executable, "-c", program], cwd=root, env={"PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(made) == 1


def test_a_day_is_the_whole_of_it() -> None:
    denial, _ = ended(developers=until("2027-01-31"))

    (role, objects) = denial["Statement"]
    assert {one["Condition"]["DateGreaterThanEquals"]["aws:CurrentTime"] for one in (role, objects)} == {
        f"{datetime.date(2027, 2, 1)}T00:00:00Z"
    }
