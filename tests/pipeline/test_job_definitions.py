"""The jobs as Jenkins Job Builder renders them, read as XML: what Jenkins would be told."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
import yaml
from pipeline_tree import ROOT

pytestmark = pytest.mark.slow  # rendering starts Ansible twice

STAGES = ["preview", "staging", "production"]
PER_STAGE = ["plan", "converge", "prove", "audit", "verify-assets"]
TIMED = {"plan", "prove", "audit", "verify-assets", "prove-backups", "validate-trails", "sync"}
# Pipeline steps and options, and what Job Builder writes, by the plugin that brings them.
NEEDED = {
    "workflow-aggregator": "pipelines, stages, input, stash",
    "git": "checkout of the two repositories",
    "lockable-resources": "lock",
    "junit": "junit",
    "htmlpublisher": "publishHTML",
    "credentials-binding": "withCredentials",
    "mailer": "mail",
    "timestamper": "timestamps",
}


@pytest.fixture(scope="module")
def rendered(jobs) -> dict[str, ElementTree.Element]:
    return {path.name: ElementTree.parse(path).getroot() for path in jobs.iterdir()}


@pytest.fixture(scope="module")
def enabled_with_another_stage(render_jobs, tmp_path_factory) -> dict[str, ElementTree.Element]:
    inventory = tmp_path_factory.mktemp("training")
    (inventory / "hosts.yml").write_text("stages: {hosts: {training: {}}}\n")
    jobs = render_jobs(inventory, jenkins_jobs_enabled=True)
    return {path.name: ElementTree.parse(path).getroot() for path in jobs.iterdir()}


def parameters(job: ElementTree.Element) -> dict[str, list[str] | None]:
    """Name → choices, None for free text."""
    definitions = job.find(".//parameterDefinitions")
    return {found.findtext("name"): [choice.text for choice in found.iter("string")] or None for found in definitions}


def expected() -> set[str]:
    stages = {f"{purpose}-{stage}" for purpose in PER_STAGE for stage in STAGES}
    purposes = ("plan", "converge", "prove", "audit", "prove-backups", "validate-trails")
    accounts = {f"{purpose}-accounts" for purpose in purposes}
    return stages | accounts | {"sync-access"}


def test_there_is_a_job_for_every_purpose_of_every_stage_and_the_accounts(rendered):
    assert set(rendered) == expected()


def test_a_new_stage_gets_its_jobs(enabled_with_another_stage):
    assert set(enabled_with_another_stage) == expected() | {f"{purpose}-training" for purpose in PER_STAGE}


def test_jobs_are_disabled_until_the_variable_enables_them(rendered, enabled_with_another_stage):
    assert {job.findtext("disabled") for job in rendered.values()} == {"true"}
    assert {job.findtext("disabled") for job in enabled_with_another_stage.values()} == {"false"}


def test_what_changes_nothing_runs_at_night_access_by_day_and_the_rest_waits_for_a_person(rendered):
    timed = {name for name, job in rendered.items() if job.find(".//hudson.triggers.TimerTrigger") is not None}

    assert timed == {name for name in expected() if name.rsplit("-", 1)[0] in TIMED}
    for name in timed:
        zone, cron = rendered[name].findtext(".//hudson.triggers.TimerTrigger/spec").split("\n")
        assert zone == "TZ=Europe/London"
        minute, hour, *days = cron.split()
        assert (minute, days) == ("H", ["*", "*", "*"])
        if name == "validate-trails-accounts":  # reads only, and every hour has its digests
            assert hour == "*"
            continue
        assert (int(hour) in range(8, 12)) == (name == "sync-access")
        assert int(hour) < 12


def test_every_job_runs_the_one_jenkinsfile_in_the_sandbox_and_has_no_script_of_its_own(rendered):
    for name, job in rendered.items():
        assert job.findtext("definition/scriptPath") == "Jenkinsfile", name
        assert job.findtext("definition/sandbox") == "true", name
        assert job.findtext("definition/scm/branches/hudson.plugins.git.BranchSpec/name") == "main", name
        assert not [tag for tag in ("script", "command", "builders") if job.find(f".//{tag}") is not None], name


def test_only_what_tells_jobs_apart_differs_between_them(rendered):
    def shared(job: ElementTree.Element) -> bytes:
        for parent in [*job.iter()]:
            for child in [*parent]:
                if child.tag in ("description", "choices") or child.tag.endswith("PipelineTriggersJobProperty"):
                    parent.remove(child)
        return b"".join(ElementTree.tostring(job).split())

    assert len({shared(ElementTree.fromstring(ElementTree.tostring(job))) for job in rendered.values()}) == 1


def test_the_jenkinsfile_declares_for_each_job_what_its_definition_declares(rendered, run_jenkinsfile):
    runs = run_jenkinsfile([{"name": name, "job": name} for name in rendered])

    for name, job in rendered.items():
        declared = {found["name"]: found.get("choices") for found in runs[name]["parameters"]}
        assert declared == parameters(job), name
        assert runs[name].get("result") in ("SUCCESS", "UNSTABLE"), name


def test_each_job_says_that_it_is_declared_here(rendered):
    assert all("\nDeclared in job_definitions/ of " in job.findtext("description") for job in rendered.values())


def test_jenkins_has_every_plugin_that_the_jobs_need():
    path = ROOT / "inventories/common/group_vars/all/jenkins_plugins.yml"
    pinned = {str(plugin).partition(":")[0] for plugin in yaml.safe_load(path.read_text())["jenkins_plugins"]}

    assert set(NEEDED) <= pinned, f"jenkins_plugins in {path} lacks {sorted(set(NEEDED) - pinned)}"


def test_jenkins_has_the_credentials_and_the_agent_that_the_jenkinsfile_names():
    declared = yaml.safe_load((ROOT / "inventories/common/group_vars/all/jenkins.yml").read_text())
    defaults = yaml.safe_load((ROOT / "roles/jenkins/defaults/main.yml").read_text())
    jenkinsfile = (ROOT / "Jenkinsfile").read_text()
    ids = {fields["id"] for credential in declared["jenkins_credentials"] for fields in credential.values()}

    assert set(re.findall(r"credentialsId: '([\w-]+)'", jenkinsfile)) == ids
    labels = set(re.findall(r"(?:label|node)[ (]'(\w+)'", jenkinsfile))
    assert labels <= set(defaults["jenkins_host_agent_labels"].split())


def test_jenkins_environment_has_what_the_jenkinsfile_reads_from_it():
    declared = yaml.safe_load((ROOT / "inventories/common/group_vars/all/jenkins_jobs.yml").read_text())
    read = set(re.findall(r"env\.(DM_\w+)", (ROOT / "Jenkinsfile").read_text()))
    roles = (ROOT / "roles").glob("*/defaults/main.yml")
    read |= {"DM_EVIDENCE"} if any("DM_EVIDENCE" in role.read_text() for role in roles) else set()

    assert set(declared["jenkins_environment"]) | {"DM_PLAN_AGENTS", "DM_SELF_APPROVAL"} == read


def test_a_definition_that_cannot_be_rendered_is_named(render_jobs):
    with pytest.raises(AssertionError, match=r"cannot be rendered: .*'nothing' is undefined"):
        render_jobs(jenkins_jobs_branch="{nothing}")
