from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.estate.access.after import powers
from ansible.module_utils.estate.access.check import problems
from ansible.module_utils.estate.access.guard import Asked, Limits, refusals
from ansible.module_utils.estate.access.read import Group, Live, Policy, Role, User, Version

ACCOUNT = "111111111111"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
DEFAULT = Limits()


def trust(*principals: str) -> dict:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": list(principals)}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def group(name: str, **more: Any) -> dict:
    return {
        "name": name, "path": "/", "policies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"], "inline": {}, "grants": [],
        "everyone": name == "Everyone", "protected": name == "Admins", **more,
    }  # fmt: skip


def declared(members: dict[str, list[str]], **more: Any) -> dict[str, Any]:
    users = sorted({name for names in members.values() for name in names})
    return {
        "account_id": ACCOUNT,
        "users": [{"name": name, "path": "/"} for name in users],
        "groups": [group(name) for name in members],
        "members": members,
        "roles": [],
        "policies": [],
        "ended": {},
        "quotas": {},
        "known_roles": [],
        **more,
    }


def account(members: dict[str, list[str]], **roles: dict) -> Live:
    names = sorted({name for listed in members.values() for name in listed})
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    return Live(
        {
            name: User(name, "/", "", tuple(g for g, listed in members.items() if name in listed), (), {}, "", {})
            for name in names
        },
        {name: Group(name, "/", "", (arn,), {}) for name in members},
        {name: Role(name, "/", "", document, (arn,), {}, (), "", {}) for name, document in roles.items()},
        {},
    )


def refused(wanted: dict, live: Live, limits: Limits = DEFAULT, caller: str = "") -> list[str]:
    return refusals(wanted, live, limits, Asked(caller))


PEOPLE = [f"p{n:02}" for n in range(40)]


@pytest.mark.parametrize(
    ("members", "why"),
    [
        (None, "the members of groups are missing"),
        ({}, "the members of group Devs are missing, not a list: write [] if nobody is to be in it"),
        ({"Devs": None}, "the members of group Devs are missing"),
        ({"Devs": "ada"}, "the members of group Devs are text, not a list"),
        ({"Devs": {"ada": 1}}, "the members of group Devs are a mapping"),
        ({"Devs": [7]}, "member 1 of group Devs is a number, not a name"),
        (
            {"Devs": ["ada.example", "ada.example"]},
            "'ada.example' is twice among the members of group Devs: remove one",
        ),
        ({"Devs": ["ada.exmaple"]}, "is not among the users; did you mean ada.example?"),
        ({"Devs": ["Ada.example"]}, "is not among the users; did you mean ada.example?"),
        ({"Devs": ["zzz"]}, "is not among the users: add it there, or take it out"),
        ({"Devs": [], "Opps": []}, "members are listed for group 'Opps', which is not declared"),
    ],
)
def test_lists_that_cannot_be_meant_are_refused(members: Any, why: str) -> None:
    found = problems(declared({"Devs": []}) | {"users": [{"name": "ada.example", "path": "/"}], "members": members})

    assert len(found) == 1
    assert why in found[0]


def test_an_empty_list_is_a_list() -> None:
    assert problems(declared({"Devs": []})) == []


@pytest.mark.parametrize(
    ("there", "going", "refuses"),
    [(4, 4, False), (10, 5, False), (10, 6, True), (40, 12, False), (40, 13, True)],
)
def test_the_larger_of_a_share_and_a_number_may_go(there: int, going: int, refuses: bool) -> None:
    live = account({"Devs": PEOPLE[:there]})

    found = refused(declared({"Devs": PEOPLE[going:there]}), live)

    assert bool(found) is refuses
    if refuses:
        assert f"{going} of {there} memberships would go, and {12 if there == 40 else 5} at most may" in found[0]
        assert f"-e access_removals_allowed={going}" in found[0]


def test_what_was_allowed_for_this_run_may_go_and_no_more() -> None:
    live = account({"Devs": PEOPLE})

    assert refused(declared({"Devs": PEOPLE[20:]}), live, Limits(allowed=20)) == []
    assert refused(declared({"Devs": PEOPLE[21:]}), live, Limits(allowed=20))
    assert refused(declared({"Devs": PEOPLE[1:]}), live, Limits(allowed=0))


