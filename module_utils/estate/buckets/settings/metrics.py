"""Request metrics in CloudWatch: {id: {"prefix", "tags"?}}.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketMetricsConfiguration.html
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.estate.buckets.listed import Rule, listed
from ansible.module_utils.estate.buckets.objects import aws_filter, filter_shape
from ansible.module_utils.estate.buckets.schema import TAGS
from ansible.module_utils.estate.buckets.setting import Bucket


def _aws(rule: Rule, _bucket: Bucket) -> dict[str, Any]:
    return {"Filter": aws_filter(rule)} if rule.get("prefix") or rule.get("tags") else {}


SETTING = listed("metrics", "Metrics", filter_shape, _aws, {"tags": TAGS})
