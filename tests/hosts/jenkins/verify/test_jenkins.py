"""What a configured Jenkins host is: on the scenario's hosts, and on a real one (make verify-host STAGE=…)."""

from __future__ import annotations

import json
import re

import pytest

ETC = "/etc/jenkins"


@pytest.fixture
def home(host) -> str:
    for setting in host.check_output("systemctl show --property Environment --value jenkins").split():
        if setting.startswith("JENKINS_HOME="):
            return setting.partition("=")[2]
    raise AssertionError("the jenkins service has no JENKINS_HOME")


def listening(host) -> dict[str, set[str]]:
    """Addresses by port."""
    found: dict[str, set[str]] = {}
    for line in host.check_output("ss --no-header --listening --tcp --numeric").splitlines():
        address, _, port = line.split()[3].rpartition(":")
        found.setdefault(port, set()).add(address)
    return found


@pytest.mark.parametrize("unit", ["jenkins", "nginx", "ssh", "nftables", "apt-daily-upgrade.timer"])
def test_unit_runs_and_starts_at_every_boot(host, unit):
    assert host.check_output(f"systemctl is-active {unit}") == "active"
    assert host.check_output(f"systemctl is-enabled {unit}") == "enabled"


def test_no_unit_failed(host):
    assert host.check_output("systemctl list-units --failed --no-legend") == ""


def test_jenkins_listens_on_the_loopback_only(host):
    assert listening(host)["8080"] <= {"127.0.0.1", "[::ffff:127.0.0.1]"}


def test_nothing_but_ssh_and_nginx_listens_to_the_outside(host):
    loopback = ("127.", "[::1]", "[::ffff:127.")
    open_ports = {port for port, at in listening(host).items() if not all(a.startswith(loopback) for a in at)}
    assert open_ports <= {"22", "80"}


def test_home_is_on_a_volume_of_its_own_found_by_its_uuid(host, home):
    path = host.check_output(f"stat --format %m {home}")
    assert path != "/"
    entry = next(line for line in host.file("/etc/fstab").content_string.splitlines() if f" {path} " in line)
    assert entry.startswith("UUID=")
    assert entry.split()[0] == f"UUID={host.check_output(f'findmnt --noheadings --output UUID {path}')}"
    assert {"nosuid", "nodev"} <= set(host.check_output(f"findmnt --noheadings --output OPTIONS {path}").split(","))
    assert host.file(home).user == "jenkins"
    assert host.user("jenkins").uid == 642  # the volume outlives the host
    assert host.user("jenkins-agent").uid == 643


def test_jenkins_owns_what_its_package_owns_and_unpacked_its_war(host):
    paths = "/var/lib/jenkins /var/log/jenkins /var/cache/jenkins"
    assert host.check_output(f"stat --format %U {paths}").split() == ["jenkins"] * 3
    assert host.check_output("find /var/cache/jenkins /var/log/jenkins ! -user jenkins") == ""
    assert host.file("/var/cache/jenkins/war/WEB-INF/web.xml").exists


def test_secrets_are_files_that_only_jenkins_reads(host):
    folder = host.file(f"{ETC}/secrets")
    assert (folder.user, folder.mode) == ("jenkins", 0o700)
    names = host.check_output(f"ls -A {ETC}/secrets").split()
    assert "PASSWORD_AUTOMATION" in names
    for name in names:
        secret = host.file(f"{ETC}/secrets/{name}")
        assert (name, secret.user, secret.mode & ~0o044) == (name, "jenkins", 0o600)
        assert name.endswith(".pub") or secret.mode == 0o600
    assert (host.file(f"{ETC}/api_password").user, host.file(f"{ETC}/api_password").mode) == ("root", 0o600)


