"""The least that any program can do: every call that the estate needs, from 16 threads, and nothing else.

usage: bare_buckets.py ESTATE.json
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

READS = {
    "versioning": "get_bucket_versioning",
    "encryption": "get_bucket_encryption",
    "public_access_block": "get_public_access_block",
    "policy": "get_bucket_policy",
    "tags": "get_bucket_tagging",
    "logging": "get_bucket_logging",
    "lifecycle": "get_bucket_lifecycle_configuration",
    "replication": "get_bucket_replication",
}


def ask(client: Any, method: str, **params: Any) -> dict[str, Any]:
    try:
        return getattr(client, method)(**params)
    except ClientError as exc:
        return exc.response


def read(estate: dict[str, Any], s3: dict[str, Any], iam: Any, pool: ThreadPoolExecutor) -> int:
    role = estate["replication_role"]
    jobs = [
        pool.submit(ask, iam, "get_role", RoleName=role["name"]),
        pool.submit(ask, iam, "get_role_policy", RoleName=role["name"], PolicyName=role["policy_name"]),
        pool.submit(ask, s3["eu-west-1"], "list_buckets", MaxBuckets=1000),
    ]
    for bucket in estate["buckets"]:
        for setting, method in READS.items():
            if setting in bucket:
                jobs.append(pool.submit(ask, s3[bucket["region"]], method, Bucket=bucket["name"]))
    return sum(bool(job.result()) for job in jobs)


def main() -> None:
    estate = json.loads(Path(sys.argv[1]).read_text())
    session = boto3.session.Session()
    config = Config(max_pool_connections=16)
    regions = {bucket["region"] for bucket in estate["buckets"]}
    s3 = {region: session.client("s3", region_name=region, config=config) for region in regions}
    iam = session.client("iam", config=config)
    with ThreadPoolExecutor(16) as pool:
        print(f"{read(estate, s3, iam, pool)} answers")


if __name__ == "__main__":
    main()
