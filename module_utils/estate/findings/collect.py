"""Findings out of what a run stored: its plans, proofs, failures and the review of access. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible.module_utils.estate.findings.finding import KINDS, UNKNOWN, Finding, identity, merged
from ansible.module_utils.estate.plan import GRANTING

REVIEW = "access review"  # the place of what the review found
INVARIANTS = "invariants of access"


def collect(report: Mapping[str, Any]) -> list[Finding]:
    found: list[Finding] = []
    tables = report.get("tables", {})
    for host, plans in sorted(report["plans"].items()):
        for purpose, plan in plans.items():
            if not (purpose == INVARIANTS and "findings" in tables):  # each that does not hold is in the review's
                found += _of_plan(report, host, purpose, plan)
    found += _of_tasks(report)
    found += _of_failures(report)
    found += _of_review(tables.get("findings", ()))
    return merged(found)


def verbs_of(plan: Mapping[str, Any]) -> dict[str, str]:
    """What becomes of each resource; making it wins over changing what was made."""
    verbs: dict[str, str] = {}
    for action in plan.get("actions", ()):
        if verbs.get(action["resource"]) in (None, "change"):
            verbs[action["resource"]] = action["verb"]
    return verbs


MOST_CAUSES = 25  # CloudTrail takes two questions a second


def causes(plan: Mapping[str, Any], diff: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """What somebody may have changed by hand: the id of each finding of a plan, and one resource to ask after."""
    report = {"check": True, "inventory": "", "plans": {}, "parts": {}}
    kept = {name: plan[name] for name in ("account", "actions", "unmanaged")}
    found = merged(_of_plan(report, "", plan["purpose"], {**kept, "diff": diff}))
    return [{"finding": one.id, "resource": one.resources[0].partition(": ")[2]} for one in found[:MOST_CAUSES]]


def unseen(report: Mapping[str, Any]) -> list[str]:
    """What could not be looked at, which is never good."""
    said = []
    for host, parts in sorted(report["left_out"].items()):
        if host not in report["looked_at"]:
            said.append(host)
        elif parts:
            said.append(f"{host}: {', '.join(parts)}")
    for host, plans in sorted(report["plans"].items()):
        for plan in plans.values():
            said += [f"{host}: {line}" for line in plan.get("effects", ()) if line.startswith("not proved")]
    return list(dict.fromkeys(said))


def seen(report: Mapping[str, Any]) -> set[str]:
    """The places that were looked at, to the end: what is not found there now is gone."""
    failed = {failure["host"] for failure in report["failures"]}
    places = {f"{host} {purpose}" for host, plans in report["plans"].items() if host not in failed for purpose in plans}
    whole = {host for host in report["looked_at"] if host not in failed and not report["left_out"].get(host)}
    places |= {f"{host} tasks" for host in whole}
    return places | ({REVIEW} if "findings" in report.get("tables", {}) else set())


def make(kind: str, title: str, cause: Iterable[str], host: str, purpose: str, name: str, **more: Any) -> Finding:
    more.setdefault("severity", KINDS.get(kind, UNKNOWN).severity)
    resources = (f"{host}: {name}",) if name else (host,)
    return Finding(
        identity(kind, purpose, *cause), kind, title=title, resources=resources, places=(f"{host} {purpose}",), **more
    )


def _of_plan(report: Mapping[str, Any], host: str, purpose: str, plan: Mapping[str, Any]) -> Iterator[Finding]:
    if report["check"]:
        yield from _of_changes(report, host, purpose, plan)
    unproved = [proof for proof in plan.get("proofs", ()) if proof["verdict"] in ("failed", "waiting")]
    told = {str(proof["subject"]) for proof in unproved}
    for text in plan.get("drift", ()):
        name, what = split(text)
        if name not in told:
            mend = _prove(report) if purpose.endswith("proof") else ""
            yield make("drift", what, [what], host, purpose, name, mend=mend)
    for text in plan.get("notes", ()):
        name, what = split(text)
        yield make("note", what, [what], host, purpose, name)
    for live in plan.get("unmanaged", ()):
        name, file = live["resource"], live.get("file", "")
        title = f"{name.partition(' ')[0]} is live and nobody declared it"
        severity = "medium" if name.startswith(("user ", "role ", "group ")) else "low"
        adopt = {"adopt": live["adopt"], "adopt_file": file}
        yield make("unmanaged", title, [plan["account"], name], host, purpose, name, severity=severity, **adopt)
    for outcome in plan.get("outcomes", ()):
        if outcome["status"] == "failed":
            what = f"{outcome['method']}: {outcome['why'].rstrip('.')}"
            yield make(
                "failed", what, [what], host, purpose, outcome["resource"], mend=_converge(report, host, purpose)
            )
    for proof in unproved:
        why = str(proof.get("why") or proof["verdict"]).rstrip(".")
        what = proof.get("cause") or why.replace(str(proof["subject"]), "{it}")
        made = make(
            f"proof {proof['verdict']}", what.replace("{it}", "it"), [what], host, purpose, str(proof["subject"]),
            mend=_prove(report),
        )  # fmt: skip
        of = tuple(f"{host}: {name}" for name in proof.get("of", ()))
        yield made._replace(resources=of, details=(why,)) if of else made


def _of_changes(report: Mapping[str, Any], host: str, purpose: str, plan: Mapping[str, Any]) -> Iterator[Finding]:
    """A change on several resources that is the same but for their names has one cause."""
    methods: dict[str, list[str]] = defaultdict(list)
    verbs = verbs_of(plan)
    for action in plan["actions"]:
        methods[action["resource"]].append(action["method"])
    mend = _converge(report, host, purpose)
    shown = {diff.get("before_header", ""): diff for diff in plan.get("diff", ())}
    for resource, calls in methods.items():
        what, _, name = resource.partition(" ")
        diff = shown.get(resource, {})
        before, after = diff.get("before", ""), diff.get("after", "")
        kind, said = _BECOMES[verbs[resource]]
        if diff and kind != "change":
            yield make(kind, f"{what} {said}", [what], host, purpose, resource, mend=mend)
        elif diff and isinstance(before or {}, dict) and isinstance(after or {}, dict):
            # A side that has none of the keys that differ is "".
            before, after = before or {}, after or {}
            # Each setting for itself, by what is live: what else is changed tomorrow, here or in the vars, makes no
            # other finding of it, and what was done alike to twenty resources is one.
            for key in sorted(key for key in {*before, *after} if before.get(key) != after.get(key)):
                cause = json.dumps([what, key, before.get(key)], sort_keys=True, default=str)
                title = f"{key} of {what} differs from what is declared"
                yield make(
                    "change", title, [_unnamed(cause, name)], host, purpose, resource, mend=mend,
                    severity="high" if _grants(key, calls) else "medium",
                )  # fmt: skip
        else:  # it has no diff of its own, such as somebody's place in a group
            yield make(
                kind, f"{resource} {said}", [resource, str(before), str(after)], host, purpose, resource, mend=mend
            )


# What becomes of a resource by its verb: the finding's kind, and the words for it.
_BECOMES = {
    "add": ("missing", "is declared and not there"),
    "change": ("change", "differs from what is declared"),
    "remove": ("surplus", "is live and would be removed"),
}


def _unnamed(cause: str, name: str) -> str:
    """Renamed, it is the same cause, and on several resources one."""
    return cause.replace(name, "{name}") if len(name) > 3 else cause


def _grants(key: str, calls: Iterable[str]) -> bool:
    """Whether the call that mends this setting is one that says who may do what."""
    return any(call.startswith(GRANTING) and (call.startswith("iam.") or key in call) for call in calls)


def _of_tasks(report: Mapping[str, Any]) -> Iterator[Finding]:
    if not report["check"]:
        return
    for task in report["tasks"]:
        name = task["task"].rpartition(" : ")[2]
        title = f"{name[:1].lower()}{name[1:]}: would change"
        yield make("change", title, [name], task["host"], "tasks", "", mend=_converge(report, task["host"], ""))


def _of_failures(report: Mapping[str, Any]) -> Iterator[Finding]:
    for failure in report["failures"]:
        said, plans = failure["sentence"].rstrip("."), report["plans"].get(failure["host"], {})
        # Each of those proofs is a finding of its own.
        proofs = (
            f"{purpose} of {plan['account']}: not proved:" for purpose, plan in plans.items() if plan.get("proofs")
        )
        if said.startswith(tuple(proofs)):
            continue
        yield make("failed", said, [failure["task"]], failure["host"], "tasks", "", details=(failure["task"],))


def _of_review(rows: Iterable[Mapping[str, str]]) -> Iterator[Finding]:
    """What befalls several in the same words is one cause; what one does in several ways is one, too."""
    by_words: dict[tuple[str, str], list[Mapping[str, str]]] = defaultdict(list)
    for row in rows:
        by_words[row["kind"], row["finding"]].append(row)
    for (kind, words), together in by_words.items():
        alone = len(together) == 1
        for row in together:
            cause = [row["account"], row["subject"]] if alone else [words]
            title = shortened(f"{row['subject']} of {row['account']}: {words}" if alone else words)
            severity = KINDS.get(kind, UNKNOWN).severity
            yield Finding(
                identity(kind, REVIEW, *cause), kind, severity, title,
                resources=(f"{row['account']}: {row['subject']}",), places=(REVIEW,),
                details=(words,) if alone else (),
            )  # fmt: skip


def shortened(title: str, most: int = 160) -> str:
    return title if len(title) <= most else f"{title[: title.rfind(' ', 0, most)]} …"


def split(text: str) -> tuple[str, str]:
    """ "name: what" as (name, what), and ("", text) where it names nothing."""
    name, colon, what = text.partition(": ")
    named = colon and (" " not in name or name.startswith(("replication of ", "bucket ", "canary of ")))
    return (name, what) if named else ("", text)


def _converge(report: Mapping[str, Any], host: str, purpose: str) -> str:
    tag = f" TAGS={purpose}" if purpose in report.get("parts", {}).get(host, ()) else ""
    return f"bin/estate converge STAGE={report['inventory']} LIMIT={host}{tag}"


def _prove(report: Mapping[str, Any]) -> str:
    return f"bin/estate prove STAGE={report['inventory']}"
