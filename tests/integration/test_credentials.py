"""The credentials repo: read whatever protects it, and refused in one sentence where it cannot be used."""

import subprocess
import sys
from pathlib import Path

import pytest
from commands.run import inventory_words

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SECRET = "the-secret-itself"
PLAY = f"""
- name: Read credentials
  hosts: preview
  gather_facts: false
  tasks:
    - name: Read
      ansible.builtin.import_role:
        name: credentials
      vars:
        credentials_files: [probe]
    - name: Compare
      ansible.builtin.assert:
        that: credentials['probe']['token'] == '{SECRET}'
"""


@pytest.fixture
def read(tmp_path):
    """Write vars/probe.yml with this content, read it with the role; (exit status, everything printed with -vvv)."""

    def run(content, *args, repo=tmp_path / "repo", encrypt=None, path=None):
        # sops, where a test has one, comes first on PATH
        (tmp_path / "repo" / "vars").mkdir(parents=True, exist_ok=True)
        probe = tmp_path / "repo" / "vars" / "probe.yml"
        if content is not None:
            probe.write_text(content)
        if encrypt:
            (tmp_path / "password").write_text(encrypt)
            command = [BIN / "ansible-vault", "encrypt", "--vault-password-file", tmp_path / "password", probe]
            subprocess.run(command, check=True, capture_output=True)
        play = tmp_path / "play.yml"
        play.write_text(PLAY)
        done = subprocess.run(
            [BIN / "ansible-playbook", *inventory_words("local"), play, "-e", f"dm_credentials_repo={repo}", *args],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            env={
                "PATH": f"{path or BIN}:{BIN}:/usr/bin:/bin",
                "ANSIBLE_ROLES_PATH": str(ROOT / "roles"),
                "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp"),
                "DM_PLAN_FILE": str(tmp_path / "plan.json"),
                "HOME": str(tmp_path),
            },
        )
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.mark.slow
def test_plain_and_vault_files_are_read_and_never_shown(read, tmp_path):
    for encrypt in (None, "a password"):
        args = ["--vault-password-file", tmp_path / "password"] if encrypt else []
        status, printed = read(f"token: {SECRET}\n", "-vvv", *args, encrypt=encrypt)
        assert status == 0, printed
        # -vvv shows the assertion's own words, which this test wrote; nothing else may hold the secret.
        assert SECRET not in printed.replace(f"== '{SECRET}'", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "probe.yml is missing; allowed is YAML of the shape of credentials.example/vars/probe.yml"),
        ("---\n", "probe.yml is empty or no mapping"),
        ("- a\n- list\n", "probe.yml"),
        (f"token: [{SECRET}\n", "probe.yml is no YAML at line 2, column 1"),
        (f"a: 1\ntoken: {SECRET}\na: 2\n", "is no YAML at line 3, column 1 (the same name stands there twice)"),
        (f"token: {SECRET}\nuntil: 2026-02-30\n", "is no YAML at line 2, column 8 (no such day or time)"),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_run_in_one_sentence(read, content, said):
    status, printed = read(content)

    assert status == 2
    assert said in printed
    assert SECRET not in printed
    assert "Traceback" not in printed


@pytest.mark.slow
def test_a_file_that_cannot_be_decrypted_says_how_to_give_the_password(read, tmp_path):
    status, printed = read(f"token: {SECRET}\n", encrypt="a password")
    assert status == 2
    assert "set ANSIBLE_VAULT_PASSWORD_FILE or give --ask-vault-pass" in printed

    (tmp_path / "wrong").write_text("another")
    status, printed = read(None, "--vault-password-file", tmp_path / "wrong")
    assert status == 2
    assert "cannot be decrypted" in printed


@pytest.mark.slow
def test_nothing_there_is_a_template(read):
    """The password compared is `{{ 7*7 }}` itself."""
    status, printed = read("token: 'the-secret-itself'\nother: '{{ lookup(\"pipe\", \"touch ran\") }}{% for %}'\n")
    assert status == 0, printed
    assert not (ROOT / "ran").exists()


@pytest.mark.slow
def test_a_repo_that_is_not_there_says_what_to_set_once_for_all_files(read):
    status, printed = read("token: x\n", "-e", '{"credentials_files": ["probe", "another"]}', repo="")

    assert status == 2
    assert "DM_CREDENTIALS_REPO is not set" in printed
    assert "; DM_CREDENTIALS_REPO is not set" not in printed


@pytest.mark.slow
def test_sops_files_go_through_the_sops_binary(read, tmp_path):
    """A stand-in for the binary, which no registry has: it decrypts what it is given to the secret."""
    (tmp_path / "repo" / "vars").mkdir(parents=True)
    (tmp_path / "repo" / "vars" / "probe.sops.yml").write_text("token: ENC[AES256_GCM,data:x]\nsops: {}\n")

    status, printed = read(None)
    assert status == 2
    assert "probe.sops.yml cannot be decrypted with sops" in printed

    sops = tmp_path / "sops"
    sops.write_text(f'#!/bin/sh\ncase "$*" in *version*) echo "sops 3.9.0" ;; *) echo "token: {SECRET}" ;; esac\n')
    sops.chmod(0o755)
    status, printed = read(None, path=tmp_path)
    assert status == 0, printed
