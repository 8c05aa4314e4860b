from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.people import ends, membership, naming, read

GROUPS = {
    "Everyone": {"members": "users", "everyone": True},
    "Devs": {"members": "developers"},
    "Ops": {"members": "ops"},
    "backups": {"members": "ops"},
}
PEOPLE: dict[str, Any] = {"users": ["ada.example", "bob.example"], "developers": ["ada.example"], "ops": []}
TODAY = "2026-11-23"


def until(day: Any) -> dict[str, Any]:
    return {"developers": [{"name": "ada.example", "until": day}]}


def on_the_day(people: dict[str, Any]) -> dict[str, Any]:
    return membership(read(people, GROUPS), datetime.date.fromisoformat(TODAY))


def test_one_list_may_fill_two_groups() -> None:
    done = on_the_day(PEOPLE | {"ops": ["bob.example"]})

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
    ],
)
def test_a_membership_ends_after_its_last_day_and_is_announced(
    until: Any, member: bool, ending: bool, ended: bool
) -> None:
    done = on_the_day(PEOPLE | {"developers": [{"name": "ada.example", "until": until}]})

    assert done["members"]["Devs"] == (["ada.example"] if member else [])
    soon = [f"ada.example is in Devs until {until}"] if ending else []
    over = [f"ada.example was in Devs until {until}; take the name out of developers"] if ended else []
    assert done["notes"] == over + soon


def test_the_end_of_a_user_ends_all_memberships_but_neither_the_user_nor_what_denies() -> None:
    users = [{"name": "ada.example", "until": "2026-01-01"}, "bob.example"]

    done = on_the_day(PEOPLE | {"users": users})

    assert done["members"]["Devs"] == []
    assert done["members"]["Everyone"] == ["ada.example", "bob.example"], "what denies stays"
    assert len(done["users"]) == 2
    assert done["notes"] == [
        "ada.example was in Everyone until 2026-01-01; offboard, then take the name out of users",
        "ada.example was in Devs until 2026-01-01; take the name out of developers",
    ]


@pytest.mark.parametrize(
    ("people", "why"),
    [
        ({"developers": None}, "developers must be a list, got nothing; an empty one is written developers: []"),
        ({"developers": "ada.example"}, "developers must be a list, got str"),
        ({"developers": [["ada.example"]]}, "developers, item 1: ['ada.example'] is no member"),
        ({"developers": [{"name": "ada.example", "untill": TODAY}]}, "developers, item 1:"),
        (until("1.2.2027"), "until of ada.example is '1.2.2027'; allowed is a"),
        (until(None), "is empty; allowed is a day as YYYY-MM-DD, or no until"),
        (until("2027-W05"), "is '2027-W05'; allowed is a day"),
        (until("20261231"), "is '20261231'; allowed is a day"),
        (until(20261231), "is '20261231'; allowed is a day"),
        (until("9999-12-31"), "is '9999-12-31'; allowed is a day as YYYY-MM-DD, or no until at all"),
        (until(datetime.date.max), "is '9999-12-31'; allowed is a day"),
        (until("2027-02-30"), "is '2027-02-30': day "),
        (until(datetime.datetime(2027, 1, 31, 9)), "2027-01-31 09:00:00'; all"),
        ({"developers": [True]}, "item 1: YAML reads this as true or false, no name; write it in quotes"),
        ({"developers": [83]}, "item 1: YAML reads this as the number 83, no name; write it in quotes"),
        ({"developers": [{"name": 45045}]}, "item 1: YAML reads this as the number 45045, no name; write it in quotes"),
        ({"developers": [datetime.date(2027, 1, 31)]}, "item 1: YAML reads this as a date, no name; write it in"),
        ({"developers": ["ada.exmple"]}, "'ada.exmple' is not among the users; did you mean ada.example?"),
        ({"developers": ["ADA.example"]}, "'ADA.example' is not among the users; did you mean ada.example?"),
        ({"developers": ["nobody"]}, "add it to users first"),
        ({"developers": ["ada.example", "ada.example"]}, "item 2: 'ada.example' is there already (item 1); remove one"),
        ({"users": ["ada.example", "Ada.Example"]}, "'Ada.Example' differs from 'ada.example' only by case"),
        ({"users": ["ada example"]}, "users, item 1: user 'ada example': ' ' at position 4 is not allowed;"),
        ({"developers": ["zoë"]}, "developers, item 1: user 'zoë': 'ë' at position 3 is not allowed"),
        ({"users": ["a" * 65]}, "65 characters; at most 64 are allowed"),
        ({"users": [{"name": ""}]}, "users, item 1: user '': the name must be text of 1 to 64 characters"),
        ({"users": [{"name": "ada.example", "path": None}]}, "path None must be / or begin and end with /"),
        ({"users": [{"name": "ada.example", "path": "people"}]}, "path 'people' must be / or begin and end with /"),
        ({"develpers": []}, "the list develpers belongs to no group of access_groups; did you mean developers?"),
    ],
)  # fmt: skip
def test_a_wrong_list_is_told_with_its_name_and_item(people: dict, why: str) -> None:
    with pytest.raises(Refusal) as told:
        read(PEOPLE | people, GROUPS)
    assert why in str(told.value)


@pytest.mark.parametrize("name", ["users", "developers"])
def test_a_missing_list_is_not_an_empty_one(name: str) -> None:
    with pytest.raises(Refusal, match=f"the list {name} is missing; an empty one is written {name}: "):
        read({key: value for key, value in PEOPLE.items() if key != name}, GROUPS)


@pytest.mark.parametrize("said", [{}, {"members": 5}, {"members": ""}, {"members": "\n"}])
def test_a_group_names_its_list(said: dict) -> None:
    with pytest.raises(Refusal, match=r"access_groups\.Devs does not say which list"):
        read(PEOPLE, GROUPS | {"Devs": said})


def test_a_membership_ends_with_its_list_or_with_the_person() -> None:
    users = [{"name": "ada.example", "until": "2027-03-31"}, "bob.example"]
    developers = [{"name": "ada.example", "until": "2027-01-31"}]
    ops = [{"name": "ada.example", "until": "2027-12-31"}, "bob.example"]

    assert ends(read({"users": users, "developers": developers, "ops": ops}, GROUPS)) == {
        "Everyone": {"ada.example": "2027-03-31"},
        "Devs": {"ada.example": "2027-01-31"},
        "Ops": {"ada.example": "2027-03-31"},
        "backups": {"ada.example": "2027-03-31"},
    }


def test_whoever_is_named_is_found_whatever_else_the_lists_say() -> None:
    people = {"users": [None, "ADA.example"], "developers": {"broken": 1}, "ops": [{"name": "ada.example", "until": 7}]}

    assert naming(people, "ada.example") == ["users", "ops"]
    assert naming(None, "ada.example") == []
