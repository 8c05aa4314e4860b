"""Every declared alarm goes off within the minutes it says, recovers, and is silent on a quiet day.

What is declared is worked out by the real roles, and judged without AWS. Whoever declares an alarm that no test can set
off fails here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import StrictUndefined
from jinja2.nativetypes import NativeEnvironment

from tests.support import log_lines
from tests.support.alarm_states import Event, Point, points, states
from tests.support.log_lines import DAY, ROOT, START, USER, application, router, trail

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).parents[2]
ACCOUNTS = {"main-account": "111111111111", "development-account": "222222222222",
            "production-account": "333333333333", "backups-account": "444444444444"}  # fmt: skip
BEGIN = START + 7200  # when it turns bad


@pytest.fixture(scope="module")
def desired(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("desired")
    playbook = PROJECT / "tests/support/monitoring_desired.yml"
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "-e", f"folder={folder}", str(playbook)],
        cwd=PROJECT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    found = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    return found | {"jenkins": {"filters": [], "alarms": list(stock_alarms())}}


COMPARISONS = {"GreaterThanOrEqualToThreshold": ">=", "LessThanOrEqualToThreshold": "<="}


def stock_alarms() -> Iterator[dict[str, Any]]:
    """What roles declare by amazon.aws's own module, in the words of ours: whatever role does so."""
    env = NativeEnvironment(undefined=StrictUndefined)
    env.filters |= {"split": str.split}
    live = {
        "dm_aws_region": "eu-west-1",
        "__jenkins_instance_id": "i-1",
        "__jenkins_instance_target_group": {"dimension": "t"},
        "__jenkins_instance_lb": {"arn": "arn:x:loadbalancer/app/jenkins/1"},
        "jenkins_instance_name": "jenkins",
    }
    for path in sorted((PROJECT / "roles").glob("*/tasks/*.yml")):
        defaults = path.parents[1] / "defaults/main.yml"
        given = live | {
            name: value for name, value in (yaml.safe_load(defaults.read_text()) if defaults.is_file() else {}).items()
            if name not in live
        }  # fmt: skip
        for task in yaml.safe_load(path.read_text()) or ():
            words = task.get("amazon.aws.cloudwatch_metric_alarm")
            for item in given[task["loop"].strip("{} ")] if words and "loop" in task else (None,):
                if words:
                    said = _templated(env, words, given | {"item": item})
                    yield {
                        "name": said["name"], "about": said["description"], "namespace": said["namespace"],
                        "metric": said["metric_name"], "dimensions": said["dimensions"],
                        "statistic": said["statistic"], "period": said["period"], "periods": said["evaluation_periods"],
                        "datapoints": said["evaluation_periods"], "comparison": COMPARISONS[said["comparison"]],
                        "threshold": float(said["threshold"]), "missing": said["treat_missing_data"],
                    }  # fmt: skip


def _templated(env: NativeEnvironment, value: Any, names: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _templated(env, part, names) for key, part in value.items()}
    return env.from_string(value).render(names) if isinstance(value, str) else value


