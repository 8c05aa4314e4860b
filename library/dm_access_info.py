#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_access_info
short_description: Read who may go where in an account, and how its credentials are kept
description:
  - Reads users, groups, roles and policies in one paginated sweep, AWS's own policies where they are attached, the
    account summary, the credential report, the keys that it does not know of, the policies of buckets, and those of
    the keys that encrypt them. Changes nothing.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html). AWS makes a
    credential report at most every four hours, so that what it says can be that old; C(credentials.generated) says
    how old.
  - Ids of keys and credentials are not kept.
options:
  account:
    description: The account's name in the inventory.
    type: str
    required: true
  account_id:
    description: The account's id, 12 digits.
    type: str
    required: true
extends_documentation_fragment: [dm_aws]
"""
EXAMPLES = r"""
- name: Read who may go where in production
  dm_access_info:
    account: production
    account_id: "333333333333"
"""
RETURN = r"""
caller:
  description: As whom AWS knows the credentials, where the play says whose account it is about.
  returned: success
  type: str
access:
  description: >-
    What M(dm_access_review) takes for an account, as JSON: Ansible looks into a structure value by value wherever
    it hands it on, and of a thousand people that takes as long as judging them.
  returned: success
  type: str
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
        C(generated); C(root) with C(keys), C(certificates), C(mfa), C(password), C(password_last_used); C(users) by
        name with C(password), C(mfa), C(created), C(password_last_used) and C(keys), each C(kind), C(slot), C(active),
        C(rotated), C(used). C(kind) is V(key), V(certificate), V(ssh) or V(service).
      type: dict
    central_root:
      description: What of member accounts' root AWS Organizations has taken over; null where this account may not ask.
      type: list
      elements: str
    buckets:
      description: >-
        By bucket C(policy), C(kept), what keeps its objects, and C(restricted), whether a public policy is ignored.
      type: dict
    keys:
      description: By key of KMS that a bucket names C(arn) and C(policy); null where they could not be told.
      type: dict
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.estate.access.read import managed, pages, parse, policies_of_aws
from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.deletion.read import by_trails, keys
from ansible.module_utils.estate.review.read import buckets, central_root, credentials, other_keys, report, shape
from ansible.module_utils.estate.run import estate_module

REPORT_SECONDS = 120  # to wait for the credential report


def read(clients: Any, account_id: str) -> dict[str, Any]:
    iam = clients["iam"]

    def of_buckets() -> dict[str, Any]:
        found = buckets(clients["s3"], clients["s3control"], account_id, there=lambda region: clients["s3", region])
        by_trails(trails.result(), found)
        return {"buckets": found, "keys": keys(clients, account_id, found)}

    with ThreadPoolExecutor(8) as pool:
        asked = pool.submit(lambda: iam.generate_credential_report()["State"])  # AWS makes it while the rest is read
        trails = pool.submit(lambda: clients["cloudtrail"].describe_trails()["trailList"])
        kept, central = pool.submit(of_buckets), pool.submit(central_root, iam)
        summary = pool.submit(lambda: iam.get_account_summary()["SummaryMap"])
        live = parse(pages(iam.get_account_authorization_details))
        documents = pool.submit(policies_of_aws, iam, managed(live))
        made = pool.submit(report, iam, REPORT_SECONDS, time.sleep, asked.result())
        more = other_keys(iam, live.users)
    return {
        "account_id": account_id,
        **shape(live, documents.result()),
        "credentials": credentials(made.result(), summary.result(), more),
        "central_root": central.result(),
        **kept.result(),
    }


def main() -> None:
    module = estate_module(DOCUMENTATION)
    account, clients = module.params["account"], Clients(module)
    doing = f"Access to account {account} could only be read in part"
    access = clients.ask(lambda: read(clients, module.params["account_id"]), doing)
    module.exit_json(changed=False, caller=clients.caller, access=json.dumps(access))


if __name__ == "__main__":
    main()
