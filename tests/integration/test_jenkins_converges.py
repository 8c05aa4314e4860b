"""Jenkins' own roles carry the main job out: a call that they lack is refused here, as on the real AWS."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support import as_jenkins

pytestmark = pytest.mark.slow


@pytest.fixture(name="as_jenkins")
def _as_jenkins(converged_estate, tmp_path):
    return as_jenkins.environment(converged_estate, tmp_path)


def test_the_keys_are_those_of_jenkins_and_of_the_roles_that_it_assumes(converged_estate, as_jenkins, monkeypatch):
    for name, value in {**converged_estate.env, **as_jenkins}.items():
        monkeypatch.setenv(name, value)
    for account, role in (("", "jenkins"), ("-development", "infrastructure"), ("-backups", "infrastructure")):
        session = boto3.Session(profile_name=f"digitalmarketplace{account}")
        assert f":assumed-role/{role}/" in session.client("sts").get_caller_identity()["Arn"]


def refusals(aws, since: int) -> list[tuple[str, str]]:
    return [(call["service"], call["operation"]) for call in aws.calls(since) if call["status"] in {401, 403}]


def test_the_buckets_are_planned_and_mended_by_jenkins(converged_estate, as_jenkins):
    s3 = converged_estate.client("s3", "development")
    s3.delete_bucket_lifecycle(Bucket="digitalmarketplace-dev-uploads")
    s3.delete_bucket_replication(Bucket="digitalmarketplace-documents-preview-preview")
    since = len(converged_estate.calls())
    done = converged_estate.playbook("converge_buckets.yml", env=as_jenkins)

    assert (done.rc, refusals(converged_estate, since)) == (0, []), done.output[-4000:]
    assert s3.get_bucket_replication(Bucket="digitalmarketplace-documents-preview-preview")
    again = converged_estate.playbook("converge_buckets.yml", check=True, env=as_jenkins)
    assert [
        plans["buckets"]["actions"] for plans in again.report["plans"].values() if plans["buckets"]["actions"]
    ] == []


def test_the_zones_are_made_and_kept_by_jenkins_and_no_other(converged_zones, as_jenkins, monkeypatch):
    made = converged_zones.made_by["converge_dns"]
    assert {"CreateHostedZone", "RequestCertificate"} <= {call["operation"] for call in made}
    assert [call["operation"] for call in made if call["status"] in {401, 403}] == []
    since = len(converged_zones.calls())
    for playbook in ("converge_dns.yml", "verify_dns.yml"):
        done = converged_zones.playbook(playbook, env=as_jenkins)
        assert (done.rc, refusals(converged_zones, since)) == (0, []), done.output[-4000:]
    admin = converged_zones.client("route53", "development")
    other = admin.create_hosted_zone(Name="other.example", CallerReference="x")["HostedZone"]["Id"]
    try:
        for name, value in {**converged_zones.env, **as_jenkins}.items():
            monkeypatch.setenv(name, value)
        route53 = boto3.Session(profile_name="digitalmarketplace-development").client("route53")
        record = {"Name": "www.other.example", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
        changes = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        with pytest.raises(ClientError, match="AccessDenied"):
            route53.change_resource_record_sets(HostedZoneId=other, ChangeBatch=changes)
        with pytest.raises(ClientError, match="AccessDenied"):
            route53.delete_hosted_zone(Id=other)
    finally:
        admin.delete_hosted_zone(Id=other)


def test_the_estate_is_audited_by_jenkins(converged_estate, as_jenkins):
    since = len(converged_estate.calls())
    done = converged_estate.playbook("audit_estate.yml", "--skip-tags", "assets_router", check=True, env=as_jenkins)

    assert (done.rc, refusals(converged_estate, since)) == (0, []), done.output[-4000:]