def test_people_count_as_gone_when_only_the_group_of_everybody_is_left_to_them() -> None:
    """13 of 40 people, but 13 of 120 memberships, which by themselves would pass."""
    live = account({"Everyone": PEOPLE, "Devs": PEOPLE, "Other": PEOPLE[13:]})
    wanted = declared({"Everyone": PEOPLE, "Devs": PEOPLE[13:], "Other": PEOPLE[13:]})

    assert [said.split(":")[0] for said in refused(wanted, live)] == [
        "13 of 40 people would go, and 12 at most may",
        "13 of 40 members of group Devs would go, and 12 at most may",
    ]


def test_moving_people_counts_their_memberships_only() -> None:
    live = account({"Devs": PEOPLE[:5], "Ops": []})

    assert refused(declared({"Devs": [], "Ops": PEOPLE[:5]}), live) == []


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (["ada"], [], "protected group Admins would be empty"),
        ([], [], "protected group Admins would be empty"),
        (["ada"], ["bob"], "the last of the present members of protected group Admins would go: keep ada until"),
    ],
)
def test_the_last_admin_stays(before: list[str], after: list[str], why: str) -> None:
    found = refused(declared({"Admins": after, "Devs": ["ada", "bob"]}), account({"Admins": before, "Devs": ["ada"]}))

    assert len(found) == 1
    assert why in found[0]


def test_the_first_admin_and_a_handover_in_two_runs_pass() -> None:
    assert refused(declared({"Admins": ["ada"]}), account({"Admins": []})) == []
    assert refused(declared({"Admins": ["ada", "bob"]}), account({"Admins": ["ada"]})) == []
    assert refused(declared({"Admins": ["bob"]}), account({"Admins": ["ada", "bob"]})) == []


@pytest.mark.parametrize(
    "caller",
    [
        f"arn:aws:iam::{ACCOUNT}:user/ada",
        f"arn:aws:iam::{ACCOUNT}:user/people/ada",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/admins/ada",
    ],
)
def test_nobody_takes_their_own_access_away(caller: str) -> None:
    live = account({"Admins": ["ada", "bob"]})
    wanted = declared({"Admins": ["bob"]}, groups=[group("Admins", grants=["production:admins"])])

    assert refused(wanted, live, caller=caller) == [
        "ada, who runs this, would lose production:admins: let somebody else do that"
    ]
    assert refused(wanted, live, caller=f"arn:aws:iam::{ACCOUNT}:user/bob") == []


def test_whoever_keeps_what_they_had_through_another_group_may_move() -> None:
    live = account({"Ops": ["ada"], "Devs": []})
    groups = [group("Ops", grants=["production:developers"]), group("Devs", grants=["production:developers"])]

    assert (
        refused(declared({"Ops": [], "Devs": ["ada"]}, groups=groups), live, caller=f"arn:aws:iam::{ACCOUNT}:user/ada")
        == []
    )


def role(name: str, document: dict, *policies: str) -> dict:
    return {
        "name": name, "path": "/", "trust": document, "policies": list(policies), "inline": {},
        "boundary": "", "max_session": None, "tags": {}, "instance_profile": False,
    }  # fmt: skip


def test_a_role_does_not_shut_itself_out() -> None:
    live = account({}, admins=trust(ROOT, "arn:aws:iam::999999999999:root"))
    wanted = declared({}, roles=[role("admins", trust(ROOT), "arn:aws:iam::aws:policy/AdministratorAccess")])
    caller = f"arn:aws:sts::{ACCOUNT}:assumed-role/admins/session"

    assert [
        "would no longer trust arn:aws:iam::999999999999:root" in said for said in refused(wanted, live, caller=caller)
    ] == [True]
    assert refused(wanted, live, caller=f"arn:aws:sts::{ACCOUNT}:assumed-role/other/session") == []


