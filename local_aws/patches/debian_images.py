"""EC2: Debian's own images are there, and an instance starts from one that is.

moto 5.2.5 ships a catalogue of 2017 without them. Owner and names as in
https://wiki.debian.org/Cloud/AmazonEC2Image/Bookworm; what is asked is
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html
"""

from __future__ import annotations

from typing import Any

from moto import settings
from moto.ec2.models import amis

OWNER = "136693071363"
# (image id, name, when it was made)
IMAGES = [
    ("ami-0deb120000000a001", "debian-12-amd64-20260103-1980", "2026-01-03T00:00:00.000Z"),
    ("ami-0deb120000000b002", "debian-12-amd64-20260901-2221", "2026-09-01T00:00:00.000Z"),
    ("ami-0deb130000000d004", "debian-13-amd64-20260103-1980", "2026-01-03T00:00:00.000Z"),
    ("ami-0deb130000000c003", "debian-13-amd64-20260901-2221", "2026-09-01T00:00:00.000Z"),
]


def image(image_id: str, name: str, made: str) -> dict[str, Any]:
    return {
        "ami_id": image_id,
        "name": name,
        "creation_date": made,
        "description": name.rpartition("-")[0],
        "owner_id": OWNER,
        "image_location": f"amazon/{name}",
        "public": True,
        "state": "available",
        "architecture": "x86_64",
        "virtualization_type": "hvm",
        "hypervisor": "xen",
        "image_type": "machine",
        "platform": None,
        "root_device_name": "/dev/xvda",
        "root_device_type": "ebs",
        "sriov": "simple",
    }


def apply() -> None:
    settings.ENABLE_AMI_VALIDATION = True  # an instance starts from an image that is there
    known = {entry["ami_id"] for entry in amis.AMIS}
    amis.AMIS.extend(entry for entry in (image(*words) for words in IMAGES) if entry["ami_id"] not in known)
