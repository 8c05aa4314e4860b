"""What AWS would refuse, or nobody can mean, is said in the words of the vars before AWS is asked."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.estate.monitoring.desired import monitoring_desired
from ansible.module_utils.estate.monitoring.kind import Place
from ansible.module_utils.estate.monitoring.kinds.alarm import _shape
from ansible.module_utils.estate.monitoring.plan import plan
from ansible.module_utils.estate.monitoring.read import Live

BASE = {"place": "preview", "account": "development", "account_id": "222222222222", "region": "eu-west-1",
        "stage": "preview", "each": {"app": ["api"]}, "without": [], "buckets": []}  # fmt: skip
TOPICS = {f"<place>-{word}": {"publish": ["cloudwatch"]} for word in ("alarm", "recovery")}
ALARM = {"about": "x", "namespace": "AWS/Logs", "metric": "IncomingLogEvents", "threshold": 1, "within": 6}
FILTER = {"group": "g", "pattern": "x", "namespace": "N", "metric": "M", "value": "1"}


def made(option: str, name: str, words: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    given: dict[str, Any] = {"topics": TOPICS, "log_groups": {"g": {"days": 1}}}
    given[option] = {**given.get(option, {}), name: words}
    return monitoring_desired(BASE | {"layers": {"monitoring_extra": given}})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"period": 90}, "period is 90; allowed are 10, 20, 30 and multiples of 60"),
        ({"period": "60"}, "period is '60'; allowed is a whole number"),
        ({"periods": 0}, "periods is 0; allowed are 1 and more"),
        ({"periods": 2, "datapoints": 3}, "datapoints is 3; allowed are 1 to 2"),
        ({"datapoints": 0}, "datapoints is 0; allowed are 1 to 1"),
        ({"period": 3600, "periods": 169}, "too long"),
        ({"statistic": "p101"}, "statistic is 'p101'"),
        ({"statistic": "sum"}, "statistic is 'sum'; allowed are Sum"),
        ({"threshold": float("nan")}, "threshold is nan; allowed is a number"),
        ({"threshold": "many"}, "could not convert"),
        ({"missing": "Missing"}, "allowed are missing, ignore, breaching, notBreaching"),
        ({"comparison": "GreaterThanThreshold"}, "allowed are >=, >, <=, <"),
        ({"metrics": []}, "metrics is unknown"),
        ({"dimensions": {f"d{n}": "x" for n in range(31)}}, "up to 30 names"),
        ({"dimensions": {"a": 1}}, "each with a text"),
        ({"dimensions": [{"Name": "a"}]}, "each with a text"),
        ({"dimensions": {"LogGroupName": "nope"}}, "watches log group nope"),
        ({"about": "x" * 1025}, "allowed are 1024"),
        ({"namespace": ":x"}, ": not first"),
        ({"alarm": "preview-alarm"}, "allowed is a list of up to five topics"),
        ({"alarm": [f"arn:aws:sns:eu-west-1:222222222222:t{n}" for n in range(6)]}, "up to five topics"),
        ({"alarm": []}, "tells nobody"),
        ({"enabled": False}, "an alarm that tells nobody is none"),
    ],
)
def test_alarms(words: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r"monitoring_extra\.alarms\.a: ") as caught:
        made("alarms", "a", ALARM | words)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"pattern": "{ $.a = %[% }"}, "no regular expression"),
        ({"pattern": "{ ($.a = %a%) || ($.b = %b%) || ($.c = %c%) }"}, "more than two regular expressions"),
        ({"pattern": "{ ($.a = 1 }"}, "a ) is missing"),
        ({"pattern": "foo-bar"}, "must stand in double quotes"),
        ({"pattern": '"' + "x" * 1023 + '"'}, "allowed are 1024"),
        ({"value": "many"}, "value is 'many'; allowed is a number, or a property such as $.bytes"),
        ({"metric": "a:b"}, "metric is 'a:b'"),
        ({"namespace": "AWS/X"}, "keeps AWS/ for itself"),
        ({"group": "other"}, "group is other, which log_groups does not have"),
        ({"unit": "Seconds"}, "unit is unknown"),
    ],
)
def test_filters(words: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r"monitoring_extra\.filters\.f: ") as caught:
        made("filters", "f", FILTER | words)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("option", "name", "words", "said"),
    [
        ("log_groups", "aws/x", {"days": 1}, "AWS refuses the name"),
        ("log_groups", "a:b", {"days": 1}, "AWS refuses the name"),
        ("log_groups", "\u00e9", {"days": 1}, "AWS refuses the name"),
        ("log_groups", "x", {"days": 45}, "days is 45; allowed are 0, 1, 3"),
        ("log_groups", "x", {"days": True}, "days is True; allowed is a whole number"),
        ("log_groups", "<foo>-x", {"days": 1}, "<foo> stands for nothing here; known are <stage>"),
        ("topics", "t", {"publish": ["cloudwach"]}, "publish: 'cloudwach' is unknown; allowed are cloudwatch"),
        ("topics", "t.fifo", {"publish": []}, "AWS refuses the name"),
        ("topics", "t", {"publish": [], "subscriptions": [{"protocol": "email", "endpoint": "x"}]}, "of email"),
        ("topics", "t", {"publish": [], "subscriptions": [{"protocol": "https", "endpoint": "x"}]}, "of https"),
        ("topics", "t", {"publish": [], "subscriptions": [{"protocol": "sms", "endpoint": "1"}]}, "allowed are email"),
        ("topics", "t", {"publish": [], "subscriptions": [{"protocol": "email", "endpoint": "a@b.c"}] * 2}, "twice"),
        ("keys", "k", {"keepers": "admins"}, "'admins' is no list; allowed is a list of the account's roles"),
    ],
)  # fmt: skip
def test_groups_topics_and_keys(option: str, name: str, words: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="monitoring_extra") as caught:
        made(option, name, words)
    assert said in str(caught.value)


def test_what_is_right_is_taken() -> None:
    assert made("filters", "f", FILTER | {"value": 1})["filters"][0]["value"] == "1"
    for words in ({"statistic": "p99.9"}, {"period": 10}, {"period": 86400, "periods": 7}, {"threshold": "2"}):
        assert made("alarms", "a", ALARM | words)["alarms"][0]["enabled"]
    assert made("log_groups", "/aws/lambda/x", {"days": 0})["log_groups"]


def test_a_key_is_ended_by_its_keepers_and_root_alone() -> None:
    [key] = made("keys", "k", {"keepers": ["admins"]})["keys"]
    [deny] = [one for one in key["policy"]["Statement"] if one["Effect"] == "Deny"]
    keepers = [f"arn:aws:iam::222222222222:{one}" for one in ("root", "role/admins")]
    assert deny["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": keepers}}
    assert {"kms:ScheduleKeyDeletion", "kms:PutKeyPolicy", "kms:DeleteImportedKeyMaterial"} <= set(deny["Action"])
    [open_] = made("keys", "k", {})["keys"]
    assert "Deny" not in str(open_["policy"]), "a key that nobody keeps nobody could change"


LIVE = {"AlarmName": "a", "EvaluationPeriods": 1, "Namespace": "N", "MetricName": "M", "Period": 60, "Statistic": "Sum",
        "ComparisonOperator": "GreaterThanThreshold", "Threshold": 1.0}  # fmt: skip


def test_an_alarm_on_metric_maths_is_shown_and_is_nothing_to_paste_and_a_unit_by_hand_is_a_difference() -> None:
    place = Place("222222222222", "eu-west-1")
    assert _shape(LIVE | {"Unit": "Percent"}, place)["metric"] == "M in Percent"
    maths = _shape(LIVE | {"Metrics": [{"Id": "m1"}]}, place)
    declared = dict.fromkeys(("keys", "log_groups", "filters", "queues", "topics", "dashboards", "trails"))
    words = {"alarms": [], "known": [], "unmanaged_pattern": "*", "adopt_in": "x.yml",
             "purpose": "monitoring", "account": "preview"}  # fmt: skip
    (one,) = plan(declared | words, Live(place, {"alarms": {"a": maths}}, {})).unmanaged
    assert one.resource == "alarm a"
    assert "cannot be declared here" in one.adopt


def test_each_purpose_takes_what_its_module_takes():
    given = BASE | {
        "layers": {"monitoring_extra": {"topics": TOPICS, "trails": {"audit": {"bucket": "logs-of-trails"}}}}
    }
    every = monitoring_desired(given)
    assert monitoring_desired(given, "proof") == {"alarms": every["alarms"], "topics": every["topics"]}
    assert monitoring_desired(given, "trails") == {"trails": every["trails"]}
    assert {*monitoring_desired(given, "monitoring")} == {*every} - {"trails"}
    with pytest.raises(KeyError):
        monitoring_desired(given, "prove")
