"""An alarm on one metric: what is too much, for how long, what missing data means, and which topics are told.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.monitoring.kind import Call, Kind, Place, Reader, Thing

COMPARISONS = {
    ">=": "GreaterThanOrEqualToThreshold",
    ">": "GreaterThanThreshold",
    "<=": "LessThanOrEqualToThreshold",
    "<": "LessThanThreshold",
}
# The words that AWS takes as they are declared.
_WORDS = {
    "about": "AlarmDescription", "namespace": "Namespace", "metric": "MetricName", "period": "Period",
    "periods": "EvaluationPeriods", "datapoints": "DatapointsToAlarm", "threshold": "Threshold",
    "missing": "TreatMissingData",
}  # fmt: skip
_SIGNS = {name: sign for sign, name in COMPARISONS.items()}


def _read(reader: Reader) -> dict[str, dict[str, Any]]:
    found = reader.pages("cloudwatch", "describe_alarms", "MetricAlarms", MaxRecords=100)
    return {one["AlarmName"]: _shape(one, reader.place) for one in found}


def _topics(arns: list[str], place: Place) -> list[str]:
    """Topics of this place by their names; whatever else is told by its ARN."""
    return sorted(arn.removeprefix(place.arn("sns", "")) for arn in arns)


def _shape(one: dict[str, Any], place: Place) -> dict[str, Any]:
    unit = f" in {one['Unit']}" if one.get("Unit") else ""  # whoever sets one by hand makes the alarm blind to others
    maths = {"maths": True} if one.get("Metrics") else {}
    return maths | {
        "name": one["AlarmName"],
        "about": one.get("AlarmDescription", ""),
        "namespace": one.get("Namespace", ""),
        "metric": one.get("MetricName", "") + unit,
        "dimensions": {pair["Name"]: pair["Value"] for pair in one.get("Dimensions", [])},
        "statistic": one.get("Statistic") or one.get("ExtendedStatistic", ""),
        "period": one.get("Period", 0),
        "periods": one["EvaluationPeriods"],
        "datapoints": one.get("DatapointsToAlarm") or one["EvaluationPeriods"],
        "comparison": _SIGNS.get(one.get("ComparisonOperator", ""), one.get("ComparisonOperator", "")),
        "threshold": float(one.get("Threshold", 0)),
        "missing": one.get("TreatMissingData") or "missing",
        "alarm": _topics(one.get("AlarmActions", []), place),
        "recovery": _topics(one.get("OKActions", []), place),
        "enabled": one.get("ActionsEnabled", True),
    }


def _calls(wanted: Thing, live: Thing | None, place: Place) -> Iterator[Call]:  # noqa: ARG001 a put replaces all
    def arns(names: list[str]) -> list[str]:
        return [name if name.startswith("arn:") else place.arn("sns", name) for name in names]

    statistic = "Statistic" if wanted["statistic"][0].isupper() else "ExtendedStatistic"
    yield Call(
        "cloudwatch.put_metric_alarm",
        {
            "AlarmName": wanted["name"],
            **{theirs: wanted[ours] for ours, theirs in _WORDS.items()},
            "ActionsEnabled": True,
            "Dimensions": [{"Name": name, "Value": value} for name, value in sorted(wanted["dimensions"].items())],
            statistic: wanted["statistic"],
            "ComparisonOperator": COMPARISONS[wanted["comparison"]],
            "AlarmActions": arns(wanted["alarm"]),
            "OKActions": arns(wanted["recovery"]),
        },
    )


KIND = Kind(
    "alarm",
    "alarms",
    _read,
    _calls,
    needs=lambda thing: [f"topic {name}" for name in (*thing["alarm"], *thing["recovery"])],
)
