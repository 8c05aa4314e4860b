"""Findings for Jenkins, a code scanner and the SOC, held to the formats' own schemas."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import jsonschema
import pytest
from ansible.module_utils.estate.findings import since, written
from ansible.module_utils.estate.findings.collect import collect
from ansible.module_utils.estate.findings.since import Since
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from sarif_pydantic import Sarif

from tests.unit.findings.test_finding_values import change, plan, report

PLANS = {
    "preview": {
        "buckets": change("a-preview", before={"policy": 1}, after={"policy": 2}, method="s3.put_bucket_policy")
        | {"drift": ["x: MFA delete is declared but off"], "notes": ["ada.example leaves <soon> & \x1b[31mred"]},
        "dns": plan(),
    }
}
REPORT = report(plans=PLANS, accounts={"preview": {"name": "development", "id": "222222222222"}})
FOUND = since.dated(None, REPORT, collect(REPORT))
FOUND[0] = FOUND[0]._replace(file="inventories/common/group_vars/all/buckets.yml", line=27)
FOUND[1] = FOUND[1]._replace(state="accepted", told="accepted by platform until 2027-01-01: May")
GONE = FOUND[0]._replace(id="000000000000", title="gone by now")
SINCE = Since("2026-11-25T03:00:00+00:00", (FOUND[0].id,), {}, (GONE,))


def test_jenkins_reads_a_case_for_each_place_and_finding_by_names_that_stay():
    suite = ElementTree.fromstring(written.junit(REPORT, FOUND, ["staging"]))

    cases = {(case.get("classname"), case.get("name")): [child.tag for child in case] for case in suite}
    assert cases == {
        ("looked at", "preview buckets"): [],
        ("looked at", "preview dns"): [],
        ("looked at", "preview tasks"): [],
        ("found.change", f"{FOUND[0].title} [{FOUND[0].id}]"): ["failure"],
        ("found.drift", f"{FOUND[1].title} [{FOUND[1].id}]"): ["skipped"],
        ("found.note", f"{written.printable(FOUND[2].title)} [{FOUND[2].id}]"): [],
        ("not looked at", "staging"): ["skipped"],
    }
    counts = {name: suite.get(name) for name in ("tests", "failures", "skipped", "errors")}
    assert counts == {"tests": "7", "failures": "1", "skipped": "2", "errors": "0"}
    assert "buckets.yml:27" in suite.findtext("*/failure")


def test_a_scanner_reads_sarif_at_the_declaring_line():
    made = written.sarif(FOUND, SINCE, "abc")
    read = Sarif.model_validate(made)

    results = read.runs[0].results
    states = [result["baselineState"] for result in made["runs"][0]["results"]]
    assert states == ["new", "unchanged", "unchanged", "absent"]
    place = results[0].locations[0].physical_location
    assert (place.artifact_location.uri, place.region.start_line) == (FOUND[0].file, 27)
    assert made["runs"][0]["results"][1]["suppressions"][0]["justification"] == FOUND[1].told
    rules = {rule["id"] for rule in made["runs"][0]["tool"]["driver"]["rules"]}
    assert {result.rule_id for result in results} <= rules


def test_the_soc_reads_ocsf_events_that_open_and_close():
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.5.0")).get_class_schema("compliance_finding")
    events = written.ocsf(REPORT, FOUND, SINCE)

    for event in events:
        jsonschema.validate(json.loads(json.dumps(event)), schema)
    assert [event["activity_id"] for event in events] == [1, 2, 2, 3]
    assert [event["status_id"] for event in events] == [1, 3, 1, 4]
    assert events[0]["resources"][0]["owner"]["account"] == {"uid": "222222222222", "name": "development"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**events[0], "severity_id": "high"}, schema)


def test_a_terminal_shows_a_screen_what_is_new_first():
    many = [FOUND[0]._replace(id=f"{number:012}", title=f"cause {number}") for number in range(200)]
    told = [line for _, line in written.lines([*many, *FOUND], SINCE)]

    assert told[0] == "since 2026-11-25 03:00: 1 new, 0 wider, 1 gone"
    assert told[1].startswith("new: high: policy of bucket differs")
    assert "inventories/common/group_vars/all/buckets.yml:27" in told[1]
    assert told[-1] == "gone: gone by now"
    assert "and 180 more open findings on the page" in told
    assert len(told) < 30
    assert not any(FOUND[1].title in line for line in told), "it was accepted"
