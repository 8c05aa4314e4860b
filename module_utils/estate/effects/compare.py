"""What one state of the estate allows and another does not: for every asker, action, resource and context.

Both states are looked at together: the statements that are about a class of actions and a class of resources are the
same for most classes, so each such set of statements is judged once, on all contexts at a time.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from ansible.module_utils.estate.effects.askers import UNSIGNED, Asker, others, ours
from ansible.module_utils.estate.effects.classes import ANY_CASE, ARN, Undecided, overlap, representatives
from ansible.module_utils.estate.effects.contexts import Contexts, Values
from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.evaluator.document import Statement, Statements, account_in
from ansible.module_utils.estate.evaluator.evaluate import Applied, Opens, acts, applies, is_personal
from ansible.module_utils.estate.evaluator.patterns import filled
from ansible.module_utils.estate.evaluator.public import is_public


class Thing(NamedTuple):
    """What has a policy of its own."""

    arn: str
    kind: str  # "role" or "bucket"
    name: str  # "production:developers", "bucket digitalmarketplace-…"
    account: str
    policy: Statements
    blocked: bool  # whether RestrictPublicBuckets keeps others from it, where its policy is public

    @property
    def closed(self) -> bool:
        return self.blocked and is_public(self.policy)


def things(estate: Estate) -> dict[str, Thing]:
    found = {
        arn: Thing(arn, "role", who.role, who.account.id, estate.trusts[arn], False)
        for arn, who in estate.roles.items()
    }
    for bucket in estate.buckets.values():
        arn = f"arn:aws:s3:::{bucket.name}"
        name = f"bucket {bucket.name}"
        found[arn] = Thing(arn, "bucket", name, bucket.account.id, bucket.policy or (), bucket.blocked is True)
    return found


class Held(NamedTuple):
    """A statement of one side, as a line can tell of it."""

    side: str  # "identity", "boundary" or "resource"
    holder: str
    policy: str
    statement: Statement


class Gain(NamedTuple):
    """Something that is allowed on one side of the comparison and not on the other."""

    asker: Asker
    action: str  # one that stands for its class, as resource does
    resource: str
    thing: Thing | None
    by: tuple[Held, ...]  # what allows it
    since: tuple[Held, ...]  # what differs between the two sides there; () where a boundary or block went away
    context: Mapping[str, Values]  # one in which it is allowed
    sure: bool  # False: it hangs on what only the request tells, so that it may be none


About = tuple[tuple[Held, Opens, str], ...]  # with what a statement leaves open, and how a resource's means the asker


class Found(NamedTuple):
    gains: list[Gain]
    undecided: list[str]


def new_access(before: Estate, after: Estate) -> Found:
    """What after allows and before does not."""
    were, are = things(before), things(after)
    changed = {arn for arn in {**were, **are} if (_shape(were.get(arn)) != _shape(are.get(arn)))}
    askers_before, askers_after = ours(before), ours(after)
    strangers = others((are[arn].policy for arn in changed if arn in are), after)
    gains: list[Gain] = []
    undecided: dict[str, None] = {}
    answers: dict[tuple, list[Gain]] = {}
    for arn, asker in {**askers_after, **strangers}.items():
        was = askers_before.get(arn) if asker.ours else asker
        question = _Question(was, asker, were, are, changed, after.by_id)
        if not question.seeds:
            continue
        key = question.key()
        try:
            if key not in answers:
                answers[key] = list(question.gains())
            gains += [gain._replace(asker=asker) for gain in answers[key]]
        except Undecided as exc:
            undecided[f"what {asker.name} may do: {exc}"] = None
    return Found(gains, list(undecided))


def _shape(thing: Thing | None) -> tuple:
    return (frozenset(_plain(thing.policy)), thing.closed) if thing else ()


def _plain(statements: Iterable[Statement]) -> list[Statement]:
    """Without what changes no meaning."""
    return [one._replace(name="") for one in statements]


def _bare(held: Held) -> tuple[str, Statement]:
    return held.side, held.statement._replace(name="")


def _held(asker: Asker | None) -> list[Held]:
    if asker is None:
        return []
    found = [Held("identity", s.holder, s.policy, one) for s in asker.principal.sources for one in s.statements]
    return found + [Held("boundary", "", "boundary", one) for one in asker.principal.boundary or ()]


class _Question:
    """One asker before and after."""

    def __init__(
        self, was: Asker | None, asker: Asker, were: Mapping[str, Thing], are: Mapping[str, Thing], changed: set[str],
        accounts: Container[str],
    ) -> None:  # fmt: skip
        self.was, self.asker, self.were, self.are, self.accounts = was, asker, were, are, accounts
        before, after = _held(was), _held(asker)
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
        self.before = [one for one in before if self._relevant(one)]
        self.after = [one for one in after if self._relevant(one)]

    def _resource_seeds(self, arn: str) -> list[Held]:
        was, now = self.were.get(arn), self.are.get(arn)
        if now is None:
            return []
        old = set(_plain(was.policy)) if was else set()
        new = set(_plain(now.policy))
        added = [one for one in now.policy if one.allows and one._replace(name="") not in old]
        gone = [one for one in was.policy if not one.allows and one._replace(name="") not in new] if was else []
        opened = list(now.policy) if was and was.closed and not now.closed else []
        whose = "the role's trust" if now.kind == "role" else f"the policy of {now.name}"
        seeds = [_about(one, now) for one in (*added, *gone, *opened) if self.asker.meant(one)]
        return [Held("resource", whose, "policy", one) for one in seeds]

    def _relevant(self, held: Held) -> bool:
        """Whether a statement can be about anything that a seed is about."""
        return any(_meet(held.statement, seed.statement) for seed in self.seeds)

    def key(self) -> tuple:
        """The same for askers whom nothing here tells apart."""
        statements = [held.statement for held in (*self.before, *self.after)]
        things_ = [thing.policy for arn in self._arns() for thing in (self.were.get(arn), self.are.get(arn)) if thing]
        personal = any(is_personal(one) for one in statements)
        named = [tuple(self.asker.meant(one)) for policy in things_ for one in policy]
        personal = personal or any(is_personal(one) for policy in things_ for one in policy)
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
            me.arn if personal or not self.asker.ours else "",
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
        actions = [
            action
            for action in representatives((a for one in [*everything, *seeds] for a in one.actions), ANY_CASE)
            if any(acts(one, action) for one in seeds)
        ]
        resources = self._resources(everything, seeds, arns, own)
        judged: dict[tuple, Contexts | int] = {}
        applied: dict[tuple[int, str, str], Applied | None] = {}
        for resource in resources:
            arn = _thing_of(resource, policies)
            for action in actions:
                yield from self._one(action, resource, arn, policies.get(arn, ((), ())), judged, applied)

    def _policies(self, arn: str) -> tuple[tuple[Held, ...], tuple[Held, ...]]:
        def held(thing: Thing | None) -> tuple[Held, ...]:
            whose = (
                "" if thing is None else "the role's trust" if thing.kind == "role" else f"the policy of {thing.name}"
            )
            return tuple(Held("resource", whose, "policy", one) for one in (thing.policy if thing else ()))

        return held(self.were.get(arn)), held(self.are.get(arn))

    def _resources(self, everything: list[Statement], seeds: list[Statement], arns: list[str], own: bool) -> list[str]:
        known = [self.asker.known] + ([self.was.known] if self.was else [])
        patterns = {
            filled(pattern, one)[0] if statement.variables else pattern
            for statement in [*everything, *seeds]
            for pattern in statement.resources
            for one in known
        }
        patterns |= set(arns) | {f"{arn}/*" for arn in arns if ":s3:" in arn}
        found = representatives(patterns, ARN)
        about = [
            resource
            for resource in found
            if any(
                applies(
                    one._replace(conditions=(), odd="", actions=("*",), not_actions=False),
                    "x",
                    resource,
                    self.asker.known,
                )
                for one in seeds
            )
        ]
        return about if own else [one for one in about if _thing_of(one, dict.fromkeys(arns)) in arns]

    def _one(
        self,
        action: str,
        resource: str,
        arn: str,
        policies: tuple[tuple[Held, ...], tuple[Held, ...]],
        judged: dict,
        applied: dict,
    ) -> Iterator[Gain]:
        thing_before, thing_after = self.were.get(arn), self.are.get(arn)
        before = self._about(self.was, self.before, policies[0], action, resource, thing_before, applied)
        after = self._about(self.asker, self.after, policies[1], action, resource, thing_after, applied)
        elsewhere = self._elsewhere(resource)
        becoming = action.lower().startswith("sts:")
        key = (before, after, arn, elsewhere, becoming)
        if key not in judged:
            judged[key] = None if elsewhere else self._judge(before, after, thing_before, thing_after, becoming)
        if judged[key] is not None:
            by, since, context, sure = judged[key]
            yield Gain(self.asker, action, resource, thing_after, by, since, context, sure)

    def _elsewhere(self, resource: str) -> bool:
        """Whether it is IAM's of another account of ours, whose roles are all known: nobody gets at that from afar."""
        account = account_in(resource)
        known = account in self.accounts and account != self.asker.principal.account
        return known and resource.startswith("arn:aws:iam:") and resource not in self.are

    def _judge(
        self, before: About, after: About, thing_before: Thing | None, thing_after: Thing | None, becoming: bool
    ) -> tuple[tuple[Held, ...], tuple[Held, ...], Mapping[str, Values], bool] | None:
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
        thing: Thing | None, applied: dict,
    ) -> About:  # fmt: skip
        """The statements about a class of requests."""
        if asker is None:
            return ()
        found: list[tuple[Held, Opens, str]] = []
        for one in held:
            key = (id(one.statement), action, resource)
            if key not in applied:
                applied[key] = applies(one.statement, action, resource, asker.known)
            if (is_ := applied[key]) is not None:
                found.append((one, is_.opens, ""))
        for one in policy:
            asked = None if thing is not None and thing.kind == "role" else resource
            if thing is not None and thing.kind == "role" and not action.lower().startswith("sts:"):
                continue
            if acts(one.statement, action) and (them := asker.meant(one.statement)):
                is_ = applies(one.statement, action, asked, asker.known)
                found += [(one, is_.opens | more, how) for how, more in them] if is_ else []
        return tuple(found)


