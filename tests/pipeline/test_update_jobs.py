"""Pushing jobs through Jenkins' API, to a small server that answers as Jenkins does."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible.module_utils.estate.jenkins.config_xml import parse, prepared, texts
from ansible.module_utils.testing import patch_module_args
from fake_jenkins import PASSWORD, TRACKED, USER, FakeJenkins, as_saved
from pipeline_tree import BIN, ROOT, inventories

# Its pure half has the same name, and comes first on the path.
_spec = importlib.util.spec_from_file_location("dm_jenkins_jobs_module", ROOT / "library" / "dm_jenkins_jobs.py")
module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(module)

MARKER = "Declared in job_definitions/ of here"


def config(
    cron: str = "H 2 * * *", stage: str = "preview", description: str = f"Plans.\n{MARKER}", more: str = ""
) -> str:
    """A job as Jenkins Job Builder writes it, short of what does not matter here."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<flow-definition plugin="workflow-job">
  <definition class="org.jenkinsci.plugins.workflow.cps.CpsScmFlowDefinition" plugin="workflow-cps">
    <scriptPath>Jenkinsfile</scriptPath>
  </definition>
  <description>{description}</description>
  <disabled>false</disabled>
  <properties>
    <hudson.model.ParametersDefinitionProperty>
      <parameterDefinitions>
        <hudson.model.ChoiceParameterDefinition>
          <name>STAGE</name>
          <choices class="java.util.Arrays$ArrayList">
            <a class="string-array">
              <string>{stage}</string>
            </a>
          </choices>
        </hudson.model.ChoiceParameterDefinition>
      </parameterDefinitions>
    </hudson.model.ParametersDefinitionProperty>
    <org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty>
      <triggers>
        <hudson.triggers.TimerTrigger><spec>{cron}</spec></hudson.triggers.TimerTrigger>{more}
      </triggers>
    </org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty>
  </properties>
