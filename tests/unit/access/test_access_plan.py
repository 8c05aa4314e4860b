from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.module_utils.estate.access.plan import plan
from ansible.module_utils.estate.access.read import Account, Group, Live, Policy, Role, User, Version
from ansible.module_utils.estate.plan import Plan

NOTHING = Live({}, {}, {}, {})
SAYS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
OTHER = {"Version": "2012-10-17", "Statement": []}
AWS = "arn:aws:iam::aws:policy/ReadOnlyAccess"
GRANTS = {"Devs": ["production:developers"], "Ops": ["production:infrastructure"], "Audit": ["production:developers"]}


BARE: dict[str, Any] = {"boundary": "", "max_session": None, "tags": {}}
REPLICATION = {"name": "replication", "trusts": ["s3.amazonaws.com"], "actions": ["s3:*"], "policies": []}


def declared(**more: Any) -> dict[str, Any]:
    return {
        "account": "main", "account_id": "111111111111", "users": [], "policies": [], "roles": [], "groups": [],
        "members": {}, "ended": {}, "titles": [], "known_roles": [], "alias": None, "password_policy": None, **more,
    }  # fmt: skip


def group(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "path": "/", "policies": [], "inline": {}, "grants": GRANTS.get(name, []),
        "everyone": name == "Everyone", "protected": False, **more,
    }  # fmt: skip


def planned(wanted: dict, live: Live = NOTHING, **more: Any) -> Plan:
    return plan(wanted, Account(live, **more))


def members(live: dict[str, list[str]], wanted: dict[str, list[str]]) -> Plan:
    names = sorted({name for listed in (*live.values(), *wanted.values()) for name in listed})
    users = {n: User(n, "/", "", tuple(g for g in live if n in live[g]), (), {}, "", {}) for n in names}
    groups = {name: Group(name, "/", "", (), {}) for name in {*live, *wanted}}
    declaration = declared(
        users=[{"name": n, "path": "/"} for n in names], groups=[group(g) for g in wanted], members=wanted
    )
    return planned(declaration, Live(users, groups, {}, {}))


def calls(made: Plan) -> list[str]:
    return [action.method.removeprefix("iam.") for action in made.actions]


def test_what_a_change_means_for_people_is_told_once() -> None:
    made = members(
        {"Devs": ["bob"], "Ops": ["cy", "dee"], "Audit": ["dee"]},
        {"Devs": ["dee"], "Ops": ["ada", "bob"], "Audit": ["dee"]},
    )

    assert made.effects == [
        "joins: ada gains production:infrastructure through Ops",
        "moves: bob gains production:infrastructure through Ops and loses production:developers through Devs",
        "leaves: cy loses production:infrastructure through Ops",
        "moves: dee gains nothing new through Devs and loses production:infrastructure through Ops",
    ]
    assert not made.diff


def test_the_deny_of_everybodys_group_comes_first_and_is_never_left_by_a_list() -> None:
    joins = members({"Everyone": [], "Devs": []}, {"Devs": ["ada"], "Everyone": ["ada"]}).actions
    leaves = members({"Everyone": ["ada"], "Devs": ["ada"]}, {"Devs": [], "Everyone": []})

    needs = {action.resource: action.needs for action in (*joins,)}
    assert "ada in Everyone" in needs["ada in Devs"]
    assert [action.resource for action in leaves.actions] == ["ada in Devs"]
    assert leaves.notes == ["ada is in Everyone and in no list of users: offboard, which alone ends it"]


def test_memberships_wait_for_users_and_finished_groups() -> None:
    wanted = declared(
        users=[{"name": "ada", "path": "/"}], groups=[group("Devs", policies=[AWS])], members={"Devs": ["ada"]}
    )

    made = planned(wanted)

    assert calls(made) == ["create_user", "create_group", "attach_group_policy", "add_user_to_group"]
    assert made.actions[-1].needs == ("user ada", "group Devs")


