"""The vars that say of a live bucket what it is, so that pasting them changes nothing. Pure."""

from __future__ import annotations

from ansible.module_utils.estate.buckets.live import LiveBucket, bucket_resource
from ansible.module_utils.estate.plan import Unmanaged


def adopt(name: str, live: LiveBucket, variable: str, file: str) -> Unmanaged:
    """An entry of the mapping that the caller declares buckets in, or of this module's own list."""
    text = (
        f"{variable}:\n  {name}:\n    region: {live.region}\n"
        if variable
        else f"- name: {name}\n  region: {live.region}\n"
    )
    return Unmanaged(bucket_resource(name), text, file)
