"""What is wanted of a bucket is read from what would be written of it, so a word that is not written would be lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ansible.module_utils.estate.buckets.settings import BY_NAME, SETTINGS

DAYS = ("2030-01-31", "2030-02-01")
# Of the others a word alone means nothing, such as a key without KMS; test_buckets_settings.py has each of theirs.
SAID = [one for one in SETTINGS if (one.schema or {}).get("type") == "array" or one.name == "notifications"]


def pairs(schema: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Two values each that differ in one place, for every place."""
    if "enum" in schema:
        yield schema["enum"][0], schema["enum"][-1]
    elif schema["type"] == "boolean":
        yield False, True
    elif schema["type"] == "integer":
        yield 7, 8
    elif schema["type"] == "string":
        yield DAYS if "pattern" in schema else ("a", "b")
    elif schema["type"] == "array":
        yield from (([one], [other]) for one, other in pairs(schema["items"]))
    elif "properties" in schema:
        least = {word: next(pairs(schema["properties"][word]))[0] for word in schema["required"]}
        for word, said in schema["properties"].items():
            yield from (({**least, word: one}, {**least, word: other}) for one, other in pairs(said))
    else:
        yield {"a": "a"}, {"a": "b"}


@pytest.mark.parametrize(
    ("name", "one", "other"), [(setting.name, *both) for setting in SAID for both in pairs(setting.schema)], ids=str
)
def test_every_word_that_may_be_said_is_written(name: str, one: Any, other: Any) -> None:
    def made(value: Any) -> tuple[Any, Any]:
        bucket = {"name": "shop", "region": "eu-west-1", name: value}
        return BY_NAME[name].write(bucket, {}), BY_NAME[name].wanted(bucket, {})

    assert all(left != right for left, right in zip(made(one), made(other), strict=True))


def test_settings_that_say_much_are_among_them() -> None:
    assert {setting.name for setting in SAID} >= {"lifecycle", "cors", "inventory", "intelligent_tiering", "metrics"}
