"""The access review's picture in a real browser, with sixty people in it: on a laptop, on a phone and on paper."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from ansible.module_utils.estate.review import review
from ansible.module_utils.estate.review.picture import picture

from tests.support.access_world import MFA, NOW, World, allow, arn, root, trust

ROLES = [(account, role) for account in ("development", "production", "backups") for role in ("admins", "developers")]


def sixty() -> World:
    made = World()
    for place, role in enumerate(ROLES):
        made.role(*role, trust(root("main"), Condition=MFA))
        made.group(f"Group{place}", {"p": allow(arn(*role))})
    for number in range(60):
        made.user(f"person{number:02}.example", *{f"Group{number % 6}", f"Group{number % 4}"})
    made.user("a.very.long.name-of.somebody@department.example", "Group1")
    return made


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    made = sixty()
    written = tmp_path_factory.mktemp("picture") / "access.svg"
    written.write_text(picture(review(made.lives(), NOW), made.lives(), "main", "Who can reach which role"))
    return written


def boxes(browser) -> list[list]:
    return browser.execute_script(
        "const all = [...document.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);"
        "return all.map(([text, b]) => [text, b.left, b.top, b.right, b.bottom])"
    )


@pytest.mark.parametrize("wide", [1280, 1600])
def test_sixty_people_are_drawn_apart_within_the_page_and_large_enough(browser, page, wide):
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})  # of another file's tests
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    browser.set_window_size(wide, 1000)
    browser.get(page.as_uri())

    assert browser.title == "Who can reach which role"
    found = boxes(browser)
    assert len([box for box in found if box[0].startswith("person")]) == 60
    inside = browser.execute_script("return window.innerWidth")
    assert all(0 <= left < right <= inside for _, left, _, right, _ in found), "nothing is cut off"
    overlaps = [
        (one[0], other[0])
        for place, one in enumerate(found)
        for other in found[place + 1 :]
        if one[1] < other[3] - 1 and other[1] < one[3] - 1 and one[2] < other[4] - 2 and other[2] < one[4] - 2
    ]
    assert overlaps == []
    assert min(bottom - top for _, _, top, _, bottom in found) >= 11, "too small to read"


def test_text_stays_in_its_box(browser, page):
    browser.set_window_size(1280, 1000)
    browser.get(page.as_uri())

    out = browser.execute_script(
        "return [...document.querySelectorAll('rect + text')].filter(t => {"
        "  const box = t.previousElementSibling.getBoundingClientRect(), said = t.getBoundingClientRect();"
        "  return said.right > box.right + 1}).map(t => t.textContent)"
    )
    assert out == []


def test_a_narrow_page_shows_all_of_it_smaller(browser, page):
    browser.set_window_size(600, 900)
    browser.get(page.as_uri())

    inside = browser.execute_script("return window.innerWidth")
    assert all(right <= inside for _, _, _, right, _ in boxes(browser))


def test_on_paper_it_takes_the_width_of_the_page_and_stays_readable(browser, page):
    browser.get(page.as_uri())
    paper = {"landscape": True, "paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True}
    printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", paper)["data"])

    assert printed.startswith(b"%PDF")
    [wide] = {float(found) for found in re.findall(rb"/MediaBox \[0 0 ([\d.]+) [\d.]+\]", printed)}
    assert wide == pytest.approx(842, abs=2), "A4, landscape"
    # 1190 of the picture's units on 281 mm: 13 of them are 8.7 points, 12 are 8.
    drawn = float(re.search(r'viewBox="0 0 (\d+)', page.read_text())[1])
    assert 12 * (281 / 25.4 * 72) / drawn >= 7.5
