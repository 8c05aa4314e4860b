"""One cause that somebody should look at, as one value, whatever it was found by. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

SEVERITIES = ("critical", "high", "medium", "low", "info")


class Kind(NamedTuple):
    severity: str
    why: str  # why it matters, in one sentence


# What docs/findings.md says how to respond to, under the same names.
KINDS = {
    "failed": Kind("high", "What failed was not done, and what comes after it was not looked at."),
    "proof failed": Kind("high", "It was tried, the way the public or a restore would, and did not work."),
    "proof waiting": Kind("medium", "It is not proved yet; until then nobody knows whether it works."),
    "change": Kind("medium", "What is live is not what was declared and reviewed."),
    "missing": Kind("medium", "It is declared and not there, so whatever relies on it does not work."),
    "surplus": Kind("high", "It is live although the list that it should be on is complete without it."),
    "drift": Kind("medium", "It differs from what is declared, and no call of a converge can mend it."),
    "unmanaged": Kind("low", "Nobody declared it, so nobody reviewed it and nothing keeps it as it is."),
    "note": Kind("info", "It needs a person soon, or something that no call can do."),
    "invariant": Kind("critical", "It is what must never be."),
    "root": Kind("critical", "Whoever has the root user has the account, whatever else is declared."),
    "anyone": Kind("critical", "Anybody at all can get in."),
    "able": Kind("high", "It can make itself more than it was given."),
    "no MFA": Kind("high", "A stolen password is enough."),
    "key": Kind("medium", "A key that is old or unused is a key that nobody would miss when it is stolen."),
    "dangling": Kind("medium", "One side of a grant is there: whoever makes the other side gets in."),
    "dead": Kind("low", "It names somebody who was deleted."),
    "outside": Kind("medium", "Somebody outside our accounts is let in, and nobody here can check who."),
    "federated": Kind("medium", "Another system says who gets in."),
    "administrator": Kind("high", "It may do anything in its account."),
    "members": Kind("low", "It may give people what groups have."),
    "own policy": Kind("medium", "A person's own policy is read by nobody who reads the groups."),
    "unreachable": Kind("low", "Nobody can use it."),
    "no group": Kind("low", "It has what nobody declared, or nothing."),
    "report": Kind("medium", "What AWS reports of credentials could not be relied on."),
}
UNKNOWN = Kind("medium", "It was found, and nobody has said yet what it means.")


class Finding(NamedTuple):
    id: str  # of the cause, not of the resources' names: the same in every run, whatever is renamed
    kind: str
    severity: str
    title: str
    resources: tuple[str, ...] = ()  # "preview: bucket digitalmarketplace-…"
    places: tuple[str, ...] = ()  # "preview buckets": host and purpose that have to be looked at again to know it gone
    details: tuple[str, ...] = ()
    since: str = ""
    who: str = ""
    when: str = ""
    mend: str = ""
    adopt: str = ""
    adopt_file: str = ""
    file: str = ""
    line: int = 0
    state: str = "open"  # or "accepted"
    told: str = ""  # what its acceptance says: until when, by whom, why; or why it is back

    @property
    def why(self) -> str:
        return KINDS.get(self.kind, UNKNOWN).why

    def as_dict(self) -> dict[str, Any]:
        """As it is stored and shown; "accept" is what to paste to accept it."""
        return {**self._asdict(), "why": self.why, "accept": accept(self) if self.state == "open" else ""}


def of_dict(stored: Mapping[str, Any]) -> Finding:
    kept: dict[str, Any] = {name: stored[name] for name in Finding._fields if name in stored}
    return Finding(**kept | {name: tuple(kept[name]) for name in ("resources", "places", "details") if name in kept})


# What passes by itself and makes no other cause of it: dates, ages and how long something took.
_PASSING = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?|\b\d+(?:\.\d+)? (?:s|seconds?|minutes?|hours?|days?)\b"
)


def identity(kind: str, *cause: str) -> str:
    """The same for the same cause."""
    text = json.dumps([kind, *(_PASSING.sub("#", part) for part in cause)])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def merged(found: Iterable[Finding]) -> list[Finding]:
    """One row per cause, what is worst first."""
    rows: dict[str, Finding] = {}
    for one in found:
        known = rows.get(one.id)
        rows[one.id] = one if known is None else _together(known, one)
    return sorted(rows.values(), key=lambda one: (SEVERITIES.index(one.severity), one.kind, one.title, one.id))


def _together(one: Finding, other: Finding) -> Finding:
    """The same whichever comes first: agents plan their shares in any order."""
    first = min(one, other, key=lambda each: each.resources)

    def both(name: str) -> tuple[str, ...]:
        return tuple(sorted({*getattr(one, name), *getattr(other, name)}))

    worst = min(one.severity, other.severity, key=SEVERITIES.index)
    mend = "\n".join(sorted({*one.mend.splitlines(), *other.mend.splitlines()}))
    lists: dict[str, Any] = {name: both(name) for name in ("resources", "places", "details")}
    return first._replace(severity=worst, mend=mend, **lists)


def accept(one: Finding) -> str:
    """What to paste into accepted_findings; who does it fills in the rest."""
    key = f'"{one.id}"' if one.id.isdigit() else one.id  # which YAML would read as a number
    lines = [f"- finding: {key}", f"  about: {json.dumps(one.title, ensure_ascii=False)}", "  resources:"]
    lines += [f"  - {json.dumps(name, ensure_ascii=False)}" for name in one.resources] or ["  []"]
    return "\n".join([*lines, "  owner: ", "  reason: ", "  until: "]).replace("resources:\n  []", "resources: []")
