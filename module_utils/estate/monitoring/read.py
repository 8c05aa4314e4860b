"""Reading what is live of every kind that a plan is about, side by side. The caller passes the clients."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from ansible.module_utils.estate.monitoring.kind import Kind, Place, Reader
from ansible.module_utils.estate.monitoring.kinds import BY_OPTION
from ansible.module_utils.estate.monitoring.kinds.key import aliases
from ansible.module_utils.estate.policy import partition


class Live(NamedTuple):
    place: Place
    things: Mapping[str, Mapping[str, dict[str, Any]]]  # option -> name -> thing
    certificates: Mapping[str, str]  # ARN -> domain


def read(declared: Mapping[str, Any], clients: Any, region: str, workers: int) -> Live:
    place = Place(declared["account_id"], region, partition(region))
    options = [option for option in BY_OPTION if declared[option] is not None]
    things = {option: declared[option] or [] for option in BY_OPTION}
    of_certificates = any(alarm.get("of_each") == "certificate" for alarm in things["alarms"])
    with ThreadPoolExecutor(workers) as pool, ThreadPoolExecutor(len(options) + 2) as kinds:
        asked = kinds.submit(_certificates, clients) if of_certificates else None
        named = things["keys"] or any(thing.get("key") for option in options for thing in things[option])
        keys = kinds.submit(aliases, clients, place) if named else None

        def with_keys() -> Place:
            return place._replace(keys=keys.result()) if keys else place

        def of(kind: Kind) -> dict[str, dict[str, Any]]:
            return kind.read(Reader(clients, pool, with_keys if kind.names_keys else lambda: place, things))

        found = {option: kinds.submit(of, BY_OPTION[option]) for option in options}
        live = {option: future.result() for option, future in found.items()}
        return Live(with_keys(), live, asked.result() if asked else {})


def _certificates(clients: Any) -> dict[str, str]:
    pages = clients["acm"].get_paginator("list_certificates").paginate(CertificateStatuses=["ISSUED", "EXPIRED"])
    return {one["CertificateArn"]: one["DomainName"] for page in pages for one in page["CertificateSummaryList"]}
