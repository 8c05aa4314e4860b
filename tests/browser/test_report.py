"""The page that a run leaves under build/, as a person sees it."""

from __future__ import annotations

from pathlib import Path

import dm_report
import pytest
from dm_report import CallbackModule, reasons, together
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from selenium.webdriver.common.by import By

pytestmark = pytest.mark.slow
FAILURE = "Account production is 333333333333, but the credentials are for 222222222222; nothing was changed."
REPORT = {
    "inventory": "production",
    "check": True,
    "started": "2026-11-23T12:00:00+00:00",
    "seconds": 3.1,
    "pending": 2,
    "commits": {"project": "0123abc", "credentials": ""},
    "summary": {
        "production": {"add": 1, "change": 1, "remove": 0, "unmanaged": 1, "failed": 0},
        "production-account": {"add": 0, "change": 0, "remove": 0, "unmanaged": 0, "failed": 1},
    },
    "looked_at": ["production", "production-account"],
    "left_out": {"production": ["access"], "production-account": [], "staging": ["access", "buckets"]},
    "plans": {
        "production": {
            "buckets": {
                "notes": ["MFA delete of digitalmarketplace-documents-production-production is off; declared is on"],
                "diff": [
                    {
                        "before_header": "bucket x",
                        "after_header": "bucket x",
                        "before": "tags: {}\n",
                        "after": "tags: {Stage: <production>}\n",
                    }
                ],
                "actions": [{"verb": "change", "resource": "bucket x", "method": "s3.put_bucket_tagging"}],
                "outcomes": [
                    {"resource": "bucket x", "method": "s3.put_bucket_tagging", "status": "failed", "why": "no <more>"},
                    {"resource": "bucket z", "method": "s3.put_bucket_tagging", "status": "failed", "why": "elsewhere"},
                ],
                "unmanaged": [{"resource": "bucket y", "adopt": "buckets_standalone:\n  y: {}"}],
            }
        },
        "staging": {"buckets": {"notes": [], "diff": [], "actions": [], "outcomes": [], "unmanaged": []}},
    },
    "tasks": [{"host": "production", "task": "Make the address", "diff": []}],
    "failures": [{"host": "production-account", "task": "Stop unless …", "sentence": FAILURE}],
}


@pytest.fixture
def page(browser, tmp_path):
    folder = Path(dm_report.__file__).parent
    templates = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    text = templates.get_template("dm_report.html.j2").render(
        REPORT, diff=CallbackModule()._page_diff, together=together, reasons=reasons
    )
    (tmp_path / "plan.html").write_text(text, encoding="utf-8")
    browser.get((tmp_path / "plan.html").as_uri())
    return browser


def test_the_plan_is_readable_at_a_glance(page):
    assert page.find_element(By.TAG_NAME, "h1").text == "Plan of production"
    rows = [row.text for row in page.find_elements(By.TAG_NAME, "tr")]
    assert rows == ["host add change remove unmanaged failed", "production 1 1 0 1 0", "production-account 0 0 0 0 1"]
    headings = [heading.text for heading in page.find_elements(By.TAG_NAME, "h2")]
    assert headings == ["production: buckets", "production: Make the address"], "only where there is something to see"
    assert FAILURE in page.find_element(By.TAG_NAME, "body").text


def test_the_diff_shows_vars_as_text_and_never_as_markup(page):
    diff = page.find_element(By.TAG_NAME, "pre").text
    assert "+tags: {Stage: <production>}" in diff
    assert page.find_elements(By.CSS_SELECTOR, "pre .new")[-1].text == "+tags: {Stage: <production>}"


def test_calls_open_on_demand(page):
    calls = page.find_element(By.TAG_NAME, "details")
    assert not calls.find_element(By.TAG_NAME, "li").is_displayed()
    calls.find_element(By.TAG_NAME, "summary").click()
    assert calls.find_element(By.TAG_NAME, "li").text == "change bucket x: s3.put_bucket_tagging failed: no <more>"


def test_the_page_loads_nothing_and_logs_no_error(page):
    assert page.get_log("browser") == []
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