def test_at_ten_groups_leaving_comes_before_joining() -> None:
    full = {f"g{n}": ["ada"] for n in range(10)}

    made = members(full, full | {"g0": [], "Devs": ["ada"]})

    join = next(action for action in made.actions if action.verb == "add")
    assert "ada in g0" in join.needs


def test_a_policy_that_said_so_before_says_so_again_without_a_new_version() -> None:
    policy = Policy("Office", "/", "arn", (Version("v1", False, SAYS), Version("v2", True, OTHER)))
    wanted = declared(policies=[{"name": "Office", "path": "/", "document": SAYS}])

    made = planned(wanted, Live({}, {}, {}, {"Office": policy}))

    assert [(a.method, a.params["VersionId"]) for a in made.actions] == [("iam.set_default_policy_version", "v1")]


def test_the_oldest_idle_version_makes_room_but_never_the_one_in_force() -> None:
    versions = tuple(Version(f"v{n}", n == 1, {"Id": str(n)}) for n in range(1, 6))
    wanted = declared(policies=[{"name": "Office", "path": "/", "document": SAYS}])

    made = planned(wanted, Live({}, {}, {}, {"Office": Policy("Office", "/", "arn", versions)}))

    assert calls(made) == ["delete_policy_version", "create_policy_version"]
    assert made.actions[0].params["VersionId"] == "v2"


def test_new_policies_are_attached_before_old_ones_go() -> None:
    live = Group("Devs", "/", "", ("arn:aws:iam::aws:policy/Old",), {"old": SAYS})
    wanted = declared(groups=[group("Devs", policies=[AWS], inline={"new": SAYS})], members={"Devs": []})

    made = planned(wanted, Live({}, {"Devs": live}, {}, {}))

    assert calls(made) == ["attach_group_policy", "put_group_policy", "detach_group_policy", "delete_group_policy"]


def test_at_ten_attached_policies_old_ones_go_first() -> None:
    live = Group("Devs", "/", "", tuple(f"arn:aws:iam::aws:policy/{n}" for n in range(10)), {})
    wanted = declared(groups=[group("Devs", policies=[AWS])], members={"Devs": []})

    assert calls(planned(wanted, Live({}, {"Devs": live}, {}, {})))[-1] == "attach_group_policy"


def test_a_policy_under_another_path_is_used_where_it_is() -> None:
    arn = "arn:aws:iam::111111111111:policy/old/Office"
    policy = Policy("Office", "/old/", arn, (Version("v1", True, SAYS),))
    wanted = declared(
        policies=[{"name": "Office", "path": "/", "document": SAYS}],
        groups=[group("Devs", policies=["arn:aws:iam::111111111111:policy/Office"])],
        members={"Devs": []},
    )

    made = planned(wanted, Live({}, {}, {}, {"Office": policy}))

    assert [a.params.get("PolicyArn") for a in made.actions if a.method == "iam.attach_group_policy"] == [arn]
    assert made.notes == ["policy Office is under path /old/, declared is /: IAM cannot move it, so it stays there"]


def test_a_role_waits_for_those_it_trusts() -> None:
    def role(name: str, *trusts: str) -> dict[str, Any]:
        principal = {"AWS": [f"arn:aws:iam::111111111111:{who}" for who in trusts]}
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal}]}
        return {
            "name": name,
            "path": "/",
            "trust": trust,
            "policies": [],
            "inline": {},
            "instance_profile": name == "b",
            **BARE,
        }

    made = planned(declared(roles=[role("a", "role/b", "user/ada"), role("b")], users=[{"name": "ada", "path": "/"}]))

    needs = {action.method + action.resource: action.needs for action in made.actions}
    assert needs["iam.create_rolerole a"] == ("role b", "user ada")
    assert "create_instance_profile" in calls(made)


