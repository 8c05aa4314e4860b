"""The finitely many contexts that conditions can tell apart, as the bits of numbers.

Each key gets a value for each class that its conditions tell apart, and "absent". A condition that cannot be decided
by values (a variable without a known value, an operator that is not known) is a dimension of its own: it holds or not,
the same before and after. That admits more contexts than there are, so it may call something new that is not; never
the reverse.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, localcontext

from ansible.module_utils.estate.effects.classes import ANY_CASE, ARN, TEXT, Undecided, together
from ansible.module_utils.estate.evaluator.conditions import holds, moment, network, number, operator
from ansible.module_utils.estate.evaluator.patterns import itself
from ansible.module_utils.estate.evaluator.words import Open

MOST = 1 << 18  # contexts of one question
SETS = 5  # classes of a key with several values, of which every set is a context

Values = tuple[str, ...] | None
# In every request: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
ALWAYS = {"aws:currenttime", "aws:epochtime", "aws:securetransport", "aws:viaawsservice", "aws:principalisawsservice"}


_KINDS = {"ipaddress": "address", "bool": "bool", "date": "date", "numeric": "number"}


def family(name: str) -> str:
    """Operators that read values alike: of these one value can stand for a class."""
    base = operator(name).base
    return "" if base == "null" else next((kind for start, kind in _KINDS.items() if base.startswith(start)), "text")


def _values(kind: str, conditions: Sequence[Open]) -> list[str]:
    """A value for each class that conditions of one kind tell apart."""
    wanted = [(operator(one.operator).base, value) for one in conditions for value in one.values]
    if kind == "bool":
        return ["true", "false"]
    if kind == "address":
        return addresses([value for _, value in wanted])
    if kind in ("date", "number"):
        return _numbers(kind, [value for _, value in wanted])
    return list(together(_pattern(base, value) for base, value in wanted if base != "null"))


def _pattern(base: str, value: str) -> tuple[str, str]:
    if base.startswith("arn"):
        return value, ARN
    if base == "stringlike":
        return value, TEXT
    return itself(value), ANY_CASE if base == "stringequalsignorecase" else TEXT


def addresses(wanted: Iterable[str]) -> list[str]:
    """The first address of each stretch that no network cuts."""
    starts = {ipaddress.ip_address("0.0.0.0"), ipaddress.ip_address("::")}  # noqa: S104 - an address, nothing listens
    for text in wanted:
        if net := network(text):
            starts.add(net.network_address)
            if int(net.broadcast_address) + 1 < 1 << net.max_prefixlen:
                starts.add(net.broadcast_address + 1)
    return [str(one) for one in starts]


def _numbers(kind: str, wanted: Iterable[str]) -> list[str]:
    """Each limit, and a number between each two and beyond; exact, since a limit that is missed is taken for safe."""
    read: Callable[[str], float | Decimal | None] = moment if kind == "date" else number
    limits = sorted({Decimal(found) for text in wanted if (found := read(text)) is not None})
    if not limits:
        return ["0"]
    try:
        with localcontext(prec=100):
            between = [(one + other) / 2 for one, other in itertools.pairwise(limits)]
            below, above = (end * 2 for end in (min(limits[0], Decimal(-1)), max(limits[-1], Decimal(1))))
        # Four digits would be a year.
        return [
            f"{one:.60f}".rstrip("0") + "0" if kind == "date" else str(one) for one in (below, *limits, *between, above)
        ]
    except ArithmeticError:
        raise Undecided(f"numbers as large as {limits[-1]} are not compared") from None


class Contexts:
    """All contexts of a set of conditions; a set of contexts is a number with a bit for each."""

    def __init__(self, conditions: Iterable[Open]) -> None:
        by_key: dict[str, list[Open]] = {}
        self._atoms: dict[Open, int] = {}
        for one in set(conditions):
            if one.operator in ("?", "Variable", "NotVariable") or not operator(one.operator).known or _varies(one):
                self._atoms[one] = 0
            else:
                by_key.setdefault(one.key.lower(), []).append(one)
        self._values: dict[str, list[Values]] = {}
        for key, found in sorted(by_key.items()):
            kinds = sorted({kind for one in found if (kind := family(one.operator))})
            # Of operators of two kinds on one key the second's are dimensions of their own.
            left = [one for one in found if family(one.operator) in ("", *kinds[:1])]
            values = _sets(key, list(dict.fromkeys(_values(kinds[0], left))) if kinds else ["x"], left)
            for one in found:
                if one not in left:
                    self._atoms[one] = 0
                elif None in [holds(one.operator, one.values, value) for value in values]:
                    self._atoms[one._replace(operator="?")] = 0  # holds or not where its value does not decide
            self._values[key] = values
        sizes = [len(values) for values in self._values.values()] + [2] * len(self._atoms)
        self.count = 1
        self._strides: list[int] = []
        for size in sizes:
            self._strides.append(self.count)
            self.count *= size
        if self.count > MOST:
            raise Undecided(f"conditions on {', '.join(self._values)} tell too many requests apart")
        self.all = (1 << self.count) - 1
        self.sure = not self._atoms
        self._places = {key: place for place, key in enumerate(self._values)}
        self._held: dict[Open, int] = {}
        for place, atom in enumerate(self._atoms, start=len(self._values)):
            self._held[atom] = self._bits(place, 2, [1])

    def _bits(self, place: int, size: int, chosen: Iterable[int]) -> int:
        """The contexts in which a dimension has one of the chosen values."""
        stride = self._strides[place]
        block = sum(((1 << stride) - 1) << (one * stride) for one in chosen)
        return block * (self.all // ((1 << stride * size) - 1))

    def where(self, condition: Open) -> int:
        """The contexts in which a condition holds."""
        if condition not in self._held:
            values = self._values[condition.key.lower()]
            answers = [holds(condition.operator, condition.values, one) for one in values]
            where = self._places[condition.key.lower()], len(values)
            met = self._bits(*where, [place for place, answer in enumerate(answers) if answer])
            if perhaps := [place for place, answer in enumerate(answers) if answer is None]:
                met |= self._bits(*where, perhaps) & self._held[condition._replace(operator="?")]
            self._held[condition] = met
        return self._held[condition]

    def where_all(self, conditions: Iterable[Open]) -> int:
        found = self.all
        for one in conditions:
            found &= self.where(one)
        return found

    def example(self, where: int) -> dict[str, Values]:
        """The values of the first context of a set."""
        place = (where & -where).bit_length() - 1
        found = {}
        for (key, values), stride in zip(self._values.items(), self._strides, strict=False):
            found[key] = values[place // stride % len(values)]
        return found


def _varies(one: Open) -> bool:
    return any("${" in value for value in one.values)


def _sets(key: str, values: list[str], conditions: Sequence[Open]) -> list[Values]:
    absent: list[Values] = [] if key in ALWAYS else [None]
    single: list[Values] = [(value,) for value in values]
    if not any(operator(one.operator).every for one in conditions):
        return absent + single
    if len(values) > SETS:
        raise Undecided(f"conditions on the values of {key} tell too many sets apart")
    more = (chosen for size in range(2, len(values) + 1) for chosen in itertools.combinations(values, size))
    return [*absent, *single, *more]
