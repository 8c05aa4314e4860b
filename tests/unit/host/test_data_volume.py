from __future__ import annotations

import pytest
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.host.volume.plan import choose
from ansible.module_utils.estate.host.volume.plan import plan as planned
from ansible.module_utils.estate.plan import Ref

NAME = "jenkins-data"


def volume(**changes):
    live = {
        "VolumeId": "vol-1",
        "State": "in-use",
        "Size": 100,
        "VolumeType": "gp3",
        "Iops": 3000,
        "Throughput": 125,
        "Encrypted": True,
        "AvailabilityZone": "eu-west-1a",
        "Attachments": [{"InstanceId": "i-1", "Device": "/dev/sdf", "State": "attached", "DeleteOnTermination": False}],
        "Tags": [{"Key": "Name", "Value": NAME}],
    }
    return {**live, **changes}


def wanted(**changes):
    declared = {
        "name": NAME,
        "size": 100,
        "type": "gp3",
        "iops": None,
        "throughput": None,
        "zone": "eu-west-1a",
        "kms_key": None,
        "snapshot": None,
        "tags": {"Name": NAME},
        "instance": "jenkins",
        "instance_id": "i-1",
        "device": "/dev/sdf",
    }
    return {**declared, **changes}


def plan(volume, wanted, devices, leaving=None):
    """(actions, what the volume will be as far as it changes, notes)"""
    made = planned("main", volume, wanted, devices, leaving)
    return made.actions, made.diff[0]["after"] if made.diff else {}, made.notes


def methods(actions):
    return [action.method.removeprefix("ec2.") for action in actions]


def test_a_new_volume_is_encrypted_tagged_and_attached():
    actions, after, _ = plan(None, wanted(), {})
    assert methods(actions) == ["create_volume", "attach_volume"]
    assert actions[0].params["Encrypted"] is True
    assert actions[0].params["TagSpecifications"][0]["Tags"] == [{"Key": "Name", "Value": NAME}]
    assert after["instance"] == "i-1"
    assert actions[1].params["VolumeId"] == Ref("volume jenkins-data", "id")


def test_a_reviewed_plan_still_fits_once_the_instance_is_there():
    before = planned("main", None, wanted(instance_id=""), {})
    assert before.diff[0]["after"]["instance"] == "known after apply"
    assert before.digest == planned("main", None, wanted(instance_id="i-9"), {}).digest


def test_a_new_volume_can_come_from_a_snapshot():
    actions, _, _ = plan(None, wanted(snapshot="snap-1"), {})
    assert actions[0].params["SnapshotId"] == "snap-1"


def test_a_snapshot_changes_nothing_of_a_volume_that_is_there():
    assert plan(volume(), wanted(snapshot="snap-1"), {"/dev/sdf": "vol-1"})[0] == []


def test_as_declared_there_is_nothing_to_do():
    assert plan(volume(), wanted(), {"/dev/sdf": "vol-1"})[0] == []


def test_it_grows_but_never_shrinks():
    grown, after, _ = plan(volume(), wanted(size=200), {})
    assert [a.params for a in grown] == [{"VolumeId": "vol-1", "Size": 200}]
    assert after["size"] == 200
    left, _, notes = plan(volume(Size=300), wanted(), {})
    assert left == []
    assert "never shrink" in notes[0]


def test_type_iops_and_throughput_follow_the_declaration():
    actions, _, _ = plan(volume(VolumeType="gp2"), wanted(iops=4000, throughput=250), {})
    assert actions[0].params == {"VolumeId": "vol-1", "VolumeType": "gp3", "Iops": 4000, "Throughput": 250}


def test_tags_are_added_and_others_stay():
    live = volume(Tags=[{"Key": "Name", "Value": NAME}, {"Key": "Hand", "Value": "made"}])
    actions, after, _ = plan(live, wanted(tags={"Name": NAME, "Backup": "jenkins"}), {})
    assert actions[0].params == {"Resources": ["vol-1"], "Tags": [{"Key": "Backup", "Value": "jenkins"}]}
    assert after["tags"]["Hand"] == "made"


def test_it_is_kept_from_going_with_its_instance():
    attached = [{"InstanceId": "i-1", "Device": "/dev/sdf", "State": "attached", "DeleteOnTermination": True}]
    actions, after, _ = plan(volume(Attachments=attached), wanted(), {"/dev/sdf": "vol-1"})
    assert methods(actions) == ["modify_instance_attribute"]
    assert actions[0].params["BlockDeviceMappings"][0]["Ebs"] == {"DeleteOnTermination": False}
    assert after["delete_on_termination"] is False


def test_an_empty_instance_detaches_once():
    assert methods(plan(volume(), wanted(instance=""), {})[0]) == ["detach_volume"]
    assert plan(volume(Attachments=[]), wanted(instance=""), {})[0] == []


def test_no_instance_leaves_the_attachment_alone():
    assert plan(volume(), wanted(instance=None), {})[0] == []


def test_it_moves_only_from_an_instance_that_is_leaving():
    with pytest.raises(Refusal, match="attached to i-1, not to i-2"):
        plan(volume(), wanted(instance="other", instance_id="i-2"), {})
    assert methods(plan(volume(), wanted(instance="other", instance_id="i-2"), {}, leaving="i-1")[0]) == [
        "attach_volume"
    ]


@pytest.mark.parametrize(
    ("live", "message"),
    [
        (volume(Encrypted=False), "not encrypted"),
        (volume(AvailabilityZone="eu-west-1b"), "cannot move"),
    ],
)
def test_what_only_another_volume_could_fix_is_refused(live, message):
    with pytest.raises(Refusal, match=message):
        plan(live, wanted(), {})


def test_another_volume_on_the_device_is_refused():
    with pytest.raises(Refusal, match=r"holds another volume \(vol-9\)"):
        plan(volume(Attachments=[]), wanted(), {"/dev/sdf": "vol-9"})


def test_two_volumes_of_the_name_are_refused_and_dead_ones_do_not_count():
    with pytest.raises(Refusal, match="2 volumes are named jenkins-data"):
        choose([volume(), volume(VolumeId="vol-2")], NAME)
    assert choose([volume(), volume(VolumeId="vol-2", State="deleting")], NAME)["VolumeId"] == "vol-1"
    assert choose([], NAME) is None


def test_no_plan_ever_deletes_or_replaces_a_volume():
    lives = [None, volume(), volume(Attachments=[]), volume(Size=10), volume(VolumeType="gp2", Tags=[])]
    seen = set()
    for live in lives:
        for instance in (None, "", "jenkins"):
            seen |= set(methods(plan(live, wanted(instance=instance), {})[0]))
    assert seen <= {
        "create_volume",
        "modify_volume",
        "create_tags",
        "modify_instance_attribute",
        "attach_volume",
        "detach_volume",
    }
