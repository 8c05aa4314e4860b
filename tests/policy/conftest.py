from __future__ import annotations

from collections.abc import Iterator

import pytest
from simulator import Missing, Simulator


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    try:
        running = Simulator().__enter__()
    except Missing as exc:
        pytest.skip(str(exc))
    yield running
    running.__exit__()
