"""The assertions of the Jenkins roles themselves, each on vars that it lets through and on vars that it stops."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROOT = Path(__file__).parents[2]
LOADER = DataLoader()
COMMON = "inventories/common/group_vars/all"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJDXLd9HANXZzAciUV5ga7tyOdD1hIX69eanrs2aPXhZ"


@functools.cache
def loaded(path: str) -> Any:
    return LOADER.load_from_file(str(ROOT / path), trusted_as_template=True)


DECLARED = {
    **loaded("roles/jenkins_instance/defaults/main.yml"),
    **loaded("roles/jenkins_instance/vars/main.yml"),
    **loaded("roles/jenkins/defaults/main.yml"),
    **loaded("roles/jenkins/vars/main.yml"),
    **loaded(f"{COMMON}/jenkins_instance.yml"),
    **loaded(f"{COMMON}/jenkins.yml"),
    **loaded(f"{COMMON}/jenkins_plugins.yml"),
    **loaded(f"{COMMON}/jenkins_jobs.yml"),
    "access_office_addresses": ["192.0.2.0/24"],
    "dm_stages": ["preview", "staging", "production"],
    "dm_aws_region": "eu-west-1",
    "jenkins_passwords": {},
    "jenkins_secrets": {"SMTP_PASSWORD": "invented-password"},
    "jenkins_ssh_keys": {"ada.example": [f"{KEY} ada"], "ben.example": f"{KEY} ben"},
    "jenkins_cloudwatch_package_url": "https://packages.example/agent.deb",
    "jenkins_ssm_package_url": "",
    "ansible_facts": {"distribution": "Debian", "distribution_version": "13.1", "distribution_release": "trixie"},
    "__jenkins_agents": {"stdout": ""},
    "ansible_search_path": [str(ROOT / "roles/jenkins")],
}


def refusal(role: str, task_name: str, given: dict[str, Any]) -> str:
    """What the assertion of that name says, "" where it holds."""
    files = [f"roles/{role}/tasks/{name}.yml" for name in ("check", "check_host")]
    tasks = [task for file in files if (ROOT / file).is_file() for task in loaded(file)]
    [task] = [task for task in tasks if task["name"] == task_name]
    rules = task["ansible.builtin.assert"]
    templar = Templar(LOADER, variables={**DECLARED, **given, **task.get("vars", {})})
    conditions = rules["that"] if isinstance(rules["that"], list) else [rules["that"]]
    if all(templar.evaluate_conditional(trust_as_template(condition)) for condition in conditions):
        return ""
    return templar.template(rules["fail_msg"])


TOLD = "Check that who is to be told can be told"
KNOWN = "Check that builds know the hosts that they connect to"
JAVA = "Check that this Jenkins runs on this Java"
SIGN_IN = "Check that this role can sign in, and that groups come from somewhere"
PLUGINS = "Check that every plugin is pinned, and the configuration's own are among them"
KEYS = "Check that everyone who may sign in to the host has a key"
RELEASE = "Check that the host is one of those this role is tried on"
BALANCER = "Check that the load balancer would be let in"
LOCKED_OUT = "Check that whoever configures the host would still be let in"
EVERYBODY = "Check that not everybody is let in, or believed"
MEASURED = "Check that what the alarms watch is measured"
TWICE = "Check that what the vars add to the configuration is not the role's own"
NAMES = [TWICE, TOLD, KNOWN, JAVA, SIGN_IN, PLUGINS, KEYS, RELEASE, BALANCER, LOCKED_OUT, EVERYBODY, MEASURED]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_declared_is_let_through(name):
    assert refusal("jenkins", name, {}) == ""


def runs(distribution: str, version: str, release: str = "other") -> dict[str, Any]:
    facts = {"distribution": distribution, "distribution_version": version, "distribution_release": release}
    return {"ansible_facts": facts}


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        (TOLD, {"jenkins_smtp": {}}, "whom to tell (DM_NOTIFY), which takes jenkins_smtp"),
        (TOLD, {"jenkins_secrets": {}}, "SMTP_PASSWORD"),
        (TOLD, {"jenkins_mail_address": "nobody@invalid.example"}, "jenkins_mail_address as its sender"),
        (KNOWN, {"jenkins_known_hosts": []}, "assets-router-preview.digitalmarketplace.example"),
        (KNOWN, {"jenkins_repositories": ["git@other.example:estate.git"]}, "no line for other.example:"),
        (KNOWN, {"jenkins_repositories": ["ssh://git@other.example/estate.git"]}, "no line for other.example:"),
        (KNOWN, {"jenkins_agent_hosts": ["router.example"]}, "no line for router.example:"),
        (KNOWN, {"jenkins_repositories": ["ssh://git@git.digitalmarketplace.example:2222/estate.git"]},
         "no line for [git.digitalmarketplace.example]:2222:"),
        (JAVA, {"jenkins_version": "2.580.1", "jenkins_java_package": "openjdk-17-jre-headless"}, "needs Java 21"),
        (JAVA, {"jenkins_version": "2.580.1", "jenkins_java_package": "openjdk-11-jre-headless"}, "needs Java 21"),
        (JAVA, {"jenkins_version": "2.580.1", **runs("Debian", "12.5", "bookworm")}, "its Java is openjdk-17"),
        (SIGN_IN, {"jenkins_security_realm": {"saml": {}}}, "saml not at all"),
        (SIGN_IN, {"jenkins_security_realm": {"oic": {"clientId": "jenkins"}}}, "by its escape hatch only"),
        (SIGN_IN, {"jenkins_groups": {"admins": ["estate"]}}, "groups of a realm that has some"),
        (PLUGINS, {"jenkins_plugins": ["git:latest"]}, "git:latest"),
        (PLUGINS, {"jenkins_plugins": ["git:5.10.1"]}, "ssh-slaves"),
        (KEYS, {"jenkins_ssh_people": []}, "needs someone"),
        (KEYS, {"jenkins_ssh_keys": {"ada.example": [KEY], "ben.example": []}}, "without are ['ben.example']"),
        (RELEASE, runs("Debian", "11.9"), "runs Debian 11; allowed are Debian 12"),
        (RELEASE, runs("Ubuntu", "20.04"), "runs Ubuntu 20.04"),
        (RELEASE, runs("Ubuntu", "24.10"), "runs Ubuntu 24.10"),
        (BALANCER, {"jenkins_load_balancer_addresses": []}, "nobody would reach Jenkins"),
        (LOCKED_OUT, {"jenkins_ssh_addresses": []}, "would lock out the SSH"),
        (EVERYBODY, {"jenkins_ssh_addresses": ["0.0.0.0/1", "128.0.0.0/1"]}, "too much of the internet"),
        (EVERYBODY, {"jenkins_load_balancer_addresses": ["cafe"]}, "'cafe' is no network"),
        (MEASURED, {"jenkins_cloudwatch_package_url": ""}, "its disk alarms stay raised"),
    ],
)  # fmt: skip
def test_what_would_leave_a_host_that_does_not_work_is_said_before_the_first_change(name, given, said):
    assert said in refusal("jenkins", name, {"inventory_hostname": "jenkins", **given})


@pytest.mark.parametrize(
    ("name", "given"),
    [
        (TOLD, {"jenkins_environment": {}, "jenkins_smtp": {}}),
        (TOLD, {"jenkins_smtp": {"host": "relay.example"}, "jenkins_secrets": {}}),
        (KNOWN, {"jenkins_repositories": ["https://git.example/estate.git"]}),
        (KNOWN, {"jenkins_known_hosts": [f"@cert-authority *.digitalmarketplace.example {KEY}"]}),
        (JAVA, {"jenkins_version": "2.541.3", **runs("Debian", "12.5", "bookworm")}),
        (RELEASE, runs("Ubuntu", "24.04")),
        (LOCKED_OUT, {"jenkins_ssh_addresses": [], "ansible_connection": "aws_ssm"}),
        (MEASURED, {"jenkins_cloudwatch_package_url": "", "__jenkins_agents": {"stdout": "amazon-cloudwatch-agent"}}),
    ],
)
def test_what_works_is_let_through(name, given):
    assert refusal("jenkins", name, given) == ""


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("Check that somebody is let in", {"jenkins_instance_allowed_addresses": ["2001:db8::/32"]}, "no IPv4 network"),
        ("Check that not everybody is let in",
         {"jenkins_instance_allowed_addresses": ["0.0.0.0/1", "128.0.0.0/1"]}, "too much of the internet"),
        ("Check that not everybody is let in", {"jenkins_instance_ssh_addresses": ["300.1.2.3/99"]}, "is no network"),
        ("Check that the host can be reached", {"jenkins_instance_ssh_addresses": []}, "reached by SSM alone"),
        ("Check that the name lies in the DNS zone", {"jenkins_instance_domain": "ci.other.example"}, "not a name in"),
    ],
)  # fmt: skip
def test_a_host_that_nobody_or_everybody_would_reach_is_refused_before_it_is_made(name, given, said):
    assert refusal("jenkins_instance", name, {}) == ""
    assert said in refusal("jenkins_instance", name, given)


@pytest.mark.parametrize("topics", [[], ["arn:aws:sns:eu-west-1:111111111111:main-account-alarm"]])
def test_a_run_whose_alarms_tell_nobody_says_so(topics):
    [note] = [task for task in loaded("roles/jenkins_instance/tasks/alarms.yml") if "ansible.builtin.debug" in task]
    templar = Templar(LOADER, variables={"jenkins_instance_alarm_topics": topics})

    assert templar.evaluate_conditional(trust_as_template(note["when"])) == (not topics)
    assert "jenkins_instance_alarm_topics is empty" in note["ansible.builtin.debug"]["msg"]


def test_what_jenkins_would_not_start_with_is_said_where_no_jenkins_runs_yet():
    assert refusal("jenkins", TWICE, {"jenkins_configuration": {"jenkins": {"quietPeriod": 5}}}) == ""
    with pytest.raises(AnsibleError, match=r"jenkins_configuration sets jenkins\.mode, which the role writes itself"):
        refusal("jenkins", TWICE, {"jenkins_configuration": {"jenkins": {"mode": "NORMAL"}}})


def test_security_warnings_are_looked_for_before_the_first_change_also_of_a_new_host_in_check_mode():
    tasks = loaded("roles/jenkins/tasks/main.yml")
    files = [task["ansible.builtin.include_tasks"]["file"] for task in tasks if "ansible.builtin.include_tasks" in task]

    assert files[:4] == ["check.yml", "check_host.yml", "warnings.yml", "system_users.yml"]
    assert not any("when" in task for task in tasks[:3])


def configuration(**given: Any) -> dict[str, Any]:
    """What Jenkins reads, from the role's own template."""
    [task] = [task for task in loaded("roles/jenkins/tasks/check.yml") if task["name"] == TWICE]
    templar = Templar(LOADER, variables={**DECLARED, **given, **task["vars"]})
    return templar.template(trust_as_template("{{ __jenkins_own }}"))


