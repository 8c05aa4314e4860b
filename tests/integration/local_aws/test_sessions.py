"""Who gets a session of which role, and which keys and signatures are good."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

PRODUCTION = "arn:aws:iam::333333333333:role"


def code(call, **words):
    with pytest.raises(ClientError) as refused:
        call(**words)
    return refused.value.response["Error"]["Code"]


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(action, **words):
    return {"Effect": "Allow", "Action": action, **words}


@pytest.fixture
def person(estate_aws):
    """A user of main who may assume anything, as far as main is concerned."""
    iam = estate_aws.client("iam")
    iam.create_user(UserName="ada")
    policy = document(statement("sts:AssumeRole", Resource="*"))
    iam.put_user_policy(UserName="ada", PolicyName="assume", PolicyDocument=policy)
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    return [key["AccessKeyId"], key["SecretAccessKey"], ""]


def trusting(estate_aws, name, **words):
    trust = document(statement("sts:AssumeRole", **words))
    estate_aws.client("iam", "production").create_role(RoleName=name, AssumeRolePolicyDocument=trust)


def test_a_role_that_does_not_exist_cannot_be_assumed(estate_aws):
    sts = estate_aws.client("sts")
    assert code(sts.assume_role, RoleArn=f"{PRODUCTION}/nobody", RoleSessionName="test") == "AccessDenied"


def test_assuming_takes_the_trust_of_the_role_and_a_policy_of_the_caller(estate_aws, person):
    trusting(estate_aws, "open", Principal={"AWS": "arn:aws:iam::111111111111:root"})
    trusting(estate_aws, "closed", Principal={"AWS": "arn:aws:iam::444444444444:root"})
    sts = estate_aws.client_of("sts", person)

    session = sts.assume_role(RoleArn=f"{PRODUCTION}/open", RoleSessionName="test")
    assert session["AssumedRoleUser"]["Arn"] == "arn:aws:sts::333333333333:assumed-role/open/test"
    assert code(sts.assume_role, RoleArn=f"{PRODUCTION}/closed", RoleSessionName="test") == "AccessDenied"

    estate_aws.client("iam").delete_user_policy(UserName="ada", PolicyName="assume")
    assert code(sts.assume_role, RoleArn=f"{PRODUCTION}/open", RoleSessionName="test") == "AccessDenied"


def test_a_trust_that_asks_for_mfa_is_met_by_the_callers_own_device_only(estate_aws, person):
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    trusting(estate_aws, "guarded", Principal={"AWS": "arn:aws:iam::111111111111:root"}, Condition=condition)
    iam = estate_aws.client("iam")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="ada")["VirtualMFADevice"]["SerialNumber"]
    sts = estate_aws.client_of("sts", person)
    wanted = {"RoleArn": f"{PRODUCTION}/guarded", "RoleSessionName": "test"}

    assert code(sts.assume_role, **wanted) == "AccessDenied"
    assert code(sts.assume_role, **wanted, SerialNumber=serial, TokenCode="123456") == "AccessDenied"
    iam.enable_mfa_device(
        UserName="ada", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    assert sts.assume_role(**wanted, SerialNumber=serial, TokenCode="123456")["Credentials"]


@pytest.mark.parametrize(
    ("service", "wanted"),
    [("sts", "InvalidClientTokenId"), ("s3", "InvalidAccessKeyId"), ("events", "UnrecognizedClientException")],
)
def test_unknown_keys_are_refused_in_the_words_of_each_service(estate_aws, service, wanted):
    client = estate_aws.client_of(service, ["AKIAAAAAAAAAAAAAAAAA", "secret", ""])
    call = {"sts": "get_caller_identity", "s3": "list_buckets", "events": "list_rules"}[service]
    assert code(getattr(client, call)) == wanted


def test_a_wrong_secret_is_refused(estate_aws):
    client = estate_aws.client_of("s3", [estate_aws.keys["user"][0], "secret", ""])
    assert code(client.list_buckets) == "SignatureDoesNotMatch"


def test_an_expired_session_is_refused(estate_aws):
    sts = estate_aws.client_of("sts", estate_aws.keys["user"])
    given = sts.assume_role(RoleArn=f"{PRODUCTION}/OrganizationAccountAccessRole", RoleSessionName="test")[
        "Credentials"
    ]
    session = estate_aws.client_of("sts", [given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]])
    assert session.get_caller_identity()["Arn"].endswith("OrganizationAccountAccessRole/test")
    estate_aws.expire_sessions()

    assert code(session.get_caller_identity) == "ExpiredToken"
    assert estate_aws.client("sts").get_caller_identity()


def test_an_inactive_key_is_refused(estate_aws, person):
    estate_aws.client("iam").update_access_key(UserName="ada", AccessKeyId=person[0], Status="Inactive")
    assert code(estate_aws.client_of("sts", person).get_caller_identity) == "InvalidClientTokenId"


def test_root_is_root(estate_aws):
    assert (
        estate_aws.client("sts", "backups", root=True).get_caller_identity()["Arn"] == "arn:aws:iam::444444444444:root"
    )


ROLE = f"{PRODUCTION}/OrganizationAccountAccessRole"


@pytest.mark.parametrize("name", ["a b", "a", "x" * 65, "a/b", "ä-b"])
def test_a_sessions_name_has_awss_letters(estate_aws, name):
    sts = estate_aws.client_of("sts", estate_aws.keys["user"], parameter_validation=False)
    assert code(sts.assume_role, RoleArn=ROLE, RoleSessionName=name) == "ValidationError"
    assert sts.assume_role(RoleArn=ROLE, RoleSessionName="a.b=c,d@e-f_g+h")


def test_a_session_lasts_as_long_as_its_kind_may(estate_aws):
    sts = estate_aws.client_of("sts", estate_aws.keys["user"], parameter_validation=False)
    words = {"RoleArn": ROLE, "RoleSessionName": "test"}
    for seconds in (899, 43201):
        assert code(sts.assume_role, **words, DurationSeconds=seconds) == "ValidationError"
    given = sts.assume_role(**words)["Credentials"]
    session = estate_aws.client_of("sts", [given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]])
    with pytest.raises(ClientError, match="1 hour session limit for roles assumed by role chaining"):
        session.assume_role(**words, DurationSeconds=3601)

    root = estate_aws.client("sts", root=True)
    for seconds in ({}, {"DurationSeconds": 7200}):
        until = root.get_session_token(**seconds)["Credentials"]["Expiration"]
        assert timedelta(minutes=59) < until - datetime.now(UTC) < timedelta(minutes=61)


def test_a_session_policy_is_one_and_at_most_ten_are_named(estate_aws, person):
    trusting(estate_aws, "open", Principal={"AWS": "arn:aws:iam::111111111111:root"})
    sts, words = estate_aws.client_of("sts", person), {"RoleArn": f"{PRODUCTION}/open", "RoleSessionName": "test"}
    about_somebody = document(statement("s3:GetObject", Resource="*", Principal="*"))
    assert code(sts.assume_role, **words, Policy=about_somebody) == "MalformedPolicyDocument"
    eleven = [{"arn": f"arn:aws:iam::333333333333:policy/p{number}"} for number in range(11)]
    assert code(sts.assume_role, **words, PolicyArns=eleven) == "ValidationError"


def test_who_is_behind_a_session_stays_its_whole_chain(estate_aws, person):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html"""
    main = {"AWS": "arn:aws:iam::111111111111:root"}
    trusting(estate_aws, "plain", Principal=main)
    sts = estate_aws.client_of("sts", person)
    ada = {"RoleSessionName": "test", "SourceIdentity": "ada"}
    assert code(sts.assume_role, RoleArn=f"{PRODUCTION}/plain", **ada) == "AccessDenied"

    iam, both = estate_aws.client("iam", "production"), ["sts:AssumeRole", "sts:SetSourceIdentity"]
    only = {"StringEquals": {"sts:SourceIdentity": "ada"}}
    iam.update_assume_role_policy(
        RoleName="plain", PolicyDocument=document(statement(both, Principal=main, Condition=only))
    )
    estate_aws.client("iam").put_user_policy(
        UserName="ada", PolicyName="assume", PolicyDocument=document(statement(both, Resource="*"))
    )
    bob = {"RoleSessionName": "test", "SourceIdentity": "bob"}
    assert code(sts.assume_role, RoleArn=f"{PRODUCTION}/plain", **bob) == "AccessDenied"
    given = sts.assume_role(RoleArn=f"{PRODUCTION}/plain", **ada)
    assert given["SourceIdentity"] == "ada"

    trusting(
        estate_aws, "next", Principal={"AWS": f"{PRODUCTION}/plain"},
        Condition={"StringEquals": {"aws:SourceIdentity": "ada"}},
    )  # fmt: skip
    chained = estate_aws.client_of("sts", [*given["Credentials"].values()][:3])
    following = {"RoleArn": f"{PRODUCTION}/next", "RoleSessionName": "test"}
    assert code(chained.assume_role, **following, SourceIdentity="bob") == "AccessDenied"
    assert chained.assume_role(**following)["SourceIdentity"] == "ada"


