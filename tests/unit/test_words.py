"""What bin/estate understands, and that a typo is refused with what there is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from commands import words
from commands.main import COMMANDS
from commands.run import inventory_words

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def refused(*said):
    done = subprocess.run([ROOT / "bin/estate", *said], capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (["plna"], "there is no command plna; did you mean plan? allowed are converge, check, plan"),
        (["plan", "STAEG=preview"], "STAEG=preview is not understood; did you mean STAGE? allowed are STAGE, LIMIT"),
        (["plan", "preview"], "preview is not understood"),
        (["stop", "STAGE=preview"], "STAGE=preview is not understood; it takes no words"),
        (["plan", "STAGE=prod"], "STAGE=prod is unknown; did you mean production? allowed are local, preview"),
        (["plan", "STAGE="], "STAGE= is unknown; allowed are local"),
        (["plan", "STAGE=common"], "STAGE=common is unknown"),
        (["plan", "STAGE=jenkins"], "STAGE=jenkins is unknown"),
        (["plan", "STAGE=../preview"], "STAGE=../preview is unknown"),
        (["verify-assets", "STAGE=accounts"], "STAGE=accounts is unknown"),
        (["audit", "STAGE=access"], "STAGE=access is unknown"),
        (["verify-host", "STAGE=local"], "STAGE=local is unknown; allowed are jenkins, preview"),
        (["plan", "TAGS=bucket"], "TAGS=bucket is unknown; did you mean buckets? allowed are access, assets_router"),
        (["plan", "TAGS=buckets,verify"], "TAGS=verify is unknown"),
        (["prove", "TAGS=access"], "TAGS=access is unknown"),
        (["plan", "LIMIT=preview,backup-acount"], "LIMIT=backup-acount matches no host; did you mean backups-account?"),
        (["plan", "STAGE=preview", "LIMIT=staging"], "LIMIT=staging matches no host"),
        (["plan", "LIMIT=all:!prevew"], "LIMIT=!prevew matches no host; did you mean preview?"),
        (["plan", "LIMIT=*-acount"], "LIMIT=*-acount matches no host"),
        (["plan", "LIMIT=~acount$"], "LIMIT=~acount$ matches no host"),
        (["update-jobs", "REMOVE=true"], "REMOVE=true is not understood; allowed are yes and no"),
        (["configure-jenkins", "APPLY=1"], "APPLY=1 is not understood"),
        (["summary"], "PLAN= is no plan"),
    ],
)
def test_a_typo_is_one_sentence_that_says_what_there_is(said, why):
    assert why in refused(*said)


@pytest.mark.parametrize(
    "limit",
    ["preview", "all:!preview", "*-account", "~.*-account", "stages[0]", "stages[0:1],accounts", "stages:&preview"],
)
def test_a_limit_of_which_each_part_matches_is_taken(limit):
    words.check_limit(limit, sorted(words.hosts([*words.inventories(), "common"])))


def test_stages_and_hosts_are_those_that_ansible_reads():
    for inventory in words.inventories():
        command = [BIN / "ansible-inventory", "-i", f"inventories/{inventory}", "--list"]
        listed = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        known = {*listed["_meta"]["hostvars"], *listed} - {"_meta", "all", "ungrouped"}
        assert known <= words.hosts([inventory, "common"]), inventory
        assert words._hosts(ROOT / "inventories" / inventory / "hosts.yml") == {*listed["_meta"]["hostvars"]}


def test_tags_are_those_that_ansible_lists():
    playbooks = sorted((ROOT / "playbooks").glob("*.yml"))
    command = [BIN / "ansible-playbook", "-i", "inventories/accounts", "--list-tags", *playbooks]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    shown = re.split(r"^playbook: .*/(\w+)\.yml$", listed, flags=re.M)[1:]

    for playbook, text in zip(shown[::2], shown[1::2], strict=True):
        named = {tag for line in re.findall(r"TASK TAGS: \[(.*)\]", text) for tag in line.split(", ")}
        assert named - {"", "always", "never"} <= set(words.tags(playbook)), playbook
    assert len(shown) == 2 * len(playbooks)


def test_a_new_stage_is_known_by_its_folder(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "inventories", tmp_path / "inventories", symlinks=True)
    (tmp_path / "inventories/training").mkdir()
    (tmp_path / "inventories/training/hosts.yml").write_text(yaml.safe_dump({"stages": {"hosts": {"training": None}}}))
    monkeypatch.setattr(words, "INVENTORIES", tmp_path / "inventories")

    assert "training" in COMMANDS["plan"].stages()
    assert "training" in COMMANDS["verify-assets"].stages()


def test_a_copied_stage_that_still_names_anothers_hosts_is_refused(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "inventories", tmp_path / "inventories", symlinks=True)
    shutil.copytree(ROOT / "inventories/preview", tmp_path / "inventories/training", symlinks=True)
    monkeypatch.setattr(words, "INVENTORIES", tmp_path / "inventories")

    inventory_words("preview")
    for stage in ("training", "local", "every"):
        with pytest.raises(words.Refusal, match=r"^inventories/training/hosts.yml names assets-router-preview;"):
            inventory_words(stage)
    hosts = tmp_path / "inventories/training/hosts.yml"
    hosts.write_text(
        hosts.read_text().replace("preview:", "training:\n      ansible_host: 192.0.2.7\n      notes: {a: b}")
    )
    inventory_words("every")


def test_make_knows_every_command_and_no_other():
    makefile = (ROOT / "Makefile").read_text()
    listed = re.search(r"^COMMANDS := ((?:.*\\\n)*.*)", makefile, re.M)[1].replace("\\\n", " ").split()

    assert sorted(listed) == sorted([*COMMANDS, "help"])


def test_help_tells_of_every_command_stage_and_tag():
    said = subprocess.run([ROOT / "bin/estate"], capture_output=True, text=True, check=True).stdout

    for name in (*COMMANDS, *COMMANDS["plan"].stages(), *words.tags("site", "audit_estate", "prove_estate")):
        assert re.search(rf"\b{name}\b", said), name
    assert "0 nothing to do, 2 changes or findings, 1 error" in said


def test_words_reach_make_as_they_were_said(tmp_path):
    """Quotes, blanks and dollars of ARGS are nobody's to expand."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/estate").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "bin/estate").chmod(0o755)
    said = """ARGS=-e 'a="$HOME"' $(id) `id`; echo it's # \\"""

    done = subprocess.run(["make", "-s", "plan", said], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["plan", said]


def test_what_runs_before_there_is_a_venv_is_written_for_an_old_python():
    files = [ROOT / "bin/estate", *(ROOT / "bin/commands").glob("*.py")]
    command = [BIN / "ruff", "check", "--isolated", "--target-version=py39", "--select=E9,FA102", *files]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
