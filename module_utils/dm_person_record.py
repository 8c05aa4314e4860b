"""The record of what was done for or to a person: who did it, when, what became of each action. One JSON file a run.

It is begun before the first call and ended after the last, so that a run that was cut off leaves one that says so.
"""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any, Self

from ansible.module_utils.dm_person import Person
from ansible.module_utils.dm_plan import Action


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
    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        self.path, self.content = path, content

    @classmethod
    def begin(
        cls,
        records: str,
        what: str,
        name: str,
        account: str,
        by: dict[str, str],
        actions: list[Action],
        live: Person | None,
    ) -> Self:
        """Raises OSError where no file can be made."""
        folder = Path(records)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        content = {
            "person": name,
            "what": what,
            "account": account,
            "by": by,
            "begun": _now(),
            "ended": "",
            "status": "begun",
            "devices": list(live.devices) if live else [],
            # What of these was done is not known as long as the record is only begun.
            "actions": [{"method": a.method, "resource": a.resource, "status": "unknown", "why": ""} for a in actions],
        }
        for number in range(1, 100):
            path = folder / f"{stamp}{f'-{number}' if number > 1 else ''}-{what}-{name}.json"
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                continue
            os.close(descriptor)
            record = cls(path, content)
            record._write()
            return record
        raise FileExistsError(17, f"too many records of {name}")

    def end(self, outcomes: list[dict[str, str]]) -> str:
        """Sign it off, and return where it is."""
        whole = all(outcome["status"] == "done" for outcome in outcomes)
        self.content |= {"actions": outcomes, "status": "done" if whole else "half done", "ended": _now()}
        self.content["signed_off"] = {**self.content["by"], "at": self.content["ended"]}
        self._write()
        return str(self.path)

    def _write(self) -> None:
        draft = self.path.with_name(f".{self.path.name}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(self.content, indent=1) + "\n")
        draft.replace(self.path)
