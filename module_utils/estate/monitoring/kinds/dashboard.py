"""A dashboard, compared by what it shows and not by its text.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.monitoring.kind import Call, Kind, Place, Reader, Thing


def _read(reader: Reader) -> dict[str, dict[str, Any]]:
    listed = [one["DashboardName"] for one in reader.pages("cloudwatch", "list_dashboards", "DashboardEntries")]

    def one(name: str) -> tuple[str, dict[str, Any]]:
        body = reader.answer("cloudwatch", "get_dashboard", DashboardName=name)["DashboardBody"]
        return name, {"name": name, "body": json.loads(body)}

    return dict(reader.each(one, listed))


def _calls(wanted: Thing, live: Thing | None, place: Place) -> Iterator[Call]:  # noqa: ARG001 a put replaces all
    body = json.dumps(wanted["body"], sort_keys=True, separators=(",", ":"))
    yield Call("cloudwatch.put_dashboard", {"DashboardName": wanted["name"], "DashboardBody": body})


KIND = Kind("dashboard", "dashboards", _read, _calls)
