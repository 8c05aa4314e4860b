"""What a person sees of a run: the diff, a sentence for each failure, a one-screen summary; and the plan as a file."""

from __future__ import annotations

import datetime
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible import constants as C
from ansible import context
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback.default import CallbackModule as Default
from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).resolve().parents[1]
ansible.module_utils.__path__.append(str(ROOT / "module_utils"))
from ansible.module_utils.estate.commits import commits

DOCUMENTATION = r"""
name: dm_report
type: stdout
short_description: Show diffs, failures in one sentence, and a summary; store the plan
description:
  - Like the default callback, but a failure is one sentence (all of it with C(-v)), and the end is a line for each
    host that says what there was to do.
  - Writes the plan (or what an apply did) as JSON, and as an HTML page beside it.
  - Where every play sets C(dm_only_shows), there is neither a summary nor a plan.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
options:
  plan_file:
    description: Where the JSON goes; by default C(build/plan-INVENTORY.json), C(build/run-INVENTORY.json) for an apply.
    env:
      - name: DM_PLAN_FILE
"""

_WORDS = {"add": ("to add", "added"), "change": ("to change", "changed"), "remove": ("to remove", "removed")}
# What Ansible puts before a task's own message.
_PREAMBLE = re.compile(
    r"^(Task failed: |Action failed: |Module failed: |Finalization of task args for \S+ failed: "
    r"|A 'when' expression failed: |Error processing keyword '\w+': )+"
)
_MISSING = re.compile(r"missing required arguments: (?P<names>.+?)( found in .*)?$")
_WRONG = re.compile(
    r"argument '(?P<name>\w+)' is of type (?P<given>\w+) and we were unable to convert to (?P<type>\w+)"
)
_TYPES = {"dict": "a mapping", "list": "a list", "str": "a text", "bool": "true or false", "int": "a whole number"}


def sentence(result: dict[str, Any]) -> str:
    """A failed task's own message on one line, without what Ansible wraps around it."""
    if "argument_errors" in result and (role := result.get("validate_args_context", {}).get("name")):
        return _of_arguments(role, result["argument_errors"])
    items = [item for item in result.get("results", []) if isinstance(item, dict) and item.get("failed")]
    message = "; ".join(dict.fromkeys(str(item.get("msg", "")) for item in items)) or str(result.get("msg", "failed"))
    message = _PREAMBLE.sub("", " ".join(message.split()))
    if message == "failed to validate":  # a file that a command checks: it says why
        message += ": " + " ".join((result.get("stderr") or result.get("stdout") or "").split())
    # A filter's message comes wrapped in the expression that called it.
    return re.sub(r"^Error while resolving value for '\w+': |The filter plugin '[\w.]+' failed: ", "", message)


def _of_arguments(role: str, errors: list[str]) -> str:
    """What a role's argument spec has against its vars: which, what is allowed, and where they are said."""
    said = []
    for error in errors:
        if missing := _MISSING.match(error):
            said += [f"{name} is missing" for name in missing["names"].split(", ")]
        elif wrong := _WRONG.match(error):
            given = "empty" if wrong["given"] == "NoneType" else f"of type {wrong['given']}"
            said.append(f"{wrong['name']} is {given}; allowed is {_TYPES.get(wrong['type'], wrong['type'])}")
        else:
            said.append(" ".join(error.split()))
    return f"{', '.join(said)} (inventories/*/group_vars/all and host_vars; roles/{role}/meta/argument_specs.yml)."


# What a plan says beside its changes, and the word for it.
_TOLD = {"effects": "this means", "drift": "drift", "notes": "note"}


def together(notes: Iterable[str]) -> list[str]:
    """What is noted of several resources ("name: what") is said once, with all of their names."""
    said: dict[str, list[str]] = {}
    for note in notes:
        name, colon, what = note.partition(": ")
        if colon and " " not in name:
            said.setdefault(what, []).append(name)
        else:
            said.setdefault(note, [])
    return [f"{', '.join(names)}: {what}" if names else what for what, names in said.items()]


