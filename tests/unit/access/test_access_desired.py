from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from access_desired import FilterModule
from ansible.errors import AnsibleFilterError
from ansible.module_utils.estate.access.desired import desired as access_desired
from ansible.parsing.dataloader import DataLoader

desired = FilterModule().filters()["access_desired"]
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
MATRIX: dict[str, Any] = {
    "main": "main",
    "accounts": {"main": {"id": "111111111111"}, "production": {"id": "333333333333"}},
    "groups": {
        "Devs": {
            "members": "developers",
            "about": "tea",
            "assume": {"production": ["developers"]},
            "policies": ["Office"],
        }
    },
    "roles": {
        "developers": {"production": {"path": "/people/", "policies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}},
        "jenkins": {"main": {"service": "ec2.amazonaws.com", "assume": {"production": ["developers"]}}},
    },
    "policies": {"Office": POLICY},
}
ARN = "arn:aws:iam::333333333333:role/people/developers"


def matrix(**more: Any) -> dict[str, Any]:
    return copy.deepcopy(MATRIX) | more


def dev(given: dict[str, Any]) -> dict[str, Any]:
    return given["groups"]["Devs"]


def jenkins(given: dict[str, Any]) -> dict[str, Any]:
    return given["roles"]["jenkins"]["main"]


def by_name(items: list[dict]) -> dict[str, dict]:
    return {item["name"]: item for item in items}


def test_one_entry_is_both_sides_of_a_grant() -> None:
    main, production = access_desired(MATRIX, "main"), access_desired(MATRIX, "production")

    (grant,) = by_name(main["groups"])["Devs"]["inline"]["assume-roles"]["Statement"]
    assert (grant["Action"], grant["Resource"]) == ("sts:AssumeRole", [ARN])
    (grant,) = by_name(main["roles"])["jenkins"]["inline"]["assume-roles"]["Statement"]
    assert grant["Resource"] == [ARN]
    people, roles = by_name(production["roles"])["developers"]["trust"]["Statement"]
    assert people["Principal"] == {"AWS": ["arn:aws:iam::111111111111:root"]}
    assert people["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    assert roles["Principal"] == {"AWS": ["arn:aws:iam::111111111111:role/jenkins"]}
    assert "Condition" not in roles


def test_a_role_that_is_made_later_is_trusted_before_it_is_there() -> None:
    """AWS refuses a trust that names a role which does not exist; main is converged first, the others side by side."""
    reads = {"assume": {"main": ["auditor"], "production": ["reader"]}}
    accounts = {**MATRIX["accounts"], "development": {"id": "222222222222"}}
    roles = {**MATRIX["roles"], "auditor": {"main": {}}, "reader": {"production": {}}}
    roles["audit"] = {"development": {**reads, "service": "ec2.amazonaws.com"}}
    given = matrix(accounts=accounts, roles=roles)

    for account, role in (("main", "auditor"), ("production", "reader")):
        (trust,) = by_name(access_desired(given, account)["roles"])[role]["trust"]["Statement"]
        assert trust["Principal"] == {"AWS": ["arn:aws:iam::222222222222:root"]}
        assert trust["Condition"] == {"ArnEquals": {"aws:PrincipalArn": ["arn:aws:iam::222222222222:role/audit"]}}


def test_without_the_entry_neither_side_is_there() -> None:
    fewer = matrix()
    del fewer["groups"]["Devs"]["assume"]

    main, production = access_desired(fewer, "main"), access_desired(fewer, "production")

    assert by_name(main["groups"])["Devs"]["inline"] == {}
    assert [s["Sid"] for s in by_name(production["roles"])["developers"]["trust"]["Statement"]] == ["Roles"]


def test_groups_are_in_main_and_policies_where_somebody_has_them() -> None:
    main, production = access_desired(MATRIX, "main"), access_desired(MATRIX, "production")

    assert production["groups"] == production["policies"] == []
    assert main["policies"] == [{"name": "Office", "path": "/", "document": POLICY}]
    assert main["groups"][0]["policies"] == ["arn:aws:iam::111111111111:policy/Office"]
    assert main["groups"][0]["grants"] == ["production:developers", "tea"]


def test_a_service_is_trusted_where_it_is_named() -> None:
    (service,) = by_name(access_desired(MATRIX, "main")["roles"])["jenkins"]["trust"]["Statement"]

    assert service["Principal"] == {"Service": ["ec2.amazonaws.com"]}


def test_the_declaration_is_left_as_it_was() -> None:
    given = matrix()
    access_desired(given, "main")

    assert given == MATRIX


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda m: dev(m)["assume"].update(staging=["x"]), "has no account 'staging'; allowed are main, production"),
        (lambda m: dev(m)["assume"].update(prodction=["x"]), "did you mean production?"),
        (lambda m: dev(m)["assume"].update(main=["developers"]), "assume.main names role 'developers', which is not"),
        (lambda m: dev(m).update(asume={}), "access_groups.Devs has no 'asume'; did you mean assume?"),
        (lambda m: dev(m).update(policies=["Ofice"]), "names 'Ofice', which is not there; did you mean Office?"),
        (lambda m: dev(m).update(policies=[]), "access_policies.Office is attached to nothing"),
        (lambda m: dev(m).update(inline={"assume-roles": POLICY}), "written from assume; take another name"),
        (lambda m: m["roles"].update(lost={"main": {}}), "access_roles.lost.main can be assumed by nobody"),
        (lambda m: m["roles"]["developers"].update(prod={}), "access_roles.developers has no 'prod'"),
        (lambda m: m["roles"]["developers"]["production"].update(trust=POLICY), "has a trust of its own, but group"),
        (lambda m: m.update(main="mian"), "access_main_account is 'mian'; did you mean main?"),
        (lambda m: dev(m).update(assume={"production": None}), "must be a list of roles, such as [admins], and"),
        (lambda m: dev(m).update(assume={"production": "x"}), "must be a list of roles, such as [admins], got text"),
        (lambda m: dev(m).update(assume=["x"]), "access_groups.Devs.assume must be a mapping, got a list"),
        (lambda m: dev(m).update(policies=None), "access_groups.Devs.policies must be a list, and nothing is written"),
        (lambda m: dev(m).update(protected="no"), "access_groups.Devs.protected must be true or false, got text"),
        (lambda m: dev(m).update(path="/people"), "access_groups.Devs.path is '/people'; allowed is /, or text that"),
        (lambda m: dev(m).update(path=""), "access_groups.Devs.path is ''; allowed is /, or text that"),
        (lambda m: dev(m).update(policies=["Office", "arn:x"]), "policies[1] is 'arn:x'; allowed is a name"),
        (lambda m: jenkins(m).update(boundary="arn:x"), "jenkins.main.boundary is 'arn:x'; allowed is a name"),
        (lambda m: jenkins(m).update(service="ec2"), "jenkins.main.service is 'ec2'; allowed is a service of AWS's"),
        (lambda m: jenkins(m).update(service="*"), "jenkins.main.service is '*'; allowed is a service of AWS's"),
        (lambda m: jenkins(m).update(max_session=0), "max_session is '0'; allowed is 3600 to 43200 seconds"),
        (lambda m: jenkins(m).update(tags={"aws:x": "1"}), "tags is 'aws:x'; allowed is a tag of at most 128 letters"),
        (lambda m: jenkins(m).update(tags={"k" * 129: "1"}), "allowed is a tag of at most 128 letters"),
        (lambda m: jenkins(m).update(tags={"k": "a*"}), "tags.k is 'a*'; allowed is at most 256 letters"),
        (lambda m: jenkins(m).update(tags={str(n): 1 for n in range(51)}), "main.tags"),
        (lambda m: m["groups"].update(Devs=None), "access_groups.Devs must be a mapping, and nothing is written there"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_told_with_its_variable(change: Any, why: str) -> None:
    wrong = matrix()
    change(wrong)

    with pytest.raises(AnsibleFilterError) as told:
        desired(wrong, "main")
    assert why in str(told.value)
    assert "group_vars/all/access.yml" in str(told.value)


@pytest.mark.parametrize(
    ("principal", "said"),
    [
        (None, "Principal is None; allowed is a mapping with AWS, Service, Federated"),
        ("nobody", "Principal is 'nobody'; allowed is a mapping"),
        ({}, "Principal is {}; allowed is a mapping"),
        ({"Aws": "*"}, "Principal has 'Aws'; allowed are AWS, Service, Federated"),
        ({"AWS": []}, "Principal AWS is None; allowed is an account's id in quotes"),
        ({"AWS": 111111111111}, "Principal AWS is 111111111111; allowed is an account's id in quotes"),
        ({"AWS": "12345"}, "Principal AWS is '12345'"),
        ({"AWS": ["arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:role/*"]}, "role/*'; allowed is"),
        ({"AWS": "arn:aws:iam::111111111111:group/Admins"}, "group/Admins'; allowed is"),
        ({"Service": "s3"}, "Principal Service is 's3'; allowed is a service of AWS's, such as"),
        ({"Federated": "*"}, "Principal Federated is '*'; allowed is the ARN of a provider"),
    ],
)
def test_whom_a_trust_cannot_name_is_told(principal: Any, said: str) -> None:
    with pytest.raises(AnsibleFilterError) as told:
        desired(trusting(principal), "main")
    assert said in str(told.value)
    assert "access_roles.jenkins.main.trust.Statement[0]: Principal" in str(told.value)


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": ["111111111111", "AROA0123456789EXAMPLE", "arn:aws:sts::111111111111:assumed-role/admins/ada.example"]},
        {"AWS": "arn:aws:iam::111111111111:user/people/ada.example", "Service": ["states.eu-west-1.amazonaws.com"]},
        {"Federated": "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},
        {"Federated": "cognito-identity.amazonaws.com"},
    ],
)
def test_whom_a_trust_can_name_passes(principal: Any) -> None:
    assert desired(trusting(principal), "main")["roles"][0]["trust"]["Statement"][0]["Principal"] == principal


def trusting(principal: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole"} | (
        {} if principal is None else {"Principal": principal}
    )
    given = matrix()
    given["roles"]["jenkins"]["main"] = {"trust": {"Version": "2012-10-17", "Statement": [statement]}}
    return given


def test_an_unknown_account_is_told() -> None:
    with pytest.raises(AnsibleFilterError, match="no account 'producton'; did you mean production"):
        desired(MATRIX, "producton")


SAID = """
access_groups:
  Devs: {members: developers, assume: {production: [developers]}, policies: [Office]}
access_roles:
  developers:
    production: {policies: [Office]}
access_policies:
  Office:
    Version: "2012-10-17"
    Statement: [{Effect: Deny, Action: "*", Resource: "*"}]
access_known_roles: []
"""


@pytest.mark.parametrize(
    ("was", "now", "said", "line"),
    [
        ("Effect: Deny", "Effect: Denny", r"Office.Statement\[0\]: Effect must be Allow or Deny", 8),
        ("Statement:", "Statment:", "access_policies.Office is .*; allowed is a mapping with Statement", 8),
        (', Resource: "*"', "", r"access_policies.Office.Statement\[0\]: Resource: a policy needs one", 8),
        ('"2012-10-17"', "2012-10-17", "access_policies.Office.Version is .*; allowed is \"2012-10-17\"", 9),
        ("production: [developers]", "production: developers", "must be a list of roles", 3),
        ("members: developers", "members: 5", "access_groups.Devs.members must be text", 3),
        ("policies: [Office]}\naccess_pol", "policies: [Offise]}\naccess_pol", "did you mean Office", 6),
        ("access_known_roles: []", "access_known_roles: [{name: x}]", r"access_known_roles\[0\] .*accounts", 11),
        ("production: {policies: [Office]}", "production:", "developers.production must be a mapping", 6),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_file_and_line(tmp_path: Path, was: str, now: str, said: str, line: int) -> None:
    file = tmp_path / "access.yml"
    assert was in SAID
    file.write_text(SAID.replace(was, now, 1))
    given = DataLoader().load_from_file(str(file))
    names = {"known": "access_known_roles"} | {name: f"access_{name}" for name in ("groups", "roles", "policies")}
    vars_ = {"main": "main", "accounts": MATRIX["accounts"], **{name: given[long] for name, long in names.items()}}

    with pytest.raises(AnsibleFilterError, match=f"{said}.*access.yml:{line}\\)"):
        desired(vars_, "production")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m["groups"].update({"a b": {"members": "developers"}}), "group 'a b': ' ' at position 2"),
        (lambda m: m["roles"].update({"r" * 65: {"main": {"service": "s3.amazonaws.com"}}}), "at most 64 are allowed"),
        (lambda m: m["policies"].update(Office=office([])), "aws:SourceIp is an empty list, which shuts everybody out"),
        (lambda m: m["policies"].update(Office=office(["0.0.0.0/0"])), "which is every address"),
        (lambda m: m["policies"].update(Office=office(["10.0.0.0/8"])), "which no request to AWS ever comes from"),
        (lambda m: m["policies"].update(Office=office(["198.51.100.0/24"] * 400)), "at most 6144 are allowed"),
    ],
)  # fmt: skip
def test_what_iam_would_refuse_is_told_where_the_vars_are_checked(change: Any, said: str) -> None:
    people = {"users": ["ada.example"], "developers": ["ada.example"]}
    assert desired(MATRIX, "main", people, "2026-11-26", strict=True)["groups"]
    assert desired(MATRIX, "production", {}, "2026-11-26", strict=True)["roles"]
    wrong = matrix()
    change(wrong)

    with pytest.raises(AnsibleFilterError) as told:
        desired(wrong, "main", people, "2026-11-26", strict=True)
    assert said in str(told.value)


def office(networks: list[str]) -> dict[str, Any]:
    return {"Statement": [{**POLICY["Statement"][0], "Condition": {"NotIpAddress": {"aws:SourceIp": networks}}}]}


def test_an_action_that_no_service_has_is_a_mistake_where_the_vars_are_checked() -> None:
    given = matrix(policies={"Office": {**POLICY, "Statement": [{**POLICY["Statement"][0], "Action": "s3:GetObjct"}]}})

    assert desired(given, "production")
    with pytest.raises(AnsibleFilterError, match="Action s3:GetObjct is none of AWS's; did you mean GetObject"):
        desired(given, "production", strict=True)


def test_an_action_that_no_service_has_is_a_mistake_of_a_role_declared_elsewhere_too() -> None:
    known = [{"name": "replication", "accounts": ["production"], "actions": ["s3:Replicate*", "s3:GetObjct*"]}]

    with pytest.raises(AnsibleFilterError, match=r"access_known_roles\[0\]: Action s3:GetObjct\* is none of"):
        desired(matrix(known=known), "production", strict=True)
