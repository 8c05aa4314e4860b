"""What a mapping or a list holds is said in its documentation, judged, and told with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.estate.forms import FORMS, form, strangers

from tests.support.options import OPTIONS

ROOT = Path(__file__).parents[2]
KNOWN = {
    "region": ["eu-west-1", "eu-west-2"],
    "attacker": ["Jenkins"],
    "role": ["main:admins"],
    "account": ["main"],
    "group": ["Admins"],
}


def said(name: str, value: Any) -> list[str]:
    return [*strangers({name: OPTIONS[name]}, {name: value}, KNOWN.get)]


@pytest.mark.parametrize(
    ("name", "right", "wrong", "sentence"),
    [
        (
            "access_review_administrators", ["main:admins"], ["main:admin"],
            "has 'main:admin', which is no role; did you mean main:admins?",
        ),
        ("access_review_holds", {"Jenkins": ["*"]}, {"x": ["*"]}, "has 'x', which is no attacker; allowed are Jenkins"),
        ("access_review_holds", {}, {"Jenkins": "*"}, ".Jenkins is '*'; allowed is a list of texts"),
        ("access_review_attackers", {"a": ["root"]}, {"a": [1]}, ".a is [1]; allowed is a list of texts"),
        (
            "buckets_batch_places", {"eu-west-1": "b"}, {"eu-wst-1": "b"},
            "has 'eu-wst-1', which is no region; did you mean eu-west-1?",
        ),
        ("buckets_batch_places", {}, {"eu-west-1": ["b"]}, ".eu-west-1 is ['b']; allowed is a text"),
        (
            "buckets_replica_profiles", {"main": "p"}, {"mian": "p"},
            "has 'mian', which is no account; did you mean main?",
        ),
        ("dns_elsewhere", {"*.x.example": "x"}, {"*.x.example": None}, ".*.x.example is None; allowed is a text"),
        (
            "dns_servers", {"x.example": ["192.0.2.53:5300", "2001:db8::53"]}, {"x.example": "192.0.2.53"},
            ".x.example is '192.0.2.53'; allowed is a list of addresses such as 192.0.2.53, 192.0.2.53:5300 "
            "and 2001:db8::53",
        ),
        (
            "dns_old_servers", {}, {"x.example": ["192.0.2.53:0"]},
            ".x.example is ['192.0.2.53:0']; allowed is a list of addresses such as 192.0.2.53, 192.0.2.53:5300 "
            "and 2001:db8::53",
        ),
        (
            "jenkins_jobs_schedules", {"plan": "TZ=Europe/London\nH 2 * * *"}, {"plan": "H 25 * * *"},
            ".plan has a wrong schedule: '25' is no hour (0 to 23), in 'H 25 * * *'",
        ),
        (
            "jenkins_jobs_schedules", {}, {"plan": ""},
            ".plan is ''; allowed is a line of Jenkins' cron such as H 2 * * *",
        ),
        ("access_protected_groups", ["Admins"], ["Admin"], "has 'Admin', which is no group; did you mean Admins?"),
        ("access_review_main_account", "main", "mian", "is 'mian', which is no account; did you mean main?"),
        (
            "access_review_now", "2026-11-27T08:05:00Z", "2026-11-27",
            "is '2026-11-27'; allowed is a time such as 2026-11-27T08:05:00+00:00",
        ),
        ("access_today", "2026-11-27", "tomorrow", "is 'tomorrow'; allowed is a day such as 2026-11-27"),
        (
            "jenkins_jobs_url", "http://127.0.0.1:8080/", "ci.marketplace.example",
            "is 'ci.marketplace.example'; allowed is a URL such as https://ci.marketplace.example",
        ),
        ("jenkins_instance_tags", {"a": "b"}, {"a": ["b"]}, ".a is ['b']; allowed is a text"),
    ],
)  # fmt: skip
def test_what_is_no_such_thing_is_refused_and_what_is_allowed_is_said(name, right, wrong, sentence):
    assert said(name, right) == []
    assert [one.removeprefix(name).removeprefix(" ") for one in said(name, wrong)] == [sentence]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, ""),
        ({"never": []}, "never is empty, which nothing and nobody is"),
        ({"never": ["s3:DeletObject*"]}, "never has one that is wrong: s3:DeletObject* is none of AWS's"),
        ({"of": []}, "of is empty, which nothing and nobody is"),
        (
            {"of": ["*-submissions-*/*"]},
            "of has one that is '*-submissions-*/*'; allowed is an ARN such as arn:aws:s3:::name/*, with patterns in "
            "it, and *",
        ),
        (
            {"who": ["jenkins"]},
            "who has one that is 'jenkins'; allowed are people, unsigned, user:name and account:role, with patterns in "
            "them, and *",
        ),
        ({"who": []}, "who is empty, which nothing and nobody is"),
        ({"but": ["*:admins", "role/admins"]}, "but has one that is 'role/admins'; allowed are people, unsigned"),
    ],
)  # fmt: skip
def test_an_invariant_that_could_never_be_broken_is_refused(change, sentence):
    right = {"name": "x", "never": ["s3:*"], "of": ["arn:aws:s3:::a-*/*", "*"], "because": "y", "who": ["*", "people"]}
    found = said("access_review_invariants", [{**right, "but": ["*:admins", "user:ada.*", "unsigned"], **change}])

    assert [one.partition("].")[2][: len(sentence)] for one in found] == [sentence] * bool(sentence)


def test_what_nobody_knows_the_names_of_is_not_held_to_them():
    assert [*strangers({"dns_elsewhere": OPTIONS["dns_elsewhere"]}, {"dns_elsewhere": {"x": "y"}}, {}.get)] == []


def test_what_the_defaults_say_is_right():
    for file in ROOT.glob("roles/*/defaults/main.yml"):
        given = {name: one for name, one in (yaml.safe_load(file.read_text()) or {}).items() if "{{" not in str(one)}
        assert [*strangers(OPTIONS, given, {}.get)] == [], file


def test_forms_that_are_said_are_known():
    """A misspelt one judges nothing."""
    nested = {
        f"{name}.{below}": option
        for name, one in OPTIONS.items()
        for below, option in (one.get("options") or {}).items()
    }
    forms = {name: found for name, option in (OPTIONS | nested).items() if (found := form(option))}
    wrong = [
        name
        for name, found in forms.items()
        if (found.what not in {*FORMS, *KNOWN} and not found.stands) or (found.stands and found.stands not in FORMS)
    ]

    assert wrong == []
    assert {found.what for found in forms.values()} >= {*KNOWN, "action", "ARN", "asker", "time", "day", "URL"}
    assert {found.stands for found in forms.values()} >= {"a text", "texts", "addresses", "a schedule"}
