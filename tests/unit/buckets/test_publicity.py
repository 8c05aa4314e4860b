from __future__ import annotations

import json

import pytest
from ansible.module_utils.estate.buckets.live import LiveBucket
from ansible.module_utils.estate.buckets.publicity import becomes_public
from ansible.module_utils.estate.buckets.statements import bucket_policy

SERVED_TO = ["198.51.100.10/32"]
ENFORCED = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}


def policy(served):
    return bucket_policy("shop", {"require": ["tls"], "served": served, "served_to": SERVED_TO})


def said(live, wanted, ownership=ENFORCED):
    answers = {"policy": {"Policy": json.dumps(live)} if live else {}, "ownership": ownership}
    bucket = {"name": "shop", "policy": wanted, "ownership": "BucketOwnerEnforced"}
    return becomes_public(bucket, LiveBucket("eu-west-1", answers))


@pytest.mark.parametrize(
    ("served", "what"),
    [
        (True, "shop/* from 198.51.100.10/32"),
        ({"keys": ["*/data/*", "a.pdf"]}, "shop/*/data/*, shop/a.pdf from 198.51.100.10/32"),
        ({"keys": ["a/*"], "tag": {"public": "yes"}}, "shop/a/* with the tag public=yes from 198.51.100.10/32"),
        ({"tag": {"public": "yes"}}, "shop/* with the tag public=yes from 198.51.100.10/32"),
    ],
)
def test_what_was_not_public_and_becomes_it_is_said_aloud(served, what):
    assert said(policy(False), policy(served)) == [f"shop BECOMES PUBLIC: everybody may get {what}"]
    assert said({}, policy(served), {}) == [
        f"shop BECOMES PUBLIC: everybody may get {what}; until now each object's ACL decided"
    ]


def test_what_stays_as_public_as_it_was_or_less_is_not():
    assert said(policy(True), policy(True)) == []
    assert said(policy({"keys": ["a/*", "b/*"]}), policy({"keys": ["a/*"]})) == []
    assert said(policy(True), policy(False)) == []
