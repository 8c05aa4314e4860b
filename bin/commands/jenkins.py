"""The commands on the Jenkins host and its jobs."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from commands.run import call, play
from commands.words import Refusal, Words


def provision(words: Words) -> int:
    return play("provision_jenkins", words, "run-provision", stage="accounts")


def restore(words: Words) -> int:
    return play("restore_jenkins", words, "run-restore", stage="accounts")


def jobs(words: Words) -> int:
    return play("render_jobs", words, "jobs", stage="every")


def update_jobs(words: Words) -> int:
    removal = ["-e", "jenkins_jobs_remove=true"] if _yes(words, "REMOVE") else []
    return play("update_jobs", words, "run-jobs", *removal, stage="every")


def configure(words: Words) -> int:
    check = [] if _yes(words, "APPLY") else ["--check"]
    return play("configure_jenkins", words, f"{'plan' if check else 'run'}-jenkins", "--diff", *check, stage="jenkins")


def _yes(words: Words, word: str) -> bool:
    if words.get(word, "") not in ("", "yes", "no"):
        raise Refusal(f"{word}={words[word]} is not understood; allowed are yes and no")
    return words.get(word) == "yes"


def verify_host(words: Words) -> int:
    suite = words.get("SUITE") or ("jenkins" if words["STAGE"] == "jenkins" else "assets_router")
    hosts = words.get("HOSTS") or f"ansible://{suite if suite == 'jenkins' else 'assets_routers'}"
    inventory = f"--ansible-inventory=inventories/{words['STAGE']}"
    command = [
        "pytest",
        "-p",
        "no:cacheprovider",
        "--sudo",
        f"--hosts={hosts}",
        inventory,
        f"tests/hosts/{suite}/verify",
    ]
    return int(call(*command, *shlex.split(words.get("ARGS", ""))) != 0)


def test_jenkins(words: Words) -> int:
    war = words.get("JENKINS_WAR", "")
    if not Path(war).is_file():
        raise Refusal(f"JENKINS_WAR='{war}' is no file; the tests of tests/jenkins_war say what else is needed")
    files = {word: os.path.abspath(words[word]) for word in words if word.startswith("JENKINS_")}
    return int(call("pytest", "tests/jenkins_war", *shlex.split(words.get("ARGS", "")), env=files) != 0)
