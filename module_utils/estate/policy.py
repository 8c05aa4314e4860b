"""The vocabulary of policy documents and ARNs, and comparison by meaning. Pure: no Ansible, no boto3, no I/O.

AWS reorders what it is given, drops duplicates, writes single items without their list and every value as a string:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. Two documents are the same where AWS
would judge every request alike by them, and their statements have the same Sids.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

CURRENT = "2012-10-17"
OLD = "2008-10-17"  # what a document without a Version is: ${…} has no meaning in it
_ACCOUNT = re.compile(r"(?:arn:aws[-a-z]*:iam::)?(\d{12})(?::root)?")
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc", "us-iso": "aws-iso"}


def partition(region: str) -> str:
    """The partition of a region's ARNs, which its name says."""
    return next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def statements(policy: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    return as_list((policy or {}).get("Statement") or [])


# --- one spelling -----------------------------------------------------------------------------------------------------


def scalar(value: Any) -> str:
    """As AWS keeps it: quotes are optional for numbers and booleans."""
    return json.dumps(value) if isinstance(value, (bool, int, float)) else str(value)


def tidy(policy: Mapping[str, Any] | None) -> dict[str, Any]:
    """The document with its lists sorted, each item once and as a string; {} without statements."""
    found = statements(policy)
    return {**(policy or {}), "Statement": [_tidy(statement) for statement in found]} if found else {}


def _tidy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _tidy(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        items = sorted({_text(item): item for item in map(_tidy, value)}.items())
        return items[0][1] if len(items) == 1 else [item for _, item in items]
    return scalar(value)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def written(policy: Mapping[str, Any]) -> str:
    """The text to send to AWS: the same for documents that differ only in what AWS shuffles."""
    return json.dumps(tidy(policy), separators=(",", ":"))


# --- by meaning -------------------------------------------------------------------------------------------------------


def same_policy(live: Mapping[str, Any] | None, wanted: Mapping[str, Any] | None) -> bool:
    return live == wanted or canonical(live) == canonical(wanted)


def canonical(policy: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Equal for documents that mean the same. Order and Id mean nothing; Version does where ${…} is used."""
    found = {_text(_meant(statement)) for statement in statements(policy)}
    return (*sorted(found), *_version(policy))


def _version(policy: Mapping[str, Any] | None) -> tuple[str, ...]:
    """(the version,) where it changes what the document says: variables are words in the old one."""
    version = (policy or {}).get("Version") or OLD
    return (version,) if version != CURRENT and "${" in json.dumps(statements(policy), default=str) else ()


def _meant(statement: Any) -> Any:
    if not isinstance(statement, Mapping):
        return statement
    meant = {key: _items(value, scalar) for key, value in statement.items() if value not in ("", None)}
    for key in ("Action", "NotAction"):
        if key in statement:
            meant[key] = _items(statement[key], lambda action: str(action).lower())
    for key in ("Principal", "NotPrincipal"):
        if key in statement:
            meant[key] = _principals(statement[key])
    if "Condition" in statement:
        meant["Condition"] = _conditions(statement["Condition"])
        if not meant["Condition"]:
            del meant["Condition"]
    return meant


def _items(value: Any, spelled: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [_text(value)]
    return sorted({spelled(item) for item in as_list(value)})


def _principals(given: Any) -> Any:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"""
    if not isinstance(given, Mapping):
        return {"AWS": _items(given, _principal)}
    return {kind: _items(value, _principal if kind == "AWS" else scalar) for kind, value in given.items()}


def _principal(given: Any) -> str:
    """An account is its id, or the ARN of its root."""
    found = _ACCOUNT.fullmatch(scalar(given))
    return found[1] if found else scalar(given)


def _conditions(given: Any) -> Any:
    """{operator: {key: values}}; names of keys have no case."""
    if not isinstance(given, Mapping):
        return given
    return {
        operator: {key.lower(): _items(value, lambda one, by=operator: _value(by, one)) for key, value in keys.items()}
        if isinstance(keys, Mapping)
        else keys
        for operator, keys in given.items()
        if keys != {}
    }


def _value(operator: str, given: Any) -> str:
    """The value as the operator reads it: 1.20 is 1.2 for numbers, one address is its network."""
    text, kind = scalar(given), operator.rpartition(":")[2].removesuffix("IfExists")
    with contextlib.suppress(InvalidOperation, ValueError):
        if kind.startswith("Numeric"):
            return str(Decimal(text).normalize())
        if kind.endswith("IpAddress"):
            return str(ipaddress.ip_network(text, strict=False))
    return text.lower() if kind in ("Bool", "Null") else text


# --- shown ------------------------------------------------------------------------------------------------------------


def show_policy(policy: Mapping[str, Any] | None) -> dict[str, Any]:
    """Statements by Sid, tidy, so that a diff shows what differs and nothing else."""
    shown: dict[str, Any] = {}
    for index, statement in enumerate(statements(tidy(policy)), 1):
        sid = statement.get("Sid") or f"statement {index}"
        while sid in shown:
            sid += " again"
        shown[sid] = {key: statement[key] for key in sorted(statement) if key != "Sid"}
    return shown | ({"Version": version[0]} if (version := _version(policy)) else {})


# --- principals -------------------------------------------------------------------------------------------------------


def principals(policy: Mapping[str, Any] | None) -> Iterator[str]:
    """Every principal of AWS's that the statements name, as they are written."""
    for statement in statements(policy):
        given = statement.get("Principal") or {}
        named: Sequence[Any] = as_list(given.get("AWS") or []) if isinstance(given, Mapping) else as_list(given)
        yield from map(scalar, named)
