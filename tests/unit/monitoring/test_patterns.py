"""Filter patterns as AWS's documentation has them (FilterAndPatternSyntax): each example, and what it says of it."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.estate.monitoring.pattern import PatternError, compiled

BOTH, ERROR, WARN = "ERROR WARN message", "ERROR message", "WARN message"


@pytest.mark.parametrize(
    ("pattern", "message", "fits"),
    [
        ("ERROR", "[ERROR] A fatal exception has occurred", True),
        ("ERROR", "Exiting with ERRORCODE: -1", True),
        ("ERROR", "error", False),
        ('ERROR -"Exiting"', "Exiting with ERRORCODE: -1", False),
        ('ERROR -"Exiting"', "[ERROR] A fatal exception has occurred", True),
        ("ERROR Exception", "[ERROR] Caught IllegalArgumentException", True),
        ("ERROR Exception", "[ERROR] Unhandled", False),
        ("Failed to process the request", "[ERROR] Unable to continue: Failed to process the request", True),
        ("?ERROR ?WARN", BOTH, True),
        ("?ERROR ?WARN", WARN, True),
        ("?ERROR ?WARN", "INFO message", False),
        ("ERROR WARN", ERROR, False),
        ("ERROR -WARN", ERROR, True),
        ("ERROR -WARN", BOTH, False),
        ("", "anything", True),
        ("%4[0-9]{2}%", "answered 404", True),
        ("%4[0-9]{2}%", "answered 200", False),
    ],
)
def test_terms(pattern, message, fits):
    assert compiled(pattern)(message) is fits


EVENT = {
    "eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111", "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}], "SomeObject": None, "ThisFlag": True,
    "latency": 500, "errorCode": 400, "processes": [{}, {}, {}, {}, {"averageRuntime": 55.5}],
}  # fmt: skip
PEOPLE = {
    "user": {"id": 1, "email": "John.Stiles@example.com"},
    "users": [{"id": 2, "email": "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}],
    "actions": ["GET", "PUT", "DELETE"], "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "event", "fits"),
    [
        ('{ $.eventType = "UpdateTrail" }', EVENT, True),
        ("{ $.sourceIPAddress != 123.123.* }", EVENT, True),
        ("{ $.sourceIPAddress != 111.111.* }", EVENT, False),
        ('{ $.arrayKey[0] = "value" }', EVENT, True),
        ("{ $.objectList[1].id = 2 }", EVENT, True),
        ("{ $.SomeObject IS NULL }", EVENT, True),
        ("{ $.SomeOtherObject IS NULL }", EVENT, False),
        ("{ $.SomeOtherObject NOT EXISTS }", EVENT, True),
        ("{ $.SomeObject NOT EXISTS }", EVENT, False),
        ("{ $.ThisFlag IS TRUE }", EVENT, True),
        ("{ $.ThisFlag IS FALSE }", EVENT, False),
        ("{ $.latency >= 500 }", EVENT, True),
        ("{ $.latency > +1000 }", EVENT, False),
        ("{ $.latency < 10e3 }", EVENT, True),
        ("{ $.processes[4].averageRuntime <= 55.5 }", EVENT, True),
        ("{ $.errorCode = 400 }", EVENT, True),
        ("{ $.errorCode != 500 }", EVENT, True),
        ("{ $.errorCode = 4* }", EVENT, True),
        ("{ $.eventType = Update* }", EVENT, True),
        ("{ $.eventType = *Trail }", EVENT, True),
        ("{ $.eventType = Up*Trail }", EVENT, False),
        ("{ $.eventType = %^Update% }", EVENT, True),
        # a list or an object fits neither
        ("{ $.arrayKey = 1 }", EVENT, False),
        ("{ $.arrayKey != 1 }", EVENT, False),
        # nor does what is not there; and a number in quotes is no number
        ('{ $.nothing != "x" }', EVENT, False),
        ("{ $.seconds >= 10 }", {"seconds": "12.0"}, False),
        ("{ $.seconds >= 10 }", {"seconds": 12.0}, True),
        ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', PEOPLE, True),
        ('{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }', PEOPLE, False),
        ('{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch }',
         PEOPLE, True),
        ('{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch) && $.actions[2] = nomatch }',
         PEOPLE, False),
    ],
)  # fmt: skip
def test_json(pattern, event, fits):
    assert compiled(pattern)(json.dumps(event)) is fits


def test_what_is_no_json_fits_no_json_pattern():
    assert not compiled("{ $.a NOT EXISTS }")("plain text")


LINE = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" %s'


@pytest.mark.parametrize(
    ("pattern", "message", "fits"),
    [
        ("[ip, user, username, timestamp, request, status_code, bytes]", LINE % "200 1534", True),
        ("[ip, user, username, timestamp, request, status_code]", LINE % "200 1534", False),
        ("[ip, user, username, timestamp, request, status_code, bytes > 1000]", LINE % "200 1534", True),
        ("[ip, user, username, timestamp, request, status_code, bytes > 1000]", LINE % "200 15", False),
        ("[..., status_code = 4*, bytes]", LINE % "404 15", True),
        ("[..., status_code = 4*, bytes]", LINE % "200 15", False),
        ("[ip, user, ...]", LINE % "404 15", True),
        ("[..., request=*.html*, status_code=4*,]", LINE.replace(".gif", ".html") % "404 1534", False),
        ("[..., request=*.html*, status_code=4*, bytes]", LINE.replace(".gif", ".html") % "404 1534", True),
        ("[..., status_code = 4* && status_code != 403, bytes]", LINE % "403 1", False),
        ("[ip, user, username, timestamp, request = *html*, status_code = 4*, bytes]", LINE % "404 1", False),
        ("[w1=ERROR, w2]", ERROR, True),
        ("[w1=ERROR, w2]", BOTH, False),
        ("[w1=ERROR || w1=WARN, w2]", WARN, True),
    ],
)
def test_fields(pattern, message, fits):
    assert compiled(pattern)(message) is fits


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("{ $.a = 1", "ends with }"),
        ("{ $.a == 1 }", "a value is expected"),
        ("{ $.a = 1 && }", "middle"),
        ("{ a = 1 }", "property such as"),
        ("{ ($.a = 1 }", r"a \) is missing"),
        ('{ $.a > "x" }', "compares numbers"),
        ("{ $.a IS ODD }", "IS NULL"),
        ("status:500", "double quotes"),
        ("[a, ..., b, ...]", "once"),
    ],
)
def test_what_aws_would_refuse_is_refused(pattern, said):
    with pytest.raises(PatternError, match=said):
        compiled(pattern)("x")
