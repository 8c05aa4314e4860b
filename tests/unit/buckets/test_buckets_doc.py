"""Every setting of a bucket is an option of dm_buckets, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

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


# The variables of its version 5.15.4 (variables.tf), which the page says are all there.
INPUTS = """
acceleration_status access_log_delivery_policy_source_accounts access_log_delivery_policy_source_buckets
access_log_delivery_policy_source_organizations acl allowed_kms_key_arn analytics_configuration
analytics_self_source_destination analytics_source_account_id analytics_source_bucket_arn
attach_access_log_delivery_policy attach_analytics_destination_policy attach_cloudtrail_log_delivery_policy
attach_deny_incorrect_encryption_headers attach_deny_incorrect_kms_key_sse attach_deny_insecure_transport_policy
attach_deny_ssec_encrypted_object_uploads attach_deny_unencrypted_object_uploads attach_elb_log_delivery_policy
attach_inventory_destination_policy attach_lb_log_delivery_policy attach_policy attach_public_policy
attach_require_latest_tls_policy attach_waf_log_delivery_policy availability_zone_id block_public_acls
block_public_policy bucket bucket_namespace bucket_prefix control_object_ownership cors_rule create_bucket
create_metadata_configuration data_redundancy expected_bucket_owner force_destroy grant ignore_public_acls
intelligent_tiering inventory_configuration inventory_self_source_destination inventory_source_account_id
inventory_source_bucket_arn is_directory_bucket lb_log_delivery_policy_source_organizations lifecycle_rule
location_type logging metadata_encryption_configuration metadata_inventory_table_configuration_state
metadata_journal_table_record_expiration metadata_journal_table_record_expiration_days metric_configuration
object_lock_configuration object_lock_enabled object_ownership owner policy putin_khuylo region
replication_configuration request_payer restrict_public_buckets server_side_encryption_configuration
skip_destroy_public_access_block tags transition_default_minimum_object_size type versioning website
"""


def test_the_table_beside_terraforms_module_names_each_of_its_inputs_once():
    page = (Path(__file__).parents[3] / "docs/buckets.md").read_text()
    rows = page.split("## Beside terraform-aws-modules/s3-bucket")[1].splitlines()
    named = [word for row in rows if row.startswith("|") for word in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(INPUTS.split())
