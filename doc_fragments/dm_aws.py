"""What every module shares that asks AWS: amazon.aws's own fragments under one name.

A module that plans says with dm_estate, named first, what it does in check mode; the others only read.
"""

from __future__ import annotations

import yaml
from ansible_collections.amazon.aws.plugins.doc_fragments import boto3, common, region


class ModuleDocFragment:
    def __init__(self) -> None:
        own, where, needs = (yaml.safe_load(part.ModuleDocFragment().MODULES) for part in (common, region, boto3))
        author = ["Digital Marketplace developers"]
        reads = {"check_mode": {"support": "full", "description": "Only reads."}}
        said = {**needs, **own, "author": author, "options": own["options"] | where["options"], "attributes": reads}
        self.DOCUMENTATION = yaml.safe_dump(said)
