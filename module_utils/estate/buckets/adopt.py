"""The vars that say of a live bucket what it is, so that pasting them changes nothing. Pure.

What the vars have no word for is left alone, and the text says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import yaml
from ansible.module_utils.estate.buckets.desired import NOTHING, buckets_desired
from ansible.module_utils.estate.buckets.live import LiveBucket, bucket_resource
from ansible.module_utils.estate.buckets.setting import Setting
from ansible.module_utils.estate.buckets.settings import BY_NAME, SETTINGS
from ansible.module_utils.estate.buckets.settings.policy import live as live_policy
from ansible.module_utils.estate.buckets.settings.replication import rules as live_rules
from ansible.module_utils.estate.buckets.vars import Mistake
from ansible.module_utils.estate.plan import Unmanaged
from ansible.module_utils.estate.policy import statements

# Settings that AWS has no answer for where they are off; to say nothing of them is to leave them so.
_QUIET: dict[str, Any] = {"request_payer": "BucketOwner"}


def adopt(name: str, live: LiveBucket, variable: str, file: str, others: Collection[str]) -> Unmanaged:
    """An entry of the mapping that the caller declares buckets in, indented to stand under it."""
    entry = entry_of(name, live, others)
    said = [f"# under {variable or 'the list of buckets'}{f' in {file}' if file else ''}"]
    if entry.get("leave"):
        said.append(f"# left as they are, since the vars cannot say what is live: {', '.join(entry['leave'])}")
    text = yaml.dump({name: entry}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    lines = "".join(f"  {line}\n" for line in text.splitlines())
    return Unmanaged(bucket_resource(name), "\n".join(said) + "\n" + lines, file)


def entry_of(name: str, live: LiveBucket, others: Collection[str]) -> dict[str, Any]:
    """What to say of the bucket; complete, so the defaults are not asked for. others are the account's buckets."""
    entry: dict[str, Any] = {"defaults": False, "region": live.region}
    if not live.answers:
        return entry | {"leave": [setting.name for setting in SETTINGS]}
    entry |= {"mfa_delete": True} if live.frozen else {}
    logs = live.answers.get("logging", {}).get("LoggingEnabled") or {}
    unsaid = {"versioning": live.frozen and not live.versioned, "logging": logs and logs["TargetBucket"] not in others}
    unseen = [one.name for one in SETTINGS if one.name not in live.answers or unsaid.get(one.name)]
    for setting in SETTINGS:
        said = setting.adopt(live.answers[setting.name]) if setting.adopt and setting.name not in unseen else None
        if said not in (None, [], _QUIET.get(setting.name)) and (said != {} or setting.name == "object_lock"):
            entry[setting.name] = said
    if found := statements(live_policy(live.answers.get("policy", {}))):
        entry["statements"] = found
    if live_rules(live.answers.get("replication", {})):
        entry["keep_replication_rules"] = True
    not_so = _not_as_live(name, {**entry, "leave": unseen}, live)
    left = [*unseen, *(word for word in not_so if word not in unseen)]
    for word in left:
        entry.pop({"policy": "statements", "replication": "keep_replication_rules"}.get(word, word), None)
    return entry | ({"leave": left} if left else {})


def _not_as_live(name: str, entry: Mapping[str, Any], live: LiveBucket) -> list[str]:
    """The settings of which the entry would make something else."""
    try:
        bucket = _desired(name, entry)
    except Mistake:
        if _is_wrong(name, {"versioning": True, **entry}, "leave"):
            return [setting.name for setting in SETTINGS]  # such a name cannot be declared any more
        wrong = [word for word in BY_NAME if _is_wrong(name, entry, word)]
        bucket = _desired(name, {key: value for key, value in entry.items() if key not in ("statements", *wrong)})
        wrong += ["policy"] if "statements" in entry else []
    else:
        wrong = []

    def differs(setting: Setting) -> bool:
        answer = live.answers.get(setting.name, {})
        return setting.name in bucket and not setting.same(setting.live(answer), setting.wanted(bucket, answer))

    return [setting.name for setting in SETTINGS if setting.name in wrong or differs(setting)]


def _is_wrong(name: str, entry: Mapping[str, Any], word: str) -> bool:
    """Whether the vars would refuse this word of the entry, alone."""
    if word not in entry:
        return False
    needed = ("defaults", "region", "mfa_delete", "versioning", "leave", word)
    try:
        _desired(name, {key: entry[key] for key in needed if key in entry})
    except Mistake:
        return True
    return False


def _desired(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    declared = {
        "name": "adopted",
        "account": "own",
        "accounts": {"own": {"id": "000000000000"}},
        "prefix": "",
        "region": entry["region"],
        "replica_region": entry["region"],
        "router_addresses": [],
        "logs_kind": "",
        "tags": {},
        "defaults": NOTHING[1],
        "kinds": {},
        "overrides": {},
        "standalone": {name: entry},
    }
    found: dict[str, Any] = buckets_desired(declared)["buckets"][0]
    return found


class _Dumper(yaml.SafeDumper):
    """Block style, and nothing that Ansible would take for a template."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    tag = "!unsafe" if "{{" in value or "{%" in value or "{#" in value else "tag:yaml.org,2002:str"
    return dumper.represent_scalar(tag, value, style='"' if tag == "!unsafe" else None)


_Dumper.add_representer(str, _text)
