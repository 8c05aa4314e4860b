"""What a setting of a bucket is: how AWS says it, how it is declared, and the calls that change one into the other.

AWS reorders, adds defaults and has several spellings for one thing; so two states are only ever compared as shapes,
which are also what a diff shows: plain YAML-able values in the words of the declaration. One file each in settings/.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Bucket = Mapping[str, Any]  # as dm_buckets takes it
Answer = Mapping[str, Any]  # what the reading call answers, {} where not configured
Calls = list[tuple[str, dict[str, Any]]]  # methods of the s3 client, and their parameters but for Bucket

# Entries that this declaration has made, and no longer has: they are never kept as somebody else's.
OWN = "estate"


class World(NamedTuple):
    """What a check may look at beside the bucket."""

    buckets: Mapping[str, Bucket]
    regions: Collection[str]


def no_mistakes(_bucket: Bucket, _world: World) -> Iterator[str]:
    yield from ()


class Setting(NamedTuple):
    name: str  # the key of the declaration
    order: int  # the smaller the sooner: 0 closes a bucket; 50 is its own affair; 90 needs the others
    read: str  # boto3 method
    live: Callable[[Answer], Any]  # answer -> shape
    wanted: Callable[[Bucket, Answer], Any]  # declared bucket, answer (for what is kept) -> shape
    write: Callable[[Bucket, Answer], Calls]  # what makes the wanted shape live
    absent: str = ""  # the error code that means "not configured"; "" where AWS always answers
    check: Callable[[Bucket, World], Iterator[str]] = no_mistakes  # each begins with where: ".rules[0] is …"
    same: Callable[[Any, Any], bool] = lambda live, wanted: live == wanted
    show: Callable[[Any], Any] = lambda shape: shape
    schema: Mapping[str, Any] | None = None  # what the vars may say under the same name; None: it is not theirs to say
    adopt: Callable[[Answer], Any] | None = None  # answer -> what the vars would say; None: not as it is live
    settles: bool = False  # AWS answers old and new in turn for a while after a write


def foreign(bucket: Bucket, name: str) -> bool:
    """Whether an entry that is live and not declared is somebody else's: not of a name that only we give."""
    return not name.lower().startswith(OWN) and name not in (bucket.get("own") or ())


def unmarked(rules: Sequence[Mapping[str, Any]]) -> set[str]:
    """Their ids, and those that they had before others' rules were kept beside them."""
    return {one for rule in rules for one in (rule["id"], rule["id"].removeprefix(f"{OWN}-"))}
