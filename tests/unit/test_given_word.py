"""A key or URL of the command line is data to its last character."""

import json

import pytest
from ansible.module_utils.estate.assets.words import given

KEY = "x/agreements/1/a b=c {{ 7*7 }} 'd' %2B.pdf"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ([f"key={KEY}"], KEY),
        ([f'key="{KEY}"'], KEY),
        ([json.dumps({"key": KEY})], KEY),
        (["{key: a b}"], "a b"),
        (["kind=agreements", "key=a", "expires=1h"], "a"),
        (["key=a", "key=b"], "b"),
        (["{key: 007}"], "007"),
        (["{key: yes}"], "yes"),
        (['{"key": 7}'], "7"),
        (["key== a "], "= a "),
        (["@plan.json", "key=a"], "a"),
        (["key=it's"], "it's"),
        (["key=a kindness=b"], "a kindness=b"),
    ],
)
def test_it_is_taken_as_it_was_given(said, found):
    assert given("key", said, ["kind", "key", "expires"]) == found


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([], "nothing says key; give -e 'key=…'"),
        (["key="], "nothing says key"),
        (["key=a expires=1h"], "key and expires are in one -e"),
        (["kind=agreements key=a"], "key follows another word in one -e"),
        (['{"key": ["a"]}'], "key must be text, got list"),
        (['{"key": true}'], "key must be text, got bool"),
        (['{"key": 1.50}'], "key must be text, got float"),
        (["@plan.json"], "nothing says key"),
    ],
)
def test_what_may_be_read_in_two_ways_is_refused(said, why):
    with pytest.raises(ValueError, match=why):
        given("key", said, ["kind", "key", "expires"])
