"""Which dumps may go: those that are old, and behind which enough verified ones stand. Pure.

S3 deletes by a lifecycle rule that asks for two things, the age and a tag; only this gives the tag, and never to one of
the newest verified. Where nothing is verified any more nothing is released, and so nothing goes.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-filters.html
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence

from ansible.module_utils.estate.diff import diff_of
from ansible.module_utils.estate.dumps.check import Dump
from ansible.module_utils.estate.plan import Action, Plan

VERIFIED, RETENTION, RELEASED = "Verified", "Retention", "released"
Tags = Mapping[str, str]


def is_verified(tags: Tags) -> bool:
    return VERIFIED in tags


def release(
    found: Sequence[Dump], tags: Mapping[str, Tags], now: datetime.datetime, keep_days: int, least: int
) -> list[Dump]:
    """Of one stage's dumps, the newest first, those that may go. tags are those of the dumps that were asked for."""
    verified = [dump for dump in found if is_verified(tags.get(dump.key, {}))]
    if len(verified) < least:
        return []
    kept = {dump.key for dump in verified[:least]}
    old = now - datetime.timedelta(days=keep_days)
    oldest_kept = verified[least - 1].at if least else now
    return [dump for dump in found if dump.at < old and dump.at < oldest_kept and dump.key not in kept]


def tagging(bucket: str, region: str, dump: Dump, live: Tags, more: Tags) -> Iterator[Action]:
    """S3 takes all tags of an object at once."""
    wanted = {**live, **more}
    if wanted != dict(live):
        tagged = {"TagSet": [{"Key": key, "Value": value} for key, value in sorted(wanted.items())]}
        params = {"Bucket": bucket, "Key": dump.key, "Tagging": tagged}
        yield Action("change", dump.resource, "s3.put_object_tagging", params, region)


def plan(
    purpose: str,
    account: str,
    bucket: str,
    region: str,
    wanted: Sequence[tuple[Dump, Tags, Tags]],
    notes: Sequence[str] = (),
) -> Plan:
    """wanted are dumps with the tags that they have, and those that they are to have besides."""
    actions = [action for dump, live, more in wanted for action in tagging(bucket, region, dump, live, more)]
    changed = {action.resource for action in actions}
    diff = [
        part
        for dump, live, more in wanted
        if dump.resource in changed
        for part in diff_of(dump.resource, {"tags": dict(live)}, {"tags": {**live, **more}})
    ]
    return Plan(purpose, account, actions, diff, notes=notes)
