"""What of a bucket everybody may get, before and after: said aloud where it becomes more. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.estate.buckets.live import LiveBucket
from ansible.module_utils.estate.buckets.setting import Bucket
from ansible.module_utils.estate.buckets.settings.ownership import ENFORCED, rule
from ansible.module_utils.estate.buckets.settings.policy import live as live_policy
from ansible.module_utils.estate.buckets.settings.policy import wanted as wanted_policy
from ansible.module_utils.estate.policy import as_list, statements, tidy

_READS = ("s3:getobject", "s3:get*", "s3:*", "*")


def public(policy: Mapping[str, Any] | None) -> set[tuple[str, str]]:
    """(the objects, under which condition) that everybody may get."""
    found = set()
    for statement in statements(tidy(policy)):
        anybody = statement.get("Principal") in ("*", {"AWS": "*"})
        reads = any(action.lower() in _READS for action in as_list(statement.get("Action") or []))
        if statement.get("Effect") == "Allow" and anybody and reads:
            condition = json.dumps(statement.get("Condition") or {}, sort_keys=True)
            found |= {(resource, condition) for resource in as_list(statement.get("Resource") or [])}
    return found


def _under(condition: str) -> str:
    said = []
    for keys in json.loads(condition).values():
        for key, values in keys.items():
            listed = ", ".join(as_list(values))
            tag = key.removeprefix("s3:ExistingObjectTag/")
            said.append(
                f"from {listed}" if key == "aws:SourceIp" else f"with the tag {tag}={listed}" if tag != key else key
            )
    return f" {' '.join(sorted(said, reverse=True))}" if said else ""


def becomes_public(bucket: Bucket, live: LiveBucket) -> list[str]:
    """A sentence for what everybody may get and could not until now, by policy; [] where nothing is."""
    if bucket.get("policy") is None:
        return []
    answer = live.answers.get("policy", {})
    more = public(wanted_policy(bucket, answer)) - public(live_policy(answer))
    acls = bucket.get("ownership") == ENFORCED and rule(live.answers.get("ownership", {})) != ENFORCED
    until = "; until now each object's ACL decided" if acls else ""
    what = {
        condition: sorted(one.partition(":::")[2] for one, under in more if under == condition) for _, condition in more
    }
    return [
        f"{bucket['name']} BECOMES PUBLIC: everybody may get {', '.join(names)}{_under(condition)}{until}"
        for condition, names in sorted(what.items())
    ]
