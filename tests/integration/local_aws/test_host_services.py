"""What a host needs of AWS besides S3 and IAM, where moto falls short of it. Each test fails without its patch."""

from __future__ import annotations

import pytest

from tests.integration.local_aws.conftest import allow, document, refusal

ROLE = "arn:aws:iam::111111111111:role/backup"
RULE = {"RuleName": "daily", "TargetBackupVaultName": "jenkins", "Lifecycle": {"DeleteAfterDays": 7}}


@pytest.fixture
def balancer(estate_aws):
    ec2, elb = estate_aws.client("ec2"), estate_aws.client("elbv2")
    subnets = [s["SubnetId"] for s in ec2.describe_subnets()["Subnets"][:2]]
    return elb.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]


def test_a_backup_plan_changes_under_its_id_and_keeps_its_selections(estate_aws):
    backup = estate_aws.client("backup")
    plan = {"BackupPlanName": "jenkins", "Rules": [dict(RULE)]}
    made = backup.create_backup_plan(BackupPlan=plan)
    plan_id = made["BackupPlanId"]
    wanted = {"SelectionName": "data", "IamRoleArn": ROLE, "Resources": ["*"]}
    selection_id = backup.create_backup_selection(BackupPlanId=plan_id, BackupSelection=wanted)["SelectionId"]
    longer = {**RULE, "Lifecycle": {"DeleteAfterDays": 14}}

    updated = backup.update_backup_plan(BackupPlanId=plan_id, BackupPlan={**plan, "Rules": [longer]})

    assert updated["VersionId"] != made["VersionId"]
    (rule,) = backup.get_backup_plan(BackupPlanId=plan_id)["BackupPlan"]["Rules"]
    assert (rule["Lifecycle"], rule["StartWindowMinutes"]) == ({"DeleteAfterDays": 14}, 480)
    (listed,) = backup.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]
    assert (listed["SelectionId"], listed["SelectionName"]) == (selection_id, "data")
    named = {"BackupPlanId": plan_id, "SelectionId": selection_id}
    assert backup.get_backup_selection(**named)["BackupSelection"] == wanted
    assert refusal(backup.create_backup_selection, BackupPlanId=plan_id, BackupSelection=wanted) == (
        "AlreadyExistsException"
    )
    backup.delete_backup_selection(**named)
    assert refusal(backup.get_backup_selection, **named) == "ResourceNotFoundException"


def test_a_vault_that_does_not_exist_is_not_told_from_one_that_is_forbidden(estate_aws):
    assert refusal(estate_aws.client("backup").describe_backup_vault, BackupVaultName="x") == "AccessDeniedException"


def test_describing_a_security_groups_rule_answers_that_it_was_done(estate_aws):
    ec2 = estate_aws.client("ec2")
    group = ec2.create_security_group(GroupName="web", Description="web")["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    told = {**rule, "IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": "office"}]}

    answer = ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=[told])

    assert answer["Return"] is True
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    assert found["IpRanges"][0]["Description"] == "office"


def test_an_addresss_tags_are_found_by_its_type(estate_aws):
    ec2 = estate_aws.client("ec2")
    tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "Name", "Value": "jenkins"}]}]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags)["AllocationId"]
    (found,) = ec2.describe_tags(Filters=[{"Name": "resource-type", "Values": ["elastic-ip"]}])["Tags"]
    assert found["ResourceId"] == address


def test_a_new_load_balancer_has_every_attribute(estate_aws, balancer):
    elb = estate_aws.client("elbv2")
    found = elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    attributes = {pair["Key"]: pair["Value"] for pair in found}
    assert attributes["idle_timeout.timeout_seconds"] == "60"
    assert attributes["access_logs.s3.enabled"] == "false"
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "false"


