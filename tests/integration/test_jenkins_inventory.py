"""The inventory that finds the Jenkins host by its tag."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def listed(estate_aws):
    """ansible-inventory's answer, asked with the embedded AWS's profiles, and more environment as given."""

    def ask(**more):
        return subprocess.run(
            [Path(sys.executable).parent / "ansible-inventory", "-i", "inventories/jenkins", "--list"],
            cwd=ROOT,
            env={**estate_aws.env, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    return ask


def launch(estate_aws, name, account="main"):
    ec2 = estate_aws.client("ec2", account)
    made = ec2.run_instances(
        ImageId="ami-0deb120000000b002",
        InstanceType="t3.large",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}],
    )
    return made["Instances"][0]["InstanceId"]


def test_the_running_host_is_found_by_its_tag_with_its_address_and_nothing_else_is(estate_aws, listed):
    wanted = launch(estate_aws, "jenkins")
    launch(estate_aws, "jenkins-restore-drill")
    launch(estate_aws, "jenkins", "production")
    gone = launch(estate_aws, "jenkins")
    estate_aws.client("ec2").terminate_instances(InstanceIds=[gone])

    answer = listed()

    assert answer.returncode == 0, answer.stderr
    inventory = json.loads(answer.stdout)
    assert inventory["jenkins"]["hosts"] == [wanted]
    host = inventory["_meta"]["hostvars"][wanted]
    # What comes from outside is marked, so that it is never taken for a template.
    assert host["jenkins_instance_id"] == {"__ansible_unsafe": wanted}
    assert host["ansible_host"] == host["public_ip_address"]
    assert host["dm_aws_region"] == "eu-west-1"


def test_an_aws_that_cannot_be_reached_stops_only_whoever_asks_it(estate_aws, listed):
    estate_aws.fail("DescribeInstances", code="UnauthorizedOperation", status=403, times=99)

    assert listed().returncode != 0
    assert "aws_ec2" not in "".join(
        path.read_text()
        for path in (ROOT / "inventories").rglob("*.yml")
        if path.is_file() and "jenkins" not in path.relative_to(ROOT / "inventories").parts
    )
