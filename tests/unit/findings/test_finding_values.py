"""Findings out of a stored run, and what becomes of them from one run to the next."""

from __future__ import annotations

import copy
import datetime
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.estate.findings import collect, declared, finding, since
from ansible.module_utils.estate.findings.accepted import judge, problems, unused
from ansible.module_utils.estate.findings.changed_by import newest, region_of
from ansible.module_utils.estate.findings.collect import unseen
from ansible.module_utils.estate.review.findings import KINDS

TODAY = datetime.date(2026, 11, 26)


def report(**more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"inventory": "preview", "check": True, "started": "2026-11-26T03:00:00+00:00"}
    made |= {"seconds": 5.0, "pending": 0, "commits": {}, "summary": {}, "looked_at": ["preview"]}
    made |= {"left_out": {"preview": []}, "plans": {}, "tasks": [], "failures": [], "limit": "", "tags": ""}
    return made | {"parts": {"preview": ["buckets"]}} | more


def plan(**more: Any) -> dict[str, Any]:
    """Of the bucket that is called for, or of nothing."""
    empty: dict[str, Any] = {"actions": [], "diff": [], "notes": [], "drift": [], "unmanaged": [], "outcomes": []}
    return empty | {"proofs": [], "effects": [], "account": "preview"} | more


def change(
    *names: str, before: Any, after: Any, method: str = "s3.put_bucket_tagging", verb: str = "change"
) -> dict[str, Any]:
    diffs = [
        {
            "before_header": f"bucket {name}",
            "after_header": f"bucket {name}",
            "before": copy.deepcopy(before),
            "after": copy.deepcopy(after),
        }
        for name in names
    ]
    actions = [{"verb": verb, "resource": f"bucket {name}", "method": method, "params": {}} for name in names]
    return plan(diff=diffs, actions=actions)


def found(**plans: Any) -> list[finding.Finding]:
    return collect.collect(report(plans={"preview": plans}))


def test_the_same_change_on_several_resources_is_one_row_that_says_how_to_mend_it():
    [one] = found(buckets=change("a-preview", "b-preview", before={"tags": {"x": 1}}, after={"tags": {}}))

    assert (one.kind, one.severity) == ("change", "medium")
    assert one.title == "tags of bucket differs from what is declared"
    assert one.resources == ("preview: bucket a-preview", "preview: bucket b-preview")
    assert one.mend == "bin/estate converge STAGE=preview LIMIT=preview TAGS=buckets"
    assert f"- finding: {one.id}" in one.as_dict()["accept"]


def test_another_change_is_another_cause_and_a_policy_weighs_more():
    two = found(
        buckets=change("a", before={"tags": 1}, after={"tags": 2}),
        more=change("b", before={"policy": 1}, after={"policy": 2}, method="s3.put_bucket_policy"),
    )

    assert [(one.kind, one.severity) for one in two] == [("change", "high"), ("change", "medium")]


def test_what_is_the_same_before_and_after_is_no_finding_of_a_whole_diff():
    whole = change("shop", before={"region": "eu-west-1", "tags": 1}, after={"region": "eu-west-1", "tags": 2})

    assert [one.title for one in found(buckets=whole)] == ["tags of bucket differs from what is declared"]


def test_somebodys_place_in_a_group_is_told_though_it_has_no_diff():
    member = {"verb": "remove", "resource": "gus.example in Admins", "method": "iam.remove_user_from_group"}
    [one] = found(access=plan(actions=[member]))

    assert (one.kind, one.title) == ("surplus", "gus.example in Admins is live and would be removed")


def test_a_renamed_resource_is_the_same_finding():
    was = found(buckets=change("shop-old", before={"logging": "shop-old/"}, after={"logging": ""}))
    now = found(buckets=change("shop-new", before={"logging": "shop-new/"}, after={"logging": ""}))

    assert was[0].id == now[0].id


def test_what_passes_by_itself_makes_no_other_finding():
    was, now = (
        found(buckets=plan(drift=[f"replication of a into b: last proved {when}, {age} hours ago"]))[0]
        for when, age in (("2026-11-24T03:00:00+00:00", "24"), ("2026-11-25T03:00:00+00:00", "48.5"))
    )

    assert was.id == now.id