@pytest.mark.parametrize(
    ("principal", "path", "taken"),
    [
        ({"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}, "web/AWSLogs/111111111111/*", True),
        ({"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}, "web/AWSLogs/222222222222/*", False),
        ({"Service": "delivery.logs.amazonaws.com"}, "web/AWSLogs/111111111111/*", False),
        (None, "", False),
    ],
)
def test_access_logs_need_a_bucket_that_lets_the_delivery_in(estate_aws, bucket, balancer, principal, path, taken):
    name = bucket("balancer-logs", "main")
    if principal:
        statement = allow("s3:PutObject", f"arn:aws:s3:::{name}/{path}", Principal=principal)
        estate_aws.client("s3").put_bucket_policy(Bucket=name, Policy=document(statement))
    pairs = {"enabled": "true", "bucket": name, "prefix": "web"}
    wanted = {
        "LoadBalancerArn": balancer,
        "Attributes": [{"Key": f"access_logs.s3.{key}", "Value": value} for key, value in pairs.items()],
    }
    elb = estate_aws.client("elbv2")
    if taken:
        elb.modify_load_balancer_attributes(**wanted)
    else:
        assert refusal(elb.modify_load_balancer_attributes, **wanted) == "InvalidConfigurationRequest"


def test_a_certificate_is_issued_once_its_record_is_in_dns_and_not_before(estate_aws):
    acm, dns = estate_aws.client("acm"), estate_aws.client("route53")
    arn = acm.request_certificate(DomainName="ci.marketplace.example", ValidationMethod="DNS")["CertificateArn"]

    def certificate():
        return acm.describe_certificate(CertificateArn=arn)["Certificate"]

    def publish(zone, value):
        record = certificate()["DomainValidationOptions"][0]["ResourceRecord"]
        sets = {"Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": value}]}
        changes = [{"Action": "UPSERT", "ResourceRecordSet": sets}]
        dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})

    zone = dns.create_hosted_zone(Name="marketplace.example", CallerReference="1")["HostedZone"]["Id"]
    assert certificate()["Status"] == "PENDING_VALIDATION"
    publish(zone, "wrong.example.")
    assert certificate()["Status"] == "PENDING_VALIDATION"
    publish(zone, certificate()["DomainValidationOptions"][0]["ResourceRecord"]["Value"])
    assert certificate()["Status"] == "ISSUED"


def test_debians_images_are_there_with_their_dates(estate_aws):
    filters = [{"Name": "name", "Values": ["debian-12-amd64-*"]}]
    images = estate_aws.client("ec2").describe_images(Owners=["136693071363"], Filters=filters)["Images"]
    assert [i["Name"] for i in sorted(images, key=lambda i: i["CreationDate"])] == [
        "debian-12-amd64-20260103-1980",
        "debian-12-amd64-20260901-2221",
    ]


@pytest.mark.parametrize(
    ("call", "words", "code"),
    [
        ("describe_instances", {"InstanceIds": ["web"]}, "InvalidInstanceID.Malformed"),
        ("describe_instances", {"InstanceIds": ["i-0123456789abcdef0"]}, "InvalidInstanceID.NotFound"),
        ("terminate_instances", {"InstanceIds": ["i-0123456789ABCDEF0"]}, "InvalidInstanceID.Malformed"),
        ("describe_security_groups", {"GroupIds": ["web"]}, "InvalidGroupId.Malformed"),
        ("describe_volumes", {"VolumeIds": ["vol-1"]}, "InvalidVolumeID.Malformed"),
        ("run_instances", {"ImageId": "debian", "MinCount": 1, "MaxCount": 1}, "InvalidAMIID.Malformed"),
        ("run_instances", {"ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1}, "InvalidAMIID.NotFound"),
    ],
)
def test_an_id_is_one_before_it_is_looked_for(estate_aws, call, words, code):
    assert refusal(getattr(estate_aws.client("ec2", "production"), call), **words) == code


INGRESS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}


@pytest.mark.parametrize(
    "words",
    [
        {"FromPort": 70_000, "ToPort": 70_000},
        {"FromPort": 444},
        {"IpProtocol": "http"},
        {"IpProtocol": "256"},
        {"IpRanges": [{"CidrIp": "192.0.2.0/33"}]},
        {"IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": 'the "office"'}]},
    ],
)
def test_a_security_groups_rule_is_one_that_ec2_takes(estate_aws, words):
    ec2 = estate_aws.client("ec2", "production")
    group = ec2.create_security_group(GroupName="web", Description="Web")["GroupId"]
    rule = {"GroupId": group, "IpPermissions": [{**INGRESS, **words}]}
    assert refusal(ec2.authorize_security_group_ingress, **rule) == "InvalidParameterValue"
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"] == []
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[INGRESS])


@pytest.mark.parametrize(("name", "description"), [("sg-web", "Web"), ("web", "Büro"), ("wéb", "Web")])
def test_a_security_groups_name_is_one_that_ec2_takes(estate_aws, name, description):
    ec2 = estate_aws.client("ec2", "production")
    assert refusal(ec2.create_security_group, GroupName=name, Description=description) == "InvalidParameterValue"


def test_awss_own_tags_are_not_made(estate_aws):
    ec2 = estate_aws.client("ec2", "production")
    group = ec2.create_security_group(GroupName="web", Description="Web")["GroupId"]
    tags = [{"Key": "aws:owner", "Value": "me"}]
    assert refusal(ec2.create_tags, Resources=[group], Tags=tags) == "InvalidParameterValue"
