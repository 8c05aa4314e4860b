"""A template is compiled once, and means the same as where it is compiled anew each time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

PLAY = """
- hosts: localhost
  gather_facts: false
  vars:
    number: 3
    twice: "{{ number * 2 }}"
    slash: "{{ 'a\\\\b' }}"
    once_more: "{{ twice }}"
  tasks:
    - name: Say it
      ansible.builtin.debug:
        msg: "{{ twice }} {{ slash }} {{ once_more | type_debug }}"
      when: number > 2
    - name: Skip it
      ansible.builtin.debug:
        msg: "never"
      when: number > 3
    - name: Write with delimiters of its own, and backslashes as they stand
      ansible.builtin.template:
        src: own.j2
        dest: "{{ playbook_dir }}/written"
        mode: "0600"
    - name: Fail where it stands
      ansible.builtin.debug:
        msg: "{{ number + }}"
"""

# Counts what Jinja compiles in each process that Ansible forks.
COUNTING = """
import os
from ansible.executor.process.worker import WorkerProcess
from ansible.plugins.callback import CallbackBase
from jinja2.environment import Environment

compile_anew = Environment._generate
def counted(self, *args, **words):
    with open(os.environ["COUNTED"], "a") as file:
        print(os.getpid() == PARENT, file=file)
    return compile_anew(self, *args, **words)
Environment._generate = counted
PARENT = os.getpid()

class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "counting"
"""


@pytest.fixture
def play(tmp_path):
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "own.j2").write_text("#jinja2: variable_start_string:'[['\n[[ number }} {{ number }} [[ 'a\\\\b' }}\n")
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/counting.py").write_text(COUNTING)

    def run(*callbacks: str):
        counted = tmp_path / "counted"
        for old in (counted, tmp_path / "written"):
            old.unlink(missing_ok=True)
        done = subprocess.run(
            [BIN / "ansible-playbook", "-i", "localhost,", "-c", "local", tmp_path / "play.yml"],
            capture_output=True, text=True, check=False, cwd=ROOT,
            env={
                **os.environ, "COUNTED": str(counted), "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
                "ANSIBLE_CALLBACK_PLUGINS": f"{ROOT}/callback_plugins:{tmp_path}/plugins",
                "ANSIBLE_DISPLAY_OK_HOSTS": "yes", "ANSIBLE_DIFF_ALWAYS": "no",
                "ANSIBLE_CALLBACKS_ENABLED": ",".join(["counting", *callbacks]),
                "DM_PLAN_FILE": str(tmp_path / "plan.json"),
            },
        )  # fmt: skip
        forked = counted.read_text().split().count("False")
        return done.stdout, (tmp_path / "written").read_text(), forked

    return run


def test_tasks_find_compiled_what_the_play_says_and_all_means_the_same(play):
    anew = play()
    once = play("dm_compile_once")

    assert once[:2] == anew[:2]
    assert "6 a\\b int" in once[0]
    assert "play.yml:25" in once[0], "what has no syntax is told with its place"
    assert once[2] <= anew[2] / 3, "only what is no YAML is compiled by a task"