def test_one_more_resource_of_a_proof_that_names_its_resources_makes_it_wider_and_no_other_finding():
    def told(*names: str) -> finding.Finding:
        proof = {"subject": "deletion by him", "verdict": "failed", "why": f"can destroy {', '.join(names)}"}
        [one] = found(deletion=plan(proofs=[proof | {"cause": "he can destroy every copy", "of": names}]))
        return one

    was, now = told("documents"), told("documents", "reports")

    assert (was.id, was.title, now.details) == (
        now.id, "he can destroy every copy", ("can destroy documents, reports",),
    )  # fmt: skip
    assert now.resources == ("preview: documents", "preview: reports")
    [judged] = judge([now], [accepted(was)], TODAY)
    assert judged.state == "open"
    assert "new since then: preview: reports" in judged.told


def test_what_is_pasted_to_accept_is_read_as_it_was_shown():
    for key in ("0123456789ab", "012345670123", "123456789012"):
        one = finding.Finding(key, "drift", "medium", "is off: {now}", ("preview: x",))
        [entry] = yaml.safe_load(finding.accept(one))
        assert (entry["finding"], entry["about"], entry["resources"]) == (key, one.title, [*one.resources])


def test_what_is_not_proved_is_one_finding_though_the_plan_calls_it_drift_too():
    subject, why = "replication of a into b", "no rule in force copies estate-canary.txt into b"
    proof = {"subject": subject, "verdict": "waiting", "why": why}
    drift = [f"{subject}: {why}; estate prove writes a canary, and waits for it"]
    [one] = found(**{"replication proof": plan(drift=drift, proofs=[proof])})

    assert (one.kind, one.title, one.mend) == ("proof waiting", why, "bin/estate prove STAGE=preview")

    [alarms] = found(**{"alarm proof": plan(drift=["alarms of preview were not proved to reach anybody for a day"])})
    assert (alarms.kind, alarms.mend) == ("drift", "bin/estate prove STAGE=preview")


def test_what_a_proof_or_the_review_tells_is_told_by_nobody_else():
    proof = {"subject": "deletion by him", "verdict": "failed", "why": "nobody there is called him"}
    said = "deletion of preview: not proved: deletion by him: nobody there is called him."
    failures = [{"host": "preview", "task": "Say who can", "sentence": said}]
    [one] = collect.collect(report(plans={"preview": {"deletion": plan(proofs=[proof])}}, failures=failures))
    assert (one.kind, one.title) == ("proof failed", "nobody there is called him")
    [other] = collect.collect(report(plans={"preview": {}}, failures=failures))
    assert other.kind == "failed"

    broken = plan(drift=["invariant x failed: he may"], proofs=[{**proof, "subject": "invariant x"}])
    rows = [{"kind": "invariant", "account": "all", "subject": "x", "finding": "failed: he may"}]
    plans = {"preview": {collect.INVARIANTS: broken}}
    [one] = collect.collect(report(plans=plans, tables={"findings": rows}))
    assert (one.kind, one.severity) == ("invariant", "critical")
    assert len(collect.collect(report(plans=plans))) == 2


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (change("x", before="", after={"tags": 1}, verb="add"), "missing"),
        (change("x", before={"tags": 1}, after="", verb="remove"), "surplus"),
        (change("x", before={"inline more": 1}, after=""), "change"),
        (change("x", before="", after={"inline more": 1}), "change"),
        (plan(drift=["x: MFA delete is declared but off"]), "drift"),
        (plan(notes=["ada.example leaves Admins soon"]), "note"),
        (
            plan(unmanaged=[{"resource": "user x", "adopt": "users:\n- name: x", "file": "vars/people.yml"}]),
            "unmanaged",
        ),
        (plan(proofs=[{"subject": "a into b", "verdict": "failed", "why": "did not arrive"}]), "proof failed"),
        (plan(proofs=[{"subject": "a into b", "verdict": "waiting", "why": "not there yet"}]), "proof waiting"),
        (plan(outcomes=[{"resource": "r", "method": "s3.x", "status": "failed", "why": "AccessDenied"}]), "failed"),
    ],
)
def test_each_kind_is_told_apart_and_says_why_it_matters(made, kind):
    [one] = found(buckets=made)

    assert one.kind == kind
    assert one.why == finding.KINDS[kind].why


def test_what_was_proved_is_no_finding_and_a_done_change_is_none_either():
    proved = plan(proofs=[{"subject": "a", "verdict": "proved", "why": ""}])
    done = change("x", before={"a": 1}, after={"a": 2})

    assert found(buckets=proved) == []
    assert collect.collect(report(check=False, plans={"preview": {"buckets": done}})) == []


