#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_assets_proof
short_description: Prove what an assets router serves, and what it does not
description:
  - Has a small known document wherever one is to be asked for, and writes only those that are missing or different.
  - Then asks the router for each, all at the same time and each once, and compares status and content by every byte.
options:
  url:
    description: Where the router is reached, without a path.
    type: str
    required: true
  host:
    description: The host name that the requests carry.
    type: str
    required: true
  documents:
    description: What is to be there, as plain text.
    type: list
    elements: dict
    default: []
    suboptions:
      bucket: {description: The bucket., type: str, required: true}
      key: {description: The document's key., type: str, required: true}
      content: {description: What it says., type: str, required: true}
      repeat: {description: How often it says so., type: int, default: 1}
      tags: {description: The tags on it., type: dict, default: {}}
      cache_control: {description: What it says to whoever would keep it., type: str, default: ""}
  checks:
    description: What to ask, and what should come back.
    type: list
    elements: dict
    required: true
    suboptions:
      path: {description: What to ask for., type: str, required: true}
      range: {description: The C(Range) to ask for., type: str, default: ""}
      status: {description: The status that is right., type: int, required: true}
      content: {description: The content that is right; empty accepts any., type: str, default: ""}
      repeat: {description: How often it stands in the answer., type: int, default: 1}
      without: {description: What must not be in the content., type: str, default: ""}
attributes:
  check_mode:
    support: full
    description: Says what would be written, and asks the router nothing.
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Prove that a document is gone
  dm_assets_proof:
    account: assets-router-preview
    url: http://127.0.0.1
    host: assets.preview.example
    checks:
      - {path: /x/a.pdf, status: 404}
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
proofs:
  description: What came back.
  returned: success, not in check mode
  sample:
    - {subject: "http://127.0.0.1/x/a.pdf", verdict: proved, why: "", expected: 404, seen: 404, seconds: 0.01}
"""

from typing import Any

from ansible.module_utils.estate.assets.prove import WORKERS, body, missing, proofs
from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.plan import Action, Plan
from ansible.module_utils.estate.run import estate_module, run

PATIENCE = 10  # seconds to wait for each answer


def main() -> None:
    module = estate_module(DOCUMENTATION)
    given, documents = module.params, module.params["documents"]
    clients: Any = Clients(module, workers=WORKERS) if documents else None
    actions, failed = missing(clients["s3"], documents) if clients else ([], {})
    bodies = {(one["bucket"], one["key"]): body(one) for one in documents}

    def put(action: Action) -> Any:
        whole = {**action.params, "Body": bodies[action.params["Bucket"], action.params["Key"]]}
        return clients.call(action._replace(params=whole))

    plan = Plan("proof of assets", given["account"], actions, left_out=failed)
    checks = () if module.check_mode else given["checks"]
    run(module, plan, put, proofs=lambda: proofs(given["url"], given["host"], checks, PATIENCE), workers=WORKERS)


if __name__ == "__main__":
    main()