def diffs(result: dict[str, Any]) -> list[Any]:
    """What a task would change, of all its items, without the name of the file that Ansible writes a template to first.

    That one is another in every run, and says nothing to whoever reads the diff.
    """
    found = []
    for item in result.get("results") or [result]:
        diff = item.get("diff") or []
        for one in diff if isinstance(diff, list) else [diff]:
            header = {"after_header": one["before_header"]} if "before_header" in one else {}
            found.append({**{name: value for name, value in one.items() if name != "after_header"}, **header})
    return found


def parts_of(task: Any) -> list[str]:
    """The tags that a task stands for. What always runs (a guard, a role's argument spec) looks at nothing."""
    return [] if "always" in task.tags else [tag for tag in task.tags if tag != "never"]


def done(plan: dict[str, Any]) -> dict[str, int]:
    """How many resources of each verb were finished: the plan's counts without what failed or was not tried."""
    undone = {outcome["resource"] for outcome in plan["outcomes"] if outcome["status"] != "done"}
    tried = {outcome["resource"] for outcome in plan["outcomes"]} - undone
    verbs: dict[str, str] = {}
    for action in plan["actions"]:
        if action["resource"] in tried and verbs.get(action["resource"]) != "add":
            verbs[action["resource"]] = action["verb"]
    return {verb: list(verbs.values()).count(verb) for verb in _WORDS}


def reasons(outcomes: list[dict[str, str]]) -> dict[tuple[str, str], list[dict[str, str]]]:
    """The outcomes that have a reason, by resource and method: looked up for each of what may be 20,000 calls."""
    found = defaultdict(list)
    for outcome in outcomes:
        if outcome["why"]:
            found[outcome["resource"], outcome["method"]].append(outcome)
    return found


