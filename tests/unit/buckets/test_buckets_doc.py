"""Every setting of a bucket is an option of dm_buckets, and the other way round."""

from __future__ import annotations

import dm_buckets
import pytest
import yaml
from ansible.module_utils.estate.buckets.settings import SETTINGS

DOCUMENTED = yaml.safe_load(dm_buckets.DOCUMENTATION)["options"]["buckets"]["suboptions"]
BESIDE = {
    "name",
    "region",
    "mfa_delete",
    "own",
    "keep_statements",
    "keep_lifecycle_rules",
    "purge_tags",
    "ignored_tags",
}


def test_the_settings_are_what_is_documented():
    assert {setting.name for setting in SETTINGS} == set(DOCUMENTED) - BESIDE


@pytest.mark.parametrize("text", [dm_buckets.EXAMPLES, dm_buckets.RETURN])
def test_examples_and_return_are_yaml(text):
    assert yaml.safe_load(text)
