"""The picture, the tables and the files of an access review."""

from __future__ import annotations

import csv
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest
from access_csv import access_csv
from access_dot import access_dot
from access_findings import access_findings
from access_grants import access_grants
from access_svg import FilterModule, access_svg
from access_table import access_table
from access_world import NOW, World, allow, arn, trust, world
from ansible.errors import AnsibleFilterError
from membership_ends import membership_ends


def drawn(made: World) -> str:
    return access_dot(access_grants(made.lives(), NOW), made.lives())


def test_explicit_is_solid_implied_dotted_and_one_side_dashed() -> None:
    made = world()
    made.group("Wide", {"p": allow("*", "sts:*")})
    made.user("bob.example", "Wide")
    made.group("Old", {"p": allow(arn("backups", "gone"))})

    dot = drawn(made)

    def line(start: str) -> str:
        [found] = [
            line
            for line in dot.splitlines()
            if line.startswith(f'"group/{start}" -> "role') and "style=invis" not in line
        ]
        return found

    assert 'style="solid"' in line("Developers")
    assert 'style="dotted"' in line("Wide")
    assert 'style="dashed"' in line("Old")
    assert 'label="only its policy"' in line("Old")
    assert "(not there)" in dot


def test_people_of_the_same_groups_stand_together_and_whoever_has_a_policy_alone() -> None:
    made = world()
    made.user("bob.example", "Developers")
    made.user("dee.example")
    made.user("cy.example", "Developers", inline={"own": allow(arn("production", "developers"))})

    dot = drawn(made)

    assert 'TD ALIGN="LEFT">ada.example</TD></TR><TR><TD ALIGN="LEFT">bob.example' in dot
    assert '"people/Developers/user cy.example" -> "role/production/developers"' in dot


def test_what_everybody_is_in_and_what_services_become_are_words_and_no_lines() -> None:
    made = world()
    made.user("bob.example", "Everyone")
    made.accounts["main"]["users"][0]["groups"].append("Everyone")
    made.user("root.like")
    made.group("Everyone")
    made.role("production", "jenkins", trust("ec2.amazonaws.com", kind="Service"))

    dot = drawn(made)

    assert "all people but 1" in dot
    assert '"people/Developers":e -> "group/Developers"' in dot
    assert '"people/Everyone":e -> "group/Everyone"' in dot
    assert "1 in no group" in dot
    assert ">for ec2.amazonaws.com<" in dot
    assert '"group/Everyone"' not in dot.split('"people/Developers":e', 1)[1].splitlines()[0]


def test_what_most_lines_ask_for_is_said_once_in_the_legend() -> None:
    made = world()
    made.group("Free", {"p": allow(arn("backups", "free"))})
    made.user("bob.example", "Free", "Developers")
    made.role("backups", "free", trust("111111111111"))

    dot = drawn(made)

    assert "from people: MFA" in dot
    assert 'label="always"' in dot
    assert 'label="MFA"' not in dot


@pytest.mark.skipif(not shutil.which("dot"), reason="Debian package graphviz is missing")
def test_any_name_that_iam_allows_survives_into_valid_svg_with_title_and_description() -> None:
    made = world()
    made.user("a+=,.@_-b", "Developers")
    made.role("backups", "less<&more", trust())

    svg = subprocess.run(["dot", "-Tsvg"], input=drawn(made), capture_output=True, text=True, check=True).stdout
    written = access_svg(svg, access_grants(made.lives(), NOW), "Who <can>")

    tree = ET.fromstring(written)
    kinds = [child.tag.rsplit("}")[-1] for child in tree]
    assert kinds[:2] == ["title", "desc"]
    assert tree[0].text == "Who <can>"
    assert "2 reach production:developers" in (tree[1].text or "")
    texts = {element.text for element in tree.iter() if element.tag.endswith("}text")}
    assert {"a+=,.@_-b", "less<&more", "nobody reaches it"} <= texts
    assert written.count("<title") == 1


def test_what_is_no_svg_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="no SVG that dot wrote"):
        FilterModule().filters()["access_svg"]("dot: not found", {"grants": []}, "x")


def test_the_tables_answer_both_ways_and_fit_the_terminal() -> None:
    made = world()
    made.user("[bold]bob.example", "Developers")
    lives = made.lives()
    review = access_grants(lives, NOW)

    text = access_table(review, access_findings(lives, review, NOW), width=90)

    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 90
    who, reaches = text.split("What each reaches")
    assert "production" in who
    assert "developers" in who
    assert "usual: MFA" in who
    assert "2: [bold]bob.example, ada.example" in " ".join(who.split())
    assert "production:developers" in reaches
    assert "\x1b[1m" in access_table(review, [], width=90, colour=True)


def test_what_most_ask_for_is_said_once_and_what_differs_in_its_row() -> None:
    made = world()
    made.user("bob.example", "Developers")
    made.group("Free", {"p": allow(arn("backups", "free"))})
    made.user("cy.example", "Free")
    made.role("backups", "free", trust("111111111111"))

    who = access_table(access_grants(made.lives(), NOW), [], width=100).split("What each reaches")[0]

    assert [line.split() for line in who.splitlines() if "example" in line] == [
        ["backups", "free", "group", "Free", "always", "1:", "cy.example"],
        ["production", "developers", "group", "Developers", "usual", "2:", "ada.example,", "bob.example"],
    ]
    assert who.count("MFA") == 1


def test_csv_is_no_formula_and_quotes_what_must_be() -> None:
    lines = [{"who": "=cmd", "conditions": ["MFA", 'a "b", c'], "explicit": True}]

    text = access_csv(lines, ["who", "conditions", "explicit"])

    assert list(csv.reader(text.splitlines())) == [
        ["who", "conditions", "explicit"],
        ["'=cmd", 'MFA; a "b", c', "yes"],
    ]


def test_a_membership_ends_with_its_list_or_with_the_person() -> None:
    people = {
        "users": ["ada.example", {"name": "bob.example", "until": "2027-01-01"}],
        "admins": [{"name": "ada.example", "until": "2027-02-01"}, {"name": "bob.example", "until": "2027-03-01"}],
        "developers": ["bob.example", "ada.example"],
    }
    groups = {"Admins": {"members": "admins"}, "Developers": {"members": "developers"}}

    assert membership_ends(people, groups) == {
        "Admins": {"ada.example": "2027-02-01", "bob.example": "2027-01-01"},
        "Developers": {"bob.example": "2027-01-01"},
    }
