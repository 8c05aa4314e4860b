import re

import pytest
from ansible.module_utils.estate.buckets.principals import principal_arns, stranger

ACCOUNTS = {"main": {"id": "111111111111"}, "production": {"id": "333333333333"}}


def test_writes_out_roles_and_accounts_and_leaves_arns_sorted_and_once():
    foreign = "arn:aws:iam::999999999999:role/elsewhere"

    written = principal_arns(["production:infrastructure", "main", foreign, "main"], ACCOUNTS)

    assert written == [
        "arn:aws:iam::111111111111:root",
        "arn:aws:iam::333333333333:role/infrastructure",
        foreign,
    ]


@pytest.mark.parametrize("principal", ["*", "prod:developers", "production:", "arn:aws:s3:::bucket", ""])
def test_refuses_anything_else_naming_the_item_and_what_is_allowed(principal):
    with pytest.raises(ValueError, match=r"item 1: .* one of main, production"):
        principal_arns(["main", principal], ACCOUNTS)


@pytest.mark.parametrize("principals", ["main", {"main": 1}, None])
def test_refuses_what_is_no_list(principals):
    with pytest.raises(TypeError, match="expected a list"):
        principal_arns(principals, ACCOUNTS)


KNOWN = {"main": {"role": ["jenkins", "admins"], "user": ["ada.example", "staff/bob.example"]}}


@pytest.mark.parametrize(
    "principal",
    ["main:jenkin", "arn:aws:iam::111111111111:role/jenkin", "arn:aws:iam::111111111111:role/aws-jenkins"],
)
def test_a_role_that_nobody_declares_is_refused_with_the_nearest(principal):
    with pytest.raises(ValueError, match=r"names a role that nobody declares in main; .*; did you mean jenkins"):
        principal_arns([principal], ACCOUNTS, KNOWN)


def test_roles_of_accounts_that_are_not_ours_are_not_looked_at():
    foreign = "arn:aws:iam::999999999999:role/elsewhere"
    assert principal_arns([foreign, "main:jenkins", "production:any"], ACCOUNTS, KNOWN)


def test_arns_have_the_partition_of_the_bucket():
    assert principal_arns(["main"], ACCOUNTS, None, "aws-cn") == ["arn:aws-cn:iam::111111111111:root"]


def test_roles_that_aws_makes_are_not_looked_at():
    of_aws = "arn:aws:iam::111111111111:role/aws-service-role/elasticache.amazonaws.com/AWSServiceRoleForElastiCache"
    assert principal_arns([of_aws, "main:aws-reserved/sso.amazonaws.com/AWSReservedSSO_x"], ACCOUNTS, KNOWN)


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        ("arn:aws:iam::111111111111:user/ada.exampel", "names a user that nobody declares in main.*; did you mean ada"),
        ("arn:aws:iam::111111111111:user/bob.example", "names a user that nobody declares in main"),
        ("arn:aws:iam::111111111111:role/teams/jenkins", "names a role that nobody declares .*; did you mean jenkins"),
        ("arn:aws:sts::111111111111:assumed-role/jenkin/i-0123", "names a role that nobody declares .*; did you mean"),
    ],
)
def test_users_paths_and_sessions_are_of_those_who_are_declared(arn, said):
    assert re.search(said, stranger(arn, ACCOUNTS, KNOWN))


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::111111111111:user/ada.example",
        "arn:aws:iam::111111111111:user/staff/bob.example",
        "arn:aws:sts::111111111111:assumed-role/jenkins/i-0123",
        "arn:aws:sts::111111111111:federated-user/anybody",
        "arn:aws:iam::999999999999:user/elsewhere",
        "arn:aws:iam::333333333333:user/nobody-looked",
    ],
)
def test_those_who_are_declared_and_those_who_are_not_ours_may_be_named(arn):
    assert stranger(arn, ACCOUNTS, KNOWN) == ""
