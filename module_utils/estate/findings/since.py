"""Two runs compared: what is new, what grew, what is gone, and what nobody can say. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible.module_utils.estate.findings.collect import seen
from ansible.module_utils.estate.findings.finding import Finding, of_dict


class Since(NamedTuple):
    base: str = ""  # when the run began that it is compared with; "" where there was none
    new: tuple[str, ...] = ()  # ids
    wider: Mapping[str, Sequence[str]] = {}  # id -> the resources that are more
    gone: tuple[Finding, ...] = ()
    unknown: tuple[Finding, ...] = ()  # found then, and not looked at now


def findings_of(report: Mapping[str, Any]) -> list[Finding]:
    return [of_dict(one) for one in report.get("findings", ())]


def since(base: Mapping[str, Any] | None, report: Mapping[str, Any], now: Iterable[Finding]) -> Since:
    """What an accepted finding is, it was before: only what is open is new or wider."""
    if base is None:
        return Since()
    before, after = {one.id: one for one in findings_of(base)}, {one.id: one for one in now}
    places = seen(report)
    wider = {
        key: tuple(name for name in one.resources if name not in before[key].resources)
        for key, one in after.items()
        if key in before and one.state == "open" and {*one.resources} - {*before[key].resources}
    }
    # What was accepted then and is open now is back, and so new.
    new = [
        key
        for key, one in after.items()
        if one.state == "open" and (key not in before or before[key].state == "accepted")
    ]
    missing = [one for key, one in before.items() if key not in after]
    gone = [one for one in missing if {*one.places} <= places]
    return Since(base["started"], tuple(new), wider, tuple(gone), tuple(one for one in missing if one not in gone))


def dated(base: Mapping[str, Any] | None, report: Mapping[str, Any], found: Iterable[Finding]) -> list[Finding]:
    """Each with the time of the run that saw it first."""
    before = {one.id: one.since for one in findings_of(base)} if base else {}
    return [one._replace(since=before.get(one.id) or report["started"]) for one in found]
