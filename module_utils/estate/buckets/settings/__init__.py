"""Every setting of a bucket, in the order in which a bucket gets them: a file here is a setting."""

from __future__ import annotations

import importlib
import os
import pkgutil

from ansible.module_utils.estate.buckets.setting import Bucket, Setting

SETTINGS: tuple[Setting, ...] = tuple(
    sorted(
        (importlib.import_module(f"{__name__}.{found.name}").SETTING for found in pkgutil.iter_modules(__path__)),
        key=lambda setting: (setting.order, setting.name),
    )
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
# Ansible packs what is imported by name: of a folder's settings a packed module has some, and passes over the others.
WHOLE = os.path.isdir(__path__[0])


def to_read(bucket: Bucket) -> list[Setting]:
    """The settings whose live state the plan needs: the declared ones, and what guards them."""
    needed = {setting.name for setting in SETTINGS if bucket.get(setting.name) is not None}
    if bucket.get("mfa_delete") is not None or bucket.get("lifecycle"):
        needed.add("versioning")  # the same answer says whether MFA delete is on
    if bucket.get("versioning") is False:
        needed.add("replication")  # a replication source must not lose its versioning
    return [setting for setting in SETTINGS if setting.name in needed]
