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

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.run import estate_module


def main() -> None:
    module = estate_module(DOCUMENTATION)
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
    doing = f"Cannot get into account {name} ({account_id}) with profile {profile}"
    clients = Clients(module, attempts=3, doing=doing)
    caller = clients.ask(lambda: clients["sts"].get_caller_identity(), doing)
    if caller["Account"] != account_id:
        module.fail_json(
            msg=f"Account {name} is {account_id}, but the credentials of profile {profile} are for "
            f"{caller['Account']} ({caller['Arn']}); nothing was changed."
        )
    module.exit_json(changed=False, arn=caller["Arn"])


if __name__ == "__main__":
    main()
