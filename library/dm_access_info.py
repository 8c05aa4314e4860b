#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_access_info
short_description: Read who may go where in an account, and how its credentials are kept
description:
  - Reads users, groups, roles and policies in one paginated sweep, AWS's own policies where they are attached, the
    account summary and the credential report. Changes nothing.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html). AWS makes a
    credential report at most every four hours, so that what it says can be that old; C(credentials.generated) says
    how old.
  - Ids of access keys are not read.
author: [Digital Marketplace developers]
options:
  account:
    description: The account's name in the inventory.
    type: str
    required: true
  account_id:
    description: The account's id, 12 digits.
    type: str
    required: true
  report_seconds:
    description: How long to wait for the credential report.
    type: int
    default: 120
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
- name: Read who may go where in production
  dm_access_info:
    account: production
    account_id: "333333333333"
"""
RETURN = r"""
access:
  description: What the filter access_review takes for an account.
  returned: success
  type: dict
  contains:
    account_id: {description: The account's id., type: str}
    users:
      description: C(name), C(path), C(arn), C(groups), C(managed), C(inline), C(boundary), C(tags).
      type: list
      elements: dict
    groups:
      description: C(name), C(path), C(arn), C(managed), C(inline).
      type: list
      elements: dict
    roles:
      description: C(name), C(path), C(arn), C(trust), C(managed), C(inline), C(boundary), C(tags).
      type: list
      elements: dict
    policies: {description: Documents of managed policies by ARN., type: dict}
    credentials:
      description: >-
        C(generated); C(root) with C(keys), C(mfa), C(password_last_used); C(users) by name with C(password), C(mfa),
        C(created), C(password_last_used) and C(keys), each C(slot), C(active), C(rotated), C(used).
      type: dict
"""

import time
from collections.abc import Callable
from typing import Any

try:
    import botocore
    from botocore.config import Config
except ImportError:
    pass  # AnsibleAWSModule reports it

from ansible.module_utils.dm_access_read import NoReport, credentials, report, shape
from ansible.module_utils.estate.access.read import PartialRead, managed, pages, parse, policies_of_aws
from ansible.module_utils.estate.errors import sentence
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleBotocoreError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def read(client: Any, account_id: str, seconds: float, wait: Callable[[float], object] = time.sleep) -> dict[str, Any]:
    live = parse(pages(client.get_account_authorization_details))
    made = report(client, seconds, wait)
    return {
        "account_id": account_id,
        **shape(live, policies_of_aws(client, managed(live))),
        "credentials": credentials(made, client.get_account_summary()["SummaryMap"]),
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "account": {"type": "str", "required": True},
            "account_id": {"type": "str", "required": True},
            "report_seconds": {"type": "int", "default": 120},
        },
        supports_check_mode=True,
    )
    account = module.params["account"]
    try:
        client = module.client("iam", aws_config=Config(retries={"mode": "adaptive", "max_attempts": 8}))
        access = read(client, module.params["account_id"], module.params["report_seconds"])
    except (PartialRead, NoReport) as exc:
        module.fail_json(msg=f"Access to account {account} could only be read in part: {exc}.")
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, AnsibleBotocoreError) as exc:
        module.fail_json(msg=sentence(exc, f"Could not read access to account {account}"))
    module.exit_json(changed=False, access=access)


if __name__ == "__main__":
    main()
