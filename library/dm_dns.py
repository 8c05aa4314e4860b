#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_dns
short_description: Keep an account's DNS zones, and prove that their name servers answer so
description:
  - All zones of an account in one plan; what changes of a name changes in one batch, which Route 53 carries out whole
    or not at all. Each batch is waited for until all of Route 53's servers have it.
  - Delegations are made of the delegated zones' own name servers, and validation records of the certificates that AWS
    Certificate Manager has for names in the zones.
  - Nothing is deleted because it is not declared; what is live and not declared is reported with the vars that adopt
    it. What others rely on (the apex, mail, CAA, delegations, validations in use) goes only by name.
  - Follows U(https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html).
options:
  zones:
    description:
      - The zones by name with a dot at its end, as the filter P(dns_desired#filter) makes them. C(records) are Route
        53's record sets, C(absent) the names and types that are to go, C(others) patterns of names that are left alone,
        C(children) the accounts of the zones that this one delegates to, C(certificates) the certificates that are
        requested beside it, C(delegated_by) who delegates this one, where none of ours does.
    type: dict
    required: true
  elsewhere:
    description: Patterns of targets that are another's, for which nobody needs to look in the account.
    type: list
    elements: str
    default: []
  profiles:
    description: The profile of each account, for the name servers of its zones; else one that is called like it.
    type: dict
    default: {}
  file:
    description: Where what is not declared is to be pasted.
    type: str
    default: ""
  confirmed:
    description: The records that may go although others rely on them, as the refusal names them.
    type: list
    elements: str
    default: []
  removal_share:
    description: Part of a zone's records that may go in one run.
    type: float
    default: 0.1
  removal_number:
    description: How many may go even if that is a larger part.
    type: int
    default: 5
  removals_allowed:
    description: How many may go in this run, instead.
    type: int
  ask:
    description: Change nothing, and ask the name servers for every declared record.
    type: bool
    default: false
  answering:
    description: Whether anybody answers for these zones; nobody does for those of the embedded AWS.
    type: bool
    default: true
  servers:
    description:
      - By zone, the addresses to ask instead of those that its name servers' names have; C(127.0.0.1:5300) with a port.
        Also of the zone above one that has C(delegated_by).
    type: dict
    default: {}
  old_servers:
    description: By zone, the servers that it has elsewhere; they must answer alike before its delegation moves.
    type: dict
    default: {}
  timeout:
    description: Seconds to wait for an answer.
    type: float
    default: 2
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Keep the zones of the development account
  dm_dns:
    account: development
    zones: "{{ dns_zones | dns_desired('development', dm_accounts, dns_ttl) }}"

- name: Ask its name servers
  dm_dns:
    account: development
    zones: "{{ dns_zones | dns_desired('development', dm_accounts, dns_ttl) }}"
    ask: true
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
name_servers:
  description: Name servers of each zone that was there before, and of those it delegates to.
  returned: success
  type: dict
proofs:
  description: What the name servers answered, with O(ask).
  returned: success
  sample:
    - {subject: www.preview.marketplace.example CNAME, verdict: proved, why: "", servers: [192.0.2.53],
       expected: d111111abcdef8.cloudfront.net.}
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.dns.guard import refusals
from ansible.module_utils.estate.dns.plan import Delta, delta, known, plan
from ansible.module_utils.estate.dns.read import Live, read
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.plan import Action, Plan
from ansible.module_utils.estate.run import estate_module, run

# Route 53 has a change on all servers within a minute, mostly; five minutes are more than it ever took.
PAUSES = (0.2, 0.3, 0.5, 1, 2, *(4,) * 75)


def settled(clients: Clients, sleep: Callable[[float], object] = time.sleep) -> Callable[[Action], Any]:
    """The call, and after it the wait until every server of Route 53's has the change.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html
    Batches of a zone go one after another: Route 53 refuses one that comes while it works on another.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests
    """
    alone: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def call(action: Action) -> Any:
        with alone[str(action.params.get("HostedZoneId"))]:
            answer = clients.call(action)
        change = (answer or {}).get("ChangeInfo") or {"Status": "INSYNC"}
        for pause in PAUSES if change["Status"] == "PENDING" else ():
            sleep(pause)
            change = clients["route53"].get_change(Id=change["Id"])["ChangeInfo"]
            if change["Status"] == "INSYNC":
                break
        if change["Status"] == "PENDING":
            raise Refusal(f"the change {change['Id']} is not on all servers after {sum(PAUSES):.0f} seconds")
        return answer

    return call


def answers(given: dict[str, Any], live: Live, deltas: list[Delta]) -> Iterator[dict[str, Any]]:
    """A proof for every record, and for every zone that somebody else delegates."""
    if not given["answering"]:
        for zone in given["zones"]:
            why = "nobody answers for the zones of an embedded AWS"
            yield {"subject": f"answers of {zone.rstrip('.')}", "verdict": "waiting", "why": why}
        return
    from ansible.module_utils.estate.dns import prove  # a plan that asks nobody need not wait for dnspython

    one, zones = prove.ask(given["timeout"]), given["zones"]
    servers = {
        zone: given["servers"].get(zone.rstrip(".")) or list(prove.addresses(live.name_servers.get(zone, ())).values())
        for zone in zones
    }
    old = {f"{zone.rstrip('.')}.": those for zone, those in given["old_servers"].items()}
    yield from prove.proofs([found for found in deltas if not old or found.zone in old], servers, one, old)
    if old:
        return
    for zone, said in zones.items():
        if who := said["delegated_by"]:
            above = given["servers"].get(zone.partition(".")[2].rstrip("."))
            if above is None:
                above = list(prove.addresses(prove.above(zone)).values())
            yield prove.delegated(zone, live.name_servers.get(zone, ()), above, one, who)
    if not given["servers"]:
        yield from prove.dangling(deltas, zones, lambda name: prove.dns.resolver.resolve(name, "A"))


def main() -> None:
    module = estate_module(DOCUMENTATION)
    given, clients = module.params, Clients(module)
    wanted, account, elsewhere = given["zones"], given["account"], given["elsewhere"]
    owners = {owner for said in wanted.values() for owner in said["children"].values()} - {account}
    others = {owner: clients.of(given["profiles"].get(owner, owner)) for owner in owners}
    live = clients.ask(lambda: read(clients, wanted, account, others))
    deltas = [delta(zone, said, live) for zone, said in sorted(wanted.items())]
    if given["ask"]:
        return run(module, Plan("dns answers", account, ()), clients.call, proofs=lambda: answers(given, live, deltas))
    limits = (given[word] for word in ("confirmed", "removal_share", "removal_number", "removals_allowed"))
    return run(
        module,
        plan(account, wanted, live, deltas, elsewhere, given["file"]),
        settled(clients),
        refusals(wanted, live, deltas, elsewhere, *limits),
        facts=lambda _: {"name_servers": live.name_servers},
        known=known(wanted, live),
    )


if __name__ == "__main__":
    main()
