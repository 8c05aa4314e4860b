#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_scratch
short_description: Remove the instances, volumes and security groups that a drill made
description:
  - Finds everything that carries the tag C(Scratch) with the purpose's name and removes it, also what an earlier drill
    left that was killed. What does not carry the tag is never touched.
  - Follows U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html).
author: [Digital Marketplace developers]
options:
  account:
    description: The account's name, for messages and the plan.
    type: str
    required: true
  purpose:
    description: The value of the tag.
    type: str
    required: true
  reviewed:
    description: Digest of the plan that was reviewed; any other plan is refused.
    type: str
attributes:
  check_mode:
    support: full
    description: Only reads.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""
EXAMPLES = r"""
- name: Remove what the drill made
  dm_scratch:
    account: main
    purpose: jenkins-restore-drill
"""
RETURN = r"""
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

from ansible.module_utils.dm_finish import COMMON_ARGUMENTS, finish
from ansible.module_utils.dm_plan import Action
from ansible.module_utils.dm_scratch import TAG, Refusal, plan
from ansible.module_utils.estate.errors import error_code, sentence
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

_RUNNING = ["pending", "running", "stopping", "stopped"]


def read(ec2: Any, purpose: str) -> tuple[list[dict], list[dict], list[dict]]:
    """(instances, volumes, security groups) that carry the tag."""
    tagged = [{"Name": f"tag:{TAG}", "Values": [purpose]}]
    running = [*tagged, {"Name": "instance-state-name", "Values": _RUNNING}]
    reservations = ec2.get_paginator("describe_instances").paginate(Filters=running).build_full_result()["Reservations"]
    volumes = ec2.get_paginator("describe_volumes").paginate(Filters=tagged).build_full_result()["Volumes"]
    groups = ec2.describe_security_groups(Filters=tagged)["SecurityGroups"]
    return [i for r in reservations for i in r["Instances"]], volumes, groups


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={**COMMON_ARGUMENTS, "purpose": {"type": "str", "required": True}}, supports_check_mode=True
    )
    purpose = module.params["purpose"]
    try:
        ec2 = module.client("ec2", aws_config=Config(retries={"max_attempts": 8, "mode": "standard"}))
        actions = plan(*read(ec2, purpose), purpose)
    except Refusal as exc:
        module.fail_json(msg=str(exc))
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as exc:
        module.fail_json(msg=sentence(exc, f"Cannot read what is left of {purpose}"))

    def call(action: Action) -> None:
        try:
            getattr(ec2, action.method.removeprefix("ec2."))(**action.params)
        except botocore.exceptions.ClientError as exc:
            if not error_code(exc).endswith(".NotFound"):  # a volume that went with its instance
                raise
        if "InstanceIds" in action.params:
            ec2.get_waiter("instance_terminated").wait(**action.params, WaiterConfig={"Delay": 5})

    finish(module, f"scratch of {purpose}", actions, [], call, dict)


if __name__ == "__main__":
    main()
