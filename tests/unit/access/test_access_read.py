from __future__ import annotations

from urllib.parse import quote

import pytest
from ansible.module_utils.estate.access.read import FILTER, PartialRead, pages, parse

ANY = {"Version": "2012-10-17", "Statement": []}


def user(name: str, *groups: str) -> dict:
    return {"UserName": name, "Path": "/", "Arn": f"arn:aws:iam::111111111111:user/{name}", "GroupList": list(groups)}


def group(name: str, *policies: str) -> dict:
    attached = [{"PolicyName": arn.rsplit("/", 1)[1], "PolicyArn": arn} for arn in policies]
    return {
        "GroupName": name,
        "Path": "/",
        "Arn": f"arn:aws:iam::111111111111:group/{name}",
        "AttachedManagedPolicies": attached,
    }


def policy(name: str, *versions: str, default: str) -> dict:
    listed = [{"VersionId": v, "IsDefaultVersion": v == default, "Document": {"Id": v}} for v in versions]
    arn = f"arn:aws:iam::111111111111:policy/{name}"
    return {"PolicyName": name, "Path": "/", "Arn": arn, "PolicyVersionList": listed}


def test_every_page_is_read_by_its_marker() -> None:
    asked: list[dict] = []
    answers = [
        {"UserDetailList": [user("ada.example", "Admins")], "IsTruncated": True, "Marker": "next"},
        {"UserDetailList": [user("bob.example")], "GroupDetailList": [group("Admins")], "IsTruncated": False},
    ]

    def fetch(**params: object) -> dict:
        asked.append(params)
        return answers[len(asked) - 1]

    live = parse(pages(fetch))

    assert list(live.users) == ["ada.example", "bob.example"]
    assert live.members() == {"Admins": ("ada.example",)}
    whole = {"Filter": list(FILTER), "MaxItems": 1000}
    assert asked == [whole, {**whole, "Marker": "next"}]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([{"IsTruncated": True}], "not where to go on"),
        ([{"IsTruncated": True, "Marker": "a"}, {"IsTruncated": True, "Marker": "a"}], "not where to go on"),
        ([{"UserDetailList": [user("ada.example", "Admins")]}], "in group Admins, which AWS did not describe"),
        (
            [{"GroupDetailList": [group("Admins", "arn:aws:iam::111111111111:policy/Office")]}],
            "group Admins has policy arn:aws:iam::111111111111:policy/Office, which AWS did not describe",
        ),
        ([{"UserDetailList": [user("ada.example"), user("ada.example")]}], "user ada.example was listed twice"),
        ([{"Policies": [policy("Office", "v1", default="v2")]}], "policy Office came without its default version"),
    ],
)
def test_a_part_is_never_taken_for_the_whole(answers: list[dict], why: str) -> None:
    left = iter(answers)

    with pytest.raises(PartialRead, match=why):
        parse(pages(lambda **_: next(left)))


def test_policies_of_aws_itself_need_no_description_and_are_not_the_accounts() -> None:
    own = policy("AdministratorAccess", "v1", default="v1") | {"Arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    live = parse([{"GroupDetailList": [group("Admins", own["Arn"])], "Policies": [own]}])

    assert live.policies == {}
    assert live.groups["Admins"].managed == ("arn:aws:iam::aws:policy/AdministratorAccess",)


def test_versions_are_in_order_of_age_and_the_default_one_speaks() -> None:
    live = parse([{"Policies": [policy("Office", "v10", "v2", "v9", default="v9")]}])

    assert [version.id for version in live.policies["Office"].versions] == ["v2", "v9", "v10"]
    assert live.policies["Office"].document == {"Id": "v9"}


def test_documents_come_decoded_or_not() -> None:
    encoded = quote('{"Version": "2012-10-17", "Statement": []}')
    detail = group("Admins") | {"GroupPolicyList": [{"PolicyName": "a", "PolicyDocument": encoded}]}
    plain = group("Readers") | {"GroupPolicyList": [{"PolicyName": "a", "PolicyDocument": ANY}]}

    live = parse([{"GroupDetailList": [detail, plain]}])

    assert live.groups["Admins"].inline == live.groups["Readers"].inline == {"a": ANY}
