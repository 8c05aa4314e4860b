"""What the Jenkins roles refuse before they change anything: their rules, on the declared vars with one thing wrong."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROOT = Path(__file__).parents[2]
LOADER = DataLoader()
MIDWAY = "Check what would stop a run midway, or leave a host that does not work"


@functools.cache
def loaded(path: str) -> Any:
    return LOADER.load_from_file(str(ROOT / path), trusted_as_template=True)


def wrong(role: str, task_name: str, given: dict[str, Any]) -> str:
    """What the task of that name says is wrong, "" for nothing."""
    [task] = [task for task in loaded(f"roles/{role}/tasks/check.yml") if task["name"] == task_name]
    rules = task["vars"]
    variables = {
        **loaded(f"roles/{role}/defaults/main.yml"),
        **loaded(f"roles/{role}/vars/main.yml"),
        **given,
        **rules,
    }
    [said] = [name for name in rules if name.endswith("_wrong")]
    return "; ".join(Templar(LOADER, variables=variables).template(rules[said]))


def instance(**changed: Any) -> str:
    declared = {
        **loaded("inventories/common/group_vars/all/jenkins_instance.yml"),
        "dm_aws_region": "eu-west-1",
        "dm_accounts": {"main": {"id": "111111111111"}},
    }
    return wrong("jenkins_instance", "Check what AWS would refuse midway", declared | changed)


KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIJDXLd9HANXZzAciUV5ga7tyOdD1hIX69eanrs2aPXhZ"


def host(**changed: Any) -> str:
    declared = {
        **loaded("inventories/common/group_vars/all/jenkins.yml"),
        **loaded("inventories/common/group_vars/all/jenkins_plugins.yml"),
        **loaded("inventories/common/group_vars/all/jenkins_jobs.yml"),
        "jenkins_url": "https://ci.marketplace.example/",
        "jenkins_ssh_keys": {"ada.example": [f"ssh-ed25519 {KEY} ada"], "ben.example": f"ssh-ed25519 {KEY}"},
        "jenkins_proxy_port": 80,
        "jenkins_ssm_package_url": "",
        "jenkins_ssm_package_checksum": "",
        "jenkins_passwords": {},
        "jenkins_secrets": {},
    }
    return wrong(
        "jenkins", "Check what would stop a run midway, or leave a host that does not work", declared | changed
    )


def test_what_is_declared_is_right_and_what_a_command_line_makes_of_it_too():
    assert (instance(), host()) == ("", "")
    assert instance(jenkins_instance_port="8081", jenkins_instance_data_size="200") == ""
    assert host(jenkins_drain_minutes="5", jenkins_proxy_port="8081") == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("jenkins_instance_name", "a" * 33),
        ("jenkins_instance_name", "internal-jenkins"),
        ("jenkins_instance_name", "jenkins_host"),
        ("jenkins_instance_port", 0),
        ("jenkins_instance_port", 99999),
        ("jenkins_instance_port", 22),
        ("jenkins_instance_public_key", "-----BEGIN OPENSSH PRIVATE KEY-----"),
        ("jenkins_instance_public_key", "ecdsa-sha2-nistp256 AAAAE2VjZHNh"),
        ("jenkins_instance_data_device", "sdf"),
        ("jenkins_instance_data_device", "/dev/sda"),
        ("jenkins_instance_data_size", 0),
        ("jenkins_instance_root_size", 20000),
        ("jenkins_instance_restore_snapshot", "vol-0123"),
        ("jenkins_instance_domain", "a" * 65),
        ("jenkins_instance_idle_timeout", 4001),
        ("jenkins_instance_backup_schedule", "0 3 * * *"),
        ("jenkins_instance_backup_schedule", "cron(15 3 * * *)"),
        ("jenkins_instance_backup_days", 0),
        ("jenkins_instance_alarm_topics", ["main-account-alarm"]),
        ("jenkins_instance_alarm_topics", ["arn:aws:sns:us-east-1:111111111111:alarm"]),
        ("jenkins_instance_disk_alarms", [{"path": "/", "percent": 180}]),
        ("jenkins_instance_ssm_in_image", True),
        ("jenkins_instance_ssm_package_url", "https://packages.example/agent.deb"),
    ],
)
def test_what_aws_would_refuse_with_half_of_the_host_made_is_said_before(name, value):
    assert name in instance(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("jenkins_version", "latest", "jenkins_version latest"),
        ("jenkins_version", "2.568.3~rc1", "jenkins_version"),
        ("jenkins_url", "https://ci.marketplace.example", "ends with a slash"),
        ("jenkins_url", "ci.marketplace.example/", "jenkins_url"),
        ("jenkins_http_port", 80, "two ports"),
        ("jenkins_proxy_port", 8080, "two ports"),
        ("jenkins_proxy_port", 22, "two ports"),
        ("jenkins_http_port", 70000, "two ports"),
        ("jenkins_home", "/var/lib/jenkins", "not on the data volume"),
        ("jenkins_reboot_time", "4:30", "no HH:MM"),
        ("jenkins_reboot_time", "25:00", "no HH:MM"),
        ("jenkins_upload_limit", "lots", "no size"),
        ("jenkins_drain_minutes", -1, "no less than nothing"),
        ("jenkins_cloudwatch_package_url", "https://packages.example/agent.deb", "anything would be installed"),
        ("jenkins_ssm_package_url", "https://packages.example/agent.deb", "anything would be installed"),
        ("jenkins_plugin_manager_checksum", "", "anything would be installed"),
        ("jenkins_known_hosts", ["git.example"], "jenkins_known_hosts"),
        ("jenkins_known_hosts", [f"git.example {KEY}"], "jenkins_known_hosts"),
        ("jenkins_known_hosts", ["git.example ssh-ed25519 not-a-key"], "jenkins_known_hosts"),
        ("jenkins_ssh_keys", {"ada.example": ["-----BEGIN OPENSSH PRIVATE KEY-----\nabc"]}, "ssh_keys"),
        ("jenkins_ssh_keys", {"ada.example": [f'command="sh" ssh-ed25519 {KEY}']}, "ssh_keys"),
        ("jenkins_readers", ["authenticated"], "everybody"),
        ("jenkins_readers", ["Anonymous"], "everybody"),
        ("jenkins_groups", {"readers": ["estate"], "admins": ["Authenticated"]}, "everybody"),
        ("jenkins_plugin_manager_checksum", "sha256:abc", "anything would be installed"),
        ("jenkins_repository_key_fingerprint", "F714ABFC68", "40 hexadecimal digits"),
        ("jenkins_environment", {"DM-NOTIFY": "estate@marketplace.example"}, "a name is letters"),
        (
            "jenkins_environment",
            dict.fromkeys(["DM_NOTIFY", "DM_APPROVERS", "DM_CREDENTIALS_REPO_URL"]),
            "a value is text",
        ),
        ("jenkins_environment", {"PROXY": True}, "a value is text"),
        ("jenkins_environment", {"DM_CREDENTIALS_REPO_URL": "https://git.example/credentials.git"}, "a URL of SSH"),
        ("jenkins_environment", {"DM_NOTIFY": "estate"}, "are addresses"),
        ("jenkins_environment", {"DM_NOTIFY": "estate@marketplace.example, ada"}, "are addresses"),
        ("jenkins_mail_address", "jenkins", "are addresses"),
        ("jenkins_credentials", [{"file": {"id": "backups-key"}}], "which jobs read"),
        ("jenkins_host_agent_labels", "linux estates", "no agent has the label estate"),
        ("jenkins_host_agent_executors", 0, "no agent has the label estate"),
        ("jenkins_host_agent_labels", "", "no agent has the label estate"),
        ("jenkins_ssh_user", "ada.example", "by one with a dot sudo reads no rights"),
        ("jenkins_data_uuid", "jenkins-data", "is no UUID"),
        ("jenkins_url", "https://ci.marketplace.example/jenkins/", "no URL of a host"),
        ("jenkins_environment", {"DM_APROVERS": "ada.example"}, "and no DM_APROVERS"),
        ("jenkins_environment", {"DM_APPROVERS": "ada.example, eda.example"}, "DM_APPROVERS names eda.example"),
        ("jenkins_environment", {"DM_PLAN_AGENTS": "two"}, "1 to 99"),
        ("jenkins_environment", {"DM_SELF_APPROVAL": True}, "in quotes"),
        ("jenkins_environment", {"DM_SELF_APPROVAL": "true"}, "in quotes"),
        ("jenkins_ssh_user", "root", "whom people sign in as"),
        ("jenkins_agent_uid", 642, "two numbers"),
        ("jenkins_data_label", "data-of-the-jenkins-host", "1 to 16 letters"),
        ("jenkins_smtp", {"host": "smtp.example", "port": 0}, "1 to 65535"),
        ("jenkins_smtp", {"host": "smtp.example", "tls": "none", "user": "jenkins"}, "no user without TLS"),
        ("jenkins_credentials", [{"string": {"id": "a"}}, {"file": {"id": "a"}}], "an id twice"),
        ("jenkins_credentials", [{"string": {"id": "host-agent"}}], "an id twice"),
        ("jenkins_agents", [{"name": "host"}], "there anyway"),
        ("jenkins_agents", [{"name": "Built-In"}], "there anyway"),
        ("jenkins_agents", [{"name": "big"}, {"name": "big"}], "a name twice"),
    ],
)
def test_what_would_stop_the_role_midway_is_said_before(name, value, said):
    assert said in host(**{name: value})


@pytest.mark.parametrize(
    "line",
    [
        f"git.example,192.0.2.9 ssh-ed25519 {KEY}",
        f"[git.example]:2222 ssh-ed25519 {KEY} a comment",
        f"@cert-authority *.example ssh-ed25519 {KEY}",
    ],
)
def test_every_form_of_a_known_host_is_taken(line):
    assert host(jenkins_known_hosts=[line]) == ""


NAMED = {"DM_CREDENTIALS_REPO_URL": "ssh://git@git.example/credentials.git"}


@pytest.mark.parametrize(
    "given",
    [
        {"jenkins_host_agent_executors": 0, "jenkins_agents": [{"name": "big", "labelString": "linux estate"}]},
        {"jenkins_host_agent_executors": 0, "jenkins_configuration": {"jenkins": {"clouds": [{"ec2": {}}]}}},
        {"jenkins_environment": {**NAMED, "DM_NOTIFY": "estate@marketplace.example,Ada <ada@marketplace.example>"}},
        {"jenkins_environment": {**NAMED, "DM_NOTIFY": "", "DM_PLAN_AGENTS": 4}},
        {"jenkins_repositories": [], "jenkins_environment": {}, "jenkins_credentials": []},
        {"jenkins_groups": {"builders": ["estate"]}},
        {"jenkins_configuration": {"jenkins": None}},
        {"jenkins_repository_key_fingerprint": "5E38 6EAD B55F 0150 4CAE  8BCF 7198 F4B7 14AB FC68"},
        {"jenkins_data_uuid": "6d5c0b1e-9b3a-4a8e-8b7f-0123456789ab"},
    ],
)
def test_what_works_is_taken(given):
    assert host(**given) == ""


def test_what_jobs_need_of_jenkins_is_what_the_jenkinsfile_asks_for():
    [task] = [task for task in loaded("roles/jenkins/tasks/check.yml") if task["name"] == MIDWAY]
    text = (ROOT / "Jenkinsfile").read_text()

    assert set(task["vars"]["__jenkins_needed"]) == set(re.findall(r"credentialsId: '([^']+)'", text))
    assert set(re.findall(r"(?:label|node\()\s*'([^']+)'", text)) == {task["vars"]["__jenkins_label"]}


def reason(refusal: str, secrets: dict[str, str]) -> str:
    given = {"__jenkins_refusal": refusal, "jenkins_passwords": {}, "jenkins_secrets": secrets}
    said = loaded("roles/jenkins/vars/main.yml")
    return Templar(LOADER, variables={**said, **given}).template(said["__jenkins_reason"])


def test_why_jenkins_refuses_something_never_says_a_secret_or_a_part_of_one():
    key = "-----BEGIN KEY-----\nfirst-line-of-it\nsecond-line-of-it\n-----END KEY-----\n"
    page = f"<p>Wrong: {'x' * 580} secret$of&the{{server}} {key} and secret$of&amp;the{{server}}.</p>"
    said = reason(page, {"MAIL": "secret$of&the{server}", "KEY": key})

    assert said.startswith("Wrong: x")
    assert not any(part in said for part in ("secret$", "first-line", "second-line"))
    assert "***" in reason(f"<p>{key}</p>", {"KEY": key})
    assert reason("<p>numExecutorz is unknown.\n</p>", {}) == "numExecutorz is unknown"


def test_what_the_environment_may_say_is_what_the_jenkinsfile_and_the_roles_read():
    [task] = [task for task in loaded("roles/jenkins/tasks/check.yml") if task["name"] == MIDWAY]
    read = set(re.findall(r"env\.(DM_\w+)", (ROOT / "Jenkinsfile").read_text()))

    assert set(task["vars"]["__jenkins_read"]) == read | {"DM_EVIDENCE"}


def test_what_outlives_a_build_lies_where_builds_may_write():
    """Jenkins' own home, 0750 and its own, is closed to jenkins-agent."""
    declared = loaded("inventories/common/group_vars/all/jenkins_jobs.yml")["jenkins_environment"]
    roots = {**loaded("roles/jenkins/defaults/main.yml"), **loaded("roles/jenkins/vars/main.yml")}
    home = Templar(LOADER, variables=roots).template(roots["__jenkins_agent_home"])

    assert declared["DM_EVIDENCE"].startswith(f"{home}/")


