"""What dm_access_info hands on is text; what a test writes is data; both are reviewed alike."""

from __future__ import annotations

import json

import pytest
from access_review import FilterModule
from ansible.errors import AnsibleFilterError

from tests.support.access_world import NOW, World, allow, arn, root, trust

review = FilterModule().filters()["access_review"]


def world() -> dict:
    made = World()
    made.group("Developers", {"assume": allow(arn("production", "developers"))})
    made.user("dee.example", "Developers")
    made.role("production", "developers", trust(root("main")))
    return made.lives()


def test_text_is_reviewed_as_data_is():
    as_text = {name: json.dumps(live) for name, live in world().items()}
    assert review(as_text, NOW) == review(world(), NOW)
    assert "dee.example" in review(as_text, NOW)["files"]["access.csv"]


def test_half_a_text_is_refused():
    half = {name: json.dumps(live)[:-9] for name, live in world().items()}
    with pytest.raises(AnsibleFilterError, match="the input must be what dm_access_info returned"):
        review(half, NOW)
