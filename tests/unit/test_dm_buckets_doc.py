"""The documentation of dm_buckets says what its argument spec does."""

from __future__ import annotations

from typing import Any

import dm_buckets
import pytest
import yaml

DOCUMENTED = yaml.safe_load(dm_buckets.DOCUMENTATION)["options"]


def comparable(options: dict[str, Any], children: str) -> dict[str, Any]:
    keys = ("type", "elements", "required", "default", "choices")
    return {
        name: {key: option[key] for key in keys if option.get(key) not in (None, False) or key == "default" in option}
        | ({"options": comparable(option[children], children)} if children in option else {})
        for name, option in options.items()
    }


def test_the_documentation_is_the_argument_spec():
    assert comparable(DOCUMENTED, "suboptions") == comparable(dm_buckets.ARGUMENT_SPEC, "options")


@pytest.mark.parametrize("text", [dm_buckets.EXAMPLES, dm_buckets.RETURN])
def test_examples_and_return_are_yaml(text):
    assert yaml.safe_load(text)
