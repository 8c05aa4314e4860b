"""The Jenkinsfile, run in the harness: which commands, in which order, and what it does when something goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
from pipeline_tree import HERE, JAVA_HOME, ROOT

STAGES = ["preview", "staging", "production"]
TARGETS = [*STAGES, "accounts", "access"]
ACTIONS = ["plan", "converge", "prove", "audit", "verify-assets", "prove-backups", "validate-trails"]
MEANINGLESS = {("accounts", "verify-assets"), ("access", "verify-assets"), ("access", "audit"), ("access", "prove")}
MEANINGLESS |= {
    (stage, action) for action in ("prove-backups", "validate-trails") for stage in TARGETS if stage != "accounts"
}
SOUND = [(stage, action) for stage in TARGETS for action in ACTIONS if (stage, action) not in MEANINGLESS]
APPLIED = {"plan": ["changes", "nothing"]}
HOSTILE = [
    "preview; touch owned",
    "$(touch owned)",
    "`touch owned`",
    "$(shell touch owned)",
    "a b",
    "a,,b",
    "-v",
    "a,",
    'a"',
    "a\nb",
    "@file",
    "../x",
]
# name → (what is right, the mistake, what the refusal says)
MISTAKES = {
    "misspelt directive of the pipeline": ("  parameters {", "  paramaters {", "no directive paramaters"),
    "misspelt directive of a stage": ("post {\n        cleanup", "posts {\n        cleanup", "no directive posts"),
    "misspelt condition of post": ("    changed {", "    chnged {", "no directive chnged"),
    "misspelt option": ("disableConcurrentBuilds()", "disableConcurentBuilds()", "no directive disableConcurentBuilds"),
    "option of the pipeline in a stage": (
        "options { timeout(time: 4, unit: 'HOURS') }",
        "options { disableConcurrentBuilds() }",
        "stageOptions has no directive disableConcurrentBuilds",
    ),
    "misspelt step": ("sh 'bin/estate setup'", "shell 'bin/estate setup'", "no step shell"),
    "checkout of another repository": ("checkout(scm)", "checkout('another')", "checks out scm only"),
    "misspelt argument of a step": ("artifacts:", "artifact:", "archiveArtifacts does not know [artifact]"),
    "Groovy among steps": ("sh 'bin/estate lint'", "if (true) { sh 'bin/estate lint' }", "put Groovy in a script step"),
    "step without a workspace": ("script { checkRequest() }", "script { fileExists('x') }", "there is no agent"),
    "import": ("pipeline {", "import groovy.json.JsonSlurper\npipeline {", "import is not allowed"),
    "stage without steps": ("steps {\n        script { approve() }\n      }", "", "either steps or stages"),
}


def job_of(stage: str, action: str) -> str:
    return "sync-access" if (stage, action) == ("access", "converge") else f"{action}-{stage}"


def converge(name: str, **more) -> dict:
    return {"name": name, "job": "converge-production", "answers": APPLIED, **more}


def scenarios() -> list[dict]:
    jobs = [
        {
            "name": f"{stage} {action}",
            "job": job_of(stage, action),
            "answers": APPLIED if action == "converge" else {},
        }
        for stage in TARGETS
        for action in ACTIONS
    ]
    hostile = [
        {"name": f"LIMIT {limit}", "job": "plan-preview", "params": {"LIMIT": limit}, "previous": "SUCCESS"}
        for limit in HOSTILE
    ]
    mistakes = [
        {"name": name, "job": "plan-preview", "mistake": [right, wrong]} for name, (right, wrong, _) in MISTAKES.items()
    ]
    told = {"env": {"DM_NOTIFY": "estate@marketplace.example"}}
    states = [
        {
            "name": f"{previous} to {plan}",
            "job": "plan-preview",
            "previous": previous,
            "answers": {"plan": [plan]},
            **told,
        }
        for previous in ("SUCCESS", "UNSTABLE", "FAILURE", None)
        for plan in ("nothing", "changes", "error")
    ]
    failures = [
        converge(f"{target} fails", previous="SUCCESS", **told) | {"answers": {**APPLIED, target: ["fail"]}}
        for target in ("setup", "lint", "test", "apply", "prove")
    ]
    return [
        *jobs,
        *hostile,
        *mistakes,
        *states,
        *failures,
        {"name": "plan-preview", "job": "plan-preview"},
        {"name": "limited", "job": "converge-accounts", "params": {"LIMIT": "main-account,backups-account"}},
        {"name": "another stage's job", "job": "plan-preview", "params": {"STAGE": "production"}},
        {"name": "another action's job", "job": "plan-preview", "params": {"ACTION": "converge"}},
        {"name": "job of no purpose", "job": "restart-preview", "params": {"STAGE": "preview", "ACTION": "plan"}},
        {"name": "unnamed job", "job": "nightly"},
        {"name": "a name that goes on", "job": "plan-preview-2", "params": {"STAGE": "preview"}},
        {"name": "nothing to plan", "job": "plan-preview", "answers": {"plan": ["nothing"]}},
        *(
            {
                "name": f"{stage} grants",
                "job": job_of(stage, "converge"),
                "answers": {**APPLIED, "grants": ["changes"]},
            }
            for stage in TARGETS
        ),
        converge("nothing to converge") | {"answers": {"plan": ["nothing"]}},
        converge("plan fails") | {"answers": {"plan": ["error"]}, "previous": "SUCCESS", **told},
        converge("still changes") | {"answers": {"plan": ["changes", "changes"]}},
        converge("no plan afterwards") | {"answers": {"plan": ["changes", "error"]}},
        converge("refused", approval="no", previous="SUCCESS", **told),
        converge("not approved in time", approval="timeout"),
        converge("approvers", env={"DM_APPROVERS": "ada.example"}),
        converge("approved by oneself", approvers=["ada", "ADA", "bea"]),
        converge("approved by oneself alone", approvers=["ada"], env={"DM_SELF_APPROVAL": "yes"}),
        converge("approved by oneself, misspelt", approvers=["ada", "bea"], env={"DM_SELF_APPROVAL": "true"}),
        converge("no mail server", no_mail_server=True, previous="SUCCESS", **told),
        converge("told to nobody", previous="SUCCESS"),
        *(
            converge(
                f"pushed meanwhile, {agents} agents",
                push=True,
                env={"DM_PLAN_AGENTS": str(agents), "HARNESS_HOSTS": "a,b,c,d"},
            )
            for agents in (1, 2, 4, 9)
        ),
        {"name": "findings", "job": "audit-preview", "answers": {"audit": ["changes"]}},
        {"name": "audit fails", "job": "audit-preview", "answers": {"audit": ["fail"]}},
        {
            "name": "one agent of two fails",
            "job": "converge-production",
            "env": {"DM_PLAN_AGENTS": "2", "HARNESS_HOSTS": "a,b"},
            "answers": {"plan": ["error", "changes"]},
        },
        converge("tampered", tamper=True),
        converge("plan lost", lose_plan=True),
    ]


@pytest.fixture(scope="module")
def runs(run_jenkinsfile) -> dict[str, dict]:
    return run_jenkinsfile(scenarios())


def made(run: dict) -> list[str]:
    """Commands as bin/estate was called, in order, with the questions to a person between them."""
    words = []
    for event in run["events"]:
        words += [" ".join(["estate", *call["args"]]) for call in event.get("calls", [])]
        words += ["ask"] if event.get("step") == "input" else []
    return words


def steps(run: dict, name: str) -> list[dict]:
    return [event for event in run["events"] if event.get("step") == name]


def expected(stage: str, action: str) -> list[str]:
    plan = f"estate plan STAGE={stage} LIMIT={stage} WORKERS=2"
    if action == "plan":
        return ["estate setup", "estate setup", plan]
    if action != "converge":
        return ["estate setup", f"estate {action} STAGE={stage}"]
    return [
        "estate setup",
        "estate lint",
        "estate test JUNIT=build/junit.xml",
        "estate setup",
        plan,
        *(["ask"] if stage not in ("preview", "access") else []),
        "estate setup",
        f"estate apply STAGE={stage} PLAN=build/plan-{stage}.json",
        f"estate plan STAGE={stage}",
        *([f"estate prove STAGE={stage}"] if stage != "access" else []),
    ]


@pytest.mark.parametrize(("stage", "action"), SOUND)
def test_each_stage_and_action_runs_its_commands_in_order(runs, stage, action):
    run = runs[f"{stage} {action}"]

    assert made(run) == expected(stage, action)
    assert run["result"] == ("UNSTABLE" if action == "plan" else "SUCCESS")


@pytest.mark.parametrize(("stage", "action"), sorted(MEANINGLESS))
def test_an_action_that_a_target_does_not_have_is_refused_before_anything_runs(runs, stage, action):
    run = runs[f"{stage} {action}"]

    assert run["result"] == "FAILURE"
    assert made(run) == []


def test_a_job_offers_what_its_name_says_and_nothing_else(runs):
    choices = {parameter["name"]: parameter.get("choices") for parameter in runs["plan-preview"]["parameters"]}

    assert choices == {"STAGE": ["preview"], "ACTION": ["plan"], "LIMIT": None}


STRANGERS = ["another stage's job", "another action's job", "job of no purpose", "unnamed job", "a name that goes on"]


@pytest.mark.parametrize("name", STRANGERS)
def test_parameters_cannot_widen_what_a_job_may_do(runs, name):
    assert runs[name]["result"] == "FAILURE"
    assert made(runs[name]) == []


@pytest.mark.parametrize("limit", HOSTILE)
def test_a_hostile_limit_is_refused_before_a_shell_sees_it(runs, limit):
    run = runs[f"LIMIT {limit}"]

    assert run["result"] == "FAILURE"
    assert steps(run, "sh") == []


def test_a_limit_decides_which_hosts_are_planned_and_the_plan_which_are_applied(runs):
    listing = next(call["script"] for call in steps(runs["limited"], "sh") if "bin/estate hosts" in call["script"])
    on_estate = [words for words in made(runs["limited"]) if "STAGE=" in words]

    assert '"LIMIT=$LIMIT"' in listing
    assert [words.split()[1] for words in on_estate] == ["plan", "apply", "plan", "prove"]
    assert "LIMIT" not in on_estate[1]
    assert "LIMIT=main-account,backups-account" in on_estate[2]


def test_a_plan_with_changes_is_unstable_and_one_without_is_a_success(runs):
    assert runs["plan-preview"]["result"] == "UNSTABLE"
    assert runs["plan-preview"]["description"] == "preview: 1 to add (grants nothing new)"
    assert runs["nothing to plan"]["result"] == "SUCCESS"
    assert runs["nothing to plan"]["description"] == "nothing to do"


def test_a_failed_plan_is_a_failure_and_nothing_is_applied(runs):
    assert runs["plan fails"]["result"] == "FAILURE"
    assert made(runs["plan fails"])[-1] == "estate plan STAGE=production LIMIT=production WORKERS=2"


def test_with_nothing_to_do_nobody_is_asked_and_nothing_is_applied(runs):
    run = runs["nothing to converge"]

    assert run["result"] == "SUCCESS"
    assert made(run)[-1] == "estate plan STAGE=production LIMIT=production WORKERS=2"


def test_the_question_says_what_for_whom_and_where_the_diff_is(runs):
    question = steps(runs["production converge"], "input")[0]["message"]

    assert "Apply to production? production: 1 to add (grants nothing new)." in question
    assert "Started by user Ada" in question
    assert "https://jenkins.example/job/converge-production/12/Plan/" in question
    assert runs["production converge"]["description"] == "production: 1 to add (grants nothing new), approved by bea"


@pytest.mark.parametrize(("stage", "asked"), [(stage, stage not in ("preview", "access")) for stage in TARGETS])
def test_whoever_changes_what_is_live_is_asked(runs, stage, asked):
    assert bool(steps(runs[f"{stage} converge"], "input")) == asked


@pytest.mark.parametrize("stage", TARGETS)
def test_wherever_anybody_may_get_anything_new_somebody_is_asked(runs, stage):
    (question,) = steps(runs[f"{stage} grants"], "input")
    assert "(grants something new)" in question["message"]


def test_an_approval_that_waits_is_told(runs):
    letters = [letter["subject"] for letter in steps(runs["refused"], "mail")]

    assert letters == ["production waits for approval", "converge-production was SUCCESS, is ABORTED"]


@pytest.mark.parametrize("agents", [1, 2, 4, 9])
def test_one_commit_of_each_repository_is_tested_planned_approved_and_applied(runs, agents):
    """Somebody pushes to both after every checkout, which is real and takes the branch's head, as GitSCM does."""
    run = runs[f"pushed meanwhile, {agents} agents"]
    calls = [call for event in run["events"] for call in event.get("calls", [])]
    heads = {event["commit"] for event in steps(run, "checked out")}
    question = steps(run, "input")[0]["message"]

    assert run["result"] == "SUCCESS"
    assert len(heads) > 4
    (commit,) = {call["commit"] for call in calls}
    (credentials,) = {call["credentials_commit"] for call in calls} - {""}
    assert f"Commits: estate {commit[:12]}, credentials {credentials[:12]}." in question
    assert {call["args"][0] for call in calls} >= {"lint", "test", "plan", "apply", "prove"}


