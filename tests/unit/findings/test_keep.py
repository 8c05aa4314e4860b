"""Which runs are kept, and what the next is compared with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.estate.findings import keep

from tests.unit.findings.test_finding_values import plan, report


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """stored("audit-preview", day, …) keeps a run, and returns what it is compared with first."""
    monkeypatch.delenv("DM_RUNS", raising=False)

    def store(name: str, day: int, **more: Any) -> dict[str, Any] | None:
        made = report(started=f"2026-11-{day:02}T03:00:00+00:00", findings=[], **more)
        path = tmp_path / f"{name}.json"
        base = keep.base_of(made, path, "")
        keep.store({"dm_plan": made}, path, base, lambda _: "", lambda _, shown: str(shown.get("proofs")))
        return base

    return store


def test_a_run_is_compared_with_the_last_green_one_of_its_own_command_and_extent(stored):
    failure = [{"host": "preview", "task": "t", "sentence": "no."}]
    assert stored("audit-preview", 1) is None
    assert stored("plan-preview", 2) is None
    stored("audit-preview", 3, failures=failure)
    stored("audit-preview", 4, left_out={"preview": [], "staging": ["buckets"]})
    stored("audit-preview", 5, limit="preview")

    assert stored("audit-preview", 6)["started"].startswith("2026-11-01")


def test_runs_of_another_folder_count_too_where_the_workspace_is_removed_every_night(stored, tmp_path, monkeypatch):
    monkeypatch.setenv("DM_RUNS", str(tmp_path / "home"))
    stored("audit-preview", 1)
    for file in (tmp_path / "report/runs").iterdir():
        file.unlink()

    assert stored("audit-preview", 2)["started"].startswith("2026-11-01")


def test_an_audit_shows_what_was_proved_last(stored, tmp_path):
    proved = plan(proofs=[{"subject": "newest dump", "verdict": "proved", "why": ""}])
    stored("prove-backups-preview", 1, plans={"preview": {"dumps": proved}})
    stored("proof-staging", 2, inventory="staging", plans={"staging": {"replication": proved}})
    stored("audit-preview", 3, plans={"preview": {"buckets": plan()}})

    page = (tmp_path / "report" / "index.html").read_text()
    assert "newest dump" in page
    assert "replication" not in page


def test_the_last_sixty_are_kept(stored, tmp_path, monkeypatch):
    monkeypatch.setattr(keep, "MOST", 3)
    for day in range(1, 8):
        stored("audit-preview", day)

    assert len(list((tmp_path / "report/runs").glob("*.html"))) == 3
    assert len(list((tmp_path / "report/runs").glob("*.json"))) == 3


def test_what_was_made_side_by_side_has_no_time_and_is_not_kept(tmp_path):
    made = report(started="", findings=[])
    keep.store({"dm_plan": made}, tmp_path / "plan-accounts.json", None, lambda _: "", lambda *_: "page")

    assert sorted(file.name for file in tmp_path.iterdir()) == ["plan-accounts.html", "plan-accounts.json"]
    assert json.loads((tmp_path / "plan-accounts.json").read_text())["dm_plan"] == made
