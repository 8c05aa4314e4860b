"""The commands on the Jenkins host and its jobs."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

from commands.run import BIN, args, call, play, say
from commands.words import ROOT, Refusal, Words

_FILES = {"JENKINS_WAR": "a jenkins.war", "JENKINS_PLUGIN_MANAGER": "the plugin installation manager's jar"}
_LOCK = str(ROOT / "inventories/common/group_vars/all/jenkins_plugins.yml")


def update_jobs(words: Words) -> int:
    removal = ["-e", "jenkins_jobs_remove=true"] if _yes(words, "REMOVE") else []
    return play("update_jobs", words, "run-jobs", *removal, stage="every")


def configure(words: Words) -> int:
    check = [] if _yes(words, "APPLY") else ["--check"]
    _need_profile()
    return play("configure_jenkins", words, f"{'plan' if check else 'run'}-jenkins", "--diff", *check, stage="jenkins")


def _need_profile() -> None:
    """Ansible says it too, between what each of its inventory plugins could not read."""
    name = os.environ.get("AWS_PROFILE") or "digitalmarketplace"
    files = [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")]
    paths = [os.path.expanduser(os.environ.get(word) or f"~/.aws/{file}") for word, file in files]
    known = configparser.RawConfigParser(strict=False)
    try:
        known.read(paths)
    except (configparser.Error, UnicodeDecodeError):
        return  # boto3 says what is wrong with it
    if name not in (section.removeprefix("profile").strip(" \t\"'") for section in known.sections()):
        raise Refusal(
            f"AWS knows no profile {name}, by which inventories/jenkins finds the host: see docs/credentials.md"
        )


def _yes(words: Words, word: str) -> bool:
    if words.get(word, "") not in ("", "yes", "no"):
        raise Refusal(f"{word}={words[word]} is not understood; allowed are yes and no")
    return words.get(word) == "yes"


def verify_host(words: Words) -> int:
    suite = words.get("SUITE") or ("jenkins" if words["STAGE"] == "jenkins" else "assets_router")
    if suite == "jenkins" and not words.get("HOSTS"):
        _need_profile()
    hosts = words.get("HOSTS") or f"ansible://{suite if suite == 'jenkins' else 'assets_routers'}"
    inventory = f"--ansible-inventory=inventories/{words['STAGE']}"
    suites = f"tests/hosts/{suite}/verify"
    command = ["pytest", "-p", "no:cacheprovider", "--sudo", f"--hosts={hosts}", inventory, suites]
    return int(call(*command, *args(words)) != 0)


def test_jenkins(words: Words) -> int:
    war = _file(words, "JENKINS_WAR")
    files = {word: os.path.abspath(words[word]) for word in words if word.startswith("JENKINS_")}
    if missing := [f"{word}='{path}'" for word, path in files.items() if not os.path.exists(path)]:
        raise Refusal(f"{', '.join(missing)} is not there")
    say(f"trying the declared plugins, configuration, jobs and Jenkinsfile in {war}")
    return int(call("pytest", "tests/jenkins_war", *args(words), env=files) != 0)


def lock_plugins(words: Words) -> int:
    """The declared plugins and all that they need, as a war's own update centre has them."""
    war, manager = _file(words, "JENKINS_WAR"), _file(words, "JENKINS_PLUGIN_MANAGER")
    move = ["move"] if _yes(words, "MOVE") else []
    return call(BIN / "python", ROOT / "bin/commands/lock_plugins.py", war, manager, words.get("FILE") or _LOCK, *move)


def _file(words: Words, word: str) -> str:
    path = words.get(word, "")
    if not Path(path).is_file():
        raise Refusal(f"{word}='{path}' is no file; it is the path of {_FILES[word]}")
    return os.path.abspath(path)
