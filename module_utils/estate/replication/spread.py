"""Many ranges of keys compared side by side; where a worker has nothing to do, a range that is long is cut in two.

Nobody has to say how the keys are spread: what was listed so far tells where to cut. A cut that leaves nothing on its
far side costs one call for each side, and tells where the keys end.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Callable, Iterable

from ansible.module_utils.estate.replication.compare import Fetch, Found, Side, compare

LAST = "\U0010ffff"  # no key sorts after it
_PAGES = 8  # what a range has to have read since it was cut last: a shorter one may end at any moment


def one_heap() -> None:
    """Pages of half a megabyte from many threads: glibc keeps a heap for each of them, which grows and is not returned.

    M_ARENA_MAX of https://man7.org/linux/man-pages/man3/mallopt.3.html; elsewhere than on Linux there is nothing to do.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(-8, 1)


class Range:
    """Keys after one and up to another, of both sides."""

    def __init__(self, after: str, end: str | None) -> None:
        self.after, self.end = after, end
        self.sides: list[Side] = []
        self.pages = 0
        self.first = ""  # key that was seen

    @property
    def position(self) -> str:
        return max((side.position for side in self.sides), default=self.after)


def cut(first: str, position: str, end: str | None, letters: Iterable[str]) -> str | None:
    """A key between position and end (which stays on the near side), or None where there is hardly any.

    Keys mostly begin alike. Whether there are any that begin otherwise is asked first; then those letters are halved
    that were seen so far, at the place where keys part.
    """
    same = 0
    while same < min(len(first), len(position)) and first[same] == position[same]:
        same += 1
    if same and (end is None or not end.startswith(position[:same])):
        return position[:same] + LAST
    for index in range(len(position) + 1):
        low = position[index : index + 1]
        beside = end is not None and end[:index] == position[:index]
        high = end[index : index + 1] if beside and end else LAST
        if between := sorted(letter for letter in letters if low < letter < high):
            found = position[:index] + between[len(between) // 2]
            return found if end is None or found < end else None
    return None


class Spread:
    """compare() the whole of two listings with so many calls in flight."""

    def __init__(self, fetches: tuple[Fetch, Fetch], differs: Callable[[Range, Found], None], workers: int,
                 step: Callable[[int], object] = int) -> None:  # fmt: skip
        self._fetches, self._differs, self._workers, self._step = fetches, differs, workers, step
        self._turn = threading.Condition()
        self._ranges: list[Range] = []  # under way
        self._failure: BaseException | None = None
        self._letters: set[str] = set()  # that keys were seen to consist of
        self.compared = self.calls = self.cuts = 0

    def run(self) -> int:
        """How many versions there are. Raises what a call raised."""
        one_heap()
        self._ranges = [whole := Range("", None)]
        threads = [threading.Thread(target=self._work, args=(whole if number == 0 else None,), daemon=True)
                   for number in range(self._workers)]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failure:
            raise self._failure
        return self.compared

    def _work(self, mine: Range | None) -> None:
        while mine or (mine := self._steal()):
            try:
                self._walk(mine)
            except BaseException as exc:
                with self._turn:
                    self._failure = self._failure or exc
            with self._turn:
                self._ranges.remove(mine)
                self._turn.notify_all()
            mine = None

    def _walk(self, mine: Range) -> None:
        def claim(side: Side, position: str) -> str | None:
            with self._turn:
                side.position = max(side.position, position)
                mine.first = mine.first or position
                self._letters.update(position)
                mine.pages += 1
                self.calls += 1
                if mine.pages >= _PAGES:
                    self._turn.notify()
                return mine.end

        mine.sides = [Side(fetch, mine.after, claim) for fetch in self._fetches]
        for number in compare(mine.sides[0], mine.sides[1], lambda found: self._differs(mine, found)):
            with self._turn:
                self.compared += number
            self._step(number)
            if self._failure:
                return

    def _steal(self) -> Range | None:
        """The far part of the range that has been read longest since it was cut; None where all is done."""
        with self._turn:
            while self._ranges and not self._failure:
                for victim in sorted(self._ranges, key=lambda one: -one.pages):
                    if victim.pages < _PAGES:
                        break
                    where = cut(victim.first, victim.position, victim.end, self._letters)
                    if where is None or all(side.over for side in victim.sides):
                        continue
                    mine = Range(where, victim.end)
                    victim.end, victim.pages = where, 0
                    self.cuts += 1
                    self._ranges.append(mine)
                    return mine
                self._turn.wait()
            return None
