#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_mfa_delete
short_description: Switch MFA delete of buckets as they are declared, as the account's root user
description:
  - Compares, and switches in one direction what differs. The credentials must be the root user's; any other is refused
    before anything is asked of S3.
  - Serial number and code of root's device are asked for on the terminal of whoever started it, a new code for each
    bucket since AWS takes each once, and are neither shown nor kept. What was not done is there for the next run.
  - Proves it by a deletion without a code, which must be refused; also what an earlier run switched, and was killed
    before it proved it.
  - Follows U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html).
options:
  account_id:
    description: The account's id, 12 digits.
    type: str
    required: true
  enable:
    description: Whether to switch on what is declared on, or off what is declared off.
    type: bool
    required: true
  buckets:
    description: The buckets as M(dm_buckets) takes them.
    type: list
    elements: dict
    required: true
  told:
    description: Who of Cyber Security was told, and when; kept with the plan. Without it only check mode works.
    type: str
    default: ""
  records:
    description: Directory of the records of earlier runs, which say what was proved.
    type: path
    required: true
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Switch MFA delete on
  dm_mfa_delete:
    account: production
    account_id: "333333333333"
    enable: true
    buckets: "{{ buckets }}"
    told: SEC-12, by phone on Monday
    records: build/records
    profile: digitalmarketplace-production-root
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
proofs:
  description: Of each bucket that was switched, or never proved, whether root was refused without a code.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.estate import terminal
from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.errors import Refusal, sentence
from ansible.module_utils.estate.mfa_delete.device import Device
from ansible.module_utils.estate.mfa_delete.plan import plan
from ansible.module_utils.estate.mfa_delete.read import owed, prove, proved, read, subject
from ansible.module_utils.estate.run import estate_module, run


def who(clients: Clients, account_id: str) -> str:
    """Root, or Refusal."""
    arn, root = clients["sts"].get_caller_identity()["Arn"], f"arn:aws:iam::{account_id}:root"
    if arn != root:
        raise Refusal(f"the credentials are {arn}'s; only the root user {root} can switch MFA delete")
    return arn


def waiting(unproved: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    why = "it was switched, and nobody proved it: the same without --check does"
    return ({"subject": subject(bucket["name"]), "verdict": "waiting", "why": why} for bucket in unproved)


def main() -> None:
    module = estate_module(DOCUMENTATION)
    asked = module.params
    clients = Clients(module, region=asked["buckets"][0]["region"] if asked["buckets"] else "us-east-1")
    arn = clients.ask(lambda: who(clients, asked["account_id"]), "Cannot act as root")
    live, failed = read(clients, asked["buckets"])
    made = plan(asked["account"], asked["enable"], asked["buckets"], live, failed)
    where = terminal.terminal()
    refusals = []
    if made.actions and not module.check_mode:
        refusals += [] if where else ["there is no terminal to ask for the device's codes on"]
        refusals += [] if asked["told"] else ["nobody says that Cyber Security was told: say who and when by told"]
    device = Device(clients.call, lambda text: terminal.ask(where, text), lambda text: terminal.say(where, text))
    unproved = list(owed(asked["buckets"], live, proved(Path(asked["records"])), asked["enable"]))
    switched = {action.params["Bucket"] for action in made.actions}
    due = [*unproved, *(bucket for bucket in asked["buckets"] if bucket["name"] in switched)]
    notes = [f"as {arn}; Cyber Security: {asked['told'] or 'not told'}"] if made.actions else []
    run(
        module,
        made._replace(notes=notes),
        device,
        refusals,
        proofs=lambda: waiting(unproved) if module.check_mode else prove(clients, due, asked["enable"]),
        explain=lambda exc: device.hidden(sentence(exc, "AWS refused")),
        workers=1,
    )


if __name__ == "__main__":
    main()