def allowed(contexts: Contexts, asker: Asker, about: About, thing: Thing | None, becoming: bool) -> int:
    """The contexts in which the asker may: as evaluate.judge puts it together, on all contexts at a time."""
    identity = within = direct = named = anyhow = denied = 0
    for held, opens, how in about:
        where = contexts.where_all(opens)
        if not held.statement.allows:
            denied |= where
        elif held.side == "identity":
            identity |= where
        elif held.side == "boundary":
            within |= where
        else:
            anyhow |= where
            if how == "named" and asker.kind == "role":
                named |= where
            elif how != "account":
                direct |= where
    if asker.principal.boundary is None:
        within = contexts.all
    if asker.kind == UNSIGNED:
        signed = thing is not None and thing.kind == "bucket" and not thing.closed
        return anyhow & ~denied if signed else 0
    if not asker.ours and asker.kind != "account":  # a service, or somebody for whom another vouches
        return anyhow & ~denied
    if thing is None:
        return identity & within & ~denied
    same = thing.account == asker.principal.account
    if not same and thing.closed:
        return 0
    trusting = thing.kind == "role" and becoming
    if thing.kind == "role" and not becoming:
        return (identity & within & ~denied) if same else 0
    gate = contexts.all if same and not trusting else anyhow
    found = identity & within & gate
    return (found | (direct | (named & within) if same else 0)) & ~denied


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
    if not (one.not_actions or other.not_actions) and not any(
        overlap(a.lower(), b.lower()) for a in one.actions for b in other.actions
    ):
        return False
    if one.not_resources or other.not_resources:
        return True
    return any(a == "*" or b == "*" or "${" in a + b or overlap(a, b) for a in one.resources for b in other.resources)
