#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_account
short_description: Stop unless the credentials belong to the declared account
description:
  - Asks AWS whose credentials these are and fails unless the account is the one named.
  - The first task of every play, so that a play never acts on another account than its inventory says.
  - Follows U(https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html), allowed to everyone.
author: [Digital Marketplace developers]
options:
  name:
    description: The account's name in the inventory, for messages.
    type: str
    required: true
  account_id:
    description: The account's id, 12 digits.
    type: str
    required: true
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
- name: Stop unless these are production's credentials
  dm_account:
    name: production
    account_id: "333333333333"
"""
RETURN = r"""
arn:
  description: Who the credentials belong to.
  returned: success
  type: str
  sample: arn:aws:sts::333333333333:assumed-role/infrastructure/laptop
"""

import re

try:
    import boto3
    import botocore
    from botocore.config import Config
except ImportError:
    pass  # AnsibleAWSModule reports it

from ansible.module_utils.estate.errors import sentence
from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleBotocoreError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def _caller(module: AnsibleAWSModule) -> dict:
    """GetCallerIdentity's answer; not by module.client, which words a profile that does not work in its own way."""
    region, endpoint, options = get_aws_connection_info(module)
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "profile_name")
    session = boto3.session.Session(**{name: options.pop(name, None) for name in names})
    config = Config(connect_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})
    sts = session.client("sts", region_name=region, endpoint_url=endpoint, verify=options.get("verify"), config=config)
    return dict(sts.get_caller_identity())


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "account_id": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    name, account_id = module.params["name"], module.params["account_id"]
    profile = module.params.get("profile") or "default"
    if not re.fullmatch(r"\d{12}", account_id):
        module.fail_json(
            msg=f"dm_accounts.{name}.id is {account_id!r}; it must be 12 digits in quotes "
            "(inventories/common/group_vars/all/accounts.yml)."
        )
    if module.params.get("profile") and module.params.get("access_key"):
        module.fail_json(
            msg=f"AWS_ACCESS_KEY_ID is set, but account {name} is reached through profile {profile}: "
            "unset it, or let the profile take it with credential_process (docs/credentials.md)."
        )
    try:
        caller = _caller(module)
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, AnsibleBotocoreError) as exc:
        module.fail_json(msg=sentence(exc, f"Cannot get into account {name} ({account_id}) with profile {profile}"))
    if caller["Account"] != account_id:
        module.fail_json(
            msg=f"Account {name} is {account_id}, but the credentials of profile {profile} are for "
            f"{caller['Account']} ({caller['Arn']}); nothing was changed."
        )
    module.exit_json(changed=False, arn=caller["Arn"])


if __name__ == "__main__":
    main()
