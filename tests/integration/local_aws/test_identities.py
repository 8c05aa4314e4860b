"""Who policies name: somebody who is there when they are put, and nobody else who has the name later."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_aws.conftest import allow, document, refusal

NAME, OWN = "a-bucket", "333333333333"
OBJECTS = f"arn:aws:s3:::{NAME}/*"
ADA = f"arn:aws:iam::{OWN}:user/ada"


@pytest.fixture
def iam(estate_aws):
    return estate_aws.client("iam", "production")


@pytest.fixture
def s3(estate_aws, bucket):
    bucket()
    client = estate_aws.client("s3", "production")
    client.put_object(Bucket=NAME, Key="one", Body=b"1")
    return client


def named(s3) -> str:
    return json.loads(s3.get_bucket_policy(Bucket=NAME)["Policy"])["Statement"][0]["Principal"]["AWS"]


def let_in(s3, principal) -> None:
    s3.put_bucket_policy(Bucket=NAME, Policy=document(allow("s3:GetObject", OBJECTS, Principal=principal)))


def test_who_is_deleted_stays_as_an_id_and_a_namesake_is_somebody_else(estate_aws, iam, s3):
    def arrive():
        user_id = iam.create_user(UserName="ada")["User"]["UserId"]
        key = iam.create_access_key(UserName="ada")["AccessKey"]
        return user_id, key["AccessKeyId"], key["SecretAccessKey"]

    user_id, *key = arrive()
    let_in(s3, {"AWS": ADA})
    assert named(s3) == ADA
    assert estate_aws.client_of("s3", [*key, ""]).get_object(Bucket=NAME, Key="one")

    iam.delete_access_key(UserName="ada", AccessKeyId=key[0])
    iam.delete_user(UserName="ada")
    assert named(s3) == user_id
    assert user_id.startswith("AIDA")
    _, *key = arrive()
    assert refusal(estate_aws.client_of("s3", [*key, ""]).get_object, Bucket=NAME, Key="one") == "AccessDenied"

    policy = s3.get_bucket_policy(Bucket=NAME)["Policy"]
    with pytest.raises(ClientError, match="Invalid principal in policy") as refused:
        s3.put_bucket_policy(Bucket=NAME, Policy=policy)
    assert refused.value.response["Error"]["Detail"] == user_id


def test_a_deleted_role_stays_as_an_id_in_trusts_of_every_account(estate_aws, iam):
    ec2 = document(allow("sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"}))
    role_id = iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=ec2)["Role"]["RoleId"]
    backups = estate_aws.client("iam", "backups")
    trust = document(allow("sts:AssumeRole", Principal={"AWS": [f"arn:aws:iam::{OWN}:role/deploy", OWN]}))
    backups.create_role(RoleName="trusting", AssumeRolePolicyDocument=trust)
    iam.delete_role(RoleName="deploy")

    live = backups.get_role(RoleName="trusting")["Role"]["AssumeRolePolicyDocument"]
    assert live["Statement"][0]["Principal"]["AWS"] == [role_id, OWN]
    assert role_id.startswith("AROA")
    words = {"RoleName": "trusting", "PolicyDocument": json.dumps(live)}
    assert refusal(backups.update_assume_role_policy, **words) == "MalformedPolicyDocument"


def test_a_session_dies_with_its_role_and_not_even_a_namesake_revives_it(estate_aws, iam, become):
    key = become("short", "production", allow("s3:ListAllMyBuckets", "*"))
    s3 = estate_aws.client_of("s3", key)
    assert s3.list_buckets()
    iam.delete_role_policy(RoleName="short", PolicyName="own")
    iam.delete_role(RoleName="short")
    become("short", "production", allow("s3:ListAllMyBuckets", "*"))

    assert refusal(s3.list_buckets) == "AccessDenied"


def test_who_is_renamed_keeps_what_policies_let_them(iam, s3):
    iam.create_user(UserName="ada")
    let_in(s3, {"AWS": ADA})
    iam.update_user(UserName="ada", NewUserName="ada.example", NewPath="/people/")

    assert named(s3) == f"arn:aws:iam::{OWN}:user/people/ada.example"


def test_an_id_of_somebody_who_is_there_comes_back_as_the_arn(iam, s3):
    let_in(s3, {"AWS": iam.create_user(UserName="ada")["User"]["UserId"]})
    assert named(s3) == ADA


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": "999999999999"},
        {"AWS": "arn:aws:iam::999999999999:root"},
        {"AWS": f"arn:aws:iam::{OWN}:user/nobody"},
        {"AWS": f"arn:aws:iam::{OWN}:group/Admins"},
        {"AWS": f"arn:aws:sts::{OWN}:assumed-role/nobody/session"},
        {"AWS": "AIDAQQQQQQQQQQQQQQQQQ"},
        {"AWS": f"arn:aws:iam::{OWN}:user/*"},
        {"Service": "nosuch.amazonaws.com"},
        {"Service": "ec2.example"},
        {"Service": "*.amazonaws.com"},
        {"Federated": f"arn:aws:iam::{OWN}:saml-provider/nobody"},
        {"Federated": "login.example"},
        {"CanonicalUser": "0" * 64},
        {"AWS": []},
        {},
    ],
)
def test_nobody_is_named_who_is_not_there(iam, s3, principal):
    with pytest.raises(ClientError, match="Invalid principal in policy"):
        let_in(s3, principal)
    trust = document(allow("sts:AssumeRole", Principal=principal))
    assert refusal(iam.create_role, RoleName="x", AssumeRolePolicyDocument=trust) == "MalformedPolicyDocument"


def test_providers_and_services_that_are_there_are_named(iam):
    provider = iam.create_open_id_connect_provider(Url="https://login.example", ThumbprintList=["a" * 40])
    services = ["ec2", "logging.s3", "logs.eu-west-1", "vpc-flow-logs", "backup", "ecs-tasks"]
    for number, principal in enumerate(
        [
            {"Federated": provider["OpenIDConnectProviderArn"]},
            {"Federated": "accounts.google.com"},
            *({"Service": f"{name}.amazonaws.com"} for name in services),
        ]
    ):
        trust = document(allow("sts:AssumeRole", Principal=principal))
        assert iam.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument=trust)
