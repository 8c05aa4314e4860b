"""What a person sees of a run: the diff, a sentence for each failure, a one-screen summary; and the plan as a file."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible import constants as C
from ansible import context
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback.default import CallbackModule as Default
from ansible.utils.color import stringc
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).resolve().parents[1]
ansible.module_utils.__path__.append(str(ROOT / "module_utils"))
from ansible.module_utils.estate.commits import commits
from ansible.module_utils.estate.effects.together import TOGETHER
from ansible.module_utils.estate.findings import keep, summary, written
from ansible.module_utils.estate.findings.collect import verbs_of
from ansible.module_utils.estate.findings.finding import Finding
from ansible.module_utils.estate.findings.page import is_new, shortened
from ansible.module_utils.estate.findings.record import Record, Row
from ansible.module_utils.estate.findings.said import diffs, placed, sentence
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

DIFF = re.compile(r"^(?:\x1b\[[\d;]*m)?--- ", re.M)
LONGEST = 240  # characters of a line that is told without -v
MOST = 20  # lines of one word without -v, of a plan; half of that of what was done
_SEVERITY_COLOURS = {"critical": C.COLOR_ERROR, "high": C.COLOR_ERROR, "medium": C.COLOR_CHANGED}


def parts_of(task: Any) -> list[str]:
    """The tags that a task stands for. What always runs (a guard, a role's argument spec) looks at nothing."""
    return [] if "always" in task.tags else [tag for tag in task.tags if tag != "never"]


class _Kept(FileSystemBytecodeCache):
    """The page's code from run to run, beside that of dm_compile_once; where it cannot be written, it is made anew."""

    def dump_bytecode(self, bucket: Any) -> None:
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def render(template: str, shown: Mapping[str, Any]) -> str:
    templates = Environment(
        loader=FileSystemLoader(ROOT / "callback_plugins"),
        bytecode_cache=_Kept(str(ROOT / "build/templates"), "page-%s.cache"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return templates.get_template(template).render(shown)


class CallbackModule(Default):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "dm_report"

    def __init__(self) -> None:
        super().__init__()
        self._run = Record()
        self._only_shows = True  # whether every play so far says so: there is nothing to sum up, and no plan to store
        self._vars: Any = None  # Ansible's manager of variables, once a play has one
        self._found: list[Finding] = []
        self._verbs: dict[str, str] = {}  # of the task whose diff is shown
        self._since = Since()
        self._untold = ""  # the play's name, until it has a task

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
            self._run.wanted.setdefault(host.name, {}).update(parts)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._run.check = bool(play.check_mode)
        self._vars = play.get_variable_manager()
        self._only_shows = self._only_shows and bool(play.get_vars().get("dm_only_shows"))
        if not self._run.check and "dm_reviewed" in play.get_variable_manager().extra_vars:
            self._refuse_what_was_not_compared()
        if self._whole:
            super().v2_playbook_on_play_start(play)
        else:
            self._play, self._untold = play, play.get_name().strip()

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
        self._run.looked_at[result.host.get_name()].update(parts_of(result.task))
        super().v2_runner_on_skipped(result)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._keep(result)
        # What a task is there to show is shown, although what went well is not told.
        if result.task.action in C._ACTION_DEBUG and not result.task.no_log and "msg" in result.result:
            self._display.display(str(result.result["msg"]))
        if self._whole and not isinstance(result.task, TaskInclude):  # whose heading would stand above nothing
            super().v2_runner_on_ok(result)
            return
        if proofs := result.result.get("proofs"):
            proved = sum(proof["verdict"] == "proved" for proof in proofs)
            self._display.display(
                f"{self._heading(result)}: {proved} of {len(proofs)}",
                color=C.COLOR_OK if proved == len(proofs) else C.COLOR_CHANGED,
            )
        elif result.result.get("changed") and not self._get_diff(diffs(result.result)):
            self._display.display(f"{self._heading(result)}: changed", color=C.COLOR_CHANGED)
        if result.result.get("changed"):
            self._handle_warnings_and_exception(result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        if self._whole:
            super().v2_runner_item_on_ok(result)

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        if not self._whole and self._untold:
            self._display.display(self._untold)
            self._untold = ""
        super().v2_playbook_on_task_start(task, is_conditional)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._keep(result)
        if ignore_errors:
            return
        host = result.host.get_name()
        said = "the output is hidden, since it may hold secrets" if result.task.no_log else sentence(result.result)
        self._run.fail(host, result.task.get_name().strip(), placed(said, self._vars_of(host)))
        if self._display.verbosity:
            super().v2_runner_on_failed(result, ignore_errors)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        if self._display.verbosity:
            super().v2_runner_item_on_failed(result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        said = f"cannot be reached: {sentence(result.result)}"
        self._run.fail(result.host.get_name(), result.task.get_name(), said)

    def _keep(self, result: Any) -> None:
        host = result.host.get_name()
        self._run.looked_at[host].update(parts_of(result.task))
        self._run.keep(host, result.task.get_name().strip(), result.result, bool(result.task.no_log))
        if caller := result.result.get("caller"):
            self._run.called_by(host, caller)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        hosts = [host for host in sorted(stats.processed) if self._run.was_looked_at(host)]
        if not self._only_shows:
            # Stored first: who reads the rest may have gone.
            rows = {host: self._run.row(host) for host in hosts}
            page = self._store(rows, sorted(stats.processed))
            self._sum_up(hosts, page)
            self._display.display(f"\n{page} shows all of it.")
        for line in summary.failures(self._run.failures):
            self._display.display(line, color=C.COLOR_ERROR, stderr=True)

    def _sum_up(self, hosts: list[str], page: Path) -> None:
        plans = [plan for host in hosts for plan in self._run.plans.get(host, {}).values()]
        if page.stem.startswith("audit"):
            for severity, line in written.lines(self._found, self._since):
                self._tell(line, _SEVERITY_COLOURS.get(severity))
        else:
            for found in (one for plan in plans for one in plan["unmanaged"]):
                where = f" into {found['file']}" if found.get("file") else ""
                paste = f"paste{where}:\n{found['adopt']}" if self._whole else f"paste what the page shows{where}"
                self._display.display(f"unmanaged: {found['resource']}; to adopt it, {paste}")
            most = sys.maxsize if self._whole else MOST if self._run.check else MOST // 2
            for line in (line for kind in summary.TOLD for line in summary.told(plans, kind, most)):
                self._tell(line)
            for line in self._run.together.get("effects", ())[:most]:
                self._tell(f"{summary.TOLD['effects']}: {TOGETHER}: {line}")
        self._display.display("")
        for host in hosts:
            row, out = self._run.row(host), self._run.left_out(host)
            missed = f"; not looked at: {', '.join(out)}" if out else ""
            self._display.display(f"{host}: {summary.words(row, self._run.check)}{missed}", color=_colour(row))
        if missed_hosts := [host for host in sorted(self._run.wanted) if host not in hosts]:
            self._display.display(f"not looked at: {', '.join(missed_hosts)}")

    @property
    def _whole(self) -> bool:
        return bool(self._display.verbosity)

    def _tell(self, line: str, colour: str | None = None) -> None:
        """A line that is not much longer than the terminal is wide."""
        cut = not self._whole and len(line) > LONGEST
        self._display.display(f"{line[:LONGEST]} …" if cut else line, color=colour)

    def _store(self, rows: dict[str, Row], met: list[str]) -> Path:
        # The last one: the embedded AWS lies over all others.
        inventory = Path((context.CLIARGS.get("inventory") or ["none"])[-1].rstrip(",")).name
        default = f"build/{'plan' if self._run.check else 'run'}-{inventory}.json"
        report, self._found = self._run.report(
            rows,
            {host: self._vars_of(host) for host in rows},
            ROOT,
            inventory=inventory,
            commits=commits(ROOT, os.environ.get("DM_CREDENTIALS_REPO", "")),
            versions={name: version(name) for name in ("ansible-core", "boto3")},
            limit=context.CLIARGS.get("subset") or "",
            tags=",".join(tag for tag in context.CLIARGS.get("tags") or () if tag != "all"),
        )
        path = Path(os.environ.get("DM_PLAN_FILE") or default)
        return self.write({"dm_reviewed": self._run.digests(met), "dm_plan": report}, path)

    def _vars_of(self, name: str) -> Any:
        """A host's variables as they are written, with their files and lines; nothing of them is worked out."""
        host = self._vars._inventory.get_host(name) if self._vars else None
        return self._vars.get_vars(host=host, include_hostvars=False) if host else {}

    def write(self, plan: dict[str, Any], path: Path) -> Path:
        """The plan as JSON, and as a page beside it, whose path is returned. What bin/estate merge makes, too."""
        base = keep.base_of(plan["dm_plan"], path, os.environ.get("DM_BASE", ""))
        self._since = keep.store(plan, path, base, self._page_diff, render)
        return path.with_suffix(".html")

    def v2_on_file_diff(self, result: Any) -> None:
        self._verbs = verbs_of(result.result.get("plan") or {})
        if self._whole:
            super().v2_on_file_diff(result)
        elif result.result.get("changed") and (text := self._get_diff(diffs(result.result))):
            # A diff has a heading of its own; a line goes beside the host.
            shown = f"{self._heading(result)}\n" if DIFF.search(text) else f"{result.host.get_name()}: "
            self._display.display(shown + text.rstrip())

    def _heading(self, result: Any) -> str:
        return f"{result.host.get_name()}: {result.task.get_name().strip().rpartition(' : ')[2]}"

    def _get_diff(self, difflist: Any) -> str:
        """On a terminal what is new is a line, and what is changed too, where a plan showed it; all of it with -v."""
        found = diffs({"diff": difflist})
        if self._whole:
            return str(super()._get_diff(found))
        fresh = [one for one in found if is_new(one, self._verbs)]
        rest = [one for one in found if not is_new(one, self._verbs)]
        parts = [stringc(summary.listed("+", fresh), C.COLOR_DIFF_ADD)] if fresh else []
        if rest and self._run.check:
            parts += [shortened(str(super(CallbackModule, self)._get_diff([one]))) for one in rest]
        elif rest:
            parts.append(stringc(summary.listed("~", rest), C.COLOR_CHANGED))
        return "\n".join(parts)

    def _page_diff(self, diff: Any) -> str:
        """The diff as the terminal shows it, without its colours."""
        return re.sub(r"\x1b\[[\d;]*m", "", super()._get_diff(diffs({"diff": diff}))) if diff else ""


def _colour(row: dict[str, int]) -> str:
    if row["failed"]:
        return C.COLOR_ERROR
    return C.COLOR_CHANGED if any(row[verb] for verb in summary.WORDS) else C.COLOR_OK
