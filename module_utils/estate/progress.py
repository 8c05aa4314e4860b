"""How far something long has come: a plain line every five seconds, the same on a terminal and in a job's log.

    progress = Progress("canaries", len(pairs))
    found = list(pool.map(progress.after(ask), pairs))      # canaries: 1,200 of 10,000 (12 %), about 40 s left

What takes less than five seconds says nothing. Safe to use from threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

EVERY = 5.0  # seconds between two lines, and before the first
_listeners: list[Callable[[str], Any]] = []  # a module that Ansible packs and sends has none


def hear(listener: Callable[[str], Any]) -> None:
    """Who shows the lines: action_plugins/in_process.py, by Ansible's display."""
    _listeners[:] = [listener]


def told(name: str, done: int, total: int, seconds: float) -> str:
    """One line; without a total it says how long it took so far. Time left is worked out by what is done."""
    if not total:
        return f"{name}: {done:,} in {length(seconds)}"
    left = f", about {length(seconds / done * (total - done))} left" if 0 < done < total else ""
    return f"{name}: {done:,} of {total:,} ({done * 100 // total} %){left}"


def length(seconds: float) -> str:
    """40 s, 3 min, 1 h 20 min: as exact as anybody needs."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)


class Progress:
    def __init__(self, name: str, total: int = 0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._total, self._clock = name, total, clock
        self._done, self._lock = 0, threading.Lock()
        self._began = self._said = clock()

    def step(self, count: int = 1) -> None:
        """That many more are done; 0 only shows that it goes on."""
        with self._lock:
            self._done += count
            now = self._clock()
            if now - self._said < EVERY or not _listeners:
                return
            self._said = now
            line = told(self._name, self._done, self._total, now - self._began)
        _listeners[0](line)

    def after(self, function: Callable[..., T]) -> Callable[..., T]:
        """The function, counted whenever it ends, well or not."""

        def counted(*given: Any, **named: Any) -> T:
            try:
                return function(*given, **named)
            finally:
                self.step()

        return counted

    def over(self, items: Iterable[T]) -> Iterator[T]:
        for item in items:
            yield item
            self.step()
