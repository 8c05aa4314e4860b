"""CloudFront's networks, as AWS publishes them: who may say at the router's door who the client is.

https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

SERVICE = "CLOUDFRONT_ORIGIN_FACING"  # what connects to origins; CLOUDFRONT is also what viewers connect to
FEWEST = 10  # fewer are no list of CloudFront, and a wrong list locks every client into one rate limit


def cloudfront_networks(published: Any) -> list[str]:
    """Sorted and collapsed. Raises ValueError where it is not AWS's list."""
    if not isinstance(published, Mapping) or not {"prefixes", "ipv6_prefixes"} <= set(published):
        raise ValueError("what assets_router_cloudfront_url answers is not AWS's list of networks")
    rows = [*published["prefixes"], *published["ipv6_prefixes"]]
    try:
        found = [
            ipaddress.ip_network(row.get("ip_prefix") or row["ipv6_prefix"])
            for row in rows
            if row["service"] == SERVICE
        ]
    except (AttributeError, KeyError, ValueError) as exc:
        raise ValueError(f"what assets_router_cloudfront_url answers is not AWS's list of networks: {exc}") from None
    if len(found) < FEWEST:
        raise ValueError(f"assets_router_cloudfront_url names {len(found)} networks of {SERVICE}, which cannot be all")
    four = [network for network in found if network.version == 4]
    six = [network for network in found if network.version == 6]
    return [*map(str, ipaddress.collapse_addresses(four)), *map(str, ipaddress.collapse_addresses(six))]
