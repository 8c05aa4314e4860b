from __future__ import annotations

import pytest
from ansible.module_utils.estate.host.instance.choose import (
    Refusal,
    has_zone,
    newest_image,
    one_instance,
    one_vpc,
    subnets,
)

VPC = [
    {"CidrBlock": f"172.31.{number}.0/24", "AvailabilityZone": f"eu-west-1{zone}", "SubnetId": f"subnet-{number}"}
    for number, zone in [(2, "b"), (1, "a"), (3, "b"), (4, "c")]
]


def test_the_load_balancer_gets_exactly_the_listed_subnets_and_the_instance_the_one_of_its_zone():
    assert subnets(VPC, ["172.31.3.0/24", "172.31.1.0/24"], "eu-west-1b") == ("subnet-3", ["subnet-1", "subnet-3"])


def test_a_subnet_that_the_vpc_does_not_have_is_named_with_those_that_it_has():
    with pytest.raises(
        Refusal, match=r"jenkins_instance_subnets lists 10\.0\.0\.0/24, .*has 172\.31\.1\.0/24, .*4\.0/24\.$"
    ):
        subnets(VPC, ["172.31.1.0/24", "10.0.0.0/24"], "eu-west-1a")


@pytest.mark.parametrize(
    ("numbers", "zone"),
    [([], "a"), ([1], "a"), ([1, 2], "c"), ([1, 2, 3], "a")],
    ids=["none", "one zone", "not the instance's zone", "two in one zone"],
)
def test_subnets_that_do_not_make_a_load_balancer_are_refused_by_the_variables_name(numbers, zone):
    with pytest.raises(Refusal, match=r"jenkins_instance_zone .* jenkins_instance_subnets lists"):
        subnets(VPC, [f"172.31.{number}.0/24" for number in numbers], f"eu-west-1{zone}")


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
