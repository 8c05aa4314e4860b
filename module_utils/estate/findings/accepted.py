"""Findings that somebody has accepted: for whom, why and until when. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.findings.finding import Finding
from ansible.module_utils.estate.origin import line_of

LONGEST = 180  # days
ANNOUNCED = 14  # days before the end
_KEYS = {"finding", "about", "resources", "owner", "reason", "until"}


def problems(entries: Any, today: datetime.date) -> Iterator[str]:
    """A sentence for each fault of accepted_findings. What has expired is none: the finding comes back."""
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        yield "accepted_findings is no list; write [] where nothing is accepted"
        return
    ids: set[str] = set()
    for number, entry in enumerate(entries, 1):
        where = f"accepted_findings, item {number}{line_of(entry)}"
        if not isinstance(entry, Mapping):
            yield f"{where} is no mapping; paste what the report shows to accept a finding"
            continue
        said = str(entry.get("finding", ""))
        yield from (f"{where} has the unknown key {key!r}; allowed are {', '.join(sorted(_KEYS))}"
                    for key in entry if key not in _KEYS)  # fmt: skip
        if not re.fullmatch(r"[0-9a-f]{12}", said):
            yield f"{where}: finding is {said!r}; it is the 12 letters and digits that the report shows"
        elif said in ids:
            yield f"{where}: {said} is accepted twice"
        ids.add(said)
        for key in ("owner", "reason"):
            if not isinstance(entry.get(key), str) or not entry[key].strip():
                yield f"{where}: {key} is missing; say {'who answers for it' if key == 'owner' else 'why it may stay'}"
        resources = entry.get("resources")
        if not isinstance(resources, Sequence) or isinstance(resources, str):
            yield f"{where}: resources is no list; it names what is accepted, as the report shows it"
        yield from _of_end(where, entry.get("until"), today)


def well_said(given: Mapping[str, Any], today: datetime.date) -> list[dict[str, Any]]:
    """What a host's vars accept, where that is well said; bin/estate check says what is not."""
    return [dict(one) for one in given.get("accepted_findings") or [] if not list(problems([one], today))]


def _of_end(where: str, until: Any, today: datetime.date) -> Iterator[str]:
    end = _date(until)
    if end is None:
        said = str(until) if isinstance(until, datetime.date) else until
        yield f"{where}: until is {said!r}; allowed is a day, YYYY-MM-DD"
    elif (end - today).days > LONGEST:
        last = today + datetime.timedelta(days=LONGEST)
        yield f"{where}: until {end} is more than {LONGEST} days away; the last day allowed is {last}"


def _date(until: Any) -> datetime.date | None:
    if isinstance(until, datetime.date):
        return None if isinstance(until, datetime.datetime) else until
    try:
        return datetime.date.fromisoformat(until) if re.fullmatch(r"\d{4}-\d\d-\d\d", str(until)) else None
    except ValueError:
        return None


def judge(found: Iterable[Finding], entries: Sequence[Mapping[str, Any]], today: datetime.date) -> list[Finding]:
    """Each with what its acceptance says. Expired, or wider than accepted, it is open, and says what was said then."""
    by_id = {str(entry["finding"]): entry for entry in entries}
    return [_judged(one, by_id[one.id], today) if one.id in by_id else one for one in found]


def _judged(one: Finding, entry: Mapping[str, Any], today: datetime.date) -> Finding:
    end = _date(entry["until"])
    said = f"by {entry['owner']} until {entry['until']}: {entry['reason']}"
    more = [name for name in one.resources if name not in entry["resources"]]
    if end is None or end < today:
        return one._replace(told=f"was accepted {said}")
    if more:
        return one._replace(told=f"was accepted {said}; new since then: {', '.join(more)}")
    soon = (end - today).days <= ANNOUNCED
    return one._replace(state="accepted", told=f"{'ends soon: ' if soon else ''}accepted {said}")


def unused(found: Iterable[Finding], entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Acceptances of what is no longer found."""
    ids = {one.id for one in found}
    return [
        f"{entry['finding']} ({entry.get('about', '')}) is accepted and no longer found: take it out"
        for entry in entries
        if str(entry["finding"]) not in ids
    ]
