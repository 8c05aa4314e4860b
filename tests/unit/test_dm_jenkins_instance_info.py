from __future__ import annotations

import pytest
from ansible.module_utils.dm_jenkins_instance_info import (
    Refusal,
    has_zone,
    newest_image,
    one_instance,
    one_vpc,
    subnets,
)


def subnet(zone, name):
    return {"AvailabilityZone": zone, "SubnetId": name}


def test_the_load_balancer_gets_one_subnet_of_each_zone():
    found = [subnet("eu-west-1b", "b2"), subnet("eu-west-1a", "a1"), subnet("eu-west-1b", "b1")]
    assert subnets(found, "eu-west-1b") == ("b1", ["a1", "b1"])


@pytest.mark.parametrize(
    ("found", "zone"),
    [([], "eu-west-1a"), ([subnet("eu-west-1a", "a")], "eu-west-1a"), ([subnet("a", "a"), subnet("b", "b")], "c")],
)
def test_too_few_subnets_are_refused_by_the_variables_name(found, zone):
    with pytest.raises(Refusal, match=r"jenkins_instance_zone .* jenkins_instance_subnet_filters finds"):
        subnets(found, zone)


def test_exactly_one_vpc_will_do():
    assert one_vpc([{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}], {})["id"] == "vpc-1"
    for found in ([], [{}, {}]):
        with pytest.raises(Refusal, match="jenkins_instance_vpc_filters"):
            one_vpc(found, {})


def test_two_instances_of_the_name_are_refused():
    one = {"InstanceId": "i-1", "State": {"Name": "running"}, "ImageId": "ami-1"}
    assert one_instance([], "jenkins") == {}
    assert one_instance([one], "jenkins") == {"id": "i-1", "state": "running", "image": "ami-1", "profile": ""}
    arn = {"IamInstanceProfile": {"Arn": "arn:aws:iam::111111111111:instance-profile/jenkins"}}
    assert one_instance([{**one, **arn}], "jenkins")["profile"] == "jenkins"
    with pytest.raises(Refusal, match="2 instances are named jenkins"):
        one_instance([one, {**one, "InstanceId": "i-2"}], "jenkins")


def test_the_newest_image_is_taken():
    images = [
        {"ImageId": "new", "Name": "debian-b", "CreationDate": "2026-09-01", "RootDeviceName": "/dev/xvda"},
        {"ImageId": "old", "Name": "debian-z", "CreationDate": "2026-01-01", "RootDeviceName": "/dev/xvda"},
    ]
    assert newest_image(images, "1", {})["id"] == "new"
    with pytest.raises(Refusal, match="jenkins_instance_image_filters"):
        newest_image([], "1", {})


def test_only_a_public_zone_of_exactly_that_name_counts():
    public = {"Name": "marketplace.example.", "Config": {"PrivateZone": False}}
    assert has_zone([public], "marketplace.example")
    assert not has_zone([{**public, "Config": {"PrivateZone": True}}], "marketplace.example")
    assert not has_zone([public], "example")
