"""Runs kept under build/report: the page of the newest, an index, and what the next is compared with."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.estate.findings import written
from ansible.module_utils.estate.findings.collect import unseen
from ansible.module_utils.estate.findings.page import view
from ansible.module_utils.estate.findings.since import Since, dated, findings_of, since

# The runs that say how the estate is; what apply plans once more is none.
KEPT = ("audit-", "plan-", "run-", "proof-", "prove-", "verify-")
MOST = 60  # runs that are kept
Render = Callable[[str, Mapping[str, Any]], str]  # the template's name and what it shows


def read(path: Path) -> dict[str, Any] | None:
    """A stored run, or None where it is none."""
    try:
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["dm_plan"]
        return report if {"plans", "findings", "started"} <= {*report} else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def green(report: Mapping[str, Any]) -> bool:
    """Fit to be compared with: nothing failed, and every host was looked at."""
    return not report["failures"] and {*report["left_out"]} <= {*report["looked_at"]}


def kept(runs: Path, store: str) -> Iterator[dict[str, Any]]:
    """The kept runs of this command and stage, the newest first; also those of DM_RUNS, which outlives a workspace."""
    folders = [runs, *([Path(os.environ["DM_RUNS"])] if os.environ.get("DM_RUNS") else [])]
    found = {path.name: path for folder in folders for path in folder.glob(f"{store}-2*.json")}
    for _, path in sorted(found.items(), reverse=True):
        if report := read(path):
            yield report


def base_of(report: Mapping[str, Any], path: Path, given: str) -> dict[str, Any] | None:
    """What the run is compared with: what was given, or the last green one of the same command and extent."""
    if given:
        return read(Path(given))
    same = ("limit", "tags")
    for one in kept(path.parent / "report" / "runs", path.stem):
        if green(one) and all(one.get(key) == report.get(key) for key in same) and one["started"] < report["started"]:
            return one
    return None


def proved_before(report: Mapping[str, Any], path: Path) -> list[dict[str, Any]]:
    """The newest runs that only prove, of the same stage: an audit writes nothing, and says what was proved last."""
    runs = path.parent / "report" / "runs"
    names = {file.stem[:-18] for file in runs.glob(f"*-{report['inventory']}-2*.json")}
    others = [name for name in names if name != path.stem and not name.startswith(("audit-", "plan-", "run-"))]
    found = [run for name in others if (run := next(kept(runs, name), None))]
    return sorted(found, key=lambda run: str(run["started"]), reverse=True)


def store(
    plan: Mapping[str, Any], path: Path, base: dict[str, Any] | None, diff: Callable[[Any], str], render: Render
) -> Since:
    """The run as JSON and its page beside it; a run with a time is kept, too, and its page is the one to open first.

    Plans that were made side by side have no time: they are the same bytes however many made them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(plan, indent=1, default=str)
    path.write_text(text + "\n", encoding="utf-8")
    report = json.loads(text)["dm_plan"]
    found = findings_of(report)
    timed = bool(report["started"])
    if timed:
        found = dated(base, report, found)
    then = since(base if timed else None, report, found)
    before = proved_before(report, path) if timed else []
    page = render("dm_report.html.j2", view(report, found, then, unseen(report), before, diff, path.stem))
    path.with_suffix(".html").write_text(page.replace('href="runs.html"', 'href="report/runs.html"'), encoding="utf-8")
    if not timed or not path.stem.startswith(KEPT) or path.stem.endswith("-now"):
        return then
    write_for_others(report, path, then)
    runs = path.parent / "report" / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    name = f"{path.stem}-{report['started'][:19].replace(':', '')}"
    report["findings"] = [one.as_dict() for one in found]
    _write(runs / f"{name}.json", report)
    if os.environ.get("DM_RUNS"):
        _write(Path(os.environ["DM_RUNS"]) / f"{name}.json", report)
    (runs / f"{name}.html").write_text(page.replace('href="runs.html"', 'href="../runs.html"'), encoding="utf-8")
    (runs.parent / "index.html").write_text(page, encoding="utf-8")
    _index(runs, render)
    return then


def _write(path: Path, report: Mapping[str, Any]) -> None:
    """Whole or not at all, and without the runs of the same command before the last sixty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"dm_plan": report}) + "\n", encoding="utf-8")
    part.replace(path)
    for old in sorted(path.parent.glob(f"{path.stem[:-17]}2*.json"))[:-MOST]:
        old.unlink()


def write_for_others(report: Mapping[str, Any], path: Path, then: Since) -> None:
    """What Jenkins, a code scanner and the SOC read, beside the run's JSON."""
    found = findings_of(report)
    version = report.get("commits", {}).get("estate", "")
    path.with_suffix(".junit.xml").write_text(written.junit(report, found, unseen(report)), encoding="utf-8")
    others = {".sarif": written.sarif(found, then, version), ".ocsf.json": written.ocsf(report, found, then)}
    for suffix, made in others.items():
        path.with_suffix(suffix).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def _index(runs: Path, render: Render) -> None:
    files = sorted(runs.glob("*.html"), key=lambda file: file.stem[-17:], reverse=True)
    for old in files[MOST:]:
        for suffix in (".html", ".json"):
            old.with_suffix(suffix).unlink(missing_ok=True)
    listed = [(file, read(file.with_suffix(".json"))) for file in files[:MOST]]
    rows = [
        {"file": f"runs/{file.name}", "store": file.stem[:-18], **_row(report)} for file, report in listed if report
    ]
    (runs.parent / "runs.html").write_text(render("dm_runs.html.j2", {"rows": rows}), encoding="utf-8")


def _row(report: Mapping[str, Any]) -> dict[str, Any]:
    found = findings_of(report)
    return {
        "started": report["started"],
        "seconds": report["seconds"],
        "open": sum(one.state == "open" for one in found),
        "pending": report["pending"],
        "failed": len(report["failures"]),
        "unseen": len(unseen(report)),
    }
