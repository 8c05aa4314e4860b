"""The page that a run leaves under build/report, as a person sees it: on a phone, a laptop, in the dark, on paper."""

from __future__ import annotations

import base64
import copy
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.estate.findings import keep
from ansible.module_utils.estate.findings.accepted import judge
from ansible.module_utils.estate.findings.collect import collect
from ansible.module_utils.estate.review import svg
from dm_report import CallbackModule, render
from selenium.webdriver.common.by import By

from tests.unit.findings.test_finding_values import TODAY, accepted, change, plan, report

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
PICTURES = HERE.parents[1] / "docs" / "pictures"
FAILURE = "Account production is 333333333333, but the credentials are for 222222222222; nothing was changed."
MFA = "MFA delete is declared but off; only the root user can switch it on"
ACCOUNTS = {
    "preview": {"name": "development", "id": "222222222222"},
    "production": {"name": "production", "id": "333333333333"},
}
SVG = svg.page(1190, 1900, "who", "Who may go where", ['<text x="9" y="20">who</text>']).partition("\n")[2]
PAPER = rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]"
SHEET = {"width": 703, "height": 1032, "deviceScaleFactor": 1, "mobile": False}  # A4 without its margins
CUT = """
document.querySelectorAll('details').forEach(one => one.open = true);
return [...document.querySelectorAll('table')].filter(one => one.getBoundingClientRect().right > 703)
  .map(one => one.textContent.slice(0, 80));
"""
# Texts of one word in cells that take more than one line.
BROKEN = """
return [...document.querySelectorAll('th, td:first-child, td[class]')].filter(one => {
  const text = document.createRange();
  text.selectNodeContents(one);
  return /^\\w+$/.test(one.textContent) && text.getClientRects().length > 1;
}).map(one => one.textContent);
"""
GRANTS = [
    {"account": "main", "role": "admins", "through": "group Admins", "if": "MFA", "who": ["ada.example", "bob.example"]}
]


def night(started: str, **more: Any) -> dict[str, Any]:
    replicas = [
        {"subject": f"replication of {kind} into {kind}-copy", "verdict": "proved", "why": "", "seconds": 2.4}
        for kind in ("documents", "agreements")
    ]
    dumps = [{"subject": "newest dump", "verdict": "proved", "why": "", "at": "2026-11-26T03:10:00+00:00"}]
    buckets = plan(drift=[f"digitalmarketplace-documents-production-production: {MFA}"])
    plans = {
        "preview": {"buckets": plan(), "replication proof": plan(proofs=replicas), "dumps": plan(proofs=dumps)},
        "production": {"buckets": buckets},
    }
    row = {"add": 0, "change": 0, "remove": 0, "unmanaged": 0, "failed": 0}
    made = report(started=started, plans=plans, accounts=ACCOUNTS, versions={"boto3": "1.43.0"}, picture=SVG)
    made |= {"summary": {"preview": dict(row), "production": dict(row)}, "looked_at": ["preview", "production"]}
    made |= {"left_out": {"preview": [], "production": []}, "commits": {"estate": "0123abc" * 5}}
    made |= {"callers": {"preview": "arn:aws:sts::222222222222:assumed-role/infrastructure/jenkins"}}
    made |= {"tables": {"findings": [], "Who reaches which role": GRANTS}}
    return made | more


def bad(started: str) -> dict[str, Any]:
    made = night(started, pending=3)
    opened = change(
        "digitalmarketplace-agreements-production-production",
        before={"policy": {"Open": {"Principal": "*", "Note": "<script>alert(1)</script>"}}},
        after={"policy": {}},
        method="s3.put_bucket_policy",
    )
    new = change("digitalmarketplace-fresh-preview", before="", after={"tags": {"Stage": "<preview>"}}, verb="add")
    unmanaged = [{"resource": "user mallory", "adopt": "users:\n- name: mallory", "file": "vars/people.yml"}]
    made["plans"]["production"]["buckets"] |= {name: opened[name] for name in ("actions", "diff")} | {
        "unmanaged": unmanaged,
        "effects": ["anybody gains <all>"],
    }
    made["plans"]["preview"]["buckets"] |= new
    made["plans"]["preview"]["replication proof"]["proofs"][0] |= {
        "verdict": "failed",
        "why": "did not arrive in 900 s",
    }
    made["failures"] = [{"host": "production", "task": "Stop unless …", "sentence": FAILURE}]
    made["left_out"]["staging"] = ["buckets"]
    return made


def store(folder: Path, made: dict[str, Any], accepting: bool = False) -> Path:
    """As dm_report does, without Ansible."""
    made = copy.deepcopy(made)
    found = collect(made)
    if accepting:
        made["accepted"] = [accepted(one) for one in found if one.kind == "drift"]
        found = judge(found, made["accepted"], TODAY)
    made["findings"] = [one.as_dict() for one in found]
    path = folder / "audit-production.json"
    keep.store({"dm_plan": made}, path, keep.base_of(made, path, ""), CallbackModule()._page_diff, render)
    return folder / "report" / "index.html"


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    first, second, third = (f"2026-11-{day}T03:00:00+00:00" for day in (24, 25, 26))
    good, worse = tmp_path_factory.mktemp("good"), tmp_path_factory.mktemp("worse")
    store(good, night(first), accepting=True)
    store(worse, night(second))
    return {"unchanged": store(good, night(second), accepting=True), "bad": store(worse, bad(third))}


def show(browser, page: Path, wide: int = 1280, dark: bool = False) -> Any:
    # A window is never narrower than 500 px; an emulated device is.
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": wide, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    browser.get(page.as_uri())
    return browser


