"""An estate of any size for the benchmarks, in dm_buckets' own words; every rival is given the same.

Of each eight buckets two are replicas in another region; all but the logs and the replicas are logged, every third one
expires its objects. A name is of this size's own, so that one account can hold several estates.
"""

from __future__ import annotations

import json
from typing import Any

ROLE = "benchmark-replication"


def _policy(name: str, *more: dict[str, Any]) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{name}"
    tls = {
        "Sid": "Tls",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [tls, *more]}


def _bucket(name: str, region: str, kind: str, *more: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "region": region,
        "versioning": True,
        "encryption": {"algorithm": "AES256"},
        "public_access_block": True,
        "policy": _policy(name, *more),
        "tags": {"Stage": "benchmark", "Kind": kind},
    }


def estate(count: int, account_id: str) -> dict[str, Any]:
    """{"buckets": [...], "replication_role": {...}} with this many buckets."""
    logs = f"benchmark-{count}-logs"
    deliver = {
        "Sid": "Logs",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{logs}/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
    }
    buckets = [_bucket(logs, "eu-west-1", "logs", deliver)]
    replicas = []
    while len(buckets) < count:
        index = len(buckets)
        name = f"benchmark-{count}-{index:04}"
        bucket = _bucket(name, "eu-west-1", "documents") | {"logging": {"bucket": logs, "prefix": f"{name}/"}}
        if index % 3 == 0:
            bucket["lifecycle"] = [{"id": "expire", "expire_days": 180, "noncurrent_days": 30}]
        if index % 8 in (1, 2) and index + 1 < count:
            replica = f"{name}-replica"
            rule = {"id": "all", "bucket": replica, "region": "eu-west-2", "delete_markers": True, "metrics": True}
            bucket["replication"] = {"role": f"arn:aws:iam::{account_id}:role/{ROLE}", "rules": [rule]}
            buckets.append(_bucket(replica, "eu-west-2", "replica"))
            replicas.append(replica)
        buckets.append(bucket)
    trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    write = {
        "Effect": "Allow",
        "Action": ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
        "Resource": [f"arn:aws:s3:::{name}/*" for name in replicas] or "*",
    }
    role = {
        "name": ROLE,
        "path": "/",
        "trust": {"Version": "2012-10-17", "Statement": [trust]},
        "policy_name": "replication",
        "policy": {"Version": "2012-10-17", "Statement": [write]},
    }
    return {"buckets": buckets, "replication_role": role}


def text(count: int, account_id: str) -> str:
    return json.dumps(estate(count, account_id), indent=1)
