"""The record of what was done for or to a person: who did it, when, what became of each action. One JSON file a run.

It is written before the first call and after each one, so that a run that was cut off leaves one that says so.
"""

from __future__ import annotations

import datetime
import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.person.plan import Person
from ansible.module_utils.estate.plan import Action


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def devices_seen(records: str, name: str) -> tuple[list[str], bool]:
    """(serials of the person's MFA devices in earlier records, whether one says that the user was deleted)."""
    serials: set[str] = set()
    deleted = False
    for path in sorted(Path(records).glob("*.json")) if Path(records).is_dir() else []:
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["person"] != name:
                continue
            serials.update(kept["devices"])
            deleted |= kept["what"] == "delete" and any(
                action["method"] == "iam.delete_user" and action["status"] != "not tried" for action in kept["actions"]
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue  # somebody else's file
    return sorted(serials), deleted


class Record:
    """Calls actions, and writes down what becomes of each. Without a record nothing is called."""

    def __init__(
        self,
        records: str,
        what: str,
        name: str,
        account: str,
        by: Mapping[str, str],
        actions: Iterable[Action],
        live: Person | None,
        call: Callable[[Action], Any],
        explain: Callable[[Exception], str] = str,
    ) -> None:
        self._folder, self._call, self._explain = Path(records), call, explain
        self._lock = threading.Lock()
        self.path: Path | None = None
        self.content: dict[str, Any] = {
            "person": name,
            "what": what,
            "account": account,
            "by": dict(by),
            "begun": "",
            "ended": "",
            "status": "begun",
            "devices": list(live.devices) if live else [],
            "actions": [
                {"method": one.method, "resource": one.resource, "status": "not tried", "why": ""} for one in actions
            ],
        }

    def __call__(self, action: Action) -> Any:
        with self._lock:
            asked = (action.method, action.resource)
            line = next(one for one in self.content["actions"] if (one["method"], one["resource"]) == asked)
            line["status"] = "unknown"  # until the call is back
            self._write()
        try:
            answer = self._call(action)
        except Exception as exc:
            self._ended(line, "failed", self._explain(exc))
            raise
        self._ended(line, "done", "")
        return answer

    def _ended(self, line: dict[str, str], status: str, why: str) -> None:
        with self._lock:
            line |= {"status": status, "why": why}
            whole = all(one["status"] == "done" for one in self.content["actions"])
            self.content |= {"status": "done" if whole else "half done", "ended": _now()}
            self.content["signed_off"] = {**self.content["by"], "at": self.content["ended"]}
            self._write()

    def _begin(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.content["begun"] = _now()
        stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        name = f"{self.content['what']}-{self.content['person']}.json"
        for number in range(1, 100):
            path = self._folder / f"{stamp}{f'-{number}' if number > 1 else ''}-{name}"
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                continue
            return path
        raise FileExistsError(17, f"too many records of {self.content['person']}")

    def _write(self) -> None:
        try:
            self.path = self.path or self._begin()
            draft = self.path.with_name(f".{self.path.name}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(json.dumps(self.content, indent=1) + "\n")
            draft.replace(self.path)
        except OSError as exc:
            raise Refusal(f"no record can be kept in {self._folder} ({exc.strerror})") from None