@pytest.mark.parametrize("agents", [1, 2, 4, 9])
def test_every_host_is_planned_once_on_as_many_agents_as_there_may_be(runs, agents):
    run = runs[f"pushed meanwhile, {agents} agents"]
    planned = [call["args"] for event in run["events"] if event["stage"] == "Plan" for call in event.get("calls", [])]
    shares = [
        word.removeprefix("LIMIT=").split(",") for words in planned for word in words if word.startswith("LIMIT=")
    ]

    assert len(shares) == min(agents, 4)
    assert sorted(host for share in shares for host in share) == ["a", "b", "c", "d"]


def test_a_plan_that_lacks_an_agents_share_is_no_plan(runs):
    run = runs["one agent of two fails"]

    assert run["result"] == "FAILURE"
    assert not [words for words in made(run) if words.startswith(("ask", "estate apply"))]
    assert run["left"] == []


def test_nobody_comes_in_between_by_a_restart_from_a_stage(runs):
    assert "disableRestartFromStage" in [event.get("option") for event in runs["plan-preview"]["events"]]


def test_a_mail_server_that_does_not_answer_decides_nothing(runs):
    run = runs["no mail server"]

    assert run["result"] == "SUCCESS"
    assert len(steps(run, "mail")) == 1  # of the approval; SUCCESS was SUCCESS
    assert [event["message"] for event in run["events"] if "caught" in event] == [
        "nobody could be told: production waits for approval"
    ]


