"""The picture, the tables and the files of an access review."""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET

from ansible.module_utils.estate.review import Review, lines
from ansible.module_utils.estate.review import review as reviewed
from ansible.module_utils.estate.review.picture import Picture
from ansible.module_utils.estate.review.report import report
from ansible.module_utils.estate.review.svg import width
from ansible.module_utils.estate.review.table import table

from tests.support.access_world import IDS, MFA, NOW, World, allow, arn, root, trust, world


def review(made: World) -> Review:
    return reviewed(made.lives(), NOW)


def drawn(made: World) -> str:
    return Picture(review(made), made.lives(), "main").draw("Who <can>")


def words(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter() if element.tag.endswith("}text")]


def styles(svg: str) -> dict[str, str]:
    """What each line means, by its title: the dashes that it is drawn with."""
    found = {}
    for element in ET.fromstring(svg).iter():
        if element.tag.endswith("}path") and len(element):
            found[element[0].text or ""] = element.get("stroke-dasharray", "solid")
    return found


def test_explicit_is_solid_implied_dotted_and_one_side_dashed() -> None:
    made = world()
    made.group("Wide", {"p": allow("*", "sts:*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})})
    made.user("bob.example", "Wide")
    made.group("Old", {"p": allow(arn("backups", "gone"))})

    found = styles(drawn(made))

    assert found["MFA"] == "solid"
    assert found["MFA; aws:RequestedRegion is eu-west-1"] == "1.5 4"
    assert found["there is no such role"] == "7 5"
    assert "not there" in words(drawn(made))


def test_no_label_shows_a_backslash_and_a_stranger_says_what_it_is() -> None:
    made = world()
    made.user("stranger.example", account="production", inline={"p": allow(arn("production", "developers"))})
    made.accounts["production"]["roles"][0]["trust"] = trust(root("main"), root("production"))
    made.group("Old", {"p": allow(arn("backups", "gone"))})

    said = words(drawn(made))

    assert not [one for one in said if "\\" in one]
    assert {"stranger.example", "user in production"} <= set(said)


def test_people_of_the_same_groups_stand_together_and_whoever_has_a_policy_alone() -> None:
    made = world()
    made.user("bob.example", "Developers")
    made.user("dee.example")
    made.user("cy.example", "Developers", inline={"own": allow(arn("production", "developers"))})

    picture = Picture(review(made), made.lives(), "main")

    assert picture.blocks() == {
        ("Developers",): ["ada.example", "bob.example"],
        ("Developers", "user cy.example"): ["cy.example"],
        (): ["dee.example"],
    }


def test_what_everybody_is_in_and_what_services_become_are_words() -> None:
    made = world()
    made.user("bob.example", "Everyone")
    made.accounts["main"]["users"][0]["groups"].append("Everyone")
    made.user("root.like")
    made.group("Everyone")
    made.role("production", "jenkins", trust("ec2.amazonaws.com", kind="Service"))

    said = words(drawn(made))

    assert {"all people but 1", "1 in no group", "for ec2.amazonaws.com"} <= set(said)
    assert "1 in Developers" in said, "a line from everybody to one group says less than a word"


def test_every_account_has_a_crowned_root_in_red_where_something_is_wrong() -> None:
    made = world()
    made.accounts["backups"]["credentials"]["root"]["mfa"] = False

    svg = drawn(made)

    crowns = [one for one in ET.fromstring(svg).iter() if one.get("class") == "crown"]
    assert len(crowns) == len(IDS)
    assert len({one.get("fill") for one in crowns}) == 2
    assert "root: no MFA" in words(svg)


def test_what_most_lines_ask_for_is_said_once_and_a_role_says_what_differs() -> None:
    made = world()
    made.group("Free", {"p": allow(arn("backups", "free"))})
    made.user("bob.example", "Free", "Developers")
    made.role("backups", "free", trust("111111111111"))

    said = words(drawn(made))

    assert "people usually need: MFA" in said
    assert "Free: always" in said
    assert "Developers: MFA" not in said


def test_any_name_that_iam_allows_survives_and_text_stays_in_its_box() -> None:
    made = world()
    made.user("a+=,.@_-b", "Developers")
    made.user("M" * 64, "Developers")
    made.role("backups", "less<&more", trust())

    svg = drawn(made)

    tree = ET.fromstring(svg)
    assert [child.tag.rsplit("}")[-1] for child in tree][:2] == ["title", "desc"]
    assert tree[0].text == "Who <can>"
    assert "3 reach production:developers" in (tree[1].text or "")
    assert {"a+=,.@_-b", "less<&more", "nobody reaches it"} <= set(words(svg))
    assert all(width(one) < 320 for one in words(svg) if set(one) == {"M"})


def test_identity_center_and_the_federated_are_drawn_as_who_they_are() -> None:
    made = world()
    sso = "AWSReservedSSO_AdministratorAccess_0123456789abcdef"
    made.role("main", sso, trust(), path="/aws-reserved/sso.amazonaws.com/", inline={"p": allow("*", "*")})
    made.role("main", "break_glass", trust(arn("main", sso), Condition=MFA))
    made.accounts["main"]["roles"][-1]["trust"] = trust(arn("main", sso))

    said = words(drawn(made))

    assert {"AdministratorAccess", "Identity Center, in main", "break_glass"} <= set(said)
    assert sso not in said
    assert "nobody reaches it" not in said


def test_the_tables_answer_both_ways_and_fit_the_terminal() -> None:
    made = world()
    made.user("[bold]bob.example", "Developers")

    text = table(review(made), width=90)

    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 90
    who, reaches = text.split("What each reaches")
    assert "production" in who
    assert "developers" in who
    assert "usual: MFA" in who
    assert "2: [bold]bob.example, ada.example" in " ".join(who.split())
    assert "production:developers" in reaches
    assert "\x1b[1m" in table(review(made), width=90, colour=True)


def test_what_most_ask_for_is_said_once_and_what_differs_in_its_row() -> None:
    made = world()
    made.user("bob.example", "Developers")
    made.group("Free", {"p": allow(arn("backups", "free"))})
    made.user("cy.example", "Free")
    made.role("backups", "free", trust("111111111111"))

    who = table(review(made), width=100).split("What each reaches")[0]

    assert [line.split() for line in who.splitlines() if "example" in line] == [
        ["backups", "free", "group", "Free", "always", "1:", "cy.example"],
        ["production", "developers", "group", "Developers", "usual", "2:", "ada.example,", "bob.example"],
    ]
    assert who.count("MFA") == 1


def test_csv_is_no_formula_and_quotes_what_must_be() -> None:
    given = [{"who": "=cmd", "conditions": ["MFA", 'a "b", c'], "explicit": True}]

    text = lines.written(given, ["who", "conditions", "explicit"])

    assert list(csv.reader(text.splitlines())) == [
        ["who", "conditions", "explicit"],
        ["'=cmd", 'MFA; a "b", c', "yes"],
    ]


def test_one_report_gives_the_table_and_every_file() -> None:
    made = world()
    people = {"users": ["ada.example"], "developers": [{"name": "ada.example", "until": "2027-01-31"}]}

    found = report(made.lives(), NOW, people, {"Developers": {"members": "developers"}})

    assert set(found.files) == {
        "access.csv", "access_findings.csv", "access_buckets.csv", "access.svg", "access.json"
    }  # fmt: skip
    assert "until the end of 2027-01-31" in found.files["access.csv"]
    assert re.search("Who can reach which role, 2026-11-23", found.files["access.svg"])


def test_an_invariant_that_does_not_hold_is_the_first_of_the_findings() -> None:
    made = world()
    made.accounts["production"]["roles"][0]["inline"] = {"p": allow("*", "s3:*")}
    never = {"name": "docs", "never": ["s3:GetObject"], "of": ["arn:aws:s3:::docs/*"], "because": "they are private"}

    held = report(made.lives(), NOW, invariants=[{**never, "who": ["unsigned"]}]).findings
    broken = report(made.lives(), NOW, invariants=[never]).findings

    assert not [one for one in held if one["kind"] == "invariant"]
    assert broken[0]["kind"] == "invariant"
    assert "ada.example as role production:developers may s3:GetObject" in broken[0]["finding"]