def test_jenkins_connects_to_the_listed_hosts_only_and_sends_mail_by_the_declared_server():
    """GitHostKeyVerificationConfiguration's own default is the known_hosts of a user who has none."""
    read = configuration()
    strategy = read["security"]["gitHostKeyVerificationConfiguration"]["sshHostKeyVerificationStrategy"]
    lines = strategy["manuallyProvidedKeyVerificationStrategy"]["approvedHostKeys"].splitlines()
    mailer = read["unclassified"]["mailer"]

    assert lines == DECLARED["jenkins_known_hosts"]
    assert (mailer["smtpHost"], mailer["smtpPort"], mailer["useTls"]) == ("smtp.marketplace.example", "587", True)
    assert mailer["authentication"] == {"username": "jenkins", "password": "${SMTP_PASSWORD}"}
    assert read["unclassified"]["location"]["adminAddress"] == "jenkins@marketplace.example"


def test_only_admins_replay_and_nobody_else_may_change_a_job():
    entries = configuration(jenkins_readers=["eve.example"], jenkins_groups={"builders": ["estate"]})["jenkins"][
        "authorizationStrategy"
    ]["globalMatrix"]["entries"]
    may = {one["name"]: set(one["permissions"]) for entry in entries for one in entry.values()}

    assert [name for name, given in may.items() if "Overall/Administer" in given] == ["automation", "ada.example"]
    assert may["estate"] == may["ben.example"] == {
        "Overall/Read", "Job/Build", "Job/Cancel", "Job/Discover", "Job/Read", "View/Read"
    }  # fmt: skip
    assert may["eve.example"] < may["ben.example"]


def test_the_agent_has_the_packages_that_restoring_dumps_takes():
    listed = (ROOT / "debian-packages.txt").read_text().splitlines()
    needed = {line.split()[0] for line in listed if "database dumps" in line}

    assert needed == {"gnupg", "postgresql"}
    assert needed | {"git", "make", "python3-venv"} <= set(DECLARED["jenkins_agent_packages"])


def test_tags_choose_parts_since_no_tag_of_the_whole_role_makes_all_of_them_run():
    [play] = loaded("playbooks/configure_jenkins.yml")
    secrets, role = play["tasks"]

    assert (secrets["tags"], role.get("tags", [])) == (["always"], [])
    includes = [task for task in loaded("roles/jenkins/tasks/main.yml") if "ansible.builtin.include_tasks" in task]
    always = [task["name"] for task in includes if "always" in task["tags"]]
    assert always == ["Check what is declared", "Check that it fits the host"]