def every(desired: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for place, kinds in desired.items():
        for alarm in kinds["alarms"]:
            yield place, kinds, alarm


def within(alarm: dict[str, Any]) -> int:
    return 60 * int(re.search(r"fires within (\d+) minutes", alarm["about"])[1])


def filters_of(kinds: dict[str, Any], alarm: dict[str, Any]) -> list[dict[str, Any]]:
    key = (alarm["namespace"], alarm["metric"])
    return [one for one in kinds["filters"] if (one["namespace"], one["metric"]) == key]


# --- bad streams ------------------------------------------------------------------------------------------------------

LOGIN = {"eventSource": "signin.amazonaws.com", "responseElements": {"ConsoleLogin": "Success"}}
# By how an alarm's name ends: what happens once, and how often it must.
BAD: dict[str, tuple[int, Callable[[str], list[str]]]] = {
    "-5xx": (1, lambda _: [router(0, 500), router(0, 503)]),
    "-router-slow": (5, lambda _: [router(0, 200, 10.0), router(0, 504, 61.5)]),
    "-dropped-antivirus-notifications": (1, lambda _: [json.dumps({"status": "FAILURE", "delivery": {}})]),
    "-bad-role-password-resets": (1, lambda _: [application(0, code="login.reset-email.bad-role")]),
    "-canary": (1, lambda _: [json.dumps({"canary": "estate"})]),
    "-unauthorised-calls": (10, lambda a: [trail(a, "RunInstances", errorCode="Client.UnauthorizedOperation"),
                                           trail(a, "GetUser", errorCode="AccessDenied")]),
    "-sign-in-without-mfa": (1, lambda a: [trail(a, "ConsoleLogin", USER, additionalEventData={"MFAUsed": "No"},
                                                 **LOGIN)]),
    "-root-use": (1, lambda a: [trail(a, "ConsoleLogin", ROOT, **LOGIN), trail(a, "CreateUser", ROOT)]),
    "-failed-sign-ins": (5, lambda a: [trail(a, "ConsoleLogin", USER, errorMessage="Failed authentication")]),
    "-iam-ways-in": (1, lambda a: [trail(a, name) for name in (
        "CreateRole", "UpdateAssumeRolePolicy", "CreateAccessKey", "CreateLoginProfile", "UpdateLoginProfile",
        "DeleteRolePermissionsBoundary", "PutUserPermissionsBoundary", "CreateSAMLProvider")]),
}  # fmt: skip


def named(account: str, one: dict[str, Any]) -> list[str]:
    """One event for each name that the pattern lists, by somebody who is not the pipeline."""
    pattern = one["pattern"]
    source = re.search(r"\$\.eventSource = ([\w.]+)", pattern)
    more = {"eventSource": source[1]} if source else {}
    return [trail(account, name, **more) for name in re.findall(r'\$\.eventName = "?(\w+)', pattern)]


def bad_lines(place: str, alarm: dict[str, Any], one: dict[str, Any]) -> tuple[int, list[str]]:
    account = ACCOUNTS.get(place, "")
    for ending, (times, made) in BAD.items():
        if alarm["name"].endswith(ending):
            return times, made(account)
    return 1, named(account, one)


def series(alarm: dict[str, Any], good: float | None, bad: float | None, until: float) -> list[Point]:
    """A metric of AWS's own, one number a period: good, then bad until it is good again. None: no number at all."""
    found = []
    for index in range(int((until + 40 * alarm["period"] - START) // alarm["period"]) + 60):
        at = START - 40 * alarm["period"] + index * alarm["period"] + 1
        value = bad if BEGIN <= at < until else good
        if value is not None:
            found.append(Point(at, value))
    return found


OWN_METRICS = {
    "OperationsFailedReplication": (0.0, 3.0),
    "ReplicationLatency": (12.0, 7200.0),
    "BytesPendingReplication": (0.0, 4096.0),
    "BytesUploaded": (1e6, None),
    "DaysToExpiry": (200.0, 20.0),
    "IncomingLogEvents": (5.0, None),
    # the Jenkins host's own (role jenkins_instance)
    "disk_used_percent": (45.0, 93.0),
    "StatusCheckFailed_System": (0.0, 1.0),
    "UnHealthyHostCount": (0.0, 1.0),
}


def bad_data(place: str, kinds: dict[str, Any], alarm: dict[str, Any], until: float) -> list[list[Point]]:
    """Each way in which it can turn bad at BEGIN, and good again at until."""
    if alarm["metric"] in OWN_METRICS:
        good, bad = OWN_METRICS[alarm["metric"]]
        return [series(alarm, good, bad, until)]
    (one,) = filters_of(kinds, alarm)
    times, lines = bad_lines(place, alarm, one)
    assert lines, f"nothing here sets {alarm['name']} off"
    quiet = [Event(START + minute, one["group"], "{}") for minute in range(0, int(until - START) + DAY // 8, 60)]
    ways = []
    for line in lines:
        often = range(int(BEGIN), int(until), alarm["period"])
        events = [Event(at + 1, one["group"], line) for at in often for _ in range(times)]
        ways.append(points([one], quiet + events)[one["namespace"], one["metric"]])
    return ways


# --- the tests --------------------------------------------------------------------------------------------------------


def test_the_lines_are_the_routers_own() -> None:
    template = (PROJECT / "roles/assets_router/templates/assets.j2").read_text()
    said = template.split("escape=json", 1)[1].split("}'")[0]
    assert re.findall(r'"(\w+)":', said) == list(json.loads(router(0)))
    assert '"seconds":$request_time' in said, "a number in quotes is no number to a filter"


def test_there_are_alarms_for_everything_that_must_have_one(desired: dict[str, Any]) -> None:
    names = {alarm["name"] for _, _, alarm in every(desired)}
    buckets = "documents", "communications", "submissions", "agreements"
    for word in ("failed", "latency", "pending"):
        for stage in ("preview", "production"):
            assert {
                f"{stage}-replication-{word}-digitalmarketplace-{kind}-{stage}-{stage}" for kind in buckets
            } <= names
        assert f"backups-account-replication-{word}-digitalmarketplace-database-backups" in names
    cis = ("unauthorised-calls", "sign-in-without-mfa", "root-use", "iam-changes", "trail-changes", "failed-sign-ins",
           "keys-disabled", "bucket-policy-changes", "config-changes", "security-group-changes", "network-acl-changes",
           "gateway-changes", "route-table-changes", "vpc-changes", "organization-changes",
           "alarms-changed")  # fmt: skip
    assert {f"{place}-{name}" for place in ACCOUNTS for name in cis} <= names
    assert {f"backups-account-dumps-of-{stage}-missing" for stage in ("preview", "staging", "production")} <= names
    assert not [name for name in names if name.startswith("staging-")], "nobody is woken for staging"
    assert {"jenkins-disk-root", "jenkins-disk-data", "jenkins-recover", "jenkins-unhealthy"} <= names
    assert "production-bad-role-password-resets" in names
    assert "preview-bad-role-password-resets" not in names


def test_every_alarm_fires_in_time_and_recovers(desired: dict[str, Any]) -> None:
    judged = 0
    for place, kinds, alarm in every(desired):
        span = (alarm["periods"] + 4) * alarm["period"]
        until = BEGIN + max(span, within(alarm))
        for data in bad_data(place, kinds, alarm, until):
            seen = list(states(alarm, data, BEGIN - 600, until + 2 * span, first="OK"))
            fired = next((at for at, state in seen if state == "ALARM" and at >= BEGIN), None)
            assert not any(state == "ALARM" for at, state in seen if at <= BEGIN), f"{alarm['name']}: too early"
            assert fired is not None, f"{alarm['name']} never fires"
            assert fired - BEGIN <= within(alarm), f"{alarm['name']} fires after {(fired - BEGIN) / 60} minutes"
            assert seen[-1][1] == "OK", f"{alarm['name']} does not recover"
            judged += 1
    assert judged > sum(len(kinds["alarms"]) for kinds in desired.values())


def test_without_any_data_every_alarm_is_as_it_says(desired: dict[str, Any]) -> None:
    expected = {"breaching": "ALARM", "notBreaching": "OK", "ignore": "OK", "missing": "INSUFFICIENT_DATA"}
    for _, _, alarm in every(desired):
        (*_, (_, state)) = states(alarm, [], START, START + 3 * alarm["period"] * alarm["periods"], first="OK")
        assert state == expected[alarm["missing"]], alarm["name"]


def test_every_alarm_is_silent_on_a_quiet_day(desired: dict[str, Any]) -> None:
    for place, kinds in desired.items():
        if not kinds["alarms"]:
            continue
        lines = list(log_lines.quiet_day(ACCOUNTS.get(place, "222222222222")))
        nights = [Point(START + hour * 3600, 1e6) for hour in (-24, -21, 0, 3, 24)]
        for alarm in kinds["alarms"]:
            if alarm["metric"] in OWN_METRICS and alarm["metric"] != "IncomingLogEvents":
                good = OWN_METRICS[alarm["metric"]][0]
                data = nights if alarm["metric"] == "BytesUploaded" else series(alarm, good, good, START + DAY)
            else:
                group = alarm["dimensions"].get("LogGroupName")
                found = filters_of(kinds, alarm)
                group = group or found[0]["group"]
                kind = "trail" if group.endswith("-cloudtrail") else "app" if "application" in group else "web"
                kind = "none" if group.endswith(("-canary", "/Failure")) else kind
                events = [Event(at, group, line) for at, of, line in lines if of == kind]
                made = points(found, events)
                data = made.get(("AWS/Logs", group), []) if not found else made[alarm["namespace"], alarm["metric"]]
            loud = [at for at, state in states(alarm, data, START + 900, START + DAY - 60, "OK") if state == "ALARM"]
            assert not loud, f"{alarm['name']} goes off {(loud[0] - START) / 3600:.2f} hours into a quiet day"


def test_the_pipelines_own_work_is_left_out_and_anybody_elses_is_not(desired: dict[str, Any]) -> None:
    for place, account in ACCOUNTS.items():
        for ending, name in (("alarms-changed", "DisableAlarmActions"), ("bucket-policy-changes", "PutBucketPolicy"),
                             ("security-group-changes", "AuthorizeSecurityGroupIngress")):  # fmt: skip
            (one,) = [one for one in desired[place]["filters"] if one["name"] == f"{place}-{ending}"]
            who = {
                "ours": trail(account, name, role="infrastructure"),
                "admin": trail(account, name),
                "root": trail(account, name, ROOT),
                "another account's": trail("999999999999", name, role="infrastructure"),
            }
            counted = {word: points([one], [Event(0, one["group"], line)]) for word, line in who.items()}
            found = {word for word, made in counted.items() if made[one["namespace"], one["metric"]]}
            assert found == {"admin", "root", "another account's"}, (place, ending)