def test_eight_ways_of_one_role_are_one_row_and_nine_people_without_mfa_are_too():
    able = [
        {"kind": "able", "account": "main", "subject": "role r", "finding": f"can make itself group {n}"}
        for n in range(8)
    ]
    bare = [{"kind": "no MFA", "account": "main", "subject": f"p{n}", "finding": "has no MFA"} for n in range(9)]
    rows = collect.collect(report(tables={"findings": [*able, *bare]}))

    assert [(one.kind, len(one.resources), len(one.details)) for one in rows] == [("able", 1, 8), ("no MFA", 9, 0)]


def test_what_was_left_out_or_could_not_be_proved_is_said():
    left = report(
        left_out={"preview": ["access"], "staging": ["buckets"]},
        plans={"preview": {"access": plan(effects=["not proved: what role x may do: too many"])}},
    )

    assert unseen(left) == [
        "preview: access",
        "staging",
        "preview: not proved: what role x may do: too many",
    ]


# --- since last time --------------------------------------------------------------------------------------------------


def stored(*rows: finding.Finding, **more: Any) -> dict[str, Any]:
    return report(findings=[one.as_dict() for one in rows], **more)


def test_new_wider_gone_and_unknown_are_told_apart():
    drift = [one for name in ("x", "y") for one in found(buckets=plan(drift=[f"{name}: is off"]))]
    [grown] = finding.merged(drift)
    [other] = found(dns=plan(drift=["zone: is off"]))
    [fresh] = found(buckets=change("b", before={"a": 1}, after={"a": 2}))
    looked = {"plans": {"preview": {"buckets": plan()}}}

    told = since.since(stored(drift[0], other, **looked), stored(**looked), [grown, fresh])

    assert (told.new, dict(told.wider)) == ((fresh.id,), {grown.id: ("preview: y",)})
    assert (told.gone, [one.id for one in told.unknown]) == ((), [other.id]), "nobody looked at dns"
    looked["plans"]["preview"]["dns"] = plan()
    assert [one.id for one in since.since(stored(other), stored(**looked), []).gone] == [other.id]


def test_where_a_host_failed_nothing_is_gone():
    [one] = found(buckets=plan(drift=["x: is off"]))
    failed = report(
        plans={"preview": {"buckets": plan()}}, failures=[{"host": "preview", "task": "t", "sentence": "no."}]
    )

    assert since.since(stored(one), failed, []).unknown == (one,)


def test_a_finding_keeps_the_day_that_it_was_first_seen():
    [one] = found(buckets=plan(drift=["x: is off"]))
    first = one._replace(since="2026-11-20T03:00:00+00:00")

    assert since.dated(stored(first), report(), [one])[0].since == first.since
    assert since.dated(None, report(), [one])[0].since == "2026-11-26T03:00:00+00:00"


# --- accepted ---------------------------------------------------------------------------------------------------------


def accepted(one: finding.Finding, **more: Any) -> dict[str, Any]:
    entry = {"finding": one.id, "about": one.title, "resources": [*one.resources], "owner": "platform"}
    return entry | {"reason": "the ceremony is in May", "until": "2027-04-01"} | more


@pytest.mark.parametrize(
    ("more", "state", "said"),
    [
        ({}, "accepted", "accepted by platform until 2027-04-01: the ceremony is in May"),
        ({"until": "2026-12-01"}, "accepted", "ends soon: accepted by platform until 2026-12-01"),
        ({"until": datetime.date(2026, 11, 26)}, "accepted", "ends soon"),
        ({"until": "2026-11-25"}, "open", "was accepted by platform until 2026-11-25: the ceremony is in May"),
        ({"resources": []}, "open", "the ceremony is in May; new since then: preview: x"),
    ],
)
def test_an_acceptance_holds_until_its_end_and_for_what_it_names(more, state, said):
    [one] = found(buckets=plan(drift=["x: is off"]))
    [judged] = judge([one], [accepted(one, **more)], TODAY)

    assert judged.state == state
    assert said in judged.told


def test_what_comes_back_is_new():
    [one] = found(buckets=plan(drift=["x: is off"]))
    was, now = one._replace(state="accepted"), one._replace(told="was accepted")

    assert since.since(stored(was), report(), [now]).new == (one.id,)


