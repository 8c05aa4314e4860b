from __future__ import annotations

import pytest

from tests.support.secrets import found


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE KEY-----",
        "$ANSIBLE_VAULT;1.1;AES256",
        "aws_secret_access_key = wJalr",
        '"SecretAccessKey": "wJalr"',
        "the password is hunter22",
    ],
)
def test_what_looks_like_a_secret_or_is_a_known_one_is_found(text):
    assert found(f"ok: [preview] {text} and more", {"hunter22"})


def test_ids_and_arns_are_none():
    assert found("AKIAIOSFODNN7EXAMPLE arn:aws:iam::111111111111:user/ada.example", {"hunter22"}) == []
