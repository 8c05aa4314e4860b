"""What a change means for people, in sentences: who gains or loses what, where, through what and if."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from ansible.module_utils.estate.effects.askers import ANYBODY
from ansible.module_utils.estate.effects.classes import head_of
from ansible.module_utils.estate.effects.compare import new_access
from ansible.module_utils.estate.effects.judged import Held
from ansible.module_utils.estate.effects.question import Gain
from ansible.module_utils.estate.evaluator import words
from ansible.module_utils.estate.evaluator.composed import Estate, Lives, Reader
from ansible.module_utils.estate.evaluator.document import Statement, account_in
from ansible.module_utils.estate.evaluator.evaluate import acts, applies
from ansible.module_utils.estate.evaluator.patterns import filled, like, resource_like
from ansible.module_utils.estate.evaluator.request import Known, Values

NOTHING_NEW = "this grants nobody anything new"
_USUAL: dict[str, Values] = {"aws:viaawsservice": ("false",), "aws:securetransport": ("true",)}
NAMED = 4  # names that a line has before it counts


class Effects(NamedTuple):
    gains: tuple[str, ...]
    losses: tuple[str, ...]
    undecided: tuple[str, ...]  # what could not be proved either way

    @property
    def grants(self) -> bool:
        """Whether anybody may get anything new: also where that could not be decided."""
        return bool(self.gains or self.undecided)

    @property
    def lines(self) -> list[str]:
        """What a plan says first: that nothing new is granted only where that was proved."""
        proved = [] if self.grants else [NOTHING_NEW]
        return [*proved, *self.gains, *self.losses, *(f"not proved: {one}" for one in self.undecided)]


def effects(before: Lives, after: Lives, names: Mapping[str, str] | None = None) -> Effects:
    """What after allows and before does not, and the other way round.

    Both are accounts as dm_access_info returns them, all of them or those that are known: what hangs on an account that
    is not there is taken to be let in by it. names are accounts' names by id, also of those that are not there.
    """
    reader = Reader()
    old, new = Estate(before, reader), Estate(after, reader)
    names = {**(names or {}), **{account.id: account.name for account in (*old.accounts, *new.accounts)}}
    gained, lost = new_access(old, new), new_access(new, old)
    return Effects(
        tuple(_lines(gained.gains, "gain", names)),
        tuple(_lines(lost.gains, "lose", names)),
        tuple(gained.undecided),
    )


class _What(NamedTuple):
    said: str
    through: str
    conditions: tuple[str, ...]


def _lines(gains: Iterable[Gain], verb: str, names: Mapping[str, str]) -> list[str]:
    """Everybody who gains the same in the same way in one line."""
    cells: dict[tuple[tuple[str, ...], str, tuple[str, ...]], dict[str, dict[str, None]]] = {}
    for gain in gains:
        for held in _by(gain):
            through = f"through {held.holder}{'' if held.side == 'resource' else f' ({held.policy})'}"
            key = (tuple(one.name for one in gain.whose), through, _needs(gain, held))
            for action, resource in _patterns(gain, held):
                cells.setdefault(key, {}).setdefault(_where(gain, resource, names), {})[action] = None
    whose: dict[_What, list[str]] = {}
    for (who, through, needs), places in cells.items():
        same: dict[tuple[str, ...], list[str]] = {}
        for place, actions in places.items():
            same.setdefault(_widest(tuple(sorted(actions))), []).append(place)
        for patterns, where in same.items():
            whose.setdefault(_What(_said(patterns, _widest(tuple(sorted(where)))), through, needs), []).extend(who)
    return sorted(
        f"{words.some(sorted(set(who)), NAMED)} {verb}{'s' if len(set(who)) == 1 else ''} {what.said} {what.through}"
        f"{', if ' + '; '.join(what.conditions) if what.conditions else ''}"
        for what, who in ((what, [ANYBODY] if ANYBODY in everybody else everybody) for what, everybody in whose.items())
    )


def _by(gain: Gain) -> list[Held]:
    """What to tell it by: the statement that is new, or else what allows it (something else went that kept it off)."""
    new = [held for held in gain.since if held.statement.allows]
    identity = [held for held in new or gain.by if held.side == "identity"]
    return identity or new or list(gain.by)


def _needs(gain: Gain, held: Held) -> tuple[str, ...]:
    """The conditions of what allows it; those of denials are said where the asker's other policies have them."""
    known = Known(gain.asker.known | _USUAL)
    theirs = (one for one in gain.by if one.side == "resource" and held.side == "identity")
    opens: set[words.Open] = set()
    for one in (held, *theirs):
        on_role = one.side == "resource" and gain.thing is not None and gain.thing.kind == "role"
        is_ = applies(one.statement, gain.action, None if on_role else gain.resource, known)
        opens |= is_.opens if is_ else frozenset()
    limits = [
        words.unless(denied.opens)
        for source in gain.asker.principal.sources
        for one in source.statements
        if not one.allows and (denied := applies(one, gain.action, gain.resource, known)) and denied.opens
    ]
    return words.phrases(opens, limits)


def _patterns(gain: Gain, held: Held) -> list[tuple[str, str]]:
    """The narrowest words for it that policies have: of the statement itself, or of what went."""
    sources: list[Statement] = [one.statement for one in gain.since if one is not held] + [held.statement]
    actions, resources = ["*"], ["*"]
    for one in sources:
        if not one.not_actions and acts(one, gain.action):
            actions = _narrow(actions, _meant(one, gain.actions))
        if not one.not_resources and one.resources:
            written = [(p, filled(p, gain.asker.known)[0]) for p in one.resources]
            resources = _narrow(resources, [p for p, w in written if resource_like(w, gain.resource)])
    if gain.thing is not None:
        resources = [gain.thing.arn + ("/*" if "/" in gain.resource and gain.thing.kind == "bucket" else "")]
    return [(action, resource) for action in actions for resource in resources]


def _meant(statement: Statement, actions: tuple[str, ...]) -> list[str]:
    """A statement's patterns for any of the actions."""
    plain = set(actions)
    wild = [p for p in statement.actions if "*" in p or "?" in p]
    found = [p for p in statement.actions if p.lower() in plain]
    return found or [p for p in wild if any(like(p, action, ignore_case=True) for action in actions)]


def _narrow(known: list[str], found: list[str]) -> list[str]:
    """The longest patterns say the most."""

    def length(patterns: list[str]) -> int:
        return max(len(one.replace("*", "")) for one in patterns)

    return found if found and (known == ["*"] or length(found) > length(known)) else known


def _where(gain: Gain, resource: str, names: Mapping[str, str]) -> str:
    if gain.thing is not None:
        return gain.thing.name + (" (objects)" if gain.thing.kind != "role" and "/" in resource else "")
    if ":role/" in resource and not set("*?$") & set(resource):
        account = account_in(resource)
        return f"{names.get(account, account)}:{resource.rsplit('/', 1)[-1]}"
    return "anything" if resource == "*" else resource


@lru_cache(maxsize=200)
def _widest(found: tuple[str, ...]) -> tuple[str, ...]:
    heads = [(head_of(one.lower()), one) for one in found if "*" in one or "?" in one]

    def covered(one: str) -> bool:
        low = one.lower()
        return any(low.startswith(head) and other != one and like(other, one, True) for head, other in heads)

    return tuple(one for one in found if not covered(one))


def _said(actions: tuple[str, ...], where: tuple[str, ...]) -> str:
    places = words.some(where, 6)
    if all(action.lower().startswith("sts:assumerole") for action in actions):
        return places
    return f"{'everything' if actions == ('*',) else words.some(actions, 6)} on {places}"
