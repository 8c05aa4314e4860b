"""What is wrong with a declaration: IAM's rules of sizes and counts, and lists of members. No Ansible, boto3 or I/O.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import ipaddress
import itertools
import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.estate.access.names import name_problem, path_problem
from ansible.module_utils.estate.errors import nearest
from ansible.module_utils.estate.people import FILE
from ansible.module_utils.estate.policy import as_list, statements

PLURALS = {"user": "users", "group": "groups", "role": "roles", "policy": "policies"}
INLINE_SIZE = {"user": 2048, "group": 5120, "role": 10240}
MANAGED_SIZE = 6144
TRUST_SIZE = 2048
ATTACHED = 10
GROUPS_OF_A_USER = 10
MOST = {"attached": 20, "trust": 4096}  # what AWS raises its quotas for roles to


def size(document: Any) -> int:
    """Characters as IAM counts them: without white space."""
    return len("".join(json.dumps(document, separators=(",", ":"), ensure_ascii=False).split()))


def problems(wanted: Mapping[str, Any]) -> list[str]:
    """Every rule that the declaration breaks, each as one sentence; [] when AWS has nothing against it.

    wanted is {"users", "groups", "roles", "policies"}: lists as dm_access takes them, and "members": {group: [user]}.
    """
    quotas = {"attached": ATTACHED, "trust": TRUST_SIZE, **wanted["quotas"]}
    if found := [*_lists(wanted), *_quotas(wanted["quotas"])]:
        return found
    for kind, plural in PLURALS.items():
        items = wanted[plural]
        bad = [problem for item in items if (problem := name_problem(kind, item["name"]))]
        found += bad
        found += [problem for item in items if (problem := path_problem(kind, item["name"], item["path"]))]
        if not bad:
            found += _same([item["name"] for item in items], kind)
    for policy in wanted["policies"]:
        found += _addresses(f"policy {policy['name']!r}", policy["document"])
        if (length := size(policy["document"])) > MANAGED_SIZE:
            found.append(f"policy {policy['name']!r} has {length} characters; at most {MANAGED_SIZE} are allowed")
    for kind, plural in (("group", "groups"), ("role", "roles")):
        for item in wanted[plural]:
            found += _holder(kind, item, quotas["attached"] if kind == "role" else ATTACHED)
    for role in wanted["roles"]:
        if (length := size(role["trust"])) > quotas["trust"]:
            found.append(
                f"the trust of role {role['name']!r} has {length} characters; at most {quotas['trust']} are allowed"
                f"{_once_raised('trust', quotas['trust'])}"
            )
        found += _addresses(f"the trust of role {role['name']!r}", role["trust"])
        if role["max_session"] is not None and not 3600 <= role["max_session"] <= 43200:
            found.append(
                f"role {role['name']!r}: max_session is {role['max_session']}; allowed are 3600 to 43200 seconds"
            )
    groups = Counter(itertools.chain.from_iterable(wanted["members"].values()))
    found += [
        f"user {name!r} is in {count} groups; at most {GROUPS_OF_A_USER} are allowed"
        for name, count in groups.items()
        if count > GROUPS_OF_A_USER
    ]
    return found


def _same(names: list[str], kind: str) -> list[str]:
    seen: dict[str, str] = {}
    found = []
    for name in names:
        other = seen.get(name.lower())
        if other is None:
            seen[name.lower()] = name
        elif other == name:
            found.append(f"{kind} {name!r} is declared twice")
        else:
            found.append(f"{kind} {name!r} differs from {other!r} only by case, which IAM does not tell apart")
    return found


def _quotas(raised: Mapping[str, Any]) -> list[str]:
    found = []
    for name, value in raised.items():
        if name not in MOST:
            found.append(f"access_quotas has no {name!r}{nearest(name, MOST) or '; allowed are ' + ', '.join(MOST)}")
        elif not isinstance(value, int) or not 0 < value <= MOST[name]:
            found.append(f"access_quotas.{name} is {value!r}; AWS raises it to {MOST[name]} at most")
    return found


def _once_raised(quota: str, now: int) -> str:
    return f" (access_quotas.{quota}, once AWS has raised it)" if now < MOST[quota] else ""


# What an address is never seen as on the internet: networks of one's own, of this machine, of a link, of a carrier, of
# a group, those that are kept for later, and an IPv4 address written as IPv6.
_INSIDE = [
    ipaddress.ip_network(network)
    for network in ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
                    "192.168.0.0/16", "224.0.0.0/3", "::/8", "fc00::/7", "fe80::/10", "ff00::/8")
]  # fmt: skip


def _addresses(where: str, document: Mapping[str, Any]) -> list[str]:
    """What is wrong with the networks that a policy admits or denies by aws:SourceIp.

    A list that is empty, or has no address that is ever seen, shuts everybody out; a /0 lets everybody in.
    """
    found = []
    lists = _lists_of_addresses(document)
    for value in itertools.chain.from_iterable(lists):
        try:
            # IAM knows neither netmasks nor zones, and to Python the number 203 is the address 0.0.0.203.
            if not isinstance(value, str) or "%" in value or "." in value.partition("/")[2]:
                raise ValueError("it is not written as address/prefix")
            network = ipaddress.ip_network(value)
        except (TypeError, ValueError) as exc:
            said = "nothing" if value is None else f"{value!r}: {exc}"
            found.append(f"{where}: aws:SourceIp has {said}; {_NETWORKS}")
            continue
        inside = next((own for own in _INSIDE if own.version == network.version and network.overlaps(own)), None)
        if network.prefixlen == 0:
            found.append(
                f"{where}: aws:SourceIp has {value!r}, which is every address: the rule would be off; {_NETWORKS}"
            )
        elif inside:
            found.append(f"{where}: aws:SourceIp has {value!r}, which no request to AWS ever comes from; {_NETWORKS}")
    if [] in lists:
        found.append(f"{where}: aws:SourceIp is an empty list, which shuts everybody out; {_NETWORKS}")
    return found


_NETWORKS = "allowed are networks as the internet sees them, such as 198.51.100.0/24 (access_office_addresses)"


def _lists_of_addresses(document: Mapping[str, Any]) -> list[list[Any]]:
    return [
        as_list(values)
        for statement in statements(document)
        for operator, keys in (statement.get("Condition") or {}).items()
        if "IpAddress" in operator
        for key, values in keys.items()
        if key.lower() == "aws:sourceip"
    ]


def _holder(kind: str, item: Mapping[str, Any], attached: int) -> list[str]:
    """What a group or role may hold."""
    called = f"{kind} {item['name']!r}"
    found = [problem for name in item["inline"] if (problem := name_problem("inline policy", name))]
    found = [f"{called}: {problem}" for problem in found]
    if len(item["policies"]) > attached:
        found.append(
            f"{called} has {len(item['policies'])} managed policies; at most {attached} are allowed"
            f"{_once_raised('attached', attached) if kind == 'role' else ''}"
        )
    for name, document in item["inline"].items():
        found += _addresses(f"{called}, policy {name!r}", document)
    for arn in item["policies"]:
        if not re.fullmatch(r"arn:aws:iam::(aws|\d{12}):policy/[!-~]+", arn):
            found.append(f"{called}: {arn!r} is no ARN of a managed policy")
    length = sum(size(document) for document in item["inline"].values())
    if length > INLINE_SIZE[kind]:
        found.append(
            f"{called} has {length} characters of inline policies; at most {INLINE_SIZE[kind]} are allowed together"
        )
    return found


def _lists(wanted: Mapping[str, Any]) -> list[str]:
    """What is wrong with the lists of members themselves: unset is not empty, and every name is a user's, once."""
    members = wanted["members"]
    if not isinstance(members, Mapping):
        return [f"the members of groups are {_kind(members)}, no mapping: nobody is to be removed for that"]
    names = {user["name"]: None for user in wanted["users"]}
    declared = [group["name"] for group in wanted["groups"]]
    unknown = [name for name in members if name not in declared]
    found = [f"members are listed for group {name!r}, which is not declared" for name in unknown]
    for group in declared:
        listed = members.get(group)
        if not isinstance(listed, list):
            found.append(
                f"the members of group {group} are {_kind(listed)}, not a list: write [] if nobody is to be in it"
            )
            continue
        seen: set[str] = set()
        for position, name in enumerate(listed, start=1):
            if not isinstance(name, str):
                found.append(f"member {position} of group {group} is {_kind(name)}, not a name")
                continue
            if name in seen:
                found.append(f"{name!r} is twice among the members of group {group}: remove one ({FILE})")
            elif name not in names:
                hint = nearest(name, names) or ": add it there, or take it out"
                found.append(f"{name!r} of group {group} is not among the users{hint} ({FILE})")
            seen.add(name)
    return found


def _kind(value: Any) -> str:
    if value is None:
        return "missing"
    names = {str: "text", int: "a number", float: "a number", bool: "true or false", dict: "a mapping", list: "a list"}
    return names.get(type(value), type(value).__name__)