def test_without_somebody_to_tell_nothing_is_sent_and_that_is_said(runs):
    assert steps(runs["told to nobody"], "mail") == []
    assert "nobody is told" in steps(runs["told to nobody"], "echo")[0]["message"]


def test_an_audit_with_findings_is_unstable_and_one_that_broke_off_a_failure(runs):
    assert runs["findings"]["result"] == "UNSTABLE"
    assert runs["audit fails"]["result"] == "FAILURE"


def test_commands_run_as_durable_task_starts_them(runs):
    """Ignoring signals and without a terminal: the statuses hold all the same."""
    assert {event["status"] for event in steps(runs["plan-preview"], "sh")} == {0, 2}


def test_approval_keeps_no_agent_busy_and_ends(runs):
    run = runs["production converge"]
    entered = next(event for event in run["events"] if event.get("entered") == "Approve")

    assert steps(run, "input")[0]["agent"] is False
    assert entered["timeout"] == {"time": 4, "unit": "HOURS"}


def test_only_approvers_are_asked_where_jenkins_names_them(runs):
    assert steps(runs["approvers"], "input")[0]["submitter"] == "ada.example"


def test_whoever_started_a_run_does_not_approve_it(runs):
    asked = [question["message"] for question in steps(runs["approved by oneself"], "input")]

    assert [message.split("Apply to")[0] for message in asked] == [
        "",
        "Not by ada, who started this run. ",
        "Not by ADA, who started this run. ",
    ]
    assert runs["approved by oneself"]["description"].endswith(", approved by bea")
    assert len(steps(runs["approved by oneself, misspelt"], "input")) == 2


