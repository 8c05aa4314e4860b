#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_replication_backfill
short_description: Copy what replicas lack by S3 Batch Replication
description:
  - Compares each replicated bucket with its replicas, and lists what is missing there and can still be copied in a
    manifest. A job of S3 Batch Operations for it is made suspended, so that nothing is copied, nor paid, before
    somebody has read how much it is.
  - A bucket that is named in O(confirmed) has its job set going and followed to its end; what S3 could not copy is told
    by key, and a second comparison has to find nothing.
  - At most 10,000 versions of each replica are asked about one by one; why others are missing is not known.
  - A job that was begun is taken up again, however that run ended; there is never a second one beside it.
options:
  calls:
    description: Listings under way at the same time, of both sides together.
    type: int
    default: 16
extends_documentation_fragment: [dm_estate, dm_estate.replicated, dm_estate.profiles, dm_estate.batch, dm_aws]
"""
EXAMPLES = r"""
- name: Copy what is older than the rules
  dm_replication_backfill:
    account: preview
    account_id: "222222222222"
    buckets: "{{ buckets }}"
    role: arn:aws:iam::222222222222:role/batch
    places: {eu-west-1: digitalmarketplace-batch-jobs-dev}
    confirmed: [digitalmarketplace-documents-preview-preview]
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
proofs:
  description: What became of each job, and what a second comparison found.
  sample:
    - {subject: backfill of documents, source: documents, job: 0123, status: Complete, succeeded: 12, failed: 0,
       verdict: proved, why: ""}
"""

import itertools

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.errors import sentence
from ansible.module_utils.estate.plan import Plan
from ansible.module_utils.estate.replication.backfill import Backfill, says
from ansible.module_utils.estate.replication.batch import Jobs, Wanted, forget
from ansible.module_utils.estate.replication.plan import pairs, unseen
from ansible.module_utils.estate.run import estate_module, run


def main() -> None:
    module = estate_module(DOCUMENTATION)
    asked = module.params
    declared = pairs(asked["buckets"], asked["profiles"])
    rules = [pair for pair in declared if not pair.elsewhere]
    clients = Clients(module, workers=asked["calls"], region=rules[0].region if rules else "us-east-1")
    jobs = Jobs(clients, asked["account_id"], asked["role"], asked["places"])
    backfill = Backfill(clients, jobs, rules, asked["calls"])
    confirmed = set(asked["confirmed"])
    unknown = [f"{name} is no replicated bucket of {asked['account']}" for name in confirmed - set(backfill.by_source)]
    found: dict[str, Wanted | None] = {}
    failed: dict[str, str] = {}
    for source in [] if unknown else backfill.by_source:
        try:
            found[source] = backfill.wanted(source)
        except Exception as exc:
            failed[backfill.name(source)] = sentence(exc, "cannot say what is missing").rstrip(".")
    wanted = [one for one in found.values() if one]
    actions = [action for source, one in found.items() if one for action in jobs.actions(one, source in confirmed)]
    effects = [says(one, len(backfill.by_source[source])) for source, one in found.items() if one]
    made = Plan("backfill", asked["account"], actions, left_out=failed, effects=effects, notes=unseen(declared))
    try:
        run(
            module,
            made,
            jobs.call,
            refusals=unknown,
            proofs=lambda: () if module.check_mode else itertools.chain.from_iterable(
                backfill.proof(source, one, source in confirmed, asked["timeout"]) for source, one in found.items()
            ),
        )  # fmt: skip
    finally:
        forget([one.manifest for one in wanted])


if __name__ == "__main__":
    main()
