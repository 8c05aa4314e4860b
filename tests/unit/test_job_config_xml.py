"""What Jenkins would run beside what is declared is a difference, whatever it is."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible.module_utils.estate.jenkins.config_xml import parse, prepared, texts

sys.path.append(str(Path(__file__).parents[1] / "pipeline"))
from fake_jenkins import as_saved

DECLARED = """<?xml version="1.0" encoding="utf-8"?>
<flow-definition plugin="workflow-job">
  <definition class="org.jenkinsci.plugins.workflow.cps.CpsScmFlowDefinition" plugin="workflow-cps">
    <sandbox>true</sandbox>
    <scm class="hudson.plugins.git.GitSCM">
      <configVersion>2</configVersion>
      <branches><hudson.plugins.git.BranchSpec><name>main</name></hudson.plugins.git.BranchSpec></branches>
      <disableSubmodules>false</disableSubmodules>
      <remotePoll>false</remotePoll>
      <submoduleCfg class="list"/>
      <reference/>
      <gitConfigName/>
      <gitConfigEmail/>
      <extensions/>
    </scm>
    <scriptPath>Jenkinsfile</scriptPath>
  </definition>
  <actions/>
  <description>Plans.</description>
  <keepDependencies>false</keepDependencies>
  <disabled>false</disabled>
  <properties>
    <org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty/>
  </properties>
</flow-definition>"""
WANTED = prepared(DECLARED)


def changed(path: str, more: str) -> str:
    root = parse(as_saved(WANTED))
    found = root if path == "." else root.find(path)
    found.append(ElementTree.fromstring(more))
    return ElementTree.tostring(root, encoding="unicode")


def test_what_jenkins_adds_by_itself_is_no_difference():
    before, after = texts(as_saved(WANTED), WANTED)

    assert before == after


def test_what_job_builder_renders_would_become_an_extension_if_it_were_not_prepared():
    before, after = texts(as_saved(DECLARED), WANTED)

    assert "UserIdentity" in before
    assert "UserIdentity" not in after


@pytest.mark.parametrize(
    ("where", "more"),
    [
        (".", "<authToken>anybody-starts-it-with-this</authToken>"),
        (".", "<quietPeriod>0</quietPeriod>"),
        ("definition/scm/extensions", "<hudson.plugins.git.extensions.impl.LocalBranch/>"),
        (
            "definition/scm/extensions",
            "<hudson.plugins.git.extensions.impl.PreBuildMerge><options/></hudson.plugins.git.extensions.impl.PreBuildMerge>",
        ),
        ("definition/scm", "<browser class='hudson.plugins.git.browser.GithubWeb'/>"),
        (
            "properties",
            "<hudson.security.AuthorizationMatrixProperty><permission>USER:hudson.model.Run.Replay:ben.example</permission></hudson.security.AuthorizationMatrixProperty>",
        ),
        ("properties", "<org.jenkinsci.plugins.workflow.job.properties.DisableResumeJobProperty/>"),
        ("actions", "<some.other.Action/>"),
        ("definition/scm/branches", "<hudson.plugins.git.BranchSpec><name>mine</name></hudson.plugins.git.BranchSpec>"),
    ],
)
def test_what_nobody_declared_is_drift(where, more):
    before, after = texts(changed(where, more), WANTED)

    assert before != after
    assert ElementTree.fromstring(more).tag in before


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("cps.CpsScmFlowDefinition", "cps.CpsFlowDefinition"),
        ("<sandbox>true", "<sandbox>false"),
        ("<keepDependencies>false", "<keepDependencies>true"),
        ("<abortPrevious>false", "<abortPrevious>true"),
        ("flow-definition", "project"),
        ("<sandbox>true", "<sandbox class='x'>true"),
    ],
)
def test_another_attribute_class_or_value_is_drift(right, wrong):
    live = as_saved(WANTED)
    assert right in live
    before, after = texts(live.replace(right, wrong), WANTED)

    assert before != after


def test_what_is_missing_is_drift():
    live = as_saved(WANTED).replace("<scriptPath>Jenkinsfile</scriptPath>", "")
    before, after = texts(live, WANTED)

    assert "scriptPath" in after
    assert "scriptPath" not in before


def test_what_is_set_is_kept_when_a_job_is_prepared():
    assert "<reference>/mirror</reference>" in prepared(
        DECLARED.replace("<reference/>", "<reference>/mirror</reference>")
    )
    for legacy in ("disableSubmodules", "remotePoll", "gitConfigName"):
        assert legacy not in WANTED
