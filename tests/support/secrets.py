"""Secrets that must be in no output: every playbook that a test runs is looked through for them (tests/conftest.py)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
# Whatever looks like one, whoever's it is. ASIA… and AKIA… are ids and say nothing by themselves.
SHAPES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\$ANSIBLE_VAULT;"
    r"|aws_secret_access_key\s*=\s*\S+|\"SecretAccessKey\": \"[^\"V]"
)


def known(aws: Any) -> set[str]:
    """The embedded AWS's own keys and tokens, and what the example's credentials repo has as secret."""
    # Of the keys of a kind by account, or of the one key of a kind.
    each = [key for kind in aws.keys.values() for key in (kind.values() if isinstance(kind, dict) else [kind])]
    keys = {part for key in each for part in key[1:] if part}
    files = (ROOT / "credentials.example/vars").glob("*.yml")
    said = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]
    secret = {value for one in said for name in ("passwords", "secrets") for value in one.get(name, {}).values()}
    return {*keys, *map(str, secret)}


def found(text: str, secrets: set[str]) -> list[str]:
    """What stands in the text that should not, shortened."""
    return [f"{one[:24]}…" for one in secrets if one in text] + [one[:24] for one in SHAPES.findall(text)]
