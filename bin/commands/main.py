"""Which commands there are, and what each takes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NamedTuple

from commands import estate, jenkins, project, side_by_side
from commands.run import embedded_aws, play, say, set_up
from commands.words import ROOT, Refusal, Words, allowed, check_limit, check_tags, hosts, inventories, parse, tags


class Command(NamedTuple):
    about: str
    run: Callable[[Words], int]
    takes: tuple[str, ...] = ()
    stages: Callable[[], list[str]] = list  # what STAGE may be; the first one where nothing is said
    playbooks: tuple[str, ...] = ()  # whose tags TAGS may name
    needs_setup: bool = True


def _stages() -> list[str]:
    return ["local", *inventories("stages")]


def _with_accounts() -> list[str]:
    return [*_stages(), "accounts"]


def _with_access() -> list[str]:
    return [*_with_accounts(), "access"]


def _hosts() -> list[str]:
    return ["jenkins", *inventories("stages")]


def _play(playbook: str, store: str = "", stage: str = "") -> Callable[[Words], int]:
    """A command that is one playbook; what it stores is called like the playbook, and by the stage."""
    name = playbook.replace("_", "-")
    return lambda words: play(playbook, words, store or f"{name}-{words['STAGE']}", stage=stage)


_PART = ("STAGE", "LIMIT", "TAGS", "ARGS", "BUILD")
_WAR = ("JENKINS_WAR", "JENKINS_PLUGIN_MANAGER", "JENKINS_PLUGIN_DIR", "ARGS")
GROUPS = {
    "The estate": {
        "converge": Command("The main job: local, all of it on the embedded AWS; a real stage plans, shows, asks, "
                            "applies, proves", estate.converge, _PART, _with_access, ("site",)),
        "check": Command("Say of all vars what can be said without AWS", estate.check, ("ARGS", "BUILD")),
        "plan": Command("Show what would change; WORKERS=4 plans that many hosts at a time", estate.plan,
                        (*_PART, "WORKERS"), _with_access, ("site",)),
        "apply": Command("Carry out exactly PLAN=build/plan-STAGE.json, or stop because the world has moved since",
                         estate.apply, (*_PART, "PLAN"), _with_access, ("site",)),
        "prove": Command("Write canaries and follow them: replication, assets",
                         estate.prove, _PART, _with_accounts, ("prove_estate",)),
        "audit": Command("Read only: drift, unmanaged, MFA delete, replication, who may go where",
                         estate.audit, (*_PART, "BASE"), _with_accounts, ("audit_estate",)),
        "compare": Command("Say what RUN=build/report/runs/….json found that BASE=… did not; 2 where there is any",
                           estate.compare, ("BASE", "RUN", "BUILD")),
        "validate-trails": Command("Prove that the files of the accounts' trails are those that CloudTrail wrote; "
                                   "reads only", _play("validate_trails"), ("STAGE", "LIMIT", "ARGS", "BUILD"),
                                   lambda: ["local", "accounts"]),
        "verify-assets": Command("Fetch a canary of each public kind through the router, see the private ones refused",
                                 _play("verify_assets"), _PART, _stages, ("verify_assets",)),
        "prove-backups": Command("Look at each stage's newest database dump, and restore it into a database of its own",
                                 _play("prove_backups"), _PART, lambda: ["accounts"], ("prove_backups",)),
        "withdraw": Command("Empty the document of URL=https://… from every router at once, and prove it; take it out "
                            "of its bucket before", estate.withdraw, ("STAGE", "LIMIT", "URL", "ARGS", "BUILD"),
                            _stages),
        "access": Command("Say who can reach which role in which account, through what; 2 where an invariant "
                          "does not hold; reads only",
                          estate.access, ("STAGE", "ARGS", "BUILD"), lambda: ["local", "accounts"]),
        "routes": Command("Say which public URL leads to which bucket; reads only",
                          estate.routes, ("STAGE", "LIMIT", "ARGS", "BUILD"), _stages),
        "hosts": Command("List the hosts of STAGE, which its plan can be cut into",
                         side_by_side.hosts, ("STAGE", "LIMIT"), _with_access),
        "merge": Command("Put plans of single hosts together: PLANS=a/plan-STAGE.json,b/plan-STAGE.json",
                         side_by_side.merge, ("STAGE", "PLANS", "BUILD"), _with_access),
        "summary": Command("Say in one line what PLAN=build/plan-STAGE.json would change",
                           estate.summary, ("PLAN",), needs_setup=False),
        "grants": Command("Say what PLAN=build/plan-STAGE.json means for people; 2 where anybody may get anything new",
                          estate.grants, ("PLAN",), needs_setup=False),
    },
    "The embedded AWS": {
        "start": Command("Start the embedded AWS of this checkout; STAGE=local does it too", estate.start),
        "stop": Command("End it and the assets routers in front of it; nothing is left running",
                        estate.stop, needs_setup=False),
    },
    "Jenkins": {
        "provision-jenkins": Command("Make the Jenkins host exist as declared; ARGS='--check --diff' only shows",
                                     _play("provision_jenkins", "run-provision", "accounts"),
                                     ("TAGS", "ARGS", "BUILD"), playbooks=("provision_jenkins",)),
        "restore-jenkins": Command("Drill: restore the newest snapshot on a scratch host, check it, tear it down",
                                   _play("restore_jenkins", "run-restore", "accounts"), ("ARGS", "BUILD")),
        "jobs": Command("Render a job per stage and purpose to build/jobs/xml, and check them",
                        _play("render_jobs", "jobs", "every"), ("ARGS", "BUILD")),
        "update-jobs": Command("Push them through Jenkins' API; ARGS=--check only shows, REMOVE=yes deletes what is no "
                               "longer declared", jenkins.update_jobs, ("REMOVE", "ARGS", "BUILD")),
        "configure-jenkins": Command("Show what configuring the Jenkins host would change; APPLY=yes does it",
                                     jenkins.configure, ("APPLY", "LIMIT", "TAGS", "ARGS", "BUILD"),
                                     playbooks=("configure_jenkins",)),
        "verify-host": Command("Check real hosts by SSH: STAGE=jenkins, STAGE=preview its assets router; or "
                               "HOSTS=ssh://admin@… SUITE=…", jenkins.verify_host,
                               ("STAGE", "HOSTS", "SUITE", "ARGS"), _hosts),
        "test-jenkins": Command("Try the plugins, configuration, jobs and Jenkinsfile in a controller, "
                                "JENKINS_WAR=…; says what that proved", jenkins.test_jenkins, _WAR),
        "lock-plugins": Command("Write the whole set of plugins for JENKINS_WAR=… by JENKINS_PLUGIN_MANAGER=…; "
                                "MOVE=yes takes the newest first", jenkins.lock_plugins, (*_WAR, "MOVE", "FILE")),
    },
    "This project": {
        "setup": Command("Make .venv from the lock; every command does it where it is missing", project.setup),
        "test": Command("Run every test; names what it skips and why. JUNIT=file writes a JUnit report",
                        project.test, ("JUNIT", "ARGS")),
        "lint": Command("Check style, types and roles, with the hooks that pre-commit runs", project.lint, ("ARGS",)),
        "bench": Command("Measure beside the stock modules, bare boto3, prowler and the original router, on a quiet "
                         "machine; ONLY=dns,audit some of it, with ARGS of each", project.bench, ("ONLY", "ARGS")),
        "docs": Command("Write each role's README from its argument spec", project.docs),
        "lock": Command("Lock the newest dependencies that work together, with hashes", project.lock),
        "clean": Command("Remove what was built: build/ and .venv", project.clean, needs_setup=False),
    },
}  # fmt: skip
COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}

_HELP = """
Words                (each command names those that it takes, where one is wrong)
  STAGE              {stages}; the first where nothing is said.
                     access is of the accounts only who may go where
  LIMIT              only these hosts or groups: LIMIT=preview,backups-account
  TAGS               only these parts: {tags}; of prove and audit also
                     {proofs}
  PLAN               a file that plan wrote
  BASE               the stored run that an audit compares with; the last green one where nothing is said
  ARGS               more options of the program that is called: ARGS=-v
  BUILD              the directory for plans and reports; build where nothing is said

