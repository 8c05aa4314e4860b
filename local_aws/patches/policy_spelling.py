"""A bucket policy comes back in AWS's spelling: one for a list of one, roots for accounts, principals in no order.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.s3.responses import S3Response

from local_aws.patches.bucket_configurations import shuffled
from local_aws.replacing import extends


def spelled(value: Any) -> Any:
    """One of Principal's values."""
    if isinstance(value, list):
        return spelled(value[0]) if len(value) == 1 else [spelled(item) for item in value]
    return f"arn:aws:iam::{value}:root" if isinstance(value, str) and re.fullmatch(r"\d{12}", value) else value


@extends(S3Response)
def get_bucket_policy(original: Any, self: S3Response) -> Any:
    status, headers, text = original(self)
    document = json.loads(text)
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    bucket = self.backend.get_bucket(self.bucket_name)
    for element in ("Principal", "NotPrincipal"):
        for number, statement in enumerate(statements):
            named = statement.get(element)
            for kind, value in named.items() if isinstance(named, dict) else ():
                found = spelled(value)
                word = f"policy {element} {number}"
                named[kind] = shuffled(bucket, word, found) if isinstance(found, list) else found
    for statement in statements:
        for element in ("Action", "NotAction", "Resource", "NotResource"):
            value = statement.get(element)
            statement[element] = value[0] if isinstance(value, list) and len(value) == 1 else value
            if value is None:
                del statement[element]
    return status, headers, json.dumps({**document, "Statement": statements})
