"""The credentials repo's files: data, and mistakes told by their place rather than by what stands there."""

from __future__ import annotations

import pytest
from credentials_file import FilterModule

read = FilterModule().filters()["credentials_file"]
SECRET = "the-secret-itself"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"token: [{SECRET}\n", "is no YAML at line 2, column 1"),
        (f"a: b\n\t{SECRET}: x\n", "is no YAML at line 2, column 1"),
        (f"a: {SECRET}\na: {SECRET}\n", "is no YAML at line 2, column 1 (the same name stands there twice)"),
        (f"users:\n  - {{name: {SECRET}, until: 2026-02-30}}\n", "is no YAML at line 2, column "),
        (f"a: {SECRET}: b\n", "is no YAML at line 1, column "),
        (f"a: !python/object:os.system {SECRET}\n", "is no YAML at line 1, column 4"),
        (f"a: *{SECRET}\n", "is no YAML at line 1, column 4"),
        (f'a: "{SECRET}\n', "is no YAML at line"),
        ("a: \x00\n", "is no YAML: it has characters that YAML does not allow"),
        ("", "is empty or no mapping"),
        ("- a\n", "is empty or no mapping"),
        ("--- {a: 1}\n--- {b: 2}\n", "is no YAML at line 2, column 1"),
        (f"a: !vault {SECRET}\n", "is no YAML at line 1, column 4 (no value of ansible-vault)"),
        (
            "documents_s3_ulr: x\n",
            "has the unknown name 'documents_s3_ulr'; allowed are documents_s3_url; did you mean",
        ),
    ],
)
def test_a_mistake_has_a_place_and_shows_no_value(text, said):
    found = read(text, ["documents_s3_url", "a", "token", "users"][:1] if "ulr" in text else [])
    assert found["problem"].startswith(said)
    assert found["vars"] == {}
    assert SECRET not in found["problem"]


def test_what_looks_like_a_template_is_text():
    assert read("a: '{{ 7*7 }}'\n")["vars"] == {"a": "{{ 7*7 }}"}


def test_what_sops_encrypted_is_no_data():
    text = 'users: ["ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]"]\nsops: {mac: "ENC[x]", version: 3.9.0}\n'

    found = FilterModule().filters()["credentials_file"](text, ["users"])

    assert found["vars"] == {}
    assert found["problem"].startswith("is encrypted by sops, which nothing here opens")