def test_a_team_of_two_may_let_whoever_started_a_run_approve_it(runs):
    assert len(steps(runs["approved by oneself alone"], "input")) == 1
    assert runs["approved by oneself alone"]["description"].endswith(", approved by ada")


@pytest.mark.parametrize("name", ["refused", "not approved in time"])
def test_without_approval_nothing_is_applied(runs, name):
    assert runs[name]["result"] == "ABORTED"
    assert made(runs[name])[-1] == "ask"


@pytest.mark.parametrize("name", ["tampered", "plan lost"])
def test_only_the_very_plan_that_was_reviewed_is_applied(runs, name):
    assert runs[name]["result"] == "FAILURE"
    assert not [words for words in made(runs[name]) if words.startswith("estate apply")]


@pytest.mark.parametrize("target", ["setup", "lint", "test"])
def test_what_fails_before_the_plan_keeps_from_planning(runs, target):
    assert not [words for words in made(runs[f"{target} fails"]) if words.startswith(("estate plan", "estate apply"))]


def test_a_plan_that_is_not_empty_after_applying_is_unstable(runs):
    assert runs["still changes"]["result"] == "UNSTABLE"
    assert made(runs["still changes"])[-1] == "estate prove STAGE=production"


def test_an_old_plan_does_not_stand_in_for_one_that_failed(runs):
    assert runs["no plan afterwards"]["result"] == "FAILURE"


FAILED = ["setup fails", "lint fails", "test fails", "plan fails", "apply fails", "prove fails", "refused"]


