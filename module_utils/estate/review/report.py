"""All that a review of access tells: its findings, what was judged of the invariants, its files and its table. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible.module_utils.estate import people as listed
from ansible.module_utils.estate.ahead import ahead
from ansible.module_utils.estate.effects.invariants import Judged, judge
from ansible.module_utils.estate.evaluator.composed import Estate, Lives
from ansible.module_utils.estate.review import lines, review
from ansible.module_utils.estate.review.credentials import finding
from ansible.module_utils.estate.review.findings import ordered
from ansible.module_utils.estate.review.picture import picture
from ansible.module_utils.estate.review.ways import ways


class Report(NamedTuple):
    findings: list[dict[str, str]]
    judged: list[Judged]
    files: dict[str, str]  # contents by name
    ways: list[dict[str, Any]]  # who reaches which role
    table: str  # for a terminal; "" where its width is 0


def report(
    lives: Lives,
    now: str,
    people: Mapping[str, Any] | None = None,
    groups: Mapping[str, Mapping[str, Any]] | None = None,
    key_days: int = 90,
    administrators: list[str] | None = None,
    invariants: Sequence[Mapping[str, Any]] = (),
    main: str = "main",
    width: int = 0,
    colour: bool = False,
) -> Report:
    """Raises Refusal where a policy that is attached was not read, or an invariant is not said as they are."""
    groups = groups or {}
    judging = ahead(_judged, lives, now, invariants) if invariants else list
    everyone = [name for name, group in groups.items() if group.get("everyone") is True]
    until = listed.ends(listed.read(people, groups)) if people else {}
    found = review(lives, now, until, key_days=key_days, everyone=everyone, administrators=administrators)
    judged = judging()
    broken = [one for one in judged if one.verdict != "proved"]
    told = [finding("invariant", "all", one.name, f"{one.verdict}: {one.why}") for one in broken]
    found = found._replace(findings=ordered([*found.findings, *told]))
    files = {
        "access.csv": lines.written(found.grants, lines.COLUMNS["grants"]),
        "access_findings.csv": lines.written(found.findings, lines.COLUMNS["findings"]),
        "access_buckets.csv": lines.written(found.buckets, lines.COLUMNS["buckets"]),
        "access.svg": picture(found, lives, main, f"Who can reach which role, {now[:10]}"),
    }
    data = {name: value for name, value in found._asdict().items() if name != "findings"}
    written = {"at": now, "review": data, "findings": found.findings}
    files["access.json"] = json.dumps(written, indent=1, sort_keys=True, ensure_ascii=False)
    shown = _table(found, width, colour, main) if width else ""
    return Report(found.findings, judged, files, ways(found.grants, main), shown)


def _judged(lives: Lives, now: str, invariants: Sequence[Mapping[str, Any]]) -> list[Judged]:
    return judge(invariants, Estate(lives, now=now), whole=True)


def _table(*of: Any) -> str:
    from ansible.module_utils.estate.review.table import table  # whoever shows none need not wait for rich

    return table(*of)
