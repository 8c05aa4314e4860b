"""Networks that are networks: what is wrong with a list of who may reach something."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any

# Wider than any organisation's own: half the internet is not an office, and neither are its 128 halves side by side.
WIDEST = {4: 8, 6: 16}


def problems(networks: Iterable[Any]) -> list[str]:
    """A sentence for each entry that is no network, and for each stretch that is too much of the internet together."""
    said: list[str] = []
    known: dict[int, list[IPv4Network | IPv6Network]] = {4: [], 6: []}
    for text in networks:
        try:
            network = ip_network(str(text))
        except ValueError as exc:
            said.append(f"{text!r} is no network ({str(exc).partition(' ')[2] or exc})")
            continue
        known[network.version].append(network)
    for version, found in known.items():
        said += [
            f"{wide} is too much of the internet; the widest that is taken is a /{WIDEST[version]}"
            for wide in collapse_addresses(found)  # type: ignore[type-var] # one version at a time
            if wide.prefixlen < WIDEST[version]
        ]
    return said
