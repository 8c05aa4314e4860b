"""The commands on the estate: a plan and what follows from it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from shutil import get_terminal_size
from typing import TextIO

from commands import plan_file, side_by_side
from commands.run import BIN, call, embedded_aws, play, say, show
from commands.words import ROOT, Refusal, Words, tags


def main_playbook(words: Words) -> str:
    return "converge_access" if words["STAGE"] == "access" else "site"


def plan_path(words: Words) -> str:
    return f"{words['BUILD']}/plan-{words['STAGE']}.json"


def plan(words: Words) -> int:
    if words.get("WORKERS"):
        return side_by_side.plan(words)
    return play(main_playbook(words), words, f"plan-{words['STAGE']}", "--check", "--diff")


def audit(words: Words) -> int:
    base = {"DM_BASE": _run_of("BASE", words)} if words.get("BASE") else None
    return play("audit_estate", words, f"audit-{words['STAGE']}", "--check", "--diff", env=base)


def _run_of(name: str, words: Words) -> str:
    """The file of a stored run that can be compared with another."""
    path, allowed = words.get(name, ""), f"{words['BUILD']}/report/runs has the runs that are kept"
    if not Path(path).is_file():
        raise Refusal(f"{name}='{path}' is no file; {allowed}")
    try:
        stored = {*plan_file.read(path)}
    except Refusal:
        stored = set()
    if not {"findings", "plans", "started"} <= stored:
        raise Refusal(f"{name}={path} is no stored run; {allowed}")
    return path


def prove(words: Words) -> int:
    return play("prove_estate", words, f"proof-{words['STAGE']}")


def converge(words: Words) -> int:
    """The embedded AWS is converged at once; for a real stage a person sees the plan first."""
    stage = words["STAGE"]
    if stage == "local":
        status = play(main_playbook(words), words, f"run-{stage}")
    else:
        status = plan(words)
        if status == 2:
            plan_file.confirm(plan_path(words), stage)
            status = apply({**words, "PLAN": plan_path(words)})
    return status or _prove_what_was_converged(words)


def _prove_what_was_converged(words: Words) -> int:
    wanted = set(filter(None, words.get("TAGS", "").split(",")))
    if words["STAGE"] == "access" or (wanted and not wanted & {"all", *tags("prove_estate")}):
        say("nothing of this has a proof")
        return 0
    return prove(words)


def apply(words: Words) -> int:
    """Exactly the plan, with its LIMIT and TAGS, once the world was asked again whether it still fits."""
    stage, path = words["STAGE"], words.get("PLAN", "")
    if not Path(path).is_file():
        raise Refusal(f"PLAN='{path}' is no file; make plan STAGE={stage} writes one")
    reviewed = plan_file.read(path)
    for word in ("LIMIT", "TAGS"):
        if words.get(word, reviewed[word.lower()]) != reviewed[word.lower()]:
            raise Refusal(f"{path} was made with {word}={reviewed[word.lower()]}, which is what it can be applied with")
        words = {**words, word: reviewed[word.lower()]}
    now = f"plan-{stage}-now"
    say(f"planning {stage} once more")
    with _kept(words, now) as out:
        if play(main_playbook(words), words, now, "--check", out=out) == 1:
            raise Refusal(f"nothing was changed, since {stage} cannot be planned any more:\n{_read(out)}")
    plan_file.same(path, f"{words['BUILD']}/{now}.json")
    say(f"applying {path}")
    return play(main_playbook(words), words, f"run-{stage}", "-e", f"@{path}", env={"DM_COMPARED": path})


def check(words: Words) -> int:
    """What can be said of the vars before AWS is asked."""
    repo = os.environ.get("DM_CREDENTIALS_REPO") or str(ROOT / "credentials.example")
    os.environ["DM_CREDENTIALS_REPO"] = repo
    playbooks = sorted((ROOT / "playbooks").glob("*.yml"))
    with _kept(words, "check") as out:
        if call("ansible-playbook", "--syntax-check", "-i", "inventories/accounts", *playbooks, out=out) != 0:
            raise Refusal(_read(out))
    status = show("check_vars", words, "every")
    if status == 0:
        say(f"no fault in the vars of any inventory and of {repo}", sys.stdout)
    return status


def _kept(words: Words, name: str) -> TextIO:
    """A file for output that is of interest only where something fails."""
    path = Path(words["BUILD"]) / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("w+", encoding="utf-8")


def _read(kept: TextIO) -> str:
    kept.seek(0)
    return kept.read().strip()


def withdraw(words: Words) -> int:
    """From every router at once; the URL is data to its last character."""
    if not words.get("URL"):
        raise Refusal("nothing says which document; give URL='https://assets.…'")
    given = json.dumps({"url": words["URL"]})
    return play("withdraw_document", words, f"withdraw-{words['STAGE']}", "-e", given)


def access(words: Words) -> int:
    columns = get_terminal_size((120, 24)).columns
    return play("review_access", words, f"access-{words['STAGE']}", "-e", f"access_review_width={columns}")


def compare(words: Words) -> int:
    """What is new in RUN since BASE: any two stored runs of one command."""
    paths = [_run_of(name, words) for name in ("BASE", "RUN")]
    return call(BIN / "python", ROOT / "bin/commands/compare_runs.py", *paths)


def routes(words: Words) -> int:
    return show("show_routes", words)


def summary(words: Words) -> int:
    say(plan_file.summary(words.get("PLAN", "")), sys.stdout)
    return 0


def grants(words: Words) -> int:
    """2 where it grants anybody anything new, or may: what asks for approval goes by that."""
    new, said = plan_file.effects(words.get("PLAN", ""))
    for line in said or ["this grants nobody anything new"]:
        say(line, sys.stdout)
    return 2 if new else 0


def start(words: Words) -> int:  # noqa: ARG001 every command takes its words
    embedded_aws("start")
    return 0


def stop(words: Words) -> int:  # noqa: ARG001
    if (BIN / "python").exists():
        routers = sorted((ROOT / "build" / "assets_router").glob("*"))
        call(BIN / "python", "roles/assets_router/files/local_router.py", "stop", *routers)
        embedded_aws("stop")
    return 0
