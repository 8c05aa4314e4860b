#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_changed_by
short_description: Say who changed what differs from what is declared, and when
description:
  - Asks CloudTrail's event history of the last 90 days for the newest change of one resource for each cause, as fast as
    AWS allows. It needs no trail. An event shows there within some minutes of the call; who is not known is left out.
  - Follows U(https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html). IAM's events are in
    us-east-1 alone.
options:
  account:
    description: The account's or stage's name in the inventory.
    type: str
    required: true
  causes:
    description: What differs, as each module that plans leaves it in the fact C(dm_pending_PURPOSE).
    type: list
    elements: dict
    required: true
    suboptions:
      finding: {description: The finding's id., type: str, required: true}
      resource: {description: One of its resources, such as V(bucket shop-documents)., type: str, required: true}
extends_documentation_fragment: [dm_aws]
"""
EXAMPLES = r"""
- name: Ask who changed a bucket
  dm_changed_by:
    account: preview
    causes: [{finding: 0f1e2d3c4b5a, resource: bucket shop-documents}]
"""
RETURN = r"""
changed_by:
  description: C(who), an ARN and what they called, and C(when), by the finding's id.
  returned: success
  type: dict
"""

import time
from typing import Any

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.findings.changed_by import newest, region_of
from ansible.module_utils.estate.progress import Progress
from ansible.module_utils.estate.run import estate_module

AT_ONCE, PAUSE = 2, 1.0  # two questions a second, for each account and region; the first two need not wait


def asked(clients: Any, causes: list[dict[str, str]], pause: float = PAUSE) -> dict[str, dict[str, str]]:
    found = {}
    for number, cause in enumerate(Progress("who changed it", len(causes)).over(causes)):
        if number and number % AT_ONCE == 0:
            time.sleep(pause)
        client = clients["cloudtrail", region_of(cause["resource"])]
        name = {"AttributeKey": "ResourceName", "AttributeValue": cause["resource"].rpartition(" ")[2]}
        events = client.lookup_events(LookupAttributes=[name], MaxResults=50)["Events"]
        if said := newest(events):
            found[cause["finding"]] = said
    return found


def main() -> None:
    module = estate_module(DOCUMENTATION)
    clients = Clients(module)
    doing = f"Cannot ask CloudTrail who changed what differs in {module.params['account']}"
    module.exit_json(changed=False, changed_by=clients.ask(lambda: asked(clients, module.params["causes"]), doing))


if __name__ == "__main__":
    main()
