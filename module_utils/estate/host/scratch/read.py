"""What a drill left behind. The client is passed in."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.estate.host.scratch.plan import TAG

_RUNNING = ["pending", "running", "stopping", "stopped"]


def read(ec2: Any, purpose: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """(instances, volumes, security groups) that carry the tag."""
    tagged = [{"Name": f"tag:{TAG}", "Values": [purpose]}]
    running = [*tagged, {"Name": "instance-state-name", "Values": _RUNNING}]
    reservations = ec2.get_paginator("describe_instances").paginate(Filters=running).build_full_result()["Reservations"]
    volumes = ec2.get_paginator("describe_volumes").paginate(Filters=tagged).build_full_result()["Volumes"]
    groups = ec2.describe_security_groups(Filters=tagged)["SecurityGroups"]
    return [instance for one in reservations for instance in one["Instances"]], volumes, groups
