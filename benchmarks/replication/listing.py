"""One way to list two buckets of server.py, in a process of its own: python -m replication.listing WAY URL KEYS CALLS.

ours: compared as dm_replication_audit does. pages: only fetched by the same calls, each thread told where its part of
the keys begins and ends. boto3: the same by boto3's paginator. Prints seconds, versions, calls, memory and differences.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ansible.module_utils

ROOT = Path(__file__).resolve().parents[2]
ansible.module_utils.__path__.append(str(ROOT / "module_utils"))

import boto3
from ansible.module_utils.estate.replication.pages import Lister
from ansible.module_utils.estate.replication.spread import Spread
from botocore.config import Config

from replication.server import keys

BUCKETS = ("source", "replica")


# One, as a module has: what it reads of S3 from disk takes more memory than what is listed.
session: Any = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="eu-west-1")


def client(url: str, calls: int) -> Any:
    words: Any = {"max_pool_connections": calls, "parameter_validation": False, "s3": {"addressing_style": "path"}}
    return session.client("s3", endpoint_url=url, config=Config(**words))


def ours(url: str, _: int, calls: int) -> dict[str, Any]:
    found: list[Any] = []
    listers = Lister(client(url, calls), "source"), Lister(client(url, calls), "replica")
    spread = Spread(listers, lambda _, one: found.append(one), calls)
    return {"versions": spread.run(), "calls": spread.calls, "cuts": spread.cuts, "differences": len(found)}


def fetched(url: str, bucket: str, calls: int) -> Callable[[str, str], Iterator[tuple[int, str]]]:
    lister = Lister(client(url, calls), bucket)

    def pages(after: str, end: str) -> Iterator[tuple[int, str]]:
        where: tuple[str, str] | None = (after, "")
        while where is not None:
            page = lister(where)
            yield len(page), page.last
            where = page.more if page.last < end else None

    return pages


def paginated(url: str, bucket: str, calls: int) -> Callable[[str, str], Iterator[tuple[int, str]]]:
    known = client(url, calls)

    def pages(after: str, end: str) -> Iterator[tuple[int, str]]:
        for page in known.get_paginator("list_object_versions").paginate(Bucket=bucket, KeyMarker=after):
            yield len(page["Versions"]), page["Versions"][-1]["Key"]
            if page["Versions"][-1]["Key"] >= end:
                return

    return pages


def told(way: Any, url: str, number: int, calls: int) -> dict[str, Any]:
    """Each side by half of the calls, every thread with as many keys as the others."""
    names, each, counts = keys(number), calls // 2, []

    def work(pages: Any, part: int) -> None:
        first, last = number * part // each, number * (part + 1) // each - 1
        counts.extend(count for count, _ in pages(names[first - 1] if first else "", names[last]))

    sides = [way(url, bucket, each) for bucket in BUCKETS]
    threads = [threading.Thread(target=work, args=(side, part)) for side in sides for part in range(each)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"versions": sum(counts) // 2, "calls": len(counts)}


if __name__ == "__main__":
    name, where, size, flight = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    if name != "ours":
        keys(size)
    began, cpu = time.monotonic(), time.process_time()
    if name == "ours":
        result = ours(where, size, flight)
    else:
        result = told({"pages": fetched, "boto3": paginated}[name], where, size, flight)
    result |= {"seconds": round(time.monotonic() - began, 2), "cpu": round(time.process_time() - cpu, 2)}
    result["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(result))
