"""The contract of bin/estate: what it prints, stores and exits with, whoever starts it and however."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from tests.support import secrets

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
ESTATE = ROOT / "bin" / "estate"
BUCKET = "digitalmarketplace-dev-uploads"
STORED = {".json", ".html", ".xml", ".sarif", ".csv", ".svg", ".txt"}
PART = ("LIMIT=development-account", "TAGS=buckets")
# Jenkins' durable-task (BourneShellScript.java) starts a step with its streams closed, under nohup and in the
# background, where shells ignore INT and QUIT; its output goes to a file.
IN_JENKINS = "nohup sh -c {step} >&- 2>&- &"
WORST = "trap '' HUP INT QUIT TERM CHLD PIPE ALRM USR1 USR2; nohup sh -c {step} <&- >&- 2>&- &"


@pytest.fixture
def environment(estate_aws, tmp_path):
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}
    estate_aws.client("iam", "development").create_role(  # whom the part's policies name
        RoleName="infrastructure", AssumeRolePolicyDocument=json.dumps(trust)
    )
    estate_aws.forget_calls()
    return {**estate_aws.env, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "ansible"), "ANSIBLE_NOCOLOR": "true"}


@pytest.fixture
def estate(environment, estate_aws, tmp_path):
    """estate("plan", *PART) → .returncode, .stdout, .stderr."""

    def run(*words):
        command = [ESTATE, *words, f"BUILD={tmp_path}"]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        stored = [file.read_text(encoding="utf-8") for file in tmp_path.rglob("*.*") if file.suffix in STORED]
        said = "\n".join([done.stdout, done.stderr, *stored])
        assert secrets.found(said, secrets.known(estate_aws)) == [], f"{words} shows or stores secrets"
        return done

    return run


@pytest.fixture
def far_from_a_terminal(environment, tmp_path):
    """far_from_a_terminal("plan", *PART, started=WORST) → status, and the output if the step keeps it."""

    def run(*words, started=IN_JENKINS, timeout=200):
        log, result = tmp_path / "jenkins-log.txt", tmp_path / "jenkins-result.txt"
        for old in (log, result):
            old.unlink(missing_ok=True)
        command = shlex.join([str(ESTATE), *words, f"BUILD={tmp_path}"])
        kept = f"> {log} 2>&1" if started == IN_JENKINS else ""
        step = f"({command} {kept}; echo $? > {result}.tmp; mv {result}.tmp {result})"
        subprocess.run(["sh", "-c", started.format(step=shlex.quote(step))], cwd=ROOT, env=environment, check=True)
        deadline = time.monotonic() + timeout
        while not result.exists():
            assert time.monotonic() < deadline, log.read_text() if log.exists() else "it does not end"
            time.sleep(0.1)
        return int(result.read_text()), log.read_text() if log.exists() else ""

    return run


def test_plan_exits_with_2_1_or_0_and_apply_carries_out_what_was_planned(estate, estate_aws, tmp_path):
    plan = estate("plan", *PART)
    assert plan.returncode == 2, plan.stdout + plan.stderr
    assert "development-account: 6 to add, 0 to change, 0 to remove, 0 unmanaged" in plan.stdout
    assert estate_aws.writes() == []
    assert (tmp_path / "plan-local.html").is_file()

    applied = estate("apply", f"PLAN={os.path.relpath(tmp_path, ROOT)}/plan-local.json")  # as people type it
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "development-account: 6 added" in applied.stdout

    assert estate("plan", *PART).returncode == 0

    estate_aws.fail("AssumeRole", code="AccessDenied", times=9)
    broken = estate("plan", *PART)
    assert broken.returncode == 1
    assert "Cannot get into account development" in broken.stderr
    assert estate("converge", *PART).returncode == 1, "2 is for changes that are pending"


@pytest.mark.parametrize("started", [IN_JENKINS, WORST], ids=["Jenkins", "the worst caller"])
def test_statuses_are_the_same_far_from_a_terminal(far_from_a_terminal, estate_aws, tmp_path, started):
    plan = tmp_path / "plan-local.json"

    assert far_from_a_terminal("plan", "STAGE=prod", started=started)[0] == 1
    assert far_from_a_terminal("plan", *PART, started=started)[0] == 2
    estate_aws.client("s3", "development").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    estate_aws.forget_calls()
    assert far_from_a_terminal("apply", f"PLAN={plan}", started=started)[0] == 1
    assert estate_aws.writes() == []
    assert far_from_a_terminal("converge", "STAGE=accounts", *PART, started=started)[0] == 1
    assert estate_aws.writes() == [], "nobody approved"
    assert far_from_a_terminal("plan", *PART, started=started)[0] == 2
    assert far_from_a_terminal("apply", f"PLAN={plan}", started=started)[0] == 0
    assert far_from_a_terminal("plan", *PART, started=started)[0] == 0


def test_what_jenkins_logs_says_why(far_from_a_terminal, estate_aws):
    status, said = far_from_a_terminal("converge", "STAGE=accounts", *PART)

    assert status == 1
    assert "nobody at a terminal to approve the plan; look at it, then: make apply STAGE=accounts PLAN=" in said
    assert estate_aws.writes() == []


@pytest.mark.parametrize(("answer", "status"), [("no", 1), ("", 1), ("accounts", 0)])
def test_only_who_types_the_stage_approves(environment, estate_aws, tmp_path, answer, status):
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execve(ESTATE, [ESTATE, "converge", "STAGE=accounts", *PART, f"BUILD={tmp_path}"], environment)  # noqa: S606
    said, answered = b"", False
    while True:
        try:
            said += os.read(terminal, 4096)
        except OSError:  # it has ended
            break
        if not answered and b"Type accounts to go on" in said:
            os.write(terminal, f"{answer}\n".encode())
            answered = True
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)

    assert answered, said.decode()
    assert ended == status, said.decode()
    assert ("not approved; nothing was changed" in said.decode()) == (status == 1)
    assert bool(estate_aws.writes()) == (status == 0)


def test_a_reader_that_has_gone_changes_no_status(environment, tmp_path):
    command = f"{ESTATE} plan {shlex.join(PART)} BUILD={tmp_path} | true; exit ${{PIPESTATUS[0]}}"

    assert subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment, check=False).returncode == 2


def test_apply_stops_when_the_world_has_moved_since_the_plan(estate, estate_aws, tmp_path):
    assert estate("plan", *PART).returncode == 2
    plan = tmp_path / "plan-local.json"
    estate_aws.client("s3", "development").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    estate_aws.forget_calls()

    applied = estate("apply", f"PLAN={plan}")

    assert applied.returncode == 1
    assert "the world has moved since" in applied.stderr
    assert "development-account buckets would now change otherwise" in applied.stderr
    assert estate_aws.writes() == []


def test_a_plan_is_applied_to_what_it_was_made_of(estate, estate_aws, tmp_path):
    assert estate("plan", *PART).returncode == 2

    applied = estate("apply", "TAGS=access", f"PLAN={tmp_path}/plan-local.json")

    assert applied.returncode == 1
    assert "was made with TAGS=buckets" in applied.stderr
    assert estate_aws.writes() == []


def test_the_module_itself_refuses_a_plan_that_nobody_reviewed(estate, run_playbook, estate_aws, tmp_path):
    assert estate("plan", *PART).returncode == 2
    reviewed = json.loads((tmp_path / "plan-local.json").read_text())["dm_reviewed"]
    estate_aws.client("s3", "development").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    said = {
        "has moved since": reviewed,
        "not in the plan|has no buckets here|has moved since": {"development-account": {}},
        "the plan that was reviewed has no such host": {},
    }
    for why, known in said.items():
        estate_aws.forget_calls()
        file = tmp_path / "known.json"
        file.write_text(json.dumps({"dm_reviewed": known}))
        run = run_playbook(
            "converge_buckets.yml", "-l", "development-account", "-e", f"@{file}", env={"DM_COMPARED": str(file)}
        )
        assert run.rc != 0
        assert re.search(why, run.output), run.output
        assert "development-account: 0 added, 0 changed" in run.output
        assert estate_aws.writes() == []


def test_a_reviewed_plan_typed_by_hand_is_refused_since_ansibles_own_modules_know_nothing_of_plans(
    estate, run_playbook, estate_aws, tmp_path
):
    assert estate("plan", *PART).returncode == 2
    estate_aws.forget_calls()

    run = run_playbook("converge_buckets.yml", "-l", "development-account", "-e", f"@{tmp_path}/plan-local.json")

    assert run.rc == 1
    assert "carried out by bin/estate apply" in run.output
    assert estate_aws.writes() == []


def test_what_was_not_looked_at_is_not_unchanged(estate, run_playbook, tmp_path):
    plan = estate("plan", "LIMIT=development-account,preview", "TAGS=access")

    assert "development-account: " in plan.stdout
    assert re.search("^development-account: .*; not looked at: .*buckets", plan.stdout, re.MULTILINE)
    assert "\npreview: " not in plan.stdout, "it has no access, and its account's guard looks at nothing"
    assert "not looked at: assets-router-preview, " in plan.stdout
    stored = json.loads((tmp_path / "plan-local.json").read_text())["dm_plan"]
    assert stored["looked_at"] == ["development-account"]
    assert "buckets" in stored["left_out"]["preview"]
    typed_by_hand = run_playbook("converge_buckets.yml", "--limit", "preview", "--tags", "bucket", check=True)
    assert "0 to add" not in typed_by_hand.output


def test_a_host_that_failed_on_the_way_names_what_it_did_not_get_to(estate, estate_aws):
    estate_aws.fail("GetAccountAuthorizationDetails", code="AccessDenied", times=99)

    plan = estate("plan", "LIMIT=main-account")

    assert plan.returncode == 1
    assert re.search("1 failed; not looked at: .*buckets", plan.stdout)


def test_nothing_looked_at_is_an_error(estate):
    plan = estate("plan", "LIMIT=preview", "TAGS=access")

    assert plan.returncode == 1
    assert "nothing was looked at" in plan.stderr


def test_apply_says_where_a_plan_comes_from_when_it_is_missing(estate):
    applied = estate("apply", "PLAN=build/none.json")

    assert applied.returncode == 1
    assert "make plan STAGE=local writes one" in applied.stderr


def test_make_says_the_same_and_makes_2_of_every_failure(environment, tmp_path):
    def make(*words):
        command = ["make", "--no-print-directory", *words]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    nothing_there = make("plan", "STAGE=prod")
    assert nothing_there.returncode == 2
    assert "STAGE=prod is unknown; did you mean production? allowed are local, " in nothing_there.stderr
    plan = make("plan", *PART, f"BUILD={tmp_path}")
    assert plan.returncode == 2
    assert (tmp_path / "plan-local.json").is_file()


def test_vars_are_checked_without_aws(estate, estate_aws):
    sound = estate("check")
    assert sound.returncode == 0, sound.stdout + sound.stderr
    wrong = estate("check", """ARGS=-e '{"access_main_account": "elsewhere", "buckets_kinds": 3}' """)

    assert wrong.returncode == 1
    assert "elsewhere" in wrong.stderr
    assert "buckets_kinds is of type int; allowed is a mapping" in wrong.stderr
    shared = estate("check", """ARGS=-e '{"buckets_standalone": {"shop-everywhere": {}}}' """)
    assert shared.returncode == 1
    assert "declares shop-everywhere; a bucket belongs to one host" in shared.stderr
    assert estate_aws.calls() == []
