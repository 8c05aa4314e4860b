from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from group_membership import FilterModule, group_membership

membership = FilterModule().filters()["group_membership"]
GROUPS = {
    "Everyone": {"members": "users"},
    "Devs": {"members": "developers"},
    "Ops": {"members": "ops"},
    "backups": {"members": "ops"},
}
PEOPLE: dict[str, Any] = {"users": ["ada.example", "bob.example"], "developers": ["ada.example"], "ops": []}
TODAY = "2026-11-23"


def test_one_list_may_fill_two_groups() -> None:
    done = group_membership(PEOPLE | {"ops": ["bob.example"]}, GROUPS, TODAY)

    assert done["members"] == {
        "Everyone": ["ada.example", "bob.example"],
        "Devs": ["ada.example"],
        "Ops": ["bob.example"],
        "backups": ["bob.example"],
    }
    assert done["users"] == [{"name": "ada.example", "path": "/"}, {"name": "bob.example", "path": "/"}]


@pytest.mark.parametrize(
    ("until", "member", "ending", "ended"),
    [
        ("2026-11-22", False, False, True),
        ("2026-11-23", True, True, False),  # the last day counts
        ("2026-12-07", True, True, False),  # two weeks ahead
        ("2026-12-08", True, False, False),
        (datetime.date(2026, 11, 22), False, False, True),  # as YAML reads it without quotes
        (None, True, False, False),
    ],
)
def test_a_membership_ends_after_its_last_day_and_is_announced(
    until: Any, member: bool, ending: bool, ended: bool
) -> None:
    done = group_membership(PEOPLE | {"developers": [{"name": "ada.example", "until": until}]}, GROUPS, TODAY)

    assert done["members"]["Devs"] == (["ada.example"] if member else [])
    assert done["ending"] == ([f"ada.example is in Devs until {until}"] if ending else [])
    assert done["ended"] == (
        [f"ada.example was in Devs until {until}; take the name out of developers"] if ended else []
    )


def test_the_end_of_a_user_ends_all_memberships_but_not_the_user() -> None:
    users = [{"name": "ada.example", "until": "2026-01-01"}, "bob.example"]

    done = group_membership(PEOPLE | {"users": users}, GROUPS, TODAY)

    assert done["members"]["Devs"] == []
    assert done["members"]["Everyone"] == ["bob.example"]
    assert len(done["users"]) == 2


@pytest.mark.parametrize(
    ("people", "why"),
    [
        ({"developers": None}, "developers must be a list, got nothing; an empty one is written developers: []"),
        ({"developers": "ada.example"}, "developers must be a list, got str"),
        ({"developers": [["ada.example"]]}, "developers, item 1: ['ada.example'] is no member"),
        ({"developers": [{"name": "ada.example", "untill": TODAY}]}, "developers, item 1:"),
        ({"developers": [{"name": "ada.example", "until": "1.2.2027"}]}, "until is '1.2.2027'; allowed is a day"),
        ({"developers": ["ada.exmple"]}, "'ada.exmple' is not among the users; did you mean 'ada.example'?"),
        ({"developers": ["ADA.example"]}, "'ADA.example' is not among the users; did you mean 'ada.example'?"),
        ({"developers": ["nobody"]}, "add it to users first"),
        ({"developers": ["ada.example", "ada.example"]}, "item 2: 'ada.example' is there already (item 1); remove one"),
        ({"users": ["ada.example", "Ada.Example"]}, "'Ada.Example' differs from 'ada.example' only by case"),
        ({"develpers": []}, "the list develpers belongs to no group of access_groups; did you mean developers?"),
    ],
)  # fmt: skip
def test_a_wrong_list_is_told_with_its_name_and_item(people: dict, why: str) -> None:
    with pytest.raises(AnsibleFilterError) as told:
        membership(PEOPLE | people, GROUPS, TODAY)
    assert why in str(told.value)
    assert "vars/people.yml" in str(told.value)


@pytest.mark.parametrize("name", ["users", "developers"])
def test_a_missing_list_is_not_an_empty_one(name: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"the list {name} is missing; an empty one is written {name}: "):
        membership({key: value for key, value in PEOPLE.items() if key != name}, GROUPS, TODAY)


def test_a_group_names_its_list() -> None:
    with pytest.raises(AnsibleFilterError, match=r"access_groups\.Devs does not say which list"):
        membership(PEOPLE, GROUPS | {"Devs": {}}, TODAY)
