from __future__ import annotations

import datetime

import pytest
from ansible.module_utils.estate.replication.audit import Comparison, Differences, Judge, expiring, told
from ansible.module_utils.estate.replication.compare import Difference
from ansible.module_utils.estate.replication.plan import Pair

PAIR = Pair("documents", "eu-west-1", "copy", "eu-west-2", "estate-canary.txt")
NOW = datetime.datetime.now(datetime.UTC)
COMPLETED = {"ReplicationStatus": "COMPLETED"}
LIFECYCLE = [{"expire_days": 7, "noncurrent_days": 7}]


def difference(kind: str = "missing", days: float = 1, **words: object) -> Difference:
    modified = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)).isoformat()
    return Difference(kind, "k", "v1", True, modified, 5, False)._replace(**words)  # type: ignore[arg-type]


class Refused(Exception):
    def __init__(self, status: int) -> None:
        self.response = {"Error": {"Code": str(status)}}


class Side:
    """Answers HeadObject with a status, or with what the object is."""

    def __init__(self, answer: int | dict) -> None:
        self.answer = answer

    def head_object(self, **_: object) -> dict:
        if isinstance(self.answer, int):
            raise Refused(self.answer)
        return {"ETag": '"e"', **self.answer}

    def get_object_tagging(self, **_: object) -> dict:
        if isinstance(self.answer, int):
            raise Refused(self.answer)
        return {"TagSet": [{"Key": "public", "Value": "yes"}]}


def judged(found: Difference, source: int | dict = 404, replica: int | dict = 404, pair: Pair = PAIR, heads: int = 9):
    [one] = Judge(Side(source), Side(replica), pair, heads).judged([found], 1)
    return one.what


@pytest.mark.parametrize(
    ("source", "replica", "said"),
    [
        ({}, 404, "never"),
        ({"ReplicationStatus": "PENDING"}, 404, "pending"),
        ({"ReplicationStatus": "FAILED"}, 404, "failed"),
        ({"ReplicationStatus": "COMPLETED"}, 404, "lost"),
        ({"ReplicationStatus": "REPLICA"}, 404, "left out"),
        (405, 404, "never"),  # a delete marker
        (404, 404, "gone"),
        (403, 403, "unread"),
        ({"ReplicationStatus": "COMPLETED"}, {}, "arrived"),
        (405, 405, "arrived"),
    ],
)
def test_what_is_missing_is_told_apart_by_s3s_own_status(source, replica, said):
    assert judged(difference(), source, replica) == said


def test_what_a_rule_is_not_for_is_left_out():
    assert judged(difference(marker=True), pair=PAIR._replace(delete_markers=False)) == "left out"
    assert judged(difference(), {}, pair=PAIR._replace(tags=(("public", "no"),))) == "left out"
    assert judged(difference(), {}, pair=PAIR._replace(tags=(("public", "yes"),))) == "never"


KMS = {"ServerSideEncryption": "aws:kms"}


@pytest.mark.parametrize(
    ("source", "replica", "said"),
    [
        ({}, {}, "differing"),  # both are MD5
        (KMS, KMS, "unproved"),
        (KMS | {"ChecksumCRC64NVME": "1"}, KMS | {"ChecksumCRC64NVME": "1"}, "same"),
        (KMS | {"ChecksumCRC64NVME": "1"}, KMS | {"ChecksumCRC64NVME": "2"}, "differing"),
        (KMS | {"ChecksumSHA256": "1"}, KMS | {"ChecksumCRC64NVME": "1"}, "unproved"),
        ({"ETag": '"e-2"', "ChecksumCRC32": "1", "ChecksumType": "COMPOSITE"},
         {"ETag": '"e-3"', "ChecksumCRC32": "2", "ChecksumType": "FULL_OBJECT"}, "unproved"),
        (403, {}, "unproved"),
        (404, {}, "gone"),
    ],
)  # fmt: skip
def test_etags_that_may_differ_are_decided_by_checksums(source, replica, said):
    assert judged(difference("differing"), source, replica) == said


def test_another_size_needs_no_question_and_beyond_so_many_nothing_is_asked():
    assert judged(difference("differing", sizes_differ=True), heads=0) == "differing"
    assert judged(difference("differing"), heads=0) == "unproved"
    assert judged(difference(), heads=0) == "unasked"


def test_what_came_on_top_in_the_replica_is_altered_unless_it_has_just_been_written():
    assert judged(difference("altered")) == "altered"
    assert judged(difference("altered", days=0.01), {}) == "arrived"
    assert judged(difference("altered", days=0.01), 404) == "altered"
    assert judged(difference("altered", marker=True), pair=PAIR._replace(lifecycle=LIFECYCLE)) == "expired"


@pytest.mark.parametrize(
    ("found", "rules", "said"),
    [
        (difference(days=15), LIFECYCLE, True),
        (difference(days=13), LIFECYCLE, False),
        (difference(days=8, latest=False), LIFECYCLE, True),
        (difference(days=99), [{"noncurrent_days": 7}], False),  # a current one does not expire
        (difference(days=99), [{"expire_days": 7}], False),  # what is hidden stays
        (difference(days=99), [{**LIFECYCLE[0], "prefix": "other/"}], False),
    ],
)
def test_what_the_replicas_own_rules_removed_is_no_loss(found, rules, said):
    assert bool(expiring(found, rules, NOW)) is said


@pytest.mark.parametrize(
    ("tags", "source", "days", "said"),
    [
        ({"public": "yes"}, COMPLETED, 15, "expired"),
        ({"public": "no"}, COMPLETED, 15, "lost"),
        ({"public": "yes"}, COMPLETED, 13, "lost"),  # too young to have gone by the rule
        ({"public": "yes"}, 403, 15, "released"),  # nobody says whether it has the tag
        ({"public": "yes"}, 404, 15, "gone"),
    ],
)
def test_what_goes_by_a_tag_is_no_loss_where_it_has_the_tag(tags, source, days, said):
    by_tag = PAIR._replace(lifecycle=[{**LIFECYCLE[0], "tags": tags}])
    assert judged(difference(days=days), source, pair=by_tag) == said


def test_a_proof_tells_how_much_and_how_long():
    made = Comparison(Differences(), 10, 4, 1.0)
    some = [difference(), difference("extra"), difference(days=2)]
    words = Judge(Side({"ReplicationStatus": "PENDING"}), Side(404), PAIR, 9).judged(some, 1)
    proof = told(PAIR, made, words, datetime.timedelta(days=3))
    assert (proof["verdict"], proof["counts"]) == ("waiting", {"pending": 2, "extra": 1})
    assert proof["why"] == "2 are on their way, the oldest for 48.0 hours"
    assert proof["bytes_to_copy"] == 10
    words = Judge(Side({"ReplicationStatus": "PENDING"}), Side(404), PAIR, 9).judged(some, 1)
    assert told(PAIR, made, words, datetime.timedelta(days=1))["verdict"] == "failed"


def test_differences_come_in_the_order_of_their_keys_whichever_range_found_them():
    kept = Differences()
    for after, key in (("m", "n"), ("", "a"), ("m", "o"), ("", "b")):
        kept.add(after, difference(key=key))
    assert [one.key for one in kept] == ["a", "b", "n", "o"]
