"""What a run did and looked at, as it comes in; and what is stored of it. No Ansible."""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.estate.effects.together import failures, judged
from ansible.module_utils.estate.findings import declared, summary
from ansible.module_utils.estate.findings.accepted import judge, well_said
from ansible.module_utils.estate.findings.collect import collect
from ansible.module_utils.estate.findings.finding import Finding
from ansible.module_utils.estate.findings.said import diffs, placed

Row = dict[str, int]


class Record:
    def __init__(self) -> None:
        self.check = False
        self.started = datetime.datetime.now(datetime.UTC)
        self.plans: dict[str, dict[str, Any]] = {}  # host -> purpose -> what the module returned as plan
        self.tasks: list[dict[str, Any]] = []  # changes of modules that return no plan
        self.failures: list[dict[str, str]] = []
        self.wanted: dict[str, dict[str, None]] = {}  # host -> the parts (tags) that plays have for it, in their order
        self.looked_at: dict[str, set[str]] = defaultdict(set)  # host -> tags of the tasks that it got to
        self.callers: dict[str, str] = {}  # host -> as whom AWS knew the run there
        self.changed_by: dict[str, dict[str, str]] = {}  # a finding's id -> who, when
        self.page: dict[str, Any] = {"tables": {}, "picture": ""}  # what modules hand to it
        self.together: dict[str, Any] = {}  # what plans of several accounts mean over all of them, once that is stored

    def keep(self, host: str, task: str, returned: Mapping[str, Any], hidden: bool) -> None:
        """What a task returned; hidden where its output may hold secrets."""
        if isinstance(returned.get("plan"), dict) and "purpose" in returned["plan"]:
            more = {name: returned.get(name, []) for name in ("outcomes", "diff", "proofs")}
            if self.check and returned.get("estate"):  # for what plans of several accounts mean together
                more["estate"] = returned["estate"]
            self.plans.setdefault(host, {})[returned["plan"]["purpose"]] = {**returned["plan"], **more}
        elif returned.get("changed"):
            self.tasks.append({"host": host, "task": task, "diff": [] if hidden else diffs(returned)})
        self.changed_by |= returned.get("changed_by") or {}
        if page := returned.get("page"):
            self.page = {
                "tables": self.page["tables"] | page["tables"],
                "picture": page["picture"] or self.page["picture"],
            }

    def called_by(self, host: str, arn: str) -> None:
        """A session that was given no name has another one in each run."""
        self.callers[host] = re.sub(r"/botocore-session-\d+$", "", arn)

    def fail(self, host: str, task: str, sentence: str) -> None:
        self.failures.append({"host": host, "task": task, "sentence": sentence})

    def left_out(self, host: str) -> list[str]:
        """The parts of a host that a limit, a tag or an earlier failure left out."""
        return [part for part in self.wanted.get(host, {}) if part not in self.looked_at[host]]

    def was_looked_at(self, host: str) -> bool:
        """What only its account's guard looked at was not, unless that failed."""
        parts = self.wanted.get(host, {})
        failed = any(failure["host"] == host for failure in self.failures)
        return failed or not parts or self.left_out(host) != [*parts]

    def row(self, host: str) -> Row:
        tasks = sum(task["host"] == host for task in self.tasks)
        failed = sum(failure["host"] == host for failure in self.failures)
        return summary.row([*self.plans.get(host, {}).values()], self.check, tasks, failed)

    def report(
        self, rows: Mapping[str, Row], given: Mapping[str, Any], root: Path, **more: Any
    ) -> tuple[dict[str, Any], list[Finding]]:
        """What is stored, and what was found; given is each host's vars, with their files and lines."""
        plans = [plan for purposes in self.plans.values() for plan in purposes.values()]
        meant = judged(self.plans)
        self.together = meant["together"]
        for one in failures(self.together):
            named = (own for host, own in given.items() if host in one["sentence"])
            self.failures.append(one | {"sentence": placed(one["sentence"], next(named, {}))})
        report: dict[str, Any] = {
            "check": self.check,
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": round((datetime.datetime.now(datetime.UTC) - self.started).total_seconds(), 1),
            "callers": self.callers,
            "pending": sum(row[verb] for row in rows.values() for verb in summary.WORDS),
            "drift": sum(len(plan.get("drift", ())) for plan in plans),
            **meant,
            "summary": rows,
            "looked_at": [*rows],
            "left_out": {host: self.left_out(host) for host in sorted(self.wanted)},
            "parts": {host: [*parts] for host, parts in sorted(self.wanted.items())},
            "plans": self.plans,
            "tasks": self.tasks,
            "failures": self.failures,
            "accounts": {host: account for host, own in given.items() if (account := declared.account_of(own))},
            "accepted": well_said(next(iter(given.values()), {}), self.started.date()),
            **self.page,
            **more,
        }
        located = declared.located(collect(report), given, self.changed_by, root)
        found = judge(located, report["accepted"], self.started.date())
        return {**report, "findings": [one.as_dict() for one in found]}, found

    def digests(self, hosts: Iterable[str]) -> dict[str, dict[str, str]]:
        """`ansible-playbook -e @plan.json` hands them to the modules, which refuse any other plan.

        A host that only its guard looked at is met again when the plan is carried out, and may change nothing.
        """
        return {host: {name: plan["digest"] for name, plan in self.plans.get(host, {}).items()} for host in hosts}