@pytest.fixture(scope="session")
def axe() -> str:
    if not shutil.which("npm"):
        pytest.skip("npm is not installed (Debian package npm)")
    if not (HERE / "node_modules" / "axe-core").is_dir():
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"npm ci failed in tests/browser: {done.stderr.strip()[-400:]}")
    return (HERE / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("wide", [390, 1280])
@pytest.mark.parametrize("which", ["unchanged", "bad", "runs"])
def test_it_is_accessible_by_wcag_aa(browser, pages, axe, which, wide, dark):
    page = pages["bad"].with_name("runs.html") if which == "runs" else pages[which]
    shown = show(browser, page, wide, dark)
    shown.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    shown.execute_script(axe)
    tags = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
    found = shown.execute_async_script(
        f"const done = arguments[arguments.length - 1]; axe.run({{runOnly: {tags}}}).then(done)"
    )

    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]] == []
    assert len(found["passes"]) > 15, "axe looked at the page"
    assert shown.execute_script("return document.documentElement.scrollWidth") <= wide, "nothing is cut off"


def test_the_first_screen_says_what_is_new_pending_and_proved_and_when(browser, pages):
    shown = show(browser, pages["unchanged"], 390)
    status = shown.find_element(By.CLASS_NAME, "status")
    assert status.text.splitlines() == [
        "Nothing new since 2026-11-24 03:00",
        "0 pending; 0 open, 1 accepted.",
        "3 of 3 proved, last 2026-11-25 03:00.",
    ]
    assert status.rect["y"] + status.rect["height"] < 900

    shown = show(browser, pages["bad"], 390)
    status = shown.find_element(By.CLASS_NAME, "status")
    assert status.text.startswith("1 failed; 5 new since 2026-11-25 03:00")
    assert "Not looked at, so nobody knows: staging" in status.text


def test_what_is_new_stands_first_and_says_all_that_it_takes_to_respond(browser, pages):
    shown = show(browser, pages["bad"])
    [heading] = [one for one in shown.find_elements(By.TAG_NAME, "h2") if one.text.startswith("New since")]
    rows = [one.text for one in shown.find_elements(By.CSS_SELECTOR, "details.finding > summary")]
    assert heading.text == "New since 2026-11-25 03:00"
    assert rows[0].startswith("high policy of bucket differs from what is declared")
    assert sum(MFA in row for row in rows) == 1, "it was there before, once, and below"
    one = shown.find_element(By.CSS_SELECTOR, "details.finding")
    one.find_element(By.TAG_NAME, "summary").click()
    for said in ("bin/estate converge STAGE=preview", "- finding: ", "docs/findings.md#change", "until:"):
        assert said in one.text


def test_a_new_resource_is_a_line_and_a_changed_one_opens(browser, pages):
    shown = show(browser, pages["bad"])
    text = shown.find_element(By.TAG_NAME, "main").text
    assert "new bucket: digitalmarketplace-fresh-preview" in text
    assert "Stage: <preview>" not in text
    assert "anybody gains <all>" in text
    diff = next(
        one
        for one in shown.find_elements(By.CSS_SELECTOR, "details > pre")
        if "Principal" in one.get_attribute("textContent")
    )
    assert "<script>alert(1)</script>" in diff.get_attribute("textContent"), "vars are text, never markup"


def test_it_is_one_file_that_needs_no_network_and_no_script(browser, pages):
    for page in pages.values():
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text
        assert len(text.encode()) < 200_000
        shown = show(browser, page)
        assert shown.get_log("browser") == []
        assert shown.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_it_prints_on_paper(browser, pages):
    show(browser, pages["bad"], dark=True)
    printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    assert printed.startswith(b"%PDF")
    sheets = {(round(float(wide)), round(float(high))) for wide, high in re.findall(PAPER, printed)}
    assert sheets == {(595, 842)}, "A4, upright, although the picture on a sheet of its own is not"
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    ink = browser.execute_script("return getComputedStyle(document.body).color")
    assert ink == "rgb(0, 0, 0)", "black on white, whatever the screen is"
    assert not browser.find_element(By.TAG_NAME, "nav").is_displayed()
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", SHEET)
    assert browser.execute_script(CUT) == [], "all tables fit the sheet"
    assert browser.execute_script(BROKEN) == [], "no word of a verdict or a heading is broken"
    show(browser, pages["bad"], 390).execute_script(CUT)
    assert browser.execute_script(BROKEN) == [], "nor on a phone"
    assert browser.find_element(By.CSS_SELECTOR, ".picture svg").rect["height"] < 1000, "it fits a sheet"


def test_every_run_is_kept_and_listed(browser, pages):
    shown = show(browser, pages["bad"].with_name("runs.html"))
    links = shown.find_elements(By.CSS_SELECTOR, "td a, th a")
    assert len(links) == 2
    links[-1].click()
    assert shown.find_element(By.TAG_NAME, "h1").text == "Audit of preview"


@pytest.mark.parametrize(("name", "which", "wide", "dark"), [
    ("report", "bad", 1280, False), ("report-unchanged", "unchanged", 1280, True), ("report-phone", "bad", 390, False),
])  # fmt: skip
def test_the_docs_show_what_it_looks_like(browser, pages, name, which, wide, dark):
    """DM_PICTURES=yes takes the pictures anew."""
    shown = show(browser, pages[which], wide, dark)
    taken = shown.get_screenshot_as_png()
    if os.environ.get("DM_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        (PICTURES / f"{name}.png").write_bytes(taken)
    assert taken.startswith(b"\x89PNG")
    assert (PICTURES / f"{name}.png").is_file()