def test_no_secret_is_in_the_process_list_the_logs_the_units_or_a_file_that_others_may_read(host):
    """The host itself compares, so that no secret passes through the test."""
    script = f"""
    patterns=$(mktemp); trap 'rm -f $patterns' EXIT
    find {ETC}/secrets -type f ! -name '*.pub' -exec awk 'length($0) >= 8 && !/^-----/' {{}} + | sort -u > $patterns
    [ -s $patterns ] || echo "no secrets"
    ps -e -ww -o args= | grep -Ff $patterns
    tr '\\0' '\\n' < /proc/$(systemctl show --property MainPID --value jenkins)/environ | grep -Ff $patterns
    systemctl show jenkins nginx | grep -Ff $patterns
    journalctl --quiet --no-pager | grep -Ff $patterns
    grep -rlFf $patterns /var/log /etc/systemd /etc/nginx /etc/default
    find / -xdev \\( -path /proc -o -path /sys -o -path /usr -o -path /srv \\) -prune -o \\
      -type f -perm -o+r -size -2M -print0 |
      xargs -0 --no-run-if-empty grep -lFf $patterns
    find $(systemctl show --property WorkingDirectory --value jenkins) -maxdepth 2 -type f -perm -o+r -print0 |
      xargs -0 --no-run-if-empty grep -lFf $patterns
    true"""
    assert host.check_output(script) == ""


def test_there_is_no_wizard_and_no_first_password(host, home):
    assert "-Djenkins.install.runSetupWizard=false" in host.check_output(
        "systemctl show --property Environment jenkins"
    )
    assert not host.file(f"{home}/secrets/initialAdminPassword").exists
    assert not host.file("/var/lib/jenkins/secrets/initialAdminPassword").exists  # it never started unconfigured


def test_nobody_reads_jenkins_without_signing_in(host):
    assert host.check_output("curl -s -o /dev/null -w %{http_code} localhost/api/json") in {"401", "403"}


def test_nginx_serves_the_sign_in_page_with_security_headers(host):
    answer = host.check_output("curl -s -i localhost/login").lower()
    assert " 200 " in answer.splitlines()[0]
    for header in (
        "strict-transport-security: max-age=",
        "x-content-type-options: nosniff",
        "x-frame-options: sameorigin",
    ):
        assert header in answer
    assert "nginx/" not in answer


def test_firewall_drops_what_is_not_listed_and_leaves_containers_alone(host):
    rules = host.check_output("nft list table inet marketplace")
    assert "hook input priority filter; policy drop;" in rules
    assert "hook forward" not in rules  # a drop in any chain is final, also for those whom another lets through
    admitted = [line for line in rules.splitlines() if "tcp dport" in line]
    assert admitted
    assert all("saddr" in line for line in admitted)
    ports = {line.split("tcp dport ")[1].split()[0] for line in admitted}
    assert ports - {"22"} == {"80"}  # without SSH where the host is reached by SSM


def test_people_sign_in_with_keys_only(host):
    settings = host.check_output("sshd -T").splitlines()
    assert {"passwordauthentication no", "kbdinteractiveauthentication no", "permitrootlogin no"} <= set(settings)


def test_jenkins_signs_in_to_its_agent_which_cannot_read_its_secrets(host):
    ssh = f"ssh -i {ETC}/secrets/AGENT_KEY -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
    agent = f"runuser -u jenkins -- {ssh} -o LogLevel=ERROR jenkins-agent@127.0.0.1"
    assert host.check_output(f"{agent} id -un") == "jenkins-agent"
    assert host.run(f"{agent} java -version").rc == 0
    assert host.run(f"{agent} ls {ETC}/secrets").rc != 0


def test_builds_find_a_profile_for_each_account_and_no_key(host):
    for user in ("jenkins", "jenkins-agent"):
        config = host.file(f"{host.user(user).home}/.aws/config")
        assert (config.user, config.mode) == (user, 0o600)
        assert "[profile digitalmarketplace]" in config.content_string
        assert "credential_source = Ec2InstanceMetadata" in config.content_string
        assert "aws_access_key_id" not in config.content_string
        assert not host.file(f"{host.user(user).home}/.aws/credentials").exists


