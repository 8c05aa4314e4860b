"""What the vars say of dumps, and what is wrong with it."""

from __future__ import annotations

import pytest
from ansible.module_utils.estate.dumps.vars import problems

STAGES = ["preview", "production"]
GOOD = {"stages": STAGES, "recipients": ["0DA25BC02D8EEC3908D0AB4B478AACFA56885920"],
        "times": {"preview": ["audit_events.at"], "production": ["public.audit_events.at"]}}  # fmt: skip


def test_what_can_be_meant_is_taken():
    assert list(problems(**GOOD, known=STAGES)) == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            {"stages": ["preview", "productoin"]},
            "'productoin' is no stage; allowed are preview, production; did you mean production?",
        ),
        ({"times": {**GOOD["times"], "staging": ["a.b"]}}, "'staging' is no stage"),
        ({"times": {"preview": ["a.b"]}}, "dumps_times has no column of production; allowed is a list of table.column"),
        ({"times": {**GOOD["times"], "production": []}}, "dumps_times has no column of production"),
        ({"stages": [{"preview": 1}, *STAGES]}, "{'preview': 1} is no stage"),
        ({"stages": [["preview"], *STAGES]}, "['preview'] is no stage"),
        ({"stages": "preview"}, "dumps_stages is 'preview'; allowed is a list of stages"),
        ({"stages": []}, "dumps_stages is []"),
        ({"recipients": "0DA25"}, "dumps_recipients is '0DA25'; allowed is a list of keys' fingerprints"),
        ({"recipients": ["0DA25"]}, "dumps_recipients: '0DA25' is no key; allowed is its fingerprint"),
        ({"recipients": None}, "dumps_recipients is None"),
        (
            {"times": {**GOOD["times"], "preview": ["audit events"]}},
            "dumps_times.preview has 'audit events'; allowed is a list of table",
        ),
        ({"times": {**GOOD["times"], "preview": "a.b"}}, "dumps_times.preview has 'a.b'; allowed is a list"),
        ({"times": {**GOOD["times"], "preview": ["a.b; DROP TABLE a"]}}, "allowed is a list of table.column"),
    ],
)
def test_what_cannot_is_one_sentence(said, why):
    [one] = problems(**{**GOOD, **said}, known=STAGES)

    assert why in one
