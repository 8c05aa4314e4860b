"""A replicated bucket of the shared estate, and how a test that wrote there leaves it."""

from __future__ import annotations

from local_aws.control import Control

SOURCE = "digitalmarketplace-documents-preview-preview"
COPY = "digitalmarketplace-cross-region-documents-preview-preview"


def emptied(estate: Control, prefix: str = "") -> None:
    """Without any version in the source or the replica, where one side alone would be a finding of the next audit."""
    estate.settle()
    for name, region in ((SOURCE, "eu-west-1"), (COPY, "eu-west-2")):
        s3 = estate.client("s3", "development", region)
        listed = s3.list_object_versions(Bucket=name, Prefix=prefix)
        for one in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