def grant(*roles: str) -> dict:
    arns = [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in roles]
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arns}
    return {"assume-roles": {"Version": "2012-10-17", "Statement": [statement]}}


@pytest.mark.parametrize(
    ("session", "gives", "said"),
    [
        ("ada", {"Admins": ["ops"]}, ["ada, who runs this, could no longer assume role admins, which runs this"]),
        ("ada", {"Admins": []}, ["ada, who runs this, could no longer assume role admins, which runs this"]),
        ("ada", {"Admins": [], "Devs": ["people/admins"]}, ["ada, who runs this, could no longer assume role admins"]),
        ("ada", {"Admins": ["people/admins"]}, []),
        ("botocore-session-1", {"Admins": []}, ["nobody could any longer assume role admins, which runs this"]),
        ("botocore-session-1", {"Admins": [], "Devs": ["people/admins"]}, []),
    ],
)
def test_the_role_that_runs_it_stays_within_reach(session: str, gives: dict[str, list[str]], said: list[str]) -> None:
    members = {"Admins": ["ada"], "Devs": ["bob"]}
    live = account(members, admins=trust(ROOT))
    live.roles["admins"] = live.roles["admins"]._replace(arn=f"arn:aws:iam::{ACCOUNT}:role/people/admins")
    live.groups["Admins"] = live.groups["Admins"]._replace(inline=grant("people/admins", "ops"))
    groups = [group(name, inline=grant(*gives[name]) if gives.get(name) else {}) for name in members]
    caller = f"arn:aws:sts::{ACCOUNT}:assumed-role/admins/{session}"

    found = refused(declared(members, groups=groups), live, caller=caller)

    assert len(found) == len(said)
    assert all(start in sentence for start, sentence in zip(said, found, strict=True))


def test_trusting_the_whole_account_covers_trusting_one_of_it() -> None:
    live = account({}, admins=trust(f"arn:aws:iam::{ACCOUNT}:user/ada"))
    wanted = declared({}, roles=[role("admins", trust(ROOT), "arn:aws:iam::aws:policy/AdministratorAccess")])

    assert refused(wanted, live, caller=f"arn:aws:sts::{ACCOUNT}:assumed-role/admins/session") == []


# --- by effect --------------------------------------------------------------------------------------------------------

ALL = "arn:aws:iam::aws:policy/AdministratorAccess"
DOCUMENTS = {
    ALL: {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    "arn:aws:iam::aws:policy/ReadOnlyAccess": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]},
}  # fmt: skip
NOW = "2026-11-23T12:00:00+00:00"
CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/admins/ada"


def world(admins: list[str], **more: Any) -> Live:
    """Admins may become the role admins, which may do everything."""
    live = account({"Admins": admins, "Devs": ["dee"]}, admins=trust(ROOT))
    users = {n: u._replace(arn=f"arn:aws:iam::{ACCOUNT}:user/{n}") for n, u in live.users.items()}
    groups = live.groups | {"Admins": Group("Admins", "/", "", (), grant("admins"))}
    arn = f"arn:aws:iam::{ACCOUNT}:role/admins"
    return Live(users, groups, {"admins": live.roles["admins"]._replace(arn=arn, managed=(ALL,))}, {})._replace(**more)


def same(admins: list[str], **more: Any) -> dict[str, Any]:
    groups = [group("Admins", policies=[], inline=grant("admins")), group("Devs")]
    members = {"Admins": admins, "Devs": ["dee"]}
    return declared(members, groups=groups, roles=[role("admins", trust(ROOT), ALL)], **more)


def judged(wanted: dict, live: Live, can: set[str] | None = None, **more: Any) -> list[str]:
    can = {"ada", "bob", "cy"} if can is None else can
    asked = Asked(CALLER, lambda state: powers(state, DOCUMENTS, ACCOUNT, NOW), can.__contains__, documents=DOCUMENTS)
    return refusals(wanted, live, DEFAULT, asked._replace(**more))


def test_what_changes_nobodys_power_passes() -> None:
    assert judged(same(["ada", "bob"]), world(["ada", "bob"])) == []


