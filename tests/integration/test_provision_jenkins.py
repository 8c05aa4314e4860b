"""The Jenkins host from an empty account to its replacement, on the embedded AWS: one story, run upon run.

It takes longer than a minute: five runs of some twenty module processes each. Each proves something that only
a whole run can: planned as done, nothing to do the second time, replaced without loss. What is run is what the pages
say to type. Their last line, configure_jenkins.yml, needs a host that boots: tests/hosts runs it on one.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import typed

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NAME = "jenkins"
OFFICE = "192.0.2.0/24"
HOST_PAGE = "docs/jenkins-host.md"


def pending(run: Any) -> dict[str, Any]:
    """What a run changed or would change: names of tasks, and of plans what becomes of which resource by which call."""
    tasks = [re.sub(r", once the .* is there$", "", task["task"].rpartition(" : ")[2]) for task in run.report["tasks"]]
    plans = {
        (purpose, action["verb"], action["resource"], action["method"])
        for plans in run.report["plans"].values()
        for purpose, plan in plans.items()
        for action in plan["actions"]
    }
    return {"tasks": sorted(tasks), "plans": sorted(plans)}


def believed_networks(aws: Any) -> list[str]:
    """Networks whose word the host's firewall and nginx take, as the host's own inventory renders them."""
    ansible = Path(sys.executable).parent / "ansible"
    show = ["-m", "ansible.builtin.debug", "-a", "msg={{ jenkins_load_balancer_addresses | to_json }}"]
    asked = subprocess.run(
        [ansible, "jenkins", "-i", "inventories/jenkins", *show],
        cwd=ROOT,
        env=aws.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stdout + asked.stderr
    return json.loads(re.search(r"\[.*]", asked.stdout)[0])


def declared(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / f"inventories/common/group_vars/all/{name}.yml").read_text())


class Host:
    """What AWS says of the host, asked past Ansible."""

    def __init__(self, aws: Any) -> None:
        self.ec2, self.elb, self.dns = aws.client("ec2"), aws.client("elbv2"), aws.client("route53")
        self.backup, self.iam, self.alarms = aws.client("backup"), aws.client("iam"), aws.client("cloudwatch")
        self.acm = aws.client("acm")

    def instances(self, *states: str) -> list[dict[str, Any]]:
        filters = [
            {"Name": "tag:Name", "Values": [NAME]},
            {"Name": "instance-state-name", "Values": list(states or ("running",))},
        ]
        return [i for r in self.ec2.describe_instances(Filters=filters)["Reservations"] for i in r["Instances"]]

    def instance(self) -> dict[str, Any]:
        (found,) = self.instances()
        return found

    def protected(self) -> bool:
        answer = self.ec2.describe_instance_attribute(
            InstanceId=self.instance()["InstanceId"], Attribute="disableApiTermination"
        )
        return answer["DisableApiTermination"]["Value"]

    def volume(self) -> dict[str, Any]:
        (found,) = self.ec2.describe_volumes(Filters=[{"Name": "tag:Name", "Values": [f"{NAME}-data"]}])["Volumes"]
        return found

    def address(self) -> dict[str, Any]:
        (found,) = self.ec2.describe_addresses(Filters=[{"Name": "tag:Name", "Values": [NAME]}])["Addresses"]
        return found

    def group(self, name: str) -> dict[str, Any]:
        (found,) = self.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])[
            "SecurityGroups"
        ]
        return found

    def let_in(self, name: str) -> set[tuple[int, str]]:
        """(port, network or group id) of every rule that lets somebody in."""
        return {
            (rule["FromPort"], source)
            for rule in self.group(name)["IpPermissions"]
            for source in [r["CidrIp"] for r in rule["IpRanges"]] + [p["GroupId"] for p in rule["UserIdGroupPairs"]]
        }

    def balancer(self) -> dict[str, Any]:
        return self.elb.describe_load_balancers(Names=[NAME])["LoadBalancers"][0]

    def balancer_attributes(self) -> dict[str, str]:
        arn = self.balancer()["LoadBalancerArn"]
        attributes = self.elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        return {pair["Key"]: pair["Value"] for pair in attributes}

    def targets(self) -> list[str]:
        arn = self.elb.describe_target_groups(Names=[NAME])["TargetGroups"][0]["TargetGroupArn"]
        health = self.elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return [target["Target"]["Id"] for target in health]

    def record(self, name: str, kind: str) -> dict[str, Any]:
        zone = self.dns.list_hosted_zones_by_name(DNSName="marketplace.example")["HostedZones"][0]
        records = self.dns.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        (found,) = [record for record in records if record["Name"] == name and record["Type"] == kind]
        return found


def test_the_host_is_made_kept_as_declared_and_replaced_without_losing_its_data(estate_aws, run_playbook, subtests):
    host = Host(estate_aws)

    # The estate's own list may grow; what is declared here is what is looked for.
    office = {"jenkins_instance_allowed_addresses": [OFFICE], "jenkins_instance_ssh_addresses": [OFFICE]}

    def as_typed(said: typed.Typed, without: str = "", **extra: Any) -> Any:
        options = [one for one in said.options if one != without]
        run = run_playbook(said.playbook, *options, extra_vars={**office, **extra}, timeout=900)
        assert run.rc == 0, run.output
        return run

    missing = {
        "instance": "no instance profile jenkins",
        "backups": "no role jenkins_backup",
        "load_balancer": "no bucket digitalmarketplace-load-balancer-logs",
    }
    for tag, said in missing.items():
        with subtests.test(
            "what is not there yet is said before the first write, in check mode as in earnest", tag=tag
        ):
            for check in (True, False):
                run = run_playbook(
                    "provision_jenkins.yml", "-l", "main-account", "--tags", tag, check=check, extra_vars=office
                )
                assert run.rc != 0
                assert said in run.output
                assert estate_aws.writes() == []
    for playbook in ("converge_access.yml", "converge_buckets.yml"):
        (said,) = typed.playbooks(HOST_PAGE, playbook)
        run = run_playbook(playbook, *said.options)
        assert run.rc == 0, run.output
    estate_aws.forget_calls()
    look, make = typed.playbooks(HOST_PAGE, "provision_jenkins.yml")
    planned = as_typed(look)
    with subtests.test("check mode writes nothing"):
        assert estate_aws.writes() == []
    with subtests.test("the host's alarms tell somebody, and a run where they do not would say so"):
        assert "so the alarms of the Jenkins host tell nobody" not in planned.output

    made = as_typed(make)
    with subtests.test("check mode told exactly what was then done"):
        assert pending(planned) == pending(made)
        assert len(pending(made)["tasks"]) > 10

    first, volume, address = host.instance(), host.volume(), host.address()
    with subtests.test("the instance is of the newest image, with IMDSv2, an encrypted root and protection"):
        assert first["ImageId"] == "ami-0deb130000000c003"
        assert first["InstanceType"] == "t3.large"
        assert first["MetadataOptions"]["HttpTokens"] == "required"
        assert first["IamInstanceProfile"]["Arn"].endswith(":instance-profile/jenkins")
        assert first["MetadataOptions"]["HttpPutResponseHopLimit"] == 1  # no container is the instance
        assert host.protected()
        (pair,) = host.ec2.describe_key_pairs(KeyNames=[first["KeyName"]], IncludePublicKey=True)["KeyPairs"]
        assert pair["KeyName"] == NAME
        assert pair["PublicKey"].split()[:2] == declared("jenkins_instance")["jenkins_instance_public_key"].split()[:2]
        root = next(m for m in first["BlockDeviceMappings"] if m["DeviceName"] == "/dev/xvda")["Ebs"]["VolumeId"]
        assert host.ec2.describe_volumes(VolumeIds=[root])["Volumes"][0]["Encrypted"]
    with subtests.test("the data volume is encrypted, attached and outlives the instance"):
        assert (volume["Size"], volume["Encrypted"], volume["VolumeType"]) == (100, True, "gp3")
        (attachment,) = volume["Attachments"]
        assert attachment["InstanceId"] == first["InstanceId"]
        assert not attachment.get("DeleteOnTermination")
    with subtests.test("only the office reaches the load balancer, and only that reaches Jenkins"):
        balancers = host.group(f"{NAME}-lb")["GroupId"]
        assert host.let_in(f"{NAME}-lb") == {(443, OFFICE)}
        assert host.let_in(NAME) == {(80, balancers), (22, OFFICE)}
        assert [g["GroupId"] for g in first["SecurityGroups"]] == [host.group(NAME)["GroupId"]]
    with subtests.test("the load balancer speaks TLS with an issued certificate, logs, and asks for /login"):
        (listener,) = host.elb.describe_listeners(LoadBalancerArn=host.balancer()["LoadBalancerArn"])["Listeners"]
        assert (listener["Protocol"], listener["Port"]) == ("HTTPS", 443)
        assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
        arn = listener["Certificates"][0]["CertificateArn"]
        certificate = host.acm.describe_certificate(CertificateArn=arn)["Certificate"]
        assert (certificate["DomainName"], certificate["Status"]) == ("ci.marketplace.example", "ISSUED")
        attributes = host.balancer_attributes()
        assert attributes["access_logs.s3.enabled"] == "true"
        assert attributes["access_logs.s3.bucket"] == "digitalmarketplace-load-balancer-logs"
        assert attributes["idle_timeout.timeout_seconds"] == "600"
        assert attributes["deletion_protection.enabled"] == "true"
        assert host.elb.describe_target_groups(Names=[NAME])["TargetGroups"][0]["HealthCheckPath"] == "/login"
        assert host.targets() == [first["InstanceId"]]
    with subtests.test("the load balancer is in the very networks that the host will believe"):
        zones = {zone["SubnetId"] for zone in host.balancer()["AvailabilityZones"]}
        networks = {s["CidrBlock"] for s in host.ec2.describe_subnets(SubnetIds=[*zones])["Subnets"]}
        assert networks == set(believed_networks(estate_aws))
    with subtests.test("its name leads to the load balancer"):
        alias = host.record("ci.marketplace.example.", "A")["AliasTarget"]
        assert alias["DNSName"].rstrip(".") == host.balancer()["DNSName"]
    with subtests.test("a snapshot is taken every day of the data volume alone, and kept for a week"):
        (plan,) = host.backup.list_backup_plans()["BackupPlansList"]
        (rule,) = host.backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]["Rules"]
        assert rule["Lifecycle"] == {"DeleteAfterDays": 7}
        (listed,) = host.backup.list_backup_selections(BackupPlanId=plan["BackupPlanId"])["BackupSelectionsList"]
        selection = host.backup.get_backup_selection(
            BackupPlanId=plan["BackupPlanId"], SelectionId=listed["SelectionId"]
        )["BackupSelection"]
        assert selection["IamRoleArn"] == "arn:aws:iam::111111111111:role/jenkins_backup"
        assert host.iam.get_role(RoleName="jenkins_backup")
        (tag,) = selection["ListOfTags"]
        tagged = host.ec2.describe_volumes(
            Filters=[{"Name": f"tag:{tag['ConditionKey']}", "Values": [tag["ConditionValue"]]}]
        )["Volumes"]
        assert [v["VolumeId"] for v in tagged] == [volume["VolumeId"]]
    with subtests.test("alarms watch this instance"):
        alarms = {a["AlarmName"]: a for a in host.alarms.describe_alarms()["MetricAlarms"]}
        assert set(alarms) == {"jenkins-disk-root", "jenkins-disk-data", "jenkins-recover", "jenkins-unhealthy"}
        told = {arn for one in alarms.values() for arn in one["OKActions"]}
        assert told == {"arn:aws:sns:eu-west-1:111111111111:main-account-alarm"}
        dimensions = {d["Name"]: d["Value"] for d in alarms["jenkins-disk-data"]["Dimensions"]}
        assert dimensions == {"InstanceId": first["InstanceId"], "path": "/data"}

    estate_aws.forget_calls()
    # A newer image has appeared meanwhile: here, by another filter.
    again = as_typed(make, jenkins_instance_image_filters={"name": "debian-12-amd64-*"})
    with subtests.test("a second run changes nothing, makes no write call, and leaves an older image running"):
        assert pending(again) == {"tasks": [], "plans": []}
        assert estate_aws.writes() == []
        assert host.instance()["InstanceId"] == first["InstanceId"]

    world = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    host.ec2.authorize_security_group_ingress(GroupId=host.group(NAME)["GroupId"], IpPermissions=world)
    estate_aws.forget_calls()
    (replace,) = typed.playbooks("docs/jenkins-restore.md", "provision_jenkins.yml")
    planned = as_typed(replace)
    with subtests.test("planning a replacement writes nothing"):
        assert estate_aws.writes() == []
    with subtests.test("a security group that was opened by hand is shown"):
        assert "Let the load balancer and nobody else reach Jenkins" in pending(planned)["tasks"]
        assert re.search(r"^- .*0\.0\.0\.0/0", planned.stdout, re.M)
        assert (22, "0.0.0.0/0") in host.let_in(NAME)
    replaced = as_typed(replace, without="--check")  # as the page goes on
    second = host.instance()
    with subtests.test("and closed"):
        assert host.let_in(NAME) == {(80, balancers), (22, OFFICE)}
    with subtests.test("the instance is replaced, and exactly as planned"):
        assert second["InstanceId"] != first["InstanceId"]
        assert [i["InstanceId"] for i in host.instances("terminated")] == [first["InstanceId"]]
        assert host.protected()
        without_targets = [
            {"tasks": p["tasks"], "plans": [a for a in p["plans"] if a[0] != "target group"]}
            for p in (pending(planned), pending(replaced))
        ]
        assert without_targets[0] == without_targets[1]
    with subtests.test("volume, address and name stay"):
        assert host.volume()["VolumeId"] == volume["VolumeId"]
        assert host.volume()["Attachments"][0]["InstanceId"] == second["InstanceId"]
        assert host.address()["PublicIp"] == address["PublicIp"]
        assert host.address()["InstanceId"] == second["InstanceId"]
        assert host.targets() == [second["InstanceId"]]
        operations = {call["operation"] for call in estate_aws.writes()}
        assert not operations & {"DeleteVolume", "ReleaseAddress", "DeleteLoadBalancer", "ChangeResourceRecordSets"}


def test_another_accounts_credentials_are_refused_before_anything_is_read(estate_aws, run_playbook):
    run = run_playbook(
        "provision_jenkins.yml", "-l", "main-account", extra_vars={"dm_aws_profile": "digitalmarketplace-production"}
    )

    assert run.rc != 0
    assert "Account main is 111111111111, but the credentials" in run.output
    assert "are for 333333333333" in run.output
    assert {call["service"] for call in estate_aws.calls()} <= {"sts"}


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"jenkins_instance_allowed_addresses": ["0.0.0.0/1", "128.0.0.0/1"]}, "0.0.0.0/0 is too much of the internet"),
        ({"jenkins_instance_ssh_addresses": ["192.0.2.0/24", "cafe"]}, "'cafe' is no network"),
        ({"jenkins_instance_ssh_addresses": ["300.1.2.3/99"]}, "'300.1.2.3/99' is no network"),
        ({"jenkins_instance_drill_addresses": ["::/0"]}, "::/0 is too much of the internet"),
        ({"jenkins_instance_ssh_addresses": []}, "so the host is reached by SSM alone"),
    ],
)
def test_whom_nobody_should_let_in_and_a_host_that_nobody_reaches_are_refused(estate_aws, run_playbook, declared, said):
    run = run_playbook("provision_jenkins.yml", "-l", "main-account", check=True, extra_vars=declared)

    assert run.rc != 0
    assert said in " ".join(run.output.split())
    assert estate_aws.writes() == []