Exit status          0 nothing to do, 2 changes or findings, 1 error. GNU make makes 2 of every failure: whatever
                     decides by the status calls bin/estate, which takes the same words.

Examples
  make converge
  make plan STAGE=preview LIMIT=preview TAGS=buckets
  bin/estate apply STAGE=preview PLAN=build/plan-preview.json
  bin/estate audit STAGE=accounts"""


def show_help() -> int:
    lines = ["make COMMAND [WORD=value ...]    bin/estate COMMAND [WORD=value ...]"]
    for group, commands in GROUPS.items():
        lines += ["", group, *(f"  {name:<18} {command.about}" for name, command in commands.items())]
    stages, parts = COMMANDS["plan"].stages(), tags("site")
    proofs = [tag for tag in tags("audit_estate", "prove_estate") if tag not in parts]
    lines.append(_HELP.format(stages=", ".join(stages), tags=", ".join(parts), proofs=", ".join(proofs)))
    say("\n".join(lines), sys.stdout)
    return 0


def main(said: list[str]) -> int:
    name = said[0] if said else "help"
    try:
        if name in ("help", "--help", "-h"):
            return show_help()
        if name not in COMMANDS:
            raise Refusal(f"there is no command {name}; {allowed(name, [*COMMANDS, 'help'])}")
        command = COMMANDS[name]
        words = {"BUILD": "build", **parse(said[1:], command.takes)}
        os.chdir(ROOT)
        os.environ.setdefault("DM_RUN", str(os.getpid()))
        _check(command, words)
        if command.needs_setup:
            set_up()
        if words.get("STAGE") == "local":
            embedded_aws("start")
        return command.run(words)
    except Refusal as why:
        say(f"{name}: {why}")
    except KeyboardInterrupt:
        say(f"{name}: interrupted")
    return 1


def _check(command: Command, words: Words) -> None:
    """Typos, before anything is done. A word that matches nothing would else read as nothing to do."""
    stages = command.stages()
    if stages:
        stage = words.setdefault("STAGE", stages[0])
        if stage not in stages:
            raise Refusal(f"STAGE={stage} is unknown; {allowed(stage, stages)}")
        if words.get("LIMIT"):
            own = [
                name for name in _with_accounts()[1:] if stage in ("local", name, name.replace("accounts", "access"))
            ]
            check_limit(words["LIMIT"], sorted(hosts([*own, "common"])))
    if words.get("TAGS"):
        check_tags(words["TAGS"], tags(*command.playbooks))
