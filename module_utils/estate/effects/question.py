"""One asker before and after: which classes of requests can be new, and which are."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

from ansible.module_utils.estate.effects.askers import Asker
from ansible.module_utils.estate.effects.classes import OTHER, Undecided, head_of, of_lists, overlap, representatives
from ansible.module_utils.estate.effects.contexts import Contexts, Values
from ansible.module_utils.estate.effects.judged import About, Held, Thing, allowed, held
from ansible.module_utils.estate.evaluator.document import Statement, account_in
from ansible.module_utils.estate.evaluator.evaluate import Applied, Opens, acts, applies, is_personal
from ansible.module_utils.estate.evaluator.patterns import filled, resource_like

_USERNAME = re.compile(r"\$\{aws:username\}", re.IGNORECASE)
MOST = 50_000  # pairs of classes that are looked at for one asker
_BECOMING = ("sts:*", "sts:assumerole")
NOBODY = "\ue011"  # a name that no pattern has


class Gain(NamedTuple):
    """Something that is allowed on one side of the comparison and not on the other."""

    asker: Asker  # one of those whose it is
    whose: tuple[Asker, ...]
    actions: tuple[str, ...]  # one that stands for its class, as resource does
    resource: str
    thing: Thing | None
    by: tuple[Held, ...]  # what allows it
    since: tuple[Held, ...]  # what differs between the two sides there; () where a boundary or block went away
    context: Mapping[str, Values]  # one in which it is allowed
    sure: bool  # False: it hangs on what only the request tells, so that it may be none

    @property
    def action(self) -> str:
        return self.actions[0]


def _bare(held: Held) -> tuple[str, Statement]:
    return held.side, held.statement


Judged = tuple[tuple[Held, ...], tuple[Held, ...], Mapping[str, Values], bool]  # the last four of a Gain


class Question:
    """One asker before and after."""

    def __init__(
        self, was: Asker | None, asker: Asker, were: Mapping[str, Thing], are: Mapping[str, Thing], changed: set[str],
        accounts: Container[str],
    ) -> None:  # fmt: skip
        self.was, self.asker, self.were, self.are, self.accounts = was, asker, were, are, accounts
        before, after = held(was) if was else [], held(asker)
        shapes = {_bare(one) for one in before}
        shapes_after = {_bare(one) for one in after}
        bounded_before = was is not None and was.principal.boundary is not None
        # Whatever is new lies where something was added that allows, or something went that denied.
        added = [one for one in after if one.statement.allows and _bare(one) not in shapes]
        gone = [one for one in before if not one.statement.allows and _bare(one) not in shapes_after]
        unbound = [one for one in after if bounded_before and asker.principal.boundary is None and one.statement.allows]
        retagged = was is not None and was.principal.tags != asker.principal.tags
        everything = [one for one in after if one.statement.allows] if retagged or was is None else []
        self.seeds = [*added, *gone, *unbound, *everything]
        self.changed = set()
        for arn in changed:
            mine = self._resource_seeds(arn)
            if mine:
                self.seeds += mine
                self.changed.add(arn)
        self._said: dict[tuple[int, str | None, bool], Applied | None] = {}
        self._told: set[tuple] = set()
        self._patterns: dict[tuple[str, str], bool] = {}
        self._seeds = frozenset(self.seeds)
        self.before = [one for one in before if self._relevant(one)]
        self.after = [one for one in after if self._relevant(one)]

    def _resource_seeds(self, arn: str) -> list[Held]:
        was, now = self.were.get(arn), self.are.get(arn)
        if now is None:
            return []
        old = was.policy if was else ()
        added = [one for one in now.policy if one.allows and one not in old]
        gone = [one for one in old if not one.allows and one not in now.policy]
        opened = list(now.policy) if was and was.closed and not now.closed else []
        seeds = [_about(one, now) for one in (*added, *gone, *opened) if self.asker.meant(one)]
        return [Held("resource", now.whose, "policy", one) for one in seeds]

    def _relevant(self, held: Held) -> bool:
        """Whether a statement can be about anything that a seed is about."""
        return held in self._seeds or any(_meet(held.statement, seed.statement) for seed in self.seeds)

    def key(self) -> tuple:
        """The same for askers whom nothing here tells apart."""
        statements = [held.statement for held in (*self.before, *self.after)]
        things_ = [thing.policy for arn in self._arns() for thing in (self.were.get(arn), self.are.get(arn)) if thing]
        named = [tuple(self.asker.meant(one)) for policy in things_ for one in policy]
        me = self.asker.principal
        return (
            self.asker.kind,
            me.account,
            self.was is None,
            frozenset(self.before),
            frozenset(self.after),
            me.boundary is None,
            self.was is None or self.was.principal.boundary is None,
            tuple(named),
            tuple(self._arns()),
            self._personal([*statements, *(one for policy in things_ for one in policy)]),
        )

    def _personal(self, statements: list[Statement]) -> str:
        """What tells the asker from others with the same statements: "" where nothing does.

        ${aws:username} tells people apart only where another pattern may mean one person's name and not another's.
        """
        me = self.asker.principal.arn
        personal = [one for one in statements if is_personal(one)]
        if not personal:
            return "" if self.asker.ours else me
        if not self.asker.ours or not self.asker.principal.is_user or self.asker.principal.tags:
            return me
        if any(is_personal(one._replace(resources=())) for one in personal) or not self._by_name_only(personal):
            return me
        name = me.rsplit("/", 1)[-1]
        mine = {p for one in personal for p in one.resources if "${" in p}
        others_ = {p for one in statements for p in one.resources if p != "*" and "${" not in p}
        for variable in mine:
            head, tail = (part.replace("*", OTHER).replace("?", OTHER) for part in _USERNAME.split(variable, 1))
            near = [p for p in others_ if _begin_alike(p, head)]
            for pattern in near:
                given, anybody = _USERNAME.sub(name, variable), _USERNAME.sub(NOBODY, variable)
                if overlap(pattern, given) != overlap(pattern, anybody):
                    return me
                if resource_like(pattern, head + name + tail) != resource_like(pattern, head + NOBODY + tail):
                    return me
        return ""

    @staticmethod
    def _by_name_only(personal: list[Statement]) -> bool:
        return all(
            len(_USERNAME.split(p)) == 2 and "${" not in _USERNAME.sub("", p)
            for one in personal
            for p in one.resources
            if "${" in p
        )

    def _arns(self) -> list[str]:
        """Things that may be asked for: all of them for whose own policies changed, else those that changed."""
        own = any(seed.side != "resource" for seed in self.seeds)
        return sorted({**self.were, **self.are}) if own else sorted(self.changed)

    # --- the answer ---------------------------------------------------------------------------------------------------

    def gains(self) -> Iterator[Gain]:
        arns = [arn for arn in self._arns() if any(_about_thing(seed.statement, arn) for seed in self.seeds)]
        seeds = [seed.statement for seed in self.seeds]
        own = any(seed.side != "resource" for seed in self.seeds)
        sides = [*self.before, *self.after]
        policies = {arn: self._policies(arn) for arn in arns}
        everything = [
            *(held.statement for held in sides),
            *(held.statement for both in policies.values() for side in both for held in side),
        ]
        judged: dict[tuple, Judged | None] = {}
        resources = self._resources(everything, seeds, arns, own)
        groups = self._actions(everything, seeds)
        if len(groups) * len(resources) > MOST:
            raise Undecided(
                f"{len(groups)} classes of actions on {len(resources)} of resources are too many to look at"
            )
        for alike in groups:
            for resource in resources:
                arn = _thing_of(resource, policies)
                yield from self._one(alike, resource, arn, policies.get(arn, ((), ())), judged)

    def _actions(self, everything: list[Statement], seeds: list[Statement]) -> list[list[str]]:
        """Actions of every class that a seed is about, those together that the same statements are about."""
        found: dict[tuple[bool, ...], list[str]] = {}
        # Trusts are about sts alone, also those whose patterns (NotAction, "*") do not say so.
        patterns = [*_BECOMING, *(a.lower() for one in [*everything, *seeds] for a in one.actions)]
        for action in sorted(
            representatives(patterns), key=lambda one: one != _BECOMING[1]
        ):  # the name that people know
            if any(acts(one, action) for one in seeds):
                about = (action.startswith("sts:"), *(acts(one, action) for one in everything))
                found.setdefault(about, []).append(action)
        return list(found.values())

    def _policies(self, arn: str) -> tuple[tuple[Held, ...], tuple[Held, ...]]:
        def said(thing: Thing | None) -> tuple[Held, ...]:
            return tuple(Held("resource", thing.whose, "policy", one) for one in thing.policy) if thing else ()

        return said(self.were.get(arn)), said(self.are.get(arn))

    def _resources(self, everything: list[Statement], seeds: list[Statement], arns: list[str], own: bool) -> list[str]:
        known = [self.asker.known] + ([self.was.known] if self.was else [])
        patterns = {
            filled(pattern, one)[0] if statement.variables else pattern
            for statement in [*everything, *seeds]
            for pattern in statement.resources
            for one in known
        }
        patterns |= set(arns) | {f"{arn}/*" for arn in arns if ":s3:" in arn}
        found = of_lists((one.resources for one in [*everything, *seeds]), patterns)
        bare = [one._replace(conditions=(), odd="", actions=("*",), not_actions=False) for one in dict.fromkeys(seeds)]
        about = [where for where in found if any(applies(one, "x", where, self.asker.known) for one in bare)]
        return about if own else [one for one in about if _thing_of(one, dict.fromkeys(arns)) in arns]

    def _one(
        self, actions: list[str], resource: str, arn: str, policies: tuple[tuple[Held, ...], tuple[Held, ...]],
        judged: dict[tuple, Judged | None],
    ) -> Iterator[Gain]:  # fmt: skip
        thing_before, thing_after = self.were.get(arn), self.are.get(arn)
        before = self._about(self.was, self.before, policies[0], actions[0], resource, thing_before)
        after = self._about(self.asker, self.after, policies[1], actions[0], resource, thing_after)
        elsewhere, becoming = self._elsewhere(resource), actions[0].startswith("sts:")
        key = (before, after, arn, elsewhere, becoming)
        if key not in judged:
            judged[key] = None if elsewhere else self._judge(before, after, thing_before, thing_after, becoming)
        if (new := judged[key]) is None:
            return
        # Resources that the same patterns mean are told alike: one of them will do.
        told = (
            key,
            actions[0],
            tuple(p for held in new[0] for p in held.statement.resources if self._means(p, resource)),
        )
        if told not in self._told:
            self._told.add(told)
            yield Gain(self.asker, (self.asker,), tuple(actions), resource, thing_after, *new)

    def _applied(self, statement: Statement, action: str, resource: str | None, asker: Asker) -> Applied | None:
        """Whatever the action: what a statement says of a resource is worked out once."""
        if not acts(statement, action):
            return None
        key = (id(statement), resource, asker is self.was)
        if key not in self._said:
            self._said[key] = applies(statement, action, resource, asker.known)
        return self._said[key]

    def _means(self, pattern: str, resource: str) -> bool:
        if pattern == "*":
            return True
        key = (pattern, resource)
        if key not in self._patterns:
            self._patterns[key] = resource_like(filled(pattern, self.asker.known)[0], resource)
        return self._patterns[key]

    def _elsewhere(self, resource: str) -> bool:
        """Whether it is IAM's of another account of ours, whose roles are all known: nobody gets at that from afar."""
        account = account_in(resource)
        known = account in self.accounts and account != self.asker.principal.account
        return known and resource.startswith("arn:aws:iam:") and resource not in self.are

    def _judge(
        self, before: About, after: About, thing_before: Thing | None, thing_after: Thing | None, becoming: bool
    ) -> Judged | None:
        contexts = Contexts(one for side in (before, after) for _, opens, _ in side for one in opens)
        old = allowed(contexts, self.was, before, thing_before, becoming) if self.was else 0
        new = allowed(contexts, self.asker, after, thing_after, becoming) & ~old
        if not new:
            return None
        were = {_bare(held) for held, *_ in before}
        are = {_bare(held) for held, *_ in after}
        by = tuple(
            held
            for held, opens, _ in after
            if held.statement.allows and held.side != "boundary" and contexts.where_all(opens) & new
        )
        gone = tuple(held for held, *_ in before if not held.statement.allows and _bare(held) not in are)
        return by, tuple(held for held in by if _bare(held) not in were) or gone, contexts.example(new), contexts.sure

    def _about(
        self, asker: Asker | None, held: list[Held], policy: tuple[Held, ...], action: str, resource: str,
        thing: Thing | None,
    ) -> About:  # fmt: skip
        """The statements about a class of requests."""
        if asker is None:
            return ()
        found: list[tuple[Held, Opens, str]] = []
        for one in held:
            if (is_ := self._applied(one.statement, action, resource, asker)) is not None:
                found.append((one, is_.opens, ""))
        for one in policy:
            asked = None if thing is not None and thing.kind == "role" else resource
            if thing is not None and thing.kind == "role" and not action.lower().startswith("sts:"):
                continue
            if acts(one.statement, action) and (them := asker.meant(one.statement)):
                is_ = self._applied(one.statement, action, asked, asker)
                found += [(one, is_.opens | more, how) for how, more in them] if is_ else []
        return tuple(found)


