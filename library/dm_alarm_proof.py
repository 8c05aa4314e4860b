#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_alarm_proof
short_description: Prove that alarms go off and reach somebody
description:
  - Logs an event that a filter counts, and waits until the message of the alarm on it is in a queue that the topic
    tells. No state is set by hand. A message of the last day is proof enough where filter, alarm
    and subscription are still there, and nothing is written.
  - Says of each topic whether anybody has confirmed that he is told. Where nothing may be written, it also says which
    alarms went off so often, and ended so soon, that their thresholds are wrong.
  - Follows U(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html).
options:
  account_id:
    description: The account's id.
    type: str
    required: true
  canary:
    description: Name of the canary's log group, alarm and queue.
    type: str
    required: true
  topics:
    description: The topics, by C(name), as M(dm_monitoring) takes them.
    type: list
    elements: dict
    required: true
  alarms:
    description: The alarms, by C(name); a place without the canary among them has no chain to prove.
    type: list
    elements: dict
    required: true
  writes:
    description: Whether an event may be logged. Without, what was not proved of late is drift.
    type: bool
    default: true
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Prove that alarms reach somebody
  dm_alarm_proof:
    account: preview
    account_id: "222222222222"
    canary: preview-canary
    topics: [{name: preview-alarm}]
    alarms: [{name: preview-canary}]
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
proofs:
  description: What became of the canary's event, and who is told by which topic.
  sample: [{subject: alarm preview-canary, verdict: proved, seconds: 3.1, why: ""}]
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.monitoring.history import proposals
from ansible.module_utils.estate.monitoring.kind import Place
from ansible.module_utils.estate.monitoring.prove import arrived, chain, gap, plan, told
from ansible.module_utils.estate.policy import partition
from ansible.module_utils.estate.run import estate_module, run

DAY = 86400
PATIENCE = 300  # seconds to wait for the message


def history(clients: Any) -> list[dict[str, Any]]:
    pages = clients["cloudwatch"].get_paginator("describe_alarm_history").paginate(HistoryItemType="StateUpdate")
    return [item for page in pages for item in page["AlarmHistoryItems"]]


def main() -> None:
    module = estate_module(DOCUMENTATION)
    asked = module.params
    clients = Clients(module)
    region = clients.region or "eu-west-1"
    place, canary, now = Place(asked["account_id"], region, partition(region)), asked["canary"], time.time()
    has_chain = any(alarm["name"] == canary for alarm in asked["alarms"])
    before, missing = None, ""
    with ThreadPoolExecutor() as pool:  # none of these waits for another
        queue = pool.submit(arrived, clients, place, canary, now - DAY) if has_chain else None
        way = pool.submit(gap, clients, place, canary) if has_chain else None
        past = pool.submit(history, clients) if not asked["writes"] else None
        who = pool.submit(lambda: list(told(clients, place, asked["topics"])))
    if queue and way:
        before = clients.ask(queue.result, "Cannot look into the canary's queue")
        if before is not None and (missing := clients.ask(way.result, "Cannot look at the alarm")):
            before = None
    notes = []
    if past:
        found = clients.ask(past.result, "Cannot read history")
        notes = list(proposals(found, {alarm["name"]: alarm for alarm in asked["alarms"]}))
    made = plan(asked["account"], canary, before, f"proof-{int(now)}", now, asked["writes"] and has_chain, missing)
    made = made._replace(notes=notes, drift=made.drift if has_chain else ())

    def proofs() -> Iterator[dict[str, Any]]:
        if has_chain and (before is not None or (asked["writes"] and not module.check_mode)):
            yield chain(clients, place, canary, before, now, PATIENCE)
        yield from clients.ask(who.result, "Cannot read who is told")

    run(module, made, clients.call, proofs=proofs)


if __name__ == "__main__":
    main()
