"""Which dumps may go: those that are old, and behind which enough verified ones stand. Pure.

S3 deletes by a lifecycle rule that asks for two things, the age and a tag; only this gives the tag, and never to one of
the newest verified. Where nothing is verified any more nothing is released, and so nothing goes. Copies have a tag of
their own, which is given to the original: replication carries it over.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-filters.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnt-replicated.html
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from ansible.module_utils.estate.buckets.objects import tag_list
from ansible.module_utils.estate.diff import diff_of
from ansible.module_utils.estate.dumps.check import Dump
from ansible.module_utils.estate.plan import Action, Plan

VERIFIED, RETENTION, COPY, RELEASED = "Verified", "Retention", "Copy", "released"
Tags = Mapping[str, str]


def is_kept(tags: Tags, word: str) -> bool:
    """Whether it was restored, and is not to go."""
    return VERIFIED in tags and tags.get(word) != RELEASED


def release(
    found: Sequence[Dump],
    tags: Mapping[str, Tags],
    now: datetime.datetime,
    keep_days: int,
    least: int,
    word: str = RETENTION,
) -> list[Dump]:
    """Of one stage's dumps at one place, the newest first, those that may go there; word is the tag that says so.

    tags are those of the dumps that were asked for. What was released is as good as gone, so it is none that stays.
    """
    verified = [dump for dump in found if is_kept(tags.get(dump.key, {}), word)]
    if len(verified) < least:
        return []
    kept = {dump.key for dump in verified[:least]}
    old = now - datetime.timedelta(days=keep_days)
    oldest_kept = verified[least - 1].at if least else now
    return [dump for dump in found if dump.at < old and dump.at < oldest_kept and dump.key not in kept]


def plan(
    purpose: str,
    account: str,
    bucket: str,
    region: str,
    wanted: Sequence[tuple[Dump, Tags, Tags]],
    notes: Sequence[str] = (),
) -> Plan:
    """wanted are dumps with the tags that they have, and those that they are to have besides."""
    actions, diff = [], []
    for dump, live, more in wanted:
        if part := diff_of(dump.resource, {"tags": live}, {"tags": {**live, **more}}):
            # S3 takes all tags of an object at once.
            params = {"Bucket": bucket, "Key": dump.key, "Tagging": {"TagSet": tag_list({**live, **more})}}
            actions.append(Action("change", dump.resource, "s3.put_object_tagging", params, region))
            diff += part
    return Plan(purpose, account, actions, diff, notes=notes)
