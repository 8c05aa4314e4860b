"""docs/permissions.md, made from the calls that playbooks were seen to make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
HEAD = """# Permissions, by playbook

What each playbook asked of AWS where a test ran it on the embedded AWS: the converges from nothing, so what makes
things; the audit in check mode, which writes nothing. What mends and takes away is not among it, and stands with its
reason in `inventories/common/group_vars/all/access.yml`, which has the policy of the pipeline's role. A test fails
where it sees a call that this page lacks, and writes it anew where `DM_PERMISSIONS=yes` is set:
`pytest tests/policy/test_least_privilege.py -k page`.
"""
_READS = ("Get", "List", "Describe", "Lookup", "Filter", "Simulate", "Generate", "Receive")


def page(seen: Mapping[str, Iterable[str]]) -> str:
    """seen: playbook -> permissions ("s3:GetBucketPolicy")."""
    parts = [HEAD]
    for playbook, permissions in seen.items():
        parts.append(f"\n## {playbook}\n\n| | service | permissions |\n|---|---|---|\n")
        rows: dict[tuple[str, str], list[str]] = {}
        for one in sorted(permissions):
            service, _, name = one.partition(":")
            rows.setdefault(("reads" if name.startswith(_READS) else "writes", service), []).append(name)
        parts += [f"| {verb} | {service} | {', '.join(names)} |\n" for (verb, service), names in sorted(rows.items())]
    return "".join(parts)


def said(text: str) -> dict[str, set[str]]:
    """The page, read back."""
    found: dict[str, set[str]] = {}
    for title, body in re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", text, re.M | re.S):
        rows = re.findall(r"^\| (?:reads|writes) \| (\S+) \| (.+) \|$", body, re.M)
        found[title] = {f"{service}:{name}" for service, names in rows for name in names.split(", ")}
    return found