def test_an_acceptance_of_nothing_is_told():
    [one] = found(buckets=plan(drift=["x: is off"]))

    assert "no longer found" in unused([], [accepted(one)])[0]
    assert unused([one], [accepted(one)]) == []


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"finding": "x"}, "is no list"),
        (["all of it"], "item 1 is no mapping"),
        ([{"finding": "everything"}], "finding is 'everything'"),
        ([{"owner": " "}], "owner is missing"),
        ([{"reason": ""}], "reason is missing"),
        ([{"until": "2027-W05"}], "until is '2027-W05'; allowed is a day"),
        ([{"until": None}], "until is None"),
        (
            [{"until": datetime.datetime(2027, 5, 1, 12, tzinfo=datetime.UTC)}],
            "until is '2027-05-01 12:00:00+00:00'; allowed",
        ),
        ([{"until": "2027-05-26"}], "more than 180 days away; the last day allowed is 2027-05-25"),
        ([{"resources": "all"}], "resources is no list"),
        ([{"untill": "2027-01-01"}], "unknown key 'untill'"),
        ([{}, {}], "is accepted twice"),
    ],
)
def test_a_bad_acceptance_is_refused_in_the_vars_words(entries, said):
    good = {"finding": "0123456789ab", "resources": [], "owner": "o", "reason": "r", "until": "2027-05-25"}
    given = (
        [good | entry if isinstance(entry, dict) else entry for entry in entries] if isinstance(entries, list) else {}
    )

    assert said in "; ".join(problems(given, TODAY))
    assert list(problems([good], TODAY)) == []


# --- where it is declared ---------------------------------------------------------------------------------------------


def test_a_resource_is_declared_where_the_longest_of_its_names_stands(tmp_path):
    file = str(tmp_path / "buckets.yml")
    known = {
        "documents": [("buckets_kinds", file, 7)],
        "draft-documents": [("buckets_kinds", file, 9)],
        "preview": [("access_groups", file, 1)],
    }

    def at(name):
        return declared.line_of(name, "buckets", known, tmp_path)

    assert at("bucket digitalmarketplace-documents-preview") == ("buckets.yml", 7)
    assert at("bucket digitalmarketplace-draft-documents-preview") == ("buckets.yml", 9)
    assert at("bucket digitalmarketplace-preview") == at("bucket other") == ("", 0), "another concern's name is none"


def test_the_docs_say_what_to_do_about_each_kind():
    said = (Path(__file__).parents[3] / "docs/findings.md").read_text(encoding="utf-8")
    headings = {line.removeprefix("### ") for line in said.splitlines() if line.startswith("### ")}

    assert headings == {*finding.KINDS}
    assert {*KINDS} <= headings, "of the access review, too"


# --- who changed it ---------------------------------------------------------------------------------------------------


def event(name: str, hour: int, **told: Any) -> dict[str, Any]:
    identity = {"userIdentity": {"arn": f"arn:aws:iam::111111111111:user/{name}"}}
    when = f"2026-11-26T{hour:02}:00:00Z"
    more = {"CloudTrailEvent": json.dumps({"eventTime": when, **identity, **told}), "ReadOnly": "false"}
    return {"EventName": "PutBucketPolicy", "EventTime": datetime.datetime.fromisoformat(when), **more}


def test_the_newest_change_that_was_carried_out_says_who_and_when():
    refused, read = event("mallory", 9, errorCode="AccessDenied"), event("eve", 8) | {"ReadOnly": "true"}

    said = newest([event("ada", 1), refused, event("bob", 3), read])

    assert said == {"who": "arn:aws:iam::111111111111:user/bob (PutBucketPolicy)", "when": "2026-11-26T03:00:00Z"}
    assert newest([refused, read]) is None
    assert [region_of(name) for name in ("user ada", "bucket x")] == ["us-east-1", ""]


def test_one_resource_is_asked_after_for_each_cause_under_the_findings_id():
    made = change("bucket-1", "bucket-2", before={"tags": 1}, after={"tags": 2}) | {
        "purpose": "buckets",
        "account": "preview",
    }
    made["unmanaged"] = [{"resource": "user x", "adopt": "", "file": ""}]

    asked = collect.causes(made, made["diff"])

    told = {one.id: one.resources[0] for one in found(buckets=made)}
    assert {one["finding"]: f"preview: {one['resource']}" for one in asked} == told
    assert len(asked) == 2
