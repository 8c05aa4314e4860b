"""What only takes a processor's time, begun ahead on another core: in a process of its own, as threads share one.

https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any


def ahead[Result](work: Callable[..., Result], *args: Any) -> Callable[[], Result]:
    """Begins it, and returns what waits for its result, or raises what it raised. work is a module's own function."""
    # A fork has all that is imported here; this process has no thread yet that could be in the middle of something.
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork"))
    begun = pool.submit(work, *args)

    def result() -> Result:
        with pool:
            return begun.result()

    return result