def rendered(expression: str, **given: Any) -> Any:
    return Templar(LOADER, variables=given).template(trust_as_template(expression))


def test_who_differs_by_capitals_only_is_nobody_who_left():
    [removal] = [task for task in loaded("roles/jenkins/tasks/leavers.yml") if "loop" in task]
    given = {
        "__jenkins_accounts": ["Ada.Example", "ben.example", "left"],
        "__jenkins_people": ["ada.example", "BEN.example"],
    }

    assert rendered(removal["loop"], **given) == ["left"]


FETCHED = {"git:5.10.1": "a" * 64, "git-client:6.6.1": "b" * 64}


@pytest.mark.parametrize(
    ("found", "checksums", "said"),
    [
        (FETCHED, {}, ""),
        (FETCHED, FETCHED, ""),
        (FETCHED | {"credentials:1": "c" * 64}, {}, "not locked are credentials:1; missing are none"),
        (
            {"git:5.10.1": "a" * 64, "git-client:6.6.2": "b" * 64},
            {},
            "not locked are git-client:6.6.2; missing are git-client:6.6.1",
        ),
        ({"git:5.10.1": "a" * 64}, {}, "not locked are none; missing are git-client:6.6.1"),
        (FETCHED, FETCHED | {"git:5.10.1": "0" * 64}, "of another checksum are git:5.10.1"),
    ],
)
def test_what_was_fetched_and_is_not_the_lock_is_not_used(found, checksums, said):
    [block] = [task for task in loaded("roles/jenkins/tasks/plugins.yml") if "block" in task]
    [gate] = [task for task in block["block"] if task["name"].startswith("Stop unless it is the lock")]
    given = {
        "__jenkins_plugins_came": {"stdout": json.dumps(found)},
        "jenkins_plugins_locked": ["git:5.10.1", "git-client:6.6.1"],
        "jenkins_plugins_checksums": checksums,
        **gate["vars"],
    }
    rules = gate["ansible.builtin.assert"]
    fits = rendered("{{ " + rules["that"] + " }}", **given)

    assert fits == (said == "")
    assert said in rendered(rules["fail_msg"], **given)
