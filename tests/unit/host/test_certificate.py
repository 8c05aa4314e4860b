from __future__ import annotations

from datetime import UTC, datetime

from ansible.module_utils.estate.host.certificate.plan import choose, plan, records

DOMAIN = "ci.marketplace.example"


def certificate(arn="new", status="ISSUED", day=2, **changes):
    return {
        "CertificateArn": arn,
        "DomainName": DOMAIN,
        "SubjectAlternativeNames": [DOMAIN],
        "Status": status,
        "Type": "AMAZON_ISSUED",
        "CreatedAt": datetime(2026, 1, day, tzinfo=UTC),
        **changes,
    }


def test_an_issued_one_wins_over_a_pending_one_and_the_newest_over_older_ones():
    pending, old, new = certificate("pending", "PENDING_VALIDATION", 9), certificate("old", day=1), certificate("new")
    assert choose([pending, old, new], DOMAIN, [])["CertificateArn"] == "new"
    assert choose([pending], DOMAIN, [])["CertificateArn"] == "pending"


def test_one_that_failed_was_imported_or_has_other_names_is_not_ours():
    others = [
        certificate(status="FAILED"),
        certificate(Type="IMPORTED"),
        certificate(SubjectAlternativeNames=[DOMAIN, "other.example"]),
        certificate(DomainName="other.example"),
    ]
    assert choose(others, DOMAIN, []) is None


def test_one_is_requested_only_where_there_is_none():
    assert not plan("certificate", "main", certificate(), DOMAIN, [], {}).actions
    (action,) = plan("certificate", "main", None, DOMAIN, ["www.marketplace.example"], {"Name": "jenkins"}).actions
    assert action.method == "acm.request_certificate"
    assert action.params["ValidationMethod"] == "DNS"
    assert action.params["SubjectAlternativeNames"] == ["www.marketplace.example"]
    assert len(action.params["IdempotencyToken"]) == 32


def test_records_are_told_once_each():
    record = {"Name": "_a.example.", "Type": "CNAME", "Value": "_b.aws."}
    options = [{"ResourceRecord": record}, {"ResourceRecord": dict(record)}, {"ValidationStatus": "PENDING_VALIDATION"}]
    assert records(certificate(DomainValidationOptions=options), DOMAIN, []) == [
        {"name": "_a.example.", "type": "CNAME", "value": "_b.aws."}
    ]


def test_a_certificate_to_come_has_as_many_records_as_it_will_have():
    assert len(records(None, DOMAIN, ["*." + DOMAIN, "www.marketplace.example"])) == 2
