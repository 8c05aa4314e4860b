#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_account
short_description: Stop unless the credentials belong to the declared account
description:
  - Asks AWS whose credentials these are and fails unless the account is the one named.
  - The first task of every play with modules that are not this project's: those see to it themselves.
  - Follows U(https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html), allowed to everyone.
options:
  name:
    description: The account's name in the inventory, for messages.
    type: str
    required: true
  account_id:
    description: The account's id, 12 digits.
    type: str
    required: true
extends_documentation_fragment: [dm_aws]
"""
EXAMPLES = r"""
- name: Stop unless these are production's credentials
  dm_account:
    name: production
    account_id: "333333333333"
"""
RETURN = r"""
caller:
  description: Who the credentials belong to.
  returned: success
  type: str
  sample: arn:aws:sts::333333333333:assumed-role/infrastructure/laptop
"""

from ansible.module_utils.estate.account import Account
from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.run import estate_module

SERVICES = ("sts",)  # as in dm_buckets: what any run of it calls


def main() -> None:
    module = estate_module(DOCUMENTATION)
    clients = Clients(module, guard=Account(module.params["name"], module.params["account_id"]))
    module.exit_json(changed=False, caller=clients.caller)


if __name__ == "__main__":
    main()