@pytest.mark.parametrize("name", FAILED)
def test_a_failure_is_told_and_leaves_nothing_behind(runs, name):
    run = runs[name]
    mail = [letter for letter in steps(run, "mail") if "waits for approval" not in letter["subject"]]

    assert run["result"] == ("ABORTED" if name == "refused" else "FAILURE")
    assert [letter["to"] for letter in mail] == ["estate@marketplace.example"]
    assert f"was SUCCESS, is {run['result']}" in mail[0]["subject"]
    assert run["left"] == []


def test_every_run_leaves_nothing_behind(runs):
    ran = [run for run in runs.values() if "misuse" not in run]

    assert len(ran) > 50
    assert {run["name"]: run["left"] for run in ran if run["left"]} == {}


@pytest.mark.parametrize("previous", ["SUCCESS", "UNSTABLE", "FAILURE", None])
@pytest.mark.parametrize(("plan", "result"), [("nothing", "SUCCESS"), ("changes", "UNSTABLE"), ("error", "FAILURE")])
def test_somebody_is_told_when_the_state_changes_and_only_then(runs, previous, plan, result):
    run = runs[f"{previous} to {plan}"]

    assert run["result"] == result
    assert len(steps(run, "mail")) == int(previous != result)


def test_runs_of_one_stage_hold_its_lock_from_beginning_to_end(runs):
    for stage, action in SOUND:
        lock = "estate-" + ("accounts" if stage == "access" else stage)
        events = [event for event in runs[f"{stage} {action}"]["events"] if "option" not in event]
        assert {tuple(event["locks"]) for event in events} == {(lock,)}, (stage, action)


def test_every_stage_that_works_has_a_timeout(runs):
    for run in (runs["production converge"], runs["preview audit"], runs["preview verify-assets"]):
        for event in run["events"]:
            if "entered" in event and event["entered"] not in ("Check", "Work", "Change"):
                assert event["timeout"], event["entered"]


def test_the_vault_password_is_there_for_commands_on_the_estate_only(runs):
    calls = [call for event in runs["production converge"]["events"] for call in event.get("calls", [])]

    for call in calls:
        on_estate = any(word.startswith("STAGE=") for word in call["args"])
        assert call["vault"] == on_estate, call
        assert (call["credentials"] == "there") == on_estate, call


def test_lint_and_tests_do_not_hear_of_the_real_stage(runs):
    calls = [call for event in runs["production converge"]["events"] for call in event.get("calls", [])]

    assert {call["args"][0]: call["env_stage"] for call in calls if call["args"][0] in ("lint", "test")} == {
        "lint": "local",
        "test": "local",
    }


def test_plan_is_archived_and_its_page_published_also_when_the_run_fails(runs):
    for name in ("plan-preview", "production converge", "apply fails"):
        stage = "preview" if name == "plan-preview" else "production"
        archived = [file for event in steps(runs[name], "archiveArtifacts") for file in event["files"]]
        pages = [event for event in steps(runs[name], "publishHTML") if event["name"] == "Plan"]
        assert f"plan-{stage}.json" in archived
        assert pages[0]["file"] == f"plan-{stage}.html"
        assert pages[0]["there"]


def test_results_of_tests_are_published_also_when_they_fail(runs):
    assert steps(runs["test fails"], "junit")[0]["files"] == ["junit.xml"]


@pytest.mark.parametrize("name", MISTAKES)
def test_the_harness_refuses_what_jenkins_would(runs, name):
    assert MISTAKES[name][2] in runs[name].get("misuse", f"it ran: {runs[name].get('result')}")


@pytest.mark.slow
def test_the_jenkinsfile_passes_npm_groovy_lint():
    for command in ("node", "npm", "java"):
        if not shutil.which(command):
            pytest.skip(f"{command} is missing (Debian packages nodejs, npm, groovy)")
    major = int(
        subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout[1:].split(".")[0]
    )
    if major < 20:
        pytest.skip(f"npm-groovy-lint needs Node 20, this is {major}")
    if not (HERE / "node_modules" / ".package-lock.json").exists():
        installed = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, capture_output=True, text=True, check=False
        )
        if installed.returncode:
            pytest.skip(f"npm ci failed in tests/pipeline: {installed.stderr[-200:]}")

    options = ["--noserver", "--failon", "info", "--output", "json", "--config", HERE / "groovylint.json"]
    linted = subprocess.run(
        [HERE / "node_modules/.bin/npm-groovy-lint", *options, "Jenkinsfile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **JAVA_HOME},
    )

    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert json.loads(linted.stdout[linted.stdout.index("{") :])["summary"]["totalFoundNumber"] == 0
