from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible.module_utils.estate.access.check import problems
from ansible.module_utils.estate.access.guard import Limits, refusals
from ansible.module_utils.estate.access.plan import plan
from ansible.module_utils.estate.access.read import Account, Live, pages, parse
from ansible.module_utils.estate.call import call
from ansible.module_utils.estate.plan import Outcome, carry_out
from ansible.module_utils.estate.policy import same_policy
from hypothesis import given, settings
from hypothesis import strategies as st
from iam_model import IamModel, refuse

ACCOUNT = "111111111111"
PEOPLE = [f"{name}.example" for name in ("ada", "bob", "cy", "dee", "eve", "fay", "gus")]
GROUPS, ROLES, POLICIES = (
    ["Admins", "Devs", "Everyone", "Old"],
    ["admins", "jenkins", "old"],
    ["Office", "Self", "Legacy"],
)
AWS_POLICY = "arn:aws:iam::aws:policy/ReadOnlyAccess"

documents = st.sampled_from(
    [
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
        for action in ("s3:GetObject", "s3:PutObject", ["iam:GetUser", "iam:ListUsers"], "x:" + "y" * 2300)
    ]
)
paths = st.sampled_from(["/", "/people/"])


def some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), unique=True)


def trust(roles: list[str]) -> dict:
    arns = [f"arn:aws:iam::{ACCOUNT}:root", *(f"arn:aws:iam::{ACCOUNT}:role/{role}" for role in roles)]
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": arns}}
    return {"Version": "2012-10-17", "Statement": [statement]}


@st.composite
def wanteds(draw: st.DrawFn) -> dict[str, Any]:
    users, groups, roles = draw(some(PEOPLE)), draw(some(GROUPS)), draw(some(ROLES))
    policies = draw(some(POLICIES))
    arns = [f"arn:aws:iam::{ACCOUNT}:policy/{name}" for name in policies] + [AWS_POLICY]
    inline = st.dictionaries(st.sampled_from(["one", "two"]), documents)
    return {
        "account": "main",
        "account_id": ACCOUNT,
        "users": [{"name": name, "path": draw(paths)} for name in users],
        "policies": [{"name": name, "path": "/", "document": draw(documents)} for name in policies],
        "roles": [
            {
                "name": name,
                "path": "/",
                "trust": trust(roles[:position]),
                "policies": draw(some(arns)),
                "inline": draw(inline),
                "instance_profile": draw(st.booleans()),
                "boundary": "",
                "max_session": None,
                "tags": {},
            }
            for position, name in enumerate(roles)
        ],
        "groups": [
            {
                "name": name,
                "path": draw(paths),
                "policies": draw(some(arns)),
                "inline": draw(inline),
                "grants": draw(some(["production:admins", "production:developers"])),
                "everyone": name == "Everyone",
                "protected": name == "Admins",
            }
            for name in groups
        ],
        "members": {name: draw(some(users)) if users else [] for name in groups},
        "ended": {},
        "titles": [],
        "quotas": {},
        "known_roles": [],
        "alias": None,
        "password_policy": None,
    }


def read(iam: IamModel) -> Live:
    return parse(pages(iam.get_account_authorization_details))


def converge(iam: IamModel, wanted: dict[str, Any], workers: int = 4) -> list[Outcome]:
    """What the module does, without Ansible and without its guard."""
    actions = plan(wanted, Account(read(iam))).actions
    return carry_out(actions, lambda action: call(action, iam, fresh=True, sleep=lambda _: None), str, workers)


def there(*states: dict[str, Any], page: int = 3) -> IamModel:
    """An account that went through these declarations, so that it holds leftovers of all but the last."""
    iam = IamModel(page=page)
    for wanted in states:
        assert {outcome.status for outcome in converge(iam, wanted)} <= {"done"}
    return iam


@settings(max_examples=50, deadline=None)
@given(old=wanteds(), new=wanteds())
def test_any_declaration_is_reached_from_any_state_and_then_rests(old: dict, new: dict) -> None:
    iam = there(old)
    before = iam.state()

    outcomes = converge(iam, new)

    assert {(o.status, o.why) for o in outcomes} <= {("done", "")}
    assert plan(new, Account(read(iam))).actions == []
    after = iam.state()
    for group in new["groups"]:
        members = {name for name, user in after["users"].items() if group["name"] in user["groups"]}
        stay = {name for name, user in before["users"].items() if group["name"] in user["groups"]}
        # nobody leaves a group of everybody, whose policies deny, by a list
        assert members == set(new["members"][group["name"]]) | (stay if group["everyone"] else set())
        assert after["groups"][group["name"]]["attached"] == set(group["policies"])
        assert after["groups"][group["name"]]["inline"] == group["inline"]
    for role in new["roles"]:
        # principals in another order say the same, and are left as they are
        assert same_policy(after["roles"][role["name"]]["trust"], role["trust"])
    assert_left_alone(before, after, new)


