"""What a person sees of a run: the diff, a sentence for each failure, a one-screen summary; and the plan as a file."""

from __future__ import annotations

import datetime
import os
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible import constants as C
from ansible import context
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback.default import CallbackModule as Default
from ansible.utils.color import stringc
from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).resolve().parents[1]
ansible.module_utils.__path__.append(str(ROOT / "module_utils"))
from ansible.module_utils.estate.commits import commits
from ansible.module_utils.estate.findings import declared, keep, written
from ansible.module_utils.estate.findings.accepted import judge, problems
from ansible.module_utils.estate.findings.collect import collect, verbs_of
from ansible.module_utils.estate.findings.finding import Finding
from ansible.module_utils.estate.findings.page import is_new, kinds, named
from ansible.module_utils.estate.findings.since import Since

DOCUMENTATION = r"""
name: dm_report
type: stdout
short_description: Show diffs, failures in one sentence, and a summary; store the plan
description:
  - Like the default callback, but a failure is one sentence (all of it with C(-v)), and the end is a line for each
    host that says what there was to do.
  - A resource or file that is new is a line; all of it with C(-v), and on the page.
  - Writes the plan (or what an apply did) as JSON, and as an HTML page beside it; keeps both under C(report/), and says
    what is new since the last run of the same command that looked at everything.
  - Where every play sets C(dm_only_shows), there is neither a summary nor a plan.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
options:
  plan_file:
    description: Where the JSON goes; by default C(build/plan-INVENTORY.json), C(build/run-INVENTORY.json) for an apply.
    env:
      - name: DM_PLAN_FILE
  base:
    description: The stored run to compare with; by default the last one of the same command and stage that is kept.
    env:
      - name: DM_BASE
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
    message = re.sub(r"^Error while resolving value for '\w+': |The filter plugin '[\w.]+' failed: ", "", message)
    return re.sub(r"^'(\w+)' is undefined$", r"\1 is missing (inventories/*/group_vars/all and host_vars).", message)


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


LONGEST = 240  # characters of a line that is told without -v
MOST = 20  # lines of one word without -v, of a plan; half of that of what was done
_SEVERITY_COLOURS = {"critical": C.COLOR_ERROR, "high": C.COLOR_ERROR, "medium": C.COLOR_CHANGED}
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


def render(template: str, shown: Mapping[str, Any]) -> str:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return templates.get_template(template).render(shown)


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
        self._changed_by: dict[str, dict[str, str]] = {}  # a finding's id -> who, when
        self._callers: dict[str, str] = {}  # host -> as whom AWS knew the run there
        self._vars: Any = None  # Ansible's manager of variables, once a play has one
        self._found: list[Finding] = []
        self._verbs: dict[str, str] = {}  # of the task whose diff is shown
        self._since = Since()

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
        self._vars = play.get_variable_manager()
        self._only_shows = self._only_shows and bool(play.get_vars().get("dm_only_shows"))
        if not self._check and "dm_reviewed" in play.get_variable_manager().extra_vars:
            self._refuse_what_was_not_compared()
        super().v2_playbook_on_play_start(play)

    def _refuse_what_was_not_compared(self) -> None:
        """A module refuses a plan that nobody reviewed, but a module of Ansible's own knows nothing of plans."""
        compared = os.environ.get("DM_COMPARED")
        files = [one[1:] for one in context.CLIARGS.get("extra_vars", ()) if isinstance(one, str) and one[:1] == "@"]
        if not compared or os.path.realpath(compared) not in map(os.path.realpath, files):
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
            more = {name: returned.get(name, []) for name in ("outcomes", "diff", "proofs")}
            self._plans.setdefault(host, {})[returned["plan"]["purpose"]] = {**returned["plan"], **more}
        elif returned.get("changed"):
            shown = [] if result.task.no_log else diffs(returned)
            self._tasks.append({"host": host, "task": result.task.get_name().strip(), "diff": shown})
        if result.task.action == "dm_account" and "arn" in returned:
            # a session that was given no name has another one in each run
            self._callers[host] = re.sub(r"/botocore-session-\d+$", "", returned["arn"])
        self._changed_by |= returned.get("changed_by") or {}

    def v2_playbook_on_stats(self, stats: Any) -> None:
        hosts = [host for host in sorted(stats.processed) if self._was_looked_at(host)]
        if not self._only_shows:
            # Stored first: who reads the rest may have gone.
            rows = {host: self._row(host) for host in hosts}
            page = self._store(rows, sorted(stats.processed), stats.custom.get("_run", {}))
            self._sum_up(hosts, page)
            self._display.display(f"\n{page} shows all of it.")
        for failure in self._failures:
            self._display.display(f"{failure['host']}: {failure['sentence']}", color=C.COLOR_ERROR, stderr=True)

    def _sum_up(self, hosts: list[str], page: Path) -> None:
        plans = [plan for host in hosts for plan in self._plans.get(host, {}).values()]
        if page.stem.startswith("audit"):
            for severity, line in written.lines(self._found, self._since):
                self._tell(line, _SEVERITY_COLOURS.get(severity))
        else:
            for found in (one for plan in plans for one in plan["unmanaged"]):
                where = f" into {found['file']}" if found.get("file") else ""
                paste = f"paste{where}:\n{found['adopt']}" if self._whole else f"paste what the page shows{where}"
                self._display.display(f"unmanaged: {found['resource']}; to adopt it, {paste}")
            for kind, word in _TOLD.items():
                said = sorted(together(note for plan in plans for note in plan.get(kind, ())), key=_of_roles)
                most = len(said) if self._whole else MOST if self._check else MOST // 2
                for note in said[:most]:
                    self._tell(f"{word}: {note}")
                if len(said) > most:
                    self._display.display(f"{word}: {len(said) - most} more, on the page (-v shows all)")
        self._display.display("")
        for host in hosts:
            row = self._row(host)
            out = self._left_out(host)
            missed = f"; not looked at: {', '.join(out)}" if out else ""
            self._display.display(f"{host}: {self._words(row)}{missed}", color=_colour(row))
        if missed_hosts := [host for host in sorted(self._wanted) if host not in hosts]:
            self._display.display(f"not looked at: {', '.join(missed_hosts)}")

    @property
    def _whole(self) -> bool:
        return bool(self._display.verbosity)

    def _tell(self, line: str, colour: str | None = None) -> None:
        """A line that is not much longer than the terminal is wide."""
        cut = not self._whole and len(line) > LONGEST
        self._display.display(f"{line[:LONGEST]} …" if cut else line, color=colour)

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

    def _store(self, rows: dict[str, dict[str, int]], met: list[str], custom: dict[str, Any]) -> Path:
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
            "versions": {name: version(name) for name in ("ansible-core", "boto3")},
            "callers": self._callers,
            "pending": sum(row[verb] for row in rows.values() for verb in _WORDS),
            "drift": sum(len(plan.get("drift", ())) for plans in self._plans.values() for plan in plans.values()),
            "grants": any(plan.get("grants") for plans in self._plans.values() for plan in plans.values()),
            "summary": rows,
            "looked_at": [*rows],
            "left_out": {host: self._left_out(host) for host in sorted(self._wanted)},
            "parts": {host: [*parts] for host, parts in sorted(self._wanted.items())},
            "limit": context.CLIARGS.get("subset") or "",
            "tags": ",".join(tag for tag in context.CLIARGS.get("tags") or () if tag != "all"),
            "plans": self._plans,
            "tasks": self._tasks,
            "failures": self._failures,
            "tables": custom.get("page_tables", {}),
            "picture": custom.get("page_picture", ""),
        }
        given = {host: self._vars_of(host) for host in rows}
        report["accounts"] = {host: account for host, own in given.items() if (account := _account(own))}
        report["accepted"] = accepted = _accepted(next(iter(given.values()), {}), self._started.date())
        self._found = judge(self._located(collect(report), given), accepted, self._started.date())
        report["findings"] = [one.as_dict() for one in self._found]
        # `ansible-playbook -e @plan.json` hands dm_reviewed to the modules, which refuse any other plan.
        # A host that only its guard looked at is met again when the plan is carried out, and may change nothing.
        reviewed = {host: {name: plan["digest"] for name, plan in self._plans.get(host, {}).items()} for host in met}
        return self.write({"dm_reviewed": reviewed, "dm_plan": report}, path)

    def _vars_of(self, name: str) -> Any:
        """A host's variables as they are written, with their files and lines; nothing of them is worked out."""
        host = self._vars._inventory.get_host(name) if self._vars else None
        return self._vars.get_vars(host=host, include_hostvars=False) if host else {}

    def _located(self, found: list[Finding], given: dict[str, Any]) -> list[Finding]:
        """Each with the line of the vars that its first resource comes from."""
        known = {host: declared.index(own) for host, own in given.items()}
        located = []
        for one in found:
            host, _, name = one.resources[0].partition(": ")
            purpose = one.places[0].partition(" ")[2] if one.places else ""
            file, line = declared.line_of(name, purpose, known.get(host, {}), ROOT) if name else ("", 0)
            by = self._changed_by.get(one.id, {})
            located.append(one._replace(file=file, line=line, who=by.get("who", ""), when=by.get("when", "")))
        return located

    def write(self, plan: dict[str, Any], path: Path) -> Path:
        """The plan as JSON, and as a page beside it, whose path is returned. What bin/estate merge makes, too."""
        base = keep.base_of(plan["dm_plan"], path, os.environ.get("DM_BASE", ""))
        self._since = keep.store(plan, path, base, self._page_diff, render)
        return path.with_suffix(".html")

    def v2_on_file_diff(self, result: Any) -> None:
        self._verbs = verbs_of(result.result.get("plan") or {})
        super().v2_on_file_diff(result)

    def _get_diff(self, difflist: Any) -> str:
        """On a terminal what is new is a line; people's gains are told at the end, by what they mean."""
        found = diffs({"diff": difflist})
        if self._whole:
            return str(super()._get_diff(found))
        shown = [one for one in found if one.get("before_header") != "people"]
        fresh = [one for one in shown if is_new(one, self._verbs)]
        new = [line for kind, names in kinds(map(_named, fresh)) for line in _wrapped(kind, names)]
        rest = [one for one in shown if not is_new(one, self._verbs)]
        text = "\n".join(stringc(line, C.COLOR_DIFF_ADD) for line in new)
        return text + ("\n" if new and rest else "") + (str(super()._get_diff(rest)) if rest else "")

    def _page_diff(self, diff: Any) -> str:
        """The diff as the terminal shows it, without its colours."""
        return re.sub(r"\x1b\[[\d;]*m", "", super()._get_diff(diffs({"diff": diff}))) if diff else ""