def _begin_alike(pattern: str, head: str) -> bool:
    """Whether a pattern can mean anything that begins as head does."""
    start = head_of(pattern)
    return start.startswith(head) or head.startswith(start)


def _about(statement: Statement, thing: Thing) -> Statement:
    """A trust says no resource: it is the role's."""
    return statement._replace(resources=(thing.arn,)) if thing.kind == "role" else statement


def _thing_of(resource: str, things_: Mapping[str, object]) -> str:
    if resource in things_:
        return resource
    bucket = resource.split("/", 1)[0]
    return bucket if bucket in things_ and ":s3:" in bucket else ""


def _about_thing(statement: Statement, arn: str) -> bool:
    return statement.not_resources or any(
        overlap(p, arn) or overlap(p, f"{arn}/*") or "${" in p for p in statement.resources
    )


def _meet(one: Statement, other: Statement) -> bool:
    wide = "*" in one.actions or "*" in other.actions or one.actions == other.actions
    if not (wide or one.not_actions or other.not_actions) and not any(
        overlap(a.lower(), b.lower()) for a in one.actions for b in other.actions
    ):
        return False
    if one.not_resources or other.not_resources:
        return True
    return any(a == "*" or b == "*" or "${" in a + b or overlap(a, b) for a in one.resources for b in other.resources)
