"""What is begun ahead is worked out in another process, and told, or fails, as if it were called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible.module_utils.estate.ahead import ahead
from ansible.module_utils.estate.errors import Refusal


def squared(number: int) -> tuple[int, int]:
    return os.getpid(), number * number


def refused() -> None:
    raise Refusal("a is not there", "b is not there")


def test_the_result_comes_from_another_process():
    process, result = ahead(squared, 7)()
    assert (process != os.getpid(), result) == (True, 49)


def test_a_refusal_is_raised_where_the_result_is_asked_for():
    begun = ahead(refused)
    with pytest.raises(Refusal, match="a is not there; b is not there"):
        begun()


def test_nothing_is_left_running():
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = children.read_text()
    assert ahead(squared, 3)()[1] == 9
    assert children.read_text() == before
