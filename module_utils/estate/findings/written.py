"""Findings in the words of other tools: Jenkins' trend, a code scanner's view of a line, the SOC. Pure.

JUnit: https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
OCSF 1.5.0, Compliance Finding: https://schema.ocsf.io/1.5.0/classes/compliance_finding
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from ansible.module_utils.estate.findings.collect import seen
from ansible.module_utils.estate.findings.finding import KINDS, Finding
from ansible.module_utils.estate.findings.since import Since

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
_OCSF_SEVERITY = {"info": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
DOCS = "docs/findings.md"


def where(one: Finding) -> str:
    return f"{one.file}:{one.line}" if one.file else ""


def anchor(kind: str) -> str:
    return f"{DOCS}#{kind.lower().replace(' ', '-')}"


def printable(text: str) -> str:
    """Without what XML and terminals cannot take: a name that somebody gave may hold anything."""
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")


def _text(one: Finding) -> str:
    said = [one.why, *one.details, *(f"- {name}" for name in one.resources)]
    said += [f"declared in {where(one)}"] if one.file else []
    said += [f"changed by {one.who}, {one.when}"] if one.who else []
    said += [one.told] if one.told else []
    said += [f"to mend it: {one.mend}"] if one.mend else []
    return "\n".join([*said, f"see {anchor(one.kind)}"])


def junit(report: Mapping[str, Any], found: Sequence[Finding], unseen: Sequence[str]) -> str:
    """A test for each place that was looked at and for each finding, by names that stay: Jenkins' trend needs them."""
    suite = ElementTree.Element("testsuite", name=f"estate {report['inventory']}", timestamp=report["started"][:19])
    for place in sorted(seen(report)):
        ElementTree.SubElement(suite, "testcase", classname="looked at", name=place)
    for one in found:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"found.{one.kind}", name=f"{printable(one.title)} [{one.id}]"
        )
        if one.state == "accepted":
            ElementTree.SubElement(case, "skipped", message=printable(one.told))
        elif one.severity != "info":
            failure = ElementTree.SubElement(case, "failure", message=printable(one.title), type=one.severity)
            failure.text = printable(_text(one))
    for name in unseen:
        case = ElementTree.SubElement(suite, "testcase", classname="not looked at", name=name)
        ElementTree.SubElement(case, "skipped", message="not looked at, so nobody knows")
    failures, skipped = len(suite.findall("*/failure")), len(suite.findall("*/skipped"))
    for name, count in {"tests": len(suite), "failures": failures, "errors": 0, "skipped": skipped}.items():
        suite.set(name, str(count))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def sarif(found: Sequence[Finding], since: Since, version: str) -> dict[str, Any]:
    kinds = sorted({one.kind for one in found} | {one.kind for one in since.gone})
    rules = [
        {"id": kind, "shortDescription": {"text": kind}, "fullDescription": {"text": KINDS[kind].why}}
        for kind in kinds
        if kind in KINDS
    ]
    driver = {"name": "estate", "version": version or "0", "rules": rules}
    results = [_result(one, since) for one in found]
    results += [{**_result(one, since), "baselineState": "absent"} for one in since.gone]
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    return {"$schema": schema, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _result(one: Finding, since: Since) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": one.kind,
        "level": _LEVELS[one.severity],
        "message": {"text": f"{one.title}\n{_text(one)}"},
        "partialFingerprints": {"cause/v1": one.id},
    }
    if since.base:
        result["baselineState"] = "new" if one.id in since.new else "updated" if one.id in since.wider else "unchanged"
    if one.file:
        place = {"artifactLocation": {"uri": one.file}, "region": {"startLine": one.line}}
        result["locations"] = [{"physicalLocation": place}]
    if one.state == "accepted":
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": one.told}]
    return result


def ocsf(report: Mapping[str, Any], found: Sequence[Finding], since: Since) -> list[dict[str, Any]]:
    """One event for each finding, and one that closes each that is gone."""
    events = [_event(report, one, 1 if one.id in since.new or not since.base else 2) for one in found]
    return [*events, *(_event(report, one, 3) for one in since.gone)]


def _event(report: Mapping[str, Any], one: Finding, activity: int) -> dict[str, Any]:
    status = 4 if activity == 3 else 3 if one.state == "accepted" else 1
    event: dict[str, Any] = {
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "category_uid": 2,
        "category_name": "Findings",
        "activity_id": activity,
        "type_uid": 200300 + activity,
        "time": milliseconds(report["started"]),
        "severity_id": _OCSF_SEVERITY[one.severity],
        "status_id": status,
        "message": one.title,
        "metadata": {"version": "1.5.0", "product": {"name": "estate", "vendor_name": "Digital Marketplace"}},
        "finding_info": {
            "uid": one.id,
            "title": one.title,
            "desc": _text(one),
            "types": [one.kind],
            "first_seen_time": milliseconds(one.since or report["started"]),
        },
        "compliance": {"standards": ["as declared"], "control": one.kind, "status_id": 1 if activity == 3 else 3},
        "resources": list(_resources(report, one)),
        "remediation": {"desc": one.mend or f"see {anchor(one.kind)}"},
    }
    return event | ({"comment": one.told} if one.told else {})


def _resources(report: Mapping[str, Any], one: Finding) -> Iterator[dict[str, Any]]:
    for resource in one.resources:
        host, _, name = resource.partition(": ")
        account = report.get("accounts", {}).get(host, {})
        made = {"uid": name or host, "name": name or host, "type": name.partition(" ")[0] or "host"}
        yield {**made, "owner": {"account": {"uid": account["id"], "name": account["name"]}}} if account else made


def milliseconds(moment: str) -> int:
    return int(datetime.datetime.fromisoformat(moment).timestamp() * 1000) if moment else 0


def lines(found: Sequence[Finding], since: Since, most: int = 20) -> Iterator[tuple[str, str]]:
    """(severity, line) for a terminal, what is new first; all of it in about a screen."""
    new = [one for one in found if one.id in since.new or one.id in since.wider]
    rest = [one for one in found if one not in new and one.state == "open" and one.severity != "info"]
    if since.base:
        began = since.base[:16].replace("T", " ")
        yield "", f"since {began}: {len(since.new) or 'nothing'} new, {len(since.wider)} wider, {len(since.gone)} gone"
    for title, some in (("new", new), ("open", rest)):
        for one in some[:most]:
            yield one.severity, f"{title}: {one.severity}: {line(one, since.wider.get(one.id, ()))}"
        if len(some) > most:
            yield "", f"and {len(some) - most} more {title} findings on the page"
    for one in since.gone[:most]:
        yield "info", f"gone: {one.title}"
    for one in since.unknown[:most]:
        yield "medium", f"not looked at this time: {one.title}"


def line(one: Finding, more: Sequence[str] = ()) -> str:
    named = more or one.resources
    shown = ", ".join(named[:2]) + (f" and {len(named) - 2} more" if len(named) > 2 else "")
    parts = [f"{one.title} ({shown})", where(one), one.told]
    return printable("; ".join(part for part in parts if part))
