"""Everything that somebody can become: by assuming roles, by writing what somebody is, by handing a role to a service.

A role's session has no MFA of its own, so that "without MFA" is asked of the first step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from ansible.module_utils.estate.effects.askers import Asker, others, ours
from ansible.module_utils.estate.effects.classes import Undecided
from ansible.module_utils.estate.effects.contexts import Contexts
from ansible.module_utils.estate.effects.judged import About, Held, Thing, allowed, held, things
from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.evaluator.document import Statement
from ansible.module_utils.estate.evaluator.evaluate import Opens, acts, covers, is_personal, left_open
from ansible.module_utils.estate.evaluator.request import MFA
from ansible.module_utils.estate.evaluator.words import Open
from ansible.module_utils.estate.review.able import HAND, WRITES, Targets, candidates, starts, targets_of
from ansible.module_utils.estate.review.outsiders import assumes

_WITH_MFA = Open("Bool", "aws:MultiFactorAuthPresent", ("true",))


class World:
    """A state of the estate, and who can become whom in it."""

    def __init__(self, estate: Estate) -> None:
        self.estate, self.things = estate, things(estate)
        buckets = [bucket.policy or () for bucket in estate.buckets.values()]
        self.askers = {**ours(estate), **others(iter([*estate.trusts.values(), *buckets]), estate)}
        self._next: dict[tuple[str, bool], list[str]] = {}
        self._own: dict[tuple[int, ...], list[Statement]] = {}
        self._before: dict[str, list[str]] | None = None  # the other way round
        self._open: set[str] = set()
        self._roles: dict[tuple, list[str]] = {}
        self._targets = {account.id: targets_of(account) for account in estate.accounts}
        self._all_roles = Targets(dict.fromkeys(estate.roles, ""))
        # Roles whose trust tells people apart who are alike otherwise.
        self._apart = {
            role
            for role, trust in estate.trusts.items()
            if any(one.not_principals or is_personal(one) or ":assumed-role/" in str(one.principals) for one in trust)
        }
        self._trusting: dict[str, list[str]] = {}
        for role, trust in estate.trusts.items():
            for name in {name for one in trust for _, name in one.principals}:
                self._trusting.setdefault(name, []).append(role)
        self._allows: dict[tuple, list[str]] = {}
        # What is asked of one resource was mostly asked of another. Askers and statements live as long as this does.
        self._mine: dict[tuple, About] = {}
        self._theirs: dict[tuple, tuple[About, tuple | None]] = {}
        self._left: dict[tuple[int, int], Opens | None] = {}
        self._whom: dict[tuple[int, int], tuple[tuple[Opens, str], ...]] = {}
        self._about: dict[tuple[str, str], list[Statement]] = {}
        self._natures: dict[tuple[str, str], tuple] = {}
        self._covers: dict[tuple, tuple[bool, Opens] | None] = {}
        self._answers: dict[tuple, bool] = {}

    def reached(self, start: str, without: bool, but: Sequence[str]) -> Iterator[tuple[bool, str]]:
        """(whether as somebody else, who) of everybody that somebody can become; who is excepted leads no further."""
        seen, queue = {start}, [(start, False)]
        while queue:
            here, via = queue.pop(0)
            yield via, here
            for there in self._steps(here, without and not via):
                if there not in seen and not among(self.askers[there], but):
                    seen.add(there)
                    queue.append((there, True))

    def led_to(self, starts: Iterable[str], but: Sequence[str]) -> Iterable[str]:
        """Whomever these can become, and these; everybody where that was not decided."""
        seen: dict[str, None] = {}
        try:
            for start in starts:
                if start not in seen:
                    seen |= dict.fromkeys(there for _, there in self.reached(start, False, but))
        except Undecided:
            return self.askers
        return seen

    def leading_to(self, ends: Iterable[str], but: Sequence[str]) -> set[str]:
        """Whoever can become one of these, and these; of whom that was not decided counts as able to."""
        if self._before is None:
            self._before = {}
            for arn in self.askers:
                try:
                    for there in self._steps(arn, False):
                        self._before.setdefault(there, []).append(arn)
                except Undecided:
                    self._open.add(arn)
        seen = {*ends, *self._open}
        queue = [arn for arn in seen if not among(self.askers[arn], but)]
        while queue:
            for arn in self._before.get(queue.pop(), ()):
                if arn not in seen:
                    seen.add(arn)
                    queue += [] if among(self.askers[arn], but) else [arn]
        return seen

    def _steps(self, arn: str, without: bool) -> list[str]:
        if (arn, without) not in self._next:
            asker = self.askers[arn]
            found = dict.fromkeys([*self._assumed(asker, without), *self._written(asker, without)])
            self._next[arn, without] = [there for there in found if there != arn]
        return self._next[arn, without]

    def _assumed(self, asker: Asker, without: bool) -> Iterator[str]:
        """Roles that the asker may assume: once for all whom neither their policies nor trusts tell apart."""
        if not asker.ours:
            yield from (role for role in self.estate.roles if self._becomes(asker, role, without))
            return
        me = asker.principal
        special = self._apart.union(self._trusting.get(me.arn, ()), self._trusting.get("*", ()))
        yield from (role for role in special if self._becomes(asker, role, without))
        sources = tuple(id(source.statements) for source in me.sources)
        if sources not in self._own:
            everything = (one for source in me.sources for one in source.statements)
            self._own[sources] = [one for one in everything if acts(one, "sts:AssumeRole")]
        own = self._own[sources]
        if not any(one.allows for one in own):
            return
        alike = not any(is_personal(one) for one in [*own, *(me.boundary or ())])
        key = (asker.kind, me.account, without, id(me.boundary), *map(id, own)) if alike else (me.arn, without)
        if key not in self._roles:
            near = candidates(me, "sts:AssumeRole", self._all_roles)
            self._roles[key] = [one for one in near if one not in special and self._becomes(asker, one, without)]
        yield from self._roles[key]

    def _written(self, asker: Asker, without: bool) -> Iterator[str]:
        if not asker.ours:
            return
        targets = self._targets[asker.principal.account]
        for kind in ("user", "role"):
            actions = self._tries(asker, (*WRITES[kind], HAND) if kind == "role" else WRITES[kind])
            me = asker.principal
            near = {arn for action in actions for arn in candidates(me, action, targets[kind], me.arn)} - {me.arn}
            yield from (there for there in sorted(near) if self._writes(asker, there, kind, without))

    def _becomes(self, asker: Asker, role: str, without: bool) -> bool:
        return any(self.may(asker, action, role, without) for action in assumes(asker.kind))

    def _writes(self, asker: Asker, there: str, kind: str, without: bool) -> bool:
        """Whether the asker may write what somebody of its account is."""
        if any(self.may(asker, action, there, without) for action in self._tries(asker, WRITES[kind])):
            return True
        if not self._tries(asker, (HAND,)):
            return False
        return any(
            self.may(asker, HAND, there, without) and self.may(asker, action, "*", without)
            for _, action in starts(self.estate.trusts.get(there, ()))
        )

    def _tries(self, asker: Asker, actions: tuple[str, ...]) -> list[str]:
        """Which of these some own policy allows at all: of IAM's nothing else does, and most people's allow none."""
        key = (actions, *(id(source.statements) for source in asker.principal.sources))
        if key not in self._allows:
            held = [one for source in asker.principal.sources for one in source.statements if one.allows]
            self._allows[key] = [action for action in actions if any(acts(one, action) for one in held)]
        return self._allows[key]

    def may(
        self, asker: Asker, action: str, resource: str, without: bool, bare: bool = False, given: Sequence[Open] = ()
    ) -> bool:
        """Whether there is a context in which the asker may. What is not known of it may be.

        bare: as if the resource had no policy of its own, which for a bucket's account is to allow and deny nothing.
        given: conditions that hold of the request.
        """
        thing = None if bare else self.things.get(resource) or self.things.get(resource.split("/", 1)[0])
        action = action.lower()  # as IAM takes it: whether it is STS's is asked below
        theirs, nature = self._said(asker, thing, action)
        # A role's trust hangs on it.
        covering = self._covering(asker, resource, theirs) if thing is None or thing.kind != "role" else theirs
        about = (*self._covering(asker, resource, self._acting(asker, action)), *covering)
        if not any(one.statement.allows for one, *_ in about):
            return False
        # All that the answer goes by: neither who asks, nor of what, nor through which policy.
        sides = frozenset((one.side, one.statement.allows, opens, how) for one, opens, how in about)
        key = (
            asker.kind, asker.principal.boundary is None, MFA in asker.known, nature, without, tuple(given), sides,
            action.startswith("sts:"),
        )  # fmt: skip
        if key not in self._answers:
            contexts = Contexts(
                [*(one for _, opens, _ in about for one in opens), *given, *([_WITH_MFA] if without else [])]
            )
            found = allowed(contexts, asker, about, thing, action.startswith("sts:"))
            if without and MFA not in asker.known:
                found &= contexts.all & ~contexts.where(_WITH_MFA)
            self._answers[key] = found & contexts.where_all(given) != 0
        return self._answers[key]

    def _acting(self, asker: Asker, action: str) -> About:
        """The asker's own statements about an action, with what their conditions leave open."""
        key = id(asker), action
        if key not in self._mine:
            own = (one for one in held(asker) if acts(one.statement, action))
            asked = ((one, self._open_of(asker, one.statement)) for one in own)
            self._mine[key] = tuple((one, opens, "") for one, opens in asked if opens is not None)
        return self._mine[key]

    def _open_of(self, asker: Asker, statement: Statement) -> Opens | None:
        key = id(asker), id(statement)
        if key not in self._left:
            self._left[key] = left_open(statement, asker.known)
        return self._left[key]

    def _ways(self, asker: Asker, statement: Statement) -> tuple[tuple[Opens, str], ...]:
        """How a statement of a thing's policy means the asker, with what is open."""
        key = id(asker), id(statement)
        if key not in self._whom:
            them = asker.meant(statement)
            left = self._open_of(asker, statement) if them else None
            self._whom[key] = () if left is None else tuple((left | more, how) for how, more in them)
        return self._whom[key]

    def _said(self, asker: Asker, thing: Thing | None, action: str) -> tuple[About, tuple | None]:
        """The same of a thing's own policy, and what else of a thing decides."""
        if thing is None:
            return (), None
        key = id(asker), thing.arn, action
        if key not in self._theirs:
            if (thing.arn, action) not in self._about:
                said = thing.policy if thing.kind != "role" or action.startswith("sts:") else ()
                self._about[thing.arn, action] = [one for one in said if acts(one, action)]
            about = [
                (Held("resource", thing.name, "policy", one), opens, how)
                for one in self._about[thing.arn, action]
                for opens, how in self._ways(asker, one)
            ]
            whose = thing.arn, asker.principal.account
            if whose not in self._natures:
                self._natures[whose] = thing.kind, thing.closed, thing.account == whose[1]
            self._theirs[key] = tuple(about), self._natures[whose]
        return self._theirs[key]

    def _covering(self, asker: Asker, resource: str, acting: About) -> Iterator[tuple[Held, Opens, str]]:
        """Which of these are about a resource, with what that leaves open."""
        for said, opens, how in acting:
            one = said.statement
            # Only where it has variables does it depend on who asks.
            key = id(one), resource, id(asker) if one.variables and "${" in str(one.resources) else 0
            if key not in self._covers:
                self._covers[key] = covers(one, resource, asker.known)
            if (found := self._covers[key]) is not None:
                yield said, opens | found[1] if found[1] else opens, how


def among(asker: Asker, patterns: Sequence[str]) -> bool:
    names = {asker.name, asker.kind, asker.name.removeprefix("role ")}
    if asker.kind == "user":
        names |= {"people", f"user:{asker.name}"}
    if asker.kind == "role" and "/aws-reserved/sso.amazonaws.com/" in asker.principal.arn:
        names.add("people")
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
