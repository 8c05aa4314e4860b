"""Picks, from AWS's answers, what the Jenkins host is made of. Pure; library/dm_jenkins_instance_info.py calls AWS."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.plan import Ref


def instance_of(name: str) -> Ref:
    """The id of the instance of that name, which may not exist yet."""
    return Ref(f"instance {name}", "id")


def one_vpc(vpcs: list[dict[str, Any]], filters: dict[str, str]) -> dict[str, str]:
    """{"id", "cidr"} of the only VPC among DescribeVpcs' answers."""
    if len(vpcs) != 1:
        raise Refusal(f"{len(vpcs)} VPCs fit jenkins_instance_vpc_filters {filters}; exactly one must.")
    return {"id": vpcs[0]["VpcId"], "cidr": vpcs[0]["CidrBlock"]}


def subnets(found: list[dict[str, Any]], networks: list[str], zone: str) -> tuple[str, list[str]]:
    """(the instance's subnet, the load balancer's) of these networks among the VPC's, as DescribeSubnets answers."""
    known = {subnet["CidrBlock"]: subnet for subnet in found}
    if strange := [network for network in networks if network not in known]:
        raise Refusal(
            f"jenkins_instance_subnets lists {', '.join(strange)}, and the VPC has no such subnet; "
            f"it has {', '.join(sorted(known)) or 'none'}."
        )
    by_zone = {known[network]["AvailabilityZone"]: known[network]["SubnetId"] for network in networks}
    if len(by_zone) < 2 or len(by_zone) < len(networks) or zone not in by_zone:
        zones = ", ".join(f"{network} in {known[network]['AvailabilityZone']}" for network in networks)
        raise Refusal(
            "The load balancer needs subnets in two zones at least, one in each, and the instance one in "
            f"jenkins_instance_zone ({zone}); jenkins_instance_subnets lists {zones or 'none'}."
        )
    return by_zone[zone], [by_zone[name] for name in sorted(by_zone)]


def one_instance(found: list[dict[str, Any]], name: str) -> dict[str, str]:
    """{"id", "state", "profile", "image"} of the only instance of that name, or {}."""
    if len(found) > 1:
        ids = ", ".join(sorted(instance["InstanceId"] for instance in found))
        raise Refusal(
            f"{len(found)} instances are named {name} ({ids}): find out which is the right one, "
            "rename or terminate the others."
        )
    if not found:
        return {}
    return {
        "id": found[0]["InstanceId"],
        "state": found[0]["State"]["Name"],
        "image": found[0]["ImageId"],
        "profile": found[0].get("IamInstanceProfile", {}).get("Arn", "").rpartition("/")[2],
    }


def newest_image(images: list[dict[str, Any]], owner: str, filters: dict[str, str]) -> dict[str, str]:
    """{"id", "name", "root_device"} of the newest among DescribeImages' answers."""
    if not images:
        raise Refusal(
            f"No image of jenkins_instance_image_owner ({owner}) fits jenkins_instance_image_filters {filters}."
        )
    newest = max(images, key=lambda image: (str(image.get("CreationDate") or ""), image["Name"]))
    return {"id": newest["ImageId"], "name": newest["Name"], "root_device": newest["RootDeviceName"]}


def has_zone(zones: list[dict[str, Any]], name: str) -> bool:
    """Is there a public zone of that name among ListHostedZonesByName's answers?"""
    return any(zone["Name"].rstrip(".") == name and not zone["Config"].get("PrivateZone") for zone in zones)
