"""Where a value of the vars was written. Ansible's tags on its data are the only thing that knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.estate.kept import memory

try:
    from ansible._internal._datatag._tags import Origin
    from ansible._internal._templating._jinja_bits import is_possibly_template
    from ansible._internal._templating._lazy_containers import _AnsibleLazyTemplateDict as LazyDict
    from ansible._internal._templating._lazy_containers import _AnsibleLazyTemplateList as LazyList
except ImportError:  # on another machine there are no vars
    Origin = None
    LazyDict = LazyList = ()


def place_of(value: Any) -> tuple[str, int] | None:
    """(file, line), or None where nobody knows."""
    origin = Origin.get_tag(value) if Origin else None
    return (origin.path, origin.line_num) if origin and origin.path and origin.line_num else None


def line_of(value: Any) -> str:
    """' (line 7)', or '' where nobody knows."""
    origin = Origin.get_tag(value) if Origin else None
    return f" (line {origin.line_num})" if origin and origin.line_num else ""


def is_worked_out(value: Any) -> bool:
    """Whether no template is in it."""
    if isinstance(value, str):
        return not is_possibly_template(value)
    if isinstance(value, dict):
        return all(map(is_worked_out, value.values()))
    if isinstance(value, list | tuple):
        return all(map(is_worked_out, value))
    return value is None or isinstance(value, int | float)


def plain(value: Any) -> Any:
    """The same without what Ansible keeps of where it stands; working on that takes several times as long."""
    # Asked for what is below Ansible wraps all of it, to find templates also where there are none.
    if isinstance(value, LazyDict):
        value = {key: _below(value, key, part) for key, part in dict.items(value)}
    elif isinstance(value, LazyList):
        value = [_below(value, at, part) for at, part in enumerate(list.__iter__(value))]
    if isinstance(value, Mapping):
        return {str(key) if isinstance(key, str) else key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, str):
        return str(value)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _below(value: Any, key: Any, part: Any) -> Any:
    said = getattr(part, "value", part)
    return said if is_worked_out(said) else value[key]


class Plain(Mapping[str, Any]):
    """The vars as plain data, each worked out when it is asked for: one may be read from a file."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said
        self.known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self.known:
            self.known[name] = plain(self._said[name])
        return self.known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)


def plainly[T](work: Callable[[Mapping[str, Any]], T], said: Mapping[str, Any], name: str = "") -> T:
    """What work makes of the vars; where it refuses them, it is asked again with what knows where they stand.

    With a name, processes of a run that ask it of the same do so once: it is kept with all that it looked at.
    """
    asked = Plain(said)
    try:
        kept: tuple[list[str], dict[str, Any], T] | None = memory().get(name) if name else None
        if kept and kept[0] == [*said] and all(asked[one] == value for one, value in kept[1].items()):
            return kept[2]
        made = work(asked)
    except Exception:
        return work(said)
    if name:
        memory().put(name, ([*said], asked.known, made))
    return made


def file_and_line(value: Any) -> str:
    """' (file:line)', or '' where nobody knows."""
    if (place := place_of(value)) is None:
        return ""
    path = Path(place[0]).resolve()  # an inventory's group_vars may be a link to those of all
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f" ({shown}:{place[1]})"
