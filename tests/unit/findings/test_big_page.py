"""The page of an unchanged night, of an estate ten times as large as this one."""

from __future__ import annotations

from ansible.module_utils.estate.findings import keep
from ansible.module_utils.estate.findings.collect import collect
from dm_report import CallbackModule, render

from tests.unit.findings.test_finding_values import plan, report

HOSTS = [f"account-{number}" for number in range(40)]
OFF = "MFA delete is declared but off; only the root user can switch it on"


def plans(host):
    drift = [f"digitalmarketplace-documents-{host}-{number}: {OFF}" for number in range(30)]
    proofs = [
        {"subject": f"replication of documents-{host}-{number} into documents-{host}-{number}-copy",
         "verdict": "proved", "why": "", "seconds": 2.4, "at": "2026-11-26T03:10:00+00:00"}
        for number in range(20)
    ]  # fmt: skip
    return {"buckets": plan(drift=drift), "replication proof": plan(proofs=proofs)}


def test_it_stays_small_and_says_what_it_leaves_out(tmp_path, monkeypatch):
    monkeypatch.delenv("DM_RUNS", raising=False)
    made = report(started="2026-11-26T03:00:00+00:00", plans={host: plans(host) for host in HOSTS})
    row = dict.fromkeys(("add", "change", "remove", "unmanaged", "failed"), 0)
    made |= {"summary": dict.fromkeys(HOSTS, row), "looked_at": HOSTS, "left_out": {host: [] for host in HOSTS}}
    who = [f"person{number}.example" for number in range(8)]
    reached = [{"account": "main", "role": f"role-{n}", "through": "group Admins", "who": who} for n in range(300)]
    routes = [{"url": f"https://assets.example/x/{n}", "bucket": f"documents-{n}"} for n in range(400)]
    made |= {"tables": {"findings": [], "Who reaches which role": reached, "Which URL leads where": routes}}
    made["findings"] = [one.as_dict() for one in collect(made)]

    keep.store({"dm_plan": made}, tmp_path / "audit-production.json", None, CallbackModule()._page_diff, render)

    text = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert len(text.encode()) < 200_000
    assert "800 of 800 proved, last 2026-11-26 03:00." in text
    assert "and 700 more, in the JSON beside this page" in text
    assert "and 300 more, in the JSON beside this page" in text


def test_what_is_not_proved_is_said_beside_what_is(tmp_path, monkeypatch):
    monkeypatch.delenv("DM_RUNS", raising=False)
    verdicts = ["proved"] * 3 + ["failed"] * 2 + ["waiting"]
    proofs = [{"subject": f"s{n}", "verdict": one, "why": "no answer"} for n, one in enumerate(verdicts)]
    made = report(started="2026-11-26T03:00:00+00:00", plans={"preview": {"dns proof": plan(proofs=proofs)}})
    made["findings"] = []

    keep.store({"dm_plan": made}, tmp_path / "audit-preview.json", None, CallbackModule()._page_diff, render)

    text = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "3 of 6 proved, last 2026-11-26 03:00; 2 failed; 1 not yet." in text