</flow-definition>
"""


WRITTEN_BY_JENKINS = ("actions", "options", "jenkins.model.BuildDiscarderProperty", "choices", "a")


def test_whatever_is_put_into_a_job_by_hand_is_a_difference():
    """An element, an attribute or a text, anywhere, but where Jenkins itself writes and where a list has many forms."""
    declared = prepared(config())
    unseen = []
    for number, element in enumerate(parse(as_saved(declared)).iter()):
        if element.tag.startswith(TRACKED) or element.tag in WRITTEN_BY_JENKINS:
            continue
        for what in ("text", "attribute", "element"):
            job = parse(as_saved(declared))
            there = [*job.iter()][number]
            if what == "text":
                there.text = (there.text or "").strip() + "mine"
            elif what == "attribute":
                there.set("class", "mine")
            else:
                ElementTree.SubElement(there, "mine").text = "mine"
            live, wanted = texts(ElementTree.tostring(job, encoding="unicode"), declared)
            unseen += [(element.tag, what)] if live == wanted else []

    assert texts(as_saved(declared), declared)[0] == texts(declared, declared)[1]
    assert unseen == [("string", "attribute"), ("string", "element")]  # of a choice, which is read as its text


@pytest.fixture
def jenkins():
    with FakeJenkins() as running:
        yield running


@pytest.fixture
def declared(tmp_path) -> Path:
    directory = tmp_path / "xml"
    directory.mkdir()
    for stage in ("preview", "staging"):
        (directory / f"plan-{stage}").write_text(config(stage=stage))
    return directory


@pytest.fixture
def push(jenkins, declared, capsys):
    """Runs the module; returns what it returned."""

    def run(check: bool = False, **params) -> dict:
        arguments = {
            "account": "jenkins",
            "url": jenkins.url,
            "user": USER,
            "password": PASSWORD,
            "directory": str(declared),
            "marker": MARKER,
            "_ansible_check_mode": check,
            **params,
        }
        with patch_module_args(arguments), pytest.raises(SystemExit):
            module.main()
        return json.loads(capsys.readouterr().out)

    return run


def test_jobs_are_created_and_a_second_push_writes_nothing(jenkins, push):
    assert push()["changed"] is True
    assert jenkins.writes == [("createItem", "plan-preview"), ("createItem", "plan-staging")]
    jenkins.writes.clear()

    again = push()

    assert again["changed"] is False
    assert again["plan"]["counts"] == {"add": 0, "change": 0, "remove": 0}
    assert jenkins.writes == []


@pytest.mark.parametrize(
    ("by_hand", "shown"),
    [
        (config(cron="H 9 * * *"), "H 9 * * *"),
        (config(stage="production"), "choices: production"),
        (config(more="<hudson.triggers.SCMTrigger><spec>H * * * *</spec></hudson.triggers.SCMTrigger>"), "SCMTrigger"),
        (config().replace("Jenkinsfile", "other/Jenkinsfile"), "other/Jenkinsfile"),
        (config().replace("<disabled>false", "<disabled>true"), "disabled: true"),
        (config().replace("</disabled>", "</disabled><authToken>anybody</authToken>"), "authToken: anybody"),
    ],
    ids=["schedule", "choices", "another trigger", "script", "disabled", "token"],
)
def test_what_was_changed_by_hand_is_shown_and_put_back(jenkins, push, by_hand, shown):
    push()
    jenkins.jobs["plan-preview"] = by_hand
    jenkins.writes.clear()

    done = push()

    assert jenkins.writes == [("config.xml", "plan-preview")]
    assert shown in done["diff"][0]["before"]
    assert shown not in done["diff"][0]["after"]
    assert push()["changed"] is False


def test_check_mode_predicts_what_apply_does_and_writes_nothing(jenkins, push):
    checked = push(check=True)
    assert jenkins.writes == []

    assert push()["plan"] == checked["plan"]


def test_a_job_that_is_no_longer_declared_is_named_and_deleted_only_when_asked(jenkins, push):
    push()
    jenkins.jobs["plan-training"] = config(stage="training")
    jenkins.jobs["somebody-elses"] = config(description="Not ours.&lt;!-- Managed by Jenkins Job Builder --&gt;")
    jenkins.jobs["nobodys"] = config(description="")
    jenkins.writes.clear()

    left = push()
    assert left["changed"] is False
    assert left["plan"]["notes"] == ["job plan-training is no longer declared: make update-jobs REMOVE=yes deletes it"]
    assert jenkins.writes == []

    assert push(remove=True)["plan"]["counts"]["remove"] == 1
    assert jenkins.writes == [("doDelete", "plan-training")]
    assert set(jenkins.jobs) == {"plan-preview", "plan-staging", "somebody-elses", "nobodys"}


def test_a_foreign_job_of_a_declared_name_is_left_alone_and_named(jenkins, push):
    foreign = config(description="Somebody else's.").replace("flow-definition", "project")
    jenkins.jobs["plan-preview"] = foreign

    done = push()

    assert done["failed"] is True
    assert "job plan-preview: somebody else's job has that name" in done["msg"]
    assert jenkins.jobs["plan-preview"] == foreign
    assert jenkins.writes == [("createItem", "plan-staging")]


def test_a_job_that_jenkins_refuses_does_not_keep_the_others_back(jenkins, push):
    jenkins.refused = {"plan-preview"}

    done = push()

    assert done["failed"] is True
    assert "job plan-preview: " in done["msg"]
    assert "plan-staging" not in done["msg"]
    assert jenkins.writes == [("createItem", "plan-staging")]


def test_a_wrong_password_is_one_sentence_without_the_password(jenkins, push):
    done = push(password="quite-another-password")

    assert done["failed"] is True
    assert done["msg"].startswith(f"Cannot read the jobs of {jenkins.url} as automation: ")
    assert "\n" not in done["msg"]
    assert "quite-another-password" not in json.dumps(done)


def test_a_jenkins_that_is_not_there_is_one_sentence(push):
    done = push(url="http://127.0.0.1:9/")

    assert done["msg"].startswith("Cannot read the jobs of http://127.0.0.1:9/ as automation: ")
    assert "\n" not in done["msg"]


def test_without_rendered_jobs_nothing_is_asked(jenkins, push, tmp_path):
    assert "make jobs renders them" in push(directory=str(tmp_path / "nothing"))["msg"]
    assert jenkins.reads == 0


@pytest.mark.slow
def test_the_playbook_pushes_every_job_and_rests(jenkins, tmp_path):
    (tmp_path / "vars").mkdir()
    (tmp_path / "vars" / "jenkins.yml").write_text(f"passwords: {{{USER}: {PASSWORD}}}\n")
    variables = {"jenkins_jobs_url": jenkins.url, "jenkins_jobs_directory": str(tmp_path / "jobs")}

    def update() -> str:
        done = subprocess.run(
            [BIN / "ansible-playbook", *inventories(), "playbooks/update_jobs.yml", "-e", json.dumps(variables)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "DM_CREDENTIALS_REPO": str(tmp_path), "DM_PLAN_FILE": str(tmp_path / "run.json")},
        )
        assert done.returncode == 0, done.stderr + done.stdout
        assert PASSWORD not in done.stdout + done.stderr + (tmp_path / "run.json").read_text()
        return done.stdout

    made = update()
    assert f"localhost: {len(jenkins.jobs)} added" in made
    assert len(jenkins.jobs) == 22
    jenkins.writes.clear()

    assert "localhost: 0 added, 0 changed, 0 removed" in update()
    assert jenkins.writes == []
