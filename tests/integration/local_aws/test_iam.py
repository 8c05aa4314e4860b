"""IAM as AWS has it: pages, names, conflicts, quotas, trust, people."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.local_aws.conftest import allow, document, refusal

ROOT = Path(__file__).parents[3]
ANY = document(allow("s3:ListAllMyBuckets", "*"))
EC2 = document(allow("sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"}))
AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"


@pytest.fixture
def iam(estate_aws):
    return estate_aws.client("iam")


@pytest.fixture
def estate(iam):
    """Two groups, a dozen users of whom most are in both, a role with everything a role has, policies."""
    for number in range(12):
        iam.create_user(UserName=f"user-{number:02}", Tags=[{"Key": "Team", "Value": str(number)}])
    for group in ("Readers", "Writers"):
        iam.create_group(GroupName=group)
        for number in range(11):
            iam.add_user_to_group(GroupName=group, UserName=f"user-{number:02}")
    iam.put_group_policy(GroupName="Readers", PolicyName="inline", PolicyDocument=ANY)
    policy = iam.create_policy(PolicyName="own", PolicyDocument=ANY)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=ANY, SetAsDefault=True)
    words = {"Tags": [{"Key": "a", "Value": "b"}], "PermissionsBoundary": policy, "Description": "of tests"}
    iam.create_role(RoleName="jenkins", AssumeRolePolicyDocument=EC2, **words)
    iam.put_role_policy(RoleName="jenkins", PolicyName="inline", PolicyDocument=ANY)
    iam.attach_role_policy(RoleName="jenkins", PolicyArn=AUDIT)
    iam.create_instance_profile(InstanceProfileName="jenkins")
    iam.add_role_to_instance_profile(InstanceProfileName="jenkins", RoleName="jenkins")
    return iam


def pages(iam, operation, size=5, **words):
    return list(iam.get_paginator(operation).paginate(**words, PaginationConfig={"PageSize": size}))


@pytest.mark.parametrize(
    ("operation", "key", "words", "sizes"),
    [
        ("list_users", "Users", {}, [5, 5, 3]),
        ("get_group", "Users", {"GroupName": "Readers"}, [5, 5, 1]),
        ("list_policies", "Policies", {"Scope": "Local"}, [1]),
    ],
)
def test_listings_come_in_pages_of_the_wanted_size(estate, operation, key, words, sizes):
    found = pages(estate, operation, **words)
    names = [item.get("UserName") for page in found for item in page[key]]

    assert [len(page[key]) for page in found] == sizes
    assert names[0] is None or names == sorted(names, key=str.lower)


@pytest.mark.parametrize(
    ("operation", "key", "words"),
    [
        ("list_groups", "Groups", {}),
        ("list_roles", "Roles", {}),
        ("list_groups_for_user", "Groups", {"UserName": "user-01"}),
        ("list_policy_versions", "Versions", {"PolicyArn": "arn:aws:iam::111111111111:policy/own"}),
    ],
)
def test_short_listings_are_paged_too(estate, operation, key, words):
    found = pages(estate, operation, 1, **words)
    assert [len(page[key]) for page in found] == [1, 1]


def test_without_a_size_a_page_holds_a_hundred(iam):
    for number in range(101):
        iam.create_group(GroupName=f"g{number}")
    first = iam.list_groups()
    assert (len(first["Groups"]), first["IsTruncated"]) == (100, True)
    assert len(iam.list_groups(Marker=first["Marker"])["Groups"]) == 1
    assert refusal(iam.list_groups, Marker="nonsense") == "ValidationError"


def test_an_accounts_details_have_their_real_shape_page_by_page(estate):
    whole = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    found = pages(estate, "get_account_authorization_details", 4)
    for page in found:
        assert sum(len(page[key]) for key in whole) <= 4
        for key, items in whole.items():
            items += page[key]

    users = {user["UserName"]: user for user in whole["UserDetailList"]}
    assert sorted(users["user-01"]["GroupList"]) == ["Readers", "Writers"]
    assert users["user-11"]["GroupList"] == []
    assert users["user-01"]["Tags"] == [{"Key": "Team", "Value": "1"}]
    role = next(role for role in whole["RoleDetailList"] if role["RoleName"] == "jenkins")
    assert role["AssumeRolePolicyDocument"] == json.loads(EC2)
    assert role["RolePolicyList"] == [{"PolicyName": "inline", "PolicyDocument": json.loads(ANY)}]
    assert role["AttachedManagedPolicies"] == [{"PolicyName": "SecurityAudit", "PolicyArn": AUDIT}]
    assert [profile["InstanceProfileName"] for profile in role["InstanceProfileList"]] == ["jenkins"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith(":policy/own")
    assert role["Tags"] == [{"Key": "a", "Value": "b"}]
    group = next(group for group in whole["GroupDetailList"] if group["GroupName"] == "Readers")
    assert group["GroupPolicyList"] == [{"PolicyName": "inline", "PolicyDocument": json.loads(ANY)}]
    policies = {policy["PolicyName"]: policy for policy in whole["Policies"]}
    assert set(policies) == {"own", "SecurityAudit"}
    versions = policies["own"]["PolicyVersionList"]
    assert {version["VersionId"]: version["IsDefaultVersion"] for version in versions} == {"v1": False, "v2": True}
    assert versions[0]["Document"] == json.loads(ANY)


def test_an_accounts_details_can_be_filtered(estate):
    found = estate.get_account_authorization_details(Filter=["Role", "LocalManagedPolicy"])
    assert (found["UserDetailList"], found["GroupDetailList"]) == ([], [])
    assert [policy["PolicyName"] for policy in found["Policies"]] == ["own"]


def test_a_policy_has_five_versions_at_most(iam):
    arn = iam.create_policy(PolicyName="own", PolicyDocument=ANY)["Policy"]["Arn"]
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=ANY, SetAsDefault=True)
    assert refusal(iam.create_policy_version, PolicyArn=arn, PolicyDocument=ANY) == "LimitExceeded"
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=ANY)["PolicyVersion"]["VersionId"] == "v6"
    assert refusal(iam.delete_policy, PolicyArn=arn) == "DeleteConflict"


def test_a_user_is_deleted_only_when_nothing_is_left_of_them(iam):
    iam.create_user(UserName="ada")
    iam.create_group(GroupName="Readers")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="ada")["VirtualMFADevice"]["SerialNumber"]
    device = {"UserName": "ada", "SerialNumber": serial}
    member = {"UserName": "ada", "GroupName": "Readers"}
    policy = {"UserName": "ada", "PolicyName": "inline"}
    managed = {"UserName": "ada", "PolicyArn": AUDIT}
    iam.add_user_to_group(**member)
    iam.enable_mfa_device(**device, AuthenticationCode1="123456", AuthenticationCode2="234567")
    iam.create_login_profile(UserName="ada", Password="Correct-horse-9")
    key = iam.create_access_key(UserName="ada")["AccessKey"]["AccessKeyId"]
    iam.put_user_policy(**policy, PolicyDocument=ANY)
    iam.attach_user_policy(**managed)

    for remove in (
        lambda: iam.remove_user_from_group(**member),
        lambda: iam.deactivate_mfa_device(**device),
        lambda: iam.delete_login_profile(UserName="ada"),
        lambda: iam.delete_access_key(UserName="ada", AccessKeyId=key),
        lambda: iam.delete_user_policy(**policy),
        lambda: iam.detach_user_policy(**managed),
    ):
        assert refusal(iam.delete_user, UserName="ada") == "DeleteConflict"
        remove()
    iam.delete_user(UserName="ada")
    assert refusal(iam.get_user, UserName="ada") == "NoSuchEntity"


def test_groups_policies_roles_and_devices_in_use_are_not_deleted(estate):
    assert refusal(estate.delete_group, GroupName="Readers") == "DeleteConflict"
    assert refusal(estate.delete_role, RoleName="jenkins") == "DeleteConflict"
    arn = estate.create_policy(PolicyName="attached", PolicyDocument=ANY)["Policy"]["Arn"]
    estate.attach_group_policy(GroupName="Writers", PolicyArn=arn)
    estate.attach_group_policy(GroupName="Writers", PolicyArn=arn)
    assert estate.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert refusal(estate.delete_policy, PolicyArn=arn) == "DeleteConflict"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("create_user", {"UserName": "Ada"}),
        ("create_group", {"GroupName": "readers"}),
        ("create_role", {"RoleName": "JENKINS", "AssumeRolePolicyDocument": EC2}),
        ("create_policy", {"PolicyName": "Own", "PolicyDocument": ANY}),
    ],
)
def test_a_name_is_taken_whatever_its_case(iam, call, words):
    iam.create_user(UserName="ada")
    iam.create_group(GroupName="Readers")
    iam.create_role(RoleName="jenkins", AssumeRolePolicyDocument=EC2)
    iam.create_policy(PolicyName="own", PolicyDocument=ANY)
    assert refusal(getattr(iam, call), **words) == "EntityAlreadyExists"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("create_user", {"UserName": "a b"}),
        ("create_user", {"UserName": "a" * 65}),
        ("create_group", {"GroupName": "a/b"}),
        ("create_group", {"GroupName": "g" * 129}),
        ("create_user", {"UserName": "ada", "Path": "people"}),
    ],
)
def test_names_keep_to_their_alphabet_and_length(iam, call, words):
    assert refusal(getattr(iam, call), **words) == "ValidationError"


def test_the_longest_names_are_taken(iam):
    iam.create_user(UserName="a" * 64)
    iam.create_group(GroupName="g+=,.@_-" + "g" * 120)


@pytest.mark.parametrize(
    "words",
    [
        {"Principal": "*"},
        {"Sid": "not this"},
        {"Condition": {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "300.0.0.1"]}}},
    ],
)
def test_an_identity_policy_is_about_nobody_and_makes_sense(iam, words):
    iam.create_user(UserName="ada")
    policy = document(allow("s3:GetObject", "*", **words))
    put = {"UserName": "ada", "PolicyName": "p", "PolicyDocument": policy}
    assert refusal(iam.put_user_policy, **put) == "MalformedPolicyDocument"
    assert refusal(iam.create_policy, PolicyName="p", PolicyDocument=policy) == "MalformedPolicyDocument"


def test_a_boundary_is_a_policy_that_is_there(iam):
    boundary = {"PermissionsBoundary": "arn:aws:iam::333333333333:policy/nobodys"}
    assert refusal(iam.create_role, RoleName="r", AssumeRolePolicyDocument=EC2, **boundary) == "NoSuchEntity"
    assert refusal(iam.create_user, UserName="u", **boundary) == "NoSuchEntity"
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2)
    assert refusal(iam.put_role_permissions_boundary, RoleName="r", **boundary) == "NoSuchEntity"


def test_a_tags_key_is_taken_once_whatever_its_case_and_never_awss(iam):
    for tags in ([{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}], [{"Key": "aws:a", "Value": "1"}]):
        assert refusal(iam.create_user, UserName="u", Tags=tags) == "InvalidInput"
        iam.create_user(UserName="u")
        assert refusal(iam.tag_user, UserName="u", Tags=tags) == "InvalidInput"
        iam.delete_user(UserName="u")


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": "arn:aws:iam::111111111111:user/nobody"},
        {"AWS": "arn:aws:iam::111111111111:role/nobody"},
        {"AWS": "ada"},
        {"Aws": "*"},
    ],
)
def test_a_trust_policy_names_somebody_who_exists(iam, principal):
    trust = document(allow("sts:AssumeRole", Principal=principal))
    words = {"RoleName": "jenkins", "AssumeRolePolicyDocument": trust}
    assert refusal(iam.create_role, **words) == "MalformedPolicyDocument"
    iam.create_role(RoleName="jenkins", AssumeRolePolicyDocument=EC2)
    change = {"RoleName": "jenkins", "PolicyDocument": trust}
    assert refusal(iam.update_assume_role_policy, **change) == "MalformedPolicyDocument"


def test_quotas_hold(iam):
    iam.create_user(UserName="ada")
    for number in range(10):
        iam.create_group(GroupName=f"g{number}")
        iam.add_user_to_group(GroupName=f"g{number}", UserName="ada")
    iam.create_group(GroupName="g10")
    assert refusal(iam.add_user_to_group, GroupName="g10", UserName="ada") == "LimitExceeded"
    long = document(allow("s3:GetObject", [f"arn:aws:s3:::bucket/{number:04}" for number in range(100)]))
    words = {"UserName": "ada", "PolicyName": "long", "PolicyDocument": long}
    assert refusal(iam.put_user_policy, **words) == "LimitExceeded"
    for _ in range(2):
        iam.create_access_key(UserName="ada")
    assert refusal(iam.create_access_key, UserName="ada") == "LimitExceeded"


def test_a_first_password_follows_the_policy_and_must_be_changed(iam):
    assert refusal(iam.get_account_password_policy) == "NoSuchEntity"
    iam.update_account_password_policy(MinimumPasswordLength=12, RequireNumbers=True, RequireUppercaseCharacters=True)
    assert iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 12
    iam.create_user(UserName="ada")
    weak = {"UserName": "ada", "Password": "correct-horse"}
    assert refusal(iam.create_login_profile, **weak) == "PasswordPolicyViolation"
    iam.create_login_profile(UserName="ada", Password="Correct-horse-9", PasswordResetRequired=True)

    assert iam.get_login_profile(UserName="ada")["LoginProfile"]["PasswordResetRequired"] is True
    again = {"UserName": "ada", "Password": "Correct-horse-9"}
    assert refusal(iam.create_login_profile, **again) == "EntityAlreadyExists"


def test_a_device_takes_two_codes_and_belongs_to_one(iam):
    iam.create_user(UserName="ada")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="ada")["VirtualMFADevice"]["SerialNumber"]
    words = {"UserName": "ada", "SerialNumber": serial, "AuthenticationCode1": "123456"}
    assert refusal(iam.enable_mfa_device, **words, AuthenticationCode2="123456") == "InvalidAuthenticationCode"
    iam.enable_mfa_device(**words, AuthenticationCode2="654321")
    assert [device["SerialNumber"] for device in iam.list_mfa_devices(UserName="ada")["MFADevices"]] == [serial]
    assert refusal(iam.delete_virtual_mfa_device, SerialNumber=serial) == "DeleteConflict"


def test_the_credential_report_is_made_first_and_tells_of_root_and_people(estate_aws, iam):
    assert refusal(iam.get_credential_report) == "ReportNotPresent"
    assert iam.generate_credential_report()["State"] == "STARTED"
    iam.create_user(UserName="ada")
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    estate_aws.client_of("sts", [key["AccessKeyId"], key["SecretAccessKey"], ""]).get_caller_identity()
    iam.create_login_profile(UserName="ada", Password="Correct-horse-9")
    estate_aws.root_user("main", mfa=False, password_last_used="2026-01-01T00:00:00+00:00")
    assert iam.generate_credential_report()["State"] == "COMPLETE"

    rows = {row["user"]: row for row in csv.DictReader(iam.get_credential_report()["Content"].decode().splitlines())}
    assert rows["<root_account>"]["mfa_active"] == "false"
    assert rows["<root_account>"]["password_last_used"] == "2026-01-01T00:00:00+00:00"
    assert rows["ada"]["password_enabled"] == "true"
    assert (rows["ada"]["access_key_1_active"], rows["ada"]["access_key_1_last_used_service"]) == ("true", "sts")
    assert iam.get_account_summary()["SummaryMap"]["AccountMFAEnabled"] == 0


def test_a_key_tells_when_it_was_used_last(estate_aws, iam):
    iam.create_user(UserName="ada")
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    assert "LastUsedDate" not in iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    iam.put_user_policy(UserName="ada", PolicyName="see", PolicyDocument=document(allow("iam:ListUsers", "*")))
    estate_aws.client_of("iam", [key["AccessKeyId"], key["SecretAccessKey"], ""]).list_users()

    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert (used["UserName"], used["AccessKeyLastUsed"]["ServiceName"]) == ("ada", "iam")
    assert refusal(iam.get_user) == "ValidationError"  # a role's session is no user


def test_aws_own_policies_are_there_without_being_listed_as_own(iam):
    assert iam.get_policy(PolicyArn=AUDIT)["Policy"]["PolicyName"] == "SecurityAudit"
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert len(iam.list_policies(Scope="AWS", MaxItems=1000)["Policies"]) == 1000
    assert (
        refusal(iam.attach_role_policy, RoleName="OrganizationAccountAccessRole", PolicyArn=f"{AUDIT}Not")
        == "NoSuchEntity"
    )


def test_iam_can_be_listed_while_it_grows():
    script = """
from local_aws import patches
patches.apply()
from moto.iam.models import iam_backends
iam = iam_backends["111111111111"]["aws"]
iam.create_group("first")
for group in iam.list_groups():
    iam.create_group("second")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_main_alone_says_what_of_root_is_kept_centrally(estate_aws, iam):
    assert iam.list_organizations_features()["EnabledFeatures"] == []
    iam.enable_organizations_root_credentials_management()
    iam.enable_organizations_root_sessions()
    iam.disable_organizations_root_sessions()

    assert iam.list_organizations_features()["EnabledFeatures"] == ["RootCredentialsManagement"]
    member = estate_aws.client("iam", "production")
    assert refusal(member.list_organizations_features) == "AccountNotManagementOrDelegatedAdministratorException"
