"""What a drill leaves behind, and how it is removed. Pure; library/dm_scratch.py calls AWS.

The only module of this project that deletes volumes: whatever does not carry the drill's tag is refused, however it was
found.
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.plan import Action, Plan

TAG = "Scratch"


def plan(
    account: str,
    purpose: str,
    instances: list[dict[str, Any]],
    volumes: list[dict[str, Any]],
    groups: list[dict[str, Any]],
) -> Plan:
    """Terminate the instances, then delete the volumes that did not go with them, then the security groups.

    Takes what DescribeInstances, DescribeVolumes and DescribeSecurityGroups found; purpose is the tag's value.
    """
    for thing in (*instances, *volumes, *groups):
        tags = {pair["Key"]: pair["Value"] for pair in thing.get("Tags", [])}
        if tags.get(TAG) != purpose:
            found = thing.get("InstanceId") or thing.get("VolumeId") or thing.get("GroupId")
            raise Refusal(f"{found} does not carry the tag {TAG}: {purpose}")
    running = tuple(f"instance {instance['InstanceId']}" for instance in instances)
    kinds = (
        ("instance", "InstanceId", "terminate_instances", instances, ()),
        ("volume", "VolumeId", "delete_volume", volumes, running),
        ("security group", "GroupId", "delete_security_group", groups, running),
    )
    actions = [
        Action("remove", f"{kind} {one[key]}", f"ec2.{method}", _named(key, one[key]), needs=needs)
        for kind, key, method, found, needs in kinds
        for one in found
    ]
    return Plan(f"scratch of {purpose}", account, actions)


def _named(key: str, value: str) -> dict[str, Any]:
    return {"InstanceIds": [value]} if key == "InstanceId" else {key: value}
