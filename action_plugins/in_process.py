"""Runs a module of this project in Ansible's own process, where it would run on this machine with this Python anyway.

A module is otherwise packed, sent, unpacked, compiled and started anew for every task, with boto3 each time: half of
what a converge costs. Here everything is imported once, before Ansible forks the process that each task has to itself.
Anywhere else than on this machine with this Python the module runs as every other one does.

What a module says of how far it has come (module_utils/estate/progress.py) goes to Ansible's display at once.

In a run that carries out a reviewed plan (`-e @PLAN`) it hands each module that plans what was reviewed for its host.

One file for all modules: the others are links to it.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import ansible.module_utils
from ansible import constants as C
from ansible.module_utils import basic
from ansible.module_utils.common.json import Direction, get_module_encoder
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash

PROFILE = "legacy"  # how Ansible and modules that are not its own write JSON to each other
ROOT = Path(__file__).parent.parent

# Where Ansible would put them when it packs a module.
if str(ROOT / "module_utils") not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(str(ROOT / "module_utils"))
from ansible.module_utils.estate import answers, progress
from ansible.module_utils.estate.run import argument_spec
from ansible.module_utils.estate.session import SERVICES, warm

answers.begin()
progress.hear(lambda line: Display().display(line, stderr=True))


def load(name: str) -> ModuleType:
    """The module's own file, imported once."""
    known = sys.modules.get(f"library.{name}")
    if known:
        return known
    spec = importlib.util.spec_from_file_location(f"library.{name}", ROOT / "library" / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"library/{name}.py cannot be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[f"library.{name}"] = module
    if hasattr(module, "Clients"):
        warm(getattr(module, "SERVICES", SERVICES))
        argument_spec(module.DOCUMENTATION)
        importlib.import_module("ansible_collections.amazon.aws.plugins.module_utils.modules")
    return module


# Ansible looks at the plugin before it forks, so this is where an import serves every task.
for direction in Direction:
    get_module_encoder(PROFILE, direction)
if Path(__file__).is_symlink():
    load(Path(__file__).stem)


@contextlib.contextmanager
def surroundings(args: dict[str, Any], environment: dict[str, str]) -> Iterator[io.StringIO]:
    """What a module finds in a process of its own; all is put back, since a loop runs its items in one process."""
    before = dict(os.environ)
    text = json.dumps({"ANSIBLE_MODULE_ARGS": args}, cls=get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE))
    basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = text.encode(), PROFILE
    os.environ.update({name: str(value) for name, value in environment.items()})
    try:
        with contextlib.redirect_stdout(io.StringIO()) as output:
            yield output
    finally:
        basic._ANSIBLE_ARGS = basic._ANSIBLE_PROFILE = None
        os.environ.clear()
        os.environ.update(before)


def is_data(value: Any) -> bool:
    """Whether nothing in it is of Ansible's own types, which alone can hold a template."""
    if type(value) is dict:
        return all(type(name) is str and is_data(part) for name, part in value.items())
    return all(map(is_data, value)) if type(value) is list else type(value) in (str, int, float, bool, type(None))


class ActionModule(ActionBase):
    _supports_check_mode = True
    _supports_async = True

    @classmethod
    def finalize_task_arg(cls, name: str, value: Any, templar: Any, context: Any) -> Any:
        """What a filter has worked out is as it is; looking for templates in it took longer than the filter."""
        return value if is_data(value) else super().finalize_task_arg(name, value, templar, context)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        name = self._task.action.rpartition(".")[2]
        args = dict(self._task.args)
        if "dm_reviewed" in task_vars:
            reviewed = task_vars["dm_reviewed"].get(task_vars["inventory_hostname"])
            if reviewed is None:
                return {**result, "failed": True, "msg": "the plan that was reviewed has no such host: plan again"}
            if "dm_estate" in load(name).DOCUMENTATION:
                args["reviewed"] = reviewed
        if not self._is_here(task_vars):
            wrap_async = bool(self._task.async_val)
            return merge_hash(
                result, self._execute_module(module_args=args, task_vars=task_vars, wrap_async=wrap_async)
            )
        self._update_module_args(name, args, task_vars)
        environment: dict[str, str] = {}
        self._compute_environment_string(environment)
        with surroundings(args, environment) as output, contextlib.suppress(SystemExit):
            load(name).main()
        answer = self._parse_returned_data({"stdout": output.getvalue(), "stderr": "", "rc": 0}, PROFILE)
        answer.remove_internal_keys()
        return merge_hash(result, answer.as_result_dict(for_round_trip=True))

    def _is_here(self, task_vars: dict[str, Any]) -> bool:
        python = self._templar.template(task_vars.get("ansible_python_interpreter", ""))
        return (
            self._connection.transport == "local"
            and not self._task.async_val
            and not self._connection.become
            and python == sys.executable
            and not C.DEFAULT_KEEP_REMOTE_FILES
        )
