"""What is wrong with a declaration: IAM's rules of names and sizes, and lists of members. No Ansible, no boto3, no I/O.

Names and paths: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
Sizes and counts: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.estate.errors import nearest
from ansible.module_utils.estate.people import FILE

_WORD = re.compile(r"[A-Za-z0-9_+=,.@-]")
_PATH = re.compile(r"/([!-~]+/)?")
NAME_LENGTH = {"user": 64, "role": 64, "group": 128, "policy": 128, "inline policy": 128}
INLINE_SIZE = {"user": 2048, "group": 5120, "role": 10240}
MANAGED_SIZE = 6144
TRUST_SIZE = 2048
ATTACHED = 10
GROUPS_OF_A_USER = 10


def size(document: Any) -> int:
    """Characters as IAM counts them: without white space."""
    return len("".join(json.dumps(document, separators=(",", ":"), ensure_ascii=False).split()))


def name_problem(kind: str, name: Any) -> str:
    """Why IAM would refuse a name, or ""."""
    if not isinstance(name, str) or not name:
        return f"{kind} {name!r}: the name must be text of 1 to {NAME_LENGTH[kind]} characters"
    for position, character in enumerate(name, start=1):
        if not _WORD.fullmatch(character):
            return (
                f"{kind} {name!r}: {character!r} at position {position} is not allowed; allowed are a-z A-Z 0-9 +=,.@_-"
            )
    if len(name) > NAME_LENGTH[kind]:
        return f"{kind} {name!r}: {len(name)} characters; at most {NAME_LENGTH[kind]} are allowed"
    return ""


def path_problem(kind: str, name: str, path: str) -> str:
    if _PATH.fullmatch(path) and len(path) <= 512:
        return ""
    return f"{kind} {name!r}: path {path!r} must be / or begin and end with / (at most 512 characters without spaces)"


def problems(wanted: Mapping[str, Any]) -> list[str]:
    """Every rule that the declaration breaks, each as one sentence; [] when AWS has nothing against it.

    wanted is {"users", "groups", "roles", "policies"}: lists as dm_access takes them, and "members": {group: [user]}.
    """
    if found := _lists(wanted):
        return found
    for kind, plural in (("user", "users"), ("group", "groups"), ("role", "roles"), ("policy", "policies")):
        items = wanted[plural]
        bad = [problem for item in items if (problem := name_problem(kind, item["name"]))]
        found += bad
        found += [problem for item in items if (problem := path_problem(kind, item["name"], item["path"]))]
        if not bad:
            found += _same([item["name"] for item in items], kind)
    for policy in wanted["policies"]:
        if (length := size(policy["document"])) > MANAGED_SIZE:
            found.append(f"policy {policy['name']!r} has {length} characters; at most {MANAGED_SIZE} are allowed")
    for kind, plural in (("group", "groups"), ("role", "roles")):
        for item in wanted[plural]:
            found += _holder(kind, item)
    for role in wanted["roles"]:
        if (length := size(role["trust"])) > TRUST_SIZE:
            found.append(
                f"the trust of role {role['name']!r} has {length} characters; at most {TRUST_SIZE} are allowed"
            )
    groups: dict[str, int] = {}
    for names in wanted["members"].values():
        for name in names:
            groups[name] = groups.get(name, 0) + 1
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


def _holder(kind: str, item: Mapping[str, Any]) -> list[str]:
    """What a group or role may hold."""
    called = f"{kind} {item['name']!r}"
    found = [problem for name in item["inline"] if (problem := name_problem("inline policy", name))]
    found = [f"{called}: {problem}" for problem in found]
    if len(item["policies"]) > ATTACHED:
        found.append(f"{called} has {len(item['policies'])} managed policies; at most {ATTACHED} are allowed")
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