def _colour(row: dict[str, int]) -> str:
    if row["failed"]:
        return C.COLOR_ERROR
    return C.COLOR_CHANGED if any(row[verb] for verb in _WORDS) else C.COLOR_OK


def _account(given: Any) -> dict[str, str]:
    name = str(given.get("dm_account", ""))
    return {"name": name, "id": str(given["dm_accounts"][name]["id"])} if name in given.get("dm_accounts", {}) else {}


def _accepted(given: Any, today: datetime.date) -> list[dict[str, Any]]:
    """What is accepted, where that is well said; bin/estate check says what is not."""
    entries = given.get("accepted_findings") or []
    return [dict(entry) for entry in entries if not list(problems([entry], today))]


def _named(diff: Mapping[str, Any]) -> str:
    """A new file with its length, since its content is not shown."""
    after = diff.get("after")
    lines = f" ({after.count(chr(10))} lines)" if isinstance(after, str) and "\n" in after else ""
    return f"{named(diff)}{lines}"


def _wrapped(kind: str, names: list[str]) -> list[str]:
    head = f"+ {kind} " if kind else "+ "
    more = [f"and {len(names) - MOST} more"] if len(names) > MOST else []
    return textwrap.wrap(
        ", ".join([*names[:MOST], *more]), 118, initial_indent=head, subsequent_indent=" " * len(head),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _of_roles(line: str) -> tuple[bool, bool]:
    """People first, then roles, and what was not proved at once: whoever approves reads from the top."""
    return (not line.startswith("not proved"), line.startswith("role "))
