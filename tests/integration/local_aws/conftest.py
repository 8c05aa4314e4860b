"""Short words for asking the embedded AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError


def refusal(call: Any, **words: Any) -> str:
    """The code of the error that a call ends in."""
    with pytest.raises(ClientError) as refused:
        call(**words)
    return refused.value.response["Error"]["Code"]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = None, effect: str = "Allow", **words: Any) -> dict[str, Any]:
    about = {} if resource is None else {"Resource": resource}
    return {"Effect": effect, "Action": action, **about, **words}


@pytest.fixture
def bucket(estate_aws):
    """An empty bucket of production, as AWS makes one: bucket(name, account, region) makes more."""

    def make(name: str = "a-bucket", account: str = "production", region: str = "eu-west-1", versioned: bool = False):
        s3 = estate_aws.client("s3", account, region)
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    return make


@pytest.fixture
def become(estate_aws):
    """become("developers", "production", statements…) makes that role with those policies: a session's key of it."""

    def assume(name: str, account: str = "production", *statements: dict[str, Any]) -> list[str]:
        iam = estate_aws.client("iam", account)
        account_id = estate_aws.client("sts", account).get_caller_identity()["Account"]
        trust = document(allow("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{account_id}:root"}))
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        given = estate_aws.client("sts", account).assume_role(
            RoleArn=f"arn:aws:iam::{account_id}:role/{name}", RoleSessionName="test"
        )["Credentials"]
        return [given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]]

    return assume
