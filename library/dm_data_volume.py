#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_data_volume
short_description: Keep the volume that outlives its instance
description:
  - Finds a volume by its C(Name) tag, creates it encrypted when there is none, keeps its size, type, tags and
    attachment as declared and keeps it from being deleted together with the instance.
  - Never deletes, formats, shrinks or replaces a volume. Where only that would help it stops and says what a person
    has to decide.
  - Exists because M(amazon.aws.ec2_vol) reports an attached volume as unchanged in check mode whatever differs, does
    not set C(DeleteOnTermination) back, and stays silent when another volume sits on the device.
  - Follows U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html) and
    U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html).
author: [Digital Marketplace developers]
options:
  account:
    description: The account's name, for messages and the plan.
    type: str
    required: true
  name:
    description: The volume's C(Name) tag, its identity.
    type: str
    required: true
  size:
    description: GiB. A larger volume is left as it is, with a note.
    type: int
    required: true
  type:
    description: The volume type.
    type: str
    default: gp3
  iops:
    description: Provisioned IOPS; the type's default when not set.
    type: int
  throughput:
    description: MiB per second; the type's default when not set.
    type: int
  zone:
    description: The availability zone.
    type: str
    required: true
  kms_key:
    description: The key's ARN; the account's default key for EBS when not set.
    type: str
  snapshot:
    description: What a new volume is made from. An existing volume is never touched by it.
    type: str
  tags:
    description: Tags the volume must have. Others stay.
    type: dict
    default: {}
  instance:
    description: The instance to attach it to; an empty string detaches it; not set leaves the attachment as it is.
    type: str
  device:
    description: The device name on that instance.
    type: str
    default: /dev/sdf
  leaving:
    description: In check mode, an instance that would be gone by now.
    type: str
  reviewed:
    description: Digest of the plan that was reviewed; any other plan is refused.
    type: str
attributes:
  check_mode:
    support: full
    description: Only reads.
  diff_mode:
    support: full
    description: Shows each setting that differs.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""
EXAMPLES = r"""
- name: Attach the data volume
  dm_data_volume:
    account: main
    name: jenkins-data
    size: 100
    zone: eu-west-1a
    instance: i-0123456789abcdef0
"""
RETURN = r"""
volume_id:
  description: The volume's id, empty in check mode when it does not exist yet.
  returned: success
  type: str
  sample: vol-0123456789abcdef0
plan:
  description: The plan as a value.
  returned: always
  type: dict
outcomes:
  description: What became of each action of the plan.
  returned: always
  type: list
  elements: dict
"""

try:
    import botocore
    from botocore.config import Config
except ImportError:
    pass  # AnsibleAWSModule reports it

from typing import Any

from ansible.module_utils.dm_data_volume import Refusal, choose, describe, plan
from ansible.module_utils.dm_finish import COMMON_ARGUMENTS, finish, shown
from ansible.module_utils.dm_plan import Action
from ansible.module_utils.estate.errors import error_code, sentence
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def read(ec2: Any, name: str, instance: str | None) -> tuple[list[dict], dict[str, str]]:
    """(volumes of that name, the instance's devices with the volumes on them)."""
    pages = ec2.get_paginator("describe_volumes").paginate(Filters=[{"Name": "tag:Name", "Values": [name]}])
    volumes = pages.build_full_result()["Volumes"]
    if not instance:
        return volumes, {}
    try:
        reservations = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    except botocore.exceptions.ClientError as exc:
        # In check mode the instance may be one that an earlier task would make.
        if error_code(exc) not in ("InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"):
            raise
        return volumes, {}
    mappings = reservations[0]["Instances"][0].get("BlockDeviceMappings", []) if reservations else []
    return volumes, {m["DeviceName"]: m["Ebs"]["VolumeId"] for m in mappings if "Ebs" in m}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            **COMMON_ARGUMENTS,
            "name": {"type": "str", "required": True},
            "size": {"type": "int", "required": True},
            "type": {"type": "str", "default": "gp3"},
            "iops": {"type": "int"},
            "throughput": {"type": "int"},
            "zone": {"type": "str", "required": True},
            "kms_key": {"type": "str"},
            "snapshot": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
            "instance": {"type": "str"},
            "device": {"type": "str", "default": "/dev/sdf"},
            "leaving": {"type": "str"},
        },
        supports_check_mode=True,
    )
    wanted = {key: module.params[key] for key in module.argument_spec if key not in ("account", "reviewed", "leaving")}
    wanted["tags"] = {**wanted["tags"], "Name": wanted["name"]}
    try:
        ec2 = module.client("ec2", aws_config=Config(retries={"max_attempts": 8, "mode": "standard"}))
        volumes, devices = read(ec2, wanted["name"], wanted["instance"])
        volume = choose(volumes, wanted["name"])
        actions, after, notes = plan(volume, wanted, devices, module.params["leaving"])
    except Refusal as exc:
        module.fail_json(msg=f"{exc} Nothing was changed.")
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as exc:
        module.fail_json(msg=sentence(exc, f"Cannot read volume {wanted['name']}"))
    known = {"id": volume["VolumeId"] if volume else ""}

    def call(action: Action) -> None:
        method = action.method.removeprefix("ec2.")
        params = dict(action.params)
        if method == "create_tags":
            params["Resources"] = [known["id"]]
        elif method not in ("create_volume", "modify_instance_attribute"):
            params["VolumeId"] = known["id"]
        if method == "attach_volume":  # one that was just detached or created is not available at once
            ec2.get_waiter("volume_available").wait(VolumeIds=[known["id"]], WaiterConfig={"Delay": 3})
        answer = getattr(ec2, method)(**params)
        if method == "create_volume":
            known["id"] = answer["VolumeId"]
        elif method == "attach_volume":
            ec2.get_waiter("volume_in_use").wait(VolumeIds=[known["id"]], WaiterConfig={"Delay": 3})
        elif method == "detach_volume":
            ec2.get_waiter("volume_available").wait(VolumeIds=[known["id"]], WaiterConfig={"Delay": 3})

    diff = shown(f"volume {wanted['name']}", describe(volume), after) if actions else []
    # Detaching is a step of its own in a run that attaches afterwards, and must not hide in its plan.
    purpose = "data volume detached" if wanted["instance"] == "" else "data volume"
    finish(module, purpose, actions, diff, call, lambda: {"volume_id": known["id"]}, notes)


if __name__ == "__main__":
    main()
