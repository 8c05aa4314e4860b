"""EC2: DescribeTags calls an address by its own resource type.

moto 5.2.5 files the tags of an address under the type vpc-elastic-ip; AWS's name, by which amazon.aws.ec2_eip looks for
them, is elastic-ip (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TagSpecification.html).
"""

from __future__ import annotations

from moto.ec2 import utils


def apply() -> None:
    utils.EC2_PREFIX_TO_RESOURCE["eipalloc"] = "elastic-ip"
