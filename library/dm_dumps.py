#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_dumps
short_description: Prove that each stage's database dump is there, and release what may go
description:
  - Looks at the newest dump of each stage by its name, its age, its size beside last week's, its replica, and the keys
    that it is encrypted for. Nothing is decrypted.
  - Tags what is older than O(keep_days) with C(Retention=released), for the bucket's lifecycle rule to delete, as long
    as O(least_verified) newer ones were restored (M(dm_restored_dump)). Nothing else makes a dump go.
  - Tags what is older than O(replica_keep_days) with C(Copy=released), for the replica's lifecycle rule, as long as so
    many that were restored stay in the replica. S3 carries the tag over.
options:
  bucket:
    description: Where dumps are written.
    type: str
    required: true
  replica:
    description: Where they are replicated.
    type: str
    required: true
  replica_region:
    description: The replica's region.
    type: str
    required: true
  stages:
    description: The stages that have dumps.
    type: list
    elements: str
    required: true
  max_age_hours:
    description: How old the newest dump may be.
    type: int
    default: 26
  least_share:
    description: Of the median of last week's sizes, how much the newest must have.
    type: float
    default: 0.8
  recipients:
    description: Fingerprints of the keys that dumps may be encrypted for.
    type: list
    elements: str
    required: true
  keep_days:
    description: Days that every dump is kept.
    type: int
    default: 180
  replica_keep_days:
    description: Days that every copy is kept in the replica.
    type: int
    default: 7
  least_verified:
    description: So many dumps that were restored always stay, however old.
    type: int
    default: 3
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Look at last night's dumps
  dm_dumps:
    account: backups
    bucket: digitalmarketplace-database-backups
    replica: digitalmarketplace-cross-region-database-backups
    replica_region: eu-west-2
    stages: [preview, production]
    recipients: [0DA25BC02D8EEC3908D0AB4B478AACFA56885920]
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
proofs:
  description: Of each stage C(age), C(size), C(replica), C(recipient), and whether the last good copies are there.
  sample: [{subject: age of production's dump, verdict: proved, why: "", age_seconds: 3600}]
"""

import datetime
from typing import Any

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.dumps.check import Dump, Limits, copies, judge
from ansible.module_utils.estate.dumps.plan import COPY, RELEASED, RETENTION, Tags, is_kept, plan, release
from ansible.module_utils.estate.dumps.read import Place, listed, recipients, tags_that_count
from ansible.module_utils.estate.errors import sentence
from ansible.module_utils.estate.run import estate_module, run


def main() -> None:
    module = estate_module(DOCUMENTATION)
    asked, clients = module.params, Clients(module)
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    limits = Limits(asked["max_age_hours"], asked["least_share"], asked["recipients"])
    here = Place(clients["s3"], asked["bucket"])
    there = Place(clients["s3", asked["replica_region"]], asked["replica"])
    proofs: list[dict[str, Any]] = []
    wanted: list[tuple[Dump, Tags, Tags]] = []
    notes: list[str] = []

    def look(stage: str) -> None:
        found, copied, least = listed(here, stage), listed(there, stage), asked["least_verified"]
        keys = recipients(here, found[0]) if found else []
        proofs.extend(judge(stage, found, copied, keys, limits, now))
        # A copy that has no original any more has no tags to go by, and stays.
        both = [dump for dump in copied if dump.key in {one.key for one in found}]
        places = ((RETENTION, found, asked["keep_days"]), (COPY, both, asked["replica_keep_days"]))
        tags: dict[str, Tags] = {}
        for word, some, days in places:
            tags = tags_that_count(here, some, now, days, least, word, tags)
        more: dict[str, dict[str, str]] = {}
        for word, some, days in places:
            for dump in release(some, tags, now, days, least, word):
                more.setdefault(dump.key, {})[word] = RELEASED
        wanted.extend((dump, tags[dump.key], more[dump.key]) for dump in found if dump.key in more)
        kept = [dump for dump in found if is_kept(tags.get(dump.key, {}), RETENTION)]
        if kept:
            proofs.append(copies(stage, kept, copied, least, now))
        if len(kept) < least:
            notes.append(f"{stage} has {len(kept)} dumps that were restored, so that none may go (restore_backup.yml)")

    failed = {}
    for stage in asked["stages"]:
        try:
            look(stage)
        except Exception as exc:  # one stage's failure does not stop the others
            failed[f"dumps of {stage}"] = sentence(exc, "cannot look at them").rstrip(".")
    made = plan("dumps", asked["account"], asked["bucket"], clients.region, wanted, notes)._replace(left_out=failed)
    run(module, made, clients.call, proofs=lambda: proofs)


if __name__ == "__main__":
    main()