def test_the_password_policy_keeps_what_is_not_declared() -> None:
    live = {"MinimumPasswordLength": 8, "RequireSymbols": True, "ExpirePasswords": False}

    wanted = {"MinimumPasswordLength": 12, "RequireNumbers": None}
    made = planned(declared(password_policy=wanted), password_policy=live)

    assert made.actions[0].params == {"MinimumPasswordLength": 12, "RequireSymbols": True}
    assert planned(declared(password_policy={"MinimumPasswordLength": 8}), password_policy=live).actions == []


def test_the_alias_is_kept_or_changed() -> None:
    assert planned(declared(alias="estate"), alias="estate").actions == []
    assert planned(declared(alias="estate"), alias="other").actions[0].params == {"AccountAlias": "estate"}


def test_what_is_live_but_not_declared_is_reported_with_what_adopts_it() -> None:
    live = Live(
        {"zed": User("zed", "/", "", ("Old",), (), {}, "", {})},
        {"Old": Group("Old", "/", "", (AWS,), {"x": SAYS})},
        {
            "replication": Role("replication", "/", "", OTHER, (), {"replication-preview": SAYS}, (), "", {}),
            "AWSServiceRoleForX": Role("AWSServiceRoleForX", "/aws-service-role/x/", "", OTHER, (), {}, (), "", {}),
            "old": Role("old", "/", "", OTHER, (), {}, (), "", {}),
        },
        {"Legacy": Policy("Legacy", "/", "arn", (Version("v1", True, SAYS),))},
    )  # fmt: skip

    made = planned(declared(known_roles=[REPLICATION], groups=[group("Devs")], members={"Devs": []}), live)
    made = made._replace(actions=[action for action in made.actions if action.resource != "group Devs"])

    assert made.actions == []
    assert {found.resource for found in made.unmanaged} == {"user zed", "group Old", "role old", "policy Legacy"}
    adopt = {found.resource: yaml.safe_load(found.adopt) for found in made.unmanaged}
    group_adopted = {"members": "old", "protected": True, "policies": [AWS], "inline": {"x": SAYS}}
    assert adopt["group Old"] == {"old": ["zed"], "access_groups": {"Old": group_adopted}}
    assert adopt["role old"] == {"access_roles": {"old": {"main": {"trust": OTHER}}}}
    assert adopt["policy Legacy"] == {"access_policies": {"Legacy": SAYS}}
    assert adopt["user zed"] == {"users": ["zed"]}


def test_what_changes_is_shown_and_nothing_else() -> None:
    live = Group("Devs", "/", "", (AWS,), {"same": SAYS, "old": SAYS})
    wanted = declared(groups=[group("Devs", policies=[AWS], inline={"same": SAYS, "new": OTHER})], members={"Devs": []})

    (shown,) = planned(wanted, Live({}, {"Devs": live}, {}, {})).diff

    assert shown["before_header"] == "group Devs"
    assert "inline old" in shown["before"]
    assert "inline new" in shown["after"]
    assert "inline same" not in {**shown["before"], **shown["after"]}
    assert "policies" not in shown["after"]


def role(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "path": "/",
        "trust": OTHER,
        "policies": [],
        "inline": {},
        "instance_profile": False,
        **BARE,
        **more,
    }


def live_role(name: str, **more: Any) -> Role:
    return Role(name, "/", f"arn:aws:iam::111111111111:role/{name}", OTHER, (), {}, (), "", {})._replace(**more)


def test_a_profile_that_holds_another_role_gets_the_declared_one() -> None:
    old = live_role("old-jenkins", instance_profiles=("jenkins",))
    wanted = declared(
        roles=[role("jenkins", instance_profile=True)], known_roles=[REPLICATION | {"name": "old-jenkins"}]
    )

    made = planned(wanted, Live({}, {}, {"jenkins": live_role("jenkins"), "old-jenkins": old}, {}))

    assert [(a.method, a.params["RoleName"]) for a in made.actions] == [
        ("iam.remove_role_from_instance_profile", "old-jenkins"),
        ("iam.add_role_to_instance_profile", "jenkins"),
    ]
    (shown,) = made.diff
    assert (shown["before"], shown["after"]) == ({"instance profile": "old-jenkins"}, {"instance profile": "jenkins"})


