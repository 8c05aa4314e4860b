"""Random matrices: the review finds exactly the grants that were built on both sides, and which side is missing."""

from __future__ import annotations

from ansible.module_utils.estate.review import review as reviewed
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.access_world import MFA, NOW, World, allow, arn, root, trust

ACCOUNTS = ["main", "development", "production", "backups"]
GROUPS = ["Admins", "Developers", "Auditors", "Empty"]
ROLES = [(account, role) for account in ACCOUNTS for role in ("admins", "developers")]

matrices = st.fixed_dictionaries({group: st.sets(st.sampled_from(ROLES)) for group in GROUPS})
people = st.dictionaries(
    st.sampled_from([f"{name}.example" for name in ["ada", "bob", "cy", "dee", "eve"]]),
    st.sets(st.sampled_from(GROUPS[:3])),
)


def build(matrix: dict, members: dict, untrusted: object = None, ungiven: object = None) -> World:
    """Both sides of every grant; without the trust of the role untrusted, without any policy for the role ungiven."""
    made = World()
    for group, roles in matrix.items():
        arns = [arn(*role) for role in sorted(roles) if role != ungiven]
        made.group(group, {"assume-roles": allow(arns)} if arns else {})
    for name, groups in members.items():
        made.user(name, *sorted(groups))
    for role in ROLES:
        given_to = [group for group, roles in matrix.items() if role in roles]
        made.role(*role, trust(root("main"), Condition=MFA) if given_to and role != untrusted else trust())
    return made


def found(made: World) -> set[tuple]:
    review = reviewed(made.lives(), NOW)._asdict()
    assert all(grant["explicit"] and grant["conditions"] == ["MFA"] for grant in review["grants"])
    return {(g["who"], (g["role_account"], g["role"]), g["through"].removeprefix("group ")) for g in review["grants"]}


def built(matrix: dict, members: dict, without: object = None) -> set[tuple]:
    given_to = [(name, group) for name, groups in members.items() for group in groups]
    return {(name, role, group) for name, group in given_to for role in matrix[group] - {without}}


@given(matrix=matrices, members=people)
def test_the_review_finds_exactly_what_was_built_on_both_sides(matrix: dict, members: dict) -> None:
    made = build(matrix, members)

    assert found(made) == built(matrix, members)
    assert reviewed(made.lives(), NOW).dangling == []


@given(matrix=matrices, members=people, role=st.sampled_from(ROLES))
def test_without_its_trust_each_group_that_is_given_the_role_dangles(matrix: dict, members: dict, role: tuple) -> None:
    made = build(matrix, members, untrusted=role)
    review = reviewed(made.lives(), NOW)._asdict()
    lost = {one["holder"] for one in review["dangling"] if one["side"] == "policy"}

    assert found(made) == built(matrix, members, without=role)
    assert lost == {f"group {group}" for group, roles in matrix.items() if role in roles}
    assert {"role_account": role[0], "role": role[1]} in review["unreachable"]


# A role of the same account whose session cannot have the MFA that the trust asks for is not who the trust is for.
@example(matrix={group: set() for group in GROUPS[:3]} | {"Empty": {ROLES[0]}}, members={}, role=ROLES[0])
@given(matrix=matrices, members=people, role=st.sampled_from(ROLES))
def test_without_any_policy_that_gives_it_the_trust_dangles(matrix: dict, members: dict, role: tuple) -> None:
    made = build(matrix, members, ungiven=role)
    review = reviewed(made.lives(), NOW)._asdict()
    trusted = any(role in roles for roles in matrix.values())
    lost = {(one["role_account"], one["role"]) for one in review["dangling"] if one["side"] == "trust"}

    assert found(made) == built(matrix, members, without=role)
    assert (role in lost) == trusted
