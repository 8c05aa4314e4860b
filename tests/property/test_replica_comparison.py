"""Whatever two buckets hold, and wherever their keys are cut: every difference is found, once, and nothing else."""

from __future__ import annotations

from bisect import bisect_right
from urllib.parse import quote_plus

import pytest
from ansible.module_utils.estate.replication import compare, spread
from ansible.module_utils.estate.replication.compare import difference
from ansible.module_utils.estate.replication.pages import Page
from ansible.module_utils.estate.replication.spread import LAST, Spread, cut
from hypothesis import given, settings
from hypothesis import strategies as st

KEYS = st.text(st.sampled_from('ab/0-~é 𐀀+%&<"\n\x01\u07ff\ue000'), min_size=1, max_size=6)
# A version: (its id, a delete marker or not, its content); None where there is none on that side.
SIDE = st.sampled_from(["same", "source only", "replica only", "other etag", "other size", "marker"])
BUCKETS = st.dictionaries(KEYS, st.lists(SIDE, min_size=1, max_size=5), max_size=30)


def entries(bucket, side):
    """[(key, version, xml)] of one side, in S3's order, and what is to be found."""
    rows = []
    for key in sorted(bucket, key=lambda one: one.encode()):
        for number, how in enumerate(bucket[key]):
            if how in ("source only", "replica only") and not how.startswith(side):
                continue
            latest = str(all(row[0] != key for row in rows)).lower()  # the newest of each side stands first
            version, other = f"v{number}", side == "replica" and how.startswith("other")
            head = f"<Key>{quote_plus(key)}</Key><VersionId>{version}</VersionId><IsLatest>{latest}</IsLatest>"
            head += "<LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            etag = "f" * 32 if other and how == "other etag" else f"{number:032x}"
            size = 7 if other and how == "other size" else 5
            body = f"<Version>{head}<ETag>&quot;{etag}&quot;</ETag><Size>{size}</Size></Version>"
            marker = f"<DeleteMarker>{head}<Owner/></DeleteMarker>"
            rows.append((key, version, marker if how == "marker" else body))
    return rows


def fetcher(rows, size, odd=False):
    marks = [(key.encode(), number) for number, (key, _, _) in enumerate(rows)]

    def fetch(after):
        key, version = after
        if version:
            start = next((n + 1 for n, row in enumerate(rows) if row[:2] == after), None)
            assert start is not None, "a marker that was not handed out"
        else:
            start = bisect_right([mark[0] for mark in marks], key.encode()) if key else 0
        page, more = rows[start : start + size], start + size < len(rows)
        nexts = more and f"<NextKeyMarker>{quote_plus(page[-1][0])}</NextKeyMarker><NextVersionIdMarker>{page[-1][1]}"
        text = f"<IsTruncated>{str(more).lower()}</IsTruncated>{nexts + '</NextVersionIdMarker>' if more else ''}"
        text += "".join(row[2] for row in page)
        text = text.replace("<Size>", "\n <Size>").replace("<Version>", "<Version>\n") if odd else text
        return Page(f"<ListVersionsResult><EncodingType>url</EncodingType>{text}</ListVersionsResult>".encode())

    return fetch


def expected(bucket):
    kinds = {"source only": "missing", "replica only": "extra", "other etag": "differing", "other size": "differing"}
    found = [
        (kinds[how], key, f"v{number}")
        for key, sides in bucket.items()
        for number, how in enumerate(sides)
        if how in kinds
    ]
    # what stands on top of the replica alone hides what the source has
    for key, sides in bucket.items():
        first = next((number for number, how in enumerate(sides) if how != "source only"), 0)
        if sides[first] == "replica only" and any(how != "replica only" for how in sides):
            found[found.index(("extra", key, f"v{first}"))] = ("altered", key, f"v{first}")
    return sorted(found)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    bucket=BUCKETS, sizes=st.tuples(st.integers(1, 7), st.integers(1, 7)), workers=st.integers(1, 4),
    odd=st.booleans(), few=st.integers(0, 3),
)  # fmt: skip
def test_every_difference_is_found_once(bucket, sizes, workers, odd, few):
    pages, compare._FEW, spread._PAGES = (spread._PAGES, compare._FEW), few, 1
    found = []
    try:
        sides = tuple(
            fetcher(entries(bucket, side), size, odd) for side, size in zip(("source", "replica"), sizes, strict=True)
        )
        run = Spread(sides, lambda _, one: found.append(difference(one)), workers)
        number = run.run()
    finally:
        spread._PAGES, compare._FEW = pages
    assert sorted((one.kind, one.key, one.version) for one in found) == expected(bucket)
    assert number == sum(map(len, bucket.values()))


@given(first=KEYS, position=KEYS, end=st.none() | KEYS, letters=st.sets(st.sampled_from("ab/0~é𐀀")))
def test_a_cut_is_between_where_it_is_and_where_it_ends(first, position, end, letters):
    first, position = sorted((first, position))
    if end is not None and end <= position:
        end = LAST
    found = cut(first, position, end, letters)
    assert found is None or position < found
    assert found is None or end is None or found < end
    assert found is None or found.encode()  # no half letters: S3 takes UTF-8 only