def test_boundary_longest_session_and_tags_of_a_role_are_kept() -> None:
    limit = {"name": "Limit", "path": "/", "document": SAYS}
    arn = "arn:aws:iam::111111111111:policy/Limit"
    wanted = declared(policies=[limit], roles=[role("r", boundary=arn, max_session=7200, tags={"Team": "a"})])

    new = planned(wanted)
    old = planned(wanted, Live({}, {}, {"r": live_role("r", tags={"Own": "x"})}, {}), sessions={"r": 3600})
    same = Live({}, {}, {"r": live_role("r", boundary=arn, tags={"Team": "a", "Own": "x"})}, {"Limit": policy(arn)})

    (made,) = [a for a in new.actions if a.method == "iam.create_role"]
    assert (made.params["PermissionsBoundary"], made.params["MaxSessionDuration"]) == (arn, 7200)
    assert made.params["Tags"] == [{"Key": "Team", "Value": "a"}]
    assert "policy Limit" in made.needs
    assert calls(old)[1:] == ["put_role_permissions_boundary", "update_role", "tag_role"]
    assert planned(wanted, same, sessions={"r": 7200}).actions == []
    undeclared = planned(declared(roles=[role("r")]), same)
    assert undeclared.actions == []
    assert (
        "has the permissions boundary arn:aws:iam::111111111111:policy/Limit, which is not declared"
        in undeclared.drift[0]
    )


def policy(arn: str) -> Policy:
    return Policy(arn.rsplit("/", 1)[1], "/", arn, (Version("v1", True, SAYS),))


def test_what_a_role_declared_elsewhere_holds_beyond_its_purpose_is_drift() -> None:
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "s3.amazonaws.com"}},
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}},
    ]}  # fmt: skip
    evil = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["iam:*", "s3:Get*"], "Resource": "*"}],
    }
    live = live_role("replication", trust=trust, managed=(AWS,), inline={"replication-preview": SAYS, "more": evil})

    made = planned(declared(known_roles=[REPLICATION]), Live({}, {}, {"replication": live}, {}))

    assert (made.actions, made.unmanaged) == ([], [])
    assert made.drift == [
        f"role replication trusts arn:aws:iam::999999999999:root, has policy {AWS}, may iam:* by more, "
        "which no declaration accounts for"
    ]


def test_policies_of_a_user_s_own_are_told() -> None:
    eve = User("eve", "/", "", (), (AWS,), {"own": SAYS, "AWSRevokeOlderSessions": SAYS}, "", {})

    made = planned(declared(users=[{"name": "eve", "path": "/"}]), Live({"eve": eve}, {}, {}, {}))

    assert made.notes == ["eve has policies of its own, which no list ends: own, ReadOnlyAccess"]


@pytest.mark.parametrize("name", ["on", "0123", "@bob", "12:30:45", "2027-01-31", "null", "1e3"])
def test_what_is_pasted_is_read_as_it_is_meant(name: str) -> None:
    live = Live(
        {name: User(name, "/people/", "", ("USERS",), (), {}, "", {})},
        {"USERS": Group("USERS", "/people/", "", (), {})},
        {name: live_role(name, path="/x/", tags={"a": "on", "aws:x": "y"}, instance_profiles=(name,))},
        {},
    )

    made = planned(declared(groups=[group("Devs")], members={"Devs": []}, titles=["users_x"]), live)

    adopt = {found.resource.split()[0]: yaml.safe_load(found.adopt) for found in made.unmanaged}
    assert adopt["user"] == {"users": [{"name": name, "path": "/people/"}]}
    assert adopt["group"] == {
        "users_members": [name],
        "access_groups": {"USERS": {"members": "users_members", "protected": True, "path": "/people/"}},
    }
    assert adopt["role"]["access_roles"][name]["main"] == {
        "path": "/x/", "trust": OTHER, "tags": {"a": "on"}, "instance_profile": True,
    }  # fmt: skip