def test_logs_are_rotated_and_shipped(host):
    assert host.run("logrotate --debug /etc/logrotate.d/jenkins").rc == 0
    path = "/opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.d/jenkins.json"
    config = json.loads(host.file(path).content_string)
    shipped = {entry["file_path"] for entry in config["logs"]["logs_collected"]["files"]["collect_list"]}
    assert {"/var/log/jenkins/jenkins.log", "/var/log/jenkins/audit.log.0", "/var/log/nginx/access.log"} <= shipped
    assert config["metrics"]["aggregation_dimensions"][0] == ["InstanceId", "path"]  # what the disk alarms watch


def test_security_updates_come_by_themselves_and_jenkins_does_not(host):
    settings = host.check_output("apt-config dump")
    assert 'APT::Periodic::Unattended-Upgrade "1"' in settings
    origins = [line for line in settings.splitlines() if "Origins-Pattern::" in line or "Allowed-Origins::" in line]
    assert origins
    assert all("security" in line.lower() for line in origins)
    assert host.file("/etc/apt/preferences.d/jenkins").contains("Pin-Priority: 1001")


def test_nothing_restarts_jenkins_or_its_java_in_the_middle_of_builds(host):
    """As unattended-upgrades and needrestart read their own settings."""
    script = """
import apt_pkg, re
apt_pkg.init_config()
listed = apt_pkg.config.value_list("Unattended-Upgrade::Package-Blacklist")
names = ("jenkins", "openjdk-21-jre-headless", "openssl")
print(*[name for name in names if any(re.match(word, name) for word in listed)])
"""
    assert host.check_output(f"python3 -c '{script}'") == "jenkins openjdk-21-jre-headless"
    # Perl, as needrestart itself reads it: the first override that fits decides.
    asked = "our %nrconf; do $ARGV[0]; die $@ if $@; "
    asked += "print $_->($ARGV[1]) for sub { for my $re (keys %{$nrconf{override_rc}}) "
    asked += "{ return $nrconf{override_rc}{$re} if $_[0] =~ /$re/ } 1 }"
    files = "/etc/needrestart/needrestart.conf /etc/needrestart/conf.d/jenkins.conf"
    for path in files.split():
        if host.file(path).exists:
            assert host.check_output(f"perl -e '{asked}' {path} jenkins.service") == "0"


def test_no_profile_of_apparmor_is_for_what_the_host_runs(host):
    """What confines a program names its path where the profile begins."""
    if not host.file("/etc/apparmor.d/abstractions").exists:
        pytest.skip("AppArmor is not installed")
    begins = host.check_output(r"grep -hE '^[^#]*/.*\{$' $(find /etc/apparmor.d -maxdepth 1 -type f)").splitlines()
    assert begins
    confined = re.compile(r"/(java|jenkins|nginx|sshd|nft|git|gpg|python3?|postgres|runuser)\b|/usr/lib/jvm|/data/")
    assert [line for line in begins if confined.search(line)] == []


def test_every_package_of_jenkins_comes_by_its_own_key(host):
    assert host.file("/etc/apt/sources.list.d/jenkins.sources").contains("Signed-By: /etc/apt/keyrings/jenkins.asc")
    assert host.file("/etc/apt/keyrings/jenkins.asc").mode == 0o644


def test_builds_know_whom_they_connect_to(host):
    """From the agent's side, and without connecting anywhere; test_agent.py does that on a real host."""
    needs = json.loads(host.file(f"{ETC}/builds.json").content_string)
    for name in needs["hosts"]:
        assert (
            host.run(f"runuser -u jenkins-agent -- ssh-keygen -F {name}").rc == 0
            or host.run(f"runuser -u jenkins-agent -- ssh-keygen -f /etc/ssh/ssh_known_hosts -F {name}").rc == 0
        ), name
        assert "user " in host.check_output(f"runuser -u jenkins-agent -- ssh -G {name}")
