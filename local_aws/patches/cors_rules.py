"""An origin or a header of a cross-origin rule has one asterisk at most; a rule has an id of 255 characters at most.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CORSRule.html
"""

from __future__ import annotations

from typing import Any

from moto.s3.models import FakeBucket

from local_aws.errors import invalid_argument, invalid_request, malformed_xml
from local_aws.policies import listed
from local_aws.replacing import extends


@extends(FakeBucket)
def set_cors(original: Any, self: FakeBucket, rules: list[dict[str, Any]]) -> None:
    for rule in rules:
        if not rule.get("AllowedOrigin") or not rule.get("AllowedMethod"):
            raise malformed_xml()
        if len(rule.get("ID") or "") > 255:
            raise invalid_argument("The ID of a rule is longer than 255 characters")
        for element in ("AllowedOrigin", "AllowedHeader"):
            for one in listed(rule.get(element)):
                if one.count("*") > 1:
                    raise invalid_request(f'{element} "{one}" can not have more than one wildcard.')
        if any("*" in one for one in listed(rule.get("ExposeHeader"))):
            raise invalid_request('ExposeHeader "*" contains wildcard. We currently do not support wildcard.')
    original(self, rules)
