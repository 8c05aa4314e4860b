from __future__ import annotations

import datetime

import pytest
from ansible.module_utils.estate.dumps.check import Dump, Limits, copies, dumps, judge
from ansible.module_utils.estate.dumps.plan import COPY, RELEASED, RETENTION, plan, release
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime.datetime(2026, 11, 23, 9, tzinfo=datetime.UTC)
KEY = "0DA25BC02D8EEC3908D0AB4B478AACFA56885920"
LIMITS = Limits(26, 0.8, [KEY])


def dump(days=0, size=1000, etag="e", hours=6):
    at = NOW - datetime.timedelta(days=days, hours=hours)
    return Dump(f"production-{at:%Y%m%d%H%M}.sql.gz.gpg", at, size, etag)


WEEK = [dump(days) for days in range(10)]


def verdicts(here=WEEK, there=WEEK, recipients=(KEY[-16:],), limits=LIMITS):
    found = judge("production", here, there, recipients, limits, NOW)
    return {proof["subject"].split()[0]: (proof["verdict"], proof["why"]) for proof in found}


def test_dumps_go_by_their_names_the_newest_first():
    listed = [{"Key": key, "Size": 1, "ETag": "e"} for key in (
        "production-202611220300.sql.gz.gpg", "production-202611230300.sql.gz.gpg",
        "production-blue-202611230300.sql.gz.gpg",
        "production-202613230300.sql.gz.gpg", "production-latest.sql.gz.gpg", "production-202611230300.sql.gz",
        "production-٢٠٢٦١١٢٤٠٣٠٠.sql.gz.gpg", "production-202611240300.sql.gz.gpg\n",
        "Production-202611240300.sql.gz.gpg",
    )]  # fmt: skip
    assert [one.at.day for one in dumps("production", listed)] == [23, 22]


def test_a_dump_as_it_should_be_is_proved():
    assert set(verdicts().values()) == {("proved", "")}


@pytest.mark.parametrize(
    ("what", "words", "verdict", "says"),
    [
        ("age", {"here": WEEK[2:]}, "failed", "54 hours old"),
        ("age", {"here": [dump(hours=-5), *WEEK]}, "failed", "still to come"),
        ("age", {"here": []}, "failed", "no dump at all"),
        ("size", {"here": [dump(size=700), *WEEK[1:]]}, "failed", "700 bytes, and last week's had 1000"),
        ("size", {"here": [dump(size=0)]}, "failed", "empty"),
        ("replica", {"there": WEEK[1:]}, "failed", "not in the replica"),
        ("replica", {"here": [dump(hours=0), *WEEK]}, "waiting", "not in the replica"),
        ("replica", {"there": [dump(etag="f"), *WEEK[1:]]}, "failed", "not the same"),
        ("recipient", {"recipients": ["1111111111111111"]}, "failed", "encrypted for 1111111111111111"),
        ("recipient", {"recipients": []}, "failed", "for nobody"),
        ("recipient", {"recipients": [KEY[-16:], "1" * 16]}, "failed", "can be opened by 1111111111111111, too"),
    ],
)
def test_what_is_wrong_is_said(what, words, verdict, says):
    found = verdicts(**words)
    assert found[what][0] == verdict
    assert says in found[what][1]


def test_a_size_is_compared_with_last_week_only():
    assert verdicts(here=[dump(size=700), *(dump(days, size=5000) for days in range(8, 20))])["size"][0] == "proved"


OLD = [dump(days) for days in (0, 1, 2, 181, 182, 190)]


def verified(*dumps):
    return {one.key: {"Verified": "2026-11-01"} for one in dumps}


def test_what_is_old_may_go_where_enough_newer_ones_were_restored():
    assert release(OLD, verified(*OLD[:3]), NOW, 180, 3) == OLD[3:]
    assert release(OLD, verified(*OLD[:2]), NOW, 180, 3) == []
    assert release(OLD, {}, NOW, 180, 3) == []


def test_the_last_good_ones_stay_however_old():
    assert release(OLD, verified(OLD[0], OLD[3], OLD[4]), NOW, 180, 3) == [OLD[5]]


@given(
    st.lists(st.tuples(st.integers(0, 400), st.booleans()), unique_by=lambda one: one[0], max_size=20),
    st.integers(1, 4),
)
def test_whatever_goes_enough_verified_ones_stay(days, least):
    found = [dump(day) for day, _ in sorted(days)]
    tags = verified(*(dump(day) for day, good in days if good))
    gone = release(found, tags, NOW, 180, least)

    left = [one for one in found if one not in gone and one.key in tags]
    assert not gone or len(left) >= least
    assert all((NOW - one.at).days >= 180 for one in gone)


def test_what_was_released_is_none_that_stays():
    tags = verified(*OLD[:3])
    tags[OLD[2].key] = {"Verified": "2026-11-01", COPY: RELEASED}
    assert release(OLD, tags, NOW, 180, 3, COPY) == []
    assert release(OLD, tags, NOW, 180, 3) == OLD[3:], "in Ireland it was not"


def test_the_last_that_were_restored_must_be_in_the_replica():
    assert copies("production", WEEK[:3], WEEK, 3, NOW)["verdict"] == "proved"
    gone = copies("production", WEEK[:4], [WEEK[0], WEEK[2]], 3, NOW)
    assert (gone["verdict"], gone["seen"]) == ("failed", 2)
    assert gone["why"] == f"{WEEK[1].key} restored, and not in the replica"
    young = dump(hours=0)
    assert copies("production", [young], [], 3, NOW)["verdict"] == "proved", "it is on its way"


def test_a_tag_is_given_beside_those_that_are_there_and_once():
    [action] = plan("dumps", "backups", "b", "eu-west-1", [(OLD[3], {"a": "b"}, {RETENTION: RELEASED})]).actions
    assert action.params["Tagging"]["TagSet"] == [{"Key": "Retention", "Value": "released"}, {"Key": "a", "Value": "b"}]
    assert (
        plan("dumps", "backups", "b", "eu-west-1", [(OLD[3], {RETENTION: RELEASED}, {RETENTION: RELEASED})]).actions
        == []
    )
