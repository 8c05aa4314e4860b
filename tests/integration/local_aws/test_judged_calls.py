"""Every call is judged by the policies of who makes it: a role that lacks one fails here as it would on AWS."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_aws.conftest import allow, document, refusal

OWN = "333333333333"
ROLE = f"arn:aws:iam::{OWN}:role"
REFUSED = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"} | dict.fromkeys(
    ("acm", "backup", "cloudtrail", "logs", "ssm"), "AccessDeniedException"
)


def arn(service, rest, account=OWN):
    return f"arn:aws:{service}:eu-west-1:{account}:{rest}"


LONDON = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
PARAMETER = {"Name": "/a/b", "Value": "x", "Type": "String"}
# service: call, its parameters, the permission it takes and on what; another resource that does not do.
CALLS = {
    "s3": [
        ("list_buckets", {}, "s3:ListAllMyBuckets", "*", "arn:aws:s3:::*"),
        ("create_bucket", {"Bucket": "new-one", **LONDON}, "s3:CreateBucket", "arn:aws:s3:::new-one", "arn:aws:s3:::x"),
    ],
    "iam": [
        ("list_users", {}, "iam:ListUsers", "*", f"{ROLE}/x"),
        ("get_role", {"RoleName": "there"}, "iam:GetRole", f"{ROLE}/path/there", f"{ROLE}/there"),
        (
            "create_user", {"UserName": "x", "Path": "/people/"},
            "iam:CreateUser", f"arn:aws:iam::{OWN}:user/people/x", f"arn:aws:iam::{OWN}:user/x",
        ),
    ],
    "ec2": [
        ("describe_instances", {}, "ec2:DescribeInstances", "*", arn("ec2", "instance/*", "*")),
        (
            "create_security_group", {"GroupName": "x", "Description": "x"},
            "ec2:CreateSecurityGroup", arn("ec2", "security-group/*"), arn("ec2", "security-group/sg-1"),
        ),
    ],
    "logs": [
        (
            "create_log_group", {"logGroupName": "/a"},
            "logs:CreateLogGroup", arn("logs", "log-group:/a"), arn("logs", "log-group:/b"),
        ),
    ],
    "cloudwatch": [
        (
            "describe_alarms", {"AlarmNames": ["x"]},
            "cloudwatch:DescribeAlarms", arn("cloudwatch", "alarm:x"), arn("cloudwatch", "alarm:y"),
        ),
    ],
    "sns": [("create_topic", {"Name": "alarm"}, "sns:CreateTopic", arn("sns", "alarm"), arn("sns", "other"))],
    "cloudtrail": [("describe_trails", {}, "cloudtrail:DescribeTrails", "*", arn("cloudtrail", "trail/x"))],
    "route53": [("list_hosted_zones", {}, "route53:ListHostedZones", "*", "arn:aws:route53:::hostedzone/*")],
    "acm": [("list_certificates", {}, "acm:ListCertificates", "*", arn("acm", "certificate/*"))],
    "elbv2": [
        (
            "describe_load_balancers", {},
            "elasticloadbalancing:DescribeLoadBalancers", "*", arn("elasticloadbalancing", "*"),
        ),
    ],
    "backup": [
        (
            "create_backup_vault", {"BackupVaultName": "x"},
            "backup:CreateBackupVault", arn("backup", "backup-vault:x"), arn("backup", "backup-vault:y"),
        ),
    ],
    "ssm": [("put_parameter", PARAMETER, "ssm:PutParameter", arn("ssm", "parameter/a/b"), arn("ssm", "parameter/b"))],
}  # fmt: skip


@pytest.fixture
def allowed(estate_aws, become):
    """allowed("s3", statements…) is a client of a role of production with just these permissions."""
    made = []

    def client(service, *statements):
        made.append(service)
        return estate_aws.client_of(service, become(f"role-{len(made)}", "production", *statements))

    return client


@pytest.mark.parametrize(
    ("service", "call", "words", "action", "resource", "narrower"),
    [(service, *one) for service, calls in CALLS.items() for one in calls],
)
def test_a_call_takes_its_permission_on_its_resource(
    estate_aws, allowed, service, call, words, action, resource, narrower
):
    code = REFUSED.get(service, "AccessDenied")
    trust = document(allow("sts:AssumeRole", Principal={"AWS": OWN}))
    estate_aws.client("iam", "production").create_role(RoleName="there", Path="/path/", AssumeRolePolicyDocument=trust)

    assert refusal(getattr(allowed(service), call), **words) == code
    assert refusal(getattr(allowed(service, allow(action, narrower)), call), **words) == code
    denied = allowed(service, allow("*", "*"), allow(action, resource, "Deny"))
    assert refusal(getattr(denied, call), **words) == code
    assert getattr(allowed(service, allow(action, resource)), call)(**words)


def test_the_error_says_who_may_not_do_what_and_why(allowed):
    with pytest.raises(ClientError) as refused:
        allowed("iam").list_users()
    assert refused.value.response["Error"]["Message"] == (
        f"User: arn:aws:sts::{OWN}:assumed-role/role-1/test is not authorized to perform: iam:ListUsers on resource: * "
        "because no identity-based policy allows the iam:ListUsers action"
    )


def test_who_one_is_takes_no_permission_and_no_deny_hides_it(allowed):
    assert allowed("sts", allow("*", "*", "Deny")).get_caller_identity()["Account"] == OWN


def test_handing_a_role_on_takes_passing_it(estate_aws, allowed):
    iam = estate_aws.client("iam", "production")
    trust = document(allow("sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"}))
    iam.create_role(RoleName="host", AssumeRolePolicyDocument=trust)
    iam.create_instance_profile(InstanceProfileName="host")
    adding = allow("iam:AddRoleToInstanceProfile", "*")
    words = {"InstanceProfileName": "host", "RoleName": "host"}

    assert refusal(allowed("iam", adding).add_role_to_instance_profile, **words) == "AccessDenied"
    other = {"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}}
    wrong = allowed("iam", adding, allow("iam:PassRole", f"{ROLE}/host", Condition=other))
    assert refusal(wrong.add_role_to_instance_profile, **words) == "AccessDenied"
    right = allowed("iam", adding, allow("iam:PassRole", f"{ROLE}/host"))
    assert right.add_role_to_instance_profile(**words)


def test_tags_of_what_is_made_take_tagging_and_answer_conditions(allowed):
    words = {"UserName": "x", "Tags": [{"Key": "team", "Value": "a"}]}
    user = f"arn:aws:iam::{OWN}:user/x"
    assert refusal(allowed("iam", allow("iam:CreateUser", user)).create_user, **words) == "AccessDenied"
    team = {"StringEquals": {"aws:RequestTag/team": "b"}}
    tagging = allow(["iam:CreateUser", "iam:TagUser"], user, Condition=team)
    assert refusal(allowed("iam", tagging).create_user, **words) == "AccessDenied"
    team["StringEquals"]["aws:RequestTag/team"] = "a"
    team["ForAllValues:StringEquals"] = {"aws:TagKeys": ["team"]}
    assert allowed("iam", tagging).create_user(**words)


def test_who_writes_policies_within_a_boundary_only_cannot_do_without_it(estate_aws, allowed):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate"""
    iam = estate_aws.client("iam", "production")
    limit = iam.create_policy(PolicyName="limit", PolicyDocument=document(allow("s3:*", "*")))["Policy"]["Arn"]
    within = {"StringEquals": {"iam:PermissionsBoundary": limit}}
    client = allowed("iam", allow(["iam:CreateRole", "iam:PutRolePolicy"], "*", Condition=within))
    words = {"RoleName": "x", "AssumeRolePolicyDocument": document(allow("sts:AssumeRole", Principal={"AWS": OWN}))}

    assert refusal(client.create_role, **words) == "AccessDenied"
    assert client.create_role(**words, PermissionsBoundary=limit)
    everything = {"PolicyName": "own", "PolicyDocument": document(allow("*", "*"))}
    assert client.put_role_policy(RoleName="x", **everything)
    assert refusal(client.put_role_policy, RoleName="role-1", **everything) == "AccessDenied"

    session = estate_aws.client("sts", "production").assume_role(RoleArn=f"{ROLE}/x", RoleSessionName="test")
    key = [session["Credentials"][name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
    assert estate_aws.client_of("s3", key).list_buckets()
    assert refusal(estate_aws.client_of("iam", key).list_users) == "AccessDenied"


def test_a_session_policy_limits_its_session(estate_aws, become):
    become("wide", "production", allow("*", "*"))
    words = {"RoleArn": f"{ROLE}/wide", "RoleSessionName": "test"}
    sts = estate_aws.client("sts", "production")
    given = sts.assume_role(**words, Policy=document(allow("s3:ListAllMyBuckets", "*")))["Credentials"]
    key = [given[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]

    assert estate_aws.client_of("s3", key).list_buckets()
    assert refusal(estate_aws.client_of("iam", key).list_users) == "AccessDenied"
    assert refusal(sts.assume_role, **words, Policy="{") == "MalformedPolicyDocument"


def test_a_session_without_mfa_of_a_user_reaches_no_iam(estate_aws):
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html"""
    iam = estate_aws.client("iam", "production")
    iam.create_user(UserName="ada")
    iam.put_user_policy(UserName="ada", PolicyName="all", PolicyDocument=document(allow("*", "*")))
    made = iam.create_access_key(UserName="ada")["AccessKey"]
    key = [made["AccessKeyId"], made["SecretAccessKey"], ""]
    given = estate_aws.client_of("sts", key).get_session_token()["Credentials"]
    session = [given[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]

    assert estate_aws.client_of("iam", key).list_users()
    assert refusal(estate_aws.client_of("iam", session).list_users) == "AccessDenied"
    assert estate_aws.client_of("s3", session).list_buckets()


def test_tags_of_users_roles_and_sessions_answer_conditions(estate_aws, become):
    iam = estate_aws.client("iam", "production")
    become(
        "team",
        "production",
        allow("s3:ListAllMyBuckets", "*", Condition={"StringEquals": {"aws:PrincipalTag/team": "a"}}),
    )
    words = {"RoleArn": f"{ROLE}/team", "RoleSessionName": "test"}
    sts = estate_aws.client("sts", "production")

    def listing(**more):
        given = sts.assume_role(**words, **more)["Credentials"]
        key = [given[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
        return estate_aws.client_of("s3", key).list_buckets

    assert refusal(listing()) == "AccessDenied"
    iam.tag_role(RoleName="team", Tags=[{"Key": "team", "Value": "a"}])
    assert listing()()
    b = [{"Key": "team", "Value": "b"}]
    assert refusal(sts.assume_role, **words, Tags=b) == "AccessDenied"  # whose trust does not let sessions be tagged
    trust = document(allow(["sts:AssumeRole", "sts:TagSession"], Principal={"AWS": OWN}))
    iam.update_assume_role_policy(RoleName="team", PolicyDocument=trust)
    assert refusal(listing(Tags=b)) == "AccessDenied"


def test_a_role_of_the_own_account_that_trusts_somebody_by_name_takes_no_other_policy(estate_aws, become):
    """auditors S2-3: the last step of who may write a role's trust, and so becomes it."""
    key = become("deploy", "production")
    iam = estate_aws.client("iam", "production")
    for name, principal in (("named", f"{ROLE}/deploy"), ("account", OWN)):
        trust = document(allow("sts:AssumeRole", Principal={"AWS": principal}))
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    sts = estate_aws.client_of("sts", key)

    assert sts.assume_role(RoleArn=f"{ROLE}/named", RoleSessionName="test")
    assert refusal(sts.assume_role, RoleArn=f"{ROLE}/account", RoleSessionName="test") == "AccessDenied"
    iam.put_role_policy(
        RoleName="deploy", PolicyName="no", PolicyDocument=document(allow("sts:AssumeRole", "*", "Deny"))
    )
    assert refusal(sts.assume_role, RoleArn=f"{ROLE}/named", RoleSessionName="test") == "AccessDenied"


def test_nobody_gets_a_session_that_nobody_judges(estate_aws):
    sts = estate_aws.client("sts", "production")
    assert refusal(sts.get_federation_token, Name="somebody") == "NotImplemented"
    words = {
        "RoleArn": f"{ROLE}/OrganizationAccountAccessRole",
        "RoleSessionName": "test",
        "WebIdentityToken": "x" * 20,
    }
    assert refusal(estate_aws.client_of("sts", None).assume_role_with_web_identity, **words) == "NotImplemented"


def test_an_accounts_public_access_block_is_judged_too(estate_aws, become):
    words = {"AccountId": OWN}
    block = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}
    reader = become("reader", "production", allow("s3:GetAccountPublicAccessBlock", "*"))
    writer = become("writer", "production", allow("s3:PutAccountPublicAccessBlock", "*"))

    reader, writer = (estate_aws.client_of("s3control", key) for key in (reader, writer))
    assert refusal(reader.put_public_access_block, **words, **block) == "AccessDenied"
    assert writer.put_public_access_block(**words, **block)
    assert reader.get_public_access_block(**words)
    assert refusal(writer.get_public_access_block, **words) == "AccessDenied"
