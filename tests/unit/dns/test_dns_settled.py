"""A batch is done when all of Route 53's servers have it, and is asked about no longer than that."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dm_dns
import pytest
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.plan import Action

BATCH = Action("change", "records of shop.example", "route53.change_resource_record_sets", {"HostedZoneId": "Z1"})


class Clients:
    """Route 53, that has the change everywhere after so many questions."""

    def __init__(self, pending: int, answer: Any = None) -> None:
        self.pending, self.asked = pending, 0
        self.answer = answer or {"ChangeInfo": {"Id": "C1", "Status": "PENDING"}}

    def __getitem__(self, _: str) -> Clients:
        return self

    def call(self, _: Action) -> Any:
        return self.answer

    def get_change(self, Id: str) -> Any:
        self.asked += 1
        return {"ChangeInfo": {"Id": Id, "Status": "PENDING" if self.asked < self.pending else "INSYNC"}}


def waited(clients: Clients) -> list[float]:
    slept: list[float] = []
    assert dm_dns.settled(clients, slept.append)(BATCH) is clients.answer
    return slept


def test_each_batch_is_waited_for_until_it_is_everywhere() -> None:
    clients = Clients(pending=4)
    assert len(waited(clients)) == clients.asked == 4
    at_once = Clients(0, {"ChangeInfo": {"Id": "C1", "Status": "INSYNC"}})
    assert (waited(at_once), at_once.asked) == ([], 0)
    assert waited(Clients(0, {"HostedZone": {"Id": "Z1"}})) == []


def test_a_change_that_never_gets_everywhere_is_said_to() -> None:
    with pytest.raises(Refusal, match="the change C1 is not on all servers after 30"):
        waited(Clients(pending=10_000))


def test_batches_of_a_zone_go_one_after_another_and_those_of_two_side_by_side() -> None:
    under_way: set[str] = set()
    together: set[frozenset[str]] = set()

    class Slow(Clients):
        def call(self, action: Action) -> Any:
            zone = action.params["HostedZoneId"]
            assert zone not in under_way
            under_way.add(zone)
            together.add(frozenset(under_way))
            time.sleep(0.05)
            under_way.remove(zone)
            return {"ChangeInfo": {"Id": "C1", "Status": "INSYNC"}}

    call = dm_dns.settled(Slow(0))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, [BATCH._replace(params={"HostedZoneId": zone}) for zone in ("Z1", "Z2") * 3]))
    assert {"Z1", "Z2"} in together
