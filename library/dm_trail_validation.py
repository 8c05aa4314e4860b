#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_trail_validation
short_description: Prove that the files of an account's trails are those that CloudTrail wrote
description:
  - Reads the digests and log files of the last days side by side, and judges signatures, chain and hashes with the
    verdict of C(aws cloudtrail validate-logs), for every region that a trail has digests of. Writes nothing.
  - Follows
    U(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html).
options:
  account_id:
    description: The account's id.
    type: str
    required: true
  trails:
    description: The trails, by C(name), as M(dm_monitoring) takes them.
    type: list
    elements: dict
    required: true
  days:
    description: How many days back.
    type: int
    default: 3
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Validate the trail of the last three days
  dm_trail_validation:
    account: main
    account_id: "111111111111"
    trails: [{name: main}]
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
proofs:
  description: The verdict of each trail and region.
  sample:
    - {subject: trail main in eu-west-1, verdict: proved, digests_valid: 72, digests_invalid: 0, logs_valid: 864,
       logs_invalid: 0, why: ""}
"""

import datetime
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.monitoring.trail_files import WORKERS, Trail, told
from ansible.module_utils.estate.plan import Plan
from ansible.module_utils.estate.run import estate_module, run

SOON = datetime.timedelta(hours=3)  # a digest is written each hour


def main() -> None:
    module = estate_module(DOCUMENTATION)
    asked = module.params
    clients = Clients(module, workers=WORKERS, validate=False)
    stop = datetime.datetime.now(datetime.UTC)
    start = stop - datetime.timedelta(days=asked["days"])

    def judge(pool: ThreadPoolExecutor, trail: dict[str, Any]) -> list[dict[str, Any]]:
        status = clients["cloudtrail"].get_trail_status(Name=trail["TrailARN"])
        expected = bool(status.get("StartLoggingTime")) and stop - status["StartLoggingTime"] > SOON
        files = Trail(clients, asked["account_id"], trail, pool, start, stop)
        regions = files.regions() or [trail["HomeRegion"]]
        with ThreadPoolExecutor(len(regions)) as side_by_side:
            found = side_by_side.map(files.validated, regions)
        return [
            told(f"trail {trail['Name']} in {region}", one, expected)
            for region, one in zip(regions, found, strict=True)
        ]

    def proofs() -> list[dict[str, Any]]:
        names = [trail["name"] for trail in asked["trails"]]
        live = clients["cloudtrail"].describe_trails(includeShadowTrails=False)["trailList"]
        missing = sorted({*names} - {trail["Name"] for trail in live})
        if missing:
            raise Refusal(f"there is no trail {missing[0]}: converge trails first")
        with ThreadPoolExecutor(WORKERS) as pool:
            return [proof for trail in live if trail["Name"] in names for proof in judge(pool, trail)]

    found = clients.ask(proofs, "Cannot validate the trails")
    run(module, Plan("trail validation", asked["account"], ()), clients.call, proofs=lambda: found)


if __name__ == "__main__":
    main()
