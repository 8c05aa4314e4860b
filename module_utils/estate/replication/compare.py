"""Two listings of the same keys, compared in order and in constant memory. Pure: the caller fetches the pages."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ansible.module_utils.estate.replication.pages import Entry, Page, plain

_FEW = 50  # entries that are read again rather than read apart for ever
Fetch = Callable[[tuple[str, str]], Page]
# What the source and what the replica has of one version, and whether it hides there what is current at the source.
Found = tuple[Entry | None, Entry | None, bool]


class Difference(NamedTuple):
    kind: str  # "missing" in the replica, "extra" there, "altered" (extra, and current there), "differing"
    key: str
    version: str
    latest: bool
    modified: str
    size: int
    marker: bool  # a delete marker
    sizes_differ: bool = False


class Side:
    """One side of a range of keys: what was listed of it and not yet compared."""

    def __init__(self, fetch: Fetch, after: str, claim: Callable[[Side, str], str | None]) -> None:
        """claim(side, position) is told how far it has got, and answers where the range ends by now."""
        self._fetch, self._next, self._claim = fetch, (after, ""), claim
        self._page: Page | None = None
        self.entries: list[Entry] = []
        self.at = 0  # the first one that was not compared
        self.over = False
        self.position = after

    def whole_page(self) -> Page | None:
        """A page of which nothing was compared yet, nor anything is beyond the range's end."""
        if self.at >= len(self.entries) and not self.over and not self._page:
            self._read()
        return self._page

    def skip(self) -> None:
        self._page = None

    def left(self) -> int:
        """How many entries are at hand, fetched where there were none; 0 at its end."""
        while self.at >= len(self.entries) and (self._page or not self.over):
            if self._page:
                self.entries, self.at, self._page = self._page.entries, 0, None
            else:
                self._read()
        return len(self.entries) - self.at

    def _read(self) -> None:
        page = self._fetch(self._next)
        more = page.more
        last = (more[0] if more else page.last) or self.position
        end = self._claim(self, last)
        beyond = end is not None and last > end
        self.over = more is None or beyond
        self._next = more or self._next
        if end is not None and beyond:
            self.entries, self.at = page.entries, 0
            del self.entries[bisect_right(self.entries, end, key=lambda entry: plain(entry[0])) :]
        else:
            self._page = page

    def again_from(self, other: Side) -> None:
        """Reads the few entries again that this side is ahead, so that pages of both begin at one place."""
        rest = self.entries[self.at :]
        if 0 < len(rest) <= _FEW and not self._page and not other.over and self.at:
            key, version = self.entries[self.at - 1][:2]
            self._next, self.entries, self.at, self.over = (plain(key), version), [], 0, False

    def rest_of(self, key: str) -> Iterator[Entry]:
        """Takes the versions of this key, on as many pages as they are."""
        while self.left() and plain(self.entries[self.at][0]) == key:
            self.at += 1
            yield self.entries[self.at - 1]


def compare(left: Side, right: Side, differs: Callable[[Found], None]) -> Iterator[int]:
    """Yields how many versions were compared since it yielded last. Runs that are the same are compared in one go."""
    while True:
        ours, theirs = left.whole_page(), right.whole_page()
        if ours and theirs and ours.same(theirs):
            left.skip()
            right.skip()
            yield len(ours)
            continue
        here, there = left.left(), right.left()
        if not (here or there):
            return
        length = min(here, there)
        mine, other = left.entries[left.at : left.at + length], right.entries[right.at : right.at + length]
        if mine != other:
            length = next(index for index, pair in enumerate(zip(mine, other, strict=True)) if pair[0] != pair[1])
        left.at, right.at = left.at + length, right.at + length
        if not length:
            length = _one_key(left, right, here, there, differs)
        yield length
        if left.at >= len(left.entries):
            right.again_from(left)
        elif right.at >= len(right.entries):
            left.again_from(right)


def _one_key(left: Side, right: Side, here: int, there: int, differs: Callable[[Found], None]) -> int:
    """The versions of the next key, whatever order either side has them in: an older one may have arrived later."""
    keys = [plain(side.entries[side.at][0]) for side, any_left in ((left, here), (right, there)) if any_left]
    key = min(keys)
    ours = {entry[1]: entry for entry in left.rest_of(key)}
    number, has_current = len(ours), any(entry[2] == "true" for entry in ours.values())
    for entry in right.rest_of(key):
        own = ours.pop(entry[1], None)
        number += own is None
        if own is None or own[4:] != entry[4:]:
            differs((own, entry, own is None and has_current and entry[2] == "true"))
    for entry in ours.values():
        differs((entry, None, False))
    return number


def difference(found: Found) -> Difference:
    source, replica, hides = found
    entry = source or replica
    if entry is None:
        raise ValueError("a difference of nothing")
    kind = "missing" if replica is None else ("altered" if hides else "extra") if source is None else "differing"
    differ = bool(source and replica and source[5] != replica[5])
    key, version, latest, modified, etag, size = entry
    return Difference(kind, plain(key), version, latest == "true", modified, int(size or 0), not etag, differ)
