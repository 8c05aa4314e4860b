"""Texts of any length, names of any letters, and what means the same."""

from __future__ import annotations

import pytest
from ansible.module_utils.estate.dns.records import from_aws, meaning, name_of, quoted, rdata, text_of, to_aws
from hypothesis import given
from hypothesis import strategies as st


def test_a_long_text_is_split_at_255_bytes_and_nothing_is_put_between():
    key = "v=DKIM1; k=rsa; p=" + "A" * 400
    value = quoted(key)
    assert value == f'"{key[:255]}" "{key[255:]}"'
    assert rdata("TXT", value) == key.encode()


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=600))
def test_every_text_comes_back_as_it_was(text):
    assert text_of("TXT", quoted(text)) == text


def test_route_53_escapes_in_octal():
    assert quoted("caf\u00e9") == r'"caf\303\251"'
    assert from_aws(r"\052.shop.example.") == r"\042.shop.example."
    assert to_aws(r"\042.x") == r"\052.x"
    assert name_of(r"\052.Shop.example") == "*.shop.example."
    assert from_aws(r"a\\052") == r"a\\052"  # a backslash, then three digits


def txt(*values, ttl=60):
    return {"Name": "x.", "Type": "TXT", "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values]}


def test_where_a_text_is_split_changes_nothing_and_a_space_does():
    assert meaning(txt('"ab" "cd"')) == meaning(txt('"abcd"'))
    assert meaning(txt('"ab " "cd"')) != meaning(txt('"abcd"'))
    assert meaning(txt('"a"', '"b"')) == meaning(txt('"b"', '"a"'))
    assert meaning(txt('"a"', ttl=61)) != meaning(txt('"a"'))


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("MX", "10 Mail.Example.", "10 mail.example"),
        ("AAAA", "2001:DB8:0::1", "2001:db8::1"),
        ("CNAME", "X.example.", "x.example."),
    ],
)
def test_spelling_changes_nothing(kind, one, other):
    assert rdata(kind, one) == rdata(kind, other)


def test_the_console_writes_dualstack_before_a_load_balancer():
    def alias(name):
        return {"Name": "x.", "Type": "A", "AliasTarget": {"DNSName": name, "HostedZoneId": "Z1"}}

    assert meaning(alias("dualstack.web-1.eu-west-1.elb.amazonaws.com.")) == meaning(
        alias("web-1.eu-west-1.elb.amazonaws.com")
    )
