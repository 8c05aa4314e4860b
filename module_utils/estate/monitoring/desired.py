"""The complete desired monitoring of a stage or an account, worked out of the monitoring_* vars. Pure.

Names are templates: "<stage>-<app>-nginx" with `each: app` is one for each app of monitoring_each. What is replicated
is taken from the buckets' own declaration, and so is who may publish to the topic of uploads.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.monitoring.check import mistakes
from ansible.module_utils.estate.monitoring.kind import Place, Thing
from ansible.module_utils.estate.monitoring.kinds import BY_OPTION
from ansible.module_utils.estate.origin import file_and_line
from ansible.module_utils.estate.policy import partition

Vars = Mapping[str, Any]
_PLACEHOLDER = re.compile(r"<([a-z_]+)>")
ALARM = {
    "dimensions": {}, "statistic": "Sum", "period": 300, "periods": 1, "comparison": ">=", "missing": "notBreaching",
}  # fmt: skip
PUBLISHERS = ("cloudwatch", "events", "s3")
TRAIL = {
    "prefix": "",
    "multi_region": True,
    "global_events": True,
    "validated": True,
    "key": "",
    "group": "",
    "role": "",
}


# --- templates --------------------------------------------------------------------------------------------------------


def filled(value: Any, names: Mapping[str, Any]) -> Any:
    """The value with every <name> in it replaced; a text that is nothing else becomes what it stands for."""
    if isinstance(value, str):
        if (whole := _PLACEHOLDER.fullmatch(value)) and whole[1] in names:
            return names[whole[1]]
        return _PLACEHOLDER.sub(lambda found: _text(found, names), value)
    if isinstance(value, Mapping):
        return {filled(key, names): filled(part, names) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [filled(part, names) for part in value]
    return value


def _text(found: re.Match[str], names: Mapping[str, Any]) -> str:
    if found[1] not in names:
        raise ValueError(f"{found[0]} stands for nothing here; known are {', '.join(f'<{name}>' for name in names)}")
    return str(names[found[1]])


def contexts(given: Any, lists: Mapping[str, Sequence[Any]], base: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What the names stand for, once for each combination of the lists that `each` names."""
    wanted = [given] if isinstance(given, str) else list(given or ())
    if unknown := [name for name in wanted if name not in lists]:
        raise ValueError(f"each: {unknown[0]} is no list; allowed are {', '.join(lists)}")
    for items in itertools.product(*(lists[name] for name in wanted)):
        found = dict(base)
        for name, item in zip(wanted, items, strict=True):
            found |= filled(item, base) if isinstance(item, Mapping) else {name: item}
        yield found