class CallbackModule(Default):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "dm_report"

    def __init__(self) -> None:
        super().__init__()
        self._plans: dict[str, dict[str, Any]] = {}  # host -> purpose -> what the module returned as plan
        self._tasks: list[dict[str, Any]] = []  # changes of modules that return no plan
        self._failures: list[dict[str, str]] = []
        self._check = False
        self._only_shows = True  # whether every play so far says so: there is nothing to sum up, and no plan to store
        self._started = datetime.datetime.now(datetime.UTC)
        self._wanted: dict[str, dict[str, None]] = {}  # host -> the parts (tags) that plays have for it, in their order
        self._looked_at: dict[str, set[str]] = defaultdict(set)  # host -> tags of the tasks that it got to

    def v2_playbook_on_start(self, playbook: Any) -> None:
        for play in playbook.get_plays():
            self._want(play)
        super().v2_playbook_on_start(playbook)

    def _want(self, play: Any) -> None:
        tasks = [task for block in [*play.pre_tasks, *play.tasks, *play.post_tasks] for task in block.get_tasks()]
        parts = {part: None for task in tasks for part in parts_of(task)}
        # Also of hosts that a limit leaves out: what was not looked at is not unchanged.
        inventory = play.get_variable_manager()._inventory
        for host in inventory.get_hosts(play.hosts, ignore_limits=True, ignore_restrictions=True):
            self._wanted.setdefault(host.name, {}).update(parts)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._check = bool(play.check_mode)
        self._only_shows = self._only_shows and bool(play.get_vars().get("dm_only_shows"))
        if not self._check and "dm_reviewed" in play.get_variable_manager().extra_vars:
            self._refuse_what_was_not_compared()
        super().v2_playbook_on_play_start(play)

    def _refuse_what_was_not_compared(self) -> None:
        """A module refuses a plan that nobody reviewed, but a module of Ansible's own knows nothing of plans."""
        compared = os.environ.get("DM_COMPARED")
        if not compared or f"@{compared}" not in context.CLIARGS.get("extra_vars", ()):
            said = "a reviewed plan is carried out by bin/estate apply, which first sees that it still fits"
            self._display.display(f"{said}; nothing was changed", color=C.COLOR_ERROR, stderr=True)
            raise SystemExit(1)

    def v2_playbook_on_no_hosts_matched(self) -> None:
        """Nothing to say: a stage's inventory has no accounts, and the other way round."""

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._looked_at[result.host.get_name()].update(parts_of(result.task))
        super().v2_runner_on_skipped(result)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._keep(result)
        # What a task is there to show is shown, although what went well is not told.
        if result.task.action in C._ACTION_DEBUG and not result.task.no_log and "msg" in result.result:
            self._display.display(str(result.result["msg"]))
        if not isinstance(result.task, TaskInclude):  # whose heading would stand above nothing
            super().v2_runner_on_ok(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._keep(result)
        if ignore_errors:
            return
        host = result.host.get_name()
        said = "the output is hidden, since it may hold secrets" if result.task.no_log else sentence(result.result)
        self._failures.append({"host": host, "task": result.task.get_name().strip(), "sentence": said})
        if self._display.verbosity:
            super().v2_runner_on_failed(result, ignore_errors)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        if self._display.verbosity:
            super().v2_runner_item_on_failed(result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        said = sentence(result.result)
        said = f"cannot be reached: {said}"
        self._failures.append({"host": result.host.get_name(), "task": result.task.get_name(), "sentence": said})

    def _keep(self, result: Any) -> None:
        returned, host = result.result, result.host.get_name()
        self._looked_at[host].update(parts_of(result.task))
        if isinstance(returned.get("plan"), dict) and "purpose" in returned["plan"]:
            plan = {**returned["plan"], "outcomes": returned.get("outcomes", []), "diff": returned.get("diff", [])}
            self._plans.setdefault(host, {})[plan["purpose"]] = plan
        elif returned.get("changed"):
            shown = [] if result.task.no_log else diffs(returned)
            self._tasks.append({"host": host, "task": result.task.get_name().strip(), "diff": shown})

    def v2_playbook_on_stats(self, stats: Any) -> None:
        hosts = [host for host in sorted(stats.processed) if self._was_looked_at(host)]
        # Stored first: who reads the rest may have gone.
        page = (
            None
            if self._only_shows
            else self._store({host: self._row(host) for host in hosts}, sorted(stats.processed))
        )
        if page:
            self._sum_up(hosts)
        for failure in self._failures:
            self._display.display(f"{failure['host']}: {failure['sentence']}", color=C.COLOR_ERROR, stderr=True)
        if page:
            self._display.display(f"\n{page} shows all of it.")

    def _sum_up(self, hosts: list[str]) -> None:
        plans = [plan for host in hosts for plan in self._plans.get(host, {}).values()]
        for plan in plans:
            for found in plan["unmanaged"]:
                where = f" into {found['file']}" if found.get("file") else ""
                self._display.display(f"unmanaged: {found['resource']}; to adopt it, paste{where}:\n{found['adopt']}")
        for kind, word in _TOLD.items():
            for note in together(note for plan in plans for note in plan.get(kind, ())):
                self._display.display(f"{word}: {note}")
        self._display.display("")
        for host in hosts:
            row = self._row(host)
            out = self._left_out(host)
            missed = f"; not looked at: {', '.join(out)}" if out else ""
            self._display.display(f"{host}: {self._words(row)}{missed}", color=_colour(row))
        if missed_hosts := [host for host in sorted(self._wanted) if host not in hosts]:
            self._display.display(f"not looked at: {', '.join(missed_hosts)}")

    def _left_out(self, host: str) -> list[str]:
        """The parts of a host that a limit, a tag or an earlier failure left out."""
        return [part for part in self._wanted.get(host, {}) if part not in self._looked_at[host]]

    def _was_looked_at(self, host: str) -> bool:
        """What only its account's guard looked at was not, unless that failed."""
        parts = self._wanted.get(host, {})
        failed = any(failure["host"] == host for failure in self._failures)
        return failed or not parts or self._left_out(host) != [*parts]

    def _row(self, host: str) -> dict[str, int]:
        plans = self._plans.get(host, {}).values()
        row = {verb: sum((plan["counts"] if self._check else done(plan))[verb] for plan in plans) for verb in _WORDS}
        row["change"] += sum(task["host"] == host for task in self._tasks)
        row["unmanaged"] = sum(len(plan["unmanaged"]) for plan in plans)
        row["failed"] = sum(failure["host"] == host for failure in self._failures)
        return row

    def _words(self, row: dict[str, int]) -> str:
        said = [f"{row[verb]} {words[0] if self._check else words[1]}" for verb, words in _WORDS.items()]
        failed = [f"{row['failed']} failed"] if row["failed"] else []
        return ", ".join([*said, f"{row['unmanaged']} unmanaged", *failed])

    def _store(self, rows: dict[str, dict[str, int]], met: list[str]) -> Path:
        # The last one: the embedded AWS lies over all others.
        inventory = Path((context.CLIARGS.get("inventory") or ["none"])[-1].rstrip(",")).name
        default = f"build/{'plan' if self._check else 'run'}-{inventory}.json"
        path = Path(os.environ.get("DM_PLAN_FILE") or default)
        report = {
            "inventory": inventory,
            "commits": commits(ROOT, os.environ.get("DM_CREDENTIALS_REPO", "")),
            "check": self._check,
            "started": self._started.isoformat(timespec="seconds"),
            "seconds": round((datetime.datetime.now(datetime.UTC) - self._started).total_seconds(), 1),
            "pending": sum(row[verb] for row in rows.values() for verb in _WORDS),
            "drift": sum(len(plan.get("drift", ())) for plans in self._plans.values() for plan in plans.values()),
            "grants": any(plan.get("grants") for plans in self._plans.values() for plan in plans.values()),
            "summary": rows,
            "looked_at": [*rows],
            "left_out": {host: self._left_out(host) for host in sorted(self._wanted)},
            "limit": context.CLIARGS.get("subset") or "",
            "tags": ",".join(tag for tag in context.CLIARGS.get("tags") or () if tag != "all"),
            "plans": self._plans,
            "tasks": self._tasks,
            "failures": self._failures,
        }
        # `ansible-playbook -e @plan.json` hands dm_reviewed to the modules, which refuse any other plan.
        # A host that only its guard looked at is met again when the plan is carried out, and may change nothing.
        reviewed = {host: {name: plan["digest"] for name, plan in self._plans.get(host, {}).items()} for host in met}
        return self.write({"dm_reviewed": reviewed, "dm_plan": report}, path)

    def write(self, plan: dict[str, Any], path: Path) -> Path:
        """The plan as JSON, and as a page beside it, whose path is returned. What bin/estate merge makes, too."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(plan, indent=1, default=str)
        path.write_text(text + "\n", encoding="utf-8")
        templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
        )
        page = templates.get_template("dm_report.html.j2").render(
            json.loads(text)["dm_plan"], diff=self._page_diff, together=together, reasons=reasons
        )
        path.with_suffix(".html").write_text(page, encoding="utf-8")
        return path.with_suffix(".html")

    def _get_diff(self, difflist: Any) -> str:
        return super()._get_diff(diffs({"diff": difflist}))

    def _page_diff(self, diff: Any) -> str:
        """The diff as the terminal shows it, without its colours."""
        return re.sub(r"\x1b\[[\d;]*m", "", self._get_diff(diff)) if diff else ""


def _colour(row: dict[str, int]) -> str:
    if row["failed"]:
        return C.COLOR_ERROR
    return C.COLOR_CHANGED if any(row[verb] for verb in _WORDS) else C.COLOR_OK
