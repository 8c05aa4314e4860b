"""Who can make himself able by taking a denial away."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.evaluator.evaluate import Evaluator
from ansible.module_utils.estate.review.able import able

from tests.support.access_world import NOW, World, allow, trust

DENY = allow("*", "s3:*", "Deny")
GIVE = allow("*", "s3:*")
MANAGED = "arn:aws:iam::111111111111:policy/OfficeOnly"


def ways(action: str, *, inline: dict[str, Any], managed: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Of an estate with one way; what each of a group, a role and a user holds is the same."""
    made = World()
    made.group("Some", inline)["managed"] = [MANAGED]
    made.role("main", "some", trust(), inline=inline, managed=[MANAGED])
    made.user("some.example", inline=inline, managed=[MANAGED])
    made.user("asker.example", inline={"way": allow("*", action)})
    made.accounts["main"]["policies"] = {MANAGED: managed}
    administrators, found = able(Estate(made.lives()), Evaluator(NOW))
    assert not administrators
    return {(one.who.name, one.action, one.target) for one in found}


@pytest.mark.parametrize(
    ("kind", "target"), [("Role", "role some"), ("User", "user some.example"), ("Group", "group Some")]
)
def test_taking_a_denial_away_is_a_way_up_and_taking_a_right_away_is_none(kind: str, target: str) -> None:
    for action, denied in ((f"iam:Delete{kind}Policy", "inline"), (f"iam:Detach{kind}Policy", "managed")):
        gives = {"inline": {"own": GIVE}, "managed": GIVE}
        denies = gives | ({"inline": {"own": DENY}} if denied == "inline" else {"managed": DENY})
        other = gives | ({"managed": DENY} if denied == "inline" else {"inline": {"own": DENY}})
        assert ("asker.example", action, target) in ways(action, **denies)
        assert ways(action, **gives) == set()
        assert (action, target) not in {way[1:] for way in ways(action, **other)}


def test_leaving_a_group_that_denies_is_a_way_up() -> None:
    leave = "iam:RemoveUserFromGroup"
    assert ways(leave, inline={}, managed=DENY) == {("asker.example", leave, "group Some")}
    assert ways(leave, inline={"own": DENY}, managed=GIVE) == {("asker.example", leave, "group Some")}
    assert ways(leave, inline={}, managed=GIVE) == set()


@pytest.mark.parametrize("kind", ["Role", "User"])
def test_taking_a_boundary_away_is_a_way_up(kind: str) -> None:
    action = f"iam:Delete{kind}PermissionsBoundary"
    assert action in {way[1] for way in ways(action, inline={}, managed=GIVE)}
