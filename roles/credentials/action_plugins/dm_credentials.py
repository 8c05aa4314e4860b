"""Files of the credentials repo as one hidden value, or a sentence for each that cannot be used.

Hidden is only what was read: with `no_log` on the task nobody would see the sentences either, so that each host took
a second task, a process of its own, to say them.
"""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    _supports_check_mode = True
    _requires_connection = False
    _VALID_ARGS = frozenset({"files", "problems"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        if problems := self._task.args["problems"]:
            return {**result, "failed": True, "msg": f"{'; '.join(problems)}."}
        # What was read before may be the answer of a read that failed.
        return {**result, **self._task.args["files"], "failed": False, "_ansible_no_log": True}
