"""Lines as the assets router and CloudTrail write them, for tests of what is counted in them."""

from __future__ import annotations

import datetime
import json
import random
from collections.abc import Iterator
from typing import Any

DAY = 86400
START = 1_800_000_000  # seconds; a whole minute


def router(at: float, status: int = 200, seconds: float = 0.012, path: str = "/g-cloud-13/documents/1/x.pdf") -> str:
    """The format `assets` of roles/assets_router/templates/assets.j2."""
    when = datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="seconds")
    return json.dumps(
        {
            "time": when, "request": "7-1", "trace": "", "span": "4bf92f3577b34da6", "client": "192.0.2.7",
            "method": "GET", "host": "assets.digitalmarketplace.example", "path": path, "status": str(status),
            "outcome": "served" if status < 400 else "error", "kind": "documents", "bytes": "5120",
            "asked_bytes": "310", "agent": "Mozilla/5.0", "referrer": "", "seconds": seconds, "cache": "HIT",
            "upstream": "", "upstream_status": "", "upstream_connect": "", "upstream_header": "",
            "upstream_seconds": "",
        }
    )  # fmt: skip


def application(at: float, **words: Any) -> str:
    return json.dumps({"time": at, "name": "app", "levelname": "INFO", "message": "Responded to request", **words})


ROLE = {
    "type": "AssumedRole", "arn": "arn:aws:sts::{account}:assumed-role/{role}/x", "accountId": "{account}",
    "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::{account}:role/{role}",
                                         "userName": "{role}"}},
}  # fmt: skip
ROOT = {"type": "Root", "arn": "arn:aws:iam::{account}:root", "accountId": "{account}"}
USER = {"type": "IAMUser", "arn": "arn:aws:iam::{account}:user/ada.example", "userName": "ada.example"}
SOURCES = {
    "kms": ("DisableKey", "ScheduleKeyDeletion"), "signin": ("ConsoleLogin",), "s3": ("Bucket",),
    "config": ("Configuration", "DeliveryChannel"), "monitoring": ("Alarm",), "sns": ("Topic", "Unsubscribe"),
    "logs": ("MetricFilter", "LogGroup", "RetentionPolicy"), "cloudtrail": ("Trail", "Logging", "EventSelectors"),
}  # fmt: skip


def trail(account: str, name: str, who: dict[str, Any] | None = None, role: str = "admins", **words: Any) -> str:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html"""
    said = json.dumps(who or ROLE).replace("{account}", account).replace("{role}", role)
    source = next((key for key, parts in SOURCES.items() if any(part in name for part in parts)), "iam")
    event = {
        "eventVersion": "1.11", "userIdentity": json.loads(said), "eventTime": "2026-11-26T09:00:00Z",
        "eventSource": f"{source}.amazonaws.com", "eventName": name, "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.7", "userAgent": "Boto3", "requestParameters": None, "responseElements": None,
        "eventType": "AwsApiCall", "readOnly": False, "recipientAccountId": account,
    }  # fmt: skip
    return json.dumps(event | words)


def quiet_day(account: str, seed: int = 7) -> Iterator[tuple[float, str, str]]:
    """(when, "web", "app" or "trail", line): what a day without trouble looks like, small mishaps included."""
    random.seed(seed)
    for minute in range(0, DAY, 60):
        at = START + minute
        for _ in range(random.randint(1, 3)):
            status = random.choices((200, 304, 302, 403, 404, 429), (80, 8, 4, 2, 5, 1))[0]
            yield at, "web", router(at, status, round(random.lognormvariate(-4, 1.2), 3))
        yield at, "web", router(at, 200, 0.0, "/_status?ignore-dependencies")
        yield at, "app", application(at)
    read = {"readOnly": True, "eventSource": "ec2.amazonaws.com"}
    for second in range(0, DAY, 600):
        at = START + second
        yield at, "trail", trail(account, "DescribeInstances", role="infrastructure", **read)
        yield at + 1, "trail", trail(account, "AssumeRole", role="jenkins", eventSource="sts.amazonaws.com")
        yield at + 2, "trail", trail(account, "GetBucketPolicy", role="security_audit", readOnly=True)
    for second in range(1800, DAY, 7200):  # the pipeline's own work, and people's slips
        at = START + second
        for name in ("PutBucketPolicy", "PutMetricAlarm", "PutMetricFilter", "AuthorizeSecurityGroupIngress"):
            yield at, "trail", trail(account, name, role="infrastructure")
        yield at + 5, "trail", trail(account, "GetObject", errorCode="AccessDenied", role="developers")
        yield at + 9, "trail", trail(account, "ConsoleLogin", USER, errorMessage="Failed authentication")
        login = {"responseElements": {"ConsoleLogin": "Success"}, "additionalEventData": {"MFAUsed": "Yes"}}
        yield at + 20, "trail", trail(account, "ConsoleLogin", USER, **login)
        yield at + 30, "trail", trail(account, "AddUserToGroup", role="infrastructure")
        yield at + 40, "trail", trail(account, "Decrypt", ROOT, invokedBy="x", eventType="AwsServiceEvent")
