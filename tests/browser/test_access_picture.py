"""The access review's picture in a real browser, with sixty people in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from access_dot import access_dot
from access_grants import access_grants
from access_svg import access_svg

sys.path.append(str(Path(__file__).parent.parent / "unit"))
from access_world import MFA, NOW, World, allow, arn, root, trust

ROLES = [(account, role) for account in ("development", "production", "backups") for role in ("admins", "developers")]


def sixty() -> World:
    made = World()
    for place, role in enumerate(ROLES):
        made.role(*role, trust(root("main"), Condition=MFA))
        made.group(f"Group{place}", {"p": allow(arn(*role))})
    for number in range(60):
        made.user(f"person{number:02}.example", *{f"Group{number % 6}", f"Group{number % 4}"})
    return made


@pytest.mark.skipif(not shutil.which("dot"), reason="Debian package graphviz is missing")
def test_sixty_people_are_drawn_apart_and_within_the_page(browser, tmp_path):
    made = sixty()
    review = access_grants(made.lives(), NOW)
    dot = access_dot(review, made.lives())
    drawn = subprocess.run(["dot", "-Tsvg"], input=dot, capture_output=True, text=True, check=True).stdout
    page = tmp_path / "access.svg"
    page.write_text(access_svg(drawn, review, "Who can reach which role"))

    browser.set_window_size(1600, 1000)
    browser.get(page.as_uri())

    assert browser.title == "Who can reach which role"
    boxes = browser.execute_script(
        "const all = [...document.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);"
        "return all.map(([text, b]) => [text, b.left, b.top, b.right, b.bottom])"
    )
    people = [box for box in boxes if box[0].startswith("person")]
    assert len(people) == 60
    width = browser.execute_script("return document.documentElement.getBoundingClientRect().width")
    assert all(0 <= left < right <= width for _, left, _, right, _ in boxes)
    overlaps = [
        (one[0], other[0])
        for place, one in enumerate(people)
        for other in people[place + 1 :]
        if one[1] < other[3] and other[1] < one[3] and one[2] < other[4] - 1 and other[2] < one[4] - 1
    ]
    assert overlaps == []
    heights = [bottom - top for _, _, top, _, bottom in people]
    assert min(heights) >= 11, "too small to read"
