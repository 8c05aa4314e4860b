"""The volumes of a name, and what is on an instance's devices. The client is passed in."""

from __future__ import annotations

from typing import Any


def read(ec2: Any, name: str, instance: str | None) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """(volumes of that name, the instance's devices with the volumes on them)."""
    pages = ec2.get_paginator("describe_volumes").paginate(Filters=[{"Name": "tag:Name", "Values": [name]}])
    volumes = pages.build_full_result()["Volumes"]
    if not instance:
        return volumes, {}
    found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    mappings = found.get("BlockDeviceMappings", [])
    return volumes, {mapping["DeviceName"]: mapping["Ebs"]["VolumeId"] for mapping in mappings if "Ebs" in mapping}
