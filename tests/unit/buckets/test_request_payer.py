from __future__ import annotations

import pytest
from ansible.module_utils.estate.buckets.settings import BY_NAME

SETTING = BY_NAME["request_payer"]


@pytest.mark.parametrize(("answer", "payer"), [({}, "BucketOwner"), ({"Payer": "Requester"}, "Requester")])
def test_the_owner_pays_unless_aws_says_otherwise(answer, payer):
    assert SETTING.live(answer) == payer
    assert SETTING.adopt(answer) == payer


def test_what_is_declared_is_written():
    bucket = {"name": "shop", "request_payer": "Requester"}
    assert SETTING.write(bucket, {}) == [
        ("put_bucket_request_payment", {"RequestPaymentConfiguration": {"Payer": "Requester"}})
    ]
    assert SETTING.wanted(bucket, {}) == "Requester"
