"""What a drill leaves behind, and how it is removed. Pure; library/dm_scratch.py calls AWS.

The only module of this project that deletes volumes: whatever does not carry the drill's tag is refused, however it was
found.
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.dm_plan import Action

TAG = "Scratch"


class Refusal(ValueError):
    """Something was found that is not scratch."""


def plan(
    instances: list[dict[str, Any]], volumes: list[dict[str, Any]], groups: list[dict[str, Any]], purpose: str
) -> list[Action]:
    """Terminate the instances, then delete the volumes that did not go with them, then the security groups.

    Takes what DescribeInstances, DescribeVolumes and DescribeSecurityGroups found.
    """
    for thing in (*instances, *volumes, *groups):
        tags = {pair["Key"]: pair["Value"] for pair in thing.get("Tags", [])}
        if tags.get(TAG) != purpose:
            found = thing.get("InstanceId") or thing.get("VolumeId") or thing.get("GroupId")
            raise Refusal(f"{found} does not carry the tag {TAG}: {purpose}; nothing was removed.")
    running = tuple(f"instance {instance['InstanceId']}" for instance in instances)
    return [
        *(
            Action(
                "remove", f"instance {i['InstanceId']}", "ec2.terminate_instances", {"InstanceIds": [i["InstanceId"]]}
            )
            for i in instances
        ),
        *(
            Action("remove", f"volume {v['VolumeId']}", "ec2.delete_volume", {"VolumeId": v["VolumeId"]}, needs=running)
            for v in volumes
        ),
        *(
            Action(
                "remove",
                f"security group {g['GroupId']}",
                "ec2.delete_security_group",
                {"GroupId": g["GroupId"]},
                needs=running,
            )
            for g in groups
        ),
    ]
