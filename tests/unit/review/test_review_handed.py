"""What dm_access_info hands on is text; what a test writes is data; both are reviewed alike, and nothing else is."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.review.report import Report

from library.dm_access_review import ASKED, reviewed
from tests.support.access_world import NOW, World, allow, arn, root, trust

GIVEN = {**dict.fromkeys(ASKED), "now": NOW, "key_days": 90, "invariants": [], "main": "main", "width": 0, "unread": []}


def review(lives: dict, **more) -> Report:
    return reviewed({**GIVEN, "lives": lives, **more})


def world() -> dict:
    made = World()
    made.group("Developers", {"assume": allow(arn("production", "developers"))})
    made.user("dee.example", "Developers")
    made.role("production", "developers", trust(root("main")))
    return made.lives()


def test_text_is_reviewed_as_data_is():
    as_text = {name: json.dumps(live) for name, live in world().items()}
    assert review(as_text) == review(world())
    assert "dee.example" in review(as_text).files["access.csv"]


@pytest.mark.parametrize(
    "lives", [{"main": {}}, {name: json.dumps(live)[:-9] for name, live in world().items()}], ids=["other", "half"]
)
def test_another_input_is_refused_in_a_sentence(lives):
    with pytest.raises(Refusal, match="lives must be what dm_access_info returned"):
        review(lives)


def test_of_some_of_the_accounts_nothing_is_told():
    with pytest.raises(Refusal, match="production, main could not be read, so who may go where cannot be told"):
        review({}, unread=["production", "main"])


def test_an_invariant_that_is_not_said_as_they_are_is_refused_by_whoever_judges_it():
    with pytest.raises(Refusal, match="access_review_invariants: dumps lacks because, of"):
        review(world(), invariants=[{"name": "dumps", "never": ["s3:GetObject"]}])


def test_what_was_judged_beside_the_review_is_told_in_its_order():
    never = {"never": ["s3:GetObject"], "because": "they are private"}
    invariants = [{"name": f"{n}", "of": [f"arn:aws:s3:::bucket-{n}/*"], **never} for n in range(5)]

    assert [one.name for one in review(world(), invariants=invariants).judged] == ["0", "1", "2", "3", "4"]