def assert_left_alone(before: dict, after: dict, wanted: dict) -> None:
    """What is not declared is as it was, but for being in declared groups."""
    declared = set(wanted["members"])
    for kind in ("groups", "roles"):
        mine = {item["name"] for item in wanted[kind]}
        assert {n: i for n, i in after[kind].items() if n not in mine} == {
            n: i for n, i in before[kind].items() if n not in mine
        }
    for name, user in before["users"].items():
        assert after["users"][name]["groups"] - declared == user["groups"] - declared
        if name not in {user["name"] for user in wanted["users"]}:
            assert after["users"][name]["path"] == user["path"]
    mine = {f"arn:aws:iam::{ACCOUNT}:policy/{policy['name']}" for policy in wanted["policies"]}
    assert {a: d for a, d in after["policies"].items() if a not in mine} == {
        a: d for a, d in before["policies"].items() if a not in mine
    }


@settings(max_examples=40, deadline=None)
@given(both=wanteds())
def test_removing_then_adding_restores(both: dict) -> None:
    iam = there(both)
    first = iam.state()
    without = copy.deepcopy(both)
    without["members"] = {group: [] for group in without["members"]}
    for group in without["groups"]:
        group["policies"], group["inline"] = [], {}

    converge(iam, without)
    assert all(user["groups"] <= {"Everyone"} for user in iam.state()["users"].values())
    converge(iam, both)

    assert iam.state() == first


@settings(max_examples=50, deadline=None)
@given(old=wanteds(), new=wanteds(), share=st.sampled_from([0.0, 0.3, 1.0]), number=st.integers(0, 4))
def test_a_plan_that_the_guard_lets_pass_takes_no_more_than_it_says(
    old: dict, new: dict, share: float, number: int
) -> None:
    iam = there(old)
    live = read(iam)
    if refusals(new, live, Limits(share, number)):
        return
    before = sum(len(user["groups"] & set(new["members"])) for user in iam.users.values())
    admins = {name for name, user in iam.users.items() if "Admins" in user["groups"]}

    done = converge(iam, new)

    gone = [outcome.action for outcome in done if outcome.action.method == "iam.remove_user_from_group"]
    assert len(gone) <= max(share * before, number)
    if "Admins" in new["members"]:
        now = {name for name, user in iam.users.items() if "Admins" in user["groups"]}
        assert now
        assert not admins or now & admins


@settings(max_examples=40, deadline=None)
@given(wanted=wanteds())
def test_what_was_declared_by_these_rules_is_within_those_of_iam(wanted: dict) -> None:
    if not problems(wanted):
        assert {outcome.status for outcome in converge(IamModel(), wanted)} <= {"done"}


@settings(max_examples=10, deadline=None)
@given(old=wanteds(), new=wanteds())
@pytest.mark.parametrize("lost", ["before", "after"], ids=["killed before the call", "killed before the answer"])
def test_interrupted_anywhere_a_second_run_ends_the_same(lost: str, old: dict, new: dict) -> None:
    """The same end as an uninterrupted run, for a run that was killed at each of its writes."""
    smooth = there(old, new)
    writes = sum(method.startswith("get_") is False for method in smooth.calls)
    start = there(old)
    for at in range(writes - sum(not method.startswith("get_") for method in start.calls)):
        iam = there(old)
        left = [at]

        def kill(method: str, left: list[int] = left) -> None:
            if method.startswith("get_"):
                return
            left[0] -= 1
            if left[0] < 0:
                raise refuse("Killed")

        setattr(iam, lost, kill)
        converge(iam, new)  # from the first refused write on, all are refused: as if the process were gone
        iam.before = iam.after = lambda _: None
        outcomes = converge(iam, new)

        assert {(o.status, o.why) for o in outcomes} <= {("done", "")}
        assert iam.state() == smooth.state()


def test_five_versions_never_block() -> None:
    wanted: dict[str, Any] = {
        "account": "main", "account_id": ACCOUNT, "users": [], "roles": [], "groups": [], "members": {},
        "known_roles": [], "ended": {}, "titles": [], "quotas": {}, "alias": None, "password_policy": None,
    }  # fmt: skip
    iam = IamModel()
    for number in range(9):
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": f"s3:Get{number}", "Resource": "*"}],
        }
        wanted["policies"] = [{"name": "Office", "path": "/", "document": document}]

        assert [outcome.why for outcome in converge(iam, wanted) if outcome.status != "done"] == []

    versions = iam.policies[f"arn:aws:iam::{ACCOUNT}:policy/Office"]["versions"]
    assert [version["VersionId"] for version in versions] == ["v5", "v6", "v7", "v8", "v9"]
    assert versions[-1]["IsDefaultVersion"]
