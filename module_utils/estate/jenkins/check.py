"""What is wrong with rendered jobs, which Jenkins would say only when it gets them, or never. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ansible.module_utils.estate.jenkins.config_xml import parse

# https://www.jenkins.io/doc/book/pipeline/syntax/#cron-syntax
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
_NAMES = {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}
_PART = re.compile(r"(?:\*|H(?:\((\d+)-(\d+)\))?|(\d+)(?:-(\d+))?)(?:/([1-9]\d*))?")


def problems(declared: Mapping[str, str], marker: str) -> list[str]:
    """A sentence for each: what jobs are told apart by, and their schedules. declared is {name: config.xml}."""
    if not marker.strip():
        return ["jenkins_jobs_marker is empty: every job of Jenkins would count as declared here"]
    said = []
    for name, config in sorted(declared.items()):
        job = parse(config)
        if marker not in (job.findtext("description") or ""):
            said.append(
                f"job {name}: its description has lost the line that tells whose it is ({marker}): choose a "
                "jenkins_jobs_marker of one line without blanks at its ends"
            )
        for spec in job.iterfind(".//hudson.triggers.TimerTrigger/spec"):
            said += [f"job {name}: {why} (jenkins_jobs_schedules)" for why in cron(spec.text or "")]
    return said


def cron(spec: str) -> Iterable[str]:
    """As CronTabList.create and BaseParser of Jenkins' core read them."""
    for number, line in enumerate(map(str.strip, spec.splitlines())):
        zone = line.removeprefix("TZ=")
        if zone != line:
            import zoneinfo  # 1 MB of what was built with Python, in each of a run's processes

            known = zoneinfo.available_timezones()
            if known and zone not in known:
                yield f"{zone} is no time zone such as Europe/London"
            elif number:
                yield f"'{line}' is for the first line only"
        elif line and not line.startswith("#") and line not in _NAMES:
            yield from _line(line)


def _line(line: str) -> Iterable[str]:
    fields = line.split()
    if len(fields) != len(_FIELDS):
        yield f"'{line}' has {len(fields)} fields, of {', '.join(name for name, *_ in _FIELDS)}"
        return
    for field, (name, low, high) in zip(fields, _FIELDS, strict=True):
        for part in field.split(","):
            if not _is_part(part, low, high):
                yield f"'{part}' is no {name} ({low} to {high}), in '{line}'"


def _is_part(part: str, low: int, high: int) -> bool:
    found = _PART.fullmatch(part)
    if not found:
        return False
    hashed, first, last, step = part[0] == "H", found[1] or found[3], found[2] or found[4] or found[3], found[5]
    # Of H alone Jenkins leaves out the days that not every month has, and the second Sunday.
    start, end = int(first or low), int(last or {31: 28, 7: 6}.get(high, high))
    if not low <= start <= end <= high:
        return False
    return not (hashed and step) or int(step) <= end - start + 1