def test_transitive_tags_go_on_along_the_chain_and_others_do_not(estate_aws, person):
    main, both = {"AWS": "arn:aws:iam::111111111111:root"}, ["sts:AssumeRole", "sts:TagSession"]
    iam = estate_aws.client("iam", "production")
    for name, who in (("one", main), ("two", {"AWS": "333333333333"})):
        trusting(estate_aws, name, Principal=who)
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=document(statement(both, Principal=who)))
        own = document(statement([*both, "iam:ListUsers"], Resource="*"))
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=own)
    for tag in ("team", "stage"):
        deny = {"Effect": "Deny", "Action": "iam:ListUsers", "Resource": "*"}
        deny["Condition"] = {"StringEquals": {f"aws:PrincipalTag/{tag}": "x"}}
        iam.put_role_policy(RoleName="two", PolicyName=tag, PolicyDocument=document(deny))
        estate_aws.client("iam").put_user_policy(
            UserName="ada", PolicyName="assume", PolicyDocument=document(statement(both, Resource="*"))
        )
        words = {"RoleSessionName": "test", "Tags": [{"Key": "team", "Value": "x"}, {"Key": "stage", "Value": "x"}]}
        first = estate_aws.client_of("sts", person).assume_role(
            RoleArn=f"{PRODUCTION}/one", TransitiveTagKeys=["team"], **words
        )
        chained = estate_aws.client_of("sts", [*first["Credentials"].values()][:3])
        conflict = {"RoleArn": f"{PRODUCTION}/two", "RoleSessionName": "test", "Tags": [{"Key": "Team", "Value": "y"}]}
        assert code(chained.assume_role, **conflict) == "InvalidParameterValue"
        second = chained.assume_role(RoleArn=f"{PRODUCTION}/two", RoleSessionName="test")
        last = estate_aws.client_of("iam", [*second["Credentials"].values()][:3])
        if tag == "team":
            assert code(last.list_users) == "AccessDenied"
            iam.delete_role_policy(RoleName="two", PolicyName=tag)
        else:
            assert last.list_users()
