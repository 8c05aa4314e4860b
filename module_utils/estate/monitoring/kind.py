"""What a kind of thing is: how it is read, in the words of the declaration, and which calls change one into the other.

Adding a kind is one file in kinds/, its words in check.py and its documentation in library/dm_monitoring.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from ansible.module_utils.estate.errors import or_none
from ansible.module_utils.estate.plan import Ref

Thing = Mapping[str, Any]  # what is declared, or what is live in the same words


class Call(NamedTuple):
    method: str
    params: Mapping[str, Any]
    outputs: tuple[tuple[str, str], ...] = ()


class Place(NamedTuple):
    """Where things are: most of AWS's names follow from it."""

    account_id: str
    region: str
    partition: str = "aws"
    keys: Mapping[str, str] = {}  # alias -> ARN of the KMS keys that are there

    def arn(self, service: str, rest: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{rest}"

    def role(self, name: str) -> str:
        return f"arn:{self.partition}:iam::{self.account_id}:role/{name}"

    def key(self, alias: str) -> str | Ref:
        return self.keys.get(alias) or Ref(f"key {alias}", "arn")

    def alias(self, arn: str | None) -> str:
        """The alias of a key, by which the vars name it; its ARN where it has none."""
        return next((alias for alias, known in self.keys.items() if known == arn), arn or "")


class Reader(NamedTuple):
    clients: Any
    pool: ThreadPoolExecutor
    where: Callable[[], Place]
    declared: Mapping[str, list[Thing]]  # by the kind's option

    @property
    def place(self) -> Place:
        """Waits, where a kind names keys, for what those are called: to be asked for as late as may be."""
        return self.where()

    def pages(self, service: str, method: str, key: str, **params: Any) -> list[Any]:
        pages = self.clients[service].get_paginator(method).paginate(**params)
        return [item for page in pages for item in page[key]]

    def each(self, ask: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """The answers side by side, without the Nones."""
        return [answer for answer in self.pool.map(ask, items) if answer is not None]

    def answer(self, service: str, method: str, absent: tuple[str, ...] = (), **params: Any) -> Any:
        """AWS's answer, or None where there is no such thing."""
        return or_none(lambda: getattr(self.clients[service], method)(**params), *absent)


class Kind(NamedTuple):
    name: str  # what a resource of it is called: "log group"
    option: str
    read: Callable[[Reader], dict[str, dict[str, Any]]]
    calls: Callable[[Thing, Thing | None, Place], Iterator[Call]]
    needs: Callable[[Thing], Iterable[str]] = lambda _: ()
    same: Callable[[str, Any, Any], bool] = lambda _word, live, wanted: bool(live == wanted)
    shown: Callable[[Thing], Thing] = lambda thing: thing
    names_keys: bool = False  # whether reading one means to know what KMS keys are called
    listed: bool = True  # whether what is not declared is read, and so can be reported

    def resource(self, name: str) -> str:
        return f"{self.name} {name}"

    def differs(self, wanted: Thing, live: Thing) -> list[str]:
        """The words in which what is live is not as declared. What the declaration leaves out stays as it is."""
        return [word for word, value in wanted.items() if not self.same(word, live.get(word), value)]
