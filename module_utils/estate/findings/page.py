"""What a run's page shows, worked out of what the run stored: the template only lays it out. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.module_utils.estate.effects.together import TOGETHER
from ansible.module_utils.estate.findings.accepted import unused
from ansible.module_utils.estate.findings.collect import verbs_of
from ansible.module_utils.estate.findings.finding import Finding
from ansible.module_utils.estate.findings.since import Since
from ansible.module_utils.estate.findings.written import anchor, where

LONGEST_DIFF = 120  # lines; the JSON beside the page has all of it
MOST_ROWS = 100  # of a table: of an estate of any size the page stays below 200 kB
LARGEST_PICTURE = 90_000  # characters: of a page that is read in ten seconds
_COLUMNS = ("seconds", "age_seconds", "at", "expected", "seen", "why")
TITLES = {"audit": "Audit", "proof": "Proof", "plan": "Plan", "run": "Run", "verify-assets": "Proof of assets"}


def view(
    report: Mapping[str, Any], found: Sequence[Finding], since: Since, unseen: Sequence[str],
    proved_before: Sequence[Mapping[str, Any]], diff: Callable[[Any], str], store: str,
) -> dict[str, Any]:  # fmt: skip
    open_ = [one for one in found if one.state == "open"]
    new = [one for one in open_ if one.id in since.new or one.id in since.wider]
    proofs: dict[str, dict[str, Any]] = {}
    for run in (report, *proved_before):  # the newest of each purpose
        for part in proofs_of(run):
            proofs.setdefault(part["purpose"], part)
    kind = next((title for name, title in TITLES.items() if store.startswith(name)), store.capitalize())
    return {
        "report": {"accounts": {}, "callers": {}, "versions": {}, "seconds": None, **report},
        "title": f"{kind} of {report['inventory']}",
        "since": since,
        "new": new,
        "urgent": sum(one.severity in ("critical", "high") for one in new),
        "open": [one for one in open_ if one not in new],
        "accepted": [one for one in found if one.state == "accepted"],
        "unused": unused(found, report.get("accepted", ())),
        "unseen": unseen,
        "changes": changes(report, diff),
        "means": effects(report),
        "proofs": list(proofs.values()),
        "proved": sum(part["proved"] for part in proofs.values()),
        "tried": sum(part["total"] for part in proofs.values()),
        "missed": sum(part["failed"] for part in proofs.values()),
        "most": MOST_ROWS,
        "tables": {name: rows for name, rows in report.get("tables", {}).items() if rows and name != "findings"},
        "picture": report.get("picture", "") if len(report.get("picture", "")) < LARGEST_PICTURE else "",
        "status": status(report, open_, since),
        "where": where,
        "anchor": anchor,
    }


def status(report: Mapping[str, Any], open_: Sequence[Finding], since: Since) -> str:
    """good, look or bad: the colour of the first line, never its only word."""
    if report["failures"] or any(one.severity in ("critical", "high") and one.kind != "able" for one in open_):
        return "bad"
    return "look" if since.new or report["pending"] or any(one.severity == "medium" for one in open_) else "good"


def proofs_of(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """By purpose: what was proved of each host, with the columns that any of the rows has."""
    by_purpose: dict[str, list[dict[str, Any]]] = {}
    for host, plans in sorted(report["plans"].items()):
        for purpose, plan in plans.items():
            rows = [{"host": host, **proof} for proof in plan.get("proofs", ())]
            by_purpose.setdefault(purpose, []).extend(rows)
    return [
        {
            "purpose": purpose,
            "when": report["started"],
            "columns": [name for name in _COLUMNS if any(row.get(name) not in (None, "") for row in rows)],
            "rows": sorted(rows, key=lambda row: (row["verdict"] == "proved", row["host"], str(row["subject"]))),
            "total": len(rows),
            "failed": sum(row["verdict"] == "failed" for row in rows),
            "proved": sum(row["verdict"] == "proved" for row in rows),
        }
        for purpose, rows in by_purpose.items()
        if rows
    ]


def effects(report: Mapping[str, Any]) -> list[str]:
    told = [
        f"{host}: {line}"
        for host, plans in sorted(report["plans"].items())
        for plan in plans.values()
        for line in plan.get("effects", ())
    ]
    return [*(f"{TOGETHER}: {line}" for line in report.get("together", {}).get("effects", ())), *told]


def changes(report: Mapping[str, Any], diff: Callable[[Any], str]) -> list[dict[str, Any]]:
    """By host and purpose: what is new in a line, what differs as a diff for each resource."""
    found = [
        _changes(host, purpose, plan.get("diff", ()), plan, diff)
        for host, plans in sorted(report["plans"].items())
        for purpose, plan in plans.items()
        if plan.get("actions") or plan.get("diff")
    ]
    return found + [
        _changes(task["host"], task["task"].rpartition(" : ")[2], task["diff"], {}, diff) for task in report["tasks"]
    ]


def _changes(
    host: str, purpose: str, diffs: Sequence[Mapping[str, Any]], plan: Mapping[str, Any], diff: Callable[[Any], str]
) -> dict[str, Any]:
    verbs = verbs_of(plan)
    new = [named(one) for one in diffs if is_new(one, verbs)]
    shown = [(named(one), shortened(diff([one]))) for one in diffs if not is_new(one, verbs)]
    told = {*new, *(name for name, _ in shown)}
    other = [
        name for name in dict.fromkeys(action["resource"] for action in plan.get("actions", ())) if name not in told
    ]
    failed = [one for one in plan.get("outcomes", ()) if one["why"]]
    return {"host": host, "purpose": purpose, "new": kinds(new), "changed": shown, "other": other, "failed": failed}


def is_new(one: Mapping[str, Any], verbs: Mapping[str, str]) -> bool:
    """Also of what is always there and was never set, such as an account's password policy.

    A side without any of the keys that differ says nothing of whether the resource was there; what is done to it does.
    """
    before = one.get("before")
    unset = isinstance(before, Mapping) and bool(before) and all(value is None for value in before.values())
    return unset or (not before and bool(one.get("after")) and verbs.get(named(one)) in (None, "add"))


def named(one: Mapping[str, Any]) -> str:
    """The resource's name, or the file's."""
    header = str(one.get("before_header") or one.get("after_header") or "text")
    return Path(header).name if header.startswith("/") else header


def kinds(names: Iterable[str]) -> list[tuple[str, list[str]]]:
    """["log group a", "log group b", "nginx.conf"] as [("log group", ["a", "b"]), ("", ["nginx.conf"])]."""
    by_kind: dict[str, list[str]] = {}
    for name in names:
        kind, _, rest = name.rpartition(" ")
        by_kind.setdefault(kind, []).append(rest)
    return list(by_kind.items())


def shortened(text: str) -> str:
    lines = text.splitlines()
    more = len(lines) - LONGEST_DIFF
    return "\n".join([*lines[:LONGEST_DIFF], f"… {more} more lines, in the JSON of this run"] if more > 0 else lines)