def _expanded(
    entries: Mapping[str, tuple[str, Any]], lists: Mapping[str, Sequence[Any]], base: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where it is declared, a thing) of each."""
    made: set[str] = set()
    for template, (variable, words) in entries.items():
        where = f"{variable}.{template}{file_and_line(template)}"
        try:
            for names in contexts((words or {}).get("each"), lists, base):
                said = {word: value for word, value in (words or {}).items() if word not in ("each", "widgets")}
                one = {"name": filled(template, names), **filled(said, names)}
                one |= {"widgets": words["widgets"]} if "widgets" in (words or {}) else {}  # with lists of their own
                if one["name"] in made:
                    raise ValueError(f"{one['name']} is made twice; put what differs into its name")
                made.add(one["name"])
                yield where, one
        except (ValueError, TypeError, AttributeError) as exc:
            raise ValueError(f"{where}: {exc}") from exc


# --- what is replicated -----------------------------------------------------------------------------------------------


def replicated(buckets: Sequence[Thing]) -> list[dict[str, str]]:
    """Every rule by the names that S3's replication metrics have.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
    """
    return [
        {"source": bucket["name"], "replica": rule["bucket"], "rule": rule["id"]}
        for bucket in buckets
        for rule in (bucket.get("replication") or {}).get("rules", [])
        if rule.get("metrics", True) and rule.get("enabled") is not False
    ]


# --- one of each kind -------------------------------------------------------------------------------------------------


def _alarm(one: dict[str, Any], place: str) -> dict[str, Any]:
    alarm = {**ALARM, "alarm": [f"{place}-alarm"], "recovery": [f"{place}-recovery"], **one}
    within = alarm.pop("within", None)
    if "enabled" in one:
        raise ValueError("enabled is nothing to declare: an alarm that tells nobody is none, so leave it out")
    return alarm | {
        "datapoints": alarm.get("datapoints", alarm["periods"]),
        "threshold": float(alarm["threshold"]),
        "about": f"{alarm['about']}; fires within {within} minutes" if within else alarm["about"],
        "enabled": True,
    }


def _topic(one: dict[str, Any], where: Place, buckets: Sequence[Thing]) -> dict[str, Any]:
    """Who may publish is said in full, since a topic's own default lets the whole account do everything to it.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
    """
    arn = where.arn("sns", one["name"])
    ours = {"StringEquals": {"aws:SourceAccount": where.account_id}}
    said = {"Effect": "Allow", "Action": "sns:Publish", "Resource": arn}
    statements = []
    for publisher in one.pop("publish"):
        if publisher not in PUBLISHERS:
            raise ValueError(f"publish: {publisher!r} is unknown; allowed are {', '.join(PUBLISHERS)}")
        statement = {"Sid": publisher.capitalize(), **said, "Principal": {"Service": f"{publisher}.amazonaws.com"}}
        if publisher == "s3":
            sources = [  # the buckets that tell this topic of events
                f"arn:{where.partition}:s3:::{bucket['name']}"
                for bucket in buckets
                if any(told["arn"] == arn for told in (bucket.get("notifications") or {}).get("topics") or ())
            ]
            if not sources:
                continue
            statements.append({**statement, "Condition": {**ours, "ArnEquals": {"aws:SourceArn": sources}}})
        else:
            statements.append({**statement, "Condition": ours})
    role = one.pop("failures_role", "")
    attributes = {"HTTPFailureFeedbackRoleArn": where.role(role)} if role else {}
    tls = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Sid": "TlsOnly", **said, "Effect": "Deny", "Principal": "*", "Condition": tls}
    policy = {"Version": "2012-10-17", "Statement": [*statements, deny]}
    return {"subscriptions": [], "attributes": attributes, **one, "policy": policy}


def _dashboard(
    one: dict[str, Any], lists: Mapping[str, Sequence[Any]], base: Mapping[str, Any], region: str
) -> dict[str, Any]:
    """Two widgets side by side, in the order in which they are declared."""
    widgets: list[dict[str, Any]] = []
    for widget in one["widgets"]:
        for names in contexts(widget.get("each"), lists, base):
            lines = [
                [filled(line["namespace"], within), filled(line["metric"], within)]
                for line in widget["lines"]
                for within in contexts(line.get("each"), lists, names)
            ]
            at = len(widgets)
            shown = {"title": filled(widget["title"], names), "metrics": lines, "stat": widget.get("statistic", "Sum")}
            shown |= {"period": 300, "region": region, "view": "timeSeries", "stacked": len(lines) > 1}
            box = {"x": at % 2 * 12, "y": at // 2 * 6, "width": 12, "height": 6}
            widgets.append({"type": "metric", **box, "properties": shown})
    return {"name": one["name"], "body": {"widgets": widgets}}


def _key(one: dict[str, Any], where: Place) -> dict[str, Any]:
    """Its account decides by its own policies; the services only for what is logged here.

    Where keepers (roles) are named, they and root alone may end it, since what it encrypts ends with it.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    said = {"Effect": "Allow", "Resource": "*"}
    trails = f"arn:{where.partition}:cloudtrail:*:{where.account_id}:trail/*"
    root = f"arn:{where.partition}:iam::{where.account_id}:root"
    statements: list[dict[str, Any]] = [
        {"Sid": "Account", **said, "Principal": {"AWS": root}, "Action": "kms:*"},
        {"Sid": "Trails", **said, "Principal": {"Service": "cloudtrail.amazonaws.com"},
         "Action": ["kms:DescribeKey", "kms:GenerateDataKey*"],
         "Condition": {"StringLike": {"aws:SourceArn": trails}}},
        {"Sid": "Logs", **said, "Principal": {"Service": f"logs.{where.region}.amazonaws.com"},
         "Action": ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
         "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": where.arn("logs", "*")}}},
    ]  # fmt: skip
    keepers = one.pop("keepers", [])
    if not isinstance(keepers, list):
        raise ValueError(f"keepers: {keepers!r} is no list; allowed is a list of the account's roles")
    if keepers:
        ends = ["kms:DeleteImportedKeyMaterial", "kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]
        others = {"ArnNotEquals": {"aws:PrincipalArn": [root, *map(where.role, keepers)]}}
        statements.append(
            {"Sid": "Keepers", **said, "Effect": "Deny", "Principal": "*", "Action": ends, "Condition": others}
        )
    return {"rotated": True, "policy": {"Version": "2012-10-17", "Statement": statements}, **one}


# --- all of it --------------------------------------------------------------------------------------------------------


# What each purpose takes; none takes all.
PURPOSES = {
    "monitoring": tuple(option for option in BY_OPTION if option != "trails"),
    "trails": ("trails",),
    "proof": ("topics", "alarms"),
}


def monitoring_desired(declared: Vars, purpose: str = "") -> dict[str, list[dict[str, Any]]]:
    """What dm_monitoring takes, by kind; all kinds where no purpose is named. Raises ValueError in the vars' words."""
    where = Place(declared["account_id"], declared["region"], partition(declared["region"]))
    # Trails have nothing of the buckets, which take long to work out.
    buckets = () if purpose == "trails" else declared.get("buckets") or ()
    base = {
        name: declared[name] for name in ("stage", "place", "account", "account_id", "region") if declared.get(name)
    }
    lists = {**declared["each"], "replicated": replicated(buckets)}
    makers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "alarms": lambda one: _alarm(one, declared["place"]),
        "topics": lambda one: _topic(one, where, buckets),
        "dashboards": lambda one: _dashboard(one, lists, base, declared["region"]),
        "keys": lambda one: _key(one, where),
        "filters": lambda one: {**one, "value": str(one["value"])},
        "trails": lambda one: {**TRAIL, **one, "management": True, "logging": True},
    }
    found: dict[str, list[dict[str, Any]]] = {}
    places: dict[tuple[str, str], str] = {}
    layers = declared["layers"]
    for variable, kinds in layers.items():
        if unknown := [kind for kind in kinds if kind not in BY_OPTION]:
            raise ValueError(f"{variable}.{unknown[0]}{file_and_line(unknown[0])}: allowed are {', '.join(BY_OPTION)}")
    for option in BY_OPTION:
        entries: dict[str, tuple[str, Any]] = {}
        for variable, kinds in layers.items() if option not in declared["without"] else ():
            entries |= {name: (f"{variable}.{option}", words) for name, words in (kinds.get(option) or {}).items()}
        found[option] = []
        for place, one in _expanded(entries, lists, base):
            places[option, one["name"]] = place
            try:
                found[option].append(makers.get(option, dict)(one))
            except KeyError as exc:
                raise ValueError(f"{place}: {exc.args[0]} is missing") from None
            except (TypeError, ValueError, AttributeError) as exc:
                raise ValueError(f"{place}: {exc}") from None
    if wrong := mistakes(found, places):
        raise ValueError(" ".join(wrong))
    return {option: found[option] for option in (PURPOSES[purpose] if purpose else found)}
