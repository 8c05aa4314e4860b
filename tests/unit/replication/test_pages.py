from __future__ import annotations

import threading
import time

import pytest
from ansible.module_utils.estate.replication.compare import difference
from ansible.module_utils.estate.replication.pages import Page, plain
from ansible.module_utils.estate.replication.spread import Spread

HEAD = "<VersionId>v1</VersionId><IsLatest>true</IsLatest><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
TAIL = "<ETag>&quot;e&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><Size>5</Size><Owner/>"


def page(*keys: str, encoded: bool = True, more: str = "", between: str = "") -> Page:
    rows = "".join(f"<Version>{between}<Key>{key}</Key>{between}{HEAD}{TAIL}</Version>" for key in keys)
    said = "<EncodingType>url</EncodingType>" if encoded else ""
    text = f"<ListVersionsResult>{said}<IsTruncated>{'true' if more else 'false'}</IsTruncated>{more}{rows}"
    return Page(f"{text}</ListVersionsResult>".encode())


@pytest.mark.parametrize("between", ["", "\n  "])
def test_a_page_is_read_the_same_by_either_parser(between):
    found = page("a%2Bb+c", "d%C3%A9", between=between)
    assert [plain(one[0]) for one in found.entries] == ["a+b c", "dé"]
    assert found.entries[0][1:] == ("v1", "true", "2026-01-01T00:00:00.000Z", "e", "5")
    assert (len(found), found.last, found.more) == (2, "dé", None)


@pytest.mark.parametrize("between", ["", "\n  "])
def test_keys_of_a_server_that_does_not_encode_them_are_the_same(between):
    found = page("a+b c&amp;%&lt;", "dé", encoded=False, between=between)
    assert [plain(one[0]) for one in found.entries] == ["a+b c&%<", "dé"]
    assert found.last == "dé"


def test_where_the_next_page_begins():
    more = "<NextKeyMarker>a+%25</NextKeyMarker><NextVersionIdMarker>v7</NextVersionIdMarker>"
    assert page("a", more=more).more == ("a %", "v7")
    assert page().entries == []
    assert page().last == ""


def test_a_delete_marker_has_no_content():
    body = f"<ListVersionsResult><DeleteMarker><Key>k</Key>{HEAD}<Owner/></DeleteMarker></ListVersionsResult>"
    found = Page(body.encode())
    assert difference((found.entries[0], None, False)).marker
    assert not difference((page("k").entries[0], None, False)).marker


def test_a_long_listing_is_cut_and_every_call_is_made_once_or_twice():
    """1,000 keys in pages of ten: 100 pages a side, whoever reads them."""
    keys, lock, fetched = [f"same/long/prefix/{n:04d}" for n in range(1000)], threading.Lock(), []

    def fetch(after: tuple[str, str]) -> Page:
        start = next((n for n, key in enumerate(keys) if key > after[0]), len(keys))
        time.sleep(0.001)
        with lock:
            fetched.append(start)
        some = keys[start : start + 10]
        more = f"<NextKeyMarker>{some[-1]}</NextKeyMarker>" if start + 10 < len(keys) else ""
        return page(*some, more=more)

    run = Spread((fetch, fetch), lambda _, found: pytest.fail(str(found)), 4)
    assert run.run() == 1000
    assert run.cuts >= 3
    assert len(fetched) < 300, "what a cut costs"
    assert len(set(fetched)) >= 100


def test_what_a_call_raises_ends_it_all():
    def fetch(_: tuple[str, str]) -> Page:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        Spread((fetch, fetch), lambda *_: None, 4).run()


def test_markers_that_are_listed_apart_are_put_in_their_place():
    rows = "".join(f"<Version><Key>{key}</Key>{HEAD}{TAIL}</Version>" for key in "abd")
    text = f"{rows}<DeleteMarker><Key>c</Key>{HEAD}<Owner/></DeleteMarker>"
    found = Page(f"<ListVersionsResult><EncodingType>url</EncodingType>{text}</ListVersionsResult>".encode())
    assert [one[0] for one in found.entries] == ["a", "b", "c", "d"]
    assert found.last == "d"
