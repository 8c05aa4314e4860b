"""A KMS key, known by its alias: who may use it, and that it is renewed every year.

https://docs.aws.amazon.com/kms/latest/developerguide/overview.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.monitoring.kind import Call, Kind, Place, Reader, Thing
from ansible.module_utils.estate.plan import Ref
from ansible.module_utils.estate.policy import same_policy, show_policy, written


def aliases(clients: Any, place: Place) -> dict[str, str]:
    """alias -> ARN of the account's own keys."""
    pages = clients["kms"].get_paginator("list_aliases").paginate()
    found = {
        one["AliasName"].removeprefix("alias/"): one.get("TargetKeyId") for page in pages for one in page["Aliases"]
    }
    return {name: place.arn("kms", f"key/{key}") for name, key in found.items() if key and not name.startswith("aws/")}


def _read(reader: Reader) -> dict[str, dict[str, Any]]:
    def one(name: str) -> tuple[str, dict[str, Any]] | None:
        arn = reader.place.keys.get(name)
        if not arn:
            return None
        policy = reader.answer("kms", "get_key_policy", KeyId=arn, PolicyName="default")["Policy"]
        rotated = reader.answer("kms", "get_key_rotation_status", KeyId=arn)["KeyRotationEnabled"]
        return name, {"name": name, "policy": json.loads(policy), "rotated": rotated}

    return dict(reader.each(one, [thing["name"] for thing in reader.declared["keys"]]))


def _calls(wanted: Thing, live: Thing | None, place: Place) -> Iterator[Call]:
    key = place.keys.get(wanted["name"]) or Ref(KIND.resource(wanted["name"]), "arn")
    if live is None:
        params = {"Policy": written(wanted["policy"]), "Description": wanted["name"]}
        yield Call("kms.create_key", params, (("arn", "KeyMetadata.Arn"),))
        yield Call("kms.create_alias", {"AliasName": f"alias/{wanted['name']}", "TargetKeyId": key})
    elif not same_policy(live["policy"], wanted["policy"]):
        policy = written(wanted["policy"])
        yield Call("kms.put_key_policy", {"KeyId": key, "PolicyName": "default", "Policy": policy})
    if wanted["rotated"] and not (live and live["rotated"]):
        yield Call("kms.enable_key_rotation", {"KeyId": key})


KIND = Kind(
    "key",
    "keys",
    _read,
    _calls,
    names_keys=True,
    same=lambda word, live, wanted: same_policy(live, wanted) if word == "policy" else bool(live == wanted),
    shown=lambda thing: {**thing, "policy": show_policy(thing["policy"])},
    listed=False,
)
