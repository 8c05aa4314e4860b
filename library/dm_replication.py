#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_replication
short_description: Prove that buckets are replicated
description:
  - Puts a small canary object into each source bucket, unless a fresh one is there, and waits until the same version is
    in the replica. Configuration that looks right proves nothing; an object that arrived does.
  - Follows U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html).
author: [Digital Marketplace developers]
options:
  buckets:
    description: The buckets as M(dm_buckets) takes them; those without C(replication) are passed over.
    type: list
    elements: dict
    required: true
  key:
    description: The canary's key.
    type: str
    default: estate-canary.txt
  max_age_hours:
    description: A canary no older than this is proof; an older one is written anew.
    type: int
    default: 24
  timeout:
    description: Seconds to wait for the replicas.
    type: int
    default: 60
attributes:
  check_mode:
    support: full
    description: Only reads; a canary that would be written is predicted.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""
EXAMPLES = r"""
- name: Prove that the stage's buckets are replicated
  dm_replication:
    buckets: "{{ buckets }}"
    timeout: 900
"""
RETURN = r"""
proofs:
  description: What became of each bucket's canary.
  returned: always
  type: list
  elements: dict
  sample:
    - {source: digitalmarketplace-documents-preview-preview, replica: cross-region-documents,
       verdict: proven, seconds: 0.4}
"""

import datetime
import time
from concurrent.futures import ThreadPoolExecutor

try:
    import botocore
    from botocore.config import Config
except ImportError:
    pass  # AnsibleAWSModule reports it

from ansible.module_utils.dm_replication import Canary, canary, verdict
from ansible.module_utils.estate.errors import error_code, sentence
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

THREADS = 16


def read(client, bucket: str, key: str) -> Canary:
    try:
        return canary(client.head_object(Bucket=bucket, Key=key))
    except botocore.exceptions.ClientError as exc:
        if error_code(exc) in ("404", "NoSuchKey"):
            return canary(None)
        raise


def prove(clients: dict, pair: dict, params: dict, check_mode: bool) -> dict:
    """The pair with 'verdict', 'seconds' and 'written'; 'why' where AWS refused."""
    source, replica = clients[pair["region"]], clients[pair["replica_region"]]
    max_age = datetime.timedelta(hours=params["max_age_hours"])
    started = time.monotonic()
    written = False
    try:
        while True:
            now = datetime.datetime.now(datetime.UTC)
            found = verdict(
                read(source, pair["source"], params["key"]), read(replica, pair["replica"], params["key"]), now, max_age
            )
            waited = time.monotonic() - started
            if found == "stale" and not check_mode and not written:
                body = f"Written {now.isoformat()} to prove replication into {pair['replica']}.\n".encode()
                source.put_object(Bucket=pair["source"], Key=params["key"], Body=body, ContentType="text/plain")
                written = True
            elif found != "waiting" or check_mode or waited > params["timeout"]:
                return {**pair, "verdict": found, "seconds": round(waited, 1), "written": written}
            else:
                time.sleep(min(0.2 * 2 ** min(waited, 5), 5))
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as exc:
        return {**pair, "verdict": "failed", "written": written, "why": sentence(exc, "AWS refused")}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "buckets": {"type": "list", "elements": "dict", "required": True},
            "key": {"type": "str", "default": "estate-canary.txt", "no_log": False},
            "max_age_hours": {"type": "int", "default": 24},
            "timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
    )
    pairs = [
        {"source": b["name"], "region": b["region"], "replica": rule["bucket"], "replica_region": rule["region"]}
        for b in module.params["buckets"]
        for rule in (b.get("replication") or {}).get("rules", [])
    ]
    regions = {region for pair in pairs for region in (pair["region"], pair["replica_region"])}
    config = Config(max_pool_connections=THREADS, retries={"mode": "standard", "max_attempts": 5})
    clients = {region: module.client("s3", region=region, aws_config=config) for region in regions}
    with ThreadPoolExecutor(THREADS) as pool:
        proofs = list(pool.map(lambda pair: prove(clients, pair, module.params, module.check_mode), pairs))
    # A plan only says what it would write; proof is for the run that may.
    missed = [proof for proof in proofs if proof["verdict"] in ("failed", "waiting")]
    changed = any(proof.get("written") or proof["verdict"] == "stale" for proof in proofs)
    if missed:
        said = ", ".join(f"{p['source']} ({p.get('why') or p['verdict']})" for p in missed)
        module.fail_json(
            msg=f"The canary did not reach the replica of {said} within {module.params['timeout']} s.",
            proofs=proofs,
            changed=changed,
        )
    module.exit_json(changed=changed, proofs=proofs)


if __name__ == "__main__":
    main()
