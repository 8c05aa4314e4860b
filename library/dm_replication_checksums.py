#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_replication_checksums
short_description: Compare the content of buckets with that of their replicas, without reading it
description:
  - Has S3 Batch Operations work out a checksum of every version on both sides, each in its own region, and joins the
    two reports. That finds what sizes and ETags cannot tell. Nothing is downloaded.
  - Jobs are made suspended, since they cost by the byte; those of a bucket that is named in O(confirmed) are set going
    and followed. A job that was begun is taken up again.
options:
  wanted:
    description: Source buckets to do it for.
    type: list
    elements: str
    required: true
extends_documentation_fragment: [dm_estate, dm_estate.replicated, dm_estate.batch, dm_aws]
"""
EXAMPLES = r"""
- name: Compare what is in the documents
  dm_replication_checksums:
    account: preview
    account_id: "222222222222"
    buckets: "{{ buckets }}"
    wanted: [digitalmarketplace-documents-preview-preview]
    confirmed: [digitalmarketplace-documents-preview-preview]
    role: arn:aws:iam::222222222222:role/batch
    places: {eu-west-1: digitalmarketplace-batch-jobs-dev, eu-west-2: digitalmarketplace-batch-jobs-dev-london}
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
proofs:
  description: How many have the same checksum on both sides.
  sample:
    - {subject: checksums of documents and documents-copy, source: documents, replica: documents-copy, same: 12,
       differing: 0, unread: 0, verdict: proved, why: "", examples: []}
"""

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.errors import sentence
from ansible.module_utils.estate.plan import Plan
from ansible.module_utils.estate.replication.batch import Jobs, forget
from ansible.module_utils.estate.replication.checksums import proof, wanted
from ansible.module_utils.estate.replication.plan import pairs
from ansible.module_utils.estate.run import estate_module, run

PER_GIGABYTE = 0.004  # dollars: https://aws.amazon.com/s3/pricing/ (Batch Operations, compute checksum)


def main() -> None:
    module = estate_module(DOCUMENTATION)
    asked = module.params
    known = [pair for pair in pairs(asked["buckets"]) if not pair.account]
    unknown = [f"{name} is no replicated bucket of {asked['account']}"
               for name in {*asked["wanted"], *asked["confirmed"]} - {pair.source for pair in known}]  # fmt: skip
    clients = Clients(module, region=known[0].region if known else "us-east-1")
    jobs = Jobs(clients, asked["account_id"], asked["role"], asked["places"])
    found, failed, actions, effects = [], {}, [], []
    for pair in [pair for pair in known if pair.source in asked["wanted"] and not unknown]:
        try:
            both = wanted(clients, jobs, pair)
            found.append(both)
            for one in (both.source, both.replica):
                actions += jobs.actions(one, pair.source in asked["confirmed"])
                if one.manifest:
                    dollars = one.manifest.costs(0) + one.manifest.size / 1e9 * PER_GIGABYTE
                    effects.append(f"{one.name}: {one.manifest.number:,} versions, about ${dollars:,.2f}")
        except Exception as exc:
            failed[f"checksums of {pair.source}"] = sentence(exc, "cannot list them").rstrip(".")
    going = [both for both in found if both.pair.source in asked["confirmed"] and not module.check_mode]
    made = Plan("checksums", asked["account"], actions, left_out=failed, effects=effects)
    try:
        run(
            module, made, jobs.call, refusals=unknown,
            proofs=lambda: [proof(jobs, both, asked["timeout"]) for both in going],
        )  # fmt: skip
    finally:
        forget([one.manifest for both in found for one in (both.source, both.replica)])


if __name__ == "__main__":
    main()
