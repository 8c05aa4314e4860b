"""Loads filters, tests and usual lookups before Ansible forks: else each task of each host, a process, loads them.

Also has these processes end with Ansible.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from types import SimpleNamespace
from typing import Any

import jinja2
from ansible._internal._task import UnifiedTaskResult
from ansible._internal._templating._jinja_bits import _BUILTIN_FILTERS, _BUILTIN_TESTS
from ansible.playbook.play_context import PlayContext
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import connection_loader, filter_loader, lookup_loader, shell_loader, test_loader
from ansible.vars import manager

PR_SET_PDEATHSIG = 1
# Ansible marks all that its old `vars` has as deprecated, for each task of each host anew. Nobody here asks it.
UNMARKED = SimpleNamespace(tag=lambda value: value)

DOCUMENTATION = """
name: dm_load_filters
type: aggregate
short_description: Load every filter before Ansible forks
description: Loading them costs a third of what a task on a host costs, measured in CPU time.
"""


def end_with_ansible() -> None:
    """Whoever kills a run kills all of it: its processes would go on in AWS, and then wait for ever to tell it.

    https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
    """
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None).prctl
        os.register_at_fork(after_in_child=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL))


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "dm_load_filters"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook: Any) -> None:  # noqa: ARG002 Ansible's signature
        for loader, jinjas_own in ((filter_loader, _BUILTIN_FILTERS), (test_loader, _BUILTIN_TESTS)):
            list(loader.all())
            # Jinja's own ("map") it would else look for in every file of Ansible's, each process anew.
            for name, plugin in jinjas_own.items():
                plugin._original_path = plugin._original_path or jinja2.__file__
                loader._cached_non_collection_wrappers.setdefault(name, plugin)
        for name in ("dm_arguments", "dm_template", "env", "file", "pipe", "template", "unvault", "varnames", "vars"):
            lookup_loader.get(name)
        shell_loader.get("sh")
        connection_loader.get("local", PlayContext())
        _ = PlayContext.fattributes
        for is_module in (True, False):
            UnifiedTaskResult.get_result_key_to_resolved_field_mapping(source_is_module=is_module)
        manager._DEPRECATE_VARS = UNMARKED
        end_with_ansible()
        gc.freeze()
        gc.set_threshold(100_000, 20, 100)

    # What is there now stays: looking through it, in each process and once more at the end, finds nothing to free.
    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002 Ansible's signature
        gc.freeze()

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ARG002 Ansible's signature
        gc.freeze()
