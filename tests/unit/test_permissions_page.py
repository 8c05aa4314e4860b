from __future__ import annotations

from tests.support.permissions_page import PAGE, page, said

SEEN = {"audit_estate": {"s3:GetBucketPolicy", "iam:ListUsers"}, "converge_buckets": {"s3:PutBucketPolicy"}}


def test_the_page_is_read_as_it_was_written():
    assert said(page(SEEN)) == SEEN
    assert "| reads | iam | ListUsers |" in page(SEEN)
    assert "| writes | s3 | PutBucketPolicy |" in page(SEEN)


def test_who_only_looks_writes_nothing():
    assert "| writes |" not in PAGE.read_text().partition("## audit_estate")[2].partition("## ")[0]
