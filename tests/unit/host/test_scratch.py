from __future__ import annotations

import pytest
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.host.scratch.plan import plan as planned

TAGS = [{"Key": "Scratch", "Value": "drill"}]


def plan(instances, volumes, groups, purpose):
    return planned("main", purpose, instances, volumes, groups).actions


def test_the_instance_goes_before_its_volume_and_security_group():
    actions = plan(
        [{"InstanceId": "i-1", "Tags": TAGS}],
        [{"VolumeId": "vol-1", "Tags": TAGS}],
        [{"GroupId": "sg-1", "Tags": TAGS}],
        "drill",
    )
    assert [a.method for a in actions] == ["ec2.terminate_instances", "ec2.delete_volume", "ec2.delete_security_group"]
    assert [a.needs for a in actions] == [(), ("instance i-1",), ("instance i-1",)]
    assert {a.verb for a in actions} == {"remove"}


@pytest.mark.parametrize("tags", [[], [{"Key": "Scratch", "Value": "other"}], [{"Key": "Name", "Value": "drill"}]])
@pytest.mark.parametrize("kind", ["InstanceId", "VolumeId", "GroupId"])
def test_nothing_at_all_is_removed_when_something_does_not_carry_the_tag(kind, tags):
    found = {"InstanceId": [], "VolumeId": [], "GroupId": []}
    found[kind] = [{kind: "fine", "Tags": TAGS}, {kind: "not-ours", "Tags": tags}]
    with pytest.raises(Refusal, match="not-ours"):
        plan(*found.values(), "drill")


def test_nothing_left_is_nothing_to_do():
    assert plan([], [], [], "drill") == []
