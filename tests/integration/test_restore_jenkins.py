"""The restore drill on the embedded AWS, where nothing boots: what is built, and that it is always torn down."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SCRATCH = [{"Key": "Scratch", "Value": "jenkins-restore-drill"}]


@pytest.fixture
def ec2(estate_aws):
    return estate_aws.client("ec2")


@pytest.fixture
def data_volume(ec2):
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "jenkins-data"}]}]
    volume = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=100, Encrypted=True, TagSpecifications=tags)
    return volume["VolumeId"]


def snapshot(ec2, volume):
    tags = [{"ResourceType": "snapshot", "Tags": [{"Key": "Name", "Value": "jenkins-data"}]}]
    return ec2.create_snapshot(VolumeId=volume, TagSpecifications=tags)["SnapshotId"]


def scratch(ec2):
    """Ids of everything that carries the drill's tag and still is there."""
    tagged = [{"Name": "tag:Scratch", "Values": ["jenkins-restore-drill"]}]
    running = [*tagged, {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    reservations = ec2.describe_instances(Filters=running)["Reservations"]
    return [
        *(i["InstanceId"] for r in reservations for i in r["Instances"]),
        *(v["VolumeId"] for v in ec2.describe_volumes(Filters=tagged)["Volumes"]),
        *(g["GroupId"] for g in ec2.describe_security_groups(Filters=tagged)["SecurityGroups"]),
    ]


@pytest.fixture
def drill(run_playbook, tmp_path):
    def run(**extra):
        done = run_playbook(
            "restore_jenkins.yml",
            "-l",
            "main-account",
            extra_vars={"jenkins_instance_records": str(tmp_path / "records"), **extra},
        )
        (record,) = [json.loads(path.read_text()) for path in (tmp_path / "records").glob("restore-*.json")]
        return done, record

    return run


def test_the_newest_snapshot_is_restored_on_a_scratch_host_that_is_gone_afterwards(estate_aws, ec2, data_volume, drill):
    snapshot(ec2, data_volume)
    newest = snapshot(ec2, data_volume)
    # What a drill that was killed has left.
    left = ec2.create_volume(
        AvailabilityZone="eu-west-1a", Size=1, TagSpecifications=[{"ResourceType": "volume", "Tags": SCRATCH}]
    )["VolumeId"]
    estate_aws.forget_calls()

    run, record = drill()

    assert run.rc == 0, run.output
    assert record["passed"] is True
    assert record["snapshot"]["id"] == newest
    assert record["snapshot"]["of"] == data_volume
    assert record["snapshot"]["age_hours"] < 1
    assert record["seconds"]["build"] > 0
    assert record["torn_down"] is True
    assert scratch(ec2) == []
    remaining = {volume["VolumeId"] for volume in ec2.describe_volumes()["Volumes"]}
    assert data_volume in remaining
    assert left not in remaining
    operations = [call["operation"] for call in estate_aws.writes()]
    assert operations.count("RunInstances") == 1
    assert "DeleteSnapshot" not in operations


def test_what_was_built_is_torn_down_when_the_drill_fails(estate_aws, ec2, data_volume, drill):
    snapshot(ec2, data_volume)
    estate_aws.fail("RunInstances", code="InstanceLimitExceeded", status=400, times=99)

    run, record = drill()

    assert run.rc != 0
    assert "The restore drill failed" in run.output
    assert "InstanceLimitExceeded" in record["why"]
    assert record["passed"] is False
    assert "CreateSecurityGroup" in {call["operation"] for call in estate_aws.writes()}
    assert scratch(ec2) == []


def test_no_snapshot_fails_the_drill_before_anything_is_built(estate_aws, drill):
    run, record = drill()

    assert run.rc != 0
    assert "There is no snapshot of jenkins-data" in record["why"]
    assert estate_aws.writes() == []


LOOK = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.set_fact: {__jenkins_instance_drill: {}}
    - ansible.builtin.include_role: {name: jenkins_instance, tasks_from: drill_home}
      vars: {__jenkins_instance_drill_mount: "{{ mount }}"}
"""


@pytest.mark.parametrize(
    ("files", "fewest", "passes"),
    [
        (["config.xml", "jobs/one/config.xml", "jobs/two/config.xml", "jobs/two/builds/1/config.xml"], 2, True),
        (["config.xml", "jobs/one/config.xml", "jobs/one/builds/1/config.xml"], 2, False),
        (["jobs/one/config.xml", "jobs/two/config.xml"], 2, False),
    ],
    ids=["a home with its jobs", "a job too few, builds do not count", "jobs without a home"],
)
def test_what_is_on_the_restored_volume_decides(tmp_path, files, fewest, passes):
    for name in files:
        path = tmp_path / "volume" / "jenkins" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<x/>")
    play = tmp_path / "look.yml"
    play.write_text(LOOK)
    given = {"mount": str(tmp_path / "volume"), "jenkins_instance_drill_min_jobs": fewest}
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", play, "-e", json.dumps(given)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "DM_PLAN_FILE": str(tmp_path / "plan.json")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) is passes, done.stdout + done.stderr
    assert passes or "at least must be there" in done.stdout + done.stderr


def test_the_drill_runs_as_its_page_says(estate_aws, ec2, data_volume, tmp_path):
    """Without -i, for the embedded AWS, where nothing boots: a look by SSH is left to a real account."""
    snapshot(ec2, data_volume)
    page = (ROOT / "docs/jenkins-restore.md").read_text(encoding="utf-8")
    (typed,) = re.findall(r"^    (ansible-playbook .*restore_jenkins\.yml.*)$", page, re.M)
    command = typed.replace("-i inventories/accounts ", "") + f" -e jenkins_instance_records={tmp_path}"
    environment = {
        **estate_aws.env,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DM_CREDENTIALS_REPO": str(ROOT / "credentials.example"),
        "DM_PLAN_FILE": str(tmp_path / "plan.json"),
    }

    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (record,) = [json.loads(path.read_text()) for path in tmp_path.glob("restore-*.json")]
    assert {"drill", "passed", "jobs", "seconds", "snapshot"} <= set(record), "what the page shows of it"
    assert record["passed"] is True
    assert scratch(ec2) == []