@pytest.mark.parametrize(
    "change",
    [
        {"policies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
        {"policies": []},
        {
            "inline": {
                "no": {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}
            }
        },
    ],
)
def test_the_role_that_runs_it_keeps_administering(change: dict) -> None:
    """Not by its policies' names, nor by whether it has any."""
    wanted = same(["ada", "bob"])
    wanted["roles"][0] |= change

    found = judged(wanted, world(["ada", "bob"]))

    assert "role admins, who runs this, could no longer administer the account: let somebody else do that" in found
    assert any("nobody would be left in Admins who can sign in and administer: keep ada or bob" in one for one in found)


def test_a_trust_or_a_grant_that_lets_no_admin_in_counts_the_same() -> None:
    shut, ungiven = same(["ada", "bob"]), same(["ada", "bob"])
    shut["roles"][0]["trust"] = trust(f"arn:aws:iam::{ACCOUNT}:user/zed")
    ungiven["groups"][0]["inline"] = grant("other")

    for wanted in (shut, ungiven):
        found = judged(wanted, world(["ada", "bob"]), can={"ada", "bob"})
        assert any("nobody would be left in Admins who can sign in and administer" in one for one in found), found


@pytest.mark.parametrize(
    ("before", "after", "can", "said"),
    [
        (["cy", "bob", "new"], ["cy", "new"], {"bob"}, "nobody would be left in Admins who can sign in and administer"),
        (["cy", "bob", "new"], ["cy", "new"], {"bob", "cy"}, "cy alone would be left in Admins who can sign in"),
        (["cy", "bob", "new"], ["cy", "bob"], {"bob", "cy"}, ""),
        (["cy", "bob", "new"], ["cy", "new"], {"cy"}, ""),  # nobody who could sign in goes
        (["cy", "bob"], ["cy", "new"], set(), ""),  # nobody has enrolled yet
    ],
)
def test_members_count_who_can_really_sign_in(before: list, after: list, can: set, said: str) -> None:
    found = judged(same(after), world(before), can)

    assert bool(found) is bool(said)
    assert not said or any(said in one for one in found)


def test_one_admin_may_be_left_where_that_is_confirmed_and_none_never() -> None:
    live = world(["cy", "bob", "new"])

    assert judged(same(["cy", "new"]), live, {"bob", "cy"}, confirmed=("Admins",)) == []
    assert judged(same(["cy", "new"]), live, {"bob"}, confirmed=("Admins",))


def test_protection_that_is_taken_away_counts_as_it_was() -> None:
    wanted = same([])
    wanted["groups"][0]["protected"] = False

    assert any("the last of the present members of protected group Admins would go" in one
               for one in judged(wanted, world(["bob", "cy"])))  # fmt: skip


def test_a_principal_that_is_no_more_may_leave_a_trust() -> None:
    live = world(["ada", "bob"])
    live.roles["admins"].trust["Statement"][0]["Principal"]["AWS"].append("AIDA0123456789EXAMPLE")

    assert judged(same(["ada", "bob"]), live) == []


def office(*networks: Any, operator: str = "NotIpAddress") -> dict:
    condition = {operator: {"aws:SourceIp": list(networks)}, "Bool": {"aws:ViaAWSService": "false"}}
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    return {"Version": "2012-10-17", "Statement": [statement]}


def admitting(*networks: Any) -> dict:
    """The same rule as an allowance."""
    condition = {"IpAddress": {"aws:SourceIp": list(networks)}} if networks else {}
    statement = {
        "Effect": "Allow",
        "Action": "s3:Get*",
        "Resource": "*",
        **({"Condition": condition} if condition else {}),
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


READS = {"reads": admitting()}


def ruled(now: dict, then: dict) -> tuple[dict, Live]:
    """(what is declared, what is live): policies of Devs, by name."""
    live, wanted = world(["ada", "bob"]), same(["ada", "bob"])
    live.groups["Devs"] = Group("Devs", "/", "", (), now)
    wanted["groups"][1] |= {"inline": then, "policies": []}
    return wanted, live


@pytest.mark.parametrize("gives", [
    {"inline": {"a": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}}}},
    {"inline": {"a": {"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "NotAction": "iam:*", "Resource": f"arn:aws:iam::{ACCOUNT}:role/*"}}}},
    {"policies": [ALL]},
])  # fmt: skip
def test_the_way_into_the_role_that_runs_it_is_seen_however_a_policy_gives_it(gives: dict) -> None:
    held = {"policies": [], "inline": {}, **gives}
    there = Group("Admins", "/", "", tuple(held["policies"]), held["inline"])
    live = world(["ada", "bob"])
    wanted, kept = same(["ada", "bob"]), same(["ada", "bob"])
    kept["groups"][0] |= held
    wanted["groups"][0] |= {"policies": [], "inline": READS}
    live.groups["Admins"] = there

    said = "ada, who runs this, could no longer assume role admins, which runs this: let another role do that"
    asked = Asked(CALLER, documents=DOCUMENTS)
    assert said in refusals(wanted, live, DEFAULT, asked)
    assert refusals(kept, world(["ada", "bob"]), DEFAULT, asked) == [], "another form of the same is no loss"


@pytest.mark.parametrize("form", [lambda *to: READS | ({"office": office(*to)} if to else {}),
                                  lambda *to: {"reads": admitting(*to)}])  # fmt: skip
@pytest.mark.parametrize(
    ("now", "then", "seen", "refuses"),
    [
        (["203.0.113.0/24"], ["203.0.113.0/24", "198.51.100.0/24"], [], False),  # more
        (["203.0.113.0/24"], ["203.0.113.0/28"], [], True),  # less, and nothing is known
        (["203.0.113.0/24"], ["203.0.113.0/28"], ["203.0.113.7"], False),
        (["203.0.113.0/24"], ["198.51.100.9/32"], ["203.0.113.7"], True),  # a typo
        ([], ["203.0.113.0/24"], ["198.51.100.7"], True),  # a new rule
    ],
)
def test_addresses_are_taken_away_where_somebody_signed_in_from_what_is_left(
    now: list, then: list, seen: list, refuses: bool, form: Any
) -> None:
    wanted, live = ruled(form(*now), form(*then))

    found = judged(wanted, live, seen=lambda: seen)

    assert bool(found) is refuses
    assert not found or "-e access_confirmed=office" in found[0]
    assert judged(wanted, live, seen=lambda: seen, confirmed=("office",)) == []


@pytest.mark.parametrize(
    "rules",
    [
        {"office": office("198.51.100.9/32", operator="NotIpAddressIfExists")},
        {"office": office("198.51.100.9/32", operator="ForAnyValue:NotIpAddress")},
        {"office": office("203.0.113.0/24", operator="IpAddress")},  # a denial of a list
        {"reads": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
             "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]}},
    ],
)  # fmt: skip
def test_a_rule_on_addresses_is_seen_however_it_is_written(rules: dict) -> None:
    wanted, live = ruled(READS, READS | rules)

    (found,) = judged(wanted, live, seen=lambda: ["203.0.113.7"])
    assert found.startswith("group Devs would ask for address ")
    assert "nobody signed in from there lately, but from 203.0.113.7" in found
    assert judged(wanted, live, seen=lambda: ["203.0.113.7", "198.51.100.9"]) == []


def test_a_rule_on_addresses_that_is_all_that_is_left_counts_as_new() -> None:
    narrow = {"office": admitting("198.51.100.9/32")}
    wanted, live = ruled(READS | narrow, narrow)

    (found,) = judged(wanted, live, seen=lambda: ["203.0.113.7"])
    assert found.startswith("group Devs would ask for address in 198.51.100.9/32")


def test_a_rule_on_addresses_that_takes_nothing_from_anybody_passes() -> None:
    """Another policy gives the same from everywhere; nobody is in the group; the rule is there already."""
    narrow = {"reads": admitting("198.51.100.9/32")}
    again, empty, there = (
        ruled(READS, READS | {"more": admitting("198.51.100.9/32")}),
        ruled(READS, narrow),
        ruled(narrow, narrow),
    )
    live = empty[1]
    live.users["dee"] = live.users["dee"]._replace(groups=())
    empty[0]["members"]["Devs"] = []

    for wanted, state in (again, empty, there):
        assert judged(wanted, state, seen=lambda: ["203.0.113.7"]) == []


def test_a_rule_on_addresses_in_a_trust_or_boundary_counts_the_same() -> None:
    condition = {"IpAddress": {"aws:SourceIp": "198.51.100.9/32"}}
    live, wanted = world(["ada", "bob"]), same(["ada", "bob"])
    wanted["roles"][0]["trust"] = trust(ROOT)
    wanted["roles"][0]["trust"]["Statement"][0]["Condition"] = condition

    found = judged(wanted, live, seen=lambda: ["203.0.113.7"])
    assert any(one.startswith("the trust of role admins would ask for address in 198.51.100.9/32") for one in found)

    arn = f"arn:aws:iam::{ACCOUNT}:policy/bound"
    bounds = [admitting(), admitting("198.51.100.9/32")]
    live, wanted = world(["ada", "bob"]), same(["ada", "bob"])
    live.roles["reader"] = live.roles["admins"]._replace(
        name="reader", arn=f"arn:aws:iam::{ACCOUNT}:role/reader", boundary=arn)  # fmt: skip
    live.policies["bound"] = Policy("bound", "/", arn, (Version("v1", True, bounds[0]),))
    wanted["policies"] = [{"name": "bound", "path": "/", "document": bounds[1]}]

    found = judged(wanted, live, seen=lambda: ["203.0.113.7"])
    assert [one for one in found if one.startswith("the boundary of role reader would ask for address")]


@pytest.mark.parametrize(
    "given",
    [[], [None], ["office"], ["203.0.113.0/33"], ["203.0.113.7/24"], ["0.0.0.0/0"], ["::/0"], ["10.0.0.0/8"],
     ["192.168.1.0/24"], ["127.0.0.1/32"], ["fd00::/8"], [203], [True], ["203.0.113.0/255.255.255.0"], ["0.0.0.0/32"],
     ["224.0.0.0/4"], ["255.255.255.255"], ["::ffff:203.0.113.0/120"], ["::"], ["ff02::1"], ["2001:db8::1%eth0"]],
)  # fmt: skip
def test_networks_that_shut_everybody_out_or_nobody_are_refused_before_a_call(given: list) -> None:
    wanted = declared({}, policies=[{"name": "OfficeOnly", "path": "/", "document": office(*given)}])

    (found,) = problems(wanted)
    assert "policy 'OfficeOnly': aws:SourceIp" in found
    assert "(access_office_addresses)" in found
    assert problems(wanted | {"policies": [{"name": "O", "path": "/", "document": office("203.0.113.0/28")}]}) == []


def test_a_last_day_that_is_over_does_not_count_and_three_lists_emptied_at_once_do() -> None:
    live = account({"Devs": PEOPLE[:20], "Ops": PEOPLE[:1], "Audit": PEOPLE[1:2]})

    assert (
        refused(declared({"Devs": [], "Ops": PEOPLE[:1], "Audit": PEOPLE[1:2]}, ended={"Devs": PEOPLE[:20]}), live)
        == []
    )
    (said,) = refused(declared({"Devs": PEOPLE[:20], "Ops": [], "Audit": []}), live)
    assert "groups Ops and Audit would all be empty" in said


def test_a_name_that_is_live_in_another_case_is_refused() -> None:
    live = account({"Devs": ["Ada"]})

    found = refused(declared({"Devs": ["ada"]}), live)

    assert found == ["user 'ada' is 'Ada' in AWS, which does not tell case apart: spell it as it is there"]


def test_groups_that_are_not_declared_count_towards_the_limit_of_ten() -> None:
    live = account({f"Other{n}": ["ada"] for n in range(10)})
    wanted = declared({"Devs": ["ada"]})

    assert ["user 'ada' would be in 11 groups, and IAM allows 10" in said for said in refused(wanted, live)] == [True]
